"""Clinical evidence for each mutation profile and inhibitor (paper, Figure 5).

Two shares describe a combination. *Relapsing*: of the samples taken at resistance to the
inhibitor, how many carry the profile. *Sensitivity*: of the evaluable lines of the inhibitor
given after a sample with the profile, how many brought benefit.

`rank` puts the inhibitors in order for one tumour (paper, Conclusions).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import quote

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from alkpool import cohort as cohorts
from alkpool import invitro, mutations, ranking, stats
from alkpool.benefit import BenefitRule, classify, evaluable
from alkpool.cohort import Cohort, analysis_set
from alkpool.ranking import Evidence
from alkpool.schema import assessed_inhibitors
from alkpool.vocabulary import Answer, Benefit, Call, Phase, Specimen, Tier, Verdict

# The thresholds of the published scheme stand in a picture that is not openly available. These
# values reproduce every cell that the paper's text describes: alectinib is "conflicting" for
# L1196M (9/82 relapsing, 9/11 benefit) and G1202R (26/82, 4/6), and for nothing else.
MIN_EVALUABLE = 3
LOW_SENSITIVITY = 0.50
HIGH_SENSITIVITY = 0.75
HIGH_RELAPSE_SHARE = 0.10
HIGH_RELAPSE_SAMPLES = 3
LOW_RELAPSE_SHARE = 0.05

Threshold = float | NDArray[np.float64] | NDArray[np.int64]

RULES = {
    "V1": "too few evaluable lines, relapsing share high",
    "V2": "too few evaluable lines, relapsing share not high",
    "V3": "sensitivity low",
    "V4": "sensitivity not low, relapsing share high",
    "V5": "sensitivity high, relapsing share low",
    "V6": "sensitivity not low, neither V4 nor V5",
}

VERDICTS = {
    "V1": Verdict.NONE,
    "V2": Verdict.INSUFFICIENT,
    "V3": Verdict.NONE,
    "V4": Verdict.CONFLICTING,
    "V5": Verdict.LIKELY,
    "V6": Verdict.POSSIBLE,
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
    return _judged(table, rule)[COLUMNS]


def _judged(table: pd.DataFrame, rule: VerdictRule) -> pd.DataFrame:
    """Add shares with their intervals, and the verdict, to counts."""
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
    return judge(table, rule)


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
    decided = decide(
        *(counts[name].to_numpy() for name in ("relapsed", "relapse_n", "benefit_k", "benefit_n")),
        **asdict(rule),
    )
    verdicts, rules = (np.array(names) for names in (list(VERDICTS.values()), list(VERDICTS)))
    return counts.assign(verdict=verdicts[decided], rule=rules[decided])


def decide(
    relapsed: ArrayLike,
    relapse_n: ArrayLike,
    benefit_k: ArrayLike,
    benefit_n: ArrayLike,
    *,
    min_evaluable: Threshold,
    low_sensitivity: Threshold,
    high_sensitivity: Threshold,
    high_relapse_share: Threshold,
    high_relapse_samples: Threshold,
    low_relapse_share: Threshold,
    relapsing: ArrayLike | None = None,
    sensitivity: ArrayLike | None = None,
) -> NDArray[np.intp]:
    """Give the place in `VERDICTS` of the rule that decides; everything broadcasts.

    Parameters
    ----------
    relapsed, relapse_n, benefit_k, benefit_n : array_like of int
        Counts.
    min_evaluable, low_sensitivity, high_sensitivity, high_relapse_share, high_relapse_samples, \
low_relapse_share : number or ndarray
        Thresholds, see `VerdictRule`.
    relapsing, sensitivity : array_like of float, optional
        Shares to judge instead of those of the counts.
    """
    relapsing = share(relapsed, relapse_n) if relapsing is None else np.asarray(relapsing)
    sensitivity = share(benefit_k, benefit_n) if sensitivity is None else np.asarray(sensitivity)
    few = np.asarray(benefit_n) < min_evaluable
    high = (relapsing >= high_relapse_share) & (np.asarray(relapsed) >= high_relapse_samples)
    conditions = [
        few & high,
        few,
        sensitivity < low_sensitivity,
        high,
        (sensitivity >= high_sensitivity) & (relapsing < low_relapse_share),
    ]
    places = list(range(len(conditions)))
    return np.select(np.broadcast_arrays(*conditions), places, len(conditions))


def share(k: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Divide counts; missing where nothing was observed."""
    counted, total = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    shares = np.full(total.shape, np.nan)
    np.divide(counted, total, out=shares, where=total > 0)
    return shares


