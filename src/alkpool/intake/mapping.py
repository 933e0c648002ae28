"""Any author's table as a flat file: their headings, units and words, said in a mapping.

A mapping is a YAML file that a person reads through: `propose` writes one from the headings of a
table, `read` reads the table by it. What a heading means is a table too,
``data/reference/headings.csv``.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache, partial
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.reader import Sheet, as_sheet, flagged, is_one_of
from alkpool.data.tables import SOURCES, TREATMENTS
from alkpool.files import validated, yaml_beside
from alkpool.intake import flatfile
from alkpool.intake.raw import read_raw
from alkpool.problems import Problem
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Relation, TreatmentStatus

# Units, and what messages say.
_DECLARED: dict[str, Any] = yaml_beside(__file__)
_UNITS, _WRITTEN, _SAYS = (_DECLARED[name] for name in ("in_ours", "written", "says"))
# "Smith 2018", "Smith et al., 2018": the author and the year in one cell.
REFERENCE = "reference"
_REFERENCE = (
    r"^(?P<first_author>[^\d,;(&]+?)(?:,?\s+et al\.?|\s+(?:and|&)\s[^\d,;(&]+?)?[\s,;(]+"
    r"(?P<year>(?:19|20)\d\d)\)?(?:\s*\[\d+\])?\Z"
)
_PROTEIN_CHANGE = r"[A-Za-z]1\d{3}(?:[A-Z]|del|ins|dup)"
# When and where a sample was taken, and what was found in it.
_OF_SAMPLE = ("prior_inhibitors", "resistance_on", "specimen", "mutations", "vaf_percent")
_OF_SOURCE = {field.name for field in flatfile.FIELDS if field.table is SOURCES} | {REFERENCE}
_OF_LINE = {field.name for field in flatfile.FIELDS if field.table is TREATMENTS}
UNSAID = "?"
# What says nothing else of a heading: its unit at the end, and by what a response was judged.
_HARMLESS = (
    r"(?<=\S)(?:[\s,;:-]*(?:\bin )?[\[(]?(?:(?:(?:per|by) )?recist[\s\dv.,]*|"
    rf"{'|'.join(_WRITTEN.values())})[\])]?)+\Z"
)
# A longer text is no heading.
LONGEST = 300
Rows = Sequence[Sequence[str]]


class Target(BaseModel):
    """What a column of theirs is: our column, its unit, and what their words mean."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    column: str
    unit: str = ""
    prefix: str = ""
    words: dict[str, str] = Field(default_factory=dict)

    @property
    def ours(self) -> str:
        """Our column, also where it is in doubt."""
        return _plain(self.column)


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
            yield heading, target.column, _SAYS["of"].get(column, _SAYS["column"]), column
        elif column not in (*flatfile.COLUMNS, REFERENCE):
            yield heading, column, _SAYS["no_column"], column
        if target.unit not in units:
            allowed = f"the unit must be one of {', '.join(units)}" if any(units) else "has no unit"
            yield heading, target.unit, allowed, column
        if target.prefix == UNSAID:
            yield f"{heading}, prefix", UNSAID, _SAYS["prefix"], column
        if words := [repr(word) for word, meant in target.words.items() if meant == UNSAID]:
            yield f"{heading}, words", UNSAID, _SAYS["word"].format(", what ".join(words)), column
    given = {target.ours for target in mapping.columns.values()}
    given |= {"first_author", "year"} if REFERENCE in given else set()
    for column, said in mapping.everywhere.items():
        if column not in flatfile.COLUMNS:
            yield f"everywhere, {column}", "", _SAYS["no_column"], ""
        elif said == UNSAID:
            yield f"everywhere, {column}", UNSAID, _SAYS["everywhere"], column
        elif column in given:
            yield f"everywhere, {column}", "", _SAYS["twice"], ""
    down = [mapping.columns[name].ours for name in mapping.fill_down if name in mapping.columns]
    if "patient_id" in given:
        for column in {*takewhile("patient_id".__ne__, down)} - _OF_SOURCE:
            yield f"fill_down, {column}", "", _SAYS["other_patient"], ""
    known = given | {*mapping.everywhere}
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
    rows = _joined(found, needed) if mapping.header_rows == 2 else found.rows
    theirs = as_sheet(rows, found.label, needed, needed)
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
    read = {
        heading: raw[heading].map(partial(_translated, target=target))
        for heading, target in targets.items()
    }
    ours = pd.DataFrame(read, raw.index, dtype=object)
    unclear = ours.isna()
    ours = ours.fillna(raw).astype(str)
    # An end, or nothing, is said of no treatment where none is named.
    lines = [heading for heading, target in targets.items() if target.ours in _OF_LINE]
    nothing = ours[lines].isin(["", UNKNOWN, TreatmentStatus.ENDED]).all(axis="columns")
    nothing &= "inhibitor" not in mapping.everywhere
    ours[lines] = ours[lines].mask(nothing, "")
    read_as = [*theirs.read_as, *spelling.read_as(stated[list(targets)], ours, label)]
    if others := ", ".join(str(name) for name in raw if name not in needed):
        read_as.append(f"{label}: set aside, as not in the mapping: {others}")
    cells = ours.rename(columns={heading: t.column for heading, t in targets.items()})
    problems = [Problem(mapping._label, None, *said) for *said, _ in asked]
    problems += theirs.problems
    for heading, target in targets.items():
        column, cell = target.ours, raw[heading].to_frame(target.ours)
        said = _SAYS["number"].get(column, "").format(target.unit)
        problems += flagged(cell, unclear[heading], column, label, said)
        if column == "patient_id":
            problems += flagged(raw, raw[heading] == "", heading, label, _SAYS["no_patient"])
            odd = ~ours[heading].str.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)?")
            problems += flagged(cell, odd, column, label, _SAYS["id"])
        elif column == "mutations":
            for name in (str(each) for each in raw if each not in needed):
                beside = raw[name].str.contains(_PROTEIN_CHANGE)
                beside &= "mutations" in (_column(name) or "")
                problems += flagged(raw, beside, name, label, _SAYS["aside"])
    if REFERENCE in cells:
        heading = next(h for h, target in targets.items() if target.column == REFERENCE)
        parts = cells.pop(REFERENCE).str.extract(_REFERENCE)
        otherwise = {"source_id", "doi", "pmid", "first_author"} & {*cells, *mapping.everywhere}
        wrong = parts["year"].isna() & ((raw[heading] != "") | (not otherwise))
        problems += flagged(raw, wrong, heading, label, _SAYS["reference"])
        # Only what is wrong itself is listed, not also what would follow from it.
        parts.loc[wrong] = "Nobody", "2020"
        parts = parts.fillna("")
        cells = cells.join(parts[parts.columns.difference(cells.columns)])
    if REFERENCE in unread:
        unread |= {"first_author", "year"}
    for column in mapping.everywhere.keys() - unread - {*cells}:
        cells[column] = mapping.everywhere[column]
        cells.loc[nothing & (column in _OF_LINE), column] = ""
    unsure = _of_another_sample(cells)
    if unread & {"patient_id", "sample_order", *_OF_SAMPLE}:
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


