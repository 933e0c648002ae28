"""A cohort in the shape of the supplementary tables."""

from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import invitro
from alkpool.actionability import matrix
from alkpool.cohort import Cohort, analysis_set
from alkpool.files import new_folder, write_atomically
from alkpool.supplement.shape import SHAPES, SYNTHETIC, escaped
from alkpool.vocabulary import Answer, Relation, StudyType


def export(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Put the analysis set of a cohort into the shape of ST3 to ST8.

    Parameters
    ----------
    cohort : Cohort
        Only its `alkpool.cohort.analysis_set` counts.

    Returns
    -------
    dict of str to DataFrame
        ``ST3`` to ``ST8``, cells as text under the headers of `SHAPES`. A synthetic cohort has
        ``ST2`` too, its made-up in vitro calls, and ``Synthetic`` in every row. ST5 holds the
        lines of local patients, which ST7 has as well.
    """
    pool = analysis_set(cohort)
    patients = pool.patients.merge(
        pool.sources[["source_id", "study_type"]], on="source_id", validate="many_to_one"
    )
    local = patients["study_type"] == StudyType.LOCAL
    samples = pool.samples.merge(patients, on="patient_id", suffixes=("", "_of_patient"))
    lines = pool.treatments.merge(
        pool.samples[["sample_id", "patient_id", "sample_order", "mutations"]], on="sample_id"
    ).merge(patients[["patient_id", "source_id", "study_type"]], on="patient_id")
    course = {
        "patient": lines["patient_id"], "sample": lines["sample_order"],
        "reference": lines["source_id"], "mutations": lines["mutations"],
        "line": lines["line_number"], "inhibitor": lines["inhibitor"],
        "monotherapy": lines["monotherapy"], "response": lines["best_response"],
        "pfs": _months(lines, "pfs"), "dot": _months(lines, "dot"), "status": lines["status"],
    }  # fmt: skip
    several = samples["mutations"].str.contains("+", regex=False)
    facts = _facts(samples)
    cells = matrix(pool)
    tables: dict[str, dict[str, Any]] = {
        "ST3": {
            "reference": pool.sources["source_id"],
            **{name: pool.sources[name] for name in
               ("study_type", "first_author", "year", "journal", "title", "doi", "pmid")},
        },
        "ST4": {"patient": patients["patient_id"], **_facts(patients)},
        "ST5": course,
        "ST6": {
            "patient": samples["patient_id"], "sample": samples["sample_order"],
            "reference": samples["source_id"], **facts, "mutations": samples["mutations"],
            "phase": samples["phase"].where(several, ""), "vaf": samples["vaf_percent"],
            "specimen": samples["specimen"], "prior": samples["prior_inhibitors"],
            "failed": samples["resistance_on"], "other_findings": samples["other_findings"],
        },
        "ST7": course,
        "ST8": {
            "mutations": cells["profile"], "inhibitor": cells["inhibitor"],
            "relapsing": _counted(cells, "relapsed", "relapse_n"),
            "sensitivity": _counted(cells, "benefit_k", "benefit_n"),
        },
    }  # fmt: skip
    if cohort.synthetic:
        calls = invitro.load_for(cohort).measurements
        tables["ST2"] = {
            "model": calls["model_id"], "mutations": calls["mutations"],
            "inhibitor": calls["inhibitor"], "call": calls["call_in_source"],
        }  # fmt: skip
    frames = {
        name: pd.DataFrame({SHAPES[name].header(key): column for key, column in columns.items()})
        for name, columns in sorted(tables.items())
    }
    frames["ST4"] = frames["ST4"][local]
    frames["ST5"] = frames["ST5"][lines["study_type"] == StudyType.LOCAL]
    mark = {SYNTHETIC.header: Answer.YES} if cohort.synthetic else {}
    return {name: _as_text(frame).assign(**mark) for name, frame in frames.items()}


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as ``ST3.csv`` and so on into a new folder; no cell is a formula.

    Raises
    ------
    FileExistsError
        Where there is something already.
    """
    with new_folder(folder) as made:
        for name, table in tables.items():
            text = table.map(escaped).to_csv(index=False, lineterminator="\n")
            write_atomically(made / f"{name}.csv", text)


def _facts(rows: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        "age": rows["age_years"].map("{:.10g}".format, na_action="ignore"),
        "sex": rows["sex"], "stage": rows["stage"], "histology": rows["histology"],
        "fusion": rows["fusion_partner"], "variant": rows["fusion_variant"],
    }  # fmt: skip


def _months(lines: pd.DataFrame, measure: str) -> list[str]:
    pairs = zip(lines[f"{measure}_relation"], lines[f"{measure}_months"], strict=True)
    return [
        "" if pd.isna(months) else f"{'' if relation == Relation.EQUAL else relation}{months:.10g}"
        for relation, months in pairs
    ]


def _counted(cells: pd.DataFrame, k: str, n: str) -> pd.Series:
    # Not 9/11: a spreadsheet makes a date of that.
    return cells[k].astype(str) + " of " + cells[n].astype(str)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype("string").fillna("").astype(str).reset_index(drop=True)
