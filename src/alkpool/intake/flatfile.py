"""New cases in one flat file, CSV or Excel: its columns, its template, and how it is read.

A *flat file* has one row for each sample and next line of treatment; what is known of the source
and the patient stands in every row of theirs. Every column is one of the four tables of a cohort,
with the same meaning and the same allowed values. `read` takes any spelling that is harmless and
refuses the rest; `fit` finds the place of each row in a cohort, or says for every cell why it has
none.
"""

import datetime
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pandera.pandas as pa
from openpyxl.worksheet.worksheet import Worksheet

from alkpool import mutations
from alkpool.data.reader import Table, flagged, read_cells, synthetic_ids
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import LIST_SEPARATOR

SUFFIXES = (".csv", ".xlsx")
SHEET = "cases"
EXAMPLE = "EXAMPLE"
EXAMPLE_DOI = "10.0000/example"
# How cells of the example row start, in capitals; one that is left gives the row away.
_OF_EXAMPLE = {
    "source_id": EXAMPLE, "patient_id": EXAMPLE, "first_author": f"{EXAMPLE}:",
    "doi": EXAMPLE_DOI.upper(),
}  # fmt: skip

# A table of cases is small: more is another kind of file, or one made to fill the memory.
MAX_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_CELL = 2_000
MAX_ROWS = 20_000
MAX_COLUMNS = 1_000


@dataclass(frozen=True)
class Field:
    """A column of the flat file: the column of a table, under a name of its own."""

    table: Table
    column: str
    name: str

    @property
    def schema(self) -> pa.Column:
        """Meaning and allowed values."""
        column: pa.Column = self.table.schema.columns[self.column]
        return column

    @property
    def terms(self) -> tuple[str, ...]:
        """Closed vocabulary of the column; empty where it has none."""
        for check in self.schema.checks:
            if "allowed_values" in (check.statistics or {}):
                return tuple(str(term) for term in check.statistics["allowed_values"] if term)
        return ()


# Names that several tables have.
_RENAMED = {
    (SOURCES.name, "note"): "source_note",
    (PATIENTS.name, "note"): "patient_note",
    (SAMPLES.name, "locator"): "sample_locator",
    (SAMPLES.name, "read_via"): "sample_read_via",
    (SAMPLES.name, "note"): "sample_note",
    (TREATMENTS.name, "status"): "treatment_status",
    (TREATMENTS.name, "locator"): "treatment_locator",
    (TREATMENTS.name, "read_via"): "treatment_read_via",
    (TREATMENTS.name, "note"): "treatment_note",
}
# What follows from other cells.
_DERIVED = {
    (SOURCES.name, "status"),
    (SOURCES.name, "exclusion_reason"),
    (PATIENTS.name, "status"),
    (PATIENTS.name, "source_id"),
    (SAMPLES.name, "patient_id"),
    (TREATMENTS.name, "sample_id"),
}
FIELDS = tuple(
    Field(table, column, _RENAMED.get((table.name, column), column))
    for table in COHORT_TABLES
    for column in table.columns
    if (table.name, column) not in _DERIVED
)
NOT_DUPLICATE = "not_duplicate_of"
_BY_NAME = {field.name: field for field in FIELDS}
KEYS = {table.name: table.key[0] for table in COHORT_TABLES}


def _names() -> Iterator[str]:
    for field in FIELDS:
        yield field.name
        if field.name == "duplicate_of":
            yield NOT_DUPLICATE


COLUMNS = tuple(_names())

