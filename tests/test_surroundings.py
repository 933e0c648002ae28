"""The pipeline and the commands work wherever and by whomever they are started.

Paths with spaces and letters beyond ASCII are those of `test_how_to`, another user than root is
that of `test_faults`, other versions of Python are those of `test_pythons`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, Project

COMMAND = Path(sys.executable).with_name("alkpool")

# Settings under which a number, a date, an upper case or an order may come out differently.
SETTINGS = (
    {"LC_ALL": "C", "TZ": "UTC"},
    {"LC_ALL": "POSIX", "TZ": "Pacific/Kiritimati", "PYTHONUTF8": "0"},
    {"LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "TZ": "Asia/Kolkata"},
    {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "TZ": "America/St_Johns", "PYTHONHASHSEED": "7"},
)


def settings(more: dict[str, str]) -> dict[str, str]:
    dropped = ("LC_", "LANG", "TZ", "PYTHONUTF8", "PYTHONIOENCODING")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)} | more


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["check"], marks=pytest.mark.nightly),
        pytest.param(
            ["look-up", "I1171N", "--prior", "crizotinib,alectinib"], marks=pytest.mark.nightly
        ),
        pytest.param(["look-up", "p.(Ile1171Asn)", "--format", "json"], marks=pytest.mark.nightly),
        ["classify", str(ROOT / "data/cohorts/curated/treatments.csv")],
    ],
    ids=" ".join,
)
def test_a_command_prints_the_same_bytes_under_all_settings(
    arguments: list[str], thorough: bool
) -> None:
    printed = set()
    for more in SETTINGS if thorough else SETTINGS[::3]:
        done = subprocess.run([COMMAND, *arguments], env=settings(more), capture_output=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed.add((done.stdout, done.stderr))
    assert len(printed) == 1


def test_a_message_is_printed_where_its_letters_are_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "Größe – 変異"
    folder.mkdir()
    done = subprocess.run([COMMAND, "check", folder], env=settings(SETTINGS[1]),
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert b"cohort.yaml: the file is missing" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_report_gives_the_same_bytes_under_all_settings(project: Project, thorough: bool) -> None:
    made = []
    for more in SETTINGS[1:] if thorough else SETTINGS[1::2]:
        command = [sys.executable, "-m", "alkpool.compendium", "report", "--force", "--no-book"]
        kept = {k: v for k, v in project.environment().items() if not k.startswith(("LC_", "LANG"))}
        subprocess.run(command, cwd=project.home, env=kept | more, capture_output=True, check=True)
        notebooks = sorted((project.home / "build/executed").rglob("*.ipynb"))
        assert len(notebooks) == 2
        made.append((project.tables(), [path.read_bytes() for path in notebooks]))
    assert all(each == made[0] for each in made)


@pytest.mark.nightly
def test_a_report_and_the_commands_need_no_network(project: Project) -> None:
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("this machine does not let a process do without its network")
    command = [*alone, sys.executable, "-m", "alkpool.compendium", "report"]
    done = subprocess.run(command, cwd=project.home, env=project.environment(), text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.home / "build/book/index.html").is_file()
    for arguments in (["check"], ["look-up", "G1202R"]):
        done = subprocess.run([*alone, COMMAND, *arguments], capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
