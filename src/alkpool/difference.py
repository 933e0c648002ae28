"""What moved between two folders of results: verdicts of patients first, then the rest.

Cells of the matrix are compared by verdict and counts, lines of treatment by benefit; of other
tables that differ the names are given.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.analysis.timeline import CELL, COUNTS, changes
from alkpool.compendium.book import git
from alkpool.data.reader import read_sheet
from alkpool.files import files_in
from alkpool.problems import printable, refuse, spreadsheet_cell

COLUMNS = ["kind", "table", "row", "column", "old", "new", "synthetic"]

# The most important first.
KINDS = ["verdict", "count", "table"]

MATRIX, LINE = "actionability.csv", "treatment_id"
# Tables that are compared: the columns that name a row, and those of which it is said what moved.
COMPARED = {MATRIX: (CELL, ["verdict", "rule", *COUNTS]), "lines.csv": ([LINE], ["benefit"])}

# What `COLUMNS` say between the name of a table and its mark.
Change = tuple[str, str, str, str, str]


def compare(old: Path, new: Path) -> pd.DataFrame:
    """List what differs between the tables of two folders.

    Parameters
    ----------
    old, new : Path
        Folders with CSV files, also in folders below.

    Returns
    -------
    DataFrame
        ``kind`` (``verdict`` of a cell or benefit of a line, ``count`` or rule of a cell,
        ``table``), ``table`` (path below the folder), ``row`` (a cell, or the id of a line),
        ``column``, ``old``, ``new`` (text; ``present`` on each side that has the table),
        ``synthetic`` (``yes`` where no patient stands behind the table). Sorted by kind, patients
        before made-up ones, and table.

    Raises
    ------
    DataError
        Where a folder or a table cannot be read.
    """
    sides = [files_in(folder, "*.csv") for folder in (old, new)]
    for folder, tables in zip((old, new), sides, strict=True):
        if not tables:
            refuse(str(folder), "has no table: must be a folder of results")
    if not sides[0].keys() & sides[1]:
        refuse(str(new), "has no table that the other folder has too: must be a folder of results")
    found: list[tuple[str, ...]] = []
    for name in sorted(sides[0].keys() | sides[1]):
        before, after = (side.get(name) for side in sides)
        if before and after and before.read_bytes() == after.read_bytes():
            continue
        needed = [column for names in COMPARED.get(PurePath(name).name, ()) for column in names]
        frames = [
            read_sheet(path, name, needed, needed).cells if path else pd.DataFrame()
            for path in (before, after)
        ]
        mark = "yes" * any("synthetic" in frame for frame in frames)
        found += [(kind, name, *where, mark) for kind, *where in _moved(name, *frames)]
    listed = pd.DataFrame(found, columns=COLUMNS, dtype=str)
    listed["kind"] = pd.Categorical(listed["kind"], KINDS)
    return listed.sort_values(["kind", "synthetic"], kind="stable", ignore_index=True).astype(str)


def _moved(name: str, old: pd.DataFrame, new: pd.DataFrame) -> Iterator[Change]:
    """Changes of a table that differs; it has no columns where it is not there."""
    there = [not side.columns.empty for side in (old, new)]
    yield "table", "", "", "present" * there[0], "present" * there[1]
    file = PurePath(name).name
    if not all(there) or file not in COMPARED:
        return
    if file == MATRIX:
        try:
            moved = changes(*(side.astype(dict.fromkeys(COUNTS, int)) for side in (old, new)))
        except ValueError as error:
            must = "must have counts as whole numbers, k of n, and each cell once"
            refuse(name, f"{must}: {error}")
    else:
        for side in (old, new):
            for line in side.loc[side.duplicated(LINE), LINE]:
                refuse(name, f"must have each {LINE} once: {line!r} stands twice")
        # A line that one side lacks has no benefit there.
        moved = old.merge(new, on=LINE, how="outer", suffixes=("_before", "")).fillna("")
    key, columns = COMPARED[file]
    for row in moved.to_dict("records"):
        for column in columns:
            was, now = str(row[f"{column}_before"]), str(row[column])
            if was != now:
                kind = "verdict" if column in ("verdict", "benefit") else "count"
                yield kind, ", ".join(row[part] for part in key), column, was, now


@contextmanager
def last_committed() -> Iterator[Path]:
    """Take the results of the last commit out of git, into a folder that goes again.

    Raises
    ------
    DataError
        Where git has no commit, or no results in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "results.zip"
        try:
            git(paths.HOME, "archive", f"--output={packed}", "HEAD", "results")
        except (OSError, subprocess.CalledProcessError) as error:
            said = " ".join(getattr(error, "stderr", str(error)).split())
            refuse("results", f"git has none of a last commit: {said}; name two folders instead")
        shutil.unpack_archive(packed, folder)
        yield Path(folder) / "results"


def to_text(moved: pd.DataFrame, everything: bool = False) -> str:
    """Write the changes for reading.

    Parameters
    ----------
    moved : DataFrame
        As `compare` gives them.
    everything : bool
        Also each rule and count that moved, and the names of the tables that differ.

    Returns
    -------
    str
        Each verdict that moved and each line whose benefit moved, those of patients before
        synthetic ones; then how much else did.
    """
    if moved.empty:
        return (
            "Nothing changed: every table is the same.\n"
            "Compared were results as make report last made them, without what was added since.\n"
        )
    verdicts, counts, tables = (moved[moved["kind"] == kind] for kind in KINDS)
    lines = []
    for made_up, heading in (("", "Verdicts that moved"), ("yes", "Synthetic verdicts that moved")):
        rows = verdicts[verdicts["synthetic"] == made_up]
        lines += [f"{heading}: {len(rows) or 'none'}", *map(_said, rows.to_dict("records"))]
    gone = tables.loc[tables["old"] != tables["new"], "table"]
    if len(gone):
        lines.append(f"In one of the two only, so not compared: {', '.join(gone)}")
    if everything:
        lines.append(f"Rules and counts that moved: {len(counts)}")
        lines += map(_said, counts.to_dict("records"))
        lines.append(f"Tables that differ: {', '.join(tables['table'])}")
    else:
        said = f"{len(counts)} rules and counts of cells; {len(tables)} tables differ"
        lines.append(f"Also changed: {said}.")
        lines.append("Each of them: --all. As a table: --format csv or json.")
    return "\n".join(map(printable, lines)) + "\n"


def _said(change: Mapping[Any, str]) -> str:
    cohort = change["table"].partition("/")[0]
    column = "" if change["column"] == "verdict" else f", {change['column']}"
    old, new = (change[side] or "blank" for side in ("old", "new"))
    return f"  {cohort}: {change['row']}{column}: {old} -> {new}"


def to_csv(moved: pd.DataFrame) -> str:
    """Write a row for each change; no cell is a formula."""
    return moved.map(spreadsheet_cell).to_csv(index=False, lineterminator="\n")


def to_json(moved: pd.DataFrame) -> str:
    """Write a list of objects with the keys of `COLUMNS`."""
    return json.dumps(moved.to_dict("records"), ensure_ascii=False, indent=1) + "\n"
