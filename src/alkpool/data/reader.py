"""Read tables as people save them: each problem with file, row and column, each reading said.

Any usual separator, header and spelling is taken where it can mean one thing only
(`alkpool.data.spelling`), and ``read_as`` says what was taken for what. The rest is refused.
"""

import codecs
import csv
import difflib
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from alkpool.data import spelling
from alkpool.problems import DataError, Problem, counted, refuse, refuse_any, shortened
from alkpool.vocabulary import SYNTHETIC_PREFIX

# What one cell holds in Excel; longer ones are mistakes.
MAX_CELL_CHARACTERS = 32_767
# Each heading is compared with each column that is missing.
MAX_COLUMNS = 1_000
# A spreadsheet holds no more; counted before anything is made of it.
MAX_ROWS, MAX_CELLS_OF_A_ROW = 1_048_576, 16_384
# Rows that the schema checks together: its errors on many rows that are all wrong take much memory.
ROWS_AT_ONCE = 20_000
# More wrong cells are one mistake, made in all of a file.
MOST_WRONG = 100_000

# Control characters, marks that turn text around, and signs that stand for lost letters: none of
# them is seen, and no page or drawing can hold all of them. Tabs and line breaks are text.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd-\uffff]")

NO_UNSEEN = (
    "must not hold control characters, marks that turn text around or U+FFFD, the sign for lost "
    "letters: type it anew"
)


@dataclass(frozen=True)
class Table:
    """A CSV file of the data model: its pandera schema and its key."""

    name: str
    description: str
    schema: pa.DataFrameSchema
    key: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Column names in file order."""
        return list(self.schema.columns)

    @property
    def file(self) -> str:
        """File name inside its folder."""
        return f"{self.name}.csv"

    def typed(self, text: pd.DataFrame) -> pd.DataFrame:
        """Convert validated text cells: whole numbers to ``Int64``, decimals to ``float64``."""
        numbers = {
            name: pd.to_numeric(text[name].replace("", None)).astype(kind)
            for name, kind in self.numbers.items()
        }
        return text.assign(**numbers)

    @property
    def numbers(self) -> dict[str, Any]:
        """Columns of numbers with their type, ``Int64`` or ``float64``."""
        return {
            name: "float64" if column.metadata["decimal"] else "Int64"
            for name, column in self.schema.columns.items()
            if "decimal" in column.metadata
        }

    @property
    def refers_to(self) -> dict[str, tuple[str, str]]:
        """Columns that hold keys, with the file and the column where these stand."""
        return {
            name: column.metadata["refers_to"]
            for name, column in self.schema.columns.items()
            if column.metadata.get("refers_to")
        }

    def part(self, columns: Sequence[str]) -> "Table":
        """Table of some of the columns, without its key."""
        return replace(self, schema=self.schema.select_columns(list(columns)), key=())

    def also(self, column: str) -> tuple[str, ...]:
        """Words that a column takes beside profiles or inhibitors."""
        return tuple(self.schema.columns[column].metadata["also"])


@dataclass(frozen=True)
class Sheet:
    """A table as it was read, cells as text.

    Attributes
    ----------
    label : str
        How messages name the file.
    cells : DataFrame
        A row of the index plus 2 is a row of the file; blank rows are left out.
    read_as : tuple of str
        What was taken for another spelling, or set aside.
    problems : tuple of Problem
        What is wrong with the file, where its reader does not raise.
    aside : DataFrame
        Columns that are none of the table, under the names of the file.
    places : tuple of int
        Where in the file each column of the cells stands, counted from 1.
    typed : mapping of str to Series
        Cells of a column as the file has them, under its heading there.
    unread : frozenset of str
        Columns that are blank because a problem says so, which is not to be said of each cell.
    """

    label: str
    cells: pd.DataFrame
    read_as: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    aside: pd.DataFrame = field(default_factory=pd.DataFrame)
    places: tuple[int, ...] = ()
    typed: Mapping[str, pd.Series] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()

    def spelled(self, columns: Mapping[str, pa.Column]) -> "Sheet":
        """Return the sheet in the spelling of the tables."""
        return self.taken_for(spelling.spelled(self.cells, columns))

    def taken_for(self, cells: pd.DataFrame) -> "Sheet":
        """Return the sheet with its cells read in another way, which is said."""
        said = spelling.read_as(self.cells, cells, self.label)
        return replace(self, cells=cells, read_as=(*self.read_as, *said))


def read_text(path: Path, table: Table, label: str) -> Sheet:
    """Read the CSV file of a table, with all its columns, as text in the spelling of the tables.

    Parameters
    ----------
    path : Path
        The file.
    table : Table
        What it should hold.
    label : str
        How messages name the file.

    Returns
    -------
    Sheet
        Without rows where ``problems`` are those of the form.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A pipe would be waited for, and some devices have no end.
            refuse(label, "is no plain file; must be CSV")
        sheet = set_aside(read_sheet(path, label, table.columns, table.columns), table.columns)
    except DataError as error:
        nothing = pd.DataFrame(columns=table.columns, dtype=str)
        return Sheet(label, nothing, problems=error.problems)
    return replace(sheet, cells=sheet.cells[table.columns]).spelled(table.schema.columns)


