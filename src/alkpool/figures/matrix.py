"""Matrices: one table of cells, and two thin renderers, for the page and for print.

A `Cell` says in words what it shows, a `Matrix` holds the cells of its rows and columns, and
`drawn` makes an HTML table and a figure of it. The page shows the table: it can be searched, read
aloud, linked and read on a telephone. The figure is for print and to take along.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from alkpool import style
from alkpool.style import Drawing
from alkpool.vocabulary import Call, Verdict

# What stands in cells for the verdicts; the key has the whole words.
SHORT = {
    Verdict.LIKELY: "likely",
    Verdict.POSSIBLE: "possible",
    Verdict.NONE: "no benefit",
    Verdict.CONFLICTING: "conflicting",
    Verdict.INSUFFICIENT: "insufficient",
}

# In print, where letters may be smaller than on a screen: points, inches for a line of words, most
# columns with room for the names of classes, and numbers of models beside each other.
LETTERS, LINE, ROOM_FOR_WORDS, PER_LINE = 7.0, 0.125, 7, 5

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
    """HTML of a matrix; the book makes it searchable and links its rows."""
    samples = '<th scope="col">n</th>' if matrix.counts else ""
    heads = "".join(f'<th scope="col">{_escaped(name)}</th>' for name in matrix.columns)
    body = ""
    for row in matrix.rows:
        # Profiles break after their + on a telephone.
        name = _escaped(row).replace("+", "+\n")
        count = f"<td>{matrix.counts[row]}</td>" if matrix.counts else ""
        cells = (matrix.cells.get((row, column), NOTHING) for column in matrix.columns)
        body += f'<tr><th scope="row">{name}</th>{count}{"".join(map(_html_cell, cells))}</tr>\n'
    key = f"{', '.join(f'{mark} {name}' for name, (_, mark) in _legend().items())}. "
    return (
        f'<table class="interactive matrix"><caption>{_escaped(key * matrix.verdicts)}'
        f"{_escaped(matrix.key)}</caption>\n<thead><tr>{style.CORNER}{samples}{heads}</tr></thead>"
        f"\n<tbody>\n{body}</tbody></table>"
    )


def _html_cell(cell: Cell) -> str:
    first = f'<b>{_escaped(cell.mark)}</b> <span class="words">{_escaped(cell.words)}</span>'
    lines = [first] * bool(cell.mark) + [_escaped(line) for line in cell.lines]
    if not lines:
        return "<td></td>"
    # Intervals are small print.
    text = "<br>".join(line.replace(" (", "<br><small>(") + "</small>" * (" (" in line)
                       for line in lines)  # fmt: skip
    if cell.kind:
        return f'<td><div class="verdict {cell.kind}{" seen" * cell.framed}">{text}</div></td>'
    colours = f"background: {cell.face}; color: {_ink(cell)}"
    return f'<td><div class="shade" style="{colours}">{text}</div></td>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _ink(cell: Cell) -> str:
    return style.MUTED if cell.face == style.PAPER else style.ink_on(cell.face)


def _legend() -> dict[str, tuple[str, str]]:
    """Face and mark by name of each verdict."""
    return {str(name): (face, mark) for name, (face, _, mark) in style.VERDICT_STYLE.items()}


def _figure(matrix: Matrix) -> Figure:
    # Importing it takes longer than drawing.
    import seaborn

    rows, columns = len(matrix.rows), len(matrix.columns)
    cells = [
        [matrix.cells.get((row, column), NOTHING) for column in matrix.columns]
        for row in matrix.rows
    ]
    names = [_wrapped(row, matrix.counts.get(row)) for row in matrix.rows]
    every = [cell for line in cells for cell in line]
    texts = [_printed(cell, columns <= ROOM_FOR_WORDS) for cell in every]
    faces = list(dict.fromkeys(cell.face for cell in every))
    codes = np.array([faces.index(cell.face) for cell in every]).reshape(rows, columns)
    deepest = max(1 + text.count("\n") for text in [*texts, *names])
    heads = 1 + max(name.count("\n") for name in matrix.columns)
    height = rows * (LINE * deepest + 0.1) + LINE * heads + 0.65
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
    ax.set_xlabel(matrix.key, fontsize=LETTERS, color=style.MUTED, loc="left", wrap=True)
    if matrix.verdicts:
        handles = [
            Patch(facecolor=face, edgecolor=style.RULE_LINE, label=f"{mark}  {name}")
            for name, (face, mark) in _legend().items()
        ]
        figure.legend(
            handles=handles, loc="outside lower left", ncols=len(handles), fontsize=LETTERS
        )
    return figure


def _printed(cell: Cell, words: bool) -> str:
    first = f"{cell.mark} {cell.words}".strip() if words else cell.mark
    return "\n".join(filter(None, (first, *cell.lines)))


def _wrapped(name: str, count: int | None) -> str:
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
    return Cell(tuple(lines), face=to_hex(_SHADES(share)))


def _share(name: str, k: int, n: int, low: float, high: float) -> str:
    return f"{name} {k}/{n} ({low * 100:.0f}–{high * 100:.0f}%)" if n else f"{name} 0/0"


def _in_order(evidence: pd.DataFrame) -> list[str]:
    """Profiles in the order of the figures, those with a decided line first."""
    decided = evidence.groupby("profile", sort=False)["benefit_n"].sum() > 0
    return [*decided.index[decided], *decided.index[~decided]]


def _tally(values: pd.Series) -> str:
    return ", ".join(f"{name} {count}" for name, count in values.value_counts().items())


def verdict_matrix(evidence: pd.DataFrame) -> Drawing:
    """Clinical evidence for each profile and inhibitor (paper, Figure 5).

    Every cell with a decided line or a relapse names verdict and rule; all others have their
    relapsed samples alone. Profiles with a decided line come first, cells with one have a frame.

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.

    Examples
    --------
    >>> verdict_matrix(evidence).alt  # doctest: +SKIP
    'Matrix of verdicts, 19 profiles by 6 inhibitors: insufficient evidence 112, ...'
    """
    cells = {}
    for row in style.rows(evidence):
        relapsed = _share("R", row.relapsed, row.relapse_n, row.relapse_low, row.relapse_high)
        benefit = _share("B", row.benefit_k, row.benefit_n, row.sensitivity_low,
                         row.sensitivity_high)  # fmt: skip
        empty = not (row.benefit_n or row.relapsed)
        cells[row.profile, row.inhibitor] = (
            Cell((relapsed,) if row.relapse_n else (), kind="empty")
            if empty
            else verdict_cell(row.verdict, row.rule, (benefit, relapsed), framed=row.benefit_n > 0)
        )
    columns = list(evidence["inhibitor"].drop_duplicates())
    once = evidence.drop_duplicates("profile")
    counts = dict(zip(once["profile"], once["samples"], strict=True))
    key = (
        "B: benefit / decided lines. R: relapsed / samples after the inhibitor. 95% Wilson "
        "intervals. n: samples with the profile."
    )
    matrix = Matrix(_in_order(evidence), columns, cells, key, counts)
    if evidence.empty:
        return drawn(matrix, "No profile to show.")
    alt = (
        f"Matrix of verdicts, {len(matrix.rows)} profiles by {len(columns)} inhibitors: "
        f"{_tally(evidence['verdict'])}. Cells with a decided line: "
        f"{(evidence['benefit_n'] > 0).sum()}; with neither a decided line nor a relapse: "
        f"{((evidence['benefit_n'] == 0) & (evidence['relapsed'] == 0)).sum()}."
    )
    return drawn(matrix, alt)


def comparison_matrix(
    evidence: pd.DataFrame, calls: pd.DataFrame, numbers: Mapping[str, int]
) -> Drawing:
    """Clinical verdicts above the calls of the in vitro models (paper, Figure 6).

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.
    calls : DataFrame
        From `alkpool.analysis.invitro.by_combination`.
    numbers : mapping
        Model to its number, by which a cell names it.
    """
    known = calls[
        calls["call"].isin(list(style.CALL_STYLE)) & calls["model_id"].isin(list(numbers))
    ]
    models = {
        (profile, inhibitor, call): sorted(numbers[name] for name in found)
        for (profile, inhibitor, call), found in known.groupby(
            ["mutations", "inhibitor", "call"]
        )["model_id"]
    }  # fmt: skip
    cells, shown = {}, {str(call): 0 for call in Call}
    for row in style.rows(evidence):
        lines = [f"{row.benefit_k}/{row.benefit_n}"] if row.benefit_n else []
        for call, (_, _, name) in style.CALL_STYLE.items():
            found = models.get((row.profile, row.inhibitor, call), [])
            shown[call] += len(found)
            for at in range(0, len(found), PER_LINE):
                some = " ".join(map(str, found[at : at + PER_LINE]))
                lines.append(f"{name[0].upper()}: {some}")
        silent = row.verdict == Verdict.INSUFFICIENT and not row.benefit_n
        cells[row.profile, row.inhibitor] = (
            Cell(tuple(lines), kind="empty")
            if silent
            else verdict_cell(row.verdict, "", lines, framed=row.benefit_n > 0)
        )
    columns = list(evidence["inhibitor"].drop_duplicates())
    letters = ", ".join(f"{name[0].upper()} {name}" for _, _, name in style.CALL_STYLE.values())
    key = f"Benefit / decided lines; below, by number, the models that call it: {letters}."
    counted = ", ".join(f"{call} {count}" for call, count in shown.items() if count)
    alt = (
        "Matrix of in vitro calls below clinical verdicts, profiles by inhibitors. "
        f"Calls: {counted or 'none'}."
    )
    return drawn(Matrix(_in_order(evidence), columns, cells, key), alt)
