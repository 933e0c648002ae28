"""Publish the tables of all chapters: all of them or none."""

import errno
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from alkpool import paths
from alkpool.compendium.plan import Task
from alkpool.compendium.run import folder, record
from alkpool.files import files_in, staged, write_if_changed
from alkpool.problems import ProjectError

# Executions of a page that are kept, the newest: going back to an earlier state costs nothing.
KEPT = 3


def made(tasks: Sequence[Task], build: Path) -> dict[str, tuple[Task, Path]]:
    """Find the tables of executed chapters, by their name in ``results``.

    Raises
    ------
    ProjectError
        When two chapters make the same file, or name figures alike.
    """
    found: dict[str, tuple[Task, Path]] = {}
    named: dict[str, str] = {}
    clashes = []
    for task in tasks:
        for name in record(task, build)["names"]:
            other = named.setdefault(f"{name}{task.suffix}", task.page)
            if other != task.page:
                clashes.append(f"{other} and {task.page} both have a figure or label {name}")
        for name, path in files_in(folder(task, build) / "results").items():
            if name in found:
                clashes.append(f"{found[name][0].page} and {task.page} both write {name}")
            found[name] = task, path
    if clashes:
        raise ProjectError("\n".join(clashes))
    return found


def publish(tables: Mapping[str, tuple[Task, Path]], results: Path, ledger: Path) -> bool:
    """Copy the tables of all chapters to ``results``; remove those no chapter makes any more.

    Parameters
    ----------
    tables : mapping
        See `made`. Those of chapters that read a cohort which is not the project's go where
        `alkpool.paths.results_of` says.
    results : Path
        Folder of the tables.
    ledger : Path
        File that lists what was published before.

    Returns
    -------
    bool
        Whether anything in ``results`` had to be changed.
    """
    wanted = {name: path for name, (_, path) in tables.items()}
    if results == paths.RESULTS:
        for name, (task, path) in tables.items():
            if task.own:
                place = paths.results_of(task.page.partition("/")[0]).parent
                write_if_changed(place / name, path.read_bytes())
                del wanted[name]
    before = set(json.loads(ledger.read_text("utf-8"))) if ledger.is_file() else set()
    # First the names of old and new files: a run that is killed half-way forgets none of them.
    _write_names(ledger, before | wanted.keys())
    gone = {name for name in before - wanted.keys() if (results / name).is_file()}
    fresh = {name: path for name, path in wanted.items() if not _are_equal(results / name, path)}
    if gone or fresh:
        _replace(results, fresh, gone)
    _write_names(ledger, wanted)
    return bool(gone or fresh)


def _are_equal(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_bytes() == other.read_bytes()


def _replace(results: Path, fresh: Mapping[str, Path], gone: Iterable[str]) -> None:
    """Change tables so that readers see all the old ones or all the new ones."""
    for place in sorted({results, *((results / name).parent for name in (*fresh, *gone))}):
        if place.is_dir() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, "the folder cannot be written to", str(place))
    with staged(results) as stage:
        for name, path in fresh.items():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, stage / name)
        for name in gone:
            (stage / name).unlink()


def _write_names(ledger: Path, names: Iterable[str]) -> None:
    write_if_changed(ledger, (json.dumps(sorted(names), indent=1) + "\n").encode())


def prune(tasks: Sequence[Task], build: Path) -> None:
    """Forget failed chapters, and executed ones of earlier states but for the newest."""
    current = {folder(task, build) for task in tasks}
    for page in (build / "executed").glob("*/*"):
        newest = sorted(page.glob("[!.]*"), key=lambda path: -path.stat().st_mtime)
        # A clock that was set back makes the current one look old.
        kept = sorted(newest, key=lambda path: path not in current)[:KEPT]
        for path in current.intersection(newest[1:]):
            os.utime(path)
        for path in set(page.iterdir()) - set(kept):
            shutil.rmtree(path, ignore_errors=True)  # what a killed run left may still be written
    shutil.rmtree(build / "failed", ignore_errors=True)
