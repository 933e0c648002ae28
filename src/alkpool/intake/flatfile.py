"""New cases in one flat file, CSV or Excel: its columns, its template, and how it is read.

A *flat file* has one row for each sample and next line of treatment; what is known of the source
and the patient stands in every row of theirs. Every column is one of the four tables of a cohort,
with the same meaning and the same allowed values. `read` takes any spelling that is harmless and
refuses the rest; `alkpool.intake.place.fit` finds the place of each row in a cohort, or says for
every cell why it has none.
"""

import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pandera.pandas as pa

from alkpool import mutations
from alkpool.data import reader
from alkpool.data.reader import Sheet, Table
from alkpool.data.tables import COHORT_TABLES
from alkpool.files import yaml_beside
from alkpool.problems import DataError, Problem, refuse

SUFFIXES = (".csv", ".xlsx")
SHEET = "cases"
# Which columns there are beside those of the tables, and what no cell may be.
_RULES: Mapping[str, Any] = yaml_beside(__file__)

# A table of cases is small: more is another kind of file, or one made to fill the memory.
MAX_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_ROWS = 20_000
MAX_CELLS = 1_000_000
# A person answers for each that may be a duplicate.
MAX_CASES = 1_000


@dataclass(frozen=True)
class Field:
    """A column of the flat file: the column of a table, under a name of its own."""

    table: Table
    column: str
    name: str
    schema: pa.Column

    @property
    def terms(self) -> tuple[str, ...]:
        """Closed vocabulary of the column; empty where it has none."""
        terms: tuple[str, ...] = (self.schema.metadata or {}).get("terms", ())
        return terms


def _flat_name(table: Table, column: str) -> str:
    return f"{table.name.removesuffix('s')}_{column}" if column in _RULES["shared"] else column


FIELDS = tuple(
    Field(table, column, _flat_name(table, column), schema)
    for table in COHORT_TABLES
    for column, schema in table.schema.columns.items()
    if column not in _RULES["derived"][table.name]
)
NOT_DUPLICATE = "not_duplicate_of"
SCHEMAS = {field.name: field.schema for field in FIELDS}
KEYS = {table.name: table.key[0] for table in COHORT_TABLES}

_names = [field.name for field in FIELDS]
_names.insert(_names.index("duplicate_of") + 1, NOT_DUPLICATE)
COLUMNS = tuple(_names)
# Without these columns a file cannot hold a case.
REQUIRED: Sequence[str] = _RULES["required"]

_RELATIONS = ("pfs_relation", "dot_relation")
_REPEATED = "repeats row {} in every cell: delete it, or give two patients a patient_id each"


def read(path: Path, *, accepted: bool = False) -> Sheet:
    """Read a flat file.

    Parameters
    ----------
    path : Path
        CSV file in UTF-8, or Excel workbook with the rows in its only sheet or in ``cases``.
    accepted : bool
        Whether the file was added before: a mutation that cannot be checked is not asked about
        again.

    Returns
    -------
    Sheet
        One column per name in `COLUMNS`; ``problems`` are cells that no cohort can take, which
        `alkpool.intake.place.fit` raises with its own.

    Raises
    ------
    DataError
        Where its form is wrong, with every problem of the form.
    """
    rows, strange, label = read_rows(path)
    sheet = reader.as_sheet(rows, label, COLUMNS, REQUIRED)
    return checked(sheet, strange, accepted=accepted)


def checked(sheet: Sheet, strange: Sequence[Problem] = (), *, accepted: bool = False) -> Sheet:
    """Give the cells of a flat file the spelling of the tables, and list those that have none.

    Raises
    ------
    DataError
        Where the form is wrong.
    """
    if len(sheet.cells) > MAX_CASES:
        allowed = f"must have at most {MAX_CASES}: add it in parts"
        refuse(sheet.label, f"has {len(sheet.cells)} rows; {allowed}")
    if sheet.cells.empty:
        refuse(sheet.label, "has no row below the header")
    sheet = reader.set_aside(sheet, COLUMNS)
    raw = sheet.cells.reindex(columns=COLUMNS, fill_value="")
    sheet = replace(sheet, cells=raw).spelled(SCHEMAS)
    problems = [
        *strange,
        *_text_problems(raw, sheet.label),
        *_row_problems(sheet.cells, sheet.label),
        *([] if accepted else _unconfirmed(raw, sheet.label)),
    ]
    return replace(sheet, problems=tuple(problems))


