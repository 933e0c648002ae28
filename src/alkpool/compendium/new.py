"""A notebook of one's own: copied from the template and registered in ``compendium.yaml``.

Start with ``make new NAME=my-question``. Either the notebook and its entry are there afterwards,
or nothing has changed.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from alkpool import paths
from alkpool.compendium.plan import (
    COHORT,
    CONFIGURATION,
    PARAMETERS_TAG,
    TEMPLATE_SUFFIX,
    Compendium,
    Part,
    plan,
    read,
)
from alkpool.files import locked, write_atomically
from alkpool.problems import ProjectError

TEMPLATE = "template"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_CHARACTERS = 60
MAX_TITLE = 120


def new(name: str, title: str = "", cohort: str = "") -> Path:
    """Make a notebook and its takeaways from the template, as a chapter of its own.

    Parameters
    ----------
    name : str
        Of the notebook, its page and its table.
    title : str
        Heading of the page; without it, the name in words.
    cohort : str
        Of the project, by name, or several joined by commas; that of the compendium where it is
        blank. An own cohort is refused: its path and its tables would get into the repository.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    ProjectError
        For a name that is taken or cannot be one, for a title or cohort that will not do, and
        where the compendium is broken as it is. Nothing has changed then.
    """
    title = title or name.replace("-", " ").capitalize()
    problems = [*_name_problems(name), *_title_problems(title), *_cohort_problems(cohort)]
    if problems:
        raise ProjectError("\n".join(problems))
    notebook, sentences = paths.NOTEBOOKS / f"{name}.ipynb", _takeaways(name)
    with locked(paths.HOME):
        compendium = read()
        plan(compendium)
        text = _written(name, title, cohort or compendium.cohort)
        chapters = [chapter.notebook for part in compendium.parts for chapter in part.chapters]
        # What a killed run left is taken up again.
        if name in chapters or (notebook.exists() and notebook.read_bytes() != text.encode()):
            raise ProjectError(f"NAME: found {name!r}; notebooks/{notebook.name} is there")
        configuration = paths.HOME / CONFIGURATION
        registered = _registered(configuration.read_text("utf-8"), compendium, name, cohort)
        try:
            write_atomically(notebook, text)
            if _takeaways(TEMPLATE).is_file():
                write_atomically(sentences, _takeaways(TEMPLATE).read_text("utf-8"))
            plan(Compendium.model_validate(yaml.safe_load(registered)))
            write_atomically(configuration, registered)
        except BaseException:
            for made in (notebook, sentences):
                made.unlink(missing_ok=True)
            raise
    return notebook


def _takeaways(name: str) -> Path:
    return paths.TAKEAWAYS / f"{name}{TEMPLATE_SUFFIX}"


def _name_problems(name: str) -> Iterator[str]:
    taken = {path.name.partition(".")[0] for path in paths.BOOK.glob("*.md*")} | {TEMPLATE}
    if not name:
        yield "NAME: give one, as in: make new NAME=my-question"
    elif not NAME.fullmatch(name) or len(name) > MAX_CHARACTERS:
        allowed = f"small letters and digits, with hyphens between, at most {MAX_CHARACTERS}"
        yield f"NAME: found {name[:80]!r}; must be {allowed}, such as my-question"
    elif name in taken:
        yield f"NAME: found {name!r}; it is the name of a page or of the template"


def _title_problems(title: str) -> Iterator[str]:
    if not title.isprintable() or not title.strip() or len(title) > MAX_TITLE:
        yield f"TITLE: found {title[:80]!r}; must be one line of at most {MAX_TITLE} characters"


def _cohort_problems(cohort: str) -> Iterator[str]:
    known = paths.cohort_names()
    if cohort and not all(part.strip() in known for part in cohort.split(",")):
        yield (
            f"COHORT: found {cohort[:80]!r}; must be one of {', '.join(known)}, or several of them "
            "joined by commas; your own cohort: make the chapter, then make report "
            "COHORT=curated,/path"
        )


def _written(name: str, title: str, cohort: str) -> str:
    """Fill in the template."""
    notebook: dict[str, Any] = json.loads(
        (paths.NOTEBOOKS / f"{TEMPLATE}.ipynb").read_text("utf-8")
    )
    first, *others = notebook["cells"]
    heading = re.sub(r"([\\`*_{}\[\]<>$])", r"\\\1", title.strip())
    text = re.sub("^# .*", lambda _: f"# {heading}", "".join(first["source"]), count=1)
    first["source"] = text.splitlines(keepends=True)
    for cell in others:
        text = "".join(cell["source"]).replace(f'"{TEMPLATE}"', json.dumps(name))
        if PARAMETERS_TAG in cell["metadata"].get("tags", []):
            default = rf"^{COHORT} = \"[^\"]*\""
            found = re.search(default, text, re.MULTILINE)
            if found is not None:
                chosen = f"{COHORT} = {json.dumps(cohort, ensure_ascii=False)}"
                text = text[: found.start()] + chosen + text[found.end() :]
        cell["source"] = text.splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _registered(text: str, compendium: Compendium, name: str, cohort: str) -> str:
    """Add the chapter to the longest part of its cohort; all else stays as it was typed."""
    places = [number for number, part in enumerate(compendium.parts) if part.chapters]
    if not places:
        raise ProjectError(f"{CONFIGURATION} has no part with chapters to which to add one")
    wanted = cohort or compendium.cohort
    alike = [
        number for number in places if _cohort_of(compendium.parts[number], compendium) == wanted
    ]
    place = max(alike or places, key=lambda number: len(compendium.parts[number].chapters))
    entry = {"notebook": name} | ({} if alike else {COHORT: cohort})
    chapters = _chapters(text, place)
    if chapters.flow_style:
        flow = yaml.safe_dump(
            entry, default_flow_style=True, sort_keys=False, allow_unicode=True
        ).strip()
        end = chapters.end_mark.index - 1
        return f"{text[:end]}, {flow}{text[end:]}"
    end = text.find("\n", max(node.end_mark.index for node in _leaves(chapters)))
    head, tail = (text, "") if end < 0 else (text[:end], text[end:])
    indent = " " * chapters.start_mark.column
    block = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True).strip().splitlines()
    lines = [f"{indent}- {block[0]}", *(f"{indent}  {line}" for line in block[1:])]
    return "\n".join([head, *lines]) + tail


def _cohort_of(part: Part, compendium: Compendium) -> str:
    return part.cohort or compendium.cohort


def _chapters(text: str, part: int) -> Any:
    root = yaml.compose(text, yaml.SafeLoader)
    return _value(_value(root, "parts").value[part], "chapters")


def _value(mapping: Any, key: str) -> Any:
    return next(value for name, value in mapping.value if name.value == key)


def _leaves(node: Any) -> Iterator[Any]:
    """Nodes whose end is where they end: a block ends only where the next thing begins."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _leaves(key)
            yield from _leaves(value)
    else:
        for item in node.value:
            yield from _leaves(item)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 done, 1 the message says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m alkpool.compendium.new")
    parser.add_argument("name", metavar="NAME", help="of the notebook, such as my-question")
    parser.add_argument("--title", default="", help="heading of its page")
    parser.add_argument(
        "--cohort", default="", help="name in data/cohorts, or several joined by commas"
    )
    options = parser.parse_args(arguments)
    try:
        notebook = new(options.name, options.title, options.cohort)
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}; nothing was made", file=sys.stderr)
        return 1
    shown = notebook.relative_to(paths.HOME)
    print(f"made {shown} and its entry in {CONFIGURATION}; make report shows it as a chapter")
    return 0


if __name__ == "__main__":
    sys.exit(main())
