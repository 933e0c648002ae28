"""What the mutation explorer and the pages of the profiles show, ready for JSON.

The explorer gets the tables that the decision rule reads (`alkpool.analysis.evidence.gather`), its
sentences and its order, and the cases and measurements in full. It uses real cases only.
"""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alkpool import answers, mutations
from alkpool.analysis import benefit, invitro, ranking
from alkpool.analysis.actionability import RULES as VERDICT_RULES
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.evidence import gather
from alkpool.analysis.ranking import Evidence
from alkpool.data import laboratory, tables
from alkpool.data.cohort import Cohort, analysis_set, load
from alkpool.data.laboratory import InVitro
from alkpool.vocabulary import Expectation, Phase, Specimen, Tier

# Motifs that protein kinases share, found in the reference sequence.
_MOTIFS = {
    "GxGxxG": r"G.G..G",
    "AxK": r"(?<=V)A.K",
    "gatekeeper": r"L(?=ELMAGGD)",
    "HRD": r"HRD",
    "DFG": r"DFG",
}

Record = dict[str, Any]


def contexts(cohort_name: str) -> Record:
    """Collect what the templates of the book need.

    Parameters
    ----------
    cohort_name : str
        Cohort of real cases.

    Returns
    -------
    dict
        ``explorer``, from `export`, and ``pages``: for each of its profiles the facts, what to
        expect of each inhibitor, best first, and the rows behind it.

    Raises
    ------
    ValueError
        For a synthetic cohort: its cells are no evidence.
    """
    cohort = load(cohort_name)
    evidence = gather(cohort)
    data = export(cohort, evidence)
    cells = data["facts"]["profile"]
    facts = ranking.indexed(evidence.facts)

    def best_first(name: str) -> list[Record]:
        rows = (ranking.assess(name, inhibitor, facts) for inhibitor in data["inhibitors"])
        return sorted(rows, key=lambda row: row["key"])

    pages = {
        name: {
            "name": name,
            **about,
            "facts": cells.get(name, cells[""]),
            "answers": best_first(name),
            "cases": [case for case in data["cases"] if name in dict(case["assessed"])],
            "calls": [call for call in data["calls"] if call["profile"] == name],
            "assertions": [said for said in data["assertions"] if said["profile"] == name],
        }
        for name, about in data["profiles"].items()
    }
    return {"explorer": data, "pages": pages}


def export(cohort: Cohort, evidence: Evidence) -> Record:
    """Collect everything that the explorer shows.

    Parameters
    ----------
    cohort : Cohort
        Real cases.
    evidence : Evidence
        From `alkpool.analysis.evidence.gather`, of that cohort.

    Returns
    -------
    dict
        Lists, dicts, text and numbers, None for what is missing. ``facts`` by level, name and
        inhibitor; ``profiles``, every profile with a case, an in vitro measurement or an
        assertion on lung cancer, with its page, samples and residues.
    """
    pool = analysis_set(cohort)
    measured = laboratory.load()
    return {
        "about": dict(evidence.about),
        "inhibitors": list(tables.assessed_inhibitors()),
        "known_inhibitors": list(tables.inhibitors()["inhibitor"]),
        "phases": [str(phase) for phase in Phase],
        "specimens": [str(specimen) for specimen in Specimen],
        "rule": {
            "expectations": [str(expectation) for expectation in Expectation],
            "tiers": [str(tier) for tier in Tier],
            "expected": {
                str(outcome): [str(expectation) for expectation in expectations]
                for outcome, expectations in ranking.EXPECTED.items()
            },
            "reasons": ranking.REASONS,
            "warnings": ranking.WARNINGS,
        },
        "rules": benefit.RULES | VERDICT_RULES,
        "words": {"disclaimer": answers.DISCLAIMER, "legend": answers.LEGEND},
        "protein": _protein(),
        "profiles": _profiles(evidence, pool),
        "facts": _facts(evidence),
        "cases": _cases(pool, evidence),
        "calls": _calls(evidence, measured),
        "controls": _controls(measured),
        "assertions": _records(evidence.assertions),
        "sources": _by_key(pool.sources, "source_id"),
        "laboratory": _by_key(measured.sources, "source_id"),
    }


