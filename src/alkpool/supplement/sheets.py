"""Read the tables of a folder: CSV files and the sheets of Excel workbooks, as they were saved."""

import csv
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from alkpool.flatfile import MAX_COLUMNS, MAX_ROWS, open_workbook, too_large, too_long
from alkpool.schema import DataError, Problem
from alkpool.supplement.shape import SHAPES, SYNTHETIC, Column, Shape, name_of, stated, unescaped

# Titles above the header line are no longer than this.
HEADER_WITHIN = 15
# A line with so many known columns is a header.
FEWEST_COLUMNS = 2
# More in a cell is no fact or footnote of a table.
MAX_CELL = 5_000
# A last row with nothing but a sentence in its first cell is a footnote.
FOOTNOTE_CHARACTERS = 15

_NUMBERED = re.compile(r"(?:\bs|table[ _-]*s?|\bst[ _-]*)t?[ _-]*([2-8])(?!\d)", re.IGNORECASE)
_MADE_A_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}-[A-Z][a-z]{2}")


@dataclass(frozen=True)
class Row:
    """One row of a table: where it stands, what its cells say and how they are printed."""

    file: str
    number: int
    cells: dict[str, str] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)

    def problem(self, column: str, value: str, allowed: str) -> Problem:
        """Make a problem of this row."""
        return Problem(self.file, self.number, column, value, allowed)

    def __str__(self) -> str:
        """Say where the row stands."""
        return f"{self.file}, row {self.number}"


