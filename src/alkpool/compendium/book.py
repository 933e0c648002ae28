"""Assemble the pages of the book and render them with Jupyter Book.

Pages come from ``book/`` (prose, and ``*.md.j2`` templates that are filled in here) and from the
executed notebooks, and are put together in ``build/book-src``. Rendering happens in
``build/sphinx``; only a book without a single warning takes the place of ``build/book``.
"""

import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from alkpool import paths
from alkpool.compendium import plan, render, run
from alkpool.compendium.imports import behind
from alkpool.compendium.plan import COHORT, Compendium, Part, Task
from alkpool.compendium.run import ADDED_TAGS, renamed
from alkpool.files import exchange, files_in, hash_of, templates, write_if_changed
from alkpool.problems import ProjectError, as_text, counted

KEY = ".key"
INDEX = "index"
DICTIONARY = paths.DATA / "README.md"
NO_COMMIT = "none: not a git checkout, or nothing committed"

# Shown on the status page; requirements.lock has all of them.
NAMED_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "jupyter-book", "sphinx")

# Tabs, bookmarks and the sidebar show the title alone.
SYNTHETIC_TITLE = " (synthetic)"

# Templates of what stands within a page.
RIBBON, FIGURE = "ribbon.html.j2", "figure.txt.j2"

HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
VISIBILITY_TAGS = re.compile(r"(hide|remove|show)-")

# A link from a notebook to one beside it.
NOTEBOOK_LINK = re.compile(r"\]\(([\w-]+)\.ipynb\)")

Notebook = dict[str, Any]


def publish(compendium: Compendium, tasks: Sequence[Task], build: Path, target: Path) -> bool:
    """Make the book in a folder ``book`` unless it is up to date.

    Parameters
    ----------
    compendium, tasks
        What the book is made of.
    build : Path
        Folder of the executed chapters.
    target : Path
        Folder of the book, and of what it is made from.

    Returns
    -------
    bool
        Whether it was made.

    Raises
    ------
    ProjectError
        When a figure lacks its caption or alternative text, or Sphinx warns; the last good book
        stays.
    """
    state = made_from()
    key = _key(compendium, tasks, build, state)
    published = target / "book"
    if (published / "index.html").is_file() and _read(published / KEY) == key:
        return False
    print("rendering the book", flush=True)
    _assemble(compendium, tasks, build, target, state)
    rendered = render.rendered(target / "book-src", target / "sphinx")
    fresh = target / ".book.new"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(rendered, fresh, ignore=shutil.ignore_patterns(".buildinfo*"))
    (fresh / KEY).write_text(key)
    exchange(fresh, published)
    return True


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _key(
    compendium: Compendium, tasks: Sequence[Task], build: Path, state: Mapping[str, str]
) -> str:
    sources = [path for path in files_in(paths.BOOK).values() if path.suffix != ".pyc"]
    chapters = [run.folder(task, build) / run.RECORD for task in tasks]
    code = [f"import {__name__}", *(_read(path) for path in sources if path.suffix == ".py")]
    code.append(f"import {compendium.extension.module}")
    data = [*plan.extension_inputs(compendium), *behind(*code)]
    files = [*sources, *chapters, *data, paths.HOME / plan.CONFIGURATION]
    return hash_of([json.dumps(state), _read(DICTIONARY), *(task.key for task in tasks)], files)


