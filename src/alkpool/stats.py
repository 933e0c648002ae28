"""Tests, intervals and small models, thin over scipy and statsmodels.

Own code stands only where they stop: Fisher's exact test beyond 2 x 2 (scipy simulates it), the
limits of a median survival time as R and SPSS print them, the detection of infinite estimates,
and Firth's penalised likelihood. The reference is ``tests/reference/stats_reference.R``.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special
from scipy import stats as distributions
from statsmodels.discrete.discrete_model import Logit
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

# Tables as probable as the observed one, and survival levels of exactly 0.5, are recognised up
# to this rounding error; R uses the same (FEXACT; survfit: square root of machine precision).
SAME_PROBABILITY = 1e-7
SAME_SURVIVAL = 1.5e-8

# Work limit of the r x c test: a few seconds, at tables where R's own algorithm nears its end.
MAX_PATHS = 20_000_000

# Half-width of the band around S = 0.5 from which SPSS estimates the density at the median,
# after Collett, Modelling Survival Data in Medical Research, section 2.4.
COLLETT_EPSILON = 0.05


class Interval(NamedTuple):
    """Confidence limits: floats for one estimate, float arrays for several."""

    low: Any
    high: Any


@dataclass(frozen=True)
class FisherResult:
    """Two-sided exact P value, and for 2 x 2 tables the odds ratio (nan for larger ones)."""

    p_value: float
    odds_ratio: float
    interval: Interval


@dataclass(frozen=True)
class MedianSurvival:
    """Kaplan-Meier median in months and its limits; nan where not reached."""

    median: float
    low: float
    high: float
    n: int
    events: int


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa, its limits, and the shares of agreement it is made of."""

    kappa: float
    low: float
    high: float
    n: int
    observed_agreement: float
    expected_agreement: float


class SeparationError(ValueError):
    """A logistic estimate is infinite: the data predict the outcome perfectly somewhere."""


class ConfoundedError(ValueError):
    """Columns of a logistic model determine one another: no effect can be told apart."""


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
    return _proportion_interval(k, n, confidence, "wilson")


