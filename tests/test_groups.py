"""Published groups: every note accounted for, nothing added that overlaps, wrong rows refused."""

import itertools
import shutil

import pandas as pd
import pytest

from alkpool import paths
from alkpool.data import groups
from alkpool.intake import curate
from alkpool.intake import groups as build
from alkpool.problems import DataError
from alkpool.stats import clopper_pearson

FILES = ("sources.csv", "outcomes.csv", "counts.csv")


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def published():
    return groups.load()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(paths.GROUPS, tmp_path / "groups")


@pytest.fixture
def raw(tmp_path):
    for name in ("groups", "distributions"):
        shutil.copytree(paths.RAW / name, tmp_path / name)
    return tmp_path


def change(path, key, **cells):
    """Change cells of the row whose first text cell with that content is the key."""
    table = read(path)
    row = table.index[(table == key).any(axis=1)][0]
    for column, value in cells.items():
        table.loc[row, column] = value
    table.to_csv(path, index=False)
    return row + 2


def test_each_of_the_82_notes_is_used_or_left_out_with_a_reason(published):
    notes = read(paths.RAW / "groups" / "group_level.csv")["row_id"]
    decisions = read(paths.RAW / "groups" / "decisions.csv")
    searched = decisions[decisions["raw"] == "groups"]
    assert len(notes) == 82
    assert sorted(searched["record"]) == sorted(notes)
    assert (decisions["reason"] != "").all()
    used = searched.groupby("table").size()
    assert used.to_dict() == {"outcomes": 52, "counts": 18, "left out": 12}
    left_out = set(searched.loc[searched["table"] == "left out", "record"])
    kept = {*published.outcomes["outcome_id"], *published.counts["count_id"]}
    assert not left_out & kept
    assert set(notes) - left_out <= kept


def test_all_earlier_counts_are_carried_over_as_noted(published):
    noted = read(paths.RAW / "distributions" / "counts.csv")
    carried = published.counts.set_index("count_id").loc[noted["row_id"]]
    assert len(carried) == 41
    differing = [
        (note["source"], note["mutation"])
        for note, (_, row) in zip(noted.to_dict("records"), carried.iterrows(), strict=True)
        if (note["n"] and int(note["n"]) != row["k"])
        or (note["denominator"] and int(note["denominator"]) != row["n"])
    ]
    # The paper prints n=24 [82%] of 34, which disagree, and 82% a second time.
    assert differing == [("Koopman 2022 (seed)", "more than one ALK mutation")]


def test_population_and_place_of_a_decision_are_those_of_its_note():
    """Seven decisions say more of the population."""
    decisions = read(paths.RAW / "groups/decisions.csv").query("table != 'left out'")
    searched = read(paths.RAW / "groups/group_level.csv").set_index("row_id")
    counted = read(paths.RAW / "distributions/counts.csv").set_index("row_id")
    of_search, of_counts, of_paper = (
        decisions[decisions["raw"] == name].set_index("record")
        for name in ("groups", "distributions", "")
    )
    notes = searched.loc[of_search.index]
    assert (of_search["read_via"] == notes["locator"]).all()
    more = of_search["population"] != notes["population"] + "; before: " + notes["prior"]
    assert more.sum() == 7
    notes = counted.loc[of_counts.index]
    paper = "full text of the paper"
    assert (of_counts["read_via"] == notes["url_seen"].replace("koopman2022.txt", paper)).all()
    assert (of_paper["read_via"] == paper).all()


