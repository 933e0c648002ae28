"""Chapters run, fail and are published without ever leaving half of anything."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from project import COMPENDIUM, COUNT, FIGURE, LIST, PARAMETERS, Project

from alkpool.compendium import run
from alkpool.files import exchange, write_if_changed

WRITE = """\
from alkpool import paths

(paths.RESULTS / cohort).mkdir(parents=True)
(paths.RESULTS / cohort / "{name}").write_text("{text}")
"""


def executed(project: Project, name: str, build: str = "build") -> Path:
    (found,) = (project.home / build / "executed" / "curated" / name).glob(f"*/{name}.ipynb")
    return found


def test_publishes_tables_and_keeps_executed_notebooks(kernels: Project) -> None:
    kernels.run("--no-book")
    assert kernels.tables() == {
        "curated/count.csv": b"rows,threshold,extra\n2,6.0,1\n",
        "curated/list.csv": b"drug\ncrizotinib\n",
        "curated/takeaways/01-count.json": b'["2 rows, see {numref}`fig-count`."]',
    }
    notebook = nbformat.read(executed(kernels, "01-count"), as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == [f"cell-{n:02d}" for n in range(6)]
    assert notebook.cells[2].metadata.tags == ["injected-parameters"]
    assert notebook.cells[3].outputs == [{"name": "stdout", "output_type": "stream", "text": "2\n"}]


@pytest.mark.nightly
def test_two_builds_give_the_same_bytes(kernels: Project) -> None:
    noisy = "import sys, time\nfor n in range(3):\n    print(n, flush=True)\n    time.sleep(0.1)\n"
    hashed = "print({'a', 'b', 'c', 'd'}, hash('a'))\nimport time; time.tzname"
    kernels.notebook("02-list", "List", [PARAMETERS, LIST, noisy, hashed])
    kernels.run("--no-book", "--jobs", "1")
    kernels.run("--no-book", "--jobs", "2", "--build", "other")
    assert kernels.tables() == kernels.tables("other/results")
    record = re.compile(r"/record\.json$")
    first, second = (
        {name: text for name, text in kernels.tables(f"{root}executed").items()
         if not record.search(name)}
        for root in ("build/", "other/")
    )  # fmt: skip
    assert first == second
    assert sum(name.endswith(".ipynb") for name in first) == 2
    assert not any(str(kernels.home).encode() in text for text in first.values())


FAILURES = {
    "error": ("rows = []\n\nrows[7]", ["IndexError: list index out of range", "rows = []"]),
    "undeclared data": (
        "from alkpool import paths\n(paths.DATA / 'secret' / 'other.csv').read_text()",
        ["FileNotFoundError: curated/02-list reads data/secret/other.csv",
         "add it to its reads: in compendium.yaml"],
    ),
    "undeclared data that a reader of tables misses": (
        "raise ValueError('2 problems:\\n  secret/other.csv: the file is missing\\n  reference/"
        "drugs.csv: the file is missing')",
        ["curated/02-list reads data/secret/other.csv, data/reference/drugs.csv: add it to its"],
    ),
    "undeclared data by another road": (
        "import os\nos.open('../data/reference/../secret/other.csv', os.O_RDONLY)",
        ["FileNotFoundError: "],
    ),
    "data of another cohort": (
        "from alkpool import paths\n(paths.COHORTS / 'made-up' / 'rows.csv').read_text()",
        ["FileNotFoundError: curated/02-list reads data/cohorts/made-up/rows.csv"],
    ),
    "results of other chapters": (
        "from alkpool import paths\n(paths.HOME / 'results/curated/count.csv').read_text()",
        ["curated/02-list reads results/curated/count.csv: a chapter reads data only"],
    ),
}  # fmt: skip


@pytest.fixture
def published(project: Project) -> Project:
    """Published once, with a book that must survive."""
    project.run("--no-book")
    project.write("build/book/index.html", "the last good book")
    return project


def test_a_failing_cell_is_named_and_changes_nothing(published: Project) -> None:
    before = published.tables()
    published.write("data/extra/curated.csv", "2\n")
    for case, (cell, expected) in FAILURES.items():
        published.notebook("02-list", "List", [PARAMETERS, "%md Text.", "print('so far')", cell])
        printed = published.run(expect=1)
        for text in ["notebooks/02-list.ipynb, cell 5:", *expected]:
            assert text in printed, case
        copy = published.home / "build" / "failed" / "curated" / "02-list.ipynb"
        assert "build/failed/curated/02-list.ipynb" in printed
        assert "so far" in copy.read_text()
        assert published.tables() == before
        assert (published.home / "data/reference/drugs.csv").read_text() == "drug\ncrizotinib\n"
        assert (published.home / "build/book/index.html").read_text() == "the last good book"
    published.notebook("02-list", "List", [PARAMETERS, LIST])
    printed = published.run("--no-book")
    assert "curated/01-count" not in printed, "it had succeeded beside the failing one"
    assert published.tables()["curated/count.csv"].endswith(b"2\n")
    assert not (published.home / "build" / "failed").exists()


def test_an_error_in_the_parameters_is_their_cell(project: Project) -> None:
    project.notebook("02-list", "List", [PARAMETERS, "1 / 0"])
    assert "notebooks/02-list.ipynb, cell 3:" in project.run("--no-book", expect=1)


def test_nothing_is_started_after_a_failure(project: Project) -> None:
    project.notebook("01-count", "Count", [PARAMETERS, "1 / 0"])
    printed = project.run("--no-book", "--jobs", "1", expect=1)
    assert "curated/01-count failed" in printed
    assert "02-list" not in printed
    assert not (project.home / "build/executed/curated/02-list").exists()


def test_a_kernel_that_dies_is_reported(kernels: Project) -> None:
    kernels.notebook("02-list", "List", [PARAMETERS, "import os\nos._exit(3)"])
    printed = kernels.run("--no-book", expect=1)
    assert "notebooks/02-list.ipynb, cell 3:\n    import os\n    os._exit(3)\n" in printed
    assert "DeadKernelError: Kernel died" in printed
    assert (kernels.home / "build/failed/curated/02-list.ipynb").is_file()


@pytest.mark.parametrize("name", ["data/reference/drugs.csv", "data/new.csv", "notebooks/x.csv"])
def test_writing_to_what_is_read_is_refused_and_changes_nothing(
    published: Project, name: str
) -> None:
    before = published.tables("data") | published.tables("notebooks")
    cell = f"copy = paths.HOME / {name!r}\ncopy.exists() and copy.unlink()\ncopy.write_text('')"
    published.notebook("02-list", "List", [PARAMETERS, LIST, cell])
    notebook = {"02-list.ipynb": (published.home / "notebooks/02-list.ipynb").read_bytes()}
    assert f"curated/02-list failed\n  writes to {name}: " in published.run("--no-book", expect=1)
    assert published.tables("data") | published.tables("notebooks") == before | notebook


def test_a_table_no_longer_made_is_removed(project: Project) -> None:
    project.write("results/curated/by-hand.csv", "kept\n")
    project.run("--no-book")
    project.notebook("02-list", "List", [PARAMETERS, WRITE.format(name="new.csv", text="1")])
    project.run("--no-book")
    assert set(project.tables()) == {
        "curated/by-hand.csv", "curated/count.csv", "curated/new.csv",
        "curated/takeaways/01-count.json",
    }  # fmt: skip
    project.write("compendium.yaml", COMPENDIUM.replace("      - notebook: 02-list\n", ""))
    project.run("--no-book")
    assert "curated/new.csv" not in project.tables()


def test_a_table_changed_by_hand_is_put_right(project: Project) -> None:
    project.run("--no-book")
    before = project.tables()
    project.write("results/curated/count.csv", "typed\n")
    (project.home / "results/curated/list.csv").unlink()
    assert "to execute" not in project.run("--no-book")
    assert project.tables() == before


def test_two_chapters_may_not_write_the_same_table(project: Project) -> None:
    project.run("--no-book")
    before = project.tables()
    project.notebook("02-list", "List", [PARAMETERS, WRITE.format(name="count.csv", text="1")])
    printed = project.run("--no-book", expect=1)
    assert "curated/01-count and curated/02-list both write curated/count.csv" in printed
    assert project.tables() == before


def test_two_chapters_may_not_name_figures_alike(project: Project) -> None:
    """They would be found only when the whole book is rendered, and the tables be there by then."""
    project.notebook("02-list", "List", [PARAMETERS, FIGURE, "%md (aim)=\n# Aim"])
    project.notebook("01-count", "Count", [PARAMETERS, COUNT, FIGURE, "%md (aim)=\n# Aim"])
    printed = project.run("--no-book", expect=1)
    for name in ("aim", "fig-count"):
        both = f"curated/01-count and curated/02-list both have a figure or label {name}\n"
        assert both in printed
    assert not (project.home / "results").exists()


def test_pooled_cohorts_and_a_second_cohort_have_tables_of_their_own(project: Project) -> None:
    second = "  - title: Made up\n    cohort: made-up\n    chapters: [{notebook: 02-list}]\n"
    project.write("compendium.yaml", COMPENDIUM + second)
    project.run("--no-book")
    tables = project.tables()
    assert tables["made-up/list.csv"] == tables["curated/list.csv"]


def test_braces_and_spaces_in_the_path_of_the_checkout(kernels: Project) -> None:
    home = kernels.home.with_name("a {braced} checkout")
    kernels.home.rename(home)
    moved = Project(home, kernels=True)
    moved.run("--no-book")
    assert json.loads(moved.tables()["curated/takeaways/01-count.json"])


def test_personal_settings_stay_out(kernels: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = kernels.home.parent / "settings" / "profile_default" / "startup"
    settings.mkdir(parents=True)
    (settings / "mine.py").write_text("mine = 1")
    kernels.write("build/ipython/profile_default/startup/left.py", "mine = 2")
    monkeypatch.setenv("IPYTHONDIR", str(settings.parents[1]))
    monkeypatch.setenv("MPLBACKEND", "pdf")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    seen = "import os\nassert 'mine' not in globals()\nassert os.environ['TZ'] == 'UTC'\n"
    seen += "assert os.environ['MPLBACKEND'] == 'module://matplotlib_inline.backend_inline'"
    kernels.notebook("02-list", "List", [PARAMETERS, LIST, seen])
    kernels.run("--no-book")


@pytest.mark.parametrize(
    "name",
    ["MATPLOTLIBRC", "MPLBACKEND", "PYTHONDEVMODE", "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP",
     "PYTHONUTF8", "PYTHONWARNINGS"],
)  # fmt: skip
def test_no_kernel_is_handed_a_personal_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("HARMLESS", "mine")
    handed = run.kernel_environment(tmp_path)
    assert (handed.get(name), handed["HARMLESS"]) == (None, "mine")


def test_write_if_changed_keeps_equal_files(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    assert write_if_changed(target, b"a")
    before = target.stat().st_ino
    assert not write_if_changed(target, b"a")
    assert target.stat().st_ino == before
    assert write_if_changed(target, b"b")
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_writing_keeps_what_a_file_is(tmp_path: Path) -> None:
    """Its mode, and where a link leads; devices, pipes and /dev/stdout are written to."""
    private, link = tmp_path / "private", tmp_path / "link"
    private.write_bytes(b"old")
    private.chmod(0o600)
    link.symlink_to(private)
    assert write_if_changed(link, b"new")
    assert link.is_symlink()
    assert (private.read_bytes(), private.stat().st_mode & 0o777) == (b"new", 0o600)
    null = Path("/dev/null").stat()
    assert write_if_changed(Path("/dev/null"), b"x")
    assert Path("/dev/null").stat().st_rdev == null.st_rdev
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        assert write_if_changed(pipe, b"through")
        assert reader.communicate(timeout=60) == (b"through", None)
    assert pipe.is_fifo()
    script = (
        "from pathlib import Path; from alkpool.files import write_if_changed;"
        "write_if_changed(Path('/dev/stdout'), b'b')"
    )
    target = tmp_path / "printed"
    target.write_bytes(b"a")
    with target.open("ab") as printed:
        subprocess.run([sys.executable, "-c", script], stdout=printed, check=True)
    assert target.read_bytes() == b"ab"
    piped = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    assert piped.stdout == b"b"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("platform", ["linux", "another"])
def test_exchange_puts_a_folder_in_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    exchange(new, old)
    assert (old / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
