"""A notebook of one's own: made, registered and shown, or nothing at all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from project import COMPENDIUM, LIST, PARAMETERS, ROOT, Project

from alkpool.compendium.new import _copied
from alkpool.compendium.plan import Compendium


@pytest.fixture
def forkable(project: Project) -> Project:
    """The small project with a template."""
    listed = LIST.replace('"list.csv"', '("template" + ".csv")')
    project.notebook("template", "Title: the question", [PARAMETERS, listed])
    return project


def new(project: Project, *arguments: str, expect: int = 0) -> str:
    command = [sys.executable, "-m", "alkpool.compendium", "new", *arguments]
    done = subprocess.run(command, cwd=project.home, env=project.environment(), text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == expect, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_a_new_notebook_is_a_chapter(forkable: Project) -> None:
    said = new(forkable, "my-question", "--title", "Which *first*?")
    assert said == (
        "made notebooks/my-question.ipynb and its entry in compendium.yaml; make report shows it "
        "as a chapter\n"
    )
    made = nbformat.read(forkable.home / "notebooks/my-question.ipynb", as_version=4)
    nbformat.validate(made)
    assert made.cells[0].source == "# Which \\*first\\*?"
    assert made.cells[1].metadata["tags"] == ["parameters"]
    assert made.cells[1].source.startswith('cohort = "curated"  # Cohort')
    forkable.run()
    assert "curated/my-question.csv" in forkable.tables()
    page = (forkable.home / "build/book/curated/my-question.html").read_text("utf-8")
    assert "<h1>Which *first*?" in page
    cover = (forkable.home / "build/book/index.html").read_text("utf-8")
    assert 'href="curated/my-question.html"' in cover


FORKED = """\
from IPython.display import display
from alkpool import paths

class show:
    def write_table(table, name, pool):
        (paths.RESULTS / f"{name}.csv").write_text(table)
def drawn(name):
    words = {"name": name, "caption": f"See {name}.", "alt": "A square."}
    display({"image/svg+xml": "<svg/>"}, raw=True, metadata={"image/svg+xml": {"alkpool": words}})
