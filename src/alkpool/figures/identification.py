"""What the printed numbers leave open."""

import pandas as pd
from matplotlib.figure import Figure

from alkpool.figures.charts import ACCENT, INK, MARK, MEDIUM, MUTED, SMALL, THICK, matrix_frame
from alkpool.vocabulary import Answer


def range_matrix(limits: pd.DataFrame, draws: pd.DataFrame) -> Figure:
    """Draw what the printed numbers leave open for one measure of the Figure 5 cells.

    Parameters
    ----------
    limits : DataFrame
        ``profile, inhibitor, low, high, low_proven, high_proven``, one row for each cell.
    draws : DataFrame
        ``profile, inhibitor, value``, one row for each cell and drawn cohort.
    """
    profiles = list(limits["profile"].drop_duplicates())
    inhibitors = list(limits["inhibitor"].drop_duplicates())
    height, margin = 0.36, 0.08
    figure, ax, width, corners = matrix_frame(
        profiles, inhibitors, left=1.0, height=height, below=0.3, emphasised=profiles
    )
    widest = float(limits["high"].max())
    scale = (width - 2 * margin) / widest
    for cell in limits.itertuples():
        x, y = corners[str(cell.profile), str(cell.inhibitor)]
        zero, middle = x + margin, y + 0.11
        values = draws.loc[
            (draws["profile"] == cell.profile) & (draws["inhibitor"] == cell.inhibitor), "value"
        ]
        low, high = float(str(cell.low)), float(str(cell.high))
        ax.plot([zero + low * scale, zero + high * scale], [middle, middle], color=INK,
                linewidth=MEDIUM, marker="|", markersize=MARK)  # fmt: skip
        ax.plot([zero + values.min() * scale, zero + values.max() * scale], [middle, middle],
                color=ACCENT, linewidth=2 * THICK, solid_capstyle="butt")  # fmt: skip
        marks = [
            "" if proven == Answer.YES else "*" for proven in (cell.low_proven, cell.high_proven)
        ]
        label = f"{cell.low}{marks[0]} to {cell.high}{marks[1]}"
        ax.text(zero, y + height - 0.03, label, va="top", fontsize=SMALL)
    key = "thin: limits (* not proven to be reached)   thick: draws"
    ax.text(0, 0.08, f"{key}   each cell from 0 to {widest:g}", fontsize=SMALL, color=MUTED)
    return figure
