"""The reconstructed cohort: every printed number again from its rows, and its solver."""

import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from days import by_day

from alkpool import paper, paths, stats
from alkpool.analysis import actionability, invitro
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import RULES, classify
from alkpool.data import cohort, laboratory
from alkpool.data.cohort import Cohort
from alkpool.data.reader import read_folder
from alkpool.data.tables import COHORT_TABLES, LIMITS
from reconstruction import (
    Infeasible,
    Quantity,
    Readings,
    Tables,
    bounds,
    draw,
    kind,
    quantities,
)
from reconstruction.__main__ import main
from reconstruction.cohorts import mismatches
from reconstruction.counts import (
    SPECTRA_MULTIPLE,
    CountModel,
    build,
    least_for_high,
)
from reconstruction.files import contents, differing, write
from reconstruction.invitro_calls import AGREEMENT, COLUMNS
from reconstruction.local import (
    LINES_OF_PATIENT,
    PFS_OF_FURTHER_LINES,
    PFS_OF_LINES,
    PFS_OF_PATIENTS,
    RESPONSES,
    draw_courses,
)
from reconstruction.profiles import (
    COMMON,
    GIVEN,
    KINDS,
    MULTIPLE,
    PROFILES,
    SINGLE,
    TESTED,
    UNTESTED,
)
from reconstruction.variants import draw_strata, wald_p

FOLDER = paths.COHORTS / "reconstructed"

# One draw of the solver serves the whole session: its tests run on one worker.
pytestmark = pytest.mark.xdist_group("reconstruct")


@pytest.fixture(scope="module")
def pooled() -> Cohort:
    return cohort.load("reconstructed")


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    read = pd.read_csv(FOLDER / "invitro/measurements.csv")
    return read.rename(columns={"call_in_source": "call"})[COLUMNS]


@pytest.fixture(scope="module")
def evaluations(pooled: Cohort) -> pd.DataFrame:
    """Monotherapy lines of the pool with a decided benefit, in the order they were given."""
    lines = classify(pooled.treatments).merge(pooled.samples, on="sample_id")
    taken = pooled.patients.loc[pooled.patients["status"] == "included", "patient_id"]
    lines = lines[lines["patient_id"].isin(taken) & (lines["monotherapy"] == "yes")]
    lines = lines.sort_values(["patient_id", "sample_order", "treatment_id"])
    return lines[lines["benefit"] != "unknown"]


# The checked-in rows


def test_every_printed_number_comes_out_but_the_one_given_up(
    pooled: Cohort, calls: pd.DataFrame
) -> None:
    # "24 [82%]" of 34: 28 is 82%.
    assert Readings().given_up == {"P112"}
    assert mismatches(pooled, calls) == []
    ours = paper.recompute(pooled, calls)
    assert paper.differing(paper.read_ledger(), ours) == ["P112"]
    assert ours.set_index("ledger_id").loc["P112", "ours"] == 28


# The same again, with little more than pandas


def test_patients_samples_and_flow(pooled: Cohort) -> None:
    patients = pooled.patients.merge(pooled.sources[["source_id", "study_type"]], on="source_id")
    counts = patients.groupby(["study_type", "status"]).size().to_dict()
    assert counts == {
        ("case_report", "included"): 33,
        ("cohort", "included"): 340,
        ("cohort", "duplicate"): 50,
        ("local", "included"): 14,
        ("local", "excluded"): 15,
    }
    assert pooled.sources["study_type"].value_counts().to_dict() == {
        "cohort": 36, "case_report": 33, "local": 1,
    }  # fmt: skip
    reasons = patients.loc[patients["status"] == "duplicate", "exclusion_reason"]
    assert reasons.value_counts().to_dict() == {
        "reported more than once by other groups": 43,
        "treated at the local centre": 6,
        "treated at the local centre; reported more than once by other groups": 1,
    }
    included = patients.loc[patients["status"] == "included", "patient_id"]
    assert len(included) == 387
    assert pooled.samples["patient_id"].isin(included).sum() == 450


