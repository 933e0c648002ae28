"""Counting mutation classes, and the tests on them against independent calculations."""

import dataclasses

import numpy as np
import pytest
from factory import make_cohort, sample
from scipy.stats import fisher_exact as scipy_fisher

from alkpool.analysis import distribution
from alkpool.analysis.actionability import VerdictRule
from alkpool.data.cohort import analysis_set
from alkpool.figures.distribution import class_matrix


@pytest.fixture
def cohort():
    return make_cohort(
        [sample("L1196M", "crizotinib") for _ in range(6)]
        + [sample("G1202R", "crizotinib") for _ in range(2)]
        + [sample("G1202R", "alectinib") for _ in range(5)]
        + [sample("I1171N", "alectinib"), sample("I1171S", "alectinib")]
        + [sample("L1196M+G1202R", "lorlatinib", phase="cis") for _ in range(3)]
        + [sample("V1180L", "unknown"), sample("G1269A", "crizotinib", status="excluded")]
    )


def test_classes_join_substitutions_of_a_residue_only_where_there_are_several(cohort):
    samples = distribution.with_class(analysis_set(cohort).samples)
    assert set(samples["mutation_class"]) == {"L1196M", "G1202R", "I1171X", "V1180L", "multiple"}
    apart = distribution.with_class(analysis_set(cohort).samples, by_residue=False)
    assert {"I1171N", "I1171S"} <= set(apart["mutation_class"])
    assert samples["mutation_count"].value_counts().to_dict() == {1: 16, 2: 3}


def test_samples_by_inhibitor(cohort):
    table = distribution.by_inhibitor(cohort).set_index("resistance_on")
    assert table["samples"].to_dict() == {
        "crizotinib": 8, "alectinib": 7, "lorlatinib": 3, "unknown": 1,
    }  # fmt: skip
    assert set(table["total"]) == {19}
    assert table["share"].sum() == pytest.approx(1)


def test_classes_after_each_inhibitor(cohort):
    table = distribution.by_class(cohort)
    cells = table.set_index(["resistance_on", "mutation_class"])
    assert cells.loc[("crizotinib", "L1196M"), ["samples", "total"]].tolist() == [6, 8]
    assert cells.loc[("lorlatinib", "L1196M"), ["samples", "total"]].tolist() == [0, 3]
    assert cells.loc[("lorlatinib", "multiple"), ["samples", "total"]].tolist() == [3, 3]
    assert cells.loc[("lorlatinib", "multiple"), ["relapsed", "relapse_n"]].tolist() == [3, 3]
    assert table["samples"].sum() == 19
    assert len(table) == 4 * 5


def test_chosen_samples_have_no_share_and_no_test(cohort):
    chosen = dataclasses.replace(cohort, sources=cohort.sources.assign(sampling="selected"))
    cells = distribution.by_class(chosen).set_index(["resistance_on", "mutation_class"])
    after = cells.loc[("crizotinib", "L1196M")]
    assert after[["samples", "total", "relapsed", "relapse_n"]].tolist() == [6, 8, 0, 0]
    assert cells[["share", "low", "high"]].isna().all(axis=None)
    assert "6 found" in class_matrix(cells.reset_index()).html
    assert distribution.against_other_inhibitors(chosen, minimum=5).empty
    everything = distribution.by_class(chosen, VerdictRule(relapse_from="all"))
    assert everything.equals(distribution.by_class(cohort))


def test_fisher_tests_match_scipy_and_leave_unknown_and_rare_out(cohort):
    table = distribution.against_other_inhibitors(cohort, minimum=5)
    assert set(table["mutation_class"]) == {"L1196M", "G1202R"}
    assert set(table["resistance_on"]) == {"crizotinib", "alectinib"}
    for row in table.itertuples():
        assert row.n + row.other_n == 18
        by_scipy = scipy_fisher([[row.k, row.n - row.k], [row.other_k, row.other_n - row.other_k]])
        assert row.p_value == pytest.approx(by_scipy.pvalue)
        assert row.p_adjusted >= row.p_value
    assert distribution.against_other_inhibitors(cohort, minimum=50).empty


def test_variants_count_first_samples_of_patients():
    cohort = make_cohort(
        [
            sample("G1202R", "alectinib", variant="V3"),
            sample("L1196M", "crizotinib", variant="V3", patient="twice", order=2),
            sample("G1202R", "ceritinib", variant="V3", patient="twice", order=1),
            sample("L1196M", "crizotinib", variant="V1"),
            sample("L1196M", "crizotinib", variant="V2"),
        ]
    )
    table = distribution.by_variant(distribution.variant_samples(cohort), ["G1202R", "L1196M"])
    counts = table.set_index(["mutation_class", "variant"])[["samples", "total"]]
    assert counts.loc[("G1202R", "V3")].tolist() == [2, 2]
    assert counts.loc[("L1196M", "V3")].tolist() == [0, 2]
    assert counts.loc[("L1196M", "V1")].tolist() == [1, 1]


def variants(counts):
    """Build first samples from ``(variant, inhibitor, mutation): number``."""
    cohort = make_cohort(
        [
            sample(mutation, inhibitor, variant=variant)
            for (variant, inhibitor, mutation), number in counts.items()
            for _ in range(number)
        ]
    )
    return distribution.variant_samples(cohort)


def test_variant_effect_without_confounding_is_the_odds_ratio():
    strata = {
        (variant, inhibitor, mutation): number
        for inhibitor in ("crizotinib", "alectinib")
        for (variant, mutation), number in {
            ("V3", "G1202R"): 6, ("V3", "L1196M"): 4, ("V1", "G1202R"): 2, ("V1", "L1196M"): 8,
        }.items()
    }  # fmt: skip
    row = distribution.variant_effect(variants(strata), "G1202R").iloc[0]
    assert row["odds_ratio"] == pytest.approx((6 / 4) / (2 / 8))
    assert (row["n"], row["events"], row["method"]) == (40, 16, "logistic regression")


def test_variant_effect_with_an_empty_cell_uses_firth():
    counts = {
        ("V3", "crizotinib", "G1202R"): 5, ("V3", "crizotinib", "L1196M"): 5,
        ("V3", "alectinib", "L1196M"): 2,
        ("V1", "crizotinib", "L1196M"): 6, ("V1", "alectinib", "L1196M"): 3,
    }  # fmt: skip
    row = distribution.variant_effect(variants(counts), "G1202R").iloc[0]
    assert row["method"].startswith("Firth")
    assert np.isfinite(row["odds_ratio"])
    assert row["odds_ratio"] > 1


def test_variant_effect_says_when_it_cannot_be_told_apart():
    counts = {
        ("V3", "alectinib", "G1202R"): 5, ("V3", "alectinib", "L1196M"): 5,
        ("V1", "crizotinib", "L1196M"): 5, ("V1", "crizotinib", "G1202R"): 5,
    }  # fmt: skip
    row = distribution.variant_effect(variants(counts), "G1202R").iloc[0]
    assert row["method"].startswith("not estimable")
    assert np.isnan(row["odds_ratio"])
    nobody = distribution.variant_samples(make_cohort([sample("G1202R", "alectinib")]))
    assert distribution.variant_effect(nobody, "G1202R").empty
