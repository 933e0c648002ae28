"""In vitro sensitivity, and its agreement with clinical evidence (paper, Figure 6).

A *model* is one assay in one cell line with one fusion and one readout. Models are never pooled:
potencies of the same mutant differ severalfold between assays.
"""

from enum import StrEnum
from typing import Literal, get_args

import numpy as np
import pandas as pd

from alkpool import stats
from alkpool.analysis.actionability import assessed_profiles
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.data.laboratory import DECIDING_ACCESS, InVitro, decides
from alkpool.data.tables import CONTROLS
from alkpool.problems import one_of
from alkpool.vocabulary import Call, Relation, Verdict

Intermediate = Literal["neither", "sensitive", "resistant"]
EXPLORATORY = "exploratory (ours)"

# Observed benefit as a call; conflicting and insufficient evidence is left out (Figure 6).
OBSERVED = {
    Verdict.LIKELY: Call.SENSITIVE,
    Verdict.POSSIBLE: Call.SENSITIVE,
    Verdict.NONE: Call.RESISTANT,
}


def with_call(
    invitro: InVitro,
    intermediate: Intermediate = "neither",
    exploratory_sensitive_nM: float | None = 50,
    exploratory_resistant_nM: float | None = 200,
) -> pd.DataFrame:
    """Decide each measurement by its own source.

    What the source calls the combination comes first, then the model's own threshold, then for
    IC50s in nM of a model without one the exploratory limits, which are ours; a bound (``>``,
    ``<``) decides only where every value it allows lies on one side.

    Parameters
    ----------
    invitro : InVitro
        In vitro tables.
    intermediate : {"neither", "sensitive", "resistant"}
        What an intermediate call counts as.
    exploratory_sensitive_nM, exploratory_resistant_nM : float or None
        Exploratory calls: sensitive up to the first, resistant from the second, none between
        them; no such call on the side that is None. A review of brigatinib prints 50 nM as
        activity (PMID 28435288). Ratios to the unmutated fusion misjudge potent inhibitors.

    Returns
    -------
    DataFrame
        Measurements of mutants with the columns of their model, ``call`` (sensitive, resistant,
        intermediate, unknown), ``basis`` (source, threshold, exploratory (ours), none) and
        ``decides`` (of the model: `alkpool.data.laboratory.decides`).
    """
    one_of("intermediate", intermediate, get_args(Intermediate))
    # Of what both have, such as a note, that of the measurement stays.
    both = invitro.models.columns.intersection(invitro.measurements.columns)
    models = invitro.models.assign(decides=decides(invitro.models))
    models = models.drop(columns=both.drop("model_id"))
    table = invitro.measurements.merge(models, on="model_id", validate="many_to_one")
    table = table[~table["mutations"].isin(CONTROLS)].reset_index(drop=True)
    stated = table["call_in_source"] != Call.UNKNOWN
    without = table[["sensitive_max", "resistant_min"]].isna().all(axis="columns")
    without &= (table["potency_type"] == "IC50") & (table["unit"] == "nM")
    ours = _by_threshold(table, exploratory_sensitive_nM, exploratory_resistant_nM)
    ours = ours.replace({str(Call.INTERMEDIATE): str(Call.UNKNOWN)})
    derived = _by_threshold(table, table["sensitive_max"], table["resistant_min"])
    derived = derived.where(~without, ours)
    call = table["call_in_source"].where(stated, derived)
    if intermediate != "neither":
        call = call.replace({str(Call.INTERMEDIATE): intermediate})
    made = derived != Call.UNKNOWN
    basis = np.select([stated, made & ~without, made], ["source", "threshold", EXPLORATORY], "none")
    return table.assign(call=call, basis=basis)


def _by_threshold(
    table: pd.DataFrame, sensitive: pd.Series | float | None, resistant: pd.Series | float | None
) -> pd.Series:
    """Calls by limits, of which none holds for anything where it is missing."""
    low, high = (np.asarray(limit, dtype=float) for limit in (sensitive, resistant))
    value, relation = table["value"], table["relation"]
    conditions = {
        Call.SENSITIVE: (value <= low) & (relation != Relation.ABOVE),
        Call.RESISTANT: (value >= high) & (relation != Relation.BELOW),
        Call.INTERMEDIATE: (value > low)
        & (value < high)
        & relation.isin([Relation.EQUAL, Relation.ABOUT]),
    }
    calls = np.select([*conditions.values()], [str(call) for call in conditions], str(Call.UNKNOWN))
    return pd.Series(calls, index=table.index, dtype=str)


