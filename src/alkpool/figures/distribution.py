"""Figures of the chapter on the distribution of mutations: classes by inhibitor, and residues."""

from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import optimize

from alkpool import mutations, style
from alkpool.analysis.distribution import MULTIPLE
from alkpool.data.tables import assessed_inhibitors
from alkpool.figures.matrix import Cell, Matrix, drawn, shaded
from alkpool.style import Drawing
from alkpool.vocabulary import UNKNOWN

# Exons that the paper's local panel covered (Methods, "Retrospective Cohort").
PANEL_EXONS = {"22": (1151, 1172), "23": (1173, 1215), "25": (1260, 1279)}


def class_matrix(table: pd.DataFrame) -> Drawing:
    """Samples of each mutation class after each inhibitor, and their share (paper, Figure 4 B).

    Where no sample comes from a series of consecutive patients there is no share.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.analysis.distribution.by_class`.
    """
    after, classes = set(table["resistance_on"]), set(table["mutation_class"])
    columns = [name for name in (*assessed_inhibitors(), UNKNOWN) if name in after]
    columns += sorted(after - set(columns))
    rows = sorted(classes - {MULTIPLE}, key=lambda name: (mutations.residues(name), name))
    rows += [MULTIPLE] * (MULTIPLE in classes)
    total = table.groupby("resistance_on")["total"].first()
    heads = {name: f"{style.named(name)}\nn = {total[name]}" for name in columns}
    seen = table[table["samples"] > 0]
    cells = {
        (row.mutation_class, heads[row.resistance_on]): shaded(
            [
                f"{row.relapsed}/{row.relapse_n}, {row.share:.0%} "
                f"({row.low * 100:.0f}–{row.high:.0%})",
                *[f"{row.samples} found"] * (row.samples > row.relapsed),
            ],
            row.share,
        )
        if row.samples and row.relapse_n
        else Cell((f"{row.samples} found",))
        if row.samples
        else Cell(("0",))
        for row in style.rows(table)
    }  # fmt: skip
    said = "; ".join(
        f"after {name}: " + ", ".join(f"{row.mutation_class} {row.samples}/{row.total}"
                                      for row in style.rows(seen[seen["resistance_on"] == name]))
        for name in columns
    )  # fmt: skip
    matrix = Matrix(
        rows, list(heads.values()), cells,
        "Consecutive samples have a share and its 95% Wilson interval. Found: in reported cases, "
        "of which a share would say nothing.",
        verdicts=False,
    )  # fmt: skip
    words = f"Samples by mutation class and failed inhibitor. {said or 'No sample'}."
    return drawn(matrix, words)


def lollipop(table: pd.DataFrame) -> Drawing:
    """Where the mutations lie along the kinase domain.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.analysis.distribution.by_mutation`.
    """
    said = ", ".join(f"{row.mutation} {row.samples}" for row in style.rows(table)) or "no sample"
    alt = f"Samples with each mutation, by residue: {said}."
    if table.empty:
        return Drawing(None, alt)
    figure, ax = plt.subplots(figsize=(style.COLUMN, 3.9))
    first, last = mutations.KINASE_DOMAIN
    for exon, (start, end) in PANEL_EXONS.items():
        ax.axvspan(start, end, color=style.PANEL, linewidth=0, zorder=0)
        ax.text((start + end) / 2, -0.11, f"exon {exon}", ha="center", va="top",
                fontsize=style.SMALL, color=style.MUTED,
                transform=ax.get_xaxis_transform())  # fmt: skip
    spread = _spread([float(place) for place in table["residue"]], gap=9.5)
    top = float(table["samples"].max())
    for row, x in zip(style.rows(table), spread, strict=True):
        place, count = row.residue, row.samples
        ax.plot([place, place, x], [count, 1.08 * top, 1.3 * top], color=style.RULE_LINE,
                linewidth=style.THIN, clip_on=False, zorder=1)  # fmt: skip
        ax.plot([place, place], [0, count], color=style.MUTED, linewidth=style.MEDIUM)
        ax.plot(place, count, "o", color=style.ACCENT, markersize=style.MARK,
                markeredgecolor=style.INK, markeredgewidth=style.THIN, zorder=3)  # fmt: skip
        ax.text(x, 1.32 * top, f"{row.mutation}  {count}", rotation=90, ha="center", va="bottom",
                fontsize=style.SMALL)  # fmt: skip
    ax.set(
        xlim=(first - 2, last + 2),
        ylim=(0, top * 1.08),
        ylabel=f"samples, of {table['total'].iloc[0]}",
    )
    ax.set_xlabel("residue of the ALK kinase domain", labelpad=14)
    ax.yaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    return Drawing(figure, alt)


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """Move labels apart, each as little as may be, so that neighbours keep the gap."""
    steps = gap * np.arange(len(places))
    return list(optimize.isotonic_regression(np.asarray(places) - steps).x + steps)
