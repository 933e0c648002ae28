"""What to look at before a cohort of your own patients leaves the house.

Every finding says where it is, why it matters and what to do about it. A *must* has to be put
right first; the others are to be read by a person. No finding is no proof: the check knows
patterns, and whoever knows the patients knows more.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cache
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.data.reader import read_text
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SOURCES, inhibitors, rule_problems
from alkpool.files import yaml_beside
from alkpool.problems import Problem, counted, each_kind, printable, refuse_any

# An age in steps of five years is shared by many; from 90 on hardly anyone shares any (the
# "Safe Harbor" rule of HIPAA, 45 CFR 164.514(b)(2), puts all ages over 89 into one class).
AGE_STEP = 5
OLDEST_AGE = 90
# Numbers of patients may leave some out; a hospital's are higher than this, or than their count.
LOW_NUMBER = 99
# What neighbours, colleagues or a news report may know of a patient.
QUASI_IDENTIFIERS = ("age_years", "sex", "stage", "histology", "fusion_partner", "fusion_variant")

_FREE_TEXT = ("note", "exclusion_reason", "other_findings", "partner", "locator", "read_via")
# What the literature prints is public.
_PUBLIC = ("doi", "pmid", "year")
_ADDRESS = re.compile(
    r"\b(https?://|doi:|github:|10\.\d{4,}/|PMC|PMID:? ?(?=\d))\S+", re.IGNORECASE
)
_DECLARED = yaml_beside(__file__)
_PATTERNS = [
    (re.compile("|".join(each["patterns"]), re.IGNORECASE), f"{each['why']}: {each['remedy']}")
    for each in _DECLARED["must"]
]


def check(folder: Path) -> tuple[list[Problem], list[Problem]]:
    """Look through a cohort folder.

    Parameters
    ----------
    folder : Path
        Folder of a cohort; its tables need not be valid, only readable.

    Returns
    -------
    tuple of list of Problem
        What has to be put right, and what a person has to read and decide.

    Raises
    ------
    DataError
        Where a table cannot be read.
    """
    sheets = {t.name: read_text(folder / t.file, t, t.file) for t in COHORT_TABLES}
    refuse_any(problem for sheet in sheets.values() for problem in sheet.problems)
    tables = {name: sheet.cells for name, sheet in sheets.items()}
    why = "is no column of the table and may hold more than it: leave it out"
    more = [Problem(s.label, 1, str(name), "", why) for s in sheets.values() for name in s.aside]
    cells = [*_cells(folder, tables)]
    must = [*_extra_files(folder), *more, *_alone(tables[PATIENTS.name])]
    must += [
        Problem(file, row, column, found.group(), remedy)
        for file, row, column, cell in cells
        for pattern, remedy in _PATTERNS
        if (found := pattern.search(_ADDRESS.sub("", cell)))
    ]
    why = "free text: read it as a neighbour of the patient would, and delete what tells who it is"
    filled = Counter((file, column) for file, _, column, _ in cells if column in _FREE_TEXT)
    consider = [
        Problem(file, None, column, "", f"{counted(count, 'cell')} with {why}")
        for (file, column), count in filled.items()
    ]
    for name, frame in _asked(tables).items():
        must += rule_problems(_DECLARED["rows"][name], frame, f"{name}.csv")
    consider += rule_problems(_DECLARED["consider"], tables[SOURCES.name], SOURCES.file)
    return each_kind(must), each_kind(consider)


def print_reports(folders: Sequence[Path], say: Callable[[str], object]) -> bool:
    """Say what is found in each folder; tell whether nothing has to be put right."""
    found = {folder: check(paths.cohort_folder(folder)) for folder in folders}
    for folder, (must, consider) in found.items():
        lines = [
            str(folder),
            f"To put right before sharing: {len(must) or 'nothing found'}",
            *(f"  {finding}" for finding in must),
            f"To read and decide: {len(consider) or 'nothing found'}",
            *(f"  {finding}" for finding in consider),
            _DECLARED["limits"],
        ]
        say("\n".join(map(printable, lines)))
    return not any(must for must, _ in found.values())


def _extra_files(folder: Path) -> Iterator[Problem]:
    wanted = {DESCRIPTION_FILE, *(table.file for table in COHORT_TABLES)}
    for path in sorted(folder.iterdir()):
        if path.name not in wanted:
            why = "is no part of a cohort and may hold more than the tables: leave it out"
            yield Problem(path.name, None, "", "", why)


def _asked(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables with what the rules of rows ask beside their columns."""
    cells = tables[PATIENTS.name]["age_years"]
    age = cells.where(cells.str.fullmatch(r"[0-9]+(\.[0-9]+)?")).astype(float)
    rounded = ((age / AGE_STEP).round() * AGE_STEP).clip(upper=OLDEST_AGE)
    ids, most = tables[SOURCES.name]["source_id"], max(LOW_NUMBER, len(cells))
    # Of koopman2022, patients are called koopman-1 too.
    sources = {*ids, *ids.str.rstrip(string.digits)}
    asked = {}
    for numbers, table in enumerate(COHORT_TABLES):
        frame = tables[table.name]
        told = [_tells(name, sources, numbers, most) for name in frame[table.key[0]]]
        asked[table.name] = frame.assign(told=told)
    exact = (rounded - age).abs() > 0
    return asked | {PATIENTS.name: asked[PATIENTS.name].assign(exact=exact, rounded=rounded)}


def _tells(name: str, sources: Set[str], numbers: int, most: int) -> bool:
    """Whether an id holds more than its source and so many numbers, such as a name or a record."""
    ends = (end for end in range(min(len(name), 80), 0, -1) if name[:end] in sources)
    rest = _words().sub("-", name[next(ends, 0) :])
    parts = [*filter(None, re.split(r"[-_.\s]+", rest))]
    counts = [re.fullmatch(r"0*(\d{1,9})[a-z]?", part) for part in parts]
    return len(parts) > numbers or any(not each or int(each[1]) > most for each in counts)


@cache
def _words() -> re.Pattern[str]:
    words = "|".join([_DECLARED["words"], *map(re.escape, inhibitors()["inhibitor"])])
    return re.compile(rf"(?<![^\W\d_])({words})(?![^\W\d_])", re.IGNORECASE)


def _cells(folder: Path, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, int, str, str]]:
    """File, row, column and text of each cell that may hold words, and of the description."""
    description = folder / DESCRIPTION_FILE
    lines = description.read_text("utf-8", "replace").splitlines() if description.is_file() else []
    for number, line in enumerate(lines, start=1):
        if not line.startswith("search_date:"):
            yield DESCRIPTION_FILE, number, "", line
    for table in COHORT_TABLES:
        for column in table.columns:
            if column not in (*table.numbers, *_PUBLIC):
                for row, cell in tables[table.name][column].items():
                    if cell:
                        yield table.file, int(str(row)) + 2, column, cell


def _alone(patients: pd.DataFrame) -> Iterator[Problem]:
    """Name the patients whom no other resembles; a blank is a value."""
    facts = patients[list(QUASI_IDENTIFIERS)]
    why = f"is alone with its {', '.join(QUASI_IDENTIFIERS)}: make some coarser or unknown"
    for row, *cells in facts[~facts.duplicated(keep=False)].replace("", "blank").itertuples():
        yield Problem(PATIENTS.file, row + 2, "", ", ".join(cells), why)
