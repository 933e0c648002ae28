"""Laboratory calls beside clinical verdicts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from alkpool.figures.charts import (
    CALL_STYLE,
    DENSE,
    INK,
    MEDIUM,
    MUTED,
    PAPER,
    VERDICT_NAMES,
    VERDICT_STYLE,
    TelephoneTable,
    _profiles,
    _telephone_table,
    ink_on,
    matrix_frame,
    verdict_key,
)
from alkpool.vocabulary import Call, Verdict


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
