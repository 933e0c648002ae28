"""Figures of the published study: printed numbers beside ours."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from alkpool import style
from alkpool.paper.audit import FISHER
from alkpool.paper.ledger import Match
from alkpool.style import Drawing


def p_values_by_test(comparisons: pd.DataFrame, digits: dict[str, int]) -> Drawing:
    """P values of every test, with the printed one as the band that rounds to it.

    Parameters
    ----------
    comparisons : DataFrame
        From `alkpool.paper.comparisons`.
    digits : dict
        Ledger id (as in ``comparisons``) -> decimals printed.
    """
    adjusted = comparisons.groupby("comparison", sort=False)["adjusted"].first()
    names = list(adjusted.index)
    labels = [f"{name}\n(printed P is adjusted)" if adjusted[name] else name for name in names]
    if comparisons.empty:
        return Drawing(None, "No comparison is printed with its counts.")
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.9 + 0.55 * len(names)))
    for place, name in enumerate(reversed(names)):
        rows = comparisons[comparisons["comparison"] == name]
        first = rows.iloc[0]
        printed, half = float(first["published"]), 0.5 * 10 ** -digits[first["ledger_id"]]
        ax.fill_between([printed - half, printed + half], place - 0.4, place + 0.4,
                        color=style.RULE_LINE, linewidth=0)  # fmt: skip
        ax.plot(
            [printed, printed],
            [place - 0.4, place + 0.4],
            color=style.ACCENT,
            linewidth=style.MEDIUM,
        )
        others = rows[rows["test"] != FISHER]
        ax.plot(
            others["p_value"], [place - 0.14] * len(others), "|", color=style.MUTED, markersize=9
        )
        fisher = rows.loc[rows["test"] == FISHER, "p_value"]
        ax.plot(fisher, [place + 0.16], "D", color=style.ACCENT, markersize=style.MARK,
                markeredgecolor=style.INK, markeredgewidth=style.THIN)  # fmt: skip
    ax.set(xscale="log", xlabel="P value", ylim=(-0.6, len(names) - 0.4))
    # Its powers of ten would have exponents in letters too small to read.
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.set_yticks(range(len(names)), labels[::-1])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    handles = [
        Line2D([], [], color=style.ACCENT, linewidth=style.MEDIUM,
               label="as printed, with its rounding"),
        Line2D([], [], marker="D", color=style.ACCENT, linestyle="", markeredgecolor=style.INK,
                   label="Fisher's exact test, two-sided"),
        Line2D([], [], marker="|", color=style.MUTED, linestyle="", markersize=9,
                   label="other tests"),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    fitting = comparisons[comparisons["reproduces"]].groupby("comparison")["test"].agg(", ".join)
    said = " ".join(
        f"{row.comparison}: printed {row.published}, two-sided Fisher {row.p_value:.4f}, "
        f"reproduced by {fitting.get(row.comparison, 'no test')}."
        for row in style.rows(comparisons[comparisons["test"] == FISHER])
    )
    return Drawing(figure, f"P values by comparison. {said}")


def rounding(distances: pd.DataFrame) -> Drawing:
    """How far each number lies from the printed one, in units of its last digit.

    Parameters
    ----------
    distances : DataFrame
        From `alkpool.paper.rounding_distance`, one row each, first on top.
    """
    if distances.empty:
        return Drawing(None, "No number was rounded for printing.")
    figure, ax = plt.subplots(figsize=(style.COLUMN, 0.8 + 0.17 * len(distances)))
    ax.axvspan(
        -0.5,
        0.5,
        facecolor=style.PANEL,
        edgecolor=style.RULE_LINE,
        linewidth=style.MEDIUM,
        zorder=0,
    )
    ax.axvline(0, color=style.ACCENT, linewidth=style.MEDIUM, zorder=1)
    places = range(len(distances))[::-1]
    ours = distances["distance"].to_numpy(dtype=float)
    for place, distance, match in zip(places, ours, distances["match"], strict=True):
        same = match == Match.YES
        ax.plot([0, distance], [place, place], color=style.MUTED, linewidth=style.MEDIUM, zorder=2)
        ax.plot(distance, place, "o" if same else "X",
                color=style.ACCENT if same else style.UNFAVOURABLE, markersize=5,
                zorder=3)  # fmt: skip
    furthest = float(distances["distance"].abs().max())
    ax.set(xlim=(-max(0.75, 1.1 * furthest), max(0.75, 1.1 * furthest)),
           ylim=(-0.8, len(distances) - 0.2),
           xlabel="ours less printed, in units of the last printed digit")  # fmt: skip
    ax.set_yticks(
        places, distances["ledger_id"] + "  " + distances["quantity"], fontsize=style.DENSE
    )
    ax.tick_params(axis="y", length=0)
    within = int((distances["match"] == Match.YES).sum())
    worst = distances.iloc[int(distances["distance"].abs().argmax())]
    return Drawing(
        figure,
        f"Dot plot of {len(distances)} rounded numbers: {within} round to the printed digits. "
        f"The furthest is {worst['ledger_id']}, {worst['quantity']}, at {worst['distance']:+.2f} "
        "of the last digit.",
    )
