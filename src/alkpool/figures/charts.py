"""The compendium's visual system, and the figures more than one notebook draws.

One set of colours and type sizes serves every figure, table and page: ``book/_static/alkpool.css``
has the same colours as custom properties (tested). They can be told apart with every kind of colour
blindness (tested by simulation) and are never the only signal: every class also has a word, a
letter or a shape.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from matplotlib.typing import ColorType

from alkpool import mutations
from alkpool.analysis.benefit import RULES as BENEFIT_RULES
from alkpool.analysis.benefit import BenefitRule, outcomes
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Answer, Benefit, Call, Verdict

# Text, lines and grounds; what has no class of its own is drawn in the accent.
INK, MUTED, RULE_LINE, PANEL, PAPER = "#1b2a30", "#4a5b63", "#d3dde0", "#f2f6f7", "#ffffff"
ACCENT, WARNING = "#0b5f70", "#6b2c00"

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

# Short name of each verdict; its fill, text colour and mark.
VERDICT_NAMES = {
    Verdict.LIKELY: "likely",
    Verdict.POSSIBLE: "possible",
    Verdict.NONE: "no benefit",
    Verdict.CONFLICTING: "conflicting",
    Verdict.INSUFFICIENT: "insufficient",
}
VERDICT_STYLE: dict[Verdict, tuple[str, str, str]] = {
    Verdict.LIKELY: (FAVOURABLE, PAPER, "++"),
    Verdict.POSSIBLE: ("#93caef", INK, "+"),
    Verdict.NONE: (UNFAVOURABLE, INK, "–"),
    Verdict.CONFLICTING: ("#efd35c", INK, "±"),
    Verdict.INSUFFICIENT: ("#e9eef0", INK, "?"),
}

CALL_STYLE: dict[Call, tuple[str, str, str]] = {
    Call.SENSITIVE: (FAVOURABLE, "o", "sensitive"),
    Call.INTERMEDIATE: (UNDECIDED, "D", "intermediate"),
    Call.RESISTANT: (UNFAVOURABLE, "s", "resistant"),
}

# Figures are drawn at the size at which the book shows them: as wide as its column of text, or so
# narrow that a telephone shows them whole (inches).
COLUMN, NARROW = 7.0, 4.2
# Sizes of type, in points: names, what is said about them, and the words in dense cells.
TEXT, SMALL, DENSE = 8.5, 7.5, 7.0
THIN, MEDIUM, THICK = 0.6, 0.9, 2.0
MARK = 6.0

# Exons that the paper's local panel covered (Methods, "Retrospective Cohort").
PANEL_EXONS = {"22": (1151, 1172), "23": (1173, 1215), "25": (1260, 1279)}


def use_style() -> None:
    """Set matplotlib up for the book: quiet axes, text sizes, reproducible SVG."""
    mpl.rcParams.update(
        {
            "figure.facecolor": PAPER,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": PAPER,
            "savefig.bbox": "tight",
            "savefig.pad_inches": 0.04,
            "figure.dpi": 96,
            # The one family that matplotlib ships, and so the same drawing everywhere.
            "font.family": "DejaVu Sans",
            "font.size": TEXT,
            "axes.labelsize": TEXT,
            "axes.labelcolor": INK,
            "axes.edgecolor": MUTED,
            "axes.linewidth": MEDIUM,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "grid.color": RULE_LINE,
            "grid.linewidth": THIN,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": TEXT,
            "text.color": INK,
            "legend.frameon": False,
            "legend.fontsize": SMALL,
            "legend.handlelength": 1.2,
            "legend.columnspacing": 1.2,
            "hatch.linewidth": THIN,
            "svg.hashsalt": "alkpool",
            "svg.fonttype": "path",
        }
    )


def ink_on(colour: ColorType) -> str:
    """Choose the text colour that stands out more from a ground (WCAG 2.1 relative luminance)."""
    channels = np.array([to_rgb(shade) for shade in (colour, INK, PAPER)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    ground, dark, light = linear @ [0.2126, 0.7152, 0.0722] + 0.05
    return INK if ground / dark > light / ground else PAPER


def box(
    ax: Axes, centre: tuple[float, float], size: tuple[float, float], text: str, **style: Any
) -> None:
    """Draw a labelled box of a flow chart."""
    (x, y), (width, height) = centre, size
    face = style.pop("face", PAPER)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle="round,pad=0,rounding_size=0.06", facecolor=face, edgecolor=MUTED,
            linewidth=MEDIUM,
        )
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", color=ink_on(face), fontsize=SMALL, **style)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow of a flow chart."""
    ax.annotate(
        "", xy=end, xytext=start,
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": MEDIUM, "shrinkA": 0,
                    "shrinkB": 0},
    )  # fmt: skip


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes in inches without decoration."""
    figure, ax = plt.subplots(figsize=(width, height), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return figure, ax


Corners = dict[tuple[str, str], tuple[float, float]]


def matrix_frame(
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    left: float,
    height: float,
    below: float,
    emphasised: Sequence[str] = (),
) -> tuple[Figure, Axes, float, Corners]:
    """Draw the frame of a matrix of profiles by inhibitors, as wide as the text.

    Returns
    -------
    Figure, Axes, float, dict
        The canvas in inches, the width of a cell, and the lower left corner of each cell.
    """
    figure, ax = _canvas(COLUMN, below + height * len(rows) + 0.3)
    width, top = (COLUMN - left) / len(columns), below + height * len(rows)
    for place, name in enumerate(columns):
        ax.text(left + width * (place + 0.5), top + 0.08, name, ha="center", weight="bold")
    for place, name in enumerate(rows):
        ax.text(left - 0.08, top - height * (place + 0.5), name.replace("+", "+\n"), ha="right",
                va="center", weight="bold" if name in emphasised else "normal")  # fmt: skip
        # Not drawn: where a page can link the row of a profile.
        ax.add_patch(Rectangle((0, top - height * (place + 1)), COLUMN, height, visible=False,
                               gid=name))  # fmt: skip
    for place in range(len(rows) + 1):
        ax.axhline(top - height * place, color=RULE_LINE, linewidth=THIN, zorder=0)
    corners = {
        (row, column): (left + width * j, top - height * (i + 1))
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
    }
    return figure, ax, width, corners


def selection_flow(counts: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Draw the selection of patients (paper, Figure 3).

    Parameters
    ----------
    counts : DataFrame
        From `alkpool.data.cohort.flow`.
    labels : mapping
        Study type to its name in the figure.
    """
    found = counts[(counts["step"] == "identified") & (counts["patients"] > 0)]["study_type"]
    kinds = [kind for kind in labels if kind in set(found)]
    step = COLUMN / max(len(kinds) + 1, 3)
    figure, ax = _canvas(COLUMN, 4.3)
    xs = step * (0.5 + np.arange(len(kinds)))
    middle, side, wide = step * max(len(kinds), 1) / 2, COLUMN - step / 2, step - 0.14
    unseparated = counts.loc[counts["step"] == "no patient", "sources"].sum()
    note = f"Read, but no patient\ncould be separated\n{unseparated} sources"
    box(ax, (side, 3.8), (wide, 0.85), note, face=PANEL)

    def cell(step: str, kind: str | None = None) -> str:
        rows = counts[(counts["step"] == step) & ((counts["study_type"] == kind) | (kind is None))]
        return f"{rows['patients'].sum()} patients\n[{rows['samples'].sum()} samples]"

    for x, kind in zip(xs, kinds, strict=True):
        studies = counts.loc[
            (counts["step"] == "identified") & (counts["study_type"] == kind), "sources"
        ].sum()
        title = f"{labels[kind]}\n{studies} source{'s' if studies != 1 else ''}"
        box(ax, (x, 3.8), (wide, 0.85), f"{title}\n{cell('identified', kind)}")
        arrow(ax, (x, 3.37), (middle, 2.97))
    box(ax, (middle, 2.64), (2.0, 0.62), f"Identified\n{cell('identified')}")
    arrow(ax, (middle, 2.33), (middle, 0.76))
    for y, step_name, name in ((1.95, "excluded", "Excluded"), (1.2, "duplicate", "Duplicates")):
        box(ax, (side, y), (wide, 0.62), f"{name}\n{cell(step_name)}", face=PANEL)
        arrow(ax, (middle, y), (side - wide / 2, y))
    box(ax, (middle, 0.42), (2.0, 0.62), f"Included\n{cell('included')}", weight="bold")
    return figure


