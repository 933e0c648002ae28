"""Clinical benefit of one line of treatment (paper, Methods and Figure 1).

The best overall response decides first, then progression-free survival, then duration of
treatment as its surrogate. The rule that decided is kept beside the class.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alkpool.files import yaml_beside
from alkpool.problems import one_of
from alkpool.vocabulary import Answer, Benefit, BestResponse, Relation, TreatmentStatus

Flags = NDArray[np.bool_]

# The paper's "PFS of >= 6 months".
THRESHOLD_MONTHS = 6.0
# Few lines after resistance last longer, and none of a higher one would be benefit; 180 are days.
LONGEST_THRESHOLD = 60.0

_TABLE: Mapping[str, tuple[str, str]] = yaml_beside(__file__)
# What each rule says by its id, in the order in which the rules are tried.
RULES = {name: words for name, (words, _) in _TABLE.items()}


@dataclass(frozen=True)
class BenefitRule:
    """Parameters of the classification.

    Attributes
    ----------
    threshold_months : float
        Months of PFS (or DoT) from which stable disease counts as benefit.
    ongoing_dot : {"unknown", "no benefit"}
        Class of a short duration of treatment that is still ongoing (rule R7). The paper states
        the ongoing case for PFS and calls DoT its surrogate; read literally, a short DoT is no
        benefit even when treatment is ongoing.
    monotherapy : {"not combined", "stated"}
        Which lines are evaluated: those not known to be combinations, or only those whose source
        says that the inhibitor was given alone. A report that names one inhibitor as a line
        seldom means a combination without saying so.
    """

    threshold_months: float = THRESHOLD_MONTHS
    ongoing_dot: Literal["unknown", "no benefit"] = "unknown"
    monotherapy: Literal["not combined", "stated"] = "not combined"

    def __post_init__(self) -> None:
        if not 0 < self.threshold_months <= LONGEST_THRESHOLD:
            must = f"must be a number above 0, and at most {LONGEST_THRESHOLD:g}"
            raise ValueError(f"threshold_months is {self.threshold_months}; {must}")
        one_of("ongoing_dot", self.ongoing_dot, (Benefit.UNKNOWN, Benefit.NO_BENEFIT))
        one_of("monotherapy", self.monotherapy, ("not combined", "stated"))


def outcomes(rule: BenefitRule = BenefitRule()) -> dict[str, Benefit]:
    """Class that each rule id gives."""
    given = {name: Benefit(said) for name, (_, said) in _TABLE.items()}
    return given | {"R7": Benefit(rule.ongoing_dot)}


def classify(treatments: pd.DataFrame, rule: BenefitRule = BenefitRule()) -> pd.DataFrame:
    """Classify lines of treatment by clinical benefit.

    Parameters
    ----------
    treatments : DataFrame
        One row per line, with ``best_response``, ``pfs_relation``, ``pfs_months`` (months),
        ``dot_relation``, ``dot_months`` (months) and ``status``; other columns are kept.
    rule : BenefitRule
        Threshold and reading of an ongoing short DoT.

    Returns
    -------
    DataFrame
        The same rows with ``benefit`` (``benefit``, ``no benefit``, ``unknown``) and ``rule``
        (``R1`` to ``R9``, see `RULES`): as text, or as categoricals where ``best_response`` is
        one, which take two bytes a line.

    Raises
    ------
    ValueError
        Where a column is missing or a cell is outside its vocabulary.

    Notes
    -----
    Koopman et al. 2022, Methods, "Assessment of Clinical Benefit Based On Available Treatment
    Results", and Figure 1. ``>`` and ``<`` are bounds and decide only where every value they
    allow lies on one side of the threshold; ``~`` is read as ``=``.

    Examples
    --------
    >>> line = {"best_response": ["SD"], "pfs_relation": [">"], "pfs_months": [7.0],
    ...         "dot_relation": [""], "dot_months": [None], "status": ["ongoing"]}
    >>> classify(pd.DataFrame(line))[["benefit", "rule"]].to_dict("records")
    [{'benefit': 'benefit', 'rule': 'R3'}]
    """
    try:
        conditions = _conditions(treatments, rule.threshold_months)
    except KeyError as error:
        raise ValueError(f"the treatments have no column {error.args[0]}") from None
    # The first condition that holds decides; R9 is what is left.
    fired = np.select(list(conditions.values()), range(len(conditions)), len(conditions))
    classes = np.array([list(Benefit).index(given) for given in outcomes(rule).values()])
    categorical = isinstance(treatments["best_response"].dtype, pd.CategoricalDtype)

    def named(numbers: NDArray[np.int_], names: Iterable[str]) -> pd.Series:
        terms = pd.Categorical.from_codes(numbers, pd.Index(list(names), dtype=str))
        return pd.Series(terms, treatments.index, dtype=None if categorical else "str")

    return treatments.assign(benefit=named(classes[fired], Benefit), rule=named(fired, RULES))


def _conditions(treatments: pd.DataFrame, threshold: float) -> dict[str, Flags]:
    """Which lines meet the condition of each rule but R9."""
    response = _terms(treatments, "best_response", BestResponse)
    ongoing = _is(_terms(treatments, "status", TreatmentStatus), TreatmentStatus.ONGOING)
    pfs_reached, pfs_missed, pfs_known = _against(treatments, "pfs", threshold)
    dot_reached, dot_missed, _ = _against(treatments, "dot", threshold)
    return {
        "R1": _is(response, BestResponse.COMPLETE, BestResponse.PARTIAL),
        "R2": _is(response, BestResponse.PROGRESSIVE),
        "R3": pfs_reached,
        "R4": pfs_missed & ongoing,
        "R5": pfs_missed,
        "R6": ~pfs_known & dot_reached,
        "R7": ~pfs_known & dot_missed & ongoing,
        "R8": ~pfs_known & dot_missed,
    }


def _against(
    treatments: pd.DataFrame, measure: str, threshold: float
) -> tuple[Flags, Flags, Flags]:
    """Whether the threshold is surely reached, whether surely missed, and whether months are known.

    Months that are not known compare as neither.
    """
    months = _months(treatments, f"{measure}_months")
    relation = _terms(treatments, f"{measure}_relation", Relation)
    above, below = _is(relation, Relation.ABOVE), _is(relation, Relation.BELOW)
    reached = (months >= threshold) & ~below
    missed = np.where(below, months <= threshold, (months < threshold) & ~above)
    return reached, missed, ~np.isnan(months)


def _is(column: pd.Series, *terms: StrEnum) -> Flags:
    return column.isin([str(term) for term in terms]).to_numpy(dtype=bool)


def _terms(treatments: pd.DataFrame, name: str, vocabulary: type[StrEnum]) -> pd.Series:
    column = treatments[name]
    known = _is(column, *vocabulary) | column.isna().to_numpy(dtype=bool) | (column == "")
    if not known.all():
        at = int(np.argmin(known))
        raise ValueError(
            f"{name} is {column.iloc[at]!r} in row {treatments.index[at]}; "
            f"must be one of {', '.join(vocabulary)}"
        )
    return column


def _months(treatments: pd.DataFrame, name: str) -> NDArray[np.float64]:
    months = pd.to_numeric(treatments[name]).to_numpy(dtype=np.float64)
    if (months < 0).any() or np.isinf(months).any():
        raise ValueError(f"{name} must be finite and not negative")
    return months


def followed(treatments: pd.DataFrame) -> pd.DataFrame:
    """How long the lines of known duration were followed: PFS, or DoT where no PFS is known.

    Returns
    -------
    DataFrame
        ``months``, and ``observed``: False where the line was ongoing or its months are a lower
        bound. An upper bound is taken as the time of the event.
    """
    pfs = treatments["pfs_months"].notna()
    months = treatments["pfs_months"].where(pfs, treatments["dot_months"]).astype(float)
    relation = treatments["pfs_relation"].where(pfs, treatments["dot_relation"])
    ended = (relation != Relation.ABOVE) & (treatments["status"] != TreatmentStatus.ONGOING)
    return pd.DataFrame({"months": months, "observed": ended})[months.notna()]


def evaluable(treatments: pd.DataFrame, rule: BenefitRule = BenefitRule()) -> pd.DataFrame:
    """Keep the lines of monotherapy; only these are evaluated (paper, Methods, Literature Review).

    `BenefitRule.monotherapy` says what holds where a source does not tell.
    """
    alone = [Answer.YES] if rule.monotherapy == "stated" else [Answer.YES, Answer.UNKNOWN]
    return treatments[treatments["monotherapy"].isin([str(answer) for answer in alone])]
