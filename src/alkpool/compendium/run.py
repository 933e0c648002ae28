"""Run chapters and keep what they made.

A chapter sees a checkout of its own, which holds copies of what it declares and nothing else: it
can neither depend on a file that its key does not know, nor change one.

Every chapter works in a folder of its own, ``build/executed/<page>/<key>``, which appears only
when its notebook has succeeded. It holds the executed notebook, the tables in ``results``, and
``record.json`` with the run time and a hash of each file. The tracked ``results`` are copied from
there, all or none.
"""

import datetime
import json
import multiprocessing.forkserver
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from alkpool import paths
from alkpool.compendium.plan import CONFIGURATION, Task
from alkpool.files import digests, exchange, states
from alkpool.paths import shown
from alkpool.problems import ProjectError

RECORD = "record.json"

# The checkout that a running chapter sees.
CHECKOUT = "checkout"

# The same for every kernel: the same bytes on every machine, and no threads fighting for cores.
FIXED_ENVIRONMENT = {
    "COLUMNS": "80",
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "1640995200",
    "TZ": "UTC",
}
# A person's own settings: they change outputs, or let every kernel start slower.
UNWANTED_ENVIRONMENT = (
    "MATPLOTLIBRC", "MPLBACKEND", "PYTHONDEVMODE", "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP",
    "PYTHONUTF8", "PYTHONWARNINGS",
)  # fmt: skip

JUPYTER_FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")

SOURCE_LINES_SHOWN = 6

# Every kernel comes from a process that has these loaded, the second where that is worth its time.
# Not the package, which finds its folders when it is imported.
PRELOADED = ("ipykernel.kernelapp",)
PRELOADED_FOR_MANY = ("matplotlib.pyplot", "pandera.pandas", "seaborn")

# A name that Markdown gives a place.
LABEL = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)

# Of cells that papermill puts in between those of the source.
ADDED_TAGS = {"injected-parameters", "papermill-error-cell-tag"}


def folder(task: Task, build: Path) -> Path:
    """Where a chapter is that succeeded with this key."""
    return build / "executed" / task.page / task.key


def executed_notebook(task: Task, build: Path) -> Path:
    """Executed copy of the notebook."""
    return folder(task, build) / task.notebook.name


def record(task: Task, build: Path) -> dict[str, Any]:
    """When the chapter had run (``finished``, UTC), how long (``seconds``), and its ``names``."""
    content: dict[str, Any] = json.loads((folder(task, build) / RECORD).read_text("utf-8"))
    return content


def is_done(task: Task, build: Path) -> bool:
    """Whether the chapter succeeded before with the same key, and all it made is still there."""
    try:
        return bool(record(task, build)["files"] == digests(folder(task, build), RECORD))
    except (OSError, ValueError, LookupError):
        return False


def newest(task: Task, build: Path) -> Task | None:
    """Give the chapter with the key of its newest execution that is complete, if there is one."""
    made = sorted(folder(task, build).parent.glob("[!.]*"), key=lambda path: -path.stat().st_mtime)
    earlier = (replace(task, key=path.name) for path in made)
    return next((task for task in earlier if is_done(task, build)), None)


def kernel_environment(build: Path) -> dict[str, str]:
    """Environment of a kernel, in which its caches have folders below ``build``.

    Notebooks find the package whose files are in the key, wherever else one is installed.
    """
    inherited = {k: v for k, v in os.environ.items() if k not in UNWANTED_ENVIRONMENT}
    places = [Path(__file__).parents[2], *filter(None, [inherited.get("PYTHONPATH")])]
    return inherited | FIXED_ENVIRONMENT | {
        "ALKPOOL_HOME": str(paths.HOME),
        "ALKPOOL_CACHE": str(build / "cache"),
        "MPLCONFIGDIR": str(build / "matplotlib"),
        "PYTHONPATH": os.pathsep.join(map(str, places)),
    }  # fmt: skip


