"""Python 3.11 to 3.13, as promised: the locked environment installs, and results are the same.

Versions that this machine does not have are skipped.
"""

import filecmp
import os
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
from checkout import PARTS
from project import ROOT

VERSIONS = ("3.11", "3.12", "3.13")


def another_python(version: str) -> Path:
    """Find an interpreter that runs."""
    managed = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    found = shutil.which(f"python{version}")
    for python in [*([Path(found)] if found else []), *managed]:
        answer = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                                capture_output=True, text=True, check=False)  # fmt: skip
        if answer.stdout.strip() == version:
            return python
    pytest.skip(f"Python {version} is not installed")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_is_written_for_this_python(version: str) -> None:
    python = another_python(version)
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    program = (
        "import ast, pathlib, sys\n"
        "for name in sys.argv[1:]: ast.parse(pathlib.Path(name).read_bytes(), name)"
    )
    done = subprocess.run([python, "-W", "error", "-c", program, *files], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_the_versions_that_are_promised_are_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert sysconfig.get_python_version() in VERSIONS


# Quick, and with every kind of work the package does: parsing, statistics, tables, the solver,
# drawings, text for the command line, archives.
TESTS = (
    "test_actionability", "test_benefit", "test_cli", "test_cohort", "test_duplicates",
    "test_figures", "test_invitro", "test_mutations", "test_privacy", "test_ranking", "test_stats",
    "test_timeline",
)  # fmt: skip


@pytest.mark.nightly
@pytest.mark.parametrize("version", [v for v in VERSIONS if v != sysconfig.get_python_version()])
def test_a_new_environment_gives_the_tracked_results(version: str, tmp_path: Path) -> None:
    python, home = another_python(version), tmp_path / "alkpool"
    for part in ("tests", *(part for part in PARTS if part not in ("results", "build/executed"))):
        source = ROOT / part
        target = home / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-*"))
        elif source.is_file():
            shutil.copy2(source, target)
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("ALKPOOL_", "MAKE"))}
    for command in (
        ["make", f"PYTHON={python}", ".venv/.complete"],
        [".venv/bin/python", "-m", "alkpool.compendium", "report", "--no-book"],
        [".venv/bin/python", "-m", "pytest", "-q", *(f"tests/{name}.py" for name in TESTS)],
    ):
        done = subprocess.run(command, cwd=home, env=settings, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert f"Python {version}." in subprocess.run(
        [home / ".venv/bin/python", "--version"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    tracked = subprocess.run(["git", "ls-files", "results"], cwd=ROOT, capture_output=True,
                             text=True, check=True).stdout.split("\n")[:-1]  # fmt: skip
    assert len(tracked) > 50
    _, moved, missing = filecmp.cmpfiles(ROOT, home, tracked, shallow=False)
    assert (moved, missing) == ([], [])
