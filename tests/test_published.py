"""The ledger, its audit, and the printed numbers counted from rows."""

import csv
import hashlib
import math
import shutil
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st

import alkpool
from alkpool import paper, paths, stats
from alkpool.analysis import invitro
from alkpool.data import laboratory
from alkpool.data.cohort import Cohort
from alkpool.data.reader import read_folder
from alkpool.data.tables import CHECKS
from alkpool.paper import Agreement, Match, recount
from alkpool.paper.audit import most_for_p_below, two_by_two_tests
from alkpool.paper.ledger import printed_number, prints_as, rounded
from alkpool.problems import DataError

pytestmark = pytest.mark.xdist_group("published")

NAMES = [f"P{number:03d}" for number in range(1, 220)]
# Of "id=value;" for every row: a number that is dropped or retyped shows here.
DIGEST = "28781703a3fa75d5c5d98bdabdcb708e1b6326c9f312b185fb7963b0d4287c1c"

# Verdicts of data/published/audit.csv in the words used here.
WORDS = {
    "yes": Agreement.EXACT,
    "rounding": Agreement.ROUNDED,
    "no": Agreement.CONTRADICTS,
    "n/a": Agreement.OPEN,
}
# Row of audit.csv -> the verdict here, and why it is another.
OTHERWISE = {
    "A084": (Agreement.ROUNDED, "a P value of .0436 is printed .044"),
    "A085": (Agreement.ROUNDED, "a P value of .4551 is printed .455"),
    "A094": (Agreement.OPEN, "a unit that is not stated contradicts nothing"),
}
# Row of audit.csv -> the ids here: the repeats of a number are a check of their own.
OTHER_IDS = {"A048": "P085"}

RECONSTRUCTED = paths.COHORTS / "reconstructed"
needs_reconstruction = pytest.mark.skipif(
    not (RECONSTRUCTED / "cohort.yaml").is_file(), reason="there is no reconstructed cohort yet"
)


@pytest.fixture(scope="module")
def ledger() -> pd.DataFrame:
    return paper.read_ledger()


@pytest.fixture(scope="module")
def audit(ledger) -> pd.DataFrame:
    return paper.audit_ledger(ledger)


def calls_of(cohort: Cohort) -> pd.DataFrame:
    return invitro.by_combination(invitro.with_call(laboratory.load_for(cohort)))


@pytest.fixture(scope="module")
def reconstructed() -> tuple[Cohort, pd.DataFrame]:
    cohort = alkpool.load("reconstructed")
    return cohort, calls_of(cohort)


# Ledger


def test_the_ledger_cannot_shrink(ledger):
    assert list(ledger["id"]) == NAMES
    text = "".join(f"{row.id}={row.value};" for row in ledger.itertuples())
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("P002,", "P001,", "'P001'; stands twice"),
        (",239,387,62,", ",239,many,62,", "column denominator: found 'many'"),
        (",15 (implied),62,", ",about 15,62,", "column numerator: found 'about 15'"),
        (",proportion,,239 (62%)", ",,,239 (62%)", "column statistic: found ''"),
    ],
)
def test_a_broken_ledger_is_refused(tmp_path, monkeypatch, old, new, said):
    text = (paths.PUBLISHED / "results.csv").read_text("utf-8")
    assert old in text
    (tmp_path / "results.csv").write_text(text.replace(old, new, 1), "utf-8")
    monkeypatch.setattr(paths, "PUBLISHED", tmp_path)
    with pytest.raises(DataError, match=said):
        paper.read_ledger()


# Printing


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(100 * 34, 220), 0, "15"),
        (Fraction(100 * 10, 32), 0, "31"),
        (Fraction(25, 2), 0, "13"),
        (0.04356054, 3, "0.044"),
        (9.2, 1, "9.2"),
        (0.5, 0, "1"),
    ],
)
def test_halves_are_rounded_upwards(value, digits, text):
    assert rounded(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text", "digits", "same"),
    [
        (0.00049, "<.001", 3, True),
        (0.001, "<.001", 3, False),
        (50.5, ">50", 0, True),
        (50.0, ">50", 0, False),
        (0.0305, "0.030", 3, False),
        (0.0304, "0.030", 3, True),
        (math.nan, "9.2", 1, False),
    ],
)
def test_bounds_and_roundings(value, text, digits, same):
    assert prints_as(value, text, digits) is same


