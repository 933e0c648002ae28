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
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.reader import Sheet, as_sheet, rows_above
from alkpool.files import read_yaml, yaml_beside
from alkpool.intake import flatfile
from alkpool.intake.raw import read_raw
from alkpool.problems import DataError, Problem, refuse
from alkpool.vocabulary import Relation

_UNITS: dict[str, Any] = yaml_beside(__file__)
# "Smith 2018", "Smith et al., 2018": the author and the year in one cell.
REFERENCE = "reference"
_REFERENCE = r"^(?P<first_author>[^\d,;(]+?)(?:\s+et al\.?)?[\s,;(]+(?P<year>(?:19|20)\d\d)\)?\Z"
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_SAMPLE = ("mutations", "specimen", "prior_inhibitors", "resistance_on", "vaf_percent")
UNSAID = "?"


class Target(BaseModel):
    """What a column of theirs is: our column, its unit, and what their words mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    unit: str = ""
    prefix: str = ""
    words: dict[str, str] = Field(default_factory=dict)

    @field_validator("column")
    @classmethod
    def _known(cls, column: str) -> str:
        if column not in (*flatfile.COLUMNS, REFERENCE):
            raise ValueError(f"{column!r} is no column; see alkpool template FILE")
        return column


class Mapping(BaseModel):
    """How a table is read; ``everywhere`` holds what all its rows share."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    sheet: str = ""
    header_rows: Literal[1, 2] = 1
    columns: dict[str, Target]
    everywhere: dict[str, str] = Field(default_factory=dict)
    fill_down: list[str] = Field(default_factory=list)

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
    """Read a mapping.

    Raises
    ------
    DataError
        With every key or value that is wrong.
    """
    try:
        mapping = Mapping.model_validate(read_yaml(path))
    except ValidationError as errors:
        problems = [
            Problem(path.name, None, ", ".join(map(str, e["loc"])), "", e["msg"])
            for e in errors.errors()
        ]
        raise DataError(problems) from None
    except ValueError as error:
        refuse(path.name, f"is not readable YAML ({error})")
    problems = list(_mapping_problems(mapping, path.name))
    if problems:
        raise DataError(problems)
    return mapping


def _mapping_problems(mapping: Mapping, label: str) -> Iterator[Problem]:
    taken = [target.column for target in mapping.columns.values()]
    for column in sorted({column for column in taken if taken.count(column) > 1}):
        yield Problem(label, None, column, "", "is given to two headings")
    for heading, target in mapping.columns.items():
        units = _UNITS["in_ours"].get(target.column, {"": 1})
        if target.unit not in units:
            allowed = f"the unit must be one of {', '.join(units)}" if any(units) else "has no unit"
            yield Problem(label, None, heading, target.unit, allowed)
    for column in mapping.everywhere:
        if column not in flatfile.COLUMNS:
            yield Problem(label, None, column, "", "is no column; see alkpool template FILE")


def read(path: Path, mapping: Mapping) -> Sheet:
    """Read any table by a mapping, as `alkpool.intake.flatfile.read` reads a flat file.

    Parameters
    ----------
    path : Path
        CSV file or workbook; merged cells are filled.
    mapping : Mapping
        From `load`.

    Raises
    ------
    DataError
        Where a heading is missing, or the form is wrong.
    """
    rows, strange, label = flatfile.read_rows(path, mapping.sheet, fill_merged=True)
    headings = list(mapping.columns)
    needed = [*headings, *mapping.fill_down]
    theirs = as_sheet(_one_header(rows, mapping.header_rows), label, needed, needed)
    raw = theirs.cells.set_axis(theirs.cells.index + mapping.header_rows - 1, axis="index")
    down = raw[mapping.fill_down]
    raw[mapping.fill_down] = down.mask(down == "").ffill().fillna("")
    ours = pd.DataFrame(
        {
            heading: raw[heading].map(partial(_translated, target=target))
            for heading, target in mapping.columns.items()
        },
        dtype=str,
    )
    read_as = [*theirs.read_as, *spelling.read_as(raw[headings], ours, label)]
    if others := ", ".join(str(name) for name in raw if name not in headings):
        read_as.append(f"{label}: set aside, as not in the mapping: {others}")
    cells = ours.rename(columns={heading: t.column for heading, t in mapping.columns.items()})
    if REFERENCE in cells:
        found = cells.pop(REFERENCE).str.extract(_REFERENCE).fillna("")
        cells = cells.join(found[found.columns.difference(cells.columns)])
    cells = _completed(cells.assign(**mapping.everywhere))
    return flatfile.checked(replace(theirs, cells=cells, read_as=tuple(read_as)), strange)


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
    factor = _UNITS["in_ours"].get(target.column, {}).get(target.unit, 1)
    # A cell with words of its own, as "12 months" among days, is not in the unit of its column.
    if factor != 1 and not re.search("[a-z]", cell, re.IGNORECASE):
        if spelling.THOUSANDS.search(cell):
            # With its unit it is refused: no column takes one.
            return f"{cell} {target.unit}"
        cell = _NUMBER.sub(
            lambda found: f"{round(float(found[0].replace(',', '.')) * factor, 2):g}", cell
        )
    return target.prefix + cell if cell else cell


