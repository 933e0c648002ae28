"""Fisher's exact test for a table of any shape: scipy's for 2 x 2, a network for larger ones.

The reference is ``tests/reference/stats_reference.R``.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy import special

from alkpool.stats.intervals import Floats, Integers, Interval, check_confidence, is_count

# Tables as probable as the observed one are recognised up to this rounding error, as in R's FEXACT.
SAME_PROBABILITY = 1e-7

# Work limit of the r x c test: a few seconds, at tables where R's own algorithm nears its end.
MAX_PATHS = 50_000_000

# Up to here the limits of an odds ratio take at most half a minute, and most a second.
MAX_OBSERVATIONS = 100_000


@dataclass(frozen=True)
class FisherResult:
    """Two-sided exact P value, and for 2 x 2 tables the odds ratio (nan for larger ones)."""

    p_value: float
    odds_ratio: float
    interval: Interval


def fisher_exact(table: ArrayLike, confidence: float = 0.95) -> FisherResult:
    """Fisher's exact test of independence, two-sided, for a table of any shape.

    P is the probability, given the margins, of all tables that are no more probable than the
    observed one; beyond 2 x 2 this is the test of Freeman and Halton. It is never simulated.

    Parameters
    ----------
    table : array-like of int, shape (rows, columns)
        Counts. Empty rows and columns are dropped first.
    confidence : float
        Of the odds ratio's interval, between 0 and 1.

    Returns
    -------
    FisherResult
        For 2 x 2 tables with the conditional maximum likelihood odds ratio and its exact
        interval, as in R's ``fisher.test``; for larger tables both are nan. With fewer than two
        rows or columns left there is nothing to test: P is 1 and the rest nan.

    Raises
    ------
    ValueError
        If the table is not two-dimensional, holds anything but counts or more than
        ``MAX_OBSERVATIONS``, or, beyond 2 x 2, would need more than ``MAX_PATHS`` steps, which it
        says before it takes most of them. How many depends on the table too: nearly all 2 x 5
        tables of a thousand observations, 3 x 4 tables of 200 and 3 x 6 tables of 100 are within;
        most 2 x 40 tables of 900 and 4 x 5 tables of 200 are not.

    Notes
    -----
    The limits of an odds ratio take hundredths of a second for hundreds of observations, and up to
    half a minute for the most that are allowed.

    References
    ----------
    Freeman GH, Halton JH. Biometrika 1951;38:141-9. Mehta CR, Patel NR. J Am Stat Assoc
    1983;78:427-34 (the algorithm).

    Examples
    --------
    >>> result = fisher_exact([[150, 63], [27, 22]])
    >>> round(result.p_value, 3), round(result.odds_ratio, 2)
    (0.044, 1.93)
    """
    check_confidence(confidence)
    values = np.asarray(table, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"a table has 2 dimensions (rows, columns), not {values.ndim}")
    wrong = ~is_count(values)
    if wrong.any():
        raise ValueError(f"a table holds counts (0, 1, 2, ...), not {values[wrong][0]:g}")
    if values.sum() > MAX_OBSERVATIONS:
        raise ValueError(
            f"a table of {values.sum():,.0f} observations is too large for an exact test, which "
            f"takes at most {MAX_OBSERVATIONS:,}"
        )
    counts = values[values.any(axis=1)][:, values.any(axis=0)].astype(np.int64)
    undefined = Interval(math.nan, math.nan)
    if min(counts.shape) < 2:
        return FisherResult(1.0, math.nan, undefined)
    if counts.shape != (2, 2):
        return FisherResult(_freeman_halton(counts), math.nan, undefined)
    return _two_by_two(counts, confidence)


def _two_by_two(table: Integers, confidence: float) -> FisherResult:
    p_value = float(scipy.stats.fisher_exact(table).pvalue)
    found = scipy.stats.contingency.odds_ratio(table)
    limits = found.confidence_interval(confidence)
    return FisherResult(p_value, float(found.statistic), Interval(*map(float, limits)))


def _freeman_halton(table: Integers) -> float:
    """Exact P value by the network algorithm, one stage per column.

    A node is the room that the rows still have, in any order; a path into it has a log
    probability (up to a constant) and a weight, the number of ways. Bounds on what the later
    columns can add settle most paths early: all of their completions count, or none.
    """
    if table.shape[0] > table.shape[1]:
        table = table.T
    rows, columns = np.sort(table.sum(axis=1)), np.sort(table.sum(axis=0))[::-1]
    observed = -_log_factorials(table.ravel()) + SAME_PROBABILITY
    constant = _log_factorials(rows) + _log_factorials(columns) - _log_factorials(rows.sum())
    known = special.gammaln(np.arange(rows.sum() + 1) + 1.0)
    nodes = {tuple(rows.tolist()): (np.zeros(1), np.ones(1))}
    p_value, steps = 0.0, 0
    for stage, column in enumerate(columns.tolist()):
        later = columns[stage + 1 :]
        arriving: dict[tuple[int, ...], list[tuple[Floats, Floats]]] = defaultdict(list)
        # Of the whole stage, before any of it is worked out: each is many times the one before.
        steps += sum(
            len(path) * math.prod(min(space, column) + 1 for space in room[:-1])
            for room, (path, _) in nodes.items()
        )
        if steps > MAX_PATHS:
            size = f"a {table.shape[0]} x {table.shape[1]} table of {table.sum()} observations"
            raise ValueError(f"{size} is too large for an exact test: merge rows or columns")
        for room, (path, weight) in nodes.items():
            cells = _fillings(room, column)
            left = np.sort(np.array(room) - cells, axis=1)
            longer = path[:, None] - known[cells].sum(axis=1)
            spread = max(len(later), 1)
            most, least = -spread * _log_factorials(left / spread), -known[left].sum(axis=1)
            all_ways = least + _log_factorials(later.sum()) - _log_factorials(later)
            count_all = longer + most <= observed
            share = weight[:, None] * np.exp(longer + all_ways + constant)
            p_value += float(share[count_all].sum())
            origin, target = np.nonzero(~count_all & (longer + least <= observed))
            reached, which = np.unique(target, return_inverse=True)
            ends, end = np.unique(left[reached], axis=0, return_inverse=True)
            order = np.argsort(end[which], kind="stable")
            limits = np.searchsorted(end[which], np.arange(len(ends) + 1), sorter=order).tolist()
            origin, target = origin[order], target[order]
            paths, weights = longer[origin, target], weight[origin]
            for node, (first, last) in zip(ends.tolist(), pairwise(limits), strict=True):
                arriving[tuple(node)].append((paths[first:last], weights[first:last]))
        nodes = {node: _merge(parts) for node, parts in arriving.items()}
    return min(p_value, 1.0)


def _log_factorials(counts: ArrayLike) -> Floats:
    """Log of the product of the factorials along the last axis."""
    logs = special.gammaln(np.atleast_1d(np.asarray(counts, dtype=float)) + 1)
    return np.asarray(logs.sum(axis=-1))


def _fillings(room: tuple[int, ...], total: int) -> Integers:
    """Every way to put `total` observations of one column into rows with that much room."""
    choices = np.indices([min(space, total) + 1 for space in room[:-1]], dtype=np.int64)
    others = choices.reshape(len(room) - 1, -1).T
    last = total - others.sum(axis=1)
    return np.column_stack([others, last]).compress((last >= 0) & (last <= room[-1]), axis=0)


def _merge(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Join the paths into one node that are equally probable."""
    path = np.concatenate([paths for paths, _ in parts])
    weight = np.concatenate([weights for _, weights in parts])
    _, first, same = np.unique(path.round(9), return_index=True, return_inverse=True)
    return path[first], np.asarray(np.bincount(same, weights=weight), dtype=np.float64)
