"""The choices that data do not settle: one table of them, and what each makes of a cohort.

A *choice* has *levels*; a *universe* takes one level of each; a *grid* is all combinations.
`plain` analyses one universe the long way, as the chapters do; `multiverse` all at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from math import prod
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alkpool import mutations
from alkpool.analysis import invitro
from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.analysis.benefit import BenefitRule, classify
from alkpool.analysis.invitro import Intermediate
from alkpool.data.cohort import Cohort
from alkpool.data.laboratory import InVitro
from alkpool.data.tables import assessed_inhibitors
from alkpool.vocabulary import (
    UNKNOWN,
    Answer,
    Benefit,
    BestResponse,
    PatientStatus,
    Specimen,
    StudyType,
)

Level = Any

COUNTED, LEFT_OUT = "counted", "left out"
EXACT, RESIDUE = "exact", "residue class"


@dataclass(frozen=True)
class Universe:
    """One level of every choice; by default those of the chapters.

    Attributes
    ----------
    threshold_months, ongoing_dot
        See `alkpool.analysis.benefit.BenefitRule`.
    unknown_lines : {"left out", "no benefit"}
        What a line counts as whose benefit cannot be decided.
    monotherapy : {"stated", "not excluded"}
        Evaluate lines known to be monotherapy, or also those for which the source does not say.
    duplicates : {"left out", "counted"}
        Leave patients out who were probably reported before, or count them as patients of their
        own, where their mutation is known: that a report is a duplicate is itself a judgement.
    case_reports, plasma : {"counted", "left out"}
        Patients of case reports; samples of plasma, with the lines that followed them.
    split_trans : bool
        See `alkpool.analysis.actionability.assessed_profiles`.
    profiles : {"exact", "residue class"}
        Assess each profile, or substitutions of one residue together.
    min_evaluable, low_sensitivity, high_sensitivity, high_relapse_share, high_relapse_samples, \