def rank(
    profile: str,
    prior: Sequence[str] = (),
    *,
    phase: str = Phase.UNKNOWN,
    specimen: str = Specimen.UNKNOWN,
    evidence: Evidence | None = None,
) -> pd.DataFrame:
    """Rank the assessed inhibitors for one tumour by the evidence there is.

    Parameters
    ----------
    profile : str
        Any accepted spelling of one or more mutations.
    prior : sequence of str
        Inhibitors given, in order; the tumour has progressed on the last.
    phase : {"unknown", "cis", "trans"}
        In trans each mutation is assessed alone and the weakest evidence decides; in cis, and
        where the phase is unknown, the compound profile.
    specimen : {"unknown", "tissue", "plasma", "effusion"}
        What was sequenced.
    evidence : Evidence, optional
        From `gather`; that of the curated cohort by default.

    Returns
    -------
    DataFrame
        One row for each inhibitor, best first. ``rank`` (equal evidence has the same),
        ``inhibitor``, ``tier`` (see `alkpool.vocabulary.Tier`), ``expectation``; then of the
        ``profile`` whose evidence is shown, which is the residue class in that tier: ``verdict,
        rule, benefit_k, benefit_n, unknown_n, combined_n, sensitivity_low, sensitivity_high,
        relapsed, relapse_n, relapse_low, relapse_high`` (fractions, Wilson 95%), and lists of
        ``calls`` (in vitro), ``assertions`` (knowledge bases, which decide nothing) and
        ``sources``; the ``reason`` in a sentence and a list of ``warnings``.

    Raises
    ------
    ValueError
        For a question that cannot be: see `alkpool.ranking.ask`.

    Notes
    -----
    Koopman et al. 2022, Conclusions. Ranks follow, in this order: the expectation, as
    `alkpool.vocabulary.Expectation` lists them; an inhibitor on which the tumour has just
    progressed after the others; the tier; in the clinical tier the lower limit of sensitivity.
    What is equal in all of them shares a rank, 1 + the number of better inhibitors, and stands
    in the order of the figures.
    """
    question = ranking.ask(profile, prior, phase, specimen)
    return ranking.answer(question, gather() if evidence is None else evidence)


# Columns of the tables of an `Evidence`.
_SOURCE = ["source_id", "label", "url"]
_NAMES = ["profile", "residue_class", "inhibitor"]
CALLS = [
    "measurement_id", *_NAMES, "model", "potency", "relation", "value", "unit", "call",
    "secondary", *_SOURCE, "locator",
]  # fmt: skip
ASSERTIONS = [
    *_NAMES, "knowledge_base", "record", "disease", "direction", "level", "evidence_type",
    *_SOURCE,
]  # fmt: skip
CASES = [*_NAMES, "sample_id", "role", "other_findings", *_SOURCE]


def gather(
    cohort: Cohort | None = None,
    rule: VerdictRule = VerdictRule(),
    benefit_rule: BenefitRule = BenefitRule(),
) -> Evidence:
    """Collect the evidence that `rank` reads.

    Parameters
    ----------
    cohort : Cohort, optional
        Real cases; the curated cohort by default.
    rule, benefit_rule : VerdictRule, BenefitRule
        As for `matrix`.

    Returns
    -------
    Evidence
        Cells of the cohort, for each profile and for each residue class, with the in vitro calls
        and the assertions on lung cancer.

    Raises
    ------
    ValueError
        For a synthetic cohort: its cells are no evidence.
    """
    real = cohorts.load("curated") if cohort is None else cohort
    if real.synthetic:
        raise ValueError(f"the cohort {real.name} is synthetic: its cells are no evidence")
    pool = analysis_set(real)
    # Residue classes as profiles of their own; a sample counts once in its class.
    classes = pool.samples["mutations"].map(mutations.residue_class)
    by_class = replace(pool, samples=pool.samples.assign(mutations=classes))
    laboratory = invitro.load()
    calls = _laboratory_calls(laboratory)
    after = pool.samples["resistance_on"].value_counts()
    levels = {"profile": (pool, "profile"), str(Tier.RESIDUE): (by_class, "residue_class")}
    facts = [
        _facts(matrix(of_level, rule, benefit_rule), calls, after, column, rule).assign(level=level)
        for level, (of_level, column) in levels.items()
    ]
    assertions = invitro.load_assertions().query("nsclc == 'yes'")
    assertions = assertions.assign(
        source_id=assertions["assertion_id"],
        label=assertions["citation"],
        url=_or_place(assertions["pmid"].map(_link), assertions["locator"]),
    )
    years = pool.sources.loc[
        pool.sources["source_id"].isin(pool.patients["source_id"]), "year"
    ].dropna()
    return Evidence(
        facts=pd.concat(facts, ignore_index=True),
        cases=_cases(pool),
        calls=calls[CALLS],
        assertions=_for_rank(assertions)[ASSERTIONS],
        about={
            "cohort": real.name,
            "patients": len(pool.patients),
            "samples": len(pool.samples),
            "lines": len(pool.treatments),
            "search_date": real.meta.search_date and real.meta.search_date.isoformat(),
            "latest_year": None if years.empty else int(years.max()),
            "measurements": len(calls),
            "models": calls["model"].nunique(),
            "assertions": len(_for_rank(assertions)),
        },
    )


