"""The data made from the raw facts: reproducible, complete, and without hidden judgement."""

import csv
import json
import math
import re
import shutil

import frictionless
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alkpool import paths, stats
from alkpool.analysis import benefit
from alkpool.data import cohort, dictionary, groups, laboratory, spelling, tables
from alkpool.data.reader import Table
from alkpool.data.tables import PATIENTS
from alkpool.intake import adjudicated, curate, raw
from alkpool.intake import extractions as extracted
from alkpool.intake.raw import DECISION_COLUMNS, decide
from alkpool.problems import DataError

pytestmark = pytest.mark.xdist_group("curation")

RAW = paths.RAW
GENERATED = [
    *(f"cohorts/curated/{name}.csv" for name in ("sources", "patients", "samples", "treatments")),
    "cohorts/curated/cohort.yaml",
    *(f"invitro/{name}.csv" for name in ("sources", "models", "measurements")),
    "knowledgebases/assertions.csv",
    *(f"groups/{name}.csv" for name in ("sources", "outcomes", "counts")),
    "README.md",
    "datapackage.json",
]


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def built():
    return curate.build()


@pytest.fixture(scope="module")
def curated():
    return cohort.load("curated")


@pytest.fixture(scope="module")
def extractions():
    return extracted.read_extractions()


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Copy of the data folder without its generated files, used in its place."""
    folder = tmp_path / "data"
    shutil.copytree(paths.DATA, folder, copy_function=shutil.copyfile)
    for name in GENERATED:
        (folder / name).unlink()
    monkeypatch.setattr(paths, "DATA", folder)
    return folder


def edit(path, change):
    """Change the rows of a raw file; ``change`` gets them as a list of dictionaries."""
    frame = read(path)
    rows = frame.to_dict("records")
    change(rows)
    pd.DataFrame(rows, columns=frame.columns).to_csv(path, index=False, lineterminator="\n")


# Rebuilding


def test_a_rebuild_gives_the_checked_in_bytes(data, capsys):
    assert curate.main() == 0
    assert len(capsys.readouterr().out.splitlines()) == len(GENERATED)
    checked_in = paths.HOME / "data"
    for name in GENERATED:
        assert (data / name).read_bytes() == (checked_in / name).read_bytes(), name


def test_invalid_data_are_refused_before_anything_is_written(data, capsys):
    def misspell(rows):
        rows[0]["resistance_on"] = "krizotinib"

    edit(data / "raw/curated/adjudicated.csv", misspell)
    assert curate.main() == 1
    error = capsys.readouterr().err
    assert "samples.csv" in error
    assert "krizotinib" in error
    assert not (data / "README.md").exists()
    assert not (data / "cohorts/curated/samples.csv").exists()


def test_the_file_form_is_as_promised():
    for name in GENERATED:
        content = (paths.DATA / name).read_bytes()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        content.decode("utf-8")
    for pattern, table in tables.TABLES.items():
        for path in paths.DATA.glob(pattern.replace("*", "curated")):
            frame = read(path)
            assert list(frame.columns) == table.columns
            keys = table.typed(frame)[table.key[0]]
            assert keys.is_monotonic_increasing, path


# The curated cohort


def test_the_cohort_has_no_problem():
    assert cohort.check(paths.COHORTS / "curated") == []


def test_the_numbers_of_the_cohort(curated):
    included = cohort.analysis_set(curated)
    assert not curated.synthetic
    assert curated.sources["status"].value_counts().to_dict() == {"included": 22, "excluded": 20}
    assert curated.patients["status"].value_counts().to_dict() == {"included": 34, "excluded": 10}
    assert len(curated.samples) == 47
    assert len(curated.treatments) == 13
    assert len(included.patients) == 34
    assert len(included.samples) == 36
    assert len(included.treatments) == 12
    assert (included.treatments["monotherapy"] != "no").sum() == 11
    assert len(benefit.evaluable(included.treatments)) == 11


def test_the_class_of_every_evaluated_line(curated):
    lines = benefit.evaluable(cohort.analysis_set(curated).treatments)
    classified = benefit.classify(lines).set_index("treatment_id")
    assert {key: (row["benefit"], row["rule"]) for key, row in classified.iterrows()} == {
        "cheng2024-p1-s1-ceritinib": ("no benefit", "R5"),
        "cheng2024-p1-s1-ensartinib": ("no benefit", "R5"),
        "dagogojack2019-p1-s1-ceritinib": ("benefit", "R3"),
        "katayama2014-p1-s1-ceritinib": ("benefit", "R1"),
        "kodityal2016-p1-s1-ceritinib": ("benefit", "R1"),
        "lin2018-p1-s1-brigatinib": ("no benefit", "R2"),
        "ou2015-p1-s1-ceritinib": ("benefit", "R1"),
        "saber2016-p2-s1-ceritinib": ("benefit", "R1"),
        "shaw2016-p1-s1-ceritinib": ("no benefit", "R2"),
        "shaw2016-p1-s1-crizotinib": ("unknown", "R9"),
        "shaw2016-p1-s1-lorlatinib": ("benefit", "R1"),
    }


@pytest.mark.parametrize("ongoing_dot", ["unknown", "no benefit"])
@pytest.mark.parametrize("response_known", [True, False])
def test_no_class_depends_on_reading_censored_months_as_bounds(
    curated, ongoing_dot, response_known
):
    lines = curated.treatments
    bounded = (lines["pfs_relation"] == ">") | (lines["dot_relation"] == ">")
    lines = lines[bounded]
    assert list(lines["treatment_id"]) == [
        "kodityal2016-p1-s1-ceritinib",
        "ou2015-p1-s1-ceritinib",
    ]
    if not response_known:
        lines = lines.assign(best_response="unknown")
    rule = benefit.BenefitRule(ongoing_dot=ongoing_dot)
    exact = lines.replace({"pfs_relation": {">": "="}, "dot_relation": {">": "="}})
    as_bounds, as_numbers = (benefit.classify(each, rule)["benefit"] for each in (lines, exact))
    assert list(as_bounds) == list(as_numbers)


def test_lines_of_treatment_copy_the_adjudicated_record(built):
    decisions = raw.read_decisions(RAW / "curated" / raw.DECISIONS)
    decisions = decisions[decisions["table"] == "treatments"]
    decided = set(decisions[["record", "field"]].itertuples(index=False, name=None))
    records = read(RAW / "curated/adjudicated.csv").set_index("record_id")
    records = pd.concat([records, read(RAW / "curated/second_search.csv").set_index("record_id")])
    treatments = built["cohorts/curated/treatments.csv"].set_index("treatment_id")
    copied = {
        "inhibitor": "next_alk_inhibitor",
        "monotherapy": "monotherapy",
        "best_response": "best_response",
        "pfs_months": "pfs_months",
        "dot_months": "dot_months",
        "status": "treatment_status",
        "read_via": "seen_in",
    }
    closed = {"monotherapy", "best_response", "status"}
    for treatment, row in treatments.iterrows():
        for field, origin in copied.items():
            stated = records.at[treatment, origin] or ("unknown" if field in closed else "")
            assert row[field] == stated or (treatment, field) in decided
    given = records[(records["next_alk_inhibitor"] != "") & (records["include"] != "group")]
    assert set(given.index) - set(treatments.index) == {
        "zhu2017-p1-s1-alectinib", "zhu2017-p1-s1-lorlatinib", "kaken15k18452-p1-s1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("shaw2016-p1-s1-ceritinib", "2"),
        ("shaw2016-p1-s1-crizotinib", "3"),
        ("shaw2016-p1-s1-lorlatinib", "4"),
        ("shaw2016-p1-s2-crizotinib", "5"),
        ("cheng2024-p1-s1-ceritinib", "3"),
        ("dagogojack2019-p1-s1-ceritinib", ""),
        ("lin2018-p1-s1-brigatinib", ""),
    ],
)
def test_line_numbers_are_blank_where_earlier_lines_are_not_all_known(built, line, number):
    treatments = built["cohorts/curated/treatments.csv"].set_index("treatment_id")
    assert treatments.at[line, "line_number"] == number


@pytest.mark.parametrize(
    ("sample", "field", "value"),
    [
        ("choi2010-p1-s1", "vaf_percent", "41.8;14"),
        ("choi2010-p1-s1", "phase", "trans"),
        ("hu2020-p1-s2", "vaf_percent", "unknown;unknown;3.07"),
        ("kodityal2016-p1-s1", "vaf_percent", "2"),
        ("ou2015-p1-s1", "vaf_percent", ""),
        ("shaw2016-p1-s1", "prior_inhibitors", "crizotinib"),
        ("shaw2016-p1-s2", "prior_inhibitors", "crizotinib;ceritinib;crizotinib;lorlatinib"),
        ("dagogojack2019-p1-s1", "resistance_on", "unknown"),
        ("dagogojack2019-p1-s2", "prior_inhibitors", "unknown;ceritinib"),
        ("recondo2020-p1-s1", "prior_inhibitors", "unknown;lorlatinib"),
        ("kim2013-p3-s1", "phase", "unknown"),
        ("katayama2012-p1-s1", "mutations", "T1151dup"),
        ("lin2018-p7-s1", "mutations", "unknown"),
        ("friboulet2014-p1-s1", "prior_inhibitors", "unknown;ceritinib"),
        ("katayama2014-p1-s1", "locator", "CIViC EID1283, EID1284, EID1287; PMID 25228534"),
        ("makimoto2019-p1-s1", "read_via", ""),
    ],
)
def test_samples(built, sample, field, value):
    samples = built["cohorts/curated/samples.csv"].set_index("sample_id")
    assert samples.at[sample, field] == value


def test_excluded_sources_say_why(built):
    sources = built["cohorts/curated/sources.csv"].set_index("source_id")
    excluded = sources[sources["status"] == "excluded"]
    assert (excluded["exclusion_reason"] != "").all()
    assert excluded.at["sakakibara-konishi2019", "exclusion_reason"].startswith("looked for")
    assert excluded.at["gainor2016", "exclusion_reason"] == adjudicated.NO_SEPARABLE_PATIENT
    assert sources.loc[sources["study_type"] == "unknown", "status"].unique() == ["excluded"]


def test_possible_overlap_with_the_paper_is_said_and_stays_included(built):
    patients = built["cohorts/curated/patients.csv"].set_index("patient_id")
    for patient in ("saber2016-p1", "saber2016-p2"):
        assert patients.at[patient, "status"] == "included"
        assert "local patients of Koopman 2022" in patients.at[patient, "note"]


@given(
    percentages=st.dictionaries(
        st.sampled_from(["C1156Y", "L1196M", "G1202R", "G1269A"]),
        st.decimals(0, 100, places=2),
        min_size=1,
    ),
    absent=st.sets(st.sampled_from(["F1174L", "S1206Y"])),
    order=st.randoms(use_true_random=False),
)
def test_allele_frequencies_follow_the_order_of_the_profile(percentages, absent, order):
    profile = spelling.profile("+".join([*percentages, *absent]))
    printed = [f"{name} {percent}%" for name, percent in percentages.items()]
    order.shuffle(printed)
    parsed = adjudicated._vaf("; ".join(printed), profile).split(";")
    expected = [str(percentages.get(name, "unknown")) for name in profile.split("+")]
    assert parsed == expected


@pytest.mark.parametrize(
    ("stated", "profile"),
    [
        ("about 50% of tumor cells", "C1156Y"),
        ("G1202R 3%", "L1196M"),
        ("36%", "L1196M+G1202R"),
        ("L1196M 3%; L1196M 4%", "L1196M+G1202R"),
    ],
)
def test_text_that_is_no_allele_frequency_of_the_profile_needs_a_decision(stated, profile):
    assert adjudicated._vaf(stated, profile) == stated


@pytest.mark.parametrize(
    ("record", "field", "value"),
    [
        ("shaw2016-p1-s1-lorlatinib", "sex", "M"),
        ("shaw2016-p1-s1-lorlatinib", "alk_mutations", "G1202R"),
        ("hu2020-p1-s2", "include", "yes"),
        ("kim2013-p2-s1", "study_type", "case_report"),
    ],
)
def test_records_of_one_patient_or_sample_must_agree(data, record, field, value):
    def contradict(rows):
        next(row for row in rows if row["record_id"] == record)[field] = value

    edit(data / "raw/curated/adjudicated.csv", contradict)
    with pytest.raises(DataError, match="differs between its rows"):
        curate.build(data / "raw")


# Corrections, one test for each kind


def test_facts_of_a_civic_record_stand_in_the_record():
    """Stage and histology that a decision takes from CIViC are the record's own words."""
    path = RAW / "knowledgebases/civic_alk.tsv"
    items = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).set_index("evidence_id")
    assert len(items) == 151
    decisions = read(RAW / "curated" / raw.DECISIONS)
    named = decisions["reason"].str.extract(r"EID(\d+)", expand=False)
    taken = decisions.assign(item=named)[decisions["field"].isin(["stage", "histology"])].dropna()
    assert len(taken) == 15
    for row in taken.itertuples():
        item = items.loc[row.item]
        assert row.value.lower() in f"{item['evidence_statement']} {item['disease']}".lower(), row
        assert item["citation_id"] in PMIDS[row.record.split("-")[0]]


