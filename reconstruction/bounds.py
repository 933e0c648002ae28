"""What the printed numbers leave open: proven limits of unpublished quantities.

The limits are those of the count model without patients' courses. Leaving constraints out can
only widen them, so a proven limit is one that no cohort with the printed numbers passes. Whether
a cohort reaches it, `reconstruction.draw` with ``where`` tells.
"""

from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ortools.sat.python.cp_model import INFEASIBLE, OPTIMAL

from reconstruction.counts import CountModel, build
from reconstruction.explain import refuse_contradiction
from reconstruction.profiles import KINDS
from reconstruction.quantities import Quantity, expression
from reconstruction.readings import DEFAULT_READINGS, Readings
from reconstruction.targets import solver

# Most limits are proven at once. The others need an order of the interchangeable profiles, which
# makes a first solution slower and the proof faster.
SEARCHES = ((3.0, False), (25.0, True))


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
        See `reconstruction.quantities`.
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
    readings = replace(readings, spectra_test="none")
    low, low_proven = _extreme(quantity, readings, sense=1)
    high, high_proven = _extreme(quantity, readings, sense=-1)
    return Bounds(low, low_proven, high, high_proven)


def _extreme(quantity: Quantity, readings: Readings, *, sense: int) -> tuple[int, bool]:
    """Find the smallest (sense 1) or largest (sense -1) value, and whether it is proven."""
    limits = []
    for seconds, ordered in SEARCHES:
        model = build(readings, None)
        if ordered:
            _order_alike(model, quantity)
        model.model.minimize(sense * expression(model, quantity))
        solve = solver(0, seconds)
        status = solve.solve(model.model)
        if status == INFEASIBLE:
            refuse_contradiction(readings)
        if status == OPTIMAL:
            return sense * round(solve.best_objective_bound), True
        limits.append(solve.best_objective_bound)
    return sense * round(max(limits)), False


def _order_alike(model: CountModel, quantity: Quantity) -> None:
    """Leave one of the many solutions that differ in the names of interchangeable profiles only.

    No value of the quantity is lost.
    """
    for alike in KINDS:
        others = [profile for profile in alike if profile not in quantity.profiles]
        for more, fewer in pairwise(others):
            model.model.add(model.evaluated([more]) >= model.evaluated([fewer]))
