"""Figure of the chapter on laboratory models: potencies below the clinical verdicts."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from alkpool import style
from alkpool.analysis.invitro import Origin
from alkpool.figures.matrix import in_order, wrapped
from alkpool.style import Drawing
from alkpool.vocabulary import Call, Relation, Verdict

# Inches that a row is high; part of a cell that its axis takes up, and where its dots stand.
ROW, ACROSS = 0.66, 0.86
LEVELS = (0.36, 0.5, 0.64)
# In nM: the axis of every cell, and its ticks.
LEAST, MOST = 0.1, 10_000.0
TICKS = {1.0: "1", 100.0: "100", 10_000.0: "10k"}

CELL = ["mutations", "inhibitor"]

_MARKS: dict[Origin, dict[str, Any]] = {
    Origin.DECIDES: {"marker": "o", "color": style.ACCENT},
    Origin.OTHER: {"marker": "^", "color": style.ACCENT},
    Origin.REVIEW: {"marker": "o", "color": style.ACCENT, "markerfacecolor": style.PAPER},
}


def potency_strips(evidence: pd.DataFrame, potencies: pd.DataFrame) -> Drawing:
    """IC50 of each profile and inhibitor on a log axis, below the patients (paper, Figure 6).

    A cell has, from above, what was seen in patients, a mark for each IC50, and the calls that came
    without a number, as counts: of models that decide, and in brackets of all others.

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.
    potencies : DataFrame
        From `alkpool.analysis.invitro.measured`; IC50 in nM.

    Examples
    --------
    >>> potency_strips(evidence, potencies).alt  # doctest: +SKIP
    'IC50 of 12 profiles by inhibitor, 115 values from 0.25 to 10000 nM: 60 of models that ...'
    """
    profiles, inhibitors = in_order(evidence), list(evidence["inhibitor"].drop_duplicates())
    if not profiles:
        return Drawing(None, "No model has tested a profile of the pool.")
    figure, ax = plt.subplots(figsize=(style.COLUMN, 1.5 + ROW * len(profiles)))
    for cell in style.rows(evidence[evidence["benefit_n"] > 0]):
        column, row = inhibitors.index(cell.inhibitor), profiles.index(cell.profile)
        mark = style.VERDICT_STYLE[Verdict(cell.verdict)][2]
        ax.text(column + 0.5, row + 0.19, f"{mark} {cell.benefit_k}/{cell.benefit_n}",
                ha="center", va="center", fontsize=style.DENSE, weight="bold")  # fmt: skip
    here = potencies[
        potencies["mutations"].isin(profiles) & potencies["inhibitor"].isin(inhibitors)
    ]
    numbers = here.dropna(subset="value").sort_values([*CELL, "value", "model_id"])
    levels = numbers.groupby(CELL).cumcount() % len(LEVELS)
    for one, level in zip(style.rows(numbers), levels, strict=True):
        column, row = inhibitors.index(one.inhibitor), profiles.index(one.mutations)
        x, y = column + _along(one.value), row + LEVELS[level]
        side = {Relation.BELOW: -1, Relation.ABOVE: 1}.get(one.relation, 0)
        ax.plot([x, x + 0.1 * side], [y, y], color=style.ACCENT, linewidth=style.MEDIUM)
        ax.plot(x, y, markersize=style.MARK - 1, markeredgewidth=style.MEDIUM, zorder=3,
                **_MARKS[Origin(one.origin)])  # fmt: skip
    called = here[here["value"].isna() & (here["call"] != Call.UNKNOWN)]
    for (profile, inhibitor), calls in called.groupby(CELL):
        column, row = inhibitors.index(str(inhibitor)), profiles.index(str(profile))
        ax.text(column + 0.5, row + 0.88, _counted(calls), ha="center", va="center",
                fontsize=style.DENSE)  # fmt: skip
    places = [column + _along(tick) for column in range(len(inhibitors)) for tick in TICKS]
    for place in places:
        ax.axvline(place, color=style.RULE_LINE, linewidth=style.THIN, zorder=0)
    ax.vlines(range(len(inhibitors) + 1), 0, len(profiles), color=style.MUTED, linewidth=style.THIN)
    ax.hlines(range(len(profiles) + 1), 0, len(inhibitors), color=style.MUTED, linewidth=style.THIN)
    ax.set(xlim=(0, len(inhibitors)), ylim=(len(profiles), 0), xlabel="IC50 in nM")
    ax.set_yticks(np.arange(len(profiles)) + 0.5, list(map(wrapped, profiles)))
    ax.set_xticks(places, [*TICKS.values()] * len(inhibitors), fontsize=style.DENSE)
    for column, inhibitor in enumerate(inhibitors):
        ax.annotate(inhibitor, (column + 0.5, 1), (0, 4), xycoords=("data", "axes fraction"),
                    textcoords="offset points", ha="center")  # fmt: skip
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    handles = [
        Line2D([], [], linestyle="", markersize=style.MARK, label=str(origin), **mark)
        for origin, mark in _MARKS.items()
    ]
    handles.append(Line2D([], [], color=style.ACCENT, linewidth=style.MEDIUM,
                          label="line to a side: less, or more, than"))  # fmt: skip
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    values = numbers["value"]
    span = f" from {values.min():g} to {values.max():g} nM" if len(values) else ""
    kinds = numbers["origin"].value_counts()
    counts = "; ".join(f"{origin}: {kinds.get(origin, 0)}" for origin in Origin)
    return Drawing(
        figure,
        f"IC50 of {style.counted(len(profiles), 'profile')} by inhibitor, "
        f"{style.counted(len(values), 'value')}{span} ({counts}). "
        f"Calls without a number: {here['value'].isna().sum()}.",
    )


def _along(value: float) -> float:
    """Where a potency stands between the edges of its cell, from 0 to 1."""
    decades = np.log10(np.clip(value, LEAST, MOST) / LEAST) / np.log10(MOST / LEAST)
    return float((1 - ACROSS) / 2 + ACROSS * decades)


def _counted(calls: pd.DataFrame) -> str:
    """Letter and number of each call, as ``S2 R1``, in brackets of models that do not decide."""
    decides = calls["origin"] == Origin.DECIDES
    words = []
    for counts in (calls.loc[kind, "call"].value_counts() for kind in (decides, ~decides)):
        words.append(
            " ".join(f"{call[0].upper()}{counts[call]}" for call in Call if call in counts)
        )
    return " ".join(filter(None, [words[0], f"({words[1]})" if words[1] else ""]))
