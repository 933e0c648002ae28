"""A model that a reader adds: in every table, figure and page, or refused with the reason.

`TEST-FIXTURE-model` is made up. It lives in temporary folders only.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alkpool import paths
from alkpool.analysis import invitro
from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.data import laboratory
from alkpool.data.cohort import load
from alkpool.intake import added_models, curate
from alkpool.problems import DataError

MODEL = "TEST-FIXTURE-model"
LINE = (
    f"{MODEL},TEST-FIXTURE-2020,Nobody N,2020,,Made up,,,no,a note,ALK-fusion cells,abstract,"
    "made up for a test,Ba/F3,EML4-ALK V1,viability,IC50,nM,50,200,none: a test,a test,,"
)
HEADER = "mutations,inhibitor,relation,value,fold_change,call_in_source,locator,read_via,note"
# Sensitive by the threshold, resistant by the call of the source, a compound profile, a control.
MEASUREMENTS = [
    "p.Cys1156Tyr,crizotinib,=,20,,unknown,a test,,",
    "G1269A,crizotinib,,,,resistant,a test,,",
    "G1202R/L1196M,lorlatinib,>,500,,unknown,a test,,",
    "WT,alectinib,=,2,,unknown,a test,,",
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the data and the notebooks."""
    for folder in ("data", "notebooks"):
        shutil.copytree(paths.HOME / folder, tmp_path / folder)
    return tmp_path


def add(home: Path, line: str = LINE, measurements: list[str] = MEASUREMENTS) -> Path:
    folder = home / "data/raw/invitro/added"
    with (folder / "models.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    file = folder / f"{line.split(',')[0]}.csv"
    file.write_text("\n".join([HEADER, *measurements]) + "\n", "utf-8")
    return file


def build(home: Path) -> None:
    for name, text in curate.files(home / "data").items():
        (home / "data" / name).write_text(text, "utf-8")


def problems(home: Path) -> list[str]:
    with pytest.raises(DataError) as refused:
        curate.files(home / "data")
    return [str(problem) for problem in refused.value.problems]


def test_nothing_is_added_as_checked_in() -> None:
    """No fixture has become data."""
    (header,) = (paths.RAW / "invitro/added/models.csv").read_text("utf-8").splitlines()
    assert header.split(",") == added_models.ADDED_MODELS.columns
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


def test_build_is_the_same_without_the_folder(home: Path) -> None:
    as_it_is = curate.build(home / "data/raw")
    shutil.rmtree(home / "data/raw/invitro/added")
    for name, table in curate.build(home / "data/raw").items():
        assert table.equals(as_it_is[name]), name


def test_all_problems_of_an_addition_at_once(home: Path) -> None:
    bad = [
        "L1202R,alectinib,=,20,,unknown,a test,,",
        "G1202R,chemotherapy,=,2,5,unknown,a test,,",
        "G1202R,alectinib,,20,,maybe,a test,,",
    ]
    add(home, LINE.replace(",no,", ",perhaps,").replace(",IC50,", ",EC50,"), bad)
    add(home, LINE.replace(MODEL, "Hatcher2015"))
    (home / "data/raw/invitro/added/orphan.csv").write_text(HEADER + "\n", "utf-8")
    (home / "data/raw/invitro/added/Hatcher2015.csv").unlink()
    found = problems(home)
    assert found == [
        "added/models.csv, row 2, column secondary: found 'perhaps'; must be one of yes, no",
        "added/models.csv, row 2, column potency_type: found 'EC50'; must be one of IC50, GI50, "
        "Ki, class, unknown, synthetic",
        "added/models.csv, row 3, column model_id: found 'Hatcher2015'; is a model already; name "
        "it otherwise",
        "added/models.csv, row 3, column secondary: found 'no'; must be as this source_id has it "
        "elsewhere, or the source needs an id of its own",
        f"added/{MODEL}.csv, row 2, column mutations: found 'L1202R'; must be a canonical mutation "
        "profile such as G1202R or L1196M+G1202R or one of WT, parental (L1202R: residue 1202 is "
        "G, not L)",
        f"added/{MODEL}.csv, row 3, column inhibitor: found 'chemotherapy'; must be an inhibitor "
        "of data/reference/inhibitors.csv ('chemotherapy' is no ALK inhibitor: leave it out, or "
        "write it into the note)",
        f"added/{MODEL}.csv, row 4, column call_in_source: found 'maybe'; must be one of "
        "sensitive, intermediate, resistant, unknown",
        f"added/{MODEL}.csv, row 4, column relation: found ''; must be one of =, >, <, ~ where "
        "there is a value, and blank where there is none",
        "added/Hatcher2015.csv: the file is missing",
        "added/orphan.csv: is no model so far, and has no line in models.csv",
    ]


def test_a_new_source_keeps_its_title_and_note(home: Path) -> None:
    add(home)
    build(home)
    source = laboratory.load(home / "data/invitro").sources.set_index("source_id")
    assert list(source.loc["TEST-FIXTURE-2020", ["title", "note"]]) == ["Made up", "a note"]


def test_a_model_of_the_literature_gets_further_measurements(home: Path) -> None:
    """Beside those it has, and numbered after them where it has the combination."""
    before = laboratory.load(home / "data/invitro").measurements
    rows = ["C1156Y,alectinib,=,3,,unknown,a test,,", "R1275Q,alectinib,=,4,,unknown,a test,,"]
    file = home / "data/raw/invitro/added/Hatcher2015.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    build(home)
    after = laboratory.load(home / "data/invitro")
    new = after.measurements[~after.measurements["measurement_id"].isin(before["measurement_id"])]
    assert list(new["measurement_id"]) == [
        "Hatcher2015-C1156Y-alectinib-2", "Hatcher2015-R1275Q-alectinib",
    ]  # fmt: skip
    assert len(after.measurements) == len(before) + 2


def test_empty_and_repeated_measurements(home: Path) -> None:
    file = add(home, measurements=[])
    assert problems(home) == [f"added/{MODEL}.csv: has no measurement"]
    rows = [MEASUREMENTS[0], MEASUREMENTS[0].replace("=,20", "=,30")]
    file.write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")
    build(home)
    added = laboratory.load(home / "data/invitro").measurements.query("model_id == @MODEL")
    assert list(added["measurement_id"]) == [
        f"{MODEL}-C1156Y-crizotinib", f"{MODEL}-C1156Y-crizotinib-2",
    ]  # fmt: skip


def test_a_model_of_a_known_source_needs_its_description(home: Path) -> None:
    """A line that says of a known publication what the tables say is accepted."""
    known = laboratory.load().sources.set_index("source_id").loc["Hatcher2015"]
    names = ["first_author", "year", "journal", "title", "doi", "pmid", "secondary"]
    publication = ",".join(["Hatcher2015", *map(str, known[names])])
    add(home, LINE.replace("TEST-FIXTURE-2020,Nobody N,2020,,Made up,,,no", publication))
    build(home)
    after = laboratory.load(home / "data/invitro")
    assert len(after.sources) == len(laboratory.load().sources)
