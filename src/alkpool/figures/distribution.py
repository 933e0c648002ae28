"""Figure of the chapter on the distribution of mutations: classes by inhibitor."""

from typing import Any

import pandas as pd

from alkpool import mutations, style
from alkpool.analysis.distribution import MULTIPLE
from alkpool.data.tables import assessed_inhibitors
from alkpool.figures.matrix import Cell, Matrix, drawn, shaded
from alkpool.style import Drawing
from alkpool.vocabulary import UNKNOWN


def class_matrix(table: pd.DataFrame) -> Drawing:
    """Samples of each mutation class after each inhibitor, and their share (paper, Figure 4 B).

    Where no sample comes from a series of consecutive patients there is no share.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.analysis.distribution.by_class`.
    """
    after, classes = set(table["resistance_on"]), set(table["mutation_class"])
    columns = sorted(after, key=[*assessed_inhibitors(), UNKNOWN, *sorted(after)].index)
    rows = sorted(classes - {MULTIPLE}, key=lambda name: (mutations.residues(name), name))
    rows += [MULTIPLE] * (MULTIPLE in classes)
    total = table.groupby("resistance_on")["total"].first()
    heads = {name: f"{style.named(name)}\nn = {total[name]}" for name in columns}
    cells = {
        (row.mutation_class, heads[row.resistance_on]): _cell(row) for row in style.rows(table)
    }
    seen = table[table["samples"] > 0]
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


def _cell(row: Any) -> Cell:
    """Share of the consecutive samples where there are any, else how many samples were found."""
    if not (row.samples and row.relapse_n):
        return Cell((f"{row.samples} found" if row.samples else "0",))
    interval = f"{row.low * 100:.0f}–{row.high:.0%}"
    lines = [f"{row.relapsed}/{row.relapse_n}, {row.share:.0%} ({interval})"]
    lines += [f"{row.samples} found"] * (row.samples > row.relapsed)
    return shaded(lines, row.share)
