"""Thousands of spoilt cohorts: each is refused with place and remedy, or provably harmless."""

import csv
import datetime
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pandas as pd
import pytest
from days import by_day
from fuzzing import HARMLESS, WAYS, Accepted, Fate, Mutant, Refused, Rows, as_csv, base_tables

from alkpool import cli
from alkpool.data import cohort, reader
from alkpool.data.cohort import Cohort
from alkpool.data.reader import Table, cell_problems
from alkpool.data.tables import COHORT_TABLES
from alkpool.problems import Problem

# Of each way; the first has another number every day, so that in time all kinds are met.
MUTANTS_OF_A_WAY = 4
THOROUGH_MUTANTS = 32
# Of each way, so many go through the commands, in this process.
COMMANDED = 1

LONGEST_LINE = 1000


@pytest.fixture(scope="module")
def base() -> dict[str, Rows]:
    return base_tables()


@pytest.fixture(scope="module", autouse=True)
def _checked_once() -> Iterator[None]:
    """Check the cells of a table that was not spoilt only once: it takes most of the time."""
    known: dict[tuple[str, str, str], list[Problem]] = {}
    really = cell_problems

    def remembered(frame: pd.DataFrame, table: Table, label: str) -> Iterator[Problem]:
        key = (table.name, label, repr(frame.to_numpy().tolist()))
        if len(key[2]) > 20_000:
            return really(frame, table, label)
        if key not in known:
            known[key] = list(really(frame, table, label))
        return iter(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "cell_problems", remembered)
        yield


def spoilt(folder: Path, base: dict[str, Rows], name: str, number: int) -> tuple[Mutant, Fate]:
    """The mutant of a way with a number, in a folder that is cleared before."""
    if folder.is_dir():
        for path in folder.iterdir():
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.mkdir(exist_ok=True)
    mutant = Mutant(folder, base, f"{name} {number}")
    return mutant, WAYS[name](mutant)


def as_loaded(tables: dict[str, Rows], fate: Accepted) -> dict[str, pd.DataFrame]:
    """What has to be loaded: the base with the accepted cells."""
    frames = {}
    for table in COHORT_TABLES:
        header, *rows = tables[table.name]
        frame = pd.DataFrame(rows, columns=header, dtype=str)
        for (name, row, column), value in fate.cells.items():
            if name == table.name:
                frame.loc[row - 2, column] = value
        frames[table.name] = table.typed(frame)
    return frames


def assert_named(problems: list[Problem], fate: Refused) -> None:
    """A problem names the place and says what to do, and none is unreadable."""
    there = [
        problem
        for problem in problems
        if problem.file == fate.file
        and fate.row in ("*", problem.row)
        and fate.column in ("*", problem.column)
    ]
    assert there, (fate, problems[:5])
    assert any(fate.words in problem.allowed for problem in there), (fate, there)
    for problem in problems:
        text = str(problem)
        assert problem.allowed.strip()
        assert text.startswith(problem.file)
        assert problem.row is None or f", row {problem.row}" in text
        assert text.isprintable(), text
        assert len(text) <= LONGEST_LINE, text


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """What stands in a folder: names, sizes and times of change."""
    return {
        path.name: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.iterdir()
    }


@pytest.mark.parametrize("name", WAYS)
def test_a_spoilt_cohort_is_refused_with_its_place_or_is_harmless(
    tmp_path: Path, base: dict[str, Rows], name: str, thorough: bool
) -> None:
    folder = tmp_path / "mine"
    first = 0 if thorough else datetime.datetime.now(datetime.UTC).date().toordinal()
    print(f"mutants from number {first}")  # shown where the test fails
    for number in range(first, first + (THOROUGH_MUTANTS if thorough else MUTANTS_OF_A_WAY)):
        _, fate = spoilt(folder, base, name, number)
        before = listing(folder)
        loaded, problems = cohort.read(folder)
        assert listing(folder) == before
        if isinstance(fate, Refused):
            assert loaded is None, (name, number)
            assert_named(problems, fate)
        else:
            assert problems == [], (name, number)
            assert isinstance(loaded, Cohort)
            assert bool(loaded.read_as) == bool(fate.said), (name, number, loaded.read_as)
            assert fate.said in " ".join(loaded.read_as), (name, number)
            for table, expected in as_loaded(base, fate).items():
                pd.testing.assert_frame_equal(getattr(loaded, table), expected)


def test_there_are_enough_of_them() -> None:
    assert len(WAYS) >= 30
    assert len(WAYS) * THOROUGH_MUTANTS >= 2000
    assert {name for name in WAYS if name.startswith("harmless")} == set(HARMLESS)


def test_nothing_is_wrong_before(tmp_path: Path, base: dict[str, Rows]) -> None:
    (tmp_path / "mine").mkdir()
    Mutant(tmp_path / "mine", base, 0)
    loaded, problems = cohort.read(tmp_path / "mine")
    assert problems == []
    assert loaded is not None
    assert {"included", "excluded", "duplicate"} == set(loaded.patients["status"])


