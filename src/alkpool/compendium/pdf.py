"""Print the rendered book as one PDF. Start with ``python -m alkpool.compendium.pdf``.

The articles of all pages are put into one document, in the order of the table of contents and
with their links inside it; template and style are in ``book/_pdf``. Chromium prints it: layout,
page numbers, outline and links are its work.
"""

import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jinja2
from bs4 import BeautifulSoup, Tag
from pypdf import PdfReader

from alkpool import paths
from alkpool.compendium.book import made_from
from alkpool.files import write_if_changed
from alkpool.paths import shown
from alkpool.problems import ProjectError

BOOK = paths.BUILD / "book"
TARGET = paths.BUILD / "alkpool.pdf"
TEMPLATES = paths.BOOK / "_pdf"
INDEX = "index.html"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # The book needs no other host, and none is asked.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
    # Formulas are typeset by a script that goes on after the page has loaded.
    "--virtual-time-budget=5000",
)  # fmt: skip
SECONDS = 300

# Everything that only a screen can use, and code: the notebooks have it.
NOT_PRINTED = "script, [hidden], .headerlink, .d-print-none, details.hide"
# Addresses and file names in tables: broken anywhere, or they push the table off the page.
LONG_WORD = re.compile(r"[^\s-]{25}")

PLACEHOLDER = "\N{FIGURE SPACE}" * 3


@dataclass(frozen=True)
class Page:
    """A page of the book, ready to be printed.

    Attributes
    ----------
    name : str
        Path in the book.
    part : str
        Caption of the part it stands in; empty for the cover.
    title : str
        Its heading.
    anchor : str
        Where links to the page lead in the document.
    sheet : str
        Anchor of the chapter whose sheets it is printed on: itself, or the one it stands below.
    synthetic : bool
        Whether it begins with the ribbon.
    notebook : str
        Source of the code that was left out; empty where there was none.
    article : Tag
        What its author wrote.
    """

    name: str
    part: str
    title: str
    anchor: str
    sheet: str
    synthetic: bool
    notebook: str
    article: Tag


def document(book: Path, folder: Path) -> str:
    """Make one HTML document of the book.

    Parameters
    ----------
    book : Path
        The rendered book.
    folder : Path
        Where the document will be, for the addresses of images, styles and scripts.

    Returns
    -------
    str
        The document; in its table of contents `PLACEHOLDER` stands for each page number.
    """
    soups = {INDEX: _soup(book / INDEX)}
    contents = _contents(soups[INDEX])
    soups |= {name: _soup(book / name) for name, *_ in contents if name != INDEX}
    base = posixpath.relpath(book.as_posix(), folder.as_posix())
    pages: list[Page] = []
    for name, part, level in contents:
        sheet = pages[-1].sheet if level > 1 else anchor(name)
        pages.append(_page(name, part, level, sheet, soups[name]))
    targets = _unique_ids(pages)
    for page in pages:
        _redirect(page, targets, base)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css"] = lambda text: re.sub(r'(["\\])', r"\\\1", text)
    return environment.get_template("report.html.j2").render(
        pages=pages,
        base=base,
        styles=_heads(soups, base, "link[rel=stylesheet]", "href"),
        formulas=_heads(soups, base, "script[src*=mathjax]", "src"),
        formula_settings=sorted(
            {
                str(script.string)
                for soup in soups.values()
                for script in soup.select("head script:-soup-contains('window.MathJax')")
            }
        ),
        style=(TEMPLATES / "report.css").read_text("utf-8"),
        state=made_from(),
        number=PLACEHOLDER,
    )


def _soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def _contents(index: BeautifulSoup) -> list[tuple[str, str, int]]:
    """List (page, part, level) as the navigation of the book has them, the cover first."""
    found, part = [(INDEX, "", 0)], ""
    for element in index.select("nav.bd-docs-nav :is(p.caption, a.internal)"):
        if element.name == "p":
            part = element.get_text(strip=True)
        else:
            found.append((str(element["href"]), part, len(element.find_parents("ul"))))
    return found


def _page(name: str, part: str, level: int, sheet: str, soup: BeautifulSoup) -> Page:
    (article,) = soup.select("article")
    has_code = article.select_one("details.hide") is not None
    for element in article.select(NOT_PRINTED):
        element.decompose()
    for element in article.select("noscript"):
        element.unwrap()
    for cell in article.select("table.interactive td"):
        if LONG_WORD.search(cell.get_text()):
            cell["class"] = " ".join([*map(str, cell.get_attribute_list("class")), "long"])
    first = article.select_one(".synthetic-ribbon, h1")
    heading = article.select_one("h1")
    if first is None or heading is None:
        raise ProjectError(f"{name} has no heading")
    title = " ".join(heading.get_text().split())
    # The part is the heading of the first level.
    for lower in article.select("h1, h2, h3, h4, h5, h6"):
        lower.name = f"h{min(int(lower.name[1]) + level, 6)}"
    return Page(
        name=name,
        part=part,
        title=title,
        anchor=anchor(name),
        sheet=sheet,
        synthetic=first is not heading,
        notebook=f"notebooks/{Path(name).stem}.ipynb" if has_code else "",
        article=article,
    )


