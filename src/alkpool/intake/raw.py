"""Raw facts as they were read, the tables they become, and the decisions made on them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from alkpool.data.reader import Table, cell_problems, flagged, read_text
from alkpool.data.tables import COHORT_TABLES, rule_problems
from alkpool.files import yaml_beside
from alkpool.problems import Problem, refuse_any

DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("table", "record", "field", "value", "reason")

# What must hold in a row of decisions, on cells of tables and on notes.
RULES: dict[str, list[dict[str, str]]] = yaml_beside(__file__)

# Lists what does not fit in and between tables, by name, of a folder that messages name so.
Relations = Callable[[Mapping[str, pd.DataFrame], str], Iterable[Problem]]


def read_raw(path: Path) -> pd.DataFrame:
    """Read a file of raw facts as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def put_together(
    folder: Path, tables: Sequence[Table], relations: Relations = lambda _frames, _label: ()
) -> list[tuple[Table, pd.DataFrame]]:
    """Put tables together of which each folder in a folder has a part, in their form.

    Parameters
    ----------
    folder : Path
        Has a folder for each search, and for what was added since; one without a file of a table
        has no row of it.
    tables : sequence of Table
        Their files are looked for.
    relations : callable
        Gets the tables by name, cells as text, and how messages name the folder; lists what does
        not fit in and between them.

    Returns
    -------
    list of (Table, DataFrame)
        Cells as text.

    Raises
    ------
    DataError
        With every problem: file of the part, row, column, value and what is allowed.
    """
    frames: dict[str, pd.DataFrame] = {}
    origin: dict[str, list[tuple[str, int]]] = {}
    wanted = ", ".join(table.file for table in tables)
    problems = [
        Problem(f"{folder.name}/{part.name}", None, "", "", f"must hold {wanted}, or one of them")
        for part in folder.glob("[!.]*/")
        if not any((part / table.file).exists() for table in tables)
    ]
    found: list[Problem] = []
    for table in tables:
        label = f"{folder.name}/{table.file}"
        files = sorted(folder.glob(f"*/{table.file}"), key=_searches_first)
        sheets = [
            read_text(file, table, file.relative_to(folder.parent).as_posix()) for file in files
        ]
        if not sheets:
            must = f"has {table.file} in none of its folders: must be in one at least"
            problems.append(Problem(folder.name, None, "", "", must))
            continue
        problems += [problem for sheet in sheets for problem in sheet.problems]
        rows = pd.concat({sheet.label: sheet.cells for sheet in sheets})
        origin[label] = rows.index.to_list()
        frames[table.name] = rows.reset_index(drop=True)
        found += cell_problems(frames[table.name], table, label)
    if not problems:
        found += relations(frames, folder.name)
    for problem in found:
        file, row = origin[problem.file][(problem.row or 0) - 2]
        problems.append(replace(problem, file=file, row=row + 2))
    refuse_any(problems)
    return [(table, frames[table.name]) for table in tables]


def _searches_first(file: Path) -> tuple[bool, str]:
    """Order parts so that of two rows with one key that of the search stands first."""
    return not file.parent.name.endswith("_search"), file.parent.name


def in_order(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a table, its rows sorted by key."""
    return frame[table.columns].sort_values(list(table.key), ignore_index=True)


def read_decisions(path: Path) -> pd.DataFrame:
    """Read a file of decisions on cells of a cohort.

    Parameters
    ----------
    path : Path
        CSV file with the columns ``table, record, field, value, reason``.

    Raises
    ------
    DataError
        Where the columns differ or a decision names another table.
    """
    frame = read_raw(path)
    label = f"{path.parent.name}/{path.name}"
    if tuple(frame.columns) != DECISION_COLUMNS:
        found, wanted = ", ".join(frame.columns), ", ".join(DECISION_COLUMNS)
        refuse_any([Problem(label, 1, "", found, f"the columns must be {wanted}")])
    known = [table.name for table in COHORT_TABLES]
    strange, allowed = ~frame["table"].isin(known), f"must be one of {', '.join(known)}"
    refuse_any(flagged(frame, strange, "table", label, allowed))
    return frame


def decide(frame: pd.DataFrame, table: Table, decisions: pd.DataFrame) -> pd.DataFrame:
    """Put the decisions on one table into its cells.

    Parameters
    ----------
    frame : DataFrame
        Mechanically built table, cells as text.
    table : Table
        Its schema.
    decisions : DataFrame
        From `read_decisions`; those on other tables are left alone.

    Returns
    -------
    DataFrame
        The table with the decided cells.

    Raises
    ------
    DataError
        Where a decision names no record or column of the table, or its key, changes nothing,
        has no reason, or where two decide the same cell.
    """
    (key,) = table.key
    again = frame.loc[frame[key].duplicated(), key]
    refuse_any(Problem(table.file, None, key, name, "stands twice") for name in again)
    decided = frame.set_index(key, drop=False)
    mine = decisions[decisions["table"] == table.name]
    fields = [name for name in table.columns if name != key]
    known, named = mine["record"].isin(decided.index), mine["field"].isin(fields)
    cells = mine.loc[known & named, ["record", "field", "value"]]
    as_it_is = [decided.at[record, field] == value for record, field, value in cells.to_numpy()]
    told = mine.assign(
        known=known, named=named, key=key, file=table.file, fields=", ".join(fields),
        again=mine.duplicated(["record", "field"]),
        as_it_is=mine.index.isin(cells.index[as_it_is]),
    )  # fmt: skip
    refuse_any(rule_problems(RULES["cells"], told, DECISIONS))
    for record, field, value in cells.to_numpy():
        decided.at[record, field] = value
    return decided.reset_index(drop=True)
