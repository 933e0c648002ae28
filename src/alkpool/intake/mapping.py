"""Any author's table as a flat file: their headings, units and words, said in a mapping.

A mapping is a YAML file that a person reads through: `propose` writes one from the headings of a
table, `read` reads the table by it. What a heading means is a table too,
``data/reference/headings.csv``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.reader import Sheet, as_sheet, flagged, is_one_of, rows_above
from alkpool.files import validated, yaml_beside
from alkpool.intake import flatfile
from alkpool.intake.raw import read_raw
from alkpool.problems import Problem
from alkpool.vocabulary import Relation

# Units, and what messages say.
_DECLARED: dict[str, Any] = yaml_beside(__file__)
_UNITS, _SAYS = _DECLARED["in_ours"], _DECLARED["says"]
# "Smith 2018", "Smith et al., 2018": the author and the year in one cell.
REFERENCE = "reference"
_REFERENCE = (
    r"^(?P<first_author>[^\d,;(&]+?)(?:,?\s+et al\.?|\s+(?:and|&)\s[^\d,;(&]+?)?[\s,;(]+"
    r"(?P<year>(?:19|20)\d\d)\)?(?:\s*\[\d+\])?\Z"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
# When and where a sample was taken, and what was found in it.
_OF_SAMPLE = ("prior_inhibitors", "resistance_on", "specimen", "mutations", "vaf_percent")
UNSAID = "?"


class Target(BaseModel):
    """What a column of theirs is: our column, its unit, and what their words mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    unit: str = ""
    prefix: str = ""
    words: dict[str, str] = Field(default_factory=dict)

    @property
    def ours(self) -> str:
        """Our column, also where it is in doubt."""
        return self.column.removeprefix(UNSAID).strip()


