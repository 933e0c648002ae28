"""Loading, validating, pooling and counting cohorts."""

import shutil
import warnings

import pandas as pd
import pytest
from factory import line, make_cohort, sample

import alkpool
from alkpool import paths
from alkpool.data.cohort import analysis_set, characteristics, check, flow, lines, ours, pool
from alkpool.problems import DataError

VALID_DESCRIPTION = "title: x\nkind: own\nsynthetic: false\ndescription: x\nlicence: none\n"


@pytest.fixture
def folder(tmp_path):
    """Copy of the curated cohort, free to be broken."""
    return shutil.copytree(paths.COHORTS / "curated", tmp_path / "mine")


def edit(folder, table, row, **cells):
    """Overwrite cells of the n-th record (0 is the first below the header)."""
    path = folder / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, value in cells.items():
        frame.loc[row, column] = value
    frame.to_csv(path, index=False, lineterminator="\n")
    return frame


def test_curated_cohort_is_valid_and_counts_hold(folder):
    assert check(folder) == []
    cohort = alkpool.load("curated")
    kept = analysis_set(cohort)
    assert (len(kept.patients), len(kept.samples)) == (34, 36)
    assert len(cohort.patients) == 44
    assert not cohort.synthetic
    assert kept.samples["patient_id"].isin(kept.patients["patient_id"]).all()


def test_a_path_loads_what_the_name_loads(folder):
    by_path, by_name = alkpool.load(folder), alkpool.load("curated")
    pd.testing.assert_frame_equal(by_path.samples, by_name.samples)
    assert (by_path.folder, by_name.folder) == (folder, paths.COHORTS / "curated")
    assert make_cohort([]).folder is None


@pytest.mark.parametrize("given", [".", "", "x/..", "./", "../mine"])
def test_only_the_name_of_a_cohort_is_a_name(folder, monkeypatch, given):
    monkeypatch.chdir(folder)
    assert paths.cohort_folder(given) == folder


def test_a_cohort_of_the_project_is_found_by_its_name_or_path(tmp_path, monkeypatch):
    curated = paths.COHORTS / "curated"
    assert paths.cohort_folder("curated") == paths.cohort_folder(curated) == curated
    assert paths.cohort_folder("data/cohorts/curated", paths.HOME) == curated
    monkeypatch.chdir(paths.COHORTS)
    assert paths.cohort_folder("./curated") == curated
    assert paths.cohort_folder("nowhere") == paths.COHORTS / "nowhere"


def test_a_namesake_of_a_project_cohort_can_be_checked_but_not_loaded(folder, tmp_path):
    namesake = folder.rename(tmp_path / "curated")
    assert check(namesake) == []
    with pytest.raises(DataError, match="that of a cohort of the project; rename the folder"):
        alkpool.load(namesake)


