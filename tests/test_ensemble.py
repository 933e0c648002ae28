"""The ensemble: independent of workers, resumable, and counting what the solver counts."""

import shutil
import subprocess
import sys
from functools import partial

import cloudpickle
import pandas as pd
import pytest
from dask.distributed import LocalCluster
from pandas.testing import assert_frame_equal

from alkpool import ensemble, paths
from alkpool.ensemble import Job, observed, run
from alkpool.reconstruct import Quantity, draw, quantities
from alkpool.schema import DRAWS, LIMITS, read_folder

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
    return [{"seed": number, "value": number**2}]


def jobs(numbers, log=None):
    return [Job(f"square-{number}", partial(square, number, log)) for number in numbers]


def test_results_do_not_depend_on_workers_or_order(tmp_path):
    one = run(jobs(range(6)), tmp_path / "one", workers=1)
    two = run(jobs(range(6)), tmp_path / "two", workers=2)
    assert_frame_equal(one, two)
    assert list(one["value"]) == [0, 1, 4, 9, 16, 25]


def test_a_scheduler_elsewhere_gives_the_same(tmp_path):
    with LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        there = run(jobs(range(4)), tmp_path / "there", scheduler=cluster.scheduler_address)
    assert_frame_equal(there, run(jobs(range(4)), tmp_path / "here", workers=1))


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    log = tmp_path / "calls"
    with pytest.raises(ValueError, match="no draw"):
        run(jobs([1, 2, 3, -1], log), tmp_path / "kept", workers=1)
    kept = {path.stem for path in (tmp_path / "kept").glob("*.json")}
    assert "square--1" not in kept
    done = {int(name.removeprefix("square-")) for name in kept}
    log.write_text("")
    rows = run(jobs([1, 2, 3], log), tmp_path / "kept", workers=1)
    assert list(rows["value"]) == [1, 4, 9]
    assert {int(number) for number in log.read_text().split()} == {1, 2, 3} - done
    log.write_text("")
    run(jobs([1, 2, 3], log), tmp_path / "kept", workers=1)
    assert log.read_text() == ""


def test_other_code_or_facts_are_not_taken_for_the_same(monkeypatch, tmp_path):
    """The key of kept results holds every module that a draw imports, and the facts it reads."""
    told = subprocess.run(
        [sys.executable, "-c", "import alkpool.ensemble, sys; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    imported = {name.split(".")[1] for name in told.stdout.split() if name.startswith("alkpool.")}
    # These name folders, write files and answer questions; no draw depends on them.
    assert set(ensemble.USED) == imported - {"paths", "files", "ranking", "reconstruct"}
    before = ensemble.fingerprint()
    assert ensemble.fingerprint() == before
    changed = shutil.copytree(paths.PUBLISHED, tmp_path / "published") / "results.csv"
    changed.write_text(changed.read_text("utf-8").replace(",387,", ",388,"), "utf-8")
    monkeypatch.setattr(paths, "PUBLISHED", changed.parent)
    assert ensemble.fingerprint() != before


def test_counts_in_the_rows_are_the_counts_of_the_solver():
    fixed = {
        Quantity("benefit_n", "G1202R", "lorlatinib"): 40,
        Quantity("benefit_k", "G1202R", "lorlatinib"): 25,
        Quantity("relapsed", "I1171N", "alectinib"): 9,
    }
    values = observed(draw(3, where=fixed))
    assert {quantity: values[quantity] for quantity in fixed} == fixed
    assert set(values) == set(quantities())


@pytest.fixture(scope="module")
def kept():
    return read_folder(paths.IDENTIFICATION, [DRAWS, LIMITS])


def test_every_quantity_is_drawn_and_bounded(kept):
    expected = {(q.measure, q.profile, q.inhibitor) for q in quantities()}
    keys = ["measure", "profile", "inhibitor"]
    assert set(map(tuple, kept["limits"][keys].to_numpy())) == expected
    per_seed = kept["draws"].groupby("seed")
    assert len(per_seed) == ensemble.DRAW_COUNT
    assert all(set(map(tuple, rows[keys].to_numpy())) == expected for _, rows in per_seed)


def test_draws_lie_within_the_limits(kept):
    both = kept["draws"].merge(kept["limits"], on=["measure", "profile", "inhibitor"])
    assert (both["value"] >= both["low"]).all()
    assert (both["value"] <= both["high"]).all()


def test_a_kept_draw_can_be_made_again(kept):
    seed = int(kept["draws"]["seed"].iloc[0])
    keys = ["measure", "profile", "inhibitor"]
    again = pd.DataFrame(ensemble.drawn(seed)).set_index(keys)["value"].to_dict()
    before = kept["draws"].query("seed == @seed").set_index(keys)["value"].to_dict()
    assert again == before
