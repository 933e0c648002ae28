"""Logistic regression, and Firth's penalised likelihood where an estimate is infinite.

The reference is ``tests/reference/stats_reference.R``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray
from scipy import special

from alkpool.stats.intervals import Floats, check_confidence


class SeparationError(ValueError):
    """A logistic estimate is infinite: the data predict the outcome perfectly somewhere."""


class ConfoundedError(ValueError):
    """Columns of a logistic model determine one another: no effect can be told apart."""


def logistic(
    data: pd.DataFrame,
    outcome: str,
    exposure: str,
    adjust_for: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Logistic regression of an outcome on an exposure, with Wald intervals and tests.

    Parameters
    ----------
    data : DataFrame
        One row per observation.
    outcome : str
        Column of 0 and 1, or of booleans.
    exposure : str
        Column of categories (numbers are read as categories too). The reference is the first
        category: of a categorical column in its own order, else sorted.
    adjust_for : sequence of str
        Columns of categories to adjust for. One with a single value adjusts for nothing and is
        left out.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        Indexed by ``term``: ``intercept``, and for each column its name if it holds 0 and 1 or
        booleans, else ``column[category]``. Columns ``log_odds, standard_error`` (of the log
        odds), ``odds_ratio, low, high`` (of the odds ratio), ``p_value``, and the model's ``n,
        events``, the same in each row.

    Raises
    ------
    SeparationError
        If an estimate is infinite because terms predict the outcome perfectly for some rows, as
        with an empty cell; `firth` has a finite one.
    ConfoundedError
        If the columns determine one another.
    ValueError
        If a column is absent or has missing values, the outcome is not 0 and 1, or the exposure
        has one value only.
    """
    check_confidence(confidence)
    design, response = _design(data, outcome, exposure, adjust_for)
    infinite = _separated_terms(design, response)
    if infinite:
        raise SeparationError(
            f"no finite estimate for {', '.join(infinite)}: for some rows they predict "
            f"{outcome!r} perfectly (an empty cell); use firth instead"
        )
    # The models of statsmodels load five packages that most commands do without.
    from statsmodels.discrete.discrete_model import Logit

    fit = Logit(response, design.to_numpy()).fit(disp=0)
    limits = fit.conf_int(alpha=1 - confidence)
    return _coefficients(design, response, fit.params, fit.bse, limits, fit.pvalues)


