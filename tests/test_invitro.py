"""In vitro calls and their agreement with clinical verdicts."""

import dataclasses
import math
from itertools import product

import pandas as pd
import pytest
from factory import line, make_cohort, sample
from scipy.stats import binomtest

from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.analysis.invitro import (
    agreement,
    by_cell,
    by_combination,
    compared,
    doubts,
    of_other_studies,
    with_call,
)
from alkpool.data.laboratory import InVitro, decides, load
from alkpool.vocabulary import Access, System


def laboratory(rows, sensitive_max=50.0, resistant_min=200.0, **model):
    facts = {
        "model_id": "m", "system": "ALK-fusion cells", "access": "abstract", "unit": "nM",
        "potency_type": "IC50", "sensitive_max": sensitive_max, "resistant_min": resistant_min,
    }  # fmt: skip
    models = pd.DataFrame([facts | model])
    columns = ["mutations", "inhibitor", "relation", "value", "call_in_source"]
    measurements = pd.DataFrame(rows, columns=columns).assign(model_id="m")
    return InVitro(sources=pd.DataFrame(), models=models, measurements=measurements)


@pytest.mark.parametrize(
    ("relation", "value", "stated", "expected"),
    [
        ("=", 50.0, "unknown", ("sensitive", "threshold")),
        ("=", 50.1, "unknown", ("intermediate", "threshold")),
        ("=", 199.9, "unknown", ("intermediate", "threshold")),
        ("=", 200.0, "unknown", ("resistant", "threshold")),
        ("~", 20.0, "unknown", ("sensitive", "threshold")),
        ("<", 50.0, "unknown", ("sensitive", "threshold")),
        ("<", 100.0, "unknown", ("unknown", "none")),
        (">", 200.0, "unknown", ("resistant", "threshold")),
        (">", 100.0, "unknown", ("unknown", "none")),
        (">", 20.0, "unknown", ("unknown", "none")),
        ("<", 500.0, "unknown", ("unknown", "none")),
        ("", None, "unknown", ("unknown", "none")),
        ("", None, "resistant", ("resistant", "source")),
        ("=", 10.0, "resistant", ("resistant", "source")),
        ("=", 10.0, "intermediate", ("intermediate", "source")),
    ],
)
def test_a_call_follows_the_source_then_its_threshold(relation, value, stated, expected):
    table = with_call(laboratory([("G1202R", "alectinib", relation, value, stated)]))
    assert tuple(table.loc[0, ["call", "basis"]]) == expected


EXPLORED = {
    "=50": "sensitive", "=51": "unknown", "=199": "unknown", "=200": "resistant",
    "<50": "sensitive", "<51": "unknown", ">200": "resistant", ">199": "unknown",
}  # fmt: skip


def explored(*limits, **model):
    rows = [("G1202R", "alectinib", said[0], float(said[1:]), "unknown") for said in EXPLORED]
    return with_call(laboratory(rows, math.nan, math.nan, **model), "neither", *limits)


def test_without_thresholds_an_ic50_is_explored_and_marked_as_ours():
    table = explored()
    assert list(table["call"]) == list(EXPLORED.values())
    known = table["call"] != "unknown"
    assert set(table.loc[known, "basis"]) == {"exploratory (ours)"}
    assert set(table.loc[~known, "basis"]) == {"none"}


def test_exploratory_limits_are_parameters_and_can_be_off():
    assert set(explored(None, None)["call"]) == {"unknown"}
    assert list(explored(None)["call"]) == [
        c.replace("sensitive", "unknown") for c in EXPLORED.values()
    ]
    assert list(explored(199, 500)["call"])[:4] == ["sensitive"] * 3 + ["unknown"]


@pytest.mark.parametrize("model", [{"potency_type": "Ki"}, {"unit": "none"}])
def test_only_ic50s_in_nanomoles_are_explored(model):
    assert set(explored(**model)["call"]) == {"unknown"}


def test_a_model_with_a_threshold_is_not_explored():
    """20 nM lies between its own limits: no exploratory call in their place."""
    table = with_call(laboratory([("G1202R", "alectinib", "=", 20.0, "unknown")], 10.0))
    assert tuple(table.loc[0, ["call", "basis"]]) == ("intermediate", "threshold")