def test_samples_by_inhibitor_and_profile(pooled: Cohort) -> None:
    included = pooled.patients.loc[pooled.patients["status"] == "included", "patient_id"]
    samples = pooled.samples[pooled.samples["patient_id"].isin(included)]
    after = samples["resistance_on"].value_counts()
    assert [after[name] for name in GIVEN] == [220, 53, 82, 32, 34]
    assert after.drop(list(GIVEN)).sum() == 29
    several = samples["mutations"].str.contains("+", regex=False)
    assert several.value_counts().to_dict() == {False: 345, True: 105}
    assert several[samples["resistance_on"] == "lorlatinib"].sum() == 28
    counts = samples.groupby(["resistance_on", "mutations"]).size()
    assert counts["crizotinib", "L1196M"] == 55
    assert counts["crizotinib", "G1269A"] == 34
    assert counts["alectinib", "G1202R"] == 26
    assert counts["alectinib", "L1196M"] == 9
    assert counts["ceritinib", "G1202R"] == 19
    assert counts["brigatinib", "G1202R"] == 10
    assert counts["lorlatinib", "L1196M+G1202R"] == 4
    alectinib = counts["alectinib"]
    assert (
        alectinib[
            [name for name in alectinib.index if name[:5] == "I1171" and len(name) == 6]
        ].sum()
        == 27
    )
    assert (
        samples.loc[samples["resistance_on"] == "crizotinib", "prior_inhibitors"] == "crizotinib"
    ).all()
    assert (samples["mutations"].isin(UNTESTED)).sum() == 152
    group = samples["mutations"].replace({r"(I1171|F1174)\w": r"\1X"}, regex=True)
    single = group[~several].groupby(samples["resistance_on"]).value_counts()
    for inhibitor, leading in {
        "crizotinib": ["L1196M", "G1269A"], "alectinib": ["I1171X", "G1202R"],
        "ceritinib": ["G1202R"], "brigatinib": ["G1202R"],
    }.items():  # fmt: skip
        assert single[inhibitor].nlargest(len(leading), keep="all").index.tolist() == leading
    assert counts["lorlatinib"].nlargest(1, keep="all").index.tolist() == ["L1196M+G1202R"]


def test_evaluations_by_class(evaluations: pd.DataFrame) -> None:
    benefit = evaluations["benefit"] == "benefit"
    several = evaluations["mutations"].str.contains("+", regex=False)
    assert (benefit.sum(), len(evaluations)) == (177, 262)
    assert (benefit[several].sum(), several.sum()) == (27, 49)
    assert evaluations["patient_id"].nunique() == 239
    first = evaluations.drop_duplicates("patient_id")
    one = first["prior_inhibitors"].str.count(";") == 0
    helped = first["benefit"] == "benefit"
    assert (helped[one].sum(), one.sum()) == (109, 168)
    assert (helped[~one].sum(), (~one).sum()) == (50, 71)
    cells = evaluations.groupby(["mutations", "inhibitor"])["benefit"]
    assert cells.get_group(("L1196M", "alectinib")).value_counts().to_dict() == {
        "benefit": 9, "no benefit": 2,
    }  # fmt: skip
    assert cells.get_group(("G1202R", "alectinib")).value_counts().to_dict() == {
        "benefit": 4, "no benefit": 2,
    }  # fmt: skip


def test_local_lines(evaluations: pd.DataFrame) -> None:
    local = evaluations[evaluations["patient_id"].str.startswith("SYN-L")]
    objective = local["best_response"].isin(["CR", "PR"])
    assert local["line_number"].value_counts().to_dict() == {2: 12, 3: 4, 4: 1}
    assert objective.groupby(local["inhibitor"]).agg(["sum", "count"]).to_dict("index") == {
        "alectinib": {"sum": 3, "count": 5},
        "brigatinib": {"sum": 1, "count": 1},
        "ceritinib": {"sum": 3, "count": 5},
        "lorlatinib": {"sum": 5, "count": 6},
    }


def test_lines_are_classified_by_every_branch(pooled: Cohort) -> None:
    assert set(classify(pooled.treatments)["rule"]) == set(RULES)