@given(st.integers(0, 3), st.integers(0, 10**6))
def test_a_number_prints_as_itself_and_not_as_its_neighbour(digits, steps):
    value = Fraction(steps, 10**digits)
    text = rounded(value, digits)
    assert prints_as(value, text, digits)
    assert not prints_as(value + Fraction(1, 10**digits), text, digits)


@pytest.mark.parametrize(
    "text", ["2014-01-01", "3/5", "37, 38", "G1123S", "", "1e5", "nan", "1_000", "-3", "<>3"]
)
def test_dates_and_lists_are_no_numbers(text):
    with pytest.raises(ValueError, match="no single number"):
        printed_number(text)


# Audit


def test_the_tests_give_the_p_values_of_the_reference():
    tables = {
        "single v multiple": [[150, 63], [27, 22]],
        "1 v >=2 prior ALKi": [[109, 59], [50, 21]],
        "G1202R V3 v V1": [[15, 47], [1, 26]],
        "L1196M V1 v V3": [[8, 19], [3, 59]],
        "G1202R ceritinib v brigatinib": [[19, 34], [10, 22]],
    }
    with (paths.PUBLISHED / "pvalue_tests.csv").open(encoding="utf-8", newline="") as file:
        reference = {row["comparison"]: row for row in csv.DictReader(file)}
    assert reference.keys() == tables.keys()
    for name, table in tables.items():
        found = two_by_two_tests(table)
        assert list(found) == [
            key for key in reference[name] if key not in ("comparison", "published")
        ]
        for test, p_value in found.items():
            assert round(p_value, 4) == float(reference[name][test]), (name, test)


def test_the_printed_tables_are_those_of_the_ledger(ledger):
    table = paper.compare_tests(ledger)
    fitting = table[table["reproduces"]].groupby("ledger_id")["test"].agg(list).to_dict()
    assert fitting == {
        "P148": ["Fisher two-sided"],
        "P153": ["Fisher two-sided"],
        "P137;P200": ["2 x one-sided"],
    }
    assert set(table.loc[table["adjusted"], "ledger_id"]) == {"P134;P203", "P137;P200"}


def test_the_audit_agrees_with_the_noted_one(audit):
    with (paths.PUBLISHED / "audit.csv").open(encoding="utf-8", newline="") as file:
        noted = list(csv.DictReader(file))
    assert len(noted) == 95
    for row in noted:
        verdict, _ = OTHERWISE.get(row["id"], (WORDS[row["consistent"]], ""))
        ids = OTHER_IDS.get(row["id"], row["ledger_id"])
        here = audit[audit["ledger_id"] == ids]
        assert verdict in set(here["verdict"]), (row["id"], row["check"], list(here["verdict"]))
        if row["check"] == "percentage":
            (share,) = here.loc[here["check"] == "percentage", "recomputed"]
            assert float(share[:-1]) == pytest.approx(float(row["recomputed"][:-1]), abs=0.051)
    unnumbered = [row for row in noted if not row["ledger_id"]]
    assert (audit["ledger_id"] == "").sum() == len(unnumbered)


def test_every_contradiction_is_explained_and_read(audit):
    wrong = audit[audit["verdict"] == Agreement.CONTRADICTS]
    assert sorted(filter(None, wrong["ledger_id"])) == [
        "P005", "P081;P082;P122", "P091", "P091;P102;P104;P105;P111", "P106", "P106", "P113",
        "P129", "P149;P150", "P154", "P156;P157", "P197", "P218",
    ]  # fmt: skip
    assert (wrong[["explanation", "readings", "reading_used"]] != "").all(axis=None)
    assert (audit.drop(index=wrong.index)[["readings", "reading_used"]] == "").all(axis=None)
    found = set(zip(wrong["ledger_id"], wrong["check"], strict=True))
    found |= {(ids, "") for ids, _ in found}
    read = paper.read_readings()
    unused = set(zip(read["ledger_id"], read["check"], strict=True)) - found
    assert unused == {("P096;P097;P103", ""), ("P209", "")}


