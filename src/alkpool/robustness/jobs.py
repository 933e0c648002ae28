"""Independent pieces of work on Dask, each kept as a file when it is done.

A job depends on nothing but its own input, so results do not depend on the number of workers, nor
on the order in which they finish. A run that was stopped goes on where it was.
"""

import argparse
import hashlib
import io
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from dask.distributed import Client, LocalCluster, as_completed
from rich.progress import Progress

from alkpool.files import write_if_changed


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
    work: Callable[[], pd.DataFrame]


def fingerprint(files: Iterable[Path], *texts: str) -> str:
    """Identify what results depend on: those of other code or data are not taken up again."""
    digest = hashlib.sha256("\0".join(texts).encode())
    for file in sorted(files):
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:16]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where jobs run."""
    parser.add_argument("--scheduler", help="address of a Dask scheduler; default: this machine")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="on this machine")


@contextmanager
def client(scheduler: str | None, workers: int) -> Iterator[Client]:
    """Connect to a Dask scheduler, or start one on this machine.

    Raises
    ------
    ConnectionError
        Where there is no scheduler at the address.
    """
    if scheduler is not None:
        try:
            connected = Client(scheduler)
        except (OSError, ValueError) as error:
            raise ConnectionError(
                f"--scheduler {scheduler}: {error}; must be the address of a running Dask "
                "scheduler, such as tcp://host:8786"
            ) from error
        with connected:
            yield connected
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            # Any free port: two runs at once are no reason for a warning.
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            # On a busy machine a worker may take longer to leave than the library likes.
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as connected,
    ):
        try:
            yield connected
        finally:
            connected.run(_close_silently, on_error="ignore")


def _close_silently() -> None:
    """Let a worker say nothing of a heartbeat that its own end cuts off: all results are there."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)


def run(
    jobs: Sequence[Job], folder: Path, *, scheduler: str | None = None, workers: int = 1
) -> Iterator[pd.DataFrame]:
    """Run the jobs that have no result yet, and give the results of all of them.

    Parameters
    ----------
    jobs : sequence of Job
        In the order of the results.
    folder : Path
        Where the results of finished jobs are kept, one file each.
    scheduler : str, optional
        Address of a Dask scheduler; without it, workers are started on this machine.
    workers : int
        How many of them.

    Returns
    -------
    iterator of DataFrame
        One for each job, in the order of the jobs; read one after the other.
    """
    result = {job.name: folder / f"{job.name}.parquet" for job in jobs}
    missing = [job for job in jobs if kept(result[job.name]) is None]
    if missing:
        with client(scheduler, workers) as connected, Progress(transient=True) as progress:
            bar = progress.add_task(f"{len(missing)} of {len(jobs)} jobs", total=len(missing))
            futures = {connected.submit(job.work, pure=False): job.name for job in missing}
            for future in as_completed(list(futures)):
                keep(future.result(), result[futures[future]])
                future.release()
                progress.advance(bar)
    return (pd.read_parquet(path) for path in result.values())


def keep(table: pd.DataFrame, path: Path) -> None:
    """Write a table so that a part of it, or a damaged one, is never taken for the whole."""
    content = io.BytesIO()
    table.to_parquet(content, index=False, write_page_checksum=True)
    write_if_changed(path, content.getvalue())


def kept(path: Path) -> pd.DataFrame | None:
    """Read a table, or None where it is missing, cut off or damaged."""
    try:
        return pd.read_parquet(path, page_checksum_verification=True)
    # Arrow says what is wrong with a file in one of these.
    except (OSError, ValueError):
        return None
