"""The multiverse: the engine, one notebook for each universe, and the package specification-curve.

Everything runs on the synthetic cohort with as many samples as the published one.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from alkpool import paths
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import BenefitRule, classify
from alkpool.data import cohort, laboratory
from alkpool.mutations import is_compound
from alkpool.robustness import large
from alkpool.robustness.choices import CHOICES, COUNTED, LEFT_OUT, Grid, Universe, grid
from alkpool.robustness.multiverse import DIFFERENCE, Multiverse, add, run
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


def _rule(kind: type[BenefitRule] | type[VerdictRule], universe: Universe) -> Any:
    """Rule of a universe."""
    return kind(**{field.name: getattr(universe, field.name) for field in fields(kind)})


def engine(universes: int) -> dict[str, float]:
    """Time all answers in so many universes, from the tables of the cohort on."""
    pooled = cohort.load(COHORT)
    measured, choices = laboratory.load_for(pooled), grid()
    numbers = choices.sample(universes)
    started = time.perf_counter()
    run(pooled, choices, measured).answer(choices.universes(numbers))
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
    every = Multiverse(total, choices, laboratory.load_for(described))
    every.answer(choices.universes(numbers))
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
    pooled = cohort.load(COHORT)
    every = run(pooled, choices, laboratory.load_for(pooled))
    seconds = []
    with TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        os.environ |= kernel_environment(Path(folder)) | {"ALKPOOL_RESULTS": str(results)}
        drawn = choices.universes(choices.sample(universes))
        for number, chosen in drawn.to_dict("index").items():
            universe = Universe(**chosen)
            parameters = {
                "verdict_rule": asdict(_rule(VerdictRule, universe)),
                "benefit_rule": asdict(_rule(BenefitRule, universe)),
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
    measured, every = laboratory.load_for(pooled), choices.universes(np.arange(choices.size))
    outcomes = _outcomes(pooled, every)
    names = [name for name in outcomes if name != "one"]
    seconds: dict[str, list[float]] = {"specification-curve": [], "alkpool": []}
    for _ in range(repeats):
        started = time.perf_counter()
        curve = SpecificationCurve(outcomes, y_endog=names, x_exog=["one"], controls=[])
        curve.fit(estimator=partial(sm.OLS, missing="drop"))
        seconds["specification-curve"].append(time.perf_counter() - started)
        started = time.perf_counter()
        answers = run(pooled, choices, measured).answer(every)
        values = answers.values[DIFFERENCE].to_numpy()
        seconds["alkpool"].append(time.perf_counter() - started)
    fitted = curve.df_r.set_index("y_endog")["Coefficient"].loc[names].to_numpy(dtype=float)
    np.testing.assert_allclose(fitted, values, atol=1e-9)
    return {"universes": choices.size, "seconds": seconds}


def _outcomes(pooled: cohort.Cohort, universes: pd.DataFrame) -> pd.DataFrame:
    """Benefit of each line as 1 or 0 in every universe; missing where it does not count."""
    lines = cohort.lines(pooled).merge(pooled.patients[["patient_id", "status"]],
                                       on="patient_id", suffixes=("", "_of_patient"))  # fmt: skip
    lines = lines[lines["mutations"] != UNKNOWN].reset_index(drop=True)
    value = {Benefit.BENEFIT: 1.0, Benefit.NO_BENEFIT: 0.0}
    status, alone = lines["status_of_patient"], lines["monotherapy"]
    columns = {"one": (~lines["mutations"].map(is_compound).astype(bool)).astype(float)}
    for number, chosen in universes.to_dict("index").items():
        universe = Universe(**chosen)
        benefit = classify(lines, _rule(BenefitRule, universe))["benefit"].map(value)
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
