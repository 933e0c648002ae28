"""The benchmarks run in small, compare like with like, and their page is what was measured.

DuckDB and Polars are no dependencies of the project: `make bench` compares them itself, before it
takes a time.
"""

import json
import subprocess
import sys
from collections.abc import Mapping

import pandas as pd
import pytest

from alkpool import paths, registry

sys.path.insert(0, str(paths.HOME))

from benchmarks.classification import times
from benchmarks.engines import ENGINES, RowWise
from benchmarks.tables import page

FOLDER = paths.HOME / "benchmarks"


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=paths.HOME, capture_output=True, text=True,
    )  # fmt: skip


def test_a_small_run_measures_and_writes_its_page(tmp_path):
    done = bench(
        "--rows", "1e3", "--repeats", 2, "--only", "classification",
        "--engines", "alkpool", "row-wise pandas", "--output", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    measured = results["classification"]["sizes"]["1000"]
    assert {name: timed["lines"] for name, timed in measured["times"].items()} == {
        "alkpool": 1000, "row-wise pandas": 1000,
    }  # fmt: skip
    assert all(len(timed["seconds"]) == 2 for timed in measured["times"].values())
    assert 0 < measured["memory"]["alkpool"]["loaded"] <= measured["memory"]["alkpool"]["peak"]
    assert results["classification"]["by part"]["lines"] == 1000
    assert (tmp_path / "README.md").read_text("utf-8") == page(results)
    assert "| 1,000 | " in page(results)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "10"], "--rows must be at least 1000"),
        (["--engines", "DuckDB"], "must hold alkpool"),
        (["--only", "everything"], "invalid choice: 'everything'"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    done = bench(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_difference_between_engines_stops_the_run(tmp_path, monkeypatch):
    registry.write(tmp_path / "lines", 200, seed=1)
    arguments = (str(tmp_path / "lines"), 200, ["alkpool", "row-wise pandas"], 1)
    times(*arguments)

    class Wrong(RowWise):
        def classify(self, held: pd.DataFrame) -> pd.DataFrame:
            return super().classify(held).replace("R9", "R8")

    monkeypatch.setitem(ENGINES, "row-wise pandas", Wrong())
    with pytest.raises(AssertionError, match="classify differently"):
        times(*arguments)


@pytest.fixture(scope="module")
def published() -> Mapping[str, dict]:
    return json.loads((FOLDER / "results.json").read_text("utf-8"))


def test_the_page_is_what_was_measured(published):
    assert (FOLDER / "README.md").read_text("utf-8") == page(published)
    assert set(published) == {"classification", "multiverse", "report"}
    assert list(published["classification"]["sizes"]) == [str(10**power) for power in range(3, 8)]
    engines = set(ENGINES)
    for measured in published["classification"]["sizes"].values():
        assert set(measured["times"]) == engines
