"""Proportions with their intervals, one row each."""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from alkpool import style
from alkpool.style import Drawing

# Of fewer observations a share is written: its interval would cover most of the scale.
FEWEST = 5
NO_COUNT = "no count"


def forest(
    table: pd.DataFrame,
    label: str,
    k: str,
    n: str,
    *,
    xlabel: str,
    colours: Sequence[str] | None = None,
    origin: str | None = None,
    fewest: int = FEWEST,
) -> Drawing:
    """Proportions with their intervals, and the counts beside them.

    Parameters
    ----------
    table : DataFrame
        First row on top; ``share, low, high`` (fractions) beside the columns below.
    label, k, n : str
        Columns with the name of the row, numerator and denominator.
    xlabel : str
        What the proportion is, with the kind of interval.
    colours : sequence of str, optional
        Colour of each row.
    origin : str, optional
        Column with how a count is known, or what is in print where there is none.
    fewest : int
        Rows of fewer observations have words in place of a bar; where all do, nothing is drawn.

    Examples
    --------
    >>> from alkpool import stats
    >>> table = pd.DataFrame({"model": ["Ba/F3"], "k": [5], "n": [7]})
    >>> table = table.join(stats.proportions(table["k"], table["n"]))
    >>> drawing = forest(table, "model", "k", "n", xlabel="agreement (95% Wilson interval)")
    >>> drawing.alt
    'Agreement (95% Wilson interval). Ba/F3: 5/7 (71%; 95% CI 36% to 92%).'
    >>> plt.close(drawing.figure)
    """
    names, known = [str(name) for name in table[label]], table[k].notna()
    origins = list(table[origin]) if origin else [""] * len(table)
    counts = (table[k].astype(str) + "/" + table[n].astype(str)).where(known, "")
    beside = [f"{count}\n{how}".strip() for count, how in zip(counts, origins, strict=True)]
    seen = table[[k, n, "low", "high"]].itertuples(index=False, name=None)
    shares = [style.proportion(*row) if pd.notna(row[0]) else NO_COUNT for row in seen]
    said = "; ".join(
        f"{' '.join(name.split())}: {share}{how and f', {how}'}"
        for name, share, how in zip(names, shares, origins, strict=True)
    )
    alt = f"{xlabel[:1].upper()}{xlabel[1:]}. {said or 'Nothing was observed'}."
    drawn = (known & (table[n] >= fewest)).to_numpy(dtype=bool)
    if not drawn.any():
        return Drawing(None, alt)
    deepest = [max(map(len, map(str.splitlines, pair))) for pair in zip(names, beside, strict=True)]
    size = style.COLUMN, 0.65 + 0.12 * len(table) + 0.14 * sum(deepest)
    figure, ax = plt.subplots(figsize=size)
    places = percent_rows(ax, names, beside, xlabel)
    tints = np.array([style.ACCENT] * len(table) if colours is None else colours)[drawn]
    middle, low, high = table[["share", "low", "high"]].to_numpy(dtype=float).T * 100
    ax.hlines(places[drawn], low[drawn], high[drawn], colors=tints.tolist(), linewidth=style.THICK)
    ax.scatter(middle[drawn], places[drawn], s=style.MARK**2, c=tints, edgecolors=style.INK,
               linewidths=style.THIN, clip_on=False, zorder=4)  # fmt: skip
    nothing = np.where(known, "nothing observed", NO_COUNT)
    for row in np.flatnonzero(~drawn):
        few = f"too few: {middle[row]:.0f}% ({low[row]:.0f}–{high[row]:.0f}%)"
        words = nothing[row] if np.isnan(middle[row]) else few
        ax.text(1, places[row], words, va="center", color=style.MUTED, fontsize=style.SMALL)
    ax.grid(axis="x")
    return Drawing(figure, alt)


def percent_rows(ax: Axes, names: Sequence[str], said: Iterable[str], xlabel: str) -> np.ndarray:
    """Set up rows from 0 to 100%, named on the left, with words on the right; gives their places.

    The first is on top.
    """
    places = np.arange(len(names))[::-1]
    for place, words in zip(places, said, strict=True):
        ax.text(104, place, words, va="center", fontsize=style.SMALL)
    ax.set(xlim=(0, 100), ylim=(-0.6, len(names) - 0.4))
    ax.set_yticks(places, names, fontsize=style.DENSE)
    ax.set_xlabel(xlabel, loc="right", fontsize=style.SMALL)
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.tick_params(axis="y", length=0)
    return places
