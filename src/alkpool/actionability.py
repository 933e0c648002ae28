"""Clinical evidence for each mutation profile and inhibitor (paper, Figure 5).

Two shares describe a combination. *Relapsing*: of the samples taken at resistance to the
inhibitor, how many carry the profile. *Sensitivity*: of the evaluable lines of the inhibitor
given after a sample with the profile, how many brought benefit.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alkpool import mutations, stats
from alkpool.benefit import BenefitRule, classify, evaluable
from alkpool.cohort import Cohort, analysis_set
from alkpool.schema import assessed_inhibitors
from alkpool.vocabulary import Benefit, Phase, Verdict

# The thresholds of the published scheme stand in a picture that is not openly available. These
# values reproduce every cell that the paper's text describes: alectinib is "conflicting" for
# L1196M (9/82 relapsing, 9/11 benefit) and G1202R (26/82, 4/6), and for nothing else.
MIN_EVALUABLE = 3
LOW_SENSITIVITY = 0.50
HIGH_SENSITIVITY = 0.75
HIGH_RELAPSE_SHARE = 0.10
HIGH_RELAPSE_SAMPLES = 3
LOW_RELAPSE_SHARE = 0.05

RULES = {
    "V1": "too few evaluable lines, relapsing share high",
    "V2": "too few evaluable lines, relapsing share not high",
    "V3": "sensitivity low",
    "V4": "sensitivity not low, relapsing share high",
    "V5": "sensitivity high, relapsing share low",
    "V6": "sensitivity not low, neither V4 nor V5",
}


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
    """

    min_evaluable: int = MIN_EVALUABLE
    low_sensitivity: float = LOW_SENSITIVITY
    high_sensitivity: float = HIGH_SENSITIVITY
    high_relapse_share: float = HIGH_RELAPSE_SHARE
    high_relapse_samples: int = HIGH_RELAPSE_SAMPLES
    low_relapse_share: float = LOW_RELAPSE_SHARE

    def __post_init__(self) -> None:
        if self.min_evaluable < 1 or self.high_relapse_samples < 1:
            raise ValueError("min_evaluable and high_relapse_samples must be at least 1")
        if not 0 <= self.low_sensitivity <= self.high_sensitivity <= 1:
            raise ValueError("must be 0 <= low_sensitivity <= high_sensitivity <= 1")
        if not 0 <= self.low_relapse_share <= self.high_relapse_share <= 1:
            raise ValueError("must be 0 <= low_relapse_share <= high_relapse_share <= 1")


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
    profiles = [
        list(mutations.mutations_of(profile)) if apart else [profile]
        for profile, apart in zip(samples["mutations"], trans, strict=True)
    ]
    table = samples[["sample_id"]].assign(profile=pd.Series(profiles, index=samples.index))
    table = table.explode("profile")
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
        Only its `alkpool.cohort.analysis_set` counts.
    rule : VerdictRule
        Thresholds of the verdict.
    benefit_rule : BenefitRule
        Classification of the lines of treatment.
    split_trans : bool
        See `assessed_profiles`.

    Returns
    -------
    DataFrame
        Columns ``profile, inhibitor, samples`` (samples with the profile), ``relapsed,
        relapse_n, relapse_share, relapse_low, relapse_high, benefit_k, benefit_n, unknown_n,
        combined_n`` (lines not known to be monotherapy, which are not evaluated),
        ``sensitivity, sensitivity_low, sensitivity_high, verdict, rule``. Shares are fractions
        with Wilson 95% intervals, missing where nothing was observed.

    Notes
    -----
    Koopman et al. 2022, Results, "Clinical Benefit for ALK Resistance Mutations From Sequential
    ALK Inhibitors", and the legend of Figure 5.
    """
    pooled = analysis_set(cohort)
    profiles = assessed_profiles(pooled.samples, split_trans=split_trans)
    sampled = profiles.merge(pooled.samples[["sample_id", "resistance_on"]], on="sample_id")
    lines = profiles.merge(classify(pooled.treatments, benefit_rule), on="sample_id")
    judged = evaluable(lines)
    combined = lines.drop(index=judged.index)
    names = sorted(profiles["profile"].unique(), key=profile_order)
    cells = pd.MultiIndex.from_product(
        [names, assessed_inhibitors()], names=["profile", "inhibitor"]
    )

    def count(rows: pd.DataFrame, inhibitor: str) -> pd.Series:
        counts = rows.groupby(["profile", inhibitor]).size()
        return counts.rename_axis(cells.names).reindex(cells, fill_value=0)

    table = pd.DataFrame(
        {
            "relapsed": count(sampled, "resistance_on"),
            "benefit_k": count(judged[judged["benefit"] == Benefit.BENEFIT], "inhibitor"),
            "no_benefit": count(judged[judged["benefit"] == Benefit.NO_BENEFIT], "inhibitor"),
            "unknown_n": count(judged[judged["benefit"] == Benefit.UNKNOWN], "inhibitor"),
            "combined_n": count(combined, "inhibitor"),
        }
    ).reset_index()
    after = pooled.samples["resistance_on"].value_counts()
    table = table.assign(
        samples=table["profile"].map(profiles["profile"].value_counts()),
        relapse_n=table["inhibitor"].map(after).fillna(0).astype(int),
        benefit_n=table["benefit_k"] + table["no_benefit"],
    )
    relapse = stats.proportions(table["relapsed"], table["relapse_n"])
    sensitivity = stats.proportions(table["benefit_k"], table["benefit_n"])
    table = table.join(relapse.rename(columns="relapse_{}".format)).join(
        sensitivity.rename(
            columns={
                "share": "sensitivity",
                "low": "sensitivity_low",
                "high": "sensitivity_high",
            }
        )
    )
    return judge(table, rule)[COLUMNS]


COLUMNS = [
    "profile", "inhibitor", "samples",
    "relapsed", "relapse_n", "relapse_share", "relapse_low", "relapse_high",
    "benefit_k", "benefit_n", "unknown_n", "combined_n",
    "sensitivity", "sensitivity_low", "sensitivity_high",
    "verdict", "rule",
]  # fmt: skip


def profile_order(profile: str) -> tuple[int, tuple[int, ...], str]:
    """Sort key of profiles: single mutants first, then by residue."""
    places = mutations.residues(profile)
    return len(mutations.mutations_of(profile)), places, profile


def judge(counts: pd.DataFrame, rule: VerdictRule = VerdictRule()) -> pd.DataFrame:
    """Add the verdict and the rule that gave it.

    Parameters
    ----------
    counts : DataFrame
        With ``relapsed, relapse_n, benefit_k, benefit_n``.
    rule : VerdictRule
        Thresholds.

    Returns
    -------
    DataFrame
        The same rows with ``verdict`` and ``rule`` (``V1`` to ``V6``, see `RULES`). Where no
        sample was taken after the inhibitor its relapsing share is not known, and cannot be
        called low: benefit is then at most possible.
    """
    relapse_n = counts["relapse_n"].to_numpy(dtype=float)
    benefit_n = counts["benefit_n"].to_numpy(dtype=float)
    nothing = np.full(len(counts), np.nan)
    relapsing = np.divide(
        counts["relapsed"].to_numpy(dtype=float), relapse_n, out=nothing.copy(), where=relapse_n > 0
    )
    sensitivity = np.divide(
        counts["benefit_k"].to_numpy(dtype=float), benefit_n, out=nothing, where=benefit_n > 0
    )
    few = benefit_n < rule.min_evaluable
    high = (relapsing >= rule.high_relapse_share) & (
        counts["relapsed"].to_numpy() >= rule.high_relapse_samples
    )
    decisions = [
        (few & high, "V1", Verdict.NONE),
        (few, "V2", Verdict.INSUFFICIENT),
        (sensitivity < rule.low_sensitivity, "V3", Verdict.NONE),
        (high, "V4", Verdict.CONFLICTING),
        (
            (sensitivity >= rule.high_sensitivity) & (relapsing < rule.low_relapse_share),
            "V5",
            Verdict.LIKELY,
        ),
    ]
    conditions = [condition for condition, _, _ in decisions]
    verdicts = [str(verdict) for _, _, verdict in decisions]
    return counts.assign(
        verdict=np.select(conditions, verdicts, str(Verdict.POSSIBLE)),
        rule=np.select(conditions, [name for _, name, _ in decisions], "V6"),
    )
