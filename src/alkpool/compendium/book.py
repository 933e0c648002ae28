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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from alkpool import paths
from alkpool.compendium import render, run
from alkpool.compendium.imports import behind
from alkpool.compendium.plan import (
    COHORT,
    CONFIGURATION,
    TEMPLATE_SUFFIX,
    Compendium,
    Part,
    Task,
    extension_inputs,
)
from alkpool.compendium.run import ADDED_TAGS, renamed
from alkpool.files import exchange, hash_of, write_if_changed
from alkpool.problems import ProjectError, as_text

if TYPE_CHECKING:
    import jinja2

KEY = ".key"
INDEX = "index"
DICTIONARY = paths.DATA / "README.md"
NO_COMMIT = "none: not a git checkout, or nothing committed"

# Shown on the status page; requirements.lock has all of them.
NAMED_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "jupyter-book", "sphinx")

VISIBILITY_TAGS = re.compile(r"(hide|remove|show)-")

RIBBON = """\
<div class="synthetic-strip"><span>Synthetic: no patients</span></div>
<div class="synthetic-ribbon" role="note">
<strong>Synthetic data: not patients.</strong> Every row of this chapter's cohort, {cohort}, is \
made up to fit published numbers. Nothing on this page is evidence.
</div>"""

# Tabs, bookmarks and the sidebar show the title alone.
SYNTHETIC_TITLE = " (synthetic)"

