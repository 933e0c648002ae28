"""Figure of the chapter on benefit: the decision tree with its counts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alkpool import style
from alkpool.analysis.benefit import RULES, BenefitRule, outcomes
from alkpool.style import Drawing


def benefit_flow(classified: pd.DataFrame, rule: BenefitRule) -> Drawing:
    """Classification of benefit with the number of lines at each branch (paper, Figure 1).

    Parameters
    ----------
    classified : DataFrame
        From `alkpool.classify`.
    rule : BenefitRule
        The rule it was classified by.
    """
    at = classified["rule"].value_counts().reindex(list(RULES), fill_value=0)
    figure, ax = style.canvas(style.COLUMN, 4.75)
    y_of = {name: 4.5 - 0.5 * place for place, name in enumerate(RULES)}
    limit = style.counted(float(rule.threshold_months), "month")
    endings = (f"≥ {limit}", f"< {limit}, ongoing", f"< {limit}, ended\nor not stated")
    conditions = dict(zip(RULES, ("CR or PR", "PD", *endings, *endings, ""), strict=True))
    wide = 1.1

    def node(x: float, rules: Sequence[str], text: str) -> tuple[float, float]:
        y = float(np.mean([y_of[name] for name in rules]))
        label = f"{text}\nn = {int(at[list(rules)].sum())}"
        style.box(ax, (x, y), (wide, 0.17 + 0.15 * (1 + label.count("\n"))), label)
        return x, y

    def link(start: tuple[float, float], end: tuple[float, float]) -> None:
        (x0, y0), (x1, y1) = start, end
        bend = x0 + wide / 2 + 0.1
        ax.plot([x0, bend, bend, x1], [y0, y0, y1, y1], color=style.MUTED,
                linewidth=style.MEDIUM, zorder=0)  # fmt: skip

    rules, last = list(RULES), style.COLUMN - wide / 2 - 0.02
    root = node(0.56, rules, "Monotherapy\nlines")
    undecided = node(1.9, rules[2:], "SD, MR, NE or\nnot stated")
    link(root, undecided)
    for group, text in (
        (rules[2:5], "PFS stated"),
        (rules[5:8], "only DoT stated"),
        (rules[8:], "neither, or\na bound"),
    ):
        middle = node(3.25, group, text)
        link(undecided, middle)
        for name in group:
            link(middle, (last, y_of[name]))
    for name in rules[:2]:
        link(root, (last, y_of[name]))
    for name, outcome in outcomes(rule).items():
        y, count = y_of[name], int(at[name])
        if conditions[name]:
            ax.text(4.0, y, conditions[name], va="center", fontsize=style.SMALL,
                    bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5})  # fmt: skip
        face = style.BENEFIT_COLOURS[outcome] if count else style.PANEL
        style.box(ax, (last, y), (wide, 0.38), f"{name}  n = {count}\n{outcome}", face=face)
    said = "; ".join(f"{name}, {words}: {at[name]}" for name, words in RULES.items())
    lines = style.counted(len(classified), "monotherapy line")
    return Drawing(figure, f"Decision tree over {lines}. {said}.")
