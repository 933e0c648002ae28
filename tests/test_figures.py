"""The figures: no words on words, and rows that a page can link."""

from collections.abc import Iterator
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import alkpool
from alkpool import show
from alkpool.analysis.actionability import matrix
from alkpool.data.cohort import analysis_set
from alkpool.figures import charts


@pytest.fixture(scope="module", params=["curated", "reconstructed"])
def verdicts(request: pytest.FixtureRequest) -> Iterator[Figure]:
    """Figure 5, of few samples and of many."""
    charts.use_style()
    cells = matrix(analysis_set(alkpool.load(request.param)))
    yield charts.verdict_matrix(cells)
    plt.close("all")


def test_no_words_stand_on_others(verdicts: Figure) -> None:
    (ax,) = verdicts.axes
    verdicts.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts if text.get_text()]
    assert len(boxes) > 300
    # The boxes of two lines may share a hair's breadth above their letters.
    shared = [
        (one, other)
        for (one, box), (other, second) in combinations(boxes, 2)
        if min(box.x1, second.x1) - max(box.x0, second.x0) > 0.5
        and min(box.y1, second.y1) - max(box.y0, second.y0) > 2
    ]
    assert shared == []


def test_each_profile_has_its_number_of_samples(verdicts: Figure) -> None:
    (ax,) = verdicts.axes
    at_left = [text for text in ax.texts if isinstance(text, Text) and text.get_position()[0] == 0]
    numbers = [text.get_text() for text in at_left if text.get_text().isdigit()]
    names = [text for text in ax.texts if text.get_ha() == "right"]
    assert len(numbers) == len(names)
    assert any(text.get_text() == "n" for text in at_left)


def test_rows_stand_where_they_are_said_to(verdicts: Figure) -> None:
    """Below each other, as high as drawn, with the name of the profile in the middle of each."""
    rows = show._rows(verdicts)
    (ax,) = verdicts.axes
    names = [text for text in ax.texts if text.get_ha() == "right"]
    assert list(rows) == [text.get_text().replace("\n", "") for text in names]
    whole = verdicts.get_tightbbox().padded(0.04)
    for text in names:
        top, height = rows[text.get_text().replace("\n", "")]
        middle = 100 * (whole.y1 - text.get_position()[1]) / whole.height
        assert top + height / 2 == pytest.approx(middle, abs=0.02)
    assert all(0 < top < top + height < 100 for top, height in rows.values())
