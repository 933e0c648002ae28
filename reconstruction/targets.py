"""Random objectives: each draw aims at its own random tables, and so lands elsewhere."""

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python.cp_model import CpSolver, IntVar, LinearExpr

from alkpool.paper.recount import G1202R, G1269A, L1196M
from reconstruction.counts import AFTER, AFTER_OTHER, EVALUATIONS, SAMPLES, CountModel
from reconstruction.profiles import GIVEN, OTHER, PROFILES

BENEFIT_SHARE = 177 / 262
PREVALENT = (L1196M, G1202R, G1269A)


def aim(counts: CountModel, rng: np.random.Generator) -> None:
    """Minimise the L1 distance of samples and Figure 5 cells to random tables."""
    weight = dict(zip(PROFILES, rng.gamma(1.0, size=len(PROFILES)).tolist(), strict=True))
    for m in PREVALENT:
        weight[m] += 3
    distances = []
    for d, total in {**AFTER, OTHER: AFTER_OTHER}.items():
        shares = _shares(rng, [weight[m] for m in PROFILES])
        for m, target in zip(PROFILES, rng.multinomial(total, shares), strict=True):
            distances.append(_distance(counts, counts.samples[d, m], int(target)))
    shares = _shares(rng, [weight[m] for m in PROFILES for _ in GIVEN])
    lines = iter(rng.multinomial(EVALUATIONS, shares))
    for m in PROFILES:
        for i in GIVEN:
            target = int(next(lines))
            benefit = int(rng.binomial(target, BENEFIT_SHARE))
            distances.append(_distance(counts, counts.cells[m, i, 1], benefit))
            distances.append(_distance(counts, counts.cells[m, i, 0], target - benefit))
    counts.model.minimize(LinearExpr.sum(distances))


def _shares(rng: np.random.Generator, weights: list[float]) -> NDArray[np.float64]:
    noisy = np.array(weights) * rng.gamma(0.7, size=len(weights))
    shares: NDArray[np.float64] = noisy / noisy.sum()
    return shares


def _distance(counts: CountModel, variable: IntVar, target: int) -> IntVar:
    distance = counts.model.new_int_var(0, SAMPLES, "")
    counts.model.add(distance >= variable - target)
    counts.model.add(distance >= target - variable)
    return distance


def solver(seed: int, deterministic_seconds: float, *, relative_gap: float = 0.0) -> CpSolver:
    """Solver whose answer depends on the model, the seed and the version of OR-Tools only.

    One worker and a limit in deterministic time: neither the number of processors nor their
    speed changes what it finds. With a linear relaxation of everything one worker has a first
    solution in about a second; without, mostly none in a minute.
    """
    solver = CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.linearization_level = 2
    solver.parameters.relative_gap_limit = relative_gap
    solver.parameters.max_deterministic_time = deterministic_seconds
    return solver
