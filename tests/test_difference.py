"""What moved between two results: every change once, the important ones first."""

import csv
import io
import json
import shutil
import subprocess

import pandas as pd
import pytest
from command import alkpool
from hypothesis import given
from hypothesis import strategies as st

from alkpool import difference, paths
from alkpool.difference import COLUMNS
from alkpool.problems import DataError, no_formula

TRACKED = paths.RESULTS
CELLS = pd.DataFrame(
    {
        "profile": ["G1202R", "G1202R", "L1196M"], "inhibitor": ["alectinib", "lorlatinib"] * 1
        + ["alectinib"], "benefit_k": ["1", "2", "3"], "share": ["0.1", "0.2", "0.3"],
        "verdict": ["insufficient evidence", "likely beneficial", "no benefit expected"],
        "note": ["", "a", "=b"],
    }
)  # fmt: skip


@pytest.fixture
def folders(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name / "curated").mkdir(parents=True)
        CELLS.to_csv(tmp_path / name / "curated" / "cells.csv", index=False)
    return tmp_path / "old", tmp_path / "new"


def write(folder, frame, name="cells"):
    frame.to_csv(folder / "curated" / f"{name}.csv", index=False)


def test_nothing_changed_is_said_clearly(folders):
    assert difference.compare(*folders).empty
    done = alkpool("diff", *folders)
    assert (done.returncode, done.stdout) == (0, "Nothing changed: every table is the same.\n")
    assert alkpool("diff", *folders, "--format", "json").stdout == "[]\n"
    assert alkpool("diff", *folders, "--format", "csv").stdout == ",".join(COLUMNS) + "\n"


def test_every_change_once_the_important_ones_first(folders):
    old, new = folders
    changed = CELLS.copy()
    changed.loc[0, ["benefit_k", "share", "verdict"]] = ["4", "0.15", "conflicting evidence"]
    changed.loc[1, "note"] = "b"
    changed.loc[2, "profile"] = "F1174L"
    write(new, changed)
    write(new, CELLS, "more")
    write(old, CELLS, "less")
    row = "profile: G1202R; inhibitor: alectinib"
    table = "curated/cells.csv"
    assert moved(old, new) == [
        ["verdict", table, row, "verdict", "insufficient evidence", "conflicting evidence"],
        ["count", table, row, "benefit_k", "1", "4"],
        ["table", "curated/less.csv", "", "", "present", ""],
        ["table", "curated/more.csv", "", "", "", "present"],
        ["row", table, "profile: L1196M; inhibitor: alectinib", "", "present", ""],
        ["row", table, "profile: F1174L; inhibitor: alectinib", "", "", "present"],
        ["number", table, row, "share", "0.1", "0.15"],
        ["text", table, "profile: G1202R; inhibitor: lorlatinib", "note", "a", "b"],
    ]
    said = alkpool("diff", old, new, "--all").stdout.splitlines()
    assert f"  {table}, {row}, verdict: insufficient evidence -> conflicting evidence" in said
    assert "  curated/less.csv: removed" in said
    assert "  curated/more.csv: added" in said
    assert f"Shares, limits and other numbers: 1 changed ({table} 1)" in said


def test_each_verdict_is_said_once_those_of_patients_first(folders):
    """However many tables tell of it, and whatever the synthetic cohort is called."""
    old, new = folders
    changed = CELLS.assign(verdict=["likely beneficial", *CELLS["verdict"][1:]], share="0.4")
    lines = pd.DataFrame({"treatment_id": ["a-t1"], "benefit": ["no benefit"]})
    for folder, cells in ((old, CELLS), (new, changed)):
        (folder / "a-made-up").mkdir()
        cells.assign(synthetic="yes").to_csv(folder / "a-made-up/cells.csv", index=False)
        write(folder, cells)
        write(folder, cells.rename(columns={"profile": "mutations"}).assign(model="m"), "models")
        write(folder, lines, "lines")
        lines["benefit"] = "benefit"
    assert alkpool("diff", old, new).stdout.splitlines() == [
        "Verdicts that moved: 2",
        "  curated: G1202R, alectinib: insufficient evidence -> likely beneficial",
        "  curated: treatment_id: a-t1, benefit: no benefit -> benefit",
        "Synthetic verdicts that moved: 1",
        "  a-made-up: G1202R, alectinib: insufficient evidence -> likely beneficial",
        "Also changed: shares, limits and other numbers 9.",
        "Each of them: --all. As a table: --format csv or json.",
    ]


def moved(old, new):
    """Changes without the mark of synthetic cohorts."""
    return difference.compare(old, new).drop(columns="synthetic").to_numpy().tolist()


def test_a_column_that_came_is_said(folders):
    old, new = folders
    write(new, CELLS.assign(extra="1"))
    assert moved(old, new) == [["table", "curated/cells.csv", "", "extra", "", "present"]]


def test_rows_in_another_order_are_the_same(folders):
    old, new = folders
    write(new, CELLS.iloc[::-1])
    assert difference.compare(old, new).empty


