"""How sure the verdicts are: estimates, verdict probabilities and checks from a fitted model.

`alkpool.robustness.model` has the model and its fits. Draws stand for the probability of benefit of
every cell at once; the relapsing share has a posterior of its own. What is published is rounded to
two decimals, about the Monte Carlo error of some thousand draws.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from alkpool import mutations
from alkpool.analysis.actionability import VERDICTS, VerdictRule, decide
from alkpool.robustness.model import Design, Fitter, Posterior, flat, row_log_odds
from alkpool.stats import Floats
from alkpool.vocabulary import Verdict

# Of credible intervals, as of every other interval of the compendium.
QUANTILES = (0.025, 0.975)

# A relapsing share on its own: Jeffreys' Beta(1/2, 1/2), worth one sample, favours no value much
# and is the prior behind `alkpool.stats.jeffreys`.
RELAPSE_PRIOR = 0.5

# Above this Pareto k, and earlier for few draws, the reweighted draws are not reliable (Vehtari et
# al. 2024, Journal of Machine Learning Research 25:72); the model is then fitted again.
MAX_PARETO_K = 0.7

DECIMALS = 2


class Smoothed(NamedTuple):
    """Pareto smoothed importance weights, which add up to 1, and the shape of their tail."""

    weights: Floats
    k: float


def summary(draws: Floats, weights: Floats | None = None) -> pd.DataFrame:
    """Mean and 95% interval (equal tails) of each column of draws.

    Parameters
    ----------
    draws : array
        Draws by quantities.
    weights : array, optional
        One for each draw, which add up to 1, where draws stand for another posterior; quantiles
        are then draws, those at which the weights have added up to the level.

    Returns
    -------
    DataFrame
        Columns ``pooled, low, high``. The mean of a probability is the probability that the next
        line brings benefit.
    """
    if weights is None:
        low, high = np.quantile(draws, QUANTILES, axis=0)
        return pd.DataFrame({"pooled": draws.mean(0), "low": low, "high": high})
    low, high = np.quantile(draws, QUANTILES, axis=0, weights=weights, method="inverted_cdf")
    return pd.DataFrame({"pooled": weights @ draws, "low": low, "high": high})


def estimates(
    evidence: pd.DataFrame,
    posterior: Posterior,
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
    rule : VerdictRule
        That of the evidence.
    seed : int
        Of the draws of relapsing shares.

    Returns
    -------
    DataFrame
        The evidence with ``pooled, pooled_low, pooled_high``; ``at_least_low`` and
        ``at_least_high``, the probabilities that benefit reaches the two sensitivities of the
        rule; ``p_V1`` to ``p_V6``, see `rule_probabilities`; and ``verdict_probability``, that
        the verdict of the evidence is right.
    """
    draws = posterior.probability
    pooled = summary(draws).set_axis(["pooled", "pooled_low", "pooled_high"], axis="columns")
    reached = pd.DataFrame(
        {
            "at_least_low": (draws >= rule.low_sensitivity).mean(0),
            "at_least_high": (draws >= rule.high_sensitivity).mean(0),
        }
    )
    by_rule = rule_probabilities(evidence, draws, rule, seed=seed)
    right = by_verdict(by_rule)
    found = pd.Series(
        [right.at[place, verdict] for place, verdict in enumerate(evidence["verdict"])],
        dtype=float,
    )
    beside = pd.concat([pooled, reached, by_rule.add_prefix("p_")], axis="columns")
    beside = beside.assign(verdict_probability=found).set_axis(evidence.index)
    return evidence.join(beside)


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
    return pd.DataFrame(
        {
            str(verdict): by_rule[
                [name for name, given in VERDICTS.items() if given == verdict]
            ].sum(axis=1)
            for verdict in Verdict
        }
    )


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
    trials = of.rows["benefit_n"].to_numpy()
    drawn = np.random.default_rng(seed).binomial(trials, chance)
    seen = of.rows["benefit_k"].to_numpy()
    several = of.rows["profiles"].map(lambda names: any(map(mutations.is_compound, names)))
    groups = {("inhibitor", name): of.rows["inhibitor"] == name for name in of.inhibitors}
    groups |= {
        ("profile", "one mutation"): ~several.astype(bool),
        ("profile", "several mutations"): several.astype(bool),
    }
    rows = [
        _compared(
            kind, name, int(seen[chosen].sum()), int(trials[chosen].sum()), drawn[:, chosen].sum(1)
        )
        for (kind, name), group in groups.items()
        for chosen in [group.to_numpy(dtype=bool)]
        if chosen.any()
    ]
    cells = of.rows.groupby(["profiles", "inhibitor"]).ngroup().to_numpy()
    number = int(cells.max(initial=-1)) + 1
    member = (cells[:, None] == np.arange(number)).astype(int)
    size = trials @ member
    larger = size >= 2
    alike = [
        (((counts == 0) | (counts == size)) & larger).sum(-1)
        for counts in (seen @ member, drawn @ member)
    ]
    if larger.any():
        rows.append(
            _compared("cells", "all lines alike", int(alike[0]), int(larger.sum()), alike[1])
        )
    columns = ["group", "of", "benefit_k", "benefit_n", "low", "high", "tail"]
    return pd.DataFrame(rows, columns=columns)


