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
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.data.reader import read_sheet
from alkpool.files import files_in
from alkpool.problems import DataError, Problem, printable, refuse, spreadsheet_cell

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

# What `COLUMNS` say of a change, or some of it.
Change = tuple[str, ...]


# Kinds of change, the most important first, and what stands above those of a kind.
KINDS = {
    "verdict": "Verdicts, rules and calls in each table",
    "count": "Counts",
    "table": "Tables and columns",
    "row": "Rows",
    "number": "Shares, limits and other numbers",
    "text": "Other words",
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
        ``kind`` (see `KINDS`), ``table`` (path below the folder), ``row`` (its key), ``column``,
        ``old``, ``new`` (text; of a row or table that came or went, ``present`` on one side),
        ``synthetic`` (``yes`` where no patient stands behind the table). Sorted by kind, patients
        before made-up ones, table, and the place in it.

    Raises
    ------
    DataError
        Where a folder or a table cannot be read.
    """
    tables = []
    for folder in (old, new):
        if not folder.is_dir():
            refuse(str(folder), "must be a folder of results")
        if not (found := files_in(folder, "*.csv")):
            refuse(str(folder), "has no table: must be a folder of results")
        tables.append(found)
    if not tables[0].keys() & tables[1]:
        refuse(str(new), "has no table that the other folder has too: must be a folder of results")
    changes: list[Change] = []
    for name in sorted(tables[0].keys() | tables[1]):
        before, after = (side.get(name) for side in tables)
        if before and after and before.read_bytes() == after.read_bytes():
            continue
        frames = [
            read_sheet(path, name, []).cells if path else pd.DataFrame() for path in (before, after)
        ]
        mark = "yes" if any("synthetic" in frame for frame in frames) else ""
        changes += [(kind, name, *where, mark) for kind, *where in _table_changes(*frames)]
    listed = pd.DataFrame(changes, columns=COLUMNS, dtype=str)
    listed["kind"] = pd.Categorical(listed["kind"], list(KINDS))
    return listed.sort_values(["kind", "synthetic"], kind="stable", ignore_index=True).astype(str)


def _one_sided(kind: str, row: str, column: str, removed: bool) -> Change:
    return (kind, row, column, *(("present", "") if removed else ("", "present")))


def _table_changes(old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Change]:
    """Changes of a table, that without columns is not there: kind, row, column, old and new."""
    if old.columns.empty or new.columns.empty:
        yield _one_sided("table", "", "", new.columns.empty)
        return
    for column in old.columns.symmetric_difference(new.columns):
        yield _one_sided("table", "", column, column in old)
    shared = old.columns.intersection(new.columns, sort=False)
    key = _key(old[shared], new[shared])
    before, after = _keyed(old[shared], key), _keyed(new[shared], key)
    for row in before.index.symmetric_difference(after.index, sort=False):
        yield _one_sided("row", row, "", row in before.index)
    both = before.index.intersection(after.index, sort=False)
    differs = before.loc[both].ne(after.loc[both])
    for row, column in differs.stack()[lambda cells: cells].index:
        was, now = str(before.at[row, column]), str(after.at[row, column])
        yield _kind(column, was, now), row, column, was, now


def _key(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    """Fewest leading columns that tell rows apart: of words where that does, else of any kind."""
    both = pd.concat([old, new])
    every = [str(column) for column in both]
    numbers = [column for column in every if both[column].str.fullmatch(_NUMBER).all()]
    words = [column for column in every if column not in VERDICTS and column not in numbers]
    for columns in (words, every):
        for number in range(1, len(columns) + 1):
            leading = columns[:number]
            if not (old.duplicated(leading).any() or new.duplicated(leading).any()):
                return leading
    return every


def _keyed(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Rows by the words of their key; a row that comes again is numbered."""
    rows = frame[key].to_dict("records")
    named = pd.Series(["; ".join(f"{k}: {v}" for k, v in row.items()) for row in rows], dtype=str)
    times = named.groupby(named).cumcount() + 1
    return frame.set_index(named.where(times == 1, named + " (" + times.astype(str) + ")"))


def _kind(column: str, old: str, new: str) -> str:
    numbers = _NUMBER.fullmatch(old) and _NUMBER.fullmatch(new)
    if column in VERDICTS and not numbers:
        return "verdict"
    if _WHOLE.fullmatch(old) and _WHOLE.fullmatch(new):
        return "count"
    return "number" if numbers else "text"


@contextmanager
def results_at(revision: str) -> Iterator[Path]:
    """Take the results of a revision of the project out of git, into a folder that goes again.

    Raises
    ------
    DataError
        Where git has no such revision, or no results in it.
    """
    command = ["git", "-C", str(paths.HOME), "archive", "--end-of-options", revision, "results"]
    try:
        packed = subprocess.run(command, capture_output=True, check=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        reason = "git is not installed; name two folders instead"
        if isinstance(error, subprocess.CalledProcessError):
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
    leads = changes["column"].isin(["verdict", "benefit"]) & (changes["kind"] == "verdict")
    lines = []
    for made_up, heading in (("", "Verdicts that moved"), ("yes", "Synthetic verdicts that moved")):
        rows = changes[leads & (changes["synthetic"] == made_up)]
        said = dict.fromkeys(map(_verdict, rows.to_dict("records")))
        lines += [f"{heading}: {len(said) or 'none'}", *said]
    gone = changes[(changes["kind"] == "table") & (changes["column"] == "")]["table"]
    if len(gone):
        lines.append(f"In one of the two only, so not compared: {', '.join(gone)}")
    if everything:
        lines += _rest(changes)
    else:
        counts = changes.loc[~leads, "kind"].value_counts(sort=False)
        also = ", ".join(f"{KINDS[str(kind)].lower()} {n}" for kind, n in counts.items())
        lines.append(f"Also changed: {also or 'nothing'}.")
        lines.append("Each of them: --all. As a table: --format csv or json.")
    return "\n".join(map(printable, lines)) + "\n"


def _verdict(change: Mapping[Any, str]) -> str:
    cohort = change["table"].partition("/")[0]
    pair = _PAIR.search(change["row"])
    subject = ", ".join(pair.groups()) if pair else change["row"]
    column = "" if change["column"] == "verdict" else f", {change['column']}"
    return f"  {cohort}: {subject}{column}: {_moved(change)}"


def _moved(change: Mapping[Any, str]) -> str:
    return f"{change['old'] or 'blank'} -> {change['new'] or 'blank'}"


def _rest(changes: pd.DataFrame) -> Iterator[str]:
    for kind, heading in KINDS.items():
        rows = changes[changes["kind"] == kind]
        if kind in ("number", "text"):
            tables = ", ".join(f"{name} {n}" for name, n in rows["table"].value_counts().items())
            yield f"{heading}: {len(rows)} changed ({tables})" if tables else f"{heading}: none"
            continue
        yield f"{heading}: {len(rows) or 'none changed'}"
        for change in rows.to_dict("records"):
            place = ", ".join(filter(None, (change["table"], change["row"], change["column"])))
            if kind in ("table", "row"):
                yield f"  {place}: {'removed' if change['old'] else 'added'}"
            else:
                yield f"  {place}: {_moved(change)}"


def to_csv(changes: pd.DataFrame) -> str:
    """Write a row for each change; no cell is a formula."""
    return changes.map(spreadsheet_cell).to_csv(index=False, lineterminator="\n")


def to_json(changes: pd.DataFrame) -> str:
    """Write a list of objects with the keys of `COLUMNS`."""
    return json.dumps(changes.to_dict("records"), ensure_ascii=False, indent=1) + "\n"
