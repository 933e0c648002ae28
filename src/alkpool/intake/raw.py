"""Raw facts as they were read, and the decisions made on them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alkpool.data.reader import Table
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Answer

DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("table", "record", "field", "value", "reason")

SECOND_SEARCH = "second_search.csv"
SECOND_SEARCH_FOLDER = "second_search"
NOT_IDENTIFIED = "primary record not identified"

SEX = {"F": "female", "M": "male", "": UNKNOWN}
NOT_STATED = {"": UNKNOWN}
NUMBER = re.compile(r"\d+(\.\d+)?")
RESIDUE_ONLY = re.compile(r"[A-Z]\d+")


@dataclass(frozen=True)
class Decision:
    """One judged cell of a built table; ``row`` is its row number in the file."""

    row: int
    table: str
    record: str
    field: str
    value: str
    reason: str


def decide(frame: pd.DataFrame, table: Table, decisions: Sequence[Decision]) -> pd.DataFrame:
    """Put the decisions on one table into its cells.

    Parameters
    ----------
    frame : DataFrame
        Mechanically built table, cells as text.
    table : Table
        Its schema.
    decisions : sequence of Decision
        Decisions on any table; those on others are left alone.

    Returns
    -------
    DataFrame
        The table with the decided cells.

    Raises
    ------
    DataError
        Where a decision names no record or column of the table, or its key, changes nothing,
        has no reason, or where two decide the same cell.
    """
    (key,) = table.key
    repeated = frame.loc[frame[key].duplicated(), key]
    problems = [Problem(table.file, None, key, name, "stands twice") for name in repeated]
    if problems:
        raise DataError(problems)
    decided, seen = frame.set_index(key, drop=False), set()
    for decision in decisions:
        if decision.table != table.name:
            continue
        column, value, allowed = "", "", ""
        if decision.record not in decided.index:
            column, value, allowed = "record", decision.record, f"is no {key} of {table.file}"
        elif decision.field not in table.columns or decision.field == key:
            named = ", ".join(name for name in table.columns if name != key)
            column, value, allowed = "field", decision.field, f"must be one of {named}"
        elif (decision.record, decision.field) in seen:
            column, value, allowed = "record", decision.record, "this cell is decided twice"
        elif decided.at[decision.record, decision.field] == decision.value:
            column, value = "value", decision.value
            allowed = "changes nothing: the raw facts give this value already"
        elif not decision.reason:
            column, allowed = "reason", "must not be blank"
        if allowed:
            problems.append(Problem(DECISIONS, decision.row, column, value, allowed))
            continue
        seen.add((decision.record, decision.field))
        decided.at[decision.record, decision.field] = decision.value
    if problems:
        raise DataError(problems)
    return decided.reset_index(drop=True)


def read_decisions(path: Path, tables: Iterable[Table]) -> list[Decision]:
    """Read a file of decisions.

    Parameters
    ----------
    path : Path
        CSV file with the columns ``table, record, field, value, reason``.
    tables : iterable of Table
        Tables that may be decided on.

    Raises
    ------
    DataError
        Where the columns differ or a decision names another table.
    """
    frame = read_raw(path)
    label = f"{path.parent.name}/{path.name}"
    if tuple(frame.columns) != DECISION_COLUMNS:
        found, wanted = ", ".join(frame.columns), ", ".join(DECISION_COLUMNS)
        raise DataError([Problem(label, 1, "", found, f"the columns must be {wanted}")])
    known = [table.name for table in tables]
    decisions = [
        Decision(row, *cells)
        for row, cells in enumerate(frame.itertuples(index=False, name=None), start=2)
    ]
    strange = [
        Problem(label, decision.row, "table", decision.table, f"must be one of {', '.join(known)}")
        for decision in decisions
        if decision.table not in known
    ]
    if strange:
        raise DataError(strange)
    return decisions


def read_raw(path: Path) -> pd.DataFrame:
    """Read a file of raw facts as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def joined(*parts: str) -> str:
    """Parts that are not blank, joined by ``;``."""
    return "; ".join(part for part in parts if part)


def joined_cells(*columns: Iterable[str]) -> list[str]:
    """Cells of columns that are not blank, joined row by row."""
    return [joined(*cells) for cells in zip(*columns, strict=True)]


def unverified(verified: pd.Series) -> pd.Series:
    """Remark on the rows that nobody could verify; blank for the others."""
    return ("verified: " + verified).mask(verified == Answer.YES, "")


_EVIDENCE = re.compile(r"EID(\d+(?:(?:-|, ?(?:EID)?)\d+)*)")


def with_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Tell the primary record of each row from the text in which it was read.

    ``seen_in`` becomes ``locator``, the records and identifiers that it and ``doi`` and ``pmid``
    name, and ``read_via``, itself; where they name none, it is the place.
    """
    locators, copies = [], []
    for row in rows[["seen_in", "doi", "pmid"]].to_dict("records"):
        seen, doi, pmid = row["seen_in"].strip(), row["doi"], row["pmid"]
        items = ", ".join(f"EID{number}" for number in _evidence_items(seen))
        named = [f"CIViC {items}"] if items else []
        named += [
            f"ChEMBL {key}" for key in re.findall(r"ChEMBL (?:doc )?((?:assay )?CHEMBL\d+)", seen)
        ]
        named += [f"PMID {pmid}"] if pmid else [f"DOI {doi}"] if doi else []
        named += re.findall(r"PMC\d+", seen)
        if not named and seen.startswith("github"):
            named = [NOT_IDENTIFIED]
        locators.append("; ".join(dict.fromkeys(named)) or seen)
        copies.append(seen if named else "")
    return rows.assign(locator=locators, read_via=copies)


def _evidence_items(text: str) -> Iterator[int]:
    """Numbers of the CIViC evidence items that a text names, such as EID441-444,1352."""
    for listed in _EVIDENCE.findall(text):
        for part in listed.replace("EID", "").split(","):
            first, _, last = part.strip().partition("-")
            yield from range(int(first), int(last or first) + 1)


def listed(cell: str) -> list[str]:
    """Items of a cell that is a list; none of a blank one."""
    return cell.split(LIST_SEPARATOR) if cell else []


def measurement_ids(rows: pd.DataFrame) -> pd.Series:
    """Model, profile and inhibitor of each row; those that came before get -2, -3 ... behind."""
    profiles = rows["mutations"].str.replace("+", ".", regex=False)
    names = rows["model_id"] + "-" + profiles + "-" + rows["inhibitor"]
    place = names.groupby(names).cumcount() + 1
    return names + ("-" + place.astype(str)).where(place > 1, "")


def slug(text: str) -> str:
    """Text as a part of an identifier."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