def test_numbers_that_are_counted_in_a_stated_way_say_why():
    """Two counts of the same sentence gave other numbers: each has a decision in words."""
    decided = paper.read_readings().query("reason != ''")
    ids = [name for row in decided["ledger_id"] for name in row.split(";")]
    assert sorted(ids) == ["P005", "P096", "P097", "P103", "P129", "P154", "P209"]
    assert (decided[["words", "readings", "reading_used"]] != "").all(axis=None)
    assert set(recount.READ_AS) <= set(ids)


def test_a_second_reading_of_the_same_numbers_is_refused(tmp_path, monkeypatch):
    folder = shutil.copytree(paths.PUBLISHED, tmp_path / "published")
    file = folder / "readings.csv"
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    again = pd.concat([rows, rows[:1].assign(words="Something else.")])
    again.to_csv(file, index=False, lineterminator="\n")
    monkeypatch.setattr(paths, "PUBLISHED", folder)
    with pytest.raises(DataError, match=f"readings.csv, row {len(again) + 1}, column ledger_id"):
        paper.read_readings()


def test_checks_name_only_printed_numbers():
    checks = read_folder(paths.PUBLISHED, [CHECKS])["checks"]
    sums = checks[checks["kind"].isin(["equation", "bound"])]
    named = pd.concat([checks["ledger_id"], checks["left"], checks["right"]])
    assert set(named.str.findall(r"P\d{3}").explode().dropna()) <= set(NAMES)
    term = r"(P\d{3}(\.[kn])?|\d+)"
    for side in ("left", "right"):
        assert sums[side].str.fullmatch(rf"{term}( [+-] {term})*").all()


def test_every_share_with_a_total_is_checked(ledger, audit):
    shares = ledger[(ledger["statistic"] == "proportion") & ledger["denominator"].notna()]
    checked = audit.loc[audit["check"] == "percentage", "ledger_id"]
    assert sorted(checked) == sorted(shares["id"])
    assert len(checked) == 43


@pytest.mark.parametrize(
    ("name", "column", "value", "check"),
    [
        ("P079", "value", "391", "patients of cohort studies and case reports"),
        ("P087", "value", "344", "single and multiple mutations"),
        ("P144", "numerator", "160", "percentage"),
        ("P132", "value", "25", "percentage"),
        ("P123", "value", "386", "printed again"),
        ("P061", "value", "14.9", "symmetry of the interval of the median PFS"),
        ("P066", "value", "12", "lasting response beyond the upper limit of the median"),
        ("P148", "value", "0.045", "benefit, single against multiple mutations"),
        ("P184", "value", "59", "lowest agreement of a model"),
        ("P173", "denominator", "46", "a model's compared combinations and all"),
        ("P206", "value", "9.9", "which total the share of case reports is of"),
        ("P159", "value", "5", "studies and models that are named"),
    ],
)
def test_a_changed_number_is_noticed(ledger, audit, name, column, value, check):
    changed = ledger.astype({"denominator": object})
    changed.loc[changed["id"] == name, column] = value
    before, after = (
        table.loc[table["check"] == check, "verdict"].eq(Agreement.CONTRADICTS).sum()
        for table in (audit, paper.audit_ledger(changed))
    )
    assert after == before + 1


def test_a_mended_number_agrees(ledger):
    mended = ledger.copy()
    mended.loc[mended["id"] == "P113", "numerator"] = "28"
    mended.loc[mended["id"] == "P082", "value"] = "43"
    table = paper.audit_ledger(mended).set_index("ledger_id")["verdict"]
    assert table["P113"] == Agreement.ROUNDED
    assert table["P081;P082;P122"] == Agreement.EXACT


def test_implied_counts_are_the_only_ones_that_fit(ledger, audit):
    implied = ledger[ledger["numerator"].str.contains("implied")]
    said = audit[audit["check"] == "percentage"].set_index("ledger_id")["explanation"]
    assert len(implied) == 9
    for row in implied.itertuples():
        k = row.numerator.split()[0]
        assert f"and {k} of {row.denominator} gives" in said[row.id]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=4, max_size=4))