class Origin(StrEnum):
    """What kind of source measured, or repeats, a potency."""

    DECIDES = "cells driven by an ALK fusion, or of a patient"
    OTHER = "other assay, as without cells"
    REVIEW = "review, or a text that repeats another"


def measured(calls: pd.DataFrame) -> pd.DataFrame:
    """Measurements for a figure, with what kind of source each comes from.

    Parameters
    ----------
    calls : DataFrame
        From `with_call`.

    Returns
    -------
    DataFrame
        Columns ``model_id, mutations, inhibitor, relation, value, call, origin``; ``value`` is an
        IC50 in nM, missing where another measure or none was printed.
    """
    ic50 = (calls["potency_type"] == "IC50") & (calls["unit"] == "nM")
    kinds = [calls["decides"], calls["access"].isin(DECIDING_ACCESS)]
    origin = np.select(kinds, [str(Origin.DECIDES), str(Origin.OTHER)], str(Origin.REVIEW))
    columns = ["model_id", "mutations", "inhibitor", "relation", "value", "call", "origin"]
    return calls.assign(value=calls["value"].where(ic50), origin=origin)[columns]


def spans(potencies: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest IC50 of each combination by kind of source, and calls without a number.

    Parameters
    ----------
    potencies : DataFrame
        From `measured`.

    Returns
    -------
    DataFrame
        Columns ``mutations, inhibitor, origin, values, ic50, calls``, the last two as text.
    """
    rows = []
    keys = ["mutations", "inhibitor", "origin"]
    for cell, found in potencies.groupby(keys):
        numbers = found["value"].dropna()
        named = found.loc[found["value"].isna(), "call"].value_counts()
        calls = ", ".join(f"{name} {count}" for name, count in named.items())
        ends = [f"{value:g}" for value in sorted({numbers.min(), numbers.max()}) if len(numbers)]
        rows.append([*cell, len(numbers), " to ".join(ends), calls])
    return pd.DataFrame(rows, columns=[*keys, "values", "ic50", "calls"])


def by_combination(calls: pd.DataFrame) -> pd.DataFrame:
    """Reduce the calls to one for each model, profile and inhibitor.

    Returns
    -------
    DataFrame
        Columns ``model_id, mutations, inhibitor, call``; unknown where measurements of one model
        contradict each other, or none has a call.
    """
    decided = calls[calls["call"] != Call.UNKNOWN]
    keys = ["model_id", "mutations", "inhibitor"]
    found = decided.groupby(keys)["call"].agg(["first", "nunique"])
    unique = found["first"].where(found["nunique"] == 1, str(Call.UNKNOWN))
    everything = pd.MultiIndex.from_frame(calls[keys].drop_duplicates())
    return unique.reindex(everything, fill_value=str(Call.UNKNOWN)).rename("call").reset_index()


def compared(matrix: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Combinations with an observed verdict and an in vitro call.

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.analysis.actionability.matrix`.
    calls : DataFrame
        From `by_combination`.

    Returns
    -------
    DataFrame
        Columns ``model_id, mutations, inhibitor, call, verdict, rule, benefit_k, benefit_n,
        observed, agrees``. Conflicting and insufficient evidence, and intermediate calls, are left
        out.
    """
    called = matrix["verdict"].map({str(v): str(c) for v, c in OBSERVED.items()})
    observed = matrix.rename(columns={"profile": "mutations"}).assign(observed=called)
    kept = ["mutations", "inhibitor", "verdict", "rule", "benefit_k", "benefit_n", "observed"]
    decided = calls[calls["call"].isin([Call.SENSITIVE, Call.RESISTANT])]
    table = decided.merge(observed[kept].dropna(subset="observed"), on=["mutations", "inhibitor"])
    return table.assign(agrees=table["call"] == table["observed"])


def of_other_studies(
    calls: pd.DataFrame, cohort: Cohort, invitro: InVitro, *, split_trans: bool = True
) -> pd.DataFrame:
    """Leave out calls whose clinical half comes from the paper of the model.

    A paper that reports a mutation in a patient and in the dish reports what agrees; the same DOI
    or PubMed identifier is the same paper.

    Parameters
    ----------
    calls : DataFrame
        From `by_combination`.
    cohort : Cohort
        Its samples after the inhibitor, and its lines of it, are the clinical half.
    invitro : InVitro
        In vitro tables, with the sources of the models.
    split_trans : bool
        See `alkpool.analysis.actionability.assessed_profiles`.
    """
    pool = analysis_set(cohort)
    papers = pool.samples.merge(pool.patients[["patient_id", "source_id"]], on="patient_id")
    papers = papers[["sample_id", "resistance_on", "source_id"]].merge(pool.sources, on="source_id")
    after = papers.rename(columns={"resistance_on": "inhibitor"})
    given = papers.merge(pool.treatments[["sample_id", "inhibitor"]], on="sample_id")
    assessed = assessed_profiles(pool.samples, split_trans=split_trans)
    assessed = assessed.rename(columns={"profile": "mutations"})
    clinical = pd.concat([after, given]).merge(assessed, on="sample_id")
    models = invitro.models[["model_id", "source_id"]].merge(invitro.sources, on="source_id")
    keys = ["model_id", "mutations", "inhibitor"]
    same = pd.concat(
        models[models[name] != ""].merge(clinical, on=name, suffixes=("_of_model", ""))[keys]
        for name in ("doi", "pmid")
    )
    return calls[~pd.MultiIndex.from_frame(calls[keys]).isin(pd.MultiIndex.from_frame(same))]


def by_cell(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the models of each profile and inhibitor: the unit of a comparison is the cell.

    Parameters
    ----------
    pairs : DataFrame
        From `compared`.

    Returns
    -------
    DataFrame
        Columns ``mutations, inhibitor, observed, verdict, rule, benefit_k, benefit_n, models,
        agreeing`` and ``agree`` (all, some, none).
    """
    cell = ["mutations", "inhibitor", "observed", "verdict", "rule", "benefit_k", "benefit_n"]
    cells = pairs.groupby(cell, sort=False, as_index=False).agg(
        models=("agrees", "size"), agreeing=("agrees", "sum")
    )
    agree = np.select(
        [cells["agreeing"] == cells["models"], cells["agreeing"] == 0], ["all", "none"], "some"
    )
    return cells.assign(agree=agree)


def doubts(invitro: InVitro) -> pd.DataFrame:
    """Measurements of mutants that may be counted twice, or whose unit is in doubt.

    Returns
    -------
    DataFrame
        Columns ``model_id, mutations, inhibitor, relation, value, doubt, locator``.
    """
    table = invitro.measurements[~invitro.measurements["mutations"].isin(CONTROLS)]
    of_model = ["model_id", "mutations", "inhibitor"]
    alike = ["mutations", "inhibitor", "relation", "value"]
    marks = {
        "several values in one model": table.duplicated(of_model, keep=False),
        "the same value in another model, perhaps of the same measurement": table["value"].notna()
        & table.drop_duplicates([*of_model, "value"])
        .duplicated(alike, keep=False)
        .reindex(table.index, fill_value=False),
        "no unit stands beside the number in the source": table["note"].str.contains(
            "without a unit"
        ),
    }
    found = pd.concat([table[mark].assign(doubt=name) for name, mark in marks.items()])
    return found[[*of_model, "relation", "value", "doubt", "locator"]].reset_index(drop=True)


def agreement(matrix: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Agreement of each model with the clinical evidence (paper, Figure 6).

    Parameters
    ----------
    matrix : DataFrame
        From `alkpool.analysis.actionability.matrix`.
    calls : DataFrame
        From `by_combination`: ``model_id, mutations, inhibitor, call``.

    Returns
    -------
    DataFrame
        One row for each model that has a call: ``model_id, agreeing, compared, share, low,
        high`` with the exact (Clopper-Pearson) 95% interval, missing where nothing can be
        compared.
    """
    models = sorted(calls.loc[calls["call"] != Call.UNKNOWN, "model_id"].unique())
    agrees = compared(matrix, calls).groupby("model_id")["agrees"]
    counts = pd.DataFrame({"agreeing": agrees.sum(), "compared": agrees.size()}, index=models)
    counts = counts.fillna(0).astype(int).rename_axis("model_id").reset_index()
    k, n = counts["agreeing"], counts["compared"]
    interval = stats.clopper_pearson(k, n)
    return counts.assign(share=k / n.where(n > 0), low=interval.low, high=interval.high)
