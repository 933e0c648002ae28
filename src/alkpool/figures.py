"""The compendium's visual system: colours, marks and the figures more than one notebook draws.

Colours are from Okabe and Ito's set for colour-blind readers and never the only signal: every
class also has a word, a letter or a shape.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle

from alkpool import mutations
from alkpool.benefit import RULES as BENEFIT_RULES
from alkpool.benefit import BenefitRule, outcomes
from alkpool.schema import LIST_SEPARATOR, UNKNOWN
from alkpool.vocabulary import Answer, Benefit, Call, Verdict

INK, MUTED, RULE_LINE, PAPER = "#1a1a1a", "#555555", "#c8c8c8", "#ffffff"

INHIBITOR_COLOURS = {
    "crizotinib": "#E69F00",
    "ceritinib": "#56B4E9",
    "alectinib": "#009E73",
    "brigatinib": "#CC79A7",
    "ensartinib": "#8C6D31",
    "lorlatinib": "#0072B2",
    UNKNOWN: "#999999",
}

BENEFIT_COLOURS = {
    Benefit.BENEFIT: "#0072B2",
    Benefit.NO_BENEFIT: "#D55E00",
    Benefit.UNKNOWN: "#BBBBBB",
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
    Verdict.LIKELY: ("#0072B2", "#ffffff", "++"),
    Verdict.POSSIBLE: ("#A9D3EE", INK, "+"),
    Verdict.NONE: ("#E5894F", INK, "–"),
    Verdict.CONFLICTING: ("#D9B3CC", INK, "±"),
    Verdict.INSUFFICIENT: ("#F2F2F2", INK, "?"),
}

CALL_STYLE: dict[Call, tuple[str, str, str]] = {
    Call.SENSITIVE: ("#0072B2", "o", "sensitive"),
    Call.INTERMEDIATE: ("#888888", "D", "intermediate"),
    Call.RESISTANT: ("#D55E00", "s", "resistant"),
}

# Exons that the paper's local panel covered (Methods, "Retrospective Cohort").
PANEL_EXONS = {"22": (1151, 1172), "23": (1173, 1215), "25": (1260, 1279)}


def use_style() -> None:
    """Set matplotlib up for the book: quiet axes, text sizes, reproducible SVG."""
    mpl.rcParams.update(
        {
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "savefig.bbox": "tight",
            "figure.dpi": 96,
            "font.family": "DejaVu Sans",
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelcolor": INK,
            "axes.edgecolor": MUTED,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.color": INK,
            "legend.frameon": False,
            "hatch.linewidth": 0.6,
            "svg.hashsalt": "alkpool",
            "svg.fonttype": "path",
        }
    )


def box(
    ax: Axes, centre: tuple[float, float], size: tuple[float, float], text: str, **style: Any
) -> None:
    """Draw a labelled box of a flow chart."""
    (x, y), (width, height) = centre, size
    face, ink = style.pop("face", PAPER), style.pop("ink", INK)
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle="round,pad=0,rounding_size=0.06", facecolor=face, edgecolor=MUTED,
            linewidth=0.9,
        )
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", color=ink, **{"fontsize": 8, **style})


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow of a flow chart."""
    ax.annotate(
        "", xy=end, xytext=start,
        arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.9, "shrinkA": 0,
                    "shrinkB": 0},
    )  # fmt: skip


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes in inches without decoration."""
    figure, ax = plt.subplots(figsize=(width, height))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return figure, ax


def selection_flow(counts: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Draw the selection of patients (paper, Figure 3).

    Parameters
    ----------
    counts : DataFrame
        From `alkpool.cohort.flow`.
    labels : mapping
        Study type to its name in the figure.
    """
    found = counts[(counts["step"] == "identified") & (counts["patients"] > 0)]["study_type"]
    kinds = [kind for kind in labels if kind in set(found)]
    width = max(6.6, 2.3 * len(kinds) + 2.5)
    figure, ax = _canvas(width, 4.5)
    middle = (width - 2.3) / 2
    xs = np.linspace(1.15, width - 3.5, len(kinds)) if len(kinds) > 1 else [middle] * len(kinds)
    unseparated = counts.loc[counts["step"] == "no patient", "sources"].sum()
    note = f"Read, but no patient\ncould be separated:\n{unseparated} sources"
    box(ax, (width - 1.15, 3.9), (2.1, 0.95), note, face="#F2F2F2")

    def cell(step: str, kind: str | None = None) -> str:
        rows = counts[(counts["step"] == step) & ((counts["study_type"] == kind) | (kind is None))]
        return f"{rows['patients'].sum()} patients\n[{rows['samples'].sum()} samples]"

    for x, kind in zip(xs, kinds, strict=True):
        studies = counts.loc[
            (counts["step"] == "identified") & (counts["study_type"] == kind), "sources"
        ].sum()
        title = f"{labels[kind]}\n{studies} source{'s' if studies != 1 else ''}"
        box(ax, (x, 3.9), (2.0, 0.95), f"{title}\n{cell('identified', kind)}")
        arrow(ax, (x, 3.42), (middle, 3.0))
    box(ax, (middle, 2.62), (2.4, 0.75), f"Identified\n{cell('identified')}")
    arrow(ax, (middle, 2.24), (middle, 0.83))
    for y, step, name in ((1.93, "excluded", "Excluded"), (1.13, "duplicate", "Duplicates")):
        box(ax, (width - 1.15, y), (2.1, 0.68), f"{name}\n{cell(step)}", face="#F2F2F2")
        arrow(ax, (middle, y), (width - 2.22, y))
    box(ax, (middle, 0.45), (2.4, 0.75), f"Included\n{cell('included')}", weight="bold")
    return figure