show.write_table("a,b\\n", "list", cohort)
show.write_table(
    f"{len('list')}, {cohort}",
    "list_of_all",
    cohort,
)
sentences = "02-list"
drawn("fig-one")
drawn("fig-one-more")
"""


def test_a_chapter_is_copied_with_names_of_its_own(forkable: Project) -> None:
    prose = "%md (aim)=\n## Aim\n\nSee {numref}`fig-one`, not {numref}`fig-one-more`, and [](aim)."
    forkable.notebook("02-list", "List", [PARAMETERS, FORKED, prose])
    forkable.write("notebooks/takeaways/02-list.md.j2", "- See {numref}`fig-one`.")
    entry = "      - notebook: 02-list\n"
    forkable.edit("compendium.yaml", entry, entry + "        parameters: {threshold: 3.5}\n"
                  '        reads: ["data/extra/{cohort}.csv"]\n')  # fmt: skip
    new(forkable, "mine", "--from", "02-list")
    forkable.run("--no-book")
    assert {name: text for name, text in forkable.tables().items() if "list" in name} == {
        "list.csv": b"a,b\n", "list_of_all.csv": b"4, curated",
        "mine-list.csv": b"a,b\n", "mine-list_of_all.csv": b"4, curated",
    }  # fmt: skip
    made = nbformat.read(forkable.home / "notebooks/mine.ipynb", as_version=4)
    assert made.cells[0].source == "# Mine"
    assert 'sentences = "mine"\ndrawn("fig-mine-one")\ndrawn("fig-mine-one-more")' in (
        made.cells[2].source
    )
    assert made.cells[3].source == (
        "(mine-aim)=\n## Aim\n\nSee {numref}`fig-mine-one`, not {numref}`fig-mine-one-more`, "
        "and [](mine-aim)."
    )
    taken = (forkable.home / "notebooks/takeaways/mine.md.j2").read_text()
    assert taken == "- See {numref}`fig-mine-one`."
    chapters = yaml.safe_load((forkable.home / "compendium.yaml").read_text())["parts"][1][
        "chapters"
    ]
    assert chapters[-1] == chapters[-2] | {"notebook": "mine"}


def test_a_copy_runs_on_the_cohort_of_its_source(forkable: Project) -> None:
    """A chapter of one part alone may read what only the cohort of that part has."""
    entry = "      - notebook: 02-list\n"
    forkable.edit("compendium.yaml", entry, "  - title: Made up\n    cohort: made-up\n"
                  f"    chapters:\n{entry}")  # fmt: skip
    new(forkable, "mine", "--from", "02-list")
    parts = yaml.safe_load((forkable.home / "compendium.yaml").read_text())["parts"]
    assert parts[2]["chapters"] == [{"notebook": "02-list"}, {"notebook": "mine"}]
    made = nbformat.read(forkable.home / "notebooks/mine.ipynb", as_version=4)
    assert made.cells[1].source.startswith('cohort = "made-up"')


@pytest.mark.parametrize("chapter", sorted((ROOT / "notebooks").glob("[01]*.ipynb")),
                         ids=lambda path: path.stem)  # fmt: skip
def test_a_copy_of_any_chapter_shares_no_name_with_it(chapter: Path) -> None:
    """What is written and drawn, by the words of the cells; `make report` refuses what is left."""
    copied = dict(_copied("mine", chapter.stem, "Mine", "curated"))
    text = copied[ROOT / "notebooks/mine.ipynb"]
    assert chapter.stem not in text
    old = chapter.read_text()
    for pattern in (
        r'\\"fig-[\w-]+\\"',
        r'\\"\w+\\",(?:\\n",\s+")?\s*(?:pool|beside|everyone),?\s*\)',
    ):
        without = chapter.name.startswith("12") or (
            "fig-" in pattern and chapter.name[:2] in ("10", "11")
        )
        assert re.findall(pattern, old) or without
        assert not set(re.findall(pattern, old)) & set(re.findall(pattern, text))


def test_all_else_of_the_configuration_stays_as_it_was_typed(forkable: Project) -> None:
    text = (ROOT / "compendium.yaml").read_text("utf-8")
    known = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    for name in known:
        forkable.write(f"notebooks/{name}.ipynb", (ROOT / f"notebooks/{name}.ipynb").read_text())
    for page in Compendium.model_validate(yaml.safe_load(text)).parts:
        for name in page.pages:
            forkable.write(f"book/{name}.md", f"# {name}\n")
    text = text.replace("cohort: reconstructed", "cohort: made-up  # a comment")
    for folder in ("raw/curated", "groups", "invitro", "knowledgebases", "published",
                   "identification", "multiverse"):  # fmt: skip
        forkable.write(f"data/{folder}/a.csv", "a\n")
    forkable.write("data/published/profiles.csv", "a\n")
    forkable.write("compendium.yaml", text)
    new(forkable, "my-question")
    changed = (forkable.home / "compendium.yaml").read_text("utf-8")
    lines = changed.splitlines(keepends=True)
    lines.remove("      - notebook: my-question\n")
    assert "".join(lines) == text
    new(forkable, "another", "--from", "11-what-agrees")
    before = yaml.safe_load(changed)["parts"]
    parts = yaml.safe_load((forkable.home / "compendium.yaml").read_text("utf-8"))["parts"]
    more = {
        part["title"]: part["chapters"][len(old.get("chapters", [])) :]
        for part, old in zip(parts, before, strict=True)
        if part != old
    }
    (title,) = [part["title"] for part in parts if part.get("cohort") == "made-up"]
    assert more == {title: [{"notebook": "another", "reads": ["data/published/*"]}]}


@pytest.mark.parametrize(
    ("old", "new_line"),
    [
        ("      - notebook: 02-list\n", "      - notebook: 02-list\n      - notebook: mine\n"),
        ("      - notebook: 02-list\n", "      - {notebook: 02-list} # last\n\n\n      # more\n"),
        ("      - notebook: 02-list\n  - title: About\n    pages: [status]\n",
         "      - notebook: 02-list"),
        ("      - notebook: 02-list\n", "      - notebook: 02-list\r\n"),
    ],
)  # fmt: skip
def test_it_comes_after_the_last_chapter_however_that_is_typed(
    forkable: Project, old: str, new_line: str
) -> None:
    forkable.notebook("mine", "Mine", [PARAMETERS, "1"])
    forkable.edit("compendium.yaml", old, new_line)
    new(forkable, "my-question")
    content = yaml.safe_load((forkable.home / "compendium.yaml").read_text("utf-8"))
    assert content["parts"][1]["chapters"][-1] == {"notebook": "my-question"}
    text = (forkable.home / "compendium.yaml").read_text("utf-8")
    assert all(line in text for line in new_line.splitlines())


def test_chapters_in_brackets(forkable: Project) -> None:
    part = "  - title: Mine\n    chapters: [{notebook: 02-list, cohort: made-up}]\n"
    forkable.write("compendium.yaml", COMPENDIUM.partition("  - title: Cases")[0] + part)
    new(forkable, "my-question", "--from", "02-list")
    text = (forkable.home / "compendium.yaml").read_text("utf-8")
    assert text.endswith(
        "chapters: [{notebook: 02-list, cohort: made-up}, "
        "{notebook: my-question, cohort: made-up}]\n"
    )
    made = nbformat.read(forkable.home / "notebooks/my-question.ipynb", as_version=4)
    assert made.cells[1].source.startswith('cohort = "made-up"  # Cohort')


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([""], "give one, as in: make new NAME=my-question"),
        (["My Question"], "found 'My Question'; must be small letters"),  # F66
        (["class, 1"], "must be small letters"),
        (["index"], "the name of a page or of the template"),
        (["../x"], "must be small letters"),
        (["x" * 61], "at most 60"),
        (["-"], "must be small letters"),
        (["01-count"], "notebooks/01-count.ipynb is there"),
        (["template"], "the name of a page or of the template"),
        (["welcome"], "the name of a page or of the template"),
        (["mine", "--title", "a\nb"], "TITLE: found 'a\\nb'; must be one line"),
        (["mine", "--title", "x" * 121], "at most 120 characters"),
        (["mine", "--from", "../x"], "FROM: found '../x'; must be one of 01-count, 02-list, temp"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    forkable: Project, arguments: list[str], message: str
) -> None:
    before = {path: path.read_bytes() for path in forkable.home.rglob("*") if path.is_file()}
    assert message in new(forkable, *arguments, expect=1)
    after = {path: path.read_bytes() for path in forkable.home.rglob("*")
             if path.is_file() and path.suffix != ".pyc"}  # fmt: skip
    assert after == before


def test_of_a_missing_name_nothing_follows(forkable: Project) -> None:
    assert "TITLE" not in new(forkable, "", expect=1)


def test_a_broken_compendium_is_refused_first(forkable: Project) -> None:
    forkable.edit("compendium.yaml", "02-list", "gone")
    assert "notebook: found 'gone'" in new(forkable, "mine", expect=1)
    assert not (forkable.home / "notebooks/mine.ipynb").exists()


def test_what_a_killed_run_left_is_taken_up(forkable: Project) -> None:
    configuration = (forkable.home / "compendium.yaml").read_text()
    new(forkable, "mine")
    done = (forkable.home / "compendium.yaml").read_text()
    forkable.write("compendium.yaml", configuration)
    new(forkable, "mine")
    assert (forkable.home / "compendium.yaml").read_text() == done


FULL_DISK = """
from alkpool.compendium import new

