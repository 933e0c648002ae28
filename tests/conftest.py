"""Fixtures that more than one test file needs."""

from pathlib import Path

import pytest
from project import Project, small_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small compendium that has not run yet."""
    return small_project(tmp_path / "a checkout")
