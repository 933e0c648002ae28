"""How small the letters of an SVG are."""

import re


def smallest_letters(drawn: str) -> float:
    """Smallest size of type, in points, of a drawing of matplotlib that keeps its text as text."""
    assert "DejaVuSans-" not in drawn, "letters are drawn as outlines"
    return min(map(float, re.findall(r"font(?:-size)?: (?:\S+ )*?([\d.]+)px", drawn)))
