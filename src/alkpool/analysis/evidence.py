"""Gather the evidence on every profile and inhibitor, tier by tier (`alkpool.analysis.ranking`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import mutations, paths, references
from alkpool.analysis import invitro, ranking
from alkpool.analysis.actionability import assessed_profiles, matrix, share_samples
from alkpool.analysis.benefit import classify, evaluable
from alkpool.analysis.findings import cell_of, limits
from alkpool.analysis.question import ask
from alkpool.analysis.ranking import NOTHING, Answer, Evidence
from alkpool.analysis.settings import Settings, configured
from alkpool.data import cohort as cohorts
from alkpool.data import groups as published
from alkpool.data import laboratory, tables
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.data.groups import Groups
from alkpool.data.laboratory import InVitro
from alkpool.problems import counted
from alkpool.references import with_sources
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Access,
    Benefit,
    GroupRelation,
    Phase,
    Sampling,
    Specimen,
)

# First author and year of a citation, as knowledge bases write it.
_CITATION = re.compile(r"(?P<first_author>[\w-]+)(?: et al\.)?,.*?(?P<year>\d{4})")

# Of evidence, in the order of its sources.
KINDS = ("lines", "groups", "relapses", "calls", "assertions")

Row = dict[str, Any]


def look_up(
    profile: str,
    prior: Sequence[str] = (),
    phase: str = Phase.UNKNOWN,
    specimen: str = Specimen.UNKNOWN,
    *,
    findings: Sequence[str] = (),
    evidence: Evidence | None = None,
) -> Answer:
    """Answer what the evidence says of each inhibitor for one tumour.

    Parameters
    ----------
    profile : str
        Any accepted spelling of one or more mutations, a line of a report, or ``no ALK mutation``.
    prior : sequence of str
        Treatments given, in order, by any name of an inhibitor, ``chemotherapy`` or ``other``; the
        tumour has progressed on the last inhibitor.
    phase : {"unknown", "cis", "trans"}
        In trans each mutation is assessed alone and the weakest evidence decides; in cis the
        compound. Where the phase is unknown both readings are given where they differ.
    specimen : {"unknown", "tissue", "plasma", "effusion"}
        What was sequenced.
    findings : sequence of str
        Off-target findings, as ``MET amplification``.
    evidence : Evidence, optional
        From `gather`; that of the curated cohort by default, gathered once.

    Returns
    -------
    Answer
        See `alkpool.analysis.ranking.Answer`; ``inhibitors`` is a DataFrame.

    Raises
    ------
    ValueError
        For a question that cannot be: see `alkpool.analysis.question.ask`.

    Examples
    --------
    >>> look_up("G1202R", ["Alecensa"]).standing_text
    'There is evidence for lorlatinib (published groups).'
    """
    question = ask(profile, prior, phase, specimen, findings)
    return ranking.answer(question, _curated(paths.HOME) if evidence is None else evidence)


def rank(profile: str, prior: Sequence[str] = (), **more: Any) -> pd.DataFrame:
    """``inhibitors`` of `look_up`."""
    return look_up(profile, prior, **more).inhibitors


@cache
def _curated(_home: Path) -> Evidence:
    return gather()


def gather(cohort: Cohort | None = None, settings: Settings | None = None) -> Evidence:
    """Collect the evidence that `look_up` reads.

    Parameters
    ----------
    cohort : Cohort, optional
        Real cases; the curated cohort by default.
    settings : Settings, optional
        Rules; those of ``compendium.yaml`` by default.

    Raises
    ------
    ValueError
        For a synthetic cohort: its cells are no evidence.
    """
    real = cohorts.load("curated") if cohort is None else cohort
    if real.synthetic:
        raise ValueError(f"the cohort {real.name} is synthetic: its cells are no evidence")
    rules = configured() if settings is None else settings
    pool, published_groups = analysis_set(real), published.load()
    outcomes = _outcomes(published_groups)
    rows = {
        "lines": [*lines_of(real, rules)],
        "relapses": [*_relapses_in(pool, rules), *_relapses_printed(published_groups)],
        "calls": _calls(laboratory.load()),
        "assertions": [*_assertions_on_lung_cancer()],
    }
    names = [
        *assessed_profiles(pool.samples)["profile"],
        *(row["profile"] for kind in ("calls", "assertions", "relapses") for row in rows[kind]),
        *(name for row in outcomes for name in row["names"]),
    ]
    rows["groups"] = [*_spread(outcomes, dict.fromkeys(names))]
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for kind in KINDS:
        for row in rows[kind]:
            of_cell = found.setdefault((row["profile"], row["inhibitor"]), {of: [] for of in KINDS})
            of_cell[kind].append(row)
    verdicts = {
        (row["profile"], row["inhibitor"]): row
        for row in records(matrix(pool, rules.verdict, rules.benefit))
    }
    return Evidence(
        cells={
            key: cell_of(rules, of_cell, verdicts.get(key, NOTHING.patients))
            for key, of_cell in found.items()
            if key[0] != UNKNOWN
        },
        about=_about(real, pool, outcomes, rows),
        published=published_groups,
    )


def _about(real: Cohort, pool: Cohort, outcomes: list[Row], rows: dict[str, list[Row]]) -> Row:
    of_pool = pool.sources["source_id"].isin(pool.patients["source_id"])
    years = pool.sources.loc[of_pool, "year"].dropna()
    return {
        "cohort": real.name,
        "patients": len(pool.patients),
        "own": int(pool.patients["patient_id"].isin(pool.own).sum()),
        "samples": len(pool.samples),
        "lines": len(pool.treatments),
        "groups": len(outcomes),
        "search_date": real.meta.search_date and real.meta.search_date.isoformat(),
        "latest_year": None if years.empty else int(years.max()),
        "measurements": len(rows["calls"]),
        "models": len({row["model"] for row in rows["calls"]}),
        "assertions": len(rows["assertions"]),
    }


def records(table: pd.DataFrame | None) -> list[Row]:
    """Rows as plain dicts, None for what is missing; no rows where there is no table."""
    if table is None:
        return []
    plain = table.astype(object).where(table.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _cited(table: pd.DataFrame, sources: pd.DataFrame) -> list[Row]:
    """Rows with their ``label``, ``cited`` and, that all kinds of evidence have, ``sources``."""
    rows = records(with_sources(table, sources, references.known()))
    return [row | {"sources": [row["cited"]]} for row in rows]


def lines_of(real: Cohort, rules: Settings) -> Iterator[Row]:
    """Every line after a sample, under each profile for which the sample counts.

    Each has the columns of the table with ``profile, patient``, its ``benefit`` and ``rule``,
    whether it is ``evaluated``, whether it is ``counted`` among those with or without benefit,
    whether it is ``documented`` (also the response to a combination whose partner is no ALK
    inhibitor), whether the patient is of one's ``own`` cohort, and a ``text``. Lines of patients
    whose tumour is another are shown with its name, and never counted.
    """
    for pool, lung in ((analysis_set(real), True), (cohorts.of_other_tumours(real), False)):
        reasons = pool.patients.set_index("patient_id")["exclusion_reason"]
        lines = classify(cohorts.lines(pool), rules.benefit)
        alone = lines["treatment_id"].isin(evaluable(lines, rules.benefit)["treatment_id"])
        lines = lines.assign(evaluated=alone & lung)
        table = assessed_profiles(pool.samples).merge(lines, on="sample_id")
        for row in _cited(table, cohorts.cited_sources(pool)):
            why = reasons[row["patient_id"]]
            yield row | {
                "patient": row["patient_id"],
                "counted": row["evaluated"] and row["benefit"] != Benefit.UNKNOWN,
                "documented": row["evaluated"] or (lung and _attributable(row)),
                "own": row["patient_id"] in pool.own,
                "text": _line_text(row) if lung else f"{why}; {_line_text(row)}",
            }


def _attributable(line: Row) -> bool:
    """Tell whether the response to a combination says something of the inhibitor."""
    if not line["partner"] or line["rule"] not in ("R1", "R2"):
        return False
    known = tables.inhibitors()["inhibitor"]
    return not any(name in line["partner"].lower() for name in known)


def _line_text(line: Row) -> str:
    followed = [
        f"{line[f'{measure}_relation'].replace('=', '')}{counted(months, 'month')}"
        for measure in ("pfs", "dot")
        if (months := line[f"{measure}_months"]) is not None
    ]
    later = line["lines_since_sample"]
    said = [
        "" if line["best_response"] == UNKNOWN else line["best_response"],
        *followed[:1],
        f"with {line['partner']}" if line["partner"] else "",
        "combination" if line["monotherapy"] == "no" and not line["partner"] else "",
        "monotherapy not stated" if line["monotherapy"] == UNKNOWN else "",
        "ongoing" if line["status"] == "ongoing" else "",
        f"{counted(later, 'treatment')} after the biopsy" if later else "",
        "time of the biopsy not stated" if later is None else "",
    ]
    return ", ".join(filter(None, said)) or "outcome not stated"


def _outcomes(groups: Groups) -> list[Row]:
    """Outcomes of groups that name their mutations, with ``names``, limits, and as ``printed``."""
    named = ~groups.outcomes["mutations"].isin(published.OUTCOME_GROUPS)
    table = groups.outcomes[named & (groups.outcomes["inhibitor"] != published.NOT_SPLIT)]
    return [
        row
        | {"names": row["mutations"].split(LIST_SEPARATOR), "printed": published.as_printed(row)}
        | limits(row["k"], row["n"])
        for row in _cited(table, groups.sources)
    ]


def _spread(outcomes: Sequence[Row], profiles: Mapping[str, object]) -> Iterator[Row]:
    """Give each group to every profile that it names, and to the substitutions of its classes."""
    for row in outcomes:
        for profile in profiles:
            if profile in row["names"] or mutations.residue_class(profile) in row["names"]:
                exact = row["names"] == [profile] and row["relation"] == GroupRelation.EXACT
                yield row | {"profile": profile, "exact": exact}


def _relapses_in(pool: Cohort, rules: Settings) -> Iterator[Row]:
    """Samples at resistance to each inhibitor in the cases, as one series."""
    merged = pool.samples.merge(pool.patients[["patient_id", "source_id"]], on="patient_id")
    samples = with_sources(merged, cohorts.cited_sources(pool), references.known())
    series = share_samples(pool, rules.verdict)
    after = series["resistance_on"].value_counts()
    sampled = assessed_profiles(pool.samples).merge(samples, on="sample_id")
    for (profile, inhibitor), found in sampled.groupby(["profile", "resistance_on"]):
        k = int(found["sample_id"].isin(series["sample_id"]).sum())
        n = int(after[str(inhibitor)]) if k else None
        yield {
            "profile": profile, "inhibitor": inhibitor, "k": k or len(found), "n": n,
            "of": "samples", "source": "consecutive cases" if k else "cases",
            "sources": references.once(found["cited"]), **limits(k, n),
        }  # fmt: skip


def _relapses_printed(groups: Groups) -> Iterator[Row]:
    """Published counts of one profile or residue class at resistance to one inhibitor."""
    table = groups.counts
    usable = (
        table["after"].isin(tables.inhibitors()["inhibitor"])
        & ~table["mutations"].isin(published.COUNT_GROUPS)
        & ~table["mutations"].str.contains(LIST_SEPARATOR)
        & table["k"].notna()
        & (table["access"] != Access.TERTIARY)
    )
    for row in _cited(table[usable], groups.sources):
        of = "mutated samples" if row["sampling"] == Sampling.SELECTED else "samples"
        named = {"profile": row["mutations"], "inhibitor": row["after"], "source": row["label"]}
        yield row | named | {"of": of} | limits(row["k"], row["n"])


def _calls(measured: InVitro) -> list[Row]:
    """Measurements of mutants with their call, that of their model, and their source.

    ``counts`` says whether the model may decide; ``ours`` whether the call is exploratory.
    """
    called = invitro.with_call(measured)
    keys = ["model_id", "mutations", "inhibitor"]
    of_model = invitro.by_combination(called).rename(columns={"call": "of_model"})
    table = called.merge(of_model, on=keys).sort_values("measurement_id")
    ours = table["basis"] == invitro.EXPLORATORY
    names = {"model_id": "model", "mutations": "profile", "decides": "counts"}
    table = table.rename(columns=names | {"potency_type": "potency"}).assign(ours=ours)
    return _cited(table, measured.sources)


def _assertions_on_lung_cancer() -> Iterator[Row]:
    """Assertions of knowledge bases, which decide nothing."""
    known = references.known()
    for row in records(laboratory.load_assertions().query("nsclc == 'yes'")):
        access = Access.SECONDARY if "review" in row["knowledge_base"] else Access.DATABASE_RECORD
        named = _CITATION.match(row["citation"])
        said = row | {"access": access} | (named.groupdict() if named else {})
        cited = references.cite(said, known)
        yield row | {"profile": row["mutations"], "cited": cited, "sources": [cited]}
