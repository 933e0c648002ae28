"""Evidence over time: each year is the matrix of what had been published by then."""

import dataclasses

import pandas as pd
import pytest
from factory import frame, line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from alkpool.analysis import timeline
from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.analysis.timeline import CELL, COUNTS
from alkpool.data.cohort import Cohort, load
from alkpool.data.tables import SOURCES

KEPT = [*CELL, "verdict", "rule", *COUNTS]


def dated(samples: list[dict], years: list[int | str]) -> Cohort:
    """Give each patient a source of its own; a blank year is none."""
    made = make_cohort(samples)
    names = [f"source{place}" for place in range(len(years))]
    rows = [
        {
            "source_id": name,
            "study_type": "cohort",
            "year": year,
            "status": "included",
            "sampling": "consecutive",
        }
        for name, year in zip(names, years, strict=True)
    ]
    return dataclasses.replace(
        made, sources=frame(SOURCES, rows), patients=made.patients.assign(source_id=names)
    )


CASES = [
    sample("G1202R", "alectinib", line("lorlatinib", "PR")),
    sample("G1202R", "alectinib", line("lorlatinib", "CR")),
    sample("G1202R", "alectinib", line("lorlatinib", "PD")),
    sample("L1196M", "alectinib", line("lorlatinib", "SD")),
]
THREE_YEARS = dated(CASES, [2015, 2015, 2018, 2020])


def test_verdicts_move_in_their_year() -> None:
    """Two good lines are too few; the third makes 2/3; the third relapse on alectinib counts."""
    evidence = timeline.over_time(THREE_YEARS)
    cells = evidence.set_index(["year", *CELL])
    assert timeline.years(THREE_YEARS) == [2015, 2018, 2020]
    lorlatinib = [cells.loc[(year, "G1202R", "lorlatinib"), "rule"] for year in (2015, 2018, 2020)]
    assert lorlatinib == ["V2", "V6", "V6"]
    alectinib = [cells.loc[(year, "G1202R", "alectinib"), "rule"] for year in (2015, 2018, 2020)]
    assert alectinib == ["V2", "V1", "V1"]
    assert set(evidence.query("year < 2020")["profile"]) == {"G1202R"}
    turned = timeline.history(evidence).query("moved == 'verdict'")
    assert list(zip(turned["year"], turned["inhibitor"], turned["verdict"], strict=True)) == [
        (2018, "alectinib", "no benefit expected"),
        (2018, "lorlatinib", "possibly beneficial"),
    ]


def test_growth_counts_what_had_been_published() -> None:
    assert timeline.growth(THREE_YEARS).to_dict("list") == {
        "year": [2015, 2018, 2020], "sources": [2, 3, 4], "patients": [2, 3, 4],
        "samples": [2, 3, 4], "decided": [2, 3, 3],
    }  # fmt: skip


def test_newest_year_says_what_it_changed() -> None:
    """A new profile, and a larger denominator for the others after alectinib."""
    newest = timeline.newest(timeline.over_time(THREE_YEARS))
    said = {(row.profile, row.inhibitor): row.moved for row in newest.itertuples()}
    assert said == {
        ("L1196M", "alectinib"): "counts",
        ("L1196M", "lorlatinib"): "counts",
        ("G1202R", "alectinib"): "denominator",
    }
    undecided = newest.set_index(CELL).loc[("L1196M", "lorlatinib")]
    assert (undecided["unknown_n_before"], undecided["unknown_n"]) == (0, 1)
    other = newest.set_index(CELL).loc[("G1202R", "alectinib")]
    assert (other["relapse_n_before"], other["relapse_n"]) == (3, 4)


def test_rules_are_handed_on() -> None:
    loose = timeline.over_time(THREE_YEARS, VerdictRule(min_evaluable=1))
    assert "V2" not in set(loose.query("inhibitor == 'lorlatinib' and profile == 'G1202R'")["rule"])


