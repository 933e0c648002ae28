"""Releases: complete, described, checked, and the same bytes from the same state."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from cases import case, tables, write_csv
from rocrate.rocrate import ROCrate

from alkpool import paths, release
from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.compendium.__main__ import main
from alkpool.data.cohort import load
from alkpool.intake import flatfile, place
from alkpool.problems import ProjectError

COLUMNS = (
    "profile,inhibitor,moved,verdict,verdict_before,benefit_k,benefit_n,relapsed,relapse_n,"
    "benefit_k_before,benefit_n_before,relapsed_before,relapse_n_before,"
    "benefit_low,benefit_high,relapse_low,relapse_high,"
    "unknown_n,unknown_n_before,combined_n,combined_n_before"
)
ROWS = (
    "G1202R,lorlatinib,verdict,possibly beneficial,insufficient evidence,"
    "2,3,0,4,1,2,0,4,0.2077,0.9385,0,0.4899,1,0,2,1",
    "L1196M,alectinib,denominator,insufficient evidence,insufficient evidence,"
    "0,0,1,9,0,0,1,8,,,0.02,0.43,0,0,0,0",
)
STATUS = '<td>3.12</td><td><span class="clock">12.3 s</span></td>'
NEWEST = "\n".join([COLUMNS, *ROWS]) + "\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout with few results and a small book, released on a day."""
    home = tmp_path / "home"
    for folder in ("data", "notebooks"):
        shutil.copytree(paths.HOME / folder, home / folder)
    for name in release.FILES:
        (home / name).write_bytes((paths.HOME / name).read_bytes())
    write(home / "build/book/index.html", "<title>Book</title>")
    write(home / "build/book/status.html", STATUS)
    write(home / "build/book/_static/.hidden", "not for others")
    write(home / "src/alkpool/__init__.py", "")
    write(home / "src/alkpool/__pycache__/x.pyc", "")
    folder = home / "results/curated"
    write(folder / "takeaways/09-evidence-over-time.json", '["The newest year added 1 patient."]')
    write(folder / "evidence_newest.csv", NEWEST)
    # Of all samples, so that there are verdicts: by default a share needs consecutive patients.
    cells = matrix(load("curated"), VerdictRule(relapse_from="all"))
    cells.to_csv(folder / "actionability.csv", index=False)
    write(home / "results/reconstructed/lines.csv", "line,synthetic\nx,yes\n")
    date(home, "2026-03-01")
    changelog = home / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    heading = f"## [Unreleased]\n\n## [{version(home)}] - 2026-03-01\n"
    changelog.write_text(text.replace("## [Unreleased]\n", heading, 1), "utf-8")
    return home


# A chapter as its reader runs it by hand, in JupyterLab or with papermill, without the pipeline.
BY_HAND = """
import json, sys

cohort = sys.argv[1]
chapter = json.load(open("02-benefit-classification.ipynb", encoding="utf-8"))
code = ["".join(cell["source"]) for cell in chapter["cells"] if cell["cell_type"] == "code"]
tagged = next(number for number, cell in enumerate(code) if "cohort = " in cell)
exec("\\n".join([*code[:tagged + 1], f"cohort = {cohort!r}", *code[tagged + 1:]]))
"""
SECRET = "KLINIKUM-PAT-7700"


def plant(own: Path) -> None:
    """Make a cohort outside the checkout, of one patient with an id to search for."""
    own.mkdir()
    meta = "title: Own\nkind: own\nsynthetic: false\ndescription: A test.\nlicence: none\n"
    (own / "cohort.yaml").write_text(meta, "utf-8")
    sheet = flatfile.read(write_csv(own.parent / "new.csv", case(patient_id=SECRET)))
    for name, rows in place.fit(sheet, tables(paths.COHORTS / "curated")).rows.items():
        rows.to_csv(own / f"{name}.csv", index=False)


def holding(folder: Path, text: str) -> set[str]:
    return {name for name, content in contents(folder).items() if text.encode() in content}