def _joined(found: flatfile.Cells, needed: Sequence[str]) -> Rows:
    """Join two header rows, those with most of the headings; what is above them stays."""
    rows, known, headers = found.rows, is_one_of(needed), {}
    for at in range(min(10, len(rows) - 1)):
        headers[at] = [" ".join(filter(None, each)) for each in _labelled(found, at)]
    at = max(headers, key=lambda at: sum(map(known, headers[at])), default=0)
    return [*rows[:at], headers.get(at, []), *rows[at + 2 :]]


def _labelled(found: flatfile.Cells, at: int, tall: int = 2) -> list[tuple[str, str]]:
    """Name each column of one or two header rows, behind the label that it stands under, if any.

    Where no cells are merged, a label reaches to the next.
    """
    rows = ([spelling.cleaned(cell) for cell in row] for row in found.rows[at : at + tall])
    *_, upper, lower = [], *rows
    merged = any(row == at + 1 for row, _ in found.filled)
    named, label = [], ""
    for above, name in zip_longest(upper, lower, fillvalue=""):
        if above or merged or not name:
            label = above if name and above != name else ""
        named.append((label, name or above))
    return named


def _translated(cell: str, target: Target) -> str | None:
    """Cell of theirs in our words and unit; None where its numbers are not plain.

    One that names a unit, as "12 months" among days, is in that.
    """
    words = {word.casefold(): meant for word, meant in target.words.items()}
    if not cell or cell.casefold() in words:
        return words.get(cell.casefold(), cell)
    units = _UNITS.get(target.ours, {})
    spaced = re.sub(r"(?<=\d)(?=[^\W\d_])", " ", cell)
    said = (unit for unit in units if unit == target.unit or _is_said(unit, spaced))
    if all(units[unit] == 1 for unit in said):
        return target.prefix + cell
    between = r"[;/\n]" if target.ours == "vaf_percent" else "(?!)"
    parts = [_in_ours(part, units, target.unit) for part in re.split(between, spaced)]
    return None if None in parts else LIST_SEPARATOR.join(map(str, parts))


