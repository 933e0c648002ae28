"""Which modules of the project some code imports, directly or through others.

Found by reading, not by running: a chapter runs again when a module it imports has changed, and
for no other. Data of the package are part of all, as any module may read them, but for the YAML
and the template of a module, beside it under its name. Names that nobody spells out, such as those
of ``importlib``, are not found.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from alkpool import paths

PACKAGE = Path(paths.__file__).parent

# Where a kernel looks for modules.
ROOTS = (PACKAGE.parent, paths.HOME, paths.NOTEBOOKS)

# Lines that IPython takes for itself; the rest of a cell is Python.
MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


class Imports:
    """Finds the files behind imports; each is read once, as it is when it is first asked for."""

    def __init__(self) -> None:
        self._direct: dict[Path, frozenset[Path]] = {}
        inside = (path for path in PACKAGE.rglob("[!.]*") if path.is_file())
        data = {p for p in inside if p.suffix != ".py" and p.parent.name != "__pycache__"}
        self._beside = data & {end for path in PACKAGE.rglob("*.py") for end in _beside(path)}
        self._data = data - self._beside

    def behind(self, *sources: str) -> set[Path]:
        """Files that code imports, with those which they import in turn, and data of the package.

        Parameters
        ----------
        *sources : str
            Python, or a cell of a notebook.

        Raises
        ------
        SyntaxError
            Where it is no Python.
        """
        found = set(self._data)
        waiting: list[Path] = []
        for source in sources:
            waiting += _imported(ast.parse(MAGIC.sub(r"\1pass", source)), "")
        while waiting:
            path = waiting.pop()
            if path not in found:
                found |= {path} | (_beside(path) & self._beside)
                waiting += self._of(path)
        return found

    def _of(self, path: Path) -> frozenset[Path]:
        if path not in self._direct:
            root = next(root for root in ROOTS if path.is_relative_to(root))
            package = ".".join(path.relative_to(root).parent.parts)
            try:
                tree = ast.parse(path.read_bytes())
            except (SyntaxError, ValueError):
                # It imports nothing until it is mended, which changes its content.
                tree = ast.Module([], [])
            self._direct[path] = frozenset(_imported(tree, package))
        return self._direct[path]


def _beside(module: Path) -> set[Path]:
    return {module.with_suffix(".yaml"), module.with_suffix(".md.j2")}


def _imported(tree: ast.AST, package: str) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -node.level + 1 or None] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files(name)


def _files(name: str) -> list[Path]:
    """Files of a module and of the packages around it, of the project only."""
    module = Path(*name.split("."))
    around = [module, *module.parents[:-1]]
    for root in ROOTS:
        places = [root / path for path in around]
        files = [file for at in places for file in (at / "__init__.py", at.with_suffix(".py"))]
        if found := [file for file in files if file.is_file()]:
            return found
    return []