def made_from() -> dict[str, str]:
    """Version, state of the data and the code, and main packages that a book is made with."""
    versions = {name: importlib.metadata.version(name) for name in NAMED_PACKAGES}
    data, commit = _in_git()
    project = tomllib.loads((paths.HOME / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "alkpool": project["version"],
        "data": data,
        "commit": commit,
        "Python": platform.python_version(),
        **versions,
        "requirements.lock": f"SHA-256 {hash_of([], [paths.HOME / 'requirements.lock'])[:16]}",
    }


def _in_git() -> tuple[str, str]:
    """Give the state of the data and of the code."""
    with suppress(OSError, subprocess.CalledProcessError):
        checkout, commit = git(paths.HOME, "rev-parse", "--show-toplevel", "HEAD").splitlines()
        if Path(checkout).resolve() == paths.HOME.resolve():
            day = git(paths.HOME, "log", "-1", "--format=%cs", "--", "data")
            changed = " with uncommitted changes" * bool(git(paths.HOME, "status", "--porcelain"))
            return f"last changed {day}", commit + changed
    return NO_COMMIT, NO_COMMIT


def git(home: Path, *arguments: str) -> str:
    """What git says of a checkout.

    Raises
    ------
    OSError, CalledProcessError
        Where there is no git, or it has no answer.
    """
    command = ["git", "--no-optional-locks", *arguments]
    done = subprocess.run(command, cwd=home, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _assemble(
    compendium: Compendium,
    tasks: Sequence[Task],
    build: Path,
    target: Path,
    state: Mapping[str, str],
) -> None:
    """Write every page that changed to the source folder of Sphinx, and remove all others."""
    import nbformat

    # What figures and labels are called, by what their notebooks call them.
    names: dict[str, dict[str, str]] = {}
    for task in tasks:
        own = {name: f"{name}{task.suffix}" for name in run.record(task, build)["names"]}
        names.setdefault(task.suffix, {}).update(own)
    context = _of_study(compendium, target / "study.json")
    records = {
        name: f"{below}/{record['page']}"
        for below in compendium.extension.records
        for name, record in context["records"][below].items()
    }
    content: dict[str, bytes] = {}
    # The page that a drawing is part of.
    shown_on: dict[str, str] = {}
    chapters: dict[str, list[dict[str, Any]]] = {part.title: [] for part in compendium.parts}
    for task in tasks:
        notebook = nbformat.read(run.executed_notebook(task, build), as_version=4)
        own = names[task.suffix]
        chapters[task.part].append(_chapter(task, notebook, build, own))
        drawings = figures(notebook, f"notebooks/{task.notebook.name}", own)
        content |= drawings
        shown_on |= dict.fromkeys(drawings, f"{task.page}.ipynb")
        page = _page(notebook, task, own, [task.page for task in tasks])
        if not task.suffix and not task.synthetic:
            _link_records(page, records)
        content[f"{task.page}.ipynb"] = json.dumps(page, ensure_ascii=False, indent=1).encode()
    parts = [
        {"title": _part_title(part, tasks), "pages": part.pages, "chapters": chapters[part.title]}
        for part in compendium.parts
    ]
    context |= {"compendium": compendium, "parts": parts, "state": state}
    context["data_dictionary"] = _read(DICTIONARY)
    for below, template in compendium.extension.records.items():
        for name, record in context["records"][below].items():
            filled = _filled_in(f"{template}{plan.TEMPLATE_SUFFIX}", context | {"page": record})
            content[f"{records[name]}.md"] = filled
    listed = {INDEX, *(page for part in compendium.parts for page in part.pages)}
    for name, path in files_in(paths.BOOK).items():
        if path.suffix not in (".md", ".j2", ".pyc"):
            content[name] = path.read_bytes()
        elif name.partition(".")[0] in listed:
            content[name.removesuffix(".j2")] = _filled_in(name, context)
    contents = _toc(parts, records.values())
    content["_toc.yml"] = yaml.safe_dump(contents, sort_keys=False).encode()
    source = target / "book-src"
    for name, page_bytes in content.items():
        if write_if_changed(source / name, page_bytes):
            render.forget(shown_on.get(name, name), target / "sphinx")
    for name, path in files_in(source).items():
        if name not in content:
            path.unlink()


def _part_title(part: Part, tasks: Sequence[Task]) -> str:
    """Title of a part, with the reader's own cohort; where all its rows are made up, it says so."""
    within = [task for task in tasks if task.part == part.title]
    own = {task.page.partition("/")[0] for task in within if task.own}
    title = f"{part.title} ({', '.join(sorted(own))})" if own else part.title
    made_up = within and all(task.synthetic for task in within)
    return title + SYNTHETIC_TITLE if made_up and SYNTHETIC_TITLE not in title else title


def _of_study(compendium: Compendium, kept: Path) -> dict[str, Any]:
    """Give what the study adds: what the templates get.

    It takes seconds and does not depend on the notebooks: what was made is kept.
    """
    extension = compendium.extension
    modules = behind(f"import {extension.module}")
    files = [*plan.extension_inputs(compendium), *modules, paths.HOME / plan.CONFIGURATION]
    key = hash_of([compendium.cohort], files)
    if json.loads(_read(kept) or "{}").get("key") != key:
        contexts = extension.loaded().contexts(compendium.cohort)
        write_if_changed(kept, json.dumps({"key": key, "contexts": contexts}).encode())
    return dict(json.loads(_read(kept))["contexts"])


def _link_records(page: Notebook, records: Mapping[str, str]) -> None:
    """Let the records in the tables of a chapter lead to their pages."""
    # The names of a matrix break after their +.
    names = "|".join(re.escape(name).replace(r"\+", r"\+\n?") for name in records)
    pattern = re.compile(rf"(<t[dh]\b[^>]*>)({names})(?=</t[dh]>)")

    def linked(found: re.Match[str]) -> str:
        page = records.get(found[2].replace("\n", ""))
        return f'{found[1]}<a href="../{page}.html">{found[2]}</a>' if page else found[0]

    for output in (output for cell in page["cells"] for output in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = pattern.sub(linked, output["data"]["text/html"])


@cache
def _templates() -> Any:
    import jinja2

    # What is no Markdown is HTML, and text in it is escaped.
    escaped = jinja2.select_autoescape(["html.j2"], default=False)
    environment = templates(loader=jinja2.FileSystemLoader(paths.BOOK), autoescape=escaped)
    environment.filters |= {"as_text": as_text, "counted": counted, "json_in_page": _json}
    return environment


def _filled_in(name: str, context: Mapping[str, object]) -> bytes:
    """Fill in a template of the book; a page without gaps stays as it is."""
    import jinja2

    if not name.endswith(".j2"):
        return (paths.BOOK / name).read_bytes()
    try:
        text: str = _templates().get_template(name).render(context)
    except jinja2.TemplateError as error:
        raise ProjectError(f"book/{name}: {error}") from None
    return text.encode()


def _json(value: object) -> str:
    """JSON for a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _toc(parts: Sequence[Mapping[str, Any]], records: Collection[str]) -> dict[str, object]:
    def entry(page: str) -> dict[str, object]:
        sections = [{"file": record} for record in records if record.startswith(f"{page}/")]
        return {"file": page, "sections": sections} if sections else {"file": page}

    listed = []
    for part in parts:
        pages = [*part["pages"], *(chapter["page"] for chapter in part["chapters"])]
        listed += [{"caption": part["title"], "chapters": [*map(entry, pages)]}] * bool(pages)
    return {"format": "jb-book", "root": INDEX, "parts": listed}


def _chapter(
    task: Task, notebook: Notebook, build: Path, names: Mapping[str, str]
) -> dict[str, Any]:
    """What the generated pages can say about a chapter."""
    made = (run.folder(task, build) / "results").glob(f"*/takeaways/{task.notebook.stem}.json")
    takeaways = [text for path in made for text in json.loads(path.read_text("utf-8"))]
    return {
        "page": task.page,
        "title": _titled(notebook, task),
        "synthetic": task.synthetic,
        "parameters": task.parameters | {COHORT: _cohort_named(task)},
        "takeaways": [renamed(text, names) for text in takeaways],
        **run.record(task, build),
    }


def _cohort_named(task: Task) -> str:
    """Give the cohort of a chapter by its names: where a folder lies is nobody's business."""
    return ",".join(Path(name).name for name in task.parameters[COHORT].split(","))


def _titled(notebook: Notebook, task: Task) -> str:
    """Title of a chapter, which says from now on in the notebook too whether it is made up."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (heading := HEADING.search(cell["source"])):
            title = heading[1].strip() + SYNTHETIC_TITLE * task.synthetic
            cell["source"] = cell["source"].replace(heading[0], f"# {title}", 1)
            return title
    raise ProjectError(f"notebooks/{task.notebook.name} has no heading '# Title'")


def figures(notebook: Notebook, source: str, names: Mapping[str, str]) -> dict[str, bytes]:
    """Let the figures of a notebook stand in its page as those of any page do.

    A notebook says their name, caption and alternative text in the metadata of the output that is
    the figure.

    Returns
    -------
    dict
        The drawings, by the files in which the page looks for them once its names are renamed.

    Raises
    ------
    ProjectError
        With every figure that lacks one of them and every warning that was printed: notebook and
        cell.
    """
    drawings, problems, number = {}, [], 0
    for cell in notebook["cells"]:
        number += not ADDED_TAGS.intersection(cell["metadata"].get("tags", []))
        place = f"{source}, cell {number}"
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                problems.append(f"{place} printed a warning: {output['text'].strip()}")
            data = output.get("data", {})
            image = next((kind for kind in data if kind.startswith("image/")), None)
            if image is None:
                continue
            said = output["metadata"].get(image, {}).get("alkpool", {})
            if missing := [word for word in ("name", "caption", "alt") if not said.get(word)]:
                problems.append(f"{place}: its figure has no {' and no '.join(missing)}")
                continue
            drawings[f"figures/{names[said['name']]}.svg"] = data[image].encode()
            output["data"] = {"text/markdown": _filled_in(FIGURE, said).decode()}
    if problems:
        raise ProjectError("\n".join(problems))
    return drawings


def _linked(text: str, page: str, pages: Sequence[str]) -> str:
    """Let links to other notebooks lead to their pages: of the same cohort, or else the first."""
    folder = page.rpartition("/")[0]

    def link(found: re.Match[str]) -> str:
        of_notebook = [each for each in pages if each.rpartition("/")[2] == found[1]]
        if f"{folder}/{found[1]}" in of_notebook or not of_notebook:
            return found[0]
        return f"](../{of_notebook[0]}.ipynb)"

    return NOTEBOOK_LINK.sub(link, text)


def _page(
    notebook: Notebook, task: Task, names: Mapping[str, str], pages: Sequence[str]
) -> Notebook:
    """Make the page of a chapter from its executed notebook."""
    cells: list[Notebook] = []
    if task.synthetic:
        words = _filled_in(RIBBON, {"cohort": task.page.partition("/")[0]}).decode()
        cells = [{"cell_type": "markdown", "id": "ribbon", "metadata": {}, "source": words}]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = _linked(renamed(cell["source"], names), task.page, pages)
        else:
            # A parameter stands there as papermill writes it, letters beyond ASCII as their codes.
            cohort = task.parameters[COHORT]
            for place in (cohort, cohort.encode("unicode_escape").decode()):
                cell["source"] = cell["source"].replace(place, _cohort_named(task))
            for data in (output.get("data", {}) for output in cell["outputs"]):
                if "text/markdown" in data:
                    data["text/markdown"] = renamed(data["text/markdown"], names)
            if cells and _is_plain(cells[-1]) and not cells[-1]["outputs"] and _is_plain(cell):
                # One button for several cells in a row, of which only the last shows anything.
                cell["source"] = f"{cells.pop()['source']}\n\n{cell['source']}"
        cells.append(cell)
    for cell in filter(_is_plain, cells):
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
    return notebook | {"cells": cells}


def _is_plain(cell: Notebook) -> bool:
    """Whether it is code whose author has not said what of it to show."""
    tags = cell["metadata"].get("tags", [])
    return cell["cell_type"] == "code" and not any(map(VISIBILITY_TAGS.match, tags))