def test_rows_of_an_own_cohort_stay_in_build(home: Path, tmp_path: Path) -> None:
    """Whoever runs a chapter: git is not offered the planted id, and no release has it."""
    own = tmp_path / "Klinik Daten"
    plant(own)
    (home / ".gitignore").write_bytes((paths.HOME / ".gitignore").read_bytes())
    commit(home)
    chosen = f"curated,{own}"
    done = subprocess.run(
        [sys.executable, "-c", BY_HAND, chosen], env=os.environ | {"ALKPOOL_HOME": str(home)},
        cwd=home / "notebooks", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = "build/cohorts/curated+Klinik Daten/results/curated+Klinik Daten"
    found = holding(home, SECRET)
    assert f"{results}/lines.csv" in found
    assert {name.rpartition("/")[0] for name in found} == {results}
    offered = subprocess.run(["git", "add", "-An", "."], cwd=home, capture_output=True, check=True)
    assert offered.stdout == b""
    assert holding(release.make(home, home / "out"), SECRET) == set()


@pytest.mark.parametrize("folder", ["results/own", "results/curated+own", "build/cohorts/own"])
def test_git_is_not_offered_results_of_other_cohorts(home: Path, folder: str) -> None:
    """However they came there, such as from an older version of the project."""
    (home / ".gitignore").write_bytes((paths.HOME / ".gitignore").read_bytes())
    commit(home)
    write(home / folder / "lines.csv", f"patient_id\n{SECRET}\n")
    write(home / "results/curated/new.csv", "a\n")
    offered = subprocess.run(["git", "add", "-An", "."], cwd=home, capture_output=True, check=True)
    assert offered.stdout == b"add 'results/curated/new.csv'\n"


@pytest.mark.parametrize("folder", ["results/curated+own", "results/own", "data/cohorts/own"])
def test_a_release_refuses_cohorts_that_the_compendium_does_not_name(
    home: Path, folder: str
) -> None:
    write(home / folder / "lines.csv", f"patient_id\n{SECRET}\n")
    with pytest.raises(ProjectError, match=f"^{re.escape(folder)}: compendium.yaml names no such"):
        release.make(home, home / "out")
    assert not (home / "out").exists()


def test_a_release_refuses_what_else_may_hold_patients(home: Path) -> None:
    """A cohort that the compendium reads from elsewhere, and notebooks saved with outputs."""
    edit(home / "compendium.yaml", "cohort: curated", "cohort: curated,/private/own")
    chapter = home / "notebooks/02-benefit-classification.ipynb"
    edit(chapter, '"outputs": []', f'"outputs": ["{SECRET}"]')
    with pytest.raises(ProjectError) as refused:
        release.make(home, home / "out")
    assert str(refused.value).splitlines() == [
        "compendium.yaml: cohort: found '/private/own'; a release takes those of data/cohorts only",
        "notebooks/02-benefit-classification.ipynb: has outputs, and a release is public; clear "
        "them",
    ]


@pytest.mark.parametrize("name", ["notebooks/02 of our ward.html", "data/raw/ward.csv"])
def test_a_release_refuses_what_git_does_not_track(home: Path, name: str) -> None:
    commit(home)
    (home / ".gitignore").write_text("*.csv\n", "utf-8")  # as people have it for all they do
    write(home / name, SECRET)
    with pytest.raises(ProjectError, match=f"^{re.escape(name)}: git does not track it"):
        release.make(home, home / "out")
    assert not (home / "out").exists()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def version(home: Path) -> str:
    return tomllib.loads((home / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def date(home: Path, day: str) -> None:
    path = home / "CITATION.cff"
    kept = re.sub(r"^date-released:.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(kept + f"date-released: {day}\n", "utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def graph(folder: Path) -> dict[str, dict]:
    said = json.loads((folder / release.METADATA).read_text("utf-8"))
    assert said["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in said["@graph"]}


def test_release_holds_everything_and_nothing_else(home: Path) -> None:
    made = release.make(home, home / "build/release")
    assert made.name == f"alkpool-{version(home)}"
    for name in (release.NOTE, release.METADATA):
        assert "draft" not in (made / name).read_text("utf-8").splitlines()[0]
    assert graph(made)["./"]["name"].endswith(f", {version(home)}")
    found = contents(made)
    assert {name.split("/")[0] for name in found} == {
        *release.FOLDERS, *release.FILES, release.NOTE, release.METADATA, release.CHECKSUMS,
    }  # fmt: skip
    for folder in ("data", "results", "notebooks"):
        same = {f"{folder}/{name}": text for name, text in contents(home / folder).items()}
        assert {name: text for name, text in found.items() if name.startswith(f"{folder}/")} == same
    assert not [name for name in found if "__pycache__" in name or "/." in name]
    assert [path.name for path in (home / "build/release").iterdir()] == [made.name]


def test_checksums_are_those_of_the_files(home: Path) -> None:
    """With the tool that readers have; a changed file is noticed."""
    made = release.make(home, home / "out")
    check = ["sha256sum", "--check", "--strict", "--quiet", release.CHECKSUMS]
    assert subprocess.run(check, cwd=made, check=False).returncode == 0
    lines = (made / release.CHECKSUMS).read_text("utf-8").splitlines()
    assert len(lines) == len(contents(made)) - 1
    (made / "data/README.md").write_text("changed", "utf-8")
    done = subprocess.run(check, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "data/README.md: FAILED" in done.stdout


def test_same_state_gives_the_same_bytes(home: Path) -> None:
    one, two = release.make(home, home / "one"), release.make(home, home / "two")
    again = release.make(home, home / "one")
    assert contents(one) == contents(two) == contents(again)


def test_builds_of_one_state_at_other_hours_give_the_same_bytes(home: Path) -> None:
    one = release.make(home, home / "one")
    assert (one / "book/status.html").read_text() == STATUS.replace("12.3 s", "")
    edit(home / "build/book/status.html", "12.3 s", "45.6 s")
    assert contents(release.make(home, home / "two")) == contents(one)


def test_what_a_killed_release_left_goes(home: Path) -> None:
    write(home / "out/.making-x/alkpool/README.md", "half")
    made = release.make(home, home / "out")
    assert [path.name for path in (home / "out").iterdir()] == [made.name]


def test_metadata_is_read_by_the_reference_library(home: Path) -> None:
    """What RO-Crate 1.1 requires, and that every file and folder it names is there."""
    made = release.make(home, home / "out")
    crate = ROCrate(made)
    root = crate.root_dataset
    assert crate.metadata["conformsTo"] == "https://w3id.org/ro/crate/1.1"
    assert root["datePublished"] == "2026-03-01"
    assert root["license"].id == release.CC_BY
    assert root["name"].endswith(root["version"])
    assert root["description"]
    named = {entity.id for entity in crate.data_entities}
    assert named == {part.id for part in root["hasPart"]}
    for name in named:
        path = made / name
        assert path.is_dir() if name.endswith("/") else path.is_file(), name
    cohorts = {f"{path.relative_to(made)}/" for path in made.glob("data/cohorts/*")}
    assert cohorts | {"results/curated/", "data/", "results/"} <= named
    listed = json.loads((made / "data/datapackage.json").read_text("utf-8"))["resources"]
    tables = {name for name in contents(made) if re.match(r"data/(?!raw).*\.csv$", name)}
    assert tables <= {f"data/{table['path']}" for table in listed}
    for name, entity in graph(made).items():
        assert entity["@type"], name
        if entity["@type"] in ("File", "Dataset"):
            assert entity["name"], name
            assert entity["description"], name
            assert entity["license"]["@id"] in release.LICENCES, name


# The validator fetches the JSON-LD context that the metadata name. Without a network it gets the
# one that comes with the reference library (that of 1.3, in which the terms used mean the same).
VALIDATE = """
import json, pathlib, sys, types
import rocrate
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

context = (pathlib.Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text()

def get(requester, url, **_):
    assert url == "https://w3id.org/ro/crate/1.1/context", url
    return types.SimpleNamespace(
        status_code=200, ok=True, url=url, text=context, json=lambda: json.loads(context),
        headers={"Content-Type": "application/ld+json"},
    )

HttpRequester.get = get
settings = services.ValidationSettings(
    rocrate_uri=sys.argv[1],
    profile_identifier="ro-crate-1.1",
    requirement_severity=models.Severity.RECOMMENDED,
)
issues = services.validate(settings).get_issues()
print(json.dumps([[issue.severity.name, issue.message] for issue in issues]))
"""


def validated(folder: Path) -> list[list[str]]:
    command = [sys.executable, "-c", VALIDATE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.nightly
def test_reference_validator_finds_nothing_wrong(home: Path) -> None:
    """RO-Crate 1.1, required and recommended; the authors have no page of their own."""
    made = release.make(home, home / "out")
    assert validated(made) == [["RECOMMENDED", "The organization SHOULD have a URL."]]
    path = made / release.METADATA
    said = json.loads(path.read_text("utf-8"))
    (root,) = [entity for entity in said["@graph"] if entity["@id"] == "./"]
    del root["datePublished"]
    path.write_text(json.dumps(said), "utf-8")
    assert "REQUIRED" in dict(validated(made))


SYNTHETIC = ("data/cohorts/reconstructed/", "results/reconstructed/")


def test_synthetic_data_say_so_in_the_metadata(home: Path) -> None:
    entities = graph(release.make(home, home / "out"))
    assert "/reconstructed/" not in "".join(set(entities) - {*SYNTHETIC})
    for name in SYNTHETIC:
        assert "Synthetic rows, not patients." in entities[name]["description"]
    assert "Synthetic" not in entities["results/curated/"]["description"]


def test_note_says_what_the_newest_data_changed(home: Path) -> None:
    note = (release.make(home, home / "out") / release.NOTE).read_text("utf-8")
    assert "Released on 2026-03-01." in note
    assert "- The newest year added 1 patient." in note
    assert f"- Made with Python {platform.python_version()}." in note
    rows = [line for line in note.splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        "| G1202R | lorlatinib | insufficient evidence | possibly beneficial | 1/2 | "
        "2/3 (21% to 94%) | 0/4 | 0/4 (0% to 49%) | 1 | 3 |"
    ]
    assert "### Added" in note


def test_a_failed_release_leaves_the_last_one(home: Path) -> None:
    made = release.make(home, home / "out")
    before = contents(made)
    shutil.rmtree(home / "build/book")
    missing = "build/book/index.html; run make report first"
    with pytest.raises(ProjectError, match=missing):
        release.make(home, home / "out")
    write(home / "build/book/other.html", "no index")
    with pytest.raises(ProjectError, match=missing):
        release.make(home, home / "out")
    assert contents(made) == before
    assert [path.name for path in (home / "out").iterdir()] == [made.name]


def test_authors_have_the_page_that_is_stated(home: Path) -> None:
    """With it the reference validator has nothing to recommend; people are authors too."""
    page = "    website: https://example.org/\n"
    edit(home / "CITATION.cff", 'authors"\n', f'authors"\n{page}')
    assert validated(release.make(home, home / "out")) == []
    person = "  - family-names: Berg\n    name-particle: van der\n    given-names: An\n"
    edit(home / "CITATION.cff", page, page + person)
    entities = graph(release.make(home, home / "out"))
    assert [entities[author["@id"]]["name"] for author in entities["./"]["author"]] == [
        "The alkpool authors", "An van der Berg",
    ]  # fmt: skip
    assert entities["#author-1"]["url"] == "https://example.org/"
    assert entities["#author-2"]["@type"] == "Person"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("CHANGELOG.md", "] - 2026-03-01", "] - 2026-03-02", "CHANGELOG.md: has no heading '## ["),
        ("CHANGELOG.md", "] - 2026-03-01", "]", "CHANGELOG.md: has no heading '## ["),
        ("pyproject.toml", '\nversion = "', '\nversion = "9', "CHANGELOG.md: has no heading"),
        ("CITATION.cff", "\nversion: ", "\nversion: 9", "CITATION.cff: version: found '9"),
    ],
)
def test_a_release_has_one_version_and_one_date(
    home: Path, name: str, old: str, new: str, message: str
) -> None:
    """Else the note of one version would list the changes of another."""
    edit(home / name, old, new)
    with pytest.raises(ProjectError, match=f"^{re.escape(message)}"):
        release.identify(home)


def test_what_came_after_a_release_is_a_draft(home: Path) -> None:
    """A date that stays in CITATION.cff does not make a release of what is in no version."""
    commit(home)
    edit(home / "CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- New cases.\n")
    assert release.identify(home).draft
    note = (release.make(home, home / "out") / release.NOTE).read_text("utf-8")
    assert "## Changes\n\n- New cases.\n\n## What is in it" in note


def commit(home: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=home, check=True)
    subprocess.run([*git, "add", "-A"], cwd=home, check=True)
    command = [*git, "commit", "-q", "--allow-empty", "-m", "x", "--date=2025-05-06T00:00:00Z"]
    when = {"GIT_COMMITTER_DATE": "2025-05-06T00:00:00Z", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=home, env=when, check=True)


def test_a_draft_is_dated_by_its_commit(home: Path) -> None:
    """Never by the clock; without a date and a commit there is no release."""
    citation = home / "CITATION.cff"
    citation.write_text(citation.read_text("utf-8").replace("date-released: 2026-03-01\n", ""))
    with pytest.raises(ProjectError, match="a draft, and there is no commit to date it by"):
        release.identify(home)
    commit(home)
    identity = release.identify(home)
    assert (identity.date, identity.draft) == ("2025-05-06", True)
    made = release.make(home, home / "out")
    assert made.name.endswith("-draft")
    assert "(draft)" in graph(made)["./"]["name"]
    date(home, "soon")
    with pytest.raises(ProjectError, match="found 'soon'; must be a date"):
        release.identify(home)


def test_command_says_what_is_wrong(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "build/book/index.html").unlink()
    monkeypatch.setattr(release.make, "__defaults__", (home, home / "out"))
    assert main(["release"]) == 1
    assert capsys.readouterr().err.startswith("error: not there: build/book/index.html")
