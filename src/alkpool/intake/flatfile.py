"""New cases in one flat file, CSV or Excel: its columns, its template, and how it is read.

A *flat file* has one row for each sample and next line of treatment; what is known of the source
and the patient stands in every row of theirs. Every column is one of the four tables of a cohort,
with the same meaning and the same allowed values. `read` takes any spelling that is harmless and
refuses the rest; `alkpool.intake.place.fit` finds the place of each row in a cohort, or says for
every cell why it has none.
"""

import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pandera.pandas as pa
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils import range_boundaries

from alkpool import mutations
from alkpool.data import reader, spelling
from alkpool.data.reader import Sheet, Table
from alkpool.data.tables import COHORT_TABLES
from alkpool.files import yaml_beside
from alkpool.problems import DataError, Problem, refuse, shortened

SUFFIXES = (".csv", ".tsv", ".xlsx")
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
# Columns of lists: in an Excel cell, people part them by lines.
_LISTS = ("prior_inhibitors", "mutations", "vaf_percent")
# A number format that says more than the number: a sign before it, or words behind it.
_SAYS_MORE = re.compile(r'"[^"]*[^"\s-][^"]*"|[<>~≥≤+]|\\[^\s,.()-]')
_BESIDE_THE_NUMBER = re.compile(r"\[[^\]]*\]|[_*].|E[+-]")
_NO_CASE = re.compile(_RULES["begins"], re.IGNORECASE)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z0-9:]+)"')
_REPEATED = "repeats row {} in every cell: delete it, or give two patients a patient_id each"


@dataclass(frozen=True)
class Cells:
    """A file as it was read.

    Attributes
    ----------
    label : str
        How messages name it.
    rows : list of list of str
        Text of every cell.
    odd : mapping of (int, int) to str
        Row and column, as a spreadsheet counts, of each cell that does not hold what it shows;
        why not.
    filled : set of (int, int)
        Those that a merged cell fills.
    problems, notes : tuple
        What is wrong elsewhere, and what is not read.
    """

    label: str
    rows: list[list[str]]
    odd: Mapping[tuple[int, int], str] = field(default_factory=dict)
    filled: Set[tuple[int, int]] = frozenset()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def within(
        self, sheet: Sheet, places: Iterable[tuple[int, int]]
    ) -> Iterator[tuple[int, int, str]]:
        """Row, column and name of the column of those places that a sheet of these cells has."""
        names = dict(zip(sheet.places, map(str, sheet.cells), strict=True))
        for row, column in places:
            if row - 2 in sheet.cells.index and column in names:
                yield row, column, names[column]


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
    found = read_cells(path, reader.is_one_of(COLUMNS))
    sheet = reader.as_sheet(found.rows, found.label, COLUMNS, REQUIRED, _RULES["theirs"])
    return checked(cases_of(found, sheet, COLUMNS), accepted=accepted)


def cases_of(found: Cells, sheet: Sheet, used: Sequence[str]) -> Sheet:
    """Leave the rows that are no cases out of a sheet; its problems are those of its cells."""
    label, problems = sheet.label, [*sheet.problems, *found.problems]
    for row, column, name in found.within(sheet, found.odd):
        if name in used:
            cell = found.rows[row - 1][column - 1]
            problems.append(Problem(label, row, name, cell, found.odd[row, column]))
    cells, none = without_remarks(sheet.cells, label)
    read_as = (*found.notes, *sheet.read_as)
    return replace(sheet, cells=cells, problems=(*problems, *none), read_as=read_as)


def without_remarks(
    cells: pd.DataFrame, label: str, facts: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[Problem]]:
    """Part cells from footnotes, totals and repeated headers, and list these as problems.

    One of the ``facts`` may stand alone.
    """
    if cells.shape[1] < 4:
        return cells, []
    names = {reader.plain(str(name)) for name in cells}
    begins = cells.columns[0] not in facts
    none = {}
    for row, *written in cells.itertuples(name=None):
        stated = [cell for cell in written if cell]
        said = next(iter(stated), "")
        marks = begins and said == written[0], len({*stated}) == 1, bool(_NO_CASE.match(said))
        if sum(marks) > 1 or all(reader.plain(cell) in names for cell in stated):
            column = str(cells.columns[written.index(said)])
            none[row] = Problem(label, row + 2, column, said, _RULES["no_case"])
    return cells.drop(index=[*none]), [*none.values()]


