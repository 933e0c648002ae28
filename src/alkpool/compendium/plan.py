"""The compendium: what runs, with which parameters, and what has to run again.

A *chapter* is one notebook with one cohort and its parameters; it becomes one *page* of the book.
Its *key* is a hash of everything its answer depends on, so a chapter whose key was executed before
is not executed again. Start with ``python -m alkpool.compendium report``.
"""

import ast
import importlib
import json
import os
import platform
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool

from alkpool import paths
from alkpool.compendium.imports import PACKAGE, behind
from alkpool.files import hash_of, validated
from alkpool.problems import DataError, ProjectError

_Model = TypeVar("_Model", bound=BaseModel)

CONFIGURATION = "compendium.yaml"
PARAMETERS_TAG = "parameters"
COHORT = "cohort"
TEMPLATE_SUFFIX = ".md.j2"


# Data files, of which {cohort} may be a part.
Pattern = Annotated[str, Field(pattern="^data/")]


class _Settings(BaseModel):
    """What a compendium and its parts hand down to what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cohort: str = ""
    parameters: dict[str, JsonValue] = {}
    reads: tuple[Pattern, ...] = ()


class Chapter(_Settings):
    """One notebook to run."""

    notebook: str


class Part(_Settings):
    """A heading of the table of contents with its pages, then its chapters."""

    title: str
    pages: tuple[str, ...] = ()
    chapters: tuple[Chapter, ...] = ()


class Extension(BaseModel):
    """What a study adds to the book: a module, and the pages that are made of its records.

    The module, one of the package, has ``problems(chapters)``, what is wrong with the parameters of
    chapters before any of them runs, and ``contexts(cohort)``, a mapping for the templates of the
    book from the cohort of the compendium. ``records`` names the template of the pages below a
    page; ``records`` of the mapping are, for each of these pages, the records by name, each with
    its ``name`` and the ``page`` it becomes. A release asks for ``news(results)``, Markdown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: str
    records: dict[str, str] = {}
    reads: tuple[Pattern, ...] = ()

    def loaded(self) -> ModuleType:
        """Give the module.

        Raises
        ------
        ProjectError
            Where there is no such module.
        """
        try:
            return importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            raise ProjectError(
                f"{CONFIGURATION}: extension.module: found {self.module!r}; {error}"
            ) from None


class Compendium(_Settings):
    """The content of ``compendium.yaml``."""

    title: str
    cohort: str
    extension: Extension
    parts: tuple[Part, ...]

    def chapters(self) -> Iterator[tuple[Part, Chapter, str]]:
        """Chapters, each with its part, and with its cohort as it is written."""
        for part in self.parts:
            for chapter in part.chapters:
                yield part, chapter, chapter.cohort or part.cohort or self.cohort


class Description(BaseModel):
    """What a compendium needs of the ``cohort.yaml`` of a cohort."""

    synthetic: StrictBool


class Parameter(NamedTuple):
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
    parameters : dict
        What is handed to the notebook.
    declared : tuple of str
        Names of all its parameters.
    synthetic : bool
        Whether rows of the cohort are made up.
    suffix : str
        Ends figure names and labels so that a notebook can stand in the book twice; empty for the
        main cohort of the compendium.
    inputs : tuple of Path
        Every file the notebook may open: data, and what it uses beside it, which are modules and
        the sentences of its takeaways.
    key : str
        Hash of all that the executed notebook depends on.
    """

    page: str
    part: str
    notebook: Path
    parameters: dict[str, Any]
    declared: tuple[str, ...]
    synthetic: bool
    suffix: str
    inputs: tuple[Path, ...]
    key: str

    @property
    def own(self) -> bool:
        """Whether it reads a cohort that is not the project's: its tables stay in ``build``."""
        return os.sep in self.parameters[COHORT]


def read(cohort: str = "", home: Path = paths.HOME) -> Compendium:
    """Read ``compendium.yaml``.

    Parameters
    ----------
    cohort : str
        Cohort for this run in the place of that of the compendium; parts and chapters that name
        one keep it.
    home : Path
        The checkout.

    Raises
    ------
    ProjectError
        With every entry that is missing, unknown or of the wrong type.
    """
    path = home / CONFIGURATION
    compendium = _read(Compendium, path, paths.shown(path))
    return compendium.model_copy(update={"cohort": cohort}) if cohort else compendium


def _read(model: type[_Model], path: Path, place: str) -> _Model:
    try:
        return validated(model, path, place)
    except DataError as error:
        raise ProjectError("\n".join(map(str, error.problems))) from None


def for_one_run(cohort: str) -> tuple[str, Path]:
    """Cohort of a run as its folders, and the build folder of such runs.

    Nothing of the run is written beside the tracked results: they are those of the compendium.

    Parameters
    ----------
    cohort : str
        Names, or paths from the current folder, joined by commas.

    Raises
    ------
    ProjectError
        Where they are not such, or not to be pooled.
    """
    if wrong := dict.fromkeys(_cohort_problems(cohort, Path())):
        raise ProjectError("\n".join(f"COHORT: {problem}" for problem in wrong))
    folders = _cohort_folders(cohort, Path())
    name = "+".join(folder.name for folder in folders)
    return _written(folders), paths.BUILD / "cohorts" / name


