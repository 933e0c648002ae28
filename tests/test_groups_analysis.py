"""What published groups show: rows by hand, and contrasts as printed."""

import matplotlib.pyplot as plt
import pytest

from alkpool.analysis.groups import contrasts, outcomes_by_mutation
from alkpool.data import groups
from alkpool.figures.groups import group_forest
from alkpool.stats import wilson
from alkpool.vocabulary import CountOrigin


@pytest.fixture(scope="module")
def published() -> groups.Groups:
    return groups.load()


def test_groups_stand_before_the_base_rates_of_their_inhibitor(published) -> None:
    rows = outcomes_by_mutation(published)
    assert rows["outcome_id"].is_unique
    for _, of_inhibitor in rows.groupby("inhibitor", sort=False):
        base = (of_inhibitor["kind"] == "base rate").tolist()
        assert base == sorted(base)
        assert not all(base)


def test_base_rates_are_of_the_same_treatment_before(published) -> None:
    """Brigatinib was given to the groups after alectinib: not beside patients after crizotinib."""
    rows = outcomes_by_mutation(published)
    base = rows[rows["kind"] == "base rate"].groupby("inhibitor")["after"].agg(set)
    assert base["brigatinib"] == {"alectinib", "any ALK inhibitor"}
    assert base["alectinib"] == {"crizotinib", "any ALK inhibitor"}
    assert "crizotinib" in base["lorlatinib"]


def test_share_and_interval_of_a_group_by_hand(published) -> None:
    row = (
        outcomes_by_mutation(published).set_index("outcome_id").loc["koopman2022-alectinib-L1196M"]
    )
    assert (row["kind"], row["k"], row["n"]) == ("mutation", 9, 11)
    assert row[["share", "low", "high"]].tolist() == pytest.approx([9 / 11, *wilson(9, 11)])


def test_a_percentage_without_a_count_has_no_share(published) -> None:
    rows = outcomes_by_mutation(published).set_index("outcome_id")
    row = rows.loc["shaw2019-mutpos-tissue-lorlatinib"]
    assert (row["percent"], row["share"]) == (69, pytest.approx(float("nan"), nan_ok=True))


def test_the_two_contrasts_point_in_different_directions(published) -> None:
    table = contrasts(published)
    karolinska = table[table["source_id"] == "x07"].iloc[0]
    assert (karolinska["with_n"], karolinska["without_n"]) == (8, 10)
    assert (table["access"] != "").all()
    table = table[["site", "measure", "with_mutation", "without_mutation"]]
    assert sorted(table.itertuples(index=False, name=None)) == [
        ("", "median PFS, months", 1.0, 7.0),  # Karolinska
        ("plasma", "responses, %", 62.0, 32.0),  # Shaw 2019
        ("tissue", "median PFS, months", 11.0, 5.4),
        ("tissue", "responses, %", 69.0, 27.0),
    ]


@pytest.mark.parametrize("rows", [0, 1, 60])
def test_the_forest_is_drawn_with_any_number_of_rows(published, rows: int) -> None:
    some = outcomes_by_mutation(published).head(rows)
    drawing = group_forest(some)
    assert (drawing.figure is None) == (rows == 0)
    assert drawing.alt.count("95% CI") == some["k"].notna().sum()
    plt.close("all")


def test_words_say_how_each_count_is_known(published) -> None:
    rows = outcomes_by_mutation(published)
    made = group_forest(rows)
    assert "4/6 (67%; 95% CI 30% to 90%), printed, benefit" in made.alt
    assert "16/28 (57%; 95% CI 39% to 73%), implied" in made.alt
    assert "no count, 69% printed" in made.alt
    beside = [text.get_text() for text in made.figure.axes[0].texts]
    assert {"9/11\nprinted, benefit", "16/28\nimplied", "69% printed", "no count"} <= set(beside)
    known = rows[rows["k"].notna()].assign(k_origin=CountOrigin.RECONSTRUCTED)
    assert group_forest(known).alt.count("reconstructed") == len(known)
    plt.close("all")
