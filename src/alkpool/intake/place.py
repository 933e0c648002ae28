"""Fitting a flat file into a cohort: every row finds its place, or each cell says why it has none.

Blank keys are filled in first: a source by its DOI, PubMed identifier or author and year, a
patient by the source, a sample by the patient and its order, a line by the sample. Then the cells
of each new row of the four tables are put together and checked with the rows of the cohort.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, PatientStatus, Phase, SourceStatus

Tables = Mapping[str, pd.DataFrame]

_PARENT = {PATIENTS.name: SOURCES, SAMPLES.name: PATIENTS, TREATMENTS.name: SAMPLES}

# What a blank cell of a new row stands for.
_UNKNOWN_WHEN_BLANK = {field.name for field in FIELDS if UNKNOWN in field.terms} - {"phase"}
_UNKNOWN_WHEN_BLANK |= {"stage", "histology", "fusion_partner", "fusion_variant"}
_UNKNOWN_WHEN_BLANK |= {"resistance_on", "prior_inhibitors"}

_YEAR = re.compile("[0-9]{4}")
# Behind a surname: initials in capitals, or what follows a comma.
_INITIALS = re.compile(r"(?:,.*|(?:\s+[A-Z](?:[A-Z.-]{0,5}))+)$")
# Columns that tell articles apart.
_ARTICLE = ("doi", "pmid", "title")
# First row of each source of a file, and what its rows state of the article.
_Articles = Mapping[str, tuple[int, Mapping[str, str]]]
# Cells of the rows of a flat file, whose blank keys are being filled in, by index.
_Rows = Mapping[int, dict[str, str]]
# What is wrong with a row: its index, column, and what is allowed.
_Wrong = Iterator[tuple[int, str, str]]

_FLAT_NAMES = {(field.table.name, field.column): field.name for field in FIELDS}
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
    flat, named = _identified(sheet, known)
    problems = [*sheet.problems, *named]
    # A key that is made up here is wrong only where another cell is.
    made = {
        (row + 2, key) for key in KEYS.values() for row in sheet.cells.index[sheet.cells[key] == ""]
    }
    rows: dict[str, pd.DataFrame] = {}
    origins: dict[str, list[int]] = {}
    cells: dict[Any, dict[Any, str]] = flat.to_dict("index")
    for table in COHORT_TABLES:
        records, origin, found = _records(table, cells, known[table.name], sheet.label)
        rows[table.name] = pd.DataFrame(records, columns=table.columns, dtype=str)
        origins[table.name], problems = origin, problems + found
    _derive(rows, known)
    for table in COHORT_TABLES:
        moved = (
            _moved(problem, table, sheet.label, origins[table.name], 0)
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
        problems += _misfits(tables, addition, sheet.label, origins)
    if problems:
        # A cell with an odd content breaks several rules; the first says why.
        first = {(problem.row, problem.column): problem for problem in reversed(problems)}
        raise DataError(sorted(first.values()))
    return addition


def merge(tables: Tables, addition: Addition) -> dict[str, pd.DataFrame]:
    """Tables of the cohort with the new rows, sorted by key."""
    return {
        name: frame.sort_values(KEYS[name], ignore_index=True)
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
    rows: dict[Any, dict[Any, str]] = sheet.cells.to_dict("index")
    problems = [
        Problem(sheet.label, row + 2, column, rows[row][column], allowed)
        for name in (_name_sources, _name_patients, _name_samples, _name_lines)
        for row, column, allowed in name(rows, known)
    ]
    return pd.DataFrame.from_dict(rows, orient="index", dtype=str), problems


def _name_sources(rows: _Rows, known: Tables) -> _Wrong:
    sources = known[SOURCES.name]
    published = {
        (mark, value.casefold()): source
        for mark in ("doi", "pmid")
        for source, value in zip(sources["source_id"], sources[mark], strict=True)
        if value
    }
    spelled = {source.casefold(): source for source in sources["source_id"]}
    taken = {*sources.index, *(cells["source_id"] for cells in rows.values())}
    # First row of each source of the file, and what its rows state of the article.
    here: dict[str, tuple[int, dict[str, str]]] = {}
    offered: dict[tuple[str, ...], str] = {}
    for row, cells in rows.items():
        marks = [(mark, cells[mark].casefold()) for mark in ("doi", "pmid") if cells[mark]]
        same = {mark[0]: published[mark] for mark in marks if mark in published}
        if not cells["source_id"]:
            named = _source_name(cells["first_author"], cells["year"])
            if not same and (clash := _other_article(named, cells, sources, here)):
                stated = named, cells["first_author"], *(cells[m].casefold() for m in _ARTICLE)
                if stated not in offered:
                    offered[stated] = _free((named + s for s in ascii_lowercase[1:]), taken)
                named = offered[stated]
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
        facts = dict.fromkeys((*_ARTICLE, "first_author"), "")
        _, article = here.setdefault(source, (row, facts))
        article |= {mark: stated or cells[mark] for mark, stated in article.items()}


def _other_article(
    named: str, cells: Mapping[str, str], sources: pd.DataFrame, here: _Articles
) -> str:
    """Say which other article has a name that was made up, with a place for a free one."""
    if named in sources.index:
        known = sources.loc[named].to_dict()
        if _other_author(cells["first_author"], str(known["first_author"])):
            return f"{named} is of {known['first_author']}: give an id, such as {{}}"
        if _differing(cells, known):
            return f"{named} is another article in the cohort: give an id, such as {{}}"
    elif named in here:
        row, article = here[named]
        if _other_author(cells["first_author"], article["first_author"]):
            author = article["first_author"]
            return f"{named} is of {author} in row {row + 2}: give an id, such as {{}}"
        stated = {mark: value or cells[mark] for mark, value in article.items()}
        if mark := _differing(cells, stated):
            return (
                f"{named} is another article in row {row + 2}, by its {mark}: give an id, such as "
                f"{{}}, or write the same {mark} where it is one article"
            )
    return ""


def _differing(cells: Mapping[str, str], article: Mapping[Any, str]) -> str:
    """Name the first column by which a row states another article, if any."""
    stated = (mark for mark in _ARTICLE if cells[mark])  # an author may be spelled in two ways
    return next((m for m in stated if cells[m].casefold() != article[m].casefold()), "")


def _surname(author: str) -> str:
    """Whole surname, as ``vanderwekken`` of *van der Wekken AJ*."""
    plain = unicodedata.normalize("NFKD", author).encode("ascii", "ignore").decode()
    return re.sub("[^a-z]", "", _INITIALS.sub("", plain).lower())


def _source_name(author: str, year: str) -> str:
    surname = _surname(author)
    return surname + year if surname and _YEAR.fullmatch(year) else ""


def _other_author(one: str, other: str) -> bool:
    """Tell two authors of one surname apart, where both have initials."""
    first, second = (
        re.sub("[^A-Z]", "", " ".join(_INITIALS.findall(author))) for author in (one, other)
    )
    return bool(first and second) and not (first.startswith(second) or second.startswith(first))


def _name_patients(rows: _Rows, known: Tables) -> _Wrong:
    taken = {*known[PATIENTS.name].index, *(cells["patient_id"] for cells in rows.values())}
    facts = [*_columns(PATIENTS, *_BESIDE).values(), *_columns(SAMPLES, *_BESIDE).values()]
    first: dict[tuple[str, ...], int] = {}
    for row, cells in rows.items():
        if not cells["patient_id"]:
            same = cells["source_id"], *(cells[name] for name in facts)
            if (before := first.setdefault(same, row)) != row:
                allowed = f"row {before + 2} has the same patient and sample: "
                allowed += "give both the same patient_id, or each its own"
                yield row, "patient_id", allowed
            cells["patient_id"] = _free((f"{cells['source_id']}-p{n}" for n in count(1)), taken)


def _name_samples(rows: _Rows, known: Tables) -> _Wrong:
    samples = known[SAMPLES.name]
    places = {
        (patient, int(order)): sample
        for sample, patient, order in zip(
            samples["sample_id"], samples["patient_id"], samples["sample_order"], strict=True
        )
    }
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
        if not re.fullmatch("[0-9]{1,2}", order):
            yield row, "sample_order", "must be 1 for the patient's first sample, and so on"
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
        before = of_sample.get(cells["sample_id"], [])
        same = [str(line["treatment_id"]) for line in before if _agree(stated, line)]
        if same:
            yield row, "inhibitor", f"is in the cohort already, as the line {same[0]}"
            continue
        base = f"{cells['sample_id']}-{cells['inhibitor']}"
        cells["treatment_id"] = _free(chain([base], (f"{base}-{n}" for n in count(2))), taken)


def _free(names: Iterable[str], taken: set[str]) -> str:
    """Take the first name that is free."""
    free = next(name for name in names if name not in taken)
    taken.add(free)
    return free


def _agree(stated: Mapping[str, str], line: Mapping[Any, object]) -> bool:
    return all(_same(value, str(line[column])) for column, value in stated.items())


def _same(one: str, other: str) -> bool:
    number = re.compile(r"[0-9]+(\.[0-9]+)?")
    if number.fullmatch(one) and number.fullmatch(other):
        return float(one) == float(other)
    return one == other


def _records(
    table: Table, flat: _Rows, known: pd.DataFrame, label: str
) -> tuple[list[dict[str, str]], list[int], list[Problem]]:
    """Put together the cells of each new row of a table from the rows of the file it stands in."""
    (key,) = table.key
    columns = _columns(table)
    parents = _PARENT[table.name].key if table.name in _PARENT else ()
    columns |= {name: name for name in parents}
    groups: dict[str, dict[int, dict[str, str]]] = {}
    for row, cells in flat.items():
        groups.setdefault(cells[key], {})[row] = cells
    groups.pop("", None)
    records, origin, problems = [], [], []
    for name, rows in groups.items():
        record = {key: name}
        for column, flat_name in columns.items():
            stated = {row: cells[flat_name] for row, cells in rows.items() if cells[flat_name]}
            first, kept = next(iter(stated.items()), (0, ""))
            if name in known.index:
                kept = str(known.at[name, column])
                where = f"{name} is in the cohort with {kept or 'a blank'!r}: write that"
                where += "" if column in parents else ", or leave it blank"
            elif stated:
                where = f"must be the same in all rows of {name}: row {first + 2} "
                where += f"has {kept!r}"
            problems += [
                Problem(label, row + 2, flat_name, value, where)
                for row, value in stated.items()
                if not _same(value, kept)
            ]
            record[column] = kept or UNKNOWN * (flat_name in _UNKNOWN_WHEN_BLANK)
        if name in known.index:
            continue
        records.append(record)
        origin.append(next(iter(rows)))
    return records, origin, problems


def _derive(rows: dict[str, pd.DataFrame], known: Tables) -> None:
    """Fill in the cells of new rows that follow from others."""
    patients, samples = rows[PATIENTS.name], rows[SAMPLES.name]
    status = np.select(
        [patients["duplicate_of"] != "", patients["exclusion_reason"] != ""],
        [PatientStatus.DUPLICATE, PatientStatus.EXCLUDED],
        PatientStatus.INCLUDED,
    )
    rows[PATIENTS.name] = patients.assign(status=status)
    included = set(patients.loc[status == PatientStatus.INCLUDED, "source_id"])
    sources = rows[SOURCES.name]
    contributes = sources["source_id"].isin(included)
    reasons = patients.groupby("source_id")["exclusion_reason"].agg(
        lambda stated: "; ".join(dict.fromkeys(filter(None, stated)))
    )
    stated = sources["source_id"].map(reasons).fillna("")
    stated = stated.mask(stated == "", "its patients are reported elsewhere")
    rows[SOURCES.name] = sources.assign(
        status=np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED),
        exclusion_reason=stated.mask(contributes, ""),
    )
    single = ~samples["mutations"].str.contains("+", regex=False)
    single &= samples["mutations"] != UNKNOWN
    phase = samples["phase"].mask((samples["phase"] == "") & single, str(Phase.SINGLE))
    rows[SAMPLES.name] = samples = samples.assign(phase=phase.mask(phase == "", UNKNOWN))
    lines = rows[TREATMENTS.name]
    place, blank = ["locator", "read_via"], lines["locator"] == ""
    places = pd.concat([known[SAMPLES.name][place], samples.set_index("sample_id")[place]])
    of_sample = lines[["sample_id"]].join(places, on="sample_id").fillna("")
    rows[TREATMENTS.name] = lines.assign(
        **{column: lines[column].mask(blank, of_sample[column]) for column in place}
    )
    for table in COHORT_TABLES:
        rows[table.name] = rows[table.name].astype(str)


def _distinct(flat: pd.DataFrame) -> dict[str, frozenset[str]]:
    said = flat[NOT_DUPLICATE].map(_listed).groupby(flat["patient_id"])
    return {str(patient): frozenset().union(*names) for patient, names in said}


def _listed(cell: str) -> frozenset[str]:
    return frozenset(name.strip() for name in cell.split(LIST_SEPARATOR)) - {""}


def _misfits(
    tables: Tables, addition: Addition, label: str, origins: Mapping[str, list[int]]
) -> Iterator[Problem]:
    """List what of the new rows does not fit to the others, in the words of the flat file."""
    joined = _appended(tables, addition)
    by_file = {f"/{table.file}": table for table in COHORT_TABLES}
    for problem in relation_problems(joined, ""):
        table = by_file[problem.file]
        yield _moved(problem, table, label, origins[table.name], len(tables[table.name]))
    patients = set(joined[PATIENTS.name]["patient_id"])
    flat = addition.flat
    for row, patient, cell in zip(flat.index, flat["patient_id"], flat[NOT_DUPLICATE], strict=True):
        if not _listed(cell) <= patients - {patient}:
            allowed = f"must be other patients, several joined by {LIST_SEPARATOR}"
            yield Problem(label, row + 2, NOT_DUPLICATE, cell, allowed)


def _moved(
    problem: Problem, table: Table, label: str, origin: Sequence[int], before: int
) -> Problem:
    """Say of a problem of a table where it stands in the flat file; of an old row, where it is."""
    position = (problem.row or 0) - 2 - before
    if position < 0:
        return replace(problem, file=f"cohort{problem.file}")
    column = _FLAT_NAMES.get((table.name, problem.column), problem.column)
    return replace(problem, file=label, row=origin[position] + 2, column=column)
