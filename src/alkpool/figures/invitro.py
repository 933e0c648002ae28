"""Figure of the chapter on laboratory models: their calls below the clinical verdicts."""

from collections.abc import Collection, Mapping

import pandas as pd

from alkpool import style
from alkpool.figures.matrix import Cell, Matrix, drawn, in_order, verdict_cell
from alkpool.style import Drawing
from alkpool.vocabulary import Call, Verdict

# Numbers of models beside each other.
PER_LINE = 5


def comparison_matrix(
    evidence: pd.DataFrame,
    calls: pd.DataFrame,
    numbers: Mapping[str, int],
    apart: Collection[str] = (),
) -> Drawing:
    """Clinical verdicts above the calls of the in vitro models (paper, Figure 6).

    Parameters
    ----------
    evidence : DataFrame
        From `alkpool.analysis.actionability.matrix`, the rows to show.
    calls : DataFrame
        From `alkpool.analysis.invitro.by_combination`.
    numbers : mapping
        Model to its number, by which a cell names it.
    apart : collection of str
        Models that decide nothing; their numbers stand in brackets.
    """
    known = calls[
        calls["call"].isin(list(style.CALL_STYLE)) & calls["model_id"].isin(list(numbers))
    ]
    models = {
        (profile, inhibitor, call): [
            f"({numbers[name]})" if name in apart else str(numbers[name])
            for name in sorted(found, key=numbers.__getitem__)
        ]
        for (profile, inhibitor, call), found in known.groupby(
            ["mutations", "inhibitor", "call"]
        )["model_id"]
    }  # fmt: skip
    cells, shown = {}, {str(call): 0 for call in Call}
    for row in style.rows(evidence):
        lines = [f"{row.benefit_k}/{row.benefit_n}"] if row.benefit_n else []
        for call, (_, _, name) in style.CALL_STYLE.items():
            found = models.get((row.profile, row.inhibitor, call), [])
            shown[call] += len(found)
            for at in range(0, len(found), PER_LINE):
                some = " ".join(found[at : at + PER_LINE])
                lines.append(f"{name[0].upper()}: {some}")
        silent = row.verdict == Verdict.INSUFFICIENT and not row.benefit_n
        cells[row.profile, row.inhibitor] = (
            Cell(tuple(lines), kind="empty")
            if silent
            else verdict_cell(row.verdict, "", lines, framed=row.benefit_n > 0)
        )
    columns = list(evidence["inhibitor"].drop_duplicates())
    letters = ", ".join(f"{name[0].upper()} {name}" for _, _, name in style.CALL_STYLE.values())
    key = f"Benefit / decided lines; below, by number, the models that call it: {letters}."
    counted = ", ".join(f"{call} {count}" for call, count in shown.items() if count)
    alt = (
        "Matrix of in vitro calls below clinical verdicts, profiles by inhibitors. "
        f"Calls: {counted or 'none'}."
    )
    return drawn(Matrix(in_order(evidence), columns, cells, key), alt)
