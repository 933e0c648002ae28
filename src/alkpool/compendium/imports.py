"""Which modules of the project some code imports, directly or through others.

Found by reading, not by running: a chapter runs again when a module it imports has changed, and
for no other. Data of the package are part of all, as any module may read them, but for what stands
beside a module under its name. Names that nobody spells out, such as those of ``importlib``,
are not found.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from alkpool import paths

PACKAGE = Path(paths.__file__).parent

# Where a kernel looks for modules.
ROOTS = (PACKAGE.parent, paths.HOME, paths.NOTEBOOKS)

# Lines that IPython takes for itself; the rest of a cell is Python.
MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


def behind(*sources: str) -> set[Path]:
    """Files that code imports, with those which they import in turn, and data of the package.

    Parameters
    ----------
    *sources : str
        Python, or a cell of a notebook. What cannot be read may import anything of the package.
    """
    inside = {path for path in PACKAGE.rglob("[!.]*") if path.is_file() and path.suffix != ".pyc"}
    modules = {path for path in inside if path.suffix == ".py"}
    beside = {path: {path, *path.parent.glob(f"{path.stem}.*")} for path in modules}
    found = inside.difference(*beside.values())
    try:
        waiting = [file for text in sources for file in _imported(MAGIC.sub(r"\1pass", text), "")]
    except (SyntaxError, ImportError):
        return inside
    while waiting:
        path = waiting.pop()
        if path not in found:
            found |= beside.get(path, {path})
            waiting += _of(path, path.stat().st_mtime_ns)
    return found


@cache
def _of(path: Path, _changed: int) -> list[Path]:
    """Files that a file imports, read once for each state of it."""
    root = next(root for root in ROOTS if path.is_relative_to(root))
    try:
        return [*_imported(path.read_bytes(), ".".join(path.relative_to(root).parent.parts))]
    except (SyntaxError, ValueError, ImportError):
        # It imports nothing until it is mended, which changes its content.
        return []


def _imported(source: str | bytes, package: str) -> Iterator[Path]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files(Path(*name.split(".")))


def _files(module: Path) -> list[Path]:
    """Files of a module and of the packages around it, of the project only."""
    around = [module, *module.parents[:-1]]
    for root in ROOTS:
        places = [place for at in around for place in (at / "__init__.py", at.with_suffix(".py"))]
        if found := [root / place for place in places if (root / place).is_file()]:
            return found
    return []
