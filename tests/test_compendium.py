"""The compendium is refused with every problem at once, and runs again only what changed."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from project import COMPENDIUM, PARAMETERS, STUDY, Project

from alkpool import paths
from alkpool.compendium import plan
from alkpool.compendium.__main__ import main
from alkpool.compendium.imports import PACKAGE, behind
from alkpool.compendium.publish import KEPT

CHAPTERS = 'part "Cases", chapter 01-count'

WRONG: dict[str, tuple[Callable[[Project], object], list[str]]] = {
    "notebook": (
        lambda p: p.edit("compendium.yaml", "notebook: 02-list", "notebook: 02-lost"),
        ["notebook: found '02-lost'; must be one of 01-count, 02-list"],
    ),
    "parameter of a chapter": (
        lambda p: p.edit(
            "compendium.yaml", "01-count", "01-count\n        parameters: {limit: 1}"
        ),
        [CHAPTERS, "found 'limit'; the notebook has cohort, threshold"],
    ),
    "parameter of a part": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "treshold: 6.0"),  # F49
        ['part "Cases": parameters: found \'treshold\'; its notebooks have cohort, threshold'],
    ),
    "type of a parameter": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: six"),
        ["parameters.threshold: found 'six'", "type of its default, 6.0 (float)"],
    ),
    "truth for a number": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: true"),
        ["parameters.threshold: found True", "6.0 (float)"],
    ),
    "cohort": (
        lambda p: p.edit("compendium.yaml", "cohort: curated", "cohort: curated,lost"),
        ["cohort: found 'lost'; must be one of curated, made-up"],
    ),
    "cohort that is no folder of its own": (
        lambda p: p.edit("compendium.yaml", "cohort: curated", "cohort: ."),
        ["cohort: found '.'; must be one of curated, made-up"],
    ),
    "blank cohort": (
        lambda p: p.edit("compendium.yaml", "cohort: curated", "cohort: curated,"),
        ["cohort: found ''; must be one of curated, made-up"],
    ),
    "namesake of a cohort": (
        lambda p: (
            p.write("own/curated/cohort.yaml", "title: Own\nsynthetic: false\n"),
            p.edit("compendium.yaml", "cohort: curated", "cohort: own/curated"),
        ),
        ["found 'own/curated'; its name is that of a cohort of the project; rename the folder"],
    ),
    "name of an own cohort that is no plain text": (
        lambda p: (
            p.write("own/<img src=q>/cohort.yaml", "title: Own\nsynthetic: false\n"),
            p.edit("compendium.yaml", "cohort: curated", "cohort: own/<img src=q>"),
        ),
        ["found 'own/<img src=q>'; its name must hold only letters, digits, spaces"],
    ),
    "cohort that does not say whether it is made up": (
        lambda p: p.edit("data/cohorts/curated/cohort.yaml", "false", '"no"'),
        [CHAPTERS, "curated/cohort.yaml: found 'no'; synthetic must be true or false"],
    ),
    "patients pooled with made-up rows": (
        lambda p: p.edit("compendium.yaml", "cohort: curated", "cohort: 'curated,made-up'"),
        [CHAPTERS, "found 'curated,made-up'; made-up is synthetic, and made-up rows are never"],
    ),
    "description of a cohort with an impossible date": (
        lambda p: p.write("data/cohorts/curated/cohort.yaml", "search_date: 2020-99-99\n"),
        [CHAPTERS, "curated/cohort.yaml: is not readable YAML (month must be in 1..12"],
    ),
    "description of a cohort that is only text": (
        lambda p: p.write("data/cohorts/curated/cohort.yaml", "text\n"),
        ["curated/cohort.yaml: must be lines of 'key: value'; the keys are synthetic"],
    ),
    "file that is read": (
        lambda p: p.edit("compendium.yaml", "data/reference/*", "data/referenze/*"),
        ["reads: found 'data/referenze/*'; there is no such file"],
    ),
    "reads outside of data": (
        lambda p: p.edit("compendium.yaml", "data/reference/*", "results/*"),
        ["found 'results/*'; reads.0 must match pattern '^data/'"],
    ),
    "page": (
        lambda p: p.edit("compendium.yaml", "pages: [status]", "pages: [status, imprint]"),
        ["pages: found 'imprint'; must be one of index, status, welcome"],
    ),
    "module of which nobody sees that it changed": (
        lambda p: (
            p.write("src/own_study.py", STUDY),
            p.edit("compendium.yaml", "module: alkpool.small_study", "module: own_study"),
        ),
        ["extension.module: found 'own_study'; must be a module of alkpool, in src/alkpool"],
    ),
    "records below no page": (
        lambda p: p.edit("compendium.yaml", "{welcome: record}", "{imprint: record}"),
        ["extension.records: found 'imprint'; must be one of the pages"],
    ),
    "page twice": (
        lambda p: p.edit("compendium.yaml", "pages: [status]", "pages: [status, welcome]"),
        ["found 'welcome' twice"],
    ),
    "chapter twice": (
        lambda p: p.edit("compendium.yaml", "notebook: 02-list", "notebook: 01-count"),
        ["found 'curated/01-count' twice"],
    ),
    "unknown entry": (
        lambda p: p.edit("compendium.yaml", "title: About", "titel: About"),
        ["the key parts.2.title is missing", "the key parts.2.titel is unknown"],
    ),
    "not YAML": (
        lambda p: p.write("compendium.yaml", "parts: [\n"),
        ["compendium.yaml: is not readable YAML"],
    ),
    "empty": (
        lambda p: p.write("compendium.yaml", ""),
        ["compendium.yaml: must be lines of 'key: value'; the keys are "],
    ),
    "missing": (
        lambda p: (p.home / "compendium.yaml").unlink(),
        ["compendium.yaml: the file is missing"],
    ),
    "parameter below its range": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: -3"),
        [CHAPTERS, "parameters.threshold: found -3; must be above 0, as its default 6.0"],
    ),
    "parameter above its range": (
        lambda p: (
            p.notebook("02-list", "L", [PARAMETERS + "runs = 4  # (1 to 64: no more cores)\n"]),
            p.edit("compendium.yaml", "threshold: 6.0", "threshold: 6.0, runs: 65"),
        ),
        ["chapter 02-list: parameters.runs: found 65; must be from 1 to 64: no more cores"],
    ),
    "parameter that is another number than it looks": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: 6:30"),
        ["compendium.yaml: is not readable YAML (6:30 is no plain number"],
    ),
    "word that the comment does not name": (
        lambda p: (
            p.notebook("02-list", "L", [PARAMETERS + 'call = "no"  # Either "no" or "yes"\n']),
            p.edit("compendium.yaml", "threshold: 6.0", "threshold: 6.0, call: maybe"),
        ),
        ["chapter 02-list: parameters.call: found 'maybe'; must be one of no, yes"],
    ),
    "what the study refuses": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: 99.0"),
        ["error: threshold: found 99.0; too long"],
    ),
    "no parameters cell": (
        lambda p: p.edit("notebooks/02-list.ipynb", '"parameters"', '"param"'),
        ["notebooks/02-list.ipynb has no cell tagged 'parameters'"],
    ),
    "computed default": (
        lambda p: p.notebook("02-list", "List", [PARAMETERS + "limit = 3 * 2\n"]),
        ["notebooks/02-list.ipynb, parameters: 'limit = 3 * 2' is not 'name = plain value'"],
    ),
    "statement among parameters": (
        lambda p: p.notebook("02-list", "List", ["import os\n" + PARAMETERS]),
        ["notebooks/02-list.ipynb, parameters: 'import os' is not 'name = plain value'"],
    ),
    "cohort among the parameters": (
        lambda p: p.edit("compendium.yaml", "threshold: 6.0", "cohort: made-up"),
        [CHAPTERS, "parameters: found 'cohort'; write cohort: beside parameters:"],
    ),
    "no cohort parameter": (
        lambda p: p.notebook("02-list", "List", ["threshold = 6.0\n"]),
        ["chapter 02-list: parameters: found 'cohort'; the notebook has threshold"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_refuses_before_anything_runs(project: Project, case: str) -> None:
    spoil, expected = WRONG[case]
    spoil(project)
    printed = project.run(expect=1)
    for text in expected:
        assert text in printed
    assert "to execute" not in printed
    assert not (project.home / "results").exists()


def test_lists_every_problem_at_once(project: Project) -> None:
    project.edit("compendium.yaml", "notebook: 02-list", "notebook: 02-lost")
    project.edit("compendium.yaml", "threshold: 6.0", "threshold: six")
    project.edit("compendium.yaml", "pages: [status]", "pages: [imprint]")
    printed = project.run(expect=1)
    for value in ("'02-lost'", "'six'", "'imprint'"):
        assert value in printed


def test_wrong_usage_exits_2(project: Project) -> None:
    assert "--jobs: found '0'; must be a whole number of at least 1" in project.run(
        "--jobs", "0", expect=2
    )


def executed(printed: str) -> set[str]:
    return {page for page in ("01-count", "02-list") if f"curated/{page}  " in printed}


def planned(project: Project, *columns: str) -> dict[str, list[object]]:
    """What the plan says of each page."""
    script = (
        "import json\nfrom alkpool.compendium import plan\n"
        "tasks = plan.plan(plan.read())\n"
        f"print(json.dumps({{t.page: [getattr(t, c) for c in {columns}] for t in tasks}}))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=project.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


IMPORTS = "from alkpool.wing import deep\nimport helper"
BOTH, NONE = {"curated/01-count", "curated/02-list"}, set[str]()
CHANGES: dict[str, tuple[Callable[[Project], object], set[str]]] = {
    "notebook": (
        lambda p: p.edit("notebooks/02-list.ipynb", "import paths", "import  paths"),
        {"curated/02-list"},
    ),
    "parameter": (lambda p: p.edit("compendium.yaml", "threshold: 6.0", "threshold: 7"), BOTH),
    "module both import": (lambda p: p.edit("src/alkpool/paths.py", "HOME /", "HOME  /"), BOTH),
    "module nobody imports": (lambda p: p.write("src/alkpool/cli.py", "import alkpool"), NONE),
    "maker of the book": (
        lambda p: p.edit("src/alkpool/compendium/book.py", "import json", "import  json"),
        NONE,
    ),
    "import within a function of a module of one": (
        lambda p: (
            p.write("src/alkpool/wing/__init__.py", ""),
            p.write("src/alkpool/wing/deep.py", "def f():\n    from ..other import g\n"),
            p.notebook("02-list", "L", [PARAMETERS, "%time 1\n" + IMPORTS]),
        ),
        {"curated/02-list"},
    ),
    "module it imports": (
        lambda p: p.write("src/alkpool/other.py", "def g(): ..."),
        {"curated/02-list"},
    ),
    "package around it": (
        lambda p: p.write("src/alkpool/wing/__init__.py", "x = 1"),
        {"curated/02-list"},
    ),
    "module beside the notebooks": (
        lambda p: p.write("notebooks/helper.py", "from alkpool import third"),
        {"curated/02-list"},
    ),
    "module that it imports": (
        lambda p: p.write("src/alkpool/third.py", "x = 1"),
        {"curated/02-list"},
    ),
    "sentences of a chapter": (
        lambda p: p.write("notebooks/takeaways/01-count.md.j2", "Text."),
        {"curated/01-count"},
    ),
    "what cannot be read": (
        lambda p: p.notebook("02-list", "L", [PARAMETERS, "files = !ls"]),
        {"curated/02-list"},
    ),
    "any module": (lambda p: p.write("src/alkpool/cli.py", "import os"), {"curated/02-list"}),
    "file of the package": (lambda p: p.write("src/alkpool/style.mplstyle", ""), BOTH),
    "lock file": (lambda p: p.write("requirements.lock", "other==1\n"), BOTH),
    "data of one chapter": (
        lambda p: p.write("data/extra/curated.csv", "2\n"),
        {"curated/01-count"},
    ),
    "data of all chapters": (lambda p: p.write("data/reference/drugs.csv", "drug\n"), BOTH),
    "new file of the cohort": (lambda p: p.write("data/cohorts/curated/more.csv", ""), BOTH),
    "new file of a pattern": (lambda p: p.write("data/reference/more.csv", ""), BOTH),
    "renamed file": (
        lambda p: (p.home / "data/reference/more.csv").rename(p.home / "data/reference/m.csv"),
        BOTH,
    ),
    "cohort made up": (
        lambda p: p.edit("data/cohorts/curated/cohort.yaml", "false", "true"),
        BOTH,
    ),
    "data nobody reads": (lambda p: p.write("data/secret/other.csv", "changed\n"), NONE),
    "other cohort": (lambda p: p.write("data/cohorts/made-up/rows.csv", "z\n"), NONE),
    "prose": (lambda p: p.write("book/welcome.md", "# Welcome\n\nOther.\n"), NONE),
    "order": (lambda p: p.edit("compendium.yaml", "title: Cases", "title: Patients"), NONE),
    "bytecode": (lambda p: p.write("src/alkpool/__pycache__/x.cpython-311.pyc", "x"), NONE),
    "module in a folder that is no package": (
        lambda p: p.write("src/alkpool/odd/tool.py", "import alkpool.cli"),
        BOTH,
    ),
    "module that it may import": (lambda p: p.write("src/alkpool/cli.py", "import re"), BOTH),
    "module that cannot be read": (lambda p: p.write("src/alkpool/cli.py", "import ("), BOTH),
}


def test_key_changes_with_all_that_the_answer_depends_on(project: Project) -> None:
    before = planned(project, "key")
    for case, (change, expected) in CHANGES.items():
        change(project)
        after = planned(project, "key")
        assert {page for page in after if after[page] != before[page]} == expected, case
        before = after


def test_runs_again_only_what_changed(project: Project) -> None:
    assert executed(project.run("--no-book")) == {"01-count", "02-list"}
    assert executed(project.run("--no-book")) == set()
    project.write("data/extra/curated.csv", "2\n")
    assert executed(project.run("--no-book")) == {"01-count"}
    assert project.tables()["curated/count.csv"] == b"rows,threshold,extra\n2,6.0,2\n"
    assert executed(project.run("--no-book", "--force")) == {"01-count", "02-list"}


@pytest.mark.nightly
def test_going_back_to_an_earlier_state_runs_nothing(project: Project) -> None:
    """The newest executions are kept, whatever the clock says; older ones go."""
    for months in range(4):
        project.edit("compendium.yaml", f"threshold: {months or '6.0'}", f"threshold: {months + 1}")
        assert executed(project.run("--no-book")) == {"01-count", "02-list"}
    project.edit("compendium.yaml", "threshold: 4", "threshold: 2")
    assert "to execute" not in project.run("--no-book")
    assert project.tables()["curated/count.csv"] == b"rows,threshold,extra\n2,2,1\n"
    kept = {path: path.stat().st_mtime for path in (project.home / "build/executed").glob("*/*/*")}
    assert len(kept) == 2 * KEPT
    for path in kept:
        os.utime(path, (2**32, 2**32))
    project.edit("compendium.yaml", "threshold: 2", "threshold: 1")
    assert executed(project.run("--no-book")) == {"01-count", "02-list"}
    assert "up to date" in project.run("--no-book")


def test_a_run_on_another_cohort_runs_only_what_reads_it(project: Project, tmp_path: Path) -> None:
    second = "  - title: Made up\n    cohort: made-up\n    chapters: [{notebook: 02-list}]\n"
    project.write("compendium.yaml", COMPENDIUM + second)
    project.edit("compendium.yaml", """      - notebook: 01-count
        reads: ["data/extra/{cohort}.csv"]
