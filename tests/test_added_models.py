"""A model that a reader adds: in every table, figure and page, or refused with the reason.

`TEST-FIXTURE-model` is made up. It lives in temporary folders only.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from alkpool import paths
from alkpool.analysis import invitro
from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.data import laboratory
from alkpool.data.cohort import load
from alkpool.data.tables import INVITRO_TABLES
from alkpool.intake import curate
from alkpool.problems import DataError

MODEL, SOURCE = "TEST-FIXTURE-model", "TEST-FIXTURE-2020"
SOURCE_LINE = f"{SOURCE},Nobody N,2020,,Made up,,,no,a note"
LINE = (
    f"{MODEL},{SOURCE},ALK-fusion cells,abstract,made up for a test,Ba/F3,EML4-ALK V1,viability,"
    "IC50,nM,50,200,none: a test,a test,,"
)
# Sensitive by the threshold, resistant by the call of the source, a compound profile, a control.
MEASUREMENTS = [
    f"{MODEL}-1,{MODEL},p.Cys1156Tyr,crizotinib,=,20,,unknown,a test,,",
    f"{MODEL}-2,{MODEL},G1269A,crizotinib,,,,resistant,a test,,",
    f"{MODEL}-3,{MODEL},G1202R/L1196M,lorlatinib,>,500,,unknown,a test,,",
    f"{MODEL}-4,{MODEL},WT,alectinib,=,2,,unknown,a test,,",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the data and the notebooks."""
    for folder in ("data", "notebooks"):
        shutil.copytree(paths.HOME / folder, tmp_path / folder)
    return tmp_path


def add(
    home: Path,
    sources: Sequence[str] | None = (SOURCE_LINE,),
    models: Sequence[str] | None = (LINE,),
    measurements: Sequence[str] | None = MEASUREMENTS,
    folder: str = MODEL,
) -> Path:
    """Write a folder with the rows of each table; None is a file that is not there."""
    place = home / "data/raw/invitro" / folder
    place.mkdir()
    for table, rows in zip(INVITRO_TABLES, (sources, models, measurements), strict=True):
        if rows is not None:
            (place / table.file).write_text("\n".join([",".join(table.columns), *rows]) + "\n")
    return place


def build(home: Path) -> None:
    curate.files(home / "data")


def problems(home: Path) -> list[str]:
    with pytest.raises(DataError) as refused:
        curate.files(home / "data")
    return [str(problem) for problem in refused.value.problems]


def test_nothing_is_added_as_checked_in() -> None:
    """No fixture has become data."""
    folders = sorted(path.name for path in (paths.RAW / "invitro").iterdir())
    assert folders == ["first_search", "second_search"]
    assert "TEST-FIXTURE" not in (paths.INVITRO / "models.csv").read_text("utf-8")


def test_model_is_compared_with_the_clinic(home: Path) -> None:
    """In the agreement table, with the calls that its own threshold and source give."""
    before = laboratory.load(home / "data/invitro")
    add(home)
    build(home)
    after = laboratory.load(home / "data/invitro")
    assert len(after.models) == len(before.models) + 1
    assert len(after.measurements) == len(before.measurements) + 4
    calls = invitro.by_combination(invitro.with_call(after)).query("model_id == @MODEL")
    assert {(row.mutations, row.inhibitor): row.call for row in calls.itertuples()} == {
        ("C1156Y", "crizotinib"): "sensitive",
        ("G1269A", "crizotinib"): "resistant",
        ("L1196M+G1202R", "lorlatinib"): "resistant",
    }
    evidence = matrix(load("curated"), VerdictRule(relapse_from="all"))
    verdicts = evidence.set_index(["profile", "inhibitor"])["verdict"]
    assert verdicts["C1156Y", "crizotinib"] == "no benefit expected"
    assert verdicts["G1269A", "crizotinib"] == "no benefit expected"
    row = invitro.agreement(evidence, calls).set_index("model_id").loc[MODEL]
    assert (row["agreeing"], row["compared"]) == (1, 2)
    old = before.measurements.merge(after.measurements, on=list(before.measurements.columns))
    assert len(old) == len(before.measurements)