PMIDS = read(RAW / "curated/sources.csv").set_index("source_key")["pmid"]


def test_known_stages_and_histologies(curated):
    included = cohort.analysis_set(curated).patients
    assert (included["stage"] != "unknown").sum() == 8
    assert (included["histology"] != "unknown").sum() == 8


def test_both_lines_of_cheng_2024_are_shorter_than_six_months(curated):
    lines = curated.treatments[curated.treatments["treatment_id"].str.startswith("cheng2024")]
    classified = benefit.classify(lines.assign(monotherapy="yes"))
    assert list(classified["benefit"]) == ["no benefit"] * 2
    assert list(classified["rule"]) == ["R5"] * 2


def test_a_group_that_a_source_reports_has_no_rows_of_patients(built):
    records = read(RAW / "curated/adjudicated.csv").query("include == 'group'")
    assert list(records["patient"]) == ["p2", "p3", "p4", "p5", "p6"]
    assert set(records["source_key"]) == {"lin2018"}
    assert (records["exclusion_reason"] != "").all()
    assert (
        not built["cohorts/curated/treatments.csv"]["treatment_id"].isin(records["record_id"]).any()
    )
    patients = built["cohorts/curated/patients.csv"].query("source_id == 'lin2018'")
    assert list(patients["patient_id"]) == ["lin2018-p1", "lin2018-p7", "lin2018-p8"]