class Mapping(BaseModel):
    """How a table is read; ``everywhere`` holds what all its rows share."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    sheet: str = ""
    header_rows: Literal[1, 2] = 1
    columns: dict[str, Target]
    everywhere: dict[str, str] = Field(default_factory=dict)
    fill_down: list[str] = Field(default_factory=list)
    _label: str = PrivateAttr("mapping")

    @field_validator("columns", mode="before")
    @classmethod
    def _short(cls, columns: object) -> object:
        """Let ``heading: column`` stand for ``heading: {column: column}``."""
        if not isinstance(columns, dict):
            return columns
        return {
            heading: {"column": target} if isinstance(target, str) else target
            for heading, target in columns.items()
        }


def load(path: Path) -> Mapping:
    """Read a mapping; what is wrong with what it says is told by `read`, beside the cells.

    Raises
    ------
    DataError
        With every key that is unknown and every value of another kind.
    """
    mapping = validated(Mapping, path, path.name)
    mapping._label = path.name
    return mapping


def _mapping_problems(mapping: Mapping) -> Iterator[tuple[str, str, str, str]]:
    """Say what is wrong with a mapping: key, value, what is allowed; and what is not read then."""
    taken = [target.column for target in mapping.columns.values()]
    again = {column for column in taken if taken.count(column) > 1 and column[0] != UNSAID}
    for column in sorted(again):
        yield column, "", "is given to two headings", column
    for heading, target in mapping.columns.items():
        column, units = target.ours, _UNITS.get(target.ours, {"": 1})
        if target.column.startswith(UNSAID):
            yield heading, target.column, _SAYS["column"], column
        elif column not in (*flatfile.COLUMNS, REFERENCE):
            yield heading, column, _SAYS["no_column"], column
        if target.unit not in units:
            allowed = f"the unit must be one of {', '.join(units)}" if any(units) else "has no unit"
            yield heading, target.unit, allowed, column
        if target.prefix == UNSAID:
            yield f"{heading}, prefix", UNSAID, _SAYS["prefix"], column
        for word in (word for word, meant in target.words.items() if meant == UNSAID):
            yield f"{heading}, words", UNSAID, _SAYS["word"].format(word), column
    for column, said in mapping.everywhere.items():
        if column not in flatfile.COLUMNS:
            yield f"everywhere, {column}", "", _SAYS["no_column"], ""
        elif said == UNSAID:
            yield f"everywhere, {column}", UNSAID, _SAYS["everywhere"], column
    known = {*mapping.everywhere, *(target.ours for target in mapping.columns.values())}
    if not (known & {"source_id", "doi", "pmid", REFERENCE} or {"first_author", "year"} <= known):
        yield "everywhere", "", _SAYS["no_source"], "source_id"


def read(path: Path, mapping: Mapping) -> Sheet:
    """Read any table by a mapping, as `alkpool.intake.flatfile.read` reads a flat file.

    Parameters
    ----------
    path : Path
        CSV file or workbook; merged cells are filled, and said.
    mapping : Mapping
        From `load`.

    Raises
    ------
    DataError
        Where the form is wrong.
    """
    needed = [*mapping.columns, *mapping.fill_down]
    found = flatfile.read_cells(path, is_one_of(needed), mapping.sheet, fill_merged=True)
    theirs = as_sheet(_one_header(found.rows, mapping.header_rows), found.label, needed, needed)
    asked = list(_mapping_problems(mapping))
    unread = {each for *_, column in asked for each in column.split(" or ")}
    unread |= {mapping.columns[name].ours for name in theirs.unread & mapping.columns.keys()}
    targets = {name: each for name, each in mapping.columns.items() if each.ours not in unread}
    raw = theirs.cells.set_axis(theirs.cells.index + mapping.header_rows - 1, axis="index")
    theirs = flatfile.cases_of(found, replace(theirs, cells=raw), list(targets))
    filled_down = [name for name in mapping.fill_down if name not in theirs.unread]
    label, raw = theirs.label, _filled_down(theirs.cells, filled_down)
    stated = theirs.cells.copy()
    for row, _, name in found.within(theirs, found.filled):
        stated.at[row - 2, name] = ""
    ours = pd.DataFrame(
        {
            heading: raw[heading].map(partial(_translated, target=target))
            for heading, target in targets.items()
        },
        raw.index,
        dtype=str,
    )
    read_as = [*theirs.read_as, *spelling.read_as(stated[list(targets)], ours, label)]
    if others := ", ".join(str(name) for name in raw if name not in needed):
        read_as.append(f"{label}: set aside, as not in the mapping: {others}")
    cells = ours.rename(columns={heading: t.column for heading, t in targets.items()})
    problems = [Problem(mapping._label, None, *said) for *said, _ in asked]
    problems += theirs.problems
    if REFERENCE in cells:
        heading = next(h for h, target in targets.items() if target.column == REFERENCE)
        parts = cells.pop(REFERENCE).str.extract(_REFERENCE)
        wrong = parts["year"].isna() & (raw[heading] != "")
        problems += flagged(raw, wrong, heading, label, _SAYS["reference"])
        # Only what is wrong itself is listed, not also what would follow from it.
        parts.loc[wrong] = "Nobody", "2020"
        parts = parts.fillna("")
        cells = cells.join(parts[parts.columns.difference(cells.columns)])
    if REFERENCE in unread:
        unread |= {"first_author", "year"}
    cells = cells.assign(**mapping.everywhere)
    unsure = _of_another_sample(cells)
    if unread & {"patient_id", *_OF_SAMPLE}:
        unread.add("sample_order")
    elif unsure.any():
        unread.add("sample_order")
        unsaid = cells.assign(sample_order="")
        problems += flagged(unsaid, unsure, "sample_order", label, _SAYS["one_or_two"])
    elif "prior_inhibitors" in cells and "sample_order" not in cells:
        cells = cells.assign(sample_order="1")
    typed = {target.ours: raw[heading] for heading, target in targets.items()}
    return flatfile.checked(
        Sheet(label, cells, tuple(read_as), tuple(problems), unread=frozenset(unread), typed=typed)
    )


def _filled_down(cells: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Repeat what is stated once, until a column that is named before says another thing.

    With the patient first, nothing passes from one patient to the next.
    """
    cells = cells.copy()
    run = pd.Series(0, index=cells.index)
    for name in columns:
        stated = cells[name].mask(cells[name] == "")
        cells[name] = stated.groupby(run).ffill().fillna("")
        changed = (cells[name] != cells[name].shift()) | (run != run.shift())
        run = changed.astype(int).cumsum()
    return cells


def _one_header(rows: Sequence[Sequence[str]], header_rows: int) -> list[list[str]]:
    """Join two header rows: the lower one names the column, with the upper where it is not alone.

    Merged cells of the upper one are filled.
    """
    header = [spelling.cleaned(cell) for cell in rows[header_rows - 1]]
    if header_rows == 2:
        upper = [spelling.cleaned(cell) for cell in rows[0]] + [""] * len(header)
        header = [
            name if name and header.count(name) == 1 else " ".join(filter(None, (above, name)))
            for above, name in zip(upper, header, strict=False)
        ]
    return [header, *map(list, rows[header_rows:])]


def _translated(cell: str, target: Target) -> str:
    """Cell of theirs in our words and unit."""
    words = {word.casefold(): meant for word, meant in target.words.items()}
    if cell.casefold() in words:
        return words[cell.casefold()]
    factor = _UNITS.get(target.column, {}).get(target.unit, 1)
    bound = spelling.BOUND.fullmatch(cell)
    sign = bound["sign"] if bound else ""
    known = spelling.term(sign, Relation, "Relation") in list(Relation)
    # A cell with a unit of its own, as "12 months" among days, is not in the unit of its column.
    number = cell.removeprefix(sign) if known else cell
    if factor != 1 and not re.search("[a-z%]", number, re.IGNORECASE):
        if spelling.THOUSANDS.search(cell):
            # With its unit it is refused: no column takes one.
            return f"{cell} {target.unit}"
        cell = _NUMBER.sub(
            lambda found: f"{round(float(found[0].replace(',', '.')) * factor, 2):g}", cell
        )
    return target.prefix + cell if cell else cell


