"""How sure the verdicts are: estimates, verdict probabilities and checks from a fitted model.

`alkpool.robustness.model` has the model and its fits. Draws stand for the probability of benefit of
every cell at once; the relapsing share has a posterior of its own. What is published is rounded to
two decimals, about the Monte Carlo error of some thousand draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from alkpool import mutations, style
from alkpool.analysis.actionability import RELAPSE_PRIOR, VERDICTS, VerdictRule, decide
from alkpool.robustness.cells import Design, covariate_rows
from alkpool.robustness.model import (
    MIN_EFFECTIVE,
    Fitter,
    Posterior,
    Priors,
    flat,
    row_log_odds,
)
from alkpool.stats import Floats, proportions
from alkpool.vocabulary import Benefit, Verdict

# Of credible intervals, as of every other interval of the compendium.
QUANTILES = (0.025, 0.975)

# Above this Pareto k reweighted draws are not reliable (Vehtari et al. 2024, Journal of Machine
# Learning Research 25:72); the model is then fitted again.
MAX_PARETO_K = 0.7

DECIMALS = 2

# With no line of its own and an interval nearly as wide as before any data, an estimate is the
# prior: it says what was assumed, and no number is shown.
PRIOR_WIDTH = 0.9
FROM_LINES, BORROWED, PRIOR = "lines", "borrowed", "prior"

# Resampled sets of patients.
RESAMPLES = 4000


class Draws(NamedTuple):
    """Draws from a posterior, or those of a neighbouring one with weights.

    Attributes
    ----------
    posterior : Posterior
        Where the draws come from.
    weights : array or None
        One for each draw, which add up to 1; None where these draws are of the posterior itself.
    pareto_k : float
        Shape of the tail of the weights that were tried.
    method : str
        ``fitted``, ``reweighted`` or ``refitted``.
    """

    posterior: Posterior
    weights: Floats | None
    pareto_k: float
    method: str


def quantiles(draws: Floats, levels: Sequence[float], weights: Floats | None = None) -> Floats:
    """Levels by quantities, where weights have added up to them if there are weights."""
    if weights is None:
        return np.quantile(draws, levels, axis=0)
    return np.quantile(draws, levels, axis=0, weights=weights, method="inverted_cdf")


def summary(draws: Floats, weights: Floats | None = None, name: str = "pooled") -> pd.DataFrame:
    """Mean and 95% interval (equal tails) of each column of draws.

    Parameters
    ----------
    draws : array
        Draws by quantities.
    weights : array, optional
        One for each draw, which add up to 1, where draws stand for another posterior.
    name : str
        Of the estimate.

    Returns
    -------
    DataFrame
        The columns ``pooled, pooled_low, pooled_high``, or by another name. The mean of a
        probability is the probability that the next line brings benefit.

    Examples
    --------
    >>> summary(np.array([[0.2], [0.4]])).round(3).to_numpy().tolist()
    [[0.3, 0.205, 0.395]]
    """
    low, high = quantiles(draws, QUANTILES, weights)
    # Of no quantity at all, numpy's average divides by zero.
    mean = draws.mean(0) if weights is None else np.average(draws, axis=0, weights=weights)
    return pd.DataFrame({name: mean, f"{name}_low": low, f"{name}_high": high})


def estimates(
    evidence: pd.DataFrame,
    posterior: Posterior,
    before: Floats,
    rule: VerdictRule = VerdictRule(),
    *,
    seed: int = 1,
) -> pd.DataFrame:
    """Put pooled estimates and verdict probabilities beside the evidence.

    Parameters
    ----------
    evidence : DataFrame
        From `actionability.matrix`; its rows are the cells of the posterior, in order.
    posterior : Posterior
        Fit of all lines.
    before : array
        Draws of the same cells before any data, from `model.prior`.
    rule : VerdictRule
        That of the evidence.
    seed : int
        Of the draws of relapsing shares.

    Returns
    -------
    DataFrame
        The evidence with ``basis``: ``lines`` where the cell has decided lines, ``borrowed`` from
        other cells where it has none, ``prior`` where its interval is moreover wider than
        `PRIOR_WIDTH` of that before any data. Then ``pooled, pooled_low, pooled_high``, and
        ``at_least_low`` and ``at_least_high``, the probabilities that benefit reaches the two
        sensitivities of the rule: all missing where the estimate is the prior. ``p_V1`` to
        ``p_V6``, see `rule_probabilities`; and ``verdict_probability``, that the verdict of the
        evidence is right, which takes the place of that from the cell's own counts.
    """
    draws = posterior.probability
    pooled = summary(draws)
    width, wide = (
        table["pooled_high"] - table["pooled_low"] for table in (pooled, summary(before))
    )
    none = (evidence["benefit_n"] == 0).to_numpy()
    basis = np.where(none, np.where(width > PRIOR_WIDTH * wide, PRIOR, BORROWED), FROM_LINES)
    told = pooled.assign(
        at_least_low=(draws >= rule.low_sensitivity).mean(0),
        at_least_high=(draws >= rule.high_sensitivity).mean(0),
    )
    told[basis == PRIOR] = np.nan
    by_rule = rule_probabilities(evidence, draws, rule, seed=seed)
    right = by_verdict(by_rule)
    given = right.columns.get_indexer(pd.Index(evidence["verdict"]))
    probability = right.to_numpy()[np.arange(len(right)), given]
    beside = told.join(by_rule.add_prefix("p_")).assign(verdict_probability=probability)
    alone = evidence.drop(columns="verdict_probability", errors="ignore")
    return alone.assign(basis=basis).join(beside.set_axis(evidence.index))


def rule_probabilities(
    evidence: pd.DataFrame, draws: Floats, rule: VerdictRule = VerdictRule(), *, seed: int = 1
) -> pd.DataFrame:
    """Probability that each rule would give the verdict if the true shares were known.

    The numbers of lines and of relapsed samples are facts and stay as they are: a verdict of
    "insufficient" for too few lines has the probability 1 (or, where three samples or more
    relapsed, shares it with V1). Sensitivity is drawn from the model, the relapsing share from
    its own Beta posterior; the two are independent.

    Parameters
    ----------
    evidence : DataFrame
        With ``benefit_k, benefit_n, relapsed, relapse_n``.
    draws : array
        Probability of benefit, draws by rows of the evidence.
    rule : VerdictRule
        Thresholds.
    seed : int
        Of the draws of relapsing shares.

    Returns
    -------
    DataFrame
        Columns ``V1`` to ``V6``, numbered rows; each row adds up to 1. Where no sample was taken
        after the inhibitor the relapsing share is not known, and neither high nor low.
    """
    counts = [
        evidence[name].to_numpy(dtype=float)
        for name in ("relapsed", "relapse_n", "benefit_k", "benefit_n")
    ]
    relapsed, total, *_ = counts
    share = np.random.default_rng(seed).beta(
        RELAPSE_PRIOR + relapsed, RELAPSE_PRIOR + total - relapsed, size=draws.shape
    )
    share = np.where(total > 0, share, np.nan)
    places = decide(*counts, **rule.thresholds, relapsing=share, sensitivity=draws)
    return pd.DataFrame({name: (places == place).mean(0) for place, name in enumerate(VERDICTS)})


def by_verdict(by_rule: pd.DataFrame) -> pd.DataFrame:
    """Add up the probabilities of rules that give the same verdict."""
    return by_rule.T.groupby(pd.Series(VERDICTS)).sum().T[list(Verdict)].rename(columns=str)


def runner_up(chances: pd.DataFrame, given: pd.Series) -> list[str]:
    """Likeliest verdict other than the given one, with its probability; "none" below 0.005.

    Parameters
    ----------
    chances : DataFrame
        From `by_verdict`.
    given : Series
        Verdict of the same rows.

    Examples
    --------
    >>> likely, possible = Verdict.LIKELY, Verdict.POSSIBLE
    >>> runner_up(pd.DataFrame({likely: [0.7, 1], possible: [0.3, 0]}), pd.Series([likely] * 2))
    ['possibly beneficial, 0.30', 'none']
    """
    others = chances.where(np.array(chances.columns) != given.to_numpy()[:, None], 0)
    return [
        f"{verdict}, {share:.2f}" if share >= 0.005 else "none"
        for verdict, share in zip(others.idxmax(axis=1), others.max(axis=1), strict=True)
    ]


def predictive_check(of: Design, posterior: Posterior, *, seed: int = 1) -> pd.DataFrame:
    """Compare observed counts with those that the fitted model would produce.

    Returns
    -------
    DataFrame
        ``group, of, benefit_k, benefit_n, low, high`` (95% of the predicted counts) and ``tail``
        (predicted counts at or beyond the observed one, the smaller side) for each inhibitor, for
        profiles with one and with several mutations, and for cells of two lines or more that all
        ended alike, a sign of differences that the model would miss.
    """
    chance = special.expit(row_log_odds(of, flat(posterior.log_odds)))
    seen, trials = (of.rows[name].to_numpy() for name in ("benefit_k", "benefit_n"))
    drawn = np.random.default_rng(seed).binomial(trials, chance)
    # Of each row the observed count, of how many, and every predicted count.
    counts = pd.DataFrame(np.vstack([seen, trials, drawn]).T)
    several = of.rows["profiles"].map(lambda names: any(map(mutations.is_compound, names)))
    kinds = np.where(several, "several mutations", "one mutation")
    given = of.rows["inhibitor"].astype(pd.CategoricalDtype(list(of.inhibitors)))
    cells = counts.groupby(of.rows.groupby(["profiles", "inhibitor"]).ngroup()).sum()
    cells = cells[cells[1] >= 2]
    alike = (cells.eq(0) | cells.eq(cells[1], axis=0)).sum()
    sums = {
        "inhibitor": counts.groupby(given, observed=True).sum(),
        "profile": counts.groupby(kinds).sum(),
        "cells": alike.to_frame("all lines alike").T,
    }
    table = pd.concat(sums, names=["group", "of"])
    table = table[table[1] > 0]
    k, n, predicted = table[0], table[1], table.iloc[:, 2:]
    low, high = np.quantile(predicted, QUANTILES, axis=1, method="inverted_cdf").astype(int)
    below, above = (getattr(predicted, side)(k, axis=0).mean(axis=1) for side in ("le", "ge"))
    limits = {"benefit_k": k, "benefit_n": n, "low": low, "high": high}
    return pd.DataFrame(limits).assign(tail=np.minimum(below, above)).reset_index()


def counted(of: Design, keep: NDArray[np.bool_] | None = None) -> pd.DataFrame:
    """Decided lines of each cell, ``benefit_k`` and ``benefit_n``, on the cells of the design.

    As in the evidence, a line in trans counts in the cell of each of its mutations.
    """
    rows = of.rows if keep is None else of.rows[keep]
    lines = rows.explode("profiles").rename(columns={"profiles": "profile"})
    counts = lines.groupby(["profile", "inhibitor"])[["benefit_k", "benefit_n"]].sum()
    return counts.reindex(of.cells, fill_value=0).astype(int)


def line_likelihood(of: Design, posterior: Posterior, *, adjusted: bool = False) -> Floats:
    """Log likelihood of each row of a design under each draw, without its constant."""
    log_odds = row_log_odds(of, flat(posterior.log_odds))
    if adjusted:
        log_odds = log_odds + flat(posterior.covariates) @ covariate_rows(of).T
    seen, trials = (of.rows[name].to_numpy(dtype=float) for name in ("benefit_k", "benefit_n"))
    return np.asarray(seen * log_odds - trials * np.logaddexp(0, log_odds))


def neighbour(
    fitter: Fitter, posterior: Posterior, log_ratios: Floats | None, **changes: Any
) -> Draws:
    """Draws under other lines or assumptions: reweighted where that is sound, else refitted.

    Weights are sound up to `MAX_PARETO_K` and with as many effective draws as a fit must have.

    Parameters
    ----------
    fitter, posterior : Fitter, Posterior
        Of all lines.
    log_ratios : array, optional
        Of each draw: how much more probable it is after the changes, up to a constant; None where
        these draws cannot tell.
    **changes
        Of `Fitter.fit`, which makes the same changes.
    """
    k = np.nan
    if log_ratios is not None:
        weights, k = smooth(log_ratios)
        if k <= MAX_PARETO_K and 1 / (weights @ weights) >= MIN_EFFECTIVE:
            return Draws(posterior, weights, k, "reweighted")
    return Draws(fitter.fit(**changes), None, k, "refitted")


def smooth(log_ratios: Floats) -> tuple[Floats, float]:
    """Pareto smoothed importance weights, which add up to 1, and the shape k of their tail.

    Notes
    -----
    Vehtari et al. 2024, Journal of Machine Learning Research 25:72, as arviz-stats has it.
    """
    if np.ptp(log_ratios) == 0:
        return np.full(len(log_ratios), 1 / len(log_ratios)), 0.0
    from arviz_stats.base.array import array_stats

    # It takes log likelihoods to be left out, which are the negative of ratios.
    smoothed, k = array_stats.psislw(-log_ratios)
    return np.exp(smoothed), float(k)


def without(
    fitter: Fitter, posterior: Posterior, keep: NDArray[np.bool_]
) -> tuple[pd.DataFrame, Draws]:
    """Leave some rows out, and compare the cells that have a decided line.

    Parameters
    ----------
    fitter, posterior : Fitter, Posterior
        Of all lines.
    keep : array of bool
        Rows of the design that are kept.

    Returns
    -------
    DataFrame
        ``profile, inhibitor, benefit_k, benefit_n, pooled, pooled_low, pooled_high`` of all
        lines, ``kept_k, kept_n, kept, kept_low, kept_high`` of those kept, and ``change`` of the
        pooled probability.
    Draws
        In which the rows are left out.
    """
    of = fitter.design
    gone = line_likelihood(of, posterior)[:, ~keep].sum(1)
    after = neighbour(fitter, posterior, -gone, keep=keep)
    counts, kept = counted(of), counted(of, keep).set_axis(["kept_k", "kept_n"], axis="columns")
    decided = (counts["benefit_n"] > 0).to_numpy()
    table = counts[decided].reset_index().join(summary(posterior.probability[:, decided]))
    table = table.join(kept[decided].reset_index(drop=True))
    table = table.join(summary(after.posterior.probability[:, decided], after.weights, "kept"))
    return table.assign(change=table["kept"] - table["pooled"]), after


def leave_one_source_out(fitter: Fitter, posterior: Posterior) -> pd.DataFrame:
    """Leave out one source at a time, and find the cell that moves most.

    Returns
    -------
    DataFrame
        ``source_id, benefit_k, benefit_n`` of the source, ``pareto_k``, ``method`` (``reweighted``
        or ``refitted``, see `neighbour`), then of the cell with a decided line that moves most
        ``profile, inhibitor``, ``pooled, pooled_low, pooled_high`` of all lines, ``without,
        without_low, without_high`` of those of the other sources, and ``change``. Largest changes
        first.

    Notes
    -----
    ``change`` is the difference of two computed means. It has no interval: both posteriors are of
    the same unknown probability, given nested lines, and no distribution has them jointly.
    """
    lines = fitter.design.rows
    rows = []
    for source, own in lines.groupby("source_id")[["benefit_k", "benefit_n"]].sum().iterrows():
        keep = (lines["source_id"] != source).to_numpy()
        table, other = without(fitter, posterior, keep)
        moved = table.iloc[int(table["change"].abs().argmax())].drop([*own.index])
        moved.index = moved.index.str.replace("kept", "without")
        said = {"source_id": source, "pareto_k": other.pareto_k, "method": other.method}
        rows.append({**said, **own, **moved})
    columns = ["source_id", "benefit_k", "benefit_n", "pareto_k", "method", "profile", "inhibitor",
               "pooled", "pooled_low", "pooled_high", "without", "without_low", "without_high",
               "change"]  # fmt: skip
    return _largest_first(pd.DataFrame(rows, columns=columns), "change")


def _largest_first(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Sort by the size of what is published of a column; rows of one cell stay together."""
    ordered = table.assign(size=-table[name].abs().round(DECIMALS))
    keys = ["size", "profile", "inhibitor"] if "assumption" in table else ["size"]
    return ordered.sort_values(keys, kind="stable", ignore_index=True).drop(columns="size")