def notebook_parameters(notebook: Path) -> dict[str, Parameter]:
    """Read the cell tagged ``parameters``.

    Raises
    ------
    ProjectError
        Where there is no such cell, or a default is not a plain value.
    """
    place = f"notebooks/{notebook.name}"
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    tagged = [cell for cell in cells if PARAMETERS_TAG in cell["metadata"].get("tags", [])]
    if not tagged:
        raise ProjectError(f"{place} has no cell tagged {PARAMETERS_TAG!r}")
    source = "".join(tagged[0]["source"])
    found = {}
    for statement in ast.parse(source).body:
        try:
            match statement:
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, value):
                    default = ast.literal_eval(value or "")
                case _:
                    raise ValueError(statement)
        except (ValueError, SyntaxError):
            wrong = f"{place}, parameters: {ast.unparse(statement)!r} is not 'name = plain value'"
            raise ProjectError(wrong) from None
        line = source.encode().splitlines()[(statement.end_lineno or 0) - 1]
        comment = re.fullmatch(r"\s*#\s*(.*)", line[statement.end_col_offset :].decode())
        found[name] = Parameter(default, comment[1] if comment else "")
    return found


def plan(compendium: Compendium) -> list[Task]:
    """Resolve every chapter; refuse the compendium where it names what does not exist.

    Raises
    ------
    ProjectError
        With every problem found: file, entry, value and what is allowed.
    """
    problems: list[str] = []
    tasks: list[Task] = []
    for part, chapter, cohort in compendium.chapters():
        try:
            tasks.append(_resolve(compendium, part, chapter, cohort))
        except ProjectError as error:
            place = f'{CONFIGURATION}, part "{part.title}", chapter {chapter.notebook}'
            problems += [f"{place}: {problem}" for problem in str(error).splitlines()]
    if not problems:
        # Which parameters a notebook has is known only once all can be read.
        problems += _unused_parameters(compendium, tasks)
    problems += _page_problems(compendium, [task.page for task in tasks])
    if not (module := compendium.extension.module).startswith(f"{PACKAGE.name}."):
        # Of another it is not known what it imports, and when its pages are to be made anew.
        must = f"must be a module of {PACKAGE.name}, in src/{PACKAGE.name}"
        problems.append(f"{CONFIGURATION}: extension.module: found {module!r}; {must}")
    if problems:
        raise ProjectError("\n".join(problems))
    return tasks


