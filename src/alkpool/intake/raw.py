"""Raw facts as they were read, and the decisions made on them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from alkpool.data.reader import Table, flagged
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
    refuse_each(table.file, key, frame.loc[frame[key].duplicated(), key], "stands twice")
    decided = frame.set_index(key, drop=False)
    mine = decisions[decisions["table"] == table.name]
    fields = [name for name in table.columns if name != key]
    known, named = mine["record"].isin(decided.index), mine["field"].isin(fields)
    cells = mine.loc[known & named, ["record", "field", "value"]]
    as_it_is = [decided.at[record, field] == value for record, field, value in cells.to_numpy()]
    problems: list[Problem] = []
    for wrong, column, allowed in (
        (~known, "record", f"is no {key} of {table.file}"),
        (~named, "field", f"must be one of {', '.join(fields)}"),
        (mine.duplicated(["record", "field"]), "record", "this cell is decided twice"),
        (mine.index.to_series().isin(cells.index[as_it_is]), "value",
         "changes nothing: the raw facts give this value already"),
        (mine["reason"] == "", "reason", "must not be blank"),
    ):  # fmt: skip
        problems += flagged(mine, wrong, column, DECISIONS, allowed)
    if problems:
        raise DataError(problems)
    for record, field, value in cells.to_numpy():
        decided.at[record, field] = value
    return decided.reset_index(drop=True)


def refuse_each(file: str, column: str, values: Iterable[str], why: str) -> None:
    """Raise a problem for each value, if there is any."""
    if problems := [Problem(file, None, column, value, why) for value in values]:
        raise DataError(problems)


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
        raise DataError([Problem(label, 1, "", found, f"the columns must be {wanted}")])
    known = [table.name for table in tables]
    strange, allowed = ~frame["table"].isin(known), f"must be one of {', '.join(known)}"
    if problems := [*flagged(frame, strange, "table", label, allowed)]:
        raise DataError(problems)
    return frame


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
