"""Raw facts as they were read, the tables they become, and the decisions made on them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool.data.reader import Table, flagged
from alkpool.data.tables import rule_problems
from alkpool.files import yaml_beside
from alkpool.problems import Problem, refuse_any
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Answer

DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("table", "record", "field", "value", "reason")

SECOND_SEARCH = "second_search"
NOT_IDENTIFIED = "primary record not identified"

NUMBER = re.compile(r"\d+(\.\d+)?")

_DECLARED = yaml_beside(__file__)
# Table to the names that its columns have in the raw facts, where they are others.
_NAMES_IN_RAW: dict[str, dict[str, str]] = _DECLARED["columns"]
# What must hold in a row of decisions, on cells of tables and on notes.
RULES: dict[str, list[dict[str, str]]] = _DECLARED["rules"]


def read_raw(path: Path) -> pd.DataFrame:
    """Read a file of raw facts as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def as_table(rows: pd.DataFrame, table: Table, file: str, **made: Any) -> pd.DataFrame:
    """Put rows of raw facts into the columns of a table.

    Parameters
    ----------
    rows : DataFrame
        Raw facts, cells as text; several rows may say the same of one key.
    table : Table
        Its columns are copied from those of the rows, by the names of ``raw.yaml``; one that the
        rows do not have is blank. A blank copy is ``unknown`` where the vocabulary has that word.
    file : str
        How messages name the raw facts.
    **made : Series, array or str
        Columns that are no copies.

    Returns
    -------
    DataFrame
        One row for each key, in the order of the rows.

    Raises
    ------
    DataError
        Where the rows of one key differ.
    """
    names = _NAMES_IN_RAW.get(table.name, {})
    copies = {
        name: rows[names[name]] if name in names else rows.get(name, "") for name in table.columns
    }
    for name in copies.keys() - made.keys():
        said = table.schema.columns[name].metadata
        if UNKNOWN in (*said.get("terms", ()), *said.get("also", ())):
            copies[name] = copies[name].replace("", UNKNOWN)
    frame = pd.DataFrame(copies | made, index=rows.index)[table.columns].drop_duplicates()
    (key,) = table.key
    differing = frame.groupby(key).nunique() > 1
    refuse_any(
        Problem(file, None, str(name), str(record), f"differs between its rows ({key})")
        for name in differing
        for record in differing.index[differing[name]]
    )
    return frame


def in_order(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a table, its rows sorted by key."""
    return frame[table.columns].sort_values(list(table.key), ignore_index=True)


def read_decisions(path: Path, tables: Iterable[Table]) -> pd.DataFrame:
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
        refuse_any([Problem(label, 1, "", found, f"the columns must be {wanted}")])
    known = [table.name for table in tables]
    strange, allowed = ~frame["table"].isin(known), f"must be one of {', '.join(known)}"
    refuse_any(flagged(frame, strange, "table", label, allowed))
    return frame


def decide(frame: pd.DataFrame, table: Table, decisions: pd.DataFrame) -> pd.DataFrame:
    """Put the decisions on one table into its cells.

    Parameters
    ----------
    frame : DataFrame
        Mechanically built table, cells as text.
    table : Table
        Its schema.
    decisions : DataFrame
        From `read_decisions`; those on other tables are left alone.

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
    again = frame.loc[frame[key].duplicated(), key]
    refuse_any(Problem(table.file, None, key, name, "stands twice") for name in again)
    decided = frame.set_index(key, drop=False)
    mine = decisions[decisions["table"] == table.name]
    fields = [name for name in table.columns if name != key]
    known, named = mine["record"].isin(decided.index), mine["field"].isin(fields)
    cells = mine.loc[known & named, ["record", "field", "value"]]
    as_it_is = [decided.at[record, field] == value for record, field, value in cells.to_numpy()]
    told = mine.assign(
        known=known, named=named, key=key, file=table.file, fields=", ".join(fields),
        again=mine.duplicated(["record", "field"]),
        as_it_is=mine.index.isin(cells.index[as_it_is]),
    )  # fmt: skip
    refuse_any(rule_problems(RULES["cells"], told, DECISIONS))
    for record, field, value in cells.to_numpy():
        decided.at[record, field] = value
    return decided.reset_index(drop=True)


def joined(*columns: Iterable[str]) -> list[str]:
    """Cells of columns that are not blank, joined by ``;`` row by row."""
    return ["; ".join(filter(None, cells)) for cells in zip(*columns, strict=True)]


def unverified(verified: pd.Series) -> pd.Series:
    """Remark on the rows that nobody could verify; blank for the others."""
    return ("verified: " + verified).mask(verified == Answer.YES, "")


_EVIDENCE = re.compile(r"EID(\d+(?:(?:-|, ?(?:EID)?)\d+)*)")
_CHEMBL = re.compile(r"ChEMBL (?:doc )?((?:assay )?CHEMBL\d+)")


def with_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Tell the primary record of each row from the text in which it was read, ``read_via``.

    ``locator`` becomes the records and identifiers that the text and ``doi`` and ``pmid`` name;
    where they name none, it is the text itself, and ``read_via`` is blank.
    """
    locators, copies = [], []
    for text, doi, pmid in rows[["read_via", "doi", "pmid"]].itertuples(index=False):
        seen = text.strip()
        items = ", ".join(f"EID{number}" for number in _evidence_items(seen))
        named = [f"CIViC {items}"] if items else []
        named += [f"ChEMBL {record}" for record in _CHEMBL.findall(seen)]
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


def number_listed(cell: str) -> int:
    """Count the items of a cell that is a list; a blank one has none."""
    return cell.count(LIST_SEPARATOR) + 1 if cell else 0


def measurement_ids(rows: pd.DataFrame) -> pd.Series:
    """Model, profile and inhibitor of each row; those that came before get -2, -3 ... behind."""
    profiles = rows["mutations"].str.replace("+", ".", regex=False)
    names = rows["model_id"] + "-" + profiles + "-" + rows["inhibitor"]
    place = names.groupby(names).cumcount() + 1
    return names + ("-" + place.astype(str)).where(place > 1, "")


def slug(text: str) -> str:
    """Text as a part of an identifier."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")