def _unconfirmed(raw: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List mutations beyond the reference: they may be those of another gene."""
    for row, cell in raw["mutations"].items():
        try:
            mutations.mutations_of(cell)
            mutations.read(cell)
        except ValueError as error:
            if "cannot be checked" in str(error):
                yield Problem(label, int(str(row)) + 2, "mutations", cell, str(error))


def read_rows(
    path: Path, sheet: str = "", *, fill_merged: bool = False
) -> tuple[list[list[str]], list[Problem], str]:
    """Read the rows of a CSV file or a workbook as text, the problems of cells, and a label.

    Raises
    ------
    DataError
        Where it is no such file, or too large.
    """
    label = path.name
    if path.suffix.lower() not in SUFFIXES:
        refuse(label, f"must end in {' or '.join(SUFFIXES)}")
    if not path.is_file():
        refuse(label, "is a folder; must be a file" if path.is_dir() else "the file is missing")
    if path.stat().st_size > MAX_BYTES:
        refuse(label, f"must be smaller than {MAX_BYTES // 1_000_000} MB")
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path, label, sheet, fill_merged=fill_merged)
    return reader.csv_rows(path, label, [] if fill_merged else COLUMNS), [], label


def _open_workbook(path: Path, label: str) -> openpyxl.Workbook:
    """Open a workbook that others made: one that fills the memory or is damaged is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            refuse(label, f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which hold no cells
            return openpyxl.load_workbook(path)
    except DataError:
        raise
    except Exception as error:  # a damaged workbook can fail anywhere in the libraries
        reason = " ".join(str(error).split()) or type(error).__name__
        refuse(label, f"is not a readable Excel workbook ({reason[:80]})")


def _read_workbook(
    path: Path, label: str, wanted: str, *, fill_merged: bool
) -> tuple[list[list[str]], list[Problem], str]:
    book = _open_workbook(path, label)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    wanted = wanted or (SHEET if len(sheets) != 1 else next(iter(sheets)))
    if wanted not in sheets:
        refuse(label, f"must have a sheet {wanted!r}; its sheets are {', '.join(sheets)}")
    sheet = sheets[wanted]
    label = f"{label}, sheet {sheet.title}"
    height, width = sheet.max_row, sheet.max_column
    # One formatted cell far below the table is enough: a cell is made of all that lies between.
    if height > MAX_ROWS or width > reader.MAX_COLUMNS or height * width > MAX_CELLS:
        limits = f"{MAX_ROWS} rows, {reader.MAX_COLUMNS} columns and {MAX_CELLS:,} cells"
        remedy = f"must have at most {limits}: delete the empty ones beyond the table"
        refuse(label, f"reaches to row {height} and column {width}; {remedy}")
    rows = [[_cell_text(cell) for cell in row] for row in sheet.iter_rows()]
    if not rows or not any(rows[0]):
        refuse(label, "the sheet is empty; it must start with a header line")
    problems = [
        Problem(label, cell.row, name, text, _RULES["no_text"][cell.data_type])
        for row, texts in zip(sheet.iter_rows(min_row=2), rows[1:], strict=True)
        for cell, name, text in zip(row, rows[0], texts, strict=True)
        if cell.data_type in _RULES["no_text"]
    ]
    for area in sheet.merged_cells.ranges:
        if not fill_merged:
            wrong = "is one merged cell: split it"
            problems.append(Problem(label, area.min_row, "", area.coord, wrong))
        for row, column in area.cells:
            rows[row - 1][column - 1] = rows[area.min_row - 1][area.min_col - 1]
    return rows, problems, label


def _cell_text(cell: Any) -> str:
    """Text of an Excel cell; of a formula, itself."""
    value = cell.value
    if cell.data_type in _RULES["no_text"]:
        return str(getattr(value, "text", value))
    if isinstance(value, int | float) and "%" in cell.number_format:
        return f"{100 * value:.10g}%"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else str(value)


def _text_problems(raw: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the cells whose text no table can take, whatever the column."""
    for name in raw:
        for row, cell in raw[name].items():
            place = label, int(str(row)) + 2, str(name), cell
            if not cell.isprintable():
                strange = next(character for character in cell if not character.isprintable())
                found = f"holds the invisible character U+{ord(strange):04X}"
                yield Problem(*place, f"{found}, such as a line break: write it in one line")
            elif cell.startswith(("=", "+", "-", "@")) and name not in _RELATIONS:
                yield Problem(*place, _RULES["no_formula"])


def _row_problems(cells: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the rows that are no cases of their own."""
    left = pd.Series(data=False, index=cells.index)
    for name, start in _RULES["example"].items():
        odd = ~left & cells[name].str.upper().str.startswith(start)
        remedy = "is the example of the template: delete this row"
        yield from reader.flagged(cells, odd, name, label, remedy)
        left |= odd
    for key in KEYS.values():
        remedy = "is the id of a synthetic row, which is no patient: delete this row"
        yield from reader.flagged(cells, reader.synthetic_ids(cells[key]), key, label, remedy)
    first: dict[tuple[str, ...], int] = {}
    for row, content in zip(cells.index, cells.itertuples(index=False, name=None), strict=True):
        if (before := first.setdefault(content, row)) != row:
            yield Problem(label, row + 2, "", "", _REPEATED.format(before + 2))


def to_csv(flat: pd.DataFrame) -> str:
    """Write the rows of a flat file; the same text for the same rows."""
    return flat[list(COLUMNS)].to_csv(index=False, lineterminator="\n")