def read_sheet(
    path: Path, label: str, columns: Sequence[str], required: Sequence[str] = ()
) -> Sheet:
    """Read a CSV file as text, whatever separates its columns.

    Parameters
    ----------
    path, label : Path, str
        The file, and how messages name it.
    columns, required : sequence of str
        Columns that are looked for, and those that must be there.

    Raises
    ------
    DataError
        With every problem of the form.
    """
    sheet = as_sheet(csv_rows(path, label, is_one_of(columns)), label, columns, required)
    refuse_any(sheet.problems)
    return sheet


def as_sheet(
    rows: Sequence[Sequence[str]], label: str, columns: Sequence[str],
    required: Sequence[str] = (), instead: str = "",
) -> Sheet:  # fmt: skip
    """Make a sheet of a header and its records: blank rows and columns are none.

    Rows above the header, and numbers of rows that have no heading, are left out, and said. Where
    nothing but required columns is missing, the sheet has these problems, and its other cells can
    be read; ``instead`` is what else can be done.

    Raises
    ------
    DataError
        With every other problem of the form, and these.
    """
    above = rows_above(rows, is_one_of(columns))
    titles = " ".join(" ".join(cell for row in rows[:above] for cell in row).split())
    header, *records = ([spelling.cleaned(cell) for cell in row] for row in rows[above:])
    filled = {row: record for row, record in enumerate(records, start=above) if any(record)}
    remedy = f"the header has {len(header)}: open it in a spreadsheet, put each cell below its "
    remedy += "heading, and save it again"
    problems = [
        Problem(label, row + 2, "", "", f"has {counted(len(record), 'cell')}; {remedy}")
        for row, record in filled.items()
        if len(record) != len(header)
    ]
    numbers = ([str(first + number) for number in range(len(filled))] for first in (0, 1))
    used = {place for record in filled.values() for place, cell in enumerate(record) if cell}
    numbered = not header[0] and [record[0] for record in filled.values()] in numbers
    places = [
        place
        for place, name in enumerate(header)
        if name or (place in used and (place or not numbered))
    ]
    if len(places) > MAX_COLUMNS:
        wrong = f"has {len(places)} columns; must have at most {MAX_COLUMNS}"
        raise DataError([Problem(label, 1, "", "", wrong)])
    header = [header[place] for place in places]
    names = [_column_named(name, columns) or name for name in header]
    problems += _header_problems(names, label, columns, required, instead)
    for row, record in filled.items():
        for name, place in zip(names, places, strict=True):
            cell = record[place] if place < len(record) else ""
            if len(cell) > MAX_CELL_CHARACTERS:
                allowed = f"has {len(cell)} characters; must have at most {MAX_CELL_CHARACTERS}"
                problems.append(Problem(label, row + 2, name, cell, allowed))
    missing = frozenset(required) - {*names}
    if len(problems) > len(missing):
        raise DataError(problems)
    cells = pd.DataFrame(
        [[record[place] for place in places] for record in filled.values()],
        list(filled), names, dtype=str,
    )  # fmt: skip
    renamed = [
        f"{label}: column {shortened(old)!r} is read as {new}"
        for old, new in zip(header, names, strict=True)
        if old != new
    ]
    blank = len(records) - len(filled)
    said = f"{label}: {counted(blank, 'blank row')} left out"
    title = f"{label}: left out above the header: {shortened(titles)!r}"
    first = f"{label}: the numbers of the rows in the first column, without a heading, left out"
    read_as = (*[title] * bool(titles), *[first] * numbered, *renamed, *[said] * bool(blank))
    stands = tuple(place + 1 for place in places)
    return Sheet(label, cells, read_as, tuple(problems), unread=missing, places=stands)


