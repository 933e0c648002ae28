"""Figures of the chapter on uncertainty: pooled estimates, probable verdicts."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from alkpool import style
from alkpool.figures.forest import FEWEST, percent_rows
from alkpool.figures.matrix import SHORT, wrapped
from alkpool.robustness.uncertainty import intervals
from alkpool.style import Drawing
from alkpool.vocabulary import Verdict

# A segment narrower than this has no room for its mark.
ROOM = 0.08


def _pairs(table: pd.DataFrame) -> list[str]:
    return [wrapped(f"{row.profile}, {row.inhibitor}") for row in style.rows(table)]


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
    counts = (f"{row.benefit_k}/{row.benefit_n}" for row in style.rows(table))
    places = percent_rows(ax, _pairs(table), counts, "benefit, 95% intervals")
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


def verdict_probabilities(table: pd.DataFrame, by_verdict: pd.DataFrame) -> Drawing:
    """Probability of each verdict, one bar for each cell.

    Parameters
    ----------
    table : DataFrame
        ``profile, inhibitor, verdict, rule, verdict_probability``; first on top.
    by_verdict : DataFrame
        Its rows with a column for each verdict.
    """
    if table.empty:
        return Drawing(None, "Every verdict is insufficient by its counts, which is certain.")
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.95 + 0.24 * len(table)))
    given = (f"{style.VERDICT_STYLE[Verdict(row.verdict)][2]} {row.rule}"
             for row in style.rows(table))  # fmt: skip
    xlabel = "probability of each verdict; right: verdict and rule given"
    places = percent_rows(ax, _pairs(table), given, xlabel)
    left = np.zeros(len(table))
    for verdict in Verdict:
        face, _, mark = style.VERDICT_STYLE[verdict]
        wide = by_verdict[str(verdict)].to_numpy()
        ax.barh(places, wide * 100, left=left * 100, height=0.78, color=face, edgecolor=style.PAPER,
                linewidth=style.MEDIUM)  # fmt: skip
        for place, start, width, ruled in zip(places, left, wide, table["verdict"], strict=True):
            if width >= ROOM:
                ax.text((start + width / 2) * 100, place, mark, ha="center", va="center",
                        fontsize=style.SMALL, color=style.ink_on(face),
                        weight="bold" if ruled == verdict else "normal")  # fmt: skip
        left += wide
    handles = [
        Patch(facecolor=face, edgecolor=style.MUTED, label=f"{mark} {SHORT[verdict]}")
        for verdict, (face, _, mark) in style.VERDICT_STYLE.items()
    ]
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.4, 1), ncols=3, borderaxespad=0.2
    )
    return Drawing(
        figure,
        f"Stacked bars of verdict probabilities of {style.counted(len(table), 'combination')}; the "
        f"verdict given has a probability from {table['verdict_probability'].min():.0%} to "
        f"{table['verdict_probability'].max():.0%}.",
    )
