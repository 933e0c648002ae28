"""Synthetic in vitro calls with the printed agreement of the six models (paper, Figure 6).

They are chosen to fit, and say nothing about any assay: never to be mixed with ``data/invitro``.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alkpool.analysis.invitro import OBSERVED
from alkpool.data.tables import INVITRO_SOURCES, MEASUREMENTS, MODELS
from alkpool.vocabulary import Access, Call, System
from reconstruction.profiles import GIVEN, TESTED

COLUMNS = ["model_id", "mutations", "inhibitor", "call"]

# Model -> (agreeing, compared) combinations (Results, "Comparison of ALK Inhibitor Sensitivity").
AGREEMENT = {
    "SYN-Fontana-V3": (13, 15),
    "SYN-Gainor-V1": (29, 35),
    "SYN-Horn-V1": (24, 35),
    "SYN-Horn-V3": (25, 36),
    "SYN-Yoda-V1": (8, 9),
    "SYN-Yoda-V3": (7, 9),
}
CALLS = (str(Call.SENSITIVE), str(Call.RESISTANT))


def draw_calls(verdicts: Mapping[tuple[str, str], str], rng: np.random.Generator) -> pd.DataFrame:
    """Draw the calls of the six models.

    Parameters
    ----------
    verdicts : mapping
        (profile, inhibitor) -> verdict of Figure 5, of profiles that occur.
    rng : Generator
        Source of the draw.

    Returns
    -------
    DataFrame
        Columns ``model_id, mutations, inhibitor, call``; each of the 23 x 5 combinations has a
        call of at least one model.
    """
    observed = {str(verdict): str(call) for verdict, call in OBSERVED.items()}
    tested = [(m, i) for m in TESTED for i in GIVEN]
    compared = [cell for cell in tested if verdicts.get(cell) in observed]
    others = [cell for cell in tested if cell not in compared]
    # Consecutive windows of a circle: together they are longer than it, so every combination
    # is in one, and each is shorter, so no model has a combination twice.
    circle = [compared[at] for at in rng.permutation(len(compared))]
    rows, start = [], 0
    for model, (agreeing, number) in AGREEMENT.items():
        window = [circle[(start + step) % len(circle)] for step in range(number)]
        start += number
        agrees = rng.permutation(number) < agreeing
        for cell, agree in zip(window, agrees, strict=True):
            sensitive = (observed[verdicts[cell]] == Call.SENSITIVE) == bool(agree)
            rows.append((model, *cell, CALLS[0] if sensitive else CALLS[1]))
    for cell in others:
        for model in rng.choice(list(AGREEMENT), rng.integers(1, 5), replace=False):
            rows.append((str(model), *cell, str(rng.choice(CALLS))))
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS, ignore_index=True)


def as_tables(calls: pd.DataFrame, name: str) -> dict[str, pd.DataFrame]:
    """Write calls as in vitro tables, in which everything that no call says is ``synthetic``.

    Parameters
    ----------
    calls : DataFrame
        From `draw_calls`.
    name : str
        Of the cohort, which is the source of the models.

    Returns
    -------
    dict of str to DataFrame
        File name to table, cells as text. The models may decide, as those of the paper do.
    """
    profiles = calls["mutations"].str.replace("+", ".", regex=False)
    measurements = calls.rename(columns={"call": "call_in_source"}).assign(
        measurement_id=calls["model_id"] + "-" + profiles + "-" + calls["inhibitor"],
        locator="synthetic",
    )
    models = calls[["model_id"]].drop_duplicates().assign(
        source_id=name, system=str(System.FUSION_CELLS), access=str(Access.FULL_TEXT),
        unit="none", sensitive_max="", resistant_min="", read_via="",
    )  # fmt: skip
    source = pd.DataFrame([{"source_id": name, "title": "Synthetic source", "secondary": "no"}])
    return {
        INVITRO_SOURCES.file: source.reindex(columns=INVITRO_SOURCES.columns, fill_value=""),
        MODELS.file: models.reindex(columns=MODELS.columns, fill_value="synthetic"),
        MEASUREMENTS.file: measurements.reindex(columns=MEASUREMENTS.columns, fill_value=""),
    }
