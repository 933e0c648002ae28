"""What stands in the files of the book: structure, links, figures, nothing from other hosts."""

import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag
from lettering import smallest_letters

from alkpool import mutations, paths
from alkpool.compendium import plan, run
from alkpool.data.tables import assessed_inhibitors

# Elements that a browser loads without being asked, with the attribute that says from where.
LOADED = {
    "script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src",
    "audio": "src", "embed": "src", "object": "data",
}  # fmt: skip
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect"}
FOREIGN = re.compile(r"(?:https?:)?//", re.IGNORECASE)
FOREIGN_IN_CSS = re.compile(r"(?:@import\s+|url\()\s*[\"']?(?:https?:)?//", re.IGNORECASE)
FOREIGN_IN_SCRIPT = re.compile(r"(?:\bfrom|\bimport\s*\(?)\s*[\"'](?:https?:)?//")
FIGURE_NUMBER = re.compile(r"Fig(?:\.|ure) (\d+(?:\.\d+)*)")

Pages = dict[str, BeautifulSoup]

pytestmark = pytest.mark.xdist_group("pages")


def article(page: BeautifulSoup) -> Tag:
    """Part of the page that its author wrote."""
    found = page.select_one("article") or page.select_one("main")
    assert found is not None
    return found


def test_pages_have_one_heading_a_title_and_a_language(pages: Pages) -> None:
    """Screen readers need all three; the theme's second heading is on paper only."""
    lacking = {}
    for name, page in pages.items():
        headings = [heading.get_text(strip=True) for heading in article(page).select("h1")]
        language = page.html.get("lang") if page.html else None
        title = page.title.get_text(strip=True) if page.title else ""
        if len(headings) != 1 or not all([*headings, language, title]):
            lacking[name] = (headings, language, title)
    assert lacking == {}


def test_images_have_alternative_text(pages: Pages) -> None:
    """Every image says in words what it shows."""
    lacking = [
        (name, image.get("src"))
        for name, page in pages.items()
        for image in page.select("img")
        if not str(image.get("alt", "")).strip()
    ]
    assert lacking == []


def test_links_and_anchors_lead_somewhere(book: Path, pages: Pages) -> None:
    """Links inside the book point to a file that exists and to a place in it."""
    anchors = {
        name: {str(element[key]) for key in ("id", "name") for element in page.select(f"[{key}]")}
        for name, page in pages.items()
    }
    broken = []
    for name, page in pages.items():
        for link in page.select("a[href], link[href], script[src], img[src]"):
            target = str(link.get("href") or link.get("src"))
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or target == "#":
                continue
            path = (book / name).parent / unquote(parts.path) if parts.path else book / name
            place = unquote(parts.fragment)
            linked = path.resolve().relative_to(book.resolve()).as_posix()
            if linked == "explorer.html" and place.startswith("m="):
                # No anchor but a question to the explorer: its mutations must be readable.
                tumours = place.removeprefix("m=").partition("&")[0].split("|")
                assert all(map(mutations.canonical, tumours))
                place = ""
            if not path.is_file() or (place and place not in anchors.get(linked, {place})):
                broken.append((name, target))
    assert broken == []


def test_nothing_is_loaded_from_another_host(book: Path, pages: Pages) -> None:
    """Scripts, images, styles and fonts lie beside the pages."""
    foreign = []
    for name, page in pages.items():
        for element in page.select(", ".join(LOADED)):
            source = str(element.get(LOADED[element.name], ""))
            if FOREIGN.match(source):
                foreign.append((name, source))
        for link in page.select("link[rel][href]"):
            if LOADED_LINKS & set(link["rel"]) and FOREIGN.match(str(link["href"])):
                foreign.append((name, str(link["href"])))
        foreign += [
            (name, found.group())
            for pattern, selector in ((FOREIGN_IN_CSS, "style"), (FOREIGN_IN_SCRIPT, "script"))
            for element in page.select(selector)
            for found in pattern.finditer(element.get_text())
        ]
    styles = {
        sheet.relative_to(book).as_posix(): FOREIGN_IN_CSS.findall(sheet.read_text("utf-8"))
        for sheet in book.rglob("*.css")
    }
    assert foreign == []
    assert {name: found for name, found in styles.items() if found} == {}


def test_figures_are_numbered_and_can_be_pointed_to(pages: Pages) -> None:
    """Each figure has an anchor and a number of its own."""
    numbers: dict[str, str] = {}
    for name, page in pages.items():
        # The page of a mutation has one figure, which its heading names.
        for figure in article(page).select("figure:not(#course)"):
            caption = figure.select_one(".caption-number")
            number = FIGURE_NUMBER.match(caption.get_text()) if caption else None
            assert number, f"a figure of {name} has no number: {figure.get('id')}"
            assert figure.get("id"), f"{number.group()} of {name} has no anchor"
            assert number.group(1) not in numbers, f"{number.group()}: {name} and {numbers}"
            numbers[number.group(1)] = name
    assert numbers, "the book has no figure"


def test_every_figure_and_table_of_the_notebooks_is_in_the_book(pages: Pages) -> None:
    """What a notebook shows is on its page: as many figures, and as many tables."""
    for task in plan.plan(plan.read()):
        notebook = json.loads(run.executed_notebook(task, paths.BUILD).read_text("utf-8"))
        shown = [
            output
            for cell in notebook["cells"]
            for output in cell.get("outputs", [])
            if "data" in output
        ]
        text = article(pages[f"{task.page}.html"])
        figures = sum("image/svg+xml" in output["data"] for output in shown)
        tables = sum(
            "".join(output["data"].get("text/html", "")).count("<table") for output in shown
        )
        assert len(text.select("figure")) == figures, task.page
        assert len(text.select("div.cell_output table")) == tables, task.page


