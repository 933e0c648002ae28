"""Intervals of proportions.

statsmodels gives the same, and takes longer to load than most commands to run. The reference is
``tests/reference/stats_reference.R``.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


class Interval(NamedTuple):
    """Confidence limits: floats for one estimate, float arrays for several."""

    low: Any
    high: Any


def wilson(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Wilson score interval of the proportion k / n.

    Parameters
    ----------
    k, n : int or array-like of int
        Events and trials, 0 <= k <= n.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        ``low`` and ``high``, floats for two integers, else arrays; nan where n is 0, for then
        the proportion is undefined.

    Raises
    ------
    ValueError
        If a count is not a whole number, or k is not within 0 and n.

    References
    ----------
    Wilson EB. J Am Stat Assoc 1927;22:209-12.

    Examples
    --------
    >>> low, high = wilson(9, 11)
    >>> round(low, 3), round(high, 3)
    (0.523, 0.949)
    """

    def score(count: Floats, total: Floats, tail: float) -> tuple[Any, Any]:
        z = -special.ndtri(tail)
        share, scale = count / total, 1 + z**2 / total
        centre = (share + z**2 / (2 * total)) / scale
        margin = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) / scale
        return centre - margin, centre + margin

    return _proportion_interval(k, n, confidence, score)


def jeffreys(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Jeffreys interval of the proportion k / n: quantiles of Beta(k + 1/2, n - k + 1/2).

    The lower limit is 0 when k = 0 and the upper limit is 1 when k = n; the other limit keeps
    its quantile. Parameters, result and errors are those of `wilson`.

    References
    ----------
    Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-33.
    """
    return _proportion_interval(k, n, confidence, partial(_quantiles, shift=0.5))


def clopper_pearson(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Exact interval of the proportion k / n; parameters, result and errors as in `wilson`.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-13.
    """
    return _proportion_interval(k, n, confidence, partial(_quantiles, shift=0.0))


def limits(low: float, high: float) -> str:
    """Limits of a 95% interval of a proportion in words.

    Examples
    --------
    >>> limits(*wilson(16, 28))
    '95% CI 39% to 73%'
    """
    return f"95% CI {low:.0%} to {high:.0%}"


def proportions(k: pd.Series, n: pd.Series) -> pd.DataFrame:
    """Proportions k / n with their Wilson 95% intervals.

    Returns
    -------
    DataFrame
        Columns ``share, low, high`` (fractions) on the index of ``k``; nan where n is 0.
    """
    interval = wilson(k.to_numpy(dtype=float), n.to_numpy(dtype=float))
    trials = n.where(n > 0).to_numpy(dtype=float)
    share = k.to_numpy(dtype=float) / trials
    return pd.DataFrame({"share": share, "low": interval.low, "high": interval.high}, index=k.index)


def _quantiles(count: Floats, total: Floats, tail: float, *, shift: float) -> tuple[Any, Any]:
    rest = total - count
    low = special.betaincinv(count + shift, rest + 1 - shift, tail)
    return low, special.betainccinv(count + 1 - shift, rest + shift, tail)


def _proportion_interval(
    k: ArrayLike,
    n: ArrayLike,
    confidence: float,
    method: Callable[[Floats, Floats, float], tuple[Any, Any]],
) -> Interval:
    check_confidence(confidence)
    count, total = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    wrong = ~(is_count(count) & is_count(total) & (count <= total))
    if wrong.any():
        raise ValueError(
            f"{count[wrong][0]:g} of {total[wrong][0]:g} is not a proportion: "
            "k and n are whole numbers with 0 <= k <= n"
        )
    trials = np.where(total == 0, 1, total)
    low, high = method(count, trials, (1 - confidence) / 2)
    low = np.where(total == 0, np.nan, np.where(count == 0, 0.0, low))
    high = np.where(total == 0, np.nan, np.where(count == total, 1.0, high))
    return Interval(low, high) if low.ndim else Interval(float(low), float(high))


def is_count(values: Floats) -> NDArray[np.bool_]:
    """Tell which numbers are 0, 1, 2 and so on."""
    return np.asarray((values >= 0) & np.isfinite(values) & (values == np.floor(values)))


def check_confidence(confidence: float) -> None:
    """Refuse a confidence level that is none, with a ValueError."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: it lies between 0 and 1, like 0.95")
