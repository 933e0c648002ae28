"""Figure of the published study: printed P values beside those of every test."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from alkpool import style
from alkpool.paper.audit import FISHER
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
        ax.plot([printed] * 2, [place - 0.4, place + 0.4], color=style.ACCENT,
                linewidth=style.MEDIUM)  # fmt: skip
        fisher = rows["test"] == FISHER
        others = rows.loc[~fisher, "p_value"]
        ax.plot(others, [place - 0.14] * len(others), "|", color=style.MUTED, markersize=9)
        ax.plot(rows.loc[fisher, "p_value"], [place + 0.16], "D", color=style.ACCENT,
                markersize=style.MARK, markeredgecolor=style.INK,
                markeredgewidth=style.THIN)  # fmt: skip
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
