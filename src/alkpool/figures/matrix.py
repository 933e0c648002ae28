"""Matrices: one table of cells, and two thin renderers, for the page and for print.

A `Cell` says in words what it shows, a `Matrix` holds the cells of its rows and columns, and
`drawn` makes an HTML table and a figure of it. The page shows the table: it can be searched, read
aloud, linked and read on a telephone. The figure is for print and to take along.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import jinja2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from alkpool import style
from alkpool.style import Drawing
from alkpool.vocabulary import Verdict

# What stands in cells for the verdicts; the key has the whole words.
SHORT = {
    Verdict.LIKELY: "likely",
    Verdict.POSSIBLE: "possible",
    Verdict.NONE: "no benefit",
    Verdict.CONFLICTING: "conflicting",
    Verdict.INSUFFICIENT: "insufficient",
}

# In print, where letters may be smaller than on a screen: points, inches for a line of words,
# letters that all columns together have room for, and most columns with the names of classes.
LETTERS, LINE, LETTERS_ACROSS, ROOM_FOR_WORDS = 7.0, 0.125, 100, 7

# Between this shade and the darkest neither dark nor light text has a contrast of 4.5.
DARKEST = 0.6
_SHADES = LinearSegmentedColormap.from_list("shade", [style.PANEL, style.ACCENT])


@dataclass(frozen=True)
class Cell:
    """What one cell shows.

    Attributes
    ----------
    lines : tuple of str
        Below the mark, of few letters each.
    mark, words : str
        First line: sign of a class and its name.
    face : str
        Colour of the ground.
    kind : str
        Class of ``alkpool.css`` with that ground; blank where ``face`` is a shade.
    framed : bool
        Whether something was observed that the class rests on.
    """

    lines: tuple[str, ...] = ()
    mark: str = ""
    words: str = ""
    face: str = style.PAPER
    kind: str = ""
    framed: bool = False


NOTHING = Cell()


@dataclass(frozen=True)
class Matrix:
    """Cells by row and column.

    Attributes
    ----------
    rows, columns : sequence of str
        In the order to show.
    cells : mapping
        (row, column) to its cell; what is missing stays blank.
    key : str
        What the lines mean.
    counts : mapping
        Row to its number of samples, shown beside its name.
    verdicts : bool
        Whether the marks are those of verdicts, so that the key lists them.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], Cell]
    key: str
    counts: Mapping[str, int] = field(default_factory=dict)
    verdicts: bool = True


def drawn(matrix: Matrix, alt: str) -> Drawing:
    """Figure and table of a matrix.

    Examples
    --------
    >>> cell = verdict_cell("likely beneficial", "V5", ("B 3/3",))
    >>> cells = {("G1202R", "lorlatinib"): cell}
    >>> made = drawn(Matrix(["G1202R"], ["lorlatinib"], cells, "B: benefit."), "One cell.")
    >>> "likely V5" in made.html
    True
    >>> plt.close(made.figure)
    """
    if not (matrix.rows and matrix.columns):
        return Drawing(None, alt)
    return Drawing(_figure(matrix), alt, _table(matrix))


def _table(matrix: Matrix) -> str:
    """HTML of a matrix."""
    written = Path(__file__).with_suffix(".html.j2").read_text("utf-8")
    table: str = jinja2.Template(written, autoescape=True).render(
        matrix=matrix, verdicts=style.VERDICT_STYLE, corner=style.CORNER, nothing=NOTHING,
        ink=_ink,
    )  # fmt: skip
    return table


def _ink(cell: Cell) -> str:
    return style.MUTED if cell.face == style.PAPER else style.ink_on(cell.face)


