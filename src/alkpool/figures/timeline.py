"""Figures of the chapter on evidence over time."""

from collections.abc import Hashable
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from alkpool.analysis.timeline import CELL
from alkpool.figures.charts import (
    ACCENT,
    COLUMN,
    DENSE,
    INK,
    MEDIUM,
    MUTED,
    NARROW,
    RULE_LINE,
    SMALL,
    THICK,
    THIN,
    VERDICT_STYLE,
    TelephoneTable,
)
from alkpool.vocabulary import Verdict

_LABEL, _TOP, _ROW, _KEY = 1.75, 0.3, 0.42, 0.5

_SERIES = {"samples": (INK, "-"), "patients": (ACCENT, "--"), "decided": (MUTED, ":")}
_WORDS = {"samples": "samples", "patients": "patients", "decided": "decided lines"}


def telling(evidence: pd.DataFrame, most: int) -> pd.DataFrame:
    """Pick the cells with a decided line, or ever a verdict other than insufficient evidence.

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.timeline.over_time`.
    most : int
        At most so many cells: those with most decided lines, then most relapsed samples.

    Returns
    -------
    DataFrame
        Their rows of ``evidence``, in the order of the matrix.
    """
    decided = (evidence["benefit_n"] > 0) | (evidence["verdict"] != Verdict.INSUFFICIENT)
    cells = evidence[decided].groupby(CELL, sort=False)[["benefit_n", "relapsed"]].max()
    chosen = cells.sort_values(["benefit_n", "relapsed"], ascending=False, kind="stable").index
    kept = pd.MultiIndex.from_frame(evidence[CELL]).isin(chosen[:most])
    return evidence[kept].reset_index(drop=True)


def growth_lines(growth: pd.DataFrame) -> Figure:
    """Draw how many patients, samples and decided lines had been published by each year."""
    figure, ax = plt.subplots(figsize=(NARROW, 2.6))
    for name, (colour, dash) in _SERIES.items():
        ax.step(growth["year"], growth[name], where="post", color=colour, linestyle=dash,
                linewidth=THICK)  # fmt: skip
        last = growth[name].iloc[-1]
        above = name == "samples"
        ax.annotate(f"{_WORDS[name]} {last}", (growth["year"].iloc[-1], last), (5, 3 * above - 3),
                    textcoords="offset points", va="bottom" if above else "top", fontsize=SMALL,
                    color=colour, annotation_clip=False)  # fmt: skip
    ax.set(ylabel="published so far", ylim=(0, None))
    ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    ax.grid(axis="y")
    return figure


def verdicts_by_year(evidence: pd.DataFrame) -> Figure:
    """Draw the verdict of cells at the end of each year, with their counts.

    Parameters
    ----------
    evidence : DataFrame
        From `telling`. A cell whose profile had not been published has no colour.
    """
    years, cells = _axes(evidence)
    height = _TOP + _ROW * len(cells) + _KEY
    figure, ax = plt.subplots(figsize=(COLUMN, height), layout="none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, COLUMN), ylim=(0, height))
    ax.axis("off")
    width = (COLUMN - _LABEL) / len(years)
    for place, year in enumerate(years):
        ax.text(_LABEL + width * (place + 0.5), height - 0.2, str(year), ha="center",
                weight="bold", fontsize=SMALL)  # fmt: skip
    for place, (profile, inhibitor) in enumerate(cells):
        y = height - _TOP - _ROW * (place + 1)
        ax.text(0, y + _ROW * 0.5, f"{profile}\n{inhibitor}", va="center", fontsize=SMALL)
        ax.axhline(y, color=RULE_LINE, linewidth=THIN, zorder=0)
    for row in evidence.to_dict("records"):
        x = _LABEL + width * years.index(row["year"])
        y = height - _TOP - _ROW * (cells.index((row["profile"], row["inhibitor"])) + 1)
        face, ink, mark = VERDICT_STYLE[Verdict(row["verdict"])]
        frame = INK if row["benefit_n"] else "none"
        ax.add_patch(Rectangle((x + 0.01, y + 0.015), width - 0.02, _ROW - 0.03, facecolor=face,
                               edgecolor=frame, linewidth=MEDIUM))  # fmt: skip
        benefit, relapse = _counts(row)
        for line, word in enumerate((mark, benefit, relapse)):
            ax.text(x + width / 2, y + _ROW - 0.085 - 0.125 * line, word, ha="center", va="center",
                    fontsize=DENSE, color=ink, weight="normal" if line else "bold")  # fmt: skip
    ax.text(0, 0.3, "second line: benefit / decided lines   third: relapsed / samples after the "
            "inhibitor", fontsize=DENSE, color=MUTED)  # fmt: skip
    ax.legend(
        handles=[
            Patch(facecolor=face, edgecolor=RULE_LINE, label=f"{mark}  {verdict}")
            for verdict, (face, _, mark) in VERDICT_STYLE.items()
        ],
        loc="lower left", bbox_to_anchor=(0, 0), borderpad=0, borderaxespad=0,
        ncols=len(VERDICT_STYLE), fontsize=DENSE,
    )  # fmt: skip
    return figure


def steps(evidence: pd.DataFrame) -> TelephoneTable:
    """Make `verdicts_by_year` for a telephone: only the years in which a cell moved."""
    _, cells = _axes(evidence)
    counts = ["verdict", "benefit_k", "benefit_n", "relapsed"]
    texts = []
    for profile, inhibitor in cells:
        rows = evidence[(evidence["profile"] == profile) & (evidence["inhibitor"] == inhibitor)]
        moved = rows[(rows[counts] != rows[counts].shift()).any(axis=1)]
        texts.append("".join(map(_step, moved.to_dict("records"))))
    names = [f"{profile}\n{inhibitor}".replace("+", "+\n") for profile, inhibitor in cells]
    marks = ", ".join(f"{mark} {verdict}" for verdict, (_, _, mark) in VERDICT_STYLE.items())
    letters = "B: benefit / decided lines; R: relapsed / samples after the inhibitor."
    return TelephoneTable(
        pd.DataFrame({"Years in which it moved": texts}, index=names), f"{marks}. {letters}"
    )


def _step(row: dict[Hashable, Any]) -> str:
    verdict = Verdict(row["verdict"])
    benefit, relapse = _counts(row)
    return (
        f'<div class="verdict {verdict.name.lower()}"><b>{row["year"]} '
        f'{VERDICT_STYLE[verdict][2]}</b><span class="visually-hidden"> {verdict}</span> '
        f"B {benefit}, R {relapse}</div>"
    )


def _counts(row: dict[Hashable, Any]) -> tuple[str, str]:
    return f"{row['benefit_k']}/{row['benefit_n']}", f"{row['relapsed']}/{row['relapse_n']}"


def _axes(evidence: pd.DataFrame) -> tuple[list[int], list[tuple[str, str]]]:
    cells = list(dict.fromkeys(zip(evidence["profile"], evidence["inhibitor"], strict=True)))
    last = evidence[evidence["year"] == evidence["year"].max()]
    order = list(zip(last["profile"], last["inhibitor"], strict=True))
    return sorted(int(year) for year in evidence["year"].unique()), sorted(cells, key=order.index)
