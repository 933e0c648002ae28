"""Check the data of the project, or cohort folders: every problem, and what is valid."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from alkpool import mutations, paths, problems, references
from alkpool.data import cohort, duplicates, groups, tables
from alkpool.data.reader import read_folder
from alkpool.intake import plausible
from alkpool.problems import DataError, Problem, ProjectError, each_kind, printable, refuse_any

Say = Callable[[str], object]

# Below data/, with tables that are no cohort and are built from raw facts.
FOLDERS = ("invitro", "knowledgebases", "groups")


def check(folders: Sequence[Path], say: Say) -> None:
    """Check cohort folders, or all data of the project.

    Parameters
    ----------
    folders : sequence of Path
        Cohorts, by name or path; without any, all data of the project.
    say : callable
        Gets a line for each thing that is valid, and notes on what is allowed but worth a look.

    Raises
    ------
    DataError
        With every problem: file, row, column, value, what is allowed.
    """
    # Everything else is validated against them.
    tables.inhibitors()
    mutations.reference_residue(1202)
    problems: list[Problem] = []
    valid: list[cohort.Cohort] = []
    for folder in folders or paths.cohort_names():
        data, found = cohort.read(paths.cohort_folder(folder))
        problems += found
        if data is not None:
            say(printable(_summary(data)))
            valid.append(data)
            for note in (*data.read_as, *plausible.worth_a_look(data)):
                say(printable(f"note: {note}"))
    for note in _twice([data for data in valid if not data.synthetic]):
        say(printable(f"note: {note}"))
    if not folders:
        optional = ["identification"] * paths.IDENTIFICATION.is_dir()
        problems += folder_problems(paths.DATA, [*FOLDERS, "published", *optional], say)
        say("reference: valid")
        if not problems:
            problems += article_problems(paths.DATA)
    checked = map(paths.cohort_folder, folders) if folders else [paths.DATA]
    for note in _shorter([*checked]):
        say(f"note: {note}")
    refuse_any(problems)


def _shorter(folders: Sequence[Path]) -> Iterator[str]:
    """Name the tables in folders of the project that were longer when they were built."""
    package = paths.DATA / "datapackage.json"
    for each in json.loads(package.read_text("utf-8"))["resources"] if package.is_file() else ():
        path = paths.DATA / each["path"]
        mine = not {*folders}.isdisjoint(path.parents) and paths.RAW not in path.parents
        if mine and path.is_file() and (size := path.stat().st_size) < each["bytes"]:
            was = f"{size:,} of the {each['bytes']:,} bytes that {package.name} says"
            yield f"{paths.shown(path)}: {was}: are rows missing? If not: make data"


def _twice(data: list[cohort.Cohort]) -> Iterator[str]:
    """Name the pairs of patients, of one cohort or of two, that may be one person, and articles."""
    yield from map(str, each_kind(cohort.apart(data) if data else ()))
    found = duplicates.unanswered(data) if data else []
    if found is None:
        yield duplicates.TOO_MANY
    for match in found or []:
        yield f"{match.new} and {match.old} may be one patient: {match.shown}"


def _summary(data: cohort.Cohort) -> str:
    kept = cohort.analysis_set(data)
    left_out = len(data.patients) - len(kept.patients)
    mark = " [synthetic]" if data.synthetic else ""
    tables = {"patient": kept.patients, "sample": kept.samples, "line": kept.treatments}
    sizes = ", ".join(problems.counted(len(table), noun) for noun, table in tables.items())
    return f"{data.name}{mark}: valid; {sizes} of treatment (patients left out: {left_out})"


def folder_problems(data: Path, folders: Iterable[str], say: Say) -> Iterator[Problem]:
    """List every problem of folders below a data folder that are no cohort; say which are valid."""
    for name in folders:
        try:
            if name == "groups":
                groups.load(data / name)
            else:
                read_folder(data / name, tables.of_folder(name))
        except DataError as error:
            yield from error.problems
        else:
            say(f"{name}: valid")


def article_problems(data: Path) -> Iterator[Problem]:
    """Say of the sources of valid tables where one key stands for two publications."""
    try:
        references.unique(references.read(data))
    except ProjectError as error:
        yield Problem(" and ".join(references.TABLES), None, "", "", str(error))
