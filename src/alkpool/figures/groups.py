"""Figure of the chapter on published groups: a forest plot beside base rates."""

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
    rows = rows.assign(
        after=rows["after"].str.replace(";", ", "),
        group=rows["mutations"].str.replace(";", " or "),
    )
    # Above the first row of an inhibitor stands its name.
    first = (rows["inhibitor"] != rows["inhibitor"].shift()).to_numpy()
    tall = len(rows) + first.sum()
    places = tall - 1 - np.arange(len(rows)) - first.cumsum()
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.9 + 0.31 * tall))
    for place, heads, (_, row) in zip(places, first, rows.iterrows(), strict=True):
        if heads:
            ax.text(-2, place + 1, row["inhibitor"], ha="right", va="center", weight="bold",
                    fontsize=style.SMALL)  # fmt: skip
        ax.text(-2, place, _label(row), ha="right", va="center", fontsize=style.SMALL)
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
    ax.set(xlim=(0, 100), ylim=(-0.6, tall - 0.4), yticks=[])
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


def _label(row: pd.Series) -> str:
    group = "all" if row["kind"] == "base rate" else row["group"]
    if row["relation"] == "contains" and ";" not in row["mutations"]:
        group += " (alone or with others)"
    return f"{group}\nafter {row['after']} · {row['source']}"


def _words(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['inhibitor']}, {row['group']}, after {row['after']}: "
        + (f"{row['k']} of {row['n']}" if pd.notna(row["k"]) else f"{row['percent']:g}%, no count")
        for _, row in rows.iterrows()
    )
