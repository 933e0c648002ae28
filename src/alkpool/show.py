"""What a notebook shows and keeps: figures, tables, takeaways, computed prose, result tables.

Importing it sets matplotlib up for the book. Everything carries the cohort's ``synthetic`` mark: a
column in tables, stamps and a watermark in figures. `figure`, `table`, `publication_table`,
`takeaways` and `say` show; `write_table` keeps; the others turn numbers into text.
"""

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from io import StringIO

import great_tables
import jinja2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from great_tables import GT
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure

from alkpool import paths, style
from alkpool.data.cohort import Cohort
from alkpool.files import templates, write_atomically
from alkpool.problems import as_text as as_text
from alkpool.problems import no_formula
from alkpool.style import counted, estimate, fraction, listed, p_value, percent, proportion, verb
from alkpool.vocabulary import UNKNOWN, Verdict

__all__ = [
    "counted", "estimate", "figure", "fraction", "listed", "p_value", "percent",
    "proportion", "publication_table", "say", "table", "takeaways", "verb", "write_table",
]  # fmt: skip

style.use_style()

SYNTHETIC_MARK = "SYNTHETIC: not patients"

# Words that tables show in the colours of the figures; alkpool.css has a rule for each class.
CHIPS = {str(verdict): f"verdict {verdict.name.lower()}" for verdict in Verdict} | {
    name: f"inhibitor {name}" for name in style.INHIBITOR_COLOURS if name != UNKNOWN
}


def write_table(table: pd.DataFrame, name: str, pool: Cohort) -> None:
    """Keep a result table, ``<name>.csv``, in the folder of `alkpool.paths.results_of`.

    Numbers have six digits; a synthetic cohort adds the column ``synthetic``. No text is a formula.
    """
    marked = table.assign(synthetic="yes") if pool.synthetic else table
    safe = marked.map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell)
    text = safe.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomically(paths.results_of(pool.name) / f"{name}.csv", text)


def table(
    frame: pd.DataFrame,
    caption: str,
    pool: Cohort,
    columns: Mapping[str, str] | None = None,
    fractions: Mapping[str, tuple[str, str]] | None = None,
    *,
    empty: str = "Nothing to list.",
) -> None:
    """Show a wide table; in the book it scrolls, sorts and searches.

    Cells that are a verdict or an inhibitor bear its colour; those of a column ``cited``, from
    `alkpool.references.with_sources`, link the source and say how directly it was read. Where
    patients of one's own are pooled with published ones, rows with a ``patient_id`` say which are
    ours.

    Parameters
    ----------
    frame : DataFrame
        Shown without its index.
    caption : str
        What the table shows, and of what.
    pool : Cohort
        Says whether the rows are synthetic.
    columns : mapping, optional
        Column of the frame to its heading, in the order to show; without it, all as they are.
    fractions : mapping, optional
        Heading to the columns with numerator and denominator, shown by `fraction`. They come last,
        unless ``columns`` names the heading too.
    empty : str
        Said where the frame has no row.

    Examples
    --------
    >>> table(evidence, "Benefit by profile.", pool, {"profile": "Profile"},
    ...       {"Benefit / decided lines": ("benefit_k", "benefit_n")})  # doctest: +SKIP
    """
    if frame.empty:
        say(empty)
        return
    shown = _readable(frame, columns, fractions, pool)
    if pool.own and "patient_id" in frame:
        shown.insert(0, "Ours", np.where(frame["patient_id"].isin(pool.own), "yes", ""))
    plain = (
        shown.style.hide(axis="index")
        .format(_chip, escape="html", na_rep="")
        .format_index(escape="html", axis="columns")
        .set_caption(html.escape(_marked(caption, pool)))
        .to_html(exclude_styles=True)
    )
    display(HTML(plain.replace("<table>", '<table class="interactive">', 1)))


