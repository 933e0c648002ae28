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
from alkpool.data.reader import Table, read_text
from alkpool.data.tables import rule_problems
from alkpool.intake.raw import RULES, as_table, read_raw, slug
from alkpool.problems import Problem, refuse_any

PAPER = "full text of the paper"
_LABEL = "raw/groups/decisions.csv"
# By these a decision names the note that it is on.
_NOTE = ["raw", "record"]
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
    refuse_any(sources.problems)
    decisions = read_raw(raw / "groups" / "decisions.csv")
    searched = _searched(read_raw(raw / "groups" / "group_level.csv"))
    counted = _distributions(read_raw(raw / "distributions" / "counts.csv"))
    notes = pd.concat([searched, counted])[[*_NOTE, "population", "read_via", "note"]]
    refuse_any(_unaccounted(decisions, notes))
    rows = decisions.merge(notes, how="left", on=_NOTE, suffixes=("", "_read")).fillna("")
    for column in ("population", "note"):
        rows[column] = rows[column].where(rows[column] != "", rows[f"{column}_read"])
    rows["read_via"] = rows["read_via"].where(rows["raw"] != "", PAPER)
    made = [
        (table, as_table(rows[rows["table"] == table.name], table, _LABEL))
        for table in (OUTCOMES, COUNTS)
    ]
    return [(SOURCES, sources.cells), *made]


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
    known, decided = (pd.MultiIndex.from_frame(table[_NOTE]) for table in (notes, decisions))
    told = decisions.assign(again=decisions.duplicated(_NOTE), known=decided.isin(known))
    yield from rule_problems(RULES["notes"], told, _LABEL)
    for raw, record in sorted(known.difference(decided)):
        yield Problem(_READ[raw], None, "", record, "must be used or left out in decisions.csv")
