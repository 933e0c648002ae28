"""Forest plot of published groups."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from alkpool.figures.charts import COLUMN, INHIBITOR_COLOURS, INK, MARK, MUTED, SMALL, THICK, THIN
from alkpool.vocabulary import CountOrigin, Endpoint


def group_forest(rows: pd.DataFrame) -> Figure:
    """Draw published outcomes by inhibitor and mutation, with base rates below in grey.

    Parameters
    ----------
    rows : DataFrame
        From `alkpool.analysis.groups.outcomes_by_mutation`, first on top.
    """
    lines = list(_lines(rows))
    figure, ax = plt.subplots(figsize=(COLUMN, 0.9 + 0.23 * max(len(lines), 1)))
    for place, (label, row) in zip(range(len(lines))[::-1], lines, strict=True):
        if row is None:
            ax.text(-2, place, label, ha="right", va="center", fontsize=SMALL, weight="bold")
            continue
        ax.text(-2, place, label, ha="right", va="center", fontsize=SMALL)
        base = row["kind"] == "base rate"
        tint = MUTED if base else INHIBITOR_COLOURS.get(row["inhibitor"], INK)
        if np.isnan(row["share"]):
            ax.plot(row["percent"], place, "x", color=tint, markersize=MARK)
            said = f"{row['percent']:g}% printed, no count"
        else:
            low, middle, high = (100 * row[name] for name in ("low", "share", "high"))
            ax.plot([low, high], [place, place], color=tint, linewidth=THICK, solid_capstyle="butt")
            printed = row["k_origin"] == CountOrigin.PRINTED
            ax.plot(middle, place, "s" if base else "o", color=tint, markersize=MARK,
                    markerfacecolor=tint if printed else "white", markeredgecolor=tint,
                    markeredgewidth=2 * THIN, zorder=4)  # fmt: skip
            said = f"{row['k']}/{row['n']}"
        if row["endpoint"] == Endpoint.BENEFIT:
            said += " (clinical benefit)"
        ax.text(103, place, said, va="center", fontsize=SMALL)
    ax.set(xlim=(0, 100), ylim=(-0.6, max(len(lines), 1) - 0.4), yticks=[])
    ax.set_xlabel("responded, or had clinical benefit where said (95% Wilson interval)")
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    handles = [
        Line2D([], [], marker="o", color=INK, label="group with a mutation, count printed"),
        Line2D([], [], marker="o", color=INK, markerfacecolor="white",
               label="count implied by a percentage or an interval"),
        Line2D([], [], marker="x", linestyle="", color=INK, label="percentage only"),
        Line2D([], [], marker="s", color=MUTED, label="base rate, not selected by mutation"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _lines(rows: pd.DataFrame) -> Iterator[tuple[str, pd.Series | None]]:
    """Label and row of each line of the figure; a heading for each inhibitor has no row."""
    before = ""
    for _, row in rows.iterrows():
        if row["inhibitor"] != before:
            before = row["inhibitor"]
            yield before, None
        group = "all" if row["kind"] == "base rate" else row["mutations"].replace(";", " or ")
        if row["relation"] == "contains" and ";" not in row["mutations"]:
            group += " (alone or with others)"
        yield f"{group}, after {row['after'].replace(';', ', ')} · {row['source']}", row


def group_words(rows: pd.DataFrame) -> str:
    """Say the figure in words, for those who cannot see it."""
    return "; ".join(
        f"{row['inhibitor']}, {str(row['mutations']).replace(';', ' or ')}, after "
        f"{str(row['after']).replace(';', ', ')}: "
        + (f"{row['k']} of {row['n']}" if pd.notna(row["k"]) else f"{row['percent']:g}%, no count")
        for _, row in rows.iterrows()
    )