def _compared(kind: str, name: str, k: int, n: int, drawn: Floats) -> dict[str, object]:
    low, high = np.quantile(drawn, QUANTILES, method="inverted_cdf")
    tail = min((drawn <= k).mean(), (drawn >= k).mean())
    counts = {"benefit_k": k, "benefit_n": n, "low": int(low), "high": int(high)}
    return {"group": kind, "of": name, **counts, "tail": tail}


def counted(of: Design, keep: NDArray[np.bool_] | None = None) -> pd.DataFrame:
    """Decided lines of each cell, ``benefit_k`` and ``benefit_n``, on the cells of the design.

    As in the evidence, a line in trans counts in the cell of each of its mutations.
    """
    rows = of.rows if keep is None else of.rows[keep]
    lines = rows.explode("profiles").rename(columns={"profiles": "profile"})
    counts = lines.groupby(["profile", "inhibitor"])[["benefit_k", "benefit_n"]].sum()
    return counts.reindex(of.cells, fill_value=0).astype(int)


def without(fitter: Fitter, posterior: Posterior, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """Fit again with some rows left out, and compare the cells that have a decided line.

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
    """
    before, after = summary(posterior.probability), summary(fitter.fit(keep).probability)
    table = counted(fitter.design).reset_index()
    table = table.join(before.set_axis(["pooled", "pooled_low", "pooled_high"], axis="columns"))
    kept = counted(fitter.design, keep).reset_index(drop=True)
    table = table.join(kept.set_axis(["kept_k", "kept_n"], axis="columns"))
    table = table.join(after.set_axis(["kept", "kept_low", "kept_high"], axis="columns"))
    table = table.assign(change=table["kept"] - table["pooled"])
    return table[table["benefit_n"] > 0].reset_index(drop=True)


def leave_one_source_out(fitter: Fitter, posterior: Posterior) -> pd.DataFrame:
    """Leave out one source at a time, and find the cell that moves most.

    The draws are reweighted by the inverse likelihood of the source's lines, with Pareto smoothed
    weights; where their Pareto k is above `MAX_PARETO_K` the model is fitted again.

    Returns
    -------
    DataFrame
        ``source_id, benefit_k, benefit_n`` of the source, ``pareto_k``, ``method`` (``reweighted``
        or ``refitted``), then of the cell with a decided line that moves most ``profile,
        inhibitor``, ``pooled, pooled_low, pooled_high`` of all lines, ``without, without_low,
        without_high`` of those of the other sources, and ``change``. Largest changes first.

    Notes
    -----
    ``change`` is the difference of two computed means. It has no interval: both posteriors are of
    the same unknown probability, given nested lines, and no distribution has them jointly.
    """
    of = fitter.design
    log_odds = row_log_odds(of, flat(posterior.log_odds))
    seen, trials = (of.rows[name].to_numpy(dtype=float) for name in ("benefit_k", "benefit_n"))
    likelihood = seen * log_odds - trials * np.logaddexp(0, log_odds)
    draws, cells = posterior.probability, of.cells
    decided = np.flatnonzero(counted(of)["benefit_n"] > 0)
    before = summary(draws)
    rows = []
    for source, places in of.rows.groupby("source_id").indices.items():
        smoothed = smooth(-likelihood[:, places].sum(1))
        reweighted = smoothed.k <= min(MAX_PARETO_K, 1 - 1 / np.log10(len(draws)))
        if reweighted:
            other, weights = draws, smoothed.weights
        else:
            keep = ~np.isin(np.arange(len(of.rows)), places)
            other, weights = fitter.fit(keep).probability, None
        change = np.average(other, axis=0, weights=weights) - before["pooled"].to_numpy()
        moved = decided[np.argmax(np.abs(change)[decided])]
        after = summary(other[:, [moved]], weights)
        rows.append(
            {
                "source_id": source,
                "benefit_k": int(seen[places].sum()),
                "benefit_n": int(trials[places].sum()),
                "pareto_k": smoothed.k,
                "method": "reweighted" if reweighted else "refitted",
                "profile": cells[moved][0],
                "inhibitor": cells[moved][1],
                **_named("pooled", before.to_numpy()[moved]),
                **_named("without", after.to_numpy()[0]),
                "change": change[moved],
            }
        )
    columns = ["source_id", "benefit_k", "benefit_n", "pareto_k", "method", "profile", "inhibitor",
               "pooled", "pooled_low", "pooled_high", "without", "without_low", "without_high",
               "change"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(
        "change", key=lambda c: -c.abs().round(DECIMALS), kind="stable", ignore_index=True
    )


def _named(name: str, estimate: Floats) -> dict[str, float]:
    """Columns of an estimate with its interval, from a row of `summary`."""
    return dict(zip([name, f"{name}_low", f"{name}_high"], estimate, strict=True))


def smooth(log_ratios: Floats) -> Smoothed:
    """Pareto smoothed importance weights of draws, from the logarithms of raw weights.

    The largest weights are replaced by the expected order statistics of a generalised Pareto
    distribution fitted to them. References: Vehtari et al. 2024 (Journal of Machine Learning
    Research 25:72); the fit is that of Zhang and Stephens 2009 (Technometrics 51:316).
    """
    logs = log_ratios - log_ratios.max()
    number = len(logs)
    tail = int(np.ceil(min(number / 5, 3 * np.sqrt(number))))
    order = np.argsort(logs, kind="stable")
    cutoff = logs[order[-tail - 1]]
    excess = np.exp(logs[order[-tail:]]) - np.exp(cutoff)
    if excess[0] <= 0 or np.ptp(excess) == 0:
        # The largest weights are alike: nothing to smooth.
        k = 0.0
    else:
        k, sigma = _generalised_pareto(excess)
        at = (np.arange(tail) + 0.5) / tail
        smoothed = sigma * np.expm1(-k * np.log1p(-at)) / k
        logs[order[-tail:]] = np.minimum(np.log(smoothed + np.exp(cutoff)), 0)
    weights = np.exp(logs - special.logsumexp(logs))
    return Smoothed(weights, k)


def _generalised_pareto(excess: Floats) -> tuple[float, float]:
    """Shape and scale from sorted positive excesses (Zhang and Stephens 2009)."""
    number = len(excess)
    candidates = 30 + int(np.sqrt(number))
    quartile = excess[int(number / 4 + 0.5) - 1]
    theta = 1 - np.sqrt(candidates / (np.arange(1, candidates + 1) - 0.5))
    theta = theta / (3 * quartile) + 1 / excess[-1]
    shapes = np.log1p(-theta[:, None] * excess).mean(1)
    profile = number * (np.log(-theta / shapes) - shapes - 1)
    weights = special.softmax(profile)
    mean = float(weights @ theta)
    shape = float(np.log1p(-mean * excess).mean())
    scale = -shape / mean
    # A weak prior towards 0.5, worth ten observations, as the authors of the method advise.
    return (number * shape + 10 * 0.5) / (number + 10), scale


def contrast(
    of: Design, mark: NDArray[np.bool_], shifts: Floats, group: str, others: str
) -> pd.DataFrame:
    """Compare marked rows of a design with the others: counts and the adjusted odds ratio.

    Parameters
    ----------
    of : Design
        All lines.
    mark : array of bool
        Rows of the group.
    shifts : array
        Draws of the shift of the log odds, from an adjusted fit.
    group, others : str
        Names of both sides.

    Returns
    -------
    DataFrame
        One row: ``group, others, benefit_k, benefit_n, others_k, others_n, odds_ratio`` (median),
        ``low, high`` (95% credible interval) and ``p_more``, the probability of an odds ratio
        above 1.
    """
    counts = of.rows[["benefit_k", "benefit_n"]]
    low, middle, high = np.exp(np.quantile(shifts, [QUANTILES[0], 0.5, QUANTILES[1]]))
    sides = [*counts[mark].sum(), *counts[~mark].sum()]
    names = ["benefit_k", "benefit_n", "others_k", "others_n"]
    return pd.DataFrame(
        [
            {"group": group, "others": others, **dict(zip(names, map(int, sides), strict=True)),
             "odds_ratio": middle, "low": low, "high": high, "p_more": (shifts > 0).mean()}
        ]
    )  # fmt: skip


def in_words(draws: Floats) -> str:
    """Mean and 95% interval of one quantity."""
    low, high = np.quantile(draws, QUANTILES)
    return f"{draws.mean():.2f} ({low:.2f} to {high:.2f})"


def intervals(table: pd.DataFrame, name: str = "pooled") -> list[str]:
    """Estimates with their 95% intervals in words, from the columns of a name."""
    columns = table[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
    return [f"{value:.0%} ({low:.0%} to {high:.0%})" for value, low, high in columns]


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Round what was drawn to what draws can tell; Wilson intervals come from counts."""
    exact = ("sensitivity", "relapse_")
    drawn = [
        name
        for name, kind in table.dtypes.items()
        if str(kind) == "float64" and not str(name).startswith(exact)
    ]
    return table.round(dict.fromkeys(drawn, DECIMALS))