def test_lines_make_clinical_sense(pooled: Cohort) -> None:
    lines = pooled.treatments.merge(pooled.samples, on="sample_id")
    repeated = [
        inhibitor in prior.split(";")
        for inhibitor, prior in zip(lines["inhibitor"], lines["prior_inhibitors"], strict=True)
    ]
    assert not any(repeated)
    chains = pooled.samples.sort_values(["patient_id", "sample_order"])
    earlier = chains.groupby("patient_id")["prior_inhibitors"].shift()
    later = chains[earlier.notna()]
    assert (
        later["prior_inhibitors"] == earlier[earlier.notna()] + ";" + later["resistance_on"]
    ).all()
    given = pooled.treatments.drop_duplicates("sample_id").set_index("sample_id")["inhibitor"]
    following = chains.groupby("patient_id")["resistance_on"].shift(-1)
    progressed = chains.assign(given=chains["sample_id"].map(given), following=following).dropna()
    assert len(progressed) > 0
    assert (progressed["given"] == progressed["following"]).all()


# The pipeline on the checked-in files


def test_no_problem_in_the_folder() -> None:
    assert cohort.check(FOLDER) == []


def test_rows_say_that_they_are_synthetic(pooled: Cohort, calls: pd.DataFrame) -> None:
    assert pooled.meta.synthetic
    assert pooled.meta.kind == "reconstructed"
    for table in COHORT_TABLES:
        (key,) = table.key
        assert getattr(pooled, table.name)[key].str.startswith("SYN-").all()
    assert calls["model_id"].str.startswith("SYN-").all()
    made_up = laboratory.load_for(pooled)
    assert made_up.measurements["measurement_id"].str.startswith("SYN-").all()
    for table in (made_up.models, made_up.measurements):
        assert set(table["locator"]) == {"synthetic"}
    assert set(made_up.models["potency_type"]) == {"synthetic"}
    assert made_up.measurements["value"].isna().all()


def test_exactly_two_conflicting_cells(pooled: Cohort) -> None:
    table = actionability.matrix(pooled)
    found = table[table["verdict"] == "conflicting evidence"]
    counts = ["profile", "inhibitor", "relapsed", "relapse_n", "benefit_k", "benefit_n"]
    assert sorted(found[counts].itertuples(index=False, name=None)) == [
        ("G1202R", "alectinib", 26, 82, 4, 6),
        ("L1196M", "alectinib", 9, 82, 9, 11),
    ]


def test_agreement_of_the_models(pooled: Cohort, calls: pd.DataFrame) -> None:
    table = actionability.matrix(pooled)
    found = invitro.agreement(table, calls).set_index("model_id")
    assert {m: (r["agreeing"], r["compared"]) for m, r in found.iterrows()} == AGREEMENT
    compared = invitro.compared(table, calls)
    assert len(compared[["mutations", "inhibitor"]].drop_duplicates()) == 45
    assert len(calls[["mutations", "inhibitor"]].drop_duplicates()) == 115


# Corrupt one thing, and the verification must notice

Corruption = Callable[[dict[str, pd.DataFrame]], None]


def put(
    table: str, column: str, value: object, which: Callable[[pd.DataFrame], pd.Series]
) -> Corruption:
    def corrupt(tables: dict[str, pd.DataFrame]) -> None:
        frame = tables[table]
        rows = frame.index[which(frame)]
        assert len(rows) > 0
        frame[column] = frame[column].astype(object)
        frame.loc[rows[0], column] = value

    return corrupt


def drop(table: str, which: Callable[[pd.DataFrame], pd.Series]) -> Corruption:
    def corrupt(tables: dict[str, pd.DataFrame]) -> None:
        frame = tables[table]
        rows = frame.index[which(frame)]
        assert len(rows) > 0
        tables[table] = frame.drop(index=rows[0])

    return corrupt


def rule(name: str, *, relation: str = "") -> Callable[[pd.DataFrame], pd.Series]:
    def which(lines: pd.DataFrame) -> pd.Series:
        judged = classify(lines)
        chosen = (judged["rule"] == name) & (judged["monotherapy"] == "yes")
        measure = "dot_relation" if name in ("R6", "R7", "R8") else "pfs_relation"
        return chosen & (judged[measure] == relation) if relation else chosen

    return which


def local_line(lines: pd.DataFrame) -> pd.Series:
    return lines["sample_id"].str.startswith("SYN-L")


def literature(frame: pd.DataFrame) -> pd.Series:
    return frame["patient_id"].str.startswith("SYN-P")


def included(frame: pd.DataFrame) -> pd.Series:
    return frame["status"] == "included"


