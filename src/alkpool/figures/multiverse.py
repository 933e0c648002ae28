"""Figures of the multiverse: specification curve and stability map."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from alkpool import style
from alkpool.figures.matrix import Cell, Matrix, drawn, verdict_cell
from alkpool.robustness.choices import Choice
from alkpool.robustness.multiverse import NO_SAMPLE, WORDS
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
    values: pd.Series,
    universes: pd.DataFrame,
    choices: Sequence[Choice],
    *,
    label: str,
    unit: str,
) -> Drawing:
    """Answers of universes, in order, above the levels that give them.

    Parameters
    ----------
    values : Series
        The answer in each universe, of `alkpool.robustness.multiverse.Answers.values`.
    universes : DataFrame
        Their choices; the first is the default, whose levels are bold.
    choices : sequence of Choice
        Those to show, in the order of the rows.
    label : str
        What the answer is.
    unit : {"cells", "share", "difference"}
        Of the answer.
    """
    values, number = values.dropna().sort_values(), f"{values.count():,} universes"
    if values.empty:
        return Drawing(None, f"{label}: it cannot be computed in any of the universes.")
    lowest, highest = (written(value, unit) for value in (values.min(), values.max()))
    if values.nunique() == 1:
        return Drawing(None, f"{label}: {lowest} in each of {number}.")
    usual = values.get(universes.index[0], np.nan)
    inner = values.quantile([0.05, 0.95], interpolation="lower")
    alt = (
        f"{label}: {lowest} to {highest} in {number}, {written(usual, unit)} at the default; "
        f"{' to '.join(written(value, unit) for value in inner)} without the lowest and the "
        "highest 5% of the universes. Choices below it, the strongest first: "
        f"{', '.join(choice.label for choice in choices)}."
    )
    heights = [CURVE, ROW * sum(len(choice.levels) for choice in choices)]
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(style.COLUMN, sum(heights) + 0.5), height_ratios=heights, sharex=True
    )
    scale = 1 if unit == "cells" else 100
    along = np.linspace(0, 100, len(values))
    above.plot(along, scale * values, color=style.ACCENT, linewidth=style.THICK, label="answer")
    above.axhline(scale * usual, color=style.WARNING, linewidth=style.MEDIUM, linestyle="--",
                  label="at the default")  # fmt: skip
    above.set(xlim=(0, 100))
    names = {"cells": "cells", "share": "benefit rate", "difference": "difference"}
    above.set_ylabel(names[unit], fontsize=style.SMALL)
    above.yaxis.set_major_formatter("{x:g}" if unit == "cells" else "{x:.0f}%")
    above.grid(axis="y")
    above.tick_params(axis="y", labelsize=style.SMALL)
    above.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, borderaxespad=0.2)
    _draw_levels(below, values, universes, choices)
    below.set_xlabel(f"{number} in the order of the answer", fontsize=style.SMALL)
    return Drawing(figure, alt)


def _draw_levels(
    ax: Axes, values: pd.Series, universes: pd.DataFrame, choices: Sequence[Choice]
) -> None:
    """Draw a row for each level: the darker, the more universes of a column have it."""
    columns = min(COLUMNS, len(values))
    column = np.arange(len(values)) * columns // len(values)
    shade = LinearSegmentedColormap.from_list("often", [style.PAPER, style.ACCENT])
    rows = [(choice, level) for choice in choices for level in choice.levels]
    has = pd.DataFrame({at: universes[c.name] == level for at, (c, level) in enumerate(rows)})
    # Universes of one value have no order among them.
    often = has.loc[values.index].groupby(values).transform("mean").groupby(column).mean()
    often *= [len(choice.levels) for choice, _ in rows]
    ax.pcolormesh(
        np.linspace(0, 100, columns + 1), np.arange(len(rows) + 1), often.T, cmap=shade, vmin=0,
        vmax=2, edgecolors="face", linewidth=0.1,
    )  # fmt: skip
    for at, (choice, level) in enumerate(rows):
        if level == choice.levels[0]:
            ax.axhline(at, color=style.PAPER, linewidth=style.THICK)
            ax.text(-1.5, at + 0.5, choice.label, ha="right", va="center", fontsize=style.DENSE,
                    color=style.MUTED)  # fmt: skip
        weight = "bold" if level == universes[choice.name].iloc[0] else "normal"
        ax.text(100.6, at + 0.5, level_name(level), va="center", fontsize=style.DENSE,
                weight=weight)  # fmt: skip
    ax.set(ylim=(len(rows), -0.1), yticks=[])
    ax.xaxis.set_major_formatter("{x:.0f}%")
    for side in ("left", "right"):
        ax.spines[side].set_visible(False)


def rounded(share: float) -> str:
    """Whole percent that never says all or nothing unless it is."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def stability_map(table: pd.DataFrame, few_lines: int) -> Drawing:
    """Share of universes with each verdict, for each profile and inhibitor.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.robustness.multiverse.Multiverse.stability`, the rows to show.
    few_lines : int
        Cells with fewer decided lines in every universe show which verdicts occur, that at the
        default first, and no shares.
    """
    cells = {}
    for _, row in table.iterrows():
        shares = (row[WORDS] / row["universes"]).sort_values(ascending=False, kind="stable")
        told = shares[shares > 0].map(rounded)
        if row["most_n"] < few_lines:
            told = pd.Series({w: "occurs" for w in [row["default"], *WORDS] if row[w]})
        first = str(told.index[0])
        lines = [f"{_mark(str(name))} {what}" for name, what in told.items()]
        if row["default"] != first:
            lines.append(f"default {_mark(row['default'])}")
        if first == NO_SAMPLE or (first == Verdict.INSUFFICIENT and len(told) == 1):
            cell = Cell(tuple(lines), kind="empty")
        else:
            cell = verdict_cell(first, "", [told.iloc[0], *lines[1:]])
        cells[row["profile"], row["inhibitor"]] = cell
    same = int((table[WORDS].max(axis=1) == table["universes"]).sum())
    matrix = Matrix(
        list(table["profile"].drop_duplicates()),
        list(table["inhibitor"].drop_duplicates()),
        cells,
        "Share of the universes with each verdict, most frequent first; default: the verdict at "
        f"the default, where it is another; {_mark(NO_SAMPLE)} no sample. Where no universe has "
        f"{style.counted(few_lines, 'decided line')}: which verdicts occur, that at the default "
        "first.",
    )
    alt = (
        "Matrix of profiles by inhibitors with the share of universes for each verdict, or "
        "with the verdicts that occur where lines are few. Same "
        f"verdict in each of the universes: {same} of {style.counted(len(table), 'cell')}."
    )
    return drawn(matrix, alt)


def _mark(name: str) -> str:
    return "∅" if name == NO_SAMPLE else style.VERDICT_STYLE[Verdict(name)][2]
