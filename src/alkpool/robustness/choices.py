"""The choices that data do not settle: one table of them, and what each makes of a cohort.

The table is ``choices.yaml``. A *choice* has *levels*; a *universe* takes one level of each; a
*grid* is all combinations. Choices that act on the same thing form a *block*: how a line is read,
which samples count, as which profiles, where relapsing shares come from, the thresholds of the
verdict, in vitro calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alkpool import mutations
from alkpool.analysis import invitro
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import BenefitRule
from alkpool.analysis.invitro import Intermediate
from alkpool.data.cohort import Cohort
from alkpool.data.laboratory import InVitro
from alkpool.data.tables import CONTROLS, assessed_inhibitors
from alkpool.files import yaml_beside
from alkpool.problems import one_of
from alkpool.vocabulary import (
    UNKNOWN,
    Answer,
    BestResponse,
    PatientStatus,
    Relation,
    Sampling,
    SourceStatus,
    Specimen,
    StudyType,
)

Level = Any

COUNTED, LEFT_OUT = "counted", "left out"
EXACT, RESIDUE = "exact", "residue class"

# What the curation writes into the note of a row whose facts were not all seen.
UNVERIFIED = r"verified: (?:no|partial)"
# Ratios to the unmutated fusion: CIViC EID1354 has the authors of PMID 25727400 call a ratio of 4
# to 10 resistant; that up to twice its potency is sensitive is our assumption.
RATIO_SENSITIVE, RATIO_RESISTANT = 2, 4


@dataclass(frozen=True)
class Universe:
    """One level of every choice, by default those of the chapters; `CHOICES` says what each is.

    Examples
    --------
    >>> from dataclasses import asdict
    >>> Universe(**asdict(VerdictRule(min_evaluable=5)), plasma="left out").min_evaluable
    5
    """

    threshold_months: float = BenefitRule.threshold_months
    endpoint: Literal["response, then months", "response", "months"] = "response, then months"
    ongoing_dot: Literal["unknown", "no benefit"] = BenefitRule.ongoing_dot
    unknown_lines: Literal["left out", "no benefit", "benefit"] = "left out"
    monotherapy: Literal["not combined", "stated"] = BenefitRule.monotherapy
    lines: Literal["all", "first"] = "all"
    biopsy: Literal["any", "just before"] = "any"
    duplicates: Literal["left out", "counted"] = "left out"
    case_reports: Literal["counted", "left out"] = "counted"
    plasma: Literal["counted", "left out"] = "counted"
    unverified: Literal["counted", "left out"] = "counted"
    apart: Literal["trans", "none", "trans and unknown"] = "trans"
    profiles: Literal["exact", "residue class"] = "exact"
    relapse_from: Literal["consecutive", "all"] = VerdictRule.relapse_from
    min_evaluable: int = VerdictRule.min_evaluable
    low_sensitivity: float = VerdictRule.low_sensitivity
    high_sensitivity: float = VerdictRule.high_sensitivity
    high_relapse_share: float = VerdictRule.high_relapse_share
    high_relapse_samples: int = VerdictRule.high_relapse_samples
    low_relapse_share: float = VerdictRule.low_relapse_share
    likely_lower: float = VerdictRule.likely_lower
    intermediate: Intermediate = "neither"
    exploratory: Literal["potency", "none", "ratio"] = "potency"


@dataclass(frozen=True)
class Choice:
    """A choice that data do not settle.

    Attributes
    ----------
    block : str
        What it acts on: ``lines``, ``samples``, ``profiles``, ``relapse``, ``verdict``, ``calls``.
    name : str
        Attribute of `Universe`.
    label : str
        How figures call it.
    levels : tuple
        What can be defended, in the order of the figures.
    reason : str
        Why more than the default can be.
    strict : str
        Level under which the rows that `marked` marks do not count; blank where there is none.
    """

    block: str
    name: str
    label: str
    levels: tuple[Level, ...]
    reason: str
    strict: str = ""


CHOICES = tuple(
    Choice(**{**declared, "levels": tuple(declared["levels"])})
    for declared in yaml_beside(__file__)
)


@dataclass(frozen=True)
class Grid:
    """All combinations of the levels of every choice, and the one that is the default."""

    choices: tuple[Choice, ...]
    default: Universe

    def __post_init__(self) -> None:
        # Refuses levels that no rule can have, and thresholds that cross in some combination.
        for months in self.levels("threshold_months"):
            BenefitRule(months)
        for low, high in ((min, max), (max, min)):
            extreme = {
                choice.name: (low if choice.name.startswith("low") else high)(choice.levels)
                for choice in self.block("verdict")
            }
            VerdictRule(**extreme)

    def levels(self, name: str) -> tuple[Any, ...]:
        """Levels of a choice."""
        return next(choice.levels for choice in self.choices if choice.name == name)

    def block(self, name: str) -> tuple[Choice, ...]:
        """Choices of a block."""
        return tuple(choice for choice in self.choices if choice.block == name)

    @property
    def shape(self) -> list[int]:
        """Number of levels of each choice."""
        return [len(choice.levels) for choice in self.choices]

    @property
    def size(self) -> int:
        """Number of universes."""
        return prod(self.shape)

    def universes(self, numbers: Sequence[int] | NDArray[np.int64]) -> pd.DataFrame:
        """Choices of universes, one row each, with their numbers as index.

        Numbers go from 0 to size - 1; the last choice varies fastest.
        """
        index = pd.Index(np.asarray(numbers, dtype=np.int64), name="universe")
        places = np.unravel_index(numbers, self.shape)
        levels = zip(self.choices, places, strict=True)
        return pd.DataFrame({c.name: np.array(c.levels)[at] for c, at in levels}, index)

    def number(self, universe: Universe) -> int:
        """Give the number of a universe."""
        places = [choice.levels.index(getattr(universe, choice.name)) for choice in self.choices]
        return int(np.ravel_multi_index(places, self.shape))

    def sample(self, count: int, seed: int = 0) -> NDArray[np.int64]:
        """Draw numbers of different universes; all of them where the grid has no more.

        The default is always among them, and the first.
        """
        usual, random = self.number(self.default), np.random.default_rng(seed)
        drawn = random.choice(self.size, min(count, self.size), replace=False)
        return np.concatenate([[usual], drawn[drawn != usual]])[:count]


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
    >>> grid(threshold_months=(6, 12), plasma=("counted",)).size == grid().size // 2 // 2
    True
    """
    names = [choice.name for choice in CHOICES]
    if unknown := sorted(set(levels) - set(names)):
        raise ValueError(f"{unknown[0]} is no choice; known are {', '.join(names)}")
    choices = []
    for choice in CHOICES:
        usual = getattr(default, choice.name)
        given = dict.fromkeys([*levels.get(choice.name, choice.levels), usual])
        if isinstance(usual, str):
            for level in given:
                one_of(choice.name, level, choice.levels)
        ordered = tuple(given if isinstance(usual, str) else sorted(given))
        choices.append(replace(choice, levels=ordered))
    return Grid(tuple(choices), default)


