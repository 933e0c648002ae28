"""Figure of the chapter on clinical actionability: the matrix of verdicts."""

from typing import Any

import pandas as pd

from alkpool import style
from alkpool.analysis.actionability import sure
from alkpool.figures.matrix import Cell, Matrix, drawn, in_order, verdict_cell
from alkpool.style import Drawing


def verdict_matrix(evidence: pd.DataFrame) -> Drawing:
    """Clinical evidence for each profile and inhibitor (paper, Figure 5).

    A cell with a line of treatment or a relapse names verdict and rule; all others have the samples
    of series alone. Profiles with a decided line come first, cells with one have a frame.

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.

    Examples
    --------
    >>> verdict_matrix(evidence).alt  # doctest: +SKIP
    'Matrix of verdicts, 19 profiles by 6 inhibitors: insufficient evidence 112, ...'
    """
    cells = {(row.profile, row.inhibitor): _cell(row) for row in style.rows(evidence)}
    columns = list(evidence["inhibitor"].drop_duplicates())
    counts = {row.profile: row.samples for row in style.rows(evidence)}
    key = (
        "B: lines that helped, of those whose outcome is known; not counted: outcome unknown, or "
        "given with another drug. R: samples with the profile, of all after the inhibitor in "
        "consecutive series; found after: in reported cases, without a denominator. 95% Wilson "
        "intervals. right: probability that the verdict is right, from these counts alone; where "
        "none stands, no other verdict fits them. n: samples with the profile."
    )
    matrix = Matrix(in_order(evidence), columns, cells, key, counts)
    if evidence.empty:
        return drawn(matrix, "No profile to show.")
    treated, found = evidence["benefit_n"] > 0, evidence["found_after"] > 0
    tally = evidence["verdict"].value_counts().items()
    verdicts = ", ".join(f"{name} {count}" for name, count in tally)
    alt = (
        f"Matrix of verdicts, {style.counted(len(matrix.rows), 'profile')} by "
        f"{style.counted(len(columns), 'inhibitor')}: {verdicts}."
        f" Cells with a decided line: {treated.sum()}; with neither a decided line nor a relapse: "
        f"{(~treated & ~found).sum()}."
    )
    return drawn(matrix, alt)


def _cell(row: Any) -> Cell:
    lines, other = [], row.unknown_n + row.combined_n
    if row.benefit_n or other:
        limits = row.sensitivity_low, row.sensitivity_high
        lines += [_share("B", row.benefit_k, row.benefit_n, *limits)]
        lines += [f"{other} not counted"] * bool(other)
    if row.relapse_n:
        lines += [_share("R", row.relapsed, row.relapse_n, row.relapse_low, row.relapse_high)]
    lines += [f"{row.found_after} found after"] * (row.found_after > row.relapsed)
    lines += [f"right {sure(row.verdict_probability)}"] * (row.verdict_probability < 1)
    if not (row.benefit_n or other or row.found_after):
        return Cell(tuple(lines), kind="empty")
    return verdict_cell(row.verdict, row.rule, lines, framed=row.benefit_n > 0)


def _share(name: str, k: int, n: int, low: float, high: float) -> str:
    return f"{name} {k}/{n} ({low * 100:.0f}–{high * 100:.0f}%)" if n else f"{name} 0/0"