def execute(tasks: Sequence[Task], build: Path, *, jobs: int) -> None:
    """Run chapters, several at a time, each in a kernel of its own.

    Raises
    ------
    ProjectError
        When a chapter failed: notebook, cell, error, and where the failed copy lies. Chapters
        that had started are finished and kept, the others are not started.
    """
    from rich.console import Console
    from rich.progress import track

    environment = kernel_environment(build)
    _start_server(environment, PRELOADED_FOR_MANY if len(tasks) > 2 * jobs else ())
    console = Console(highlight=False)
    console.print(f"notebooks to execute: {len(tasks)}, {min(jobs, len(tasks))} at a time")
    stopped = threading.Event()

    def finish(task: Task) -> str:
        if stopped.is_set():
            return ""
        try:
            failure = run(task, build, environment)
        except OSError as error:
            failure = _failed(task, f"{error.strerror}: {error.filename2 or error.filename}")
        # One that fails later may have ended because all did.
        if not (failure and stopped.is_set()):
            outcome = "failed" if failure else f"{record(task, build)['seconds']:.1f} s"
            console.print(f"  {task.page}  {outcome}", style="red" if failure else None)
        if failure:
            stopped.set()
        return failure

    longest_first = sorted(tasks, key=lambda task: _expected(task, build), reverse=True)
    with ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(finish, task) for task in longest_first]
        try:
            finished = track(
                as_completed(runs), "notebooks", len(tasks), console=console, transient=True,
                disable=not console.is_terminal,
            )  # fmt: skip
            failures = [*filter(None, (each.result() for each in finished))]
        except BaseException:
            stopped.set()
            while not all(each.done() for each in runs):
                for kernel in multiprocessing.active_children():
                    kernel.terminate()
                time.sleep(0.1)
            raise
    if failures:
        unchanged = "results/ and the last good book are unchanged"
        raise ProjectError("\n\n".join([*failures, unchanged]))


def _start_server(environment: Mapping[str, str], more: Sequence[str]) -> None:
    """Start the process that others are forked from, which is there but once."""
    ours = dict(os.environ)
    os.environ.update(environment, MPLBACKEND="module://matplotlib_inline.backend_inline")
    try:
        multiprocessing.forkserver.set_forkserver_preload([*PRELOADED, *more])
        multiprocessing.forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(ours)


def _expected(task: Task, build: Path) -> float:
    """Seconds that a chapter took at last: the longest begins first, and a new one before it."""
    last = newest(task, build)
    return float(record(last, build)["seconds"]) if last else float("inf")


def _failed(task: Task, *lines: str) -> str:
    return "\n".join([f"{task.page} failed", *(f"  {line}" for line in lines)])


class Kernel(ForkServerProcess):
    """Kernel in a fork of the process that has the packages loaded.

    It has what the manager of a kernel asks of a ``Popen``.
    """

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """How it ended; None where it has not."""
        return self.exitcode

    wait = poll  # the manager waits only for one that has ended

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid or 0, number)


def _serve(connection_file: str, environment: Mapping[str, str], place: Path) -> None:
    """Be the process of a kernel, as if it had been started anew."""
    os.setsid()
    threading.Thread(target=_end_with_the_report, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    for name in [name for name in sys.modules if name.partition(".")[0] == "alkpool"]:
        del sys.modules[name]
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    from ipykernel.kernelapp import launch_new_instance

    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    launch_new_instance(argv=["-f", connection_file, parent, "--HistoryManager.enabled=False"])


def _end_with_the_report() -> None:
    """Let a report that is killed take its kernels with it."""
    if report := multiprocessing.parent_process():
        report.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _manager(given: Mapping[str, str], where: Path) -> Any:
    """Class of a manager that forks its kernel."""
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        environment, folder = given, where

        async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
            kernel = Kernel(
                target=_serve, args=(self.connection_file, self.environment, self.folder)
            )
            kernel.start()
            provisioner: Any = self.provisioner
            provisioner.process = kernel
            provisioner.pid = provisioner.pgid = kernel.pid
            self._reconcile_connection_info(provisioner.connection_info)

    return Manager


def run(task: Task, build: Path, environment: Mapping[str, str]) -> str:
    """Execute one notebook, and keep what it made.

    Returns
    -------
    str
        Why it did not finish, in words; blank where it did.
    """
    import nbformat
    import papermill
    from traitlets.config import Config

    target = folder(task, build)
    work = target.with_name(f".{task.key}.{os.getpid()}")
    (work / "results").mkdir(parents=True)
    unfinished, home = work / "unfinished.ipynb", work / CHECKOUT
    inputs = _checkout(task, home)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="alkpool-") as own:
        given = {
            **environment,
            "ALKPOOL_HOME": str(home),
            "ALKPOOL_RESULTS": str(work / "results"),
            # No settings of a person, nor what runs at every start.
            **dict.fromkeys(JUPYTER_FOLDERS, own),
        }
        kernel = {
            "transport": "ipc",
            "ip": f"{own}/kernel",
            "connection_file": f"{own}/kernel.json",
        }
        try:
            notebook = papermill.execute_notebook(
                nbformat.read(task.notebook, as_version=4),
                # Papermill fills braces in the paths it is given.
                str(unfinished).replace("{", "{{").replace("}", "}}"),
                parameters=task.parameters,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                # Times, and the chunks printed text comes in, differ from run to run.
                record_timing=False,
                coalesce_streams=True,
                config=Config(KernelManager=kernel),
                kernel_manager_class=_manager(given, home / paths.NOTEBOOKS.name),
            )
        except Exception as error:
            return _failure(task, error, work, build)
    changed = {path for path, *_ in states(home) ^ inputs}
    if written := sorted(path for path in changed if "__pycache__" not in path.parts):
        shutil.rmtree(work)
        place = written[0].relative_to(home)
        problem = f"writes to {place}: inputs stay as they are, results go to paths.RESULTS"
        return _failed(task, problem)
    shutil.rmtree(home)
    unfinished.unlink()
    (work / task.notebook.name).write_text(nbformat.writes(_stripped(notebook)) + "\n", "utf-8")
    kept = {
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - started, 2),
        "names": sorted(_names(notebook)),
        "files": digests(work, RECORD),
    }
    (work / RECORD).write_text(json.dumps(kept) + "\n")
    exchange(work, target)
    return ""