def marked(cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples and lines that some universe counts, with the marks by which others leave them out.

    Returns
    -------
    samples, lines : DataFrame
        Samples with a named mutation of patients who are included or duplicates, and the lines
        after them, combinations too. For each choice with a strict level a column ``not_NAME``
        tells which rows do not count under it; for lines with the columns of their sample.
    """
    sources = cohort.sources.set_index("source_id")
    series = (sources["sampling"] == Sampling.CONSECUTIVE) & (
        sources["status"] == SourceStatus.INCLUDED
    )
    everyone = cohort.patients
    counted = everyone["status"].isin([PatientStatus.INCLUDED, PatientStatus.DUPLICATE])
    patients = everyone[["patient_id"]].assign(
        not_duplicates=everyone["status"] == PatientStatus.DUPLICATE,
        not_case_reports=everyone["source_id"].map(sources["study_type"]) == StudyType.CASE_REPORT,
        # A synthetic cohort stands for the paper's pool, whose shares count every sample.
        not_relapse_from=~everyone["source_id"].map(series).astype(bool) & (not cohort.synthetic),
    )
    named = cohort.samples[cohort.samples["mutations"] != UNKNOWN]
    samples = named.assign(
        not_plasma=named["specimen"] == Specimen.PLASMA,
        not_unverified=named["note"].str.contains(UNVERIFIED),
    ).merge(patients[counted], on="patient_id", validate="many_to_one")
    lines = cohort.treatments.merge(
        samples, on="sample_id", validate="many_to_one", suffixes=("", "_of_sample")
    )
    order = ["patient_id", "sample_order", "line_number", "treatment_id"]
    alone = lines[lines["monotherapy"] != Answer.NO].sort_values(order)
    later = alone.loc[alone.duplicated("patient_id"), "treatment_id"]
    lines = lines.assign(
        not_monotherapy=lines["monotherapy"] != Answer.YES,
        not_lines=lines["treatment_id"].isin(later),
        not_biopsy=(lines["lines_since_sample"] != 0).fillna(True).astype(bool),
        not_unverified=lines["not_unverified"] | lines["note"].str.contains(UNVERIFIED),
    )
    return samples, lines


def by_endpoint(lines: pd.DataFrame, endpoint: str) -> pd.DataFrame:
    """Lines of treatment with what one endpoint tells: all, the best response, or the months."""
    match endpoint:
        case "response":
            # Stable disease is no response, however long it lasts.
            less = [BestResponse.STABLE, BestResponse.MIXED]
            response = lines["best_response"].astype(str)
            return lines.assign(
                best_response=response.mask(response.isin(less), str(BestResponse.PROGRESSIVE)),
                pfs_months=np.nan, dot_months=np.nan, pfs_relation="", dot_relation="",
            )  # fmt: skip
        case "months":
            return lines.assign(best_response=str(BestResponse.UNKNOWN))
    return lines


def calls(laboratory: InVitro, universe: Universe) -> pd.DataFrame:
    """In vitro calls as a universe reads them, as `alkpool.analysis.invitro.by_combination`.

    Only of models that may decide: see `alkpool.data.laboratory.decides`.
    """
    own_limits = {"none": (None, None), "ratio": (RATIO_SENSITIVE, RATIO_RESISTANT), "potency": ()}
    if universe.exploratory == "ratio":
        laboratory = replace(laboratory, measurements=_as_ratios(laboratory))
    called = invitro.with_call(laboratory, universe.intermediate, *own_limits[universe.exploratory])
    called = called[called["decides"] & called["inhibitor"].isin(assessed_inhibitors())]
    if universe.profiles == RESIDUE:
        called = called.assign(mutations=called["mutations"].map(mutations.residue_class))
    return invitro.by_combination(called)


def _as_ratios(laboratory: InVitro) -> pd.DataFrame:
    """Measurements of models without a threshold as ratios to the unmutated fusion.

    A ratio is that of the source, or that to the model's own value; without either it is missing.
    """
    table = laboratory.measurements
    exact = table["relation"].isin([Relation.EQUAL, Relation.ABOUT])
    keys = ["model_id", "inhibitor"]
    unmutated = table[exact & (table["mutations"] == CONTROLS[0])].groupby(keys)["value"].median()
    wild = table.join(unmutated.rename("wild"), on=keys)["wild"]
    ratio = table["fold_change"].fillna(table["value"] / wild)
    limits = laboratory.models.set_index("model_id")[["sensitive_max", "resistant_min"]]
    own = table["model_id"].map(limits.notna().any(axis="columns"))
    return table.assign(value=table["value"].where(own, ratio))
