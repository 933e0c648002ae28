"""The command line as a person meets it: exit codes, messages, files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from alkpool import benefit, paths

HEADER = "best_response,pfs_relation,pfs_months,dot_relation,dot_months,status"


def alkpool(*arguments, cwd=None):
    """Run the installed command."""
    command = Path(sys.executable).with_name("alkpool")
    return subprocess.run(
        [command, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd,
        env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip


def test_check_of_the_project_is_a_line_for_each_folder():
    done = alkpool("check")
    assert done.returncode == 0
    assert "curated: valid; 29 patients, 31 samples" in done.stdout
    assert "invitro: valid" in done.stdout
    assert done.stderr == ""


def test_check_lists_every_problem_and_exits_1(tmp_path):
    folder = shutil.copytree(paths.COHORTS / "curated", tmp_path / "mine")
    path = folder / "patients.csv"
    path.write_text(path.read_text().replace(",female,", ",F,").replace(",male,", ",M,"))
    done = alkpool("check", folder)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].endswith("problems in the data:")
    assert len(lines) == 1 + int(lines[0].split()[0])
    assert all("mine/patients.csv, row " in line and "column sex" in line for line in lines[1:])
    assert "must be one of female, male, unknown" in lines[1]
    assert "Traceback" not in done.stderr


def test_check_of_a_missing_folder_says_what_there_is(tmp_path):
    done = alkpool("check", tmp_path / "nothing")
    assert done.returncode == 1
    assert "no such cohort; known are" in done.stderr


def test_wrong_usage_exits_2(tmp_path):
    assert alkpool("classify").returncode == 2
    assert alkpool("nonsense").returncode == 2
    file = tmp_path / "lines.csv"
    file.write_text(f"{HEADER}\nSD,=,6,,,ended\n")
    for wrong in (["--threshold-months", "0"], ["--ongoing-dot", "benefit"], ["-o", file]):
        done = alkpool("classify", file, *wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
    assert file.read_text().count("\n") == 2


def test_classify_keeps_the_cells_and_adds_class_and_rule(tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text(f"id,{HEADER}\n007,SD,=,6.0,,,ended\n008,unknown,,,<,3,ongoing\n")
    done = alkpool("classify", file)
    assert done.returncode == 0
    assert done.stdout == (
        f"id,{HEADER},benefit,rule\n"
        "007,SD,=,6.0,,,ended,benefit,R3\n"
        "008,unknown,,,<,3,ongoing,unknown,R7\n"
    )
    literal = alkpool("classify", file, "--ongoing-dot", "no benefit", "--threshold-months", "7")
    assert [row.split(",")[-2:] for row in literal.stdout.splitlines()[1:]] == [
        ["no benefit", "R5"],
        ["no benefit", "R7"],
    ]


def test_classify_writes_a_file_and_agrees_with_the_package(tmp_path):
    source, target = paths.COHORTS / "curated" / "treatments.csv", tmp_path / "out" / "lines.csv"
    done = alkpool("classify", source, "-o", target)
    assert (done.returncode, done.stdout) == (0, "")
    written = pd.read_csv(target)
    expected = benefit.classify(pd.read_csv(source))
    assert list(written["benefit"]) == list(expected["benefit"])
    assert list(written["rule"]) == list(expected["rule"])
    assert [path.name for path in target.parent.iterdir()] == ["lines.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEADER}\nsd,=,6,,,ended\n", "row 2, column best_response: found 'sd'; must be one of"),
        (f"{HEADER}\nSD,=,six,,,ended\n", "column pfs_months: found 'six'; must be a number"),
        ("best_response,status\nSD,ended\n", "column pfs_months: this column is missing"),
        (f"{HEADER},rule\nSD,=,6,,,ended,R1\n", "column rule: the file already has this column"),
        (f"{HEADER}\nSD,=,6\n", "row 2: has 3 cells; the header has 6"),
        ("", "the file is empty"),
    ],
)
def test_classify_names_what_is_wrong_and_writes_nothing(tmp_path, content, message):
    file, target = tmp_path / "lines.csv", tmp_path / "out.csv"
    file.write_text(content)
    done = alkpool("classify", file, "-o", target)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()


def test_classify_of_a_missing_file(tmp_path):
    done = alkpool("classify", tmp_path / "none.csv")
    assert done.returncode == 1
    assert "the file is missing" in done.stderr
