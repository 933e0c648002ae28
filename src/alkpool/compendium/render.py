"""Render a folder of pages with Sphinx; this module is an extension of it as well.

Sphinx reads the pages whose text changed and writes all, as each shows of the others titles,
numbers and terms. Where a page came or went, all are read anew.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from alkpool import paths
from alkpool.compendium.imports import Imports
from alkpool.files import hash_of
from alkpool.paths import shown
from alkpool.problems import ProjectError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Whatever else a page is made of comes with it into the book, and is not read.
PAGES = (".md", ".ipynb", ".svg")


def rendered(source: Path, work: Path, builder: str = "html") -> Path:
    """Run Sphinx; every warning is an error.

    Parameters
    ----------
    source : Path
        Folder of the pages, with ``_config.yml`` and ``_toc.yml``.
    work : Path
        Folder for what Sphinx keeps from one time to the next.
    builder : str
        Of Sphinx: all pages, or with ``singlehtml`` one document to be printed.

    Returns
    -------
    Path
        Folder of the finished pages.

    Raises
    ------
    ProjectError
        Where Sphinx warned; the warnings are printed.
    """
    from jupyter_book.sphinx import build_sphinx
    from sphinx.util.console import color_terminal, nocolor

    if not color_terminal():
        nocolor()
    finished, made_with = work / "finished", _made_with(source)
    if not finished.is_file() or finished.read_text("utf-8") != made_with:
        # After a failure, pages that were read before would not be read, and not warn, again.
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    finished.unlink(missing_ok=True)
    target = work / builder
    shutil.rmtree(target, ignore_errors=True)
    status = build_sphinx(
        source,
        target,
        builder=builder,
        doctreedir=work / "doctrees",
        path_config=source / "_config.yml",
        noconfig=True,
        confoverrides={
            "external_toc_path": str(source / "_toc.yml"),
            "latex_individualpages": False,
            "templates_path": ["_pdf"],
        },
        warningiserror=True,
        keep_going=True,
        force_all=True,
        quiet=True,
    )
    if status != 0:
        raise ProjectError(
            f"the book could not be rendered, see the warnings above; its pages are in "
            f"{shown(source)}; the last good book is unchanged"
        )
    finished.write_text(made_with, "utf-8")
    return target


def forget(page: str, work: Path) -> None:
    """Let a page be read again that changed, whatever the clock says of its file."""
    (work / "doctrees" / Path(page).with_suffix(".doctree")).unlink(missing_ok=True)


def _made_with(source: Path) -> str:
    """Hash of what every page depends on besides the texts: which pages there are, too."""
    there = {path for path in source.rglob("*") if path.is_file()}
    pages = {path for path in there if path.suffix in PAGES}
    # What the table of contents changes is compared page by page.
    files = {path for path in there - pages if path.name != "_toc.yml"}
    code = [path.read_text("utf-8") for path in files if path.suffix == ".py"]
    modules = Imports().behind(f"import {__name__}", *code)
    names = sorted(page.relative_to(source).as_posix() for page in pages)
    return hash_of(names, [*files, *modules, paths.HOME / "requirements.lock"])


def setup(app: "Sphinx") -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", _printed_where_it_is_one_document)
    app.connect("env-updated", _write_in_parallel)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _printed_where_it_is_one_document(app: "Sphinx") -> None:
    if app.builder.name == "singlehtml":
        app.setup_extension("alkpool.compendium.pdf")


def _write_in_parallel(app: "Sphinx", *_: object) -> None:
    # Only now: extensions of Jupyter Book do not say that they can read pages at the same time.
    app.parallel = os.cpu_count() or 1
