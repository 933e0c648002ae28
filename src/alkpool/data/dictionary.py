"""The data dictionary and the data package descriptor, generated from the schemas."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

import pandas as pd
import pandera.pandas as pa

from alkpool.data import groups
from alkpool.data.published import CHECKS, LEDGER, PROFILES, READINGS
from alkpool.data.reader import Table
from alkpool.data.tables import (
    ASSERTIONS,
    DRAWS,
    INHIBITORS,
    INVITRO_SOURCES,
    LIMITS,
    MEASUREMENTS,
    MODELS,
    PATIENTS,
    SAMPLES,
    SOURCES,
    SYNTHETIC_CALLS,
    TREATMENTS,
)

# Path below data/ (* is the name of a cohort) to the schema of the files there.
TABLES: dict[str, Table] = {
    "cohorts/*/sources.csv": SOURCES,
    "cohorts/*/patients.csv": PATIENTS,
    "cohorts/*/samples.csv": SAMPLES,
    "cohorts/*/treatments.csv": TREATMENTS,
    "cohorts/*/invitro_calls.csv": SYNTHETIC_CALLS,
    "invitro/sources.csv": INVITRO_SOURCES,
    "invitro/models.csv": MODELS,
    "invitro/measurements.csv": MEASUREMENTS,
    "knowledgebases/assertions.csv": ASSERTIONS,
    "groups/sources.csv": groups.SOURCES,
    "groups/outcomes.csv": groups.OUTCOMES,
    "groups/counts.csv": groups.COUNTS,
    "reference/inhibitors.csv": INHIBITORS,
    "published/results.csv": LEDGER,
    "published/checks.csv": CHECKS,
    "published/readings.csv": READINGS,
    "published/profiles.csv": PROFILES,
    "identification/draws.csv": DRAWS,
    "identification/limits.csv": LIMITS,
}

# Column to the file and column it points to. A file name alone is one of the same folder.
_INHIBITOR = ("reference/inhibitors.csv", "inhibitor")
REFERENCES: dict[str, dict[str, tuple[str, str]]] = {
    "cohorts/*/patients.csv": {
        "source_id": ("sources.csv", "source_id"),
        "duplicate_of": ("patients.csv", "patient_id"),
    },
    "cohorts/*/samples.csv": {"patient_id": ("patients.csv", "patient_id")},
    "cohorts/*/treatments.csv": {
        "sample_id": ("samples.csv", "sample_id"),
        "inhibitor": _INHIBITOR,
    },
    "cohorts/*/invitro_calls.csv": {"inhibitor": _INHIBITOR},
    "invitro/models.csv": {"source_id": ("sources.csv", "source_id")},
    "invitro/measurements.csv": {
        "model_id": ("models.csv", "model_id"),
        "inhibitor": _INHIBITOR,
    },
    "knowledgebases/assertions.csv": {"inhibitor": _INHIBITOR},
    "groups/outcomes.csv": {"source_id": ("sources.csv", "source_id")},
    "groups/counts.csv": {"source_id": ("sources.csv", "source_id")},
}


@dataclass(frozen=True)
class Transcript:
    """A file that is kept as it was noted, without a schema of its own."""

    description: str
    columns: dict[str, str]


TRANSCRIPTS: dict[str, Transcript] = {
    "published/audit.csv": Transcript(
        "Recomputations of printed numbers from one another.",
        {
            "id": "Key of the check.",
            "ledger_id": "Number of results.csv that is checked.",
            "check": "What is recomputed.",
            "published": "As printed.",
            "recomputed": "As recomputed.",
            "consistent": "yes, no, rounding (agrees after rounding) or n/a.",
            "comment": "How, or what follows.",
        },
    ),
    "published/pvalue_tests.csv": Transcript(
        "P values that different tests give for the printed tables.",
        {
            "comparison": "Groups compared.",
            "published": "P value as printed.",
            "Fisher two-sided": "P value of this test.",
            "Fisher one-sided": "P value of this test.",
            "2 x one-sided": "Twice the one-sided P value.",
            "Pearson chi2": "P value of this test.",
            "Yates chi2": "P value of this test.",
            "LR chi2": "P value of this test.",
            "linear-by-linear": "P value of this test.",
            "mid-P": "P value of this test.",
            "unadjusted logistic Wald": "P value of this test.",
            "Barnard": "P value of this test.",
            "Boschloo": "P value of this test.",
        },
    ),
    "published/feasibility_scenarios.csv": Transcript(
        "Readings of the printed numbers, and whether rows exist that satisfy all at once.",
        {
            "scenario": "Reading, as a change of the base case.",
            "status": "Answer of the solver.",
            "seconds": "Time it took.",
        },
    ),
    "reference/mechanisms.csv": Transcript(
        "Ways to resist ALK inhibitors outside ALK, as Koopman et al. 2022 name them.",
        {
            "mechanism": "Name.",
            "names": "Regular expression of the names that people use, case ignored.",
            "says": "What the paper says of it.",
            "source": "Reference that the paper gives.",
            "doi": "Its identifier.",
        },
    ),
    "reference/polymorphisms.csv": Transcript(
        "Substitutions outside the kinase domain that are set aside when a report names them.",
        {
            "mutation": "Canonical name.",
            "source": "Record that calls it a polymorphism; blank where none was seen.",
            "note": "Why it is set aside.",
        },
    ),
    "reference/words.csv": Transcript(
        "Words that people write for the terms of a closed vocabulary.",
        {
            "vocabulary": "Which one.",
            "word": "What is written; case, hyphens and spaces do not matter.",
            "value": "Term that it means; blank where it is not clear.",
            "advice": "What to write instead, where it is not clear.",
        },
    ),
    "reference/headings.csv": Transcript(
        "Headings of authors' tables, from which a mapping of their columns is proposed.",
        {
            "pattern": "Regular expression, case ignored; the first that fits counts.",
            "column": "Column of the flat file; reference is the author and year in one cell.",
        },
    ),
    "reference/report_patterns.csv": Transcript(
        "What reports write around a mutation, and what is done with it.",
        {
            "what": "What it is.",
            "action": "Whether it is set aside and said, dropped, or read as frequency or phase.",
            "pattern": "Regular expression, case ignored.",
        },
    ),
    "raw/*/*.csv": Transcript("Raw facts; see raw/README.md.", {}),
    "raw/invitro/*/*.csv": Transcript("In vitro models found later; see raw/README.md.", {}),
}

FOLDERS = {
    "cohorts/<name>/": "Patients, samples and lines of treatment; `cohort.yaml` says what the "
    "cohort is and whether its rows are synthetic.",
    "invitro/": "In vitro sensitivity by model; models are never pooled.",
    "knowledgebases/": "Statements of others, an external comparator only.",
    "groups/": "Outcomes and counts that are published for groups only; they share "
    "patients, and are never added.",
    "reference/": "Compounds, the ALK reference sequence (UniProt Q9UM73, residues 1081-1440), its "
    "coding sequence (NM_004304, c.3241-4164, stitched from public exon sequences), and what "
    "reports write around a mutation.",
    "published/": "What Koopman et al. 2022 print, and what can be recomputed from it.",
    "raw/": "The facts as read, and every judgement made on them; all of the above but "
    "`reference/` and `published/` is built from it.",
}

_CC_BY = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
_CC0 = {
    "name": "CC0-1.0",
    "title": "CC0 1.0 (rows of CIViC)",
    "path": "https://creativecommons.org/publicdomain/zero/1.0/",
}
_SOURCES = [
    {
        "title": "Koopman et al. 2022, Clin Lung Cancer",
        "path": "https://doi.org/10.1016/j.cllc.2021.06.011",
    },
    {
        "title": "CIViC, Clinical Interpretation of Variants in Cancer",
        "path": "https://civicdb.org",
    },
    {"title": "UniProt Q9UM73", "path": "https://www.uniprot.org/uniprotkb/Q9UM73"},
]

Value = TypeVar("Value")

_WHOLE, _DECIMAL = re.compile(r"-?\d{1,15}"), re.compile(r"-?\d{1,15}(\.\d+)?")


def schema_of(file: str) -> Table | None:
    """Schema of a file given by its path below ``data/``; None where it has none.

    Examples
    --------
    >>> schema_of("cohorts/mine/patients.csv").key
    ('patient_id',)
    """
    return _matching(TABLES, file)


def data_dictionary() -> str:
    """Every table and column with its meaning, unit, allowed values and key, as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from the schemas by `python -m curate`: change those, not this file.",
        "",
        "Tables are CSV files in UTF-8 with one header line, sorted by key.",
        "Closed vocabularies have no blank cells: `unknown` is a value.",
        "A blank cell of another column means that the source does not state it.",
        "A `>` or `<` makes a number a bound; it is never read as the number itself.",
        "`locator` is the place in the primary record; `read_via` is where it was read instead.",
        "",
        "| folder | what |",
        "|---|---|",
        *(f"| `{folder}` | {text} |" for folder, text in FOLDERS.items()),
        "",
        "| file without a schema | what |",
        "|---|---|",
        *(f"| `{file}` | {transcript.description} |" for file, transcript in TRANSCRIPTS.items()),
    ]
    for pattern, table in TABLES.items():
        lines += ["", f"## `{pattern.replace('*', '<name>')}`", "", table.description]
        lines += ["", f"Key: `{', '.join(table.key)}`.", ""]
        lines += ["| column | meaning | unit | allowed | refers to |", "|---|---|---|---|---|"]
        references = REFERENCES.get(pattern, {})
        for name, column in table.schema.columns.items():
            meta = column.metadata or {}
            target = ", ".join(f"`{part}`" for part in references.get(name, ()))
            cells = [
                f"`{name}`",
                str(column.description),
                meta.get("unit", ""),
                str(meta["allowed"]).removeprefix("must be "),
                target,
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    for file, transcript in TRANSCRIPTS.items():
        if transcript.columns:
            lines += ["", f"## `{file}`", "", transcript.description, ""]
            lines += ["| column | meaning |", "|---|---|"]
            lines += [f"| `{name}` | {meaning} |" for name, meaning in transcript.columns.items()]
    return "\n".join(lines) + "\n"


def data_package(contents: Mapping[str, bytes], cohorts: Mapping[str, str]) -> str:
    """Frictionless data package descriptor.

    Parameters
    ----------
    contents : mapping of str to bytes
        Path below ``data/`` to the bytes of every CSV file there.
    cohorts : mapping of str to str
        Name of each cohort to what it is, said in each of its files.

    Returns
    -------
    str
        JSON text: one resource per file with its schema, keys, size and SHA-256 hash. Files
        without a schema get types read off their cells.

    References
    ----------
    Data Package and Table Schema specifications, https://specs.frictionlessdata.io
    """
    package = {
        "profile": "data-package",
        "name": "alkpool-data",
        "title": "ALK resistance mutations: patients, in vitro models and comparators",
        "description": "Data of the alkpool compendium; README.md in this folder is the data "
        "dictionary.",
        "homepage": "https://doi.org/10.1016/j.cllc.2021.06.011",
        "licenses": [_CC_BY],
        "sources": _SOURCES,
        "resources": [_resource(file, contents[file], cohorts) for file in sorted(contents)],
    }
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _resource(file: str, content: bytes, cohorts: Mapping[str, str]) -> dict[str, Any]:
    table = schema_of(file)
    transcript = _matching(TRANSCRIPTS, file) or Transcript("", {})
    description = table.description if table else transcript.description
    if file.startswith("cohorts/"):
        name = PurePosixPath(file).parts[1]
        description = f"{cohorts.get(name, name)}. {description}"
    resource: dict[str, Any] = {
        "name": _resource_name(file),
        "path": file,
        "profile": "tabular-data-resource",
        "description": description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": _table_schema(file, table) if table else _inferred_schema(content, transcript),
    }
    if "knowledgebases/" in file:
        resource["licenses"] = [_CC_BY, _CC0]
    return resource


def _resource_name(file: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", file.lower().removesuffix(".csv"))


def _matching(patterns: Mapping[str, Value], file: str) -> Value | None:
    path = PurePosixPath("/", file)
    return next((value for key, value in patterns.items() if path.match(f"/{key}")), None)


def _table_schema(file: str, table: Table) -> dict[str, Any]:
    references = _matching(REFERENCES, file) or {}
    return {
        "fields": [_field(name, column, table) for name, column in table.schema.columns.items()],
        "missingValues": [""],
        "primaryKey": list(table.key),
        "foreignKeys": [
            {"fields": [name], "reference": {"resource": _target(file, place), "fields": [key]}}
            for name, (place, key) in references.items()
        ],
    }


def _target(file: str, place: str) -> str:
    """Name of the referenced resource; an empty one is the resource itself."""
    path = PurePosixPath(file)
    target = place if "/" in place else str(path.with_name(place))
    return "" if target == file else _resource_name(target)


def _field(name: str, column: pa.Column, table: Table) -> dict[str, Any]:
    meta = column.metadata or {}
    kind = "string"
    if name in table.integers:
        kind = "integer"
    elif name in table.decimals:
        kind = "number"
    constraints: dict[str, Any] = {
        key: meta[key] for key in ("minimum", "maximum", "pattern") if key in meta
    }
    constraints["required"] = not _accepts_blank(name, column)
    vocabulary = [
        list(check.statistics["allowed_values"])
        for check in column.checks
        if "allowed_values" in (check.statistics or {})
    ]
    if vocabulary:
        constraints["enum"] = [str(term) for term in vocabulary[0] if term != ""]
    if table.key == (name,):
        constraints["unique"] = True
    field = {"name": name, "type": kind, "description": column.description}
    if "unit" in meta:
        field["unit"] = meta["unit"]
    return field | {"constraints": constraints}


def _accepts_blank(name: str, column: pa.Column) -> bool:
    try:
        pa.DataFrameSchema({name: column}).validate(pd.DataFrame({name: [""]}, dtype=str))
    except pa.errors.SchemaError:
        return False
    return True


def _inferred_schema(content: bytes, transcript: Transcript) -> dict[str, Any]:
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    fields = [
        {
            "name": name,
            "type": _inferred_type([row[place] for row in rows]),
            "description": transcript.columns.get(name, ""),
        }
        for place, name in enumerate(header)
    ]
    return {"fields": fields, "missingValues": [""]}


def _inferred_type(cells: list[str]) -> str:
    stated = [cell for cell in cells if cell]
    for kind, pattern in (("integer", _WHOLE), ("number", _DECIMAL)):
        if stated and all(pattern.fullmatch(cell) for cell in stated):
            return kind
    return "string"
