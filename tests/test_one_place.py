"""A rule changed once, in compendium.yaml, changes every chapter, page, answer and sentence."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from alkpool import paths
from alkpool.compendium.plan import notebook_parameters

RULES = "parameters: {verdict_rule: {}, benefit_rule: {}}"
CHANGED = "parameters: {verdict_rule: {min_evaluable: 1, high_sensitivity: 0.9}, benefit_rule: {}}"
NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb"))

ASK = """\
import json
from alkpool import look_up, study
from alkpool.compendium import book, plan

contexts = study.contexts("curated")
rows = look_up("G1202R").inhibitors.set_index("inhibitor")
print(json.dumps({
    "answer": rows.at["brigatinib", "patients"]["verdict"],
    "page": contexts["cells"]["G1202R"]["brigatinib"]["patients"]["verdict"],
    "explorer": json.dumps(contexts["explorer"]),
    "methods": book._filled_in("methods.md.j2", contexts).decode(),
    "chapters": {task.page: task.parameters.get("verdict_rule") for task in plan.plan(plan.read())},
}, default=str))
"""


def run(home: Path, *arguments: str) -> str:
    environment = os.environ | {"ALKPOOL_HOME": str(home), "PYTHONPATH": str(paths.HOME / "src")}
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=home, text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout whose compendium.yaml has other rules, in one line."""
    for name in ("data", "notebooks", "book", "pyproject.toml", "CHANGELOG.md", "CITATION.cff"):
        (tmp_path / name).symlink_to(paths.HOME / name)
    text = (paths.HOME / "compendium.yaml").read_text("utf-8")
    assert text.count(RULES) == 1
    (tmp_path / "compendium.yaml").write_text(text.replace(RULES, CHANGED), encoding="utf-8")
    return tmp_path


def test_answers_pages_and_methods_follow(home: Path) -> None:
    found = json.loads(run(home, "-c", ASK))
    assert found["answer"] == found["page"] == "no benefit expected"
    assert "no benefit expected" in found["explorer"]
    assert r"| V3 | $n \ge 1$, sensitivity below 50% |" in found["methods"]
    assert r"| V5 | $n \ge 1$, sensitivity at least 90%, $r$ below 5% |" in found["methods"]
    assert (
        "min_evaluable is 1 instead of 3, high_sensitivity is 0.9 instead of 0.75"
        in (found["methods"])
    )
    handed = {page.rpartition("/")[2] for page, rule in found["chapters"].items()
              if rule == {"min_evaluable": 1, "high_sensitivity": 0.9}}  # fmt: skip
    declared = {path.stem for path in NOTEBOOKS if "verdict_rule" in notebook_parameters(path)}
    assert handed == declared


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_chapter_has_a_rule_of_its_own(notebook: Path) -> None:
    """Every rule is built from the parameter, and no threshold stands in a cell or a sentence."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    for rule, parameter in (("VerdictRule", "verdict_rule"), ("BenefitRule", "benefit_rule")):
        built = re.findall(rf"{rule}\(([^)]*)\)", code)
        # Other readings are tried beside the rule, of which they keep the rest.
        assert all(f"**{parameter}" in given or "rule." in given for given in built), built
    takeaways = paths.TAKEAWAYS / f"{notebook.stem}.md.j2"
    assert not re.search(r"\b(75|50) ?%", code + takeaways.read_text("utf-8"))


@pytest.mark.nightly
def test_every_chapter_follows(home: Path) -> None:
    """All chapters are run: one verdict for each pair wherever it stands, other sentences."""
    shutil.copytree(paths.HOME / "results", home / "results")
    shutil.copytree(paths.HOME / "src", home / "src")
    run(home, "-m", "alkpool.compendium", "report", "--no-book")
    for cohort in ("curated", "reconstructed"):
        folder = home / "results" / cohort
        given = pd.read_csv(folder / "actionability.csv").set_index(["profile", "inhibitor"])
        before = pd.read_csv(paths.HOME / "results" / cohort / "actionability.csv")
        assert (given["verdict"].to_numpy() != before["verdict"].to_numpy()).any()
        pooled = pd.read_csv(folder / "uncertainty.csv").set_index(["profile", "inhibitor"])
        pd.testing.assert_series_equal(pooled["verdict"], given["verdict"])
        compared = pd.read_csv(folder / "invitro_cells.csv")
        assert len(compared)
        for row in compared[compared["mutations"].isin(given.index.levels[0])].itertuples():
            assert row.verdict == given.at[(row.mutations, row.inhibitor), "verdict"]
        for chapter in ("04-clinical-actionability", "07-uncertainty"):
            said, usual = (
                (place / "results" / cohort / "takeaways" / f"{chapter}.json").read_text("utf-8")
                for place in (home, paths.HOME)
            )
            assert said != usual
    executed = (home / "build/executed/reconstructed/04-clinical-actionability").rglob("*.ipynb")
    assert "benefit from 90%" in next(executed).read_text("utf-8")