def benefit_flow(classified: pd.DataFrame, rule: BenefitRule) -> Figure:
    """Draw the classification of benefit with the number of lines at each branch (Figure 1).

    Parameters
    ----------
    classified : DataFrame
        From `alkpool.benefit.classify`.
    rule : BenefitRule
        The rule it was classified by.
    """
    at = classified["rule"].value_counts().reindex(list(BENEFIT_RULES), fill_value=0)
    figure, ax = _canvas(8.9, 4.9)
    y_of = {name: 4.5 - 0.5 * place for place, name in enumerate(BENEFIT_RULES)}
    limit = f"{rule.threshold_months:g} months"
    endings = (f"≥ {limit}", f"< {limit}, ongoing", f"< {limit}, ended\nor not stated")
    conditions = dict(zip(BENEFIT_RULES, ("CR or PR", "PD", *endings, *endings, ""), strict=True))

    def node(x: float, rules: Sequence[str], text: str, width: float = 1.55) -> tuple[float, float]:
        y = float(np.mean([y_of[name] for name in rules]))
        label = f"{text}\nn = {int(at[list(rules)].sum())}"
        height = 0.17 + 0.14 * (1 + label.count("\n"))
        box(ax, (x, y), (width, height), label, fontsize=7.5)
        return x, y

    def link(start: tuple[float, float], end: tuple[float, float]) -> None:
        (x0, y0), (x1, y1) = (start[0] + 0.78, start[1]), (end[0] - 0.78, end[1])
        bend = (x0 + x1) / 2
        ax.plot([x0, bend, bend, x1], [y0, y0, y1, y1], color=MUTED, linewidth=0.9, zorder=0)

    rules = list(BENEFIT_RULES)
    root = node(0.85, rules, "Monotherapy lines")
    undecided = node(2.75, rules[2:], "SD, MR, NE or\nnot stated")
    link(root, undecided)
    for group, text in (
        (rules[2:5], "PFS stated"),
        (rules[5:8], "only DoT stated"),
        (rules[8:], "neither, or a bound"),
    ):
        middle = node(4.6, group, text)
        link(undecided, middle)
        for name in group:
            link(middle, (6.5, y_of[name]))
    for name in rules[:2]:
        link(root, (6.5, y_of[name]))
    for name, outcome in outcomes(rule).items():
        y, count = y_of[name], int(at[name])
        ax.text(5.78, y, conditions[name], va="center", fontsize=7.5,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip
        face = BENEFIT_COLOURS[outcome] if count else "#F2F2F2"
        ink = PAPER if count and outcome is not Benefit.UNKNOWN else INK
        box(ax, (8.1, y), (1.4, 0.38), f"{name}  n = {count}\n{outcome}", face=face, ink=ink,
            fontsize=7.5)  # fmt: skip
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
    figure, ax = plt.subplots(figsize=(6.2, 0.75 + 0.33 * rows))
    places = np.arange(rows)[::-1]
    tints = list(colours) if colours is not None else [INHIBITOR_COLOURS["lorlatinib"]] * rows
    percent = table[[share, low, high]].to_numpy(dtype=float) * 100
    for place, (middle, lower, upper), tint in zip(places, percent, tints, strict=True):
        if np.isnan(middle):
            ax.text(1, place, "nothing observed", va="center", color=MUTED, fontsize=8)
            continue
        ax.plot([lower, upper], [place, place], color=tint, linewidth=2, solid_capstyle="butt")
        ax.plot(middle, place, "o", color=tint, markersize=6, markeredgecolor=INK,
                markeredgewidth=0.6, clip_on=False, zorder=4)  # fmt: skip
    for place, top, bottom in zip(places, table[k], table[n], strict=True):
        ax.text(103, place, f"{top}/{bottom}", va="center", fontsize=8.5)
    ax.set(xlim=(0, 100), ylim=(-0.6, rows - 0.4), xlabel=xlabel)
    ax.set_yticks(places, table[label])
    ax.xaxis.set_major_formatter("{x:.0f}%")
    ax.grid(axis="x", color=RULE_LINE, linewidth=0.5)
    ax.tick_params(axis="y", length=0)
    return figure


def _named(inhibitor: str) -> str:
    return "not named" if inhibitor == UNKNOWN else inhibitor


def class_matrix(table: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Draw the share of each mutation class after each inhibitor (Figure 4 B).

    Parameters
    ----------
    table : DataFrame
        From `alkpool.distribution.by_class`.
    rows, columns : sequence of str
        Mutation classes and inhibitors, in order.
    """
    width, height = 0.92, 0.3
    figure, ax = _canvas(1.25 + width * len(columns), 0.62 + height * len(rows))
    top = 0.08 + height * len(rows)
    counts = table.pivot(index="mutation_class", columns="resistance_on", values="samples")
    shares = table.pivot(index="mutation_class", columns="resistance_on", values="share")
    for column, inhibitor in enumerate(columns):
        x = 1.2 + width * column
        total = int(table.loc[table["resistance_on"] == inhibitor, "total"].max())
        ax.text(x + width / 2, top + 0.07, f"{_named(inhibitor)}\nn = {total}", ha="center",
                fontsize=8)  # fmt: skip
        for row, name in enumerate(rows):
            y = top - height * (row + 1)
            count = int(counts[inhibitor][name])
            share = float(shares[inhibitor][name])
            tint = mpl.colormaps["Blues"](0.9 * share)
            dark = 0.9 * share > 0.55
            ax.add_patch(Rectangle((x, y), width, height, facecolor=tint if count else PAPER,
                                   edgecolor=RULE_LINE, linewidth=0.5))  # fmt: skip
            text = f"{count}  ({share:.0%})" if count else "0"
            ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=8,
                    color=PAPER if dark else (INK if count else "#8a8a8a"))  # fmt: skip
    for row, name in enumerate(rows):
        ax.text(1.12, top - height * (row + 0.5), name, ha="right", va="center", fontsize=8.5)
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
    figure, ax = plt.subplots(figsize=(8.2, 3.4))
    first, last = mutations.KINASE_DOMAIN
    for exon, (start, end) in PANEL_EXONS.items():
        ax.axvspan(start, end, color="#EEEEEE", linewidth=0, zorder=0)
        ax.text((start + end) / 2, -0.11, f"exon {exon}", ha="center", va="top", fontsize=7.5,
                color=MUTED, transform=ax.get_xaxis_transform())  # fmt: skip
    spread = _spread([float(places[name]) for name in order], gap=9.5)
    top = float(counts.max()) if len(counts) else 1.0
    for name, x in zip(order, spread, strict=True):
        place, count = float(places[name]), float(counts[name])
        ax.plot([place, place, x], [count, 1.08 * top, 1.3 * top], color=RULE_LINE, linewidth=0.6,
                clip_on=False, zorder=1)  # fmt: skip
        ax.plot([place, place], [0, count], color=MUTED, linewidth=1)
        ax.plot(place, count, "o", color="#0072B2", markersize=6, markeredgecolor=INK,
                markeredgewidth=0.6, zorder=3)  # fmt: skip
        ax.text(x, 1.32 * top, f"{name}  {int(count)}", rotation=90, ha="center", va="bottom",
                fontsize=7.5)  # fmt: skip
    ax.set(xlim=(first - 2, last + 2), ylim=(0, top * 1.08), ylabel="samples")
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


def verdict_matrix(matrix: pd.DataFrame) -> Figure:
    """Draw the clinical evidence for each profile and inhibitor (Figure 5).

    Every cell names verdict and rule, benefit over evaluable lines and relapsed over samples
    after the inhibitor, both with Wilson 95% intervals.

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.actionability.matrix`, the rows to show.
    """
    profiles = list(matrix["profile"].drop_duplicates())
    inhibitors = list(matrix["inhibitor"].drop_duplicates())
    width, height, left = 1.22, 0.5, 1.42
    figure, ax = _canvas(left + width * len(inhibitors), 0.85 + height * len(profiles))
    top = 0.52 + height * len(profiles)
    samples = matrix.drop_duplicates("profile").set_index("profile")["samples"]
    for column, inhibitor in enumerate(inhibitors):
        ax.text(left + width * (column + 0.5), top + 0.08, inhibitor, ha="center", weight="bold")
    for row, profile in enumerate(profiles):
        y = top - height * (row + 0.5)
        ax.text(left - 0.08, y, profile.replace("+", "+\n"), ha="right", va="center",
                weight="bold", fontsize=8)  # fmt: skip
        ax.text(0.02, y, f"n = {samples[profile]}", ha="left", va="center", fontsize=6.5,
                color=MUTED)  # fmt: skip
    for cell in matrix.itertuples():
        x = left + width * inhibitors.index(str(cell.inhibitor))
        y = top - height * (profiles.index(str(cell.profile)) + 1)
        verdict = Verdict(str(cell.verdict))
        face, ink, mark = VERDICT_STYLE[verdict]
        ax.add_patch(Rectangle((x + 0.015, y + 0.015), width - 0.03, height - 0.03,
                               facecolor=face, edgecolor="none"))  # fmt: skip
        middle = x + width / 2
        title = f"{mark} {VERDICT_NAMES[verdict]}  {cell.rule}"
        ax.text(middle, y + 0.385, title, ha="center", va="center", fontsize=6.6, color=ink,
                weight="normal" if verdict is Verdict.INSUFFICIENT else "bold")  # fmt: skip
        ax.text(middle, y + 0.25, _share("B", cell.benefit_k, cell.benefit_n,
                                         cell.sensitivity_low, cell.sensitivity_high),
                ha="center", va="center", fontsize=6.6, color=ink)  # fmt: skip
        ax.text(middle, y + 0.115, _share("R", cell.relapsed, cell.relapse_n,
                                          cell.relapse_low, cell.relapse_high),
                ha="center", va="center", fontsize=6.6, color=ink)  # fmt: skip
    key = (
        "B benefit / decided lines   R relapsed / samples after the inhibitor   "
        "(95% Wilson interval)   n samples with the profile"
    )
    ax.text(0.02, 0.24, key, fontsize=7, color=MUTED)
    ax.legend(
        handles=[
            Patch(facecolor=face, edgecolor=RULE_LINE, label=f"{mark}  {verdict}")
            for verdict, (face, _, mark) in VERDICT_STYLE.items()
        ],
        loc="lower center", bbox_to_anchor=(0.5, -0.02), bbox_transform=ax.transAxes,
        ncols=min(5, len(inhibitors)), fontsize=7, columnspacing=1.2, handlelength=1.2,
    )  # fmt: skip
    return figure


def _share(name: str, k: Any, n: Any, low: Any, high: Any) -> str:
    if n == 0:
        return f"{name} 0/0"
    return f"{name} {k}/{n} ({low * 100:.0f}–{high * 100:.0f}%)"


def comparison_matrix(
    matrix: pd.DataFrame, calls: pd.DataFrame, numbers: Mapping[str, int]
) -> Figure:
    """Draw clinical verdicts above the calls of the in vitro models (Figure 6).

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.actionability.matrix`, the rows to show.
    calls : DataFrame
        From `alkpool.invitro.by_combination`.
    numbers : mapping
        Model to the number that stands in its mark.
    """
    profiles = list(matrix["profile"].drop_duplicates())
    inhibitors = list(matrix["inhibitor"].drop_duplicates())
    shown = calls[calls["call"].isin(list(CALL_STYLE)) & calls["model_id"].isin(list(numbers))]
    width, left, mark_width, per_row = 1.22, 1.35, 0.19, 6
    busiest = shown.groupby(["mutations", "inhibitor"]).size()
    deepest = int(np.ceil(busiest.max() / per_row)) if len(busiest) else 1
    height = 0.26 + 0.2 * deepest
    figure, ax = _canvas(left + width * len(inhibitors), 0.8 + height * len(profiles))
    top = 0.45 + height * len(profiles)
    for column, inhibitor in enumerate(inhibitors):
        ax.text(left + width * (column + 0.5), top + 0.08, inhibitor, ha="center", weight="bold")
    for row, profile in enumerate(profiles):
        ax.text(left - 0.08, top - height * (row + 0.5), profile.replace("+", "+\n"), ha="right",
                va="center", weight="bold", fontsize=8)  # fmt: skip
    for cell in matrix.itertuples():
        x = left + width * inhibitors.index(str(cell.inhibitor))
        y = top - height * (profiles.index(str(cell.profile)) + 1)
        verdict = Verdict(str(cell.verdict))
        face, ink, mark = VERDICT_STYLE[verdict]
        ax.add_patch(Rectangle((x + 0.015, y + height - 0.215), width - 0.03, 0.2, facecolor=face))
        label = f"{mark} {VERDICT_NAMES[verdict]} {cell.benefit_k}/{cell.benefit_n}"
        ax.text(x + width / 2, y + height - 0.115, label,
                ha="center", va="center", fontsize=6.2, color=ink)  # fmt: skip
        found = shown[(shown["mutations"] == cell.profile) & (shown["inhibitor"] == cell.inhibitor)]
        ordered = found.assign(number=found["model_id"].map(numbers)).sort_values("number")
        for place, model in enumerate(ordered.itertuples()):
            colour, shape, _ = CALL_STYLE[Call(str(model.call))]
            mark_x = x + 0.14 + mark_width * (place % per_row)
            mark_y = y + height - 0.32 - 0.2 * (place // per_row)
            ax.plot(mark_x, mark_y, shape, color=colour, markersize=9, markeredgewidth=0)
            ax.text(mark_x, mark_y - 0.005, str(model.number), ha="center", va="center",
                    fontsize=5.5, color=PAPER, weight="bold")  # fmt: skip
    for row in range(len(profiles) + 1):
        ax.plot([left, left + width * len(inhibitors)], [top - height * row] * 2, color=RULE_LINE,
                linewidth=0.5, zorder=0)  # fmt: skip
    ax.legend(
        handles=[
            Line2D([], [], linestyle="", marker=shape, color=colour, markersize=8, label=name)
            for colour, shape, name in CALL_STYLE.values()
        ],
        loc="lower center", bbox_to_anchor=(0.5, -0.02), ncols=3, fontsize=7,
        title="in vitro call (number of the model)", title_fontsize=7,
    )  # fmt: skip
    return figure


# Length at which a line of unknown duration is drawn, in months.
UNKNOWN_DURATION = 4.0
# Months that a label below a segment takes up.
LABEL_WIDTH = 2.6
# Months that the mutations above a sample take up.
NAME_WIDTH = 4.0


def swimmer(lines: pd.DataFrame) -> Figure:
    """Draw the course of patients over their lines of treatment (paper, Figure 2).

    Inhibitors before the first sample are drawn at a fixed length, as are later lines whose
    duration is not reported; both are hatched.

    Parameters
    ----------
    lines : DataFrame
        From `alkpool.cohort.lines`, the patients to show.
    """
    patients = list(dict.fromkeys(lines["patient_id"]))
    figure, ax = plt.subplots(figsize=(8.2, 1.5 + 0.62 * len(patients)))
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
                raised = 0.13 if now - named_at < NAME_WIDTH else 0.0
                named_at = now if not raised else -np.inf
                ax.text(now, place + 0.28 + raised, str(line.mutations), ha="center", va="bottom",
                        fontsize=7, weight="bold")  # fmt: skip
            months = _duration(line.pfs_months, line.dot_months)
            length = UNKNOWN_DURATION if np.isnan(months) else max(months, 0.3)
            _segment(ax, place, now, length, str(line.inhibitor), known=not np.isnan(months))
            used[str(line.inhibitor)] = None
            response = "response ?" if line.best_response == UNKNOWN else str(line.best_response)
            span = "" if np.isnan(months) else f" {months:g} mo"
            lowered = 0.16 if now - label_at < LABEL_WIDTH and label_row == 0 else 0.0
            label_at, label_row = now, int(lowered > 0)
            ax.text(now + 0.12, place - 0.24 - lowered, f"{response}{span}", va="top",
                    fontsize=6.5, color=MUTED)  # fmt: skip
            now += length
            if line.status == "ongoing":
                ax.plot(now + 0.25, place, ">", color=INK, markersize=6)
        furthest = max(furthest, now)
    names = [inhibitor for inhibitor in INHIBITOR_COLOURS if inhibitor in used]
    names += [inhibitor for inhibitor in used if inhibitor not in INHIBITOR_COLOURS]
    handles: list[Any] = [
        Patch(facecolor=INHIBITOR_COLOURS.get(name, MUTED), edgecolor=INK, linewidth=0.5,
              label=_named(name))
        for name in names
    ]  # fmt: skip
    handles += [
        Patch(facecolor=PAPER, edgecolor=INK, hatch="////", label="duration not reported"),
        Line2D([], [], linestyle="", marker="X", color=INK, label="ALK-mutant sample"),
        Line2D([], [], linestyle="", marker=">", color=INK, label="ongoing"),
    ]
    below = -0.75 / figure.get_figheight()
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.45, below),
              ncols=4, fontsize=7.5)  # fmt: skip
    ax.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
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


def _segment(
    ax: Axes, place: int, start: float, length: float, inhibitor: str, *, known: bool
) -> None:
    colour = INHIBITOR_COLOURS.get(inhibitor, MUTED)
    ax.barh(place, length, left=start, height=0.36, color=colour, edgecolor=INK, linewidth=0.5,
            hatch=None if known else "////", alpha=1.0 if known else 0.75)  # fmt: skip
    label = "?" if inhibitor == UNKNOWN else inhibitor[:3]
    if length >= 1.5:
        ax.text(start + length / 2, place, label, ha="center", va="center", fontsize=6.5,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8})  # fmt: skip


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
    width, height, left = 1.25, 0.36, 1.3
    figure, ax = _canvas(left + width * len(inhibitors), 0.75 + height * len(profiles))
    top = 0.4 + height * len(profiles)
    widest = float(limits["high"].max())
    scale = (width - 0.2) / widest
    for column, inhibitor in enumerate(inhibitors):
        ax.text(left + width * (column + 0.5), top + 0.08, inhibitor, ha="center", weight="bold")
    for row, profile in enumerate(profiles):
        y = top - height * (row + 0.5)
        ax.text(left - 0.08, y, profile, ha="right", va="center", weight="bold", fontsize=8)
        ax.axhline(y - height / 2, color=RULE_LINE, linewidth=0.5)
    for cell in limits.itertuples():
        x = left + width * inhibitors.index(str(cell.inhibitor)) + 0.1
        y = top - height * (profiles.index(str(cell.profile)) + 0.5) - 0.06
        values = draws.loc[
            (draws["profile"] == cell.profile) & (draws["inhibitor"] == cell.inhibitor), "value"
        ]
        low, high = float(str(cell.low)), float(str(cell.high))
        ax.plot([x + low * scale, x + high * scale], [y, y], color=MUTED, linewidth=1,
                marker="|", markersize=5)  # fmt: skip
        ax.plot([x + values.min() * scale, x + values.max() * scale], [y, y], color="#56B4E9",
                linewidth=4, solid_capstyle="butt")  # fmt: skip
        marks = [
            "" if proven == Answer.YES else "*" for proven in (cell.low_proven, cell.high_proven)
        ]
        label = f"{cell.low}{marks[0]} to {cell.high}{marks[1]}"
        ax.text(x + width / 2 - 0.1, y + 0.15, label, ha="center", va="center", fontsize=7)
    key = "thin: limits (* not proven to be reached)   thick: draws"
    ax.text(left, 0.12, f"{key}   each cell from 0 to {widest:g}", fontsize=7.5, color=MUTED)
    return figure