def _is_said(unit: str, text: str) -> bool:
    return bool(re.search(_WRITTEN[unit], text, re.IGNORECASE))


def _in_ours(stated: str, units: dict[str, float], unit: str) -> str | None:
    """Convert a number, to two decimals or to as many digits as it has; None for another thing."""
    named = [name for name in units if _is_said(name, stated)] or [unit]
    bare = re.sub(_WRITTEN[named[0]], "", stated, flags=re.IGNORECASE).strip()
    bound = spelling.BOUND.fullmatch(bare)
    if bound is None or spelling.THOUSANDS.search(bare) or len(named) > 1:
        return bare if bare == UNKNOWN else None
    allowed = [""] if bound["more"] else ["", *Relation]
    if spelling.term(bound["sign"], Relation, "Relation") not in allowed:
        return None
    number = Decimal(bound["number"].replace(",", "."))
    ours = number * Decimal(units[named[0]])
    places = max(2, len(number.as_tuple().digits) - 1 - ours.adjusted())
    return bare.replace(bound["number"], f"{ours:.{places}f}".rstrip("0").rstrip("."))


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
    at, tall = _header_of(found.rows)
    named = _labelled(found, at, tall)
    header = [" ".join(filter(None, each)) for each in named]
    meant = {}
    for heading, (_, name) in zip(header, named, strict=True):
        column = _column(heading)
        if column := _column(name) if column is None else column:
            meant[heading] = column
    counts = Counter(map(_plain, meant.values()))
    # Where each stands that is not in doubt; of several columns of mutations, the last.
    stands = {
        _plain(column): header.index(heading)
        for heading, column in meant.items()
        if counts[column] == 1 or _plain(column) == "mutations"
    }
    columns: dict[str, object] = {}
    for heading, column in meant.items():
        place, ours = header.index(heading), _plain(column)
        records = (record[place : place + 1] for record in found.rows[at + tall :])
        cells = {spelling.cleaned(cell) for record in records for cell in record} - {""}
        doubt = (
            column != ours
            # One of several, or of a numbered series: no heading says which of them is ours.
            or counts[ours] > 1
            or re.search(r"\d", re.sub(r"eml4|\d\.\d", "", heading, flags=re.IGNORECASE))
            # What came after the sample stands after what is known of it, and under no label.
            or any(stands.get(each, place) >= place for each in _DECLARED["after"].get(ours, ()))
            or (named[place][0] and ours in _OF_LINE)
        )
        columns[heading] = _target(heading, ours, cells, f"{UNSAID} " if doubt else "")
    others = ", ".join(heading for heading in header if heading and heading not in columns)
    # A table of lines alone is of samples that the cohort has.
    sampled = "mutations" in counts or "prior_inhibitors" in counts
    locator = "sample_locator" if sampled else "treatment_locator"
    everywhere = {locator: sheet or path.stem} if locator not in counts else {}
    if not {*counts} & {REFERENCE, "source_id", "first_author", "doi", "pmid"}:
        everywhere = {"source_id": UNSAID} | everywhere
    proposal: dict[str, object] = {"sheet": sheet} if sheet else {}
    proposal |= {"header_rows": tall, "columns": columns, "everywhere": everywhere, "fill_down": []}
    text = yaml.safe_dump(proposal, sort_keys=False, allow_unicode=True, width=100)
    left = f"# Not read: {others}\n" if others else ""
    said = "say what is marked ?, and read all of it through"
    return f"# How {path.name} is read: {said}.\n{left}{text}"


