"""What is valid and worth a look, and who is who."""

import datetime
import re
import tracemalloc
from dataclasses import replace

import pandas as pd
import pytest
from cases import case, own_cohort, write_csv
from command import alkpool
from factory import line, make_cohort, sample

import alkpool as project
from alkpool import study
from alkpool.data import duplicates
from alkpool.data.cohort import Cohort
from alkpool.intake import add, check
from alkpool.intake.plausible import LOOKS, worth_a_look
from alkpool.problems import DataError

GIVEN = {"pfs_relation": "=", "dot_relation": "="}


def noted(cohort: Cohort) -> list[tuple[str, str, str]]:
    return [(note.column, note.value, note.allowed) for note in worth_a_look(cohort)]


def one(response: str = "PD", profile: str = "G1202R", **cells) -> Cohort:
    return make_cohort([sample(profile, "alectinib", line("lorlatinib", response, **cells))])


MISTAKES = {
    "PD with long PFS": (
        one("PD", pfs_relation="=", pfs_months=14), "pfs_months", "whose best response is PD"),
    "PR without time": (
        one("PR", pfs_relation="=", pfs_months=0), "pfs_months", "no time for the response"),
    "days for months": (
        one("SD", pfs_relation="=", pfs_months=243), "pfs_months", "are these days?"),
    "DoT in days": (one("SD", dot_relation="=", dot_months=99), "dot_months", "are these days?"),
    "exchanged": (one("SD", **GIVEN, pfs_months=24, dot_months=1), "dot_months", "exchanged?"),
    "one line after two samples": (
        make_cohort([
            sample("G1202R", "alectinib", line("lorlatinib", "SD", **GIVEN, pfs_months=9,
                   dot_months=9), patient="p", specimen=where, order=order)
            for order, where in enumerate(("tissue", "plasma"), start=1)
        ]), "inhibitor", "another line of the patient"),
    "the inhibitor that failed": (
        make_cohort([sample("G1202R", "alectinib", line("alectinib", "SD"))]), "inhibitor",
        "had just failed"),
    "first line after another": (one("PD", line_number=1), "line_number", "is too low"),
    "outside the domain": (one("PD", "R401Q"), "mutations", "outside the kinase domain"),
    "order of a lone sample": (
        make_cohort([sample("G1202R", "alectinib", order=3)]), "sample_order", "not the patient's"),
}  # fmt: skip


@pytest.mark.parametrize("partner", ["EML4-ALK v3", "KIF5B::ALK", "EML4 (variant 1)"])
def test_a_fusion_for_its_partner_is_noted(partner):
    """No duplicate is found by it."""
    cohort = one("PR", pfs_relation="=", pfs_months=9)
    cohort = replace(cohort, patients=cohort.patients.assign(fusion_partner=partner))
    assert [column for column, *_ in noted(cohort)] == ["fusion_partner"]


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_plausible_mistake_is_noted(kind):
    cohort, column, words = MISTAKES[kind]
    (note,) = noted(cohort)
    assert note[0] == column
    assert words in note[2]


def test_cells_of_sources_and_samples_are_noted():
    cohort = one("PD")
    cohort.samples["vaf_percent"] = "0.14"
    cohort.patients["age_years"] = 0.0
    cohort.sources["year"] = 2099
    assert noted(cohort) == [
        ("year", "2099", "is still to come"),
        ("age_years", "0", "is a child's age: are these years?"),
        ("vaf_percent", "0.14", "is at most 1: per cent, or a fraction?"),
    ]


