"""The sweep: any division of a cohort gives the same, and a killed one goes on."""

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import alkpool
from alkpool.data.cohort import Cohort
from alkpool.problems import DataError
from alkpool.robustness import large
from alkpool.robustness.choices import grid
from alkpool.robustness.large import partitions, read_partition, tallied, tally_partition
from alkpool.robustness.tallies import add, tally

# distributed leaves a socket to the collector where its usual port is taken.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

SMALL = ["threshold_months=3,6", "min_evaluable=3", "low_sensitivity=0.5", "high_sensitivity=0.75"]
GRID = grid(threshold_months=(3, 6))


def divide(cohort: Cohort, folder: Path, parts: int, *, copies: int = 1) -> Path:
    """Write a cohort as partitions of complete patients, with its rows several times over."""
    folder.mkdir()
    (folder / "cohort.yaml").write_text(
        yaml.safe_dump(cohort.meta.model_dump(mode="json", exclude_none=True))
    )
    cohort.sources.to_parquet(folder / "sources.parquet")
    for part in range(parts):
        patients = cohort.patients.iloc[part::parts]
        samples = cohort.samples[cohort.samples["patient_id"].isin(patients["patient_id"])]
        treatments = cohort.treatments[cohort.treatments["sample_id"].isin(samples["sample_id"])]
        place = folder / f"part-{part:05d}"
        place.mkdir()
        for name, rows, keys in (
            ("patients", patients, ["patient_id"]),
            ("samples", samples, ["patient_id", "sample_id"]),
            ("treatments", treatments, ["sample_id", "treatment_id"]),
        ):
            again = [rows.assign(**{k: rows[k] + f"-{n}" for k in keys}) for n in range(copies)]
            table = pd.concat(again, ignore_index=True)
            # As a simulator writes them: vocabularies are categories, with those of the part.
            closed = [column for column in table if column in ("status", "inhibitor", "specimen")]
            table.astype(dict.fromkeys(closed, "category")).to_parquet(place / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return alkpool.load("reconstructed")


def test_partitions_and_workers_make_no_difference(cohort, tmp_path):
    whole = tally(cohort, GRID)
    for parts, workers in ((3, 2), (7, 1)):
        folder = divide(cohort, tmp_path / f"in-{parts}", parts)
        described, total = tallied(folder, GRID, tmp_path / f"kept-{parts}", workers=workers)
        assert described.meta == cohort.meta
        assert_frame_equal(total, whole)


def test_the_command_writes_the_same_for_tables_and_partitions(cohort, tmp_path, capsys):
    folder = divide(cohort, tmp_path / "divided", 2)
    # A synthetic cohort brings its own in vitro calls.
    shutil.copy(cohort.folder / "invitro_calls.csv", folder)
    levels = [word for level in SMALL for word in ("--levels", level)]
    common = ["--universes", "40", "--output", str(tmp_path / "out"), "--workers", "1", *levels]
    assert large.main(["reconstructed", str(folder), *common]) == 0
    assert "of 500 samples" in capsys.readouterr().out
    one, other = (tmp_path / "out" / name for name in ("reconstructed", "divided"))
    for name in ("stability.csv", "influence.csv", "universes/part-00000.parquet"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    answers = pd.read_parquet(one / "universes" / "part-00000.parquet")
    assert len(answers) == 40
    assert set(answers["synthetic"]) == {"yes"}
    assert set(pd.read_csv(one / "stability.csv")["synthetic"]) == {"yes"}
    assert {"benefit k", "conflicting evidence k", "G1202R lorlatinib"} <= set(answers)
    assert sum(name.startswith("agreement ") for name in answers) == 12


def test_a_killed_sweep_goes_on_where_it_was(cohort, tmp_path):
    folder = divide(cohort, tmp_path / "large", 24, copies=40)
    described = large.described(folder)
    expected = add(tally_partition(part, described, grid()) for part in partitions(folder))
    output = tmp_path / "out"
    command = [sys.executable, "-m", "alkpool.robustness.large", str(folder), "--universes", "20"]
    command += ["--workers", "1", "--output", str(output)]
    kept = output / "large" / "jobs"
    running = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    deadline = time.monotonic() + 240
    while len(list(kept.glob("part-*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    done = {path: path.stat().st_mtime_ns for path in kept.glob("part-*.parquet")}
    assert 3 <= len(done) < 24
    damaged = min(done)
    damaged.write_bytes(damaged.read_bytes()[:-50])
    before = {path: path.stat().st_mtime_ns for path in done}
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    after = {path: path.stat().st_mtime_ns for path in kept.glob("part-*.parquet")}
    assert len(after) == 24
    assert [path for path in done if after[path] != before[path]] == [damaged]
    assert_frame_equal(tallied(folder, grid(), kept, workers=1)[1], expected)


@pytest.fixture
def divided(cohort, tmp_path) -> Path:
    return divide(cohort, tmp_path / "divided", 1)


@pytest.mark.parametrize(
    ("table", "column", "value", "message"),
    [
        ("treatments", "best_response", "good", "best_response: found 'good'"),
        ("treatments", "pfs_months", -1.0, "pfs_months: found '-1'"),
        ("treatments", "sample_id", "nobody", "must be one of the samples of the partition"),
        ("samples", "mutations", "L1202R", "mutations: found 'L1202R'"),
        ("samples", "patient_id", "nobody", "must be one of the patients of the partition"),
        ("patients", "source_id", "nowhere", "must be one of the sources"),
    ],
)
def test_a_bad_partition_is_named(divided, table, column, value, message):
    spoil(divided, table, column, value)
    (part,) = partitions(divided)
    with pytest.raises(DataError) as error:
        read_partition(part, large.described(divided))
    assert f"divided/part-00000/{table}.parquet, column {column}" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(("table", "key"), [("patients", "patient_id"), ("samples", "sample_id")])
def test_a_row_that_stands_twice_is_named(divided, table, key):
    (part,) = partitions(divided)
    rows = pd.read_parquet(part / f"{table}.parquet")
    pd.concat([rows, rows[3:4]]).to_parquet(part / f"{table}.parquet")
    with pytest.raises(DataError) as error:
        read_partition(part, large.described(divided))
    assert [str(problem) for problem in error.value.problems] == [
        f"divided/part-00000/{table}.parquet, column {key}: found '{rows[key][3]}'; stands twice; "
        "must be unique"
    ]


def spoil(folder: Path, table: str, column: str, value: object) -> None:
    file = folder / "part-00000" / f"{table}.parquet"
    rows = pd.read_parquet(file)
    rows[column] = [value, *rows[column].astype(object)[1:]]
    rows.to_parquet(file)


def test_a_problem_that_a_worker_finds_is_a_message(divided, tmp_path, capsys):
    spoil(divided, "samples", "mutations", "L1202R")
    assert large.main([str(divided), "--workers", "1", "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "1 problem in the data" in said
    assert "divided/part-00000/samples.parquet, column mutations: found 'L1202R'" in said
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_a_missing_column_or_table_is_named(divided):
    described = large.described(divided)
    (part,) = partitions(divided)
    pd.read_parquet(part / "samples.parquet").drop(columns="phase").to_parquet(
        part / "samples.parquet"
    )
    (part / "patients.parquet").unlink()
    with pytest.raises(DataError) as error:
        read_partition(part, described)
    assert "patients.parquet: cannot be read" in str(error.value)
    assert "samples.parquet: cannot be read" in str(error.value)
    (divided / "cohort.yaml").unlink()
    with pytest.raises(DataError, match="the file is missing"):
        large.described(divided)


@pytest.mark.parametrize("copies", [1, 3])
def test_a_patient_in_two_partitions_is_refused(cohort, tmp_path, capsys, copies):
    """Rows of the second partition that belong to patients of the first would count again."""
    folder = divide(cohort, tmp_path / "split", 3)
    first, _, last = partitions(folder)
    patients = pd.read_parquet(first / "patients.parquet").iloc[-copies:]
    ids = list(patients["patient_id"])
    for name, key in (("patients", "patient_id"), ("samples", "patient_id")):
        rows, here = (pd.read_parquet(part / f"{name}.parquet") for part in (first, last))
        moved = rows[rows[key].isin(ids)]
        if name == "samples":
            moved = moved.assign(sample_id=moved["sample_id"] + "-again")
        pd.concat([here, moved]).to_parquet(last / f"{name}.parquet")
    output = tmp_path / "out"
    assert large.main([str(folder), "--workers", "1", "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "1 problem in the data:",
        f"  split/part-00002/patients.parquet, column patient_id: found '{ids[0]}'; is in "
        f"part-00000 too; patients of this file that stand in earlier ones: {copies}; all rows of "
        "a patient must be in one partition",
    ]
    assert not list(output.rglob("universes"))


def test_equal_hashes_of_other_patients_are_no_problem(cohort, tmp_path, monkeypatch):
    parts = partitions(divide(cohort, tmp_path / "divided", 3))
    monkeypatch.setattr(large, "_hashes", lambda ids: ids.str.len().to_numpy(dtype="uint64"))
    hashed = [large.patient_hashes(part) for part in parts]
    assert pd.concat(hashed)["patient"].duplicated().any()
    assert large.split_patients(parts, hashed) == []


@given(st.lists(st.lists(st.text(max_size=3), unique=True, max_size=12), min_size=1, max_size=5))
def test_split_patients_are_those_in_two_lists(tmp_path_factory, lists):
    folder = tmp_path_factory.mktemp("parts")
    parts = [folder / f"part-{place:05d}" for place in range(len(lists))]
    hashed = []
    for part, ids in zip(parts, lists, strict=True):
        part.mkdir()
        table = pd.DataFrame({"patient_id": pd.Series(ids, dtype=str)})
        table.to_parquet(part / "patients.parquet")
        hashed.append(pd.DataFrame({"patient": large._hashes(table["patient_id"])}))
    found = large.split_patients(parts, hashed)
    seen: set[str] = set()
    expected = []
    for part, ids in zip(parts, lists, strict=True):
        if again := [name for name in ids if name in seen]:
            expected.append((f"{folder.name}/{part.name}/patients.parquet", again[0], len(again)))
        seen |= set(ids)
    assert [(p.file, p.value) for p in found] == [row[:2] for row in expected]
    for problem, (*_, number) in zip(found, expected, strict=True):
        assert f"earlier ones: {number};" in problem.allowed


@pytest.mark.parametrize(
    "arguments",
    [
        ["--universes", "0"], ["--universes", "many"], ["--workers", "0"],
        ["--levels", "plasma"], ["--levels", "colour=red"], ["--levels", "min_evaluable=0,3"],
        ["--levels", "plasma="],
    ],
)  # fmt: skip
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        large.main(arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("plasma=[", "plasma is '['; must be one of counted, left out"),
        ("split_trans={}", "split_trans is '{}'; must be one of True, False"),
        ("threshold_months=abc", "threshold_months is 'abc'; must be a number"),
        ("threshold_months=3,.nan", "threshold_months is '.nan'; must be a number"),
    ],
)
def test_a_level_that_none_can_be_is_named_with_what_is_allowed(level, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        large.main(["--levels", level])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_an_output_that_is_no_folder_is_a_message(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert large.main(["curated", "--output", str(tmp_path / "file" / "sub")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("--output: ")
    assert "must be a folder that can be written" in said


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense", "foo://x:1", "x:port"])
def test_a_scheduler_that_is_not_there_is_a_message(address, tmp_path):
    """In a process of its own: the library may complain when it ends."""
    command = [
        sys.executable,
        "-m",
        "alkpool.robustness.large",
        "curated",
        "--output",
        str(tmp_path),
    ]
    command += ["--scheduler", address, "--universes", "5"]
    command += [word for level in SMALL for word in ("--levels", level)]
    soon = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(command, capture_output=True, text=True, env=soon)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"--scheduler {address}: ")
    assert "must be the address of a running Dask scheduler" in said
    assert not list(tmp_path.rglob("*.csv"))


def test_cohorts_of_one_name_are_refused(cohort, tmp_path, capsys):
    """Answers are kept by name: those of one would replace those of the other."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = (divide(cohort, tmp_path / place / "cohort", 1) for place in "ab")
    namesake = divide(cohort, tmp_path / "curated", 1)
    for names in ([one, two], [namesake]):
        with pytest.raises(SystemExit) as stopped:
            large.main([*map(str, names), "--output", str(tmp_path / "out")])
        assert stopped.value.code == 2
        assert "answers are kept by name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_answers_of_another_cohort_of_the_name_are_kept(cohort, tmp_path, capsys):
    """Also where the two are asked for one after the other."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = (divide(cohort, tmp_path / place / "cohort", 1) for place in "ab")
    levels = [word for level in SMALL for word in ("--levels", level)]
    output = tmp_path / "out"
    common = ["--universes", "5", "--workers", "1", *levels, "--output"]

    def kept() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}

    for _ in range(2):
        assert large.main([str(one), *common, str(output)]) == 0
    before = kept()
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        large.main([str(two), *common, str(output)])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert f"{output / 'cohort'} holds the answers of {one}, not of {two}: name another" in said
    assert kept() == before
    assert large.main([str(two), *common, str(tmp_path / "other")]) == 0


def test_a_smaller_sweep_leaves_nothing_of_a_larger_one(cohort, tmp_path, monkeypatch):
    monkeypatch.setattr(large, "PER_JOB", 4)
    levels = [word for level in SMALL for word in ("--levels", level)]
    for universes, parts in ((10, 3), (5, 2)):
        command = ["reconstructed", "--output", str(tmp_path), "--workers", "1", *levels]
        assert large.main([*command, "--universes", str(universes)]) == 0
        found = sorted((tmp_path / "reconstructed" / "universes").iterdir())
        assert len(found) == parts
        assert sum(len(pd.read_parquet(path)) for path in found) == universes


def test_other_in_vitro_tables_are_other_jobs(cohort, tmp_path, monkeypatch):
    total, laboratory = tally(cohort, GRID), large.laboratory_of(cohort)
    asked = []

    def run(work, *_, **__):
        asked.append({job.name for job in work})
        return iter(pd.DataFrame() for _ in work)

    monkeypatch.setattr(large.jobs, "run", run)
    fewer = dataclasses.replace(laboratory, measurements=laboratory.measurements[1:])
    for tables in (laboratory, fewer, None, laboratory):
        monkeypatch.setattr(large, "laboratory_of", lambda _, tables=tables: tables)
        large.write(cohort, total, GRID, GRID.sample(5), tmp_path, workers=1)
    first, second, third, again = asked
    assert first == again
    assert first.isdisjoint(second | third)
    assert second.isdisjoint(third)


def test_an_unknown_cohort_is_a_message(tmp_path, capsys):
    assert large.main(["nowhere", "--output", str(tmp_path)]) == 1
    assert "no such cohort" in capsys.readouterr().err