def test_every_patient_of_the_second_search_counts_or_says_why_not(built):
    patients = built["cohorts/curated/patients.csv"].set_index("patient_id")
    found = read(RAW / "curated/second_search.csv")
    names = found["source_key"] + "-" + found["patient"]
    assert len(names) == 11
    status = patients.loc[names, "status"]
    assert list(status.index[status == "included"]) == [
        "kaken15k18452-p1", "doebele2012asco-p1", "doebele2012asco-p2", "friboulet2014-p1",
        "friboulet2014-p2",
    ]  # fmt: skip
    assert (patients.loc[status.index[status == "excluded"], "exclusion_reason"] != "").all()


def test_treatments_between_the_biopsy_and_a_line(built):
    lines = built["cohorts/curated/treatments.csv"].set_index("treatment_id")["lines_since_sample"]
    assert lines[lines != "0"].to_dict() == {
        "cheng2024-p1-s1-ceritinib": "1",
        "saber2016-p2-s1-ceritinib": "",
        "shaw2016-p1-s1-crizotinib": "3",
        "shaw2016-p1-s1-lorlatinib": "4",
    }


def test_the_partner_of_a_combination_is_named(built):
    lines = built["cohorts/curated/treatments.csv"].set_index("treatment_id")
    assert lines.loc[lines["partner"] != "", "partner"].to_dict() == {
        "shaw2016-p1-s2-crizotinib": "vinorelbine"
    }


