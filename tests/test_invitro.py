"""In vitro calls and their agreement with clinical verdicts."""

import math
from itertools import product

import pandas as pd
import pytest
from factory import line, make_cohort, sample
from scipy.stats import binomtest

from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.analysis.invitro import agreement, by_combination, compared, with_call
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
    with pytest.raises(ValueError, match="must be neither, sensitive or resistant"):
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
