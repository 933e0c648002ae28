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
from alkpool.files import locked, staged, write_if_changed
from alkpool.problems import ProjectError

# Executions of a page that are kept, the newest: going back to an earlier state costs nothing.
KEPT = 3


def publish(tasks: Sequence[Task], build: Path, results: Path, ledger: Path) -> bool:
    """Copy the tables of all chapters to ``results``; remove those no chapter makes any more.

    Of executed chapters of earlier states, the newest are kept.

    Parameters
    ----------
    tasks : sequence of Task
        Chapters that were executed. Tables of those that read a cohort which is not the project's
        go where `alkpool.paths.results_of` says.
    build : Path
        Folder of the executed chapters.
    results : Path
        Folder of the tables.
    ledger : Path
        File that lists what was published before.

    Returns
    -------
    bool
        Whether anything in ``results`` had to be changed.

    Raises
    ------
    ProjectError
        When two chapters make the same file, or name figures alike; nothing is written then.
    """
    made: dict[str, tuple[str, Path]] = {}
    named: dict[str, str] = {}
    clashes = []
    for task in tasks:
        for name in record(task, build)["names"]:
            other = named.setdefault(f"{name}{task.suffix}", task.page)
            if other != task.page:
                clashes.append(f"{other} and {task.page} both have a figure or label {name}")
        source = folder(task, build) / "results"
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            name = path.relative_to(source).as_posix()
            if name in made:
                clashes.append(f"{made[name][0]} and {task.page} both write {name}")
            made[name] = task.page, path
    if clashes:
        raise ProjectError("\n".join(clashes))
    if results == paths.RESULTS.resolve():
        own = {task.page: paths.results_of(task.page.partition("/")[0]).parent
               for task in tasks if task.own}  # fmt: skip
        for name, (page, path) in made.items():
            if page in own:
                write_if_changed(own[page] / name, path.read_bytes())
        made = {name: source for name, source in made.items() if source[0] not in own}
    before = set(json.loads(ledger.read_text("utf-8"))) if ledger.is_file() else set()
    # First the names of old and new files: a run that is killed half-way forgets none of them.
    _write_names(ledger, before | made.keys())
    results.parent.mkdir(parents=True, exist_ok=True)
    # Another run with a build folder of its own may publish to the same tables.
    with locked(results.parent):
        gone = {name for name in before - made.keys() if (results / name).is_file()}
        fresh = {
            name: path for name, (_, path) in made.items() if not _are_equal(results / name, path)
        }
        if gone or fresh:
            _replace(results, fresh, gone)
    _write_names(ledger, made)
    _prune(tasks, build)
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


def _prune(tasks: Sequence[Task], build: Path) -> None:
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


def discard(tasks: Sequence[Task], build: Path) -> None:
    """Forget executed chapters."""
    for task in tasks:
        shutil.rmtree(folder(task, build))