def _facts(
    cells: pd.DataFrame, calls: pd.DataFrame, after: pd.Series, column: str, rule: VerdictRule
) -> pd.DataFrame:
    """Put the counts and the numbers of calls of each name together; blank is any other name."""
    names = [*dict.fromkeys([*cells["profile"], *sorted(set(calls[column]))]), ""]
    index = pd.MultiIndex.from_product([names, assessed_inhibitors()], names=["name", "inhibitor"])
    counts = ["samples", "relapsed", "benefit_k", "benefit_n", "unknown_n", "combined_n"]
    table = cells.rename(columns={"profile": "name"}).set_index(index.names)[counts]
    table = table.reindex(index, fill_value=0).reset_index()
    table["relapse_n"] = table["inhibitor"].map(after).fillna(0).astype(int)
    judged = _judged(table, rule).round(6)
    of_models = calls.drop_duplicates(["model", "profile", "inhibitor"])

    def number(call: Call, secondary: Answer) -> pd.Series:
        said = (of_models["of_model"] == call) & (of_models["secondary"] == secondary)
        found = of_models[said].groupby([column, "inhibitor"]).size()
        return found.rename_axis(index.names).reindex(index, fill_value=0).reset_index(drop=True)

    judged["review"] = ""
    for call in (Call.SENSITIVE, Call.RESISTANT):
        judged[str(call)] = number(call, Answer.NO)
        alone = (number(call, Answer.YES) > 0) & (judged[str(call)] == 0)
        judged["review"] = judged["review"].where(~alone, judged["review"] + f" {call}")
    judged["review"] = judged["review"].str.strip().str.replace(" ", " and ")
    return judged.assign(why=judged["rule"].map(RULES))


def _laboratory_calls(laboratory: invitro.InVitro) -> pd.DataFrame:
    """Measurements with their call, and the one call of their model."""
    measured = invitro.with_call(laboratory)
    keys = ["model_id", "mutations", "inhibitor"]
    of_model = invitro.by_combination(measured).rename(columns={"call": "of_model"})
    models = laboratory.models[["model_id", "source_id", "potency_type", "unit"]]
    sources = _references(laboratory.sources).merge(
        laboratory.sources[["source_id", "secondary"]], on="source_id"
    )
    table = measured.merge(of_model, on=keys).merge(models, on="model_id")
    table = table.merge(sources, on="source_id").sort_values("measurement_id")
    table = table.assign(
        value=table["value"].astype(object).where(table["value"].notna(), None),
        url=_or_place(table["url"], table["locator"]),
    )
    return _for_rank(table.rename(columns={"model_id": "model", "potency_type": "potency"}))


def _cases(pool: Cohort) -> pd.DataFrame:
    """Samples behind each cell: those at resistance to the inhibitor, and those before a line."""
    samples = pool.samples.merge(pool.patients[["patient_id", "source_id"]], on="patient_id")
    samples = samples.merge(_references(pool.sources), on="source_id")
    samples["url"] = _or_place(samples["url"], samples["locator"])
    relapsed = samples.assign(inhibitor=samples["resistance_on"], role="at resistance")
    lines = pool.treatments[["sample_id", "inhibitor"]]
    treated = samples.merge(lines, on="sample_id").assign(role="before the line")
    both = pd.concat([relapsed, treated]).drop(columns="mutations")
    both = assessed_profiles(pool.samples).merge(both, on="sample_id")
    return _for_rank(both.rename(columns={"profile": "mutations"}))[CASES]


def _for_rank(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the assessed inhibitors, and name the profile and its residue class."""
    kept = table[table["inhibitor"].isin(assessed_inhibitors())].reset_index(drop=True)
    classes = kept["mutations"].map(mutations.residue_class)
    return kept.rename(columns={"mutations": "profile"}).assign(residue_class=classes)


def _references(sources: pd.DataFrame) -> pd.DataFrame:
    known = (sources["first_author"] != "") & sources["year"].notna()
    named = sources["first_author"] + " " + sources["year"].astype(str)
    links = [_link(*ids) for ids in zip(sources["pmid"], sources["doi"], strict=True)]
    label = named.where(known, sources["source_id"])
    return sources[["source_id"]].assign(label=label, url=links)


def _link(pmid: str, doi: str = "") -> str:
    """Address of a paper: PubMed where its identifier is known, else its DOI, else blank."""
    if pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{quote(pmid)}/"
    return f"https://doi.org/{quote(doi)}" if doi else ""


def _or_place(links: pd.Series, places: pd.Series) -> pd.Series:
    """Fill blank addresses with that of the place where the fact was read, if it is on the web."""
    read_at = places.str.extract(r"^(https?://\S+)", expand=False).fillna("")
    return links.where(links != "", read_at)
