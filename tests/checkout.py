"""A copy of this checkout that can be spoilt, with the environment of this one."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from project import ROOT

# What is executed and rendered is taken along: only what the copy changes is made again.
PARTS = (
    "book", "data", "notebooks", "src", "tools", "results", "build/executed",
    "build/published.json", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE",
    "LICENSE-DATA", "Makefile", "README.md", "compendium.yaml", "environment.yml", "pyproject.toml",
    "requirements-uv.lock", "requirements.lock",
)  # fmt: skip

IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def copy_checkout(home: Path) -> Path:
    """Copy what a report needs; ``.venv/bin`` there starts the Python of this environment."""
    home.mkdir(parents=True)
    for part in PARTS:
        source, target = ROOT / part, home / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED)
        elif source.is_file():
            shutil.copy2(source, target)
    commands = home / ".venv" / "bin"
    commands.mkdir(parents=True)
    python = Path(sys.executable)
    here = f"ALKPOOL_HOME={shlex.quote(str(home))} PYTHONPATH={shlex.quote(str(home / 'src'))}"
    for name, words in (("python", [python]), ("alkpool", [python, python.with_name("alkpool")])):
        script = commands / name
        real = shlex.join(map(str, words))
        script.write_text(f'#!/bin/sh\n{here} exec {real} "$@"\n', "utf-8")
        script.chmod(0o755)
    (home / ".venv" / ".complete").write_text(str(home) + "\n", "utf-8")
    return home


def run(home: Path, command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the copy as a person types it."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith("ALKPOOL_")} | more
    return subprocess.run(
        ["bash", "-ec", command], cwd=home, env=settings, capture_output=True, text=True,
        check=False, encoding="utf-8", errors="replace",
    )  # fmt: skip
