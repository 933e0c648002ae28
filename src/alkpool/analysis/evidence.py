"""Gather the evidence for a profile and an inhibitor, and rank the inhibitors for one tumour."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

import pandas as pd

from alkpool import mutations
from alkpool.analysis import invitro, ranking
from alkpool.analysis.actionability import (
    RULES,
    VerdictRule,
    assessed_profiles,
    judged_cells,
    matrix,
)
from alkpool.analysis.benefit import BenefitRule
from alkpool.analysis.ranking import Evidence
from alkpool.data import cohort as cohorts
from alkpool.data import laboratory
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.data.laboratory import InVitro
from alkpool.data.tables import assessed_inhibitors
from alkpool.vocabulary import Call, Phase, Specimen, Tier


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
        For a question that cannot be: see `alkpool.analysis.ranking.ask`.

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
    "secondary", "decides", *_SOURCE, "locator",
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
    measured = laboratory.load()
    calls = _laboratory_calls(measured)
    after = pool.samples["resistance_on"].value_counts()
    levels = {"profile": (pool, "profile"), str(Tier.RESIDUE): (by_class, "residue_class")}
    facts = [
        _facts(matrix(of_level, rule, benefit_rule), calls, after, column, rule).assign(level=level)
        for level, (of_level, column) in levels.items()
    ]
    assertions = laboratory.load_assertions().query("nsclc == 'yes'")
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
    judged = judged_cells(table, rule).round(6)
    of_models = calls.drop_duplicates(["model", "profile", "inhibitor"])

    def number(call: Call, *, decides: bool) -> pd.Series:
        said = (of_models["of_model"] == call) & (of_models["decides"] == decides)
        found = of_models[said].groupby([column, "inhibitor"]).size()
        return found.rename_axis(index.names).reindex(index, fill_value=0).reset_index(drop=True)

    judged["review"] = ""
    for call in (Call.SENSITIVE, Call.RESISTANT):
        judged[str(call)] = number(call, decides=True)
        alone = (number(call, decides=False) > 0) & (judged[str(call)] == 0)
        judged["review"] = judged["review"].where(~alone, judged["review"] + f" {call}")
    judged["review"] = judged["review"].str.strip().str.replace(" ", " and ")
    return judged.assign(why=judged["rule"].map(RULES))


def _laboratory_calls(tables: InVitro) -> pd.DataFrame:
    """Measurements with their call, and the one call of their model."""
    measured = invitro.with_call(tables)
    keys = ["model_id", "mutations", "inhibitor"]
    of_model = invitro.by_combination(measured).rename(columns={"call": "of_model"})
    models = tables.models[["model_id", "source_id", "potency_type", "unit"]]
    sources = _references(tables.sources).merge(
        tables.sources[["source_id", "secondary"]], on="source_id"
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
