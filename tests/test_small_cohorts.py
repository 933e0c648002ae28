"""The chapters on cases, on cohorts as small as the first one of a reader may be."""

import dataclasses
import html.parser
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from factory import frame, line, make_cohort, sample

from alkpool import paths, show
from alkpool.compendium.run import kernel_environment
from alkpool.data import cohort as cohorts
from alkpool.data.cohort import Cohort
from alkpool.data.tables import COHORT_TABLES, SOURCES

# By day three chapters; the figures of all have tests of their own.
BY_DAY = ("01-cohort-assembly", "03-mutation-distribution", "04-clinical-actionability")
# Of the published study and its reconstruction: they take no other cohort.
OF_THE_STUDY = ("published-numbers", "what-agrees", "identification", "what-groups-show")
CHAPTERS = [
    path
    for path in sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
    if not path.stem.endswith(OF_THE_STUDY)
]

# What a sentence holds that was put together from nothing.
FLAWS = re.compile(r"\b(?:nan|NaN|NaT|None|inf)\b|<NA>|  | \.(?!\d)")


def published_and_local() -> Cohort:
    """Two patients of a publication and one of the reader's own hospital."""
    pooled = make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR"), variant="V3"),
            sample("L1196M", "crizotinib", line("alectinib", "PD"), variant="V1"),
            sample("I1171N", "alectinib", line("lorlatinib", "PR"), patient="local"),
        ]
    )
    own = {
        "source_id": "here", "study_type": "local", "sampling": "consecutive",
        "access": "full text", "year": 2026, "status": "included",
    }  # fmt: skip
    patients = pooled.patients.assign(
        source_id=pooled.patients["patient_id"].map({"local": "here"}).fillna("source")
    )
    sources = pd.concat([pooled.sources, frame(SOURCES, [own])], ignore_index=True)
    return dataclasses.replace(pooled, patients=patients, sources=sources)


def synthetic(cohort: Cohort) -> Cohort:
    """Say of a cohort that it is made up."""
    return dataclasses.replace(cohort, meta=cohort.meta.model_copy(update={"synthetic": True}))


COHORTS = {
    "no-rows": dataclasses.replace(make_cohort([]), sources=frame(SOURCES, [])),
    "one-sample-no-line": make_cohort([sample("G1202R", "alectinib")]),
    "compound-only": make_cohort(
        [
            sample("L1196M+G1202R", "lorlatinib", line("brigatinib", "PD"), phase="cis"),
            sample("I1171N+G1202R", "alectinib", line("lorlatinib", "PR")),
        ]
    ),
    "single-only": make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR")),
            sample("L1196M", "crizotinib", line("ceritinib", monotherapy="unknown")),
        ]
    ),
    "in-trans": make_cohort(
        [sample("L1196M+G1202R", "alectinib", line("lorlatinib", "PR"), phase="trans")]
    ),
    "published-and-local": published_and_local(),
    "synthetic-without-calls": synthetic(
        make_cohort(
            [
                sample("G1202R", "alectinib", line("lorlatinib", "PR"), patient="SYN-1"),
                sample("L1196M", "crizotinib", line("ceritinib", "PD"), patient="SYN-2"),
            ]
        )
    ),
    "longest-names": make_cohort(
        [
            sample(
                "I1171N+F1174L+L1196M+L1198F+G1202R+G1269A",
                "alectinib",
                line("lorlatinib", "PR", pfs_relation="=", pfs_months=9),
                patient="p" * 80,
            )
        ]
    ),
    "inhibitor-unknown": make_cohort(
        [
            sample("G1202R", "unknown", line("lorlatinib", "SD"), specimen="plasma"),
            sample("L1196M", "unknown"),
        ]
    ),
}


