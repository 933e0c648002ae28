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
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from matplotlib.typing import ColorType

from alkpool import mutations
from alkpool.analysis.benefit import RULES as BENEFIT_RULES
from alkpool.analysis.benefit import BenefitRule, outcomes
from alkpool.vocabulary import UNKNOWN, Benefit, Call, Verdict

# Short name of each verdict.
VERDICT_NAMES = {
    Verdict.LIKELY: "likely",
    Verdict.POSSIBLE: "possible",
    Verdict.NONE: "no benefit",
    Verdict.CONFLICTING: "conflicting",
    Verdict.INSUFFICIENT: "insufficient",
}

# Exons that the paper's local panel covered (Methods, "Retrospective Cohort").
PANEL_EXONS = {"22": (1151, 1172), "23": (1173, 1215), "25": (1260, 1279)}


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
    figure, ax = canvas(COLUMN, below + height * len(rows) + 0.3)
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
    figure, ax = canvas(COLUMN, 4.3)
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
    figure, ax = canvas(COLUMN, 4.75)
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
        empty, frame = canvas(NARROW, 0.5)
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
