"""Printed numbers beside ours, and the cause of each difference."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pandas as pd

from alkpool.paper.ledger import (
    FRACTION,
    Agreement,
    Match,
    Printed,
    printed_number,
    prints_as,
    rounded,
)
from alkpool.paper.recount import NOT_FROM_ROWS
from alkpool.vocabulary import LIST_SEPARATOR

# The count that a contradicting share is printed with, and what it is under the reading used.
COUNT_OF_SHARE = {"P113": "P112"}
MENDED = {"P112": "28"}

# How the unit of a threshold says that it is met by larger numbers.
AT_LEAST = "(>=)"

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
    counted = ours.set_index("ledger_id").to_dict("index")
    contradictions = _contradictions(audit)
    rows = []
    printed = Printed.of(ledger)
    for name, entry in printed.rows.items():
        mine, value, contradicts = counted.get(name), entry["value"], name in contradictions
        text, exact, match, as_read = "", math.nan, Match.NOT_RECOMPUTED, ""
        explained, cause = False, NOT_FROM_ROWS.get(name, "")
        if mine:
            text, exact, match, as_read = _held_against(mine, entry, printed.digits(name))
        if match == Match.NO:
            explained = contradicts and (as_read == value or text == MENDED.get(name))
            cause = contradictions[name] if explained else UNEXPLAINED
        held = text, exact, str(match), as_read, not contradicts, explained, cause
        rows.append((name, entry["section"], entry["quantity"], entry["unit"], value, *held))
    columns = ["ledger_id", "section", "quantity", "unit", "published", "ours", "exact", "match",
               "as_read", "consistent", "explained", "cause"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


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
    printed = Printed.of(ledger)
    read = ours.assign(ours=ours["as_read"].fillna(ours["ours"]))
    return [
        mine["ledger_id"]
        for mine in read.to_dict("records")
        if not _matches(mine, printed.rows[mine["ledger_id"]], printed.digits(mine["ledger_id"]))
    ]


def _held_against(
    mine: Mapping[Any, Any], entry: Mapping[str, str], digits: int
) -> tuple[str, float, Match, str]:
    """Ours as printed and before rounding, whether it matches, and ours as read."""
    exact, read = float(mine["ours"]), float(mine["as_read"])
    if entry["statistic"] == FRACTION:
        text = f"{mine['k']}/{mine['n']}"
    else:
        text = "" if math.isnan(exact) else _as_printed(_number(mine), entry["value"], digits)
    match = Match.YES if _matches(mine, entry, digits) else Match.NO
    return text, exact, match, "" if math.isnan(read) else rounded(read, digits)


def _matches(mine: Mapping[Any, Any], entry: Mapping[str, str], digits: int) -> bool:
    if entry["statistic"] == FRACTION:
        return f"{mine['k']}/{mine['n']}" == entry["value"]
    number = _number(mine)
    if AT_LEAST in entry["unit"]:
        return number >= printed_number(entry["value"])
    return prints_as(number, entry["value"], digits)


def _number(mine: Mapping[Any, Any]) -> Fraction | float:
    """Ours as a fraction where it is one: a tie of rounding is then no float just below it."""
    if pd.isna(mine["k"]) or not mine["n"]:
        return float(mine["ours"])
    return Fraction(100 * int(mine["k"]), int(mine["n"]))


def _as_printed(number: Fraction | float, printed: str, digits: int) -> str:
    if printed[0] in "<>" and prints_as(number, printed, digits):
        return f"{printed} ({float(number):.2g})"
    return rounded(number, digits)


def _contradictions(audit: pd.DataFrame) -> dict[str, str]:
    """Ledger id -> the contradiction it is in and how it is read."""
    found: dict[str, str] = {}
    for row in audit[audit["verdict"] == Agreement.CONTRADICTS].itertuples():
        names = str(row.ledger_id).split(LIST_SEPARATOR)
        names += [COUNT_OF_SHARE[name] for name in names if name in COUNT_OF_SHARE]
        found |= {name: f"{row.explanation}. Read as: {row.reading_used}" for name in names if name}
    return found
