"""The compendium: what runs, with which parameters, and what has to run again.

A *chapter* is one notebook with one cohort and its parameters; it becomes one *page* of the book.
Its *key* is a hash of everything its answer depends on, so a chapter whose key was executed before
is not executed again. Start with ``python -m alkpool.compendium report``.
"""

import argparse
import ast
import fcntl
import hashlib
import json
import os
import platform
import sys
import time
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from alkpool import paths
from alkpool.files import read_yaml

CONFIGURATION = "compendium.yaml"
PARAMETERS_TAG = "parameters"
COHORT = "cohort"
TEMPLATE_SUFFIX = ".md.j2"


class CompendiumError(Exception):
    """Something a person has to put right; the text says what and where."""


class _Settings(BaseModel):
    """What a compendium and its parts hand down to what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cohort: str = ""
    parameters: dict[str, JsonValue] = {}
    reads: tuple[str, ...] = ()


class Chapter(_Settings):
    """One notebook to run."""

    notebook: str


class Part(_Settings):
    """A heading of the table of contents with its pages, then its chapters."""

    title: str
    pages: tuple[str, ...] = ()
    chapters: tuple[Chapter, ...] = ()


class Compendium(_Settings):
    """The content of ``compendium.yaml``."""

    title: str
    cohort: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its default, and the comment that explains it."""

    default: Any
    help: str


@dataclass(frozen=True, eq=False)
class Task:
    """A chapter with everything resolved, ready to run.

    Attributes
    ----------
    page : str
        Page of the book without suffix, ``<cohort>/<notebook>``.
    part : str
        Title of the part it stands in.
    notebook : Path
        Source without outputs.
    parameters, defaults : dict
        What is handed to the notebook, and its other parameters.
    synthetic : bool
        Whether rows of the cohort are made up.
    suffix : str
        Ends figure names and labels so that a notebook can stand in the book twice; empty for the
        main cohort of the compendium.
    inputs : tuple of Path
        Every data file the notebook may open.
    key : str
        Hash of all that the executed notebook depends on.
    """

    page: str
    part: str
    notebook: Path
    parameters: dict[str, Any]
    defaults: dict[str, Any]
    synthetic: bool
    suffix: str
    inputs: tuple[Path, ...]
    key: str


def read(cohort: str = "") -> Compendium:
    """Read ``compendium.yaml``.

    Parameters
    ----------
    cohort : str
        Cohort for this run in the place of that of the compendium; parts and chapters that name
        one keep it.

    Raises
    ------
    CompendiumError
        With every entry that is missing, unknown or of the wrong type.
    """
    path = paths.HOME / CONFIGURATION
    try:
        compendium = Compendium.model_validate(read_yaml(path))
    except FileNotFoundError:
        raise CompendiumError(f"{path}: the file is missing") from None
    except ValidationError as errors:
        raise CompendiumError(
            "\n".join(
                f"{path.name}: {'.'.join(map(str, error['loc'])) or 'content'}: {error['msg']}"
                + (f"; found {error['input']!r}" if error["type"] != "missing" else "")
                for error in errors.errors()
            )
        ) from None
    except ValueError as error:
        raise CompendiumError(f"{path.name} is not readable YAML: {error}") from None
    return compendium.model_copy(update={"cohort": cohort}) if cohort else compendium


def for_one_run(cohort: str) -> tuple[str, Path]:
    """Cohort of a run as its folders, and the build folder of such runs.

    Nothing of the run is written beside the tracked results: they are those of the compendium.

    Parameters
    ----------
    cohort : str
        Names, or paths from the current folder, joined by commas.
    """
    folders = [paths.cohort_folder(name.strip()) for name in cohort.split(",")]
    places = [folder.name if folder.parent == paths.COHORTS else str(folder) for folder in folders]
    name = "+".join(folder.name for folder in folders)
    return ",".join(places), paths.BUILD / "cohorts" / name