def test_the_problems_of_all_cohorts_are_listed_at_once(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    edit(folder, "patients", 0, sex="?")
    edit(other, "samples", 0, specimen="blood")
    with pytest.raises(DataError, match="2 problems") as error:
        alkpool.load(folder, other)
    assert {problem.file for problem in error.value.problems} == {
        "mine/patients.csv", "other/samples.csv",
    }  # fmt: skip


def test_a_blank_name_is_refused():
    with pytest.raises(ValueError, match="name at least one cohort"):
        alkpool.load("curated,")


@pytest.mark.parametrize(
    ("table", "cells", "column", "allowed"),
    [
        ("patients", {"sex": "x"}, "sex", "must be one of female, male, unknown"),
        ("patients", {"sex": ""}, "sex", "must be one of female"),
        ("patients", {"age_years": "52,125"}, "age_years", "a number with a decimal point"),
        ("patients", {"age_years": "52,125"}, "age_years", "write a decimal point"),
        ("patients", {"age_years": "\uff13\uff15"}, "age_years", "from 0 to 120"),
        ("patients", {"age_years": "\u0663\u0665"}, "age_years", "from 0 to 120"),
        ("samples", {"vaf_percent": "\u0663"}, "vaf_percent", "percentages from 0 to 100"),
        ("samples", {"sample_order": "\uff11"}, "sample_order", "from 1 to 50"),
        ("samples", {"sample_order": ""}, "sample_order", "a whole number from 1 to 50"),
        ("patients", {"age_years": "-3"}, "age_years", "from 0 to 120"),
        ("patients", {"age_years": "121"}, "age_years", "from 0 to 120"),
        ("patients", {"age_years": "1e2"}, "age_years", "from 0 to 120"),
        ("patients", {"source_id": "nobody2020"}, "source_id", "source_id of sources.csv"),
        ("patients", {"duplicate_of": "choi2010-p1"}, "duplicate_of", "blank unless"),
        ("patients", {"status": "duplicate"}, "duplicate_of", "must name an included patient"),
        ("patients", {"stage": ""}, "stage", "must not be blank"),
        ("samples", {"mutations": "L1202R"}, "mutations", "residue 1202 is G"),
        ("samples", {"mutations": "L1202R+G1202R"}, "mutations", "residue 1202 is G"),
        ("samples", {"mutations": "G1202R+"}, "mutations", "must be a canonical mutation profile"),
        ("samples", {"mutations": "foo+bar"}, "mutations", "'foo' is not read"),
        ("samples", {"mutations": "unknown"}, "mutations", "the patient is included"),
        ("samples", {"phase": "single"}, "phase", "cis, trans or unknown"),
        (
            "samples",
            {"mutations": "I1171N+I1171S", "phase": "cis"},
            "phase",
            "must be trans or unknown: two of the mutations change one residue",
        ),
        ("samples", {"resistance_on": "aspirin"}, "resistance_on", "inhibitors.csv"),
        ("samples", {"prior_inhibitors": "alectinib"}, "prior_inhibitors", "must contain"),
        ("samples", {"vaf_percent": "12"}, "vaf_percent", "one percentage for each mutation"),
        ("samples", {"vaf_percent": "12;101"}, "vaf_percent", "percentages from 0 to 100"),
        ("samples", {"patient_id": "nobody"}, "patient_id", "patient_id of patients.csv"),
        ("samples", {"sample_order": "0"}, "sample_order", "from 1 to 50"),
        ("samples", {"locator": ""}, "locator", "must not be blank"),
        ("treatments", {"best_response": "PR/SD"}, "best_response", "must be one of CR, PR"),
        ("treatments", {"pfs_months": "300.1"}, "pfs_months", "from 0 to 300"),
        ("treatments", {"pfs_relation": "=", "pfs_months": ""}, "pfs_relation", "must be blank"),
        ("treatments", {"pfs_relation": "", "pfs_months": "3"}, "pfs_relation", "=, >, <, ~"),
        ("treatments", {"sample_id": "nothing"}, "sample_id", "sample_id of samples.csv"),
        ("treatments", {"monotherapy": "maybe"}, "monotherapy", "must be one of yes, no, unknown"),
        (
            "treatments",
            {"partner": "chemotherapy"},
            "monotherapy",
            "must be no: a partner is named",
        ),
        ("treatments", {"lines_since_sample": "-1"}, "lines_since_sample", "a whole number from 0"),
        ("sources", {"sampling": ""}, "sampling", "must be one of consecutive, selected, unknown"),
        ("sources", {"year": "1999"}, "year", "from 2007"),
        ("sources", {"status": "excluded"}, "status", "it has included patients"),
    ],
)
def test_a_broken_cell_is_named(folder, table, cells, column, allowed):
    frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
    # The first source, patient and compound sample are Choi 2010, which is included.
    of_choi = frame.iloc[:, 0].str.startswith("choi2010")
    row = int(of_choi.idxmax()) if of_choi.any() else 0
    edit(folder, table, row, **cells)
    place = (f"mine/{table}.csv", row + 2, column)
    problems = check(folder)
    found = [p for p in problems if (p.file, p.row, p.column) == place]
    assert found, problems
    assert any(allowed in problem.allowed for problem in found), found
    if column in cells:
        assert found[0].value == cells[column]


def test_every_problem_is_listed_at_once(folder):
    edit(folder, "patients", 0, sex="?", age_years="old")
    edit(folder, "samples", 1, specimen="blood")
    edit(folder, "treatments", 2, status="?")
    problems = check(folder)
    assert {(problem.file, problem.row, problem.column) for problem in problems} == {
        ("mine/patients.csv", 2, "sex"),
        ("mine/patients.csv", 2, "age_years"),
        ("mine/samples.csv", 3, "specimen"),
        ("mine/treatments.csv", 4, "status"),
    }
    with pytest.raises(DataError, match="4 problems in the data"):
        alkpool.load(folder)


def test_rows_are_sorted_on_reading_and_it_is_said(folder):
    before = alkpool.load(folder)
    path = folder / "patients.csv"
    header, first, second, third, *rest = path.read_text().splitlines()
    path.write_text("\n".join([header, third, second, first, *rest]) + "\n")
    after = alkpool.load(folder)
    pd.testing.assert_frame_equal(after.patients, before.patients)
    assert after.read_as == ("mine/patients.csv: rows are sorted by patient_id",)


def test_an_included_patient_has_a_sample(folder):
    path = folder / "patients.csv"
    path.write_text(path.read_text() + "zz-p1,choi2010,included,,,,male,IV,unknown,unknown,V1,\n")
    (problem,) = check(folder)
    assert problem.value == "zz-p1"
    assert "must have a sample in samples.csv" in problem.allowed
    path.write_text(path.read_text().replace("choi2010,included,,,,m", "choi2010,excluded,,x,,m"))
    assert check(folder) == []


def test_a_line_number_stands_once_for_a_patient(folder):
    # The first two lines follow one sample.
    edit(folder, "treatments", 0, line_number="02")
    (problem,) = check(folder)
    assert (problem.row, problem.column, problem.value) == (3, "line_number", "2")
    assert "twice for this patient" in problem.allowed
    for row in (0, 1):
        edit(folder, "treatments", row, line_number="")
    assert check(folder) == []


def test_an_unknown_failed_inhibitor_demands_nothing_of_the_earlier_ones(folder):
    frame = pd.read_csv(folder / "samples.csv", dtype=str, keep_default_na=False)
    row = int((frame["resistance_on"] == "unknown").idxmax())
    edit(folder, "samples", row, prior_inhibitors="crizotinib")
    assert check(folder) == []


def test_a_mutation_outside_the_kinase_domain_loads_silently(folder):
    edit(folder, "samples", 0, mutations="R1061Q")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(folder) == []
        assert alkpool.load(folder).samples.loc[0, "mutations"] == "R1061Q"


@pytest.mark.parametrize("prefix", ["SYN-", "syn-"])
def test_ids_of_synthetic_rows_are_no_patients(tmp_path, prefix):
    """A synthetic cohort does not become one of patients by what its description says."""
    folder = shutil.copytree(paths.COHORTS / "reconstructed", tmp_path / "mine")
    rows = 0
    for name in ("sources", "patients", "samples", "treatments"):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text("utf-8").replace("SYN-", prefix), "utf-8")
        rows += len(path.read_text("utf-8").splitlines()) - 1
    assert check(folder) == []
    (folder / "cohort.yaml").write_text(VALID_DESCRIPTION)
    problems = check(folder)
    assert len(problems) == rows
    message = "is the id of a synthetic row; such a cohort must say synthetic: true"
    assert {problem.allowed for problem in problems} == {message}


