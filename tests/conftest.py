"""Fixtures that more than one test file needs."""

import gc
from pathlib import Path

import pytest
from hypothesis import settings
from project import Project, small_project

# Examples are timed by the clock: on a busy machine a deadline fails what is right.
settings.register_profile("night", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=15)


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples where not everything runs."""
    settings.load_profile("quick" if config.option.markexpr else "night")


def pytest_collection_finish() -> None:
    """Keep what is loaded out of the search for garbage, which Hypothesis asks for at each test."""
    gc.freeze()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small compendium that has not run yet; its notebooks run without kernels."""
    return small_project(tmp_path / "a checkout")


@pytest.fixture
def kernels(tmp_path: Path) -> Project:
    """The same, whose notebooks run in kernels."""
    return small_project(tmp_path / "a checkout", kernels=True)


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Whether everything runs, as every night: every page, every mutant."""
    return not pytestconfig.option.markexpr
