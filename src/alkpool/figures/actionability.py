"""Figure of the chapter on clinical actionability: the matrix of verdicts."""

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
    cells = {}
    for row in style.rows(evidence):
        lines, other = [], row.unknown_n + row.combined_n
        if row.benefit_n or other:
            lines += [_share("B", row.benefit_k, row.benefit_n, row.sensitivity_low,
                             row.sensitivity_high)]  # fmt: skip
            lines += [f"{other} not counted"] * bool(other)
        if row.relapse_n:
            lines += [_share("R", row.relapsed, row.relapse_n, row.relapse_low, row.relapse_high)]
        lines += [f"{row.found_after} found after"] * (row.found_after > row.relapsed)
        lines += [f"right {sure(row.verdict_probability)}"] * (row.verdict_probability < 1)
        empty = not (row.benefit_n or other or row.found_after)
        cells[row.profile, row.inhibitor] = (
            Cell(tuple(lines), kind="empty")
            if empty
            else verdict_cell(row.verdict, row.rule, lines, framed=row.benefit_n > 0)
        )
    columns = list(evidence["inhibitor"].drop_duplicates())
    once = evidence.drop_duplicates("profile")
    counts = dict(zip(once["profile"], once["samples"], strict=True))
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
    alt = (
        f"Matrix of verdicts, {len(matrix.rows)} profiles by {len(columns)} inhibitors: "
        f"{_tally(evidence['verdict'])}. Cells with a decided line: {treated.sum()}; with neither "
        f"a decided line nor a relapse: {(~treated & ~found).sum()}."
    )
    return drawn(matrix, alt)


def _share(name: str, k: int, n: int, low: float, high: float) -> str:
    return f"{name} {k}/{n} ({low * 100:.0f}–{high * 100:.0f}%)" if n else f"{name} 0/0"


def _tally(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.value_counts().items())
