"""The palette: one set in Python and CSS, told apart by every eye, with words that can be read."""

import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from alkpool import paths, show
from alkpool import style as charts
from alkpool.vocabulary import UNKNOWN, Call, Verdict

# Machado, Oliveira and Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0: simulated linear
# RGB from linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
D65 = np.array([0.95047, 1.0, 1.08883])

# A difference of 1 is just seen side by side; areas in a figure are apart.
APART = 15.0


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(colour, vision="full"):
    """CIELAB of a colour as an eye sees it."""
    relative = XYZ @ np.clip(VISION[vision] @ linear(colour), 0, 1) / D65
    bent = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    x, y, z = bent
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(first, second):
    """Colour difference (Sharma, Wu and Dalal 2005, doi:10.1002/col.20070)."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25**7))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else h2 - h1
    turn -= 360 * np.sign(turn) * (abs(turn) > 180)
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = 1 + sum(
        factor * np.cos(np.radians(times * hue + shift))
        for factor, times, shift in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    dl = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * chroma * weight)
    rotation = 2 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(dl**2 + dc**2 + dh**2 - rotation * dc * dh))


def contrast(first, second):
    low, high = sorted(float(linear(colour) @ XYZ[1]) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


# Sharma, Wu and Dalal 2005, Table 1: pairs 1, 4, 7, 10, 16, 17, 20 and 34.
@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0010), 7.1792),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_colour_difference_is_the_published_one(first, second, difference):
    assert ciede2000(first, second) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(second, first) == pytest.approx(difference, abs=5e-5)


SETS = {
    "inhibitors": list(charts.INHIBITOR_COLOURS.values()),
    "verdicts": [face for face, _, _ in charts.VERDICT_STYLE.values()],
    "benefit": [*charts.BENEFIT_COLOURS.values(), charts.PANEL],
}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", SETS)
def test_colours_side_by_side_can_be_told_apart(name, vision):
    differences = {
        (first, second): ciede2000(lab(first, vision), lab(second, vision))
        for first, second in combinations(SETS[name], 2)
    }
    assert {pair: value for pair, value in differences.items() if value < APART} == {}


def test_no_inhibitor_has_the_colour_of_a_judgement():
    for colour in charts.INHIBITOR_COLOURS.values():
        for judgement in (charts.FAVOURABLE, charts.UNFAVOURABLE):
            assert ciede2000(lab(colour), lab(judgement)) >= APART


def test_words_on_colour_can_be_read():
    for face, ink, _ in charts.VERDICT_STYLE.values():
        assert contrast(face, ink) >= 4.5
        assert charts.ink_on(face) == ink
    drawn_on = [*charts.INHIBITOR_COLOURS.values(), *SETS["benefit"]]
    for colour in drawn_on:
        assert contrast(colour, charts.ink_on(colour)) >= 4.5, colour
    for colour in (charts.INK, charts.MUTED, charts.ACCENT, charts.WARNING):
        assert contrast(colour, charts.PAPER) >= 4.5
        assert contrast(colour, charts.PANEL) >= 4.5


def test_marks_on_paper_can_be_seen():
    """WCAG 2.1, 1.4.11; inhibitors are drawn with an outline of ink."""
    assert contrast(charts.ACCENT, charts.PAPER) >= 3


def test_every_class_has_a_mark_of_its_own():
    marks = [mark for _, _, mark in charts.VERDICT_STYLE.values()]
    assert list(charts.VERDICT_STYLE) == list(Verdict)
    assert len(set(marks)) == len(marks)
    letters = [call[0] for call in Call]
    assert len(set(letters)) == len(letters)


def custom_properties(selector):
    """Custom properties that alkpool.css sets for a selector."""
    css = (paths.BOOK / "_static" / "alkpool.css").read_text("utf-8")
    block = re.search(rf"^{re.escape(selector)} \{{$(.*?)^\}}$", css, re.MULTILINE | re.DOTALL)
    assert block, selector
    return dict(re.findall(r"--alk-([\w-]+): (#\w+);", block[1]))


def test_pages_and_figures_share_their_colours():
    light = custom_properties("html")
    expected = {
        "ink": charts.INK,
        "muted": charts.MUTED,
        "line": charts.RULE_LINE,
        "panel": charts.PANEL,
        "page": charts.PAPER,
        "accent": charts.ACCENT,
        "warn-ink": charts.WARNING,
    }
    assert {name: light[name] for name in expected} == expected


def test_what_a_colour_means_is_the_same_in_pages_and_figures():
    expected = {
        f"inhibitor-{name}": colour
        for name, colour in charts.INHIBITOR_COLOURS.items()
        if name != UNKNOWN
    }
    for verdict, (face, ink, _) in charts.VERDICT_STYLE.items():
        name = f"verdict-{verdict.name.lower()}"
        expected |= {name: face, f"{name}-ink": ink}
    assert custom_properties(":root") == expected


def test_every_chip_has_a_rule():
    css = (paths.BOOK / "_static" / "alkpool.css").read_text("utf-8")
    for kind in show.CHIPS.values():
        assert f".{kind.replace(' ', '.')}" in css
        assert f"var(--alk-{kind.replace(' ', '-')})" in css
