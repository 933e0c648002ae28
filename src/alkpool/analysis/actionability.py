"""Clinical evidence for each mutation profile and inhibitor (paper, Figure 5).

Two shares describe a combination. *Relapsing*: of the samples taken at resistance to the
inhibitor, how many carry the profile. *Sensitivity*: of the evaluable lines of the inhibitor
given after a sample with the profile, how many brought benefit.

`alkpool.analysis.evidence.rank` puts the inhibitors in order for one tumour (paper, Conclusions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from alkpool import mutations, stats
from alkpool.analysis.benefit import BenefitRule, classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.data.tables import assessed_inhibitors
from alkpool.files import yaml_beside
from alkpool.problems import one_of
from alkpool.stats import Floats
from alkpool.vocabulary import Benefit, Phase, Sampling, Verdict

# Before any line every probability of benefit is as likely as any other, nearly as in the pooled
# model; Jeffreys' prior favours 0 and 1, and after three of three lines the probability of benefit
# in 75% or more would be 0.86 instead of 0.68.
SENSITIVITY_PRIOR = 1.0
# Shares of relapses are small: Jeffreys' prior, worth one sample, favours no value much.
RELAPSE_PRIOR = 0.5
# A rule that asks for more decides nothing: no trial of an inhibitor has so many patients.
MOST_ASKED = 1000

Threshold = float | NDArray[np.float64] | NDArray[np.int64]

# What each rule says and the verdict it gives, by its id, in the order in which they are tried.
_TABLE: Mapping[str, tuple[str, str]] = yaml_beside(__file__)
RULES = {name: words for name, (words, _) in _TABLE.items()}
VERDICTS = {name: Verdict(verdict) for name, (_, verdict) in _TABLE.items()}


@dataclass(frozen=True)
class VerdictRule:
    """Thresholds of the verdict; each is a parameter because the published ones are not known.

    Attributes
    ----------
    min_evaluable : int
        Evaluable lines from which sensitivity is read.
    low_sensitivity, high_sensitivity : float
        Below the first no benefit is expected; from the second benefit is likely.
    high_relapse_share, high_relapse_samples : float, int
        The relapsing share is high from this share *and* this number of samples.
    low_relapse_share : float
        The relapsing share is low below this.
    likely_lower : float
        Benefit is likely only where the lower limit of the Wilson 95% interval of sensitivity is
        at least this: three of three lines are 44%.
    relapse_from : {"consecutive", "all"}
        Samples that a relapsing share is read from: those of sources with consecutive patients,
        or all. Where reports choose their patients, a share says what was thought worth
        reporting.
    """

    # The thresholds of the published scheme stand in a picture that is not openly available. These
    # values reproduce every cell that the paper's text describes: alectinib is "conflicting" for
    # L1196M (9/82 relapsing, 9/11 benefit) and G1202R (26/82, 4/6), and for nothing else.
    min_evaluable: int = 3
    low_sensitivity: float = 0.50
    high_sensitivity: float = 0.75
    high_relapse_share: float = 0.10
    high_relapse_samples: int = 3
    low_relapse_share: float = 0.05
    # Asks nothing of the interval; an interval-based rule (from 50%) is a choice of the multiverse.
    likely_lower: float = 0.0
    relapse_from: Literal["consecutive", "all"] = "consecutive"

    def __post_init__(self) -> None:
        for name in ("min_evaluable", "high_relapse_samples"):
            if not 1 <= (asked := getattr(self, name)) <= MOST_ASKED:
                raise ValueError(f"{name} is {asked}; must be at least 1, and at most {MOST_ASKED}")
        if not 0 <= self.low_sensitivity <= self.high_sensitivity <= 1:
            raise ValueError("must be 0 <= low_sensitivity <= high_sensitivity <= 1")
        if not 0 <= self.low_relapse_share <= self.high_relapse_share <= 1:
            raise ValueError("must be 0 <= low_relapse_share <= high_relapse_share <= 1")
        if not 0 <= self.likely_lower <= 1:
            raise ValueError("must be 0 <= likely_lower <= 1")
        one_of("relapse_from", self.relapse_from, ("consecutive", "all"))

    @property
    def thresholds(self) -> dict[str, Any]:
        """Arguments of `decide`."""
        return {name: value for name, value in asdict(self).items() if name != "relapse_from"}


def assessed_profiles(samples: pd.DataFrame, *, split_trans: bool = True) -> pd.DataFrame:
    """Profiles under which each sample is assessed.

    Mutations in trans sit in different clones and are assessed as separate single mutants;
    mutations in cis, or of unknown phase, as the compound profile (paper, Discussion).

    Returns
    -------
    DataFrame
        Columns ``sample_id, profile``; a trans sample has one row for each mutation.
    """
    trans = (samples["phase"] == Phase.TRANS) & split_trans
    profiles = samples["mutations"].str.split("+").where(trans, samples["mutations"])
    table = samples[["sample_id"]].assign(profile=profiles).explode("profile")
    return table.astype({"profile": str}).reset_index(drop=True)


def matrix(
    cohort: Cohort,
    rule: VerdictRule = VerdictRule(),
    benefit_rule: BenefitRule = BenefitRule(),
    *,
    split_trans: bool = True,
) -> pd.DataFrame:
    """Evidence and verdict for every profile of the cohort and every assessed inhibitor.

    Parameters
    ----------
    cohort : Cohort
        Only its `alkpool.data.cohort.analysis_set` counts.
    rule : VerdictRule
        Thresholds of the verdict.
    benefit_rule : BenefitRule
        Classification of the lines of treatment.
    split_trans : bool
        See `assessed_profiles`.

    Returns
    -------
    DataFrame
        Columns ``profile, inhibitor, samples`` (samples with the profile), ``found_after``
        (samples with it at resistance to the inhibitor), of these ``relapsed`` of ``relapse_n``
        in the samples that a share is read from (`VerdictRule.relapse_from`), ``relapse_share,
        relapse_low, relapse_high, benefit_k, benefit_n, unknown_n,
        combined_n`` (combinations, which are not evaluated; `BenefitRule.monotherapy`),
        ``sensitivity, sensitivity_low, sensitivity_high, verdict, rule, verdict_probability``.
        Shares are fractions with Wilson 95% intervals, missing where nothing was observed.

    Notes
    -----
    Koopman et al. 2022, Results, "Clinical Benefit for ALK Resistance Mutations From Sequential
    ALK Inhibitors", and the legend of Figure 5.
    """
    pooled = analysis_set(cohort)
    profiles = assessed_profiles(pooled.samples, split_trans=split_trans)
    sampled = profiles.merge(pooled.samples[["sample_id", "resistance_on"]], on="sample_id")
    sampled = sampled.rename(columns={"resistance_on": "inhibitor"})
    lines = profiles.merge(classify(pooled.treatments, benefit_rule), on="sample_id")
    judged = evaluable(lines, benefit_rule)
    shared = share_samples(pooled, rule)
    counted = {
        "found_after": sampled,
        "relapsed": sampled[sampled["sample_id"].isin(shared["sample_id"])],
        "benefit_k": judged[judged["benefit"] == Benefit.BENEFIT],
        "benefit_n": judged[judged["benefit"] != Benefit.UNKNOWN],
        "unknown_n": judged[judged["benefit"] == Benefit.UNKNOWN],
        "combined_n": lines.drop(index=judged.index),
    }
    names = sorted(profiles["profile"].unique(), key=profile_order)
    cell = ["profile", "inhibitor"]
    cells = pd.MultiIndex.from_product([names, assessed_inhibitors()], names=cell)
    counts = {name: rows.groupby(cell).size().reindex(cells, fill_value=0)
              for name, rows in counted.items()}  # fmt: skip
    table = pd.DataFrame(counts).reset_index()
    after = shared["resistance_on"].value_counts()
    table = table.assign(
        samples=table["profile"].map(profiles["profile"].value_counts()),
        relapse_n=table["inhibitor"].map(after).fillna(0).astype(int),
    )
    relapse = stats.proportions(table["relapsed"], table["relapse_n"]).add_prefix("relapse_")
    sensitivity = stats.proportions(table["benefit_k"], table["benefit_n"])
    sensitivity.columns = pd.Index(["sensitivity", "sensitivity_low", "sensitivity_high"])
    return judge(table.join(relapse).join(sensitivity), rule)[COLUMNS]


def share_samples(cohort: Cohort, rule: VerdictRule) -> pd.DataFrame:
    """Samples that a relapsing share is read from, see `VerdictRule.relapse_from`.

    A synthetic cohort stands for the paper's pool, whose shares count every sample.
    """
    if rule.relapse_from == "all" or cohort.synthetic:
        return cohort.samples
    sources = cohort.sources
    series = sources.loc[sources["sampling"] == Sampling.CONSECUTIVE, "source_id"]
    patients = cohort.patients.loc[cohort.patients["source_id"].isin(series), "patient_id"]
    return cohort.samples[cohort.samples["patient_id"].isin(patients)]


COLUMNS = [
    "profile", "inhibitor", "samples", "found_after",
    "relapsed", "relapse_n", "relapse_share", "relapse_low", "relapse_high",
    "benefit_k", "benefit_n", "unknown_n", "combined_n",
    "sensitivity", "sensitivity_low", "sensitivity_high",
    "verdict", "rule", "verdict_probability",
]  # fmt: skip


def profile_order(profile: str) -> tuple[int, tuple[int, ...], str]:
    """Sort key of profiles: single mutants first, then by residue."""
    places = mutations.residues(profile)
    return len(mutations.mutations_of(profile)), places, profile


def judge(counts: pd.DataFrame, rule: VerdictRule = VerdictRule()) -> pd.DataFrame:
    """Add the verdict, the rule that gave it, and the probability that it is right.

    Parameters
    ----------
    counts : DataFrame
        With ``relapsed, relapse_n, benefit_k, benefit_n``.
    rule : VerdictRule
        Thresholds.

    Returns
    -------
    DataFrame
        The same rows with ``verdict``, ``rule`` (``V1`` to ``V6``, see `RULES`) and
        ``verdict_probability`` (see `verdict_probability`). Where no sample was taken after the
        inhibitor its relapsing share is not known, and cannot be called low: benefit is then at
        most possible.
    """
    names = ("relapsed", "relapse_n", "benefit_k", "benefit_n")
    given = [counts[name].to_numpy() for name in names]
    decided = decide(*given, **rule.thresholds)
    return counts.assign(
        verdict=np.array(list(VERDICTS.values()))[decided],
        rule=np.array(list(VERDICTS))[decided],
        verdict_probability=verdict_probability(given, decided, rule),
    )


def verdict_probability(
    counts: Sequence[ArrayLike], decided: NDArray[np.intp], rule: VerdictRule = VerdictRule()
) -> Floats:
    """Probability that the rule would decide alike if the true shares were known.

    Read from the cell's own counts, in closed form: sensitivity and relapsing share have
    independent Beta posteriors with the priors `SENSITIVITY_PRIOR` and `RELAPSE_PRIOR`. The numbers
    of lines and of relapsed samples are facts, so that "insufficient" for too few lines is certain
    unless three samples or more relapsed. `alkpool.robustness.uncertainty` has the same with
    partial pooling.

    Parameters
    ----------
    counts : sequence of array_like of int
        ``relapsed, relapse_n, benefit_k, benefit_n``.
    decided : ndarray of int
        From `decide`.
    rule : VerdictRule
        Thresholds.

    Examples
    --------
    Three of three lines that helped, and no relapse in 60 samples:

    >>> counts = (0, 60, 3, 3)
    >>> float(verdict_probability(counts, decide(*counts, **VerdictRule().thresholds)).round(2))
    0.67
    """
    r, total, k, n = np.broadcast_arrays(*counts)

    def relapsing_below(mark: float) -> Floats:
        return np.asarray(special.betainc(r + RELAPSE_PRIOR, total - r + RELAPSE_PRIOR, mark))

    def benefit_below(mark: float) -> Floats:
        return np.asarray(special.betainc(k + SENSITIVITY_PRIOR, n - k + SENSITIVITY_PRIOR, mark))

    many = (total > 0) & (r >= rule.high_relapse_samples)
    high = np.where(many, 1 - relapsing_below(rule.high_relapse_share), 0)
    firm = (total > 0) & (np.asarray(stats.wilson(k, n).low) >= rule.likely_lower)
    rare = np.where(firm, relapsing_below(rule.low_relapse_share), 0)
    low, likely = benefit_below(rule.low_sensitivity), 1 - benefit_below(rule.high_sensitivity)
    possible = (1 - low) * (1 - high) - likely * rare
    return np.choose(decided, [high, 1 - high, low, (1 - low) * high, likely * rare, possible])


def sure(probability: float) -> str:
    """Say the probability of a verdict; only what follows from counts is certain."""
    if probability == 1:
        return "by count"
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"


def worded(verdict: str, probability: float) -> str:
    """Verdict with the probability that it is right; one that is certain by its counts alone."""
    said = f", right with a probability of {sure(probability)}" * (probability < 1)
    return f"{verdict}{said}"


def decide(
    relapsed: ArrayLike,
    relapse_n: ArrayLike,
    benefit_k: ArrayLike,
    benefit_n: ArrayLike,
    *,
    relapsing: ArrayLike | None = None,
    sensitivity: ArrayLike | None = None,
    **thresholds: Threshold,
) -> NDArray[np.intp]:
    """Give the place in `VERDICTS` of the rule that decides; everything broadcasts.

    Parameters
    ----------
    relapsed, relapse_n, benefit_k, benefit_n : array_like of int
        Counts.
    relapsing, sensitivity : array_like of float, optional
        Shares to judge instead of those of the counts.
    **thresholds : number or ndarray
        Each of `VerdictRule.thresholds`.
    """
    relapsing = share(relapsed, relapse_n) if relapsing is None else np.asarray(relapsing)
    helped = share(benefit_k, benefit_n) if sensitivity is None else np.asarray(sensitivity)
    few = np.asarray(benefit_n) < thresholds["min_evaluable"]
    many = np.asarray(relapsed) >= thresholds["high_relapse_samples"]
    high = (relapsing >= thresholds["high_relapse_share"]) & many
    firm = np.asarray(stats.wilson(benefit_k, benefit_n).low) >= thresholds["likely_lower"]
    rare = relapsing < thresholds["low_relapse_share"]
    conditions = np.broadcast_arrays(
        few & high,
        few,
        helped < thresholds["low_sensitivity"],
        high,
        (helped >= thresholds["high_sensitivity"]) & rare & firm,
    )
    return np.select(conditions, list(range(len(conditions))), len(conditions))


def share(k: ArrayLike, n: ArrayLike) -> Floats:
    """Divide counts; missing, so neither high nor low, where nothing was observed."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.divide(np.asarray(k, dtype=float), n))