def test_made_up_in_vitro_tables_are_checked(tmp_path):
    folder = shutil.copytree(paths.COHORTS / "reconstructed", tmp_path / "mine")
    assert check(folder) == []
    edit(folder, "invitro/measurements", 0, call_in_source="maybe")
    (problem,) = check(folder)
    place = "mine/invitro/measurements.csv", 2, "call_in_source"
    assert (problem.file, problem.row, problem.column) == place
    edit(folder, "invitro/measurements", 0, call_in_source="unknown", model_id="SYN-Nobody")
    (problem,) = check(folder)
    assert str(problem).endswith("found 'SYN-Nobody'; must be one of the model_id of models.csv")


def test_repeated_keys_are_named(folder):
    frame = edit(folder, "samples", 0)
    edit(folder, "samples", 1, sample_id=frame.loc[0, "sample_id"])
    assert any(
        problem.column == "sample_id" and problem.row == 3 and "stands twice" in problem.allowed
        for problem in check(folder)
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"patient_id,source_id\n", "this column is missing"),
        (b"\r\n\n\n", "the file is empty"),
        (b"patient_id\n\xe9\n", "row 2, column patient_id: found '\xe9'; must be saved as UTF-8"),
        ("patient_id,x\n".encode("utf-16"), "saved as UTF-16: save it as UTF-8"),
        (b"\xfe\xff\x00a", "saved as UTF-16: save it as UTF-8"),
        (b"patient_id,source_id\na,\x00\n", "row 2, column source_id: found '\\x00'; holds a NUL"),
        (b"PK\x03\x04\x14\x00\x08\xe9", "must be saved as UTF-8 text; a workbook, exported as CSV"),
        (b'patient_id\n"unclosed\n', "row 2, column patient_id: found '\"'; is not a readable"),
    ],
)
def test_a_malformed_file_is_named(folder, content, message):
    (folder / "patients.csv").write_bytes(content)
    assert any(message in str(problem) for problem in check(folder))


