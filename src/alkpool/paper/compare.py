"""Printed numbers beside ours, and the cause of each difference."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alkpool.paper.ledger import FRACTION, Agreement, Match, Number, by_id, rounded
from alkpool.paper.recount import not_from_rows
from alkpool.vocabulary import LIST_SEPARATOR

# The count that a contradicting share is printed with, and what it is under the reading used.
COUNT_OF_SHARE = {"P113": "P112"}
MENDED = {"P112": "28"}

# How the unit of a threshold says that it is met by larger numbers.
AT_LEAST = "(>=)"

# What was counted of one number, by the columns of `recompute`.
Mine = Mapping[Any, Any]

UNEXPLAINED = "no contradiction in print explains it: these rows give another number"


def compare_with_ledger(
    ledger: pd.DataFrame, ours: pd.DataFrame, audit: pd.DataFrame
) -> pd.DataFrame:
    """Hold every printed number against the one counted from rows.

    Parameters
    ----------
    ledger : DataFrame
        From `alkpool.paper.read_ledger`.
    ours : DataFrame
        From `alkpool.paper.recompute`.
    audit : DataFrame
        From `alkpool.paper.audit_ledger`: the contradictions that explain differences.

    Returns
    -------
    DataFrame
        One row per number of the ledger: ``ledger_id, section, quantity, unit, published, ours``
        (written as the paper writes it), ``exact`` (ours before rounding, nan where not
        recomputed), ``match`` (`Match`), ``as_read`` (ours under the reading used, where it is
        another), ``consistent`` (whether the number is in no contradiction), ``explained``
        (whether a difference is one that the reading of a contradiction brings), ``cause`` (of a
        difference, or why it is not recomputed).

    Examples
    --------
    >>> from alkpool import paper
    >>> numbers = paper.read_ledger()
    >>> ours = pd.DataFrame({"ledger_id": ["P004"], "ours": [61.8], "k": [239], "n": [387],
    ...                      "as_read": [math.nan]})
    >>> compared = compare_with_ledger(numbers, ours, paper.audit_ledger(numbers))
    >>> compared.loc[3, ["ledger_id", "published", "ours", "match"]].tolist()
    ['P004', '62', '62', 'yes']
    """
    printed, counted = by_id(ledger), ours.set_index("ledger_id").to_dict("index")
    table = ledger.rename(columns={"id": "ledger_id", "value": "published"})
    held = pd.DataFrame(
        [_held_against(counted.get(name), number) for name, number in printed.items()],
        columns=["ours", "exact", "match", "as_read"], index=table.index,
    )  # fmt: skip
    table = table[["ledger_id", "section", "quantity", "unit", "published"]].join(held)
    contradictions = table["ledger_id"].map(_contradictions(audit))
    differs, names = table["match"] == Match.NO, table["ledger_id"]
    explained = (
        differs
        & contradictions.notna()
        & ((table["as_read"] == table["published"]) | (table["ours"] == names.map(MENDED)))
    )
    causes = contradictions.where(explained, UNEXPLAINED)
    return table.assign(
        consistent=contradictions.isna(),
        explained=explained,
        cause=causes.where(differs, names.map(not_from_rows()).fillna("")),
    )


def differing(ledger: pd.DataFrame, ours: pd.DataFrame) -> list[str]:
    """Numbers counted from rows that are not the printed ones, under the readings used.

    Parameters
    ----------
    ledger : DataFrame
        From `alkpool.paper.read_ledger`.
    ours : DataFrame
        From `alkpool.paper.recompute`.

    Returns
    -------
    list of str
        Ledger ids.

    Examples
    --------
    >>> from alkpool import paper
    >>> ours = pd.DataFrame({"ledger_id": ["P001", "P154"], "ours": [387.0, 387.0],
    ...                      "k": pd.NA, "n": pd.NA, "as_read": [math.nan, 449.0]})
    >>> differing(paper.read_ledger(), ours)
    ['P154']
    """
    printed = by_id(ledger)
    read = ours.assign(ours=ours["as_read"].fillna(ours["ours"])).to_dict("records")
    return [mine["ledger_id"] for mine in read if not _matches(mine, printed[mine["ledger_id"]])]


def _held_against(mine: Mine | None, number: Number) -> tuple[str, float, Match, str]:
    """Ours as printed and before rounding, whether it matches, and ours as read."""
    if mine is None:
        return "", math.nan, Match.NOT_RECOMPUTED, ""
    exact, read = float(mine["ours"]), float(mine["as_read"])
    match = Match.YES if _matches(mine, number) else Match.NO
    text = "" if math.isnan(exact) else rounded(exact, number.digits)
    if number.row.statistic == FRACTION:
        text = f"{mine['k']}/{mine['n']}"
    elif match == Match.YES and str(number)[0] in "<>":
        text = f"{number} ({exact:.2g})"
    return text, exact, match, "" if math.isnan(read) else rounded(read, number.digits)


def _matches(mine: Mine, number: Number) -> bool:
    if number.row.statistic == FRACTION:
        return f"{mine['k']}/{mine['n']}" == str(number)
    if AT_LEAST in number.row.unit:
        return float(mine["ours"]) >= float(number)
    return number.prints(float(mine["ours"]))


def _contradictions(audit: pd.DataFrame) -> dict[str, str]:
    """Ledger id -> the contradiction it is in and how it is read."""
    found: dict[str, str] = {}
    for row in audit[audit["verdict"] == Agreement.CONTRADICTS].itertuples():
        names = str(row.ledger_id).split(LIST_SEPARATOR)
        names += [COUNT_OF_SHARE[name] for name in names if name in COUNT_OF_SHARE]
        found |= {name: f"{row.explanation}. Read as: {row.reading_used}" for name in names if name}
    return found