def test_references_to_figures_name_their_number(pages: Pages) -> None:
    """A cross-reference says the number that the figure carries."""
    numbers = {
        (name, figure.get("id")): FIGURE_NUMBER.match(caption.get_text())
        for name, page in pages.items()
        for figure in article(page).select("figure")
        for caption in figure.select(".caption-number")
    }
    checked = 0
    for name, page in pages.items():
        for reference in article(page).select("a.reference.internal:has(.std-numref)"):
            said = FIGURE_NUMBER.match(reference.get_text())
            if said is None:
                continue
            path, _, anchor = str(reference["href"]).partition("#")
            target = (Path(name).parent / path).as_posix() if path else name
            meant = numbers.get((target, anchor))
            assert meant, f"{reference} of {name} points to no figure"
            assert said.group(1) == meant.group(1), f"{reference} of {name}"
            checked += 1
    assert checked, "no text of the book refers to a figure"


def test_next_and_previous_pass_by_the_pages_of_records(pages: Pages) -> None:
    """From page to page through the whole book, none of them a mutation or an inhibitor."""
    walked = ["index.html"]
    while link := pages[walked[-1]].select_one("a.right-next[href]"):
        walked.append((Path(walked[-1]).parent / str(link["href"])).as_posix())
        walked[-1] = str(Path("/", walked[-1]).resolve().relative_to("/"))
        assert len(walked) <= len(pages)
    records = {name for name in pages if f"{name.rpartition('/')[0]}.html" in pages}
    others = set(pages) - records - {"search.html", "genindex.html"}
    assert sorted(walked) == sorted(others)
    assert not any(pages[name].select("a.right-next, a.left-prev") for name in records)


def test_a_group_of_several_mutations_is_one_group(pages: Pages) -> None:
    """Told once for each of its mutations, its patients would look like as many groups."""
    [told] = [
        term.find_next("dd").get_text(" ", strip=True)  # type: ignore[union-attr]
        for term in pages["inhibitors/brigatinib.html"].select("dt")
        if term.get_text(strip=True) == "What published groups show"
    ]
    assert "V1180L (1 of 5" in told
    assert told.count("1 of 5") == 1


def test_made_up_chapters_are_folded_away(pages: Pages) -> None:
    """In the sidebar of every other page, and open on their own."""
    for name, page in pages.items():
        (part,) = page.select("nav details.part")
        assert "synthetic" in part.summary.get_text()  # type: ignore[union-attr]
        assert part.has_attr("open") == name.startswith("reconstructed/"), name
        links = page.select("nav.bd-links li a[href*='reconstructed/']")
        assert all(part in link.parents for link in links), name


def test_pages_of_inhibitors_answer_each_question_once(pages: Pages) -> None:
    """Mutations found after an inhibitor do not stand among the groups whom it helped."""
    found = {name: page for name, page in pages.items() if name.startswith("inhibitors/")}
    assert len(found) == len(assessed_inhibitors())
    for page in found.values():
        asked = page.select("article dl:not(.footnote) > *")
        assert [each.name for each in asked] == ["dt", "dd"] * 3


def test_every_page_says_what_it_is_and_of_which_state(pages: Pages, book: Path) -> None:
    """Zotero finds title, author and date; the foot has version, data and commit."""
    lacking = []
    for name, page in pages.items():
        named = {str(meta["name"]) for meta in page.select("meta[name][content]")}
        foot = page.select_one(".extra_footer")
        signed = foot is not None and all(
            word in foot.get_text() for word in ("alkpool ", "data ", "commit ")
        )
        if not (named >= {"citation_title", "citation_author", "description"} and signed):
            lacking.append(name)
    assert lacking == []
    licences = (book / "_static" / "licences.txt").read_text("utf-8")
    assert licences.count("Permission is hereby granted") >= 4
    assert all("Copyright" in each for each in licences.split(f"\n{'-' * 72}\n"))
    # Scripts that others bring along say in their first lines whose they are.
    heads = [path.read_text("utf-8")[:500] for path in book.rglob("_static/**/*.js")]
    named = re.findall(r"Licensed MIT (© .+)", "\n".join(heads))
    assert named
    assert [name for name in named if f"Copyright {name}\n" not in licences] == []
    assert not list(book.rglob("*.map"))


def test_scripts_and_styles_of_ours_stay_small() -> None:
    counted = {
        kind: sum(len(path.read_text("utf-8").splitlines()) for path in paths.BOOK.rglob(files))
        for kind, files in (("js", "*.js"), ("css", "_static/*.css"))
    }
    assert counted["js"] <= 900
    assert counted["css"] <= 1000


def test_letters_of_figures_are_at_least_eleven_pixels_high(pages: Pages) -> None:
    """At the width of the column on a screen of 1280 pixels, or of the enlarged matrix."""
    column, enlarged = 688, 1120
    heights = {}
    for name, page in pages.items():
        for image in page.select('figure img[src^="data:image/svg+xml;base64,"]'):
            drawn = base64.b64decode(str(image["src"]).partition(",")[2]).decode()
            points = float(re.findall(r'<svg [^>]*width="([\d.]+)pt"', drawn)[0])
            room = enlarged if "of-matrix" in image["class"] else min(column, points * 96 / 72)
            heights[name, image["alt"][:40]] = smallest_letters(drawn) * room / points
    assert len(heights) > 20
    assert {place: height for place, height in heights.items() if height < 10.99} == {}
