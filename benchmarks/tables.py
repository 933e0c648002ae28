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
        ("classification", _classification), ("multiverse", _multiverse), ("sweep", _sweep),
        ("report", _report), ("chapters", _chapters), ("fit", _fit),
    ):  # fmt: skip
        if part in results:
            sections += [*write(results[part]), _conditions(results[part]["conditions"])]
    return "\n".join(sections)


def _classification(found: dict[str, Any]) -> Iterator[str]:
    yield "## Clinical benefit of each line\n"
    yield (
        "The rule of the paper's Figure 1 (R1 to R9) on the same lines: "
        "`benefit.classify` on categories, one DuckDB statement on a table with enumerations "
        "fetched as Arrow, Polars "
        "expressions on categories, and `DataFrame.apply`, which is timed on a few thousand lines "
        "and extrapolated linearly. "
        "Each has the lines in memory in its own form before the time is taken, gives the rule and "
        "the class as categories, and may use every core.\n"
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
        "Memory of the process, in MB: with the lines loaded → the most while it classifies. "
        "Nearly all that a thousand lines take are the libraries.\n"
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
    yield "## Combinations of choices\n"
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
        "start and the figures of the chapter included, and extrapolated linearly; the ratio is "
        "that of the medians. specification-curve fits the one headline that is a regression "
        f"(benefit with one mutation minus with several) in {curve['universes']} universes.\n"
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


def _sweep(found: dict[str, Any]) -> Iterator[str]:
    sizes = {int(lines): runs for lines, runs in found["sizes"].items()}
    universes = next(iter(sizes.values()))[0]["universes"]
    yield "## Combinations of choices, from a thousand lines on\n"
    yield (
        f"All answers in {universes:,} universes on the simulated registry, by the functions of "
        "`make sweep` in one process. "
        "The lines are counted once, one partition of 100,000 after the other, reading included, "
        "into groups that no universe tells apart; every universe is answered from these counts. "
        "The registry has no in vitro calls, so the answers about models are not among them. "
        "Memory is the most that the process held while it counted, and while it answered.\n"
    )
    yield _table(
        ["Lines", "Groups", "Counting, s", "Answering, s", "Counting, MB", "Answering, MB", "Runs"],
        [
            [f"{lines:,}", f"{runs[0]['groups']:,}"]
            + [_seconds([run[name] for run in runs]) for name in ("tally", "answers")]
            + [f"{max(run[f'{name} peak'] for run in runs):.0f}" for name in ("tally", "answers")]
            + [str(len(runs))]
            for lines, runs in sizes.items()
        ],
    )


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
                _seconds(found["nothing changed"]),
            ]
        ],
    )


def _chapters(found: dict[str, Any]) -> Iterator[str]:
    sizes, limit = found["sizes"], found["limit"]
    yield "## Each chapter, from a thousand lines on\n"
    yield (
        "The chapters that `make report COHORT=folder` runs on a cohort of one's own, each by "
        "itself and once, kernel start included, on the rows of the simulated registry written as "
        "CSV files. "
        "Seconds, and the most memory of the larger of its two processes, the runner and the "
        f"kernel. A chapter is stopped after {limit} s, and then not tried on more lines.\n"
    )
    notebooks = list(next(iter(sizes.values())))
    yield _table(
        ["Chapter", *(f"{int(lines):,} lines" for lines in sizes)],
        [
            [notebook, *(_chapter(of_size[notebook], limit) for of_size in sizes.values())]
            for notebook in notebooks
        ],
    )
    yield (
        f"More than {found['most lines']:,} lines are not measured: a report is for a pool of "
        "published cases, shows them one by one and holds them all in memory. "
        "For a registry there is `make sweep`, above.\n"
    )
    for lines, of_size in sizes.items():
        for notebook, measured in of_size.items():
            if measured.get("stopped", "") not in ("", *_STOPPED):
                yield f"{notebook} on {int(lines):,} lines gave no answer: {measured['stopped']}.\n"


# Why a chapter has no time, by the word in the results.
_STOPPED = {"too long": "stopped after {limit} s", "not tried": "not tried"}


def _chapter(measured: dict[str, Any], limit: float) -> str:
    if "stopped" in measured:
        return _STOPPED.get(measured["stopped"], "no answer, see below").format(limit=limit)
    return f"{_short(measured['seconds'])} s, {measured['peak']:.0f} MB"


def _fit(found: dict[str, Any]) -> Iterator[str]:
    runs = found["runs"]
    made, kept = ([run[name] for run in runs] for name in ("made", "kept"))
    peak = max(run["peak"] for run in runs)
    yield "## Model fit\n"
    yield (
        f"One fit of the hierarchical model to the {runs[0]['lines']} evaluations of the synthetic "
        f"cohort ({runs[0]['draws']:,} draws kept), in a new process with an empty cache, import "
        "and compilation included; and the same fit taken from the cache.\n"
    )
    yield _table(
        ["Made, s", "From the cache, s", "Ratio", "Most memory, MB"],
        [[_seconds(made), _seconds(kept), _ratio(made, kept), f"{peak:.0f}"]],
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