def rows_above(rows: Sequence[Sequence[str]], known: Callable[[str], bool]) -> int:
    """Count the rows above the header.

    It is the first of ten in which two cells are known headings, or the first that is not blank.
    """
    at = (number for number, row in enumerate(rows[:10]) if sum(map(known, {*row})) > 1)
    return next(at, next((number for number, row in enumerate(rows) if any(row)), 0))


def rows_by(frame: pd.DataFrame, column: str) -> dict[Any, list[dict[Any, Any]]]:
    """Rows of each value of a column, in their order."""
    found: dict[Any, list[dict[Any, Any]]] = {}
    for row in frame.to_dict("records"):
        found.setdefault(row[column], []).append(row)
    return found


def set_aside(sheet: Sheet, columns: Sequence[str]) -> Sheet:
    """Part a sheet from the columns that are none of the table's, and say which."""
    others = [name for name in sheet.cells if name not in columns]
    if not others:
        return sheet
    named = ", ".join(shortened(str(name)) for name in others)
    said = f"{sheet.label}: set aside, as no column of the table: {named}"
    return replace(
        sheet, cells=sheet.cells.drop(columns=others), aside=sheet.cells[others],
        read_as=(*sheet.read_as, said),
    )  # fmt: skip


def plain(name: str) -> str:
    """Reduce a heading to its letters and digits."""
    return re.sub(r"\W+|_+", "_", name.replace("%", " percent ").casefold()).strip("_")


def _column_named(name: str, columns: Sequence[str]) -> str:
    wanted = plain(name)
    return next((column for column in columns if plain(column) == wanted), "")


def is_one_of(columns: Sequence[str]) -> Callable[[str], bool]:
    """Tell which headings are those of columns."""
    known = {*map(plain, columns)}
    return lambda heading: plain(heading) in known


def _stem(name: str) -> str:
    """Name of a column without its unit."""
    units = "days?|weeks?|mo|months?|years?|percent|fraction"
    return re.sub(rf"_({units})$", "", plain(name))


def _header_problems(
    names: Sequence[str], label: str, columns: Sequence[str], required: Sequence[str], instead: str
) -> Iterator[Problem]:
    missing = [column for column in columns if column not in names]
    for column in required:
        if column in missing:
            yield Problem(label, 1, column, "", f"this column is missing{instead}")
            instead = ""
    for column in sorted({column for column in names if names.count(column) > 1}):
        yield Problem(
            label, 1, column or "without a name", "", "this column stands twice in the header"
        )
    for name in names:
        if name in columns or not columns:
            continue
        if not name:
            yield Problem(label, 1, "without a name", "", "has cells: give it a name")
        elif same := [column for column in missing if _stem(column) == _stem(name)]:
            other = "its unit is another or not said: rename it where it is the same, or convert it"
            yield Problem(label, 1, name, "", f"may be {same[0]}; {other}")
        elif near := difflib.get_close_matches(plain(name), missing, n=1, cutoff=0.85):
            yield Problem(label, 1, name, "", f"unexpected column; is {near[0]} meant?")


