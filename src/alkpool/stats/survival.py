"""Median survival times with their limits as R and SPSS print them.

The reference is ``tests/reference/stats_reference.R``.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from alkpool.problems import one_of
from alkpool.stats.intervals import Floats, Interval, check_confidence

SAME_SURVIVAL = 1.5e-8

# Half-width of the band around S = 0.5 from which SPSS estimates the density at the median,
# after Collett, Modelling Survival Data in Medical Research, section 2.4.
COLLETT_EPSILON = 0.05


@dataclass(frozen=True)
class MedianSurvival:
    """Kaplan-Meier median in months and its limits; nan where not reached."""

    median: float
    low: float
    high: float
    n: int
    events: int


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
    check_confidence(confidence)
    one_of("method", method, ("log-log", "linear", "normal"))
    times, event = _checked(months, observed)
    if not event.any():
        return MedianSurvival(math.nan, math.nan, math.nan, len(times), 0)
    curve = _curve(times, event)
    # Greenwood's variance, and so a limit, does not exist where the curve is 0.
    alive = curve.surv_prob > 0
    survival, error = curve.surv_prob[alive], curve.surv_prob_se[alive]
    median = _first_at_half(curve.surv_prob, curve.surv_times)
    z = -float(special.ndtri((1 - confidence) / 2))
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


def km_share(
    months: ArrayLike, observed: ArrayLike, at: float, confidence: float = 0.95
) -> tuple[float, Interval]:
    """Kaplan-Meier share without an event up to a time, with its log-log interval.

    Parameters
    ----------
    months, observed, confidence
        As for `km_median`.
    at : float
        The time, in months; an event at it counts as after it.

    Returns
    -------
    tuple of float and Interval
        nan where nobody was followed so long; an interval of nan where nobody or everybody had
        the event before, for its variance does not exist.

    Raises
    ------
    ValueError
        As `km_median`.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-81; R's ``summary(survfit(...))``.

    Examples
    --------
    >>> share, (low, high) = km_share([2, 5, 8, 11, 14], [True, False, True, False, True], at=9)
    >>> round(share, 3), round(low, 3), round(high, 3)
    (0.533, 0.068, 0.863)
    """
    check_confidence(confidence)
    times, event = _checked(months, observed)
    unknown = Interval(math.nan, math.nan)
    share, error = 1.0, 0.0
    if ((times < at) & (event == 1)).any():
        curve = _curve(times, event)
        last = np.flatnonzero(curve.surv_times < at)[-1]
        share, error = float(curve.surv_prob[last]), float(curve.surv_prob_se[last])
    if share > 0 and not (times >= at).any():
        return math.nan, unknown
    if share in (0, 1):
        return share, unknown
    z = -float(special.ndtri((1 - confidence) / 2))
    power = math.exp(z * error / (share * -math.log(share)))
    return share, Interval(share**power, share ** (1 / power))


def _checked(months: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats]:
    times, event = np.asarray(months, dtype=float), np.asarray(observed, dtype=float)
    if times.ndim != 1 or times.shape != event.shape:
        raise ValueError(f"{times.size} times and {event.size} events: one event for each time")
    if not (np.isfinite(times) & (times >= 0)).all():
        raise ValueError("a time is missing, infinite or negative: months are numbers from 0 up")
    if not np.isin(event, (0, 1)).all():
        raise ValueError("observed is True (event) or False (censored) for each time")
    return times, event


def _curve(times: Floats, event: Floats) -> Any:
    # The models of statsmodels load five packages that most commands do without.
    from statsmodels.duration.survfunc import SurvfuncRight

    return SurvfuncRight(times, event)


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
