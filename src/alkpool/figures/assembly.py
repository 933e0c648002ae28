"""The courses of patients."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from alkpool.figures.charts import (
    COLUMN,
    DENSE,
    INHIBITOR_COLOURS,
    INK,
    MEDIUM,
    MUTED,
    PAPER,
    THIN,
    _named,
    ink_on,
)
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN

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