""", "")  # fmt: skip
    project.run("--no-book")
    before = project.tables()
    shutil.copytree(project.home / "data/cohorts/curated", tmp_path / "own")
    printed = project.run("--no-book", "--cohort", f"curated,{tmp_path / 'own'}")
    assert "notebooks to execute: 1" in printed
    assert "curated+own/02-list  " in printed
    assert project.tables() == before
    own = project.tables("build/cohorts/curated+own/results")
    assert own["made-up/list.csv"] == before["made-up/list.csv"]
    assert len(own) == 2
    assert "up to date" in project.run("--no-book")


def test_one_chapter_alone_is_run_and_shown(project: Project) -> None:
    """The others stand in the book as they last ran, and the published tables stay."""
    project.run("--no-book")
    before = project.tables()
    project.edit("compendium.yaml", "threshold: 6.0", "threshold: 7")
    printed = project.run("--no-book", "--only", "01")
    assert executed(printed) == {"01-count"}
    assert "all other chapters as they last ran, results/ as it was" in printed
    assert project.tables() == before
    made = {path.parent.parent.name for path in project.home.glob("build/executed/*/*/*/results")}
    assert made == {"01-count", "02-list"}
    assert executed(project.run("--no-book")) == {"02-list"}
    assert project.tables()["curated/count.csv"] == b"rows,threshold,extra\n2,7,1\n"
    lost = project.run("--only", "03", expect=1)
    assert "ONLY: found '03'; must be one of 01-count, 02-list, or a number" in lost


def test_a_chapter_that_never_ran_runs_beside_the_one_that_is_looked_at(project: Project) -> None:
    assert executed(project.run("--no-book", "--only", "02-list")) == {"01-count", "02-list"}


def test_parameters_are_handed_down_and_the_innermost_wins(project: Project) -> None:
    chapter = "notebook: 02-list"
    project.edit("compendium.yaml", chapter, f"{chapter}\n        parameters: {{threshold: 1}}")
    project.edit(
        "compendium.yaml", "cohort: curated", "cohort: curated\nparameters: {threshold: 2}"
    )
    cohorts = project.home / "data/cohorts"
    shutil.copytree(cohorts / "made-up", cohorts / "drawn")
    project.write("data/extra/drawn.csv", "1\n")
    project.edit("compendium.yaml", "title: Cases", "title: Cases\n    cohort: made-up, drawn")
    assert planned(project, "parameters", "synthetic", "suffix") == {
        "made-up+drawn/01-count": [
            {"threshold": 6.0, "cohort": "made-up,drawn"}, True, "-made-up-drawn",
        ],
        "made-up+drawn/02-list": [
            {"threshold": 1, "cohort": "made-up,drawn"}, True, "-made-up-drawn",
        ],
    }  # fmt: skip


def test_a_cohort_may_lie_elsewhere(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own cases"
    (project.home / "data/cohorts/curated").rename(own)
    project.write("data/extra/own cases.csv", "1\n")
    project.edit("compendium.yaml", "cohort: curated", f"cohort: {own}")
    assert planned(project, "parameters", "suffix") == {
        f"own cases/{name}": [{"threshold": 6.0, "cohort": str(own)}, ""]
        for name in ("01-count", "02-list")
    }


def test_a_path_to_a_cohort_of_the_project_is_its_name(project: Project) -> None:
    before = planned(project, "parameters", "suffix", "key")
    project.edit(
        "compendium.yaml", "title: Cases", "title: Cases\n    cohort: data/cohorts/curated"
    )
    after = planned(project, "parameters", "suffix", "key")
    assert after == before


def test_the_build_folder_is_the_same_by_every_path(project: Project, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project.home)
    Project(link).run("--no-book", "--build", "build")
    assert project.tables()
    assert not (project.home / "build" / "results").exists()


def test_nothing_to_do_is_quick_and_touches_nothing(project: Project) -> None:
    project.run()
    build = project.home / "build"
    before = {path: path.stat().st_mtime_ns for path in build.rglob("*") if path.name != ".lock"}
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert project.run() == "up to date: build/book/index.html\n"
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - spent < 2
    after = {path: path.stat().st_mtime_ns for path in build.rglob("*") if path.name != ".lock"}
    assert after == before


@pytest.mark.parametrize("module", ["pandas", "papermill", "sphinx", "nbformat", "jinja2", "rich"])
def test_starts_without_heavy_imports(module: str) -> None:
    modules = "alkpool.compendium.plan, alkpool.compendium.run, alkpool.compendium.book"
    script = f"import sys, {modules}; assert {module!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_two_runs_at_once_wait_for_each_other(project: Project) -> None:
    first, second = project.start("--no-book"), project.start("--no-book")
    outputs = [process.communicate(timeout=120) for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    printed = [text for text, _ in outputs]
    assert sum("waiting: another run works in build" in text for text in printed) == 1
    assert sorted(map(executed, printed), key=len) == [set(), {"01-count", "02-list"}]
    assert json.loads(project.tables()["curated/takeaways/01-count.json"])


def test_a_run_that_is_killed_leaves_no_trace(project: Project) -> None:
    project.run("--no-book")
    before = project.tables()
    project.notebook("02-list", "List", [PARAMETERS, "import time\ntime.sleep(60)"])
    project.write("data/extra/curated.csv", "5\n")
    process = project.start("--no-book")
    deadline = time.monotonic() + 60
    while not list((project.home / "build/executed/curated/02-list").glob(".*")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    # What it had started would hold its output open.
    process.communicate(timeout=20)
    assert project.tables() == before
    project.notebook("02-list", "List", [PARAMETERS])
    assert executed(project.run("--no-book")) >= {"02-list"}
    after = project.tables()
    assert after["curated/count.csv"].endswith(b"5\n")
    assert "curated/list.csv" not in after
    assert not list((project.home / "build" / "executed").rglob(".*"))


@pytest.mark.parametrize("seconds", [0, 1])
def test_interruption_is_no_traceback(kernels: Project, seconds: int) -> None:
    """Before its kernel has started, and while it runs."""
    kernels.notebook("02-list", "List", [PARAMETERS, "import time\ntime.sleep(600)"])
    process = kernels.start("--no-book")
    while not list((kernels.home / "build").glob("executed/curated/02-list/.*")):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in printed + errors
    assert "stopped" in errors


def test_inputs_that_change_during_a_run_are_noticed(project: Project) -> None:
    notebook = project.home / "notebooks/02-list.ipynb"
    change = f"with open({str(notebook)!r}, 'a') as notebook:\n    notebook.write(' ')"
    project.notebook("02-list", "List", [PARAMETERS, change])
    printed = project.run("--no-book", expect=1)
    assert "inputs of curated/02-list changed while they ran: run again" in printed
    assert not (project.home / "results").exists()


def test_this_compendium_is_sound() -> None:
    pages = [task.page for task in plan.plan(plan.read())]
    assert pages[0] == "curated/07-uncertainty"
    notebooks = {path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")}
    assert {page.rpartition("/")[2] for page in pages} == notebooks - {"template"}


COUNT_ALL = """\
from alkpool import paths

