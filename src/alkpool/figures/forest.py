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


def forest(
    table: pd.DataFrame,
    label: str,
    k: str,
    n: str,
    *,
    xlabel: str,
    colours: Sequence[str] | None = None,
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
        What the style.proportion is, with the kind of interval.
    colours : sequence of str, optional
        Colour of each row.
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
    names = [str(name) for name in table[label]]
    seen = table[[k, n, "low", "high"]].itertuples(index=False, name=None)
    said = "; ".join(
        f"{' '.join(name.split())}: {style.proportion(*row)}"
        for name, row in zip(names, seen, strict=True)
    )
    alt = f"{xlabel[:1].upper()}{xlabel[1:]}. {said or 'Nothing was observed'}."
    if table.empty or table[n].max() < fewest:
        return Drawing(None, alt)
    tall = len(table) + sum(name.count("\n") for name in names)
    size = style.COLUMN, 0.65 + 0.06 * len(table) + 0.25 * tall
    figure, ax = plt.subplots(figsize=size)
    counts = (f"{top}/{bottom}" for top, bottom in zip(table[k], table[n], strict=True))
    places = percent_rows(ax, names, counts, xlabel)
    tints = np.array([style.ACCENT] * len(table) if colours is None else colours)
    middle, low, high = table[["share", "low", "high"]].to_numpy(dtype=float).T * 100
    few = (table[n] < fewest).to_numpy()
    ax.hlines(
        places[~few], low[~few], high[~few], colors=tints[~few].tolist(), linewidth=style.THICK
    )
    ax.scatter(middle[~few], places[~few], s=style.MARK**2, c=tints[~few], edgecolors=style.INK,
               linewidths=style.THIN, clip_on=False, zorder=4)  # fmt: skip
    for row in np.flatnonzero(few):
        limits = f"{middle[row]:.0f}%; 95% CI {low[row]:.0f}% to {high[row]:.0f}%"
        words = "nothing observed" if np.isnan(middle[row]) else f"too few for a bar: {limits}"
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
