"""What a notebook hands to the book: tables, figures, takeaways and computed prose.

Everything carries the cohort's ``synthetic`` mark: a column in tables, a watermark in figures.
"""

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from io import StringIO

import great_tables
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from great_tables import GT
from IPython.display import HTML, Markdown, display
from matplotlib.figure import Figure

from alkpool import paths, stats
from alkpool.data.cohort import Cohort
from alkpool.figures import charts
from alkpool.files import write_atomically
from alkpool.problems import no_formula
from alkpool.vocabulary import UNKNOWN, Verdict

SYNTHETIC_MARK = "SYNTHETIC: not patients"

# Words that tables show in the colours of the figures; alkpool.css has a rule for each class.
CHIPS = {str(verdict): f"verdict {verdict.name.lower()}" for verdict in Verdict} | {
    name: f"inhibitor {name}" for name in charts.INHIBITOR_COLOURS if name != UNKNOWN
}


def write_table(table: pd.DataFrame, name: str, cohort: Cohort) -> None:
    """Write a result table, ``<name>.csv``, to the folder of `alkpool.paths.results_of`.

    Shares are fractions with six decimals; a synthetic cohort adds the column ``synthetic``. No
    text is a formula.
    """
    marked, _ = _marked(table, "", cohort)
    safe = marked.map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell)
    text = safe.to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomically(paths.results_of(cohort.name) / f"{name}.csv", text)


def show_table(table: pd.DataFrame, caption: str, cohort: Cohort, *, escape: bool = True) -> None:
    """Show a wide table; in the book it scrolls, sorts and searches.

    Cells that are a verdict or an inhibitor bear its colour.

    Parameters
    ----------
    table : DataFrame
        Shown without its index, as it is: round and label before.
    caption : str
        What the table shows, and of what.
    cohort : Cohort
        Says whether the rows are synthetic.
    escape : bool
        Show cells as text. Turn off only for cells that were built from escaped text.
    """
    marked, caption = _marked(table, caption, cohort)
    plain = (
        marked.style.hide(axis="index")
        .format(_chip, escape="html" if escape else None, na_rep="")
        .format_index(escape="html", axis="columns")
        .set_caption(html.escape(caption))
        .to_html(exclude_styles=True)
    )
    display(HTML(plain.replace("<table>", '<table class="interactive">', 1)))


def _chip(cell: object) -> str:
    """Wrap a verdict or the name of an inhibitor in its class; shorten numbers."""
    if isinstance(cell, float):
        return f"{cell:g}"
    kind = CHIPS.get(str(cell))
    return str(cell) if kind is None else f'<span class="{kind}">{cell}</span>'


