"""A small project of its own for tests of the pipeline: two notebooks, two cohorts, a book."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PIPELINE = (
    "__init__.py", "paths.py", "problems.py", "files.py", "references.py",
    "references.yaml", "vocabulary.py",
    "compendium/*.py",
)  # fmt: skip

COMPENDIUM = """\
title: A small compendium
cohort: curated
reads: [data/reference/*]
extension: {module: alkpool.small_study, records: {welcome: record}, reads: [data/invitro/*]}
parts:
  - title: Prose
    pages: [welcome]
  - title: Cases
    parameters: {threshold: 6.0}
    chapters:
      - notebook: 01-count
        reads: ["data/extra/{cohort}.csv"]
      - notebook: 02-list
  - title: About
    pages: [status]
"""

STUDY = """\
from alkpool import references


def problems(chapters):
    return ["threshold: found 99.0; too long" for each in chapters if each.get("threshold") == 99]


def contexts(cohort):
    found = references.listed(references.read())
    return {"records": {"welcome": {}, "status": {}}, "references": found}
"""

PARAMETERS = """\
cohort = "curated"  # Cohort
threshold = 6.0  # Months
"""

COUNT = """\
from alkpool import paths

folder = paths.RESULTS / cohort
folder.mkdir(parents=True, exist_ok=True)
rows = (paths.COHORTS / cohort / "rows.csv").read_text().splitlines()
extra = (paths.DATA / "extra" / f"{cohort}.csv").read_text()
(folder / "count.csv").write_text(f"rows,threshold,extra\\n{len(rows)},{threshold},{extra}")
(folder / "takeaways").mkdir(exist_ok=True)
takeaways = folder / "takeaways" / "01-count.json"
takeaways.write_text(f'["{len(rows)} rows, see {{numref}}`fig-count`."]')
print(len(rows))
"""

FIGURE = """\
from IPython.display import display

svg = "image/svg+xml"
drawing = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'
words = {"name": "fig-count", "caption": "Rows of the cohort.", "alt": "A square."}
display({svg: drawing, "text/plain": "A square."}, raw=True, metadata={svg: {"alkpool": words}})
"""

LIST = """\
from alkpool import paths

folder = paths.RESULTS / cohort
folder.mkdir(parents=True, exist_ok=True)
(folder / "list.csv").write_text((paths.DATA / "reference" / "drugs.csv").read_text())
"""


@dataclass(frozen=True)
class Project:
    """A checkout in a temporary folder; cells run in a kernel, or else in a plain Python."""

    home: Path
    kernels: bool = False

    def write(self, name: str, text: str) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.home / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def notebook(self, name: str, title: str, cells: Sequence[str]) -> Path:
        book = nbformat.v4.new_notebook()
        parameters = nbformat.v4.new_code_cell(cells[0], metadata={"tags": ["parameters"]})
        book.cells = [
            nbformat.v4.new_markdown_cell(f"# {title}"),
            parameters,
            *(
                nbformat.v4.new_markdown_cell(cell.removeprefix("%md "))
                if cell.startswith("%md ")
                else nbformat.v4.new_code_cell(cell)
                for cell in cells[1:]
            ),
        ]
        for number, cell in enumerate(book.cells):
            cell["id"] = f"source-{number}"
        return self.write(f"notebooks/{name}.ipynb", nbformat.writes(book))

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ALKPOOL_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        places = [self.home / "src", *([] if self.kernels else [ROOT / "tests" / "fake"])]
        path = os.pathsep.join(map(str, places))
        return kept | {"ALKPOOL_HOME": str(self.home), "PYTHONPATH": path}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "alkpool.compendium", "report", *arguments]
        # Run in the background, the tests would hand on that an interrupt is ignored. (Not in
        # `preexec_fn`: with it Python forks, of which jax warns once any test has loaded it.)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        return subprocess.Popen(
            command, cwd=self.home, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run the pipeline and give back all it printed."""
        process = self.start(*arguments)
        printed, errors = process.communicate(timeout=120)
        assert process.returncode == expect, printed + errors
        assert "Traceback" not in printed + errors
        return printed + errors

    def tables(self, folder: str = "results") -> dict[str, bytes]:
        root = self.home / folder
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


def small_project(home: Path, *, kernels: bool = False) -> Project:
    """Make the checkout, with the modules of the pipeline and no others."""
    made = Project(home, kernels)
    for pattern in PIPELINE:
        for module in (ROOT / "src/alkpool").glob(pattern):
            made.write(str(module.relative_to(ROOT)), module.read_text())
    for name in (
        "_config.yml",
        "_ext/alkpool_book.py",
        "_ext/search.js",
        "figure.txt.j2",
        "index.md.j2",
        "ribbon.html.j2",
        "status.md.j2",
    ):
        made.write(f"book/{name}", (ROOT / "book" / name).read_text())
    shutil.copytree(ROOT / "book" / "_static", home / "book" / "_static")
    made.write("src/alkpool/small_study.py", STUDY)
    made.write("book/references.bib", "")
    made.write("book/welcome.md", "# Welcome\n\nText.\n")
    for cohort, synthetic in (("curated", "false"), ("made-up", "true")):
        made.write(f"data/cohorts/{cohort}/cohort.yaml", f"title: Rows\nsynthetic: {synthetic}\n")
        made.write(f"data/cohorts/{cohort}/rows.csv", "a\nb\n")
        made.write(f"data/extra/{cohort}.csv", "1\n")
    made.write("data/reference/drugs.csv", "drug\ncrizotinib\n")
    made.write("data/secret/other.csv", "undeclared\n")
    made.write("requirements.lock", "nothing==1\n")
    made.write("pyproject.toml", '[project]\nversion = "1.2.3"\n')
    made.write("compendium.yaml", COMPENDIUM)
    made.notebook("01-count", "Count", [PARAMETERS, COUNT, "%md See {numref}`fig-count`.", FIGURE])
    made.notebook("02-list", "List", [PARAMETERS, LIST])
    return made
