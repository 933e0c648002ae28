"""``benchmarks/README.md``, made from ``results.json``."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROW_WISE = "row-wise pandas"

INTRODUCTION = (Path(__file__).parent / "introduction.md").read_text("utf-8")


def page(results: dict[str, Any]) -> str:
    """Text of the page; what was not measured is left out."""
    sections = [INTRODUCTION]
    for part, write in (
        ("classification", _classification), ("multiverse", _multiverse), ("report", _report)
    ):  # fmt: skip
        if part in results:
            sections += [*write(results[part]), _conditions(results[part]["conditions"])]
    return "\n".join(sections)


def _classification(found: dict[str, Any]) -> Iterator[str]:
    yield "## Clinical benefit of each line\n"
    yield (
        "The rule of the paper's Figure 1 (R1 to R9) on the same lines: `alkpool.benefit.classify` "
        "on categories, one DuckDB statement on a table with enumerations fetched as Arrow, Polars "
        "expressions on categories, and `DataFrame.apply`, which is timed on a few thousand lines "
        "and extrapolated linearly.\n"
    )
    sizes = found["sizes"]
    engines = list(next(iter(sizes.values()))["times"])
    rows = []
    for lines, measured in sizes.items():
        rounds = {name: _for_all(t, int(lines)) for name, t in measured["times"].items()}
        own = rounds["alkpool"]
        fastest = [name for name in ("DuckDB", "Polars") if name in rounds]
        best = [min(values) for values in zip(*(rounds[n] for n in fastest), strict=True)]
        rows.append(
            [f"{int(lines):,}"]
            + [_seconds(rounds[name]) for name in engines]
            + [_ratio(own, best) if best else "not measured"]
            + [_ratio(rounds[ROW_WISE], own) if ROW_WISE in rounds else "not measured"]
        )
    yield _table(
        ["Lines"]
        + [f"{name}, s" + " (extrapolated)" * (name == ROW_WISE) for name in engines]
        + ["alkpool ÷ faster of DuckDB and Polars", "row-wise ÷ alkpool"],
        rows,
    )
    yield (
        "Most memory of the process, in MB: with the lines loaded → in the end. "
        "The difference between sizes is linear in the lines.\n"
    )
    yield _table(
        ["Lines", *next(iter(sizes.values()))["memory"]],
        [
            [f"{int(lines):,}"]
            + [f"{m['loaded']:.0f} → {m['peak']:.0f}" for m in measured["memory"].values()]
            for lines, measured in sizes.items()
        ],
    )
    by_part = found["by part"]
    yield (
        f"One partition of the registry at a time, alkpool classifies {by_part['lines']:,} lines "
        f"within {by_part['peak']:.0f} MB.\n"
    )


def _multiverse(found: dict[str, Any]) -> Iterator[str]:
    yield "## Every combination of choices\n"
    engine = found["engine"]
    universes = engine[0]["universes"]
    seconds = [run["seconds"] for run in engine]
    notebooks = found["notebooks"]["seconds"]
    one_by_one = [universes * second for second in notebooks]
    curve = found["specification-curve"]
    yield (
        f"All answers in {universes:,} universes drawn from the {engine[0]['grid']:,} of the grid, "
        f"on the {engine[0]['samples']} samples of the synthetic cohort, from its tables on. "
        f"papermill is timed on {len(notebooks)} universes that the notebook can express, kernel "
        f"start included, and extrapolated linearly. specification-curve fits the one headline "
        "that is a regression (benefit with one mutation minus with several) in the "
        f"{curve['universes']} universes that move it.\n"
    )
    theirs = curve["seconds"]["specification-curve"]
    ours = curve["seconds"]["alkpool"]
    ratio = median(one_by_one) / median(seconds)
    yield _table(
        ["What", "alkpool, s", "The other way, s", "Ratio"],
        [
            [
                f"all answers, {universes:,} universes; one papermill run of chapter 04 each "
                "(extrapolated)",
                _seconds(seconds),
                _seconds(one_by_one),
                f"{ratio:,.0f}",
            ],
            [
                f"one headline, {curve['universes']} universes; specification-curve",
                _seconds(ours),
                _seconds(theirs),
                _ratio(theirs, ours),
            ],
        ],
    )
    peak = max(run["peak"] for run in engine)
    yield f"Most memory of the engine's process: {peak:.0f} MB.\n"


def _report(found: dict[str, Any]) -> Iterator[str]:
    yield "## All notebooks of the report\n"
    parallel, single = found["seconds"]["make report"], found["seconds"]["one after another"]
    yield (
        f"{found['notebooks']} notebooks, all executed anew, without rendering: {found['jobs']} at "
        "a time, as `make report` runs them, and one after another.\n"
    )
    yield _table(
        ["One after another, s", f"{found['jobs']} at a time, s", "Ratio", "Nothing changed, s"],
        [
            [
                _seconds(single),
                _seconds(parallel),
                _ratio(single, parallel),
                f"{found['nothing changed']:.1f}",
            ]
        ],
    )


def _conditions(about: dict[str, Any]) -> str:
    described = ", ".join(f"{name} {value}" for name, value in about.items())
    return f"Measured on: {described}.\n"


def _for_all(timed: dict[str, Any], lines: int) -> list[float]:
    """Seconds for all lines, extrapolated where fewer were classified."""
    return [seconds * lines / timed["lines"] for seconds in timed["seconds"]]


def _seconds(values: Sequence[float]) -> str:
    low, middle, high = min(values), median(values), max(values)
    return f"{_short(middle)} ({_short(low)}–{_short(high)})"


def _ratio(values: Sequence[float], others: Sequence[float]) -> str:
    return _seconds([value / other for value, other in zip(values, others, strict=True)])


def _short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"