def test_a_case_of_another_tumour_is_marked(built):
    patients = built["cohorts/curated/patients.csv"].set_index("patient_id")
    marked = patients["exclusion_reason"].str.startswith("other tumour: ")
    assert list(patients.index[marked]) == ["hu2020-p1"]
    assert patients.at["hu2020-p1", "histology"] == "pleural mesothelioma"


def test_sampling_and_access_of_the_sources(built):
    sources = built["cohorts/curated/sources.csv"].set_index("source_id")
    assert list(sources.index[sources["sampling"] == "consecutive"]) == ["mccoach2018"]
    of_cases = sources.loc[sources["study_type"] == "case_report", "sampling"]
    assert set(of_cases) == {"selected"}
    secondary = sources.index[sources["access"].isin(["secondary", "tertiary"])]
    assert list(secondary) == [
        "doebele2012asco", "linshaw2019", "pailler2019", "sakakibara-konishi2019", "shaw2019",
    ]  # fmt: skip


PLACES = (
    "cohorts/curated/samples", "cohorts/curated/treatments", "invitro/models",
    "invitro/measurements", "knowledgebases/assertions", "groups/outcomes", "groups/counts",
)  # fmt: skip
ADDRESS = re.compile(
    r"CIViC EID\d+(, EID\d+)*|ChEMBL (assay )?CHEMBL\d+|PMID \d{8}|PMC\d+|DOI 10\.\d{4,5}/\S+|https?://.+"
    r"|doi:10\.\d{4,5}/\S+|NCT\d{8}|ESMO 2024 abstract 1253O"
)
# What could not be traced to its first place: the only rows without an address of it.
NOT_TRACED = {
    "cohorts/curated/samples": 1, "invitro/models": 2, "invitro/measurements": 7,
    "groups/outcomes": 3,
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_locator_is_a_primary_address(built, name):
    table = built[f"{name}.csv"]
    unknown = table["locator"] == adjudicated.NOT_IDENTIFIED
    assert unknown.sum() == NOT_TRACED.get(name, 0)
    assert (table.loc[unknown, "read_via"] != "").all()
    for locator in table.loc[~unknown, "locator"]:
        for part in locator.split("; "):
            assert ADDRESS.fullmatch(part.partition(", p. ")[0]), locator
            assert "github" not in part


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("CIViC EID441-444,1352", [441, 442, 443, 444, 1352]),
        ("data/civic_evidence.tsv EID236,EID237", [236, 237]),
        (
            "numbers: CIViC EID1350,1351,1353-1356; assay: text",
            [1350, 1351, 1353, 1354, 1355, 1356],
        ),
        ("github:a/b:civic_evidence.tsv#EID11113", [11113]),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC7909161", []),
    ],
)
def test_evidence_items_are_read_from_the_text(text, items):
    assert list(adjudicated._evidence_items(text)) == items


def test_nothing_is_from_memory():
    for path in [*paths.DATA.rglob("*.csv"), *paths.DATA.rglob("*.md")]:
        assert "from memory" not in path.read_text(encoding="utf-8"), path


# Decisions


def patients_frame():
    row = dict.fromkeys(PATIENTS.columns, "")
    return pd.DataFrame([row | {"patient_id": "a-p1", "histology": "unknown"}], dtype=str)


def decision(record="a-p1", field="histology", value="adenocarcinoma", reason="title"):
    return "patients", record, field, value, reason


def decided_patients(frame, decisions):
    return decide(frame, PATIENTS, pd.DataFrame(decisions, columns=DECISION_COLUMNS, dtype=str))