def notebook_parameters(notebook: Path) -> dict[str, Parameter]:
    """Read the cell tagged ``parameters``.

    Raises
    ------
    CompendiumError
        Where there is no such cell, or a default is not a plain value.
    """
    place = f"notebooks/{notebook.name}"
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    tagged = [cell for cell in cells if PARAMETERS_TAG in cell["metadata"].get("tags", [])]
    if not tagged:
        raise CompendiumError(f"{place} has no cell tagged {PARAMETERS_TAG!r}")
    source = "".join(tagged[0]["source"])
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for statement in ast.parse(source).body:
        try:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value)
                ):
                    default = ast.literal_eval(value)
                case _:
                    raise ValueError
        except ValueError:
            wrong = f"{place}, parameters: {ast.unparse(statement)!r} is not 'name = plain value'"
            raise CompendiumError(wrong) from None
        found[name] = Parameter(default, comments.get(statement.end_lineno or 0, ""))
    return found


def plan(compendium: Compendium) -> list[Task]:
    """Resolve every chapter; refuse the compendium where it names what does not exist.

    Raises
    ------
    CompendiumError
        With every problem found: file, entry, value and what is allowed.
    """
    problems: list[str] = []
    tasks: list[Task] = []
    shared = _shared_hash()
    for part in compendium.parts:
        for chapter in part.chapters:
            try:
                tasks.append(_resolve(compendium, part, chapter, shared))
            except CompendiumError as error:
                place = f'{CONFIGURATION}, part "{part.title}", chapter {chapter.notebook}'
                problems += [f"{place}: {problem}" for problem in str(error).splitlines()]
    if not problems:
        # Which parameters a notebook has is known only once all can be read.
        problems += _unused_parameters(compendium, tasks)
    problems += _page_problems(compendium, [task.page for task in tasks])
    if problems:
        raise CompendiumError("\n".join(problems))
    return tasks


