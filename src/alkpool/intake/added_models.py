"""In vitro models that a reader adds: one line of metadata, and one file of measurements.

``data/raw/invitro/added/models.csv`` has the line, ``<model_id>.csv`` beside it the measurements,
also more of a model that the literature has;
``make data`` puts them behind the models of the literature (`alkpool.intake.curate`).
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from alkpool.data.reader import Table, flagged, read_sheets
from alkpool.data.tables import INVITRO_SOURCES, MEASUREMENTS, MODELS
from alkpool.intake.raw import measurement_ids
from alkpool.problems import Problem, refuse_any

# What the line says of the publication; the source is then known by its source_id.
_PUBLICATION = ("first_author", "year", "journal", "title", "doi", "pmid", "secondary")
_SOURCE_NOTE = "source_note"


def _columns(table: Table, names: tuple[str, ...]) -> dict[str, pa.Column]:
    return {name: table.schema.columns[name] for name in names}


ADDED_MODELS = Table(
    "models",
    "One row per added in vitro model.",
    pa.DataFrameSchema(
        {
            **_columns(MODELS, ("model_id", "source_id")),
            **_columns(INVITRO_SOURCES, _PUBLICATION),
            _SOURCE_NOTE: deepcopy(INVITRO_SOURCES.schema.columns["note"]),
            **_columns(MODELS, tuple(MODELS.columns[2:])),
        }
    ),
    key=("model_id",),
)

ADDED_MEASUREMENTS = MEASUREMENTS.part(MEASUREMENTS.columns[2:])


def join(folder: Path, built: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Put the added models behind those that are built from the literature.

    Parameters
    ----------
    folder : Path
        ``models.csv`` and the files of the models; nothing is added where there is no folder.
    built : mapping of str to DataFrame
        The tables ``sources``, ``models`` and ``measurements``, cells as text.

    Returns
    -------
    dict of str to DataFrame
        The same tables with the added rows.

    Raises
    ------
    DataError
        With every problem: file, row, column, value and what is allowed.
    """
    if not folder.is_dir():
        return dict(built)
    sheets, problems = read_sheets(folder, [ADDED_MODELS])
    lines = sheets[ADDED_MODELS.name].cells
    problems += _clashes(lines, built, f"{folder.name}/{ADDED_MODELS.file}")
    measured = [built[MEASUREMENTS.name]]
    files = [path.stem for path in sorted(folder.glob("*.csv")) if path.name != ADDED_MODELS.file]
    listed, known = list(lines["model_id"]), set(built[MODELS.name]["model_id"])
    for model in listed + [name for name in files if name in known - {*listed}]:
        rows, found = _measurements(folder, model, built[MEASUREMENTS.name])
        measured.append(rows)
        problems += found
    problems += [
        Problem(f"{folder.name}/{name}.csv", None, "", "",
                f"is no model so far, and has no line in {ADDED_MODELS.file}")
        for name in files
        if name not in known.union(listed)
    ]  # fmt: skip
    refuse_any(problems)
    sources = built[INVITRO_SOURCES.name]
    new = lines[~lines["source_id"].isin(sources["source_id"])].drop_duplicates("source_id")
    new = new.assign(note=new[_SOURCE_NOTE])
    return {
        INVITRO_SOURCES.name: pd.concat([sources, new[INVITRO_SOURCES.columns]], ignore_index=True),
        MODELS.name: pd.concat([built[MODELS.name], lines[MODELS.columns]], ignore_index=True),
        MEASUREMENTS.name: pd.concat(measured, ignore_index=True),
    }


def _clashes(
    lines: pd.DataFrame, built: Mapping[str, pd.DataFrame], label: str
) -> Iterator[Problem]:
    """List models that there are already, and lines that describe one source differently."""
    taken = lines["model_id"].isin(built[MODELS.name]["model_id"])
    yield from flagged(lines, taken, "model_id", label, "is a model already; name it otherwise")
    known = pd.concat([built[INVITRO_SOURCES.name], lines]).drop_duplicates("source_id")
    first = lines[["source_id"]].merge(known, on="source_id", how="left")
    same = "must be as this source_id has it elsewhere, or the source needs an id of its own"
    for column in _PUBLICATION:
        yield from flagged(lines, lines[column] != first[column], column, label, same)


def _measurements(
    folder: Path, model: str, known: pd.DataFrame
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows of the file of a model, numbered after those it has, and what is wrong with them."""
    table = replace(ADDED_MEASUREMENTS, name=model)
    sheets, problems = read_sheets(folder, [table])
    rows, label = sheets[model].cells, f"{folder.name}/{table.file}"
    alone = (rows["value"] == "") != (rows["relation"] == "")
    allowed = "must be one of =, >, <, ~ where there is a value, and blank where there is none"
    problems += flagged(rows, alone, "relation", label, allowed)
    if not problems and rows.empty:
        problems.append(Problem(label, None, "", "", "has no measurement"))
    added = rows.assign(model_id=model)
    identifiers = measurement_ids(pd.concat([known[known["model_id"] == model], added]))
    added["measurement_id"] = identifiers.iloc[len(identifiers) - len(added) :]
    return added[MEASUREMENTS.columns], problems
