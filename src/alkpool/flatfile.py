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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pandera.pandas as pa

from alkpool import mutations
from alkpool.cohort import relation_problems
from alkpool.schema import (
    COHORT_TABLES,
    LIST_SEPARATOR,
    PATIENTS,
    SAMPLES,
    SOURCES,
    TREATMENTS,
    UNKNOWN,
    DataError,
    Problem,
    Table,
    cell_problems,
    flagged,
    read_cells,
    synthetic_ids,
)
from alkpool.vocabulary import PatientStatus, Phase, SourceStatus

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

Tables = Mapping[str, pd.DataFrame]


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
    (SAMPLES.name, "note"): "sample_note",
    (TREATMENTS.name, "status"): "treatment_status",
    (TREATMENTS.name, "locator"): "treatment_locator",
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
_KEYS = {table.name: table.key[0] for table in COHORT_TABLES}
_PARENT = {PATIENTS.name: SOURCES, SAMPLES.name: PATIENTS, TREATMENTS.name: SAMPLES}


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

# What a blank cell of a new row stands for.
_UNKNOWN_WHEN_BLANK = {field.name for field in FIELDS if UNKNOWN in field.terms} - {"phase"}
_UNKNOWN_WHEN_BLANK |= {"stage", "histology", "fusion_partner", "fusion_variant"}
_UNKNOWN_WHEN_BLANK |= {"resistance_on", "prior_inhibitors"}