def _figure(matrix: Matrix) -> Figure:
    # Importing it takes longer than drawing.
    import seaborn

    rows, columns = len(matrix.rows), len(matrix.columns)
    every = [matrix.cells.get(place, NOTHING) for place in product(matrix.rows, matrix.columns)]
    names = [wrapped(row, matrix.counts.get(row)) for row in matrix.rows]
    texts = [_printed(cell, columns) for cell in every]
    faces = list(dict.fromkeys(cell.face for cell in every))
    codes = np.array([faces.index(cell.face) for cell in every]).reshape(rows, columns)
    deepest = max(1 + text.count("\n") for text in [*texts, *names])
    heads = 1 + max(name.count("\n") for name in matrix.columns)
    key = textwrap.wrap(matrix.key, 95)
    beside = heads + len(key) + 3 * matrix.verdicts
    height = rows * (LINE * deepest + 0.1) + LINE * beside + 0.3
    figure, ax = plt.subplots(figsize=(style.COLUMN, height))
    seaborn.heatmap(
        codes, cmap=ListedColormap(faces), vmin=-0.5, vmax=len(faces) - 0.5, cbar=False,
        annot=np.array(texts).reshape(codes.shape), fmt="",
        annot_kws={"fontsize": LETTERS, "linespacing": 1.15}, linewidths=style.MEDIUM,
        linecolor=style.RULE_LINE, ax=ax,
    )  # fmt: skip
    for place, (text, cell) in enumerate(zip(ax.texts, every, strict=True)):
        text.set_color(_ink(cell))
        if cell.framed:
            corner = (place % columns + 0.03, place // columns + 0.04)
            ax.add_patch(Rectangle(corner, 0.94, 0.92, fill=False, edgecolor=style.INK,
                                   linewidth=style.MEDIUM))  # fmt: skip
    ax.set_xticks(np.arange(columns) + 0.5, matrix.columns, fontsize=style.SMALL)
    ax.set_yticks(np.arange(rows) + 0.5, names, rotation=0, fontsize=style.SMALL)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.set_xlabel("\n".join(key), fontsize=LETTERS, color=style.MUTED, loc="left")
    if matrix.verdicts:
        handles = [
            Patch(facecolor=face, edgecolor=style.RULE_LINE, label=f"{mark}  {name}")
            for name, (face, _, mark) in style.VERDICT_STYLE.items()
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=3, fontsize=LETTERS)
    return figure


def _printed(cell: Cell, columns: int) -> str:
    first = f"{cell.mark} {cell.words}".strip() if columns <= ROOM_FOR_WORDS else cell.mark
    room = LETTERS_ACROSS // columns
    lines = [line if len(line) <= room else line.replace(" (", "\n(") for line in cell.lines]
    return "\n".join(filter(None, (first, *lines)))


def wrapped(name: str, count: int | None = None) -> str:
    """Name of a row in print, two mutations to a line, with its number of samples."""
    lines = []
    for part in name.split("\n"):
        words = part.split("+")
        pairs = ["+".join(words[at : at + 2]) for at in range(0, len(words), 2)]
        lines += [f"{pair}+" for pair in pairs[:-1]] + pairs[-1:]
    return "\n".join(lines if count is None else [*lines, f"n = {count}"])


def verdict_cell(verdict: str, rule: str, lines: Iterable[str], *, framed: bool = False) -> Cell:
    """Cell with a verdict, and the rule that gave it, above its counts."""
    known = Verdict(verdict)
    face, _, mark = style.VERDICT_STYLE[known]
    words = f"{SHORT[known]} {rule}".strip()
    return Cell(tuple(lines), mark, words, face, known.name.lower(), framed)


def shaded(lines: Iterable[str], share: float) -> Cell:
    """Cell whose ground is the darker the higher a share."""
    return Cell(tuple(lines), face=to_hex(_SHADES(DARKEST * share)))


def in_order(evidence: pd.DataFrame) -> list[str]:
    """Profiles in the order of the figures, those with a decided line first."""
    decided = evidence.groupby("profile", sort=False)["benefit_n"].sum() > 0
    return [*decided.index[decided], *decided.index[~decided]]
