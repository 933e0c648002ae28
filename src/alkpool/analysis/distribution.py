"""Distribution of resistance mutations by the inhibitor that failed (paper, Figure 4).

A sample belongs to the inhibitor in ``resistance_on``. Samples with two or more mutations form
one class, ``multiple``, in the distribution and keep their own profile elsewhere.
"""

import itertools
from collections.abc import Iterable

import pandas as pd

from alkpool import mutations, stats
from alkpool.analysis.actionability import VerdictRule, share_samples
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.vocabulary import UNKNOWN

MULTIPLE = "multiple"

# The two variants that the paper compares, the exposed one first.
VARIANTS = ("V3", "V1")

_EFFECT_COLUMNS = [
    "log_odds", "standard_error", "odds_ratio", "low", "high", "p_value", "n", "events",
]  # fmt: skip


def with_class(samples: pd.DataFrame, *, by_residue: bool = True) -> pd.DataFrame:
    """Add the mutation class of each sample.

    Parameters
    ----------
    samples : DataFrame
        With ``mutations``.
    by_residue : bool
        Put the substitutions of one residue together (``I1171X``) where there are several, as
        the paper does for I1171 and F1174 (Results, "Impact of Previous ALK Inhibitors").

    Returns
    -------
    DataFrame
        The samples with ``mutation_count`` and ``mutation_class``.
    """
    profiles = samples["mutations"]
    counts = profiles.str.count(r"\+") + 1
    classes = profiles
    if by_residue:
        residue = profiles.map(mutations.residue_class)
        several = profiles.groupby(residue).transform("nunique") > 1
        classes = residue.where(several, profiles)
    return samples.assign(
        mutation_count=counts, mutation_class=classes.where(counts == 1, MULTIPLE)
    )


def by_inhibitor(cohort: Cohort) -> pd.DataFrame:
    """Count samples by the inhibitor that failed (Figure 4 A).

    Returns
    -------
    DataFrame
        Columns ``resistance_on, samples, total, share, low, high``, most frequent first.
    """
    after = analysis_set(cohort).samples.groupby("resistance_on").size()
    counts = after.sort_values(ascending=False, kind="stable").reset_index(name="samples")
    return _with_shares(counts.assign(total=after.sum()))


def _with_shares(table: pd.DataFrame, k: str = "samples", n: str = "total") -> pd.DataFrame:
    return table.join(stats.proportions(table[k], table[n]))


def by_class(
    cohort: Cohort, rule: VerdictRule = VerdictRule(), *, by_residue: bool = True
) -> pd.DataFrame:
    """Count mutation classes after each inhibitor (Figure 4 B).

    Returns
    -------
    DataFrame
        Columns ``resistance_on, mutation_class, samples, total``, of these ``relapsed,
        relapse_n`` in the samples that a share is read from (`VerdictRule.relapse_from`), and
        ``share, low, high`` of those, missing where there are none; every class that occurs stands
        after every inhibitor that occurs, also with no sample.
    """
    pool = analysis_set(cohort)
    samples = with_class(pool.samples, by_residue=by_residue)
    in_series = samples["sample_id"].isin(share_samples(pool, rule)["sample_id"])
    keys = ["resistance_on", "mutation_class"]
    groups = in_series.groupby([samples[key] for key in keys])
    found = pd.DataFrame({"samples": groups.size(), "relapsed": groups.sum()})
    every = [sorted(samples[key].unique()) for key in keys]
    table = found.reindex(pd.MultiIndex.from_product(every, names=keys), fill_value=0)
    total = table.groupby("resistance_on").transform("sum")
    table = table.assign(total=total["samples"], relapse_n=total["relapsed"]).reset_index()
    order = ["resistance_on", "mutation_class", "samples", "total", "relapsed", "relapse_n"]
    return _with_shares(table[order], "relapsed", "relapse_n")


def by_mutation(cohort: Cohort) -> pd.DataFrame:
    """Count samples with each mutation; each mutation of a compound profile is counted once.

    Returns
    -------
    DataFrame
        Columns ``mutation, residue, samples, total``, in the order of the residues.

    Examples
    --------
    >>> import alkpool
    >>> int(by_mutation(alkpool.load("reconstructed")).loc[0, "residue"])
    1128
    """
    samples = analysis_set(cohort).samples
    counts = samples["mutations"].map(mutations.mutations_of).explode().value_counts()
    counts = counts.sort_index(key=lambda names: names.map(mutations.residues), kind="stable")
    residues = [mutations.residues(name)[0] for name in counts.index]
    table = {"mutation": counts.index, "residue": residues, "samples": counts.to_numpy()}
    return pd.DataFrame(table | {"total": len(samples)})


