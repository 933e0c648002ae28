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

from alkpool import paths
from alkpool.data import cohort
from benchmarks import registry

sys.path.insert(0, str(paths.HOME))

from benchmarks import __main__
from benchmarks.child import TooLong, run
from benchmarks.classification import times
from benchmarks.engines import ENGINES, RowWise
from benchmarks.simulated import as_cohort
from benchmarks.tables import page

FOLDER = paths.HOME / "benchmarks"


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *map(str, arguments)],
        cwd=paths.HOME, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.nightly
def test_a_small_run_measures_and_writes_its_page(tmp_path):
    done = bench(
        "--rows", 1000, "--repeats", 2, "--only", "classification",
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
        (["--rows", "many"], "found 'many'; must be a whole number of at least 1000"),
        (["--engines", "DuckDB"], "must hold alkpool"),
        (["--only", "everything"], "invalid choice: 'everything'"),
    ],
)
def test_wrong_usage_is_told(arguments, message):
    done = bench(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.nightly
def test_a_small_run_of_the_sweep_counts_every_line(tmp_path):
    done = bench(
        "--rows", 10000, "--universes", 20, "--repeats", 1, "--only", "sweep",
        "--output", tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    sizes = results["sweep"]["sizes"]
    assert list(sizes) == ["1000", "10000"]
    for lines, (measured,) in sizes.items():
        # Lines of a combination count in no universe, nor do those after an unnamed mutation.
        folder = paths.BUILD / "bench" / f"registry-{lines}-1"
        treatments = registry.load(folder, 0).treatments
        assert measured["lines"] == (treatments["monotherapy"] != "no").sum()
        assert measured["universes"] == 20
        assert min(measured["tally"], measured["answers"]) > 0
        assert min(measured["tally peak"], measured["answers peak"]) > 50
    assert "| 10,000 | " in (tmp_path / "README.md").read_text("utf-8")


def test_a_registry_becomes_a_valid_cohort_with_the_same_rows(tmp_path):
    registry.write(tmp_path / "registry", 300, seed=1)
    as_cohort(str(tmp_path / "registry"), str(tmp_path / "simulated"))
    assert cohort.check(tmp_path / "simulated") == []
    written, wanted = cohort.load(tmp_path / "simulated"), registry.load(tmp_path / "registry", 0)
    assert written.meta == wanted.meta
    assert written.synthetic
    for name in ("patients", "samples", "treatments"):
        key = f"{name[:-1]}_id"
        rows = getattr(wanted, name).sort_values(key).reset_index(drop=True)
        pd.testing.assert_frame_equal(
            getattr(written, name), rows, check_dtype=False, check_categorical=False
        )


@pytest.mark.nightly
def test_a_chapter_is_measured_or_says_why_not(tmp_path, monkeypatch):
    registry.write(tmp_path / "registry", 100, seed=1)
    as_cohort(str(tmp_path / "registry"), str(tmp_path / "simulated"))
    where = {"cohort": str(tmp_path / "simulated")}
    notebooks = run("chapters:names", **where)["notebooks"]
    assert {"01-cohort-assembly", "07-uncertainty", "08-multiverse"} <= set(notebooks)
    assert "11-what-agrees" not in notebooks
    measured = run("chapters:one", **where, notebook="02-benefit-classification")
    assert measured["seconds"] > 0.5
    # The kernel, which draws figures, is larger than what starts it.
    assert measured["peak"] > 100
    calls = tmp_path / "simulated/invitro/measurements.csv"
    calls.write_text(calls.read_text().replace("sensitive", "sensible", 1))
    failed = run("chapters:one", **where, notebook="06-in-vitro-comparison")
    assert "invitro/measurements.csv, row " in failed["stopped"]
    assert "found 'sensible'" in failed["stopped"]
    with pytest.raises(TooLong, match="longer than 1 s"):
        run("chapters:one", limit=1, **where, notebook="02-benefit-classification")


@pytest.mark.parametrize(
    ("before", "tried"),
    [
        ({}, True),
        ({"seconds": 59.0, "peak": 1.0}, True),
        ({"stopped": "too long"}, False),
        ({"stopped": "not tried"}, False),
        ({"stopped": "DataError: what is wrong", "seconds": 3.0, "peak": 1.0}, True),
    ],
)
def test_a_chapter_that_took_too_long_is_not_tried_on_more_lines(before, tried, monkeypatch):
    measured = {"seconds": 1.0, "peak": 1.0}
    monkeypatch.setattr(__main__, "run", lambda *_, **__: measured)
    found = __main__.chapter("cohort", "notebook", before)
    assert found == (measured if tried else {"stopped": "not tried"})


def test_the_page_says_why_a_chapter_has_no_time():
    said = page(
        {
            "chapters": {
                "sizes": {
                    "1000": {"01-a": {"seconds": 3.0, "peak": 200.4}, "02-b": {"stopped": "wrong"}},
                    "10000": {
                        "01-a": {"stopped": "too long"}, "02-b": {"stopped": "not tried"},
                    },
                },
                "most lines": 10_000, "limit": 120, "conditions": {"cores": 2},
            }
        }
    )  # fmt: skip
    assert "| 01-a | 3 s, 200 MB | stopped after 120 s |" in said
    assert "| 02-b | no answer, see below | not tried |" in said
    assert "02-b on 1,000 lines gave no answer: wrong." in said
    assert "More than 10,000 lines are not measured" in said


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
    assert tuple(published) == __main__.PARTS
    for part in ("classification", "sweep"):
        assert list(published[part]["sizes"]) == [str(10**power) for power in range(3, 8)]
    chapters = published["chapters"]
    assert chapters["most lines"] == __main__.CHAPTER_LINES
    assert [*map(int, chapters["sizes"])] == __main__.powers_of_ten(chapters["most lines"])
    engines = set(ENGINES)
    for measured in published["classification"]["sizes"].values():
        assert set(measured["times"]) == engines
