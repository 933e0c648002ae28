"""environment.yml, for conda and Binder, has what pyproject.toml asks for, as it is locked."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from alkpool import paths

PROJECT = tomllib.loads((paths.HOME / "pyproject.toml").read_text("utf-8"))
PYTHON, _, LISTED = yaml.safe_load((paths.HOME / "environment.yml").read_text("utf-8"))[
    "dependencies"
]
PIP = [Requirement(text) for text in LISTED["pip"]]

# What a reader of the book is promised to find in the environment.
PROMISED = {
    "jupyterlab", "papermill", "pandas", "seaborn", "matplotlib", "scipy", "statsmodels", "nbval",
    "jupyter-book",
}  # fmt: skip


@pytest.fixture(scope="module")
def declared() -> dict[str, Requirement]:
    """Requirements of pyproject.toml by name."""
    listed = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    return {requirement.name: requirement for requirement in map(Requirement, listed)}


def test_every_requirement_stands_there_as_it_is_locked(declared: dict[str, Requirement]) -> None:
    """Nothing is missing but the validator; run ``make lock`` after a change of dependencies."""
    lock = (paths.HOME / "requirements.lock").read_text("utf-8")
    locked = map(Requirement, re.findall(r"^(\S+==[^\\\n]+?) *\\$", lock, flags=re.MULTILINE))
    expected = [
        (found.name, declared[found.name].extras, str(found.specifier), str(found.marker))
        for found in locked
        if found.name in declared and found.name != "roc-validator"
    ]
    assert {name for name, *_ in expected} == set(declared) - {"roc-validator"}
    assert [(r.name, r.extras, str(r.specifier), str(r.marker)) for r in PIP] == expected


def test_conda_brings_the_promised_python() -> None:
    """All that conda has to find is Python and pip."""
    assert PYTHON.removeprefix("python ") == PROJECT["project"]["requires-python"]


def test_promised_packages_are_there() -> None:
    """The packages that the design names are all declared."""
    assert {requirement.name for requirement in PIP} >= PROMISED


@pytest.mark.nightly
def test_pip_finds_a_set(tmp_path: Path) -> None:
    """The strict resolver of pip, which conda calls, accepts the list."""
    listed = tmp_path / "requirements.txt"
    listed.write_text("\n".join(LISTED["pip"]), "utf-8")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    done = subprocess.run([*command, "-r", listed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_installed_packages_satisfy_the_ranges(declared: dict[str, Requirement]) -> None:
    """The lock file, from which this environment was made, lies inside the ranges."""
    outside = {
        name: metadata.version(name)
        for name, requirement in declared.items()
        if not requirement.specifier.contains(metadata.version(name), prereleases=True)
    }
    assert outside == {}


def test_binder_installs_the_package_in_place() -> None:
    """Binder runs postBuild; the package must stay in the work tree, beside its data."""
    script = paths.HOME / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert "--editable ." in script.read_text("utf-8")