def having(column: str, value: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: frame[column] == value


def with_line_of_single_sample(tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["treatments"]
    others = lines["sample_id"].str.startswith("SYN-P")
    compound = tables["samples"].set_index("sample_id")["mutations"].str.contains("+", regex=False)
    single = ~lines["sample_id"].map(compound)
    new_home = tables["samples"].loc[compound.to_numpy(), "sample_id"].iloc[-1]
    lines.loc[lines.index[others & single & rule("R1")(lines)][0], "sample_id"] = new_home


def with_sample_moved(tables: dict[str, pd.DataFrame]) -> None:
    samples, patients = tables["samples"], tables["patients"]
    local = patients.loc[included(patients) & patients["patient_id"].str.startswith("SYN-L")]
    samples.loc[samples.index[literature(samples)][0], "patient_id"] = local["patient_id"].iloc[0]


def with_samples_swapped(tables: dict[str, pd.DataFrame]) -> None:
    """Reverse the order of two samples of a patient with a known variant and different classes."""
    samples = tables["samples"]
    known = tables["patients"].query("fusion_variant in ['V1', 'V3'] and status == 'included'")
    chains = samples[samples["patient_id"].isin(known["patient_id"])].groupby("patient_id")
    for _, chain in chains:
        carriers = chain["mutations"].isin(["L1196M", "G1202R"])
        if len(chain) == 2 and carriers.nunique() == 2:
            samples.loc[chain.index, "sample_order"] = [2, 1]
            return
    # No such patient: exchange two lines of treatment in time, which moves a first evaluation.
    lines = tables["treatments"].merge(samples[["sample_id", "patient_id"]], on="sample_id")
    judged = classify(lines).query("benefit != 'unknown' and monotherapy == 'yes'")
    for _, courses in judged.groupby("patient_id"):
        if courses["sample_id"].nunique() == 2 and courses["benefit"].nunique() == 2:
            at = samples["sample_id"].isin(courses["sample_id"])
            samples.loc[at, "sample_order"] = [2, 1]
            return
    raise AssertionError("the cohort has no patient for this corruption")


CORRUPTIONS: dict[str, Corruption] = {
    "sources.source_id": put("sources", "source_id", "SYN-X", having("study_type", "local")),
    "sources.study_type": put("sources", "study_type", "local", having("study_type", "cohort")),
    "patients.patient_id": put("patients", "patient_id", "SYN-X", included),
    "patients.source_id": put("patients", "source_id", "SYN-R01", included),
    "patients.status": put("patients", "status", "excluded", included),
    "patients.duplicate_of": put(
        "patients", "duplicate_of", "SYN-X", having("status", "duplicate")
    ),
    "patients.exclusion_reason": put(
        "patients", "exclusion_reason", "unknown", having("status", "duplicate")
    ),
    "patients.fusion_partner": put(
        "patients", "fusion_partner", "unknown", having("fusion_partner", "EML4")
    ),
    "patients.fusion_variant": put(
        "patients", "fusion_variant", "V1", having("fusion_variant", "V3")
    ),
    "samples.sample_id": put("samples", "sample_id", "SYN-X", local_line),
    "samples.patient_id": with_sample_moved,
    "samples.sample_order": with_samples_swapped,
    "samples.resistance_on": put(
        "samples", "resistance_on", "ensartinib", having("resistance_on", "brigatinib")
    ),
    "samples.prior_inhibitors": put(
        "samples", "prior_inhibitors", "alectinib;crizotinib",
        having("resistance_on", "crizotinib"),
    ),
    "samples.mutations": put("samples", "mutations", "G1123S", having("mutations", "G1128A")),
    "treatments.sample_id": with_line_of_single_sample,
    "treatments.line_number": put("treatments", "line_number", 7, local_line),
    "treatments.inhibitor": put(
        "treatments", "inhibitor", "ensartinib", local_line
    ),
    "treatments.monotherapy": put("treatments", "monotherapy", "no", rule("R1")),
    "treatments.best_response": put("treatments", "best_response", "PD", rule("R1")),
    "treatments.pfs_relation": put("treatments", "pfs_relation", ">", rule("R5", relation="=")),
    "treatments.pfs_months": put("treatments", "pfs_months", 1.0, rule("R3")),
    "treatments.dot_relation": put("treatments", "dot_relation", ">", rule("R8", relation="=")),
    "treatments.dot_months": put("treatments", "dot_months", 1.0, rule("R6")),
    "treatments.status": put("treatments", "status", "ongoing", rule("R5")),
    "calls.model_id": put("calls", "model_id", "SYN-Other-V1", having("inhibitor", "ceritinib")),
    "calls.mutations": put("calls", "mutations", "G1128A", having("inhibitor", "ceritinib")),
    "calls.inhibitor": put("calls", "inhibitor", "ensartinib", having("inhibitor", "ceritinib")),
    "row of a literature patient": drop("patients", lambda f: included(f) & literature(f)),
    "row of a local patient": drop("patients", lambda f: included(f) & ~literature(f)),
    "row of a duplicate": drop("patients", having("status", "duplicate")),
    "row of an excluded local patient": drop("patients", having("status", "excluded")),
    "row of a sample": drop("samples", literature),
    "row of a local line": drop("treatments", local_line),
    "row of a literature line": drop("treatments", lambda f: ~local_line(f) & rule("R3")(f)),
}  # fmt: skip
# Columns that no printed number depends on. A key that nothing refers to is one of them.
FREE = {
    "sources": "sampling access first_author year journal title doi pmid status exclusion_reason "
    "note",
    "patients": "age_years sex stage histology note",
    "samples": "specimen phase vaf_percent other_findings locator read_via note",
    "treatments": "treatment_id lines_since_sample partner locator read_via note",
}


def test_corruptions_cover_every_column_that_counts() -> None:
    columns = {
        f"{table.name}.{column}"
        for table in COHORT_TABLES
        for column in table.columns
        if column not in FREE[table.name].split()
    } | {"calls.model_id", "calls.mutations", "calls.inhibitor"}
    assert {name for name in CORRUPTIONS if not name.startswith("row of")} == columns


@pytest.mark.parametrize("name", by_day(CORRUPTIONS))
def test_corruption_is_noticed(name: str, pooled: Cohort, calls: pd.DataFrame) -> None:
    tables = {table.name: getattr(pooled, table.name).copy() for table in COHORT_TABLES}
    tables["calls"] = calls.copy()
    before = {key: frame.copy() for key, frame in tables.items()}
    CORRUPTIONS[name](tables)
    assert any(not tables[key].equals(frame) for key, frame in before.items())
    spoilt_calls = tables.pop("calls")
    spoilt = replace(pooled, **tables)
    assert mismatches(spoilt, spoilt_calls) != []


def test_flipped_call_is_noticed(pooled: Cohort, calls: pd.DataFrame) -> None:
    compared = invitro.compared(actionability.matrix(pooled), calls)
    first = compared.iloc[0]
    at = (
        calls[["model_id", "mutations", "inhibitor"]]
        == first[["model_id", "mutations", "inhibitor"]]
    ).all(axis=1)
    flipped = calls.copy()
    flipped.loc[at, "call"] = "resistant" if first["call"] == "sensitive" else "sensitive"
    assert mismatches(pooled, flipped) != []


def test_mutations_in_trans_would_be_noticed(pooled: Cohort) -> None:
    samples = pooled.samples.copy()
    compound = samples.index[samples["mutations"] == "L1196M+G1202R"]
    samples.loc[compound, "phase"] = "trans"
    after = actionability.matrix(replace(pooled, samples=samples))
    before = actionability.matrix(pooled)
    assert not after.equals(before)


# Determinism


@pytest.fixture(scope="session")
def rebuilt() -> Tables:
    return draw(2022)


def test_rebuilt_byte_for_byte(rebuilt: Tables, tmp_path: Path) -> None:
    assert differing(rebuilt, FOLDER) == []
    write(rebuilt, tmp_path)
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.nightly
def test_check_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "reconstruction", "--check"],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "byte for byte" in done.stdout


def test_check_names_the_file_that_differs(
    rebuilt: Tables,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(rebuilt, tmp_path / "reconstructed")
    with (tmp_path / "reconstructed" / "samples.csv").open("a") as file:
        file.write("\n")
    monkeypatch.setattr(paths, "COHORTS", tmp_path)
    monkeypatch.setattr("reconstruction.__main__.draw", lambda seed: rebuilt)
    assert main(["--check"]) == 1
    assert "samples.csv" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


@pytest.mark.nightly
def test_another_seed_gives_other_rows(rebuilt: Tables) -> None:
    other = contents(draw(7))
    same = [name for name, content in contents(rebuilt).items() if other[name] == content]
    assert same == ["cohort.yaml", "sources.csv"]


# Readings


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("readings", "given_up"),
    [
        (Readings(lorlatinib_multiple=24), {"P113", "P195"}),
        (
            Readings(duplicates=51),
            {"P001", "P002", "P021", "P083", "P085", "P112", "P122", "P123", "P185", "P204"}
            | {"P211"},
        ),
        (Readings(previous_count="evaluations"), {"P112"}),
        (Readings(benefit_unit="patients", pfs_unit="patients"), {"P112"}),
        (Readings(variant_unit="only sample", other_inhibitor="always"), {"P112"}),
        (Readings(first_line=(), spectra_test="two categories"), {"P112"}),
        (Readings(first_line=("crizotinib", "alectinib"), spectra_test="none"), {"P106", "P112"}),
    ],
    ids=["24 of 34", "51 duplicates", "evaluations", "patients", "single samples", "no first line",
         "alectinib first line"],
)  # fmt: skip
def test_other_readings_hold_too(readings: Readings, given_up: set[str]) -> None:
    tables = draw(3, readings)
    ours = paper.recompute(tables.cohort(), tables.invitro_calls, readings)
    assert set(paper.differing(paper.read_ledger(), ours)) <= given_up == readings.given_up


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"duplicates": 49}, "49; the paper allows 50 or 51"),
        ({"lorlatinib_multiple": 35}, "35; must be 0 to 34"),
        ({"benefit_unit": "lines"}, "must be one of evaluations, patients"),
        ({"first_line": ("lorlatinib",)}, "first_line holds lorlatinib"),
    ],
)
def test_unknown_reading_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Readings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("readings", "ids", "words"),
    [
        # 9 of 82 is 10.98%: not high any more.
        (
            Readings(verdict=VerdictRule(high_relapse_share=0.12)),
            ("P189", "P190"),
            "combinations with conflicting evidence = 2",
        ),
        # 4 of 6 is 67%: low now.
        (
            Readings(verdict=VerdictRule(low_sensitivity=0.7)),
            ("P189", "P193"),
            "G1202R patients with benefit on alectinib = 4/6",
        ),
        # 6 evaluable lines are too few.
        (
            Readings(verdict=VerdictRule(min_evaluable=7)),
            ("P189", "P193"),
            "cannot hold together",
        ),
    ],
    ids=["relapse share", "sensitivity", "evaluable lines"],
)
def test_contradiction_is_named(readings: Readings, ids: tuple[str, ...], words: str) -> None:
    with pytest.raises(Infeasible, match=words) as refused:
        draw(1, readings)
    assert refused.value.ledger_ids == ids


