"""The ensemble counts what the solver counts."""

from contextlib import nullcontext
from types import SimpleNamespace

import dask
import pandas as pd
import pytest

from alkpool import paths
from alkpool.data.reader import read_folder
from alkpool.data.tables import DRAWS, LIMITS
from alkpool.robustness import large
from reconstruction import Quantity, draw, ensemble, quantities
from reconstruction.ensemble import observed


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for a cluster: work is done at once, in this process."""

    def done(work, over):
        return [SimpleNamespace(result=lambda it=it: work(it)) for it in over]

    monkeypatch.setattr(large, "client", lambda *_: nullcontext(SimpleNamespace(map=done)))


def test_every_draw_and_limit_is_written_once(tmp_path, monkeypatch, capsys, here):
    quantity = Quantity("relapsed", "G1202R", "alectinib")
    monkeypatch.setattr(
        ensemble, "drawn", lambda seed: pd.DataFrame([{"seed": seed, **vars(quantity), "value": 1}])
    )
    bounded = {"low": 0, "low_proven": "yes", "high": 3, "high_proven": "no"}
    monkeypatch.setattr(
        ensemble, "limited", lambda alike: pd.DataFrame([{**vars(q), **bounded} for q in alike])
    )
    assert ensemble.main(["--draws", "3", "--output", str(tmp_path)]) == 0
    written = read_folder(tmp_path, [DRAWS, LIMITS])
    assert list(written["draws"]["seed"]) == [10_000, 10_001, 10_002]
    assert len(written["limits"]) == len(quantities())
    assert f"wrote 3 counts of 3 draws and {len(quantities())} limits" in capsys.readouterr().out


def test_a_scheduler_that_is_not_there_is_a_message(tmp_path, capsys):
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        where = ["--scheduler", "tcp://127.0.0.1:9", "--output", str(tmp_path / "out")]
        assert ensemble.main(["--draws", "1", *where]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("--scheduler tcp://127.0.0.1:9: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.nightly
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


@pytest.mark.nightly
def test_a_kept_draw_can_be_made_again(kept):
    seed = int(kept["draws"]["seed"].iloc[0])
    keys = ["measure", "profile", "inhibitor"]
    again = ensemble.drawn(seed).set_index(keys)["value"].to_dict()
    before = kept["draws"].query("seed == @seed").set_index(keys)["value"].to_dict()
    assert again == before
