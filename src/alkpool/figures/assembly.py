"""Figures of the chapter on cohort assembly: selection flow, and courses of treatment."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.path import Path

from alkpool import style
from alkpool.style import Drawing
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Relation, TreatmentStatus

# Inches from one patient to the next, without what is said below the bars, and for each line of it.
ROW, LINE = 0.56, 0.16
# Letters across the figure in the smallest type.
LETTERS = 95
# Drawn across a bar of unknown duration: a gap with two slanting edges.
_BROKEN: dict[str, Any] = {
    "marker": Path([(-0.5, -1.0), (0.1, 1.0), (0.5, 1.0), (-0.1, -1.0), (-0.5, -1.0)]),
    "linestyle": "", "markersize": 17, "color": style.PAPER, "markeredgecolor": style.INK,
    "markeredgewidth": style.MEDIUM,
}  # fmt: skip


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
        patients, samples = rows[["patients", "samples"]].sum()
        return f"{style.counted(patients, 'patient')}\n[{style.counted(samples, 'sample')}]"

    found = counts[(counts["step"] == "identified") & (counts["patients"] > 0)]["study_type"]
    kinds = [kind for kind in labels if kind in set(found)]
    step = style.COLUMN / max(len(kinds) + 1, 3)
    figure, ax = style.canvas(style.COLUMN, 4.3)
    xs = step * (0.5 + np.arange(len(kinds)))
    middle, side, wide = step * max(len(kinds), 1) / 2, style.COLUMN - step / 2, step - 0.14
    unseparated = int(counts.loc[counts["step"] == "no patient", "sources"].sum())
    note = f"Read, but no\npatient could\nbe separated\n{style.counted(unseparated, 'source')}"
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


def swimmer(lines: pd.DataFrame, names: Mapping[str, str]) -> Drawing:
    """Courses of patients over their lines of treatment (paper, Figure 2).

    Patients are sorted by their mutations; below the bars of each stands what was reported. A bar
    of unknown duration, as most before the first sample are, has a fixed width and is broken; an
    arrow says that treatment or response went on.

    Parameters
    ----------
    lines : DataFrame
        From `alkpool.lines`, the patients to show.
    names : mapping
        What each patient is called, by id: `alkpool.references.patient_names`.

    Examples
    --------
    >>> import alkpool
    >>> lines = alkpool.lines(alkpool.analysis_set(alkpool.load("curated")))
    >>> made = swimmer(lines[lines["patient_id"] == "ou2015-p1"], {"ou2015-p1": "Ou 2015"})
    >>> made.alt  # doctest: +ELLIPSIS
    '... Ou 2015, after crizotinib and alectinib: I1171N: ceritinib, PR, DoT >3 months, ongoing.'
    >>> plt.close(made.figure)
    """
    if lines.empty:
        return Drawing(None, "No patient of this cohort has a further line on record.")
    known = _with_duration(lines.sort_values(["sample_order", "line_number", "treatment_id"]))
    patients = known.drop_duplicates("patient_id").sort_values(["mutations", "patient_id"])
    bars = _bars(patients, known)
    left, right = bars["start"].min(), bars["end"].max()
    figure, ax = plt.subplots()
    top, middles, courses = 0.0, {}, []
    for patient in style.rows(patients):
        name = f"{names[patient.patient_id]}, after {_after(patient)}"
        words = _said(known[known["patient_id"] == patient.patient_id])
        courses.append(f"{name}: {words}")
        above, below = textwrap.wrap(name, LETTERS - 10), textwrap.wrap(words, LETTERS - 2)
        middle = middles[patient.patient_id] = top + LINE * len(above) + 0.24
        ax.text(left, top, "\n".join(above), va="top", weight="bold", fontsize=style.SMALL)
        ax.text(left, middle + 0.2, "\n".join(below), va="top", fontsize=style.DENSE)
        top += ROW + LINE * (len(above) + len(below))
    figure.set_size_inches(style.COLUMN, top + 1.3)
    _draw_bars(ax, bars.assign(y=bars["patient_id"].map(middles)), room=(right - left) / LETTERS)
    ax.set(ylim=(top, 0), xlim=(left, right + 0.03 * (right - left)), yticks=[])
    ax.set_xlabel("months since the first ALK-mutant sample, where durations are reported")
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= right])
    ax.spines["left"].set_visible(False)
    figure.legend(handles=_legend(list(bars["inhibitor"])), loc="outside lower left", ncols=4)
    said = "; ".join(courses)
    return Drawing(figure, f"Further lines of each patient, with best overall response. {said}.")


def _with_duration(lines: pd.DataFrame) -> pd.DataFrame:
    """Add ``months``, ``relation`` and ``measure``: of treatment, else progression-free."""
    treated = lines["dot_months"].notna()
    return lines.assign(
        months=lines["dot_months"].where(treated, lines["pfs_months"]),
        relation=lines["dot_relation"].where(treated, lines["pfs_relation"]),
        measure=treated.map({True: "DoT", False: "PFS"}),
    )


def _after(line: Any) -> str:
    return style.listed(
        "an unnamed inhibitor" if name == UNKNOWN else name
        for name in line.prior_inhibitors.split(LIST_SEPARATOR)
    )


def _bars(patients: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Bars of each patient, ``start`` to ``end`` in months, those before the first sample too.

    ``broken`` where the duration is unknown, ``ongoing``, and ``sampled`` before they start.
    """
    unknown = max(4.0, lines.groupby("patient_id")["months"].sum().max() / 8)
    lasting = (lines["status"] == TreatmentStatus.ONGOING) | (lines["relation"] == Relation.ABOVE)
    given = lines.assign(
        broken=lines["months"].isna() | (lines["relation"] == Relation.BELOW),
        ongoing=lasting,
        sampled=~lines.duplicated("sample_id"),
    )
    prior = patients.assign(inhibitor=patients["prior_inhibitors"].str.split(LIST_SEPARATOR))
    earlier = prior.explode("inhibitor").assign(broken=True, ongoing=False, sampled=False)
    bars = pd.concat([earlier, given], ignore_index=True)
    place = bars["patient_id"].map({name: at for at, name in enumerate(patients["patient_id"])})
    bars = bars.loc[place.sort_values(kind="stable").index]
    bars["months"] = bars["months"].mask(bars["broken"], unknown)
    end = bars.groupby("patient_id")["months"].cumsum()
    end -= unknown * bars["patient_id"].map(earlier["patient_id"].value_counts())
    return bars.assign(start=end - bars["months"], end=end)


