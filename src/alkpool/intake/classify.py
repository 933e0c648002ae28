"""Classify the lines of treatment of a reader's own CSV file (paper, Figure 1)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from alkpool.analysis import benefit
from alkpool.data import spelling, tables
from alkpool.data.reader import cell_problems, flagged, read_sheet
from alkpool.data.tables import TREATMENTS
from alkpool.files import yaml_beside
from alkpool.intake import flatfile
from alkpool.problems import Problem, counted, no_formula, refuse_any
from alkpool.vocabulary import UNKNOWN

COLUMNS = [
    "best_response", "pfs_relation", "pfs_months", "dot_relation", "dot_months", "status",
]  # fmt: skip
_SAYS: Mapping[str, str] = yaml_beside(__file__)


def _censored(cells: pd.DataFrame, label: str) -> Iterator[Problem]:
    """Name a column of events where a number of months has no sign: it may be a bound."""
    plain = cells["pfs_months"].str.fullmatch("[0-9.,]+") & (cells["pfs_relation"] == "")
    for name in map(str, cells if plain.any() else ()):
        if re.search(_SAYS["events"], name, re.IGNORECASE):
            yield Problem(label, 1, name, "", _SAYS["censored"])


def classified(source: Path, label: str, rule: benefit.BenefitRule) -> tuple[str, tuple[str, ...]]:
    """Read a file of lines, and give it back with ``benefit`` and ``rule``.

    Parameters
    ----------
    source, label : Path, str
        CSV file with at least `COLUMNS`, and how messages name it.
    rule : BenefitRule
        Thresholds.

    Returns
    -------
    str, tuple of str
        CSV with all columns of the file, the two added; and notes on how it was read.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    table = TREATMENTS.part(COLUMNS)
    sheet = read_sheet(source, label, TREATMENTS.columns, COLUMNS)
    cells, problems = flatfile.without_remarks(sheet.cells, label, COLUMNS)
    silent = (cells[COLUMNS] == "").all(axis="columns")
    problems += flagged(cells, silent, COLUMNS[0], label, _SAYS["silent"])
    problems += _censored(cells, label)
    sheet = replace(sheet, cells=cells[~silent])
    stated = {name: sheet.cells[name].replace("", UNKNOWN) for name in ("best_response", "status")}
    sheet = sheet.taken_for(spelling.with_signs(sheet.cells.assign(**stated)))
    sheet = sheet.spelled(table.schema.columns)
    cells = sheet.cells
    rules = [rule for rule in tables.RULES["treatments"] if rule["column"] in COLUMNS]
    problems += cell_problems(cells[COLUMNS], table, label)
    taken = [name for name in ("benefit", "rule") if name in cells]
    problems += (Problem(label, 1, name, "", "the file already has this column") for name in taken)
    unread = {(problem.file, problem.row, problem.column) for problem in problems}
    refuse_any([*problems, *tables.rule_problems(rules, cells, label, unread)])
    classes = benefit.classify(cells[COLUMNS].replace("", None), rule)
    notes = sheet.read_as
    if "monotherapy" in cells:
        # A blank cell says nothing of another drug.
        alone = cells[["monotherapy"]].replace("", UNKNOWN)
        told = spelling.spelled(alone, TREATMENTS.schema.columns)
        if others := len(told) - len(benefit.evaluable(told, rule)):
            notes += (
                f"{others} of {counted(len(cells), 'line')} are no monotherapy; the book leaves "
                "them out, and lines of patients who are not included",
            )
    judged = cells.assign(benefit=classes["benefit"], rule=classes["rule"])
    safe = judged.rename(columns=no_formula).map(no_formula)
    return safe.to_csv(index=False, lineterminator="\n"), notes
