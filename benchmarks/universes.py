"""The multiverse: the engine, one notebook for each universe, and the package specification-curve.

Everything runs on the synthetic cohort with as many samples as the published one.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from alkpool import paths
from alkpool.analysis.benefit import classify
from alkpool.data import cohort, laboratory
from alkpool.mutations import is_compound
from alkpool.robustness import large
from alkpool.robustness.choices import CHOICES, COUNTED, LEFT_OUT, Grid, Universe, grid
from alkpool.robustness.multiverse import run
from alkpool.robustness.tallies import add
from alkpool.vocabulary import UNKNOWN, Answer, Benefit, PatientStatus, Specimen, StudyType
from benchmarks.child import forget_peak, peak_megabytes

COHORT = "reconstructed"
NOTEBOOK = "04-clinical-actionability.ipynb"
DEFAULT = Universe()
# Choices that are no parameters of the notebook stay at their default, and so do those that the
# headline of the specification curve does not depend on, or that its table of outcomes leaves out.
OUTSIDE_NOTEBOOK = (
    "endpoint", "unknown_lines", "lines", "biopsy", "duplicates", "case_reports", "plasma",
    "unverified", "profiles", "intermediate", "exploratory",
)  # fmt: skip
OUTSIDE_CURVE = (
    "endpoint", "lines", "biopsy", "unverified",
    *(choice.name for choice in CHOICES if choice.block not in ("lines", "samples")),
)  # fmt: skip


def _fixed(*names: str, **levels: Sequence[Any]) -> Grid:
    return grid(**{name: (getattr(DEFAULT, name),) for name in names}, **levels)


def engine(universes: int) -> dict[str, float]:
    """Time all answers in so many universes, from the tables of the cohort on."""
    pooled = cohort.load(COHORT)
    measured, choices = laboratory.load_for(pooled), grid()
    numbers = choices.sample(universes)
    started = time.perf_counter()
    every = run(pooled, choices, measured)
    every.table(numbers)
    every.verdicts(numbers)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "universes": len(numbers),
        "grid": choices.size,
        "samples": len(cohort.analysis_set(pooled).samples),
        "peak": peak_megabytes(),
    }


def grown(folder: str, universes: int) -> dict[str, float]:
    """Time all answers in so many universes on a cohort of partitions.

    Returns
    -------
    dict
        ``lines`` and ``groups`` of them that no universe tells apart; ``tally``, the seconds to
        count these one partition after the other, files included, and ``answers``, those from
        there on; ``tally peak`` and ``answers peak``, most memory in megabytes.
    """
    choices = grid()
    started = time.perf_counter()
    described = large.described(Path(folder))
    total = add(
        large.tally_partition(part, described, choices) for part in large.partitions(Path(folder))
    )
    tallied, peak = time.perf_counter(), peak_megabytes()
    forget_peak()
    numbers = choices.sample(universes)
    begun = time.perf_counter()
    every = run(total, choices)
    every.table(numbers)
    every.verdicts(numbers)
    return {
        "universes": len(numbers),
        "lines": int(total.loc[total["unit"] == "line", "n"].sum()),
        "groups": len(total),
        "tally": tallied - started,
        "answers": time.perf_counter() - begun,
        "tally peak": peak,
        "answers peak": peak_megabytes(),
    }


def notebooks(universes: int) -> dict[str, list[float]]:
    """Time papermill on the chapter, once for each of some universes that it can express.

    What each notebook writes is compared with what the engine says of its universe.
    """
    import papermill

    from alkpool.compendium.run import kernel_environment

    choices = _fixed(*OUTSIDE_NOTEBOOK, apart=("trans", "none"))
    every = run(cohort.load(COHORT), choices)
    seconds = []
    with TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        os.environ |= kernel_environment(Path(folder)) | {"ALKPOOL_RESULTS": str(results)}
        for number in choices.sample(universes).tolist():
            universe = choices.universe(number)
            parameters = {
                "verdict_rule": asdict(universe.verdict_rule),
                "benefit_rule": asdict(universe.benefit_rule),
                "split_trans": universe.apart == "trans",
            }
            started = time.perf_counter()
            papermill.execute_notebook(
                paths.NOTEBOOKS / NOTEBOOK, Path(folder) / NOTEBOOK, kernel_name="python3",
                parameters={"cohort": COHORT, **parameters}, cwd=paths.NOTEBOOKS,
                progress_bar=False,
            )  # fmt: skip
            seconds.append(time.perf_counter() - started)
            (written,) = results.rglob("actionability.csv")
            _assert_same(pd.read_csv(written), every.matrix(number))
    return {"seconds": seconds}


def _assert_same(written: pd.DataFrame, computed: pd.DataFrame) -> None:
    columns = ["profile", "inhibitor", "samples", "relapsed", "benefit_k", "benefit_n", "verdict"]
    if written[columns].astype(str).to_csv() != computed[columns].astype(str).to_csv():
        raise AssertionError("the notebook and the multiverse give different verdicts")


def specification_curve(repeats: int) -> dict[str, Any]:
    """Time one headline in every universe that moves it, by specification-curve and the engine.

    The headline is the benefit rate with one mutation minus that with several: the coefficient
    of a linear regression of benefit on having one mutation, of which specification-curve fits
    one for each universe. Its table of outcomes is made before the time is taken.
    """
    import statsmodels.api as sm
    from specification_curve import SpecificationCurve

    choices = _fixed(*OUTSIDE_CURVE)
    pooled = cohort.load(COHORT)
    outcomes = _outcomes(pooled, choices)
    names = [name for name in outcomes if name != "one"]
    seconds: dict[str, list[float]] = {"specification-curve": [], "alkpool": []}
    for _ in range(repeats):
        started = time.perf_counter()
        curve = SpecificationCurve(outcomes, y_endog=names, x_exog=["one"], controls=[])
        curve.fit(estimator=partial(sm.OLS, missing="drop"))
        seconds["specification-curve"].append(time.perf_counter() - started)
        started = time.perf_counter()
        headline = dict(run(pooled, choices).headlines())["single_minus_multiple"]
        values = headline.values[np.ix_(*headline.places)].ravel()
        seconds["alkpool"].append(time.perf_counter() - started)
    fitted = curve.df_r.set_index("y_endog")["Coefficient"].loc[names].to_numpy(dtype=float)
    np.testing.assert_allclose(fitted, values, atol=1e-9)
    return {"universes": choices.size, "seconds": seconds}


def _outcomes(pooled: cohort.Cohort, choices: Grid) -> pd.DataFrame:
    """Benefit of each line as 1 or 0 in every universe; missing where it does not count."""
    lines = cohort.lines(pooled).merge(pooled.patients[["patient_id", "status"]],
                                       on="patient_id", suffixes=("", "_of_patient"))  # fmt: skip
    lines = lines[lines["mutations"] != UNKNOWN].reset_index(drop=True)
    value = {Benefit.BENEFIT: 1.0, Benefit.NO_BENEFIT: 0.0}
    status, alone = lines["status_of_patient"], lines["monotherapy"]
    columns = {"one": (~lines["mutations"].map(is_compound).astype(bool)).astype(float)}
    for number in range(choices.size):
        universe = choices.universe(number)
        benefit = classify(lines, universe.benefit_rule)["benefit"].map(value)
        if universe.unknown_lines != LEFT_OUT:
            benefit = benefit.fillna(float(universe.unknown_lines == "benefit"))
        counts = alone.isin(
            [Answer.YES, *([Answer.UNKNOWN] if universe.monotherapy == "not combined" else [])]
        ) & status.isin(
            [PatientStatus.INCLUDED]
            + [PatientStatus.DUPLICATE] * (universe.duplicates == COUNTED)
        )  # fmt: skip
        if universe.case_reports == LEFT_OUT:
            counts &= lines["study_type"] != StudyType.CASE_REPORT
        if universe.plasma == LEFT_OUT:
            counts &= lines["specimen"] != Specimen.PLASMA
        columns[f"universe {number}"] = benefit.where(counts)
    return pd.DataFrame(columns)
