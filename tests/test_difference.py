"""What moved between two results: every change once, the important ones first."""

import csv
import io
import json
import shutil
import subprocess

import pandas as pd
import pytest
from command import alkpool

from alkpool import difference, paths
from alkpool.analysis.timeline import COUNTS
from alkpool.difference import COLUMNS
from alkpool.problems import DataError, no_formula

TRACKED = paths.RESULTS
CELLS = pd.DataFrame(
    {
        "profile": ["G1202R", "G1202R", "L1196M"],
        "inhibitor": ["alectinib", "lorlatinib", "alectinib"],
        "verdict": ["insufficient evidence", "likely beneficial", "no benefit expected"],
        "rule": ["V2", "V5", "V3"],
        **dict.fromkeys(COUNTS, "1"),
        "relapse_n": ["8", "5", "8"],
    }
)
TABLE = "curated/actionability.csv"


@pytest.fixture
def folders(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name / "curated").mkdir(parents=True)
        write(tmp_path / name, CELLS)
    return tmp_path / "old", tmp_path / "new"


def write(folder, frame, name=TABLE):
    frame.to_csv(folder / name, index=False)


def moved(old, new):
    """Changes without the mark of synthetic cohorts."""
    return difference.compare(old, new).drop(columns="synthetic").to_numpy().tolist()


def test_nothing_changed_is_said_clearly(folders):
    assert difference.compare(*folders).empty
    done = alkpool("diff", *folders)
    assert (done.returncode, done.stdout.splitlines()) == (0, [
        "Nothing changed: every table is the same.",
        "Compared were results as make report last made them, without what was added since.",
    ])  # fmt: skip
    assert alkpool("diff", *folders, "--format", "json").stdout == "[]\n"
    assert alkpool("diff", *folders, "--format", "csv").stdout == ",".join(COLUMNS) + "\n"


def test_every_change_once_the_important_ones_first(folders):
    """A cell that one side lacks has no evidence there, and the denominator of its inhibitor."""
    old, new = folders
    changed = CELLS.copy()
    changed.loc[0, ["benefit_k", "verdict"]] = ["0", "conflicting evidence"]
    changed.loc[2, "profile"] = "F1174L"
    write(new, changed)
    write(new, CELLS, "curated/more.csv")
    write(old, CELLS, "curated/less.csv")
    write(old, CELLS, "curated/other.csv")
    write(new, changed, "curated/other.csv")
    own = [name for name in COUNTS if name != "relapse_n"]
    cell, gone, came = "G1202R, alectinib", "L1196M, alectinib", "F1174L, alectinib"
    assert moved(old, new) == [
        ["verdict", TABLE, came, "verdict", "insufficient evidence", "no benefit expected"],
        ["verdict", TABLE, cell, "verdict", "insufficient evidence", "conflicting evidence"],
        ["verdict", TABLE, gone, "verdict", "no benefit expected", "insufficient evidence"],
        ["count", TABLE, came, "rule", "V2", "V3"],
        *(["count", TABLE, came, name, "0", "1"] for name in own),
        ["count", TABLE, cell, "benefit_k", "1", "0"],
        ["count", TABLE, gone, "rule", "V3", "V2"],
        *(["count", TABLE, gone, name, "1", "0"] for name in own),
        ["table", TABLE, "", "", "present", "present"],
        ["table", "curated/less.csv", "", "", "present", ""],
        ["table", "curated/more.csv", "", "", "", "present"],
        ["table", "curated/other.csv", "", "", "present", "present"],
    ]
    said = alkpool("diff", old, new, "--all").stdout.splitlines()
    assert f"  curated: {cell}: insufficient evidence -> conflicting evidence" in said
    assert f"  curated: {cell}, benefit_k: 1 -> 0" in said
    names = "curated/less.csv, curated/more.csv"
    assert f"In one of the two only, so not compared: {names}" in said
    assert said[-1] == f"Tables that differ: {TABLE}, {names}, curated/other.csv"