def test_tests_do_not_depend_on_the_order_of_the_groups(cells):
    a, b, c, d = cells
    table = np.array([[a, b], [c, d]])
    names = ("Fisher two-sided", "Pearson chi2", "mid-P", "unadjusted logistic Wald")
    one, other = two_by_two_tests(table), two_by_two_tests(table[::-1])
    for name in names:
        assert one[name] == pytest.approx(other[name])


def test_most_for_p_below_is_the_last_that_holds():
    most = most_for_p_below(55, 220, 230, 0.001)
    assert most == 28
    assert stats.fisher_exact([[55, 165], [28, 202]]).p_value < 0.001
    assert stats.fisher_exact([[55, 165], [29, 201]]).p_value >= 0.001
    assert [most_for_p_below(34, 220, n, 0.001) for n in (230, 201)] == [12, 11]
    assert [most_for_p_below(27, 82, n, 0.001) for n in (368, 339)] == [59, 54]


# Recomputing


def recomputed_ids() -> list[str]:
    from_rows = [name for name, how in recount.counts().items() if how.table]
    return [*from_rows, *" ".join(recount.NUMBERS).split()]


def test_every_number_is_recomputed_or_says_why_not():
    counted = recomputed_ids()
    assert len(counted) == len(set(counted))
    assert sorted([*counted, *paper.not_from_rows()]) == NAMES
    assert not paper.not_from_rows().keys() & set(counted)
    assert set(recount.READ_AS) <= set(counted)
    assert len(counted) == 170


SMALL = [
    sample("L1196M", "crizotinib", line("alectinib", "PR"), patient="a", variant="V1"),
    sample("G1202R", "alectinib", line("lorlatinib", "PD"), patient="a", order=2,
           prior="crizotinib;alectinib"),
    sample("G1202R", "ceritinib", line("alectinib", "SD", pfs_relation="=", pfs_months=7.0),
           patient="b", variant="V3", prior="crizotinib;ceritinib"),
    sample("I1171N+L1196M", "lorlatinib", line("brigatinib"), patient="c",
           prior="alectinib;lorlatinib"),
    sample("G1269A", "crizotinib", line("ceritinib", "PD"), patient="d"),
    sample("L1196M", "crizotinib", patient="e", status="excluded"),
]  # fmt: skip


def test_numbers_of_a_small_cohort():
    calls = pd.DataFrame(
        [("X-V1", "L1196M", "alectinib", "sensitive"), ("Y-V3", "G1202R", "alectinib", "unknown")],
        columns=["model_id", "mutations", "inhibitor", "call"],
    )
    found = paper.recompute(make_cohort(SMALL), calls).set_index("ledger_id")
    ours = found["ours"]
    assert ours[["P001", "P086", "P087", "P089", "P091", "P111"]].tolist() == [4, 5, 4, 1, 2, 1]
    # Patient c has a line without a decided benefit: no evaluation.
    assert ours[["P003", "P140", "P141", "P005"]].tolist() == [3, 4, 2, 2]
    assert found.loc["P004", ["ours", "k", "n"]].tolist() == [75.0, 3, 4]
    # First evaluations: a and d after one inhibitor, b after two.
    assert found.loc["P149", ["k", "n"]].tolist() == [1, 2]
    assert found.loc["P151", ["k", "n"]].tolist() == [1, 1]
    assert found.loc["P132", ["k", "n"]].tolist() == [1, 1]
    assert found.loc["P135", ["k", "n"]].tolist() == [1, 1]
    assert found.loc["P092", "ours"] == 1
    assert found.loc["P093", ["ours", "k", "n"]].tolist() == [50.0, 1, 2]
    assert found.loc["P113", ["ours", "k", "n"]].tolist() == [100.0, 1, 1]
    assert found.loc["P162", ["k", "n"]].tolist() == [4, 5]
    assert ours["P159"] == 1
    assert ours[["P197", "P216", "P209"]].tolist() == [1, 1, 100]
    assert found.loc["P154", ["ours", "as_read"]].tolist() == [4, 5]
    assert found["as_read"].notna().sum() == len(recount.READ_AS)


NO_CALLS = pd.DataFrame(columns=["model_id", "mutations", "inhibitor", "call"], dtype=str)