def firth(
    data: pd.DataFrame,
    outcome: str,
    exposure: str,
    adjust_for: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Logistic regression by Firth's penalised likelihood: finite even with empty cells.

    Limits are those of the profile penalised likelihood, P values of the penalised likelihood
    ratio test (as in R's logistf), standard errors of the information at the estimate.
    Parameters, columns and errors are those of `logistic`, without the `SeparationError`.

    References
    ----------
    Firth D. Biometrika 1993;80:27-38. Heinze G, Schemper M. Stat Med 2002;21:2409-19.
    """
    check_confidence(confidence)
    design, response = _design(data, outcome, exposure, adjust_for)
    x, terms = design.to_numpy(), np.arange(design.shape[1])
    estimate, maximum = _maximise_penalised(x, response, np.zeros(len(terms)), terms)
    errors = np.sqrt(np.diag(np.linalg.inv(_penalised(x, response, estimate).information)))
    allowed = float(2 * special.gammaincinv(0.5, confidence))

    def drop(value: float, term: int, below: float = 0.0) -> float:
        start = np.where(terms == term, value, estimate)
        constrained = _maximise_penalised(x, response, start, terms[terms != term])[1]
        return 2 * (maximum - constrained) - below

    def limit(term: int, step: float) -> float:
        end = estimate[term] + step
        while drop(end, term, allowed) < 0:
            end += step
        root = scipy.optimize.brentq(drop, estimate[term], end, args=(term, allowed), xtol=1e-10)
        return float(root)

    limits = np.array([[limit(i, -errors[i]), limit(i, errors[i])] for i in terms.tolist()])
    drops = np.array([drop(0.0, term) for term in terms.tolist()])
    # Of an effect of nothing at all, rounding can leave a drop just below zero.
    p_values = np.asarray(special.chdtrc(1, np.maximum(drops, 0)))
    return _coefficients(design, response, estimate, errors, limits, p_values)


def _design(
    data: pd.DataFrame, outcome: str, exposure: str, adjust_for: Sequence[str]
) -> tuple[pd.DataFrame, Floats]:
    names = [outcome, exposure, *adjust_for]
    absent = [name for name in names if name not in data]
    if absent:
        raise ValueError(f"no column {', '.join(absent)}; there are {', '.join(map(str, data))}")
    missing = int(data[names].isna().any(axis=1).sum())
    if missing:
        raise ValueError(f"{missing} of {len(data)} rows have no value in {', '.join(names)}")
    if not data[outcome].isin([0, 1]).all():
        raise ValueError(f"the outcome {outcome!r} has values other than 0 and 1 (or booleans)")
    if data[exposure].nunique() < 2:
        raise ValueError(f"the exposure {exposure!r} has fewer than two values to compare")
    design = pd.DataFrame({"intercept": 1.0}, index=data.index)
    for name in names[1:]:
        categories = data[name].astype("category").cat.remove_unused_categories()
        dummies = pd.get_dummies(categories, drop_first=True, dtype=float)
        binary = list(categories.cat.categories) == [0, 1]
        dummies.columns = pd.Index([name if binary else f"{name}[{level}]" for level in dummies])
        design = pd.concat([design, dummies], axis=1)
    if np.linalg.matrix_rank(design.to_numpy()) < design.shape[1]:
        listed = ", ".join(names[1:])
        raise ConfoundedError(f"{listed} determine one another: leave one out")
    return design, data[outcome].to_numpy(dtype=float)


def _separated_terms(design: pd.DataFrame, response: Floats) -> list[str]:
    """Terms with infinite estimates, by a linear programme (Konis, thesis, Oxford 2007).

    The likelihood has no maximum exactly if it can rise for ever: some direction betters the
    fit of a row and worsens that of none.
    """
    signed = design.to_numpy() * (2 * response - 1)[:, None]
    best = scipy.optimize.linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1)
    )
    direction = np.asarray(best.x, dtype=float)
    return [str(term) for term, move in zip(design, direction, strict=True) if abs(move) > 1e-6]


class _Penalised(NamedTuple):
    """Log likelihood with Jeffreys' prior, Firth's modified score, and two curvatures.

    The score is that of data in which each row counts once more with weight `leverage`, half an
    event and half none (Heinze and Schemper); `augmented` is the information of those data.
    """

    likelihood: float
    score: Floats
    information: Floats
    augmented: Floats


def _penalised(x: Floats, y: Floats, beta: Floats) -> _Penalised:
    linear = x @ beta
    fitted, unfitted = special.expit(linear), special.expit(-linear)
    weighted = x * (fitted * unfitted)[:, None]
    information = x.T @ weighted
    leverage = np.einsum("ij,ji->i", weighted, np.linalg.solve(information, x.T))
    score = x.T @ (y - fitted + leverage * (0.5 - fitted))
    likelihood = y @ linear - np.logaddexp(0, linear).sum()
    likelihood += np.linalg.slogdet(information)[1] / 2
    augmented = x.T @ (weighted * (1 + leverage)[:, None])
    return _Penalised(float(likelihood), score, information, augmented)


# By so much the penalised likelihood may fall in a step: less is rounding, where the information
# is nearly singular, and would hold back the last steps for ever.
_LIKELIHOOD_NOISE = 1e-9


def _maximise_penalised(
    x: Floats, y: Floats, beta: Floats, free: NDArray[np.intp]
) -> tuple[Floats, float]:
    """Newton steps in the free coefficients, of at most 5, halved until they help."""
    here = _penalised(x, y, beta)
    for _ in range(1000):
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(here.augmented[np.ix_(free, free)], here.score[free])
        longest = float(np.abs(step).max())
        if longest < 1e-9:
            return beta, here.likelihood
        step *= min(1.0, 5 / longest)
        lowest = here.likelihood - _LIKELIHOOD_NOISE
        while (there := _penalised(x, y, beta + step)).likelihood < lowest:
            step /= 2
        beta, here = beta + step, there
    raise RuntimeError("Firth's penalised likelihood did not reach its maximum in 1000 steps")


def _coefficients(
    design: pd.DataFrame,
    response: Floats,
    estimate: Floats,
    errors: Floats,
    limits: Floats,
    p_values: Floats,
) -> pd.DataFrame:
    names = ["log_odds", "standard_error", "odds_ratio", "low", "high", "p_value"]
    columns = np.column_stack([estimate, errors, np.exp(estimate), np.exp(limits), p_values])
    table = pd.DataFrame(columns, index=design.columns.rename("term"), columns=names)
    return table.assign(n=len(response), events=int(response.sum()))
