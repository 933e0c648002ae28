"""Tests, intervals and small models, thin over scipy and statsmodels.

Own code stands only where they stop: Fisher's exact test beyond 2 x 2 (scipy simulates it), the
limits of a median survival time as R and SPSS print them, the detection of infinite estimates, and
Firth's penalised likelihood (firthmodels 0.8 refuses data without an event, and stops short of the
maximum in some with few); and for the intervals of proportions, because statsmodels takes longer to
load than most commands to run. ``import scipy`` loads ``scipy.optimize`` and ``scipy.stats`` when
they are used.
"""

from alkpool.stats.agreement import adjust as adjust
from alkpool.stats.agreement import kappa as kappa
from alkpool.stats.exact import fisher_exact as fisher_exact
from alkpool.stats.intervals import Floats as Floats
from alkpool.stats.intervals import Integers as Integers
from alkpool.stats.intervals import Interval as Interval
from alkpool.stats.intervals import clopper_pearson as clopper_pearson
from alkpool.stats.intervals import jeffreys as jeffreys
from alkpool.stats.intervals import limits as limits
from alkpool.stats.intervals import proportions as proportions
from alkpool.stats.intervals import wilson as wilson
from alkpool.stats.regression import ConfoundedError as ConfoundedError
from alkpool.stats.regression import SeparationError as SeparationError
from alkpool.stats.regression import firth as firth
from alkpool.stats.regression import logistic as logistic
from alkpool.stats.survival import MedianSurvival as MedianSurvival
from alkpool.stats.survival import km_median as km_median
from alkpool.stats.survival import km_share as km_share