def test_only_fusion_and_patient_cells_of_a_primary_reading_decide():
    pairs = pd.DataFrame(product(System, Access), columns=["system", "access"])
    deciding = pairs[decides(pairs)]
    assert set(deciding["system"]) == {"ALK-fusion cells", "patient-derived cells"}
    assert set(deciding["access"]) == {"full text", "abstract", "database record"}
    assert len(deciding) == 6
    cell_free = laboratory([("G1202R", "alectinib", "=", 5.0, "unknown")], system="cell-free")
    assert with_call(cell_free)[["call", "decides"]].to_dict("list") == {
        "call": ["sensitive"], "decides": [False],
    }  # fmt: skip


def test_controls_are_no_mutants():
    rows = [(name, "alectinib", "=", 2.0, "unknown") for name in ("WT", "parental")]
    assert with_call(laboratory(rows)).empty


@pytest.mark.parametrize("reading", ["sensitive", "resistant"])
def test_intermediate_is_a_parameter(reading):
    rows = [("G1202R", "alectinib", "=", 100.0, "unknown")]
    assert with_call(laboratory(rows), reading).loc[0, "call"] == reading
    with pytest.raises(ValueError, match="must be one of neither, sensitive, resistant"):
        with_call(laboratory(rows), "maybe")


def test_contradicting_measurements_of_one_model_are_no_call():
    rows = [
        ("G1202R", "alectinib", "=", 10.0, "unknown"),
        ("G1202R", "alectinib", "=", 900.0, "unknown"),
        ("L1196M", "alectinib", "=", 10.0, "unknown"),
        ("L1196M", "alectinib", "<", 900.0, "unknown"),
        ("I1171N", "alectinib", "<", 900.0, "unknown"),
    ]
    table = by_combination(with_call(laboratory(rows))).set_index("mutations")["call"]
    assert table.to_dict() == {"G1202R": "unknown", "L1196M": "sensitive", "I1171N": "unknown"}


@pytest.fixture
def evidence():
    cohort = make_cohort(
        [sample("G1202R", "ceritinib", line("lorlatinib", "PR")) for _ in range(3)]
        + [sample("L1196M", "crizotinib", line("alectinib", "PD")) for _ in range(3)]
        + [sample("I1171N", "alectinib", line("ceritinib", "PR"))]
        + [sample("G1202R", "alectinib", line("ceritinib", "PR")) for _ in range(4)]
    )
    return matrix(cohort, VerdictRule())


def test_agreement_counts_only_what_can_be_compared(evidence):
    verdicts = evidence.set_index(["profile", "inhibitor"])["verdict"]
    assert verdicts["G1202R", "lorlatinib"] == "possibly beneficial"
    assert verdicts["L1196M", "alectinib"] == "no benefit expected"
    assert verdicts["G1202R", "ceritinib"] == "conflicting evidence"
    calls = pd.DataFrame(
        [
            ("a", "G1202R", "lorlatinib", "sensitive"),
            ("a", "L1196M", "alectinib", "sensitive"),
            ("a", "G1202R", "ceritinib", "sensitive"),
            ("a", "I1171N", "ceritinib", "sensitive"),
            ("a", "T1151K", "ceritinib", "sensitive"),
            ("b", "L1196M", "alectinib", "resistant"),
            ("b", "G1202R", "lorlatinib", "intermediate"),
            ("c", "I1171N", "ceritinib", "resistant"),
            ("d", "G1202R", "lorlatinib", "unknown"),
        ],
        columns=["model_id", "mutations", "inhibitor", "call"],
    )
    assert len(compared(evidence, calls)) == 3
    table = agreement(evidence, calls).set_index("model_id")
    assert list(table.index) == ["a", "b", "c"]
    assert table.loc["a", ["agreeing", "compared"]].tolist() == [1, 2]
    assert table.loc["b", ["agreeing", "compared"]].tolist() == [1, 1]
    assert table.loc["c", ["agreeing", "compared"]].tolist() == [0, 0]
    exact = binomtest(1, 2).proportion_ci(method="exact")
    assert table.loc["a", ["low", "high"]].tolist() == pytest.approx([exact.low, exact.high])
    assert table.loc["c", ["share", "low", "high"]].isna().all()


