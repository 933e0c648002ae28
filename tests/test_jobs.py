"""Jobs: independent of workers, resumable, and never taken from a damaged file."""

import sys
from functools import partial

import cloudpickle
import distributed.scheduler
import pandas as pd
import pytest
from dask.distributed import LocalCluster
from pandas.testing import assert_frame_equal

from alkpool.robustness.jobs import Job, keep, kept, run

# distributed leaves a socket to the collector where its usual port is taken.
pytestmark = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def square(number, log=None):
    """Stand in for a draw; ``log`` keeps who was called."""
    if log is not None:
        with log.open("a") as calls:
            calls.write(f"{number}\n")
    if number < 0:
        raise ValueError("no draw")
    return pd.DataFrame({"seed": [number], "value": [number**2]})


def jobs(numbers, log=None):
    return [Job(f"square-{number}", partial(square, number, log)) for number in numbers]


def rows(wanted, folder, **where):
    return pd.concat(run(wanted, folder, **where), ignore_index=True)


def test_results_do_not_depend_on_workers_or_order(tmp_path):
    one = rows(jobs(range(6)), tmp_path / "one", workers=1)
    two = rows(jobs(range(6)), tmp_path / "two", workers=2)
    assert_frame_equal(one, two)
    assert list(one["value"]) == [0, 1, 4, 9, 16, 25]


def test_the_end_says_nothing(tmp_path, monkeypatch, capfd):
    """Also where heartbeats never pause, so that the end of a worker cuts one off."""
    monkeypatch.setattr(distributed.scheduler, "heartbeat_interval", lambda _: 0.001)
    for again in "ab":
        rows(jobs(range(4)), tmp_path / again, workers=2)
    assert capfd.readouterr().err == ""


def test_a_scheduler_elsewhere_gives_the_same(tmp_path):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        there = rows(jobs(range(4)), tmp_path / "there", scheduler=cluster.scheduler_address)
    assert_frame_equal(there, rows(jobs(range(4)), tmp_path / "here", workers=1))


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    log = tmp_path / "calls"
    with pytest.raises(ValueError, match="no draw"):
        rows(jobs([1, 2, 3, -1], log), tmp_path / "kept", workers=1)
    kept = {path.stem for path in (tmp_path / "kept").glob("*.parquet")}
    assert "square--1" not in kept
    done = {int(name.removeprefix("square-")) for name in kept}
    log.write_text("")
    again = rows(jobs([1, 2, 3], log), tmp_path / "kept", workers=1)
    assert list(again["value"]) == [1, 4, 9]
    assert {int(number) for number in log.read_text().split()} == {1, 2, 3} - done
    log.write_text("")
    rows(jobs([1, 2, 3], log), tmp_path / "kept", workers=1)
    assert log.read_text() == ""


def test_a_damaged_result_is_made_again(tmp_path):
    log, folder = tmp_path / "calls", tmp_path / "kept"
    expected = rows(jobs([1, 2, 3]), folder)
    (folder / "square-1.parquet").write_bytes((folder / "square-1.parquet").read_bytes()[:-9])
    (folder / "square-2.parquet").write_bytes(b"")
    assert_frame_equal(rows(jobs([1, 2, 3], log), folder), expected)
    assert sorted(log.read_text().split()) == ["1", "2"]


@pytest.mark.parametrize("cut", [0, 1, 100, -100, -1])
def test_a_part_of_a_file_is_no_result(tmp_path, cut):
    table = pd.DataFrame({"name": [f"row {n}" for n in range(500)], "n": range(500)})
    keep(table, tmp_path / "whole.parquet")
    assert_frame_equal(kept(tmp_path / "whole.parquet"), table)
    (tmp_path / "part.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:cut])
    assert kept(tmp_path / "part.parquet") is None
    assert kept(tmp_path / "missing.parquet") is None


def test_a_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "whole.parquet"
    keep(pd.DataFrame({"n": range(500)}), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(content)
    assert kept(path) is None
