"""Check the data of the project, or cohort folders: every problem, and what is valid."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from alkpool import mutations, paths, references
from alkpool.data import cohort, groups, laboratory, published, tables
from alkpool.data.reader import read_folder
from alkpool.problems import DataError, Problem, printable
from alkpool.vocabulary import UNKNOWN

Say = Callable[[str], object]


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
    # Everything else is validated against it.
    _check_reference()
    problems: list[Problem] = []
    for folder in folders or paths.cohort_names():
        data, found = cohort.read(paths.cohort_folder(folder))
        problems += found
        if data is not None:
            say(printable(_summary(data)))
            for note in (*data.read_as, *_notes(data)):
                say(printable(f"note: {note}"))
    if not folders:
        problems += _check_tables(say)
        try:
            references.unique([] if problems else references.read())
        except ValueError as error:
            problems.append(Problem("references", None, "", "", str(error)))
    if problems:
        raise DataError(problems)


def _check_reference() -> None:
    tables.inhibitors()
    label = "reference/alk_reference.fasta"
    try:
        residue = mutations.reference_residue(1202)
    except RuntimeError as error:
        raise DataError([Problem(label, None, "", "", str(error))]) from None
    if residue != "G":
        raise DataError([Problem(label, None, "", str(residue), "residue 1202 must be G")])


def _notes(data: cohort.Cohort) -> Iterator[Problem]:
    """Say what is allowed but worth a look: mutations outside the kinase domain."""
    for row, profile in enumerate(data.samples["mutations"], start=2):
        if profile == UNKNOWN:
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", mutations.MutationWarning)
            mutations.parse(profile)
        for warning in caught:
            file = f"{data.name}/{tables.SAMPLES.file}"
            yield Problem(file, row, "mutations", profile, str(warning.message))


def _summary(data: cohort.Cohort) -> str:
    kept = cohort.analysis_set(data)
    left_out = len(data.patients) - len(kept.patients)
    mark = " [synthetic]" if data.synthetic else ""
    return (
        f"{data.name}{mark}: valid; {len(kept.patients)} patients, {len(kept.samples)} samples, "
        f"{len(kept.treatments)} lines of treatment (patients left out: {left_out})"
    )


def _check_tables(say: Say) -> list[Problem]:
    """Check the tables that are no cohort, printing a line for each valid folder."""
    readers: dict[str, Callable[[], object]] = {
        "invitro": laboratory.load,
        "knowledgebases": laboratory.load_assertions,
        "groups": groups.load,
        "published": lambda: read_folder(paths.PUBLISHED, published.TABLES),
        "reference": _check_reference,
    }
    if paths.IDENTIFICATION.is_dir():
        readers["identification"] = lambda: read_folder(
            paths.IDENTIFICATION, [tables.DRAWS, tables.LIMITS]
        )
    problems: list[Problem] = []
    for name, read in readers.items():
        try:
            read()
        except DataError as error:
            problems += error.problems
        else:
            say(f"{name}: valid")
    return problems
