"""Adding cases: what is shown, what is merged, and that nothing half-done is ever left."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from cases import (
    MOVED,
    add,
    adding,
    case,
    contents,
    own_cohort,
    tables,
    write_csv,
    write_workbook,
)  # fmt: skip
from command import alkpool
from test_duplicates import REPORTED_AGAIN

from alkpool import files, paths, references
from alkpool.analysis import timeline
from alkpool.data import cohort, duplicates
from alkpool.intake import add as additions
from alkpool.intake import curate, flatfile, template
from alkpool.problems import DataError


@pytest.fixture
def mine(tmp_path) -> Path:
    return own_cohort(tmp_path / "mine")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A checkout with what adding to the curated cohort reads and writes."""
    made, checkout = tmp_path / "checkout", paths.HOME
    shutil.copytree(paths.DATA, made / "data", copy_function=shutil.copyfile)
    for name, place in {name: getattr(paths, name) for name in MOVED}.items():
        monkeypatch.setattr(paths, name, made / place.relative_to(checkout))
    return made


def test_without_yes_nothing_is_changed(tmp_path, mine):
    before = contents(tmp_path)
    file = write_csv(tmp_path / "new.csv", case())
    done = alkpool("add", file, "--cohort", mine)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path) == before | {"new.csv": file.read_bytes()}
    for line in (
        "New in mine:", "  patients: 1 (test2024-p1)", "  included patients: 34 -> 35",
        "Possible duplicates: none found in mine and curated",
        "Verdicts that move: none",
        "  G1202R, lorlatinib (insufficient evidence): benefit 0/0, not decided 0, relapsing 0/0 "
        "-> benefit 1/1, not decided 0, relapsing 0/0",
        "Nothing was changed. To merge: the same command with --yes",
    ):  # fmt: skip
        assert line in done.stdout.splitlines(), line


def test_a_new_patient_of_ones_own_is_compared_with_the_published(tmp_path):
    """Not only when the cohorts are pooled; the answer that pooling asks for is the same."""
    mine = tmp_path / "mine"
    template.start_cohort(mine)
    file = write_csv(tmp_path / "new.csv", REPORTED_AGAIN)
    shown = alkpool("add", file, "--cohort", mine)
    assert "  probable: other2024-p1 and choi2010-p1, +5" in shown.stdout.splitlines()
    two = "distinct_patients: [[other2024-p1, choi2010-p1]]"
    refused = alkpool("add", file, "--cohort", mine, "--yes")
    assert refused.returncode == 1
    assert f"may repeat choi2010-p1: where they are two, write {two} into" in refused.stderr
    # One who does not count needs no answer.
    excluded = write_csv(tmp_path / "x.csv", REPORTED_AGAIN | {"exclusion_reason": "published"})
    assert "none found in mine and curated" in alkpool("add", excluded, "--cohort", mine).stdout
    with (mine / "cohort.yaml").open("a") as description:
        description.write(f"{two}\n")
    assert alkpool("add", file, "--cohort", mine, "--yes").returncode == 0
    assert alkpool("look-up", "G1202R", "--cohort", f"curated,{mine}").returncode == 0


def test_an_article_of_the_published_cohort_is_said(tmp_path):
    """Its patients would count twice, and pooling refuses them."""
    mine = tmp_path / "mine"
    template.start_cohort(mine)
    doi = "10.3389/fonc.2024.1430350"
    stranger = {"age_years": "85", "mutations": "F1174L", "sex": "male"}
    shown = alkpool("add", write_csv(tmp_path / "n.csv", case(doi=doi, **stranger)),
                    "--cohort", mine)  # fmt: skip
    assert (
        "Cannot be pooled with curated as it is: 1\n"
        f"  curated+mine/sources.csv, column doi: found '{doi}'; stands in two cohorts: "
        "test2024 is the article of cheng2024; leave it out of one, or where it is another rename "
        "it\n"
    ) in shown.stdout


