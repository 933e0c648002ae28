"""How everything looks: colours, sizes, numbers in text, what a figure is.

``book/_static/alkpool.css`` has the same colours as custom properties (tested). They can be told
apart with every kind of colour blindness (tested by simulation) and are never the only signal:
every class also has a word, a letter or a shape.
"""

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.typing import ColorType

from alkpool import stats
from alkpool.problems import counted as counted
from alkpool.vocabulary import UNKNOWN, Benefit, Verdict

_SETTINGS: Any = mpl.rc_params_from_file(
    Path(__file__).with_name("alkpool.mplstyle"), use_default_template=False
)

# Text, lines and grounds; what has no class of its own is drawn in the accent.
INK: str = _SETTINGS["text.color"]
PAPER: str = _SETTINGS["figure.facecolor"]
MUTED, RULE_LINE = _SETTINGS["axes.edgecolor"], _SETTINGS["grid.color"]
PANEL, ACCENT, WARNING = "#f2f6f7", "#0b5f70", "#6b2c00"

# What speaks for an inhibitor, against it, or for neither; no inhibitor has one of these colours.
FAVOURABLE, UNFAVOURABLE, UNDECIDED = "#0072b2", "#dd7a2e", "#8e9396"

INHIBITOR_COLOURS = {
    "crizotinib": "#e8b83a",
    "ceritinib": "#56b4e9",
    "alectinib": "#38832f",
    "brigatinib": "#aa4499",
    "ensartinib": "#5b3a1e",
    "lorlatinib": "#222255",
    UNKNOWN: "#a3adb1",
}

BENEFIT_COLOURS = {
    Benefit.BENEFIT: FAVOURABLE,
    Benefit.NO_BENEFIT: UNFAVOURABLE,
    Benefit.UNKNOWN: UNDECIDED,
}

# Fill, colour of the words on it, and mark of each verdict.
VERDICT_STYLE: dict[Verdict, tuple[str, str, str]] = {
    Verdict.LIKELY: (FAVOURABLE, PAPER, "++"),
    Verdict.POSSIBLE: ("#93caef", INK, "+"),
    Verdict.NONE: (UNFAVOURABLE, INK, "–"),
    Verdict.CONFLICTING: ("#efd35c", INK, "±"),
    Verdict.INSUFFICIENT: ("#e9eef0", INK, "?"),
}

# Inches: with the frame of the dark theme the column that the book has at 1280 pixels.
COLUMN = 6.8
# Sizes of type, in points: on the screen none is below 11 pixels, which are 8.25 points.
SMALL, DENSE = _SETTINGS["legend.fontsize"], 8.25
THIN, MEDIUM, THICK = 0.6, 0.9, 2.0
MARK = 6.0

# Upper left cell of a matrix on a page; that of a synthetic one says so.
CORNER = '<th scope="col" class="corner"></th>'


# Width and height of a flow chart, in inches.
Point = tuple[float, float]


@dataclass(frozen=True)
class Drawing:
    """A figure with the words for whoever does not see it.

    Attributes
    ----------
    figure : Figure or None
        None where there is nothing to draw: ``alt`` says so, and is shown in its place.
    alt : str
        Alternative text, computed from the data that are drawn.
    html : str
        The same as a table, of text that is escaped: what the page shows, while the figure is for
        print, for enlarging and to take along.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> Drawing(figure, "Three samples after crizotinib.").html
    ''
    """

    figure: Figure | None
    alt: str
    html: str = ""


def use_style() -> None:
    """Set matplotlib up for the book, by ``alkpool.mplstyle``."""
    mpl.rcParams.update(_SETTINGS)
    # Long names may take all the room of a figure: no reason to have no book.
    warnings.filterwarnings("ignore", "constrained_layout not applied", UserWarning)