# Without these columns a file cannot hold a case.
REQUIRED = (
    "first_author", "year", "sample_order", "prior_inhibitors", "mutations", "sample_locator",
    "inhibitor",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@")
_RELATIONS = ("pfs_relation", "dot_relation")
_NO_FORMULA = (
    "must not start with =, +, - or @, which a spreadsheet reads as a formula; "
    "start with a word, or leave a cell blank where nothing is stated"
)
_REPEATED = "repeats row {} in every cell: delete it, or give two patients a patient_id each"
_RESOLVER = re.compile(r"(https?://(dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """The rows of a flat file as text.

    Attributes
    ----------
    label : str
        How messages name the file and its sheet.
    cells : DataFrame
        One column per name in `COLUMNS`; a row of the index plus 2 is a row of the file.
    read_as : tuple of str
        Cells that were taken for another spelling.
    problems : tuple of Problem
        Cells that no cohort can take; `alkpool.intake.place.fit` raises them with its own.
    """

    label: str
    cells: pd.DataFrame
    read_as: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read(path: Path) -> Sheet:
    """Read a flat file.

    Parameters
    ----------
    path : Path
        CSV file in UTF-8, or Excel workbook with the rows in its only sheet or in ``cases``.

    Raises
    ------
    DataError
        Where its form is wrong, with every problem of the form.
    """
    label = path.name
    if path.suffix.lower() not in SUFFIXES:
        _refuse(label, f"must end in {' or '.join(SUFFIXES)}")
    if not path.is_file():
        _refuse(label, "is a folder; must be a file" if path.is_dir() else "the file is missing")
    if large := too_large(path):
        _refuse(label, large)
    problems: Sequence[Problem] = ()
    strange: Sequence[Problem] = ()
    if path.suffix.lower() == ".csv":
        raw, problems = _read_csv(path, label)
    else:
        raw, strange, label = _read_workbook(path, label)
    if problems:
        raise DataError(problems)
    names = [_column_name(name) for name in raw.columns]
    problems = list(_header_problems(names, list(raw.columns), label))
    if problems:
        raise DataError(problems)
    raw.columns = pd.Index(names)
    if len(raw) > MAX_ROWS:
        _refuse(label, f"has {len(raw)} rows; must have at most {MAX_ROWS}")
    raw = raw[(raw != "").any(axis="columns")]
    if raw.empty:
        _refuse(label, "has no row below the header")
    cells = raw.reindex(columns=COLUMNS, fill_value="")
    spelled = pd.DataFrame({name: cells[name].map(_spelling(name)) for name in COLUMNS}, dtype=str)
    wrong = [*strange, *_text_problems(raw, label), *_row_problems(spelled, label)]
    return Sheet(label, spelled, tuple(_read_as(cells, spelled)), tuple(wrong))


def too_large(path: Path) -> str:
    """Say that a file is too large to be opened; nothing where it is not."""
    large = path.stat().st_size > MAX_BYTES
    return f"must be smaller than {MAX_BYTES // 1_000_000} MB" if large else ""


def _refuse(label: str, allowed: str) -> None:
    raise DataError([Problem(label, None, "", "", allowed)])


def _clean(text: str) -> str:
    """Take away what nobody sees: forms of the same letter, kinds of space, spaces at the ends."""
    text = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in text).strip()


def _column_name(name: str) -> str:
    return re.sub(r"[\s-]+", "_", _clean(name).casefold())


def _read_csv(path: Path, label: str) -> tuple[pd.DataFrame, list[Problem]]:
    raw, problems = read_cells(path, [], label)
    return raw.map(_clean) if len(raw) else raw, problems


def open_workbook(path: Path, label: str, *, data_only: bool = False) -> openpyxl.Workbook:
    """Open a workbook that others made: one that fills the memory or is damaged is refused.

    Raises
    ------
    DataError
        Naming the file by its label.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            _refuse(label, f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which hold no cells
            return openpyxl.load_workbook(path, data_only=data_only)
    except DataError:
        raise
    except Exception as error:  # a damaged workbook can fail anywhere in the libraries
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            [Problem(label, None, "", "", f"is not a readable Excel workbook ({reason[:80]})")]
        ) from None


def too_long(sheet: Worksheet) -> str:
    """Say that a sheet is too large to be read; nothing where it is not.

    One formatted cell far below the table is enough: a cell is made of all that lies between.
    """
    if sheet.max_row <= MAX_ROWS and sheet.max_column <= MAX_COLUMNS:
        return ""
    return (
        f"reaches to row {sheet.max_row} and column {sheet.max_column}; must have at most "
        f"{MAX_ROWS} rows and {MAX_COLUMNS} columns: delete the empty ones beyond the table"
    )


def _read_workbook(path: Path, label: str) -> tuple[pd.DataFrame, list[Problem], str]:
    book = open_workbook(path, label)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if SHEET not in sheets and len(sheets) != 1:
        _refuse(label, f"must have a sheet {SHEET!r}; its sheets are {', '.join(sheets)}")
    sheet = sheets.get(SHEET) or book.worksheets[0]
    label = f"{label}, sheet {sheet.title}"
    if wrong := too_long(sheet):
        _refuse(label, wrong)
    problems = [
        Problem(label, area.min_row, "", area.coord, "is one merged cell: split it")
        for area in sheet.merged_cells.ranges
    ]
    header, *records = ([list(row) for row in sheet.iter_rows()]) or [[]]
    names = [_clean(str(cell.value or "")) for cell in header]
    if not any(names):
        _refuse(label, "the sheet is empty; it must start with a header line")
    rows = []
    for record in records:
        read_row = [_cell_text(cell) for cell in record]
        problems += [
            Problem(label, cell.row, name, text, wrong)
            for name, cell, (text, wrong) in zip(names, record, read_row, strict=True)
            if wrong
        ]
        rows.append([_clean(text) for text, _ in read_row])
    raw = pd.DataFrame(rows, columns=names, dtype=str)
    # Formatted but empty columns beside the table are none.
    used = (raw != "").any().to_numpy() | (np.array(names) != "")
    return raw.loc[:, used], problems, label


def _cell_text(cell: Any) -> tuple[str, str]:
    """Text of an Excel cell, and why it cannot be taken, if so."""
    value = cell.value
    match cell.data_type:
        case "f":
            return str(getattr(value, "text", value)), "is a formula: write its value"
        case "d":
            return str(value), "is a date or a time: format the column as text and type it again"
        case "b":
            return str(value), "is a truth value: format the column as text and type it again"
        case "e":
            return str(value), "is an error of the spreadsheet: write the value"
    if value is None:
        return "", ""
    if isinstance(value, int | float) and "%" in cell.number_format:
        meant = f"{100 * value:.10g}"
        return str(value), f"is a percentage: format the column as text and type {meant}"
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() else repr(value)), ""
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return str(value), "is a date or a time: format the column as text and type it again"
    return str(value), ""


def _header_problems(names: Sequence[str], given: Sequence[str], label: str) -> Iterator[Problem]:
    for name, as_given in zip(names, given, strict=True):
        if name not in COLUMNS:
            allowed = f"unexpected column; the columns are {', '.join(COLUMNS)}"
            yield Problem(label, 1, str(as_given) or "without a name", "", allowed)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(label, 1, name, "", "this column stands twice in the header")
    for name in REQUIRED:
        if name not in names:
            yield Problem(label, 1, name, "", "this column is missing")


def _text_problems(raw: pd.DataFrame, label: str) -> Iterator[Problem]:
    for name in raw:
        for row, cell in raw[name].items():
            place = label, int(str(row)) + 2, str(name), cell
            if len(cell) > MAX_CELL:
                found = f"has {len(cell)} characters; must have at most {MAX_CELL}"
                yield Problem(*place, found)
            elif not cell.isprintable():
                strange = next(character for character in cell if not character.isprintable())
                found = f"holds the invisible character U+{ord(strange):04X}"
                yield Problem(*place, f"{found}, such as a line break: write it in one line")
            elif cell.startswith(_FORMULA) and name not in _RELATIONS:
                yield Problem(*place, _NO_FORMULA)


def _read_as(cells: pd.DataFrame, spelled: pd.DataFrame) -> Iterator[str]:
    """Say which cells are taken for another spelling, each spelling once."""
    for name in COLUMNS:
        changed = cells[cells[name] != spelled[name]]
        for (old, new), rows in changed.groupby([changed[name], spelled[name][changed.index]]):
            places = ", ".join(str(row + 2) for row in rows.index)
            yield f"column {name}: {old!r} is read as {new!r} (row {places})"


def _spelling(name: str) -> Callable[[str], str]:
    return lambda cell: _spelled(name, cell)


def _spelled(name: str, cell: str) -> str:
    """Give a cell the spelling of the tables where it plainly means the same."""
    if not cell or name == NOT_DUPLICATE:
        return cell
    field = _BY_NAME[name]
    if field.terms:
        return next((term for term in field.terms if term.casefold() == cell.casefold()), cell)
    match name:
        case "mutations":
            try:
                return "+".join(mutations.mutations_of(cell))
            except ValueError:
                return cell
        case "inhibitor" | "resistance_on":
            return cell.lower()
        case "prior_inhibitors" | "vaf_percent":
            parts = (part.strip().lower() for part in cell.split(LIST_SEPARATOR))
            return LIST_SEPARATOR.join(parts)
        case "doi":
            return _RESOLVER.sub("", cell, count=1)
    return cell


def _row_problems(cells: pd.DataFrame, label: str) -> Iterator[Problem]:
    for index, written in cells.T.to_dict().items():
        left = [
            name for name, start in _OF_EXAMPLE.items() if written[name].upper().startswith(start)
        ]
        if left:
            remedy = "is the example of the template: delete this row"
            yield Problem(label, int(str(index)) + 2, left[0], written[left[0]], remedy)
    for key in KEYS.values():
        remedy = "is the id of a synthetic row, which is no patient: delete this row"
        yield from flagged(cells, synthetic_ids(cells[key]), key, label, remedy)
    first: dict[tuple[str, ...], int] = {}
    for row, content in zip(cells.index, cells.itertuples(index=False, name=None), strict=True):
        if (before := first.setdefault(content, row)) != row:
            yield Problem(label, row + 2, "", "", _REPEATED.format(before + 2))


def to_csv(flat: pd.DataFrame) -> str:
    """Write the rows of a flat file; the same text for the same rows."""
    return flat[list(COLUMNS)].to_csv(index=False, lineterminator="\n")
