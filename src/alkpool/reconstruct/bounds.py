"""What the printed numbers leave open: proven limits of unpublished quantities.

The limits are those of the count model without patients' courses. Leaving constraints out can
only widen them, so a proven limit is one that no cohort with the printed numbers passes. Whether
a cohort reaches it, `alkpool.reconstruct.draw` with ``where`` tells.
"""

from dataclasses import replace
from typing import NamedTuple

from ortools.sat.python.cp_model import FEASIBLE, INFEASIBLE, OPTIMAL, LinearExpr

from alkpool.reconstruct.counts import CountModel, build
from alkpool.reconstruct.explain import refuse_contradiction
from alkpool.reconstruct.quantities import Quantity, expression
from alkpool.reconstruct.readings import DEFAULT_READINGS, Readings
from alkpool.reconstruct.targets import solver

DETERMINISTIC_SECONDS = 10.0


class Bounds(NamedTuple):
    """Smallest and largest value of a quantity, and whether each is proven."""

    low: int
    low_proven: bool
    high: int
    high_proven: bool


def bounds(quantity: Quantity, readings: Readings = DEFAULT_READINGS) -> Bounds:
    """Minimise and maximise a quantity over everything the printed numbers allow.

    Parameters
    ----------
    quantity : Quantity
        See `alkpool.reconstruct.quantities`.
    readings : Readings
        How contradictions are read. The table behind P = .54 is left out whatever they say: one
        of its readings would force 11 of 32 brigatinib samples to hold several mutations.

    Returns
    -------
    Bounds
        A limit that is not proven is the best value on the safe side: the quantity cannot pass
        it, but might not reach it either.

    Raises
    ------
    Infeasible
        Where printed numbers contradict each other under the readings.
    """
    model = build(replace(readings, spectra_test="none"), None)
    value = expression(model, quantity)
    low, low_proven = _extreme(model, value, readings, sense=1)
    high, high_proven = _extreme(model, value, readings, sense=-1)
    return Bounds(low, low_proven, high, high_proven)


def _extreme(
    model: CountModel, value: LinearExpr, readings: Readings, *, sense: int
) -> tuple[int, bool]:
    model.model.minimize(sense * value)
    solve = solver(0, DETERMINISTIC_SECONDS)
    status = solve.solve(model.model)
    if status == INFEASIBLE:
        refuse_contradiction(replace(readings, spectra_test="none"))
    if status not in (OPTIMAL, FEASIBLE):
        raise RuntimeError("no solution was found in the time allowed")
    return sense * round(solve.best_objective_bound), status == OPTIMAL