low_relapse_share
        See `alkpool.analysis.actionability.VerdictRule`.
    intermediate
        See `alkpool.analysis.invitro.with_call`.
    """

    threshold_months: float = BenefitRule.threshold_months
    ongoing_dot: Literal["unknown", "no benefit"] = BenefitRule.ongoing_dot
    unknown_lines: Literal["left out", "no benefit"] = "left out"
    monotherapy: Literal["stated", "not excluded"] = "stated"
    duplicates: Literal["left out", "counted"] = "left out"
    case_reports: Literal["counted", "left out"] = "counted"
    plasma: Literal["counted", "left out"] = "counted"
    split_trans: bool = True
    profiles: Literal["exact", "residue class"] = "exact"
    min_evaluable: int = VerdictRule.min_evaluable
    low_sensitivity: float = VerdictRule.low_sensitivity
    high_sensitivity: float = VerdictRule.high_sensitivity
    high_relapse_share: float = VerdictRule.high_relapse_share
    high_relapse_samples: int = VerdictRule.high_relapse_samples
    low_relapse_share: float = VerdictRule.low_relapse_share
    intermediate: Intermediate = "neither"

    @property
    def benefit_rule(self) -> BenefitRule:
        """Rule of benefit of this universe."""
        return BenefitRule(self.threshold_months, self.ongoing_dot, monotherapy="stated")

    @property
    def verdict_rule(self) -> VerdictRule:
        """Rule of the verdict of this universe."""
        return VerdictRule(
            **{name: getattr(self, name) for name in VerdictRule().thresholds}, relapse_from="all"
        )


@dataclass(frozen=True)
class Choice:
    """A choice that data do not settle.

    Attributes
    ----------
    name : str
        Attribute of `Universe`.
    label : str
        How figures call it.
    levels : tuple
        What can be defended, in the order of the figures.
    reason : str
        Why more than the default can be.
    """

    name: str
    label: str
    levels: tuple[Level, ...]
    reason: str


CHOICES = (
    Choice(
        "threshold_months", "benefit from, months", (3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
        "the paper took 6; how long stable disease must last to be a benefit is a convention",
    ),
    Choice(
        "ongoing_dot", "short ongoing DoT", ("unknown", "no benefit"),
        "the paper states the ongoing case for PFS only",
    ),
    Choice(
        "unknown_lines", "undecided lines", (LEFT_OUT, "no benefit"),
        "what a report leaves out may be no benefit: the least favourable reading",
    ),
    Choice(
        "monotherapy", "given alone", ("stated", "not excluded"),
        "a source that names one drug may mean that drug alone",
    ),
    Choice(
        "duplicates", "probable duplicates", (LEFT_OUT, COUNTED),
        "that two reports are of one patient is a judgement",
    ),
    Choice(
        "case_reports", "case reports", (COUNTED, LEFT_OUT),
        "single cases favour striking responses",
    ),
    Choice(
        "plasma", "plasma samples", (COUNTED, LEFT_OUT),
        "plasma sums over all lesions that shed DNA",
    ),
    Choice(
        "split_trans", "mutations in trans", (True, False),
        "apart or as a compound profile (the paper, Discussion)",
    ),
    Choice(
        "profiles", "profiles", (EXACT, RESIDUE),
        "substitutions of one residue may or may not behave alike",
    ),
    Choice("min_evaluable", "fewest decided lines", (2, 3, 5), "at most 6 fits the paper's text"),
    Choice(
        "low_sensitivity", "sensitivity low below", (0.4, 0.5, 0.6),
        "at most 4/6 fits the paper's text",
    ),
    Choice(
        "high_sensitivity", "sensitivity high from", (0.7, 0.75, 0.8),
        "not fixed by the paper's text",
    ),
    Choice(
        "high_relapse_share", "relapsing share from", (0.08, 0.1, 0.15),
        "at most 9/82 fits the paper's text; 15% leaves one of its conflicts out",
    ),
    Choice(
        "high_relapse_samples", "and from samples", (2, 3, 5),
        "how many samples make a pattern is open",
    ),
    Choice(
        "low_relapse_share", "relapsing low below", (0.03, 0.05, 0.08),
        "not fixed by the paper's text",
    ),
    Choice(
        "intermediate", "intermediate in vitro", ("neither", "sensitive", "resistant"),
        "the paper does not say how it read such calls",
    ),
)  # fmt: skip

# The choices on which counts depend; then those on which only verdicts do; then the last.
COUNTING = 9
RULING = len(VerdictRule().thresholds)


@dataclass(frozen=True)
class Grid:
    """All combinations of the levels of every choice, and the one that is the default."""

    choices: tuple[Choice, ...]
    default: Universe

    def __post_init__(self) -> None:
        if [choice.name for choice in self.choices] != [field.name for field in fields(Universe)]:
            raise ValueError("a grid has every choice of Universe, in its order")
        for choice in self.choices:
            usual = getattr(self.default, choice.name)
            if len(set(choice.levels)) != len(choice.levels) or usual not in choice.levels:
                raise ValueError(
                    f"{choice.name} has the levels {choice.levels}; "
                    f"must be different, and hold the default {usual!r}"
                )
            known = next(c.levels for c in CHOICES if c.name == choice.name)
            for level in choice.levels:
                if not _is_number(usual) and level not in known:
                    raise ValueError(f"{choice.name} is {level!r}; must be one of {known}")
        # Refuses levels that no rule can have, and thresholds that cross in some combination.
        for months, reading in product(
            *(self.levels(n) for n in ("threshold_months", "ongoing_dot"))
        ):
            BenefitRule(months, reading)
        extremes = {name: self.levels(name) for name in VerdictRule().thresholds}
        for low, high in ((min, max), (max, min)):
            VerdictRule(
                **{
                    name: (low if name.startswith("low") else high)(values)
                    for name, values in extremes.items()
                }
            )

    def levels(self, name: str) -> tuple[Any, ...]:
        """Levels of a choice."""
        return next(choice.levels for choice in self.choices if choice.name == name)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each choice."""
        return tuple(len(choice.levels) for choice in self.choices)

    @property
    def size(self) -> int:
        """Number of universes."""
        return prod(self.shape)

    def universe(self, number: int) -> Universe:
        """Give a universe by its number, 0 to size - 1; the last choice varies fastest."""
        places = np.unravel_index(number, self.shape)
        return Universe(
            **{c.name: c.levels[int(place)] for c, place in zip(self.choices, places, strict=True)}
        )

    def number(self, universe: Universe) -> int:
        """Give the number of a universe."""
        places = [choice.levels.index(getattr(universe, choice.name)) for choice in self.choices]
        return int(np.ravel_multi_index(places, self.shape))

    def sample(self, count: int, seed: int = 0) -> NDArray[np.int64]:
        """Draw numbers of different universes; all of them where the grid has no more."""
        if count >= self.size:
            return np.arange(self.size)
        return np.sort(np.random.default_rng(seed).choice(self.size, count, replace=False))


