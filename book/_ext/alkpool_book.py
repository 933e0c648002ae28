"""Sphinx extension of the book: nothing on a page asks another host."""

import html
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import itables
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.fileutil import copy_asset

from alkpool import references

MATHJAX = "tex-svg.js"
GLOSSARY = "glossary"
TABLES_SCRIPT, TABLES_STYLE = "datatables.js", "datatables.css"


def copy_mathjax(app: Sphinx) -> None:
    """Put MathJax beside the pages: the variant that draws its letters and needs no font."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    if package is None or package.origin is None:
        raise RuntimeError("sphinx-mathjax-offline is not installed")
    script = Path(package.origin).parent / "static" / "mathjax" / MATHJAX
    copy_asset(script, Path(app.outdir) / "_static" / "mathjax")


def copy_datatables(app: Sphinx) -> None:
    """Put DataTables, as itables ships it, beside the pages as one script for all of them."""
    shipped = Path(itables.__file__).parent / "html"
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    bundle = (shipped / "dt_bundle.js").read_text(encoding="utf-8")
    script = f"const interactiveTablesBundle = {json.dumps(bundle)};\n"
    (static / TABLES_SCRIPT).write_text(script, encoding="utf-8")
    copy_asset(shipped / "dt_bundle.css", static)
    (static / "dt_bundle.css").replace(static / TABLES_STYLE)


def add_tables_to_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Load the table scripts on pages that have an interactive table, and on no other."""
    if 'class="interactive"' in context.get("body", ""):
        app.add_css_file(TABLES_STYLE, priority=400)
        app.add_js_file(TABLES_SCRIPT, loading_method="defer")
        app.add_js_file("tables.js", loading_method="defer", priority=900)


def drop_icon_script(app: Sphinx, error: Exception | None) -> None:
    """Empty the icons of the theme in their form as a script: 1.5 MB, and its font has them too."""
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    script.write_text("// The icons are those of the font.\n", encoding="utf-8")


def name_list_items(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the items of a list of references the role that a list needs (WAI-ARIA 1.2)."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def name_sidebar_toggles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Name the buttons that unfold the sidebar: the theme draws an arrow there, and no word."""
    generate = context.get("generate_toctree_html")
    if generate is None:
        return

    def generate_with_names(*arguments: Any, **options: Any) -> Any:
        tree = generate(*arguments, **options)
        for item in tree.select("li.has-children:has(> a.reference) > details > summary"):
            link = item.find_previous("a", class_="reference")
            item["aria-label"] = f"Pages below {link.get_text(strip=True)}"
        return tree

    context["generate_toctree_html"] = generate_with_names


def pass_over_records(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Let *Next* and *Previous* lead past the pages of single records, which have an index."""
    relations = app.builder.relations
    for way, place in (("prev", 1), ("next", 2)):
        other = page
        while other := relations.get(other, [None] * 3)[place]:
            if other.rpartition("/")[0] not in app.env.all_docs:
                break
        if page.rpartition("/")[0] in app.env.all_docs or not other:
            context[way] = None
        elif context.get(way):
            context[way] = {
                "link": app.builder.get_relative_uri(page, other),
                "title": app.env.titles[other].astext(),
            }


@cache
def definitions(env: BuildEnvironment) -> dict[str, str]:
    """Give the words of the glossary by the anchor of their term; other names come first."""
    said = {}
    for entry in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        terms = list(entry.findall(nodes.term))
        names = ", ".join(term.astext() for term in terms)
        text = f"{names}: {entry[-1].astext()}" if len(terms) > 1 else entry[-1].astext()
        said |= {term["ids"][0]: text for term in terms}
    return said


def explain_terms(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give links to the glossary its words, to show where they stand; the style does the rest."""
    if 'href="' not in context.get("body", "") or GLOSSARY not in app.env.all_docs:
        return
    said = definitions(app.env)

    def explained(link: re.Match[str]) -> str:
        words = html.escape(" ".join(said[link[2]].split()), quote=True)
        return f'{link[1]} data-explained="{words}" aria-description="{words}">'

    terms = "|".join(map(re.escape, said))
    pattern = rf'(<a class="reference internal" href="[^"]*{GLOSSARY}\.html#({terms})")>'
    context["body"] = re.sub(pattern, explained, context["body"])


def drop_live_code(app: Sphinx, config: Config) -> None:
    """Silence sphinx-thebe, which Jupyter Book always loads: it runs code on a remote server."""
    for listeners in list(app.events.listeners.values()):
        for listener in list(listeners):
            if listener.handler.__module__.startswith("sphinx_thebe"):
                app.disconnect(listener.id)
    styles = app.registry.css_files
    styles[:] = [style for style in styles if "thebe" not in style[0]]


def write_out_references(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Show what TeX could not take of a source as it was typed."""
    if "body" in context:
        context["body"] = references.plain(context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", copy_mathjax)
    app.connect("builder-inited", copy_datatables)
    app.connect("html-page-context", add_tables_to_page)
    app.connect("html-page-context", name_list_items)
    # After the theme, which makes the function.
    app.connect("html-page-context", name_sidebar_toggles, priority=600)
    app.connect("html-page-context", pass_over_records)
    app.connect("html-page-context", explain_terms)
    app.connect("html-page-context", write_out_references)
    app.connect("config-inited", drop_live_code)
    app.connect("build-finished", drop_icon_script)
    app.add_js_file("frames.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
