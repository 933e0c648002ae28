"""Verdicts: every rule, every threshold at its boundary, and what is counted where."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given
from hypothesis import strategies as st

from alkpool.analysis.actionability import RULES, VerdictRule, assessed_profiles, judge, matrix
from alkpool.analysis.benefit import BenefitRule
from alkpool.data.cohort import load
from alkpool.robustness.uncertainty import rule_probabilities
from alkpool.vocabulary import Verdict


def one_cell(relapsed, relapse_n, benefit_k, benefit_n, **rule):
    counts = pd.DataFrame(
        {
            "relapsed": [relapsed], "relapse_n": [relapse_n],
            "benefit_k": [benefit_k], "benefit_n": [benefit_n],
        }
    )  # fmt: skip
    row = judge(counts, VerdictRule(**rule)).iloc[0]
    return row["rule"], row["verdict"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ((3, 30, 0, 0), ("V1", "no benefit expected")),
        ((3, 30, 2, 2), ("V1", "no benefit expected")),
        ((2, 4, 0, 0), ("V2", "insufficient evidence")),
        ((3, 31, 0, 0), ("V2", "insufficient evidence")),
        ((0, 0, 2, 2), ("V2", "insufficient evidence")),
        ((0, 50, 1, 3), ("V3", "no benefit expected")),
        ((30, 50, 0, 3), ("V3", "no benefit expected")),
        ((3, 30, 2, 4), ("V4", "conflicting evidence")),
        ((9, 82, 9, 11), ("V4", "conflicting evidence")),
        ((26, 82, 4, 6), ("V4", "conflicting evidence")),
        ((2, 20, 2, 4), ("V6", "possibly beneficial")),
        ((0, 50, 3, 4), ("V5", "likely beneficial")),
        ((2, 41, 3, 4), ("V5", "likely beneficial")),
        ((2, 40, 3, 4), ("V6", "possibly beneficial")),
        ((0, 50, 74, 100), ("V6", "possibly beneficial")),
        ((0, 50, 2, 4), ("V6", "possibly beneficial")),
        ((0, 0, 3, 3), ("V6", "possibly beneficial")),
    ],
)
def test_verdict_at_every_boundary(cell, expected):
    assert one_cell(*cell) == expected


@pytest.mark.parametrize(
    ("cell", "rule", "expected"),
    [
        ((0, 50, 1, 1), {"min_evaluable": 1}, "V5"),
        ((0, 50, 5, 5), {"min_evaluable": 6}, "V2"),
        ((0, 50, 2, 5), {"low_sensitivity": 0.4}, "V6"),
        ((0, 50, 6, 10), {"high_sensitivity": 0.6}, "V5"),
        ((5, 50, 6, 10), {"high_relapse_share": 0.11}, "V6"),
        ((5, 50, 6, 10), {"high_relapse_samples": 6}, "V6"),
        ((2, 50, 9, 10), {"low_relapse_share": 0.04}, "V6"),
    ],
)
def test_every_threshold_is_a_parameter(cell, rule, expected):
    assert one_cell(*cell, **rule)[0] == expected
    assert one_cell(*cell)[0] != expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_evaluable": 0},
        {"high_relapse_samples": 0},
        {"low_sensitivity": 0.8},
        {"high_sensitivity": 1.1},
        {"low_relapse_share": 0.2},
        {"high_relapse_share": -0.1, "low_relapse_share": -0.2},
    ],
)
def test_impossible_thresholds_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        VerdictRule(**wrong)


def by_hand(cell, rule):
    relapsed, relapse_n, k, n = cell
    share = relapsed / relapse_n if relapse_n else float("nan")
    high = share >= rule.high_relapse_share and relapsed >= rule.high_relapse_samples
    if n < rule.min_evaluable:
        return Verdict.NONE if high else Verdict.INSUFFICIENT
    if k / n < rule.low_sensitivity:
        return Verdict.NONE
    if high:
        return Verdict.CONFLICTING
    likely = k / n >= rule.high_sensitivity and share < rule.low_relapse_share
    return Verdict.LIKELY if likely else Verdict.POSSIBLE


counts = st.integers(0, 40).flatmap(
    lambda n: st.integers(0, 40).flatmap(
        lambda m: st.tuples(st.integers(0, n), st.just(n), st.integers(0, m), st.just(m))
    )
)


@given(cells=st.lists(counts, min_size=1, max_size=30), minimum=st.integers(1, 5))
def test_agrees_with_the_rule_written_cell_by_cell(cells, minimum):
    rule = VerdictRule(min_evaluable=minimum)
    table = pd.DataFrame(cells, columns=["relapsed", "relapse_n", "benefit_k", "benefit_n"])
    judged = judge(table, rule)
    assert list(judged["verdict"]) == [by_hand(cell, rule) for cell in cells]
    assert set(judged["rule"]) <= set(RULES)


@pytest.mark.parametrize(
    ("cell", "probability"),
    [
        ((0, 0, 2, 2), 1),
        ((2, 4, 0, 0), 1),
        ((0, 0, 3, 3), 1 - 0.5**4),
        ((0, 50, 0, 3), 1 - 0.5**4),
        ((0, 0, 1, 3), 1 - 5 / 16),
    ],
)
def test_the_probability_of_a_verdict_by_hand(cell, probability):
    """Too few lines is a count; the rest are tails of Beta(1 + k, 1 + n - k) in closed form."""
    table = pd.DataFrame([cell], columns=["relapsed", "relapse_n", "benefit_k", "benefit_n"])
    assert judge(table)["verdict_probability"].item() == pytest.approx(probability)


def test_the_probability_of_a_verdict_is_that_of_draws():
    """Every rule on draws of both shares, for cells of every verdict."""
    table = matrix(load("reconstructed"), VerdictRule(likely_lower=0.4))
    assert set(table["rule"]) == set(RULES)
    k, n = (table[name].to_numpy() for name in ("benefit_k", "benefit_n"))
    drawn = np.random.default_rng(1).beta(1 + k, 1 + n - k, size=(20_000, len(table)))
    by_rule = rule_probabilities(table, drawn, VerdictRule(likely_lower=0.4))
    expected = [by_rule.at[place, rule] for place, rule in enumerate(table["rule"])]
    assert table["verdict_probability"].to_numpy() == pytest.approx(np.array(expected), abs=0.015)


def cell_of(table, profile, inhibitor):
    found = table[(table["profile"] == profile) & (table["inhibitor"] == inhibitor)]
    return found.iloc[0]


@pytest.fixture
def pool():
    return make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR"), line("brigatinib", "PD")),
            sample("G1202R", "ceritinib", line("lorlatinib", "SD", pfs_relation="=", pfs_months=3)),
            sample("G1202R", "ceritinib", line("lorlatinib", "SD", status="ongoing")),
            sample("L1196M", "crizotinib", line("alectinib", "PR", monotherapy="unknown")),
            sample("C1156Y+L1196M", "crizotinib", line("ceritinib", "PR"), phase="trans"),
            sample("L1196M+G1202R", "lorlatinib", phase="cis"),
            sample("G1202R", "alectinib", line("lorlatinib", "PD"), status="excluded"),
        ]
    )


def test_counts_of_a_cell(pool):
    table = matrix(pool)
    cell = cell_of(table, "G1202R", "lorlatinib")
    assert (cell.samples, cell.benefit_k, cell.benefit_n, cell.unknown_n) == (3, 1, 2, 1)
    assert (cell.relapsed, cell.relapse_n) == (0, 1)
    cell = cell_of(table, "G1202R", "ceritinib")
    assert (cell.relapsed, cell.relapse_n, cell.benefit_n) == (2, 2, 0)
    assert cell.relapse_share == 1.0
    assert np.isnan(cell.sensitivity)
    assert np.isnan(cell.sensitivity_low)
    assert cell_of(table, "L1196M", "alectinib").benefit_n == 1
    strict = cell_of(matrix(pool, benefit_rule=BenefitRule(monotherapy="stated")),
                     "L1196M", "alectinib")  # fmt: skip
    assert (strict.combined_n, strict.benefit_n) == (1, 0)


def test_a_share_is_read_from_consecutive_samples(pool):
    """Chosen samples are counted without a share, and cannot make it high."""
    chosen = dataclasses.replace(pool, sources=pool.sources.assign(sampling="selected"))
    cell = cell_of(matrix(chosen), "G1202R", "ceritinib")
    assert (cell.found_after, cell.relapsed, cell.relapse_n) == (2, 0, 0)
    everything = cell_of(matrix(chosen, VerdictRule(relapse_from="all")), "G1202R", "ceritinib")
    assert (everything.found_after, everything.relapsed, everything.relapse_n) == (2, 2, 2)
    made_up = dataclasses.replace(chosen, meta=chosen.meta.model_copy(update={"synthetic": True}))
    assert cell_of(matrix(made_up), "G1202R", "ceritinib").relapse_n == 2


def test_wilson_intervals_stand_beside_the_shares(pool):
    cell = cell_of(matrix(pool), "G1202R", "lorlatinib")
    assert cell.sensitivity == 0.5
    assert cell.sensitivity_low == pytest.approx(0.0945312057, abs=1e-9)
    assert cell.sensitivity_high == pytest.approx(0.9054687943, abs=1e-9)


def test_trans_mutations_are_assessed_apart(pool):
    apart = matrix(pool)
    assert "C1156Y+L1196M" not in set(apart["profile"])
    for mutation in ("C1156Y", "L1196M"):
        assert cell_of(apart, mutation, "ceritinib").benefit_k == 1
    assert cell_of(apart, "L1196M", "crizotinib").relapsed == 2
    assert cell_of(apart, "L1196M", "crizotinib").relapse_n == 2
    together = matrix(pool, split_trans=False)
    assert cell_of(together, "C1156Y+L1196M", "ceritinib").benefit_k == 1
    assert "C1156Y" not in set(together["profile"])
    assert cell_of(together, "L1196M", "crizotinib").relapsed == 1


def test_cis_and_unknown_phase_stay_compound(pool):
    assert "L1196M+G1202R" in set(matrix(pool)["profile"])
    samples = make_cohort([sample("I1171N+L1196M", "alectinib", phase="unknown")]).samples
    assert list(assessed_profiles(samples)["profile"]) == ["I1171N+L1196M"]


def test_every_profile_meets_every_assessed_inhibitor(pool):
    table = matrix(pool)
    assert table.groupby("profile")["inhibitor"].nunique().eq(6).all()
    assert not table.duplicated(["profile", "inhibitor"]).any()
    order = ["C1156Y", "L1196M", "G1202R", "L1196M+G1202R"]
    assert list(table["profile"].drop_duplicates()) == order


def test_parameters_of_benefit_reach_the_matrix(pool):
    table = matrix(pool, benefit_rule=BenefitRule(threshold_months=3))
    assert cell_of(table, "G1202R", "lorlatinib").benefit_k == 2


def test_an_empty_cohort_gives_an_empty_table():
    table = matrix(make_cohort([]))
    assert table.empty
    assert list(table.columns)[:2] == ["profile", "inhibitor"]
