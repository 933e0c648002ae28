"""Runs first in every kernel of the pipeline: a chapter opens only the data it declares.

Without this a notebook could read a file that its cache key does not know, and keep an old answer
when that file changes. Kernels started by hand have no declaration and are left alone.
"""

import json
import os
import sys
from pathlib import Path

from alkpool import paths

DECLARATION = "ALKPOOL_READS"


def guard_inputs() -> None:
    """Refuse to open data that ``compendium.yaml`` does not declare, and tables of results.

    The environment variable ``ALKPOOL_READS`` names a JSON file with ``page`` and ``inputs``. It
    is removed once the guard stands, for IPython only warns when a startup file fails.
    """
    declaration = os.environ.get(DECLARATION)
    if not declaration:
        return
    content = json.loads(Path(declaration).read_text("utf-8"))
    page, allowed = content["page"], frozenset(content["inputs"])
    home = os.path.realpath(paths.HOME)
    data, results = (os.path.join(home, name, "") for name in ("data", "results"))

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        flags = arguments[2]
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        name = os.path.relpath(path, home)
        if path.startswith(data) and writes:
            raise PermissionError(f"{page} writes to {name}: data are inputs, results go to "
                                  "paths.RESULTS")  # fmt: skip
        if path.startswith(data) and path not in allowed:
            raise PermissionError(f"{page} reads {name}: add it to its reads: in compendium.yaml")
        if path.startswith(results):
            raise PermissionError(f"{page} opens {name}: a chapter reads data only, and writes "
                                  "to paths.RESULTS")  # fmt: skip

    sys.addaudithook(refuse)
    Path(declaration).unlink()
