"""What moved between two folders of results: verdicts of patients first, then the rest.

Tables are compared row by row. The *key* of a row is the fewest leading columns that tell the
rows of both tables apart; a row whose key is in one table only was added or removed.
"""

import io
import json
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.data.reader import read_sheet
from alkpool.problems import DataError, Problem, printable, spreadsheet_cell

COLUMNS = ["kind", "table", "row", "column", "old", "new", "synthetic"]

# Columns that are answers, not names of what is asked about.
VERDICTS = (
    "verdict", "rule", "verdict_before", "rule_before", "default", "benefit", "call", "observed",
    "agrees", "reproduces", "settled_as",
)  # fmt: skip
# A pair of a profile and an inhibitor, in whatever table and beside whatever else.
_PAIR = re.compile(r"(?:profile|mutations): ([^;]+); inhibitor: ([^;]+)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?|-?inf|nan|")
_WHOLE = re.compile(r"-?\d+|")


class Kind(StrEnum):
    """Kind of a change, the most important first."""

    VERDICT = "verdict"
    COUNT = "count"
    TABLE = "table"
    ROW = "row"
    NUMBER = "number"
    TEXT = "text"


WORDS = {
    Kind.VERDICT: "Verdicts, rules and calls in each table",
    Kind.COUNT: "Counts",
    Kind.TABLE: "Tables and columns",
    Kind.ROW: "Rows",
    Kind.NUMBER: "Shares, limits and other numbers",
    Kind.TEXT: "Other words",
}


def compare(old: Path, new: Path) -> pd.DataFrame:
    """List every difference between the tables of two folders.

    Parameters
    ----------
    old, new : Path
        Folders with CSV files, also in folders below.

    Returns
    -------
    DataFrame
        ``kind`` (see `Kind`), ``table`` (path below the folder), ``row`` (its key), ``column``,
        ``old``, ``new`` (text; of a row or table that came or went, ``present`` on one side),
        ``synthetic`` (``yes`` where no patient stands behind the table). Sorted by kind, patients
        before made-up ones, table, and the place in it.

    Raises
    ------
    DataError
        Where a folder or a table cannot be read.
    """
    names = {}
    for folder in (old, new):
        if not folder.is_dir():
            raise DataError([Problem(str(folder), None, "", "", "must be a folder of results")])
        names[folder] = {
            path.relative_to(folder).as_posix() for path in folder.rglob("*.csv") if path.is_file()
        }
    changes: list[dict[str, str]] = []
    for name in sorted(names[old] | names[new]):
        sides = ["present" if name in names[folder] else "" for folder in (old, new)]
        if "" not in sides and (old / name).read_bytes() == (new / name).read_bytes():
            continue
        tables = [
            read_sheet(folder / name, name, []).cells
            for folder in (old, new)
            if name in names[folder]
        ]
        made_up = "yes" if any("synthetic" in table for table in tables) else ""
        moved = _table_changes(name, *tables) if len(tables) == 2 else [
            _change(Kind.TABLE, name, "", "", *sides)
        ]  # fmt: skip
        changes += [change | {"synthetic": made_up} for change in moved]
    found = pd.DataFrame(changes, columns=COLUMNS, dtype=str)
    order = {str(kind): place for place, kind in enumerate(Kind)}
    return found.sort_values(["kind", "synthetic"], kind="stable", ignore_index=True,
                             key=lambda cells: cells.replace(order))  # fmt: skip


def _change(kind: Kind, table: str, row: str, column: str, old: str, new: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (str(kind), table, row, column, old, new, ""), strict=True))


def _table_changes(name: str, old: pd.DataFrame, new: pd.DataFrame) -> Iterator[dict[str, str]]:
    for column in [*old.columns.difference(new.columns), *new.columns.difference(old.columns)]:
        sides = ["present" if column in frame else "" for frame in (old, new)]
        yield _change(Kind.TABLE, name, "", str(column), *sides)
    shared = [str(column) for column in old if column in new]
    key = _key(old[shared], new[shared])
    rows = [_keyed(frame, key) for frame in (old, new)]
    for row in dict.fromkeys([*rows[0], *rows[1]]):
        before, after = (side.get(row) for side in rows)
        if before is None or after is None:
            yield _change(Kind.ROW, name, row, "", *("present" * bool(s) for s in (before, after)))
            continue
        for column in shared:
            if before[column] != after[column]:
                kind = _kind(column, before[column], after[column])
                yield _change(kind, name, row, column, before[column], after[column])