def command(*arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process: exit code and what it printed."""
    printed, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(errors):
        patch.setattr(sys, "argv", ["alkpool", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    printed.seek(0)
    return code, printed.read(), errors.getvalue()


@pytest.mark.parametrize("name", by_day(WAYS))
def test_the_commands_refuse_it_too_and_write_nothing(
    tmp_path: Path, base: dict[str, Rows], name: str
) -> None:
    folder, target = tmp_path / "mine", tmp_path / "out" / "answer.csv"
    target.parent.mkdir()
    for number in range(MUTANTS_OF_A_WAY, MUTANTS_OF_A_WAY + COMMANDED):
        _, fate = spoilt(folder, base, name, number)
        target.write_text("before")
        code, printed, errors = command("check", folder)
        asked = ["G1202R", "--cohort", folder, "--format", "csv", "-o", target]
        looked_up, _, said = command("look-up", *asked)
        assert [path.name for path in target.parent.iterdir()] == [target.name]
        if isinstance(fate, Accepted):
            assert (code, looked_up, errors) == (0, 0, ""), (number, errors, said)
            assert printed.startswith("mine: valid")
            assert bool(said) == bool(fate.said)
            assert all(line.startswith("note: mine/") for line in said.splitlines())
            assert target.read_text() != "before"
        else:
            assert (code, looked_up, printed) == (1, 1, ""), (number, printed, errors)
            assert re.match(r"\d+ problems? in the data:\n  mine/", errors), errors
            assert fate.file in errors
            assert said == errors
            assert target.read_text() == "before"


# What can hang a process or spoil a terminal goes through the installed command.
THROUGH_THE_SHELL = ("pipe or device in the place of a file", "control characters")


@pytest.mark.parametrize("name", THROUGH_THE_SHELL)
def test_the_installed_command_says_the_same(
    tmp_path: Path, base: dict[str, Rows], name: str
) -> None:
    _, fate = spoilt(tmp_path / "mine", base, name, 0)
    assert isinstance(fate, Refused)
    done = subprocess.run(
        [Path(sys.executable).with_name("alkpool"), "check", tmp_path / "mine"],
        capture_output=True, encoding="utf-8", check=False, env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert fate.file in done.stderr
    assert "Traceback" not in done.stderr


LINES = "treatments"


def classes_in(file: Path) -> list[list[str]]:
    """Header of the two columns that `classify` adds, and what they say, in any order."""
    with file.open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    return [header[-2:], *sorted(row[-2:] for row in rows)]


@pytest.fixture(scope="module")
def undamaged(base: dict[str, Rows], tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Classes of the lines before anything is spoilt."""
    folder = tmp_path_factory.mktemp("undamaged")
    (folder / "lines.csv").write_text(as_csv(base[LINES]), "utf-8")
    code, _, errors = command("classify", folder / "lines.csv", "-o", folder / "classes.csv")
    assert code == 0, errors
    found = classes_in(folder / "classes.csv")
    assert found[0] == ["benefit", "rule"]
    assert len({*map(tuple, found)}) > 3
    return found


@pytest.mark.parametrize("name", by_day(name for name in WAYS if "description" not in name))
def test_classify_refuses_it_too_and_writes_nothing(
    tmp_path: Path, base: dict[str, Rows], undamaged: list[list[str]], name: str
) -> None:
    """`classify` checks the cells that it reads and keeps all others."""
    target = tmp_path / "classes.csv"
    done = 0
    for number in range(8):
        folder = tmp_path / "mine"
        _, fate = spoilt(folder, base, name, number)
        source = folder / "treatments.csv"
        if isinstance(fate, Refused) and fate.file != "mine/treatments.csv":
            continue
        target.write_text("before")
        if not source.is_fifo() and source.resolve() != Path("/dev/zero"):
            done += 1
            code, printed, errors = command("classify", source, "-o", target)
            assert printed == ""
            assert code in (0, 1), errors
            assert "Traceback" not in errors
            if code == 1:
                assert errors.startswith(("1 problem", *map(str, range(2, 10)))), errors
                assert f"  {source}" in errors
                assert target.read_text() == "before"
            else:
                # What is accepted is classified as if nothing had been spoilt, or is told.
                assert errors or classes_in(target) == undamaged, (name, number)
        assert {path.name for path in tmp_path.iterdir()} == {"mine", target.name}
        if done >= COMMANDED:
            break


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.symlink_to(path),
        lambda path: path.write_text("a"),
        lambda path: path.parent.joinpath("other").symlink_to(path) or path.symlink_to("other"),
        lambda path: os.mkfifo(path),
    ],
    ids=["loop", "file", "loop of two", "pipe"],
)
def test_what_is_no_folder_is_no_cohort(tmp_path: Path, make: Callable[[Path], object]) -> None:
    folder = tmp_path / "mine"
    make(folder)
    for arguments in (["check", folder], ["look-up", "G1202R", "--cohort", folder]):
        code, printed, errors = command(*arguments)
        assert (code, printed) == (1, "")
        assert "no such cohort; known are" in errors


def test_a_cohort_is_not_pooled_with_itself(tmp_path: Path, base: dict[str, Rows]) -> None:
    (tmp_path / "mine").mkdir()
    Mutant(tmp_path / "mine", base, 0)
    with pytest.raises(ValueError, match="name mine once: its patients would count twice"):
        cohort.load(tmp_path / "mine", tmp_path / "mine")
