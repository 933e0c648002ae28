"""Fitting a flat file into a cohort: every row finds its place, or each cell says why it has none.

Blank keys are filled in first: a source by its DOI, PubMed identifier or author and year, a
patient by the source, a sample by the patient and its order, a line by the sample. Then the cells
of each new row of the four tables are put together and checked with the rows of the cohort.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd

from alkpool.data.cohort import relation_problems
from alkpool.data.reader import Sheet, Table, cell_problems, rows_by
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.intake.flatfile import FIELDS, KEYS, NOT_DUPLICATE
from alkpool.problems import Problem, refuse_any, shortened
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, PatientStatus, Phase, SourceStatus

Tables = Mapping[str, pd.DataFrame]

# The key of the table above, which a row of a table holds.
_PARENT = {PATIENTS.name: SOURCES.key, SAMPLES.name: PATIENTS.key, TREATMENTS.name: SAMPLES.key}

# What a blank cell of a new row stands for.
_UNKNOWN_WHEN_BLANK = {field.name for field in FIELDS if UNKNOWN in field.terms} - {"phase"}
_UNKNOWN_WHEN_BLANK |= {"stage", "histology", "fusion_partner", "fusion_variant"}
_UNKNOWN_WHEN_BLANK |= {"resistance_on", "prior_inhibitors"}

_YEAR = re.compile("[0-9]{4}")
# Begins what stands behind a surname: a comma, other authors, or initials in capitals.
_BEHIND = re.compile(r",|\s+(?:(?i:and|et al)\b|&|[A-Z][A-Z.-]{0,5}(?!\S))")
# Columns that find the source of an article, and those that tell articles apart.
_MARKS = ("doi", "pmid")
_ARTICLE = (*_MARKS, "title", "first_author")
# What a message says of one.
_SHOWN = ("first_author", "year", "title", "doi")
_NAMES_A_SOURCE = {"doi", "pmid", "first_author", "year"}
# Cells of the rows of a flat file, whose blank keys are being filled in, by index.
_Rows = Mapping[Any, dict[Any, str]]
# What is wrong with a row: its index, column, and what is allowed.
_Found = tuple[Any, str, str]
_Wrong = Iterator[_Found]

_FLAT_NAMES = {(f"/{field.table.file}", field.column): field.name for field in FIELDS}
_CAPITALS = "is {} but for its capitals: write both alike where it is one patient, else another id"
# Columns that say nothing of a patient, a sample or a line.
_BESIDE = ("locator", "read_via", "note")


def _columns(table: Table, *without: str) -> dict[str, str]:
    """Columns of a table but its key and some others, with their names in the flat file."""
    left_out = (*table.key, *without)
    return {f.column: f.name for f in FIELDS if f.table is table and f.column not in left_out}


@dataclass(frozen=True)
class Addition:
    """What a flat file adds to a cohort; cells as text.

    Attributes
    ----------
    rows : mapping of str to DataFrame
        New rows by table, in the order of the file; the index is that of the first row of the
        file in which each stands.
    now_included : tuple of str
        Sources of the cohort that had no included patient before.
    flat : DataFrame
        The file with every key filled in: the same rows fit again into the same tables.
    distinct : frozenset of (str, str)
        Pairs of patients of which the file says that they are two, each in order.
    """

    rows: Tables
    now_included: tuple[str, ...]
    flat: pd.DataFrame
    distinct: frozenset[tuple[str, str]]


def fit(sheet: Sheet, tables: Tables) -> Addition:
    """Find the place of every row in a cohort.

    Parameters
    ----------
    sheet : Sheet
        From `alkpool.intake.flatfile.read`.
    tables : mapping of str to DataFrame
        The four tables of a valid cohort, cells as text.

    Raises
    ------
    DataError
        With every cell that does not fit.
    """
    known = {name: frame.set_index(KEYS[name], drop=False) for name, frame in tables.items()}
    cells: dict[Any, dict[Any, str]] = sheet.cells.to_dict("index")
    naming = (_name_sources, _name_patients, _name_samples, _name_lines)
    found = [*chain.from_iterable(name_blank(cells, known) for name_blank in naming)]
    rows = {}
    for table in COHORT_TABLES:
        rows[table.name], wrong = _records(table, cells, known[table.name])
        found += wrong
    _derive(rows, known)
    flat = pd.DataFrame.from_dict(cells, orient="index", dtype=str)
    contributing = rows[PATIENTS.name].query("status == 'included'")["source_id"]
    was_excluded = tables[SOURCES.name].query("status == 'excluded'")["source_id"]
    addition = Addition(
        rows=rows,
        now_included=tuple(sorted({*contributing} & {*was_excluded})),
        flat=flat,
        distinct=distinct(flat),
    )
    patients = {*tables[PATIENTS.name]["patient_id"], *flat["patient_id"]}
    others = f"must be other patients of the cohort, several joined by {LIST_SEPARATOR}"
    found += (
        (row, NOT_DUPLICATE, others)
        for row, said in cells.items()
        if not _listed(said[NOT_DUPLICATE]) <= patients - {said["patient_id"]}
    )
    refuse_any(_all_problems(sheet, found, rows, _joined(tables, addition)))
    return addition


def _all_problems(
    sheet: Sheet, found: Iterable[_Found], rows: Tables, joined: dict[str, pd.DataFrame]
) -> list[Problem]:
    """List what is wrong with cells, and between those that can be read: of each cell one."""
    given: dict[Any, dict[Any, str]] = sheet.cells.to_dict("index")
    blank = {(row + 2, name) for row, cells in given.items() for name in cells if not cells[name]}
    waiting = {*sheet.unread, *({*KEYS.values()} - {"source_id"} if sheet.unread else ())}
    waiting |= {"source_id"} if sheet.unread & _NAMES_A_SOURCE else set()
    # What is blank because it is not read yet says nothing of itself.
    quiet = {place for place in blank if place[1] in waiting}
    noted = [
        Problem(sheet.label, row + 2, column, given[row][column], why)
        for row, column, why in found
        if (row + 2, column) not in quiet
    ]
    noted = [*sheet.problems, *noted]
    wrong = quiet.union((problem.row, problem.column) for problem in noted)
    in_tables = list(
        chain.from_iterable(cell_problems(rows[t.name], t, f"/{t.file}") for t in COHORT_TABLES)
    )
    unread = {(problem.file, problem.row, problem.column) for problem in in_tables}
    unread |= {(f, r, c) for (f, c), name in _FLAT_NAMES.items() for r, n in wrong if n == name}
    in_tables += relation_problems(joined, "", unread)
    in_file = [
        replace(one, file=sheet.label, column=_FLAT_NAMES.get((one.file, one.column), one.column))
        for one in in_tables
    ]
    # A key that is made up here is wrong only where another cell is.
    made_up = quiet | {place for place in blank if place[1] in KEYS.values()}
    stated = [each for each in in_file if (each.row, each.column) not in made_up]
    said = [*noted, *stated] or in_file
    said = [_as_typed(each, sheet) for each in said]
    # A cell with an odd content breaks several rules; the first says why.
    return sorted({(each.file, each.row, each.column): each for each in reversed(said)}.values())


def _as_typed(problem: Problem, sheet: Sheet) -> Problem:
    """Name a cell and its column as the file does."""
    if problem.row is None or problem.column not in sheet.typed:
        return problem
    cells, said = sheet.typed[problem.column], problem.allowed
    cell = str(cells.get(problem.row - 2, problem.value))
    if cell and problem.value not in ("", cell):
        said = f"read as {shortened(problem.value)!r}, it {said}"
    return replace(problem, column=str(cells.name), value=cell, allowed=said)


def distinct(flat: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """Pairs of patients of which a flat file says that they are two, each in order."""
    return frozenset(
        (min(patient, other), max(patient, other))
        for patient, cell in flat[["patient_id", NOT_DUPLICATE]].itertuples(index=False)
        for other in _listed(cell)
    )


def merge(tables: Tables, addition: Addition) -> dict[str, pd.DataFrame]:
    """Tables of the cohort with the new rows, sorted by key."""
    return {
        name: frame.sort_values(KEYS[name], ignore_index=True)
        for name, frame in _joined(tables, addition).items()
    }


def _joined(tables: Tables, addition: Addition) -> dict[str, pd.DataFrame]:
    """Put the new rows, with the index of the file, behind those of the cohort."""
    joined = {
        name: pd.concat([frame.set_axis(range(-len(frame), 0)), addition.rows[name]])
        for name, frame in tables.items()
    }
    moved = joined[SOURCES.name]["source_id"].isin(addition.now_included)
    joined[SOURCES.name].loc[moved, ["status", "exclusion_reason"]] = [SourceStatus.INCLUDED, ""]
    return joined


def _name_sources(rows: _Rows, known: Tables) -> _Wrong:
    # What is known of the article of each source, and where it stands.
    articles = {
        str(source): {"where": "the cohort", **article}
        for source, article in known[SOURCES.name].to_dict("index").items()
    }
    taken = {*articles, *(cells["source_id"] for cells in rows.values())}
    spelt = {name.casefold(): name for name in reversed(articles)}
    of_mark = {
        (mark, article[mark].casefold()): source
        for source, article in reversed(articles.items())
        for mark in _MARKS
    }
    for row, cells in rows.items():
        stated = {name: cells[name] for name in (*_ARTICLE, "year") if cells[name]}
        marks = {mark: (mark, stated[mark].casefold()) for mark in _MARKS if mark in stated}
        same = {mark: of_mark[key] for mark, key in marks.items() if key in of_mark}
        named = _source_name(cells["first_author"], cells["year"])
        if not cells["source_id"] and not same and _is_another(stated, articles.get(named, {})):
            taken_by = articles[named]
            article = ", ".join(filter(None, map(taken_by.get, _SHOWN)))
            letters = chain(ascii_lowercase[1:], (f"-{n}" for n in count(27)))
            free = next(
                other
                for other in (named + letter for letter in letters)
                if other not in taken and not _is_another(stated, articles.get(other, {}))
            )
            this = f"{named} in {taken_by['where']} is {article}: write {named} where it is that"
            yield row, "source_id", f"{this} article, else an id such as {free}"
            named = free
        source = cells["source_id"] = cells["source_id"] or next(iter(same.values()), named)
        if not source:
            if cells["year"] and not _YEAR.fullmatch(cells["year"]):
                yield row, "year", "must be a year such as 2024"
            else:
                given = "must be given, or first_author and year; a mapping's fill_down repeats it"
                yield row, "source_id", given
            # So that what else is wrong with it is said too.
            cells["source_id"] = stated.get("doi") or stated.get("pmid") or f"row {row + 2}"
            continue
        for mark, other in same.items():
            if other != source:
                yield row, mark, f"is that of the source {other}: write {other} as source_id"
        written = spelt.setdefault(source.casefold(), source)
        if written != source:
            yield row, "source_id", f"must be written {written}"
        articles[source] = {"where": f"row {row + 2}"} | stated | articles.get(source, {})
        for key in marks.values():
            of_mark.setdefault(key, source)


def _is_another(stated: Mapping[str, str], article: Mapping[Any, str]) -> bool:
    """Tell whether an article may be another than that of its name.

    In one file what is not stated tells nothing apart; of one in the cohort a person has to say.
    """
    return article.get("where") == "the cohort" or any(
        stated[name].casefold() != article.get(name, stated[name]).casefold()
        for name in _ARTICLE
        if name in stated
    )


def _source_name(author: str, year: str) -> str:
    """Whole surname and year, as ``vanderwekken2024`` of *van der Wekken AJ*."""
    plain = unicodedata.normalize("NFKD", author).encode("ascii", "ignore").decode()
    surname = re.sub("[^a-z]", "", _BEHIND.split(plain)[0].lower())
    return surname + year if surname and _YEAR.fullmatch(year) else ""


def _name_patients(rows: _Rows, known: Tables) -> _Wrong:
    taken = {*known[PATIENTS.name].index, *(cells["patient_id"] for cells in rows.values())}
    facts = [*_columns(PATIENTS, *_BESIDE).values(), *_columns(SAMPLES, *_BESIDE).values()]
    first: dict[tuple[str, ...], int] = {}
    spelt = {str(name).casefold(): str(name) for name in known[PATIENTS.name].index}
    for row, cells in rows.items():
        patient = cells["patient_id"]
        other = spelt.setdefault(patient.casefold(), patient)
        if patient != other and patient not in known[PATIENTS.name].index:
            yield row, "patient_id", _CAPITALS.format(other)
        if not patient:
            same = cells["source_id"], *(cells[name] for name in facts)
            if (before := first.setdefault(same, row)) != row:
                allowed = f"row {before + 2} has the same patient and sample: "
                allowed += "give both the same patient_id, or each its own"
                yield row, "patient_id", allowed
            cells["patient_id"] = _free((f"{cells['source_id']}-p{n}" for n in count(1)), taken)


def _name_samples(rows: _Rows, known: Tables) -> _Wrong:
    samples = known[SAMPLES.name]
    places = {
        (patient, int(order)): str(sample)
        for sample, patient, order in samples[["patient_id", "sample_order"]].itertuples()
    }
    rows_of = Counter(cells["patient_id"] for cells in rows.values())
    for row, cells in rows.items():
        patient, order = cells["patient_id"], cells["sample_order"]
        if cells["sample_id"]:
            continue
        if not order:
            # A line alone: its sample is known where the patient has one with these mutations.
            own = samples[samples["patient_id"] == patient]
            if cells["mutations"]:
                own = own[own["mutations"] == cells["mutations"]]
            if len(own) == 1:
                cells["sample_id"] = str(own.index[0])
                continue
            if rows_of[patient] == 1 and patient not in known[PATIENTS.name].index:
                order = cells["sample_order"] = "1"
        if not re.fullmatch("[0-9]{1,2}", order):
            yield row, "sample_order", "must be 1 for the patient's first sample, and so on"
            cells["sample_id"] = f"{patient}-row {row + 2}"
            continue
        name = f"{patient}-s{int(order)}"
        cells["sample_id"] = places.get((patient, int(order)), name)


def _name_lines(rows: _Rows, known: Tables) -> _Wrong:
    lines = known[TREATMENTS.name]
    columns, facts = _columns(TREATMENTS).values(), _columns(TREATMENTS, *_BESIDE)
    taken = {*lines.index, *(cells["treatment_id"] for cells in rows.values())}
    of_sample = rows_by(lines, "sample_id")
    for row, cells in rows.items():
        if cells["treatment_id"] in lines.index:
            yield row, "treatment_id", "is in the cohort already"
        if cells["treatment_id"] or not any(cells[name] for name in columns):
            continue
        stated = {column: cells[name] for column, name in facts.items() if cells[name]}
        for line in of_sample.get(cells["sample_id"], []):
            if all(_same(value, line[column]) for column, value in stated.items()):
                already = f"is in the cohort already, as the line {line['treatment_id']}"
                yield row, "inhibitor", already
                break
        else:
            base = f"{cells['sample_id']}-{cells['inhibitor']}"
            cells["treatment_id"] = _free(chain([base], (f"{base}-{n}" for n in count(2))), taken)


def _free(names: Iterable[str], taken: set[str]) -> str:
    """Take the first name that is free."""
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def _same(one: str, other: str) -> bool:
    number = re.compile(r"[0-9]+(\.[0-9]+)?")
    if number.fullmatch(one) and number.fullmatch(other):
        return float(one) == float(other)
    return one == other


def _records(
    table: Table, cells: _Rows, known: pd.DataFrame
) -> tuple[pd.DataFrame, list[tuple[Any, str, str]]]:
    """Rows of a table that the cohort does not have, and what rows of the file contradict."""
    (key,) = table.key
    parents = _PARENT.get(table.name, ())
    columns = _columns(table) | {name: name for name in parents}
    flat = pd.DataFrame.from_dict(dict(cells), orient="index", dtype=str)
    flat = flat[flat[key] != ""]
    new = flat.loc[~flat[key].isin(known.index), key].drop_duplicates()
    values, wrong = {key: [*new]}, []
    for column, name in columns.items():
        stated = [*flat.loc[flat[name] != "", [key, name]].itertuples(name=None)]
        # By key, what is first stated, and in which row of the file.
        first = {own: (row, cell) for row, own, cell in reversed(stated)}
        values[column] = [first.get(own, (0, ""))[1] for own in new]
        for row, own, cell in stated:
            before, kept = first[own]
            allowed = f"must be the same in all rows of {own}: row {before + 2} has {kept!r}"
            if own in known.index:
                kept = str(known.at[own, column])
                allowed = f"{own} is in the cohort with {kept or 'a blank'!r}: write that"
                allowed += "" if column in parents else ", or leave it blank"
            if not _same(cell, kept):
                wrong.append((row, name, allowed))
    frame = pd.DataFrame(values, new.index, table.columns, dtype=str).fillna("")
    unknown = [column for column, name in columns.items() if name in _UNKNOWN_WHEN_BLANK]
    frame[unknown] = frame[unknown].replace("", UNKNOWN)
    return frame, wrong


def _derive(rows: dict[str, pd.DataFrame], known: Tables) -> None:
    """Fill in the cells of new rows that follow from others."""
    patients, samples = rows[PATIENTS.name], rows[SAMPLES.name]
    patients["status"] = np.select(
        [patients["duplicate_of"] != "", patients["exclusion_reason"] != ""],
        [PatientStatus.DUPLICATE, PatientStatus.EXCLUDED],
        PatientStatus.INCLUDED,
    )
    sources = rows[SOURCES.name]
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    contributes = sources["source_id"].isin(included)
    reasons = patients.groupby("source_id")["exclusion_reason"].agg(
        lambda given: "; ".join(dict.fromkeys(filter(None, given)))
    )
    why = sources["source_id"].map(reasons).replace("", None)
    why = why.fillna("its patients are reported elsewhere")
    sources["status"] = np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED)
    sources["exclusion_reason"] = why.mask(contributes, "")
    several = samples["mutations"].str.contains("+", regex=False)
    assumed = np.where(several | (samples["mutations"] == UNKNOWN), UNKNOWN, Phase.SINGLE)
    samples["phase"] = samples["phase"].where(samples["phase"] != "", assumed)
    lines = rows[TREATMENTS.name]
    place, blank = ["locator", "read_via"], lines["locator"] == ""
    places = pd.concat([known[SAMPLES.name][place], samples.set_index("sample_id")[place]])
    lines.loc[blank, place] = places.reindex(lines.loc[blank, "sample_id"]).fillna("").to_numpy()
    for table in COHORT_TABLES:
        rows[table.name] = rows[table.name].astype(str)


def _listed(cell: str) -> frozenset[str]:
    return frozenset(name.strip() for name in cell.split(LIST_SEPARATOR)) - {""}