def checked(sheet: Sheet, *, accepted: bool = False) -> Sheet:
    """Give the cells of a flat file the spelling of the tables, and list those that have none.

    Raises
    ------
    DataError
        Where the form is wrong.
    """
    if len(sheet.cells) > MAX_CASES:
        allowed = f"must have at most {MAX_CASES}: add it in parts"
        refuse(sheet.label, f"has {len(sheet.cells)} rows; {allowed}")
    if not len(sheet.cells):
        refuse(sheet.label, "has no row below the header")
    sheet = reader.set_aside(sheet, COLUMNS)
    given = sheet.cells.reindex(columns=COLUMNS, fill_value="")
    breaks = r"\s*[\r\n]+\s*"
    lists = given[list(_LISTS)].replace(breaks, "; ", regex=True)
    raw = spelling.with_signs(given.replace(breaks, " ", regex=True).assign(**lists))
    sheet = replace(sheet, cells=given).taken_for(raw).spelled(SCHEMAS)
    problems = [
        *sheet.problems,
        *_text_problems(raw, sheet.label),
        *_row_problems(sheet),
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


def read_cells(
    path: Path, known: Callable[[str], bool], sheet: str = "", *, fill_merged: bool = False
) -> Cells:
    """Read a CSV file, by the sign that parts the ``known`` headings, or a sheet of a workbook.

    Raises
    ------
    DataError
        Where it is no such file, or too large.
    """
    label = path.name
    if path.suffix.lower() not in SUFFIXES:
        refuse(label, f"must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    if not path.is_file():
        refuse(label, "is a folder; must be a file" if path.is_dir() else "the file is missing")
    if path.stat().st_size > MAX_BYTES:
        refuse(label, f"must be smaller than {MAX_BYTES // 1_000_000} MB")
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path, label, sheet, fill_merged=fill_merged)
    return Cells(label, reader.csv_rows(path, label, known))


def _open_workbook(path: Path, label: str) -> openpyxl.Workbook:
    """Open a workbook that others made: one that fills the memory or is damaged is refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
                refuse(label, f"unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
            sheets = (part for part in archive.namelist() if part.startswith("xl/worksheets/"))
            merged = 0
            for found in chain.from_iterable(_MERGED.finditer(archive.read(s)) for s in sheets):
                # Opening makes each cell of an area.
                left, top, right, bottom = range_boundaries(found[1].decode())
                _refuse_large(label, bottom or 2**20, right or 2**14)
                merged += (bottom - top + 1) * (right - left + 1)
                if merged > MAX_CELLS:
                    refuse(label, f"merges more than {MAX_CELLS:,} cells: split them")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on styles and extensions, which hold no cells
            return openpyxl.load_workbook(path, rich_text=True)
    except DataError:
        raise
    except Exception as error:  # a damaged workbook can fail anywhere in the libraries
        reason = " ".join(str(error).split()) or type(error).__name__
        refuse(label, f"is not a readable Excel workbook ({reason[:80]})")


def _refuse_large(label: str, height: int, width: int) -> None:
    if height > MAX_ROWS or width > reader.MAX_COLUMNS or height * width > MAX_CELLS:
        limits = f"{MAX_ROWS} rows, {reader.MAX_COLUMNS} columns and {MAX_CELLS:,} cells"
        remedy = f"must have at most {limits}: delete the empty ones beyond the table"
        refuse(label, f"reaches to row {height} and column {width}; {remedy}")


def _read_workbook(path: Path, label: str, wanted: str, *, fill_merged: bool) -> Cells:
    book = _open_workbook(path, label)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    wanted = wanted or (SHEET if len(sheets) != 1 else next(iter(sheets)))
    if wanted not in sheets:
        remedy = "name one, with --sheet of alkpool template or as sheet of the mapping"
        have = f"its sheets are {', '.join(sheets)}: {remedy}"
        refuse(label, f"must have a sheet {wanted!r}; {have}")
    sheet = sheets[wanted]
    label = f"{label}, sheet {sheet.title}"
    # One formatted cell far below the table is enough: a cell is made of all that lies between.
    _refuse_large(label, sheet.max_row, sheet.max_column)
    rows = [[_cell_text(cell) for cell in row] for row in sheet.iter_rows()]
    if not any(map(any, rows)):
        refuse(label, "the sheet is empty; it must start with a header line")
    stated = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    odd = {(cell.row, cell.column): why for cell in stated if (why := _odd(cell))}
    notes = tuple(
        f"{label}: the comment on {cell.coordinate} is not read: {shortened(cell.comment.text)!r}"
        for cell in stated
        if cell.comment
    )
    # What is merged across the table is a title or a footnote, and fills no column.
    width = 1 + sheet.max_column - sheet.min_column
    areas = [area for area in sheet.merged_cells.ranges if area.size["columns"] < max(width, 2)]
    filled = {place for area in areas for place in area.cells}
    filled -= {(area.min_row, area.min_col) for area in areas}
    for area in areas:
        for row, column in area.cells:
            rows[row - 1][column - 1] = rows[area.min_row - 1][area.min_col - 1]
    columns = [each for each in sheet.column_dimensions.values() if each.hidden]
    last = {cell.column: (cell.row, cell.column) for cell in stated}
    unseen = [last[n] for each in columns for n in last if each.min <= n <= each.max]
    odd |= dict.fromkeys(unseen, _RULES["hidden_column"])
    hidden = {cell.row for cell in stated if sheet.row_dimensions[cell.row].hidden}
    problems = [Problem(label, row, "", "", _RULES["hidden"]) for row in sorted(hidden)]
    if not fill_merged:
        wrong = "is one merged cell: split it"
        problems += (Problem(label, area.min_row, "", area.coord, wrong) for area in areas)
    return Cells(label, rows, odd, filled, tuple(problems), notes)


def _odd(cell: Any) -> str:
    """Say why a cell does not hold what it shows; empty for text and plain numbers."""
    if cell.data_type in _RULES["no_text"]:
        return str(_RULES["no_text"][cell.data_type])
    says, value = _RULES["shown"], cell.value
    for part in value if isinstance(value, CellRichText) else [str(value)]:
        font, text = (part.font, part.text) if isinstance(part, TextBlock) else (cell.font, part)
        if font.strike:
            return str(says["struck"])
        # A longer one is no footnote, as in the name of a mutated gene.
        if font.vertAlign in ("superscript", "subscript") and len(text.strip()) < 4:
            return str(says["raised"]).format(text)
    plain = _BESIDE_THE_NUMBER.sub("", cell.number_format)
    if isinstance(value, int | float) and _SAYS_MORE.search(plain):
        return str(says["format"]).format(cell.number_format)
    return ""


def _cell_text(cell: Any) -> str:
    """Text of an Excel cell; of a formula, itself."""
    value = cell.value
    if cell.data_type in _RULES["no_text"]:
        return str(getattr(value, "text", value))
    if isinstance(value, int | float) and "%" in cell.number_format:
        return f"{100 * value:.10g}%"
    if isinstance(value, float):
        return f"{value:.15g}"  # as many digits as a spreadsheet shows
    return "" if value is None else str(value)


def _text_problems(raw: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the cells whose text no table can take, whatever the column."""
    for name in raw:
        for row, cell in raw[name].items():
            place = label, int(str(row)) + 2, str(name), cell
            if not cell.isprintable():
                strange = next(character for character in cell if not character.isprintable())
                found = f"holds the invisible character U+{ord(strange):04X}"
                yield Problem(*place, f"{found}: type the cell anew")
            elif cell.startswith(("=", "+", "-", "@")) and name not in _RELATIONS:
                yield Problem(*place, _RULES["no_formula"])


def _row_problems(sheet: Sheet) -> Iterator[Problem]:
    """List the rows that are no cases of their own."""
    label, cells = sheet.label, sheet.cells
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
        # What is not read yet may tell rows apart.
        if (before := first.setdefault(content, row)) != row and not sheet.unread:
            yield Problem(label, row + 2, "", "", _REPEATED.format(before + 2))


def to_csv(flat: pd.DataFrame) -> str:
    """Write the rows of a flat file; the same text for the same rows."""
    return flat[list(COLUMNS)].to_csv(index=False, lineterminator="\n")