def _resolve(compendium: Compendium, part: Part, chapter: Chapter, cohort: str) -> Task:
    folders = _cohort_folders(cohort)
    names = [folder.name for folder in folders]
    patterns = (*compendium.reads, *part.reads, *chapter.reads)
    problems = [f"{COHORT}: {problem}" for problem in _cohort_problems(cohort)]
    unread = (pattern for pattern in patterns if not _found(folders, pattern))
    problems += [f"reads: found {pattern!r}; there is no such file" for pattern in unread]
    notebook = paths.NOTEBOOKS / f"{chapter.notebook}.ipynb"
    if not notebook.is_file():
        known = ", ".join(sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")))
        problems.append(f"notebook: found {chapter.notebook!r}; must be one of {known}")
        raise ProjectError("\n".join(problems))
    declared = notebook_parameters(notebook)
    inherited = compendium.parameters | part.parameters
    wanted = {name: value for name, value in inherited.items() if name in declared}
    wanted |= chapter.parameters
    if COHORT in inherited | chapter.parameters:
        problems.append(f"parameters: found {COHORT!r}; write {COHORT}: beside parameters:")
    wanted[COHORT] = _written(folders)
    problems += _parameter_problems(wanted, declared)
    if problems:
        raise ProjectError("\n".join(problems))
    synthetic = _is_synthetic(folders[0])
    files, code = _declared(folders, patterns), _code(notebook)
    settings = json.dumps([platform.python_version(), wanted, synthetic], sort_keys=True)
    return Task(
        page=f"{'+'.join(names)}/{chapter.notebook}",
        part=part.title,
        notebook=notebook,
        parameters=wanted,
        declared=tuple(declared),
        synthetic=synthetic,
        suffix="" if folders == _cohort_folders(compendium.cohort) else "-" + "-".join(names),
        inputs=(*files, *(path for path in code if path.is_relative_to(paths.NOTEBOOKS))),
        key=hash_of([settings], [notebook, *files, *code])[:16],
    )


def extension_inputs(compendium: Compendium) -> list[Path]:
    """Files that the contexts of the templates are made from."""
    return _declared(_cohort_folders(compendium.cohort), compendium.extension.reads)


def _declared(folders: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    """Tables and descriptions of cohorts, and the files that patterns name."""
    of_cohort = ("cohort.yaml", "*.csv", "*/*.csv")
    own = (path for folder in folders for pattern in of_cohort for path in folder.glob(pattern))
    named = (path for pattern in patterns for path in _found(folders, pattern))
    return sorted(path for path in {*own, *named} if path.is_file())


def _found(folders: Sequence[Path], pattern: str) -> set[Path]:
    expanded = {pattern.replace("{cohort}", folder.name) for folder in folders}
    return {path for each in expanded for path in paths.HOME.glob(each)}


def _cohort_folders(cohort: str, base: Path = paths.HOME) -> list[Path]:
    return [paths.cohort_folder(name.strip(), base) for name in cohort.split(",")]


def _written(folders: Sequence[Path]) -> str:
    """Write cohorts as `_cohort_folders` reads them: those of the project by their names."""
    return ",".join(
        folder.name if folder.parent == paths.COHORTS else str(folder) for folder in folders
    )


def _cohort_problems(cohort: str, base: Path = paths.HOME) -> Iterator[str]:
    known = ", ".join(sorted(path.parent.name for path in paths.COHORTS.glob("*/cohort.yaml")))
    allowed = f"one of {known}, or the path (without a comma) of a folder with a cohort.yaml"
    seen: dict[Path, bool] = {}
    for name, folder in zip(cohort.split(","), _cohort_folders(cohort, base), strict=True):
        found = f"found {name.strip()!r}"
        if not name.strip() or not (folder / "cohort.yaml").is_file():
            yield f"{found}; must be {allowed}"
        elif wrong := paths.name_problem(folder):
            yield f"{found}; {wrong}"
        elif folder in seen:
            yield f"{found} twice; its patients would count twice"
        else:
            seen[folder] = _is_synthetic(folder)
    if len(set(seen.values())) > 1:
        made_up = ", ".join(folder.name for folder, synthetic in seen.items() if synthetic)
        yield (
            f"found {cohort!r}; {made_up} is synthetic, and made-up rows are never pooled with "
            "patients: name it alone"
        )


def _is_synthetic(folder: Path) -> bool:
    place = f"{COHORT}: {folder.name}/cohort.yaml"
    return _read(Description, folder / "cohort.yaml", place).synthetic


def _parameter_problems(
    wanted: Mapping[str, Any], declared: Mapping[str, Parameter]
) -> Iterator[str]:
    for name, value in wanted.items():
        if name not in declared:
            yield f"parameters: found {name!r}; the notebook has {', '.join(declared)}"
            continue
        default, words = declared[name].default, re.findall('"([^"]+)"', declared[name].help)
        limits = re.search(r"\(([0-9.]+) to ([0-9.]+)(: [^)]+)?\)", declared[name].help)
        must = f"parameters.{name}: found {value!r}; must be"
        if type(value) not in (type(default), {float: int, tuple: list}.get(type(default))):
            yield f"{must} of the type of its default, {default!r} ({type(default).__name__})"
        elif isinstance(value, int | float) and value is not False and value <= 0 < default:
            yield f"{must} above 0, as its default {default!r}"
        elif limits and not float(limits[1]) <= value <= float(limits[2]):
            yield f"{must} from {limits[1]} to {limits[2]}{limits[3] or ''}"
        elif default in words and value not in words:
            yield f"{must} one of {', '.join(words)}"


def _unused_parameters(compendium: Compendium, tasks: Sequence[Task]) -> Iterator[str]:
    shared: list[tuple[str, _Settings, list[Task]]] = [("", compendium, list(tasks))]
    for part in compendium.parts:
        within = [task for task in tasks if task.part == part.title]
        shared.append((f', part "{part.title}"', part, within))
    for place, settings, below in shared:
        known = {name for task in below for name in task.declared}
        for name in settings.parameters.keys() - known:
            allowed = f"its notebooks have {', '.join(sorted(known)) or 'none'}"
            yield f"{CONFIGURATION}{place}: parameters: found {name!r}; {allowed}"


def _page_problems(compendium: Compendium, chapters: Sequence[str]) -> Iterator[str]:
    pages = [page for part in compendium.parts for page in part.pages]
    files = [*paths.BOOK.glob("*.md"), *paths.BOOK.glob(f"*{TEMPLATE_SUFFIX}")]
    known = sorted(path.name.partition(".")[0] for path in files)
    for page in set(pages) - set(known):
        yield f"{CONFIGURATION}, pages: found {page!r}; must be one of {', '.join(known)}"
    for below in compendium.extension.records.keys() - set(pages):
        yield f"{CONFIGURATION}, extension.records: found {below!r}; must be one of the pages"
    names = [*pages, *chapters, *(part.title for part in compendium.parts)]
    for name in [name for name, times in Counter(names).items() if times > 1]:
        yield f"{CONFIGURATION}: found {name!r} twice; it can stand in the book only once"


def _code(notebook: Path) -> set[Path]:
    """Files whose content the answer of a notebook depends on, besides its inputs."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    modules = behind(*("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    sentences = paths.TAKEAWAYS / f"{notebook.stem}{TEMPLATE_SUFFIX}"
    how_it_runs = Path(__file__).with_name("run.py")
    files = {*modules, sentences, how_it_runs, paths.HOME / "requirements.lock"}
    return {path for path in files if path.is_file()}