def test_contradiction_in_the_local_cohort_is_named() -> None:
    every = Readings(first_line=("crizotinib", "ceritinib", "alectinib", "brigatinib"))
    with pytest.raises(Infeasible, match="14 local patients") as refused:
        draw(1, every)
    assert "P054" in refused.value.ledger_ids


# Bounds


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (Quantity("local_benefit"), (12, 17)),
        (Quantity("samples", "L1196M"), (64, 83)),
        *(
            pytest.param(*further, marks=pytest.mark.nightly)
            for further in (
                (Quantity("samples", "G1269A"), (34, 46)),
                (Quantity("samples", "I1171X"), (27, 86)),
                (Quantity("benefit_n", "L1196M", "alectinib"), (11, 11)),
                (Quantity("relapsed", "L1196M+G1202R", "lorlatinib"), (4, 4)),
                (Quantity("benefit_n", "L1196M", "ceritinib"), (0, 72)),
            )
        ),
    ],
    ids=str,
)
@pytest.mark.nightly
def test_bounds(quantity: Quantity, expected: tuple[int, int]) -> None:
    found = bounds(quantity)
    assert (found.low, found.high) == expected
    assert found.low_proven
    assert found.high_proven
    kept = read_folder(paths.IDENTIFICATION, [LIMITS])["limits"].set_index(
        ["measure", "profile", "inhibitor"]
    )
    row = kept.loc[(quantity.measure, quantity.profile, quantity.inhibitor)]
    assert (row["low"], row["high"]) == expected