def _resolve(compendium: Compendium, part: Part, chapter: Chapter, shared: str) -> Task:
    problems: list[str] = []
    cohort = chapter.cohort or part.cohort or compendium.cohort
    folders = _cohort_folders(cohort)
    names = [folder.name for folder in folders]
    problems += _cohort_problems(cohort)
    inputs = {path for folder in folders for path in folder.glob("*")}
    for pattern in (*compendium.reads, *part.reads, *chapter.reads):
        expanded = [pattern.replace("{cohort}", name) for name in names]
        found = {path for each in expanded for path in paths.HOME.glob(each)}
        inputs |= found
        if not pattern.startswith("data/"):
            problems.append(f"reads: found {pattern!r}; must start with data/")
        elif not found:
            problems.append(f"reads: found {pattern!r}; there is no such file")
    files = tuple(sorted(path for path in inputs if path.is_file()))
    notebook = paths.NOTEBOOKS / f"{chapter.notebook}.ipynb"
    if not notebook.is_file():
        known = ", ".join(sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")))
        problems.append(f"notebook: found {chapter.notebook!r}; must be one of {known}")
        raise CompendiumError("\n".join(problems))
    declared = notebook_parameters(notebook)
    inherited = compendium.parameters | part.parameters
    wanted = {name: value for name, value in inherited.items() if name in declared}
    wanted |= chapter.parameters
    wanted[COHORT] = ",".join(
        folder.name if folder.parent == paths.COHORTS else str(folder) for folder in folders
    )
    if COHORT in inherited | chapter.parameters:
        problems.append(f"parameters: found {COHORT!r}; write {COHORT}: beside parameters:")
    problems += _parameter_problems(wanted, declared)
    if problems:
        raise CompendiumError("\n".join(problems))
    made_up = [folder.name for folder in folders if _is_synthetic(folder)]
    if made_up and len(made_up) < len(folders):
        raise CompendiumError(
            f"cohort: found {cohort!r}; {', '.join(made_up)} is synthetic, and made-up rows are "
            "never pooled with patients: name it alone"
        )
    synthetic = bool(made_up)
    settings = json.dumps([wanted, synthetic], sort_keys=True)
    return Task(
        page=f"{'+'.join(names)}/{chapter.notebook}",
        part=part.title,
        notebook=notebook,
        parameters=wanted,
        defaults={name: value.default for name, value in declared.items() if name not in wanted},
        synthetic=synthetic,
        suffix="" if folders == _cohort_folders(compendium.cohort) else "-" + "-".join(names),
        inputs=files,
        key=hash_of([shared, settings], [notebook, *files])[:16],
    )


def _cohort_folders(cohort: str) -> list[Path]:
    return [paths.cohort_folder(name.strip(), paths.HOME) for name in cohort.split(",")]


def _cohort_problems(cohort: str) -> Iterator[str]:
    known = ", ".join(sorted(path.parent.name for path in paths.COHORTS.glob("*/cohort.yaml")))
    for name, folder in zip(cohort.split(","), _cohort_folders(cohort), strict=True):
        if not (folder / "cohort.yaml").is_file():
            allowed = f"{known}, or the path of a folder with a cohort.yaml, or several with commas"
            yield f"cohort: found {name.strip()!r}; must be one of {allowed}"
        elif paths.is_namesake(folder):
            yield f"cohort: found {name.strip()!r}; {paths.NAMESAKE}"


def _is_synthetic(folder: Path) -> bool:
    place = f"cohort: {folder.name}/cohort.yaml"
    try:
        content = read_yaml(folder / "cohort.yaml")
    except ValueError as error:
        raise CompendiumError(f"{place} is not readable YAML: {error}") from None
    said = content.get("synthetic") if isinstance(content, dict) else None
    if not isinstance(said, bool):
        found = f"found {said!r}; " if said is not None else ""
        raise CompendiumError(f"{place}: {found}synthetic must be true or false")
    return said


def _parameter_problems(
    wanted: Mapping[str, object], declared: Mapping[str, Parameter]
) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in declared:
            yield f"parameters: found {name!r}; the notebook has {', '.join(declared)}"
        elif not _fits(value, default := declared[name].default):
            kind = f"{default!r} ({type(default).__name__})"
            yield f"parameters.{name}: found {value!r}; must be of the type of its default, {kind}"


def _fits(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, list | tuple):
        return isinstance(value, list | tuple)
    return type(value) is type(default)


def _unused_parameters(compendium: Compendium, tasks: Sequence[Task]) -> Iterator[str]:
    shared: list[tuple[str, _Settings, list[Task]]] = [("", compendium, list(tasks))]
    for part in compendium.parts:
        within = [task for task in tasks if task.part == part.title]
        shared.append((f', part "{part.title}"', part, within))
    for place, settings, below in shared:
        known = {name for task in below for name in task.defaults | task.parameters}
        for name in settings.parameters.keys() - known:
            allowed = f"its notebooks have {', '.join(sorted(known)) or 'none'}"
            yield f"{CONFIGURATION}{place}: parameters: found {name!r}; {allowed}"


def _page_problems(compendium: Compendium, chapters: Sequence[str]) -> Iterator[str]:
    pages = [page for part in compendium.parts for page in part.pages]
    files = [*paths.BOOK.glob("*.md"), *paths.BOOK.glob(f"*{TEMPLATE_SUFFIX}")]
    known = sorted(path.name.partition(".")[0] for path in files)
    for page in set(pages) - set(known):
        yield f"{CONFIGURATION}, pages: found {page!r}; must be one of {', '.join(known)}"
    once: set[str] = set()
    for name in [*pages, *chapters, *(part.title for part in compendium.parts)]:
        if name in once:
            yield f"{CONFIGURATION}: found {name!r} twice; it can stand in the book only once"
        once.add(name)


def _shared_hash() -> str:
    package = Path(__file__).parent.rglob("*")
    files = [path for path in package if path.is_file() and path.suffix != ".pyc"]
    return hash_of([platform.python_version()], [*files, paths.HOME / "requirements.lock"])


def hash_of(texts: Iterable[str], files: Iterable[Path]) -> str:
    """Hash texts, and files by their place in the project and their content."""
    total = hashlib.sha256("\0".join(texts).encode())
    for path in sorted(set(files)):
        content = hashlib.sha256(path.read_bytes()).digest()
        total.update(b"\0" + os.path.relpath(path, paths.HOME).encode() + b"\0" + content)
    return total.hexdigest()


@contextmanager
def _alone(build: Path) -> Iterator[None]:
    """Let one run at a time work in a build folder."""
    build.mkdir(parents=True, exist_ok=True)
    with (build / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another run works in {shown(build)}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shown(path: Path) -> str:
    """Path as a person names it: from the checkout where it lies in it."""
    return str(path.relative_to(paths.HOME) if path.is_relative_to(paths.HOME) else path)


def report(
    build: Path,
    results: Path,
    *,
    jobs: int,
    force: bool = False,
    render: bool = True,
    cohort: str = "",
) -> None:
    """Run what has to run again, publish the tables, and render the book.

    Parameters
    ----------
    build : Path
        Folder of the executed notebooks and the book.
    results : Path
        Folder of the result tables; changed only when every chapter has succeeded.
    jobs : int
        Notebooks that run at the same time.
    force : bool
        Run every chapter again.
    render : bool
        Make the book too.
    cohort : str
        See `read`.

    Raises
    ------
    CompendiumError
        Whatever a person has to put right. The last good results and book stay in place.
    """
    # Both are imported late for ``python -m``; kernels and Sphinx start only if there is work.
    from alkpool import book, execution

    started = time.perf_counter()
    with _alone(build):
        compendium = read(cohort)
        tasks = plan(compendium)
        stale = [task for task in tasks if force or not execution.is_done(task, build)]
        if stale:
            execution.execute(stale, build, jobs=jobs)
            now = {task.page: task.key for task in plan(read(cohort))}
            moved = [task for task in stale if now.get(task.page) != task.key]
            if moved:
                execution.discard(moved, build)
                pages = ", ".join(task.page for task in moved)
                raise CompendiumError(f"inputs of {pages} changed while they ran: run again")
        changed = execution.publish(tasks, build, results)
        if render:
            changed |= book.publish(compendium, tasks, build)
    target = shown(build / "book" / "index.html" if render else results)
    if stale or changed:
        print(f"done in {time.perf_counter() - started:.1f} s: {target}")
    else:
        print(f"up to date: {target}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 done, 1 something is wrong (the message says how), 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m alkpool.compendium")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("report", help="run the notebooks that changed, make the book")
    command.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="notebooks at a time"
    )
    command.add_argument("--build", type=Path, help="build folder")
    command.add_argument("--results", type=Path, help="result tables")
    command.add_argument(
        "--cohort",
        default="",
        help="cohort for this run only, several joined by commas; its "
        "results and its book stay in build/cohorts",
    )
    command.add_argument("--force", action="store_true", help="run every notebook again")
    command.add_argument("--no-book", dest="render", action="store_false", help="no rendering")
    options = vars(parser.parse_args(arguments))
    if options["jobs"] < 1:
        parser.error(f"--jobs: found {options['jobs']}; must be at least 1")
    build, results = paths.BUILD, paths.RESULTS
    if options["cohort"]:
        options["cohort"], build = for_one_run(options["cohort"])
        results = build / "results"
    options["build"] = options["build"] or build
    options["results"] = options["results"] or results
    try:
        report(options.pop("build").resolve(), options.pop("results").resolve(), **options)
    except CompendiumError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(
            f"error: {place}{error.strerror or error}; nothing is half written, and what had "
            "finished is kept: put it right and run again", file=sys.stderr,
        )  # fmt: skip
        return 1
    except KeyboardInterrupt:
        print("stopped; what had finished is kept for the next run", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    # Run as a script this file is the module "__main__", but the errors to catch are those that
    # the other modules import.
    from alkpool.compendium import main as run

    sys.exit(run())