def prior_sensitivity(
    fitter: Fitter, posterior: Posterior, others: Mapping[str, Priors]
) -> pd.DataFrame:
    """What the estimates of cells with a decided line would be under other assumptions.

    Parameters
    ----------
    fitter, posterior : Fitter, Posterior
        Of all lines.
    others : mapping
        Names to priors.

    Returns
    -------
    DataFrame
        For each cell and assumption, ``as fitted`` first: ``profile, inhibitor, benefit_k,
        benefit_n, assumption, method`` (of `Draws`), ``pooled, pooled_low, pooled_high``, and
        ``spread``, the largest less the smallest estimate of the cell. Largest spread first.
    """
    priors, squared = fitter.priors, flat(posterior.scales**2).sum(1)
    squared = squared + flat(posterior.compound**2).sum(1)
    fits = {"as fitted": Draws(posterior, None, np.nan, "fitted")}
    for name, other in others.items():
        wider = replace(other, scale=priors.scale) == priors
        ratios = squared / 2 * (priors.scale**-2 - other.scale**-2) if wider else None
        fits[name] = neighbour(fitter, posterior, ratios, priors=other)
    cells = counted(fitter.design).reset_index()
    tables = (
        cells.assign(assumption=name, method=draws.method).join(
            summary(draws.posterior.probability, draws.weights)
        )
        for name, draws in fits.items()
    )
    table = pd.concat(tables).query("benefit_n > 0")
    found = table.groupby(["profile", "inhibitor"])["pooled"]
    spread = found.transform("max") - found.transform("min")
    return _largest_first(table.assign(spread=spread), "spread")


