"""A notebook of one's own: copied from another and registered in ``compendium.yaml``.

Start with ``make new NAME=my-question``. Either the notebook and its entry are there afterwards,
or nothing has changed.
"""

import ast
import json
import math
import re
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from alkpool import paths
from alkpool.compendium import plan
from alkpool.compendium.imports import MAGIC
from alkpool.compendium.run import LABEL, renamed
from alkpool.files import locked, write_atomically
from alkpool.paths import shown
from alkpool.problems import ProjectError

TEMPLATE = "template"
NAME = re.compile(r"(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*")
MAX_TITLE = 120


def new(name: str, title: str = "", source: str = "") -> str:
    """Make a notebook and its takeaways from another, as a chapter of its own.

    Parameters
    ----------
    name : str
        Of the notebook, its page and its tables.
    title : str
        Heading of the page; without it, the name in words.
    source : str
        Notebook that is copied; without it, the template. Its tables, figures, labels and
        takeaways get names of their own. The new chapter stands at the end of its part, with all
        else that its entry says.

    Returns
    -------
    str
        What was made.

    Raises
    ------
    ProjectError
        For a name that is taken or cannot be one, for a title or source that will not do, and
        where the compendium is broken as it is. Nothing has changed then.

    Examples
    --------
    >>> new("by-specimen", source="03-mutation-distribution")  # doctest: +SKIP
    """
    source = source or TEMPLATE
    if problems := [*_problems(name, title, source)]:
        raise ProjectError("\n".join(problems))
    title = title or name.replace("-", " ").capitalize()
    notebook = paths.NOTEBOOKS / f"{name}.ipynb"
    with locked(paths.HOME):
        compendium = plan.read()
        plan.plan(compendium)
        part, settings, cohort = _place(compendium, source)
        texts = dict(_copied(name, source, title, cohort))
        listed = [chapter.notebook for _, chapter, _ in compendium.chapters()]
        there = [path for path in texts if path.exists()]
        for path in there:
            # What a killed run left is taken up again.
            if name in listed or path.read_text("utf-8") != texts[path]:
                raise ProjectError(f"NAME: found {name!r}; {shown(path)} is there")
        configuration = paths.HOME / plan.CONFIGURATION
        text = configuration.read_text("utf-8")
        entry = {"notebook": name, **settings}
        registered = _registered(text, compendium.parts.index(part), entry)
        try:
            for path, text in texts.items():
                write_atomically(path, text)
            plan.plan(plan.Compendium.model_validate(yaml.safe_load(registered)))
            write_atomically(configuration, registered)
        except BaseException:
            for path in texts.keys() - set(there):
                path.unlink(missing_ok=True)
            raise
    registry = f"its entry in {plan.CONFIGURATION}"
    return f"made {shown(notebook)} and {registry}; make report shows it as a chapter"


def _takeaways(name: str) -> Path:
    return paths.TAKEAWAYS / f"{name}{plan.TEMPLATE_SUFFIX}"


def _problems(name: str, title: str, source: str) -> Iterator[str]:
    taken = {path.name.partition(".")[0] for path in paths.BOOK.glob("*.md*")} | {TEMPLATE}
    if not name:
        yield "NAME: give one, as in: make new NAME=my-question"
    elif not NAME.fullmatch(name):
        allowed = "small letters and digits, with hyphens between, at most 60"
        yield f"NAME: found {name[:80]!r}; must be {allowed}, such as my-question"
    elif name in taken:
        yield f"NAME: found {name!r}; it is the name of a page or of the template"
    if title and (not title.isprintable() or not title.strip() or len(title) > MAX_TITLE):
        yield f"TITLE: found {title[:80]!r}; must be one line of at most {MAX_TITLE} characters"
    known = sorted(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))
    if source not in known:
        yield f"FROM: found {source[:80]!r}; must be one of {', '.join(known)}"