def csv_rows(path: Path, label: str, known: Callable[[str], bool]) -> list[list[str]]:
    """Read the header and the records of a CSV file; messages name it by ``label``.

    What separates its columns is the sign that parts a line into most of the ``known`` headings.

    Raises
    ------
    DataError
        Where the file is no CSV text.
    """
    if path.is_dir():
        refuse(label, "is a folder; must be a CSV file")
    if not path.exists():
        refuse(label, "the file is missing")
    # Excel hides the line by which it is told the separator.
    text = re.sub(r"\Asep=.\r?\n", "", _text(path.read_bytes(), label, known))
    separator = _separator(text, known)
    rows: list[list[str]] = []
    try:
        for record in _records(text, separator, strict=True):
            rows.append(record)
            if len(rows) > MAX_ROWS or len(record) > MAX_CELLS_OF_A_ROW:
                wrong = f"is larger than a spreadsheet ({MAX_ROWS:,} rows of {MAX_CELLS_OF_A_ROW:,}"
                wrong += " cells): delete what is empty"
                raise DataError([Problem(label, len(rows), "", "", wrong)])
    except csv.Error as error:
        row, column = len(rows) + 1, ""
        if "end of data" in str(error):
            row, column = _cell_at_the_end(text, separator)
        remedy = "close each quotation mark, and double those within a cell"
        wrong = f"is not a readable CSV file ({error}): {remedy}"
        raise DataError([Problem(label, row, column, '"' if column else "", wrong)]) from None
    return rows