def test_cases_without_a_year_are_counted_not_shown() -> None:
    partly = dated(CASES, [2015, "", 2018, ""])
    assert timeline.undated(partly) == 2
    assert list(timeline.growth(partly)["patients"]) == [1, 2]
    assert timeline.undated(load("reconstructed")) == 387
    nothing = timeline.over_time(load("reconstructed"))
    assert nothing.empty
    assert timeline.history(nothing).empty
    assert timeline.newest(nothing).empty


def test_last_year_is_the_matrix_of_the_cohort() -> None:
    """The end of the story is chapter 4, of the patients whose source has a year."""
    data = load("curated")
    assert timeline.undated(data) == 1, "the year of makimoto2019 was not seen"
    of_makimoto = data.patients["source_id"] == "makimoto2019"
    data = dataclasses.replace(data, patients=data.patients[~of_makimoto])
    assert timeline.undated(data) == 0
    evidence = timeline.over_time(data)
    last = evidence[evidence["year"] == timeline.years(data)[-1]].drop(columns="year")
    pd.testing.assert_frame_equal(last.reset_index(drop=True), matrix(data), check_dtype=False)


ONE_CASE = st.builds(
    lambda profile, failed, given, response: sample(profile, failed, line(given, response)),
    st.sampled_from(["G1202R", "L1196M", "L1196M+G1202R"]),
    st.sampled_from(["alectinib", "crizotinib"]),
    st.sampled_from(["lorlatinib", "ceritinib"]),
    st.sampled_from(["PR", "PD", "SD"]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(ONE_CASE, st.integers(2014, 2017)), min_size=1, max_size=6))
def test_steps_add_up_to_the_end(cases: list[tuple[dict, int]]) -> None:
    """Replaying every step from nothing gives the matrix of today; counts never fall."""
    data = dated([case for case, _ in cases], [year for _, year in cases])
    moved = timeline.history(timeline.over_time(data))
    final = matrix(data).set_index(CELL)
    state: dict[tuple[str, str], dict] = {}
    for row in moved.to_dict("records"):
        key = row["profile"], row["inhibitor"]
        before = state.get(key, dict.fromkeys(COUNTS, 0) | {"verdict": "insufficient evidence"})
        assert row["verdict_before"] == before["verdict"]
        for count in timeline.OWN_COUNTS:
            assert row[f"{count}_before"] == before[count] <= row[count]
        state[key] = row
    for key, row in state.items():
        for name in ("verdict", *timeline.OWN_COUNTS):
            assert row[name] == final.loc[key, name]
    quiet = final.drop(index=list(state))
    assert (quiet[timeline.OWN_COUNTS].to_numpy() == 0).all()


def test_changes_of_a_matrix_with_itself_are_none() -> None:
    today = matrix(load("curated"))
    assert timeline.changes(today, today).empty


@pytest.mark.parametrize("direction", ["appears", "disappears"])
def test_a_profile_that_only_one_matrix_has(direction: str) -> None:
    both, one = matrix(THREE_YEARS), matrix(timeline.until(THREE_YEARS, 2018))
    before, after = (one, both) if direction == "appears" else (both, one)
    moved = timeline.changes(before, after).set_index(CELL).loc[("L1196M", "alectinib")]
    assert (moved["relapsed_before"], moved["relapsed"]) == (
        (0, 1) if direction == "appears" else (1, 0)
    )
    # One of three samples after alectinib, or one of four: of whichever profile.
    assert (moved["relapse_n_before"], moved["relapse_n"]) == (
        (3, 4) if direction == "appears" else (4, 3)
    )
    assert set(KEPT) <= {*CELL, *moved.index}


def test_denominators_of_the_years_before_are_those_of_their_year() -> None:
    """Every row of the history counts the samples after the inhibitor as its two years do."""
    data, rule = load("curated"), VerdictRule(relapse_from="all")
    found = timeline.years(data)
    taken_after = {
        year: timeline.until(data, year).samples["resistance_on"].value_counts() for year in found
    }
    for row in timeline.history(timeline.over_time(data, rule)).itertuples():
        assert row.relapse_n == taken_after[row.year].get(row.inhibitor, 0)
        earlier = [year for year in found if year < row.year]
        before = taken_after[earlier[-1]].get(row.inhibitor, 0) if earlier else 0
        assert row.relapse_n_before == before
