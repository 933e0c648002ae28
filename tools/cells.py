"""Write ``book/what-a-cell-can-use.md`` from the code, so that it stays true.

``python tools/cells.py`` writes the page; a test fails until you do. Examples of `alkpool.show` are
those of its docstrings, examples of figures are the calls of the chapters.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PLAIN = (str, int, float, bool, tuple, type(None))
PAGE = ROOT / "book" / "what-a-cell-can-use.md"

HEAD = """\
# What a cell can use

A notebook imports `alkpool` and `show`, the analysis it changes, and the figures it draws:

```python
import alkpool
from alkpool import show
from alkpool.figures.actionability import verdict_matrix

pool = alkpool.analysis_set(alkpool.load(cohort))
evidence = alkpool.matrix(pool)
show.figure(verdict_matrix(evidence), "fig-mine", "Verdict of each profile and inhibitor.", pool)
```

Everything else is pandas.
This page is written from the code: `python tools/cells.py` renews it.
"""


def signature(function: Callable[..., Any]) -> str:
    """Name and arguments, without types; a default that is no plain value is left open."""

    def bare(parameter: inspect.Parameter) -> inspect.Parameter:
        default = parameter.default
        plain = default is inspect.Parameter.empty or type(default) in PLAIN
        return parameter.replace(
            annotation=inspect.Parameter.empty, default=default if plain else ...
        )

    parameters = inspect.signature(function).parameters.values()
    return f"{function.__name__}{inspect.Signature([bare(each) for each in parameters])}".replace(
        "Ellipsis", "..."
    )


def first_sentence(thing: object) -> str:
    """What a docstring says first."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def example(function: object) -> str:
    """First statement of the examples of a docstring, with its continuation."""
    lines: list[str] = []
    for line in (inspect.getdoc(function) or "").splitlines():
        if line.startswith(">>> ") and lines:
            break
        if line.startswith((">>> ", "... ")):
            lines.append(line[4:].partition("  # doctest")[0])
    return "\n".join(lines)


def calls() -> dict[str, str]:
    """First call of each function in the chapters, in their order."""
    found: dict[str, str] = {}
    for notebook in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                found.setdefault(node.func.id, ast.unparse(node))
    return found


def figures() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Public functions of `alkpool.figures` that return a drawing, with their module."""
    package = importlib.import_module("alkpool.figures")
    for found in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"alkpool.figures.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and inspect.signature(function).return_annotation.__name__ == "Drawing":
                yield module.__name__, function


def entry(title: str, words: str, code: str) -> str:
    """One function: how it is called, what it gives, an example."""
    return f"`{title}`\n: {words}\n" + f"\n  ```python\n{_indented(code)}\n  ```\n" * bool(code)


def _indented(code: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in code.splitlines())


def page() -> str:
    """Content of the page."""
    import alkpool
    from alkpool import show
    from alkpool.data.tables import COHORT_TABLES

    parts = [HEAD, "## The pool\n"]
    for table in COHORT_TABLES:
        rows = "\n".join(
            f"| `{name}` | {' '.join((column.description or '').split())} |"
            for name, column in table.schema.columns.items()
        )
        about = f"`pool.{table.name}`: {table.description}"
        parts.append(f"{about}\n\n| column | what it holds |\n|---|---|\n{rows}\n")
    parts.append("## From `alkpool`\n")
    for name in sorted(alkpool.__all__):
        thing = getattr(alkpool, name)
        if inspect.isfunction(thing):
            title = signature(thing).replace(thing.__name__, f"alkpool.{name}", 1)
            parts.append(entry(title, first_sentence(thing), ""))
        elif inspect.isclass(thing):
            parts.append(entry(f"alkpool.{name}", first_sentence(thing), ""))
    parts.append("## From `alkpool.show`\n")
    for name in show.__all__:
        function = getattr(show, name)
        title = f"show.{signature(function)}"
        code = re.sub(rf"(?<![\w.]){name}\(", f"show.{name}(", example(function))
        parts.append(entry(title, first_sentence(function), code))
    parts.append("## From `alkpool.figures`\n")
    parts.append(
        "Each returns a `style.Drawing`, with its alternative text, for `show.figure`. "
        "A figure of your own is `style.Drawing(figure, alt)`, with `style` from `alkpool`.\n"
    )
    used = calls()
    for module, function in figures():
        name = function.__name__
        if name not in used:
            continue
        code = f"from {module} import {name}\n\n{used[name]}"
        parts.append(entry(signature(function), first_sentence(function), code))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
