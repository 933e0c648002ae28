"""Small cohorts for tests, written as the few facts that matter."""

from collections.abc import Sequence

import pandas as pd

from alkpool.data.cohort import Cohort, CohortMeta
from alkpool.data.reader import Table
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.mutations import is_compound

META = CohortMeta(
    title="Test", kind="own", synthetic=False, description="Rows of a test.", licence="none"
)


def frame(table: Table, rows: Sequence[dict]) -> pd.DataFrame:
    """Typed table with blanks where a row says nothing."""
    text = pd.DataFrame(
        [{column: str(row.get(column, "")) for column in table.columns} for row in rows],
        columns=table.columns,
        dtype=str,
    )
    return table.typed(text)


def sample(mutations: str, after: str, *lines: dict, phase: str | None = None, **more) -> dict:
    """One patient with one sample and the lines given after it."""
    return {"mutations": mutations, "after": after, "lines": lines, "phase": phase, **more}


def line(inhibitor: str, response: str = "unknown", **more) -> dict:
    """One line of monotherapy."""
    return {"inhibitor": inhibitor, "best_response": response, **more}


def make_cohort(samples: Sequence[dict], *, synthetic: bool = False) -> Cohort:
    """Build a valid cohort, one patient for each sample unless ``patient`` says otherwise."""
    patients, sample_rows, treatments = {}, [], []
    for place, facts in enumerate(samples):
        patient = facts.get("patient", f"p{place}")
        patients.setdefault(
            patient,
            {
                "patient_id": patient, "source_id": "source", "duplicate_of": "", "sex": "unknown",
                "stage": "unknown", "histology": "unknown", "fusion_partner": "EML4",
                "status": facts.get("status", "included"),
                "exclusion_reason": "test" if facts.get("status") == "excluded" else "",
                "fusion_variant": facts.get("variant", "unknown"),
            },
        )  # fmt: skip
        default = "unknown" if is_compound(facts["mutations"]) else "single"
        name = f"s{place}"
        sample_rows.append(
            {
                "sample_id": name, "patient_id": patient, "sample_order": facts.get("order", 1),
                "specimen": facts.get("specimen", "tissue"), "resistance_on": facts["after"],
                "prior_inhibitors": facts.get("prior", facts["after"]),
                "mutations": facts["mutations"], "phase": facts["phase"] or default,
                "locator": "test",
            }
        )  # fmt: skip
        for number, given in enumerate(facts["lines"]):
            treatments.append(
                {
                    "treatment_id": f"{name}-{number}", "sample_id": name, "monotherapy": "yes",
                    "status": "ended", "locator": "test", "line_number": number + 2, **given,
                }
            )  # fmt: skip
    source = {
        "source_id": "source", "study_type": "cohort", "sampling": "consecutive",
        "access": "full text", "year": 2020, "status": "included",
    }  # fmt: skip
    tables = {
        SOURCES.name: frame(SOURCES, [source]),
        PATIENTS.name: frame(PATIENTS, list(patients.values())),
        SAMPLES.name: frame(SAMPLES, sample_rows),
        TREATMENTS.name: frame(TREATMENTS, treatments),
    }
    assert set(tables) == {table.name for table in COHORT_TABLES}
    return Cohort(name="test", meta=META.model_copy(update={"synthetic": synthetic}), **tables)