YEAR = datetime.datetime.now(datetime.UTC).year
# Table, column, what is as usual, what is just worth a look, and the other cells.
EDGES = {
    "year": ("sources", "year", YEAR, YEAR + 1, {}),
    "young": ("patients", "age_years", 18, 17, {}),
    "old": ("patients", "age_years", 100, 101, {}),
    "fraction": ("samples", "vaf_percent", "1.1", "1.0", {}),
    "fractions": ("samples", "vaf_percent", "0.14;1.1", "0.14;1", {}),
    "order": ("samples", "sample_order", 1, 2, {}),
    "order of inhibitors": ("samples", "resistance_on", "alectinib", "crizotinib",
                            {"prior_inhibitors": "crizotinib;alectinib"}),
    "PD": ("treatments", "pfs_months", 6, 6.1, {"best_response": "PD"}),
    "PR": ("treatments", "pfs_months", 0.1, 0, {"best_response": "PR"}),
    "CR": ("treatments", "pfs_months", 0.1, 0, {"best_response": "CR"}),
    "long PFS": ("treatments", "pfs_months", 36, 36.1, {}),
    "long DoT": ("treatments", "dot_months", 36, 36.1, {}),
    "exchanged": ("treatments", "dot_months", 7, 6.9, {"pfs_months": 10.0}),
    "exchanged and ongoing": ("treatments", "dot_months", 7, 6.9,
                              {"pfs_months": 10.0, "status": "ongoing"}),
    "line": ("treatments", "line_number", 15, 16, {}),
    "first line": ("treatments", "line_number", 2, 1, {}),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_what_is_worth_a_look_begins_where_it_should(edge):
    table, column, usual, odd, others = EDGES[edge]
    for value, expected in ((usual, []), (odd, [column])):
        cohort = one("SD", **GIVEN, line_number=3)
        cells = {name: [cell] for name, cell in {**others, column: value}.items()}
        found = noted(replace(cohort, **{table: getattr(cohort, table).assign(**cells)}))
        assert [name for name, *_ in found] == expected, value


def test_a_bound_of_a_treatment_is_not_exchanged():
    bound = {"dot_relation": ">", "dot_months": 1}
    assert noted(one("SD", **GIVEN | bound, pfs_months=24, status="ongoing")) == []


def test_an_inhibitor_without_a_name_may_be_the_last():
    assert noted(make_cohort([sample("G1202R", "alectinib", prior="alectinib;unknown")])) == []


def test_ids_that_differ_in_capitals_only_are_noted():
    lines = [line("lorlatinib", "SD"), line("brigatinib", "SD")]
    rows = [sample("G1202R", "alectinib", given, patient=name)
            for name, given in zip(("MGH9", "mgh9"), lines, strict=True)]  # fmt: skip
    assert [column for column, *_ in noted(make_cohort(rows))] == ["patient_id"] * 2


def test_what_is_as_usual_is_not_noted():
    assert noted(one("SD", **GIVEN, pfs_months=14, dot_months=15)) == []
    assert noted(one("PD", **GIVEN, pfs_months=2, dot_months=2, line_number=2)) == []
    assert noted(project.load("curated")) == []
    assert len({(look["table"], look["column"], look["says"]) for look in LOOKS}) == len(LOOKS)


def test_add_says_what_is_worth_a_look_and_which_lines_do_not_count(tmp_path):
    mine = own_cohort(tmp_path / "mine")
    rows = [
        case(best_response="PD", pfs_months="14", patient_id="a"),
        case(patient_id="b", mutations="L1196M", age_years="33", monotherapy="no"),
        case(patient_id="c", mutations="I1171N", age_years="71", best_response="SD",
             pfs_months="2", treatment_status="ongoing"),
    ]  # fmt: skip
    said = add.describe(add.plan(write_csv(tmp_path / "new.csv", *rows), mine))
    assert "Worth a look: 1\n  mine/treatments.csv, a-s1-lorlatinib, column pfs_months" in said
    assert "b-s1-lorlatinib does not count: it is a combination" in said
    assert "c-s1-lorlatinib is not decided: best_response is SD" in said
    assert said.count("does not count") == 1


def renamed(folder, prefix: str, *, articles: bool):
    """Give all ids of a cohort another name; leave the articles out where it is said."""
    for table, keys in {
        "sources": ["source_id"], "patients": ["patient_id", "source_id", "duplicate_of"],
        "samples": ["sample_id", "patient_id"], "treatments": ["treatment_id", "sample_id"],
    }.items():  # fmt: skip
        frame = pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)
        for key in keys:
            frame[key] = frame[key].map(lambda name: name and f"{prefix}{name}")
        if table == "sources" and not articles:
            frame["doi"] = frame["pmid"] = ""
        frame.to_csv(folder / f"{table}.csv", index=False)


def test_the_same_articles_under_other_ids_are_not_pooled(tmp_path):
    other = own_cohort(tmp_path / "other")
    renamed(other, "h-", articles=True)
    with pytest.raises(DataError, match=r"h-cheng2024 is the article of cheng2024"):
        project.load("curated", other)


def test_an_article_stands_once_in_a_cohort_whatever_its_capitals(tmp_path):
    mine = own_cohort(tmp_path / "mine")
    header, first, *rest = (mine / "sources.csv").read_text("utf-8").splitlines()
    known = project.load("curated").sources.iloc[0]
    again = first.replace(known["source_id"], "zz2099").replace(known["doi"], known["doi"].upper())
    # The DOI alone says it.
    again = again.replace(f",{known['pmid']},", ",,")
    (mine / "sources.csv").write_text("\n".join([header, first, *rest, again]), "utf-8")
    with pytest.raises(DataError, match="column doi: .*zz2099 is the article of"):
        project.load(mine)


def test_the_same_patients_under_other_ids_are_listed(tmp_path):
    other = own_cohort(tmp_path / "other")
    renamed(other, "h-", articles=False)
    done = alkpool("check", "curated", other)
    assert done.returncode == 0, done.stderr
    said = [text for text in done.stdout.splitlines() if "may be one patient" in text]
    assert any("cheng2024-p1 and h-cheng2024-p1 may be one patient" in text for text in said)
    assert "may be one patient" not in alkpool("check", "curated").stdout


