"""Figures of the uncertainty chapter."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from alkpool.figures.charts import (
    ACCENT,
    DENSE,
    INK,
    MARK,
    MEDIUM,
    MUTED,
    NARROW,
    PAPER,
    SMALL,
    THICK,
    VERDICT_NAMES,
    VERDICT_STYLE,
    ink_on,
)
from alkpool.stats import Floats
from alkpool.vocabulary import Verdict

# A segment narrower than this has no room for its mark.
ROOM = 0.08


def prior_densities(draws: Mapping[str, Floats]) -> Figure:
    """Draw how the model spreads a probability before any data, against a uniform one.

    Parameters
    ----------
    draws : mapping
        Name of a kind of profile to probabilities of benefit.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 2.3))
    edges = np.linspace(0, 1, 21)
    for (name, values), (colour, style) in zip(
        draws.items(), ((ACCENT, "-"), (INK, ":")), strict=False
    ):
        heights, _ = np.histogram(values, edges, density=True)
        ax.stairs(heights, edges * 100, color=colour, linestyle=style, linewidth=THICK, label=name)
    ax.axhline(1, color=MUTED, linewidth=MEDIUM, linestyle="--", label="uniform")
    ax.set(xlim=(0, 100), ylim=(0, None), ylabel="density")
    ax.set_xlabel("probability of benefit before any data", loc="right", fontsize=SMALL)
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.legend(loc="lower center")
    return figure


def shrinkage(table: pd.DataFrame) -> Figure:
    """Draw how raw proportions move to pooled estimates, one row for each cell.

    Parameters
    ----------
    table : DataFrame
        ``profile, inhibitor, benefit_k, benefit_n``; ``sensitivity, sensitivity_low,
        sensitivity_high`` (raw, Wilson) and ``pooled, pooled_low, pooled_high``; first on top.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 0.9 + 0.27 * len(table)))
    places = np.arange(len(table))[::-1]
    raw, pooled = (
        table[names].to_numpy(dtype=float) * 100
        for names in (["sensitivity", "sensitivity_low", "sensitivity_high"],
                      ["pooled", "pooled_low", "pooled_high"])
    )  # fmt: skip
    ax.hlines(places + 0.16, raw[:, 1], raw[:, 2], color=MUTED, linewidth=MEDIUM)
    ax.hlines(places - 0.16, pooled[:, 1], pooled[:, 2], color=ACCENT, linewidth=THICK)
    for place, start, end in zip(places, raw[:, 0], pooled[:, 0], strict=True):
        ax.plot([start, end], [place + 0.16, place - 0.16], color=MUTED, linewidth=MEDIUM)
    ax.plot(raw[:, 0], places + 0.16, "o", color=PAPER, markeredgecolor=INK, markersize=MARK - 1,
            markeredgewidth=MEDIUM, linestyle="", clip_on=False, zorder=4,
            label="raw, Wilson interval")  # fmt: skip
    ax.plot(pooled[:, 0], places - 0.16, "D", color=ACCENT, markersize=MARK - 1.5, linestyle="",
            clip_on=False, zorder=4, label="pooled, credible interval")  # fmt: skip
    for place, k, n in zip(places, table["benefit_k"], table["benefit_n"], strict=True):
        ax.text(104, place, f"{k}/{n}", va="center", fontsize=SMALL)
    labels = [f"{row.profile}, {row.inhibitor}" for row in table.itertuples()]
    ax.set(xlim=(0, 100), ylim=(-0.7, len(table) - 0.3))
    ax.set_yticks(places, labels, fontsize=DENSE)
    ax.set_xlabel("benefit, 95% intervals", loc="right", fontsize=SMALL)
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2, borderaxespad=0.2)
    return figure


def verdict_probabilities(table: pd.DataFrame, by_verdict: pd.DataFrame) -> Figure:
    """Draw the probability of each verdict, one bar for each cell.

    Parameters
    ----------
    table : DataFrame
        ``profile, inhibitor, verdict, rule``; first on top.
    by_verdict : DataFrame
        Its rows with a column for each verdict.
    """
    figure, ax = plt.subplots(figsize=(NARROW, 0.95 + 0.24 * len(table)))
    places = np.arange(len(table))[::-1]
    left = np.zeros(len(table))
    for verdict in Verdict:
        face, _, mark = VERDICT_STYLE[verdict]
        wide = by_verdict[str(verdict)].to_numpy()
        ax.barh(places, wide * 100, left=left * 100, height=0.78, color=face, edgecolor=PAPER,
                linewidth=MEDIUM)  # fmt: skip
        for place, start, width, given in zip(places, left, wide, table["verdict"], strict=True):
            if width >= ROOM:
                ax.text((start + width / 2) * 100, place, mark, ha="center", va="center",
                        fontsize=SMALL, color=ink_on(face),
                        weight="bold" if given == verdict else "normal")  # fmt: skip
        left += wide
    for place, verdict, rule in zip(places, table["verdict"], table["rule"], strict=True):
        ax.text(104, place, f"{VERDICT_STYLE[Verdict(verdict)][2]} {rule}", va="center",
                fontsize=SMALL)  # fmt: skip
    labels = [f"{row.profile}, {row.inhibitor}" for row in table.itertuples()]
    ax.set(xlim=(0, 100), ylim=(-0.6, len(table) - 0.4))
    ax.set_yticks(places, labels, fontsize=DENSE)
    ax.set_xlabel("probability of each verdict; right: verdict and rule given", loc="right",
                  fontsize=SMALL)  # fmt: skip
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.tick_params(axis="y", length=0)
    handles = [
        Patch(facecolor=face, edgecolor=MUTED, label=f"{mark} {VERDICT_NAMES[verdict]}")
        for verdict, (face, _, mark) in VERDICT_STYLE.items()
    ]
    ax.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.4, 1), ncols=3, borderaxespad=0.2
    )
    return figure