def test_a_decision_changes_its_cell_and_nothing_else():
    frame = patients_frame()
    decided = decided_patients(frame, [decision()])
    assert decided.at[0, "histology"] == "adenocarcinoma"
    assert frame.at[0, "histology"] == "unknown"
    pd.testing.assert_frame_equal(
        decided.drop(columns="histology"), frame.drop(columns="histology")
    )


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        ([decision(record="b-p1")], "is no patient_id of patients.csv"),
        ([decision(field="colour")], "must be one of source_id, status"),
        ([decision(field="patient_id")], "must be one of source_id, status"),
        ([decision(value="unknown")], "changes nothing"),
        ([decision(reason="")], "must not be blank"),
        ([decision(), decision(value="squamous")], "decided twice"),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(decisions, words):
    with pytest.raises(DataError, match=words) as refusal:
        decided_patients(patients_frame(), decisions)
    assert f"row {len(decisions) + 1}" in str(refusal.value)


def test_all_unfit_decisions_are_listed_together():
    unfit = [decision(record="b-p1"), decision(field="colour")]
    with pytest.raises(DataError) as refusal:
        decided_patients(patients_frame(), unfit)
    assert [problem.row for problem in refusal.value.problems] == [2, 3]


def test_a_key_that_stands_twice_cannot_be_decided_on():
    twice = pd.concat([patients_frame()] * 2, ignore_index=True)
    with pytest.raises(DataError, match="stands twice"):
        decided_patients(twice, [])


def test_a_decision_on_another_table_is_refused(tmp_path):
    path = tmp_path / "decisions.csv"
    path.write_text("table,record,field,value,reason\nmodels,a,b,c,d\n")
    with pytest.raises(DataError, match="must be one of sources, patients, samples, treatments"):
        raw.read_decisions(path)
    path.write_text("table,record,value,field,reason\n")
    with pytest.raises(DataError, match="the columns must be table, record, field"):
        raw.read_decisions(path)


def test_every_decision_is_in_the_built_data(built):
    decisions = read(RAW / "curated" / raw.DECISIONS)
    assert (decisions["reason"] != "").all()
    for row in decisions.itertuples():
        frame = built[f"{curate.COHORT}/{row.table}.csv"]
        cells = frame.loc[frame.iloc[:, 0] == row.record, row.field]
        assert list(cells) == [row.value], row


def test_a_decision_that_became_superfluous_stops_the_build(data):
    path = data / "raw/curated" / raw.DECISIONS
    edit(path, lambda rows: rows.append(dict(rows[0], value=rows[0]["value"] + "!")))
    with pytest.raises(DataError, match="decided twice"):
        curate.build(data / "raw")


def test_without_its_decision_a_cell_fraction_is_refused(data, capsys):
    path = data / "raw/curated/decisions.csv"
    edit(path, lambda rows: rows.remove(next(row for row in rows if row["field"] == "vaf_percent")))
    assert curate.main() == 1
    assert "33% of tumor cells" in capsys.readouterr().err


# The two extractions


def extraction(**fields):
    """One record for each value given; fields not given are blank."""
    records = max(len(values) for values in fields.values())
    columns = read(RAW / "curated/extraction_a.csv").columns
    blank = {name: [""] * records for name in columns}
    identity = {"record_id": [f"r{number}" for number in range(records)]}
    return pd.DataFrame(blank | identity | fields)


def test_agreement_counts_omissions_apart_from_contradictions():
    first = extraction(best_response=["PR", "PR", "SD", "PD", "", "PR", "unknown"])
    second = extraction(best_response=["PR", "SD", "SD", "PD", "CR", "", ""])
    row = extracted.agreement(first, second).set_index("field").loc["best_response"]
    assert row[["records", "both_stated", "agreeing"]].tolist() == [7, 4, 3]
    assert row[["first_only", "second_only", "neither"]].tolist() == [1, 1, 1]
    assert row["agreement"] == 0.75
    assert (row["low"], row["high"]) == tuple(stats.wilson(3, 4))
    # Observed 3/4; by chance (2*1 + 1*2 + 1*1) / 16.
    assert row["kappa"] == pytest.approx((0.75 - 5 / 16) / (1 - 5 / 16))


def test_agreement_compares_as_the_schema_stores():
    first = extraction(alk_mutations=["1151Tins", "I1171X|V1180L"], pfs_months=["7", "6.0"])
    second = extraction(alk_mutations=["p.T1151dup", "I1171X|V1180L"], pfs_months=["7.0", "6"])
    table = extracted.agreement(first, second).set_index("field")
    assert table.loc["alk_mutations", "agreeing"] == 2
    assert table.loc["pfs_months", "agreeing"] == 2
    words = extracted.agreement(
        extraction(vaf=["33% of tumor cells"]), extraction(vaf=["about 33% of tumour cells"])
    ).set_index("field")
    assert words.loc["vaf", ["both_stated", "agreeing"]].tolist() == [1, 0]
    assert math.isnan(table.loc["age", "agreement"])


def test_agreement_uses_the_records_of_both_only():
    first = extraction(sex=["M", "F"])
    second = extraction(sex=["M", "F", "F"]).iloc[1:]
    table = extracted.agreement(first, second)
    assert set(table["records"]) == {1}
    assert table.set_index("field").loc["sex", "agreeing"] == 1


