"""A release: data, results, book and program in one folder that says what it is (FAIR).

``make release`` makes ``build/release/alkpool-<version>`` with RO-Crate metadata, checksums and a
release note. Equal inputs give equal bytes: no date is the clock's.
"""

import datetime
import json
import platform
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rocrate.rocrate import ROCrate

from alkpool import paths
from alkpool.compendium.book import git
from alkpool.compendium.plan import CONFIGURATION, read
from alkpool.files import digests, exchange, filled_in_beside, locked, yaml_beside
from alkpool.paths import shown
from alkpool.problems import ProjectError

CHECKSUMS, NOTE = "SHA256SUMS", "RELEASE-NOTE.md"
METADATA = "ro-crate-metadata.json"
BOOK = "build/book/index.html"

_HOLDS = yaml_beside(__file__)
FOLDERS: dict[str, dict[str, str]] = _HOLDS["folders"]
FILES: list[str] = _HOLDS["files"]
LICENCES: dict[str, str] = _HOLDS["licences"]
CC_BY = next(iter(LICENCES))

# Run times and hours on the status page.
CLOCK = re.compile(r'(?<=<span class="clock">)[^<]*')


class Identity(NamedTuple):
    """Version and date (ISO) of a release; a draft is what has not been released as a version."""

    version: str
    date: str
    draft: bool

    @property
    def called(self) -> str:
        """The version, with what it is."""
        return self.version + " (draft)" * self.draft