PROGRAM = """
import json, sys
from pathlib import Path
import test_small_cohorts as chapters
from alkpool import explorer, paths

flaws = chapters.problems(paths.NOTEBOOKS / "06-in-vitro-comparison.ipynb", "curated")
pages = explorer.contexts("curated")["records"]["profiles"].values()
cells = [cell for page in pages for cell in page["cells"].values()]
calls = [call for cell in cells for call in cell["calls"] if call["model"] == sys.argv[1]]
print(json.dumps([flaws, calls]))
"""


@pytest.mark.nightly
def test_model_stands_in_the_chapter_and_the_explorer(home: Path) -> None:
    add(home)
    build(home)
    environment = os.environ | {
        "ALKPOOL_HOME": str(home), "ALKPOOL_RESULTS": str(home / "results"), "MPLBACKEND": "agg",
        "PYTHONPATH": str(Path(__file__).parent),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, MODEL],
        cwd=home, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    flaws, calls = json.loads(done.stdout)
    assert flaws == []
    tables = {
        path.stem: path.read_text("utf-8") for path in (home / "results/curated").glob("*.csv")
    }
    (agreement,) = [
        line for line in tables["invitro_agreement"].splitlines() if line.startswith(MODEL)
    ]
    # Its combinations have no verdict: no share is read from samples that reports chose.
    assert agreement.split(",")[1:3] == ["0", "0"]
    assert sum(MODEL in line for line in tables["invitro_models"].splitlines()) == 1
    assert {(call["profile"], call["inhibitor"], call["call"]) for call in calls} == {
        ("C1156Y", "crizotinib", "sensitive"),
        ("G1269A", "crizotinib", "resistant"),
        ("L1196M+G1202R", "lorlatinib", "resistant"),
    }


def test_all_problems_of_an_addition_at_once(home: Path) -> None:
    bad = [
        f"a,{MODEL},L1202R,alectinib,=,20,,unknown,a test,,",
        f"b,{MODEL},G1202R,chemotherapy,=,2,5,unknown,a test,,",
        f"c,{MODEL},G1202R,alectinib,,20,,maybe,a test,,",
        "c,nobody,G1202R,alectinib,=,20,,unknown,a test,,",
        "Hatcher2015-C1156Y-alectinib,Hatcher2015,C1156Y,alectinib,=,2,,unknown,a test,,",
    ]
    add(
        home,
        [SOURCE_LINE.replace(",no,", ",perhaps,")],
        [LINE.replace(",IC50,", ",EC50,"), LINE.replace(MODEL, "Hatcher2015", 1),
         LINE.replace(MODEL, "silent").replace(SOURCE, "nowhere")],
        bad,
    )  # fmt: skip
    place = f"invitro/{MODEL}"
    assert problems(home) == [
        f"{place}/sources.csv, row 2, column secondary: found 'perhaps'; must be one of yes, no",
        f"{place}/models.csv, row 2, column potency_type: found 'EC50'; must be one of IC50, GI50, "
        "Ki, class, unknown, synthetic",
        f"{place}/models.csv, row 3, column model_id: found 'Hatcher2015'; stands twice; must be "
        "unique",
        f"{place}/measurements.csv, row 2, column mutations: found 'L1202R'; must be a canonical "
        "mutation profile such as G1202R or L1196M+G1202R or one of WT, parental (L1202R: residue "
        "1202 is G, not L)",
        f"{place}/measurements.csv, row 3, column inhibitor: found 'chemotherapy'; must be an "
        "inhibitor of data/reference/inhibitors.csv ('chemotherapy' is no ALK inhibitor: leave it "
        "out, or write it into the note)",
        f"{place}/measurements.csv, row 4, column call_in_source: found 'maybe'; must be one of "
        "sensitive, intermediate, resistant, unknown",
        f"{place}/measurements.csv, row 5, column measurement_id: found 'c'; stands twice; must be "
        "unique",
        f"{place}/measurements.csv, row 6, column measurement_id: found "
        "'Hatcher2015-C1156Y-alectinib'; stands twice; must be unique",
        f"{place}/models.csv, row 4, column source_id: found 'nowhere'; must be one of the "
        "source_id of sources.csv",
        f"{place}/measurements.csv, row 5, column model_id: found 'nobody'; must be one of the "
        "model_id of models.csv",
        f"{place}/models.csv, row 4, column model_id: found 'silent'; has no measurement in "
        "measurements.csv",
        f"{place}/measurements.csv, row 4, column relation: found ''; must be one of =, >, <, ~ "
        "where there is a value, and blank where there is none",
    ]