def test_the_paper_s_own_cells_are_rows(published):
    paper = published.outcomes.query("source_id == 'koopman2022'")
    assert {(r.mutations, r.inhibitor, r.k, r.n, r.endpoint) for r in paper.itertuples()} == {
        ("L1196M", "alectinib", 9, 11, "clinical benefit"),
        ("G1202R", "alectinib", 4, 6, "clinical benefit"),
    }
    relapsed = published.counts.query("source_id == 'koopman2022' and relation == 'exact'")
    cells = {(r.after, r.mutations): (r.k, r.n, r.percent_printed) for r in relapsed.itertuples()}
    assert cells[("crizotinib", "L1196M")] == (55, 220, "25")
    assert cells[("crizotinib", "G1269A")] == (34, 220, "15")
    assert cells[("alectinib", "L1196M")] == (9, 82, "11")
    assert cells[("alectinib", "G1202R")] == (26, 82, "32")
    assert cells[("alectinib", "I1171X")] == (27, 82, "33")
    assert cells[("ceritinib", "G1202R")] == (19, 53, "36")
    assert cells[("brigatinib", "G1202R")] == (10, 32, "31")
    assert cells[("lorlatinib", "L1196M+G1202R")] == (4, 34, "12")


def test_lorlatinib_with_g1202r_is_the_only_count_that_fits_the_print(published):
    row = published.outcomes.set_index("outcome_id").loc["shaw2019-g1202rdel-lorlatinib"]
    assert (row.k, row.n, row.k_origin) == (16, 28, "implied by percentage")
    assert (row.relation, row.mutations) == ("contains", "G1202R")
    assert "27 patients with G1202R, one with G1202del" in row.population
    fitting = [k for k in range(29) if f"{100 * k / 28:.0f}" == row.percent_printed]
    assert fitting == [16]
    interval = clopper_pearson(16, 28)
    printed = f"95% {100 * interval.low:.0f}-{100 * interval.high:.0f}"
    assert printed == row.interval_printed


def test_an_implied_count_is_the_only_one_and_a_reconstructed_one_gives_its_interval(published):
    for frame in (published.outcomes, published.counts):
        for row in frame[frame["percent_printed"] != ""].dropna(subset=["k", "n"]).itertuples():
            digits = len(row.percent_printed.partition(".")[2])
            near = [
                k for k in range(row.n + 1)
                if abs(100 * k / row.n - float(row.percent_printed)) <= 0.5 * 10**-digits
            ]  # fmt: skip
            if row.k_origin == "implied by percentage":
                assert near == [row.k], row
            if row.k_origin == "reconstructed from the interval":
                interval = clopper_pearson(row.k, row.n)
                low, high = (f"{100 * limit:.1f}" for limit in (interval.low, interval.high))
                assert row.interval_printed == f"95% {low}-{high}"


def test_built_tables_are_the_checked_in_ones():
    built = {table.file: (table, frame) for table, frame in build.build()}
    for name in FILES:
        table, frame = built[name]
        text = frame.sort_values(list(table.key)).to_csv(index=False, lineterminator="\n")
        assert text.encode() == (paths.GROUPS / name).read_bytes()
    assert {f"groups/{name}" for name in FILES} <= set(curate.build())


def test_rows_of_one_trial_are_never_added(published):
    outcomes = published.outcomes.dropna(subset=["k", "n"])
    for _, rows in outcomes.groupby("trial"):
        for pair in itertools.combinations(rows.index, 2):
            with pytest.raises(ValueError, match="may share patients"):
                groups.total(rows.loc[list(pair)])
    by_id = published.outcomes.set_index("outcome_id", drop=False)
    assert groups.total(by_id.loc[["yoshida2018-ceritinib", "jamme2019-mutpos-nextalki"]]) == (
        9,
        16,
    )
    # The paper's pool of the literature may hold the patients of any other source.
    with pytest.raises(ValueError, match="may share patients"):
        groups.total(by_id.loc[["koopman2022-alectinib-L1196M", "jamme2019-mutpos-nextalki"]])
    with pytest.raises(ValueError, match="may share patients"):
        groups.total(by_id.loc[["lin2018-all-brigatinib", "shaw2019-g1202rdel-lorlatinib"]])
    with pytest.raises(ValueError, match="lorlatu-lorlatinib has no count"):
        groups.total(by_id.loc[["lorlatu-lorlatinib"]])


ALL, POST = "drilon2024-g1202r-all-neladalkib", "drilon2024-g1202r-postlorlatinib-neladalkib"


