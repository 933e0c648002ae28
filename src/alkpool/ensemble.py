"""What the printed numbers pin down: many reconstructed cohorts, and proven limits, on Dask.

Every job is one draw (its seed) or one limit (its quantity) and depends on nothing else, so the
results do not depend on the number of workers, nor on the order in which they finish. A finished
job is a file: a run that was stopped goes on where it was.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from dask.distributed import Client, LocalCluster, as_completed
from rich.progress import Progress

from alkpool import benefit, mutations, paths
from alkpool.actionability import matrix
from alkpool.cohort import analysis_set, lines
from alkpool.files import write_atomically
from alkpool.reconstruct import Quantity, Tables, bounds, draw, kind, quantities
from alkpool.schema import DRAWS, LIMITS
from alkpool.vocabulary import Benefit, StudyType

DRAW_COUNT = 100
# Seeds of the ensemble start here, away from the seed of the checked-in cohort.
FIRST_SEED = 10_000
# Modules, besides `alkpool.reconstruct`, on which the numbers of a draw depend.
USED = (
    "actionability", "benefit", "cohort", "ensemble", "invitro", "mutations", "schema", "stats",
    "vocabulary",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One independent piece of work.

    Attributes
    ----------
    name : str
        File name of its result.
    work : callable
        Gives the rows of the result.
    """

    name: str
    work: Callable[[], list[dict[str, object]]]


def draw_jobs(count: int) -> list[Job]:
    """Jobs of ``count`` draws with consecutive seeds."""
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    return [Job(f"draw-{seed}", partial(drawn, seed)) for seed in seeds]


def limit_jobs() -> list[Job]:
    """Jobs of the limits of every quantity, one for each kind that shares them."""
    kinds = dict.fromkeys(kind(quantity) for quantity in quantities())
    return [
        Job(f"limits-{str(alike[0]).replace(' ', '-')}", partial(limited, alike)) for alike in kinds
    ]


def drawn(seed: int) -> list[dict[str, object]]:
    """Draw one cohort and count every quantity in its rows."""
    values = observed(draw(seed))
    return [{"seed": seed, **asdict(quantity), "value": n} for quantity, n in values.items()]


def limited(alike: Sequence[Quantity]) -> list[dict[str, object]]:
    """Bound quantities that share their limits over everything the printed numbers allow."""
    low, low_proven, high, high_proven = bounds(alike[0])
    proven = {True: "yes", False: "no"}
    return [
        {
            **asdict(quantity),
            "low": low,
            "low_proven": proven[low_proven],
            "high": high,
            "high_proven": proven[high_proven],
        }
        for quantity in alike
    ]


def observed(tables: Tables) -> dict[Quantity, int]:
    """Count every quantity of `alkpool.reconstruct.quantities` in the rows of a cohort."""
    pool = analysis_set(tables.cohort())
    cells = matrix(pool).set_index(["profile", "inhibitor"])
    profiles = pool.samples["mutations"]
    classes = profiles.map(mutations.residue_class).where(~profiles.map(mutations.is_compound))
    samples = profiles.value_counts().add(classes[classes != profiles].value_counts(), fill_value=0)
    judged = benefit.classify(lines(pool))
    local = judged["study_type"] == StudyType.LOCAL
    in_local = int((local & (judged["benefit"] == Benefit.BENEFIT)).sum())

    def count(quantity: Quantity) -> int:
        match quantity.measure:
            case "samples":
                return int(samples.get(quantity.profile, 0))
            case "local_benefit":
                return in_local
            case _:
                key = (quantity.profile, quantity.inhibitor)
                return int(cells[quantity.measure].get(key, 0))

    return {quantity: count(quantity) for quantity in quantities()}


def fingerprint() -> str:
    """Identify what a draw depends on: results of other code or facts are not taken up again."""
    digest = hashlib.sha256(version("ortools").encode())
    package = Path(__file__).parent
    code = [*(package / "reconstruct").glob("*.py"), *(package / f"{name}.py" for name in USED)]
    for file in [
        *sorted(code),
        paths.PUBLISHED / "results.csv",
        paths.REFERENCE / "inhibitors.csv",
    ]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def client(scheduler: str | None, workers: int) -> Iterator[Client]:
    """Connect to a Dask scheduler, or start one on this machine."""
    if scheduler is not None:
        with Client(scheduler) as connected:
            yield connected
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            # Any free port: two runs at once are no reason for a warning.
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def run(
    jobs: Sequence[Job], folder: Path, *, scheduler: str | None = None, workers: int = 1
) -> pd.DataFrame:
    """Run the jobs that have no result yet, and return the rows of all of them.

    Parameters
    ----------
    jobs : sequence of Job
        In the order of the result.
    folder : Path
        Where finished jobs are kept, one file each.
    scheduler : str, optional
        Address of a Dask scheduler; without it, workers are started on this machine.
    workers : int
        How many of them.

    Returns
    -------
    DataFrame
        The rows of all jobs, in the order of the jobs.
    """
    result = {job.name: folder / f"{job.name}.json" for job in jobs}
    missing = [job for job in jobs if not result[job.name].is_file()]
    if missing:
        with client(scheduler, workers) as connected, Progress(transient=True) as progress:
            bar = progress.add_task(f"{len(missing)} of {len(jobs)} jobs", total=len(missing))
            futures = {connected.submit(job.work, pure=False): job.name for job in missing}
            for future in as_completed(list(futures)):
                write_atomically(result[futures[future]], json.dumps(future.result()))
                progress.advance(bar)
    rows = [row for job in jobs for row in json.loads(result[job.name].read_text("utf-8"))]
    return pd.DataFrame(rows)


def main(arguments: list[str] | None = None) -> int:
    """Write ``data/identification/``: the draws and the limits."""
    parser = argparse.ArgumentParser(prog="python -m alkpool.ensemble", description=main.__doc__)
    parser.add_argument("--draws", type=int, default=DRAW_COUNT, help=f"default {DRAW_COUNT}")
    parser.add_argument("--scheduler", help="address of a Dask scheduler; default: this machine")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="on this machine")
    parser.add_argument("--output", type=Path, default=paths.IDENTIFICATION)
    options = parser.parse_args(arguments)
    if options.draws < 1 or options.workers < 1:
        parser.error("--draws and --workers must be at least 1")
    folder = paths.BUILD / "ensemble" / fingerprint()
    where = {"scheduler": options.scheduler, "workers": options.workers}
    draws = run(draw_jobs(options.draws), folder, **where)
    limits = run(limit_jobs(), folder, **where)
    for table, frame in ((DRAWS, draws), (LIMITS, limits)):
        ordered = frame.assign(synthetic="yes")[table.columns].sort_values(list(table.key))
        text = ordered.to_csv(index=False, lineterminator="\n")
        write_atomically(options.output / table.file, text)
    print(f"wrote {len(draws)} counts of {options.draws} draws and {len(limits)} limits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