def test_pooled_cohorts_with_the_same_patients_need_an_answer(tmp_path):
    """Before a chapter runs, with the words that answer."""
    other = own_cohort(tmp_path / "other")
    renamed(other, "h-", articles=False)
    run = [{"cohort": f"curated,{other}"}]
    said = study.problems(run)
    first = "curated+other: cheng2024-p1 and h-cheng2024-p1 may be one patient, who would count"
    assert any(text.startswith(first) for text in said)
    with pytest.raises(DataError) as refusal:
        project.load("curated", other)
    assert list(map(str, refusal.value.problems)) == said
    asked = ("look-up", "G1202R", "--cohort", run[0]["cohort"])
    refused = alkpool(*asked)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"{refusal.value}\n"
    answers = [re.findall(r"distinct_patients: \[(\[.*?\])\]", text)[0] for text in said]
    text = (other / "cohort.yaml").read_text("utf-8").partition("# One report each")[0]
    text += f"distinct_patients: [{', '.join(answers)}]\n"
    (other / "cohort.yaml").write_text(text, "utf-8")
    assert study.problems(run) == []
    assert alkpool(*asked).returncode == 0
    patients = pd.read_csv(other / "patients.csv", dtype=str, keep_default_na=False)
    mine = patients["status"] == "included"
    patients.loc[mine, ["status", "exclusion_reason"]] = [
        "excluded",
        "published, as curated has it",
    ]
    patients.to_csv(other / "patients.csv", index=False)
    assert duplicates.unanswered([project.load("curated"), project.load(other)], across=True) == []


def test_what_cannot_be_pooled_is_noted_where_both_are_checked(tmp_path):
    """Each kind once, however many articles or patients stand in both."""
    other = own_cohort(tmp_path / "other")
    done = alkpool("check", "curated", other)
    assert done.returncode == 0, done.stderr
    (patients,) = (said for said in done.stdout.splitlines() if "patients.csv, column" in said)
    assert patients.startswith("note: curated+other/patients.csv, column patient_id: found 'cheng")
    assert "stands in two cohorts: leave it out of one" in patients
    assert "(and 43 more: choi2010-p1, " in patients
    renamed(other, "h-", articles=True)
    said = alkpool("check", "curated", other).stdout
    articles = re.findall(r"(doi|pmid): found '[^']+'; stands in two cohorts: h-(\w+) is", said)
    assert [mark for mark, _ in articles] == ["doi", "pmid"]


def test_an_article_without_identifiers_is_known_by_its_author_year_and_title(tmp_path):
    """Too little is stated of its patient to be known by that alone."""
    mine, other = own_cohort(tmp_path / "mine"), own_cohort(tmp_path / "other")
    renamed(mine, "m-", articles=False)
    renamed(other, "h-", articles=False)
    for folder in (mine, other):
        patients = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
        patients[["age_years", "fusion_partner", "fusion_variant"]] = ["", "unknown", "unknown"]
        patients.to_csv(folder / "patients.csv", index=False)
    pair = "m-katayama2012-p1 and h-katayama2012-p1 may be one patient"
    with pytest.raises(DataError, match=pair):
        project.load(mine, other)
    sources = pd.read_csv(other / "sources.csv", dtype=str, keep_default_na=False)
    sources["title"] += " again"
    sources.to_csv(other / "sources.csv", index=False)
    assert pair not in alkpool("check", mine, other).stdout


def test_where_too_many_are_to_be_compared_it_is_said(tmp_path, monkeypatch, capsys):
    mine = own_cohort(tmp_path / "mine")
    renamed(mine, "h-", articles=False)
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 100)
    said = "so many patients: whether any stands twice is not looked at"
    assert project.load("curated", mine).read_as == (said,)
    assert study.problems([{"cohort": f"curated,{mine}"}]) == []
    assert capsys.readouterr().out == f"note: {said}\n"
    notes = []
    check.check([mine], notes.append)
    assert f"note: {said}" in notes


def test_a_patient_copied_within_a_source_is_found(tmp_path):
    mine = own_cohort(tmp_path / "mine")
    name = pd.read_csv(mine / "patients.csv").query("status == 'included'")["patient_id"].iloc[0]
    for table in ("patients", "samples", "treatments"):
        text = (mine / f"{table}.csv").read_text("utf-8")
        rows = [row for row in text.splitlines() if f"{name}," in row or f"{name}-s" in row]
        copied = "\n".join(row.replace(name, f"{name}b") for row in rows)
        (mine / f"{table}.csv").write_text(f"{text}{copied}\n", "utf-8")
    found = duplicates.unanswered([project.load(mine)])
    assert [(match.new, match.old) for match in found or []] == [(name, f"{name}b")]


@pytest.mark.parametrize("across", [True, False])
def test_pairs_of_very_many_patients_are_not_even_listed(across):
    """A gigabyte of pairs was made to say that there are too many."""
    some = project.load("curated")
    copies = [
        some.patients.assign(patient_id=some.patients["patient_id"] + f"-{n}") for n in range(50)
    ]
    many = replace(some, patients=pd.concat(copies))
    tracemalloc.start()
    assert duplicates.unanswered([many, many], across=across) is None
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000_000
