"""Published groups: outcomes and counts that stand in print without rows of patients.

A *group* is a sentence such as "57% of 28 patients with G1202R responded to lorlatinib". Groups
share patients with each other and with the cohorts: they are never pooled, and `total` refuses to
add rows that may overlap.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from alkpool import paths
from alkpool.data.columns import MAX_MONTHS, closed, identifier, number, text
from alkpool.data.reader import Table, canonical_problem, read_folder, unknown_keys
from alkpool.data.tables import LATEST_YEAR, inhibitors
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Access,
    Assessor,
    CountOrigin,
    Endpoint,
    GroupRelation,
    Sampling,
)

NOT_SPLIT = "not split"
OUTCOME_GROUPS = ("any ALK mutation", "no ALK mutation", "compound", "not selected")
COUNT_GROUPS = (*OUTCOME_GROUPS, "single", "MET amplification")

# What stands for previous treatment where the source names no inhibitor.
AFTER_CLASSES = (
    "any ALK inhibitor",
    "one ALK inhibitor",
    "two ALK inhibitors",
    "three ALK inhibitors",
    "two or more ALK inhibitors",
    "three or more ALK inhibitors",
    "none or more",
    "no lorlatinib",
    "one inhibitor other than crizotinib",
    "one second-generation inhibitor",
    "second-generation inhibitor",
    "next-generation inhibitor",
    "chemotherapy",
)

_PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9]+)?|100(\.0+)?")
_INTERVAL = re.compile(r"[0-9.]+% [0-9.]+-[0-9.]+")


def _matching(pattern: re.Pattern[str], allowed: str, description: str, unit: str) -> pa.Column:
    allowed = f"must be {allowed}, or blank when not printed"
    check = pa.Check(
        lambda cell: cell == "" or bool(pattern.fullmatch(cell)), element_wise=True, error=allowed
    )
    return pa.Column(
        None, check, description=description, metadata={"unit": unit, "allowed": allowed}
    )


def _group(description: str, words: Sequence[str]) -> pa.Column:
    allowed = (
        "must be canonical mutation profiles or residue classes such as G1202R or I1171X, "
        f"several joined by {LIST_SEPARATOR}, or one of {', '.join(words)}"
    )
    check = pa.Check(
        lambda cell: cell in words or not any(map(canonical_problem, cell.split(LIST_SEPARATOR))),
        element_wise=True, error=allowed,
    )  # fmt: skip
    return pa.Column(None, check, description=description, metadata={"allowed": allowed})


def _inhibitors(description: str, words: Sequence[str], *, several: bool) -> pa.Column:
    def valid(cell: str) -> bool:
        known = {*inhibitors()["inhibitor"], *words}
        return known.issuperset(cell.split(LIST_SEPARATOR) if several else [cell])

    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    allowed = f"must be of data/reference/inhibitors.csv or one of {', '.join(words)}{listed}"
    check = pa.Check(valid, element_wise=True, error=allowed)
    return pa.Column(None, check, description=description, metadata={"allowed": allowed})


_ORIGIN = {
    "k_origin": closed(CountOrigin, "How k is known.", blank="where k is not known"),
}
_WHERE = {
    "subset_of": text(
        "Rows of this table of which the group is a part, or the same patients judged otherwise, "
        "joined by ;."
    ),
    "access": closed(Access, "The most direct text that was read."),
    "locator": text("The primary record, as an address or identifier.", required=True),
    "read_via": text("Where it was read.", required=True),
    "note": text("What a reader of the row should know."),
}
_WHO = {
    "source_id": identifier("Source that prints it."),
    "trial": text(
        "Trial, series or centre, one of the source's; rows of one trial share patients. unknown "
        "where the text does not say.",
        required=True,
    ),
    "data_cut": text("Data cut or report of the trial; blank when not seen."),
    "population": text("Of whom, in the words of the notes.", required=True),
}
_PRINTED = _matching(_PERCENT, "a percentage from 0 to 100", "Percentage as printed.", "%")

SOURCES = Table(
    "sources",
    "One row per publication or report that prints an outcome or a count of a group.",
    pa.DataFrameSchema(
        {
            "source_id": identifier("Key of the source."),
            "trials": text("Trials, series or centres it reports, joined by ;."),
            "first_author": text("First author; blank when not seen."),
            "year": number("Year of publication.", "year", LATEST_YEAR, low=2007, whole=True),
            "journal": text("Journal; blank when not seen."),
            "title": text("Title; blank when not seen."),
            "doi": text("Digital object identifier without resolver."),
            "pmid": text("PubMed identifier."),
            "note": text("What a reader of the row should know."),
        }
    ),
    key=("source_id",),
    integers=("year",),
)

OUTCOMES = Table(
    "outcomes",
    "One row per published outcome of a group of patients; never added to patients or each other.",
    pa.DataFrameSchema(
        {
            "outcome_id": identifier("Key of the outcome."),
            **_WHO,
            "mutations": _group("Mutations of the group.", OUTCOME_GROUPS),
            "relation": closed(
                GroupRelation,
                "exact: the group is this profile; contains: it holds the profile among others.",
            ),
            "inhibitor": _inhibitors("Inhibitor given.", (NOT_SPLIT,), several=False),
            "after": _inhibitors("Previous inhibitors or their class.", AFTER_CLASSES, several=True),
            "n": number("Patients evaluated.", "count", 1e5, low=1, whole=True),
            "k": number("Patients with the endpoint.", "count", 1e5, whole=True),
            **_ORIGIN,
            "endpoint": closed(Endpoint, "What is counted; benefit as in the paper's Figure 1."),
            "assessor": closed(Assessor, "Who judged the response."),
            "percent_printed": _PRINTED,
            "interval_printed": _matching(
                _INTERVAL, "a level and limits such as 95% 37-76", "Interval as printed.", "%"
            ),
            "pfs_months": number("Median progression-free survival.", "months", MAX_MONTHS),
            "dor_months": number("Median duration of response.", "months", MAX_MONTHS),
            **_WHERE,
        }
    ),
    key=("outcome_id",),
    integers=("n", "k"),
    decimals=("pfs_months", "dor_months"),
)  # fmt: skip

COUNTS = Table(
    "counts",
    "One row per published count of a finding at resistance to an inhibitor or a class of them.",
    pa.DataFrameSchema(
        {
            "count_id": identifier("Key of the count."),
            **_WHO,
            "after": _inhibitors(
                "Inhibitor the tumours had progressed on, or its class.", AFTER_CLASSES,
                several=True,
            ),
            "mutations": _group("Mutations that are counted.", COUNT_GROUPS),
            "relation": closed(
                GroupRelation, "exact: this profile; contains: the profile, alone or with others."
            ),
            "n": number("Samples or patients tested.", "count", 1e5, low=1, whole=True),
            "k": number("Samples or patients with it.", "count", 1e5, whole=True),
            **_ORIGIN,
            "percent_printed": _PRINTED,
            "unit_of_analysis": closed(("samples", "patients"), "What is counted."),
            "sampling": closed(
                Sampling,
                "Whether consecutive patients or samples were tested; selected: only mutated ones.",
            ),
            **_WHERE,
        }
    ),
    key=("count_id",),
    integers=("n", "k"),
)  # fmt: skip

TABLES = (SOURCES, OUTCOMES, COUNTS)


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
    >>> groups = load()
    >>> groups.outcomes.set_index("outcome_id").loc["koopman2022-alectinib-L1196M", ["k", "n"]]
    k     9
    n    11
    Name: koopman2022-alectinib-L1196M, dtype: object
    """
    frames = read_folder(folder, TABLES)
    groups = Groups(**frames)
    problems = [
        problem
        for table in (OUTCOMES, COUNTS)
        for problem in _problems(frames[table.name], table, groups.sources, folder.name)
    ]
    if problems:
        raise DataError(problems)
    return groups


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
        For rows of one trial, series, centre or source, which may share patients, and for rows
        without k or n.

    Examples
    --------
    >>> outcomes = load().outcomes.set_index("outcome_id", drop=False)
    >>> total(outcomes.loc[["yoshida2018-ceritinib", "jamme2019-mutpos-nextalki"]])
    (9, 16)
    """
    unknown = rows[["k", "n"]].isna().any(axis=1)
    if unknown.any():
        raise ValueError(f"{rows.loc[unknown].iloc[0, 0]} has no count or no total to add")
    for one, other in itertools.combinations(rows.to_dict("records"), 2):
        shared = [
            f"{column} {one[column]}"
            for column in ("trial", "source_id")
            if one[column] == other[column] != UNKNOWN
        ]
        if shared:
            ids = " and ".join(str(next(iter(row.values()))) for row in (one, other))
            raise ValueError(f"{ids} may share patients ({shared[0]}) and are never added")
    return int(rows["k"].sum()), int(rows["n"].sum())


def _problems(
    frame: pd.DataFrame, table: Table, sources: pd.DataFrame, folder: str
) -> Iterator[Problem]:
    label = f"{folder}/{table.file}"
    yield from unknown_keys(
        frame, "source_id", label, sources["source_id"], "source_id of sources.csv"
    )
    trials = dict(zip(sources["source_id"], sources["trials"], strict=True))
    overlaps = dict(zip(frame[table.key[0]], frame["subset_of"].map(_listed), strict=True))
    trial_of = dict(zip(frame[table.key[0]], frame["trial"], strict=True))
    for place, row in enumerate(frame.to_dict("records"), start=2):
        wrong = [
            *_count_faults(row),
            *_trial_faults(row, _listed(trials.get(row["source_id"], ""))),
            *_overlap_faults(str(row[table.key[0]]), overlaps, trial_of),
        ]
        for column, allowed in wrong:
            value = "" if pd.isna(row[column]) else str(row[column])
            yield Problem(label, place, column, value, allowed)


def _listed(cell: str) -> list[str]:
    return cell.split(LIST_SEPARATOR) if cell else []


def _count_faults(row: dict) -> Iterator[tuple[str, str]]:
    k, n, printed = row["k"], row["n"], row["percent_printed"]
    if pd.isna(k) == (row["k_origin"] != ""):
        yield (
            "k_origin",
            f"must be stated where k is, and only there: k is {'' if pd.isna(k) else k}",
        )
    if LIST_SEPARATOR in row["mutations"] and row["relation"] != GroupRelation.CONTAINS:
        yield "relation", "must be contains: the group holds several profiles"
    if pd.isna(n):
        return
    if not pd.isna(k) and k > n:
        yield "k", f"must be at most n, {n}"
        return
    if not printed:
        return
    counts = range(n + 1) if pd.isna(k) else [k]
    # Rounding half up and half to even both occur in print.
    half_a_digit = 0.5 * 10.0 ** -len(printed.partition(".")[2]) + 1e-9
    if not any(abs(100 * count / n - float(printed)) <= half_a_digit for count in counts):
        found = f"no count of {n} gives it" if pd.isna(k) else f"{k} of {n} is {100 * k / n:.2f}%"
        yield "percent_printed", f"must be what k of n gives: {found}"


def _trial_faults(row: dict, trials: list[str]) -> Iterator[tuple[str, str]]:
    if row["trial"] not in (UNKNOWN, *trials):
        yield (
            "trial",
            f"must be unknown or a trial of {row['source_id']} in sources.csv: "
            + (", ".join(trials) or "none is there"),
        )


def _overlap_faults(
    name: str, overlaps: dict[str, list[str]], trial_of: dict[str, str]
) -> Iterator[tuple[str, str]]:
    containing = overlaps[name]
    if missing := [other for other in containing if other not in overlaps]:
        yield "subset_of", f"must be rows of this table; {missing[0]} is none"
        return
    if other_trials := [other for other in containing if trial_of[other] != trial_of[name]]:
        yield "subset_of", f"must be rows of the same trial; {other_trials[0]} is of another"
    beyond = [step for other in containing for step in _containing(other, overlaps)]
    if name in (*containing, *beyond):
        yield "subset_of", "must not lead back to the row itself"
    elif twice := [o for o in containing if containing.count(o) > 1 or o in beyond]:
        yield "subset_of", f"names an overlap twice: {twice[0]}"


def _containing(name: str, overlaps: dict[str, list[str]]) -> set[str]:
    """Rows that contain a row, directly or through others."""
    found: set[str] = set()
    ahead = list(overlaps.get(name, ()))
    while ahead:
        if (step := ahead.pop()) not in found:
            found.add(step)
            ahead += overlaps.get(step, ())
    return found