def jeffreys(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Jeffreys interval of the proportion k / n: quantiles of Beta(k + 1/2, n - k + 1/2).

    The lower limit is 0 when k = 0 and the upper limit is 1 when k = n; the other limit keeps
    its quantile. Parameters, result and errors are those of `wilson`.

    References
    ----------
    Brown LD, Cai TT, DasGupta A. Stat Sci 2001;16:101-33.
    """
    return _proportion_interval(k, n, confidence, "jeffreys")


def clopper_pearson(k: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> Interval:
    """Exact interval of the proportion k / n; parameters, result and errors as in `wilson`.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-13.
    """
    return _proportion_interval(k, n, confidence, "beta")


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


def _proportion_interval(k: ArrayLike, n: ArrayLike, confidence: float, method: str) -> Interval:
    _check_confidence(confidence)
    count, total = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    wrong = ~(_is_count(count) & _is_count(total) & (count <= total))
    if wrong.any():
        raise ValueError(
            f"{count[wrong][0]:g} of {total[wrong][0]:g} is not a proportion: "
            "k and n are whole numbers with 0 <= k <= n"
        )
    trials = np.where(total == 0, 1, total)
    low, high = proportion_confint(count, trials, alpha=1 - confidence, method=method)
    low = np.where(total == 0, np.nan, np.where(count == 0, 0.0, low))
    high = np.where(total == 0, np.nan, np.where(count == total, 1.0, high))
    return Interval(low, high) if low.ndim else Interval(float(low), float(high))


def _is_count(values: Floats) -> NDArray[np.bool_]:
    return np.asarray((values >= 0) & np.isfinite(values) & (values == np.floor(values)))


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}: it lies between 0 and 1, like 0.95")


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
        If the table is not two-dimensional, holds anything but counts, or would need more than
        ``MAX_PATHS`` steps. 2 x c tables of a thousand observations and 3 x 4 tables of about
        130 are well within; 4 x 5 tables of 200 are not.

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
    _check_confidence(confidence)
    values = np.asarray(table, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"a table has 2 dimensions (rows, columns), not {values.ndim}")
    wrong = ~_is_count(values)
    if wrong.any():
        raise ValueError(f"a table holds counts (0, 1, 2, ...), not {values[wrong][0]:g}")
    counts = values[values.any(axis=1)][:, values.any(axis=0)].astype(np.int64)
    undefined = Interval(math.nan, math.nan)
    if min(counts.shape) < 2:
        return FisherResult(1.0, math.nan, undefined)
    if counts.shape != (2, 2):
        return FisherResult(_freeman_halton(counts), math.nan, undefined)
    ratio = distributions.contingency.odds_ratio(counts)
    low, high = ratio.confidence_interval(confidence)
    p_value = float(distributions.fisher_exact(counts).pvalue)
    return FisherResult(p_value, float(ratio.statistic), Interval(float(low), float(high)))


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
    nodes = {tuple(rows.tolist()): (np.zeros(1), np.ones(1))}
    p_value, steps = 0.0, 0
    for stage, column in enumerate(columns.tolist()):
        later = columns[stage + 1 :]
        arriving: dict[tuple[int, ...], list[tuple[Floats, Floats]]] = defaultdict(list)
        for room, (path, weight) in nodes.items():
            steps += len(path) * math.prod(min(space, column) + 1 for space in room[:-1])
            if steps > MAX_PATHS:
                raise ValueError(
                    f"a {table.shape[0]} x {table.shape[1]} table of {table.sum()} observations "
                    "is too large for an exact test: merge rows or columns"
                )
            cells = _fillings(room, column)
            left = np.sort(np.array(room) - cells, axis=1)
            longer = path[:, None] - _log_factorials(cells)
            spread = max(len(later), 1)
            most, least = -spread * _log_factorials(left / spread), -_log_factorials(left)
            all_ways = least + _log_factorials(later.sum()) - _log_factorials(later)
            count_all = longer + most <= observed
            share = weight[:, None] * np.exp(longer + all_ways + constant)
            p_value += float(share[count_all].sum())
            origin, target = np.nonzero(~count_all & (longer + least <= observed))
            ends, end = np.unique(left[target], axis=0, return_inverse=True)
            for number, node in enumerate(ends.tolist()):
                here = end == number
                parts = longer[origin[here], target[here]], weight[origin[here]]
                arriving[tuple(node)].append(parts)
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


def km_median(
    months: ArrayLike,
    observed: ArrayLike,
    confidence: float = 0.95,
    method: Literal["log-log", "linear", "normal"] = "log-log",
) -> MedianSurvival:
    """Kaplan-Meier median of times in months, with its interval.

    The median is the first time at which the curve is at or below 0.5, or, where the curve
    stays at exactly 0.5 until a later event, the middle of that stretch (R's
    ``print(survfit(...))``).

    Parameters
    ----------
    months : array-like of float
        Times, finite and not negative.
    observed : array-like of bool
        True where the event was seen, False where the time is censored (a ``>`` value).
    confidence : float
        Between 0 and 1.
    method : {"log-log", "linear", "normal"}
        "log-log" and "linear": Brookmeyer and Crowley, where the (transformed) confidence band
        of the curve crosses 0.5, R's ``conf.type`` "log-log" and "plain". "normal": median +- z
        standard errors after Collett, as SPSS prints it, but not below 0. SPSS takes no middle
        of a stretch at 0.5: only there its median differs.

    Returns
    -------
    MedianSurvival
        With nan for a median or limit that is not reached.

    Raises
    ------
    ValueError
        If a time is negative or missing, the lengths differ, or the method is unknown.

    References
    ----------
    Brookmeyer R, Crowley J. Biometrics 1982;38:29-41. Collett D. Modelling Survival Data in
    Medical Research, section 2.4.

    Examples
    --------
    >>> km_median([2, 5, 8, 11, 14], [True, True, True, False, True])
    MedianSurvival(median=8.0, low=2.0, high=nan, n=5, events=4)
    """
    _check_confidence(confidence)
    if method not in ("log-log", "linear", "normal"):
        raise ValueError(f"method is {method!r}: it is log-log, linear or normal")
    times, event = np.asarray(months, dtype=float), np.asarray(observed, dtype=float)
    if times.ndim != 1 or times.shape != event.shape:
        raise ValueError(f"{times.size} times and {event.size} events: one event for each time")
    if not (np.isfinite(times) & (times >= 0)).all():
        raise ValueError("a time is missing, infinite or negative: months are numbers from 0 up")
    if not np.isin(event, (0, 1)).all():
        raise ValueError("observed is True (event) or False (censored) for each time")
    if not event.any():
        return MedianSurvival(math.nan, math.nan, math.nan, len(times), 0)
    curve = SurvfuncRight(times, event)
    # Greenwood's variance, and so a limit, does not exist where the curve is 0.
    alive = curve.surv_prob > 0
    survival, error = curve.surv_prob[alive], curve.surv_prob_se[alive]
    median = _first_at_half(curve.surv_prob, curve.surv_times)
    z = float(distributions.norm.isf((1 - confidence) / 2))
    if method == "normal":
        margin = z * _median_standard_error(curve)
        low, high = float(np.maximum(median - margin, 0)), median + margin
    else:
        if method == "log-log":
            power = np.exp(z * error / (survival * np.log(survival)))
            band = survival ** (1 / power), survival**power
        else:
            band = survival - z * error, survival + z * error
        low, high = (_first_at_half(limit, curve.surv_times[alive]) for limit in band)
    return MedianSurvival(median, low, high, len(times), int(event.sum()))


def _first_at_half(level: Floats, times: Floats) -> float:
    reached = np.flatnonzero(level < 0.5 + SAME_SURVIVAL)
    if reached.size == 0:
        return math.nan
    first = reached[0]
    below = reached[level[reached] < level[first]]
    if abs(level[first] - 0.5) < SAME_SURVIVAL and below.size:
        return float((times[first] + times[below[0]]) / 2)
    return float(times[first])


def _median_standard_error(curve: Any) -> float:
    """Divide the standard error of the curve at its median by its density there."""
    times, survival = curve.surv_times, curve.surv_prob
    reached = np.flatnonzero(survival < 0.5 + SAME_SURVIVAL)
    after = np.flatnonzero(survival <= 0.5 - COLLETT_EPSILON + SAME_SURVIVAL)
    before = np.flatnonzero(survival >= 0.5 + COLLETT_EPSILON - SAME_SURVIVAL)
    if after.size == 0:
        return math.nan
    start, level = (times[before[-1]], survival[before[-1]]) if before.size else (0.0, 1.0)
    if times[after[0]] == start:
        # Half of the patients had the event at time 0: the density there is not finite.
        return 0.0
    density = (level - survival[after[0]]) / (times[after[0]] - start)
    return float(curve.surv_prob_se[reached[0]] / density)


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
    _check_confidence(confidence)
    design, response = _design(data, outcome, exposure, adjust_for)
    infinite = _separated_terms(design, response)
    if infinite:
        raise SeparationError(
            f"no finite estimate for {', '.join(infinite)}: for some rows they predict "
            f"{outcome!r} perfectly (an empty cell); use firth instead"
        )
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
    _check_confidence(confidence)
    design, response = _design(data, outcome, exposure, adjust_for)
    x, terms = design.to_numpy(), np.arange(design.shape[1])
    estimate, maximum = _maximise_penalised(x, response, np.zeros(len(terms)), terms)
    errors = np.sqrt(np.diag(np.linalg.inv(_penalised(x, response, estimate).information)))
    allowed = float(distributions.chi2.ppf(confidence, 1))

    def drop(value: float, term: int, below: float = 0.0) -> float:
        start = np.where(terms == term, value, estimate)
        constrained = _maximise_penalised(x, response, start, terms[terms != term])[1]
        return 2 * (maximum - constrained) - below

    def limit(term: int, step: float) -> float:
        end = estimate[term] + step
        while drop(end, term, allowed) < 0:
            end += step
        root = optimize.brentq(drop, estimate[term], end, args=(term, allowed), xtol=1e-10)
        return float(root)

    limits = np.array([[limit(i, -errors[i]), limit(i, errors[i])] for i in terms.tolist()])
    drops = np.array([drop(0.0, term) for term in terms.tolist()])
    p_values = np.asarray(distributions.chi2.sf(drops, 1))
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
    best = optimize.linprog(
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
    columns = {
        "log_odds": estimate,
        "standard_error": errors,
        "odds_ratio": np.exp(estimate),
        "low": np.exp(limits[:, 0]),
        "high": np.exp(limits[:, 1]),
        "p_value": p_values,
        "n": len(response),
        "events": int(response.sum()),
    }
    return pd.DataFrame(columns, index=design.columns.rename("term"))


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
    _check_confidence(confidence)
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
    if len(labels) == 1:
        return Kappa(math.nan, math.nan, math.nan, n, observed, expected)
    # Its test of no agreement, which is not used, divides by 0 for a rater with one label only.
    with np.errstate(all="ignore"):
        result = cohens_kappa(table)
    margin = float(distributions.norm.isf((1 - confidence) / 2))
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
    names = {"benjamini-hochberg": "fdr_bh", "holm": "holm"}
    if method not in names:
        raise ValueError(f"method is {method!r}: it is {' or '.join(names)}")
    adjusted = np.array(p_values, dtype=float)
    tested = ~np.isnan(adjusted)
    wrong = tested & ~((adjusted >= 0) & (adjusted <= 1))
    if wrong.any():
        raise ValueError(f"{adjusted[wrong][0]:g} is not a P value: they lie between 0 and 1")
    if tested.any():
        adjusted[tested] = multipletests(adjusted[tested], method=names[method])[1]
    return adjusted