def _checkout(task: Task, home: Path) -> set[tuple[Path, int, int]]:
    """Copy what a chapter may read; give the state of every copy."""
    (home / paths.NOTEBOOKS.name).mkdir(parents=True)
    for path in task.inputs:
        if path.is_relative_to(paths.HOME):
            copy = home / path.relative_to(paths.HOME)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return states(home)


def _failure(task: Task, error: Exception, work: Path, build: Path) -> str:
    # An error of the notebook brings its own name; others, such as a dead kernel, are what failed.
    name = getattr(error, "ename", type(error).__name__)
    reason = str(getattr(error, "evalue", error))
    missing = re.findall(rf"{re.escape(str(work / CHECKOUT))}/([^'\"]+)", reason)
    missing += [f"data/{file}" for file in re.findall(r"(\S+): the file is missing", reason)]
    if there := [file for file in missing if (paths.HOME / file).exists()]:
        data = there[0].startswith("data/")
        remedy = f"add it to its reads: in {CONFIGURATION}" if data else "a chapter reads data only"
        reason = f"{task.page} reads {', '.join(there)}: {remedy}"
    told = [f"{name}: {reason}"]
    # There may be no notebook yet, or, on a full disk, half of one.
    with suppress(OSError, ValueError):
        unfinished, copy = work / "unfinished.ipynb", build / "failed" / f"{task.page}.ipynb"
        cells = json.loads(unfinished.read_text("utf-8"))["cells"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        unfinished.replace(copy)
        told = [*_where(task, cells), *told, f"the notebook as far as it ran: {shown(copy)}"]
    shutil.rmtree(work)
    return _failed(task, *told)


def _where(task: Task, cells: Sequence[Any]) -> list[str]:
    """Last cell that had begun."""
    of_source = (c for c in cells if not ADDED_TAGS.intersection(c["metadata"].get("tags", [])))
    where = []
    for number, cell in enumerate(of_source, start=1):
        if cell["metadata"].get("papermill", {}).get("start_time"):
            lines = "".join(cell["source"]).strip().splitlines()
            where = [f"notebooks/{task.notebook.name}, cell {number}:"]
            where += [f"  {line}" for line in lines[:SOURCE_LINES_SHOWN]]
            where += ["  ..."] * (len(lines) > SOURCE_LINES_SHOWN)
    return where


def _names(notebook: Any) -> Iterator[str]:
    """Names of a chapter that pages can refer to: figures and labels."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            yield from LABEL.findall(cell["source"])
        for output in cell.get("outputs", []):
            said = output.get("metadata", {}).get("image/svg+xml", {}).get("alkpool", {})
            yield from filter(None, [said.get("name")])


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Write the names of figures and labels in a text as those that they are to have."""
    words = "|".join(map(re.escape, names))
    pattern = rf"(?<![\w-])({words})(?![\w-])"
    return re.sub(pattern, lambda found: names[found[1]], text) if names else text


def _stripped(notebook: Any) -> Any:
    """Remove what differs between two runs or two machines."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        for of_this_run in ("papermill", "execution"):
            cell.metadata.pop(of_this_run, None)
    return notebook
