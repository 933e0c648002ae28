"""Published groups: outcomes and counts that stand in print without rows of patients.

A *group* is a sentence such as "57% of 28 patients with G1202R responded to lorlatinib". Groups
share patients with each other and with the cohorts: they are never pooled, and `total` refuses to
add rows that may overlap.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.data.reader import key_problems, read_sheets
from alkpool.data.tables import RULES, of_folder, rule_problems
from alkpool.problems import refuse_any
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN

NOT_SPLIT = "not split"

# Pools of what others published or treated: they may share patients with any other row.
POOLS = frozenset(("UMCG and literature", "US centres (overlap possible)"))

TABLES = SOURCES, OUTCOMES, COUNTS = of_folder("groups")

# Groups that name no mutation.
OUTCOME_GROUPS, COUNT_GROUPS = OUTCOMES.also("mutations"), COUNTS.also("mutations")


@dataclass(frozen=True)
class Groups:
    """Published groups, columns as in the data dictionary."""

    sources: pd.DataFrame
    outcomes: pd.DataFrame
    counts: pd.DataFrame


def load(folder: Path = paths.GROUPS) -> Groups:
    """Load and validate the published groups.

    Parameters
    ----------
    folder : Path
        Folder with ``sources.csv``, ``outcomes.csv`` and ``counts.csv``.

    Returns
    -------
    Groups
        ``n``, ``k`` whole numbers, months decimals, missing where not stated; ``percent_printed``
        stays text, for its decimals say how it was rounded.

    Raises
    ------
    DataError
        With every problem: also a count above its total, a percentage that the count does not
        give, a trial that is not the source's, and an overlap that points nowhere or is named
        twice.

    Examples
    --------
    >>> cells = load().outcomes.query("source_id == 'koopman2022'")
    >>> dict(zip(cells["mutations"], cells["k"].astype(str) + "/" + cells["n"].astype(str)))
    {'G1202R': '4/6', 'L1196M': '9/11'}
    """
    sheets, problems = read_sheets(folder, TABLES)
    refuse_any(problems)
    cells = {name: sheet.cells for name, sheet in sheets.items()}
    frames = {table.name: table.typed(cells[table.name]) for table in TABLES}
    problems += key_problems(cells, TABLES, folder.name)
    trials = dict(cells[SOURCES.name][["source_id", "trials"]].to_numpy())
    for table in (OUTCOMES, COUNTS):
        told = _told(cells[table.name], frames[table.name], trials)
        problems += rule_problems(RULES["groups"], told, f"{folder.name}/{table.file}")
    refuse_any(problems)
    return Groups(**frames)


def as_printed(outcome: Mapping[Any, Any]) -> str:
    """Say the percentage and the interval of an outcome as its source prints them.

    Examples
    --------
    >>> as_printed({"percent_printed": "57", "interval_printed": "95% 37-76"})
    '57% (95% CI 37% to 76%)'
    """
    level, _, limits = outcome["interval_printed"].partition(" ")
    said = [
        outcome["percent_printed"] and f"{outcome['percent_printed']}%",
        limits and f"({level} CI {limits.replace('-', '% to ')}%)",
    ]
    return " ".join(filter(None, said))


def total(rows: pd.DataFrame) -> tuple[int, int]:
    """Sum of k and n over rows of one table that share no patients.

    Parameters
    ----------
    rows : DataFrame
        Rows of ``outcomes`` or ``counts``.

    Returns
    -------
    tuple of int
        ``k, n``.

    Raises
    ------
    ValueError
        For rows of one trial, series, centre or source, of an unknown one, or of `POOLS`, which
        may share patients; and for rows without k or n.

    Examples
    --------
    >>> outcomes = load().outcomes.set_index("outcome_id", drop=False)
    >>> total(outcomes.loc[["yoshida2018-ceritinib", "jamme2019-mutpos-nextalki"]])
    (9, 16)
    """
    unknown = rows[["k", "n"]].isna().any(axis=1)
    if unknown.any():
        name = rows.loc[unknown, rows.columns[0]].astype(str).iloc[0]
        raise ValueError(f"{name} has no count or no total to add")
    for one, other in itertools.combinations(rows.to_dict("records"), 2):
        trials = {one["trial"], other["trial"]}
        same_source = one["source_id"] == other["source_id"]
        if len(trials) == 1 or same_source or trials & {UNKNOWN, *POOLS}:
            ids = " and ".join(str(next(iter(row.values()))) for row in (one, other))
            named = " and ".join(sorted(trials))
            raise ValueError(f"{ids} may share patients (trial: {named}) and are never added")
    return int(rows["k"].sum()), int(rows["n"].sum())


def _told(cells: pd.DataFrame, typed: pd.DataFrame, trials: Mapping[str, str]) -> pd.DataFrame:
    """Cells of a table, beside them what its rules ask of each row."""
    of_source = cells["source_id"].map(trials).fillna("")
    names = cells[cells.columns[0]]
    overlaps = dict(zip(names, cells["subset_of"].map(_listed), strict=True))
    trial_of = dict(zip(names, cells["trial"], strict=True))
    printed = typed[["k", "n", "percent_printed"]]
    return cells.assign(
        k_above_n=(typed["k"] > typed["n"]).fillna(False).astype(bool),
        misprint=[_misprint(*row) for row in printed.itertuples(index=False)],
        overlap=[_overlap_fault(name, overlaps, trial_of) for name in names],
        of_source=[
            trial in _listed(known) for trial, known in zip(cells["trial"], of_source, strict=True)
        ],
        trials=of_source.str.replace(LIST_SEPARATOR, ", ").replace("", "none is there"),
    )


def _listed(cell: str) -> list[str]:
    return cell.split(LIST_SEPARATOR) if cell else []


def _misprint(k: Any, n: Any, printed: str) -> str:
    """Say what k of n is where it is not the percentage printed."""
    if pd.isna(n) or not printed:
        return ""
    counts = range(n + 1) if pd.isna(k) else [k]
    # Rounding half up and half to even both occur in print.
    half_a_digit = 0.5 * 10.0 ** -len(printed.partition(".")[2]) + 1e-9
    if any(abs(100 * count / n - float(printed)) <= half_a_digit for count in counts):
        return ""
    return f"no count of {n} gives it" if pd.isna(k) else f"{k} of {n} is {100 * k / n:.2f}%"


def _overlap_fault(
    name: str, overlaps: Mapping[str, list[str]], trial_of: Mapping[str, str]
) -> str:
    containing = overlaps[name]
    if missing := [other for other in containing if other not in overlaps]:
        return f"must be rows of this table; {missing[0]} is none"
    if other_trials := [other for other in containing if trial_of[other] != trial_of[name]]:
        return f"must be rows of the same trial; {other_trials[0]} is of another"
    beyond = [step for other in containing for step in _containing(other, overlaps)]
    if name in (*containing, *beyond):
        return "must not lead back to the row itself"
    twice = [other for other in containing if containing.count(other) > 1 or other in beyond]
    return f"names an overlap twice: {twice[0]}" if twice else ""


def _containing(name: str, overlaps: Mapping[str, list[str]]) -> set[str]:
    """Rows that contain a row, directly or through others."""
    found = set(overlaps.get(name, ()))
    while beyond := {step for each in found for step in overlaps.get(each, ())} - found:
        found |= beyond
    return found
