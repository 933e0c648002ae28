"""Render a folder of pages with Sphinx: those that changed, with the result of rendering all.

Sphinx writes the pages whose text changed. What every page shows of the others, in its sidebar,
numbers and references, is compared too: where it changed, all are written. Where a page came or
went, all is made anew. This module is an extension of Sphinx as well.
"""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from alkpool import paths
from alkpool.compendium.imports import behind
from alkpool.files import files_in, hash_of
from alkpool.paths import shown
from alkpool.problems import ProjectError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

PAGES = (".md", ".ipynb")
# Drawings of the chapters, each of which is part of a page.
FIGURES = "figures/*.svg"


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
    # Written last: pages name it with a checksum only where it was there before.
    for style in (target / "_static").glob("mystnb.*.css"):
        style.unlink()
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
        quiet=True,
    )
    if status != 0:
        raise ProjectError(
            f"the book could not be rendered, see the warnings above; its pages are in "
            f"{shown(source)}; the last good book is unchanged"
        )
    _remove_unused_images(target)
    finished.write_text(made_with, "utf-8")
    return target


def forget(page: str, work: Path) -> None:
    """Let a page be read again that changed, whatever the clock says of its file."""
    (work / "doctrees" / Path(page).with_suffix(".doctree")).unlink(missing_ok=True)


def _made_with(source: Path) -> str:
    """Hash of what every page depends on besides the texts: which pages there are, too."""
    there = files_in(source)
    pages = [name for name in there if Path(name).suffix in PAGES or Path(name).match(FIGURES)]
    # What the table of contents changes is compared page by page.
    files = [there[name] for name in there.keys() - {*pages, "_toc.yml"}]
    code = [path.read_text("utf-8") for path in files if path.suffix == ".py"]
    modules = behind(f"import {__name__}", *code)
    return hash_of(pages, [*files, *modules, paths.HOME / "requirements.lock"])


def _remove_unused_images(target: Path) -> None:
    pages = "".join(page.read_text("utf-8") for page in target.rglob("*.html"))
    for path in (target / "_images").glob("*"):
        if f"_images/{quote(path.name)}" not in pages:
            path.unlink()


def setup(app: "Sphinx") -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", _printed_where_it_is_one_document)
    app.connect("env-before-read-docs", _read_one_after_another)
    app.connect("env-updated", _write_in_parallel)
    # After the numbers of sections and figures, which Sphinx assigns at the same event.
    app.connect("env-get-updated", _pages_that_show_others, priority=900)
    app.connect("build-finished", _forget_lost_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _printed_where_it_is_one_document(app: "Sphinx") -> None:
    if app.builder.name == "singlehtml":
        app.setup_extension("alkpool.compendium.pdf")


def _read_one_after_another(app: "Sphinx", *_: object) -> None:
    # Extensions of Jupyter Book do not say that they can read pages at the same time.
    app.parallel = 1


def _write_in_parallel(app: "Sphinx", *_: object) -> None:
    app.parallel = os.cpu_count() or 1


def _pages_that_show_others(app: "Sphinx", env: "BuildEnvironment") -> Iterable[str]:
    """Give all pages where something changed that each may show of the others.

    Those with terms always: Sphinx forgets them when it adds to what search finds.
    """
    known, now = Path(app.doctreedir) / "shown-of-others", _shown_of_others(env)
    if known.is_file() and known.read_text("utf-8") == now:
        terms = env.get_domain("index").data["entries"]
        return sorted(page for page in terms if terms[page])
    known.write_text(now, "utf-8")
    return sorted(env.found_docs)


def _shown_of_others(env: "BuildEnvironment") -> str:
    labels, cited = env.get_domain("std").data, env.get_domain("cite").data
    said = [
        {page: title.astext() for page, title in env.titles.items()},
        env.toctree_includes,
        env.toc_secnumbers,
        env.toc_fignumbers,
        labels["labels"],
        labels["anonlabels"],
        [(each.citation_id, each.key, each.formatted_entry.label) for each in cited["citations"]],
        sorted(
            (each.docname, each.citation_ref_id, *(target.key for target in each.targets))
            for each in cited["citation_refs"]
        ),
    ]
    return hash_of([json.dumps(said, sort_keys=True, default=str)], [])


def _forget_lost_words(app: "Sphinx", error: Exception | None) -> None:
    """Drop words that no page has any more from what search finds."""
    path = Path(app.outdir) / "searchindex.js"
    if error or not path.is_file():
        return
    text = path.read_text("utf-8")
    begin, end = text.index("{"), text.rindex("}") + 1
    index = json.loads(text[begin:end])
    for words in (index["terms"], index["titleterms"]):
        for word in [word for word, pages in words.items() if pages == []]:
            del words[word]
    found = json.dumps(index, separators=(",", ":"), sort_keys=True)
    path.write_text(text[:begin] + found + text[end:], "utf-8")
