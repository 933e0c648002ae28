"""Figure of the chapter on uncertainty: pooled estimates."""

import matplotlib.pyplot as plt
import pandas as pd

from alkpool import style
from alkpool.figures.forest import FEWEST, percent_rows
from alkpool.figures.matrix import wrapped
from alkpool.robustness.uncertainty import intervals
from alkpool.style import Drawing


def shrinkage(table: pd.DataFrame, fewest: int = FEWEST) -> Drawing:
    """How raw proportions move to pooled estimates, one row for each cell.

    Parameters
    ----------
    table : DataFrame
        ``profile, inhibitor, benefit_k, benefit_n``; ``sensitivity, sensitivity_low,
        sensitivity_high`` (raw, Wilson) and ``pooled, pooled_low, pooled_high``; first on top.
    fewest : int
        Rows of fewer decided lines are not drawn; where there is no other, all are said.
    """
    if table.empty:
        return Drawing(None, "No combination has a decided line: there is nothing to pool.")
    if table["benefit_n"].max() < fewest:
        each = "; ".join(
            f"{row.profile}, {row.inhibitor}: {style.fraction(row.benefit_k, row.benefit_n)}, "
            f"pooled {pooled}"
            for row, pooled in zip(style.rows(table), intervals(table), strict=True)
        )
        return Drawing(
            None, f"No combination has {fewest} decided lines, which a figure would need. {each}."
        )
    table = table[table["benefit_n"] >= fewest]
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.9 + 0.27 * len(table)))
    pairs = [wrapped(f"{row.profile}, {row.inhibitor}") for row in style.rows(table)]
    counts = (f"{row.benefit_k}/{row.benefit_n}" for row in style.rows(table))
    places = percent_rows(ax, pairs, counts, "benefit, 95% intervals")
    names = ["sensitivity", "sensitivity_low", "sensitivity_high",
             "pooled", "pooled_low", "pooled_high"]  # fmt: skip
    raw, raw_low, raw_high, pooled, low, high = table[names].to_numpy(dtype=float).T * 100
    ax.hlines(places + 0.16, raw_low, raw_high, color=style.MUTED, linewidth=style.MEDIUM)
    ax.hlines(places - 0.16, low, high, color=style.ACCENT, linewidth=style.THICK)
    ax.plot([raw, pooled], [places + 0.16, places - 0.16], color=style.MUTED,
            linewidth=style.MEDIUM)  # fmt: skip
    ax.plot(raw, places + 0.16, "o", color=style.PAPER, markeredgecolor=style.INK,
            markersize=style.MARK - 1, markeredgewidth=style.MEDIUM, linestyle="", clip_on=False,
            zorder=4, label="raw, Wilson interval")  # fmt: skip
    ax.plot(pooled, places - 0.16, "D", color=style.ACCENT, markersize=style.MARK - 1.5,
            linestyle="", clip_on=False, zorder=4, label="pooled, credible interval")  # fmt: skip
    ax.grid(axis="x")
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2, borderaxespad=0.2)
    moved = (table["pooled"] - table["sensitivity"]).abs() * 100
    return Drawing(
        figure,
        f"Raw and pooled estimates of {style.counted(len(table), 'combination')}. The pooled "
        f"estimates lie between {table['pooled'].min():.0%} and {table['pooled'].max():.0%}; the "
        f"raw ones move by {moved.mean():.0f} points on average and by at most {moved.max():.0f}.",
    )