def show_publication_table(
    table: pd.DataFrame,
    caption: str,
    cohort: Cohort,
    *,
    row_groups: str | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Show a short table as a journal prints it, with row groups and notes.

    Parameters
    ----------
    table : DataFrame
        Shown as it is.
    caption : str
        What the table shows, and of what.
    cohort : Cohort
        Says whether the rows are synthetic.
    row_groups : str, optional
        Column whose values head groups of rows.
    notes : sequence of str
        Lines below the table.
    """
    marked, caption = _marked(table, caption, cohort)
    publication = (
        GT(marked, id=f"table-{_fingerprint(marked, caption)}", groupname_col=row_groups)
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


def _marked(table: pd.DataFrame, caption: str, cohort: Cohort) -> tuple[pd.DataFrame, str]:
    if not cohort.synthetic:
        return table, caption
    return table.assign(synthetic="yes"), f"{SYNTHETIC_MARK}. {caption}"


def _fingerprint(table: pd.DataFrame, caption: str) -> str:
    text = caption + table.to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def show_figure(
    figure: Figure,
    name: str,
    caption: str,
    alt: str,
    cohort: Cohort,
    *,
    telephone: charts.TelephoneTable | None = None,
) -> None:
    """Show a figure as SVG with the caption and alternative text the book needs.

    Parameters
    ----------
    figure : Figure
        Closed afterwards.
    name : str
        Target of cross-references, ``fig-...``.
    caption, alt : str
        What is shown and of how many; the words for who cannot see it. Neither may be empty.
    cohort : Cohort
        Says whether to draw the watermark.
    telephone : TelephoneTable, optional
        Stands for the drawing on a screen on which it would be too small.
    """
    if not (caption.strip() and alt.strip()):
        raise ValueError(f"figure {name} needs a caption and an alternative text")
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    if cohort.synthetic:
        figure.text(
            0.5, 0.5, SYNTHETIC_MARK, ha="center", va="center", rotation=25, fontsize=26,
            color="0.5", alpha=0.35, zorder=10,
        )  # fmt: skip
        for inches, side in ((drawn.y1 + 0.1, "bottom"), (drawn.y0 - 0.1, "top")):
            figure.text(
                0.5, inches / figure.get_figheight(), SYNTHETIC_MARK, ha="center", va=side,
                color=charts.PAPER, weight="bold", fontsize=10,
                bbox={"facecolor": charts.WARNING, "edgecolor": "none", "pad": 4},
            )  # fmt: skip
        caption, alt = f"{SYNTHETIC_MARK}. {caption}", f"{SYNTHETIC_MARK}. {alt}"
    size = "wide" if drawn.width > (charts.NARROW + charts.COLUMN) / 2 else "narrow"
    drawing = StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None, "Creator": None, "Title": alt})
    svg = "image/svg+xml"
    said: dict[str, object] = {"name": name, "caption": caption, "alt": alt, "classes": size}
    if rows := _rows(figure):
        said["rows"] = rows
    if telephone is not None:
        said["classes"] = "has-telephone-table"
    plt.close(figure)
    display(
        {svg: drawing.getvalue(), "text/plain": alt}, raw=True, metadata={svg: {"alkpool": said}}
    )
    if telephone is not None:
        cells, key = telephone.cells, telephone.key
        if cohort.synthetic:
            cells, key = pd.concat({"synthetic": cells}, axis="columns"), f"{SYNTHETIC_MARK}. {key}"
        plain = (
            cells.rename_axis(index=None)
            .set_axis(cells.columns.set_names([None] * cells.columns.nlevels), axis="columns")
            .style.format_index(escape="html", axis="index")
            .set_caption(html.escape(key))
            .to_html(exclude_styles=True)
        )
        display(HTML(plain.replace("<table>", '<table class="telephone">', 1)))


def _rows(figure: Figure) -> dict[str, tuple[float, float]]:
    """Where the rows of a matrix stand: top and height in per cent of the drawing."""
    whole = figure.get_tightbbox().padded(mpl.rcParams["savefig.pad_inches"])
    places = {}
    for row in figure.findobj(lambda artist: artist.get_gid() is not None):
        box = row.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
        top, height = (whole.y1 - box.y1) / whole.height, box.height / whole.height
        places[str(row.get_gid())] = (round(100 * top, 2), round(100 * height, 2))
    return places


def show_takeaways(sentences: Sequence[str], chapter: str, cohort: Cohort) -> None:
    """Show the computed takeaways of a chapter and keep them for the cover page."""
    path = paths.results_of(cohort.name) / "takeaways" / f"{chapter}.json"
    text = json.dumps(list(sentences), ensure_ascii=False, indent=1) + "\n"
    write_atomically(path, text)
    bullets = "\n".join(f"- {sentence}" for sentence in sentences)
    display(Markdown(f":::{{admonition}} Takeaways\n:class: takeaways\n{bullets}\n:::"))


def say(text: str) -> None:
    """Show a computed sentence as Markdown."""
    display(Markdown(text))


def fraction(k: int, n: int) -> str:
    """``k/n (percent; 95% CI low to high)`` with the Wilson interval, or ``0/0`` in words.

    Examples
    --------
    >>> fraction(5, 7)
    '5/7 (71%; 95% CI 36% to 92%)'
    """
    if n == 0:
        return "0/0 (nothing observed)"
    interval = stats.wilson(k, n)
    return f"{k}/{n} ({k / n:.0%}; 95% CI {interval.low:.0%} to {interval.high:.0%})"


def p_value(value: float) -> str:
    """P value as text: three decimals, ``< .001`` below.

    Examples
    --------
    >>> p_value(0.0004), p_value(0.0443)
    ('P < .001', 'P = .044')
    """
    if np.isnan(value):
        return "no P"
    return "P < .001" if value < 0.001 else f"P = {value:.3f}".replace("0.", ".", 1)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Give a number with its noun in the right form.

    Examples
    --------
    >>> counted(1, "patient"), counted(2, "biopsy", "biopsies")
    ('1 patient', '2 biopsies')
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def estimate(value: float, low: float, high: float) -> str:
    """Estimate with its interval as text, or that there is none.

    Examples
    --------
    >>> estimate(1.5, 0.8, 2.9), estimate(float("inf"), 3.95, float("inf"))
    ('1.50 (0.80 to 2.90)', 'infinite (3.95 upwards)')
    >>> estimate(float("nan"), float("nan"), float("nan"))
    'not estimable'
    """
    if np.isnan(value):
        return "not estimable"
    estimated = f"{value:.2f}" if np.isfinite(value) else "infinite"
    upper = f"to {high:.2f}" if np.isfinite(high) else "upwards"
    return f"{estimated} ({low:.2f} {upper})"


def verb(number: int, singular: str, plural: str) -> str:
    """Choose the verb that goes with a number."""
    return singular if number == 1 else plural


def labelled(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Pick and rename columns for reading, in the order of ``labels``."""
    return table[list(labels)].rename(columns=dict(labels))