def _of_another_sample(cells: pd.DataFrame) -> pd.Series:
    """Tell which rows state something else of the sample than the first row of their patient."""
    if "sample_order" in cells or "prior_inhibitors" not in cells:
        return pd.Series(False, cells.index)
    patient = cells.get("patient_id", pd.Series("", cells.index))
    patient = patient.where(patient != "", cells.index.to_series().astype(str))
    facts = cells[[name for name in _OF_SAMPLE if name in cells]]
    return (facts != facts.groupby(patient).transform("first")).any(axis="columns")


def propose(path: Path, sheet: str = "") -> str:
    """Write a mapping from the headings of a table, for a person to read through.

    Parameters
    ----------
    path, sheet : Path, str
        The table; of a workbook with several sheets, which.

    Returns
    -------
    str
        YAML; what has to be said by hand is marked with ``?``.
    """
    found = flatfile.read_cells(path, lambda cell: bool(_column(cell)), sheet, fill_merged=True)
    rows = found.rows
    known = [[bool(_column(cell)) for cell in row] for row in rows[:2]]
    # A title stands in one cell.
    two = len(rows) > 2 and sum(known[1]) > sum(known[0]) and sum(map(bool, rows[0])) > 1
    above = 0 if two else rows_above(rows, lambda cell: bool(_column(cell)))
    header, *records = _one_header(rows[above:], 1 + two)
    meant = {heading: column for heading in header if (column := _column(heading))}
    columns: dict[str, object] = {}
    for heading, column in meant.items():
        place = header.index(heading)
        cells = {spelling.cleaned(record[place]) for record in records if place < len(record)}
        # One of several, or of a numbered series: no heading says which of them is ours.
        numbered = re.search(r"\d", re.sub(r"eml4|\d\.\d", "", heading, flags=re.IGNORECASE))
        doubt = list(meant.values()).count(column) > 1 or numbered
        columns[heading] = _target(heading, column, cells - {""}, f"{UNSAID} " if doubt else "")
    others = ", ".join(heading for heading in header if heading and heading not in columns)
    locator = "sample_locator" if "prior_inhibitors" in meant.values() else "treatment_locator"
    named = {*meant.values()} & {REFERENCE, "source_id", "first_author", "doi", "pmid"}
    everywhere = {} if named else {"source_id": UNSAID}
    proposal: dict[str, object] = {"sheet": sheet} if sheet else {}
    proposal |= {
        "header_rows": 1 + two, "columns": columns,
        "everywhere": everywhere | {locator: sheet or path.stem}, "fill_down": [],
    }  # fmt: skip
    text = yaml.safe_dump(proposal, sort_keys=False, allow_unicode=True, width=100)
    left = f"# Not read: {others}\n" if others else ""
    return (
        f"# How {path.name} is read: say what is marked ?, and read all of it through.\n"
        f"{left}{text}"
    )


@cache
def _headings() -> list[tuple[re.Pattern[str], str]]:
    known = read_raw(paths.REFERENCE / "headings.csv")
    patterns = (re.compile(pattern, re.IGNORECASE) for pattern in known["pattern"])
    return list(zip(patterns, known["column"], strict=True))


def _column(heading: str) -> str:
    """Name our column that a heading means; blank where it is not known."""
    plain = re.sub(r"[\s_]+", " ", spelling.cleaned(heading))
    plain = re.sub(r"\s*[\[(].*?[\])]\s*$", "", plain)
    if (ours := plain.casefold().replace(" ", "_")) in flatfile.COLUMNS:
        return ours
    return next((column for pattern, column in _headings() if pattern.fullmatch(plain)), "")


def _target(heading: str, column: str, cells: set[str], doubt: str) -> object:
    """Propose what a column is, behind a sign of doubt."""
    target: dict[str, object] = {"column": doubt + column}
    if units := _UNITS.get(column):
        written, plain = _DECLARED["written"], heading.replace("_", " ")
        said = (unit for unit in units if re.search(written[unit], plain, re.I))
        target["unit"] = next(said, UNSAID)
    if column == "patient_id":
        target["prefix"] = UNSAID
    schema = flatfile.SCHEMAS.get(column)
    meta = (schema.metadata if schema else None) or {}
    if terms := meta.get("terms", ()):
        spell = meta["spell"]
        strange = sorted(cell for cell in cells if spell(cell) not in terms)
        if column == "treatment_status" and re.search(
            "ongoing|still|lopend|laufend", heading, re.I
        ):
            answers = dict.fromkeys(("yes", "ja"), "ongoing")
            answers |= dict.fromkeys(("no", "nee", "nein"), "ended")
            target["words"] = {cell: answers.get(cell.casefold(), UNSAID) for cell in strange}
        elif strange:
            target["words"] = dict.fromkeys(strange, UNSAID)
    return target if len(target) > 1 else target["column"]
