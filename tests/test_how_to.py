"""The how-to pages, tried as written: their commands and code, in a copy of the checkout.

The copy lies where a person may well have put it: below a name with spaces and letters beyond
ASCII.
"""

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import copy_checkout, run
from project import ROOT

pytestmark = pytest.mark.nightly

IDENTITY = {f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with one commit."""
    copy = copy_checkout(tmp_path_factory.mktemp("a b") / "Prüfung – 変異 'ALK'" / "the checkout")
    (copy / ".gitignore").write_text("build/\n.venv\n__pycache__/\n/.results.new/\n")
    done = run(copy, "git init -q && git add -A && git commit -qm start", **IDENTITY)
    assert done.returncode == 0, done.stderr
    return copy


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Blocks of a page in their order: language, content, and the prose just before."""
    text = (ROOT / "book" / page).read_text("utf-8")
    prose, *others = re.split(r"^ *```", text, flags=re.MULTILINE)
    found = []
    for block, following in zip(others[::2], others[1::2], strict=True):
        language, _, content = block.partition("\n")
        found.append((language, textwrap.dedent(content), prose))
        prose = following
    return found


def steps(page: str) -> list[int]:
    text = (ROOT / "book" / page).read_text("utf-8")
    return [int(number) for number in re.findall(r"^(\d+)\. ", text, re.M)]


def put_code(notebook: Path, code: str, prose: str) -> None:
    """Do with a piece of code what the prose before it says."""
    content = json.loads(notebook.read_text("utf-8"))
    if "at the end of the cell tagged `parameters`" in prose:
        (cell,) = [c for c in content["cells"] if "parameters" in c["metadata"].get("tags", [])]
        source = "".join(cell["source"]) + "\n" + code
    else:
        begin = re.search(r"takes the place of the cell that begins with `(.+?)`", prose)
        assert begin, prose
        (cell,) = [c for c in content["cells"] if "".join(c["source"]).startswith(begin[1])]
        source = code
    cell["source"] = source.rstrip("\n").splitlines(keepends=True)
    notebook.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def follow(home: Path, page: str) -> Iterator[tuple[str, str]]:
    """Do what a page says; yield each group of commands with what it printed."""
    for language, content, prose in blocks(page):
        if language == "bash":
            done = run(home, content, **IDENTITY)
            assert done.returncode == 0, content + done.stdout + done.stderr
            yield content, done.stdout
        elif language == "python":
            put_code(home / "notebooks/mutations-by-specimen.ipynb", content, prose)
        elif language == "jinja":
            (name,) = re.findall(r"`(notebooks/takeaways/.+?)`", prose)
            assert (home / name).is_file()
            (home / name).write_text(content, "utf-8")
        else:
            assert language == "yaml"
            line = re.search(r"takes the place of the line `(.+?)`", prose)
            assert line, prose
            configuration = home / "compendium.yaml"
            text = configuration.read_text("utf-8")
            assert text.count(f"\n{line[1]}\n") == 1
            configuration.write_text(text.replace(f"{line[1]}\n", content), "utf-8")


def test_how_to_ask_a_question_of_your_own(home: Path) -> None:
    page = "how-to-fork.md"
    assert steps(page) == list(range(1, 11))
    said = dict(follow(home, page))
    (status,) = [printed for command, printed in said.items() if "git status" in command]
    new = ("mutations-by-specimen.ipynb", "takeaways/mutations-by-specimen.md.j2")
    assert " M compendium.yaml\n" + "".join(f"?? notebooks/{name}\n" for name in new) in status
    changes = re.findall(r"^[+-] .*", status, re.M)
    assert changes == ["+      - notebook: mutations-by-specimen"]
    (head,) = [printed for command, printed in said.items() if "head" in command]
    assert head.startswith("mutations,specimen,samples,total\n")
    html = (home / "build/book/curated/mutations-by-specimen.html").read_text("utf-8")
    assert "<h1>In which specimens was each mutation found?" in html
    cover = (home / "build/book/index.html").read_text("utf-8")
    assert "Tissue was sequenced in" in cover
    assert run(home, "git status --short").stdout == ""


def test_how_to_change_a_threshold_and_see_what_moved(home: Path) -> None:
    page = "how-to-threshold.md"
    assert steps(page) == list(range(1, 6))
    before = run(home, "git rev-parse HEAD").stdout
    said = list(follow(home, page))
    (moved,) = [printed for command, printed in said if command.endswith("before results\n")]
    assert re.search(r"^Verdicts.*: [1-9]", moved, re.MULTILINE)
    reports = [printed for command, printed in said if "make report" in command]
    assert "to execute" in reports[1]
    # What goes back has run before: another execution gives the tables of the commit.
    assert run(home, "git status --short").stdout == ""
    assert run(home, "git rev-parse HEAD").stdout == before