@pytest.mark.parametrize("before", ["", " ", "\u200b", "\ufeff\t"])
def test_signs_that_nobody_sees_hide_no_formula(before):
    assert no_formula(f"{before}=1+1") == f"'{before}=1+1"
    assert no_formula(f"{before}text") == f"{before}text"


def test_csv_is_no_formula_and_json_is_whole(folders, tmp_path):
    old, new = folders
    write(new, CELLS.assign(note=["-1", "+x", '=cmd("a")']))
    expected = difference.compare(old, new)
    target = tmp_path / "out.csv"
    assert alkpool("diff", old, new, "--format", "csv", "-o", target).returncode == 0
    rows = list(csv.reader(io.StringIO(target.read_text("utf-8"))))
    assert [row[-2] for row in rows[1:]] == ["-1", "'+x", '\'=cmd("a")']
    records = json.loads(alkpool("diff", old, new, "--format", "json").stdout)
    assert records == expected.to_dict("records")


def test_bad_folders_and_tables_are_said(folders, tmp_path):
    old, new = folders
    done = alkpool("diff", tmp_path / "nowhere", new)
    assert (done.returncode, "must be a folder of results" in done.stderr) == (1, True)
    (new / "curated/cells.csv").write_text("a,b\n1\n")
    done = alkpool("diff", old, new)
    assert (done.returncode, "curated/cells.csv, row 2: has 1 cell" in done.stderr) == (1, True)
    assert alkpool("diff", old, new, "--git", "HEAD").returncode == 2


def test_results_of_a_revision(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setattr(paths, "HOME", home)
    monkeypatch.setattr(paths, "RESULTS", home / "results")
    shutil.copytree(TRACKED / "curated", home / "results" / "curated")

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", home, *who, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", "results")
    git("commit", "-qm", "x")
    assert alkpool("diff").stdout.startswith("Nothing changed")
    path = home / "results/curated/actionability.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace("insufficient evidence,V2", "no benefit expected,V3", 1), "utf-8")
    for arguments in ([], ["--git", "HEAD"], ["--git", "HEAD", home / "results"]):
        said = alkpool("diff", *arguments).stdout.splitlines()
        assert (said[0], said[3][:13]) == ("Verdicts that moved: 1", "Also changed:")
    done = alkpool("diff", "--git", "-x")
    assert (done.returncode, "git says" in done.stderr) == (1, True)


def test_every_table_of_the_project_has_a_key():
    """No row of the results needs a number to be told apart, and no key is a measured value."""
    for path in sorted(paths.RESULTS.rglob("*.csv")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        if frame.empty:
            continue
        key = difference._key(frame, frame)
        assert not frame.duplicated(key).any(), path
        assert not {"share", "low", "high", "p_value", "log_odds"} & set(key), path


@pytest.mark.parametrize("column", ["default", "verdict_before", "rule_before"])
def test_other_names_of_verdicts_and_rules(folders, column):
    old, new = folders
    for folder, rule in zip(folders, ("V3", "V5"), strict=True):
        write(folder, CELLS.rename(columns={"verdict": column}).assign(**{column: rule}))
    kinds = difference.compare(old, new)[["kind", "column"]].drop_duplicates()
    assert kinds.to_numpy().tolist() == [["verdict", column]]


def test_a_default_that_is_a_number_is_no_verdict(folders):
    old, new = folders
    for folder, share in zip(folders, ("0.5", "0.25"), strict=True):
        write(folder, CELLS.assign(default=share))
    assert set(difference.compare(old, new)["kind"]) == {"number"}


tables = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcd"), "n": st.integers(0, 3).map(str),
         "verdict": st.sampled_from(["x", "y"])}
    ),
    max_size=6,
)  # fmt: skip


@given(tables, tables)
def test_changes_lead_from_the_old_table_to_the_new(old, new):
    """Applying the listed changes to the old rows gives the new ones."""
    columns = ["name", "n", "verdict"]
    frames = [pd.DataFrame(rows, columns=columns, dtype=str) for rows in (old, new)]
    key = difference._key(*frames)
    before, after = (difference._keyed(frame, key).to_dict("index") for frame in frames)
    for kind, row, column, was, now in difference._table_changes(*frames):
        if kind == "row":
            if was:
                del before[row]
            else:
                before[row] = after[row]
        else:
            assert before[row][column] == was
            before[row][column] = now
    assert before == after


def test_what_cannot_be_compared_is_said(tmp_path):
    """No folder of results is no folder in which nothing moved."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "a.csv").write_text("profile,verdict\nG1202R,none\n", "utf-8")
    (old / "b.csv").write_text("profile,verdict\nG1202R,none\n", "utf-8")
    said = difference.to_text(difference.compare(old, new))
    assert "In one of the two only, so not compared: b.csv" in said
    (new / "a.csv").rename(new / "c.csv")
    with pytest.raises(DataError, match="has no table that the other folder has too"):
        difference.compare(old, new)
    (new / "c.csv").unlink()
    with pytest.raises(DataError, match="has no table: must be a folder of results"):
        difference.compare(old, new)
