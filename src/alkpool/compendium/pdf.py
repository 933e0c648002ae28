"""Print the book as one PDF, and its summary.

Sphinx puts all pages into one document; as an extension of Sphinx, this module gives each chapter
sheets of its own and leaves out pages that only a screen can show, ``screen_only`` in their
metadata. The frame of the document is ``book/_pdf/report.html``. Chromium prints it: layout, page
numbers, outline and links are its work. The summary is the same document, of which only the title
page and pages with ``summary`` in their metadata are printed.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alkpool import paths
from alkpool.compendium import render
from alkpool.compendium.book import made_from
from alkpool.files import read_yaml, write_if_changed
from alkpool.paths import shown
from alkpool.problems import ProjectError

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

BUILDER = "singlehtml"
DOCUMENT = "index.html"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # The book needs no other host, and none is asked.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
SECONDS = 300

# Marks of the pages of the summary, and of the document of which only they are printed.
SUMMARY, ONLY_SUMMARY = "summary-sheet", '<body class="summary-only">'

# A link to a page of the book in what Sphinx takes as it is, such as a table.
LINK = re.compile(r'href="(?:\.\./)*([^":#?]+)\.html(?:#([^"]*))?"')


def setup(app: "Sphinx") -> None:
    """Connect to Sphinx."""
    app.set_html_assets_policy("always")
    app.connect("doctree-resolved", _on_sheets)
    app.connect("html-page-context", _in_its_frame)


def _on_sheets(app: "Sphinx", document: "nodes.document", _: str) -> None:
    """Put the chapters of the document on sheets of their own, and list them."""
    from docutils import nodes
    from sphinx import addnodes

    env = app.env
    captions = {
        page: toctree["caption"] or ""
        for toctree in env.get_doctree(app.config.root_doc).findall(addnodes.toctree)
        for _, page in toctree["entries"]
    }
    sheets: list[dict[str, Any]] = []
    for file in list(document.findall(addnodes.start_of_file)):
        page = file["docname"]
        if "screen_only" in env.metadata[page]:
            file.parent.remove(file)
            continue
        first = next(file.findall(lambda node: isinstance(node, nodes.raw | nodes.title)))
        anchor, below = f"sheet-{len(sheets)}", page not in captions
        sheets.append(
            {
                "page": page, "anchor": anchor, "title": env.titles[page].astext(),
                "part": captions.get(page, ""), "below": below,
                "synthetic": "synthetic-ribbon" in first.astext(),
            }
        )  # fmt: skip
        classes = ["below" if below else "chapter", anchor]
        classes += [SUMMARY] * ("summary" in env.metadata[page])
        content = nodes.container("", *file.children, classes=classes, ids=[anchor])
        if env.doc2path(page).endswith(".ipynb"):
            place = f"notebooks/{Path(page).name}.ipynb"
            said = f"The code of this chapter is not printed: {place} has it."
            content += nodes.paragraph(said, said, classes=["code-place"])
        file[:] = [content]
    env.sheets = sheets  # type: ignore[attr-defined]


def _in_its_frame(
    app: "Sphinx", page: str, template: str, context: dict[str, Any], document: object
) -> str | None:
    """Give the template, what it says of this version, and links within the document."""
    if document is None:
        return None
    sheets = app.env.sheets  # type: ignore[attr-defined]
    places = {sheet["page"]: sheet["anchor"] for sheet in sheets}
    # Sphinx itself writes links of the document with its name, and of a chapter with that of a
    # place before its first page.
    for sheet in sheets:
        context["body"] = context["body"].replace(
            f'href="#document-{sheet["page"]}"', f'href="#{sheet["anchor"]}"'
        )
    context["body"] = LINK.sub(
        lambda found: f'href="#{found[2] if found[1] == page else places.get(found[1], "")}"',
        context["body"],
    )
    context |= {
        "sheets": sheets,
        "state": made_from(),
        "citation": read_yaml(paths.HOME / "CITATION.cff"),
    }
    return "report.html"


def browser() -> str:
    """Find Chromium.

    Raises
    ------
    ProjectError
        When there is none; the message says how to get one.
    """
    wanted = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [wanted] if wanted else BROWSERS)), None)
    if found is None:
        missing = f"CHROMIUM: found {wanted!r}; no such program" if wanted else "no Chromium found"
        raise ProjectError(
            f"{missing}. It prints the PDF; on Debian and Ubuntu: sudo apt-get install chromium, "
            "or name another place: make pdf CHROMIUM=/path/to/chromium"
        )
    return found


def write(build: Path = paths.BUILD, target: Path = paths.BUILD / "alkpool.pdf") -> str:
    """Print the book and its summary; only a complete PDF replaces the one that is there.

    Parameters
    ----------
    build : Path
        Folder of the book and of what it was made from.
    target : Path
        The PDF; the summary stands beside it, ``-summary`` added to its name.

    Returns
    -------
    str
        What was printed.

    Raises
    ------
    ProjectError
        When the book or Chromium is missing, or Chromium fails.
    """
    command = browser()
    if not (build / "book" / DOCUMENT).is_file():
        raise ProjectError(f"{shown(build / 'book' / DOCUMENT)} is missing: run make report")
    document = render.rendered(build / "book-src", build / "sphinx", BUILDER) / DOCUMENT
    contents = {target: _print(document, command)}
    if SUMMARY in (whole := document.read_text("utf-8")):
        summary = document.with_name("summary.html")
        summary.write_text(_summary(whole), "utf-8")
        contents[target.with_stem(f"{target.stem}-summary")] = _print(summary, command)
    for path, pages in contents.items():
        write_if_changed(path, pages)
    return f"done: {', '.join(map(shown, contents))}"


def _summary(html: str) -> str:
    """Leave out what is not in the summary, and links to it."""
    return re.sub(r'<a ([^>]*)href="#[^"]*"', r"<a \1", html.replace("<body>", ONLY_SUMMARY))


def _print(document: Path, command: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="alkpool-pdf-") as folder:
        printed = Path(folder) / "report.pdf"
        call = [
            command, *FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}",
            document.as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(call, check=True, capture_output=True, text=True, timeout=SECONDS)
            return printed.read_bytes()
        except subprocess.TimeoutExpired:
            raise ProjectError(f"{command} did not finish within {SECONDS} s") from None
        except (OSError, subprocess.CalledProcessError) as error:
            said = str(getattr(error, "stderr", "")).strip()
            raise ProjectError(f"{command} did not print: {error}\n{said}".strip()) from None
