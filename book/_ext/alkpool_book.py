"""Sphinx extension of the book: nothing on a page asks another host, and a browser sees to it."""

import base64
import html
import importlib.metadata
import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.fileutil import copy_asset
from sphinx.util.logging import getLogger

from alkpool.compendium.book import SYNTHETIC_TITLE, made_from

GLOSSARY = "glossary"
TABLES_SCRIPT, TABLES_STYLE = "datatables.js", "datatables.css"
TABLES_EXPORT = re.compile(r"export ?\{[^}]*?([\w$]+) as default[^}]*\};?")

QUOTES_SCRIPT = "pages.js"
ARTICLE = re.compile(r'<article class="bd-article"[^>]*>(.*?)</article>', re.DOTALL)
# Neither scripts nor code that is folded away, nor the signs beside headings, are words.
MARKUP = re.compile(
    r'<(script|style|details class="[^"]*hide|a class="headerlink)\b.*?</(script|style|details|a)>'
    r"|<[^>]*>",
    re.DOTALL,
)

# The list of sections, where a page has one.
BESIDE, NO_SECTIONS = "pst-secondary-sidebar", "html_theme.sidebar_secondary.remove"

SPY, SECTIONS = ' data-bs-spy="scroll" data-bs-target=".bd-toc-nav"', "sidebar-secondary-items"

# What a page may load: what lies beside it or within it. `file:` is a page opened from disk.
POLICY = (
    "default-src 'self' file: data: blob: 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
    "form-action 'self' file:"
)

# Scripts and styles of others lie in the book with their licences.
LICENCES = "licences.txt"
SHIPPED = (
    "itables", "sphinx-book-theme", "pydata-sphinx-theme", "sphinx", "sphinx-copybutton",
    "sphinx-design", "sphinx-togglebutton", "myst-nb",
)  # fmt: skip
# sphinx-copybutton has a script of somebody else, whose head names the licence without its text.
CLIPBOARD = re.compile(r"/\*!\n \* (clipboard.+)\n \* .+\n \*\n \* Licensed MIT (©.+)\n")
# Of words that say what a page is about, search engines and citations show so many.
DESCRIBED = 300


def give_search_its_rules(app: Sphinx, config: Config) -> None:
    """Sphinx reads the file by its path, wherever it runs."""
    config.html_search_scorer = str(Path(__file__).with_name("search.js"))


def finish(app: Sphinx, error: Exception | None) -> None:
    """Complete a book that was built; of one that was not, only its own error counts."""
    if error is None:
        lighten(app)
        spy_on_sections(app)
        write_licences(app)
        quote_pages_in_search(app)


def quote_pages_in_search(app: Sphinx) -> None:
    """Put the words of every page into a script that the page of the search has."""
    folder = Path(app.outdir)
    said = {}
    for path in sorted(folder.rglob("*.html")):
        article = ARTICLE.search(path.read_text(encoding="utf-8"))
        if article:
            text = html.unescape(MARKUP.sub(" ", article[1])).replace("#", " ")
            said[path.relative_to(folder).as_posix()] = " ".join(text.split())
    script = f"globalThis.alkpoolPages = {json.dumps(said, ensure_ascii=False)};\n"
    (folder / "_static" / QUOTES_SCRIPT).write_text(script, encoding="utf-8")


