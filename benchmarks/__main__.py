"""Run the benchmarks and write ``results.json`` and ``README.md``: ``python -m benchmarks``."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from alkpool.problems import whole_from
from benchmarks.child import HOME, Failed, TooLong, run
from benchmarks.tables import page

PUBLISHED = Path(__file__).parent
BUILD = HOME / "build" / "bench"
ROWS, UNIVERSES, REPEATS = 10_000_000, 10_000, 7
# Fewer of what takes longer: one notebook, one multiverse or fit, all notebooks.
NOTEBOOKS, RUNS, REPORTS = 5, 3, 2
# From so many lines on, growth is measured once.
ONCE = 1_000_000
# A chapter is measured up to so many lines, and stopped after so many seconds.
CHAPTER_LINES, CHAPTER_SECONDS = 100_000, 120
ENGINES = ("alkpool", "row-wise pandas", "DuckDB", "Polars")
PARTS = ("classification", "multiverse", "sweep", "report", "chapters", "fit")
PACKAGES = ("numpy", "pandas", "pyarrow", "duckdb", "polars", "papermill", "specification_curve")
SEED = 1

Results = dict[str, Any]


def powers_of_ten(most: int) -> list[int]:
    """Sizes from a thousand on."""
    return [10**power for power in range(3, 10) if 10**power <= most]


def registry(lines: int) -> str:
    """Folder of the simulated registry with so many lines, which is kept."""
    folder = BUILD / f"registry-{lines}-{SEED}"
    if not folder.exists():
        run("simulated:write", folder=str(folder), lines=lines, seed=SEED)
    return str(folder)


def classification(options: argparse.Namespace) -> Results:
    """Measure the classification at every power of ten from a thousand rows."""
    sizes = powers_of_ten(options.rows)
    folder = registry(sizes[-1])
    # Rows one by one take far longer: their memory is that of the sample.
    whole = [engine for engine in options.engines if engine != "row-wise pandas"]
    found: Results = {}
    for lines in sizes:
        where = {"folder": folder, "lines": lines}
        timed = run(
            "classification:times", **where, engines=options.engines, repeats=options.repeats
        )
        memory = {engine: run("classification:memory", **where, engine=engine) for engine in whole}
        found[str(lines)] = {"times": timed, "memory": memory}
        say(f"classification of {lines:,} lines")
    by_part = run("classification:memory_by_part", folder=folder)
    return {"sizes": found, "by part": by_part}


def multiverse(options: argparse.Namespace) -> Results:
    """Measure the multiverse, papermill on a sample of universes, and specification-curve."""
    found: Results = {
        "engine": [
            run("universes:engine", universes=options.universes)
            for _ in range(min(options.repeats, RUNS))
        ]
    }
    say(f"{options.universes:,} universes")
    found["notebooks"] = run("universes:notebooks", universes=min(options.repeats, NOTEBOOKS))
    say("universes, one notebook each")
    found["specification-curve"] = run(
        "universes:specification_curve", repeats=min(options.repeats, RUNS)
    )
    say("specification-curve")
    return found


def sweep(options: argparse.Namespace) -> Results:
    """Measure the multiverse of registries from a thousand lines on."""
    found: Results = {}
    for lines in powers_of_ten(options.rows):
        repeats = 1 if lines >= ONCE else min(options.repeats, RUNS)
        folder = registry(lines)
        found[str(lines)] = [
            run("universes:grown", folder=folder, universes=options.universes)
            for _ in range(repeats)
        ]
        say(f"{options.universes:,} universes of {lines:,} lines")
    return {"sizes": found}


def report(options: argparse.Namespace) -> Results:
    """Measure all notebooks of the report."""
    found = run("chapters:run", repeats=min(options.repeats, REPORTS))
    say("all notebooks")
    return found


def chapters(options: argparse.Namespace) -> Results:
    """Measure each chapter on cohorts from a thousand lines on, until it takes too long."""
    found: Results = {}
    sizes = powers_of_ten(min(options.rows, CHAPTER_LINES))
    for lines in sizes:
        cohort = BUILD / f"simulated-{lines}-{SEED}"
        if not cohort.exists():
            run("simulated:as_cohort", simulated=registry(lines), folder=str(cohort))
        found[str(lines)] = {
            notebook: chapter(str(cohort), notebook, before)
            for notebook in run("chapters:names", cohort=str(cohort))["notebooks"]
            for before in [found.get(str(lines // 10), {}).get(notebook, {})]
        }
        say(f"each chapter on {lines:,} lines")
    return {"sizes": found, "most lines": sizes[-1], "limit": CHAPTER_SECONDS}


def chapter(cohort: str, notebook: str, before: Results) -> Results:
    """Measure one chapter, or say why not; ``before`` is what came of a tenth of the lines."""
    if before and "seconds" not in before:
        return {"stopped": "not tried"}
    try:
        return run("chapters:one", limit=CHAPTER_SECONDS, cohort=cohort, notebook=notebook)
    except TooLong:
        return {"stopped": "too long"}


def fit(options: argparse.Namespace) -> Results:
    """Measure a fit of the hierarchical model, and the use of one that was kept."""
    found = [run("fit:fit") for _ in range(min(options.repeats, RUNS))]
    say("model fit")
    return {"runs": found}


MEASURE: dict[str, Callable[[argparse.Namespace], Results]] = {
    "classification": classification,
    "multiverse": multiverse,
    "sweep": sweep,
    "report": report,
    "chapters": chapters,
    "fit": fit,
}


def conditions() -> dict[str, object]:
    """Describe the machine, without its name, and how busy it is."""
    installed = {found.name: found.version for found in distributions()}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "cores": os.cpu_count(),
        "memory GB": round(memory, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "load before": round(os.getloadavg()[0], 1),
        "Python": platform.python_version(),
        **{name: installed[name] for name in PACKAGES if name in installed},
    }


def say(text: str) -> None:
    """Report progress."""
    print(f"measured: {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, compare, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--rows", type=whole_from(1000), default=ROWS, help="most lines")
    parser.add_argument("--universes", type=whole_from(1), default=UNIVERSES)
    parser.add_argument("--repeats", type=whole_from(1), default=REPEATS, help="at most; default 7")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="default: all")
    parser.add_argument("--engines", choices=ENGINES, nargs="+", default=ENGINES)
    parser.add_argument(
        "--output", type=Path,
        help="folder; default: benchmarks/, or build/bench/ when less than all is measured",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    if "alkpool" not in options.engines:
        parser.error("--engines must hold alkpool: the others are compared with it")
    whole = (options.rows, options.universes, options.repeats) == (ROWS, UNIVERSES, REPEATS)
    whole &= tuple(options.engines) == ENGINES
    output = options.output or (PUBLISHED if whole else BUILD)
    measured: Results = {}
    try:
        for part in options.only:
            about = conditions()
            measured[part] = {"conditions": about, **MEASURE[part](options)}
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    output.mkdir(parents=True, exist_ok=True)
    file = output / "results.json"
    # What was not measured this time stays as it is.
    known = (json.loads(file.read_text("utf-8")) if file.is_file() else {}) | measured
    results = {part: known[part] for part in PARTS if part in known}
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (output / "README.md").write_text(page(results), encoding="utf-8")
    print(f"wrote {file} and {output / 'README.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