def grid(default: Universe = Universe(), **levels: Sequence[Any]) -> Grid:
    """Make a grid from `CHOICES`.

    Parameters
    ----------
    default : Universe
        Where one of its levels is not among those of a choice, it is added to them.
    **levels : sequence
        Other levels for the choice of that name; one level holds the choice fixed.

    Examples
    --------
    >>> grid(threshold_months=(6, 12), plasma=("counted",)).size == grid().size // 5 // 2
    True
    """
    unknown = set(levels) - {choice.name for choice in CHOICES}
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]} is no choice; known are {_names(CHOICES)}")
    choices = []
    for choice in CHOICES:
        usual = getattr(default, choice.name)
        given = tuple(levels.get(choice.name, choice.levels))
        if usual not in given:
            given = (*given, usual)
        choices.append(replace(choice, levels=tuple(sorted(given)) if _is_number(usual) else given))
    return Grid(tuple(choices), default)


def _is_number(level: Level) -> bool:
    return isinstance(level, float | int) and not isinstance(level, bool)


def _names(choices: Sequence[Choice]) -> str:
    return ", ".join(choice.name for choice in choices)


def apply(cohort: Cohort, universe: Universe) -> Cohort:
    """Make the cohort whose plain analysis is that of a universe.

    Duplicates that count are included; what is left out is gone; a line that counts as no benefit
    although it is undecided has progressive disease; profiles are residue classes.
    """
    patients, samples, treatments = cohort.patients, cohort.samples, cohort.treatments
    if universe.duplicates == COUNTED:
        known = samples.loc[samples["mutations"] != UNKNOWN, "patient_id"]
        again = (patients["status"] == PatientStatus.DUPLICATE) & patients["patient_id"].isin(known)
        patients = patients.assign(
            status=patients["status"].mask(again, str(PatientStatus.INCLUDED))
        )
    if universe.case_reports == LEFT_OUT:
        sources = cohort.sources
        single = sources.loc[sources["study_type"] == StudyType.CASE_REPORT, "source_id"]
        patients = patients[~patients["source_id"].isin(single)]
    samples = samples[samples["mutations"] != UNKNOWN]
    if universe.plasma == LEFT_OUT:
        samples = samples[samples["specimen"] != Specimen.PLASMA]
    if universe.profiles == RESIDUE:
        samples = samples.assign(mutations=samples["mutations"].map(mutations.residue_class))
    if universe.monotherapy == "not excluded":
        alone = treatments["monotherapy"].replace(str(Answer.UNKNOWN), str(Answer.YES))
        treatments = treatments.assign(monotherapy=alone)
    if universe.unknown_lines == "no benefit":
        undecided = classify(treatments, universe.benefit_rule)["benefit"] == Benefit.UNKNOWN
        response = treatments["best_response"].mask(undecided, str(BestResponse.PROGRESSIVE))
        treatments = treatments.assign(best_response=response)
    return replace(cohort, patients=patients, samples=samples, treatments=treatments)


def calls(laboratory: InVitro, universe: Universe) -> pd.DataFrame:
    """In vitro calls as a universe reads them, as `alkpool.analysis.invitro.by_combination`."""
    called = invitro.with_call(laboratory, universe.intermediate)
    called = called[called["inhibitor"].isin(assessed_inhibitors())]
    if universe.profiles == RESIDUE:
        called = called.assign(mutations=called["mutations"].map(mutations.residue_class))
    return invitro.by_combination(called)


def plain(cohort: Cohort, universe: Universe) -> pd.DataFrame:
    """Evidence and verdicts of one universe the long way, as `actionability.matrix`."""
    return matrix(
        apply(cohort, universe), universe.verdict_rule, universe.benefit_rule,
        split_trans=universe.split_trans,
    )  # fmt: skip
