"""Evidence over time: how cases and verdicts accumulated by year of publication.

Every year is judged by today's rules, on the cases of this cohort that had been published by its
end. Cases whose source has no year are in no year; `undated` counts them.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from alkpool import stats
from alkpool.analysis.actionability import COLUMNS, VerdictRule, matrix
from alkpool.analysis.benefit import BenefitRule, classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.vocabulary import Benefit, Verdict

CELL = ["profile", "inhibitor"]

# Counts of a cell's own samples and lines; `relapse_n` is shared by all profiles of an inhibitor.
OWN_COUNTS = ["found_after", "relapsed", "benefit_k", "benefit_n", "unknown_n", "combined_n"]
COUNTS = [*OWN_COUNTS, "relapse_n"]


def years(cohort: Cohort) -> list[int]:
    """Years in which a source with included patients was published, sorted."""
    pool = analysis_set(cohort)
    contributing = pool.sources["source_id"].isin(pool.patients["source_id"])
    return sorted({int(year) for year in pool.sources.loc[contributing, "year"].dropna()})


def undated(cohort: Cohort) -> int:
    """Count the included patients whose source has no year."""
    pool = analysis_set(cohort)
    dated = pool.sources.loc[pool.sources["year"].notna(), "source_id"]
    return int((~pool.patients["source_id"].isin(dated)).sum())


def until(cohort: Cohort, year: int) -> Cohort:
    """Keep the analysis set that had been published by the end of a year."""
    pool = analysis_set(cohort)
    early = pool.sources["year"].le(year).fillna(False)
    sources = pool.sources[early]
    patients = pool.patients[pool.patients["source_id"].isin(sources["source_id"])]
    return analysis_set(replace(pool, sources=sources, patients=patients))


def growth(cohort: Cohort, benefit_rule: BenefitRule = BenefitRule()) -> pd.DataFrame:
    """Count what had been published by the end of each year.

    Returns
    -------
    DataFrame
        Columns ``year, sources, patients, samples, decided`` (lines with benefit or without).
    """
    rows = []
    for year in years(cohort):
        pool = until(cohort, year)
        judged = evaluable(classify(pool.treatments, benefit_rule), benefit_rule)
        decided = int((judged["benefit"] != Benefit.UNKNOWN).sum())
        sources, patients = pool.patients["source_id"].nunique(), len(pool.patients)
        rows.append([year, sources, patients, len(pool.samples), decided])
    return pd.DataFrame(rows, columns=["year", "sources", "patients", "samples", "decided"])


def over_time(
    cohort: Cohort,
    rule: VerdictRule = VerdictRule(),
    benefit_rule: BenefitRule = BenefitRule(),
    *,
    split_trans: bool = True,
) -> pd.DataFrame:
    """Evidence and verdict of every cell at the end of each year.

    Parameters
    ----------
    cohort, rule, benefit_rule, split_trans
        As for `alkpool.analysis.actionability.matrix`.

    Returns
    -------
    DataFrame
        ``year``, then the columns of `actionability.matrix`, for each year of `years` and
        each profile that had been published by its end.
    """
    tables = [
        matrix(until(cohort, year), rule, benefit_rule, split_trans=split_trans).assign(year=year)
        for year in years(cohort)
    ]
    if not tables:
        return pd.DataFrame(columns=["year", *COLUMNS])
    return pd.concat(tables, ignore_index=True)[["year", *COLUMNS]]


def changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Cells whose verdict or counts differ between two matrices.

    Parameters
    ----------
    before, after : DataFrame
        From `actionability.matrix`, or read from its result table. A cell that one lacks
        has no evidence there; its ``relapse_n`` is that of the inhibitor's other cells.

    Returns
    -------
    DataFrame
        ``profile, inhibitor, moved``, then ``verdict, rule`` and the counts, each with
        ``_before``, and the intervals of ``after``. ``moved`` is ``verdict``, or ``counts`` of
        the cell's own samples and lines, or only its ``denominator``: samples after the
        inhibitor with other profiles.
    """
    sides = [side.set_index(CELL) for side in (after, before)]
    cells = sides[0].index.union(sides[1].index).sort_values()
    now, then = (_completed(side, cells) for side in sides)
    kinds = {"verdict": ["verdict"], "counts": OWN_COUNTS, "denominator": ["relapse_n"]}
    differs = [(now != then)[columns].any(axis=1) for columns in kinds.values()]
    moved = np.select(differs, range(len(kinds)), -1)
    table = now.join(then.add_suffix("_before"))
    table.insert(0, "moved", moved)
    table = table[moved >= 0].sort_values("moved", kind="stable").reset_index()
    table["moved"] = table["moved"].map(dict(enumerate(kinds))).astype(str)
    for name, k, n in (("relapse", "relapsed", "relapse_n"), ("benefit", "benefit_k", "benefit_n")):
        table = table.join(stats.proportions(table[k], table[n]).add_prefix(f"{name}_"))
    return table


def _completed(side: pd.DataFrame, cells: pd.Index) -> pd.DataFrame:
    """Verdicts and counts of a matrix in all cells, as they are where it has no evidence."""
    full = side.reindex(cells)[["verdict", "rule", *COUNTS]]
    # A profile that a side lacks has no sample there, but other profiles have.
    totals = side.groupby("inhibitor")["relapse_n"].first()
    inhibitors = cells.get_level_values("inhibitor").to_series(full.index)
    counts = full[COUNTS].fillna({"relapse_n": inhibitors.map(totals)}).fillna(0).astype(int)
    verdicts = full[["verdict", "rule"]]
    return verdicts.fillna({"verdict": str(Verdict.INSUFFICIENT), "rule": "V2"}).join(counts)


def history(evidence: pd.DataFrame) -> pd.DataFrame:
    """List, year by year, the cells whose verdict or own counts moved.

    Parameters
    ----------
    evidence : DataFrame
        From `over_time`.

    Returns
    -------
    DataFrame
        ``year``, then the columns of `changes`; without cells of which only the denominator
        moved.
    """
    before = evidence.iloc[:0]
    tables = []
    for year in sorted(evidence["year"].unique()):
        after = evidence[evidence["year"] == year]
        tables.append(changes(before, after).assign(year=year))
        before = after
    everything = pd.concat(tables or [changes(before, before).assign(year=0)], ignore_index=True)
    moved = everything[everything["moved"] != "denominator"].reset_index(drop=True)
    return moved[["year", *(column for column in moved if column != "year")]]


def newest(evidence: pd.DataFrame) -> pd.DataFrame:
    """List what the newest year of `over_time` changed, as `changes`."""
    found = sorted(evidence["year"].unique())
    last, earlier = found[-1:], found[-2:-1]
    return changes(evidence[evidence["year"].isin(earlier)], evidence[evidence["year"].isin(last)])
