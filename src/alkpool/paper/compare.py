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

UNEXPLAINED = "no contradiction in print explains it: these rows give another number"


def compare(ledger: pd.DataFrame, ours: pd.DataFrame, audit: pd.DataFrame) -> pd.DataFrame:
    """Hold every printed number against the one counted from rows.

    Parameters
    ----------
    ledger : DataFrame
        From `alkpool.paper.ledger`.
    ours : DataFrame
        From `alkpool.paper.recompute`.
    audit : DataFrame
        From `alkpool.paper.audit`: the contradictions that explain differences.

    Returns
    -------
    DataFrame
        One row per number of the ledger: ``ledger_id, section, quantity, unit, published, ours``
        (written as the paper writes it), ``exact`` (ours before rounding, nan where not
        recomputed), ``match`` (`Match`), ``as_read`` (ours under the reading used, where it is
        another), ``consistent`` (whether the number is in no contradiction), ``explained``
        (whether a difference is one that the reading of a contradiction brings), ``cause`` (of a
        difference, or why it is not recomputed).
    """
    counted = ours.set_index("ledger_id").to_dict("index")
    contradictions = _contradictions(audit)
    rows = []
    printed = Printed.of(ledger)
    for name, entry in printed.rows.items():
        row: dict[str, Any] = {
            "ledger_id": name,
            "section": entry["section"],
            "quantity": entry["quantity"],
            "unit": entry["unit"],
            "published": entry["value"],
            "ours": "",
            "exact": math.nan,
            "match": str(Match.NOT_RECOMPUTED),
            "as_read": "",
            "consistent": name not in contradictions,
            "explained": False,
            "cause": NOT_FROM_ROWS.get(name, ""),
        }
        if name in counted:
            row |= _held_against(counted[name], entry, printed.digits(name))
            if row["match"] == Match.NO:
                read = row["as_read"] == row["published"] or row["ours"] == MENDED.get(name)
                row["explained"] = read and name in contradictions
                row["cause"] = contradictions[name] if row["explained"] else UNEXPLAINED
        rows.append(row)
    return pd.DataFrame(rows)


def _held_against(mine: Mapping[Any, Any], entry: Mapping[str, str], digits: int) -> dict[str, Any]:
    exact, printed = float(mine["ours"]), entry["value"]
    share = not pd.isna(mine["k"])
    if entry["statistic"] == FRACTION:
        text = f"{mine['k']}/{mine['n']}"
        matches = text == printed
    else:
        # As a fraction, a tie of rounding is a tie, not a float just below it.
        number = Fraction(100 * int(mine["k"]), int(mine["n"])) if share and mine["n"] else exact
        text = "" if math.isnan(exact) else _as_printed(number, printed, digits)
        matches = prints_as(number, printed, digits)
    read = float(mine["as_read"])
    return {
        "ours": text,
        "exact": exact,
        "match": str(Match.YES if matches else Match.NO),
        "as_read": "" if math.isnan(read) else rounded(read, digits),
    }


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


def rounding_distance(compared: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """How far ours lies from the printed number, in units of its last printed digit.

    Parameters
    ----------
    compared : DataFrame
        From `compare`.
    ledger : DataFrame
        From `alkpool.paper.ledger`.

    Returns
    -------
    DataFrame
        Columns ``ledger_id, section, quantity, statistic, match, distance``: the numbers that
        were rounded for printing. A distance within -0.5 and 0.5 rounds to what is printed.
    """
    table = compared.merge(
        ledger[["id", "statistic", "rounding_digits"]], left_on="ledger_id", right_on="id"
    )
    kinds = ("proportion", "median", "95% CI", "Fisher", "logistic", "test")
    was_rounded = table["statistic"].map(lambda kind: any(word in kind for word in kinds))
    bounded = table["published"].str.startswith(("<", ">"))
    table = table[was_rounded & ~bounded & table["exact"].notna()]
    printed = table["published"].map(printed_number)
    unit = 10.0 ** -table["rounding_digits"].astype(int)
    columns = ["ledger_id", "section", "quantity", "statistic", "match"]
    return table[columns].assign(distance=(table["exact"] - printed) / unit)