def benefit_flow(classified: pd.DataFrame, rule: BenefitRule) -> Figure:
    """Draw the classification of benefit with the number of lines at each branch (Figure 1).

    Parameters
    ----------
    classified : DataFrame
        From `alkpool.analysis.benefit.classify`.
    rule : BenefitRule
        The rule it was classified by.
    """
    at = classified["rule"].value_counts().reindex(list(BENEFIT_RULES), fill_value=0)
    figure, ax = _canvas(COLUMN, 4.75)
    y_of = {name: 4.5 - 0.5 * place for place, name in enumerate(BENEFIT_RULES)}
    limit = f"{rule.threshold_months:g} months"
    endings = (f"≥ {limit}", f"< {limit}, ongoing", f"< {limit}, ended\nor not stated")
    conditions = dict(zip(BENEFIT_RULES, ("CR or PR", "PD", *endings, *endings, ""), strict=True))
    wide = 1.28

    def node(x: float, rules: Sequence[str], text: str) -> tuple[float, float]:
        y = float(np.mean([y_of[name] for name in rules]))
        label = f"{text}\nn = {int(at[list(rules)].sum())}"
        box(ax, (x, y), (wide, 0.17 + 0.14 * (1 + label.count("\n"))), label)
        return x, y

    def link(start: tuple[float, float], end: tuple[float, float]) -> None:
        (x0, y0), (x1, y1) = start, end
        bend = x0 + wide / 2 + 0.1
        ax.plot([x0, bend, bend, x1], [y0, y0, y1, y1], color=MUTED, linewidth=MEDIUM, zorder=0)

    rules = list(BENEFIT_RULES)
    root = node(0.66, rules, "Monotherapy lines")
    undecided = node(2.18, rules[2:], "SD, MR, NE or\nnot stated")
    link(root, undecided)
    for group, text in (
        (rules[2:5], "PFS stated"),
        (rules[5:8], "only DoT stated"),
        (rules[8:], "neither, or a bound"),
    ):
        middle = node(3.7, group, text)
        link(undecided, middle)
        for name in group:
            link(middle, (6.3, y_of[name]))
    for name in rules[:2]:
        link(root, (6.3, y_of[name]))
    for name, outcome in outcomes(rule).items():
        y, count = y_of[name], int(at[name])
        if conditions[name]:
            ax.text(4.55, y, conditions[name], va="center", fontsize=SMALL,
                    bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip
        face = BENEFIT_COLOURS[outcome] if count else PANEL
        box(ax, (6.36, y), (wide - 0.06, 0.36), f"{name}  n = {count}\n{outcome}", face=face)
    return figure


def forest(
    table: pd.DataFrame,
    label: str,
    k: str,
    n: str,
    *,
    xlabel: str,
    colours: Sequence[str] | None = None,
    share: str = "share",
    low: str = "low",
    high: str = "high",
) -> Figure:
    """Draw proportions with their intervals, one row each, with the counts beside them.

    Parameters
    ----------
    table : DataFrame
        In the order of the rows, first on top.
    label, k, n, share, low, high : str
        Columns with the row label, numerator, denominator, fraction and interval (fractions).
    xlabel : str
        What the proportion is, with the kind of interval.
    colours : sequence of str, optional
        Colour of each row.
    """
    rows = len(table)
    figure, ax = plt.subplots(figsize=(NARROW, 0.65 + 0.3 * rows))
    places = np.arange(rows)[::-1]
    tints = list(colours) if colours is not None else [ACCENT] * rows
    percent = table[[share, low, high]].to_numpy(dtype=float) * 100
    for place, (middle, lower, upper), tint in zip(places, percent, tints, strict=True):
        if np.isnan(middle):
            ax.text(1, place, "nothing observed", va="center", color=MUTED, fontsize=SMALL)
            continue
        ax.plot([lower, upper], [place, place], color=tint, linewidth=THICK, solid_capstyle="butt")
        ax.plot(middle, place, "o", color=tint, markersize=MARK, markeredgecolor=INK,
                markeredgewidth=THIN, clip_on=False, zorder=4)  # fmt: skip
    for place, top, bottom in zip(places, table[k], table[n], strict=True):
        ax.text(105, place, f"{top}/{bottom}", va="center", fontsize=SMALL)
    ax.set(xlim=(0, 100), ylim=(-0.6, rows - 0.4))
    ax.set_xlabel(xlabel, loc="right", fontsize=SMALL)
    ax.set_yticks(places, table[label], fontsize=SMALL)
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.grid(axis="x")
    ax.tick_params(axis="y", length=0)
    return figure


def _named(inhibitor: str) -> str:
    return "not named" if inhibitor == UNKNOWN else inhibitor


def class_matrix(table: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw the share of each mutation class after each inhibitor (Figure 4 B).

    Parameters
    ----------
    table : DataFrame
        From `alkpool.analysis.distribution.by_class`.
    rows, columns : sequence of str
        Mutation classes and inhibitors, in order.
    """
    if not len(rows) or not len(columns):
        empty, frame = _canvas(NARROW, 0.5)
        frame.text(NARROW / 2, 0.25, "no sample", ha="center", va="center", color=MUTED)
        return empty
    # Only this figure needs seaborn, and importing it takes longer than drawing.
    import seaborn

    shares, counts, totals, lows, highs = (
        table.pivot(index="mutation_class", columns="resistance_on", values=name)
        .loc[list(rows), list(columns)]
        .to_numpy()
        for name in ("share", "samples", "total", "low", "high")
    )
    words = [
        f"{count}/{total}  {share:.0%}\n{low * 100:.0f}–{high:.0%}" if count else "0"
        for count, total, share, low, high in zip(
            *(numbers.ravel() for numbers in (counts, totals, shares, lows, highs)), strict=True
        )
    ]
    figure, ax = plt.subplots(figsize=(1.0 + 0.85 * len(columns), 0.45 + 0.32 * len(rows)))
    seaborn.heatmap(
        shares.astype(float), vmin=0, vmax=1, cbar=False, linewidths=MEDIUM, linecolor=PAPER,
        cmap=LinearSegmentedColormap.from_list("share", [PANEL, ACCENT]),
        annot=np.array(words).reshape(shares.shape), fmt="", annot_kws={"fontsize": DENSE}, ax=ax,
    )  # fmt: skip
    for text, face in zip(ax.texts, np.atleast_2d(ax.collections[0].get_facecolor()), strict=True):
        text.set_color(MUTED if text.get_text() == "0" else ink_on(face))
    heads = [f"{_named(name)}\nn = {total}" for name, total in zip(columns, totals[0], strict=True)]
    ax.set_xticks(np.arange(len(columns)) + 0.5, heads, fontsize=SMALL)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    return figure


def lollipop(samples: pd.DataFrame) -> Figure:
    """Draw where the mutations lie along the kinase domain.

    Parameters
    ----------
    samples : DataFrame
        Samples of the analysis set, with ``mutations``; each mutation of a compound profile is
        counted once.
    """
    single = samples["mutations"].map(mutations.mutations_of).explode()
    counts = single.value_counts()
    places = pd.Series({name: mutations.residues(name)[0] for name in counts.index})
    order = places.sort_values(kind="stable").index
    figure, ax = plt.subplots(figsize=(COLUMN, 3.9))
    first, last = mutations.KINASE_DOMAIN
    for exon, (start, end) in PANEL_EXONS.items():
        ax.axvspan(start, end, color=PANEL, linewidth=0, zorder=0)
        ax.text((start + end) / 2, -0.11, f"exon {exon}", ha="center", va="top", fontsize=SMALL,
                color=MUTED, transform=ax.get_xaxis_transform())  # fmt: skip
    spread = _spread([float(places[name]) for name in order], gap=9.5)
    top = float(counts.max()) if len(counts) else 1.0
    for name, x in zip(order, spread, strict=True):
        place, count = float(places[name]), float(counts[name])
        ax.plot([place, place, x], [count, 1.08 * top, 1.3 * top], color=RULE_LINE,
                linewidth=THIN, clip_on=False, zorder=1)  # fmt: skip
        ax.plot([place, place], [0, count], color=MUTED, linewidth=MEDIUM)
        ax.plot(place, count, "o", color=ACCENT, markersize=MARK, markeredgecolor=INK,
                markeredgewidth=THIN, zorder=3)  # fmt: skip
        ax.text(x, 1.32 * top, f"{name}  {int(count)}", rotation=90, ha="center", va="bottom",
                fontsize=SMALL)  # fmt: skip
    ax.set(xlim=(first - 2, last + 2), ylim=(0, top * 1.08), ylabel=f"samples, of {len(samples)}")
    ax.set_xlabel("residue of the ALK kinase domain", labelpad=14)
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    return figure


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """Move labels apart so that neighbours keep the gap, staying centred on their cluster."""
    spread = list(places)
    for _ in range(200):
        moved = False
        for left in range(len(spread) - 1):
            missing = gap - (spread[left + 1] - spread[left])
            if missing > 1e-6:
                spread[left] -= missing / 2
                spread[left + 1] += missing / 2
                moved = True
        if not moved:
            break
    return spread


def _profiles(matrix: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Profiles in the order of the figures, and those of them with a decided line: these first."""
    decided = matrix.groupby("profile", sort=False)["benefit_n"].sum() > 0
    treated = list(decided.index[decided])
    return treated + list(decided.index[~decided]), treated


def verdict_matrix(matrix: pd.DataFrame) -> Figure:
    """Draw the clinical evidence for each profile and inhibitor (Figure 5).

    Every cell names verdict and rule, benefit over evaluable lines and relapsed over samples
    after the inhibitor, both with Wilson 95% intervals. Profiles with a decided line come first,
    cells with one have a frame, and cells with neither a decided line nor a relapse stand back.

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.
    """
    profiles, treated = _profiles(matrix)
    inhibitors = list(matrix["inhibitor"].drop_duplicates())
    left, height, gap = 1.0, 0.46, 0.015
    figure, ax, width, corners = matrix_frame(
        profiles, inhibitors, left=left, height=height, below=0.5, emphasised=treated
    )
    for profile, samples in matrix.drop_duplicates("profile")[["profile", "samples"]].to_numpy():
        y = corners[profile, inhibitors[0]][1]
        ax.text(0, y + height / 2, str(samples), va="center", fontsize=DENSE, color=MUTED)
    top = corners[profiles[0], inhibitors[0]][1] + height if profiles else 0.5
    ax.text(0, top + 0.08, "n", fontsize=DENSE, color=MUTED)
    if treated and len(treated) < len(profiles):
        y = corners[treated[-1], inhibitors[0]][1]
        ax.plot([0, COLUMN], [y, y], color=INK, linewidth=MEDIUM)
    for cell in matrix.itertuples():
        x, y = corners[str(cell.profile), str(cell.inhibitor)]
        verdict = Verdict(str(cell.verdict))
        face, ink, mark = VERDICT_STYLE[verdict]
        seen = bool(cell.benefit_n)
        empty = not (seen or cell.relapsed)
        ax.add_patch(Rectangle((x + gap, y + gap), width - 2 * gap, height - 2 * gap,
                               facecolor=PAPER if empty else face, linewidth=MEDIUM,
                               edgecolor=INK if seen else "none"))  # fmt: skip
        for place, (words, heavy) in enumerate(
            (
                (f"{mark} {VERDICT_NAMES[verdict]} {cell.rule}", verdict != Verdict.INSUFFICIENT),
                (_share("B", cell.benefit_k, cell.benefit_n, cell.sensitivity_low,
                        cell.sensitivity_high), seen),
                (_share("R", cell.relapsed, cell.relapse_n, cell.relapse_low, cell.relapse_high),
                 False),
            )
        ):  # fmt: skip
            ax.text(x + width / 2, y + height - 0.105 - 0.125 * place, words, ha="center",
                    va="center", fontsize=DENSE, color=MUTED if empty else ink,
                    weight="bold" if heavy else "normal")  # fmt: skip
    key = (
        "B benefit / decided lines   R relapsed / samples after the inhibitor   "
        "(95% Wilson intervals)   n samples"
    )
    ax.text(0, 0.3, key, fontsize=DENSE, color=MUTED)
    verdict_key(ax)
    return figure


def verdict_key(ax: Axes) -> None:
    """Say below a matrix which mark and colour is which verdict."""
    ax.legend(
        handles=[
            Patch(facecolor=face, edgecolor=RULE_LINE, label=f"{mark}  {verdict}")
            for verdict, (face, _, mark) in VERDICT_STYLE.items()
        ],
        loc="lower left", bbox_to_anchor=(0, 0), borderpad=0, borderaxespad=0,
        ncols=len(VERDICT_STYLE), fontsize=DENSE,
    )  # fmt: skip


def _share(name: str, k: Any, n: Any, low: Any, high: Any) -> str:
    if n == 0:
        return f"{name} 0/0"
    return f"{name} {k}/{n} ({low * 100:.0f}–{high * 100:.0f}%)"


@dataclass(frozen=True)
class TelephoneTable:
    """A matrix as a table, for screens on which its drawing would be too small.

    Attributes
    ----------
    cells : DataFrame
        Profiles by inhibitors, as HTML.
    key : str
        What marks and letters mean.
    """

    cells: pd.DataFrame
    key: str


def verdict_cells(matrix: pd.DataFrame) -> TelephoneTable:
    """Make the cells of `verdict_matrix` for a telephone.

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.

    Returns
    -------
    TelephoneTable
        Each cell has the mark of the verdict, counts and intervals.
    """
    texts = []
    for cell in matrix.itertuples():
        verdict = Verdict(str(cell.verdict))
        benefit, relapse = (
            _share(letter, *numbers).replace(" (", "<br><small>", 1).replace(")", "</small>")
            for letter, numbers in (
                ("B", (cell.benefit_k, cell.benefit_n, cell.sensitivity_low,
                       cell.sensitivity_high)),
                ("R", (cell.relapsed, cell.relapse_n, cell.relapse_low, cell.relapse_high)),
            )
        )  # fmt: skip
        kind = "empty" if not (cell.benefit_n or cell.relapsed) else verdict.name.lower()
        seen = " seen" if cell.benefit_n else ""
        texts.append(
            f'<div class="verdict {kind}{seen}"><b>{VERDICT_STYLE[verdict][2]}</b>'
            f'<span class="visually-hidden"> {verdict}</span><br>{benefit}<br>{relapse}</div>'
        )
    letters = (
        "B: benefit / decided lines; R: relapsed / samples after the inhibitor; 95% intervals."
    )
    return _telephone_table(matrix, texts, letters)


def _telephone_table(matrix: pd.DataFrame, texts: Sequence[str], letters: str) -> TelephoneTable:
    profiles, _ = _profiles(matrix)
    table = matrix.assign(text=texts).pivot(index="profile", columns="inhibitor", values="text")
    table = table.loc[profiles, list(matrix["inhibitor"].drop_duplicates())]
    marks = ", ".join(f"{mark} {verdict}" for verdict, (_, _, mark) in VERDICT_STYLE.items())
    return TelephoneTable(table.rename(index=lambda name: name.replace("+", "+\n")),
                          f"{marks}. {letters}")  # fmt: skip


def _calls_of(calls: pd.DataFrame, cell: Any, numbers: Mapping[str, int]) -> pd.DataFrame:
    """Calls of a cell that a figure can show, in the order of the models' numbers."""
    found = calls[
        (calls["mutations"] == cell.profile)
        & (calls["inhibitor"] == cell.inhibitor)
        & calls["call"].isin(list(CALL_STYLE))
        & calls["model_id"].isin(list(numbers))
    ]
    numbered: pd.DataFrame = found.assign(number=found["model_id"].map(numbers))
    return numbered.sort_values("number")


def comparison_matrix(
    matrix: pd.DataFrame, calls: pd.DataFrame, numbers: Mapping[str, int]
) -> Figure:
    """Draw clinical verdicts above the calls of the in vitro models (Figure 6).

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.
    calls : DataFrame
        From `alkpool.analysis.invitro.by_combination`.
    numbers : mapping
        Model to the number that stands in its mark.
    """
    profiles, treated = _profiles(matrix)
    inhibitors = list(matrix["inhibitor"].drop_duplicates())
    shown = {cell.Index: _calls_of(calls, cell, numbers) for cell in matrix.itertuples()}
    pitch, per_row, gap = 0.165, 5, 0.015
    deepest = max(1, *(-(-len(found) // per_row) for found in shown.values()))
    height = 0.28 + pitch * deepest
    figure, ax, width, corners = matrix_frame(
        profiles, inhibitors, left=1.0, height=height, below=0.6, emphasised=treated
    )
    for cell in matrix.itertuples():
        x, y = corners[str(cell.profile), str(cell.inhibitor)]
        verdict = Verdict(str(cell.verdict))
        face, ink, mark = VERDICT_STYLE[verdict]
        empty = verdict is Verdict.INSUFFICIENT and not cell.benefit_n
        ax.add_patch(Rectangle((x + gap, y + height - 0.2), width - 2 * gap, 0.185,
                               facecolor=PAPER if empty else face, linewidth=MEDIUM,
                               edgecolor=INK if cell.benefit_n else "none"))  # fmt: skip
        label = f"{mark} {VERDICT_NAMES[verdict]} {cell.benefit_k}/{cell.benefit_n}"
        ax.text(x + width / 2, y + height - 0.108, label, ha="center", va="center",
                fontsize=DENSE, color=MUTED if empty else ink)  # fmt: skip
        for place, model in enumerate(shown[cell.Index].itertuples()):
            colour, shape, _ = CALL_STYLE[Call(str(model.call))]
            mark_x = x + 0.12 + (width - 0.2) / per_row * (place % per_row)
            mark_y = y + height - 0.3 - pitch * (place // per_row)
            ax.plot(mark_x, mark_y, shape, color=colour, markersize=11, markeredgewidth=0)
            ax.text(mark_x, mark_y - 0.005, str(model.number), ha="center", va="center",
                    fontsize=DENSE, color=ink_on(colour))  # fmt: skip
    ax.text(0, 0.34, "bar: clinical verdict, benefit / decided lines   mark: in vitro call, with "
            "the number of its model", fontsize=DENSE, color=MUTED)  # fmt: skip
    models = ax.legend(
        handles=[
            Line2D([], [], linestyle="", marker=shape, color=colour, markersize=8, label=name)
            for colour, shape, name in CALL_STYLE.values()
        ],
        loc="lower left", bbox_to_anchor=(0, 0.15), bbox_transform=ax.transData, borderpad=0,
        borderaxespad=0, ncols=3, fontsize=DENSE,
    )  # fmt: skip
    ax.add_artist(models)
    verdict_key(ax)
    return figure


def comparison_cells(
    matrix: pd.DataFrame, calls: pd.DataFrame, numbers: Mapping[str, int]
) -> TelephoneTable:
    """Make the cells of `comparison_matrix` for a telephone.

    Parameters
    ----------
    matrix, calls, numbers
        As for `comparison_matrix`.

    Returns
    -------
    TelephoneTable
        Each cell has the mark of the verdict, counts, and the numbers of the models after the
        letter of their call.
    """
    texts = []
    for cell in matrix.itertuples():
        verdict = Verdict(str(cell.verdict))
        kind = "empty" if verdict is Verdict.INSUFFICIENT and not cell.benefit_n else verdict.name
        found = _calls_of(calls, cell, numbers)
        called = "".join(
            f'<span class="call {name}"><b>{name[0].upper()}</b> '
            + " ".join(map(str, found.loc[found["call"] == call, "number"])) + "</span>"
            for call, (_, _, name) in CALL_STYLE.items()
            if (found["call"] == call).any()
        )  # fmt: skip
        texts.append(
            f'<div class="verdict {kind.lower()}"><b>{VERDICT_STYLE[verdict][2]}</b>'
            f'<span class="visually-hidden"> {verdict}</span> '
            f"{cell.benefit_k}/{cell.benefit_n}</div>{called}"
        )
    calls_named = ", ".join(f"{name[0].upper()} {name}" for _, _, name in CALL_STYLE.values())
    letters = f"With benefit / decided lines. Below: {calls_named} in vitro, in which models."
    return _telephone_table(matrix, texts, letters)


# Length at which a line of unknown duration is drawn, in months.
UNKNOWN_DURATION = 4.0
# Months that a label below a segment takes up.
LABEL_WIDTH = 3.0
# Months that the mutations above a sample take up.
NAME_WIDTH = 4.5


def swimmer(lines: pd.DataFrame) -> Figure:
    """Draw the course of patients over their lines of treatment (paper, Figure 2).

    Inhibitors before the first sample are drawn at a fixed length, as are later lines whose
    duration is not reported; both are hatched.

    Parameters
    ----------
    lines : DataFrame
        From `alkpool.data.cohort.lines`, the patients to show.
    """
    patients = list(dict.fromkeys(lines["patient_id"]))
    figure, ax = plt.subplots(figsize=(COLUMN, 1.4 + 0.66 * len(patients)))
    used: dict[str, None] = {}
    furthest = 0.0
    for place, patient in enumerate(reversed(patients)):
        course = lines[lines["patient_id"] == patient].sort_values(
            ["sample_order", "line_number", "treatment_id"]
        )
        earlier = str(course["prior_inhibitors"].iloc[0]).split(LIST_SEPARATOR)
        start = -UNKNOWN_DURATION * len(earlier)
        for inhibitor in earlier:
            _segment(ax, place, start, UNKNOWN_DURATION, inhibitor, known=False)
            used[inhibitor] = None
            start += UNKNOWN_DURATION
        now, sample, label_at, label_row = 0.0, "", -np.inf, 0
        named_at = -np.inf
        for line in course.itertuples():
            if line.sample_id != sample:
                sample = str(line.sample_id)
                ax.plot(now, place, "X", color=INK, markersize=8, markeredgecolor=PAPER, zorder=5)
                raised = 0.16 if now - named_at < NAME_WIDTH else 0.0
                named_at = now if not raised else -np.inf
                ax.text(now, place + 0.22 + raised, str(line.mutations), ha="center", va="bottom",
                        fontsize=DENSE, weight="bold")  # fmt: skip
            months = _duration(line.pfs_months, line.dot_months)
            length = UNKNOWN_DURATION if np.isnan(months) else max(months, 0.3)
            _segment(ax, place, now, length, str(line.inhibitor), known=not np.isnan(months))
            used[str(line.inhibitor)] = None
            response = "response ?" if line.best_response == UNKNOWN else str(line.best_response)
            span = "" if np.isnan(months) else f" {months:g} mo"
            lowered = 0.16 if now - label_at < LABEL_WIDTH and label_row == 0 else 0.0
            label_at, label_row = now, int(lowered > 0)
            ax.text(now + 0.12, place - 0.22 - lowered, f"{response}{span}", va="top",
                    fontsize=DENSE, color=MUTED)  # fmt: skip
            now += length
            if line.status == "ongoing":
                ax.plot(now + 0.25, place, ">", color=INK, markersize=6)
        furthest = max(furthest, now)
    names = [inhibitor for inhibitor in INHIBITOR_COLOURS if inhibitor in used]
    names += [inhibitor for inhibitor in used if inhibitor not in INHIBITOR_COLOURS]
    handles: list[Any] = [
        Patch(facecolor=INHIBITOR_COLOURS.get(name, MUTED), edgecolor=INK, linewidth=THIN,
              label=f"{_abbreviated(name)}  {_named(name)}")
        for name in names
    ]  # fmt: skip
    handles += [
        Patch(facecolor=PAPER, edgecolor=INK, linewidth=THIN, hatch="////",
              label="duration not reported"),
        Line2D([], [], linestyle="", marker="X", color=INK, label="ALK-mutant sample"),
        Line2D([], [], linestyle="", marker=">", color=INK, label="ongoing"),
    ]  # fmt: skip
    # Below the axis and its label; the distance is in sizes of the type.
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=5.5,
              ncols=4)  # fmt: skip
    ax.axvline(0, color=MUTED, linewidth=MEDIUM, linestyle=":")
    ax.set_yticks(range(len(patients)), [str(patient) for patient in reversed(patients)])
    ax.set(ylim=(-0.7, len(patients) - 0.3), xlim=(None, furthest + 1.5))
    ax.set_xlabel("months since the first ALK-mutant sample (reported months only)")
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= furthest])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return figure


def _duration(pfs_months: Any, dot_months: Any) -> float:
    known = [float(months) for months in (dot_months, pfs_months) if not pd.isna(months)]
    return known[0] if known else float("nan")


def _abbreviated(inhibitor: str) -> str:
    return "?" if inhibitor == UNKNOWN else inhibitor[:3]


def _segment(
    ax: Axes, place: int, start: float, length: float, inhibitor: str, *, known: bool
) -> None:
    colour = INHIBITOR_COLOURS.get(inhibitor, MUTED)
    ax.barh(place, length, left=start, height=0.34, color=colour, edgecolor=INK, linewidth=THIN,
            hatch=None if known else "////", alpha=1.0 if known else 0.75)  # fmt: skip
    if length < 2.5:
        return
    # Words can be read on plain colour, not on hatching.
    ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
    ax.text(start + length / 2, place, _abbreviated(inhibitor), ha="center", va="center",
            fontsize=DENSE, color=ink_on(colour) if known else INK,
            bbox=None if known else ground)  # fmt: skip


def range_matrix(limits: pd.DataFrame, draws: pd.DataFrame) -> Figure:
    """Draw what the printed numbers leave open for one measure of the Figure 5 cells.

    Parameters
    ----------
    limits : DataFrame
        ``profile, inhibitor, low, high, low_proven, high_proven``, one row for each cell.
    draws : DataFrame
        ``profile, inhibitor, value``, one row for each cell and drawn cohort.
    """
    profiles = list(limits["profile"].drop_duplicates())
    inhibitors = list(limits["inhibitor"].drop_duplicates())
    height, margin = 0.36, 0.08
    figure, ax, width, corners = matrix_frame(
        profiles, inhibitors, left=1.0, height=height, below=0.3, emphasised=profiles
    )
    widest = float(limits["high"].max())
    scale = (width - 2 * margin) / widest
    for cell in limits.itertuples():
        x, y = corners[str(cell.profile), str(cell.inhibitor)]
        zero, middle = x + margin, y + 0.11
        values = draws.loc[
            (draws["profile"] == cell.profile) & (draws["inhibitor"] == cell.inhibitor), "value"
        ]
        low, high = float(str(cell.low)), float(str(cell.high))
        ax.plot([zero + low * scale, zero + high * scale], [middle, middle], color=INK,
                linewidth=MEDIUM, marker="|", markersize=MARK)  # fmt: skip
        ax.plot([zero + values.min() * scale, zero + values.max() * scale], [middle, middle],
                color=ACCENT, linewidth=2 * THICK, solid_capstyle="butt")  # fmt: skip
        marks = [
            "" if proven == Answer.YES else "*" for proven in (cell.low_proven, cell.high_proven)
        ]
        label = f"{cell.low}{marks[0]} to {cell.high}{marks[1]}"
        ax.text(zero, y + height - 0.03, label, va="top", fontsize=SMALL)
    key = "thin: limits (* not proven to be reached)   thick: draws"
    ax.text(0, 0.08, f"{key}   each cell from 0 to {widest:g}", fontsize=SMALL, color=MUTED)
    return figure