def test_a_folder_that_sorts_before_the_searches_is_the_one_that_repeats(home: Path) -> None:
    add(home, folder="a-model")
    add(home, folder="b-model")
    assert {problem.split(", ")[0] for problem in problems(home)} == {
        f"invitro/b-model/{table.file}" for table in INVITRO_TABLES
    }
    shutil.rmtree(home / "data/raw/invitro/b-model")
    (home / "data/raw/invitro/a-model/models.csv").write_text(
        (home / "data/raw/invitro/first_search/models.csv").read_text("utf-8"), "utf-8"
    )
    twice = [problem for problem in problems(home) if "stands twice" in problem]
    assert len(twice) == 36
    assert all(problem.startswith("invitro/a-model/models.csv") for problem in twice)


def test_a_form_that_is_wrong_is_said_with_its_file(home: Path) -> None:
    place = add(home)
    table = place / "measurements.csv"
    table.write_text(table.read_text("utf-8").replace("mutations,", "", 1), "utf-8")
    (first, *_) = problems(home)
    assert first.startswith(f"invitro/{MODEL}/measurements.csv")


def test_made_up_rows_never_stand_among_measurements(home: Path) -> None:
    """The tables of a synthetic cohort have the same form."""
    made_up = home / "data/cohorts/reconstructed/invitro"
    shutil.copytree(made_up, home / "data/raw/invitro/reconstructed")
    found = problems(home)
    assert len(found) == 324
    assert all("is the id of a synthetic row, and none stands" in problem for problem in found)


def test_a_new_source_keeps_its_title_and_note(home: Path) -> None:
    add(home)
    build(home)
    source = laboratory.load(home / "data/invitro").sources.set_index("source_id")
    assert list(source.loc[SOURCE, ["title", "note"]]) == ["Made up", "a note"]


def test_a_model_of_a_known_source_needs_no_source(home: Path) -> None:
    add(home, None, [LINE.replace(SOURCE, "Hatcher2015")])
    build(home)
    after = laboratory.load(home / "data/invitro")
    assert len(after.sources) == len(laboratory.load().sources)
    assert after.models.set_index("model_id").at[MODEL, "source_id"] == "Hatcher2015"


def test_a_source_cannot_be_described_twice(home: Path) -> None:
    add(home, [SOURCE_LINE.replace(SOURCE, "Hatcher2015")], [LINE.replace(SOURCE, "Hatcher2015")])
    assert problems(home) == [
        f"invitro/{MODEL}/sources.csv, row 2, column source_id: found 'Hatcher2015'; stands twice; "
        "must be unique"
    ]


def test_a_model_of_the_literature_gets_further_measurements(home: Path) -> None:
    before = laboratory.load(home / "data/invitro").measurements
    rows = [
        "mine-1,Hatcher2015,C1156Y,alectinib,=,3,,unknown,a test,,",
        "mine-2,Hatcher2015,R1275Q,alectinib,=,4,,unknown,a test,,",
    ]
    add(home, None, None, rows)
    build(home)
    after = laboratory.load(home / "data/invitro")
    new = after.measurements[~after.measurements["measurement_id"].isin(before["measurement_id"])]
    assert list(new["measurement_id"]) == ["mine-1", "mine-2"]
    assert len(after.measurements) == len(before) + 2


def test_a_model_needs_a_measurement(home: Path) -> None:
    """Also where its file has another name."""
    place = add(home, measurements=[])
    silent = [
        f"invitro/{MODEL}/models.csv, row 2, column model_id: found '{MODEL}'; has no measurement "
        "in measurements.csv"
    ]
    assert problems(home) == silent
    (place / "measurements.csv").rename(place / "measurement.csv")
    assert problems(home) == silent


def test_a_folder_without_a_table_is_no_model(home: Path) -> None:
    add(home, None, None, None)
    assert problems(home) == [
        f"invitro/{MODEL}: must hold sources.csv, models.csv, measurements.csv, or one of them"
    ]


def test_a_table_of_which_no_folder_has_a_file_is_refused(home: Path) -> None:
    for file in (home / "data/raw/invitro").glob("*/models.csv"):
        file.unlink()
    expected = "invitro: has models.csv in none of its folders: must be in one at least"
    assert problems(home) == [expected]
