"""The data dictionary and the data package descriptor, generated from the schemas."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, TypeVar

import pandas as pd

from alkpool.data.reader import Table
from alkpool.data.tables import DECLARED, TABLES
from alkpool.files import filled_in_beside

# Files that are kept as they were noted.
TRANSCRIPTS: Mapping[str, Mapping[str, Any]] = DECLARED["transcripts"]

Value = TypeVar("Value")


def data_dictionary() -> str:
    """Every table and column with its meaning, unit, allowed values and key, as Markdown."""
    return filled_in_beside(__file__, schemas=TABLES, **DECLARED)


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
        without a schema are text, as they were noted.

    References
    ----------
    Data Package and Table Schema specifications, https://specs.frictionlessdata.io
    """
    resources = [_resource(file, contents[file], cohorts) for file in sorted(contents)]
    package = DECLARED["package"] | {"resources": resources}
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _resource(file: str, content: bytes, cohorts: Mapping[str, str]) -> dict[str, Any]:
    # Synthetic cohorts have in vitro tables of their own, in the form of the real ones.
    table = _matching(TABLES, re.sub("^cohorts/[^/]+/(?=invitro/)", "", file))
    transcript = _matching(TRANSCRIPTS, file) or {}
    description = table.description if table else transcript.get("says", "")
    if file.startswith("cohorts/"):
        name = PurePosixPath(file).parts[1]
        description = f"{cohorts.get(name, name)}. {description}"
    resource: dict[str, Any] = {
        "name": _resource_name(file), "path": file, "profile": "tabular-data-resource",
        "description": description,
        "format": "csv", "mediatype": "text/csv", "encoding": "utf-8",
        "bytes": len(content), "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }  # fmt: skip
    if table:
        resource["schema"] = _schema(file, table)
    else:
        says = transcript.get("columns", {})
        header = next(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
        fields = [_field(name, "string", says.get(name, "")) for name in header]
        resource["schema"] = {"fields": fields, "missingValues": [""]}
    if "knowledgebases/" in file:
        resource["licenses"] = DECLARED["knowledge_base_licenses"]
    return resource


def _resource_name(file: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", file.lower().removesuffix(".csv"))


def _matching(patterns: Mapping[str, Value], file: str) -> Value | None:
    path = PurePosixPath("/", file)
    return next((value for key, value in patterns.items() if path.match(f"/{key}")), None)


def _field(name: str, kind: str, says: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": says, **more}


# What a schema says of a cell, and what the columns of our tables call it.
_LIMITS = {"minimum": "minimum", "maximum": "maximum", "pattern": "pattern", "enum": "terms"}


def _schema(file: str, table: Table) -> dict[str, Any]:
    blank, fields = pd.Series([""], dtype=str), []
    for name, column in table.schema.columns.items():
        meta = column.metadata
        limits = {limit: meta[key] for limit, key in _LIMITS.items() if key in meta}
        limits["required"] = not all(check(blank).check_passed for check in column.checks)
        kind = {"float64": "number", "Int64": "integer"}.get(table.numbers.get(name, ""), "string")
        unit = {"unit": meta["unit"]} if "unit" in meta else {}
        fields.append(_field(name, kind, str(column.description), **unit, constraints=limits))
    return {
        "fields": fields,
        "missingValues": [""],
        "primaryKey": list(table.key),
        "foreignKeys": [
            {"fields": [name], "reference": {"resource": _target(file, place), "fields": [key]}}
            for name, (place, key) in table.refers_to.items()
        ],
    }


def _target(file: str, place: str) -> str:
    """Name of the referenced resource; an empty one is the resource itself."""
    target = place if "/" in place else str(PurePosixPath(file).with_name(place))
    return "" if target == file else _resource_name(target)