def publication_table(
    frame: pd.DataFrame,
    caption: str,
    pool: Cohort,
    columns: Mapping[str, str] | None = None,
    fractions: Mapping[str, tuple[str, str]] | None = None,
    *,
    groups: str | None = None,
    notes: Sequence[str] = (),
    empty: str = "Nothing to list.",
) -> None:
    """Show a short table as a journal prints it, with groups of rows and notes.

    Parameters
    ----------
    frame, caption, pool, columns, fractions, empty
        As for `table`.
    groups : str, optional
        Heading of the column whose values head groups of rows.
    notes : sequence of str
        Lines below the table.
    """
    if frame.empty:
        say(empty)
        return
    shown, caption = _readable(frame, columns, fractions, pool), _marked(caption, pool)
    digest = hashlib.sha256((caption + shown.to_csv(index=False)).encode()).hexdigest()
    publication = (
        GT(shown, id=f"table-{digest[:12]}", groupname_col=groups)
        # As an element of its own, the words stay in sight while a wide table scrolls.
        .tab_header(title=great_tables.html(f"<span>{html.escape(caption)}</span>"))
        .sub_missing(missing_text="")
        .tab_options(
            heading_align="left",
            heading_title_font_size="1rem",
            table_background_color="transparent",
            # The frame that the book puts around it scrolls; one inside the other would not.
            container_overflow_x="visible",
            container_overflow_y="visible",
            table_font_size="0.9rem",
            row_group_font_weight="bold",
        )
    )
    for note in notes:
        publication = publication.tab_source_note(note)
    display(HTML(publication.as_raw_html()))


def _readable(
    frame: pd.DataFrame,
    columns: Mapping[str, str] | None,
    fractions: Mapping[str, tuple[str, str]] | None,
    pool: Cohort,
) -> pd.DataFrame:
    shares = {
        heading: [fraction(*counts) for counts in zip(frame[k], frame[n], strict=True)]
        for heading, (k, n) in (fractions or {}).items()
    }
    labels = dict(columns) if columns is not None else {name: name for name in frame.columns}
    labels |= {heading: heading for heading in shares if heading not in labels}
    shown = frame.assign(**shares)[list(labels)].rename(columns=labels)
    if pool.synthetic:
        # Groups of rows keep their first column.
        shown.insert(0, "synthetic", "yes")
    return shown


def _chip(cell: object) -> str:
    """Wrap a verdict or the name of an inhibitor in its class; shorten numbers, link sources."""
    if isinstance(cell, dict):
        via = f", via {_link(cell['via_url'], cell['via'])}" if cell["via"] else ""
        read = f' <span class="tag read">{cell["read"]}</span>'
        return _link(cell["url"], cell["text"]) + via + read
    if isinstance(cell, float):
        return f"{cell:g}"
    kind = CHIPS.get(str(cell))
    return str(cell) if kind is None else f'<span class="{kind}">{cell}</span>'


def _link(url: str, text: str) -> str:
    shown = html.escape(text)
    opens = url.startswith(("https://", "http://"))
    return f'<a href="{html.escape(url)}" rel="noopener noreferrer">{shown}</a>' if opens else shown


def _marked(words: str, pool: Cohort) -> str:
    return f"{SYNTHETIC_MARK}. {words}" if pool.synthetic else words


def figure(drawing: style.Drawing, name: str, caption: str, pool: Cohort) -> None:
    """Show a figure as SVG with the caption and alternative text that the book needs.

    Parameters
    ----------
    drawing : Drawing
        From a function of `alkpool.figures`, or ``style.Drawing(figure, alt)`` around a figure of
        your own. The figure is closed afterwards.
    name : str
        Target of cross-references, ``fig-...``.
    caption : str
        What is shown, and of how many.
    pool : Cohort
        Says whether to stamp it.

    Raises
    ------
    ValueError
        Where caption or alternative text is blank.

    Examples
    --------
    >>> figure(verdict_matrix(evidence), "fig-actionability",
    ...        "Verdict of each profile and inhibitor.", pool)  # doctest: +SKIP
    """
    if not (caption.strip() and drawing.alt.strip()):
        raise ValueError(f"figure {name} needs a caption and an alternative text")
    if drawing.figure is None:
        say(drawing.alt)
        return
    caption, alt, table_of_it = _marked(caption, pool), _marked(drawing.alt, pool), drawing.html
    if pool.synthetic:
        _stamp(drawing.figure)
        table_of_it = table_of_it.replace("<caption>", f"<caption>{SYNTHETIC_MARK}. ", 1)
        corner = style.CORNER.replace("><", ">synthetic<")
        table_of_it = table_of_it.replace(style.CORNER, corner, 1)
    if table_of_it:
        display(HTML(table_of_it))
    kind = "of-matrix" if table_of_it else "column"
    svg = "image/svg+xml"
    said = {"name": name, "caption": caption, "alt": alt, "classes": kind}
    display(
        {svg: svg_of(drawing.figure, alt), "text/plain": alt},
        raw=True,
        metadata={svg: {"alkpool": said}},
    )


