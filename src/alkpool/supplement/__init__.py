"""The supplementary tables of Koopman et al. 2022 as a cohort, and a cohort in their shape.

What the tables hold is known here from the text of the paper only: the *shape* (`SHAPES`) is our
reading of it. `read` makes a cohort of the tables as a reader saved them, `export` writes a
cohort the same way.
"""

from alkpool.supplement.exporter import export, write_tables
from alkpool.supplement.importer import Imported, against_print, read, write
from alkpool.supplement.shape import SHAPES, Column, Shape

__all__ = [
    "SHAPES",
    "Column",
    "Imported",
    "Shape",
    "against_print",
    "export",
    "read",
    "write",
    "write_tables",
]