def anchor(name: str) -> str:
    """Where links to a page of the book lead in the document."""
    return re.sub(r"\W+", "-", name.removesuffix(".html"))


def _unique_ids(pages: Sequence[Page]) -> dict[tuple[str, str], str]:
    """Rename ids that an earlier page has; list (page, old id) with the new one."""
    targets = {(page.name, ""): page.anchor for page in pages}
    taken = set(targets.values())
    for page in pages:
        for element in page.article.select("[id]"):
            old = str(element["id"])
            new = f"{page.anchor}-{old}" if old in taken else old
            taken.add(new)
            targets[page.name, old] = element["id"] = new
    return targets


def _redirect(page: Page, targets: dict[tuple[str, str], str], base: str) -> None:
    """Point images into the book, and links between pages to their place in the document."""
    folder = posixpath.dirname(page.name)
    for image in page.article.select("img[src]"):
        image["src"] = posixpath.normpath(posixpath.join(base, folder, str(image["src"])))
    for link in page.article.select("a[href]"):
        address = urlsplit(str(link["href"]))
        if address.scheme:
            continue
        path = posixpath.normpath(posixpath.join(folder, address.path))
        name = path if address.path else page.name
        target = targets.get((name, unquote(address.fragment)), targets.get((name, "")))
        if target is None:
            # Not printed, such as the index of terms: the words stay.
            link.unwrap()
        else:
            link["href"] = f"#{target}"


def _heads(soups: dict[str, BeautifulSoup], base: str, selector: str, attribute: str) -> list[str]:
    """Addresses in the heads of the pages, each once, in their order."""
    return list(
        dict.fromkeys(
            posixpath.normpath(
                posixpath.join(base, posixpath.dirname(name), str(element[attribute]))
            )
            for name, soup in soups.items()
            for element in soup.select(f"head {selector}")
        )
    )


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


def write(book: Path, target: Path) -> bool:
    """Print the book; only a complete PDF replaces the one that is there.

    Returns
    -------
    bool
        Whether the PDF is another than before.

    Raises
    ------
    ProjectError
        When the book or Chromium is missing, or Chromium fails.
    """
    command = browser()
    if not (book / INDEX).is_file():
        raise ProjectError(f"{shown(book / INDEX)} is missing: run make report")
    with tempfile.TemporaryDirectory(prefix="pdf-", dir=book.parent) as scratch:
        folder = Path(scratch)
        html = document(book, folder)
        html = _numbered(html, _print(html, folder, command))
        content = _print(html, folder, command)
    return write_if_changed(target, _undated(content))


def _print(html: str, folder: Path, command: str) -> bytes:
    page, printed = folder / "report.html", folder / "report.pdf"
    page.write_text(html, "utf-8")
    printed.unlink(missing_ok=True)
    call = [
        command, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}",
        page.as_uri(),
    ]  # fmt: skip
    try:
        subprocess.run(call, check=True, capture_output=True, text=True, timeout=SECONDS)
        return printed.read_bytes()
    except subprocess.TimeoutExpired:
        raise ProjectError(f"{command} did not finish within {SECONDS} s") from None
    except (OSError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", "")).strip()
        raise ProjectError(f"{command} did not print: {error}\n{said}".strip()) from None


def _numbered(html: str, printed: bytes) -> str:
    """Fill in the page numbers of the table of contents: Chromium knows them only once printed."""
    reader = PdfReader(BytesIO(printed))
    numbers = {
        name.removeprefix("/"): number + 1
        for name, place in reader.named_destinations.items()
        if (number := reader.get_destination_page_number(place)) is not None
    }
    return re.sub(
        rf'href="#(?P<anchor>[^"]+)"[^\n]*{PLACEHOLDER}',
        lambda entry: entry[0].replace(PLACEHOLDER, str(numbers[entry["anchor"]])),
        html,
    )


def _undated(content: bytes) -> bytes:
    """Drop the time of printing, the one thing in which two runs differ.

    Spaces take its place: the file says at which byte each of its objects begins.
    """
    dates = re.compile(rb"/(?:Creation|Mod)Date \(D:[^)]*\)")
    return dates.sub(lambda found: b" " * len(found[0]), content)


def main() -> int:
    """Write ``build/alkpool.pdf``; 0 done, 1 something is wrong (the message says how)."""
    try:
        changed = write(BOOK, TARGET)
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{'done' if changed else 'up to date'}: {shown(TARGET)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
