"""Figure of the chapter on published groups: a forest plot beside base rates."""

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from alkpool import style
from alkpool.figures.forest import FEWEST
from alkpool.style import Drawing
from alkpool.vocabulary import CountOrigin, Endpoint


def group_forest(rows: pd.DataFrame) -> Drawing:
    """Published outcomes by inhibitor and mutation, with base rates below in grey.

    Parameters
    ----------
    rows : DataFrame
        From `alkpool.analysis.groups.outcomes_by_mutation`, first on top.
    """
    if rows.empty:
        return Drawing(None, "No group was published.")
    lines = list(_lines(rows))
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.9 + 0.31 * len(lines)))
    for place, (label, row) in zip(range(len(lines))[::-1], lines, strict=True):
        if row is None:
            ax.text(-2, place, label, ha="right", va="center", fontsize=style.SMALL, weight="bold")
            continue
        ax.text(-2, place, label, ha="right", va="center", fontsize=style.SMALL)
        base = row["kind"] == "base rate"
        tint = style.MUTED if base else style.INHIBITOR_COLOURS.get(row["inhibitor"], style.INK)
        if np.isnan(row["share"]):
            ax.plot(row["percent"], place, "x", color=tint, markersize=style.MARK)
            said = f"{row['percent']:g}% printed, no count"
        elif row["n"] < FEWEST:
            said = f"{row['k']}/{row['n']} ({100 * row['low']:.0f}–{100 * row['high']:.0f}%)"
        else:
            low, middle, high = (100 * row[name] for name in ("low", "share", "high"))
            ax.plot([low, high], [place] * 2, color=tint, linewidth=style.THICK,
                    solid_capstyle="butt")  # fmt: skip
            printed = row["k_origin"] == CountOrigin.PRINTED
            ax.plot(middle, place, "s" if base else "o", color=tint, markersize=style.MARK,
                    markerfacecolor=tint if printed else "white", markeredgecolor=tint,
                    markeredgewidth=2 * style.THIN, zorder=4)  # fmt: skip
            said = f"{row['k']}/{row['n']}"
        if row["endpoint"] == Endpoint.BENEFIT:
            said += " (clinical benefit)"
        ax.text(103, place, said, va="center", fontsize=style.SMALL)
    ax.set(xlim=(0, 100), ylim=(-0.6, len(lines) - 0.4), yticks=[])
    ax.set_xlabel("responded, or had clinical benefit where said (95% Wilson interval)")
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.grid(axis="x")
    ax.spines["left"].set_visible(False)
    handles = [
        Line2D([], [], marker="o", color=style.INK, label="group with a mutation, count printed"),
        Line2D([], [], marker="o", color=style.INK, markerfacecolor="white",
               label="count from a printed percentage or interval"),
        Line2D([], [], marker="x", linestyle="", color=style.INK, label="percentage only"),
        Line2D([], [], marker="s", color=style.MUTED, label="patients not selected by a mutation"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return Drawing(figure, f"Forest plot. {_words(rows)}.")


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
        yield f"{group}\nafter {row['after'].replace(';', ', ')} · {row['source']}", row


def _words(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['inhibitor']}, {str(row['mutations']).replace(';', ' or ')}, after "
        f"{str(row['after']).replace(';', ', ')}: "
        + (f"{row['k']} of {row['n']}" if pd.notna(row["k"]) else f"{row['percent']:g}%, no count")
        for _, row in rows.iterrows()
    )
