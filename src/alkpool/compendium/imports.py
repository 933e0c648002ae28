"""Which modules of the project some code imports, directly or through others.

Found by reading, not by running: a chapter runs again when a module it imports has changed, and
for no other. Data of the package are part of all, as any module may read them, but for what stands
beside a module under its name. Names that nobody spells out, such as those of ``importlib``,
are not found.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from alkpool import paths

if TYPE_CHECKING:
    import grimp

PACKAGE = Path(paths.__file__).parent

# Lines that IPython takes for itself; the rest of a cell is Python.
MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


def behind(*sources: str) -> set[Path]:
    """Files that code imports, with those which they import in turn, and data of the package.

    Parameters
    ----------
    *sources : str
        Python, or a cell of a notebook. What cannot be read may import anything of the package.
        Of the modules beside the notebooks it imports all or none.
    """
    from grimp.exceptions import GrimpException

    inside = {path for path in PACKAGE.rglob("[!.]*") if path.is_file() and path.suffix != ".pyc"}
    own = {path.stem: path for path in paths.NOTEBOOKS.glob("*.py")}
    everything = {*inside, *own.values()}
    try:
        graph, names = _graph(), _imported(*sources)
        used = set(own.values()) if names & own.keys() else set()
        names |= _imported(*(path.read_text("utf-8") for path in used))
    except (SyntaxError, ValueError, GrimpException):
        return everything
    if {_module(path) for path in inside if path.suffix == ".py"} - graph.modules:
        # It stands in a folder that is no package, in which nobody read.
        return everything
    modules = names & graph.modules
    unused = graph.modules.difference(modules, *map(graph.find_upstream_modules, modules))
    return used | {path for path in inside if _module(path) not in unused}


@cache
def _graph() -> "grimp.ImportGraph":
    """Imports of the package; who imports a module runs the packages around it too."""
    import grimp

    graph = grimp.build_graph(PACKAGE.name, cache_dir=None)
    for module in graph.modules - {PACKAGE.name}:
        graph.add_import(importer=module, imported=module.rpartition(".")[0])
    return graph


def _imported(*sources: str) -> set[str]:
    """Names that may be modules."""
    names = set()
    for source in sources:
        for node in ast.walk(ast.parse(MAGIC.sub(r"\1pass", source))):
            match node:
                case ast.Import():
                    names |= {alias.name for alias in node.names}
                case ast.ImportFrom(module=str(module)):
                    names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def _module(path: Path) -> str:
    """Name of the module that a file of the package is, or that it may stand beside."""
    place = path.relative_to(PACKAGE.parent).parent / path.name.partition(".")[0]
    return ".".join(place.parts).removesuffix(".__init__")