def _completed(cells: pd.DataFrame) -> pd.DataFrame:
    """Add what a table of a paper leaves to its reader.

    A number without a sign is the number; samples of a patient stand in their order.
    """
    for measure in ("pfs", "dot"):
        months, relation = f"{measure}_months", f"{measure}_relation"
        if months in cells and relation not in cells:
            plain = cells[months].str.fullmatch(r"[\d.,]+(\s*mo\w*)?")
            cells[relation] = plain.map({True: str(Relation.EQUAL), False: ""})
    if "sample_order" not in cells and "prior_inhibitors" in cells:
        stated = [name for name in _SAMPLE if name in cells]
        facts = cells[stated].agg(tuple, axis="columns")
        patient = cells.get("patient_id", cells.index)
        order = facts.groupby(patient, sort=False).transform(lambda own: pd.factorize(own)[0] + 1)
        cells["sample_order"] = order.astype(str)
    return cells


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
    rows, _, _ = flatfile.read_rows(path, sheet, fill_merged=True)
    known = [[bool(_column(cell)) for cell in row] for row in rows[:2]]
    # A title stands in one cell.
    two = len(rows) > 2 and sum(known[1]) > sum(known[0]) and sum(map(bool, rows[0])) > 1
    above = 0 if two else rows_above(rows, lambda cell: bool(_column(cell)))
    header, *records = _one_header(rows[above:], 1 + two)
    meant: dict[str, str] = {}
    for heading in filter(_column, header):
        meant.setdefault(_column(heading), heading)
    columns: dict[str, object] = {}
    for column, heading in meant.items():
        place = header.index(heading)
        cells = {spelling.cleaned(record[place]) for record in records if place < len(record)}
        columns[heading] = _target(heading, column, cells - {""})
    others = ", ".join(heading for heading in header if heading and heading not in columns)
    locator = "sample_locator" if "prior_inhibitors" in meant else "treatment_locator"
    proposal: dict[str, object] = {"sheet": sheet} if sheet else {}
    proposal |= {
        "header_rows": 1 + two, "columns": columns,
        "everywhere": {locator: sheet or path.stem}, "fill_down": [],
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
    return next((column for pattern, column in _headings() if pattern.fullmatch(plain)), "")


def _target(heading: str, column: str, cells: set[str]) -> object:
    """Propose what a column is."""
    target: dict[str, object] = {"column": column}
    if units := _UNITS["in_ours"].get(column):
        said = (unit for unit in units if re.search(_UNITS["written"][unit], heading, re.I))
        target["unit"] = next(said, UNSAID)
    if column == "patient_id":
        target["prefix"] = UNSAID
    schema = flatfile.SCHEMAS.get(column)
    meta = (schema.metadata if schema else None) or {}
    if terms := meta.get("terms", ()):
        spell = meta["spell"]
        strange = sorted(cell for cell in cells if spell(cell) not in terms)
        if column == "treatment_status" and "ongoing" in heading.casefold():
            answers = {"yes": "ongoing", "no": "ended"}
            target["words"] = {cell: answers.get(cell.casefold(), UNSAID) for cell in strange}
        elif strange:
            target["words"] = dict.fromkeys(strange, UNSAID)
    return target if len(target) > 1 else column