def counted(cohort, *readings):
    return paper.recompute(cohort, NO_CALLS, *readings).set_index("ledger_id")


def test_sentences_are_counted_under_the_readings():
    cohort = make_cohort(
        [*SMALL, sample("L1196M", "crizotinib", line("ceritinib", "PR"), patient="b", order=2,
                        prior="ceritinib;crizotinib")]
    )  # fmt: skip
    default = counted(cohort)
    assert default.loc["P005", ["ours", "as_read"]].tolist() == [2, 3]
    assert default.loc["P091", "ours"] == 2
    assert default.loc["P151", ["k", "n"]].tolist() == [1, 1]
    other = counted(
        cohort,
        paper.Readings(benefit_unit="patients", previous_count="evaluations", first_line=()),
    )
    assert other.loc["P005", ["ours", "as_read"]].tolist() == [2, 2]
    assert other.loc["P091", "ours"] == 3
    assert other.loc["P151", ["k", "n"]].tolist() == [2, 3]


def test_lorlatinib_counts_from_its_first_line_whether_or_not_its_benefit_is_known():
    rows = [
        sample("G1202R", "alectinib", line("lorlatinib"), prior="crizotinib;alectinib"),
        sample("G1202R", "alectinib", line("lorlatinib", "PD"), patient="two"),
        sample("I1171N", "brigatinib", line("lorlatinib", "PR"), patient="two", order=2,
               prior="alectinib;lorlatinib;brigatinib"),
        sample("G1202R", "alectinib", line("lorlatinib", "PR"), prior="unknown;alectinib"),
    ]  # fmt: skip
    assert counted(make_cohort(rows)).loc["P209", "ours"] == 50


def test_more_often_is_the_larger_p_and_nothing_where_it_is_not_more_often():
    rows = [("L1196M", "crizotinib")] * 9 + [("G1269A", "crizotinib")] * 3
    rows += [("L1196M", "alectinib")] * 2 + [("G1202R", "alectinib")] * 8
    rows += [("I1171N", "ensartinib")] * 5
    ours = counted(make_cohort([sample(*row) for row in rows]))["ours"]
    among = {"named": [[9, 3], [2, 8]], "all": [[9, 3], [2, 13]]}
    p_values = {name: scipy.stats.fisher_exact(table).pvalue for name, table in among.items()}
    assert ours["P096"] == pytest.approx(p_values["named"])
    assert p_values["named"] > p_values["all"]
    # I1171 substitutions are found after ensartinib alone.
    assert math.isnan(ours["P103"])


def test_an_empty_cohort_gives_no_number_by_accident(ledger, audit):
    ours = paper.recompute(make_cohort([]), NO_CALLS)
    compared = paper.compare_with_ledger(ledger, ours, audit)
    assert set(compared.loc[compared["match"] == Match.YES, "ledger_id"]) == set()


# Comparison


def test_the_comparison_writes_numbers_as_the_paper_does(ledger, audit):
    ours = pd.DataFrame(
        [
            ("P004", 100 * 239 / 387, 239, 387, math.nan),
            ("P063", 60.0, 3, 5, math.nan),
            ("P069", 60.0, 3, 5, math.nan),
            ("P096", 0.00002, None, None, math.nan),
            ("P112", 28.0, None, None, math.nan),
            ("P148", 0.0436, None, None, math.nan),
            ("P154", 387.0, None, None, 450.0),
            ("P206", math.nan, 0, 0, math.nan),
        ],
        columns=["ledger_id", "ours", "k", "n", "as_read"],
    ).astype({"k": "Int64", "n": "Int64"})
    compared = paper.compare_with_ledger(ledger, ours, audit).set_index("ledger_id")
    assert list(compared.index) == NAMES
    shown = compared.loc[ours["ledger_id"], ["ours", "match", "as_read"]].to_numpy().tolist()
    assert shown == [
        ["62", "yes", ""],
        ["3/5", "yes", ""],
        ["3/5", "no", ""],
        ["<.001 (2e-05)", "yes", ""],
        ["28", "no", ""],
        ["0.044", "yes", ""],
        ["387", "no", "450"],
        ["", "no", ""],
    ]
    assert "24/34 = 70.59%" in compared.loc["P112", "cause"]
    assert "28 of 34" in compared.loc["P112", "cause"]
    assert "no contradiction" in compared.loc["P069", "cause"]
    assert compared.loc["P010", ["match", "cause"]].tolist() == [
        "not recomputed", "cited from other publications",
    ]  # fmt: skip
    assert compared.loc["P148", "cause"] == ""