def ink_on(colour: ColorType) -> str:
    """Text colour that stands out more from a ground (WCAG 2.1 relative luminance).

    Examples
    --------
    >>> ink_on("white") == INK, ink_on("black") == PAPER
    (True, True)
    """
    channels = np.array([to_rgb(shade) for shade in (colour, INK, PAPER)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    ground, dark, light = linear @ [0.2126, 0.7152, 0.0722] + 0.05
    return INK if ground / dark > light / ground else PAPER


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes in inches, without decoration."""
    figure, ax = plt.subplots(figsize=(width, height), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return figure, ax


def box(ax: Axes, centre: Point, size: Point, text: str, face: str = PAPER, **style: Any) -> None:
    """Draw a labelled box of a flow chart; ``face`` is its colour, the rest goes to the text."""
    (x, y), (width, height) = centre, size
    corner = (x - width / 2, y - height / 2)
    edge = {"boxstyle": "round,pad=0,rounding_size=0.06", "edgecolor": MUTED, "linewidth": MEDIUM}
    ax.add_patch(FancyBboxPatch(corner, width, height, facecolor=face, **edge))
    ax.text(x, y, text, ha="center", va="center", color=ink_on(face), fontsize=SMALL, **style)


def arrow(ax: Axes, start: Point, end: Point) -> None:
    """Draw an arrow of a flow chart."""
    look = {"arrowstyle": "-|>", "color": MUTED, "linewidth": MEDIUM, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=look)


def fraction(k: float, n: float) -> str:
    """``k/n (percent; 95% CI low to high)`` with the Wilson interval, or in words that it lacks.

    Examples
    --------
    >>> fraction(5, 7)
    '5/7 (71%; 95% CI 36% to 92%)'
    >>> fraction(0, 0), fraction(float("nan"), 7)
    ('0/0 (nothing observed)', 'count or total not stated')
    """
    if pd.isna(k) or pd.isna(n):
        return "count or total not stated"
    interval = stats.wilson(int(k), int(n))
    return proportion(int(k), int(n), float(interval.low), float(interval.high))


def proportion(k: int, n: int, low: float, high: float) -> str:
    """Count and share as `fraction` writes them, with a given 95% interval.

    Examples
    --------
    >>> proportion(5, 7, 0.29, 0.963)
    '5/7 (71%; 95% CI 29% to 96%)'
    """
    if n == 0:
        return "0/0 (nothing observed)"
    return f"{k}/{n} ({k / n:.0%}; {stats.limits(low, high)})"


def p_value(value: float) -> str:
    """P value as text: three decimals, ``< .001`` below.

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0443)
    ('P < .001', 'P = .044')
    """
    if np.isnan(value):
        return "no P"
    return "P < .001" if value < 0.001 else f"P = {value:.3f}".replace("0.", ".", 1)


def percent(share: float) -> str:
    """Share in whole per cent.

    Examples
    --------
    >>> percent(0.714)
    '71%'
    """
    return f"{share:.0%}"


def listed(items: Iterable[object], nothing: str = "none") -> str:
    """Items with commas, and an *and* before the last.

    Examples
    --------
    >>> listed(["crizotinib", "alectinib", "lorlatinib"]), listed([])
    ('crizotinib, alectinib and lorlatinib', 'none')
    """
    *first, last = map(str, items) if (items := list(items)) else [nothing]
    return f"{', '.join(first)} and {last}" if first else last


def estimate(value: float, low: float, high: float) -> str:
    """Estimate with its interval as text, or that there is none.

    Examples
    --------
    >>> estimate(1.5, 0.8, 2.9), estimate(float("inf"), 3.95, float("inf"))
    ('1.50 (0.80 to 2.90)', 'infinite (3.95 upwards)')
    >>> estimate(float("nan"), float("nan"), float("nan"))
    'not estimable'
    """
    if np.isnan(value):
        return "not estimable"
    estimated = f"{value:.2f}" if np.isfinite(value) else "infinite"
    upper = f"to {high:.2f}" if np.isfinite(high) else "upwards"
    return f"{estimated} ({low:.2f} {upper})"


def verb(number: int, singular: str, plural: str) -> str:
    """Verb that goes with a number.

    Examples
    --------
    >>> verb(1, "rests", "rest"), verb(0, "rests", "rest")
    ('rests', 'rest')
    """
    return singular if number == 1 else plural


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows of a frame as named tuples, of which a type checker does not ask what each cell is."""
    return iter(frame.itertuples())


def named(inhibitor: str) -> str:
    """How figures and sentences call the inhibitor on which a tumour had progressed."""
    return "not named" if inhibitor == UNKNOWN else inhibitor