def test_an_extraction_agrees_with_itself(extractions):
    table = extracted.agreement(extractions.first, extractions.first)
    assert (table["agreeing"] == table["both_stated"]).all()
    assert (table[["first_only", "second_only"]] == 0).all(axis=None)
    same = extracted.disagreements(extractions.first, extractions.first, extractions.first)
    assert same.empty
    assert list(same.columns[:3]) == ["record", "field", "kind"]


def test_a_record_without_adjudication_is_refused(extractions):
    first, second, adjudicated = extractions
    with pytest.raises(ValueError, match="not adjudicated: choi2010-p1-s1"):
        extracted.disagreements(first, second, adjudicated.iloc[1:])


def test_agreement_does_not_depend_on_who_is_first(extractions):
    one = extracted.agreement(extractions.first, extractions.second)
    two = extracted.agreement(extractions.second, extractions.first)
    shared = ["field", "records", "both_stated", "agreeing", "low", "high", "kappa", "neither"]
    pd.testing.assert_frame_equal(one[shared], two[shared])
    assert list(one["first_only"]) == list(two["second_only"])


def test_the_double_extraction_of_the_cohort(extractions):
    assert [len(frame) for frame in extractions] == [33, 36, 45]
    table = extracted.agreement(extractions.first, extractions.second).set_index("field")
    assert set(table["records"]) == {24}
    parts = table[["both_stated", "first_only", "second_only", "neither"]].sum(axis=1)
    assert (parts == 24).all()
    counts = table[["both_stated", "agreeing", "first_only", "second_only"]]
    assert counts.loc["alk_mutations"].tolist() == [24, 22, 0, 0]
    assert counts.loc["best_response"].tolist() == [5, 5, 3, 0]
    assert counts.loc["pfs_months"].tolist() == [3, 3, 3, 0]
    assert counts.loc["vaf"].tolist() == [7, 3, 0, 0]
    assert counts.loc["monotherapy"].tolist() == [8, 7, 0, 2]


def test_every_difference_of_the_double_extraction_was_settled(extractions):
    table = extracted.disagreements(*extractions)
    assert table["kind"].value_counts().to_dict() == {
        "first only": 27,
        "second only": 19,
        "different values": 8,
    }
    alone = table[table["field"] == "record"].set_index("record")
    assert alone["kind"].value_counts().to_dict() == {"second only": 12, "first only": 9}
    assert alone.at["hu2020-p1-s2", "settled"] == "no"
    settled = table.set_index(["record", "field"])
    response = settled.loc[("shaw2016-p1-s1-ceritinib", "best_response")]
    assert response[["first", "second", "settled", "settled_as"]].tolist() == [
        "PD", "", "PD", "first",
    ]  # fmt: skip
    assert "stands in the full text" in response["adjudication"]
    months = settled.loc[("kodityal2016-p1-s1-ceritinib", "pfs_months")]
    assert months[["settled", "settled_as"]].tolist() == ["", "second"]
    finding = settled.loc[("cheng2024-p1-s1-ensartinib", "other_mechanisms")]
    assert finding["settled_as"] == "neither"


# In vitro


def test_the_numbers_of_the_in_vitro_tables():
    loaded = laboratory.load()
    assert len(loaded.sources) == 63
    assert len(loaded.models) == 80
    assert len(loaded.measurements) == 322
    assert loaded.measurements["value"].notna().sum() == 230
    assert loaded.models["system"].value_counts().to_dict() == {
        "ALK-fusion cells": 34, "cell-free": 33, "unknown": 5, "patient-derived cells": 3,
        "other cells": 3, "in vivo": 2,
    }  # fmt: skip
    assert laboratory.decides(loaded.models).sum() == 31
    reviews = loaded.sources.loc[loaded.sources["secondary"] == "yes", "source_id"]
    assert list(reviews) == [
        "AGGCN-reviews", "AP26113-Ki-review", "CHEMBL4376817", "CHEMBL4665674",
        "Jain2017-review", "Sabari2017-review",
    ]  # fmt: skip


def test_a_table_of_a_review_counts_once_as_assertions(built):
    assertions = built["knowledgebases/assertions.csv"].query("record == 'Table 2'")
    assert len(assertions) == 94
    for table in ("sources", "models", "measurements"):
        frame = built[f"invitro/{table}.csv"]
        assert "Lin2017-review" not in {*frame.iloc[:, 0], *frame.iloc[:, 1]}


def test_calls_and_compounds_that_were_settled(built):
    measurements = built["invitro/measurements.csv"].set_index("measurement_id")
    assert (measurements["inhibitor"] == "ap26113-analog").sum() == 10
    assert (measurements["inhibitor"] == "ap26113-unspecified").sum() == 2
    # Two numbers of CIViC EID1291 have no unit.
    without_unit = measurements["note"].str.contains("without a unit")
    assert list(measurements.index[without_unit]) == [
        "Katayama2014-BaF3-V1180L-brigatinib", "Katayama2014-BaF3-WT-brigatinib",
    ]  # fmt: skip
    assert (measurements.loc[without_unit, "value"] == "").all()
    # Eight calls of Mologni 2015 rest on a title that names no mutant.
    of_title = measurements[measurements["model_id"] == "Mologni2015-NPM"]
    assert (of_title.query("inhibitor == 'lorlatinib'")["call_in_source"] == "unknown").sum() == 8


