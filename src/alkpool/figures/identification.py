"""Figure of the chapter on identification: what the printed numbers leave open."""

import pandas as pd

from alkpool import style
from alkpool.figures.matrix import Matrix, drawn, shaded
from alkpool.style import Drawing
from alkpool.vocabulary import Answer


def range_matrix(limits: pd.DataFrame, draws: pd.DataFrame) -> Drawing:
    """What the printed numbers leave open for one measure of the Figure 5 cells.

    Parameters
    ----------
    limits : DataFrame
        ``profile, inhibitor, low, high, low_proven, high_proven``, one row for each cell.
    draws : DataFrame
        ``profile, inhibitor, value``, one row for each cell and drawn cohort.
    """
    if limits.empty:
        return Drawing(None, "No cell was bounded.")
    seen = draws.groupby(["profile", "inhibitor"])["value"].agg(["min", "max"])
    widest = max(int((limits["high"] - limits["low"]).max()), 1)
    cells = {}
    for row in style.rows(limits):
        low, high = (
            f"{value}{'' if proven == Answer.YES else '*'}"
            for value, proven in ((row.low, row.low_proven), (row.high, row.high_proven))
        )
        drawn_low, drawn_high = seen.loc[(row.profile, row.inhibitor)]
        line = f"{low} to {high} (drawn {drawn_low} to {drawn_high})"
        cells[row.profile, row.inhibitor] = shaded([line], (row.high - row.low) / widest)
    open_cells = int((limits["low"] == 0).sum())
    matrix = Matrix(
        list(limits["profile"].drop_duplicates()),
        list(limits["inhibitor"].drop_duplicates()),
        cells,
        "Limits from the printed numbers (* not proven to be reached), and the range of the drawn "
        "cohorts; the darker, the wider.",
        verdicts=False,
    )
    return drawn(
        matrix,
        f"Matrix of the lowest and highest possible value of {len(limits)} cells: {open_cells} may "
        f"be zero, and the widest leaves {widest + 1} values open.",
    )
