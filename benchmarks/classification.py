"""Benefit of each line: time and memory of the engines, from a thousand lines to ten million."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.child import forget_peak, peak_megabytes
from benchmarks.engines import ENGINES, read_lines
from benchmarks.registry import load

# The lines that one-row-at-a-time engines classify; the time for all is extrapolated from them.
SAMPLED_LINES = 5_000
ROW_WISE = "row-wise pandas"


def times(folder: str, lines: int, engines: Sequence[str], repeats: int) -> dict[str, Any]:
    """Time engines in turn on the same lines, after a check that all give the same classes.

    Returns
    -------
    dict
        For each engine ``seconds`` of every round, and how many ``lines`` it classified.
    """
    table = read_lines(Path(folder), lines)
    counts = {name: min(lines, SAMPLED_LINES) if name == ROW_WISE else lines for name in engines}
    held = {name: ENGINES[name].hold(table.slice(0, counts[name])) for name in engines}
    expected: tuple[Any, Any] | None = None
    for name in engines:
        found = ENGINES[name].rules(ENGINES[name].classify(held[name]))
        expected = expected or found
        for column, wanted in zip(found, expected, strict=True):
            if not (column == wanted[: len(column)]).all() or len(column) != counts[name]:
                raise AssertionError(f"{name} and {engines[0]} classify differently")
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(repeats):
        for name in engines:
            started = time.perf_counter()
            result = ENGINES[name].classify(held[name])
            seconds[name].append(time.perf_counter() - started)
            del result
    return {name: {"seconds": seconds[name], "lines": counts[name]} for name in engines}


def memory(folder: str, lines: int, engine: str) -> dict[str, float]:
    """Memory of one engine in megabytes: with the lines loaded, and the most from there on."""
    held = ENGINES[engine].hold(read_lines(Path(folder), lines))
    # What loading took for a while would hide what classifying takes.
    forget_peak()
    loaded = peak_megabytes()
    result = ENGINES[engine].classify(held)
    assert result is not None
    return {"loaded": loaded, "peak": peak_megabytes()}


def memory_by_part(folder: str) -> dict[str, float]:
    """Peak memory of `alkpool.analysis.benefit.classify` one partition at a time, in megabytes."""
    from alkpool.analysis.benefit import classify

    lines = 0
    for part in range(len(list(Path(folder).glob("part-*")))):
        lines += len(classify(load(Path(folder), part).treatments))
    return {"lines": lines, "peak": peak_megabytes()}