kept = new.write_atomically
def written(path, text):
    if path.name == "compendium.yaml":
        raise OSError(28, "No space left on device")
    kept(path, text)
new.write_atomically = written
new.new("mine")
"""


@pytest.mark.parametrize("left", [True, False])
def test_what_fails_leaves_the_files_that_were_there(forkable: Project, left: bool) -> None:
    """Those that a killed run had made already, and no others."""
    configuration = (forkable.home / "compendium.yaml").read_text()
    if left:
        new(forkable, "mine")
        forkable.write("compendium.yaml", configuration)
    before = {path: path.read_bytes() for path in (forkable.home / "notebooks").rglob("*.*")}
    done = subprocess.run([sys.executable, "-c", FULL_DISK], cwd=forkable.home, text=True,
                          env=forkable.environment(), capture_output=True, check=False)  # fmt: skip
    assert "No space left on device" in done.stderr
    after = {path: path.read_bytes() for path in (forkable.home / "notebooks").rglob("*.*")}
    assert after == before
    assert (forkable.home / "notebooks/mine.ipynb").exists() == left


def test_a_second_time_is_an_error_that_loses_nothing(forkable: Project) -> None:
    forkable.write("notebooks/takeaways/template.md.j2", "- A sentence.")
    new(forkable, "mine")
    before = {path: path.read_bytes() for path in forkable.home.rglob("*") if path.is_file()}
    assert "NAME: found 'mine'; notebooks/mine.ipynb is there" in new(forkable, "mine", expect=1)
    assert {path: path.read_bytes() for path in before} == before
    # Of one that was taken out of the compendium, the sentences may have been written already.
    forkable.edit("compendium.yaml", "      - notebook: mine\n", "")
    forkable.write("notebooks/takeaways/mine.md.j2", "- My own sentence.")
    assert "notebooks/takeaways/mine.md.j2 is there" in new(forkable, "mine", expect=1)
    assert (forkable.home / "notebooks/mine.ipynb").is_file()
    assert (forkable.home / "notebooks/takeaways/mine.md.j2").read_text() == "- My own sentence."


def test_two_at_once_are_both_registered(forkable: Project) -> None:
    names = ["mine", "yours", "theirs"]
    runs = [
        subprocess.Popen([sys.executable, "-m", "alkpool.compendium", "new", name],
                         cwd=forkable.home, env=forkable.environment())
        for name in names
    ]  # fmt: skip
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    content = yaml.safe_load((forkable.home / "compendium.yaml").read_text())
    listed = [chapter["notebook"] for chapter in content["parts"][1]["chapters"]]
    assert sorted(listed[2:]) == sorted(names)


def test_make_hands_over_what_was_typed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done\n')
    python.chmod(0o755)
    for name in ("requirements.lock", "requirements-uv.lock", "pyproject.toml"):
        (tmp_path / name).write_text("")
    (tmp_path / ".venv/.complete").write_text(str(tmp_path))
    kept = {k: v for k, v in os.environ.items() if k not in ("NAME", "TITLE")}
    done = subprocess.run(
        ["make", "new", "NAME=my-question", "TITLE=What's \"new\"; `id` here?"],
        cwd=tmp_path, env=kept, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == (
        '[-m][alkpool.compendium][new][--title=What\'s "new"; `id` here?][--from=][--][my-question]'
    )