def svg_of(drawn: Figure, alt: str) -> str:
    """SVG of a figure, which is closed: the same text every time."""
    written = StringIO()
    metadata = {"Date": None, "Creator": None, "Title": alt}
    drawn.savefig(written, format="svg", metadata=metadata)
    plt.close(drawn)
    return written.getvalue()


def _stamp(drawn: Figure) -> None:
    """Draw the mark above, below and across a figure."""
    drawn.draw_without_rendering()
    box = drawn.get_tightbbox()
    # All stays where it is now: legends would move to the edge of the figure that stamps widen.
    drawn.set_layout_engine("none")
    for legend in drawn.legends:
        legend.set_bbox_to_anchor((0, 0, 1, 1), transform=drawn.transFigure)
    drawn.text(
        0.5, 0.5, SYNTHETIC_MARK, ha="center", va="center", rotation=25, fontsize=26,
        color="0.5", alpha=0.35, zorder=10,
    )  # fmt: skip
    for inches, side in ((box.y1 + 0.1, "bottom"), (box.y0 - 0.1, "top")):
        drawn.text(
            0.5, inches / drawn.get_figheight(), SYNTHETIC_MARK, ha="center", va=side,
            color=style.PAPER, weight="bold", fontsize=10,
            bbox={"facecolor": style.WARNING, "edgecolor": "none", "pad": 4},
        )  # fmt: skip


def takeaways(chapter: str, pool: Cohort, **facts: object) -> None:
    """Show the computed takeaways of a chapter and keep them for the cover.

    Above them it says how many of the patients are of one's own, where any are.

    The sentences stand in ``notebooks/takeaways/<chapter>.md.j2``, a Jinja template in which each
    item of the list is one takeaway. It gets ``pool`` and the facts, and as filters `fraction`,
    `counted`, `p_value`, `percent`, `verb`, `listed` and `as_text`, for text from data.

    Parameters
    ----------
    chapter : str
        Name of the notebook, without its ending.
    pool : Cohort
        Its takeaways are kept for the cover, as ``takeaways/<chapter>.json`` beside its tables.
    **facts : object
        What the template names.

    Raises
    ------
    ValueError
        Where the template names what is not among the facts: file and line.

    Examples
    --------
    >>> takeaways("my-question", pool, helped=5, decided=7)  # doctest: +SKIP
    """
    place = f"notebooks/takeaways/{chapter}.md.j2"
    file = paths.TAKEAWAYS / f"{chapter}.md.j2"
    if not file.is_file():
        raise ValueError(f"{place}: no such file; write a list, an item for each takeaway")
    environment = templates()
    filters = (fraction, counted, p_value, percent, verb, listed, as_text)
    environment.filters |= {words.__name__: words for words in filters}
    try:
        text = environment.from_string(file.read_text("utf-8")).render(pool=pool, **facts)
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(f"{place}, line {error.lineno}: {error}") from None
    except jinja2.UndefinedError as error:
        raise ValueError(f"{place}: {error}; hand it to show.takeaways") from None
    sentences = [" ".join(item.split()) for item in re.split("^- ", text, flags=re.MULTILINE)[1:]]
    kept = json.dumps(sentences, ensure_ascii=False, indent=1) + "\n"
    write_atomically(paths.results_of(pool.name) / "takeaways" / f"{chapter}.json", kept)
    if pool.own:
        own, people = pool.patients["patient_id"].isin(pool.own).sum(), len(pool.patients)
        say(f"**{own} of {counted(people, 'patient')} {verb(own, 'is', 'are')} our own.**")
    bullets = "\n".join(f"- {sentence}" for sentence in sentences)
    display(Markdown(f":::{{admonition}} Takeaways\n:class: takeaways\n{bullets}\n:::"))


def say(text: str) -> None:
    """Show a computed sentence as Markdown; text from data goes through `show.as_text`."""
    display(Markdown(text))