def _key(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Fewest leading columns that tell rows apart: of words where that does, else of any kind."""
    both = pd.concat([old, new])
    words = [
        column
        for column in both
        if column not in VERDICTS and not all(map(_NUMBER.fullmatch, both[column]))
    ]
    for columns in (words, list(both)):
        for number in range(1, len(columns) + 1):
            leading = columns[:number]
            if not (old.duplicated(leading).any() or new.duplicated(leading).any()):
                return [str(column) for column in leading]
    return [str(column) for column in both]


def _keyed(frame: pd.DataFrame, key: list[str]) -> dict[str, dict[str, str]]:
    """Rows by the words of their key; a row that comes again is numbered."""
    rows: Any = frame.astype(str).to_dict("records")
    named = ["; ".join(f"{column}: {row[column]}" for column in key) for row in rows]
    times = pd.Series(named, dtype=str).groupby(named).cumcount() + 1
    names = (name if n == 1 else f"{name} ({n})" for name, n in zip(named, times, strict=True))
    return dict(zip(names, rows, strict=True))


def _kind(column: str, old: str, new: str) -> Kind:
    numbers = _NUMBER.fullmatch(old) and _NUMBER.fullmatch(new)
    if column in VERDICTS and not numbers:
        return Kind.VERDICT
    if _WHOLE.fullmatch(old) and _WHOLE.fullmatch(new):
        return Kind.COUNT
    return Kind.NUMBER if numbers else Kind.TEXT


@contextmanager
def results_at(revision: str) -> Iterator[Path]:
    """Take the results of a revision of the project out of git, into a folder that goes again.

    Raises
    ------
    DataError
        Where git has no such revision, or no results in it.
    """
    command = ["git", "-C", str(paths.HOME), "archive", "--format=tar", "--end-of-options",
               revision, "results"]  # fmt: skip
    try:
        packed = subprocess.run(command, capture_output=True, check=True).stdout
    except FileNotFoundError:
        reason = "git is not installed; name two folders instead"
        raise DataError([Problem("--git", None, "", revision, reason)]) from None
    except subprocess.CalledProcessError as error:
        reason = f"git says: {' '.join(error.stderr.decode(errors='replace').split())}"
        raise DataError([Problem("--git", None, "", revision, reason)]) from None
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder) / "results"


def to_text(changes: pd.DataFrame, everything: bool = False) -> str:
    """Write the changes for reading.

    Parameters
    ----------
    changes : DataFrame
        As `compare` gives them.
    everything : bool
        Also each rule, call, count and row; numbers that follow from counts are only counted.

    Returns
    -------
    str
        Each verdict that moved and each line whose benefit moved, once however many tables tell
        of it, those of patients before synthetic ones; then how much else did.
    """
    if changes.empty:
        return "Nothing changed: every table is the same.\n"
    leads = changes["column"].isin(["verdict", "benefit"]) & (changes["kind"] == Kind.VERDICT)
    lines = []
    for made_up, heading in (("", "Verdicts that moved"), ("yes", "Synthetic verdicts that moved")):
        rows = changes[leads & (changes["synthetic"] == made_up)]
        said = dict.fromkeys(map(_verdict, rows.to_dict("records")))
        lines += [f"{heading}: {len(said) or 'none'}", *said]
    if everything:
        lines += _rest(changes)
    else:
        counts = changes.loc[~leads, "kind"].value_counts(sort=False)
        also = ", ".join(f"{WORDS[Kind(str(kind))].lower()} {n}" for kind, n in counts.items())
        lines.append(f"Also changed: {also or 'nothing'}.")
        lines.append("Each of them: --all. As a table: --format csv or json.")
    return "\n".join(map(printable, lines)) + "\n"


def _verdict(change: Mapping[Any, str]) -> str:
    cohort = change["table"].partition("/")[0]
    pair = _PAIR.search(change["row"])
    subject = ", ".join(pair.groups()) if pair else change["row"]
    column = "" if change["column"] == "verdict" else f", {change['column']}"
    return (
        f"  {cohort}: {subject}{column}: {change['old'] or 'blank'} -> {change['new'] or 'blank'}"
    )


def _rest(changes: pd.DataFrame) -> Iterator[str]:
    for kind, heading in WORDS.items():
        rows = changes[changes["kind"] == kind]
        if kind in (Kind.NUMBER, Kind.TEXT):
            tables = ", ".join(f"{name} {n}" for name, n in rows["table"].value_counts().items())
            yield f"{heading}: {len(rows)} changed ({tables})" if tables else f"{heading}: none"
        else:
            yield f"{heading}: {len(rows) or 'none changed'}"
            yield from (f"  {_said(change)}" for change in rows.to_dict("records"))


def _said(change: Mapping[Any, str]) -> str:
    place = ", ".join(filter(None, (change["table"], change["row"], change["column"])))
    if "present" in (change["old"], change["new"]) and "" in (change["old"], change["new"]):
        return f"{place}: {'removed' if change['old'] else 'added'}"
    return f"{place}: {change['old'] or 'blank'} -> {change['new'] or 'blank'}"


def to_csv(changes: pd.DataFrame) -> str:
    """Write a row for each change; no cell is a formula."""
    return changes.map(spreadsheet_cell).to_csv(index=False, lineterminator="\n")


def to_json(changes: pd.DataFrame) -> str:
    """Write a list of objects with the keys of `COLUMNS`."""
    return json.dumps(changes.to_dict("records"), ensure_ascii=False, indent=1) + "\n"