@pytest.mark.parametrize(
    "separator", [";", "\t", "|"], ids=["semicolon of European Excel", "tab", "bar"]
)
def test_other_separators_are_read(folder, separator):
    before = alkpool.load(folder)
    for path in folder.glob("*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame.to_csv(path, sep=separator, index=False)
    after = alkpool.load(folder)
    pd.testing.assert_frame_equal(after.treatments, before.treatments)
    pd.testing.assert_frame_equal(after.sources, before.sources)


def test_a_folder_is_no_file(folder):
    (folder / "patients.csv").unlink()
    (folder / "patients.csv").mkdir()
    assert any("patients.csv: is a folder" in str(problem) for problem in check(folder))


def test_blank_lines_and_rows_are_left_out(folder):
    path = folder / "patients.csv"
    text = path.read_text()
    path.write_text(text + "\n")
    assert check(folder) == []
    path.write_text(text + "," * text.partition("\n")[0].count(",") + "\n\n")
    assert alkpool.load(folder).read_as == ("mine/patients.csv: 2 blank rows left out",)


def test_of_a_cell_that_is_wrong_in_itself_one_thing_is_said(folder):
    path = folder / "samples.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.loc[0, ["mutations", "phase", "vaf_percent"]] = "none", "", ""
    rows.to_csv(path, index=False)
    assert [problem.column for problem in check(folder)] == ["mutations", "phase"]


def test_ragged_rows_and_strange_columns_are_named(folder):
    path = folder / "patients.csv"
    header, first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([header + ",colour", first, *rest]) + "\n")
    messages = [str(problem) for problem in check(folder)]
    assert any("row 2" in message and "cells; the header has" in message for message in messages)
    path.write_text("\n".join([header + ",colour", *(row + ",red" for row in [first, *rest])]))
    assert alkpool.load(folder).read_as == (
        "mine/patients.csv: set aside, as no column of the table: colour",
    )
    path.write_text("\n".join([header.replace("stage", "stag"), first, *rest]))
    assert any("is stage meant?" in str(problem) for problem in check(folder))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_windows_line_ends_are_harmless(folder, encoding, newline):
    path = folder / "patients.csv"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    pd.testing.assert_frame_equal(alkpool.load(folder).patients, alkpool.load("curated").patients)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "title: x\n",
            "the key kind is missing; the keys are title, kind, synthetic, description",
        ),
        ("title: [\n", "is not readable YAML"),
        ("just text\n", "must be lines of 'key: value'; the keys are title, kind"),
        (VALID_DESCRIPTION + "colour: red\n", "the key colour is unknown; the keys are title"),
        (VALID_DESCRIPTION + "1: red\n", "the key 1 is unknown; the keys are title"),
        (VALID_DESCRIPTION + "search_date: 2020-99-99\n", "month must be in 1..12"),
        (VALID_DESCRIPTION + "search_date: 2020\n", "found '2020'; search_date must be a date"),
        (VALID_DESCRIPTION.replace("false", '"no"'), "found 'no'; synthetic must be true or false"),
        (VALID_DESCRIPTION.replace("false", "1"), "found '1'; synthetic must be true or false"),
        (
            VALID_DESCRIPTION.replace("own", "mine"),
            "kind must be one of curated, reconstructed, own",
        ),
        (VALID_DESCRIPTION.replace("none", ""), "cohort.yaml: licence must be text"),
    ],
)
def test_the_description_is_checked(folder, content, message):
    (folder / "cohort.yaml").write_text(VALID_DESCRIPTION)
    assert check(folder) == []
    (folder / "cohort.yaml").write_text(content)
    assert any(message in str(problem) for problem in check(folder))
    with pytest.raises(DataError):
        alkpool.load(folder)