def _header_of(rows: Rows) -> tuple[int, int]:
    """Find the header of a table: its first row, and whether it has one or two."""
    known = [{cell for cell in row if _column(cell)} for row in rows[:11]]
    at = next((n for n, each in enumerate(known) if len(each) > 1), 0)
    if at:
        over = {cell for cell, name in zip(rows[at - 1], rows[at], strict=False) if name}
        # A title stands in one cell, or over all.
        if sum(map(bool, rows[at - 1])) > 1 and len(over) > 1:
            return at - 1, 2
    below = known[at + 1] if at + 2 < len(rows) and at < 10 else set()
    # A case has numbers.
    return at, 1 + (len(below) > 1 and not any(cell[:1].isdecimal() for cell in rows[at + 1]))


@cache
def _headings() -> list[tuple[re.Pattern[str], str]]:
    known = read_raw(paths.REFERENCE / "headings.csv")
    patterns = (re.compile(pattern, re.IGNORECASE) for pattern in known["pattern"])
    return list(zip(patterns, known["column"], strict=True))


def _meant(text: str) -> str | None:
    """Name our column that a text means, behind ? where in doubt; blank for none of ours."""
    if (ours := text.casefold().replace(" ", "_")) in flatfile.COLUMNS:
        return ours
    return next((column for pattern, column in _headings() if pattern.fullmatch(text)), None)


@cache
def _column(heading: str) -> str | None:
    """Name our column that a heading means, behind ? where in doubt; blank for none of ours."""
    if len(heading) > LONGEST:
        return None
    plain = re.sub(r"\(s\)", "s", re.sub(r"[\s_]+", " ", spelling.cleaned(heading)))
    whole = re.sub(_HARMLESS, "", plain, flags=re.IGNORECASE)
    column, again = (_meant(re.sub(r"\s*[\[(].*?[\])]\s*$", "", text)) for text in (plain, whole))
    if again and (column is None or column.startswith(UNSAID)):
        column = again
    # A remark in brackets may say that it is another thing.
    said = _meant(re.sub(r"[\[\]() ]+", " ", whole).strip()) if re.search(r"[\[(]", whole) else None
    return f"{UNSAID} {_plain(column)}" if column and said not in (column, None) else column


def _plain(column: str) -> str:
    return column.removeprefix(UNSAID).strip()


def _target(heading: str, column: str, cells: set[str], doubt: str) -> object:
    """Propose what a column is, behind a sign of doubt."""
    target: dict[str, object] = {"column": doubt + column}
    if units := _UNITS.get(column):
        said = [unit for unit in units if _is_said(unit, heading.replace("_", " "))]
        target["unit"] = said[0] if len(said) == 1 else UNSAID
    if column == "patient_id":
        target["prefix"] = UNSAID
    meta = getattr(flatfile.SCHEMAS.get(column), "metadata", None) or {}
    if terms := meta.get("terms", ()):
        # Of another drug, "yes" is the contrary of alone.
        other = doubt and column == "monotherapy"
        strange = sorted(cell for cell in cells if other or meta["spell"](cell) not in terms)
        still = column == "treatment_status" and re.search(_DECLARED["still"], heading, re.I)
        answers = _DECLARED["answers"] if still else {}
        if strange:
            target["words"] = {cell: answers.get(cell.casefold(), UNSAID) for cell in strange}
    return target if len(target) > 1 else target["column"]