folders = [paths.cohort_folder(name) for name in cohort.split(",")]
rows = [row for folder in folders for row in (folder / "rows.csv").read_text().splitlines()]
(paths.RESULTS / "counts.csv").write_text(str(len(rows)))
"""


def test_a_cohort_for_one_run_leaves_the_results_alone(project: Project, tmp_path: Path) -> None:
    """Two cohorts are pooled for once, in a build folder of their own."""
    project.edit("compendium.yaml", '\n        reads: ["data/extra/{cohort}.csv"]', "")
    project.notebook("01-count", "Count", [PARAMETERS, COUNT_ALL])
    project.run("--no-book")
    tracked = project.tables()
    own = tmp_path / "own patients"
    own.mkdir()
    (own / "cohort.yaml").write_text("title: Own\nsynthetic: false\n")
    (own / "rows.csv").write_text("a\nb\nc\n")
    printed = project.run("--no-book", "--cohort", f"curated, {own}")
    place = "build/cohorts/curated+own patients/results"
    assert place in printed
    assert project.tables() == tracked
    assert tracked["counts.csv"] == b"2"
    assert project.tables(place)["counts.csv"] == b"5"
    assert not list((project.home / "data").rglob("own*"))
    assert "up to date" in project.run("--no-book")
    lost = project.run("--no-book", "--cohort", "curated,lost", expect=1)
    assert "COHORT: found 'lost'; must be one of curated, made-up, or the path" in lost
    assert project.tables() == tracked


@pytest.mark.parametrize(
    ("cohort", "said"),
    [
        ("Curated", "found 'Curated'; must be one of curated, reconstructed, or the path"),
        ("curated, ,", "found ''; must be one of curated, reconstructed, or the path"),
        ("curated,curated", "found 'curated' twice; its patients would count twice"),
        ("reconstructed,curated", "reconstructed is synthetic, and made-up rows are never pooled"),
    ],
)
def test_a_wrong_cohort_for_one_run_is_said_once(
    cohort: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, however many chapters would read it."""
    assert main(["report", "--cohort", cohort]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: COHORT: ")
    assert said in line


@pytest.mark.parametrize("chapter", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_chapter_depends_on_the_science_and_not_on_the_faces(chapter: Path) -> None:
    cells = json.loads(chapter.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    found = {path.relative_to(PACKAGE).as_posix() for path in behind(*code)}
    assert {"data/cohort.py", "data/tables.yaml", "analysis/benefit.py", "show.py"} <= found
    assert not found & {
        "intake/template.yaml",
        "cli.py",
        "release.py",
        "explorer.py",
        "study.py",
        "compendium/book.py",
    }