def identify(home: Path) -> Identity:
    """Read version and date: ``date-released`` of CITATION.cff, or of a draft its last commit.

    A state is a draft where no date is set, or where the changelog has entries that are in no
    version yet.

    Raises
    ------
    ProjectError
        Where there is neither date, or where version and date are not the same everywhere.
    """
    version = tomllib.loads((home / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = yaml.safe_load((home / "CITATION.cff").read_text("utf-8"))
    released, sections = cited.get("date-released"), _sections(home)
    if released and not sections.get("[Unreleased]"):
        if not isinstance(released, datetime.date):
            must = f"found {released!r}; must be a date such as 2026-01-31"
            raise ProjectError(f"CITATION.cff: date-released: {must}")
        if (heading := f"[{version}] - {released}") not in sections:
            must = "the version of pyproject.toml with date-released of CITATION.cff"
            raise ProjectError(f"CHANGELOG.md: has no heading '## {heading}', {must}")
        if (found := cited["version"]) != version:
            must = f"found {found!r}; must be {version!r}, that of pyproject.toml"
            raise ProjectError(f"CITATION.cff: version: {must}")
        return Identity(version, released.isoformat(), draft=False)
    try:
        return Identity(version, git(home, "log", "-1", "--format=%cs"), draft=True)
    except (OSError, subprocess.CalledProcessError):
        raise ProjectError(
            "this is a draft, and there is no commit to date it by; to release a version, set "
            "date-released in CITATION.cff and give the version its heading in CHANGELOG.md "
            "(CONTRIBUTING.md, Make a release)"
        ) from None


def make(home: Path = paths.HOME, target: Path = paths.BUILD / "release") -> Path:
    """Make the release as one folder: all of it, or nothing.

    Parameters
    ----------
    home : Path
        The checkout, with the results and the book that were made in it.
    target : Path
        Folder in which it is made, under its name; an older one of that name is replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ProjectError
        Where something that belongs into it has not been made.
    """
    identity = identify(home)
    sources = {name: home / said["from"] for name, said in FOLDERS.items()}
    missing = [shown(source) for source in sources.values() if not any(source.glob("*"))]
    missing += [name for name in (*FILES, BOOK) if not (home / name).is_file()]
    if missing:
        raise ProjectError(f"not there: {', '.join(missing)}; run make report first")
    if private := [*_not_published(home)]:
        raise ProjectError("\n".join(private))
    note = release_note(home, identity)
    made = target / f"alkpool-{identity.version}{'-draft' * identity.draft}"
    target.mkdir(parents=True, exist_ok=True)
    with locked(target), tempfile.TemporaryDirectory(dir=target, prefix=".making-") as stage:
        for killed in set(target.glob(".making-*")) - {Path(stage)}:
            shutil.rmtree(killed)
        folder = Path(stage) / made.name
        for name, source in sources.items():
            unwanted = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(source, folder / name, ignore=unwanted)
        for name in FILES:
            shutil.copyfile(home / name, folder / name)
        for page in (folder / "book").rglob("status.*"):
            # Builds of one state differ in the clock alone.
            page.write_text(CLOCK.sub("", page.read_text("utf-8")), "utf-8")
        (folder / NOTE).write_text(note, "utf-8")
        (folder / METADATA).write_text(describe(folder, identity), "utf-8")
        # As `sha256sum -c` reads them.
        sums = (f"{digest}  {name}\n" for name, digest in digests(folder, CHECKSUMS).items())
        (folder / CHECKSUMS).write_text("".join(sums), "utf-8")
        exchange(folder, made)
    return made


def _not_published(home: Path) -> Iterator[str]:
    """List what may hold rows of patients whom nobody has published."""
    published = {path.parent.name for path in (home / "data/cohorts").glob("*/cohort.yaml")}
    run = {cohort for *_, cohort in read(home=home).chapters()}
    named = {name.strip() for cohort in run for name in cohort.split(",")}
    for name in sorted(named - published):
        yield f"{CONFIGURATION}: cohort: found {name!r}; a release takes those of data/cohorts only"
    allowed = named | {"+".join(map(str.strip, cohort.split(","))) for cohort in run}
    for place in ("results", "data/cohorts"):
        for path in sorted((home / place).iterdir()):
            if path.name not in allowed:
                yield (
                    f"{place}/{path.name}: {CONFIGURATION} names no such cohort, and a release is "
                    "public; remove it, or name it there where its rows are published"
                )
    for path in sorted((home / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        if any(cell.get("outputs") for cell in cells):
            yield f"{path.relative_to(home)}: has outputs, and a release is public; clear them"
    try:
        # Whatever else somebody saved beside them; where there is no repository nobody can tell.
        untracked = git(home, "ls-files", "--others", "-z", "data", "results", "notebooks", "src")
    except (OSError, subprocess.CalledProcessError):
        return
    for name in filter(None, untracked.split("\0")):
        if not any(part.startswith((".", "__pycache__")) for part in name.split("/")):
            yield f"{name}: git does not track it, and a release is public; remove or git add it"


def describe(folder: Path, identity: Identity) -> str:
    """Describe a release folder as an RO-Crate.

    Returns
    -------
    str
        Content of ``ro-crate-metadata.json``: the folders, the cohorts and their results, the
        licences, the paper, and how to cite. Tables are described in ``data/datapackage.json``.

    References
    ----------
    RO-Crate Metadata Specification 1.1, https://w3id.org/ro/crate/1.1
    """
    cited = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    crate = ROCrate(version="1.1")

    def entity(identifier: str, kind: str, **said: Any) -> dict[str, str]:
        crate.add_jsonld({"@id": identifier, "@type": kind, **said})
        return {"@id": identifier}

    licences = {url: entity(url, "CreativeWork", name=name) for url, name in LICENCES.items()}
    authors = [
        entity(f"#author-{place}", **_author(author))
        for place, author in enumerate(cited["authors"], start=1)
    ]
    reference = cited["references"][0]
    address = f"https://doi.org/{reference['doi']}"
    paper = entity(address, "ScholarlyArticle", name=reference["title"])
    about = {
        "name": f"{cited['title']}, {identity.called}",
        "description": " ".join(cited["abstract"].split()),
        "datePublished": identity.date,
        "version": identity.version,
        "license": licences[CC_BY],
        "author": authors if len(authors) > 1 else authors[0],
        "publisher": authors[0],
        "keywords": ", ".join(cited["keywords"]),
        "citation": paper,
        "isBasedOn": paper,
    }
    for name, value in about.items():
        crate.root_dataset[name] = value
    for name, (text, licence) in _folders(folder).items():
        properties = {"name": name, "description": text, "license": licences[licence]}
        crate.add_dataset(dest_path=f"{name}/", properties=properties)
    metadata = crate.metadata.generate()
    return json.dumps(metadata, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _author(cited: dict[str, str]) -> dict[str, str]:
    """Describe an author of CITATION.cff, with the page that is stated there, if any."""
    names = (cited.get(part, "") for part in ("given-names", "name-particle", "family-names"))
    name = cited.get("name") or " ".join(filter(None, names))
    page = {"url": cited["website"]} if "website" in cited else {}
    return {"kind": "Organization" if "name" in cited else "Person", "name": name, **page}


def _folders(folder: Path) -> dict[str, tuple[str, str]]:
    """What is said of each folder of a release, and of each cohort in it, with the licence."""
    described = {name: (said["says"], said["licence"]) for name, said in FOLDERS.items()}
    for description in sorted((folder / "data/cohorts").glob("*/cohort.yaml")):
        said = yaml.safe_load(description.read_text("utf-8"))
        made_up = " Synthetic rows, not patients." * said["synthetic"]
        for place, words in (("data/cohorts", "Tables of a cohort"), ("results", "Results of it")):
            if (folder / place / description.parent.name).is_dir():
                text = f"{words}: {said['title']}.{made_up}"
                described[f"{place}/{description.parent.name}"] = text, CC_BY
    return described


def release_note(home: Path, identity: Identity) -> str:
    """Say what the newest data changed, the changes of the program, and what a release holds."""
    return filled_in_beside(
        __file__,
        identity=identity,
        news=read(home=home).extension.loaded().news(home / "results"),
        changes=next(filter(None, _sections(home).values()), ""),
        folders=FOLDERS,
        metadata=METADATA,
        checksums=CHECKSUMS,
        python=platform.python_version(),
    )


def _sections(home: Path) -> dict[str, str]:
    """Texts of the changelog by heading, the newest first."""
    text = (home / "CHANGELOG.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    headings = map(str.strip, parts[1::2])
    return dict(zip(headings, map(str.strip, parts[2::2]), strict=True))
