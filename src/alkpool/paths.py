"""The one place that knows where things are.

``ALKPOOL_HOME`` points at another checkout, ``ALKPOOL_RESULTS`` at another folder for result
tables (the pipeline stages each chapter's tables there before it publishes them).
"""

import os
from pathlib import Path

HOME = Path(os.environ.get("ALKPOOL_HOME") or Path(__file__).resolve().parents[2])

DATA = HOME / "data"
COHORTS = DATA / "cohorts"
INVITRO = DATA / "invitro"
KNOWLEDGE_BASES = DATA / "knowledgebases"
DISTRIBUTIONS = DATA / "distributions"
PUBLISHED = DATA / "published"
IDENTIFICATION = DATA / "identification"
REFERENCE = DATA / "reference"
RAW = DATA / "raw"

NOTEBOOKS = HOME / "notebooks"
BOOK = HOME / "book"
BUILD = HOME / "build"
RESULTS = Path(os.environ.get("ALKPOOL_RESULTS") or HOME / "results")