FIGURE = """\
:::{{figure}} /figures/{name}.svg
:name: {name}
:alt: {alt}
:class: {classes}

{caption}
:::
"""

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
    sources = [path for path in paths.BOOK.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    chapters = [run.folder(task, build) / run.RECORD for task in tasks]
    code = [f"import {__name__}", *(_read(path) for path in sources if path.suffix == ".py")]
    code.append(f"import {compendium.extension.module}")
    data = [*extension_inputs(compendium), *behind(*code)]
    files = [*sources, *chapters, *data, paths.HOME / CONFIGURATION]
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
    try:
        checkout, commit = git(paths.HOME, "rev-parse", "--show-toplevel", "HEAD").splitlines()
        if Path(checkout).resolve() != paths.HOME.resolve():
            return NO_COMMIT, NO_COMMIT
        day = git(paths.HOME, "log", "-1", "--format=%cs", "--", "data")
        changed = " with uncommitted changes" * bool(git(paths.HOME, "status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return NO_COMMIT, NO_COMMIT
    return f"last changed {day}", commit + changed


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
    notebooks = {
        task: json.loads(run.executed_notebook(task, build).read_text("utf-8")) for task in tasks
    }
    # What figures and labels are called, by what their notebooks call them.
    names: dict[str, dict[str, str]] = {}
    for task in tasks:
        own = {name: f"{name}{task.suffix}" for name in run.record(task, build)["names"]}
        names.setdefault(task.suffix, {}).update(own)
    context = _of_study(compendium, target / "study.json")
    kinds = compendium.extension.records
    records = {
        name: f"{below}/{record['page']}"
        for below in kinds
        for name, record in context["records"][below].items()
    }
    parts = [
        {
            "title": _part_title(part, tasks),
            "chapters": [
                _chapter(task, notebook, build, names[task.suffix])
                for task, notebook in notebooks.items()
                if task.part == part.title
            ],
        }
        for part in compendium.parts
    ]
    content: dict[str, bytes] = {}
    # The page that a drawing is part of.
    shown_on: dict[str, str] = {}
    for task, notebook in notebooks.items():
        place = f"notebooks/{task.notebook.name}"
        drawings = figures(notebook, place, names[task.suffix])
        content |= drawings
        shown_on |= dict.fromkeys(drawings, f"{task.page}.ipynb")
        page = _page(notebook, task, names[task.suffix], [task.page for task in tasks])
        if not task.suffix and not task.synthetic:
            _link_records(page, records)
        content[f"{task.page}.ipynb"] = json.dumps(page, ensure_ascii=False, indent=1).encode()
    context |= {
        "compendium": compendium,
        "parts": parts,
        "state": state,
        "data_dictionary": _read(DICTIONARY),
    }
    for below, template in kinds.items():
        for name, record in context["records"][below].items():
            filled = _filled_in(f"{template}{TEMPLATE_SUFFIX}", context | {"page": record})
            content[f"{records[name]}.md"] = filled
    listed = {INDEX, *(page for part in compendium.parts for page in part.pages)}
    for path in sorted(path for path in paths.BOOK.rglob("*") if path.is_file()):
        name = path.relative_to(paths.BOOK).as_posix()
        if path.suffix in (".md", ".j2") and name.partition(".")[0] not in listed:
            continue
        if path.suffix == ".j2":
            content[name.removesuffix(".j2")] = _filled_in(name, context)
        elif path.suffix != ".pyc":
            content[name] = path.read_bytes()
    contents = _toc(compendium, tasks, records.values())
    content["_toc.yml"] = yaml.safe_dump(contents, sort_keys=False).encode()
    source = target / "book-src"
    for name, page_bytes in content.items():
        if write_if_changed(source / name, page_bytes):
            render.forget(shown_on.get(name, name), target / "sphinx")
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if path.relative_to(source).as_posix() not in content:
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
    files = [*extension_inputs(compendium), *modules, paths.HOME / CONFIGURATION]
    key = hash_of([compendium.cohort], files)
    if json.loads(_read(kept) or "{}").get("key") != key:
        contexts = extension.loaded().contexts(compendium.cohort)
        write_if_changed(kept, json.dumps({"key": key, "contexts": contexts}).encode())
    return dict(json.loads(_read(kept))["contexts"])


def _link_records(page: Notebook, records: Mapping[str, str]) -> None:
    """Let the records in the tables of a chapter lead to their pages."""
    if not records:
        return
    # The names of a matrix break after their +.
    names = "|".join(re.escape(name).replace(r"\+", r"\+\n?") for name in records)
    pattern = re.compile(rf"(<t[dh]\b[^>]*>)({names})(?=</t[dh]>)")

    def linked(found: re.Match[str]) -> str:
        page = records[found[2].replace("\n", "")]
        return f'{found[1]}<a href="../{page}.html">{found[2]}</a>'

    for output in (output for cell in page["cells"] for output in cell.get("outputs", [])):
        if "text/html" in output.get("data", {}):
            output["data"]["text/html"] = pattern.sub(linked, "".join(output["data"]["text/html"]))


@cache
def _templates() -> "jinja2.Environment":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(paths.BOOK),
        # What is no Markdown is HTML, and text in it is escaped.
        autoescape=jinja2.select_autoescape(["html.j2"], default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"as_text": as_text, "json_in_page": _json}
    return environment


def _filled_in(name: str, context: Mapping[str, object]) -> bytes:
    import jinja2

    try:
        return _templates().get_template(name).render(context).encode()
    except jinja2.TemplateError as error:
        raise ProjectError(f"book/{name}: {error}") from None


def _json(value: object) -> str:
    """JSON for a script element: no text in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _toc(
    compendium: Compendium, tasks: Sequence[Task], records: Collection[str]
) -> dict[str, object]:
    def entry(page: str) -> dict[str, object]:
        sections = [{"file": record} for record in records if record.startswith(f"{page}/")]
        return {"file": page, "sections": sections} if sections else {"file": page}

    parts = []
    for part in compendium.parts:
        pages = [*part.pages, *(task.page for task in tasks if task.part == part.title)]
        if pages:
            title = _part_title(part, tasks)
            parts.append({"caption": title, "chapters": [*map(entry, pages)]})
    return {"format": "jb-book", "root": INDEX, "parts": parts}


def _chapter(
    task: Task, notebook: Notebook, build: Path, names: Mapping[str, str]
) -> dict[str, object]:
    """What the generated pages can say about a chapter."""
    made = (run.folder(task, build) / "results").glob(f"*/takeaways/{task.notebook.stem}.json")
    takeaways = [text for path in made for text in json.loads(path.read_text("utf-8"))]
    return {
        "page": task.page,
        "title": _title(notebook, task),
        "synthetic": task.synthetic,
        "parameters": task.parameters | {COHORT: _cohort_named(task)},
        "takeaways": [renamed(text, names) for text in takeaways],
        **run.record(task, build),
    }


def _cohort_named(task: Task) -> str:
    """Give the cohort of a chapter by its names: where a folder lies is nobody's business."""
    return ",".join(Path(name).name for name in task.parameters[COHORT].split(","))


def _title(notebook: Notebook, task: Task) -> str:
    text = "\n".join(
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    if heading is None:
        raise ProjectError(f"notebooks/{task.notebook.name} has no heading '# Title'")
    return heading[1].strip() + SYNTHETIC_TITLE * task.synthetic


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
                text = "".join(output["text"]).strip()
                problems.append(f"{place} printed a warning: {text}")
            data = output.get("data", {})
            image = next((kind for kind in data if kind.startswith("image/")), None)
            if image is None:
                continue
            said = output["metadata"].get(image, {}).get("alkpool", {})
            if missing := [word for word in ("name", "caption", "alt") if not said.get(word)]:
                problems.append(f"{place}: its figure has no {' and no '.join(missing)}")
                continue
            drawings[f"figures/{names[said['name']]}.svg"] = "".join(data[image]).encode()
            words = FIGURE.format(
                name=said["name"], caption=said["caption"],
                alt=json.dumps(said["alt"], ensure_ascii=False),
                classes=said.get("classes", "column"),
            )  # fmt: skip
            output["data"] = {"text/markdown": words}
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
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = _linked(renamed(cell["source"], names), task.page, pages)
        else:
            # A parameter stands there as papermill writes it, letters beyond ASCII as their codes.
            cohort = task.parameters[COHORT]
            for place in (cohort, cohort.encode("unicode_escape").decode()):
                cell["source"] = cell["source"].replace(place, _cohort_named(task))
            for data in (output.get("data", {}) for output in cell["outputs"]):
                if "text/markdown" in data:
                    data["text/markdown"] = renamed("".join(data["text/markdown"]), names)
            if cells and _is_plain(cells[-1]) and not cells[-1]["outputs"] and _is_plain(cell):
                # One button for several cells in a row, of which only the last shows anything.
                cell["source"] = f"{cells.pop()['source']}\n\n{cell['source']}"
        cells.append(cell)
    for cell in filter(_is_plain, cells):
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
    if task.synthetic:
        first = next(cell for cell in cells if cell["cell_type"] == "markdown")
        first["source"] = re.sub(
            r"^(# .+)$", rf"\1{SYNTHETIC_TITLE}", first["source"], count=1, flags=re.MULTILINE
        )
        ribbon = RIBBON.format(cohort=task.page.partition("/")[0])
        cells.insert(0, {"cell_type": "markdown", "id": "ribbon", "metadata": {}, "source": ribbon})
    return notebook | {"cells": cells}


def _is_plain(cell: Notebook) -> bool:
    """Whether it is code whose author has not said what of it to show."""
    tags = cell["metadata"].get("tags", [])
    return cell["cell_type"] == "code" and not any(map(VISIBILITY_TAGS.match, tags))
