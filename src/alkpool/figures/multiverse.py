"""Figures of the multiverse: specification curve and stability map."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from alkpool.figures import charts
from alkpool.figures.charts import (
    ACCENT,
    DENSE,
    INK,
    MEDIUM,
    MUTED,
    NARROW,
    PANEL,
    PAPER,
    RULE_LINE,
    SMALL,
    THIN,
    VERDICT_NAMES,
    VERDICT_STYLE,
    WARNING,
    TelephoneTable,
)
from alkpool.robustness.choices import Choice, Universe
from alkpool.robustness.multiverse import NO_SAMPLE, VERDICTS, Curve
from alkpool.vocabulary import Verdict

COLUMNS = 50
ROW, CURVE = 0.155, 1.7


def level_name(level: object) -> str:
    """How figures and tables call a level of a choice."""
    if isinstance(level, bool):
        return "apart" if level else "together"
    if isinstance(level, float) and level < 1:
        return f"{level:.0%}"
    return f"{level:g}" if isinstance(level, int | float) else str(level)


def specification_curve(
    curve: Curve, choices: Sequence[Choice], default: Universe, *, label: str, percent: bool
) -> Figure:
    """Draw an answer in all universes, in order, above the levels that give it.

    Parameters
    ----------
    curve : Curve
        From `alkpool.robustness.multiverse.Multiverse.curve`.
    choices : sequence of Choice
        Those to show, in the order of the rows.
    default : Universe
        Whose levels are bold.
    label : str
        What the answer is.
    percent : bool
        Whether it is a share.
    """
    rows = [(choice, place) for choice in choices for place in range(len(choice.levels))]
    heights = [CURVE, ROW * len(rows) + 0.1 * len(choices)]
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(NARROW, sum(heights) + 0.5), height_ratios=heights, sharex=True
    )
    _draw_curve(above, curve, 100 if percent else 1)
    above.set_ylabel(label, fontsize=SMALL)
    above.yaxis.set_major_formatter("{x:.0f}%" if percent else "{x:g}")
    _draw_levels(below, curve, choices, default)
    below.set_xlabel(f"{curve.universes:,} universes in the order of the answer", fontsize=SMALL)
    return figure


def _draw_curve(ax: Axes, curve: Curve, scale: float) -> None:
    steps = curve.steps
    edges = _edges(curve)
    # A step goes on to its right edge.
    along = np.repeat(edges, 2)[1:-1]
    drawn = {name: np.repeat(scale * steps[name], 2) for name in ("value", "low", "high")}
    if steps["low"].notna().any():
        ax.fill_between(along, drawn["low"], drawn["high"], color=RULE_LINE, linewidth=0,
                        label="widest 95% interval")  # fmt: skip
    ax.plot(along, drawn["value"], color=ACCENT, linewidth=charts.THICK, label="answer")
    ax.axhline(scale * curve.default, color=WARNING, linewidth=MEDIUM, linestyle="--",
               label="at the default")  # fmt: skip
    ax.set(xlim=(0, 100))
    ax.grid(axis="y")
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, borderaxespad=0.2)


def _edges(curve: Curve) -> np.ndarray:
    """Where each step begins and ends, in percent of the universes."""
    upto = np.concatenate([[0], curve.steps["universes"].cumsum()])
    return 100 * upto / curve.universes


def _draw_levels(ax: Axes, curve: Curve, choices: Sequence[Choice], default: Universe) -> None:
    columns = np.linspace(0, 100, COLUMNS + 1)
    shade = LinearSegmentedColormap.from_list("often", [PAPER, ACCENT])
    top, places, names = 0.0, [], []
    for choice in choices:
        levels = curve.levels[choice.name]
        upto = np.concatenate([np.zeros((len(levels), 1)), levels.cumsum(axis=1)], axis=1)
        within = np.diff([np.interp(columns, _edges(curve), row) for row in upto])
        often = within / within.sum(axis=0)
        ax.pcolormesh(
            columns, top - np.arange(len(levels) + 1), often * len(levels), cmap=shade, vmin=0,
            vmax=2, edgecolors="face", linewidth=0.1,
        )  # fmt: skip
        ax.plot([0, 100], [top, top], color=MUTED, linewidth=THIN, clip_on=False)
        ax.text(-1.5, top - 0.45, choice.label, ha="right", va="center", fontsize=DENSE,
                color=MUTED)  # fmt: skip
        for place, level in enumerate(choice.levels):
            places.append(top - place - 0.5)
            names.append((level_name(level), level == getattr(default, choice.name)))
        top -= len(levels) + 0.6
    ax.set(ylim=(top + 0.6, 0.1))
    ax.yaxis.tick_right()
    ax.set_yticks(places, [name for name, _ in names], fontsize=DENSE)
    for tick, (_, usual) in zip(ax.yaxis.get_majorticklabels(), names, strict=True):
        tick.set_fontweight("bold" if usual else "normal")
    ax.tick_params(axis="y", length=0, pad=2)
    ax.xaxis.set_major_formatter("{x:.0f}%")
    for side in ("left", "right"):
        ax.spines[side].set_visible(False)


def _tallest(cell: pd.Series) -> list[tuple[str, float]]:
    """Verdicts of a cell with their shares of all universes, most frequent first."""
    shares = [(str(name), cell[name] / cell["universes"]) for name in (*VERDICTS, NO_SAMPLE)]
    return sorted((pair for pair in shares if pair[1] > 0), key=lambda pair: -pair[1])


def rounded(share: float) -> str:
    """Whole percent that never says all or nothing unless it is."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def stability_map(table: pd.DataFrame) -> Figure:
    """Draw for each profile and inhibitor the share of universes with each verdict.

    Parameters
    ----------
    table : DataFrame
        From `alkpool.robustness.multiverse.Multiverse.stability`, the rows to show.
    """
    profiles = list(table["profile"].drop_duplicates())
    inhibitors = list(table["inhibitor"].drop_duplicates())
    height = 0.42
    figure, ax, width, corners = charts.matrix_frame(
        profiles, inhibitors, left=1.0, height=height, below=0.5
    )
    for _, cell in table.iterrows():
        x, y = corners[cell["profile"], cell["inhibitor"]]
        x, room = x + 0.03, width - 0.06
        shares = _tallest(cell)
        first, share = shares[0]
        quiet = {first} <= {str(Verdict.INSUFFICIENT), NO_SAMPLE} and share == 1
        ax.text(x, y + height - 0.1, f"{_style(first)[2]} 100%" if quiet else _word(first),
                va="center", fontsize=DENSE, color=MUTED if quiet else INK,
                weight="normal" if quiet else "bold")  # fmt: skip
        if quiet:
            continue
        at = x
        for name in (*map(str, VERDICTS), NO_SAMPLE):
            part = dict(shares).get(name, 0) * room
            face, ink, mark = _style(name)
            ax.add_patch(Rectangle((at, y + 0.135), part, 0.11, facecolor=face,
                                   edgecolor=INK, linewidth=0.3))  # fmt: skip
            if part > 0.15:
                ax.text(at + part / 2, y + 0.185, mark, ha="center", va="center", color=ink,
                        fontsize=DENSE)  # fmt: skip
            at += part
        same = cell["default"] == first
        text = "the default" if same else f"default {_style(cell['default'])[2]}"
        ax.text(x, y + 0.065, f"{rounded(share)}, {text}", va="center", fontsize=DENSE,
                color=MUTED)  # fmt: skip
    ax.text(0, 0.3, "verdict of most universes, with their share; bar: every verdict;  "
            f"{_style(NO_SAMPLE)[2]} no sample", fontsize=DENSE, color=MUTED)  # fmt: skip
    charts.verdict_key(ax)
    return figure