def test_replicates_and_doubtful_units_are_left_out_with_their_reason(built):
    left_out = read(RAW / "invitro/second_search/left_out.csv")
    assert len(left_out) == 12
    assert (left_out["reason"] != "").all()
    rows = built["invitro/measurements.csv"]
    facts = rows["locator"].str.extract(r"(CHEMBL\d+)", expand=False) + rows["mutations"]
    facts += rows["inhibitor"] + rows["value"]
    of_left_out = left_out["document"] + left_out["mutations"] + left_out["inhibitor"]
    assert not facts.isin(of_left_out + left_out["value"]).any()


def test_only_limits_that_a_source_states_are_used(built):
    models = built["invitro/models.csv"].set_index("model_id")
    assert models.loc[models["sensitive_max"] != "", "sensitive_max"].to_dict() == {
        "Sabari2017-review": "50"
    }
    assert (models["resistant_min"] == "").all()
    assert "not seen" in models.at["Gainor2016", "threshold_source"]
    assert "ratio" in models.at["Fontana2015-EML4", "threshold_source"]


def test_only_printed_ratios_are_fold_changes(built):
    measurements = built["invitro/measurements.csv"].set_index("measurement_id")
    assert measurements.loc[measurements["fold_change"] != "", "fold_change"].to_dict() == {
        "Fontana2015-EML4-G1202R-alectinib": "64.4",
        "Fontana2015-EML4-G1269A-alectinib": "6",
        "Fontana2015-EML4-G1269A-brigatinib": "1.5",
        "Fontana2015-EML4-G1269A-ceritinib": "1.5",
        "Fontana2015-NPM-G1202R-alectinib": "27.9",
        "Fontana2015-NPM-G1269A-alectinib": "5.3",
        "Katayama2012-EML4-T1151dup-crizotinib": "16",
        "Katayama2012-V1-T1151dup-alectinib": "16",
        "Katayama2012-V1-T1151dup-tae684": "20",
    }


# Comparators, copies, reference


def test_assertions(built):
    assertions = built["knowledgebases/assertions.csv"]
    assert len(assertions) == 174
    assert (assertions["mutations"] == "I1171X").sum() == 7
    assert "I1171" not in set(assertions["mutations"])
    assert set(assertions["direction"]) == {
        "sensitivity", "resistance", "does not support sensitivity",
    }  # fmt: skip
    assert not assertions["as_printed"].str.startswith("as printed").any()


def test_inhibitors_in_figure_order():
    assert tables.assessed_inhibitors() == (
        "crizotinib", "ceritinib", "alectinib", "brigatinib", "ensartinib", "lorlatinib",
    )  # fmt: skip
    known = tables.inhibitors().set_index("inhibitor")
    generations = known["generation"].to_dict()
    assert [generations[name] for name in tables.assessed_inhibitors()] == list("122223")
    assert set(generations.values()) == {"1", "2", "3", "unknown"}
    assert "Not brigatinib" in known.at["ap26113-analog", "note"]
    assessed = known["status"] == "assessed"
    assert list(known.index[assessed]) == sorted(tables.assessed_inhibitors())
    assert {"neladalkib", "zotizalkib", "iruplinalkib", "repotrectinib", "gilteritinib"} <= set(
        known.index[known["status"] == "investigational"]
    )


NAMES = {
    "Xalkori": "crizotinib", "PF-02341066": "crizotinib", "Zykadia": "ceritinib",
    "ldk 378": "ceritinib", "ALECENSA 600 mg": "alectinib", "RO5424802": "alectinib",
    "CH5424802": "alectinib", "AF-802": "alectinib", "brigatinib 180 mg": "brigatinib",
    "Brigatinib 90mg once daily": "brigatinib", "AP26113": "brigatinib", "X-396": "ensartinib",
    "Ensacove": "ensartinib", "lorlatinib": "lorlatinib", "Lorviqua": "lorlatinib",
    "pf06463922": "lorlatinib", "NVL-655": "neladalkib", "TPX-0131": "zotizalkib",
    "TPX-0005": "repotrectinib", "WX-0593": "iruplinalkib", "ap26113-analog": "ap26113-analog",
}  # fmt: skip


def test_an_inhibitor_has_the_names_that_people_use():
    assert {name: tables.inhibitor_named(name) for name in NAMES} == NAMES
    for inhibitor in tables.inhibitors()["inhibitor"]:
        assert tables.inhibitor_named(inhibitor.upper()) == inhibitor


