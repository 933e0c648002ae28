"""Possible duplicates: what is compared, and what is proposed."""

from dataclasses import replace

import pandas as pd
import pytest
from cases import case, tables, write_csv
from hypothesis import given
from hypothesis import strategies as st

from alkpool import paths
from alkpool.data import cohort, duplicates
from alkpool.data.duplicates import Match, compare
from alkpool.intake import flatfile, place

CURATED = tables(paths.COHORTS / "curated")
KNOWN = {
    "report": "a2020", "age": 50, "sex": "female", "fusion partner": "EML4",
    "fusion variant": "V1", "mutations": ("G1202R",),
    "drugs": ("crizotinib", "alectinib"), "months": {"alectinib PFS": 8.0},
}  # fmt: skip


def compared(changes, known=KNOWN) -> Match:
    """Compare a patient of another report, who is as the known one but for some facts."""
    facts = KNOWN | {"report": "b2021"} | changes
    new = {name: fact for name, fact in facts.items() if fact is not None}
    return compare("new", "old", {"new": new, "old": known})


def outcomes(match: Match) -> dict[str, str]:
    return {fact: outcome for fact, outcome, _ in match.reasons}


@pytest.mark.parametrize(
    ("fact", "value", "expected"),
    [
        ("age", 51, "same"),
        ("age", 47, "near"),
        ("age", 46.9, "different"),
        ("age", None, ""),
        ("sex", "male", "different"),
        ("sex", None, ""),
        ("fusion partner", "eml4", "same"),
        ("fusion variant", "V3", "different"),
        ("mutations", ("L1196M", "G1202R"), "same profile"),
        ("mutations", ("L1196M+G1202R",), "shared mutation"),
        ("mutations", ("L1196M",), "none shared"),
        ("mutations", None, ""),
        ("drugs", ("crizotinib",), "one continues"),
        ("drugs", ("alectinib", "crizotinib"), "different"),
        ("months", {"alectinib PFS": 8.5}, "same"),
        ("months", {"alectinib PFS": 8.6}, "different"),
        ("months", {"alectinib DOT": 8.0}, ""),
    ],
)
def test_outcome_of_each_comparison(fact, value, expected):
    assert outcomes(compared({fact: value})).get(fact, "") == expected


def test_an_age_of_nought_is_stated():
    patients = CURATED["patients"].assign(age_years="0")
    assert all(
        facts["age"] == 0 for facts in duplicates.records(CURATED | {"patients": patients}).values()
    )


def test_score_of_a_pair_by_hand():
    """Seven facts agree; then the profile and the age differ, and the drugs go on."""
    assert (compared({}).score, compared({}).probable) == (7, True)
    other = compared({"mutations": ("L1196M",), "age": 70, "drugs": ("crizotinib",)})
    assert (other.score, other.probable) == (4 - 2, False)


def stated(**of_each: st.SearchStrategy) -> st.SearchStrategy:
    """Records, of whose facts any may be left out."""
    facts = {name.replace("_", " "): values for name, values in of_each.items()}
    return st.fixed_dictionaries({"report": st.sampled_from(["a", "b"])}, optional=facts)


people = stated(
    age=st.integers(30, 80).map(float), sex=st.sampled_from(["male", "female"]),
    fusion_partner=st.sampled_from(["EML4", "KIF5B"]), fusion_variant=st.sampled_from(["V1", "V3"]),
    mutations=st.lists(
        st.sampled_from(["G1202R", "L1196M", "L1196M+G1202R"]), unique=True, min_size=1,
        max_size=2).map(tuple),
    drugs=st.lists(
        st.sampled_from(["crizotinib", "alectinib"]), unique=True, min_size=1).map(tuple),
    months=st.dictionaries(st.just("alectinib PFS"), st.floats(0, 40), min_size=1),
)  # fmt: skip


@given(st.lists(people, min_size=2, max_size=12), st.integers(1, 6))
def test_pairs_left_out_beforehand_are_never_alike(records, number):
    """Whatever is stated: those that may be one patient are compared, each pair once."""
    known = {f"p{n}": record for n, record in enumerate(records)}
    new = list(known)[:number]
    pairs = list(duplicates._alike(new, list(known), known))
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    for one in new:
        for other in known.keys() - {one}:
            match = compare(one, other, known)
            if match.identical or match.score >= duplicates.POSSIBLE:
                assert (one, other) in pairs or (other, one) in pairs


@pytest.mark.parametrize(
    ("lorlatinib", "expected"), [(3.5, "same"), (20.0, "different"), (None, "same")]
)
def test_months_agree_only_where_all_that_both_state_do(lorlatinib, expected):
    """One of two numbers that fits by chance does not outweigh the one that contradicts."""
    two = {"months": {"alectinib PFS": 8.0, "lorlatinib PFS": 3.0}}
    more = {} if lorlatinib is None else {"lorlatinib PFS": lorlatinib}
    match = compared(two, KNOWN | {"months": KNOWN["months"] | more})
    assert outcomes(match)["months"] == expected


