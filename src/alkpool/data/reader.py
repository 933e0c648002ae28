"""Read the CSV files of the data model strictly: every problem with file, row and column."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from alkpool import mutations
from alkpool.problems import DataError, Problem, shortened
from alkpool.vocabulary import (
    SYNTHETIC_PREFIX,
)

# What one cell holds in Excel; longer ones are mistakes.
MAX_CELL_CHARACTERS = 32_767

# Control characters, marks that turn text around, and signs that stand for lost letters: none of
# them is seen, and no page or drawing can hold all of them. Tabs and line breaks are text.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd-\uffff]")


NO_UNSEEN = (
    "must not hold control characters, marks that turn text around or U+FFFD, the sign for lost "
    "letters: type it anew"
)

# First bytes of files that are often given the name of a table.
_NO_TEXT = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "a workbook of an older Excel",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
}


@dataclass(frozen=True)
class Table:
    """A CSV file of the data model: its pandera schema, its key and its numeric columns."""

    name: str
    description: str
    schema: pa.DataFrameSchema
    key: tuple[str, ...]
    integers: tuple[str, ...] = ()
    decimals: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Column names in file order."""
        return list(self.schema.columns)

    @property
    def file(self) -> str:
        """File name inside its folder."""
        return f"{self.name}.csv"

    def typed(self, text: pd.DataFrame) -> pd.DataFrame:
        """Convert validated text cells: integers to ``Int64``, decimals to ``float64``."""
        blank_as_missing = text.replace("", None)
        numbers = {
            column: pd.to_numeric(blank_as_missing[column])
            for column in (*self.integers, *self.decimals)
        }
        whole = {column: numbers[column].astype("Int64") for column in self.integers}
        decimal = {column: numbers[column].astype("float64") for column in self.decimals}
        return text.assign(**whole, **decimal)


def canonical_problem(cell: str) -> str:
    """Say why a cell is no canonical mutation profile; empty where it is one."""
    try:
        canonical = "+".join(mutations.mutations_of(cell))
    except ValueError as error:
        return str(error)
    return "" if canonical == cell else f"write it as {canonical}"


