"""What to look at before a cohort of your own patients leaves the house.

Every finding says where it is, why it matters and what to do about it. A *must* has to be put
right first; the others are to be read by a person. No finding is no proof: the check knows
patterns, and whoever knows the patients knows more.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.data.reader import flagged, read_text
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.files import yaml_beside
from alkpool.problems import DataError, Problem, printable

# An age in steps of five years is shared by many; from 90 on hardly anyone shares any (the
# "Safe Harbor" rule of HIPAA, 45 CFR 164.514(b)(2), puts all ages over 89 into one class).
AGE_STEP = 5
OLDEST_AGE = 90
# What neighbours, colleagues or a news report may know of a patient.
QUASI_IDENTIFIERS = ("age_years", "sex", "stage", "histology", "fusion_partner", "fusion_variant")
# Groups of fewer patients are small enough to guess from (k-anonymity: Sweeney L, Int J Uncertain
# Fuzziness Knowl Based Syst 2002;10:557-570).
SMALL_GROUP = 5
LONG_NOTE = 100

_FREE_TEXT = ("note", "exclusion_reason", "other_findings", "partner", "locator", "read_via")
# What the literature prints is public.
_PUBLIC = ("doi", "pmid", "year")
_URL = re.compile(r"\b(https?://|doi:|github:|10\.\d{4,}/)\S+", re.IGNORECASE)
_PATTERNS = [
    (re.compile("|".join(each["patterns"]), re.IGNORECASE), f"{each['why']}: {each['remedy']}")
    for each in yaml_beside(__file__)
]
_INITIALS = re.compile(r"[A-Z]{2,3}([-_.]?\d{1,4})?")
_BIRTH_YEAR = re.compile(r"(?<!\d)19\d{2}(?!\d)")


@dataclass(frozen=True)
class Report:
    """Findings of the check, and the sizes of the groups of patients that look alike."""

    must: tuple[Problem, ...]
    consider: tuple[Problem, ...]
    groups: pd.DataFrame


def check(folder: Path) -> Report:
    """Look through a cohort folder.

    Parameters
    ----------
    folder : Path
        Folder of a cohort; its tables need not be valid, only readable.

    Returns
    -------
    Report
        ``groups`` has a row for each patient: ``patient_id, size``, the number of patients with
        the same `QUASI_IDENTIFIERS` (a blank is a value), that one included.

    Raises
    ------
    DataError
        Where a table cannot be read.
    """
    sheets = {t.name: read_text(folder / t.file, t, t.file) for t in COHORT_TABLES}
    if problems := [problem for sheet in sheets.values() for problem in sheet.problems]:
        raise DataError(problems)
    tables = {name: sheet.cells for name, sheet in sheets.items()}
    why = "is no column of the table and may hold more than it: leave it out"
    more = [Problem(s.label, 1, str(name), "", why) for s in sheets.values() for name in s.aside]
    groups = group_sizes(tables[PATIENTS.name])
    must = [
        *_extra_files(folder),
        *more,
        *_ages(tables[PATIENTS.name]),
        *_patterns(folder, tables),
        *_long_notes(tables),
        *_alone(tables[PATIENTS.name], groups),
    ]
    consider = [*_names(tables), *_local(tables[SOURCES.name]), *_free_text(tables)]
    return Report(tuple(sorted(must, key=_place)), tuple(sorted(consider, key=_place)), groups)


def _place(finding: Problem) -> tuple[str, int, str]:
    return finding.file, finding.row or 0, finding.column


def group_sizes(patients: pd.DataFrame) -> pd.DataFrame:
    """Count for each patient those that look alike; see `check`."""
    alike = patients.groupby(list(QUASI_IDENTIFIERS))["patient_id"].transform("size")
    return pd.DataFrame({"patient_id": patients["patient_id"], "size": alike.astype(int)})


def describe(report: Report) -> str:
    """Write the findings for reading."""
    alone, small = (int((report.groups["size"] < size).sum()) for size in (2, SMALL_GROUP))
    total = len(report.groups)
    lines = [f"To put right before sharing: {len(report.must) or 'nothing found'}"]
    lines += [f"  {finding}" for finding in report.must]
    lines += [f"To read and decide: {len(report.consider) or 'nothing found'}"]
    lines += [f"  {finding}" for finding in report.consider]
    lines += [
        f"Patients alike in {', '.join(QUASI_IDENTIFIERS)}: {alone} of {total} stand alone, "
        f"{small} of {total} in a group of fewer than {SMALL_GROUP}; "
        "coarser cells hide them better.",
        "The check knows patterns only. Who may share what, your ethics committee and your data "
        "protection officer decide.",
    ]
    return "\n".join(lines)


def print_reports(folders: Sequence[Path], say: Callable[[str], object]) -> bool:
    """Say what is found in each folder; tell whether nothing has to be put right."""
    reports = {folder: check(paths.cohort_folder(folder)) for folder in folders}
    for folder, report in reports.items():
        lines = [str(folder), *describe(report).splitlines()]
        say("\n".join(map(printable, lines)))
    return not any(report.must for report in reports.values())


def _extra_files(folder: Path) -> Iterator[Problem]:
    wanted = {DESCRIPTION_FILE, *(table.file for table in COHORT_TABLES)}
    for path in sorted(folder.iterdir()):
        if path.name not in wanted:
            why = "is no part of a cohort and may hold more than the tables: leave it out"
            yield Problem(path.name, None, "", "", why)


def _rounded(age: float) -> int:
    return min(OLDEST_AGE, AGE_STEP * round(age / AGE_STEP))


def _ages(patients: pd.DataFrame) -> Iterator[Problem]:
    for row, cell in patients["age_years"].items():
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", cell) and float(cell) != _rounded(float(cell)):
            remedy = f"an exact age narrows down who it is: write {_rounded(float(cell))}"
            yield Problem(PATIENTS.file, int(str(row)) + 2, "age_years", cell, remedy)


def _cells(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, int, str, str]]:
    for table in COHORT_TABLES:
        numbers = (*table.numbers, *_PUBLIC)
        for column in table.columns:
            for row, cell in tables[table.name][column].items():
                if cell and column not in numbers:
                    yield table.file, int(str(row)) + 2, column, cell


def _patterns(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    description = folder / DESCRIPTION_FILE
    lines = description.read_text("utf-8", "replace").splitlines() if description.is_file() else []
    said = [
        (DESCRIPTION_FILE, number, "", line)
        for number, line in enumerate(lines, start=1)
        if not line.startswith("search_date:")
    ]
    for file, row, column, cell in [*_cells(tables), *said]:
        text = _URL.sub("", cell)
        for pattern, remedy in _PATTERNS:
            if found := pattern.search(text):
                yield Problem(file, row, column, found.group(), remedy)


def _long_notes(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    for file, row, column, cell in _cells(tables):
        if column in _FREE_TEXT and len(_URL.sub("", cell)) > LONG_NOTE:
            why = f"a note of {len(cell)} characters tells a story: keep the facts"
            yield Problem(file, row, column, cell, why)


def _alone(patients: pd.DataFrame, groups: pd.DataFrame) -> Iterator[Problem]:
    """Name the patients whom no other resembles."""
    why = f"is alone with its {', '.join(QUASI_IDENTIFIERS)}: make some coarser or unknown"
    for index in groups.index[groups["size"] == 1]:
        cells = [str(patients.at[index, name]) or "blank" for name in QUASI_IDENTIFIERS]
        yield Problem(PATIENTS.file, int(str(index)) + 2, "", ", ".join(cells), why)


def _names(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    why = "may hold initials or a year of birth: number the patients instead"
    for table in (PATIENTS, SAMPLES, TREATMENTS):
        (key,) = table.key
        names = tables[table.name][key]
        odd = names.str.fullmatch(_INITIALS) | names.str.contains(_BIRTH_YEAR)
        yield from flagged(tables[table.name], odd, key, table.file, why)


def _local(sources: pd.DataFrame) -> Iterator[Problem]:
    unpublished = (sources["doi"] == "") & (sources["pmid"] == "")
    named = (sources[["first_author", "journal", "title"]] != "").any(axis="columns")
    why = "is not published, and its first_author, journal or title may name a centre or a person"
    yield from flagged(sources, unpublished & named, "source_id", SOURCES.file, why)


def _free_text(tables: Mapping[str, pd.DataFrame]) -> Iterator[Problem]:
    why = "cells hold free text: read each as a stranger who knows the patient would"
    filled = Counter((file, column) for file, _, column, _ in _cells(tables))
    for (file, column), cells in filled.items():
        if column in _FREE_TEXT:
            yield Problem(file, None, column, str(cells), why)