def _text(content: bytes, label: str, known: Callable[[str], bool]) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        refuse(label, "is saved as UTF-16: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
        before, strange, _after = text.partition("\0")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        # Most often it is Latin-1.
        strange = content[error.start : error.start + 1].decode("latin-1")
    if strange:
        wrong = "holds a NUL character, which is no text: it " * (strange == "\0")
        wrong += "must be saved as UTF-8 text; a workbook, exported as CSV"
        place = _cell_at_the_end(before, _separator(f"{before}.", known))
        raise DataError([Problem(label, *place, strange, wrong)])
    if not text.strip("\r\n"):
        refuse(label, "the file is empty; it must start with a header line")
    return text


def _separator(text: str, known: Callable[[str], bool]) -> str:
    """Sign that parts one of the first lines into most of the known headings, then the first."""
    lines = itertools.islice(io.StringIO(text.lstrip("\r\n"), newline=None), 10)
    first = "\n".join(line[:MAX_CELLS_OF_A_ROW].rstrip("\r\n") for line in lines)

    def found(sign: str) -> tuple[int, int]:
        rows = list(_records(first, sign))
        return max(sum(map(known, {*row})) for row in rows), len(rows[0])

    return max(",;\t|", key=found)


def _records(text: str, separator: str = ",", *, strict: bool = False) -> Iterator[list[str]]:
    """Read the records of a CSV text, with cells of any length."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)


def _cell_at_the_end(text: str, separator: str) -> tuple[int, str]:
    """Name the cell in which a text ends: its row as a spreadsheet counts, and its column."""
    header, *records = _records(f"{text}.", separator)
    last = len(records[-1]) if records else 0
    return len(records) + 1, header[last - 1] if 0 < last <= len(header) else ""


def _cells_against_schema(frame: pd.DataFrame, table: Table, label: str) -> Iterator[Problem]:
    try:
        table.schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for column, allowed, value, index in zip(
            cases["column"], cases["check"], cases["failure_case"], cases["index"], strict=True
        ):
            reason = str(allowed)
            why = table.schema.columns[column].metadata.get("why")
            said = why(str(value)) if why and value else ""
            if UNSEEN.search(str(value)) and reason != NO_UNSEEN:
                said = NO_UNSEEN
            reason += f" ({said})" if said else ""
            yield Problem(label, int(index) + 2, str(column), str(value), reason)


def cell_problems(frame: pd.DataFrame, table: Table, label: str) -> Iterator[Problem]:
    """List every cell that breaks the table's schema, and every repeated key.

    After ``MOST_WRONG`` no more of the file is looked at, and that is said.
    """
    wrong = 0
    for start in range(0, len(frame), ROWS_AT_ONCE):
        part = frame[start : start + ROWS_AT_ONCE]
        for problem in _cells_against_schema(part, table, label):
            wrong += 1
            yield problem
        if wrong > MOST_WRONG and len(part) < len(frame) - start:
            last = int(part.index[-1]) + 2
            why = f"more than {MOST_WRONG:,} cells are wrong: nothing below this row was looked at"
            yield Problem(label, last, "", "", why)
            return
    key = list(table.key)
    for row in frame.index[frame.duplicated(key)] if key else ():
        place = label, int(row) + 2, " and ".join(key), " and ".join(frame.loc[row, key])
        yield Problem(*place, "stands twice; must be unique")


def flagged(
    frame: pd.DataFrame, wrong: pd.Series, column: str, label: str, allowed: str
) -> Iterator[Problem]:
    """List the cells of a column in the rows where something is wrong."""
    for row, value in frame.loc[wrong, column].items():
        yield Problem(label, int(str(row)) + 2, column, str(value), allowed)


def synthetic_ids(names: pd.Series) -> pd.Series:
    """Tell which ids are those of synthetic rows, in capitals or not."""
    return names.astype(str).str.upper().str.startswith(SYNTHETIC_PREFIX)


def is_among(values: pd.Series, known: Iterable[str]) -> pd.Series:
    """Tell which texts are among others.

    They are compared as Python's: of its own, pandas converts each of the known ones by itself.
    """
    return values.astype(object).isin(pd.Series(known, dtype=object))


def unknown_keys(
    frame: pd.DataFrame, column: str, label: str, known: Iterable[str], where: str
) -> Iterator[Problem]:
    """List the cells of a foreign key that point nowhere."""
    nowhere = ~is_among(frame[column], known)
    return flagged(frame, nowhere, column, label, f"must be one of the {where}")


def references_between(tables: Sequence[Table]) -> Iterator[tuple[Table, str, Table]]:
    """Columns of tables that hold keys of another of them: table, column, the other table."""
    by_file = {table.file: table for table in tables}
    for table in tables:
        for column, (file, _) in table.refers_to.items():
            if file in by_file and file != table.file:
                yield table, column, by_file[file]


def key_problems(
    frames: Mapping[str, pd.DataFrame], tables: Sequence[Table], label: str
) -> Iterator[Problem]:
    """List the cells that hold a key which another of the tables does not have."""
    for table, column, other in references_between(tables):
        known, where = frames[other.name][column], f"{column} of {other.file}"
        yield from unknown_keys(frames[table.name], column, f"{label}/{table.file}", known, where)


def read_sheets(
    folder: Path, tables: Sequence[Table], label: str = ""
) -> tuple[dict[str, Sheet], list[Problem]]:
    """Read the tables of a folder by name, with every problem of their form and cells."""
    sheets: dict[str, Sheet] = {}
    problems: list[Problem] = []
    for table in tables:
        where = f"{label or folder.name}/{table.file}"
        sheet = sheets[table.name] = read_text(folder / table.file, table, where)
        problems += sheet.problems or cell_problems(sheet.cells, table, where)
    return sheets, problems


def read_folder(folder: Path, tables: Sequence[Table], label: str = "") -> dict[str, pd.DataFrame]:
    """Read and validate the tables of a folder; messages name it by the label, or its own name.

    Raises
    ------
    DataError
        With every problem of every table.
    """
    sheets, problems = read_sheets(folder, tables, label)
    frames = {name: sheet.cells for name, sheet in sheets.items()}
    refuse_any(problems or key_problems(frames, tables, label or folder.name))
    return {table.name: table.typed(frames[table.name]) for table in tables}