@pytest.mark.parametrize(
    ("row", "column", "cells", "words"),
    [
        (ALL, "k", {"k": "33"}, "must be at most n, 32"),
        (ALL, "percent_printed", {"percent_printed": "70"}, "22 of 32 is 68.75%"),
        ("nvl2025-any-neladalkib", "percent_printed", {"n": "7"}, "no count of 7 gives it"),
        (ALL, "k_origin", {"k_origin": ""}, "must be stated where k is"),
        (ALL, "trial", {"trial": "NCT00000000"}, "a trial of drilon2024 in sources.csv"),
        (ALL, "source_id", {"source_id": "nobody"}, "source_id of sources.csv"),
        (ALL, "mutations", {"mutations": "L1202R"}, "canonical mutation profiles"),
        (ALL, "mutations", {"mutations": "G1202R;gibberish"}, "canonical mutation profiles"),
        (ALL, "relation", {"mutations": "G1202R;I1171N", "relation": "exact"}, "must be contains"),
        (ALL, "inhibitor", {"inhibitor": "placebo"}, "data/reference/inhibitors.csv"),
        (ALL, "after", {"after": "tea"}, "data/reference/inhibitors.csv"),
        (POST, "subset_of", {"subset_of": "nowhere"}, "nowhere is none"),
        (POST, "subset_of", {"subset_of": f"{ALL};{ALL}"}, "names an overlap twice"),
        (POST, "subset_of", {"subset_of": POST}, "lead back to the row itself"),
        (POST, "subset_of", {"subset_of": "solomon2018-any-lorlatinib"}, "of another"),
        ("nvl2023-g1202r-neladalkib", "subset_of",
         {"subset_of": "nvl2023-all-neladalkib;nvl2023-anymut-neladalkib"}, "an overlap twice"),
        (ALL, "subset_of", {"subset_of": POST}, "lead back to the row itself"),
    ],
)  # fmt: skip
def test_a_wrong_outcome_is_refused_with_its_place(folder, row, column, cells, words):
    place = change(folder / "outcomes.csv", row, **cells)
    with pytest.raises(DataError) as refused:
        groups.load(folder)
    found = [p for p in refused.value.problems if (p.row, p.column) == (place, column)]
    assert found, refused.value
    assert words in str(found[0])
    assert found[0].file == "groups/outcomes.csv"


def test_every_problem_of_all_tables_is_listed_at_once(folder):
    change(folder / "outcomes.csv", ALL, source_id="nobody")
    change(folder / "outcomes.csv", POST, trial="NCT00000000")
    change(folder / "counts.csv", "Koopman-2022-crizotinib-L1196M", k="221")
    with pytest.raises(DataError) as refused:
        groups.load(folder)
    found = {(p.file, p.column) for p in refused.value.problems}
    assert found >= {
        ("groups/outcomes.csv", "source_id"),
        ("groups/outcomes.csv", "trial"),
        ("groups/counts.csv", "k"),
    }


def test_a_wrong_count_is_refused_too(folder):
    place = change(folder / "counts.csv", "Koopman-2022-crizotinib-L1196M", k="221")
    with pytest.raises(DataError, match=f"counts.csv, row {place}, column k: found '221'"):
        groups.load(folder)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"reason": ""}, "column reason"),
        ({"table": "elsewhere"}, "must be one of outcomes, counts, left out"),
        ({"record": "invented"}, "must be a row of group_level.csv"),
        ({"record": "lorlatu-lorlatinib"}, "is decided twice"),
    ],
)
def test_a_note_without_one_good_decision_is_refused(raw, cells, words):
    change(raw / "groups" / "decisions.csv", ALL, **cells)
    with pytest.raises(DataError, match=words):
        build.build(raw)


def test_a_new_note_asks_for_a_decision(raw):
    notes = read(raw / "groups" / "group_level.csv")
    more = pd.concat([notes, notes.tail(1).assign(row_id="new2026")])
    more.to_csv(raw / "groups" / "group_level.csv", index=False)
    with pytest.raises(DataError, match="new2026.*must be used or left out"):
        build.build(raw)