def test_moves_are_the_differences_of_the_two_matrices(tmp_path, mine):
    """Recounted cell by cell from the merged tables."""
    file = write_csv(tmp_path / "n.csv", case(), case(mutations="C1156Y+L1196M", phase="trans",
                     doi="", first_author="Other C", not_duplicate_of=""))  # fmt: skip
    plan = additions.plan(file, mine)
    old, new = ({(c["profile"], c["inhibitor"]): c for c in additions.actionability.matrix(data)
                 .to_dict("records")} for data in (plan.before, plan.after))  # fmt: skip
    differing = {
        key for key, cell in new.items()
        if any(cell[name] != old[key][name] for name in [*timeline.COUNTS, "verdict"])
    }  # fmt: skip
    assert new.keys() == old.keys()
    moved = plan.moves
    assert set(zip(moved["profile"], moved["inhibitor"], strict=True)) == differing
    turned = moved["verdict_before"] != moved["verdict"]
    assert turned.is_monotonic_decreasing


def test_a_new_profile_moves_from_nothing(tmp_path, mine):
    plan = additions.plan(write_csv(tmp_path / "n.csv", case(mutations="F1174L")), mine)
    moved = plan.moves.set_index(["profile", "inhibitor"])
    cell = moved.loc[("F1174L", "lorlatinib")]
    assert (cell["benefit_n_before"], cell["benefit_n"], cell["rule_before"]) == (0, 1, "V2")


def test_a_cell_without_a_line_is_not_said_to_move(tmp_path, mine):
    """Of a share that is not read from a case report, nothing is told from 0/0 to 0/0."""
    plan = additions.plan(write_csv(tmp_path / "n.csv", case(mutations="F1174L")), mine)
    assert ("F1174L", "alectinib") in set(plan.moves[["profile", "inhibitor"]].apply(tuple, axis=1))
    said = additions.describe(plan)
    assert "Other cells whose counts move: 1\n  F1174L, lorlatinib (" in said


def test_a_verdict_that_moves_is_said(tmp_path, mine):
    """Three lines with benefit are enough for a verdict; no share is read from a case report."""
    ages = {"a": "35", "b": "50", "c": "71"}
    cases = [case(patient_id=name, age_years=age) for name, age in ages.items()]
    said = additions.describe(additions.plan(write_csv(tmp_path / "n.csv", *cases), mine))
    assert (
        "Verdicts that move: 1\n"
        "  G1202R, lorlatinib: insufficient evidence [V2; benefit 0/0, not decided 0, relapsing "
        "0/0] -> possibly beneficial [V6; benefit 3/3, not decided 0, relapsing 0/0]\n"
    ) in said


def test_merge_into_an_own_cohort(tmp_path, mine):
    before = tables(mine)
    file = write_csv(tmp_path / "new.csv", case())
    old = contents(mine)
    done = alkpool("add", file, "--cohort", mine, "--yes")
    assert done.returncode == 0, done.stderr
    assert "added to mine as addition 0001" in done.stdout
    merged = cohort.load(mine)
    assert len(merged.patients) == len(before["patients"]) + 1
    after = tables(mine)
    for name, frame in before.items():
        key = frame.columns[0]
        kept = after[name][after[name][key].isin(frame[key])].reset_index(drop=True)
        assert kept.equals(frame)
        assert list(after[name][key]) == sorted(after[name][key])
    with zipfile.ZipFile(mine / "backup" / "0001.zip") as backup:
        kept = {name: backup.read(name) for name in backup.namelist()}
    assert b"## 0001" not in kept.pop("CHANGELOG.md")
    assert kept == old
    log = (mine / "CHANGELOG.md").read_text("utf-8")
    assert "## 0001, " in log
    assert "- File: `new.csv`." in log
    assert "- patients: 1 (test2024-p1)." in log
    assert "G1202R, lorlatinib (insufficient evidence)" in log
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "new.csv"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_same_file_twice_is_refused_in_words(tmp_path, mine, kind):
    """Also when it comes back as another kind of file."""
    assert alkpool("add", write_csv(tmp_path / "a.csv", case()), "--cohort", mine,
                   "--yes").returncode == 0  # fmt: skip
    write = {"csv": write_csv, "xlsx": write_workbook}[kind]
    before = contents(mine)
    done = alkpool("add", write(tmp_path / f"again.{kind}", case()), "--cohort", mine, "--yes")
    assert done.returncode == 1
    assert "these rows are in mine already: Addition 0001 of " in done.stderr
    assert contents(mine) == before