def read_text(path: Path, table: Table, label: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Read the CSV file of a table as text and list what is wrong with its form.

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
    DataFrame
        The cells as text, one column per column of ``table``; without rows where the form is
        wrong.
    list of Problem
        Empty for a well-formed file.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        # A pipe would be waited for, and some devices have no end.
        return _no_rows(table), [Problem(label, None, "", "", "is no plain file; must be CSV")]
    frame, problems = read_cells(path, table.columns, label)
    listed = ", ".join(table.columns)
    problems += [
        Problem(
            label,
            1,
            column,
            "",
            f"unexpected column {shortened(column)!r}; the columns are {listed}",
        )
        for column in map(str, frame)
        if column not in table.columns
    ]
    if problems:
        return _no_rows(table), problems
    return frame[table.columns], []


def _no_rows(table: Table) -> pd.DataFrame:
    return pd.DataFrame(columns=table.columns, dtype=str)


def read_columns(
    path: Path, table: Table, columns: Sequence[str], label: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Read a CSV file that holds at least some columns of a table, and check these.

    Returns
    -------
    DataFrame
        All cells of the file as text.
    list of Problem
        What is wrong with the form or with the cells of ``columns``.
    """
    frame, problems = read_cells(path, columns, label)
    if not problems:
        wanted = replace(table, schema=table.schema.select_columns(list(columns)), key=())
        problems = list(cell_problems(frame[list(columns)], wanted, label))
    return frame, problems


def read_cells(
    path: Path, required: Sequence[str], label: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """Read a CSV file as text, whatever its columns, and list what is wrong with its form.

    Returns
    -------
    DataFrame
        All cells of the file; empty where the form is wrong.
    list of Problem
        Also each of the ``required`` columns that is missing.
    """
    if path.is_dir():
        return pd.DataFrame(), [Problem(label, None, "", "", "is a folder; must be a CSV file")]
    if not path.exists():
        return pd.DataFrame(), [Problem(label, None, "", "", "the file is missing")]
    try:
        header, *records = _rows(_text(path.read_bytes()))
    except _NotReadable as wrong:
        return pd.DataFrame(), [Problem(label, wrong.row, wrong.column, wrong.value, str(wrong))]
    problems = list(_form_problems(header, records, required, label))
    if problems:
        return pd.DataFrame(), problems
    return pd.DataFrame(records, columns=header, dtype=str), []


class _NotReadable(Exception):
    """The file is no CSV text; says where."""

    def __init__(self, allowed: str, row: int | None = None, column: str = "", value: str = ""):
        super().__init__(allowed)
        self.row, self.column, self.value = row, column, value


def _text(content: bytes) -> str:
    for start, kind in _NO_TEXT.items():
        if content.startswith(start):
            raise _NotReadable(f"is {kind}: export the table as CSV in UTF-8")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _NotReadable("is saved as UTF-16: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        # Most often it is Latin-1.
        found = content[error.start : error.start + 1].decode("latin-1")
        wrong = "must be saved as UTF-8 text"
        raise _NotReadable(wrong, *_cell_at_the_end(before), found) from None
    before, nul, _after = text.partition("\0")
    if nul:
        wrong = "holds a NUL character, which is no text: save it as UTF-8 text"
        raise _NotReadable(wrong, *_cell_at_the_end(before), nul)
    if not text.strip("\r\n"):
        raise _NotReadable("the file is empty; it must start with a header line")
    return text


def _rows(text: str) -> list[list[str]]:
    first_line = text.splitlines()[0]
    for separator, name in ((";", "';'"), ("\t", "a tab"), ("|", "'|'")):
        if separator in first_line and "," not in first_line:
            raise _NotReadable(f"columns are separated by {name}: save as CSV with commas", 1)
    rows: list[list[str]] = []
    try:
        for record in _records(text, strict=True):
            rows.append(record)
    except csv.Error as error:
        row, column = len(rows) + 1, ""
        if "end of data" in str(error):
            row, column = _cell_at_the_end(text)
        remedy = "close each quotation mark, and double those within a cell"
        wrong = f"is not a readable CSV file ({error}): {remedy}"
        raise _NotReadable(wrong, row, column, '"' if column else "") from None
    if not rows[-1]:
        rows.pop()
    return rows


def _form_problems(
    header: list[str], records: list[list[str]], required: Sequence[str], label: str
) -> Iterator[Problem]:
    for column in required:
        if column not in header:
            yield Problem(label, 1, column, "", "this column is missing")
    for column in sorted({column for column in header if header.count(column) > 1}):
        yield Problem(label, 1, column, "", "this column stands twice in the header")
    for number, record in enumerate(records, start=2):
        if len(record) != len(header):
            allowed = f"has {len(record)} cells; the header has {len(header)}"
            yield Problem(label, number, "", "", allowed)
    for number, record in enumerate(records, start=2):
        for column, cell in zip(header, record, strict=False):
            if len(cell) > MAX_CELL_CHARACTERS:
                allowed = f"has {len(cell)} characters; must have at most {MAX_CELL_CHARACTERS}"
                yield Problem(label, number, column, cell, allowed)


def _records(text: str, *, strict: bool = False) -> Iterator[list[str]]:
    """Read the records of a CSV text, with cells of any length."""
    limit = csv.field_size_limit(max(len(text), 1))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=strict)
    finally:
        csv.field_size_limit(limit)


def _cell_at_the_end(text: str) -> tuple[int, str]:
    """Name the cell in which a text ends: its row as a spreadsheet counts, and its column."""
    header, *records = _records(f"{text}.")
    last = len(records[-1]) if records else 0
    return len(records) + 1, header[last - 1] if 0 < last <= len(header) else ""


def cell_problems(frame: pd.DataFrame, table: Table, label: str) -> Iterator[Problem]:
    """List every cell that breaks the table's schema, and every repeated key."""
    try:
        table.schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for column, allowed, value, index in zip(
            cases["column"], cases["check"], cases["failure_case"], cases["index"], strict=True
        ):
            reason = str(allowed)
            if reason.startswith("must be a canonical mutation profile"):
                reason += f" ({canonical_problem(str(value))})"
            meta = table.schema.columns[column].metadata or {}
            if meta.get("decimal") and re.search("[0-9],[0-9]", str(value)):
                reason += " (write a decimal point)"
            yield Problem(label, int(index) + 2, str(column), str(value), reason)
    if not table.key:
        return
    for row in frame.index[frame.duplicated(list(table.key))]:
        key = " and ".join(frame.loc[row, list(table.key)].astype(str))
        yield Problem(
            label, int(row) + 2, " and ".join(table.key), key, "stands twice; must be unique"
        )


def flagged(
    frame: pd.DataFrame, wrong: pd.Series, column: str, label: str, allowed: str
) -> Iterator[Problem]:
    """List the cells of a column in the rows where something is wrong."""
    if not wrong.any():
        return
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
    dangling = frame.loc[~is_among(frame[column], known), column]
    for row, value in dangling.items():
        yield Problem(label, int(str(row)) + 2, column, value, f"must be one of the {where}")


def read_folder(folder: Path, tables: Sequence[Table]) -> dict[str, pd.DataFrame]:
    """Read and validate the tables of a folder whose tables do not refer to each other.

    Raises
    ------
    DataError
        With every problem of every table.
    """
    frames, problems = {}, []
    for table in tables:
        label = f"{folder.name}/{table.file}"
        frame, form = read_text(folder / table.file, table, label)
        problems += form or list(cell_problems(frame, table, label))
        frames[table.name] = frame
    if problems:
        raise DataError(problems)
    return {table.name: table.typed(frames[table.name]) for table in tables}