def page_name(profile: str) -> str:
    """File name of the page of a profile, without suffix: ``L1196M-G1202R``."""
    return profile.replace("+", "-")


def _protein() -> Record:
    known = {
        place: letter
        for place in range(1, mutations.PROTEIN_LENGTH + 1)
        if (letter := mutations.reference_residue(place)) is not None
    }
    first, sequence = min(known), "".join(known.values())
    return {
        "first": first,
        "sequence": sequence,
        "length": mutations.PROTEIN_LENGTH,
        "domain": list(mutations.KINASE_DOMAIN),
        "max_characters": mutations.MAX_CHARACTERS,
        "motifs": [
            {"name": name, "from": first + found.start(), "to": first + found.end() - 1}
            for name, pattern in _MOTIFS.items()
            for found in re.finditer(pattern, sequence)
        ],
    }


def _profiles(evidence: Evidence, pool: Cohort) -> dict[str, Record]:
    samples = assessed_profiles(pool.samples)["profile"].value_counts()
    names = {*samples.index, *evidence.calls["profile"], *evidence.assertions["profile"]}
    return {
        name: {
            "page": page_name(name),
            "samples": int(samples.get(name, 0)),
            "residues": list(mutations.residues(name)),
        }
        for name in sorted(names, key=profile_order)
    }


def _facts(evidence: Evidence) -> Record:
    nested: Record = {}
    for fact in _records(evidence.facts):
        names = nested.setdefault(fact.pop("level"), {})
        names.setdefault(fact.pop("name"), {})[fact["inhibitor"]] = fact
    return nested


def _cases(pool: Cohort, evidence: Evidence) -> list[Record]:
    """List the samples: their patient, the profiles they count for, the lines after them."""
    lines = benefit.classify(pool.treatments)
    after = {sample: _records(rows) for sample, rows in lines.groupby("sample_id")}
    assessed: dict[str, list[list[str]]] = {}
    for row in assessed_profiles(pool.samples).itertuples():
        classes = mutations.residue_class(str(row.profile))
        assessed.setdefault(str(row.sample_id), []).append([str(row.profile), classes])
    references = evidence.cases[["sample_id", "label", "url"]].drop_duplicates("sample_id")
    table = pool.samples.merge(
        pool.patients, on="patient_id", suffixes=("", "_of_patient"), validate="many_to_one"
    ).merge(references, on="sample_id", how="left")
    return [
        case
        | {
            "assessed": assessed[case["sample_id"]],
            "lines": after.get(case["sample_id"], []),
        }
        for case in _records(table)
    ]


def _calls(evidence: Evidence, measured: InVitro) -> list[Record]:
    more = invitro.with_call(measured)[
        ["measurement_id", "fold_change", "basis", "note", "sensitive_max", "resistant_min"]
    ]
    assays = measured.models.set_index("model_id")["assay"]
    table = evidence.calls.merge(more, on="measurement_id", validate="one_to_one")
    return _records(table.assign(assay=table["model"].map(assays)))


def _controls(measured: InVitro) -> dict[str, float]:
    """Potency against the fusion without mutation, by model and inhibitor."""
    wild = measured.measurements.query("mutations == 'WT'").dropna(subset="value")
    return {f"{row.model_id}|{row.inhibitor}": float(str(row.value)) for row in wild.itertuples()}


def _records(table: pd.DataFrame) -> list[Record]:
    """Rows as dicts, with None for what is missing."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


def _by_key(table: pd.DataFrame, key: str) -> Mapping[str, Record]:
    return {row[key]: row for row in _records(table)}
