"""The hierarchical model of chapter 06: a fit that has to be made, and one that was kept."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from alkpool.data import cohort
from alkpool.robustness import cells, model
from benchmarks.child import peak_megabytes

COHORT = "reconstructed"


def fit() -> dict[str, float]:
    """Time a fit of all lines of the synthetic cohort in a new process, then its second use.

    The first holds the import of jax and the compilation of the model, as in a notebook.
    """
    design = cells.design(cohort.analysis_set(cohort.load(COHORT)))
    seconds = []
    with TemporaryDirectory() as folder:
        for _ in range(2):
            # Made anew: what was compiled for one is not there for the other.
            fitter = model.Fitter(design, cache=Path(folder))
            started = time.perf_counter()
            posterior = fitter.fit()
            seconds.append(time.perf_counter() - started)
    made, kept = seconds
    return {
        "made": made,
        "kept": kept,
        "lines": int(design.rows["benefit_n"].sum()),
        "draws": len(model.flat(posterior.log_odds)),
        "peak": peak_megabytes(),
    }