@pytest.mark.parametrize("first", ["unknown", ""])
def test_unknown_drugs_of_a_first_sample_do_not_hide_those_of_a_later_one(first):
    samples = CURATED["samples"]
    (one, *_) = samples["sample_id"]
    rows = samples[samples["sample_id"] == one]
    later = rows.assign(sample_id="later", sample_order="9", prior_inhibitors="alectinib")
    patient = rows["patient_id"].item()
    only = CURATED | {
        "samples": pd.concat([rows.assign(prior_inhibitors=first), later]),
        "treatments": CURATED["treatments"].iloc[:0],
    }
    assert duplicates.records(only)[patient]["drugs"] == ("alectinib",)


@given(people, people)
def test_a_comparison_is_symmetric(one, other):
    known = {"one": one, "other": other}
    match, mirrored = compare("one", "other", known), compare("other", "one", known)
    assert match.score == mirrored.score
    assert match.identical == mirrored.identical


@given(people)
def test_nobody_is_liker_than_oneself(one):
    known = {"one": one, "sex": one | {"sex": "other"}, "age": one | {"age": 5.0}}
    known |= {"itself": one | {"sex": "male", "age": 50.0}}
    itself = compare("itself", "itself", known).score
    assert all(compare("itself", other, known).score <= itself for other in known)


def matches(path, *rows):
    addition = place.fit(flatfile.read(write_csv(path, *rows)), CURATED)
    merged = place.merge(CURATED, addition)
    return duplicates.matches(addition.rows["patients"]["patient_id"], merged)


REPORTED_AGAIN = case(
    first_author="Other B", doi="", age_years="29", sex="unknown", fusion_variant="V1",
    resistance_on="crizotinib", prior_inhibitors="crizotinib", mutations="C1156Y+L1196M",
    phase="trans", inhibitor="", line_number="", monotherapy="", best_response="",
    pfs_relation="", pfs_months="", treatment_status="",
)  # fmt: skip


def test_a_patient_who_is_reported_again_is_proposed(tmp_path):
    """The index patient of Choi 2010, as another report might print it a year later."""
    first, *_ = matches(tmp_path / "a.csv", REPORTED_AGAIN)
    assert (first.new, first.old, first.probable) == ("other2024-p1", "choi2010-p1", True)
    assert {name for name, *_ in first.reasons} == {
        "age", "fusion partner", "fusion variant", "mutations", "drugs",
    }  # fmt: skip


def test_a_stranger_is_not_proposed(tmp_path):
    assert matches(tmp_path / "a.csv", case(age_years="85", mutations="F1174L")) == []


def test_the_same_row_of_the_same_report_is_proposed_however_little_it_says(tmp_path):
    row = {
        "source_id": "sasaki2011", "sample_order": "1", "resistance_on": "crizotinib",
        "prior_inhibitors": "crizotinib", "mutations": "L1152R", "sample_locator": "x",
    }  # fmt: skip
    (first, *_) = matches(tmp_path / "a.csv", row)
    assert (first.old, first.identical, first.probable) == ("sasaki2011-p1", True, True)
    assert first.score < duplicates.PROBABLE


def test_two_rows_of_the_file_are_compared_within_a_report_only_as_copies(tmp_path):
    """Within a report the reader tells patients apart; two reports may print one patient."""
    rare = case(mutations="F1174L", fusion_variant="V5", age_years="71")
    again = rare | {"first_author": "Again C", "doi": ""}
    copy, original = (rare | {"patient_id": name} for name in ("a", "b"))
    (copied,) = matches(tmp_path / "a.csv", copy, original)
    assert (copied.new, copied.old, copied.probable) == ("a", "b", True)
    assert matches(tmp_path / "a.csv", copy | {"mutations": "L1152R"}, original) == []
    little = ("age_years", "sex", "fusion_partner", "fusion_variant")
    thin = [row | dict.fromkeys(little, "") | {"sex": "unknown"} for row in (copy, original)]
    assert matches(tmp_path / "a.csv", *thin) == []
    (found,) = matches(tmp_path / "b.csv", rare, again)
    assert (found.new, found.old) == ("again2024-p1", "test2024-p1")


def test_cohort_as_it_is_asks_few_questions():
    """Known patients, added one by one, would be asked about at most once in ten pairs."""
    names = list(CURATED["patients"]["patient_id"])
    known = duplicates.records(CURATED)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    probable = [pair for pair in pairs if compare(*pair, known).probable]
    assert len(probable) <= len(pairs) / 10


@pytest.mark.parametrize("kept", [0, 1])
def test_nobody_repeats_another_in_a_cohort_of_none_or_one(kept):
    curated = cohort.load("curated")
    few = replace(curated, patients=curated.patients.head(kept))
    assert duplicates.unanswered([few]) == []
    assert duplicates.unanswered([few, replace(few, patients=few.patients[:0])], across=True) == []