def test_the_project_data_keep_their_warnings():
    data = load()
    brigatinib = data.measurements[data.measurements["inhibitor"] == "brigatinib"]
    assert not brigatinib["model_id"].str.startswith("Hatcher").any()
    assert (data.measurements["inhibitor"] == "ap26113-analog").sum() == 10
    assert not data.models["model_id"].str.contains("Lin2017").any(), "counts as assertions"
    apart = data.models.loc[~decides(data.models), "model_id"]
    assert {
        "Yoda2018", "ALKatlas2026", "Infarinato2016", "Sakamoto2011", "Sabari2017-review",
        "Zhang2011-viability-quoted", "CHEMBL5143665-kinase", "CHEMBL3822358-EML4",
    } <= set(apart)  # fmt: skip
    g1202r = data.measurements.query("mutations == 'G1202R' and inhibitor == 'crizotinib'")
    assert {328.0, 382.0, 1148.0} <= set(g1202r["value"])


def test_calls_of_the_paper_that_reports_the_patients_are_left_out():
    """By DOI or PubMed identifier, for lines and for samples at resistance; blanks are no match."""
    cohort = make_cohort(
        [sample("L1196M+G1202R", "alectinib", line("lorlatinib", "PR"), phase="trans")]
    )
    cohort = dataclasses.replace(cohort, sources=cohort.sources.assign(doi="10.1/x", pmid=""))
    every = list(product("abc", ["L1196M", "G1202R", "L1196M+G1202R"], ["lorlatinib", "ceritinib"]))
    calls = pd.DataFrame(every, columns=["model_id", "mutations", "inhibitor"])
    data = InVitro(
        sources=pd.DataFrame(
            {"source_id": ["A", "B", "C"], "doi": ["10.1/x", "", "10.1/y"], "pmid": ["", "", "7"]}
        ),
        models=pd.DataFrame({"model_id": ["a", "b", "c"], "source_id": ["A", "B", "C"]}),
        measurements=pd.DataFrame(),
    )
    gone = set(calls.index) - set(of_other_studies(calls, cohort, data).index)
    assert [every[place] for place in sorted(gone)] == [
        ("a", "L1196M", "lorlatinib"), ("a", "G1202R", "lorlatinib"),
    ]  # fmt: skip
    together = of_other_studies(calls, cohort, data, split_trans=False)
    assert [every[place] for place in set(calls.index) - set(together.index)] == [
        ("a", "L1196M+G1202R", "lorlatinib")
    ]
    after = calls.assign(inhibitor="alectinib")
    assert len(after) - len(of_other_studies(after, cohort, data)) == 4


def test_cells_are_counted_once_whatever_the_number_of_models(evidence):
    rows = [
        ("a", "G1202R", "lorlatinib", "sensitive"), ("b", "G1202R", "lorlatinib", "sensitive"),
        ("a", "L1196M", "alectinib", "sensitive"), ("b", "L1196M", "alectinib", "resistant"),
        ("c", "L1196M", "alectinib", "sensitive"),
    ]  # fmt: skip
    calls = pd.DataFrame(rows, columns=["model_id", "mutations", "inhibitor", "call"])
    cells = by_cell(compared(evidence, calls)).set_index("mutations")
    assert cells[["models", "agreeing", "agree"]].T.to_dict("list") == {
        "G1202R": [2, 2, "all"], "L1196M": [3, 1, "some"],
    }  # fmt: skip
    assert by_cell(compared(evidence, calls[:0])).empty


def test_repeats_and_missing_units_are_flagged():
    """Of the real tables: each doubt once, and none of what is measured without a mutation."""
    found = doubts(load())
    said = found.groupby("doubt", sort=False)["model_id"].agg(list).to_dict()
    assert list(said.values()) == [
        ["Zhang2011-viability"] * 2,
        ["CHEMBL3870304-kinase", "Hatcher2015", "Johnson2014-Ki", "PfizerPR10-2013-Ki"],
        ["Katayama2014-BaF3"],
    ]
    assert "WT" not in set(found["mutations"])