def test_no_name_stands_for_two_compounds():
    known = tables.inhibitors()
    names = [*known["inhibitor"], *known["aliases"].str.split(";").explode()]
    plain = [part for name in names if name for part in spelling.joined(name)]
    assert len(plain) == len(set(plain))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lorlatanib", "Is lorlatinib meant?"),
        ("imatinib", "'imatinib' is not a known inhibitor. A new one is a line in data/reference"),
        ("", "'' is not a known inhibitor. A new one"),
        ("600 mg", "is not a known inhibitor. A new one"),
    ],
)
def test_an_unknown_name_says_how_a_line_is_added(name, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        tables.inhibitor_named(name)


def test_working_words_stay_in_the_raw_files():
    words = ("seed paper", "seed UMCG", "share B", "A12_", "kb_assertions", "cases_from_memory")
    for name in GENERATED:
        text = (paths.DATA / name).read_text(encoding="utf-8")
        assert [word for word in words if word in text] == [], name


# Data dictionary and data package


def test_the_dictionary_covers_every_table_and_column():
    declared = [value for module in (tables, groups) for value in vars(module).values()]
    known = [value for value in declared if isinstance(value, Table)]
    assert {id(table) for table in known} == {id(table) for table in tables.TABLES.values()}
    text = dictionary.data_dictionary()
    # A reader comes first; how the page is made stands last.
    assert "make data" not in text.partition("\n## ")[0]
    for table in known:
        for name, column in table.schema.columns.items():
            assert column.description
            assert f"| `{name}` | {column.description} |" in text


def test_references_point_to_keys():
    found = 0
    for pattern, table in tables.TABLES.items():
        for column in table.schema.columns.values():
            if column.metadata.get("refers_to"):
                place, key = column.metadata["refers_to"]
                target = place if "/" in place else f"{pattern.rsplit('/', 1)[0]}/{place}"
                assert tables.TABLES[target].key == (key,)
                found += 1
    assert found == 11


def test_transcripts_describe_the_columns_of_their_files():
    published = [name for name in dictionary.TRANSCRIPTS if name.startswith("published/")]
    with_schema = {name for name in tables.TABLES if name.startswith("published/")}
    assert {*published, *with_schema} == {
        f"published/{path.name}" for path in paths.PUBLISHED.glob("*.csv")
    }
    for name in published:
        with (paths.DATA / name).open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        assert header == list(dictionary.TRANSCRIPTS[name]["columns"])
    assert len(read(paths.PUBLISHED / "results.csv")) == 219


def test_every_csv_file_is_a_resource_with_its_terms():
    package = json.loads((paths.DATA / "datapackage.json").read_text(encoding="utf-8"))
    files = {path.relative_to(paths.DATA).as_posix() for path in paths.DATA.rglob("*.csv")}
    assert {resource["path"] for resource in package["resources"]} == files
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names)
    assert package["licenses"][0]["name"] == "CC-BY-4.0"


def test_a_synthetic_cohort_says_so_in_the_package(data):
    folder = shutil.copytree(paths.HOME / "data/cohorts/curated", data / "cohorts/made-up")
    description = (
        (folder / "cohort.yaml").read_text().replace("synthetic: false", "synthetic: true")
    )
    (folder / "cohort.yaml").write_text(description)
    package = json.loads(curate.files(data)["datapackage.json"])
    said = {resource["path"]: resource["description"] for resource in package["resources"]}
    assert "synthetic rows, not patients" in said["cohorts/made-up/samples.csv"]
    assert "synthetic" not in said["cohorts/curated/samples.csv"]


def test_the_data_package_is_valid():
    report = frictionless.validate(str(paths.DATA / "datapackage.json"))
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])[:10]
    assert report.stats["tasks"] == len(list(paths.DATA.rglob("*.csv")))


DAMAGES = [
    ("cohorts/curated/treatments.csv", ",ceritinib,yes,,PR", ",seritinib,yes,,PR", "foreign-key"),
    ("cohorts/curated/samples.csv", ",choi2010-p1,", ",choi2010-p9,", "foreign-key"),
    ("cohorts/curated/patients.csv", ",male,", ",man,", "constraint-error"),
    ("cohorts/curated/patients.csv", "choi2010-p1,", "cheng2024-p1,", "primary-key"),
    ("invitro/measurements.csv", "Choi2010-C1156Y-crizotinib,Choi2010,",
     "Choi2010-C1156Y-crizotinib,,", "constraint-error"),
    ("cohorts/curated/treatments.csv", ",=,7,", ",=,7 mo,", "type-error"),
]  # fmt: skip


@pytest.mark.nightly
def test_the_data_package_finds_what_is_wrong(data):
    curate.main()
    for file, old, new, _ in DAMAGES:
        text = (data / file).read_text(encoding="utf-8")
        assert old in text
        (data / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def found() -> set[tuple[str, str]]:
        report = frictionless.validate(str(data / "datapackage.json"))
        return {(task.place, error.type) for task in report.tasks for error in task.errors}

    assert {(file, "hash-count") for file, *_ in DAMAGES} <= found()
    contents = {
        path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*.csv")
    }
    (data / "datapackage.json").write_text(dictionary.data_package(contents, {}), encoding="utf-8")
    assert {(file, kind) for file, _, _, kind in DAMAGES} <= found()
