"""What could tell who a patient is: every kind is found, in its place, with what to do."""

import pandas as pd
import pytest
from cases import contents, own_cohort
from command import alkpool
from hypothesis import given
from hypothesis import strategies as st

from alkpool.intake import privacy
from alkpool.intake.privacy import QUASI_IDENTIFIERS

CLEAN = {
    "cohort.yaml": "title: Own\nkind: own\nsynthetic: false\ndescription: Own patients\n"
    "licence: none\nsearch_date: 2024-01-31\n",
    "sources.csv": "source_id,study_type,sampling,access,first_author,year,journal,title,doi,pmid,"
    "status,exclusion_reason,note\nown,local,unknown,unknown,,,,,,,included,,\n",
    "patients.csv": "patient_id,source_id,status,duplicate_of,exclusion_reason,age_years,sex,"
    "stage,histology,fusion_partner,fusion_variant,note\n"
    + "".join(
        f"patient-{n},own,included,,,50,female,unknown,adenocarcinoma,EML4,V1,\n" for n in range(5)
    ),
    "samples.csv": "sample_id,patient_id,sample_order,specimen,resistance_on,prior_inhibitors,"
    "mutations,phase,vaf_percent,other_findings,locator,read_via,note\n"
    + "".join(
        f"patient-{n}-s1,patient-{n},1,tissue,alectinib,alectinib,G1202R,single,,,,,\n"
        for n in range(5)
    ),
    "treatments.csv": "treatment_id,sample_id,line_number,lines_since_sample,inhibitor,monotherapy,"
    "partner,best_response,pfs_relation,pfs_months,dot_relation,dot_months,status,locator,"
    "read_via,note\n",
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "own"
    made.mkdir()
    for name, text in CLEAN.items():
        (made / name).write_text(text, encoding="utf-8")
    return made


def edit(folder, file, old, new):
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_clean_folder_has_nothing_to_put_right(folder):
    assert privacy.check(folder) == ([], [])


WRONG = {
    "exact age": ("patients.csv", ",50,", ",52,", "patients.csv, row 2, column age_years: found "
                  "'52'; an exact age narrows down who it is: write 50"),
    "old age": ("patients.csv", ",50,", ",93,", "write 90"),
    "age of many digits": ("patients.csv", ",50,", f",{'9' * 400},", "write 90"),
    "date": ("patients.csv", "V1,\n", "V1,seen 2019-03-04\n", "patients.csv, row 2, column note: "
             "found '2019-03'; holds a date: write the months"),
    "European date": ("patients.csv", "V1,\n", "V1,3.4.19\n", "found '3.4.19'; holds a date"),
    "date in words": ("patients.csv", "V1,\n", "V1,in March 2019\n", "found 'March 2019'"),
    "date in the description": ("cohort.yaml", "Own patients", "Patients of 1/2/2019",
                                "cohort.yaml, row 4: found '1/2/2019'; holds a date"),
    "name": ("patients.csv", "V1,\n", "V1,seen by Dr. Who\n", "found 'Dr. W'; names a person"),
    "initials": ("samples.csv", ",,,\n", ",,,biopsy of J.S.\n", "samples.csv, row 2, column "
                 "note: found 'J.S.'; holds what may be initials"),
    "record number": ("patients.csv", "V1,\n", "V1,x 1234567\n", "found '1234567'; holds a long"),
    "short record number": ("patients.csv", "V1,\n", "V1,x 123456\n", "found '123456'; holds a"),
    "number of a patient": ("patients.csv", "V1,\n", "V1,as KLINIKUM-PAT-7704\n", "found "
                            "'PAT-7704'; holds a long number"),
    "column of others": ("treatments.csv", "read_via,note\n", "read_via,note,Name\n",
                         "treatments.csv, row 1, column Name: is no column of the table and may"),
    "record word": ("patients.csv", "V1,\n", "V1,see MRN\n", "names a hospital record"),
    "number in a key": ("samples.csv", "patient-0-s1", "8812345", "samples.csv, row 2, column "
                        "sample_id: found '8812345'"),
    "mail": ("patients.csv", "V1,\n", "V1,a@b.org\n", "holds an e-mail address"),
    "telephone": ("patients.csv", "V1,\n", "V1,+31 50 361 00\n", "holds a long number"),
    "alone": ("patients.csv", "EML4,V1", "EML4,V3", "is alone with its age_years, sex, stage, "
              "histology, fusion_partner, fusion_variant: make some coarser or unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_has_to_be_put_right(folder, name):
    file, old, new, message = WRONG[name]
    edit(folder, file, old, new)
    must, _ = privacy.check(folder)
    assert message in "\n".join(map(str, must))
    done = alkpool("check", "--privacy", folder)
    assert done.returncode == 1
    assert message in done.stdout
    assert done.stderr == ""


HOLDS = [
    "KLINIKUM-PAT-7704", "UKE-12345", "2021-00345", "K7704", "mueller-7704", "mueller-1", "PAT7704",
    "patient-0-7704", "JS-01", "J-S", "p1954a", "p1-mueller", "own-p100",
]  # fmt: skip


@pytest.mark.parametrize("name", HOLDS)
@pytest.mark.parametrize(
    ("file", "old"),
    [("patients.csv", "patient-0"), ("samples.csv", "patient-0-s1"), ("treatments.csv", "p1-t1")],
)
def test_an_id_that_is_no_plain_number_has_to_be_put_right(folder, file, old, name):
    line = "note\np1-t1,patient-0-s1,,,lorlatinib,yes,,PR,,,,,ended,,,\n"
    edit(folder, "treatments.csv", "note\n", line)
    assert privacy.check(folder)[0] == []
    edit(folder, file, old, name)
    said = [found for found in privacy.check(folder)[0] if "number the patients" in found.allowed]
    assert [(found.file, found.row, found.value) for found in said] == [(file, 2, name)]


def test_an_own_source_with_a_record_number_has_to_be_put_right(folder):
    edit(folder, "sources.csv", "own,local", "KLINIKUM-PAT-7704,local")
    said = [found.allowed.partition(":")[0] for found in privacy.check(folder)[0]]
    assert "may hold a record number" in said


@pytest.mark.parametrize(
    "name", ["own-p3", "own-17", "p07", "patient 4", "case_5b", "own.pat.99", "own", "tissue"]
)
def test_a_plain_number_tells_nothing(folder, name):
    edit(folder, "patients.csv", "patient-0", name)
    assert privacy.check(folder)[0] == []


def test_patients_of_an_article_are_called_by_its_author(folder):
    edit(folder, "sources.csv", "own,local", "koopman2022,local")
    text = (folder / "patients.csv").read_text("utf-8").replace(",own,", ",koopman2022,")
    text = text.replace("patient-0", "koopman-12").replace("patient-1", "koopman2022-p2")
    (folder / "patients.csv").write_text(text, encoding="utf-8")
    assert privacy.check(folder)[0] == []


@pytest.mark.parametrize(
    "name", ["own-p3-s1-tae684-2", "p1s1t1", "12-1-2", "patient-0-s1-lorlatinib"]
)
def test_lines_are_numbered_after_their_patient(folder, name):
    line = f"note\n{name},patient-0-s1,,,lorlatinib,yes,,PR,,,,,ended,,,\n"
    edit(folder, "treatments.csv", "note\n", line)
    assert privacy.check(folder)[0] == []


def test_as_many_patients_as_there_are_may_be_counted(folder):
    """A number that is high for few patients is a plain one of many."""
    (first, *_) = rows = [f"own-p{n},own,included,,,50,female,unknown,adenocarcinoma,EML4,V1,"
                          for n in range(1, 151)]  # fmt: skip
    header = CLEAN["patients.csv"].partition("\n")[0]
    (folder / "patients.csv").write_text("\n".join([header, *rows]), "utf-8")
    assert privacy.check(folder)[0] == []
    more = first.replace("own-p1,", "own-p151,")
    (folder / "patients.csv").write_text("\n".join([header, *rows[:-1], more]), "utf-8")
    assert [found.value for found in privacy.check(folder)[0]] == ["own-p151"]


def test_a_kind_is_said_once_of_a_column_with_an_example(folder):
    """Whoever has a hundred ages to round needs one line that says so, and where they are."""
    text = (folder / "patients.csv").read_text("utf-8").replace(",50,", ",52,")
    (folder / "patients.csv").write_text(text, encoding="utf-8")
    (found,) = privacy.check(folder)[0]
    assert str(found) == (
        "patients.csv, row 2, column age_years: found '52'; an exact age narrows down who it is: "
        "write 50 (and 4 more: rows 3, 4, 5, 6)"
    )


def test_a_surname_that_begins_as_a_month_is_no_date(folder):
    edit(folder, "sources.csv", "own,local", "jansen2022,local")
    edit(folder, "patients.csv", ",own,", ",jansen2022,")
    assert not [each for each in privacy.check(folder)[0] if "date" in each.allowed]


@pytest.mark.parametrize(
    "date",
    ["Febr 2020", "febr. 2020", "Janv. 2020", "Septembre 2020", "Octobre 2020", "Novembre 2020",
     "Decembre 2020", "Decmber 2020", "Aprl 2020", "Marc 2020", "okt 2020", "Mai 2020"],
)  # fmt: skip
def test_a_month_cut_short_or_misspelt_is_a_date(folder, date):
    edit(folder, "patients.csv", "V1,\n", f"V1,seen {date}\n")
    assert [each.value for each in privacy.check(folder)[0]] == [date]


CONSIDER = {
    "long note": ("treatments.csv", "note\n", "note\nt,patient-0-s1,,,lorlatinib,yes,,PR,,,,,ended,"
                  f",,{'word ' * 21}\n", "treatments.csv, column note: 1 cell with free text"),
    "short note": ("patients.csv", "V1,\n", "V1,ex-smoker\n", "patients.csv, column note: 1 cell "
                   "with free text: read it"),
    "centre": ("sources.csv", "own,local,unknown,unknown,", "own,local,unknown,unknown,Jansen A",
               "is not published, and its first_author, journal or title may name a centre or a"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSIDER)
def test_what_a_person_has_to_decide(folder, name):
    """It is said, and does not fail the check."""
    file, old, new, message = CONSIDER[name]
    edit(folder, file, old, new)
    must, consider = privacy.check(folder)
    assert must == []
    assert message in "\n".join(map(str, consider))
    assert alkpool("check", "--privacy", folder).returncode == 0


@pytest.mark.parametrize(
    "text",
    ["https://doi.org/10.3389/2019.03.04", "10.1200/JCO.2019.37.15", "V1; 12.5%", "G1202R",
     "Table 2, row 3", "8.5 months", "PMID 29650534", "see PMID: 29650534; PMC6812345"],
)  # fmt: skip
def test_references_and_numbers_are_no_persons(folder, text):
    edit(folder, "samples.csv", ",,,\n", f',,"{text}",\n')
    assert privacy.check(folder)[0] == []


def test_other_files_are_left_out(folder):
    (folder / "backup").mkdir()
    (folder / "letters.docx").write_text("x")
    said = "\n".join(map(str, privacy.check(folder)[0]))
    assert "backup: is no part of a cohort" in said
    assert "letters.docx: is no part of a cohort" in said


def test_usage_and_unreadable_folders(folder, tmp_path):
    assert alkpool("check", "--privacy").returncode == 2
    done = alkpool("check", "--privacy", tmp_path / "nowhere")
    assert (done.returncode, "the file is missing" in done.stderr) == (1, True)
    before = contents(folder)
    assert alkpool("check", "--privacy", folder).returncode == 0
    assert contents(folder) == before


def test_the_curated_cohort_is_read_without_trouble(tmp_path):
    must, consider = privacy.check(own_cohort(tmp_path / "mine"))
    (alone,) = (found.allowed for found in must if "is alone with its" in found.allowed)
    assert "(and 13 more: rows " in alone
    assert not [found for found in must if found.column.endswith("_id")]
    kinds = [(found.file, found.column, found.allowed.partition(":")[0]) for found in must]
    assert len(set(kinds)) == len(kinds) < 7
    assert len(consider) < 14


patients = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(["a", "b", ""]) for name in QUASI_IDENTIFIERS}),
    max_size=12,
)


@given(patients)
def test_who_is_alone_is_found_as_a_person_would(rows):
    frame = pd.DataFrame(rows, columns=list(QUASI_IDENTIFIERS), dtype=str)
    alone = [n + 2 for n, row in enumerate(rows) if rows.count(row) == 1]
    assert [finding.row for finding in privacy._alone(frame)] == alone
