"""The ensemble counts what the solver counts."""

import pytest

from alkpool import ensemble, paths
from alkpool.ensemble import observed
from alkpool.reconstruct import Quantity, draw, quantities
from alkpool.schema import DRAWS, LIMITS, read_folder


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
