"""Run what has to run again, publish the tables, and render the book."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from alkpool import paths
from alkpool.compendium import book, publish, run
from alkpool.compendium.plan import Task, for_one_run, plan, read
from alkpool.files import locked
from alkpool.paths import shown
from alkpool.problems import ProjectError


def report(
    build: Path | None = None,
    *,
    jobs: int,
    force: bool = False,
    render: bool = True,
    cohort: str = "",
    only: str = "",
) -> str:
    """Run what has to run again, publish the tables, and render the book.

    Parameters
    ----------
    build : Path, optional
        Another folder of executed notebooks, of the book and of the result tables. In that of the
        project, runs on other cohorts share the executed notebooks: a chapter that does not read
        them is not executed again.
    jobs : int
        Notebooks that run at the same time.
    force : bool
        Run every chapter again.
    render : bool
        Make the book too.
    cohort : str
        Cohort for this run only; its tables and its book have a folder of their own.
    only : str
        Notebook, by name or number, to look at alone: other chapters are shown as they last ran,
        and ``results`` stays as it is.

    Returns
    -------
    str
        Where it is, and how long that took.

    Raises
    ------
    ProjectError
        Whatever a person has to put right. The last good results and book stay in place; result
        tables change only when every chapter has succeeded.
    """
    started = time.perf_counter()
    cohort, target = for_one_run(cohort) if cohort else ("", paths.BUILD)
    build, target = (build.resolve(), build.resolve()) if build else (paths.BUILD, target)
    own = target.resolve() == paths.BUILD.resolve()
    results = paths.RESULTS if own else target / "results"
    build.mkdir(parents=True, exist_ok=True)
    with locked(build):
        compendium = read(cohort)
        tasks = plan(compendium)
        chosen = _chosen(tasks, only)
        stale = [task for task in chosen if force or not run.is_done(task, build)]
        if only:
            last = {task: run.newest(task, build) for task in tasks if task not in chosen}
            stale += [task for task, kept in last.items() if kept is None]
            tasks = [last.get(task) or task for task in tasks]
        if stale:
            parameters = (task.parameters for task in stale)
            if wrong := compendium.extension.loaded().problems(parameters):
                raise ProjectError("\n".join(wrong))
            run.execute(stale, build, jobs=jobs)
            now = {task.page: task.key for task in plan(read(cohort))}
            if moved := [task for task in stale if now.get(task.page) != task.key]:
                for task in moved:
                    shutil.rmtree(run.folder(task, build))
                pages = ", ".join(task.page for task in moved)
                raise ProjectError(f"inputs of {pages} changed while they ran: run again")
        tables, changed = publish.made(tasks, build), False
        if not only:
            changed = publish.publish(tables, results, target / "published.json")
            publish.prune(tasks, build)
        if render:
            changed |= book.publish(compendium, tasks, build, target)
    made = shown(target / "book" / "index.html" if render else results)
    if only:
        made += "; all other chapters as they last ran, results/ as it was"
    seconds = f"done in {time.perf_counter() - started:.1f} s"
    return f"{seconds if stale or changed else 'up to date'}: {made}"


def _chosen(tasks: Sequence[Task], only: str) -> list[Task]:
    names = sorted({task.notebook.stem for task in tasks})
    found = [name for name in names if name == only or name.startswith(f"{only}-")]
    if only and not found:
        raise ProjectError(f"ONLY: found {only!r}; must be one of {', '.join(names)}, or a number")
    return [task for task in tasks if not only or task.notebook.stem in found]
