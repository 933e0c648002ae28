"""Tables of published groups: the rows that the decisions on the notes of two searches make.

A note is used or left out by exactly one row of ``data/raw/groups/decisions.csv``, which gives the
columns of the table and the reason. A decision without a note of a search is a cell that Koopman et
al. 2022 print.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data.groups import COUNTS, OUTCOMES, SOURCES
from alkpool.data.reader import Table, read_text
from alkpool.data.tables import rule_problems
from alkpool.intake.raw import RULES, read_raw
from alkpool.problems import Problem, refuse_any

# By these a decision names the note that it is on.
_NOTE = ["raw", "record"]
_NOTES = {"groups": "groups/group_level.csv", "distributions": "distributions/counts.csv"}


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
    refuse_any(_unaccounted(decisions, raw))
    built = [(SOURCES, sources.cells)]
    for table in (OUTCOMES, COUNTS):
        rows = decisions[decisions["table"] == table.name]
        built.append((table, rows.rename(columns={"record": table.key[0]})[table.columns]))
    return built


def _unaccounted(decisions: pd.DataFrame, raw: Path) -> Iterator[Problem]:
    notes = {(name, note) for name in _NOTES for note in read_raw(raw / _NOTES[name])["row_id"]}
    decided = pd.MultiIndex.from_frame(decisions[_NOTE])
    told = decisions.assign(again=decisions.duplicated(_NOTE), known=decided.isin(notes))
    yield from rule_problems(RULES["notes"], told, "raw/groups/decisions.csv")
    for name, note in sorted(notes.difference(decided)):
        label = f"raw/{_NOTES[name]}"
        yield Problem(label, None, "", note, "must be used or left out in decisions.csv")
