"""Agreement of two raters, and P values adjusted for their family of tests.

The reference is ``tests/reference/stats_reference.R``.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from alkpool.problems import one_of
from alkpool.stats.intervals import Floats, check_confidence

# As statsmodels calls them.
_METHODS = {"benjamini-hochberg": "fdr_bh", "holm": "holm"}


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa, its limits, and the shares of agreement it is made of."""

    kappa: float
    low: float
    high: float
    n: int
    observed_agreement: float
    expected_agreement: float


def kappa(a: Iterable[object], b: Iterable[object], confidence: float = 0.95) -> Kappa:
    """Cohen's unweighted kappa of two raters, with its large-sample interval.

    Parameters
    ----------
    a, b : iterables of labels
        What each rater said of the same items, in the same order.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Kappa
        kappa and its limits are nan when the agreement expected by chance is 1 (both raters use
        one and the same label throughout) or there are no items. Limits stay within -1 and 1.

    Raises
    ------
    ValueError
        If the lengths differ or a label is missing.

    References
    ----------
    Cohen J. Educ Psychol Meas 1960;20:37-46. Fleiss JL, Cohen J, Everitt BS. Psychol Bull
    1969;72:323-7 (the variance).

    Examples
    --------
    >>> result = kappa(["s", "s", "r", "r", "s"], ["s", "r", "r", "r", "s"])
    >>> round(result.kappa, 3), result.observed_agreement
    (0.615, 0.8)
    """
    # Loading statsmodels takes longer than most commands.
    from statsmodels.stats.inter_rater import cohens_kappa

    check_confidence(confidence)
    first, second = list(a), list(b)
    n = len(first)
    if n != len(second):
        raise ValueError(f"{n} and {len(second)} labels: both raters judge the same items")
    codes, labels = pd.factorize(pd.Series(first + second, dtype=object))
    if (codes < 0).any():
        raise ValueError("a label is missing: leave the item out, or name what is unknown")
    if n == 0:
        return Kappa(math.nan, math.nan, math.nan, 0, math.nan, math.nan)
    table = np.zeros((len(labels), len(labels)))
    np.add.at(table, (codes[:n], codes[n:]), 1)
    observed = float(np.trace(table) / n)
    expected = float(table.sum(axis=0) @ table.sum(axis=1) / n**2)
    # 0 / 0 for one and the same label, and in a test of no agreement, which is not used.
    with np.errstate(all="ignore"):
        result = cohens_kappa(table)
    margin = -float(special.ndtri((1 - confidence) / 2))
    # Rounding can take the variance of perfect agreement just below 0.
    margin *= math.sqrt(max(float(result.var_kappa), 0.0))
    estimate = float(result.kappa)
    low, high = max(estimate - margin, -1.0), min(estimate + margin, 1.0)
    return Kappa(estimate, low, high, n, observed, expected)


def adjust(
    p_values: ArrayLike,
    method: Literal["benjamini-hochberg", "holm"] = "benjamini-hochberg",
) -> Floats:
    """P values adjusted for their family of tests.

    Parameters
    ----------
    p_values : array-like of float, shape (tests,)
        nan stays nan and is no test of the family.
    method : {"benjamini-hochberg", "holm"}
        Controls the false discovery rate, or the family-wise error rate.

    Returns
    -------
    ndarray of float, shape (tests,)
        In the given order.

    Raises
    ------
    ValueError
        If a P value is not within 0 and 1, or the method is unknown.

    References
    ----------
    Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300. Holm S. Scand J Stat 1979;6:65-70.
    """
    from statsmodels.stats.multitest import multipletests

    one_of("method", method, _METHODS)
    adjusted = np.array(p_values, dtype=float)
    wrong = adjusted[(adjusted < 0) | (adjusted > 1)]
    if wrong.size:
        raise ValueError(f"{wrong[0]:g} is not a P value: they lie between 0 and 1")
    tested = ~np.isnan(adjusted)
    if tested.any():
        adjusted[tested] = multipletests(adjusted[tested], method=_METHODS[method])[1]
    return adjusted
