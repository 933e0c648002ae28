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
    "initials as key": ("patients.csv", "patient-0", "JS-01", "found 'JS-01'; may hold initials"),
    "year of birth in a key": ("patients.csv", "patient-0", "p1954a", "a year of birth"),
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
    must, _ = privacy.check(own_cohort(tmp_path / "mine"))
    assert sum("is alone with its" in finding.allowed for finding in must) == 14


patients = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(["a", "b", ""]) for name in QUASI_IDENTIFIERS}),
    max_size=12,
)


@given(patients)
def test_who_is_alone_is_found_as_a_person_would(rows):
    frame = pd.DataFrame(rows, columns=list(QUASI_IDENTIFIERS), dtype=str)
    alone = [n + 2 for n, row in enumerate(rows) if rows.count(row) == 1]
    assert [finding.row for finding in privacy._alone(frame)] == alone
