"""Tests, intervals and small models, thin over scipy and statsmodels.

Own code stands only where they stop: Fisher's exact test beyond 2 x 2 (scipy simulates it), the
limits of a median survival time as R and SPSS print them, the detection of infinite estimates,
and Firth's penalised likelihood; and for the intervals of proportions, because statsmodels takes
longer to load than most commands to run. ``import scipy`` loads ``scipy.optimize`` when it is used.
"""

from alkpool.stats.agreement import adjust, kappa
from alkpool.stats.exact import fisher_exact
from alkpool.stats.intervals import (
    Floats,
    Integers,
    Interval,
    clopper_pearson,
    jeffreys,
    limits,
    proportions,
    wilson,
)
from alkpool.stats.regression import ConfoundedError, SeparationError, firth, logistic
from alkpool.stats.survival import MedianSurvival, km_median, km_share

__all__ = [
    "ConfoundedError",
    "Floats",
    "Integers",
    "Interval",
    "MedianSurvival",
    "SeparationError",
    "adjust",
    "clopper_pearson",
    "firth",
    "fisher_exact",
    "jeffreys",
    "kappa",
    "km_median",
    "km_share",
    "limits",
    "logistic",
    "proportions",
    "wilson",
]