_FORMULA = ("=", "+", "-", "@")
_RELATIONS = ("pfs_relation", "dot_relation")
_NO_FORMULA = (
    "must not start with =, +, - or @, which a spreadsheet reads as a formula; "
    "start with a word, or leave a cell blank where nothing is stated"
)
_REPEATED = "repeats row {} in every cell: delete it, or give two patients a patient_id each"
_YEAR = re.compile("[0-9]{4}")
# Columns that tell articles apart.
_ARTICLE = ("doi", "pmid", "title")
# First row of each source of a file, and what its rows state of the article.
_Articles = Mapping[str, tuple[int, Mapping[str, str]]]
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
        Cells that no cohort can take; `fit` raises them with its own.
    """

    label: str
    cells: pd.DataFrame
    read_as: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Addition:
    """What a flat file adds to a cohort; cells as text.

    Attributes
    ----------
    rows : mapping of str to DataFrame
        New rows by table, in the order of the file.
    now_included : tuple of str
        Sources of the cohort that had no included patient before.
    flat : DataFrame
        The file with every key filled in: the same rows fit again into the same tables.
    distinct : mapping of str to frozenset of str
        Patient to those it is said not to repeat.
    """

    rows: Tables
    now_included: tuple[str, ...]
    flat: pd.DataFrame
    distinct: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class _Row:
    """A row of a flat file whose blank keys are being filled in."""

    index: int
    cells: dict[str, str]


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
    if path.stat().st_size > MAX_BYTES:
        _refuse(label, f"must be smaller than {MAX_BYTES // 1_000_000} MB")
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
    raw = raw[(raw != "").any(axis="columns")]
    if raw.empty:
        _refuse(label, "has no row below the header")
    cells = raw.reindex(columns=COLUMNS, fill_value="")
    spelled = pd.DataFrame({name: cells[name].map(_spelling(name)) for name in COLUMNS}, dtype=str)
    wrong = [*strange, *_text_problems(raw, label), *_row_problems(spelled, label)]
    return Sheet(label, spelled, tuple(_read_as(cells, spelled)), tuple(wrong))


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


def _read_workbook(path: Path, label: str) -> tuple[pd.DataFrame, list[Problem], str]:
    book = open_workbook(path, label)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if SHEET not in sheets and len(sheets) != 1:
        _refuse(label, f"must have a sheet {SHEET!r}; its sheets are {', '.join(sheets)}")
    sheet = sheets.get(SHEET) or book.worksheets[0]
    label = f"{label}, sheet {sheet.title}"
    if sheet.max_column > 10 * len(COLUMNS):
        _refuse(label, f"has {sheet.max_column} columns; the columns are {', '.join(COLUMNS)}")
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
    for key in _KEYS.values():
        remedy = "is the id of a synthetic row, which is no patient: delete this row"
        yield from flagged(cells, synthetic_ids(cells[key]), key, label, remedy)
    first: dict[tuple[str, ...], int] = {}
    for row, content in zip(cells.index, cells.itertuples(index=False, name=None), strict=True):
        if (before := first.setdefault(content, row)) != row:
            yield Problem(label, row + 2, "", "", _REPEATED.format(before + 2))


def fit(sheet: Sheet, tables: Tables) -> Addition:
    """Find the place of every row in a cohort.

    Parameters
    ----------
    sheet : Sheet
        From `read`.
    tables : mapping of str to DataFrame
        The four tables of a valid cohort, cells as text.

    Raises
    ------
    DataError
        With every cell that does not fit.
    """
    known = {name: frame.set_index(_KEYS[name], drop=False) for name, frame in tables.items()}
    flat, named = _identified(sheet, known)
    problems = [*sheet.problems, *named]
    # A key that is made up here is wrong only where another cell is.
    made = {
        (row + 2, key)
        for key in _KEYS.values()
        for row in sheet.cells.index[sheet.cells[key] == ""]
    }
    rows: dict[str, pd.DataFrame] = {}
    origins: dict[str, list[int]] = {}
    for table in COHORT_TABLES:
        records, origin, found = _records(table, flat, known[table.name], sheet.label)
        rows[table.name] = pd.DataFrame(records, columns=table.columns, dtype=str)
        origins[table.name], problems = origin, problems + found
    _derive(rows, known)
    names = {(f.table.name, f.column): f.name for f in FIELDS}
    for table in COHORT_TABLES:
        moved = (
            _moved(problem, table, sheet.label, origins[table.name], 0, names)
            for problem in cell_problems(rows[table.name], table, table.name)
        )
        problems += [problem for problem in moved if (problem.row, problem.column) not in made]
    contributing = set(rows[PATIENTS.name].query("status == 'included'")["source_id"])
    was_excluded = tables[SOURCES.name].query("status == 'excluded'")["source_id"]
    addition = Addition(
        rows=rows,
        now_included=tuple(sorted(contributing & set(was_excluded))),
        flat=flat,
        distinct=_distinct(flat),
    )
    if not problems:
        problems += _misfits(tables, addition, sheet.label, origins, names)
    if problems:
        # A cell with an odd content breaks several rules; the first says why.
        first = {(problem.row, problem.column): problem for problem in reversed(problems)}
        raise DataError(sorted(first.values()))
    return addition


def merge(tables: Tables, addition: Addition) -> dict[str, pd.DataFrame]:
    """Tables of the cohort with the new rows, sorted by key."""
    return {
        name: frame.sort_values(_KEYS[name], ignore_index=True)
        for name, frame in _appended(tables, addition).items()
    }


def _appended(tables: Tables, addition: Addition) -> dict[str, pd.DataFrame]:
    joined = {
        table.name: pd.concat([tables[table.name], addition.rows[table.name]], ignore_index=True)
        for table in COHORT_TABLES
    }
    sources = joined[SOURCES.name]
    moved = sources["source_id"].isin(addition.now_included)
    joined[SOURCES.name] = sources.assign(
        status=sources["status"].mask(moved, str(SourceStatus.INCLUDED)),
        exclusion_reason=sources["exclusion_reason"].mask(moved, ""),
    )
    return joined


def _identified(sheet: Sheet, known: Tables) -> tuple[pd.DataFrame, list[Problem]]:
    """Fill in the keys that were left blank."""
    rows = [_Row(int(str(index)), cells) for index, cells in sheet.cells.T.to_dict().items()]
    problems = [
        Problem(sheet.label, row.index + 2, column, row.cells[column], allowed)
        for name in (_name_sources, _name_patients, _name_samples, _name_lines)
        for row, column, allowed in name(rows, known)
    ]
    cells = [row.cells for row in rows]
    return pd.DataFrame(cells, index=sheet.cells.index, columns=COLUMNS, dtype=str), problems


def _name_sources(rows: Sequence[_Row], known: Tables) -> Iterator[tuple[_Row, str, str]]:
    sources = known[SOURCES.name]
    published = {
        (mark, value.casefold()): source
        for mark in ("doi", "pmid")
        for source, value in zip(sources["source_id"], sources[mark], strict=True)
        if value
    }
    spelled = {source.casefold(): source for source in sources["source_id"]}
    taken = {*sources.index, *(row.cells["source_id"] for row in rows)}
    # First row of each source of the file, and what its rows state of the article.
    here: dict[str, tuple[int, dict[str, str]]] = {}
    offered: dict[tuple[str, ...], str] = {}
    for row in rows:
        cells = row.cells
        marks = [(mark, cells[mark].casefold()) for mark in ("doi", "pmid") if cells[mark]]
        same = {mark[0]: published[mark] for mark in marks if mark in published}
        if not cells["source_id"]:
            named = _source_name(cells["first_author"], cells["year"])
            if not same and (clash := _other_article(named, cells, sources, here)):
                names = (named + letter for letter in ascii_lowercase[1:])
                stated = named, *(cells[mark].casefold() for mark in _ARTICLE)
                named = offered.setdefault(stated, next(n for n in names if n not in taken))
                taken.add(named)
                yield row, "source_id", clash.format(named)
            cells["source_id"] = next(iter(same.values()), named)
        source = cells["source_id"]
        if not source and cells["year"] and not _YEAR.fullmatch(cells["year"]):
            yield row, "year", "must be a year such as 2024"
            continue
        if not source:
            yield row, "source_id", "must be given, or first_author and year"
            continue
        for mark, other in same.items():
            if other != source:
                yield row, mark, f"is that of the source {other}: write {other} as source_id"
        if spelled.setdefault(source.casefold(), source) != source:
            yield row, "source_id", f"must be written {spelled[source.casefold()]}"
        published = dict.fromkeys(marks, source) | published
        _, article = here.setdefault(source, (row.index, dict.fromkeys(_ARTICLE, "")))
        article |= {mark: stated or cells[mark] for mark, stated in article.items()}


def _other_article(
    named: str, cells: Mapping[str, str], sources: pd.DataFrame, here: _Articles
) -> str:
    """Say which other article has a name that was made up, with a place for a free one."""
    if named in sources.index:
        if _differing(cells, sources.loc[named].to_dict()):
            return f"{named} is another article in the cohort: give an id, such as {{}}"
    elif named in here:
        row, article = here[named]
        stated = {mark: value or cells[mark] for mark, value in article.items()}
        if mark := _differing(cells, stated):
            return (
                f"{named} is another article in row {row + 2}, by its {mark}: give an id, such as "
                f"{{}}, or write the same {mark} where it is one article"
            )
    return ""


def _differing(cells: Mapping[str, str], article: Mapping[Any, str]) -> str:
    """Name the first column by which a row states another article, if any."""
    stated = (mark for mark in _ARTICLE if cells[mark])
    return next((m for m in stated if cells[m].casefold() != article[m].casefold()), "")


def _source_name(author: str, year: str) -> str:
    plain = unicodedata.normalize("NFKD", author.split(" ")[0]).encode("ascii", "ignore").decode()
    surname = re.sub("[^a-z]", "", plain.lower())
    return surname + year if surname and _YEAR.fullmatch(year) else ""


def _name_patients(rows: Sequence[_Row], known: Tables) -> Iterator[tuple[_Row, str, str]]:
    taken = {*known[PATIENTS.name]["patient_id"], *(row.cells["patient_id"] for row in rows)}
    facts = [
        field.name for table in (PATIENTS, SAMPLES) for field in FIELDS if field.table is table
        and field.column not in (*table.key, "locator", "note")
    ]  # fmt: skip
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        if not row.cells["patient_id"]:
            same = row.cells["source_id"], *(row.cells[name] for name in facts)
            if (before := first.setdefault(same, row.index)) != row.index:
                allowed = f"row {before + 2} has the same patient and sample: "
                allowed += "give both the same patient_id, or each its own"
                yield row, "patient_id", allowed
            names = (f"{row.cells['source_id']}-p{number}" for number in count(1))
            row.cells["patient_id"] = next(name for name in names if name not in taken)
            taken.add(row.cells["patient_id"])


def _name_samples(rows: Sequence[_Row], known: Tables) -> Iterator[tuple[_Row, str, str]]:
    samples = known[SAMPLES.name]
    places = {
        (patient, int(order)): sample
        for sample, patient, order in zip(
            samples["sample_id"], samples["patient_id"], samples["sample_order"], strict=True
        )
    }
    for row in rows:
        patient, order = row.cells["patient_id"], row.cells["sample_order"]
        if row.cells["sample_id"]:
            continue
        if not re.fullmatch("[0-9]{1,2}", order):
            yield row, "sample_order", "must be 1 for the patient's first sample, and so on"
            continue
        name = f"{patient}-s{int(order)}"
        row.cells["sample_id"] = places.get((patient, int(order)), name)


def _name_lines(rows: Sequence[_Row], known: Tables) -> Iterator[tuple[_Row, str, str]]:
    lines = known[TREATMENTS.name]
    columns = [f for f in FIELDS if f.table is TREATMENTS and f.column != "treatment_id"]
    facts = [f for f in columns if f.column not in ("locator", "note")]
    taken = {*lines["treatment_id"], *(row.cells["treatment_id"] for row in rows)}
    for row in rows:
        cells = row.cells
        if cells["treatment_id"] in lines.index:
            yield row, "treatment_id", "is in the cohort already"
        if cells["treatment_id"] or not any(cells[field.name] for field in columns):
            continue
        stated = {f.column: cells[f.name] for f in facts if cells[f.name]}
        before = lines[lines["sample_id"] == cells["sample_id"]].to_dict("records")
        same = [str(line["treatment_id"]) for line in before if _agree(stated, line)]
        if same:
            yield row, "inhibitor", f"is in the cohort already, as the line {same[0]}"
            continue
        base = f"{cells['sample_id']}-{cells['inhibitor']}"
        names = chain([base], (f"{base}-{number}" for number in count(2)))
        cells["treatment_id"] = next(name for name in names if name not in taken)
        taken.add(cells["treatment_id"])


def _agree(stated: Mapping[str, str], line: Mapping[Any, object]) -> bool:
    return all(_same(value, str(line[column])) for column, value in stated.items())


def _same(one: str, other: str) -> bool:
    number = re.compile(r"[0-9]+(\.[0-9]+)?")
    if number.fullmatch(one) and number.fullmatch(other):
        return float(one) == float(other)
    return one == other


def _records(
    table: Table, flat: pd.DataFrame, known: pd.DataFrame, label: str
) -> tuple[list[dict[str, str]], list[int], list[Problem]]:
    """Put together the cells of each new row of a table from the rows of the file it stands in."""
    (key,) = table.key
    fields = [field for field in FIELDS if field.table is table and field.column != key]
    parent = _PARENT.get(table.name)
    columns = {field.column: field.name for field in fields}
    if parent:
        columns[parent.key[0]] = parent.key[0]
    records, origin, problems = [], [], []
    for name, rows in flat[flat[key] != ""].groupby(key, sort=False):
        record = {key: str(name)}
        for column, flat_name in columns.items():
            stated = rows.loc[rows[flat_name] != "", flat_name]
            kept = stated.iloc[0] if len(stated) else ""
            if name in known.index:
                kept = str(known.at[name, column])
                where = f"{name} is in the cohort with {kept or 'a blank'!r}: write that"
                where += "" if parent and column == parent.key[0] else ", or leave it blank"
            elif len(stated):
                where = f"must be the same in all rows of {name}: row {stated.index[0] + 2} "
                where += f"has {kept!r}"
            problems += [
                Problem(label, int(str(row)) + 2, flat_name, value, where)
                for row, value in stated.items()
                if not _same(value, kept)
            ]
            record[column] = kept or UNKNOWN * (flat_name in _UNKNOWN_WHEN_BLANK)
        if name in known.index:
            continue
        records.append(record)
        origin.append(int(rows.index[0]))
    return records, origin, problems


def _derive(rows: dict[str, pd.DataFrame], known: Tables) -> None:
    """Fill in the cells of new rows that follow from others."""
    patients, samples = rows[PATIENTS.name], rows[SAMPLES.name]
    status = pd.Series(str(PatientStatus.INCLUDED), index=patients.index, dtype=str)
    status = status.mask(patients["exclusion_reason"] != "", str(PatientStatus.EXCLUDED))
    status = status.mask(patients["duplicate_of"] != "", str(PatientStatus.DUPLICATE))
    rows[PATIENTS.name] = patients = patients.assign(status=status)
    included = set(patients.loc[status == PatientStatus.INCLUDED, "source_id"])
    sources = rows[SOURCES.name]
    contributes = sources["source_id"].isin(included)
    source_status = pd.Series(str(SourceStatus.EXCLUDED), index=sources.index, dtype=str)
    reasons = patients.groupby("source_id")["exclusion_reason"].agg(
        lambda stated: "; ".join(dict.fromkeys(filter(None, stated)))
    )
    stated = sources["source_id"].map(reasons).fillna("")
    stated = stated.mask(stated == "", "its patients are reported elsewhere")
    rows[SOURCES.name] = sources.assign(
        status=source_status.mask(contributes, str(SourceStatus.INCLUDED)),
        exclusion_reason=stated.mask(contributes, ""),
    )
    single = ~samples["mutations"].str.contains("+", regex=False)
    single &= samples["mutations"] != UNKNOWN
    phase = samples["phase"].mask((samples["phase"] == "") & single, str(Phase.SINGLE))
    rows[SAMPLES.name] = samples = samples.assign(phase=phase.mask(phase == "", UNKNOWN))
    lines = rows[TREATMENTS.name]
    places = pd.concat([known[SAMPLES.name]["locator"], samples.set_index("sample_id")["locator"]])
    of_sample = lines["sample_id"].map(places).fillna("")
    rows[TREATMENTS.name] = lines.assign(
        locator=lines["locator"].mask(lines["locator"] == "", of_sample)
    )
    for table in COHORT_TABLES:
        rows[table.name] = rows[table.name].astype(str)


def _distinct(flat: pd.DataFrame) -> dict[str, frozenset[str]]:
    said: dict[str, frozenset[str]] = {}
    for patient, cell in zip(flat["patient_id"], flat[NOT_DUPLICATE], strict=True):
        names = {name.strip() for name in cell.split(LIST_SEPARATOR)} - {""}
        said[patient] = said.get(patient, frozenset()) | names
    return said


def _misfits(
    tables: Tables,
    addition: Addition,
    label: str,
    origins: Mapping[str, list[int]],
    names: Mapping[tuple[str, str], str],
) -> Iterator[Problem]:
    """List what of the new rows does not fit to the others, in the words of the flat file."""
    joined = _appended(tables, addition)
    by_file = {f"/{table.file}": table for table in COHORT_TABLES}
    for problem in relation_problems(joined, ""):
        table = by_file[problem.file]
        yield _moved(problem, table, label, origins[table.name], len(tables[table.name]), names)
    patients = set(joined[PATIENTS.name]["patient_id"])
    flat = addition.flat
    for row, patient, cell in zip(flat.index, flat["patient_id"], flat[NOT_DUPLICATE], strict=True):
        for name in filter(None, cell.split(LIST_SEPARATOR)):
            if name.strip() not in patients - {patient}:
                allowed = f"must be other patients, several joined by {LIST_SEPARATOR}"
                yield Problem(label, row + 2, NOT_DUPLICATE, cell, allowed)


def _moved(
    problem: Problem,
    table: Table,
    label: str,
    origin: Sequence[int],
    before: int,
    names: Mapping[tuple[str, str], str],
) -> Problem:
    """Say of a problem of a table where it stands in the flat file; of an old row, where it is."""
    position = (problem.row or 0) - 2 - before
    if position < 0:
        return replace(problem, file=f"cohort{problem.file}")
    column = names.get((table.name, problem.column), problem.column)
    return replace(problem, file=label, row=origin[position] + 2, column=column)


def to_csv(flat: pd.DataFrame) -> str:
    """Write the rows of a flat file; the same text for the same rows."""
    return flat[list(COLUMNS)].to_csv(index=False, lineterminator="\n")
