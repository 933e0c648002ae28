"""environment.yml, for conda and Binder, says the same as pyproject.toml."""

import os
import runpy
import subprocess
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

from alkpool import paths

PYPROJECT = paths.HOME / "pyproject.toml"
ENVIRONMENT = paths.HOME / "environment.yml"
TOOL = runpy.run_path(str(paths.HOME / "tools" / "environment.py"))

# What a reader of the book is promised to find in the environment.
PROMISED = {
    "jupyterlab", "papermill", "pandas", "seaborn", "matplotlib", "scipy", "statsmodels", "nbval",
    "jupyter-book",
}  # fmt: skip


@pytest.fixture(scope="module")
def declared() -> dict[str, Requirement]:
    """Requirements of pyproject.toml by name."""
    content = tomllib.loads(PYPROJECT.read_text("utf-8"))
    listed = content["project"]["dependencies"] + content["dependency-groups"]["dev"]
    return {requirement.name: requirement for requirement in map(Requirement, listed)}


@pytest.fixture(scope="module")
def conda() -> list[str]:
    """Specs for conda."""
    listed = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))["dependencies"]
    return [item for item in listed if isinstance(item, str)]


@pytest.fixture(scope="module")
def pip() -> list[str]:
    """Requirements for pip."""
    listed = yaml.safe_load(ENVIRONMENT.read_text("utf-8"))["dependencies"]
    (only,) = (item["pip"] for item in listed if isinstance(item, dict))
    return only


def split(spec: str) -> tuple[str, SpecifierSet]:
    """Name and versions of a conda spec."""
    name, _, versions = spec.partition(" ")
    return name, SpecifierSet(versions)


def test_file_is_up_to_date() -> None:
    """Running the tool again would change nothing."""
    again = "run python tools/environment.py"
    assert ENVIRONMENT.read_text("utf-8") == TOOL["render"](PYPROJECT.read_text("utf-8")), again


def test_every_requirement_stands_there_once_with_its_versions(
    declared: dict[str, Requirement], conda: list[str], pip: list[str]
) -> None:
    """Nothing is missing but the validator, and nothing is doubled, added or loosened."""
    found = [split(spec) for spec in conda]
    found += [(requirement.name, requirement.specifier) for requirement in map(Requirement, pip)]
    python = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["requires-python"]
    expected = {name: requirement.specifier for name, requirement in declared.items()}
    del expected["roc-validator"]
    expected["great_tables"] = expected.pop("great-tables")
    expected |= {"python": SpecifierSet(python), "pip": SpecifierSet()}
    assert len(found) == len(expected)
    assert dict(found) == expected


def test_promised_packages_are_there(conda: list[str], pip: list[str]) -> None:
    """The packages that the design names are all declared."""
    names = {split(spec)[0] for spec in conda} | {Requirement(text).name for text in pip}
    assert names >= PROMISED


def test_conda_accepts_every_spec(conda: list[str]) -> None:
    """Each spec is valid in conda's strict syntax and keeps its name."""
    for spec in conda:
        assert MatchSpec(spec, strict=True).name.normalized == split(spec)[0]


def test_pip_gets_ranges_and_extras(declared: dict[str, Requirement], pip: list[str]) -> None:
    """Under pip stand plain requirements, neither files nor hashes."""
    assert [Requirement(text) for text in pip] == [declared[Requirement(text).name] for text in pip]


@pytest.mark.parametrize(
    ("requirement", "place"),
    [
        ("numpy>=2,<3", "numpy >=2,<3"),
        ("great-tables>=1.1", "great_tables >=1.1"),
        ("pandera[pandas]>=0.35", {"pip": ["pandera[pandas]>=0.35"]}),
        ("numpy==2.1", {"pip": ["numpy==2.1"]}),
        ("playwright>=1.65", {"pip": ["playwright>=1.65"]}),
    ],
)
def test_requirements_go_to_conda_or_pip(requirement: str, place: object) -> None:
    """Extras, exact releases and packages that conda lacks go to pip."""
    text = (
        f"[project]\nname='x'\nrequires-python='>=3.11'\ndependencies=['{requirement}']\n"
        "[dependency-groups]\ndev=[]\n"
    )
    assert place in TOOL["environment"](text)["dependencies"]


def test_direct_references_are_refused() -> None:
    """A requirement that conda cannot express stops the tool."""
    text = (
        "[project]\nname='x'\nrequires-python='>=3.11'\ndependencies=['a @ file:///b']\n"
        "[dependency-groups]\ndev=[]\n"
    )
    with pytest.raises(ValueError, match="cannot translate 'a @ file:///b'"):
        TOOL["environment"](text)


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
