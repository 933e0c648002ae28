"""Tables of published groups, made from the notes of two searches and a decision on each row.

A note is used or left out by exactly one row of ``data/raw/groups/decisions.csv``, which gives the
columns of the table and the reason. Copied from the notes are only the population, the place where
it was read, and the note where the decision has none. A decision without a note of a search is a
cell that Koopman et al. 2022 print.
"""

from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data.groups import COUNTS, OUTCOMES, SOURCES
from alkpool.data.reader import Table, read_text
from alkpool.intake.raw import read_raw, slug
from alkpool.problems import DataError, Problem

LEFT_OUT = "left out"
PAPER = "full text of the paper"
_LABEL = "raw/groups/decisions.csv"
_KEYS = {OUTCOMES.name: "outcome_id", COUNTS.name: "count_id", LEFT_OUT: ""}


def build(raw: Path = paths.RAW) -> list[tuple[Table, pd.DataFrame]]:
    """Build the tables of published groups.

    Parameters
    ----------
    raw : Path
        Folder of the raw facts, with ``groups/`` and ``distributions/``.

    Returns
    -------
    list of (Table, DataFrame)
        Sources, outcomes and counts, cells as text, in the order of the decisions.

    Raises
    ------
    DataError
        With every note without a decision, every decision without a note or a reason, and every
        note decided twice.

    Examples
    --------
    >>> [(table.name, len(frame)) for table, frame in build()]
    [('sources', 42), ('outcomes', 54), ('counts', 59)]
    """
    sources = read_text(raw / "groups" / SOURCES.file, SOURCES, "raw/groups/sources.csv")
    if sources.problems:
        raise DataError(sources.problems)
    decisions = read_raw(raw / "groups" / "decisions.csv")
    notes = pd.concat(
        [
            _searched(read_raw(raw / "groups" / "group_level.csv")),
            _distributions(read_raw(raw / "distributions" / "counts.csv")),
        ],
        ignore_index=True,
    )
    problems = _unaccounted(decisions, notes)
    if problems:
        raise DataError(problems)
    joined = decisions.merge(
        notes, how="left", on=["raw", "record"], suffixes=("", "_read")
    ).fillna("")
    for column in ("population", "note"):
        joined[column] = joined[column].where(joined[column] != "", joined[f"{column}_read"])
    joined["read_via"] = joined["read_via"].where(joined["raw"] != "", PAPER)
    return [
        (SOURCES, sources.cells),
        *(
            (table, joined[joined["table"] == table.name].assign(
                **{table.key[0]: joined["record"]})[table.columns])
            for table in (OUTCOMES, COUNTS)
        ),
    ]  # fmt: skip


def _searched(read: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "raw": "groups",
            "record": read["row_id"],
            "population": read["population"] + "; before: " + read["prior"],
            "read_via": read["locator"],
            "note": read["note"],
        }
    )


def _distributions(read: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "raw": "distributions",
            "record": [
                slug(" ".join(parts).replace(".", " "))
                for parts in zip(
                    read["source"].str.removesuffix(" (seed)"), read["prior_inhibitor"],
                    read["mutation"], strict=True,
                )
            ],
            "population": "at resistance to " + read["prior_inhibitor"] + ": " + read["mutation"],
            "read_via": read["url_seen"].replace("koopman2022.txt", PAPER),
            "note": read["note"],
        }
    )  # fmt: skip


def _unaccounted(decisions: pd.DataFrame, notes: pd.DataFrame) -> list[Problem]:
    known = set(zip(notes["raw"], notes["record"], strict=True))
    problems, decided = [], set()
    for place, row in enumerate(decisions.to_dict("records"), start=2):
        note = row["raw"], row["record"]
        if note in decided:
            problems.append(Problem(_LABEL, place, "record", row["record"], "is decided twice"))
        if row["raw"] and note not in known:
            allowed = "must be a row of group_level.csv (groups) or counts.csv (distributions)"
            problems.append(Problem(_LABEL, place, "record", row["record"], allowed))
        if row["table"] not in _KEYS:
            allowed = f"must be one of {', '.join(_KEYS)}"
            problems.append(Problem(_LABEL, place, "table", row["table"], allowed))
        if not row["reason"]:
            problems.append(Problem(_LABEL, place, "reason", "", "must not be blank"))
        decided.add(note)
    files = {
        "groups": "raw/groups/group_level.csv",
        "distributions": "raw/distributions/counts.csv",
    }
    return problems + [
        Problem(files[raw], None, "", record, "must be used or left out in decisions.csv")
        for raw, record in sorted(known - decided)
    ]
