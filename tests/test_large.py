"""Cohorts of any size: any division of a cohort gives the same, and what is wrong is said."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import dask
import pandas as pd
import pytest
import yaml
from dask.distributed import Client, LocalCluster
from pandas.testing import assert_frame_equal

import alkpool
from alkpool.data.cohort import Cohort
from alkpool.problems import DataError
from alkpool.robustness import large
from alkpool.robustness.choices import grid
from alkpool.robustness.large import partitions, read_partition, tallied
from alkpool.robustness.multiverse import tally

# distributed leaves a socket to the collector where its usual port is taken.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

GRID = grid(threshold_months=(3, 6))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grid that is quickly answered."""
    fixed = {"min_evaluable": (3,), "low_sensitivity": (0.5,), "high_sensitivity": (0.75,)}
    monkeypatch.setattr(large, "grid", lambda: grid(threshold_months=(3, 6), **fixed))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Dask work in this process: no cluster is started."""
    monkeypatch.setattr(large, "client", lambda *_: nullcontext())
    with dask.config.set(scheduler="synchronous"):
        yield


def divide(cohort: Cohort, folder: Path, parts: int, *, copies: int = 1) -> Path:
    """Write a cohort as partitions of complete patients, with its rows several times over."""
    folder.mkdir(parents=True)
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


def test_partitions_make_no_difference(cohort, tmp_path, here):
    folder = divide(cohort, tmp_path / "divided", 5)
    described, total = tallied(folder, GRID)
    assert described.meta == cohort.meta
    assert_frame_equal(total, tally(cohort, GRID))


def test_the_command_writes_the_same_for_any_partitions(cohort, tmp_path, capsys, here):
    common = ["--universes", "40", "--output"]
    for parts in (1, 4):
        folder = divide(cohort, tmp_path / str(parts) / "divided", parts)
        # A synthetic cohort brings its own in vitro tables.
        shutil.copytree(cohort.folder / "invitro", folder / "invitro")
        assert large.main([str(folder), *common, str(tmp_path / f"out-{parts}")]) == 0
        assert "divided: 40 of " in (said := capsys.readouterr().out)
        assert "of 500 samples" in said
    one, other = (tmp_path / f"out-{parts}" / "divided" for parts in (1, 4))
    for name in ("stability.csv", "influence.csv", "universes.csv"):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    answers = pd.read_csv(one / "universes.csv")
    assert len(answers) == 40
    assert set(answers["synthetic"]) == {"yes"}
    assert set(pd.read_csv(one / "stability.csv")["synthetic"]) == {"yes"}
    assert {"benefit k", "conflicting evidence k"} <= set(answers)
    assert sum(name.startswith("agreement ") for name in answers) == 12


@pytest.mark.nightly
def test_a_cluster_gives_the_same_and_lets_nobody_else_in(cohort, tmp_path, capfd):
    folder = divide(cohort, tmp_path / "divided", 3)
    with large.client(None, 1) as connected:
        address = connected.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        with pytest.raises((OSError, TypeError, RuntimeError)):
            Client(address, timeout="2s")
        found = tallied(folder, GRID)[1]
        # What a worker finds wrong is a problem, not a traceback.
        spoil(folder, "samples", "mutations", "L1202R")
        with pytest.raises(DataError, match="column mutations: found 'L1202R'"):
            tallied(folder, GRID)
    assert_frame_equal(found, tally(cohort, GRID))
    assert capfd.readouterr().err == ""


@pytest.mark.nightly
def test_a_scheduler_elsewhere_gives_the_same(cohort, tmp_path):
    folder = divide(cohort, tmp_path / "divided", 3)
    common = ["--universes", "5", "--output"]
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        where = ["--scheduler", cluster.scheduler_address]
        assert large.main([str(folder), *common, str(tmp_path / "there"), *where]) == 0
    assert large.main([str(folder), *common, str(tmp_path / "here"), "--workers", "1"]) == 0
    for name in ("stability.csv", "influence.csv", "universes.csv"):
        there, here = (tmp_path / place / "divided" / name for place in ("there", "here"))
        assert there.read_bytes() == here.read_bytes()


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


def test_a_problem_is_a_message(divided, tmp_path, capsys, here):
    spoil(divided, "samples", "mutations", "L1202R")
    assert large.main([str(divided), "--output", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "1 problem in the data" in said
    assert "divided/part-00000/samples.parquet, column mutations: found 'L1202R'" in said
    assert not list((tmp_path / "out").rglob("*.csv"))


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


@pytest.mark.parametrize(("copies", "others"), [(1, ""), (3, ", and 2 more")])
def test_a_patient_in_two_partitions_is_refused(cohort, tmp_path, capsys, copies, others, here):
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
    assert large.main([str(folder), "--output", str(output)]) == 1
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "1 problem in the data:",
        f"  split, column patient_id: found '{min(ids)}'; is in several partitions{others}; "
        "all rows of a patient must be in one partition",
    ]
    assert not output.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--universes", "0"], ["--universes", "many"], ["--workers", "0"],
    ],
)  # fmt: skip
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        large.main(arguments)
    assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_output_that_is_no_folder_is_a_message(divided, tmp_path, capsys, here):
    (tmp_path / "file").touch()
    output = ["--output", str(tmp_path / "file" / "sub"), "--universes", "2"]
    assert large.main([str(divided), *output]) == 1
    assert str(tmp_path / "file" / "sub") in capsys.readouterr().err


@pytest.mark.parametrize("address", ["nonsense", "foo://x:1", "x:port"])
def test_an_address_that_no_scheduler_has_stops_before_anything_runs(address, capsys):
    with pytest.raises(SystemExit) as stopped:
        large.main(["registry", "--scheduler", address])
    assert stopped.value.code == 2
    assert f"found {address!r}; must be the address of a Dask" in capsys.readouterr().err


def test_a_scheduler_that_is_not_there_is_a_message():
    address = "tcp://127.0.0.1:9"
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(ConnectionError) as error,
        large.client(address, 1),
    ):
        pass
    (said,) = str(error.value).splitlines()
    assert said.startswith(f"--scheduler {address}: ")
    assert "must be the address of a running Dask scheduler" in said


@pytest.mark.nightly
def test_the_command_says_nothing_else_of_a_scheduler_that_is_not_there(cohort, tmp_path):
    """In a process of its own: the library may complain when it ends."""
    folder = divide(cohort, tmp_path / "divided", 1)
    command = [sys.executable, "-m", "alkpool.robustness.large", str(folder)]
    command += ["--scheduler", "tcp://127.0.0.1:9", "--output", str(tmp_path / "out")]
    soon = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(command, capture_output=True, text=True, env=soon)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("--scheduler tcp://127.0.0.1:9: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["curated", "nowhere"])
def test_a_folder_without_partitions_is_a_message(tmp_path, name, capsys):
    with pytest.raises(SystemExit) as stopped:
        large.main([name, "--output", str(tmp_path)])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert f"{name} has no partitions; must be a folder with part-00000 in it" in said