def test_missing_files_and_unknown_cohorts_are_named(folder):
    (folder / "samples.csv").unlink()
    assert any("samples.csv: the file is missing" in str(problem) for problem in check(folder))
    with pytest.raises(DataError, match="known are .*curated"):
        alkpool.load("nowhere")
    with pytest.raises(ValueError, match="at least one cohort"):
        alkpool.load()


def test_pooling_refuses_the_same_rows_twice_and_synthetic_rows(folder):
    with pytest.raises(DataError, match="stands in two cohorts"):
        alkpool.load(f"curated,{folder}")
    real, made_up = make_cohort([]), make_cohort([], synthetic=True)
    with pytest.raises(DataError, match="cannot be pooled with real patients"):
        pool([real, made_up])


def test_pooling_adds_rows():
    other = make_cohort([sample("G1202R", "alectinib", line("lorlatinib", "PR"))])
    both = pool([alkpool.load("curated"), other])
    assert len(analysis_set(both).samples) == 37
    assert both.name == "curated+test"
    assert both.meta.kind == "own"


def test_a_pool_knows_whose_patients_are_ours(folder):
    description = folder / "cohort.yaml"
    description.write_text(description.read_text("utf-8").replace("kind: curated", "kind: own"))
    mine = alkpool.load(str(folder))
    assert mine.own == set(mine.patients["patient_id"])
    published = make_cohort([sample("G1202R", "alectinib", line("lorlatinib", "PR"))])
    both = pool([published, mine])
    assert both.own == mine.own
    assert set(ours(both).patients["patient_id"]) == set(analysis_set(mine).patients["patient_id"])
    assert published.own == frozenset()


def test_flow_boxes_add_up():
    cohort = make_cohort(
        [
            sample("G1202R", "alectinib"),
            sample("G1202R", "alectinib", status="excluded"),
            sample("L1196M", "crizotinib", patient="p0", order=2),
        ]
    )
    boxes = flow(cohort).set_index("step")
    assert boxes.loc["identified", ["sources", "patients", "samples"]].tolist() == [1, 2, 3]
    assert boxes.loc["excluded", ["patients", "samples"]].tolist() == [1, 1]
    assert boxes.loc["included", ["patients", "samples"]].tolist() == [1, 2]
    real = flow(alkpool.load("curated")).groupby("step")[["patients", "samples"]].sum()
    parts = real.loc[["excluded", "duplicate", "included"]].sum()
    assert parts.tolist() == real.loc["identified"].tolist()
    assert real.loc["included"].tolist() == [34, 36]


def test_previous_inhibitors_count_different_drugs_before_the_line():
    cohort = make_cohort(
        [
            sample(
                "C1156Y", "crizotinib", *map(line, ["ceritinib", "crizotinib", "lorlatinib"])
            ),
            sample("G1202R", "alectinib", line("lorlatinib"), prior="unknown;alectinib"),
            sample("I1171N", "alectinib", line("ceritinib"), prior="crizotinib;alectinib"),
            sample("C1156Y+L1198F", "lorlatinib", line("crizotinib"), patient="p0", order=2,
                   prior="crizotinib;ceritinib;crizotinib;lorlatinib"),
        ]
    )  # fmt: skip
    counted = lines(cohort).set_index("treatment_id")["previous_inhibitors"]
    assert counted[["s0-0", "s0-1", "s0-2", "s2-0", "s3-0"]].tolist() == [1, 2, 2, 2, 3]
    assert pd.isna(counted["s1-0"])


def test_characteristics_count_everybody_once():
    table = characteristics(alkpool.load("curated"))
    totals = table.groupby("characteristic").agg(k=("k", "sum"), n=("n", "first"))
    assert (totals["k"] == totals["n"]).all()
    assert set(table["n"]) == {34, 36}
    assert table["low"].le(table["share"]).all()
    assert table["high"].ge(table["share"]).all()
