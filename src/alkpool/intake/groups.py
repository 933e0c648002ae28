"""Tables of published groups, made from the notes of two searches and a decision on each row.

A note is used or left out by exactly one row of ``data/raw/groups/decisions.csv``, which gives the
columns of the table and the reason. Copied from the notes are only the population, the place where
it was read, and the note where the decision has none. A decision without a note of a search is a
cell that Koopman et al. 2022 print.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data.groups import COUNTS, OUTCOMES, SOURCES
from alkpool.data.reader import Table, flagged, read_text
from alkpool.intake.raw import read_raw, slug
from alkpool.problems import DataError, Problem

LEFT_OUT = "left out"
PAPER = "full text of the paper"
_LABEL = "raw/groups/decisions.csv"
_TABLES = (OUTCOMES.name, COUNTS.name, LEFT_OUT)
# What of a note is kept.
_NOTE = ["raw", "record", "population", "read_via", "note"]
_READ = {
    "groups": "raw/groups/group_level.csv",
    "distributions": "raw/distributions/counts.csv",
}


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
    searched = _searched(read_raw(raw / "groups" / "group_level.csv"))
    counted = _distributions(read_raw(raw / "distributions" / "counts.csv"))
    notes = pd.concat([searched[_NOTE], counted[_NOTE]], ignore_index=True)
    if problems := [*_unaccounted(decisions, notes)]:
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
    population = read["population"] + "; before: " + read["prior"]
    columns = {"row_id": "record", "locator": "read_via"}
    return read.rename(columns=columns).assign(raw="groups", population=population)


def _distributions(read: pd.DataFrame) -> pd.DataFrame:
    source = read["source"].str.removesuffix(" (seed)")
    named = source + " " + read["prior_inhibitor"] + " " + read["mutation"]
    return read.assign(
        raw="distributions",
        record=named.str.replace(".", " ").map(slug),
        population="at resistance to " + read["prior_inhibitor"] + ": " + read["mutation"],
        read_via=read["url_seen"].replace("koopman2022.txt", PAPER),
    )


def _unaccounted(decisions: pd.DataFrame, notes: pd.DataFrame) -> Iterator[Problem]:
    note = ["raw", "record"]
    known, decided = (pd.MultiIndex.from_frame(table[note]) for table in (notes, decisions))
    for wrong, column, allowed in (
        (decisions.duplicated(note), "record", "is decided twice"),
        ((decisions["raw"] != "") & ~decided.isin(known), "record",
         "must be a row of group_level.csv (groups) or counts.csv (distributions)"),
        (~decisions["table"].isin(_TABLES), "table", f"must be one of {', '.join(_TABLES)}"),
        (decisions["reason"] == "", "reason", "must not be blank"),
    ):  # fmt: skip
        yield from flagged(decisions, wrong, column, _LABEL, allowed)
    for raw, record in sorted(known.difference(decided)):
        yield Problem(_READ[raw], None, "", record, "must be used or left out in decisions.csv")
