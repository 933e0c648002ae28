"""The notebooks themselves: clean sources, the same answers again and again."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from alkpool import paths
from alkpool.compendium import plan, run
from alkpool.compendium.plan import Task

SOURCES = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
MOST_CELLS = 24


@pytest.fixture(scope="module")
def tasks() -> list[Task]:
    return plan.plan(plan.read())


# By day nbval runs these: prose and tables, statistics, a matrix on made-up rows.
REPRODUCED = (
    "curated/02-benefit-classification",
    "curated/05-what-groups-show",
    "reconstructed/04-clinical-actionability",
)


def build(*options: str) -> None:
    command = [sys.executable, "-m", "alkpool.compendium", "report", "--no-book", *options]
    done = subprocess.run(command, cwd=paths.HOME, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def first() -> Path:
    """The build of this checkout, made when it is not up to date."""
    build("--jobs", "2")
    return paths.BUILD


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything once more, elsewhere and one after the other."""
    folder = tmp_path_factory.mktemp("second")
    build("--jobs", "1", "--build", str(folder))
    return folder


def contents(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob("*") if path.is_file() and path.name != run.RECORD]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_source_is_clean(source: Path) -> None:
    notebook = nbformat.read(source, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert len(notebook.cells) <= MOST_CELLS
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_parameter_is_explained(source: Path) -> None:
    parameters = plan.notebook_parameters(source)
    assert plan.COHORT in parameters
    assert [name for name, parameter in parameters.items() if not parameter.help] == []


@pytest.mark.parametrize(
    "source", sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb")), ids=lambda path: path.stem
)
def test_every_number_has_limits(source: Path) -> None:
    """Said beside it, with a reason: a seed that no generator takes, chains for no machine."""
    parameters = plan.notebook_parameters(source)
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    assert list(plan._parameter_problems(defaults, parameters)) == []
    for name, default in defaults.items():
        if type(default) in (int, float):
            for beyond in (type(default)(2**70), -1, 10**12):
                (said,) = plan._parameter_problems({name: beyond}, parameters)
                assert f"parameters.{name}: found {beyond!r}; must be" in said


@pytest.mark.parametrize("value", [0, 1, 3, 100_001])
def test_draws_are_as_many_as_the_sampler_takes(value: int) -> None:
    parameters = plan.notebook_parameters(paths.NOTEBOOKS / "07-uncertainty.ipynb")
    (said,) = plan._parameter_problems({"draws": value}, parameters)
    assert "above 0" in said or "must be from 4 to 100000: more do not fit" in said


@pytest.mark.nightly
def test_two_full_builds_give_the_same_bytes(first: Path, second: Path, tasks: list[Task]) -> None:
    for task in tasks:
        one, other = (contents(run.folder(task, folder)) for folder in (first, second))
        assert one.keys() == other.keys()
        assert [name for name in one if one[name] != other[name]] == [], task.page


def test_tracked_results_are_those_of_this_state(first: Path) -> None:
    """A change of answers is to be looked at, and committed or at least staged."""

    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=paths.HOME, check=True, capture_output=True
        ).stdout

    if not (paths.HOME / ".git").exists():
        pytest.skip("not a git checkout")
    names = git("ls-files", "-z", "results").decode().split("\0")[:-1]
    tracked = {name.removeprefix("results/"): git("show", f":{name}") for name in names}
    made = contents(paths.HOME / "results")
    moved = [name for name in tracked | made if tracked.get(name) != made.get(name)]
    assert moved == [], "run make report, look at git diff results/, and git add results"


def test_executed_notebooks_reproduce_their_outputs(
    first: Path, tasks: list[Task], tmp_path: Path, thorough: bool
) -> None:
    """Strict nbval: a second run of the executed copies prints and draws the same."""
    tasks = tasks if thorough else [task for task in tasks if task.page in REPRODUCED]
    environment = run.kernel_environment(tmp_path / "build")
    environment |= {"ALKPOOL_RESULTS": str(tmp_path / "results")}
    copies = [run.executed_notebook(task, first) for task in tasks]
    options = ["--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", *options, f"--junit-xml={report}"]
    done = subprocess.run(
        [*command, *map(str, copies)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    cells = [cell for copy in copies for cell in json.loads(copy.read_text("utf-8"))["cells"]]
    compared = sum(cell["cell_type"] == "code" for cell in cells)
    assert f'tests="{compared}"' in report.read_text()
    written = contents(tmp_path / "results")
    published = {
        name: content
        for task in tasks
        for name, content in contents(run.folder(task, first) / "results").items()
    }
    assert written == published
