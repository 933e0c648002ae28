"""Figures of the multiverse: specification curve and stability map."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from alkpool import style
from alkpool.figures.matrix import Cell, Matrix, drawn, verdict_cell
from alkpool.robustness.choices import Choice, Universe
from alkpool.robustness.multiverse import NO_SAMPLE, VERDICTS, Curve
from alkpool.style import Drawing
from alkpool.vocabulary import Verdict

COLUMNS = 50
ROW, CURVE = 0.155, 1.7


def level_name(level: object) -> str:
    """How figures and tables call a level of a choice."""
    if isinstance(level, float) and level < 1:
        return f"{level:.0%}"
    return f"{level:g}" if isinstance(level, int | float) else str(level)


def written(value: float, unit: str) -> str:
    """Answer of a universe as text, by its unit: cells, share or difference.

    Examples
    --------
    >>> written(0.71, "share"), written(-0.2, "difference"), written(3, "cells")
    ('71%', '-20 points', '3')
    """
    if np.isnan(value):
        return "not known"
    if unit == "cells":
        return f"{value:.0f}"
    return f"{value * 100:+.0f} points" if unit == "difference" else f"{value:.0%}"


def specification_curve(
    curve: Curve, choices: Sequence[Choice], default: Universe, *, label: str, unit: str
) -> Drawing:
    """Answers in all universes, in order, above the levels that give them.

    Parameters
    ----------
    curve : Curve
        From `alkpool.robustness.multiverse.Multiverse.curve`.
    choices : sequence of Choice
        Those to show, in the order of the rows.
    default : Universe
        Whose levels are bold.
    label : str
        What the answer is.
    unit : {"cells", "share", "difference"}
        Of the answer.
    """
    if not curve.universes:
        return Drawing(None, f"{label}: it cannot be computed in any universe.")
    lowest, highest = (written(value, unit) for value in curve.steps["value"].iloc[[0, -1]])
    if len(curve.steps) == 1:
        return Drawing(None, f"{label}: {lowest} in every universe.")
    inner = " to ".join(written(curve.quantile(share), unit) for share in (0.05, 0.95))
    alt = (
        f"{label}: {lowest} to {highest}, {written(curve.default, unit)} at the default; {inner} "
        "without the lowest and the highest 5% of the universes. Choices below it, the strongest "
        f"first: {', '.join(choice.label for choice in choices)}."
    )
    rows = [(choice, place) for choice in choices for place in range(len(choice.levels))]
    heights = [CURVE, ROW * len(rows) + 0.1 * len(choices)]
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(style.COLUMN, sum(heights) + 0.5), height_ratios=heights, sharex=True
    )
    _draw_curve(above, curve, 1 if unit == "cells" else 100)
    above.set_ylabel(
        {"cells": "cells", "share": "benefit rate", "difference": "difference"}[unit],
        fontsize=style.SMALL,
    )
    above.yaxis.set_major_formatter("{x:g}" if unit == "cells" else "{x:.0f}%")
    _draw_levels(below, curve, choices, default)
    below.set_xlabel(
        f"{curve.universes:,} universes in the order of the answer", fontsize=style.SMALL
    )
    return Drawing(figure, alt)


def _draw_curve(ax: Axes, curve: Curve, scale: float) -> None:
    steps = curve.steps
    edges = _edges(curve)
    # A step goes on to its right edge.
    along = np.repeat(edges, 2)[1:-1]
    drawn = {name: np.repeat(scale * steps[name], 2) for name in ("value", "low", "high")}
    if steps["low"].notna().any():
        ax.fill_between(along, drawn["low"], drawn["high"], color=style.RULE_LINE, linewidth=0,
                        label="widest 95% interval")  # fmt: skip
    ax.plot(along, drawn["value"], color=style.ACCENT, linewidth=style.THICK, label="answer")
    ax.axhline(scale * curve.default, color=style.WARNING, linewidth=style.MEDIUM, linestyle="--",
               label="at the default")  # fmt: skip
    ax.set(xlim=(0, 100))
    ax.grid(axis="y")
    ax.tick_params(axis="y", labelsize=style.SMALL)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, borderaxespad=0.2)


def _edges(curve: Curve) -> np.ndarray:
    """Where each step begins and ends, in percent of the universes."""
    upto = np.concatenate([[0], curve.steps["universes"].cumsum()])
    return 100 * upto / curve.universes


def _draw_levels(ax: Axes, curve: Curve, choices: Sequence[Choice], default: Universe) -> None:
    columns = np.linspace(0, 100, COLUMNS + 1)
    shade = LinearSegmentedColormap.from_list("often", [style.PAPER, style.ACCENT])
    top = 0.0
    for choice in choices:
        levels = curve.levels[choice.name]
        upto = np.concatenate([np.zeros((len(levels), 1)), levels.cumsum(axis=1)], axis=1)
        within = np.diff([np.interp(columns, _edges(curve), row) for row in upto])
        often = within / within.sum(axis=0)
        ax.pcolormesh(
            columns, top - np.arange(len(levels) + 1), often * len(levels), cmap=shade, vmin=0,
            vmax=2, edgecolors="face", linewidth=0.1,
        )  # fmt: skip
        ax.plot([0, 100], [top, top], color=style.MUTED, linewidth=style.THIN, clip_on=False)
        ax.text(-1.5, top - 0.45, choice.label, ha="right", va="center", fontsize=style.DENSE,
                color=style.MUTED)  # fmt: skip
        for place, level in enumerate(choice.levels):
            weight = "bold" if level == getattr(default, choice.name) else "normal"
            ax.text(100.6, top - place - 0.5, level_name(level), va="center",
                    fontsize=style.DENSE, weight=weight)  # fmt: skip
        top -= len(levels) + 0.6
    ax.set(ylim=(top + 0.6, 0.1), yticks=[])
    ax.xaxis.set_major_formatter("{x:.0f}%")
    for side in ("left", "right"):
        ax.spines[side].set_visible(False)


def rounded(share: float) -> str:
    """Whole percent that never says all or nothing unless it is."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def stability_map(table: pd.DataFrame) -> Drawing:
    """Share of universes with each verdict, for each profile and inhibitor.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.robustness.multiverse.Multiverse.stability`, the rows to show.
    """
    words, cells = [*map(str, VERDICTS), NO_SAMPLE], {}
    for _, row in table.iterrows():
        shares = (row[words] / row["universes"]).sort_values(ascending=False, kind="stable")
        shares = shares[shares > 0]
        first = str(shares.index[0])
        lines = [f"{_mark(str(name))} {rounded(share)}" for name, share in shares.items()]
        if row["default"] != first:
            lines.append(f"default {_mark(row['default'])}")
        if first == NO_SAMPLE or (first == Verdict.INSUFFICIENT and len(shares) == 1):
            cell = Cell(tuple(lines), kind="empty")
        else:
            cell = verdict_cell(first, "", [rounded(shares.iloc[0]), *lines[1:]])
        cells[row["profile"], row["inhibitor"]] = cell
    same = int((table[words].max(axis=1) == table["universes"]).sum())
    matrix = Matrix(
        list(table["profile"].drop_duplicates()),
        list(table["inhibitor"].drop_duplicates()),
        cells,
        "Share of the universes with each verdict, most frequent first; default: the verdict at "
        f"the default, where it is another; {_mark(NO_SAMPLE)} no sample.",
    )
    alt = (
        "Matrix of profiles by inhibitors with the share of universes for each verdict. Same "
        f"verdict in every universe: {same} of {style.counted(len(table), 'cell')}."
    )
    return drawn(matrix, alt)


def _mark(name: str) -> str:
    return "∅" if name == NO_SAMPLE else style.VERDICT_STYLE[Verdict(name)][2]