def test_each_verdict_is_said_once_those_of_patients_first(folders):
    """However many tables tell of it, and whatever the synthetic cohort is called."""
    old, new = folders
    changed = CELLS.assign(verdict=["likely beneficial", *CELLS["verdict"][1:]], relapse_n="9")
    lines = pd.DataFrame({"treatment_id": ["a-t1", "a-t2"], "benefit": ["no benefit", "benefit"]})
    for folder, cells in ((old, CELLS), (new, changed)):
        (folder / "a-made-up").mkdir()
        write(folder, cells.assign(synthetic="yes"), "a-made-up/actionability.csv")
        write(folder, cells)
        write(folder, cells.rename(columns={"profile": "mutations"}), "curated/models.csv")
        write(folder, lines, "curated/lines.csv")
        lines = pd.DataFrame({"treatment_id": ["a-t1", "a-t3"], "benefit": "benefit"})
    assert alkpool("diff", old, new).stdout.splitlines() == [
        "Verdicts that moved: 4",
        "  curated: G1202R, alectinib: insufficient evidence -> likely beneficial",
        "  curated: a-t1, benefit: no benefit -> benefit",
        "  curated: a-t2, benefit: benefit -> blank",
        "  curated: a-t3, benefit: blank -> benefit",
        "Synthetic verdicts that moved: 1",
        "  a-made-up: G1202R, alectinib: insufficient evidence -> likely beneficial",
        "Also changed: 6 rules and counts of cells; 4 tables differ.",
        "Each of them: --all. As a table: --format csv or json.",
    ]


def test_rows_in_another_order_are_the_same_cells(folders):
    old, new = folders
    write(new, CELLS.iloc[::-1])
    assert moved(old, new) == [["table", TABLE, "", "", "present", "present"]]


@pytest.mark.parametrize("before", ["", " ", "\u200b", "\ufeff\t"])
def test_signs_that_nobody_sees_hide_no_formula(before):
    assert no_formula(f"{before}=1+1") == f"'{before}=1+1"
    assert no_formula(f"{before}text") == f"{before}text"


def test_csv_is_no_formula_and_json_is_whole(folders, tmp_path):
    old, new = folders
    write(new, CELLS.assign(verdict=["-1", "+x", '=cmd("a")']))
    expected = difference.compare(old, new)
    target = tmp_path / "out.csv"
    assert alkpool("diff", old, new, "--format", "csv", "-o", target).returncode == 0
    rows = list(csv.reader(io.StringIO(target.read_text("utf-8"))))
    assert [row[-2] for row in rows[1:4]] == ["-1", "'+x", '\'=cmd("a")']
    records = json.loads(alkpool("diff", old, new, "--format", "json").stdout)
    assert records == expected.to_dict("records")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("a,b\n1\n", "row 2: has 1 cell;"),
        ("profile,verdict\nG1202R,x\n", "benefit_k"),
        (CELLS.assign(relapsed="").to_csv(index=False), "counts as whole numbers"),
        (pd.concat([CELLS] * 2).to_csv(index=False), "each cell once"),
    ],
)
def test_bad_tables_are_said(folders, spoilt, said):
    old, new = folders
    (new / TABLE).write_text(spoilt)
    done = alkpool("diff", old, new)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert TABLE in done.stderr
    assert said in done.stderr


@pytest.mark.parametrize("side", [0, 1])
def test_a_line_that_stands_twice_is_refused(folders, side):
    lines = pd.DataFrame({"treatment_id": ["a-t1", "a-t2"], "benefit": "benefit"})
    for folder in folders:
        write(folder, lines.assign(benefit=folder.name), "curated/lines.csv")
    write(folders[side], pd.concat([lines, lines[:1]]), "curated/lines.csv")
    with pytest.raises(DataError, match=r"curated/lines\.csv: .*each treatment_id once.*'a-t1'"):
        difference.compare(*folders)


def test_results_of_the_last_commit(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setattr(paths, "HOME", home)
    monkeypatch.setattr(paths, "RESULTS", home / "results")
    shutil.copytree(TRACKED / "curated", home / "results" / "curated")

    def git(*arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", home, *who, *arguments], check=True, capture_output=True)

    git("init", "-q")
    done = alkpool("diff")
    assert (done.returncode, "git has none of a last commit: fatal" in done.stderr) == (1, True)
    git("add", "results")
    git("commit", "-qm", "x")
    assert alkpool("diff").stdout.startswith("Nothing changed")
    path = home / "results/curated/actionability.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace("insufficient evidence,V2", "no benefit expected,V3", 1), "utf-8")
    said = alkpool("diff").stdout.splitlines()
    assert (said[0], said[3][:13]) == ("Verdicts that moved: 1", "Also changed:")


def test_what_cannot_be_compared_is_said(folders, tmp_path):
    """No folder of results is no folder in which nothing moved."""
    old, new = folders
    (new / TABLE).rename(new / "curated/other.csv")
    with pytest.raises(DataError, match="has no table that the other folder has too"):
        difference.compare(old, new)
    (new / "curated/other.csv").unlink()
    with pytest.raises(DataError, match="has no table: must be a folder of results"):
        difference.compare(old, new)
    done = alkpool("diff", tmp_path / "nowhere", new)
    assert (done.returncode, "must be a folder of results" in done.stderr) == (1, True)