@pytest.mark.nightly
def test_a_limit_is_reached_by_a_whole_cohort() -> None:
    quantity = Quantity("benefit_n", "G1202R", "lorlatinib")
    limit = bounds(quantity)
    assert (limit.high, limit.high_proven) == (114, True)
    tables = draw(1, where={quantity: limit.high})
    cells = actionability.matrix(tables.cohort()).set_index(["profile", "inhibitor"])
    assert cells.loc[("G1202R", "lorlatinib"), "benefit_n"] == limit.high


def test_quantities_are_all_cells_and_totals() -> None:
    listed = quantities()
    assert len(listed) == len(set(listed)) == 38 * 5 * 3 + 38 + 2 + 1
    assert {q.profile for q in listed if q.inhibitor} == set(PROFILES)
    assert str(listed[0]) == "relapsed G1123S crizotinib"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("benefit", "L1196M", "alectinib"), "measure is 'benefit'"),
        (("relapsed", "G1128R", "alectinib"), "profile is 'G1128R'; must be one of G1123S, "),
        (("relapsed", "L1196M", "ensartinib"), "inhibitor is 'ensartinib'"),
    ],
)
def test_unknown_quantity_is_refused(arguments: tuple[str, str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Quantity(*arguments)  # type: ignore[arg-type]


def content(model: CountModel, swapped: dict[str, str]) -> Counter[object]:
    """Variables and constraints of a count model by name, with some profiles swapped."""
    proto = model.model.proto
    names = [
        " ".join(swapped.get(word, word) for word in variable.name.split())
        for variable in proto.variables
    ]

    def terms(expression: Any) -> tuple[tuple[str, int], ...]:
        named = [
            (names[index], 1) if index >= 0 else (names[-index - 1], -1)
            for index in expression.vars
        ]
        factors = zip(named, expression.coeffs, strict=True)
        return tuple(sorted((name, sign * factor) for (name, sign), factor in factors))

    def constraint(found: Any) -> object:
        when = tuple(sorted((names[max(at, -at - 1)], at >= 0) for at in found.enforcement_literal))
        if found.has_linear():
            return when, terms(found.linear), tuple(found.linear.domain)
        assert found.has_lin_max()
        return when, terms(found.lin_max.target), tuple(sorted(map(terms, found.lin_max.exprs)))

    variables = [
        (name, tuple(variable.domain))
        for name, variable in zip(names, proto.variables, strict=True)
    ]
    return Counter(variables) + Counter(map(constraint, proto.constraints))


@pytest.mark.nightly
def test_profiles_of_a_kind_can_change_places() -> None:
    """What is proven for one profile holds for its kind, and for no other."""
    model = build(replace(Readings(), spectra_test="none"), None)
    before = content(model, {})
    assert all(
        content(model, {one: other, other: one}) == before
        for alike in KINDS
        for one, other in pairwise(alike)
    )
    assert not any(
        content(model, {one: other, other: one}) == before
        for (one, *_), (other, *_) in combinations(KINDS, 2)
    )
    assert sorted(profile for alike in KINDS for profile in alike) == sorted(PROFILES)


@pytest.mark.nightly
def test_limits_do_not_depend_on_the_profile_of_a_kind() -> None:
    found = {bounds(alike) for alike in kind(Quantity("relapsed", "F1174L", "ceritinib"))}
    assert len(found) == 1


def test_local_benefit_cannot_be_fixed() -> None:
    with pytest.raises(ValueError, match="cannot be fixed"):
        draw(1, where={Quantity("local_benefit"): 12})


# Facts that the code states


def test_profiles() -> None:
    assert (len(TESTED), len(UNTESTED)) == (23, 15)
    assert len(set(PROFILES)) == 38
    assert sorted((*SINGLE, *MULTIPLE)) == sorted(PROFILES)
    # Other substitutions of a named residue would count in its class.
    classes = {members[0][:-1] for name, members in COMMON.items() if name not in members}
    assert classes == {"F1174", "I1171"}
    assert all(m in COMMON[f"{m[:-1]}X"] for m in SINGLE if m[:-1] in classes)


@pytest.mark.nightly
def test_spectra_are_the_only_ones() -> None:
    three = tuple(
        (a, b)
        for a in range(35)
        for b in range(23)
        if round(stats.fisher_exact([[19, 34 - a, a], [10, 22 - b, b]]).p_value, 2) == 0.54
    )
    assert SPECTRA_MULTIPLE["three categories"] == three
    ((a, b),) = SPECTRA_MULTIPLE["two categories"]
    assert round(stats.fisher_exact([[a, 53 - a], [b, 32 - b]]).p_value, 2) == 0.54


@pytest.mark.parametrize("times", [PFS_OF_LINES, PFS_OF_PATIENTS], ids=["lines", "patients"])
@pytest.mark.parametrize("method", ["normal", "log-log"])
def test_local_median_as_printed(times: tuple[tuple[float, bool], ...], method: str) -> None:
    months, seen = zip(*times, strict=True)
    median = stats.km_median(months, seen, method=method)  # type: ignore[arg-type]
    printed = [round(value, 1) for value in (median.median, median.low, median.high)]
    assert printed == [9.2, 3.8, 14.6]


def test_local_numbers() -> None:
    assert len(PFS_OF_LINES) == len(PFS_OF_PATIENTS) + len(PFS_OF_FURTHER_LINES) == 17
    assert len(LINES_OF_PATIENT) == 14
    assert [sum(lines >= n for lines in LINES_OF_PATIENT) for n in (1, 2, 3)] == [12, 4, 1]
    totals = np.array(list(RESPONSES.values())).sum(axis=0).tolist()
    assert totals == [17, 12]


@pytest.mark.parametrize("seed", range(20))
def test_local_courses(seed: int) -> None:
    courses = draw_courses(np.random.default_rng(seed), Readings())
    assert sum(len(course) for course in courses) == 23
    for course in courses:
        failed = [sample.failed for sample in course]
        given = [sample.line.inhibitor for sample in course if sample.line]
        assert given[: len(failed) - 1] == failed[1:]
        assert len({*failed, *given}) == 1 + len(given)
    lines = [sample.line for course in courses for sample in course if sample.line]
    rows = pd.DataFrame(
        {
            "best_response": [str(line.best_response) for line in lines],
            "pfs_relation": ["=" if line.progressed else ">" for line in lines],
            "pfs_months": [line.pfs_months for line in lines],
            "dot_relation": "",
            "dot_months": math.nan,
            "status": ["ended" if line.progressed else "ongoing" for line in lines],
        }
    )
    classes = (classify(rows)["benefit"] == "benefit").astype(int)
    assert classes.tolist() == [line.benefit for line in lines]


@pytest.mark.parametrize(
    ("share", "n", "minimum", "least"), [(0.1, 82, 3, 9), (0.1, 20, 3, 3), (0.5, 10, 3, 5)]
)
def test_least_for_high(share: float, n: int, minimum: int, least: int) -> None:
    assert least_for_high(share, n, minimum) == least


def test_strata_print_the_adjusted_p() -> None:
    groups = ("G1202R", "L1196M", "rest")
    inhibitors = ("crizotinib", "ceritinib", "alectinib")
    available = {(group, inhibitor): 40 for group in groups for inhibitor in inhibitors}
    strata = draw_strata(np.random.default_rng(5), available)
    rows = pd.DataFrame(
        [key for key, patients in strata.items() for _ in range(patients)],
        columns=["variant", "inhibitor", "group"],
    )
    assert rows["variant"].value_counts().to_dict() == {"V3": 62, "V1": 27}
    for group, printed in (("G1202R", 0.030), ("L1196M", 0.005)):
        table = rows.assign(carrier=(rows["group"] == group).astype(int))
        fitted = stats.logistic(table, "carrier", "variant", ["inhibitor"])
        p = fitted.loc["variant[V3]", "p_value"]
        assert round(p, 3) == printed
        cells = [
            [[strata[v, i, group] for i in inhibitors] for v in ("V3", "V1")],
            [[sum(strata[v, i, g] for g in groups) for i in inhibitors] for v in ("V3", "V1")],
        ]
        carriers, totals = (np.array([cell]) for cell in cells)
        assert wald_p(carriers, totals)[0] == pytest.approx(p, abs=1e-6)
