"""Figure of the chapter on evidence over time: the verdicts by year."""

from typing import Any

import pandas as pd

from alkpool import style
from alkpool.analysis.timeline import CELL
from alkpool.figures.matrix import Matrix, drawn, verdict_cell
from alkpool.style import Drawing
from alkpool.vocabulary import Verdict


def telling(evidence: pd.DataFrame, most: int) -> pd.DataFrame:
    """Pick the cells with a decided line, or ever a verdict other than insufficient evidence.

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.timeline.over_time`.
    most : int
        At most so many cells: those with most decided lines, then most samples found after it.

    Returns
    -------
    DataFrame
        Their rows of ``evidence``, in the order of the matrix.
    """
    decided = (evidence["benefit_n"] > 0) | (evidence["verdict"] != Verdict.INSUFFICIENT)
    cells = evidence[decided].groupby(CELL, sort=False)[["benefit_n", "found_after"]].max()
    chosen = cells.sort_values(["benefit_n", "found_after"], ascending=False, kind="stable").index
    kept = pd.MultiIndex.from_frame(evidence[CELL]).isin(chosen[:most])
    return evidence[kept].reset_index(drop=True)


def verdicts_by_year(evidence: pd.DataFrame) -> Drawing:
    """Verdict of cells at the end of each year, with their counts.

    Parameters
    ----------
    evidence : DataFrame
        From `telling`. A cell is blank until its profile had been published.
    """
    last = evidence[evidence["year"] == evidence["year"].max()]
    cells = {
        (f"{row.profile}\n{row.inhibitor}", str(row.year)): verdict_cell(
            row.verdict, "",
            (f"B {row.benefit_k}/{row.benefit_n}", _found(row)),
            framed=row.benefit_n > 0,
        )
        for row in style.rows(evidence)
    }  # fmt: skip
    matrix = Matrix(
        [f"{row.profile}\n{row.inhibitor}" for row in style.rows(last)],
        [str(year) for year in sorted(evidence["year"].unique())],
        cells,
        "B: benefit / decided lines. R: relapsed / consecutive samples after the inhibitor; where "
        "there are none, samples found after it.",
    )
    if evidence.empty:
        return drawn(
            matrix, "No profile and inhibitor had a decided line or a verdict in any year."
        )
    said = "; ".join(
        f"{row.inhibitor} with {row.profile} {row.verdict}, benefit "
        f"{row.benefit_k}/{row.benefit_n}, {_found(row)}"
        for row in style.rows(last)
    )
    return drawn(matrix, f"Matrix of verdicts by year. In {last['year'].iloc[0]}: {said}.")


def _found(row: Any) -> str:
    """Samples after the inhibitor: of a series a share, else how many were found."""
    return f"R {row.relapsed}/{row.relapse_n}" if row.relapse_n else f"{row.found_after} found"
