"""Clinical benefit of one line of treatment (paper, Methods and Figure 1).

The best overall response decides first, then progression-free survival, then duration of
treatment as its surrogate. The rule that decided is kept beside the class.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

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

# Lines that are classified at a time: what is computed of them stays in the processor's cache.
BLOCK = 1 << 16


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


class _Place(IntEnum):
    """Where months lie: one bit for "at or below the threshold", one for "at or above"."""

    NOT_REPORTED = 0b00
    ABOVE = 0b01
    BELOW = 0b10
    AT = 0b11


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
        (``R1`` to ``R9``, see `RULES`): as text, or as categoricals where ``best_response`` is
        one. Categoricals take two bytes a line, and millions of lines a fraction of a second.

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
    terms = [
        _terms(treatments, "best_response", BestResponse),
        _terms(treatments, "status", TreatmentStatus),
        _terms(treatments, "pfs_relation", Relation),
        _terms(treatments, "dot_relation", Relation),
    ]
    months = [_months(treatments, "pfs_months"), _months(treatments, "dot_months")]
    decisions = _decisions(*(known for _, known in terms))
    outcome = outcomes(rule)
    classes = np.array([list(Benefit).index(outcome[name]) for name in RULES], dtype=np.int8)
    rules, benefits = _look_up(
        (decisions, classes[decisions]),
        [codes for codes, _ in terms],
        months,
        rule.threshold_months,
    )
    categorical = isinstance(treatments["best_response"].dtype, pd.CategoricalDtype)
    named = pd.Categorical.from_codes if categorical else _as_text
    return treatments.assign(
        benefit=named(benefits, pd.Index(list(Benefit), dtype=str)),
        rule=named(rules, pd.Index(list(RULES), dtype=str)),
    )


def evaluable(treatments: pd.DataFrame) -> pd.DataFrame:
    """Keep monotherapy lines; only these are evaluated (paper, Methods, Literature Review)."""
    return treatments[treatments["monotherapy"] == Answer.YES]


def _as_text(codes: np.ndarray, names: "pd.Index[str]") -> ExtensionArray:
    text: ExtensionArray = names.array.take(codes)
    return text


def _decisions(
    responses: Sequence[str],
    statuses: Sequence[str],
    pfs_relations: Sequence[str],
    dot_relations: Sequence[str],
) -> np.ndarray:
    """Number of the rule that decides, for every combination of terms and places of months.

    The axes are those of the arguments, then the place of the PFS and that of the DoT.
    """
    places = list(_Place)
    response, status, pfs_relation, dot_relation, pfs, dot = np.meshgrid(
        responses, statuses, pfs_relations, dot_relations, places, places,
        indexing="ij", sparse=True,
    )  # fmt: skip
    ongoing = status == TreatmentStatus.ONGOING
    pfs_reached, pfs_missed = _against(pfs_relation, pfs)
    dot_reached, dot_missed = _against(dot_relation, dot)
    no_pfs = pfs == _Place.NOT_REPORTED
    conditions = {
        "R1": np.isin(response, [BestResponse.COMPLETE, BestResponse.PARTIAL]),
        "R2": response == BestResponse.PROGRESSIVE,
        "R3": pfs_reached,
        "R4": pfs_missed & ongoing,
        "R5": pfs_missed,
        "R6": no_pfs & dot_reached,
        "R7": no_pfs & dot_missed & ongoing,
        "R8": no_pfs & dot_missed,
    }
    names = list(RULES)
    numbers = [names.index(name) for name in conditions]
    return np.select(list(conditions.values()), numbers, names.index("R9")).astype(np.int8)


def _against(relation: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Say whether months with a relation have reached the threshold, and whether missed it."""
    at_least = np.isin(place, [_Place.AT, _Place.ABOVE])
    upper_bound, lower_bound = relation == Relation.BELOW, relation == Relation.ABOVE
    reached = at_least & ~upper_bound
    missed = np.where(
        upper_bound,
        np.isin(place, [_Place.BELOW, _Place.AT]),
        (place == _Place.BELOW) & ~lower_bound,
    )
    return reached, missed


def _look_up(
    tables: Sequence[np.ndarray],
    codes: Sequence[np.ndarray],
    months: Sequence[np.ndarray],
    threshold: float,
) -> list[np.ndarray]:
    """Take what tables with the axes of `_decisions` say of each line, a block at a time."""
    rows = len(codes[0])
    found = [np.empty(rows, dtype=table.dtype) for table in tables]
    number = np.min_scalar_type(-tables[0].size)

    def look_up(start: int) -> None:
        block = slice(start, start + BLOCK)
        place = np.zeros(len(codes[0][block]), dtype=number)
        for column, size in zip(codes, tables[0].shape, strict=False):
            # A missing cell has the code -1, and the first term.
            place *= size
            place += column[block]
            place += 1
        for column in months:
            # The bits of `_Place`; months that are not reported compare as neither.
            place *= 2
            place += column[block] <= threshold
            place *= 2
            place += column[block] >= threshold
        for table, column in zip(tables, found, strict=True):
            table.ravel().take(place, out=column[block], mode="clip")

    with ThreadPoolExecutor() as threads:
        list(threads.map(look_up, range(0, rows, BLOCK)))
    return found


def _terms(
    treatments: pd.DataFrame, name: str, vocabulary: type[StrEnum]
) -> tuple[np.ndarray, list[str]]:
    """Codes of the terms of a column, from -1 for a missing cell on, and the terms from -1 on."""
    column = _column(treatments, name)
    allowed = [str(term) for term in vocabulary]
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    elif not set(column.cat.categories) <= {*allowed, ""}:
        column = column.cat.remove_unused_categories()
    codes = column.array.codes
    terms = [str(term) for term in column.cat.categories]
    if strange := [at for at, term in enumerate(terms) if term not in (*allowed, "")]:
        row = int(np.isin(codes, strange).argmax())
        raise ValueError(
            f"{name} is {terms[codes[row]]!r} in row {treatments.index[row]}; "
            f"must be one of {', '.join(allowed)}"
        )
    return codes, ["", *terms]


def _months(treatments: pd.DataFrame, name: str) -> np.ndarray:
    column = _column(treatments, name)
    if column.dtype != np.float64:
        column = pd.to_numeric(column).astype(np.float64)
    months = column.to_numpy()
    if (months < 0).any() or np.isinf(months).any():
        raise ValueError(f"{name} must be finite and not negative")
    return months


def _column(treatments: pd.DataFrame, name: str) -> pd.Series:
    if name not in treatments:
        raise ValueError(f"the treatments have no column {name}")
    return treatments[name]
