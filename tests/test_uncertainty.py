"""What is read from a fit: verdict probabilities, one source left out, groups, checks."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from factory import frame, line, make_cohort, sample
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy import stats as distributions

from alkpool.analysis.actionability import RULES, VERDICTS, VerdictRule, judge, matrix
from alkpool.data.cohort import Cohort
from alkpool.data.tables import SOURCES
from alkpool.robustness import uncertainty
from alkpool.robustness.cells import Design, design
from alkpool.robustness.model import Fitter, Posterior, Priors, Sampler, prior
from alkpool.robustness.uncertainty import by_verdict, rule_probabilities, smooth
from alkpool.vocabulary import Verdict

pytestmark = pytest.mark.xdist_group("model")

# So many samples that the relapsing share is known.
MANY = 10**8


def three_sources() -> Cohort:
    """Two cohorts and a case report: lines of lorlatinib with G1202R and L1196M."""
    good, bad = line("lorlatinib", "PR"), line("lorlatinib", "PD")
    pool = make_cohort(
        [
            sample("G1202R", "alectinib", good, patient="a0"),
            sample("G1202R", "alectinib", bad, patient="a1", specimen="plasma"),
            sample("L1196M", "crizotinib", good, patient="b0"),
            sample("L1196M", "crizotinib", good, patient="b1", specimen="plasma"),
            sample("L1196M", "alectinib", line("ceritinib", "PD"), patient="b2"),
            sample("G1202R", "alectinib", good, line("brigatinib", "PR"), patient="c0"),
        ]
    )
    kinds = {"a": "cohort", "b": "cohort", "c": "case_report"}
    rows = [
        {"source_id": name, "study_type": kind, "year": 2020, "status": "included"}
        for name, kind in kinds.items()
    ]
    patients = pool.patients.assign(source_id=pool.patients["patient_id"].str[0])
    return dataclasses.replace(pool, patients=patients, sources=frame(SOURCES, rows))


@pytest.fixture(scope="module")
def fitter() -> Fitter:
    return Fitter(design(three_sources()), sampler=Sampler(warmup=500, draws=1000))


@pytest.fixture(scope="module")
def posterior(fitter: Fitter) -> Posterior:
    return fitter.fit()


counts = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda pair: (min(pair), max(pair)))
shares = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


def evidence_of(*cells: tuple[tuple[int, int], tuple[int, int]]) -> pd.DataFrame:
    rows = [(*benefit, *relapse) for benefit, relapse in cells]
    return pd.DataFrame(rows, columns=["benefit_k", "benefit_n", "relapsed", "relapse_n"])


@given(st.lists(st.tuples(counts, shares), min_size=1, max_size=6), st.integers(1, 5))
def test_rules_share_one(cells: list, fewest: int) -> None:
    evidence = evidence_of(*cells)
    draws = np.random.default_rng(0).uniform(size=(200, len(cells)))
    found = rule_probabilities(evidence, draws, VerdictRule(min_evaluable=fewest))
    assert list(found) == list(RULES)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(by_verdict(found).sum(axis=1), 1)
    assert list(by_verdict(found)) == [str(verdict) for verdict in Verdict]


@given(counts, st.sampled_from([0, 1, 3, 6, 7, 8, 12, 50]), st.booleans())
def test_known_shares_give_the_verdict_itself(
    benefit: tuple[int, int], percent: int, seen: bool
) -> None:
    """Where nothing is uncertain the probabilities are 0 and 1, as `judge` decides."""
    relapse = (percent * MANY // 100, MANY) if seen else (0, 0)
    evidence = evidence_of((benefit, relapse))
    k, n = benefit
    draws = np.full((50, 1), k / n if n else 0.5)
    (found,) = rule_probabilities(evidence, draws).to_dict("records")
    assert found == {name: float(name == judge(evidence)["rule"].item()) for name in RULES}


def test_few_lines_are_a_fact() -> None:
    evidence = evidence_of(((2, 2), (2, 82)), ((0, 0), (26, 82)), ((1, 1), (0, 0)))
    draws = np.random.default_rng(0).uniform(size=(4000, 3))
    found = rule_probabilities(evidence, draws)
    assert found["V2"].iloc[0] == found["V2"].iloc[2] == 1
    high = distributions.beta.sf(0.1, 26.5, 56.5)
    assert found["V1"].iloc[1] == pytest.approx(high, abs=0.01)
    assert found["V1"].iloc[1] + found["V2"].iloc[1] == pytest.approx(1)


def test_probabilities_are_those_of_independent_shares() -> None:
    """Against the two distributions, one factor each."""
    draws = np.random.default_rng(3).beta(9, 4, size=(40_000, 1))
    evidence = evidence_of(((9, 11), (9, 82)))
    (found,) = rule_probabilities(evidence, draws).to_dict("records")
    low, high = (distributions.beta.sf(mark, 9, 4) for mark in (0.5, 0.75))
    relapse = distributions.beta(9.5, 73.5)
    expected = {"V1": 0, "V2": 0, "V3": 1 - low}
    expected |= {"V4": low * relapse.sf(0.1), "V5": high * relapse.cdf(0.05)}
    expected["V6"] = 1 - sum(expected.values())
    assert found == pytest.approx(expected, abs=0.01)


def test_estimates_stand_beside_the_evidence(fitter: Fitter, posterior: Posterior) -> None:
    evidence = matrix(three_sources())
    before = prior(fitter.design)
    table = uncertainty.estimates(evidence, posterior, before, seed=4)
    alone = evidence.columns.drop("verdict_probability")
    pd.testing.assert_frame_equal(table[alone], evidence[alone])
    pd.testing.assert_index_equal(
        pd.MultiIndex.from_frame(table[["profile", "inhibitor"]]), fitter.design.cells
    )
    draws = posterior.probability
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    low_before, high_before = np.quantile(before, [0.025, 0.975], axis=0)
    wide = (table["benefit_n"] == 0) & (high - low > 0.9 * (high_before - low_before))
    assert wide.any()
    assert (table["basis"] == "prior").equals(wide)
    assert (table["basis"] == "lines").equals(table["benefit_n"] > 0)
    for name, expected in (("pooled", draws.mean(0)), ("pooled_low", low), ("pooled_high", high),
                           ("at_least_high", (draws >= 0.75).mean(0))):  # fmt: skip
        np.testing.assert_allclose(table[name], np.where(wide, np.nan, expected))
    for row in table.to_dict("records"):
        same = [name for name in RULES if VERDICTS[name] == row["verdict"]]
        assert row["verdict_probability"] == pytest.approx(sum(row[f"p_{name}"] for name in same))
    again = uncertainty.estimates(evidence, posterior, before, seed=4)
    pd.testing.assert_frame_equal(table, again)


def without_source(fitter: Fitter, source: str) -> np.ndarray:
    keep = (fitter.design.rows["source_id"] != source).to_numpy()
    return fitter.fit(keep).probability


@pytest.mark.parametrize("largest_k", [0.7, -1.0])
def test_one_source_left_out_is_a_fit_without_it(
    fitter: Fitter, posterior: Posterior, largest_k: float, monkeypatch
) -> None:
    """Reweighted draws and new fits tell the same."""
    monkeypatch.setattr(uncertainty, "MAX_PARETO_K", largest_k)
    table = uncertainty.leave_one_source_out(fitter, posterior)
    assert ((table["method"] == "reweighted") == (table["pareto_k"] <= largest_k)).all()
    assert (table["method"] == "reweighted").any() == (largest_k > 0)
    assert dict(zip(table["source_id"], table["benefit_n"], strict=True)) == {
        "a": 2,
        "b": 3,
        "c": 2,
    }
    assert dict(zip(table["source_id"], table["benefit_k"], strict=True)) == {
        "a": 1,
        "b": 2,
        "c": 2,
    }
    assert table["change"].abs().round(2).is_monotonic_decreasing
    for row in table.to_dict("records"):
        cell = fitter.design.cells.get_loc((row["profile"], row["inhibitor"]))
        expected = without_source(fitter, row["source_id"])[:, cell]
        assert row["without"] == pytest.approx(expected.mean(), abs=0.025)
        assert row["without_low"] == pytest.approx(np.quantile(expected, 0.025), abs=0.05)
        assert row["without_high"] == pytest.approx(np.quantile(expected, 0.975), abs=0.05)
        everything = np.quantile(posterior.probability[:, cell], [0.025, 0.975])
        assert [row["pooled_low"], row["pooled_high"]] == pytest.approx(everything)
        assert row["change"] == pytest.approx(row["without"] - row["pooled"])
        assert row["pooled"] == pytest.approx(posterior.probability[:, cell].mean())


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=60
    ).filter(lambda rows: sum(times for times, *_ in rows) > 0)
)
def test_weighted_draws_are_draws_repeated(rows: list[tuple[int, float, float]]) -> None:
    """A draw of weight 3 in 20 stands for three of twenty; quantiles by position, with numpy."""
    times = np.array([row[0] for row in rows])
    draws = np.array([row[1:] for row in rows])
    repeated = np.sort(np.repeat(draws, times, axis=0), axis=0)
    found = uncertainty.summary(draws, times / times.sum())
    np.testing.assert_allclose(found["pooled"], repeated.mean(0), atol=1e-12)
    # The level may fall on the edge between two draws, where rounding decides.
    for name, level in (("pooled_low", 0.025), ("pooled_high", 0.975)):
        at = np.ceil(level * len(repeated) + np.array([-1e-9, 1e-9])).astype(int) - 1
        below, above = repeated[at.clip(0, len(repeated) - 1)]
        assert ((found[name] == below) | (found[name] == above)).all()


def test_equal_weights_give_the_plain_summary(posterior: Posterior) -> None:
    draws = posterior.probability
    weighted = uncertainty.summary(draws, np.full(len(draws), 1 / len(draws)))
    pd.testing.assert_frame_equal(weighted, uncertainty.summary(draws), atol=2e-3)


def test_lines_left_out_change_the_cells_they_stand_in(
    fitter: Fitter, posterior: Posterior
) -> None:
    keep = (fitter.design.rows["study_type"] != "case_report").to_numpy()
    table = uncertainty.without(fitter, posterior, keep)[0].set_index(["profile", "inhibitor"])
    assert table[["benefit_k", "benefit_n"]].sum().tolist() == [5, 7]
    assert table[["kept_k", "kept_n"]].sum().tolist() == [3, 5]
    gone = table.loc[("G1202R", "brigatinib")]
    assert (gone["kept_n"], gone["benefit_n"]) == (0, 1)
    assert gone["change"] < -0.02
    np.testing.assert_allclose(table["change"], table["kept"] - table["pooled"])


@pytest.mark.parametrize("largest_k", [0.7, -1.0])
def test_groups_are_compared_with_the_others(
    fitter: Fitter, posterior: Posterior, largest_k: float, monkeypatch
) -> None:
    """Reweighted and fitted again, against a fit of its own."""
    monkeypatch.setattr(uncertainty, "MAX_PARETO_K", largest_k)
    mark = (fitter.design.rows["specimen"] == "plasma").to_numpy()
    shifted = uncertainty.adjusted(fitter, posterior)
    assert shifted.method == ("reweighted" if largest_k > 0 else "refitted")
    row = uncertainty.contrast(fitter.design, mark, shifted, 1, "plasma", "others")
    shifts = fitter.fit(adjusted=True).covariates[..., 1]
    names = ("benefit_k", "benefit_n", "others_k", "others_n")
    assert tuple(row[name] for name in names) == (1, 2, 4, 5)
    assert row["low"] < row["odds_ratio"] < row["high"]
    assert np.log(row["odds_ratio"]) == pytest.approx(np.median(shifts), abs=0.08)
    assert row["p_more"] < 0.5


def test_predicted_counts(fitter: Fitter, posterior: Posterior) -> None:
    table = uncertainty.predictive_check(fitter.design, posterior, seed=2).set_index("of")
    assert list(table.index) == [
        "ceritinib", "brigatinib", "lorlatinib", "one mutation", "all lines alike",
    ]  # fmt: skip
    observed = table[["benefit_k", "benefit_n"]].apply(tuple, axis=1).to_dict()
    assert observed["lorlatinib"] == (4, 5)
    assert observed["one mutation"] == (5, 7)
    assert observed["all lines alike"] == (1, 2)  # L1196M 2/2, but G1202R 2/3
    assert (table["low"] <= table["high"]).all()
    assert table["tail"].between(0, 1).all()


def test_a_bad_model_is_seen() -> None:
    """Predictions from even odds do not look like thirty of thirty."""
    lines = [line("lorlatinib", "PR")] * 30
    of = design(make_cohort([sample("G1202R", "alectinib", *lines)]))
    zeros = np.zeros((1, 500, 6))
    even = Posterior(zeros, zeros, zeros, zeros, zeros, 0)
    table = uncertainty.predictive_check(of, even).set_index("of")
    assert table.loc["lorlatinib", "tail"] == 0
    assert table.loc["lorlatinib", "high"] < 30


def test_nothing_to_predict() -> None:
    of = design(make_cohort([sample("G1202R", "alectinib")]))
    zeros = np.zeros((1, 50, 6))
    nothing = Posterior(zeros, zeros, zeros, zeros, zeros, 0)
    assert uncertainty.predictive_check(of, nothing).empty
    assert uncertainty.counted(of).to_numpy().sum() == 0


def assumed(fitter: Fitter, posterior: Posterior) -> pd.DataFrame:
    others = {"narrow": Priors(scale=0.5), "minimum": Priors(minimum=True)}
    return uncertainty.prior_sensitivity(fitter, posterior, others)


def test_other_assumptions_are_fits_of_their_own(
    fitter: Fitter, posterior: Posterior, monkeypatch
) -> None:
    monkeypatch.setattr(uncertainty, "MAX_PARETO_K", 2.0)
    monkeypatch.setattr(uncertainty, "MIN_EFFECTIVE", 0)
    table = assumed(fitter, posterior).set_index("assumption")
    assert table["method"].drop_duplicates().to_dict() == {
        "as fitted": "fitted", "narrow": "reweighted", "minimum": "refitted"
    }  # fmt: skip
    assert (table["benefit_n"] > 0).all()
    fitted = Fitter(fitter.design, Priors(scale=0.5), fitter.sampler).fit().probability.mean(0)
    expected = pd.Series(fitted, index=fitter.design.cells)
    for row in table.loc[["narrow"]].to_dict("records"):
        cell = row["profile"], row["inhibitor"]
        assert row["pooled"] == pytest.approx(expected[cell], abs=0.03)
    # Without compounds the minimum and the mean are one.
    sides = [table.loc[[name]].sort_values(["profile", "inhibitor"])["pooled"].to_numpy()
             for name in ("as fitted", "minimum")]  # fmt: skip
    np.testing.assert_allclose(*sides, atol=0.03)
    assert table["spread"].round(2).is_monotonic_decreasing


def test_lines_of_one_patient_widen_the_interval() -> None:
    """Against the exact distribution of the resamples, where each patient has one line or ten."""
    one = pd.DataFrame(
        {"patient_id": list("abcdefghij"), "benefit": ["benefit"] * 5 + ["no benefit"] * 5}
    )
    lines = one.assign(inhibitor="lorlatinib")
    table = uncertainty.clustered(lines).set_index("of")
    low, high = distributions.binom.ppf([0.025, 0.975], 10, 0.5) / 10
    assert table.loc["lorlatinib", ["clustered_low", "clustered_high"]].tolist() == [low, high]
    tenfold = uncertainty.clustered(pd.concat([lines] * 10)).set_index("of").loc["all lines"]
    assert (tenfold["benefit_k"], tenfold["benefit_n"], tenfold["several_n"]) == (50, 100, 10)
    assert [tenfold["clustered_low"], tenfold["clustered_high"]] == [low, high]
    assert tenfold["sensitivity_high"] < high  # Wilson takes the hundred as independent
    alike = uncertainty.clustered(lines[lines["benefit"] == "benefit"])
    assert alike["clustered_low"].isna().all()


def test_no_line_no_share() -> None:
    nothing = pd.DataFrame({"patient_id": [], "inhibitor": [], "benefit": []})
    assert uncertainty.clustered(nothing)["benefit_n"].sum() == 0


def test_smoothed_weights_move_a_normal_to_its_neighbour() -> None:
    draws = np.random.default_rng(1).normal(size=20_000)
    weights, k = smooth(draws * 0.5)  # from mean 0 to mean 0.5, up to a constant
    assert k < 0.5
    assert weights.sum() == pytest.approx(1)
    assert weights @ draws == pytest.approx(0.5, abs=0.03)
    assert (np.argsort(weights, kind="stable") == np.argsort(draws, kind="stable")).all()


def test_equal_weights_stay_equal() -> None:
    weights, k = smooth(np.full(1000, -3.0))
    np.testing.assert_allclose(weights, 1 / 1000)
    assert k == 0


def test_smoothing_leaves_its_input_alone() -> None:
    ratios = np.random.default_rng(0).normal(size=500)
    before = ratios.copy()
    smooth(ratios)
    np.testing.assert_array_equal(ratios, before)


def test_what_is_drawn_is_rounded_and_what_is_counted_is_not() -> None:
    table = pd.DataFrame(
        {"profile": ["G1202R"], "benefit_n": [3], "sensitivity_low": [0.123456],
         "relapse_share": [0.123456], "pooled": [0.123456], "p_V3": [0.876543]}
    )  # fmt: skip
    (row,) = uncertainty.rounded(table).to_dict("records")
    assert row == {
        "profile": "G1202R", "benefit_n": 3, "sensitivity_low": 0.123456,
        "relapse_share": 0.123456, "pooled": 0.12, "p_V3": 0.88,
    }  # fmt: skip


def test_intervals_in_words() -> None:
    table = pd.DataFrame({"pooled": [0.5], "pooled_low": [0.104], "pooled_high": [0.896]})
    assert uncertainty.intervals(table) == ["50% (10% to 90%)"]
    assert uncertainty.in_words(special.logit(np.array([[0.5, 0.5]]))) == "0.00 (0.00 to 0.00)"


def test_rows_of_the_design_are_those_of_the_sources() -> None:
    of: Design = design(three_sources())
    assert set(of.rows["source_id"]) == {"a", "b", "c"}
    assert of.rows["benefit_n"].sum() == 7