def _said(course: pd.DataFrame) -> str:
    """What was reported of each line, behind the mutations of the sample before it."""
    return "; then ".join(
        f"{of_sample['mutations'].iloc[0]}: {', then '.join(map(_outcome, style.rows(of_sample)))}"
        for _, of_sample in course.groupby("sample_id", sort=False)
    )


def _outcome(line: Any) -> str:
    relation = "" if line.relation == Relation.EQUAL else line.relation
    facts = [
        "" if line.best_response == UNKNOWN else line.best_response,
        f"{line.measure} {relation}{style.counted(line.months, 'month')}" * pd.notna(line.months),
        "ongoing" if line.status == TreatmentStatus.ONGOING else "",
    ]
    given = f"{line.inhibitor} with {line.partner}" if line.partner else line.inhibitor
    return ", ".join([given, *(list(filter(None, facts)) or ["outcome not stated"])])


def _draw_bars(ax: Axes, bars: pd.DataFrame, room: float) -> None:
    """Draw the bars, each with its name where every letter has its room."""
    colours = [style.INHIBITOR_COLOURS.get(name, style.MUTED) for name in bars["inhibitor"]]
    ax.barh(bars["y"], bars["months"], left=bars["start"], height=0.28, color=colours,
            edgecolor=style.INK, linewidth=style.THIN)  # fmt: skip
    broken, ongoing, sampled = (bars[bars[mark]] for mark in ("broken", "ongoing", "sampled"))
    ax.plot(broken["end"] - 0.12 * broken["months"], broken["y"], **_BROKEN)
    # Of nothing that is not clipped, the layout would take the corner of the figure.
    if len(ongoing):
        ax.plot(ongoing["end"], ongoing["y"], ">", color=style.INK, markersize=9, clip_on=False,
                zorder=4)  # fmt: skip
    ax.plot(sampled["start"], sampled["y"], "X", color=style.INK, markersize=8,
            markeredgecolor=style.PAPER, zorder=5)  # fmt: skip
    for bar, colour in zip(style.rows(bars), colours, strict=True):
        name = style.named(bar.inhibitor)
        if bar.months * (0.8 if bar.broken else 1) >= room * (len(name) + 1):
            middle = bar.start + bar.months * (0.42 if bar.broken else 0.5)
            ax.text(middle, bar.y, name, ha="center", va="center", fontsize=style.DENSE,
                    color=style.ink_on(colour))  # fmt: skip


def _legend(used: Sequence[str]) -> list[Artist]:
    names = sorted(set(used), key=[*style.INHIBITOR_COLOURS, *used].index)
    mark: dict[str, Any] = {"linestyle": "", "color": style.INK}
    return [
        *(
            Patch(facecolor=style.INHIBITOR_COLOURS.get(name, style.MUTED), edgecolor=style.INK,
                  linewidth=style.THIN, label=style.named(name))
            for name in names
        ),
        Line2D([], [], **_BROKEN | {"markersize": 11}, label="duration not known"),
        Line2D([], [], marker=">", **mark, label="ongoing, or longer"),
        Line2D([], [], marker="X", **mark, label="ALK-mutant sample"),
    ]  # fmt: skip