def test_a_file_with_nothing_new_is_refused(tmp_path, mine):
    row = {"source_id": "cheng2024", "patient_id": "cheng2024-p1", "sample_order": "1"}
    with pytest.raises(DataError, match="holds nothing new: all its rows are in mine already"):
        additions.plan(write_csv(tmp_path / "a.csv", row), mine)


def test_a_probable_duplicate_needs_an_answer(tmp_path, mine):
    before = contents(mine)
    file = write_csv(tmp_path / "a.csv", REPORTED_AGAIN)
    shown = alkpool("add", file, "--cohort", mine)
    assert shown.returncode == 0
    assert "  probable: other2024-p1 and choi2010-p1, +" in shown.stdout
    assert "age: same (29 and 28)" in shown.stdout
    assert "answer: in the rows of other2024-p1 write choi2010-p1 into" in shown.stdout
    refused = alkpool("add", file, "--cohort", mine, "--yes")
    assert refused.returncode == 1
    assert "other2024-p1" in refused.stderr
    assert "write choi2010-p1 into duplicate_of, or into not_duplicate_of" in refused.stderr
    assert contents(mine) == before


@pytest.mark.parametrize("column", ["duplicate_of", "not_duplicate_of"])
def test_an_answer_is_kept(tmp_path, mine, column):
    file = write_csv(tmp_path / "a.csv", REPORTED_AGAIN | {column: "choi2010-p1"})
    add(file, mine)
    added = cohort.load(mine).patients.set_index("patient_id").loc["other2024-p1"]
    log = (mine / "CHANGELOG.md").read_text("utf-8")
    if column == "duplicate_of":
        assert (added["status"], added["duplicate_of"]) == ("duplicate", "choi2010-p1")
        assert "other2024-p1 does not count: repeats choi2010-p1" in log
    else:
        assert (added["status"], added["duplicate_of"]) == ("included", "")
        assert "choi2010-p1 is not other2024-p1" in log


@pytest.mark.parametrize("where", ["own", "curated"])
def test_an_answer_is_not_asked_for_again(tmp_path, home, where):
    """By nothing that compares the patients later: it stands in ``cohort.yaml``."""
    folder = own_cohort(tmp_path / "mine") if where == "own" else home / "data/cohorts/curated"
    name, before = (folder if where == "own" else "curated"), contents(folder)
    asked = write_csv(tmp_path / "a.csv", REPORTED_AGAIN)
    assert alkpool("add", asked, "--cohort", name, "--yes").returncode == 1
    said = "other2024-p1 and choi2010-p1 may be one patient"
    answered = write_csv(tmp_path / "a.csv", REPORTED_AGAIN | {"not_duplicate_of": "choi2010-p1"})
    done = alkpool("add", answered, "--cohort", name, "--yes")
    assert done.returncode == 0, done.stderr
    text = (folder / "cohort.yaml").read_text("utf-8")
    assert text.startswith(before["cohort.yaml"].decode().partition("distinct_patients: [")[0])
    assert text.count("[choi2010-p1, other2024-p1]") == text.count("[doebele2012-p1, ") == 1
    checked = alkpool("check", name)
    assert (checked.returncode, said in checked.stdout) == (0, False), checked.stderr
    if where == "own":
        undo(folder, "0001")
        assert {name: contents(folder)[name] for name in before} == before
    else:
        (home / "data/raw/added/0001.csv").unlink()
        curate.files(home / "data")  # make data
        assert contents(folder) == before


