"""Pages of the built book, each parsed once in a process."""

from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup


@cache
def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_bytes(), "html.parser")
