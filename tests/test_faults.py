"""Runs that are killed, or find no space, no right to write or no kernel, lose nothing.

After each fault the tables are wholly those of the last good run, or wholly the new ones, and
the same command run again succeeds. Every moment is drawn with a seed.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cases import case, own_cohort, write_csv
from project import LIST, PARAMETERS, Project, small_project

from alkpool.compendium.publish import KEPT

SEED = 20220101
KILLS_IN_A_RUN = 40

Tables = dict[str, bytes]

# Kills its own process at the n-th change of a file, counted from when the package is loaded.
KILLED_AT_A_CHANGE = """\
import os, signal, sys
from alkpool.compendium.__main__ import main
left = int(sys.argv[1])
def count(event, arguments):
    global left
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
    if writes or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "ctypes.dlsym"):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
sys.exit(main(["report", "--no-book"]))
"""


def set_state(project: Project, state: int) -> Tables:
    """Change what both chapters read; give back the tables that have to come of it."""
    project.write("data/extra/curated.csv", f"{state}\n")
    project.write("data/reference/drugs.csv", f"drug\n{state}\n")
    return {
        "curated/count.csv": f"rows,threshold,extra\n2,6.0,{state}\n".encode(),
        "curated/list.csv": f"drug\n{state}\n".encode(),
        "curated/takeaways/01-count.json": b'["2 rows, see {numref}`fig-count`."]',
    }


def start(project: Project, *command: str) -> "subprocess.Popen[str]":
    """Start a run that can be killed with all that it starts."""
    return subprocess.Popen(
        [sys.executable, *command], cwd=project.home, env=project.environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


REPORT = ("-m", "alkpool.compendium", "report")


def kill(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.nightly
def test_a_run_killed_at_any_moment_loses_nothing(project: Project) -> None:
    good = set_state(project, 0)
    begun = time.perf_counter()
    project.run("--no-book")
    takes = time.perf_counter() - begun
    moments, outcomes = random.Random(SEED), {"old": 0, "new": 0}
    for state in range(1, KILLS_IN_A_RUN + 1):
        new = set_state(project, state)
        process = start(project, *REPORT, "--no-book")
        time.sleep(moments.uniform(0, 1.1 * takes))
        kill(process)
        found = project.tables()
        assert found in (good, new), state
        outcomes["new" if found == new else "old"] += 1
        good = found
    assert outcomes["old"] > KILLS_IN_A_RUN / 4
    expected = set_state(project, KILLS_IN_A_RUN + 1)
    project.run("--no-book")
    assert project.tables() == expected
    assert "up to date" in project.run("--no-book")
    left = {path.name for path in project.home.iterdir()}
    assert left == {"book", "build", "compendium.yaml", "data", "notebooks", "pyproject.toml",
                    "requirements.lock", "results", "src"}  # fmt: skip
    executed = [path.parent.name for path in (project.home / "build/executed/curated").glob("*/*")]
    assert sorted(executed) == ["01-count"] * KEPT + ["02-list"] * KEPT


@pytest.mark.nightly
def test_a_run_killed_at_each_change_of_a_file_leaves_all_old_or_all_new_tables(
    project: Project,
) -> None:
    """Publishing takes a moment that a kill by the clock hardly meets."""
    project.notebook("03-gone", "Gone", [PARAMETERS, LIST.replace("list.csv", "gone.csv")])
    project.edit("compendium.yaml", "      - notebook: 02-list\n",
                 "      - notebook: 02-list\n      - notebook: 03-gone\n")  # fmt: skip
    set_state(project, 0)
    project.run("--no-book")
    before = {name: shutil.copytree(project.home / name, project.home.parent / name)
              for name in ("build", "results")}  # fmt: skip
    old = project.tables()
    new = set_state(project, 1)
    project.edit("compendium.yaml", "      - notebook: 03-gone\n", "")
    for chapter in ("01", "02"):
        project.run("--no-book", "--only", chapter)
    for name, kept in before.items():
        # Both chapters have run for the new state; what is published is the old one.
        if name == "build":
            shutil.copy(kept / "published.json", project.home / name / "published.json")
            shutil.copytree(kept / "executed", project.home / name / "executed", dirs_exist_ok=True)
    ready = shutil.copytree(project.home / "build", project.home.parent / "ready")
    kills, seen = 0, set()
    while True:
        process = start(project, "-c", KILLED_AT_A_CHANGE, str(kills))
        printed, errors = process.communicate(timeout=60)
        found = project.tables()
        assert found in (old, new), kills
        seen.add(found == new)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, printed + errors
        kills += 1
        project.run("--no-book")
        assert project.tables() == new
        for name, kept in {"build": ready, "results": before["results"]}.items():
            shutil.rmtree(project.home / name)
            shutil.copytree(kept, project.home / name)
    assert seen == {True, False}
    assert kills >= 15
    assert not list(project.home.glob(".results*"))


@pytest.mark.nightly
def test_a_rendering_that_is_killed_leaves_the_last_good_book(project: Project) -> None:
    set_state(project, 0)
    begun = time.perf_counter()
    project.run()
    takes = time.perf_counter() - begun
    page = project.home / "build/book/welcome.html"
    moments = random.Random(SEED)
    for number in range(4):
        project.write("book/welcome.md", f"# Welcome\n\nEdition {number}.\n")
        before = page.read_text()
        process = start(project, *REPORT)
        time.sleep(moments.uniform(0.3, 0.8) * takes)
        kill(process)
        assert f"Edition {number}." in page.read_text() or page.read_text() == before
        assert (project.home / "build/book/index.html").is_file()
    project.run()
    assert "Edition 3." in page.read_text()


SLOW = """\
import os, time
open({kernel!r}, "w").write(str(os.getpid()))
time.sleep(60)
"""


def started_slow(project: Project) -> "tuple[subprocess.Popen[str], int]":
    """Start a run, and give it when one of its kernels is busy, with the number of that kernel."""
    end, kernel = time.monotonic() + 60, project.home / "kernel"
    kernel.unlink(missing_ok=True)
    slow = SLOW.format(kernel=str(kernel))
    project.notebook("02-list", "List", [PARAMETERS, LIST, slow])
    process = start(project, *REPORT, "--no-book")
    while not (kernel.is_file() and kernel.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    return process, int(kernel.read_text())


def test_a_kernel_that_is_killed_is_named_and_changes_nothing(kernels: Project) -> None:
    good = set_state(kernels, 0)
    kernels.run("--no-book")
    new = set_state(kernels, 1)
    process, kernel = started_slow(kernels)
    time.sleep(random.Random(SEED).uniform(0, 1))
    os.kill(kernel, signal.SIGKILL)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 1, printed
    assert "curated/02-list failed" in errors
    assert "notebooks/02-list.ipynb, cell 4:" in errors
    assert "DeadKernelError" in errors
    assert kernels.tables() == good
    process, _ = started_slow(kernels)
    process.kill()
    process.communicate(timeout=20)  # what it had started would hold its output open
    assert kernels.tables() == good
    kernels.notebook("02-list", "List", [PARAMETERS, LIST])
    kernels.run("--no-book")
    assert kernels.tables() == new


@pytest.mark.nightly
def test_whatever_a_chapter_made_is_made_again_when_it_is_gone_or_spoilt(project: Project) -> None:
    expected = set_state(project, 0)
    project.run("--no-book")
    made = sorted(
        path.relative_to(project.home / "build")
        for path in (project.home / "build/executed").rglob("*")
        if path.is_file()
    )
    assert len(made) == 7
    broken = random.Random(SEED).sample(made, 4)
    for number, name in enumerate(broken):
        path = project.home / "build" / name
        if number % 2:
            path.write_bytes(path.read_bytes()[:-3])
        else:
            path.unlink()
        assert "to execute: 1" in project.run("--no-book"), name
        assert project.tables() == expected
    assert "up to date" in project.run("--no-book")


@pytest.mark.nightly
def test_two_runs_at_once_on_the_same_tables(project: Project) -> None:
    for state in (1, 2):
        expected = set_state(project, state)
        runs = [project.start("--no-book", "--jobs", jobs) for jobs in ("1", "2", "2")]
        printed = [run.communicate(timeout=120) for run in runs]
        assert [run.returncode for run in runs] == [0, 0, 0], printed
        assert project.tables() == expected
        assert any("waiting: another run works in build" in out for out, _ in printed)
    assert not list(project.home.glob(".results*"))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of its own size, for which one has to be root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "alkpool", folder]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        mounted = False
    if not mounted or mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def free(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path, thorough: bool) -> None:
    disk = tmp_path / "small disk"
    with small_disk(disk, 24):
        project = small_project(disk / "checkout")
        good = set_state(project, 0)
        project.run("--no-book")
        needs, room = 64 * 1024, random.Random(SEED)
        failures = 0
        for state in range(1, 9 if thorough else 3):
            new = set_state(project, state)
            ballast = disk / "ballast"
            spare = 0 if state == 1 else room.randrange(needs)
            ballast.write_bytes(bytes(max(free(disk) - spare, 0)))
            process = project.start("--no-book")
            printed, errors = process.communicate(timeout=120)
            assert "Traceback" not in printed + errors, errors
            if process.returncode:
                failures += 1
                assert "No space left on device" in errors, errors
                assert project.tables() == good
            else:
                assert project.tables() == new
            ballast.unlink()
            project.run("--no-book")
            assert project.tables() == new
            good = new
        assert failures >= (4 if thorough else 1)


def test_a_disk_that_is_read_only_is_said_and_changes_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 24):
        project = small_project(disk / "checkout")
        good = set_state(project, 0)
        project.run("--no-book")
        new = set_state(project, 1)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        printed = project.run("--no-book", expect=1)
        assert "Read-only file system" in printed
        assert project.tables() == good
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        project.run("--no-book")
        assert project.tables() == new


def as_nobody() -> list[str]:
    """Command that runs this Python without the rights of root."""
    if os.geteuid() != 0:
        return [sys.executable]
    if shutil.which("setpriv") is None:
        pytest.skip("root can write everywhere, and setpriv is not there to become somebody else")
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/local/bin/{name}", f"/usr/bin/{name}"):
        # Who starts it need not be allowed to start it again.
        again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
        tried = [*become, python, "-c", again]
        if (
            Path(python).exists()
            and subprocess.run(tried, check=False, stderr=subprocess.DEVNULL).returncode == 0
        ):
            return [*become, python]
    pytest.skip("this Python lies where only root can start it")


@pytest.mark.parametrize("name", ["results", "results/curated", "build"])
def test_a_folder_that_cannot_be_written_to_is_said(name: str) -> None:
    python = as_nobody()
    # Somebody else may not enter the folders of pytest.
    with tempfile.TemporaryDirectory(prefix="alkpool-") as place:
        Path(place).chmod(0o755)
        project = small_project(Path(place) / "checkout")
        # Copied twice into the checkout of a chapter, it could be written the second time by root.
        project.write("notebooks/takeaways/02-list.md.j2", "A sentence.\n")
        good = set_state(project, 0)
        project.run("--no-book")
        new = set_state(project, 1)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", project.home], check=True)
        folders = [project.home / name, *(project.home / name).rglob("*/")]
        for folder in folders:
            folder.chmod(0o555)
        command = [*python, *REPORT, "--no-book"]
        settings = project.environment() | {"HOME": place}
        settings["PYTHONPATH"] += os.pathsep + sysconfig.get_path("purelib")
        done = subprocess.run(command, cwd=project.home, env=settings, text=True,
                              capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 1, done.stdout
        assert "Traceback" not in done.stderr, done.stderr
        assert name in done.stderr
        assert project.tables() == good
        for folder in folders:
            folder.chmod(0o755)
        done = subprocess.run(command, cwd=project.home, env=settings, text=True,
                              capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert project.tables() == new


ADD = """\
import os, signal, sys
from alkpool import cli
left = int(sys.argv.pop(1))
folder = os.path.dirname(sys.argv[4])
def count(event, arguments):
    global left
    place = os.fsdecode(arguments[0]) if arguments and isinstance(arguments[0], str) else ""
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
    if place.startswith(folder) and (
        writes or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir")
    ):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
cli.main()
"""


@pytest.mark.nightly
def test_an_addition_killed_at_any_change_of_a_file_is_all_or_nothing(tmp_path: Path) -> None:
    new = write_csv(tmp_path / "new.csv", case())

    def added(folder: Path, left: int) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", ADD, left, "add", new, "--cohort", folder, "--yes"]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)

    def content(folder: Path) -> Tables:
        names = ("sources", "patients", "samples", "treatments")
        return {name: (folder / f"{name}.csv").read_bytes() for name in names}

    whole = own_cohort(tmp_path / "whole" / "mine")
    old = content(whole)
    assert added(whole, 10**6).returncode == 0
    merged = content(whole)
    assert all(merged[name] != old[name] for name in merged)
    places = random.Random(SEED).sample(range(12), 4)
    killed = 0
    for left in places:
        folder = own_cohort(tmp_path / str(left) / "mine")
        done = added(folder, left)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
        if folder.is_dir():
            assert content(folder) in (old, merged)
        again = added(folder, 10**6)
        assert again.returncode == 0 or "already" in again.stderr, again.stderr
        assert content(folder) == merged
    assert killed >= 2
