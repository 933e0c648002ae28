"""Draw a whole reconstructed cohort: counts, rows, in vitro calls, verification."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from ortools.sat.python.cp_model import FEASIBLE, INFEASIBLE, OPTIMAL, CpSolver

from alkpool import paper
from alkpool.analysis.actionability import matrix
from alkpool.data.cohort import Cohort, CohortMeta
from alkpool.data.tables import COHORT_TABLES
from reconstruction import counts, explain, local, patients, rows
from reconstruction.invitro_calls import draw_calls
from reconstruction.quantities import Quantity, expression
from reconstruction.readings import DEFAULT_READINGS, Readings
from reconstruction.targets import aim, solver
from reconstruction.variants import NoStrata

NAME = "reconstructed"
SEED = 2022

META = CohortMeta(
    title="Reconstruction of the published cohort (synthetic)",
    kind="reconstructed",
    synthetic=True,
    description=(
        "Synthetic rows, built so that the numbers printed by Koopman et al. (Clin Lung Cancer "
        "2022;23:e104-e114) come out. No row is a patient, and its cells are no evidence: the "
        "printed numbers leave most of them open. Ids start with SYN-."
    ),
    licence="CC BY 4.0",
)

# A first solution takes about 1; more than 5, or a smaller gap, brings the draw hardly nearer to
# its random target, which means nothing in itself.
DETERMINISTIC_SECONDS = 5.0
RELATIVE_GAP = 0.1
ATTEMPTS = 20


@dataclass(frozen=True)
class Tables:
    """Tables of a reconstructed cohort, cells as text as in the files.

    Attributes
    ----------
    sources, patients, samples, treatments : DataFrame
        As in the data dictionary.
    invitro_calls : DataFrame
        Columns ``model_id, mutations, inhibitor, call``; synthetic too.
    """

    sources: pd.DataFrame
    patients: pd.DataFrame
    samples: pd.DataFrame
    treatments: pd.DataFrame
    invitro_calls: pd.DataFrame

    def cohort(self) -> Cohort:
        """The four tables with typed columns and the description."""
        sources, patients, samples, treatments = (
            table.typed(getattr(self, table.name)) for table in COHORT_TABLES
        )
        return Cohort(NAME, sources, patients, samples, treatments, META)


def draw(
    seed: int,
    readings: Readings = DEFAULT_READINGS,
    where: Mapping[Quantity, int] = MappingProxyType({}),
) -> Tables:
    """Draw one cohort in which every consistent printed number holds.

    Parameters
    ----------
    seed : int
        Not negative. The same seed, readings and version of OR-Tools give the same rows.
    readings : Readings
        How printed numbers that contradict each other are read.
    where : mapping
        Values that unpublished quantities must have: shows that a limit is reached.

    Returns
    -------
    Tables
        Verified: every printed number was counted again from the rows.

    Raises
    ------
    Infeasible
        Where printed numbers contradict each other under the readings; it names them.
    RuntimeError
        Where no cohort was found.
    """
    if any(quantity.measure == "local_benefit" for quantity in where):
        raise ValueError("local_benefit cannot be fixed: it follows from the courses drawn first")
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, attempt])
        courses = local.draw_courses(rng, readings)
        model = counts.build(readings, courses)
        for quantity, value in where.items():
            model.model.add(expression(model, quantity) == value)
        aim(model, rng)
        number = int(rng.integers(2**31 - 1))
        solve = solver(number, DETERMINISTIC_SECONDS, relative_gap=RELATIVE_GAP)
        status = solve.solve(model.model)
        if status == INFEASIBLE:
            explain.refuse_contradiction(readings)
        if status not in (OPTIMAL, FEASIBLE):
            continue
        try:
            drawn = patients.draw_patients(_solved(model, solve), courses, readings, rng)
        except (patients.Redraw, NoStrata):
            continue
        frames = rows.expand(drawn, readings, rng)
        return _finished(frames, readings, rng)
    wanted = "".join(f", {quantity} = {value}" for quantity, value in where.items())
    raise RuntimeError(
        f"no cohort was found in {ATTEMPTS} attempts (seed {seed}{wanted}); try another seed"
    )


def _solved(model: counts.CountModel, solve: CpSolver) -> patients.Counts:
    samples = {key: solve.value(variable) for key, variable in model.samples.items()}
    lines = {key: solve.value(variable) for key, variable in model.lines.items()}
    return patients.Counts(
        pools=patients.class_pools(samples, lines),
        courses={key: solve.value(variable) for key, variable in model.courses.items()},
    )


def _finished(
    frames: dict[str, pd.DataFrame], readings: Readings, rng: np.random.Generator
) -> Tables:
    unfinished = Tables(**frames, invitro_calls=pd.DataFrame())
    cells = matrix(unfinished.cohort(), readings.verdict)
    verdicts = {
        (str(m), str(i)): str(cell)
        for m, i, cell in zip(cells["profile"], cells["inhibitor"], cells["verdict"], strict=True)
    }
    calls = draw_calls(verdicts, rng)
    tables = Tables(**frames, invitro_calls=calls)
    if wrong := mismatches(tables.cohort(), calls, readings):
        raise RuntimeError(
            f"the rows do not give {', '.join(wrong)} of data/published/results.csv: "
            "this is a defect of reconstruction"
        )
    return tables


def mismatches(
    cohort: Cohort, invitro_calls: pd.DataFrame, readings: Readings = DEFAULT_READINGS
) -> list[str]:
    """Ledger ids that the rows do not give, beside those that the readings give up."""
    ours = paper.recompute(cohort, invitro_calls, readings)
    return sorted({*paper.differing(paper.read_ledger(), ours)} - readings.given_up)
