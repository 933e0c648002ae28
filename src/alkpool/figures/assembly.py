"""Figures of the chapter on cohort assembly: selection flow, and courses of treatment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from alkpool import style
from alkpool.style import Drawing
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN

# Width of a line of unknown duration, in months, and what its words take up below and above it.
UNKNOWN_DURATION, LABEL_WIDTH, NAME_WIDTH = 4.0, 4.0, 5.0
# A bar of so many months has room for a name of ten letters.
ROOM = 5.0


def selection_flow(counts: pd.DataFrame, labels: Mapping[str, str]) -> Drawing:
    """Selection of patients (paper, Figure 3).

    Parameters
    ----------
    counts : DataFrame
        From `alkpool.flow`.
    labels : mapping
        Study type to its name in the figure.
    """

    def cell(step: str, kind: str | None = None) -> str:
        rows = counts[(counts["step"] == step) & ((counts["study_type"] == kind) | (kind is None))]
        return f"{rows['patients'].sum()} patients\n[{rows['samples'].sum()} samples]"

    found = counts[(counts["step"] == "identified") & (counts["patients"] > 0)]["study_type"]
    kinds = [kind for kind in labels if kind in set(found)]
    step = style.COLUMN / max(len(kinds) + 1, 3)
    figure, ax = style.canvas(style.COLUMN, 4.3)
    xs = step * (0.5 + np.arange(len(kinds)))
    middle, side, wide = step * max(len(kinds), 1) / 2, style.COLUMN - step / 2, step - 0.14
    unseparated = int(counts.loc[counts["step"] == "no patient", "sources"].sum())
    note = f"Read, but no patient\ncould be separated\n{style.counted(unseparated, 'source')}"
    style.box(ax, (side, 3.8), (wide, 0.85), note, face=style.PANEL)
    for x, kind in zip(xs, kinds, strict=True):
        read = (counts["step"] == "identified") & (counts["study_type"] == kind)
        studies = int(counts.loc[read, "sources"].sum())
        title = f"{labels[kind]}\n{style.counted(studies, 'source')}"
        style.box(ax, (x, 3.8), (wide, 0.85), f"{title}\n{cell('identified', kind)}")
        style.arrow(ax, (x, 3.37), (middle, 2.97))
    style.box(ax, (middle, 2.64), (2.0, 0.62), f"Identified\n{cell('identified')}")
    style.arrow(ax, (middle, 2.33), (middle, 0.76))
    for y, step_name, name in ((1.95, "excluded", "Excluded"), (1.2, "duplicate", "Duplicates")):
        style.box(ax, (side, y), (wide, 0.62), f"{name}\n{cell(step_name)}", face=style.PANEL)
        style.arrow(ax, (middle, y), (side - wide / 2, y))
    style.box(ax, (middle, 0.42), (2.0, 0.62), f"Included\n{cell('included')}", weight="bold")
    steps = "; ".join(
        f"{name} {' '.join(cell(name).split())}"
        for name in ("identified", "excluded", "duplicate", "included")
    )
    return Drawing(figure, f"Flow chart: {steps}; sources that gave no patient: {unseparated}.")


@dataclass(frozen=True)
class _Bar:
    """One line of treatment: from month ``start`` on; ``months`` is nan where not reported."""

    inhibitor: str
    start: float
    months: float
    words: str = ""
    ongoing: bool = False

    @property
    def end(self) -> float:
        return self.start + (UNKNOWN_DURATION if np.isnan(self.months) else max(self.months, 0.3))


def swimmer(lines: pd.DataFrame) -> Drawing:
    """Courses of patients over their lines of treatment (paper, Figure 2).

    Patients are sorted by their mutations. A line whose duration is not reported, as are most
    before the first sample, is a pale bar of fixed width with a question mark.

    Parameters
    ----------
    lines : DataFrame
        From `alkpool.lines`, the patients to show.
    """
    first = lines.sort_values(["mutations", "patient_id"]).drop_duplicates("patient_id")
    patients = list(first["patient_id"])
    said = "; ".join(
        f"{patient}: " + ", ".join(f"{line.inhibitor} ({line.best_response})"
                                   for line in style.rows(lines[lines["patient_id"] == patient]))
        for patient in patients
    )  # fmt: skip
    if lines.empty:
        return Drawing(None, "No patient of this cohort has a further line on record.")
    figure, ax = plt.subplots(figsize=(style.COLUMN, 1.4 + 0.7 * len(patients)))
    used: dict[str, None] = {}
    furthest = 0.0
    for place, patient in enumerate(reversed(patients)):
        course = lines[lines["patient_id"] == patient].sort_values(
            ["sample_order", "line_number", "treatment_id"]
        )
        bars = list(_bars(course))
        _draw_samples(ax, place, course, bars)
        label_at, lowered = -np.inf, False
        for bar in bars:
            _draw_bar(ax, place, bar)
            used[bar.inhibitor] = None
            if bar.words:
                lowered = bar.start - label_at < LABEL_WIDTH and not lowered
                label_at = bar.start
                ax.text(bar.start + 0.12, place - 0.22 - 0.17 * lowered, bar.words, va="top",
                        fontsize=style.DENSE, color=style.MUTED)  # fmt: skip
            if bar.ongoing:
                ax.plot(bar.end + 0.25, place, ">", color=style.INK, markersize=6)
            furthest = max(furthest, bar.end)
    ax.axvline(0, color=style.MUTED, linewidth=style.MEDIUM, linestyle=":")
    ax.set_yticks(range(len(patients)), [str(patient) for patient in reversed(patients)])
    ax.set(ylim=(-0.75, len(patients) - 0.25), xlim=(None, furthest + 1.5))
    ax.set_xlabel("months since the first ALK-mutant sample, where durations are reported")
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= furthest])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    figure.legend(handles=_legend(used), loc="outside lower center", ncols=4)
    return Drawing(figure, f"Further lines of each patient with best overall response. {said}.")


def _bars(course: pd.DataFrame) -> Iterator[_Bar]:
    """Lines of one patient in order, those before the first sample too."""
    earlier = str(course["prior_inhibitors"].iloc[0]).split(LIST_SEPARATOR)
    for place, inhibitor in enumerate(earlier):
        start = UNKNOWN_DURATION * (place - len(earlier))
        yield _Bar(inhibitor, start, float("nan"))
    now = 0.0
    for line in style.rows(course):
        known = [value for value in (line.dot_months, line.pfs_months) if not pd.isna(value)]
        months = float(str(known[0])) if known else float("nan")
        response = "" if line.best_response == UNKNOWN else str(line.best_response)
        span = "" if np.isnan(months) else f"{months:g} mo"
        words = ", ".join(filter(None, (response, span))) or "no result"
        bar = _Bar(str(line.inhibitor), now, months, words, line.status == "ongoing")
        yield bar
        now = bar.end


def _draw_samples(ax: Axes, place: int, course: pd.DataFrame, bars: list[_Bar]) -> None:
    """Mark each sample where the first line after it begins."""
    starts = [bar.start for bar in bars if bar.words]
    firsts = course.assign(start=starts).drop_duplicates("sample_id")
    named_at = -np.inf
    for sample in style.rows(firsts):
        at = float(str(sample.start))
        ax.plot(
            at, place, "X", color=style.INK, markersize=8, markeredgecolor=style.PAPER, zorder=5
        )
        raised = at - named_at < NAME_WIDTH
        named_at = -np.inf if raised else at
        ax.text(at, place + 0.22 + 0.17 * raised, str(sample.mutations), ha="center", va="bottom",
                fontsize=style.DENSE, weight="bold")  # fmt: skip


def _draw_bar(ax: Axes, place: int, bar: _Bar) -> None:
    colour, known = (
        style.INHIBITOR_COLOURS.get(bar.inhibitor, style.MUTED),
        not np.isnan(bar.months),
    )
    length = bar.end - bar.start
    ax.barh(place, length, left=bar.start, height=0.34, color=colour, edgecolor=style.INK,
            linewidth=style.THIN, linestyle="-" if known else ":",
            alpha=1.0 if known else 0.35)  # fmt: skip
    if length < 2.5:
        return
    name = bar.inhibitor if length >= ROOM else bar.inhibitor[:3]
    words = name if known else "?" if bar.inhibitor == UNKNOWN else f"{bar.inhibitor[:3]} ?"
    ax.text(bar.start + length / 2, place, words, ha="center", va="center", fontsize=style.DENSE,
            color=style.ink_on(colour) if known else style.INK)  # fmt: skip


def _legend(used: Mapping[str, None]) -> list[Any]:
    names = [inhibitor for inhibitor in style.INHIBITOR_COLOURS if inhibitor in used]
    names += [inhibitor for inhibitor in used if inhibitor not in style.INHIBITOR_COLOURS]
    return [
        *(
            Patch(facecolor=style.INHIBITOR_COLOURS.get(name, style.MUTED), edgecolor=style.INK,
                  linewidth=style.THIN, label=style.named(name))
            for name in names
        ),
        Patch(facecolor=style.PAPER, edgecolor=style.INK, linewidth=style.THIN, linestyle=":",
              label="?  duration not reported"),
        Line2D([], [], linestyle="", marker="X", color=style.INK, label="ALK-mutant sample"),
        Line2D([], [], linestyle="", marker=">", color=style.INK, label="ongoing"),
    ]  # fmt: skip
