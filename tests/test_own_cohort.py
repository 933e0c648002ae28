"""A cohort of one's own, pooled with the published one for a run of a real chapter."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from cases import case, contents, tables, write_csv

from alkpool import paths
from alkpool.data import cohort
from alkpool.intake import flatfile, place

# Minutes: a whole report or book of its own.
pytestmark = pytest.mark.nightly

COMPENDIUM = """\
title: One chapter
cohort: curated
extension: {module: alkpool.study}
reads: [data/reference/*]
parts:
  - title: Published cases
    chapters:
      - notebook: 02-benefit-classification
"""
DESCRIPTION = """\
title: Own
kind: own
synthetic: false
description: One made-up patient of a test.
licence: none
"""


def test_one_run_with_an_own_cohort(tmp_path):
    """Its lines are counted beside the published ones; nothing of it comes into the project."""
    home, own = tmp_path / "a checkout", tmp_path / "own"
    shutil.copytree(paths.DATA, home / "data")
    (home / "notebooks").mkdir()
    shutil.copy(paths.NOTEBOOKS / "02-benefit-classification.ipynb", home / "notebooks")
    shutil.copytree(paths.NOTEBOOKS / "takeaways", home / "notebooks/takeaways")
    shutil.copy(paths.HOME / "requirements.lock", home)
    (home / "compendium.yaml").write_text(COMPENDIUM, "utf-8")
    own.mkdir()
    (own / "cohort.yaml").write_text(DESCRIPTION, "utf-8")
    sheet = flatfile.read(write_csv(tmp_path / "new.csv", case()))
    for name, rows in place.fit(sheet, tables(paths.COHORTS / "curated")).rows.items():
        rows.to_csv(own / f"{name}.csv", index=False)
    before = contents(home)
    done = subprocess.run(
        [sys.executable, "-m", "alkpool.compendium", "report", "--no-book",
         "--cohort", "curated,own"],
        cwd=tmp_path, env=os.environ | {"ALKPOOL_HOME": str(home)}, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    results = home / "build/cohorts/curated+own/results/curated+own"
    lines = pd.read_csv(results / "lines.csv", keep_default_na=False)
    published = cohort.lines(cohort.analysis_set(cohort.load("curated")))
    assert set(lines["treatment_id"]) == {*published["treatment_id"], "test2024-p1-s1-lorlatinib"}
    left = {name: file for name, file in contents(home).items() if not name.startswith("build/")}
    assert left == before
