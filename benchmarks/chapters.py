"""Every notebook of the report: several at a time, as `make report` runs them, and one by one."""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory


def run(repeats: int) -> dict[str, object]:
    """Time a run of all notebooks with one job and with a job for each core, in turn.

    The book is not rendered: that takes the same time after either.
    """
    jobs = {"one after another": 1, "make report": os.cpu_count() or 1}
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, count in jobs.items():
            # A folder of its own: what one run keeps for the next would be a head start.
            with TemporaryDirectory() as folder:
                seconds[name].append(_report(Path(folder), "--jobs", str(count)))
                nothing_changed = _report(Path(folder))
                notebooks = len(list(Path(folder).glob("executed/**/record.json")))
    return {
        "seconds": seconds,
        "nothing changed": nothing_changed,
        "notebooks": notebooks,
        "jobs": jobs["make report"],
    }


def _report(folder: Path, *options: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "alkpool.compendium", "report", "--no-book", "--build", folder,
         "--results", folder / "results", *options],
        check=True, stdout=sys.stderr,
    )  # fmt: skip
    return time.perf_counter() - started
