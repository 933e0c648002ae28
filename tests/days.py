"""Which of many cases are tried by day, which only at night."""

from collections.abc import Iterable
from typing import Any

import pytest


def by_day(cases: Iterable[Any], one_in: int = 3) -> list[Any]:
    """Leave all but one in so many cases to the night."""
    return [
        pytest.param(case, marks=pytest.mark.nightly if place % one_in else ())
        for place, case in enumerate(cases)
    ]
