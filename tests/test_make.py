"""What a person gives a variable of make is data: neither make nor a shell reads it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from project import ROOT

HOSTILE = """x"; touch made; echo "' `touch made` $(touch made) $(shell touch made) $500, %s"""
SHOW = """#!/bin/sh
printf '<%s>' "$@"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout with a finished environment, whose commands only tell what they were given."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name in ("python", "alkpool"):
        (commands / name).write_text(SHOW)
        (commands / name).chmod(0o755)
    for name in ("requirements.lock", "requirements-uv.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (tmp_path / ".venv" / ".complete").write_text(f"{tmp_path}\n")
    return tmp_path


def make(home: Path, *arguments: str, **environment: str) -> str:
    settings = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | environment
    done = subprocess.run(["make", *arguments], cwd=home, env=settings, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert not (home / "made").exists()
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_values_arrive_as_they_were_given(home: Path) -> None:
    given = [f"{name}={HOSTILE}" for name in ("NAME", "TITLE", "FROM")]
    assert make(home, "new", *given) == (
        f"<-m><alkpool.compendium><new><--title={HOSTILE}><--from={HOSTILE}><--><{HOSTILE}>"
    )
    said = make(home, "release", *(f"{name}={HOSTILE}" for name in ("COHORT", "ONLY")))
    assert f"<--cohort={HOSTILE}><--only={HOSTILE}>" in said


def test_lists_are_split_and_not_run(home: Path) -> None:
    assert make(home, "check", "COHORTS=curated '/a b/c' $(touch made)") == (
        "<check><curated></a b/c><$(touch><made)>"
    )
    assert make(home, "check") == "<check>"
    told = make(home, "sweep", "ARGS=--scheduler * `touch made`")
    assert told == "<-m><alkpool.robustness.large><--scheduler><*><`touch><made`>"


def test_only_the_command_line_counts(home: Path) -> None:
    """Other programs set variables of these names; WSL calls the host NAME."""
    names = ("NAME", "TITLE", "FROM", "ONLY", "COHORT", "COHORTS", "ARGS")
    others = dict.fromkeys(names, "desktop")
    for target in ("new", "release", "check", "sweep"):
        assert "desktop" not in make(home, target, **others)


def test_the_list_of_targets_fits_a_terminal(home: Path) -> None:
    lines = make(home, "help").splitlines()
    assert len(lines) >= 15
    assert [line for line in lines if len(line) > 80] == []


def test_clean_removes_what_a_full_disk_spoils(home: Path) -> None:
    """Of a compiled module that is cut short Python says no more than EOFError."""
    spoilt = home / "src/x y/__pycache__/x.pyc", home / ".venv/lib/__pycache__/y.pyc"
    for path in spoilt:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"half")
    subprocess.run(["make", "clean"], cwd=home, capture_output=True, check=True)
    assert not list(home.rglob("__pycache__"))