@dataclass
class Tables:
    """What a folder holds: rows by table (``ST6``), what is wrong, and what is worth a look."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in SHAPES})
    found: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Sheet:
    """A grid of cells as text, with the number that its name gives (``ST6``), if any."""

    label: str
    number: str
    grid: list[list[str]]


def read_tables(folder: Path) -> Tables:
    """Read every table of a folder.

    Parameters
    ----------
    folder : Path
        With CSV files or Excel workbooks; other files are noted and left alone.

    Returns
    -------
    Tables
        Cells that cannot be read are problems, and blank in the rows.
    """
    tables = Tables()
    if not folder.is_dir():
        tables.problems.append(Problem(str(folder), None, "", "", "must be a folder of tables"))
        return tables
    # A spreadsheet leaves ~$ files beside those that are open in it.
    visible = [path for path in folder.iterdir() if not path.name.startswith((".", "~$"))]
    for path in sorted(path for path in visible if path.is_file()):
        for sheet in _sheets(path, tables):
            _read_sheet(sheet, tables)
    if not tables.problems and not any(tables.rows.values()):
        tables.problems.append(
            Problem(str(folder), None, "", "", "has no table; save them as ST4.csv, ST5.csv ...")
        )
    return tables


def _sheets(path: Path, tables: Tables) -> Iterator[Sheet]:
    for sheet in _sheets_in(path, tables):
        wrong = list(_beyond_limits(sheet))
        tables.problems += wrong
        if not wrong:
            yield sheet


def _beyond_limits(sheet: Sheet) -> Iterator[Problem]:
    if len(sheet.grid) > MAX_ROWS:
        allowed = f"has {len(sheet.grid)} rows; must have at most {MAX_ROWS}"
        yield Problem(sheet.label, None, "", "", allowed)
    for number, row in enumerate(sheet.grid, start=1):
        if len(row) > MAX_COLUMNS:
            allowed = f"has {len(row)} columns; must have at most {MAX_COLUMNS}"
            yield Problem(sheet.label, number, "", "", allowed)
        for cell in row:
            if len(cell) > MAX_CELL:
                allowed = f"has {len(cell)} characters; must have at most {MAX_CELL}"
                yield Problem(sheet.label, number, "", cell, allowed)


def _sheets_in(path: Path, tables: Tables) -> Iterator[Sheet]:
    match path.suffix.casefold():
        case ".csv" | ".tsv" | ".txt" | ".xlsx" | ".xlsm" if wrong := too_large(path):
            tables.problems.append(Problem(path.name, None, "", "", wrong))
        case ".csv" | ".tsv" | ".txt":
            if (grid := _csv(path, tables)) is not None:
                yield Sheet(path.name, _number_in(path.stem), grid)
        case ".xlsx" | ".xlsm":
            yield from _workbook(path, tables)
        case ".xls" | ".ods" | ".doc" | ".docx" | ".pdf":
            allowed = "cannot be read; save its tables as .xlsx or .csv"
            tables.problems.append(Problem(path.name, None, "", "", allowed))
        case _:
            tables.notes.append(f"{path.name}: no table, not read")


def _number_in(name: str) -> str:
    found = _NUMBERED.search(name)
    return f"ST{found[1]}" if found else ""


def _csv(path: Path, tables: Tables) -> list[list[str]] | None:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        tables.notes.append(f"{path.name}: is not UTF-8, read as Windows-1252")
    # The separator that most lines hold most often: a title line may have none, or a comma.
    lines = text.splitlines()
    separator = max(",;\t", key=lambda sign: sum(line.count(sign) for line in lines))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        allowed = f"is not a readable CSV file ({error})"
        tables.problems.append(Problem(path.name, None, "", "", allowed))
        return None
    return [[" ".join(cell.split()) for cell in row] for row in rows]


def _workbook(path: Path, tables: Tables) -> Iterator[Sheet]:
    try:
        workbook = open_workbook(path, path.name, data_only=True)
    except DataError as error:
        tables.problems += error.problems
        return
    one = len(workbook.worksheets) == 1
    for worksheet in workbook.worksheets:
        label = f"{path.name} [{worksheet.title}]"
        if wrong := too_long(worksheet):
            tables.problems.append(Problem(label, None, "", "", wrong))
            continue
        name = _number_in(worksheet.title) or (_number_in(path.stem) if one else "")
        grid = [[_cell_text(cell) for cell in row] for row in worksheet.iter_rows()]
        # Cells that were merged say the same in every row that they span.
        for area in worksheet.merged_cells.ranges:
            if area.min_col == area.max_col:
                for number in range(area.min_row, area.max_row):
                    grid[number][area.min_col - 1] = grid[area.min_row - 1][area.min_col - 1]
        yield Sheet(label, name, grid)


def _cell_text(cell: Any) -> str:
    match cell.value:
        case None:
            return ""
        case bool(value):
            return "yes" if value else "no"
        case datetime.datetime() | datetime.date() as value:
            return value.isoformat()[:10]
        case int(value) | float(value):
            return f"{value * 100 if '%' in str(cell.number_format) else value:.10g}"
        case value:
            return " ".join(str(value).split())


def _read_sheet(sheet: Sheet, tables: Tables) -> None:
    if not any(cell for row in sheet.grid for cell in row):
        tables.notes.append(f"{sheet.label}: is empty")
        return
    header_at, shape = _header(sheet)
    if shape is None:
        tables.notes.append(f"{sheet.label}: no table of the supplement, not read")
        return
    if sheet.number and sheet.number != shape.name:
        tables.notes.append(f"{sheet.label}: has the columns of {shape.name} and is read as such")
    tables.found.add(shape.name)
    columns = _columns(sheet, header_at, shape, tables)
    if columns is None:
        return
    end = _end(sheet, header_at, tables)
    for number, cells in enumerate(sheet.grid[header_at + 1 : end], start=header_at + 2):
        if any(cells):
            row = _read_row(sheet.label, number, cells, columns, tables)
            tables.rows[shape.name].append(row)


def _known(shape: Shape, header: str) -> Column | None:
    return SYNTHETIC if name_of(header) in SYNTHETIC.names else shape.column(header)


def _header(sheet: Sheet) -> tuple[int, Shape | None]:
    """Find the header line, and the table that most of its columns belong to.

    Of two with as many columns it is the one that the sheet is called after.
    """
    candidates: list[tuple[int, bool, int, Shape]] = []
    for number, row in enumerate(sheet.grid[:HEADER_WITHIN]):
        # ST5 and ST7 have the same columns: without a name it is the table of all patients.
        for shape in reversed(SHAPES.values()):
            found = {column.key for cell in row if cell and (column := shape.column(cell))}
            needed = {column.key for column in shape.columns if column.required}
            called = sheet.number == shape.name
            if len(found) >= FEWEST_COLUMNS and (called or needed <= found):
                candidates.append((len(found), called, number, shape))
    if candidates:
        *_, header_at, best = max(candidates, key=lambda candidate: candidate[:2])
        return header_at, best
    first = next(place for place, row in enumerate(sheet.grid) if any(row))
    return first, SHAPES.get(sheet.number)


def _columns(
    sheet: Sheet, header_at: int, shape: Shape, tables: Tables
) -> list[Column | None] | None:
    """Say what each column is, None where it is not read; None for the lot where it cannot be."""
    header = sheet.grid[header_at]
    columns = [_known(shape, cell) if cell else None for cell in header]
    keys = [column.key for column in columns if column is not None]
    problems = [
        Problem(
            sheet.label, header_at + 1, column.header, "",
            f"this column is missing; also understood: {', '.join(column.also) or 'nothing else'}",
        )
        for column in shape.columns
        if column.required and column.key not in keys
    ]  # fmt: skip
    problems += [
        Problem(sheet.label, header_at + 1, cell, "", "this column stands twice in the header")
        for place, (cell, column) in enumerate(zip(header, columns, strict=True))
        if column is not None and column in columns[:place]
    ]
    tables.problems += problems
    ignored = [
        cell for cell, column in zip(header, columns, strict=True) if cell and column is None
    ]
    if ignored:
        tables.notes.append(f"{sheet.label}: columns not read: {', '.join(ignored)}")
    return None if problems else columns


def _end(sheet: Sheet, header_at: int, tables: Tables) -> int:
    """Find where the rows end and the footnotes begin."""
    end = len(sheet.grid)
    while end > header_at + 1:
        first, *others = sheet.grid[end - 1] or [""]
        footnote = " " in first and len(first) > FOOTNOTE_CHARACTERS
        if any(others) or (first and not footnote):
            break
        if first:
            tables.notes.append(f"{sheet.label}, row {end}: read as a footnote: {first[:60]}")
        end -= 1
    return end


def _read_row(
    label: str, number: int, cells: list[str], columns: list[Column | None], tables: Tables
) -> Row:
    row = Row(label, number)
    tables.problems += [
        row.problem("", cell, "stands beyond the last column of the header")
        for cell in cells[len(columns) :]
        if cell
    ]
    for column, text in zip_longest(columns, cells[: len(columns)], fillvalue=""):
        if isinstance(column, Column):
            cell = unescaped(str(text))
            row.printed[column.key] = cell
            row.cells[column.key] = _read_cell(row, column, cell, tables)
    return row


def _read_cell(row: Row, column: Column, cell: str, tables: Tables) -> str:
    if not stated(cell):
        if column.blank is None:
            tables.problems.append(row.problem(column.header, cell, "must not be blank"))
        return column.blank or ""
    try:
        return column.read(cell)
    except ValueError as error:
        made = " (a spreadsheet has made a date of it)" if _MADE_A_DATE.fullmatch(cell) else ""
        tables.problems.append(row.problem(column.header, cell, f"{error}{made}"))
        return column.blank or ""