def add_quotes_to_search(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Load what search quotes on its own page, and on no other."""
    if page == "search":
        # As an attribute it gets no checksum, which would be that of the pages before.
        app.add_js_file(None, src=f"_static/{QUOTES_SCRIPT}")


def shipped_in(name: str) -> Path:
    """Folder of an installed package, which is not imported: that takes seconds."""
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise RuntimeError(f"{name} is not installed")
    return Path(package.origin).parent


def copy_datatables(app: Sphinx) -> None:
    """Put DataTables, as itables ships it, beside the pages as one script for all of them.

    Browsers refuse a module from disk: it becomes a script that gives the page ``DataTable``.
    """
    shipped = shipped_in("itables") / "html"
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    bundle = (shipped / "dt_bundle.js").read_text(encoding="utf-8")
    script, exported = TABLES_EXPORT.subn(r"globalThis.DataTable=\1;", bundle)
    if exported != 1:
        raise RuntimeError("itables no longer gives DataTables by default")
    (static / TABLES_SCRIPT).write_text(f"(() => {{{script}}})();\n", encoding="utf-8")
    copy_asset(shipped / "dt_bundle.css", static)
    (static / "dt_bundle.css").replace(static / TABLES_STYLE)


def add_tables_to_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Load the table scripts on pages that have an interactive table, and on no other."""
    if 'class="interactive"' in context.get("body", ""):
        app.add_css_file(TABLES_STYLE, priority=400)
        app.add_js_file(TABLES_SCRIPT, loading_method="defer", blocking="render")


def lighten(app: Sphinx) -> None:
    """Empty the theme's icons as a script, which its font has too, and drop maps of sources."""
    static = Path(app.outdir) / "_static"
    script = static / "scripts" / "fontawesome.js"
    script.write_text("// The icons are those of the font.\n", encoding="utf-8")
    for source_map in static.rglob("*.map"):
        source_map.unlink()


def defer_scripts(app: Sphinx, config: Config) -> None:
    """Let scripts wait for the page, and its first picture for them, so that nothing moves.

    Jupyter Book lists every script of the folder, undeferred.
    """
    config.html_js_files = [
        (name, {"defer": "defer", "blocking": "render"}) if isinstance(name, str) else name
        for name in config.html_js_files
        if name != "tables.js"
    ]


def typeset(writer: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML: browsers draw it and screen readers say it, without a script."""
    alone = isinstance(node, nodes.math_block)
    try:
        formula = tex2mathml(node.astext(), as_block=alone)
    except MathError as error:
        getLogger(__name__).warning("formula $%s$: %s", node.astext(), error, location=node)
        raise nodes.SkipNode from None
    frame = writer.starttag(node, "div", CLASS="formula")
    writer.body.append(f"{frame}{formula}</div>" if alone else formula)
    raise nodes.SkipNode


def spy_on_sections(app: Sphinx) -> None:
    """Let Bootstrap follow the list of sections: it would take every link for a selector."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        spy = SPY.replace("bd-toc-nav", SECTIONS) if SECTIONS in text else ""
        if SPY in text:
            page.write_text(text.replace(SPY, spy), encoding="utf-8")


def write_licences(app: Sphinx) -> None:
    """Put the licences of scripts and styles beside them."""
    texts = {}
    for name in SHIPPED:
        package = importlib.metadata.distribution(name)
        files = [file for file in package.files or [] if "LICEN" in file.name.upper()]
        said = [file.read_text(encoding="utf-8").strip() for file in files]
        texts[name] = "\n\n".join([f"{name} {package.version}", *said])
    script = shipped_in("sphinx_copybutton") / "_static" / "clipboard.min.js"
    head = CLIPBOARD.match(script.read_text(encoding="utf-8"))
    if head is None:
        raise RuntimeError(f"{script.name} no longer says whose it is")
    _, begin, rest = texts["sphinx-copybutton"].partition("Permission is hereby granted")
    texts[script.name] = f"{head[1]}\n\nMIT License\n\nCopyright {head[2]}\n\n{begin}{rest}"
    rule = f"\n\n{'-' * 72}\n\n"
    place = Path(app.outdir) / "_static" / LICENCES
    place.write_text(rule.join(texts.values()) + "\n", encoding="utf-8")


@cache
def state(env: BuildEnvironment) -> dict[str, str]:
    """Version, data and commit of this book, asked once."""
    return made_from()


def sign(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Say what a page is and may load, for Zotero and the browser, and in its foot its version."""
    made, title = state(app.env), re.sub("<[^>]+>", "", context.get("title") or "Index")
    first = next(doctree.findall(nodes.paragraph), None) if doctree else None
    words = " ".join(first.astext().split())[:DESCRIBED] if first else title
    date = re.search(r"\d{4}-\d{2}-\d{2}", made["data"])
    has_sections = context.get("display_toc", False) and NO_SECTIONS not in app.env.metadata[page]
    named = {
        "description": words,
        "citation_title": f"{title} ({app.config.html_title})",
        "citation_author": app.config.author,
        "citation_publication_date": date[0].replace("-", "/") if date else "",
    }
    context["metatags"] = "\n".join([
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />',
        # Nothing is drawn before what stands beside the text is there: it would move the text.
        f'<link rel="expect" href="#{BESIDE}" blocking="render" />' * has_sections,
        context.get("metatags", ""),
        *(
            f'<meta name="{name}" content="{html.escape(content, quote=True)}" />'
            for name, content in named.items()
            if content
        ),
    ])  # fmt: skip
    licences = context["pathto"](f"_static/{LICENCES}", 1)
    commit = made["commit"][:12] if " " not in made["commit"][:12] else made["commit"]
    context["theme_extra_footer"] = (
        f"alkpool {made['alkpool']} · data {made['data']} · commit {commit} · "
        f'<a href="{licences}">licences of scripts</a>'
    )


def embed_figures(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Put figures into the page: from disk a script may read no file, to save it as PNG."""

    # They are copied to the book after its pages are written.
    sources = {name: Path(app.srcdir) / source for source, name in app.builder.images.items()}

    def embedded(found: re.Match[str]) -> str:
        drawing = sources[found[1]].read_bytes()
        return f'src="data:image/svg+xml;base64,{base64.b64encode(drawing).decode()}"'

    if app.builder.name == "html":
        pattern = r'src="(?:\.\./)*_images/([^"/]+\.svg)"'
        context["body"] = re.sub(pattern, embedded, context.get("body", ""))


def name_list_items(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the items of a list of references the role that a list needs (WAI-ARIA 1.2)."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def fold(tree: Any, caption: Any) -> None:
    """Fold a part of the sidebar, unless the page is one of it."""
    pages = caption.find_next_sibling("ul")
    part = tree.new_tag("details", attrs={"class": "part"})
    if pages.select_one(".current"):
        part["open"] = ""
    caption.replace_with(part)
    part.append(tree.new_tag("summary"))
    caption.name = "span"
    part.summary.append(caption)
    part.append(pages.extract())


def name_sidebar_toggles(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Name the buttons that unfold the sidebar, which have no word; fold what is made up."""
    generate = context.get("generate_toctree_html")
    if generate is None:
        return

    def generate_with_names(*arguments: Any, **options: Any) -> Any:
        tree = generate(*arguments, **options)
        for caption in tree.select("p.caption"):
            if caption.get_text().endswith(SYNTHETIC_TITLE):
                fold(tree, caption)
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


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", copy_datatables)
    app.connect("html-page-context", add_tables_to_page)
    app.connect("html-page-context", name_list_items)
    # After the theme, which makes the function.
    app.connect("html-page-context", name_sidebar_toggles, priority=600)
    app.connect("html-page-context", pass_over_records)
    app.connect("html-page-context", explain_terms)
    app.connect("html-page-context", sign, priority=900)
    app.connect("html-page-context", embed_figures)
    app.connect("html-page-context", add_quotes_to_search)
    app.connect("config-inited", give_search_its_rules)
    app.connect("config-inited", drop_live_code)
    app.connect("config-inited", defer_scripts)
    app.connect("build-finished", finish)
    app.add_html_math_renderer("mathml", (typeset, None), (typeset, None))
    app.add_js_file("tables.js", loading_method="defer", blocking="render", priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