def write(cohort: Cohort, folder: Path) -> None:
    """Write a cohort as a reader has it: four tables and a description."""
    folder.mkdir()
    for table in COHORT_TABLES:
        rows = getattr(cohort, table.name).sort_values(list(table.key))
        rows.to_csv(folder / table.file, index=False)
    description = cohort.meta.model_dump(mode="json", exclude_none=True)
    (folder / "cohort.yaml").write_text(json.dumps(description))


class Words(html.parser.HTMLParser):
    """Texts of a page, without its style sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.styles = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.styles = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.styles = False

    def handle_data(self, data: str) -> None:
        if not self.styles:
            self.texts.append(data.strip())


def words(markup: str) -> list[str]:
    page = Words()
    page.feed(markup)
    page.close()
    return page.texts


def texts_of(shown: object, metadata: dict) -> Iterator[str]:
    """All that a reader can read of one output: prose, cells, captions, words of a figure."""
    if isinstance(shown, dict):
        yield shown["text/plain"]
        # In a figure blanks set words apart; in a sentence two of them show a gap.
        yield from (" ".join(word.split()) for word in words(shown["image/svg+xml"]))
        yield metadata["image/svg+xml"]["alkpool"]["caption"]
    elif type(shown).__name__ == "HTML":
        yield from words(shown.data)
    else:
        yield from shown.data.splitlines()


def problems(chapter: Path, folder: str) -> list[str]:
    """Run the cells of a chapter on a cohort, and list the error and the flawed texts."""
    texts: list[str] = []

    def collect(shown: object, *, raw: bool = False, metadata: dict | None = None) -> None:
        texts.extend(texts_of(shown, metadata or {}))

    show.display = collect
    names: dict[str, object] = {}
    cells = nbformat.read(chapter, as_version=4).cells
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        try:
            exec(compile(cell.source, f"cell {number}", "exec"), names)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"cell {number}, {Path(last.filename).name}:{last.lineno}"
            return [f"{place}: {type(error).__name__}: {error}"]
        if "parameters" in cell.metadata.get("tags", []):
            names["cohort"] = folder
    flawed = dict.fromkeys(text for text in texts if FLAWS.search(text))
    return list(flawed) if texts else ["shows nothing"]


def run(folder: str, *, every: bool) -> None:
    """Run chapters on a cohort, and print the problems of all."""
    chapters = [path for path in CHAPTERS if every or path.stem in BY_DAY]
    found = [f"{path.stem}: {text}" for path in chapters for text in problems(path, folder)]
    print(json.dumps(found))


@pytest.mark.parametrize("flawed", ["nan%", "1.0 to inf", "a None", "two  spaces", "the end ."])
def test_flaws_are_seen(flawed: str) -> None:
    assert FLAWS.search(flawed)
    assert words(f"<style>a  b</style><td>\n  {flawed} </td>")[-1] == flawed


@pytest.mark.parametrize("sound", ["none", "information", "P = .044", "1 < 2", "nothing observed"])
def test_sound_sentences_are_no_flaws(sound: str) -> None:
    assert not FLAWS.search(sound)


def test_every_chapter_is_tried() -> None:
    assert len(CHAPTERS) == 8
    assert set(BY_DAY) < {path.stem for path in CHAPTERS}


# By day the emptiest cohort, and one with mutations in trans.
COHORTS_BY_DAY = ("no-rows", "in-trans")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in COHORTS_BY_DAY else [pytest.mark.nightly]) for n in COHORTS],
)
def test_every_chapter_has_an_answer(name: str, tmp_path: Path, thorough: bool) -> None:
    """Each says what there is, without an error, a warning, or a gap in a sentence."""
    folder = tmp_path / name
    write(COHORTS[name], folder)
    assert cohorts.check(folder) == []
    environment = kernel_environment(tmp_path / "build")
    environment |= {"ALKPOOL_RESULTS": str(tmp_path / "results"), "MPLBACKEND": "agg"}
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    program = f"import test_small_cohorts as t; t.run({str(folder)!r}, every={thorough})"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == [], "\n".join(found)
    assert done.stderr == ""