def _style(name: str) -> tuple[str, str, str]:
    return (PANEL, MUTED, "∅") if name == NO_SAMPLE else VERDICT_STYLE[Verdict(name)]


def _word(name: str) -> str:
    mark = _style(name)[2]
    return f"{mark} {name if name == NO_SAMPLE else VERDICT_NAMES[Verdict(name)]}"


def stability_cells(table: pd.DataFrame) -> TelephoneTable:
    """Make the cells of `stability_map` for a telephone."""
    texts = []
    for _, cell in table.iterrows():
        shares = _tallest(cell)
        first = shares[0][0]
        kind = "empty" if first == NO_SAMPLE else Verdict(first).name.lower()
        lines = [
            f'{_style(name)[2]}<span class="visually-hidden"> {name}</span> {rounded(share)}'
            for name, share in shares
        ]
        lines[0] = f"<b>{lines[0]}</b>"
        usual = f"<br><small>default {_style(cell['default'])[2]}</small>"
        texts.append(
            f'<div class="verdict {kind}">{lines[0]}<br><small>{"<br>".join(lines[1:])}</small>'
            f"{'' if cell['default'] == first else usual}</div>"
        )
    wide = table.assign(text=texts).pivot(index="profile", columns="inhibitor", values="text")
    wide = wide.loc[table["profile"].drop_duplicates(), list(table["inhibitor"].drop_duplicates())]
    marks = ", ".join(f"{_style(name)[2]} {name}" for name in (*map(str, VERDICTS), NO_SAMPLE))
    key = f"Share of the universes with each verdict, most frequent first. {marks}."
    return TelephoneTable(wide.rename(index=lambda name: name.replace("+", "+\n")), key)
