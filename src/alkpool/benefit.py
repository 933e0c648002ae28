"""Clinical benefit of one line of treatment (paper, Methods and Figure 1).

The best overall response decides first, then progression-free survival, then duration of
treatment as its surrogate. The rule that decided is kept beside the class.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alkpool.vocabulary import Answer, Benefit, BestResponse, Relation, TreatmentStatus

# The paper's "PFS of >= 6 months".
THRESHOLD_MONTHS = 6.0

# Rule id -> what it says, in the order in which the rules are tried.
RULES = {
    "R1": "best overall response CR or PR",
    "R2": "best overall response PD",
    "R3": "PFS at or above the threshold",
    "R4": "PFS below the threshold, treatment ongoing",
    "R5": "PFS below the threshold, treatment ended or status unknown",
    "R6": "PFS not reported, DoT at or above the threshold",
    "R7": "PFS not reported, DoT below the threshold, treatment ongoing",
    "R8": "PFS not reported, DoT below the threshold, treatment ended or status unknown",
    "R9": "neither reported, or only a bound that does not decide",
}


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
    """

    threshold_months: float = THRESHOLD_MONTHS
    ongoing_dot: Literal["unknown", "no benefit"] = "unknown"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold_months) and self.threshold_months > 0):
            raise ValueError(
                f"threshold_months is {self.threshold_months}; must be a number above 0"
            )
        if self.ongoing_dot not in ("unknown", "no benefit"):
            raise ValueError(
                f"ongoing_dot is {self.ongoing_dot!r}; must be 'unknown' or 'no benefit'"
            )


def outcomes(rule: BenefitRule = BenefitRule()) -> dict[str, Benefit]:
    """Class that each rule id gives."""
    return {
        "R1": Benefit.BENEFIT,
        "R2": Benefit.NO_BENEFIT,
        "R3": Benefit.BENEFIT,
        "R4": Benefit.UNKNOWN,
        "R5": Benefit.NO_BENEFIT,
        "R6": Benefit.BENEFIT,
        "R7": Benefit(rule.ongoing_dot),
        "R8": Benefit.NO_BENEFIT,
        "R9": Benefit.UNKNOWN,
    }


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
        (``R1`` to ``R9``, see `RULES`).

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
    response = _vocabulary_column(treatments, "best_response", BestResponse)
    status = _vocabulary_column(treatments, "status", TreatmentStatus)
    pfs_known, pfs_reached, pfs_missed = _against(treatments, "pfs", rule.threshold_months)
    _dot_known, dot_reached, dot_missed = _against(treatments, "dot", rule.threshold_months)
    ongoing = status == TreatmentStatus.ONGOING
    conditions = {
        "R1": np.isin(response, [BestResponse.COMPLETE, BestResponse.PARTIAL]),
        "R2": response == BestResponse.PROGRESSIVE,
        "R3": pfs_reached,
        "R4": pfs_missed & ongoing,
        "R5": pfs_missed,
        "R6": ~pfs_known & dot_reached,
        "R7": ~pfs_known & dot_missed & ongoing,
        "R8": ~pfs_known & dot_missed,
    }
    rules = np.select(list(conditions.values()), list(conditions), "R9")
    outcome = outcomes(rule)
    classes = [str(outcome[name]) for name in rules]
    return treatments.assign(
        benefit=pd.Series(classes, index=treatments.index, dtype=str),
        rule=pd.Series(rules, index=treatments.index, dtype=str),
    )


def evaluable(treatments: pd.DataFrame) -> pd.DataFrame:
    """Keep monotherapy lines; only these are evaluated (paper, Methods, Literature Review)."""
    return treatments[treatments["monotherapy"] == Answer.YES]


def _vocabulary_column(
    treatments: pd.DataFrame, name: str, vocabulary: type[BestResponse] | type[TreatmentStatus]
) -> np.ndarray:
    column = _column(treatments, name).fillna("unknown").replace("", "unknown").astype(str)
    terms = [str(term) for term in vocabulary]
    strange = column[~column.isin(terms)]
    if len(strange):
        raise ValueError(
            f"{name} is {strange.iloc[0]!r} in row {strange.index[0]}; "
            f"must be one of {', '.join(terms)}"
        )
    return column.to_numpy()


def _column(treatments: pd.DataFrame, name: str) -> pd.Series:
    if name not in treatments:
        raise ValueError(f"the treatments have no column {name}")
    return treatments[name]


def _against(
    treatments: pd.DataFrame, measure: str, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say for each line whether the measure is known, reached the threshold, missed it."""
    column = pd.to_numeric(_column(treatments, f"{measure}_months"))
    months = column.to_numpy(dtype=float, na_value=np.nan)
    if (months < 0).any() or np.isinf(months).any():
        raise ValueError(f"{measure}_months must be finite and not negative")
    given = _column(treatments, f"{measure}_relation").fillna("").astype(str)
    relation = given.replace({"": Relation.EQUAL, Relation.ABOUT: Relation.EQUAL}).to_numpy()
    known_relations = {str(term) for term in Relation}
    strange = given[~given.isin(known_relations | {""})]
    if len(strange):
        raise ValueError(
            f"{measure}_relation is {strange.iloc[0]!r} in row {strange.index[0]}; "
            f"must be one of {', '.join(sorted(known_relations))}"
        )
    at_least = months >= threshold
    reached = at_least & (relation != Relation.BELOW)
    missed = np.where(
        relation == Relation.BELOW,
        months <= threshold,
        (months < threshold) & (relation == Relation.EQUAL),
    )
    return ~np.isnan(months), reached, missed