def against_other_inhibitors(
    cohort: Cohort, rule: VerdictRule = VerdictRule(), *, minimum: int, by_residue: bool = True
) -> pd.DataFrame:
    """Compare each class after one inhibitor with its share after all others (Fisher).

    Parameters
    ----------
    cohort : Cohort
        Samples whose failed inhibitor is unknown are left out.
    rule : VerdictRule
        Says which samples shares are read from.
    minimum : int
        Smallest number of samples, after any inhibitor, for a class or an inhibitor to be tested.
    by_residue : bool
        As in `with_class`.

    Returns
    -------
    DataFrame
        Columns ``mutation_class, resistance_on, k, n, other_k, other_n, odds_ratio, low, high,
        p_value, p_adjusted``; adjusted by Benjamini-Hochberg over all rows. Empty when nothing
        reaches the minimum.
    """
    pool = analysis_set(cohort)
    samples = with_class(pool.samples, by_residue=by_residue)
    samples = samples[samples["sample_id"].isin(share_samples(pool, rule)["sample_id"])]
    samples = samples[samples["resistance_on"] != UNKNOWN]
    table = pd.crosstab(samples["mutation_class"], samples["resistance_on"])
    of_class, after = table.sum(axis=1), table.sum()
    rows = []
    for mutation_class, inhibitor in itertools.product(
        of_class.index[of_class >= minimum], after.index[after >= minimum]
    ):
        k, n = int(table.loc[mutation_class, inhibitor]), int(after[inhibitor])
        other_k, other_n = int(of_class[mutation_class]) - k, len(samples) - n
        if other_n:
            test = stats.fisher_exact([[k, n - k], [other_k, other_n - other_k]])
            found = (k, n, other_k, other_n, test.odds_ratio, *test.interval, test.p_value)
            rows.append((mutation_class, inhibitor, *found))
    columns = ["mutation_class", "resistance_on", "k", "n", "other_k", "other_n", "odds_ratio",
               "low", "high", "p_value"]  # fmt: skip
    tests = pd.DataFrame(rows, columns=columns)
    return tests.assign(p_adjusted=stats.adjust(tests["p_value"]) if rows else [])


def by_variant(first: pd.DataFrame, classes: Iterable[str]) -> pd.DataFrame:
    """Compare mutation classes between two EML4-ALK variants (Figure 4 C).

    Parameters
    ----------
    first : DataFrame
        From `variant_samples`.
    classes : iterable of str
        Mutation classes to compare.

    Returns
    -------
    DataFrame
        Columns ``mutation_class, variant, samples, total, share, low, high``.
    """
    every = [(name, variant) for name in classes for variant in VARIANTS]
    table = pd.DataFrame(every, columns=["mutation_class", "variant"])
    found = first.groupby(["mutation_class", "fusion_variant"]).size()
    total = first["fusion_variant"].value_counts()
    table["samples"] = [int(found.get(cell, 0)) for cell in every]
    table["total"] = [int(total.get(variant, 0)) for _, variant in every]
    return _with_shares(table)


def variant_samples(cohort: Cohort, *, by_residue: bool = True) -> pd.DataFrame:
    """First sample of every patient with one of the two variants, with ``mutation_class``.

    The paper compares patients (Figure 4 C), so a patient counts once; classes are those of the
    whole pool, so that they have the same names as everywhere else.
    """
    pooled = analysis_set(cohort)
    patients = pooled.patients[pooled.patients["fusion_variant"].isin(VARIANTS)]
    samples = with_class(pooled.samples, by_residue=by_residue).merge(
        patients[["patient_id", "fusion_variant"]], on="patient_id", validate="many_to_one"
    )
    ordered = samples.sort_values(["patient_id", "sample_order"])
    return ordered.drop_duplicates("patient_id").reset_index(drop=True)


def variant_effect(first: pd.DataFrame, mutation_class: str) -> pd.DataFrame:
    """Effect of variant 3 against 1 on a class, adjusted for the inhibitor that failed.

    Wald test of a logistic regression; Firth's penalised likelihood where an estimate would be
    infinite because a cell, or a stratum of the inhibitor, has no event.

    Parameters
    ----------
    first : DataFrame
        From `variant_samples`.
    mutation_class : str
        The outcome.

    Returns
    -------
    DataFrame
        One row, the columns of `alkpool.stats.logistic` and ``mutation_class, method``; no row
        when one of the two variants has no sample.
    """
    if first["fusion_variant"].nunique() < len(VARIANTS):
        return pd.DataFrame(columns=[*_EFFECT_COLUMNS, "mutation_class", "method"])
    table = first.assign(
        outcome=(first["mutation_class"] == mutation_class).astype(int),
        exposed=(first["fusion_variant"] == VARIANTS[0]).astype(int),
    )
    failed = ["resistance_on"]
    try:
        fitted = stats.logistic(table, "outcome", "exposed", adjust_for=failed)
        method = "logistic regression"
    except stats.SeparationError:
        fitted = stats.firth(table, "outcome", "exposed", adjust_for=failed)
        method = "Firth's penalised likelihood"
    except stats.ConfoundedError:
        fitted = pd.DataFrame(index=["exposed"], columns=_EFFECT_COLUMNS, dtype=float)
        method = "not estimable: variant and inhibitor determine one another"
    return fitted.loc[["exposed"]].assign(mutation_class=mutation_class, method=method)