def clustered(lines: pd.DataFrame, *, seed: int = 1) -> pd.DataFrame:
    """Share of decided lines with benefit, with lines clustered in patients.

    Lines of one patient are no independent evidence: whole patients are drawn with replacement,
    all their lines with them (a cluster bootstrap), and the interval is that of the drawn shares.

    Parameters
    ----------
    lines : DataFrame
        ``patient_id, inhibitor, benefit``, from `model.decided_lines`.
    seed : int
        Of the resamples.

    Returns
    -------
    DataFrame
        For ``all lines`` and each inhibitor (``of``): ``benefit_k, benefit_n, patients``,
        ``several_n``
        (patients with two lines or more), ``sensitivity, sensitivity_low,
        sensitivity_high`` (Wilson, which takes lines as independent) and ``clustered_low,
        clustered_high`` (95%), missing where all lines ended alike, for resamples do too.

    Examples
    --------
    >>> lines = pd.DataFrame({"patient_id": ["a", "a", "b"], "inhibitor": "lorlatinib",
    ...                       "benefit": ["benefit", "benefit", "no benefit"]})
    >>> clustered(lines)[["of", "benefit_k", "benefit_n", "patients"]].values.tolist()
    [['all lines', 2, 3, 2], ['lorlatinib', 2, 3, 2]]
    """
    marked = lines.assign(k=lines["benefit"] == Benefit.BENEFIT, n=1)
    groups = {"all lines": marked, **dict(list(marked.groupby("inhibitor")))}
    random, rows = np.random.default_rng(seed), []
    for name, group in groups.items():
        each = group.groupby("patient_id")[["k", "n"]].sum().to_numpy(dtype=int)
        k, n = each.sum(0)
        low = high = np.nan
        if 0 < k < n:
            drawn = each[random.integers(len(each), size=(RESAMPLES, len(each)))].sum(1)
            low, high = quantiles(drawn[:, 0] / drawn[:, 1], QUANTILES)
        rows.append((name, k, n, len(each), (each[:, 1] > 1).sum(), low, high))
    columns = ["of", "benefit_k", "benefit_n", "patients", "several_n",
               "clustered_low", "clustered_high"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    raw = proportions(table["benefit_k"], table["benefit_n"])
    names = {"share": "sensitivity", "low": "sensitivity_low", "high": "sensitivity_high"}
    return table.join(raw.rename(columns=names))


def adjusted(fitter: Fitter, posterior: Posterior) -> Draws:
    """Draws in which `model.COVARIATES` shift the log odds of the rows that have them."""
    of = fitter.design
    shifted = line_likelihood(of, posterior, adjusted=True) - line_likelihood(of, posterior)
    return neighbour(fitter, posterior, shifted.sum(1), adjusted=True)


def contrast(
    of: Design, mark: NDArray[np.bool_], draws: Draws, place: int, group: str, others: str
) -> dict[str, Any]:
    """Compare marked rows of a design with the others: counts and the adjusted odds ratio.

    Parameters
    ----------
    of : Design
        All lines.
    mark : array of bool
        Rows of the group.
    draws : Draws
        `adjusted`.
    place : int
        Of the group in `model.COVARIATES`.
    group, others : str
        Names of both sides.

    Returns
    -------
    dict
        One row of a table: ``group, others, benefit_k, benefit_n, others_k, others_n,
        odds_ratio`` (median), ``low, high`` (95% credible interval) and ``p_more``, the
        probability of an odds ratio above 1.
    """
    shifts = flat(draws.posterior.covariates)[:, place]
    levels = (QUANTILES[0], 0.5, QUANTILES[1])
    low, middle, high = np.exp(quantiles(shifts, levels, draws.weights))
    k, n = (of.rows[name].to_numpy() for name in ("benefit_k", "benefit_n"))
    return {
        "group": group, "others": others,
        "benefit_k": k[mark].sum(), "benefit_n": n[mark].sum(),
        "others_k": k[~mark].sum(), "others_n": n[~mark].sum(),
        "odds_ratio": middle, "low": low, "high": high,
        "p_more": np.average(shifts > 0, weights=draws.weights),
    }  # fmt: skip


def in_words(draws: Floats) -> str:
    """Mean and 95% interval of one quantity."""
    return style.estimate(draws.mean(), *np.quantile(draws, QUANTILES))


def intervals(table: pd.DataFrame, name: str = "pooled") -> list[str]:
    """Estimates with their 95% intervals in words, from the columns of a name.

    One that is missing is the prior, and says so.
    """
    columns = table[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
    return [
        PRIOR if np.isnan(value) else f"{value:.0%} ({low:.0%} to {high:.0%})"
        for value, low, high in columns
    ]


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Round what was drawn to what draws can tell; Wilson intervals come from counts."""
    exact = ("sensitivity", "relapse_")
    drawn = [name for name in table.select_dtypes("float64") if not str(name).startswith(exact)]
    return table.round(dict.fromkeys(drawn, DECIMALS))
