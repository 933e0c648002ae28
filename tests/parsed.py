"""Pages of the built book, each parsed once in a process."""

import gc
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup


@cache
def soup(page: Path) -> BeautifulSoup:
    parsed = BeautifulSoup(page.read_bytes(), "html.parser")
    # Millions of nodes that stay: every search for garbage would pass through them.
    gc.freeze()
    return parsed
