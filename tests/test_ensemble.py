"""The ensemble counts what the solver counts."""

import os
import shutil
import subprocess
import sys

import pytest

from alkpool import paths
from alkpool.data.reader import read_folder
from alkpool.data.tables import DRAWS, LIMITS
from alkpool.robustness import jobs
from reconstruction import Quantity, draw, ensemble, quantities
from reconstruction.ensemble import observed


def test_other_code_or_facts_are_not_taken_for_the_same(monkeypatch, tmp_path):
    """The key of kept results holds every module that a draw imports, and the facts it reads."""
    told = subprocess.run(
        [sys.executable, "-c", "import reconstruction.ensemble, sys; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    imported = {name.split(".")[1] for name in told.stdout.split() if name.startswith("alkpool.")}
    # These name folders, write files and answer questions; no draw depends on them.
    assert set(ensemble.USED) == imported - {"paths", "files", "jobs", "ranking", "reconstruct"}
    before = jobs.fingerprint(ensemble.inputs())
    assert jobs.fingerprint(ensemble.inputs()) == before
    changed = shutil.copytree(paths.PUBLISHED, tmp_path / "published") / "results.csv"
    changed.write_text(changed.read_text("utf-8").replace(",387,", ",388,"), "utf-8")
    monkeypatch.setattr(paths, "PUBLISHED", changed.parent)
    assert jobs.fingerprint(ensemble.inputs()) != before


def test_a_scheduler_that_is_not_there_is_a_message(tmp_path):
    command = [
        sys.executable,
        "-m",
        "reconstruction.ensemble",
        "--draws",
        str(ensemble.DRAW_COUNT + 1),
    ]
    command += ["--scheduler", "tcp://127.0.0.1:9", "--output", str(tmp_path / "out")]
    soon = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(command, capture_output=True, text=True, env=soon)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("--scheduler tcp://127.0.0.1:9: ")
    assert "must be the address of a running Dask scheduler" in said
    assert not (tmp_path / "out").exists()


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
    again = ensemble.drawn(seed).set_index(keys)["value"].to_dict()
    before = kept["draws"].query("seed == @seed").set_index(keys)["value"].to_dict()
    assert again == before