# Reconstructed cohort


@needs_reconstruction
def test_every_consistent_number_comes_out(ledger, audit, reconstructed):
    compared = paper.compare_with_ledger(ledger, paper.recompute(*reconstructed), audit)
    recomputed = compared[compared["match"] != Match.NOT_RECOMPUTED]
    consistent = recomputed[recomputed["consistent"]]
    assert set(consistent["match"]) == {Match.YES}
    different = recomputed[recomputed["match"] == Match.NO].set_index("ledger_id")
    assert list(different.index) == ["P005", "P112", "P129", "P154"]
    assert different["explained"].all()
    read = different["as_read"] == different["published"]
    assert read.to_dict() == {"P005": True, "P112": False, "P129": True, "P154": True}
    assert (compared.loc[compared["match"] != Match.YES, "cause"] != "").all()


@needs_reconstruction
def test_plain_counts_of_the_files_give_the_same_numbers(reconstructed):
    """A few numbers from the files alone, without the package."""
    patients, samples, treatments = (
        pd.read_csv(RECONSTRUCTED / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("patients", "samples", "treatments")
    )
    pool = patients[patients["status"] == "included"]
    taken = samples[samples["patient_id"].isin(pool["patient_id"])]
    single = ~taken["mutations"].str.contains("+", regex=False)
    after = taken["resistance_on"]
    given_alone = treatments[treatments["monotherapy"] == "yes"].merge(taken, on="sample_id")
    responded = given_alone["best_response"].isin(["CR", "PR"])
    progressed = given_alone["best_response"] == "PD"
    months = pd.to_numeric(
        given_alone["pfs_months"].where(given_alone["pfs_months"] != "", given_alone["dot_months"])
    )
    relation = given_alone["pfs_relation"].where(
        given_alone["pfs_months"] != "", given_alone["dot_relation"]
    )
    open_case = ~responded & ~progressed
    helped = responded | (open_case & (months >= 6) & (relation != "<"))
    short = (months < 6) & relation.isin(["=", "~"]) | (months <= 6) & (relation == "<")
    failed = progressed | (open_case & short & (given_alone["status"] != "ongoing"))
    expected = {
        "P001": len(pool),
        "P086": len(taken),
        "P087": single.sum(),
        "P122": (patients["status"] == "duplicate").sum(),
        "P091": (after == "crizotinib").sum(),
        "P098": (taken["mutations"].str.fullmatch(r"I1171\w") & (after == "alectinib")).sum(),
        "P112": (~single & (after == "lorlatinib")).sum(),
        "P126": (pool["fusion_partner"] != "unknown").sum(),
        "P130": (pool["fusion_variant"] == "V3").sum(),
        "P140": (helped | failed).sum(),
        "P141": helped.sum(),
        "P139": given_alone.loc[helped | failed, "patient_id"].nunique(),
    }
    ours = paper.recompute(*reconstructed).set_index("ledger_id")["ours"]
    assert {name: ours[name] for name in expected} == expected
    assert list(expected.values()) == [387, 450, 345, 50, 220, 27, 28, 107, 62, 262, 177, 239]


@needs_reconstruction
def test_a_changed_row_is_not_explained_by_a_contradiction(ledger, audit, reconstructed):
    cohort, calls = reconstructed
    patients = cohort.patients.copy()
    patients.loc[patients.index[patients["fusion_variant"] == "V3"][0], "fusion_variant"] = "V1"
    ours = paper.recompute(replace(cohort, patients=patients), calls)
    compared = paper.compare_with_ledger(ledger, ours, audit)
    differing = compared[(compared["match"] == Match.NO) & ~compared["explained"]]
    assert {"P130", "P131", "P157"} <= set(differing["ledger_id"])
    assert set(differing["cause"]) == {"no contradiction in print explains it: these rows give "
                                       "another number"}  # fmt: skip
