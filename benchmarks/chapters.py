"""Every notebook of the report: several at a time, one by one, and each on a growing cohort."""

import os
import re
import resource
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.child import peak_megabytes

if TYPE_CHECKING:
    from alkpool.compendium.plan import Task


def run(repeats: int) -> dict[str, object]:
    """Time a run of all notebooks with one job and with a job for each core, in turn.

    The book is not rendered: that takes the same time after either.
    """
    jobs = {"one after another": 1, "make report": os.cpu_count() or 1}
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    nothing_changed = []
    for _ in range(repeats):
        for name, count in jobs.items():
            # A folder of its own: what one run keeps for the next would be a head start.
            with TemporaryDirectory() as folder:
                seconds[name].append(_report(Path(folder), "--jobs", str(count)))
                nothing_changed.append(_report(Path(folder)))
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
         *options],
        check=True, stdout=sys.stderr,
    )  # fmt: skip
    return time.perf_counter() - started


def names(cohort: str) -> dict[str, list[str]]:
    """Notebooks that the report has on a cohort that a person brings."""
    return {"notebooks": [task.notebook.stem for task in _on(cohort)]}


def one(cohort: str, notebook: str) -> dict[str, object]:
    """Time one notebook on a cohort, and the memory of the larger of its process and its kernel.

    Returns
    -------
    dict
        ``seconds`` and ``peak``; ``stopped`` says why the notebook gave no answer where it did not.
    """
    from alkpool.compendium import run
    from alkpool.problems import ProjectError

    (task,) = (task for task in _on(cohort) if task.notebook.stem == notebook)
    with TemporaryDirectory() as folder:
        build = Path(folder)
        started, stopped = time.perf_counter(), {}
        try:
            with redirect_stdout(sys.stderr):
                run.execute([task], build, jobs=1)
        except ProjectError as error:
            stopped = {"stopped": _reason(str(error))}
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak": peak_megabytes(resource.RUSAGE_CHILDREN), **stopped}


def _reason(failed: str) -> str:
    """Error of a cell in what is said of a failed chapter, without cell and paths."""
    error = re.search(
        r"^  (\w+Error: .*?)\n  the notebook as far", failed, re.DOTALL | re.MULTILINE
    )
    return " ".join((error[1] if error else failed).split())


def _on(cohort: str) -> list["Task"]:
    """Chapters of the report on a cohort, without those on what the project brings."""
    from alkpool.compendium.plan import plan, read

    return [task for task in plan(read(cohort)) if task.parameters["cohort"] == cohort]