def _copied(name: str, source: str, title: str, cohort: str) -> Iterator[tuple[Path, str]]:
    """Give the files of the new chapter, with names of their own for all that it makes."""
    import nbformat

    notebook = nbformat.read(paths.NOTEBOOKS / f"{source}.ipynb", as_version=4)
    first, *others = notebook.cells
    text = "\n".join(cell.source for cell in others)
    figures = re.findall(r'"(fig-[\w-]+)"', text)
    names = {figure: figure.replace("fig-", f"fig-{name}-", 1) for figure in figures}
    names |= {label: f"{name}-{label}" for label in LABEL.findall(text)}
    heading = re.sub(r"([\\`*_{}\[\]<>$])", r"\\\1", title.strip())
    first.source = re.sub("^# .*", lambda _: f"# {heading}", first.source, count=1)
    default = rf'(?m)^{plan.COHORT} = "[^"]*"'
    chosen = f"{plan.COHORT} = {json.dumps(cohort, ensure_ascii=False)}"
    for cell in notebook.cells:
        cell.source = renamed(cell.source, names)
        if cell.cell_type == "code":
            for table in set(_tables(cell.source)) - {source}:
                written = rf'"{re.escape(table)}"(?=,\s*\w+,?\s*\))'
                cell.source = re.sub(written, f'"{name}-{table}"', cell.source)
            cell.source = cell.source.replace(f'"{source}"', f'"{name}"')
        if plan.PARAMETERS_TAG in cell.metadata.get("tags", []):
            cell.source = re.sub(default, lambda _: chosen, cell.source, count=1)
    yield paths.NOTEBOOKS / f"{name}.ipynb", nbformat.writes(notebook) + "\n"
    if (sentences := _takeaways(source)).is_file():
        yield _takeaways(name), renamed(sentences.read_text("utf-8"), names)


def _tables(code: str) -> Iterator[str]:
    """Names of the tables that a cell writes."""
    for call in ast.walk(ast.parse(MAGIC.sub(r"\1pass", code))):
        match call:
            case ast.Call(ast.Attribute(attr="write_table"), [_, ast.Constant(str(table)), _]):
                yield table


def _place(compendium: plan.Compendium, notebook: str) -> tuple[plan.Part, dict[str, Any], str]:
    """Part of the first chapter that is a notebook, its settings, and the cohort on which it runs.

    Of a notebook that is no chapter the part with the most on the cohort of the compendium.
    """
    for part, chapter, cohort in compendium.chapters():
        if chapter.notebook == notebook:
            return part, chapter.model_dump(exclude={"notebook"}, exclude_defaults=True), cohort
    parts = [part for part, _, cohort in compendium.chapters() if cohort == compendium.cohort]
    if not parts:
        raise ProjectError(f"{plan.CONFIGURATION} has no part with chapters to which to add one")
    return max(parts, key=parts.count), {}, compendium.cohort


def _registered(text: str, place: int, entry: dict[str, Any]) -> str:
    """Add a chapter to a part; all else stays as it was typed."""
    parts = _value(yaml.compose(text, yaml.SafeLoader), "parts")
    chapters = _value(parts.value[place], "chapters")
    stop = chapters.end_mark.index
    dumped: Any = partial(yaml.safe_dump, sort_keys=False, allow_unicode=True, width=math.inf)
    if chapters.flow_style:
        added = dumped(entry, default_flow_style=True).strip()
        return f"{text[: stop - 1]}, {added}{text[stop - 1 :]}"
    # A block ends only where the next thing begins: the last thing in it ends where it ends.
    events: Any = yaml.parse(text, yaml.SafeLoader)
    ends = (end for each in events if each.start_mark.index < (end := each.end_mark.index) <= stop)
    line, _, after = text[(last := max(ends)) :].partition("\n")
    added = textwrap.indent(dumped([entry]), " " * chapters.start_mark.column)
    return f"{text[:last]}{line}\n{added}{after}"


def _value(mapping: Any, key: str) -> Any:
    return next(value for name, value in mapping.value if name.value == key)
