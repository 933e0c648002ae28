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
import pandera.pandas as pa

from alkpool.data.reader import Table
from alkpool.data.tables import DECLARED, TABLES

# Files that are kept as they were noted.
TRANSCRIPTS: Mapping[str, Mapping[str, Any]] = DECLARED["transcripts"]

Value = TypeVar("Value")


def data_dictionary() -> str:
    """Every table and column with its meaning, unit, allowed values and key, as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from `src/alkpool/data/tables.yaml` by `make data`: change that, not this file.",
        "",
        "Tables are CSV files in UTF-8 with one header line, sorted by key.",
        "Closed vocabularies have no blank cells: `unknown` is a value.",
        "A blank cell of another column means that the source does not state it.",
        "A `>` or `<` makes a number a bound; it is never read as the number itself.",
        "`locator` is the place in the primary record; `read_via` is where it was read instead.",
        "",
        "| folder | what |",
        "|---|---|",
        *(f"| `{folder}` | {text} |" for folder, text in DECLARED["folders"].items()),
        "",
        "| file without a schema | what |",
        "|---|---|",
        *(f"| `{file}` | {transcript['says']} |" for file, transcript in TRANSCRIPTS.items()),
    ]
    for pattern, table in TABLES.items():
        lines += ["", f"## `{pattern.replace('*', '<name>')}`", "", table.description]
        lines += ["", f"Key: `{', '.join(table.key)}`.", ""]
        lines += ["| column | meaning | unit | allowed | refers to |", "|---|---|---|---|---|"]
        for name, column in table.schema.columns.items():
            meta = column.metadata
            target = ", ".join(f"`{part}`" for part in meta.get("refers_to") or ())
            cells = [
                f"`{name}`",
                str(column.description),
                meta.get("unit", ""),
                str(meta["allowed"]).removeprefix("must be "),
                target,
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    for file, transcript in TRANSCRIPTS.items():
        if "columns" in transcript:
            lines += ["", f"## `{file}`", "", transcript["says"], ""]
            lines += ["| column | meaning |", "|---|---|"]
            lines += [
                f"| `{name}` | {meaning} |" for name, meaning in transcript["columns"].items()
            ]
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
        without a schema are text, as they were noted.

    References
    ----------
    Data Package and Table Schema specifications, https://specs.frictionlessdata.io
    """
    resources = [_resource(file, contents[file], cohorts) for file in sorted(contents)]
    package = DECLARED["package"] | {"resources": resources}
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def _resource(file: str, content: bytes, cohorts: Mapping[str, str]) -> dict[str, Any]:
    table = _matching(TABLES, file)
    transcript = _matching(TRANSCRIPTS, file) or {}
    description = table.description if table else transcript.get("says", "")
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
        "schema": _table_schema(file, table) if table else _noted_schema(content, transcript),
    }
    if "knowledgebases/" in file:
        resource["licenses"] = DECLARED["knowledge_base_licenses"]
    return resource


def _resource_name(file: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", file.lower().removesuffix(".csv"))


def _matching(patterns: Mapping[str, Value], file: str) -> Value | None:
    path = PurePosixPath("/", file)
    return next((value for key, value in patterns.items() if path.match(f"/{key}")), None)


def _table_schema(file: str, table: Table) -> dict[str, Any]:
    return {
        "fields": [_field(name, column, table) for name, column in table.schema.columns.items()],
        "missingValues": [""],
        "primaryKey": list(table.key),
        "foreignKeys": [
            {"fields": [name], "reference": {"resource": _target(file, place), "fields": [key]}}
            for name, (place, key) in table.refers_to.items()
        ],
    }


def _target(file: str, place: str) -> str:
    """Name of the referenced resource; an empty one is the resource itself."""
    path = PurePosixPath(file)
    target = place if "/" in place else str(path.with_name(place))
    return "" if target == file else _resource_name(target)


def _field(name: str, column: pa.Column, table: Table) -> dict[str, Any]:
    meta = column.metadata
    kind = "string"
    if "decimal" in meta:
        kind = "number" if meta["decimal"] else "integer"
    constraints: dict[str, Any] = {
        key: meta[key] for key in ("minimum", "maximum", "pattern") if key in meta
    }
    constraints["required"] = not _accepts_blank(column)
    if "terms" in meta:
        constraints["enum"] = list(meta["terms"])
    if table.key == (name,):
        constraints["unique"] = True
    field = {"name": name, "type": kind, "description": column.description}
    if "unit" in meta:
        field["unit"] = meta["unit"]
    return field | {"constraints": constraints}


def _accepts_blank(column: pa.Column) -> bool:
    blank = pd.Series([""], dtype=str)
    return all(check(blank).check_passed for check in column.checks)


def _noted_schema(content: bytes, transcript: Mapping[str, Any]) -> dict[str, Any]:
    header = next(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    says = transcript.get("columns", {})
    fields = [
        {"name": name, "type": "string", "description": says.get(name, "")} for name in header
    ]
    return {"fields": fields, "missingValues": [""]}