PAIR = ("choi2010-p1", "other2024-p1")
# What a cohort.yaml says of pairs, and with another one.
TOLD_APART = {
    "nothing": ("", "distinct_patients: [[choi2010-p1, other2024-p1]]\n"),
    "none": ("distinct_patients: []\n", "distinct_patients: [[choi2010-p1, other2024-p1], ]\n"),
    "one": ("distinct_patients: [[a, b]]  # A.\n",
            "distinct_patients: [[choi2010-p1, other2024-p1], [a, b]]  # A.\n"),
    "lines": ("distinct_patients:\n  # A.\n  - [a, b]  # B.\n",
              "distinct_patients:\n  # A.\n  - [choi2010-p1, other2024-p1]\n  - [a, b]  # B.\n"),
    "lines below": ("distinct_patients:\n- - a\n  - b\n",
                    "distinct_patients:\n- [choi2010-p1, other2024-p1]\n- - a\n  - b\n"),
    "this": ("distinct_patients: [[other2024-p1, choi2010-p1]]\n",
             "distinct_patients: [[other2024-p1, choi2010-p1]]\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD_APART)
def test_a_description_is_kept_beside_the_answer(name):
    before, after = TOLD_APART[name]
    assert (
        duplicates.with_distinct(f"title: Ä  # No\n{before}", [PAIR]) == f"title: Ä  # No\n{after}"
    )


def test_an_id_that_is_a_number_is_an_id_in_the_answer():
    said = duplicates.with_distinct("title: A\n", [("1", "no")])
    assert said == "title: A\ndistinct_patients: [['1', 'no']]\n"


def test_merging_twice_is_merging_at_once(tmp_path):
    """Two files one after the other give the rows of one file with both."""
    one, two = case(patient_id="a"), case(patient_id="b", mutations="L1196M", age_years="80")
    apart, together = own_cohort(tmp_path / "apart"), own_cohort(tmp_path / "together")
    add(write_csv(tmp_path / "1.csv", one), apart)
    add(write_csv(tmp_path / "2.csv", two), apart)
    add(write_csv(tmp_path / "3.csv", one, two), together)
    for name, frame in tables(apart).items():
        assert frame.equals(tables(together)[name])
    assert [path.name for path in sorted((apart / "backup").iterdir())] == ["0001.zip", "0002.zip"]


def test_the_backup_brings_the_tables_back(tmp_path, mine):
    before = contents(mine)
    add(write_csv(tmp_path / "a.csv", case()), mine)
    undo(mine, "0001")
    assert {name: contents(mine)[name] for name in before} == before


def test_undo_takes_the_entry_of_the_changelog_back(tmp_path, mine):
    add(write_csv(tmp_path / "a.csv", case(patient_id="a")), mine)
    before = contents(mine)
    add(
        write_csv(
            tmp_path / "b.csv", case(patient_id="b", mutations="L1196M", age_years="80", sex="male")
        ),
        mine,
    )
    undo(mine, "0002")
    assert {name: contents(mine)[name] for name in before} == before


def test_what_was_undone_can_be_added_again(tmp_path, mine):
    """The number of an addition is not given again, so no backup is overwritten."""
    file = write_csv(tmp_path / "a.csv", case())
    add(file, mine)
    undo(mine, "0001")
    assert "as addition 0002" in add(file, mine)
    with pytest.raises(DataError, match="are in mine already: Addition 0002 of"):
        add(file, mine)


def undo(folder, number):
    with zipfile.ZipFile(folder / "backup" / f"{number}.zip") as backup:
        backup.extractall(folder)


def test_a_corrected_file_and_the_first_one_can_be_added_after_undo(tmp_path, mine):
    """An id that was made up is free again after undo, and may go to another case."""
    before = tables(mine)["patients"]
    first = write_csv(tmp_path / "first.csv", case())
    corrected = write_csv(tmp_path / "corrected.csv", case(mutations="L1196M", age_years="71"))
    add(first, mine)
    undo(mine, "0001")
    assert "as addition 0002" in add(corrected, mine)
    (made,) = set(tables(mine)["patients"]["patient_id"]) - set(before["patient_id"])
    assert tables(mine)["samples"].set_index("patient_id").at[made, "mutations"] == "L1196M"
    assert "as addition 0003" in add(first, mine)
    assert len(tables(mine)["patients"]) == len(before) + 2
    for file, number in ((corrected, "0002"), (first, "0003")):
        with pytest.raises(DataError, match=f"are in mine already: Addition {number} of"):
            add(file, mine)
    # Also where an editor has touched the entries.
    entries = mine / "CHANGELOG.md"
    entries.write_text(entries.read_text("utf-8").replace(".\n", ". Checked. \n"), "utf-8")
    with pytest.raises(DataError, match="Where they were taken out, take that line out"):
        add(first, mine)
    undo(mine, "0002")
    assert "as addition 0004" in add(first, mine)
    assert len(tables(mine)["patients"]) == len(before) + 1


def test_no_cohort_to_add_to(tmp_path, mine):
    file = write_csv(tmp_path / "a.csv", case())
    for name, message in {
        "reconstructed": "reconstructed: is synthetic: no patient can be added to it",
        "curated,other": "must be one cohort",
        str(tmp_path / "nowhere"): "no such cohort",
        str(tmp_path / "no" / "where"): "No such file or directory",
    }.items():
        done = alkpool("add", file, "--cohort", name, "--yes")
        assert done.returncode == 1, name
        assert message in done.stderr
        assert "Traceback" not in done.stderr
    shutil.copytree(mine, tmp_path / "curated")
    done = alkpool("add", file, "--cohort", tmp_path / "curated", "--yes")
    assert paths.NAMESAKE in done.stderr
    (mine / "samples.csv").write_text("sample_id\n")
    done = alkpool("add", file, "--cohort", mine, "--yes")
    assert (done.returncode, "samples.csv, row 1" in done.stderr) == (1, True)


def test_a_folder_that_is_stood_in(tmp_path, mine, monkeypatch):
    monkeypatch.chdir(mine)
    file = write_csv(tmp_path / "a.csv", case())
    done = alkpool("add", file, "--cohort", ".", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"cd {mine}" in done.stdout
    assert len(cohort.load(mine).patients) == 45


# Faults.


@pytest.mark.parametrize(
    "where",
    [*(pytest.param(step, marks=pytest.mark.nightly) for step in ("_back_up", "_with_entry")),
     "exchange", "after"],
)  # fmt: skip
def test_a_killed_addition_leaves_the_old_or_the_new(tmp_path, mine, where):
    """SIGKILL before the exchange leaves every byte; after it everything is merged."""
    before = contents(mine)
    file = write_csv(tmp_path / "a.csv", case())
    assert adding(file, mine, where)() == -signal.SIGKILL
    if where == "after":
        assert len(cohort.load(mine).patients) == 45
        with pytest.raises(DataError, match="these rows are in mine already"):
            add(file, mine)
    else:
        assert contents(mine) == before
        add(file, mine)
        assert len(cohort.load(mine).patients) == 45
    # What the killed process left is cleared away by the next that writes.
    add(write_csv(tmp_path / "b.csv", case(mutations="F1174L", age_years="20")), mine)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_was_moved_aside_is_put_back(tmp_path, mine):
    """Where a system cannot exchange two folders, there is a moment without one."""
    mine.rename(tmp_path / ".mine.old")
    add(write_csv(tmp_path / "a.csv", case()), mine)
    assert len(cohort.load(mine).patients) == 45


@pytest.mark.parametrize("step", ["copytree", "write_atomically", "exchange"])
def test_a_full_disk_changes_nothing(tmp_path, mine, monkeypatch, step):
    before = contents(mine)
    file = write_csv(tmp_path / "a.csv", case())

    def full(*arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    module = {"copytree": shutil, "exchange": files}.get(step, additions)
    monkeypatch.setattr(module, step, full)
    with pytest.raises(OSError, match="No space left"):
        add(file, mine)
    assert contents(mine) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "mine"]


def test_what_somebody_else_changes_meanwhile_is_not_lost(tmp_path, home, monkeypatch):
    file = write_csv(tmp_path / "a.csv", case())
    notes, build = home / "data/raw/curated/NOTES.txt", curate.files

    def edited(stage):
        notes.write_text("mine")
        return build(stage)

    monkeypatch.setattr(curate, "files", edited)
    with pytest.raises(OSError, match="changed meanwhile by somebody else") as refused:
        add(file, "curated")
    assert refused.value.filename == str(notes)
    assert notes.read_text() == "mine"
    assert not (home / "data/raw/added/0001.csv").exists()


def test_data_may_lie_on_another_disk(tmp_path, home):
    """A link in the place of the folder stays one."""
    disk = tmp_path / "disk"
    (home / "data").rename(disk)
    (home / "data").symlink_to(disk)
    add(write_csv(tmp_path / "a.csv", case()), "curated")
    assert (home / "data").is_symlink()
    assert (disk / "raw/added/0001.csv").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "checkout", "disk"}


def test_a_private_cohort_stays_private(tmp_path, mine):
    for path in mine.iterdir():
        path.chmod(0o600)
    mine.chmod(0o700)
    add(write_csv(tmp_path / "a.csv", case()), mine)
    made = {path.name: path.stat().st_mode & 0o777 for path in mine.rglob("*") if path.is_file()}
    assert made == dict.fromkeys([*(path.name for path in mine.glob("*.*")), "0001.zip"], 0o600)
    assert mine.stat().st_mode & 0o777 == 0o700


def without_rights() -> list[str]:
    """Start of a command for which the modes of files hold, also where root runs the tests."""
    if os.geteuid() != 0:
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("root can write everywhere, and setpriv cannot take that right away")
    return command


def test_a_read_only_place_is_said(tmp_path, mine):
    file, before = write_csv(tmp_path / "a.csv", case()), contents(mine)
    program = Path(sys.executable).with_name("alkpool")
    command = [*without_rights(), program, "add", file, "--cohort", mine, "--yes"]
    tmp_path.chmod(0o555)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        tmp_path.chmod(0o755)
    assert (done.returncode, "Permission denied" in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
    assert contents(mine) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "mine"]


def test_two_at_once_lose_nothing(tmp_path, mine):
    """Four processes, four files: every case is in, each with its backup."""
    files = [
        write_csv(tmp_path / f"{n}.csv", case(patient_id=f"a{n}", age_years=age, mutations=found))
        for n, (age, found) in enumerate(
            [("20", "G1202R"), ("40", "L1196M"), ("60", "I1171T"), ("80", "F1174L")]
        )
    ]
    running = [adding(file, mine) for file in files]
    assert [ended() for ended in running] == [0] * 4
    patients = cohort.load(mine).patients
    assert len(patients) == 48
    assert {f"a{n}" for n in range(4)} <= set(patients["patient_id"])
    assert len(list((mine / "backup").iterdir())) == 4
    assert (mine / "CHANGELOG.md").read_text("utf-8").count("\n## ") == 4


def test_an_own_cohort_starts_by_one_command(tmp_path):
    folder = tmp_path / "ward-7"
    done = alkpool("new-cohort", folder)
    assert done.returncode == 0, done.stderr
    assert f"alkpool add FILE --cohort {folder}" in done.stdout
    assert folder.stat().st_mode & 0o777 == 0o700
    assert cohort.check(folder) == []
    assert all(frame.empty for frame in tables(folder).values())
    add(write_csv(tmp_path / "a.csv", case()), folder)
    assert list(cohort.load(folder).patients["patient_id"]) == ["test2024-p1"]


@pytest.mark.parametrize("name", ["curated", "ward;7", "there"])
def test_an_own_cohort_of_a_name_that_will_not_do_leaves_nothing(tmp_path, name):
    (tmp_path / "there").mkdir()
    done = alkpool("new-cohort", tmp_path / name)
    assert done.returncode == 1
    assert "rename the folder" in done.stderr or "is there already" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("place", ["ward", "data/cohorts/ward", "build/ward"])
def test_an_own_cohort_starts_outside_the_project(home, place):
    done = alkpool("new-cohort", home / place)
    assert done.returncode == 1
    assert "lies in this project, whose files are shared: name one outside" in done.stderr
    assert not (home / place).exists()


# The curated cohort.


def test_the_curated_cohort_keeps_the_file_as_a_raw_fact(tmp_path, home):
    before = tables(home / "data/cohorts/curated")
    said = add(write_csv(tmp_path / "a.csv", case()), "curated")
    assert "added to curated as data/raw/added/0001.csv" in said
    after = tables(home / "data/cohorts/curated")
    assert {name: len(after[name]) - len(frame) for name, frame in before.items()} == {
        "sources": 1, "patients": 1, "samples": 1, "treatments": 1,
    }  # fmt: skip
    raw = pd.read_csv(home / "data/raw/added/0001.csv", dtype=str, keep_default_na=False)
    assert tuple(raw) == flatfile.COLUMNS
    assert list(raw["patient_id"]) == ["test2024-p1"]
    # `make data` has nothing to do: the build reproduces the merge.
    for name, text in curate.files(home / "data").items():
        assert (home / "data" / name).read_text("utf-8") == text, name
    package = json.loads((home / "data/datapackage.json").read_text("utf-8"))
    assert "raw/added/0001.csv" in {resource["path"] for resource in package["resources"]}
    assert "## 0001, " in (home / "data/raw/added/CHANGELOG.md").read_text("utf-8")
    assert {path.name for path in home.iterdir()} == {"data"}


def test_a_killed_addition_to_curated_leaves_nothing_behind_the_data(tmp_path, home):
    """SIGKILL right after the exchange: what the book renders next has the new reference."""
    file = write_csv(tmp_path / "a.csv", case())
    assert adding(file, "curated", "after")() == -signal.SIGKILL
    assert "test2024-p1" in set(tables(home / "data/cohorts/curated")["patients"]["patient_id"])
    assert "test2024" in {row["source_id"] for row in references.read(home / "data")}
    # `make data` has nothing to do.
    for name, text in curate.files(home / "data").items():
        assert (home / "data" / name).read_text("utf-8") == text, name


def test_files_are_built_on_one_another(tmp_path, home):
    """The second file adds a sample of a patient of the first."""
    add(write_csv(tmp_path / "a.csv", case()), "curated")
    row = {"source_id": "test2024", "patient_id": "test2024-p1", "sample_order": "2",
           "resistance_on": "lorlatinib", "prior_inhibitors": "alectinib;lorlatinib",
           "mutations": "L1196M+G1202R", "sample_locator": "Table 1, row 3"}  # fmt: skip
    add(write_csv(tmp_path / "b.csv", row), "curated")
    assert sorted(path.name for path in (home / "data/raw/added").glob("*.csv")) == [
        "0001.csv", "0002.csv",
    ]  # fmt: skip
    samples = {table.name: frame for table, frame in curate.curated(home / "data/raw")}
    of_patient = samples["samples"].query("patient_id == 'test2024-p1'")
    assert list(of_patient["sample_id"]) == ["test2024-p1-s1", "test2024-p1-s2"]


def test_what_was_undone_can_be_added_to_curated_again(tmp_path, home):
    """Its undo leaves no byte but the heading of the changelog."""
    file, before = write_csv(tmp_path / "a.csv", case()), contents(home)
    add(file, "curated")
    (home / "data/raw/added/0001.csv").unlink()
    for name, text in curate.files(home / "data").items():  # make data
        (home / "data" / name).write_text(text, "utf-8")
    assert "## 0001" not in (home / "data/raw/added/CHANGELOG.md").read_text("utf-8")
    (home / "data/raw/added/CHANGELOG.md").unlink()
    assert contents(home) == before
    assert "data/raw/added/0001.csv" in add(file, "curated")
    with pytest.raises(DataError, match="are in curated already: Addition 0001 of"):
        add(file, "curated")


def test_tables_that_differ_from_their_raw_facts_are_not_added_to(tmp_path, home):
    path = home / "data/cohorts/curated/patients.csv"
    path.write_text(path.read_text("utf-8").replace(",28,unknown", ",29,unknown"), "utf-8")
    before = contents(home)
    with pytest.raises(DataError, match="patients.csv: differs from its raw facts: run make data"):
        add(write_csv(tmp_path / "a.csv", case()), "curated")
    assert contents(home) == before


def test_a_reference_that_clashes_changes_nothing(tmp_path, home):
    """A DOI of the in vitro sources with another PubMed identifier."""
    sources = pd.read_csv(home / "data/invitro/sources.csv", dtype=str, keep_default_na=False)
    elsewhere = ~sources["doi"].isin(tables(home / "data/cohorts/curated")["sources"]["doi"])
    known = sources[elsewhere & (sources["doi"] != "") & (sources["pmid"] != "")].iloc[0]
    before = contents(home)
    file = write_csv(tmp_path / "a.csv", case(doi=known["doi"], pmid="1"))
    with pytest.raises(DataError, match="stands for two publications"):
        add(file, "curated")
    assert contents(home) == before


def test_a_fault_of_the_curated_cohort_changes_nothing(tmp_path, home, monkeypatch):
    before = contents(home)
    file = write_csv(tmp_path / "a.csv", case())

    def full(*names):
        raise OSError(errno.ENOSPC, "No space left on device", "x")

    with monkeypatch.context() as patched:
        patched.setattr(files, "exchange", full)
        with pytest.raises(OSError, match="No space left"):
            add(file, "curated")
    assert contents(home) == before
    assert "0001.csv" in add(file, "curated")
