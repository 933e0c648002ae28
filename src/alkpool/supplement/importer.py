"""The supplementary tables, as a reader saved them, made into a cohort."""

import dataclasses
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from alkpool import cohort, invitro, mutations, published
from alkpool.actionability import matrix
from alkpool.cohort import DESCRIPTION_FILE, CohortMeta
from alkpool.files import new_folder, write_atomically
from alkpool.schema import (
    LIST_SEPARATOR,
    PATIENTS,
    SAMPLES,
    SOURCES,
    SYNTHETIC_CALLS,
    SYNTHETIC_PREFIX,
    TREATMENTS,
    UNKNOWN,
    DataError,
    Problem,
    Table,
)
from alkpool.supplement.shape import SHAPES, SYNTHETIC
from alkpool.supplement.sheets import Row, Tables, read_tables
from alkpool.vocabulary import Answer, PatientStatus, Phase, SourceStatus, StudyType

# Tables without which there is no cohort.
NEEDED = ("ST6", "ST7")

# The source of local patients for whom ST6 names none.
LOCAL_SOURCE = "local"

DIFFERENCES_SHOWN = 10

_FACTS = ("age", "sex", "stage", "histology", "fusion", "variant")
_OUTCOMES = ("monotherapy", "response", "pfs", "dot", "status")
_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)(?!\d)")


@dataclass(frozen=True)
class Imported:
    """A cohort made of the tables.

    Attributes
    ----------
    meta : CohortMeta
        Its description.
    tables : dict of str to DataFrame
        The tables of a cohort, cells as text, sorted by key; and the in vitro calls of a
        synthetic one.
    notes : tuple of str
        What is worth a look: columns and files that were not read, counts of ST8 that differ.
    """

    meta: CohortMeta
    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]


def read(folder: Path, monotherapy: str = "") -> Imported:
    """Make a cohort of the supplementary tables in a folder.

    Parameters
    ----------
    folder : Path
        CSV files or Excel workbooks with ST6 and ST7, and what there is of ST2 to ST8.
    monotherapy : {"", "yes", "unknown"}
        What the lines of a table without that column are.

    Returns
    -------
    Imported
        Only included patients: the tables hold the pooled population.

    Raises
    ------
    DataError
        With every problem: file, row, column, value and what is allowed.
    """
    tables = read_tables(folder)
    made_up = _synthetic(tables)
    problems = tables.problems
    problems += [
        Problem(folder.name, None, "", "", f"has no {name}: {SHAPES[name].description}")
        for name in NEEDED
        if name not in tables.found
    ]
    if problems:
        raise DataError(_sorted(problems))
    build = _Build(tables, monotherapy)
    frames = build.frames()
    if build.problems:
        raise DataError(_sorted(build.problems))
    if made_up:
        frames[SYNTHETIC_CALLS.name] = _calls(tables.rows["ST2"])
    elif tables.rows["ST2"]:
        tables.notes.append(
            f"{tables.rows['ST2'][0].file}: in vitro calls belong to the models, not to a cohort; "
            "not read"
        )
    meta = _meta(tables, made_up=made_up)
    places = {name: list(frame.pop("place")) for name, frame in frames.items() if "place" in frame}
    with tempfile.TemporaryDirectory() as stage:
        _write_files(Imported(meta, frames, ()), Path(stage) / "cohort")
        loaded, found = cohort.read(Path(stage) / "cohort")
    if loaded is None:
        raise DataError([_at_its_place(problem, places) for problem in found])
    notes = (*tables.notes, *_differences(tables.rows["ST8"], loaded))
    return Imported(meta, frames, notes)


def write(imported: Imported, output: Path) -> None:
    """Write the cohort as a new folder: all of it, or nothing.

    Raises
    ------
    FileExistsError
        Where there is something already.
    """
    with new_folder(output) as made:
        _write_files(imported, made)


def against_print(made: cohort.Cohort) -> pd.DataFrame:
    """Count the printed numbers from the rows of a cohort, as `alkpool.published.compare`."""
    calls = invitro.by_combination(invitro.with_call(invitro.load_for(made)))
    numbers = published.ledger()
    ours = published.recompute(made, calls)
    return published.compare(numbers, ours, published.audit(numbers))


def _write_files(imported: Imported, folder: Path) -> None:
    for name, frame in imported.tables.items():
        text = frame.to_csv(index=False, lineterminator="\n")
        write_atomically(folder / f"{name}.csv", text)
    said = imported.meta.model_dump(mode="json", exclude_none=True)
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
    write_atomically(folder / DESCRIPTION_FILE, text)


def _synthetic(tables: Tables) -> bool:
    """Tell whether the rows are made up; a mixture with others is a problem."""
    rows = [row for found in tables.rows.values() for row in found]
    marked = [row.cells.get(SYNTHETIC.key) == Answer.YES for row in rows]
    if not any(marked):
        tables.problems += [
            row.problem(SYNTHETIC.header, "", f"must be yes: {name} is the id of a synthetic row")
            for row in rows
            if (name := _synthetic_id(row))
        ]
        return False
    tables.problems += [
        row.problem(SYNTHETIC.header, row.cells.get(SYNTHETIC.key, ""), "must be yes: other rows "
                    "are synthetic, and made-up rows and patients never meet")
        for row, yes in zip(rows, marked, strict=True)
        if not yes
    ]  # fmt: skip
    return True


def _synthetic_id(row: Row) -> str:
    names = (row.cells.get(key, "") for key in ("patient", "reference", "model"))
    return next((name for name in names if name.upper().startswith(SYNTHETIC_PREFIX)), "")


def _meta(tables: Tables, *, made_up: bool) -> CohortMeta:
    read_from = sorted({row.file for rows in tables.rows.values() for row in rows})
    files = ", ".join(read_from)
    if made_up:
        return CohortMeta(
            title="Synthetic cohort in the shape of the supplementary tables (synthetic)",
            kind="reconstructed",
            synthetic=True,
            description=f"Made-up rows, imported from {files}. No row is a patient, and its cells "
            "are no evidence.",
            licence="As the cohort that was exported",
        )
    return CohortMeta(
        title="Supplementary tables of Koopman et al. 2022, as a reader saved them",
        kind="own",
        synthetic=False,
        description=f"Imported from {files}. Which column means what is our reading of the text "
        "of the paper (Clin Lung Cancer 2022;23:e104-e114). Only pooled patients: duplicates and "
        "excluded records are not in these tables.",
        licence="The publisher's terms hold for the tables; do not pass them on without checking",
    )


class _Build:
    """Patients, samples and lines put together from the rows of several tables."""

    def __init__(self, tables: Tables, monotherapy: str) -> None:
        self.rows = tables.rows
        self.monotherapy = monotherapy
        self.problems: list[Problem] = []
        references: dict[str, set[str]] = {}
        labels: dict[str, str] = {}
        for row in self.rows["ST6"]:
            name, printed = row.cells["patient"], row.printed["patient"]
            references.setdefault(name, set()).add(row.cells.get("reference", ""))
            if (other := labels.setdefault(name, printed)) != printed:
                allowed = f"is read as {name}, as is {other!r}: name them apart, or alike"
                self._refuse(row, "Patient", printed, allowed)
        # Where two articles number their patients alike, a patient is named with the article.
        self.ambiguous = {name for name, found in references.items() if len(found) > 1}

    def frames(self) -> dict[str, pd.DataFrame]:
        """Make the tables of the cohort; each has the column ``place`` besides its own."""
        sampled = self._grouped(self.rows["ST6"])
        local = self._grouped(self.rows["ST4"])
        for name, rows in local.items():
            if name not in sampled:
                self._refuse(rows[0], "Patient", name, "has no sample in ST6")
        samples = {name: self._numbered(rows) for name, rows in sampled.items()}
        lines = self._lines(samples)
        patients = [
            self._patient(name, rows, local.get(name, [])) for name, rows in sampled.items()
        ]
        return {
            SOURCES.name: _frame(SOURCES, self._sources(patients, set(local))),
            PATIENTS.name: _frame(PATIENTS, patients),
            SAMPLES.name: _frame(
                SAMPLES,
                [
                    self._sample(name, order, row)
                    for name, numbered in samples.items()
                    for order, row in numbered.items()
                ],
            ),
            TREATMENTS.name: _frame(TREATMENTS, lines),
        }

    def _refuse(self, row: Row, key: str, value: str, allowed: str) -> None:
        self.problems.append(row.problem(key, value, allowed))

    def _name(self, row: Row) -> str:
        name, reference = row.cells["patient"], row.cells.get("reference", "")
        if name not in self.ambiguous:
            return name
        if not reference:
            allowed = "ST6 has this patient in several articles: Reference must say which one"
            self._refuse(row, "Patient", name, allowed)
        return f"{reference}-{name}" if reference else name

    def _grouped(self, rows: Sequence[Row]) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(self._name(row), []).append(row)
        return groups

    def _numbered(self, rows: Sequence[Row]) -> dict[str, Row]:
        """Number a patient's samples as they say, or else as they stand."""
        numbers = [row.cells.get("sample", "") for row in rows]
        if not any(numbers):
            numbers = [str(place) for place in range(1, len(rows) + 1)]
        numbered: dict[str, Row] = {}
        for number, row in zip(numbers, rows, strict=True):
            if not number:
                self._refuse(row, "Sample", "", "must be numbered as the patient's other samples")
            elif number in numbered:
                allowed = f"stands twice for this patient, also in {numbered[number]}"
                self._refuse(row, "Sample", number, allowed)
            else:
                numbered[number] = row
        return numbered

    def _agreed(self, rows: Iterable[Row], key: str, shape: str) -> str:
        """Take what several rows say of one thing; they must not contradict each other."""
        said: dict[str, Row] = {}
        for row in rows:
            value = row.cells.get(key, "")
            if value not in ("", UNKNOWN):
                said.setdefault(value, row)
        column = next(column for column in SHAPES[shape].columns if column.key == key)
        if len(said) > 1:
            (first, where), *others = said.items()
            for value, row in others:
                self._refuse(row, column.header, value, f"but {where} says {first!r}")
        return next(iter(said), column.blank or "")

    def _patient(self, name: str, rows: Sequence[Row], local: Sequence[Row]) -> dict[str, str]:
        facts = {key: self._agreed([*rows, *local], key, "ST6") for key in _FACTS}
        reference = self._agreed(rows, "reference", "ST6")
        if not reference and not local:
            allowed = "must name the article of a patient who is not in ST4"
            self._refuse(rows[0], "Reference", "", allowed)
        return {
            "patient_id": name, "source_id": reference or LOCAL_SOURCE,
            "status": PatientStatus.INCLUDED, "age_years": facts["age"], "sex": facts["sex"],
            "stage": facts["stage"], "histology": facts["histology"],
            "fusion_partner": facts["fusion"], "fusion_variant": facts["variant"],
            "place": str(rows[0]),
        }  # fmt: skip

    def _sources(self, patients: Sequence[dict[str, str]], local: set[str]) -> list[dict[str, str]]:
        described: dict[str, Row] = {}
        for article in self.rows["ST3"]:
            key = article.cells["reference"]
            if key in described:
                self._refuse(article, "Reference", key, "stands twice")
            described[key] = article
        sources = []
        for name in dict.fromkeys(patient["source_id"] for patient in patients):
            of_source = [patient for patient in patients if patient["source_id"] == name]
            row = described.pop(name) if name in described else None
            own = all(patient["patient_id"] in local for patient in of_source)
            kind = StudyType.LOCAL if own else StudyType.UNKNOWN
            year = _YEAR.findall(name)
            sources.append(
                {"source_id": name, "study_type": str(kind), "year": year[0] if year else "",
                 "status": SourceStatus.INCLUDED, "place": of_source[0]["place"]}
                | (_stated(row.cells) | {"place": str(row)} if row else {})
            )  # fmt: skip
        return sources + [
            _stated(row.cells)
            | {
                "source_id": name, "study_type": row.cells["study_type"], "place": str(row),
                "status": SourceStatus.EXCLUDED, "exclusion_reason": "no patient of it in ST6",
            }
            for name, row in described.items()
        ]  # fmt: skip

    def _sample(self, patient: str, order: str, row: Row) -> dict[str, str]:
        cells = row.cells
        several = "+" in cells["mutations"]
        phase = cells.get("phase", UNKNOWN)
        if not several and phase == UNKNOWN:
            phase = Phase.SINGLE
        prior = cells["prior"]
        return {
            "sample_id": f"{patient}-S{order}", "patient_id": patient, "sample_order": order,
            "specimen": cells.get("specimen", UNKNOWN), "mutations": cells["mutations"],
            "resistance_on": cells.get("failed") or prior.split(LIST_SEPARATOR)[-1],
            "prior_inhibitors": prior, "phase": phase, "vaf_percent": _frequencies(row),
            "other_findings": cells.get("other_findings", ""),
            "locator": str(row), "place": str(row),
        }  # fmt: skip

    def _lines(self, samples: dict[str, dict[str, Row]]) -> list[dict[str, str]]:
        """Put together what ST7 and ST5 say of the same line."""
        found: dict[tuple[str, str, str, int], list[Row]] = {}
        for table in ("ST7", "ST5"):
            seen: dict[tuple[str, str, str], int] = {}
            for row in self.rows[table]:
                patient = self._name(row)
                order = self._sample_of(row, samples.get(patient))
                line = (patient, order, row.cells["inhibitor"])
                seen[line] = seen.get(line, 0) + 1
                found.setdefault((*line, seen[line]), []).append(row)
        numbers: dict[str, int] = {}
        lines, unsaid = [], []
        for (patient, order, inhibitor, _), rows in found.items():
            sample = f"{patient}-S{order}"
            numbers[sample] = numbers.get(sample, 0) + 1
            said = {key: self._agreed(rows, key, "ST7") for key in (*_OUTCOMES, "line")}
            if not any("monotherapy" in row.cells for row in rows):
                unsaid.append(rows[0])
                said["monotherapy"] = self.monotherapy
            place = "; ".join(map(str, rows))
            lines.append(
                {
                    "treatment_id": f"{sample}-T{numbers[sample]}", "sample_id": sample,
                    "line_number": said["line"], "inhibitor": inhibitor,
                    "monotherapy": said["monotherapy"], "best_response": said["response"],
                    "pfs_relation": said["pfs"][:1], "pfs_months": said["pfs"][1:],
                    "dot_relation": said["dot"][:1], "dot_months": said["dot"][1:],
                    "status": said["status"], "locator": place, "place": place,
                }
            )  # fmt: skip
        if unsaid and not self.monotherapy:
            allowed = (
                f"does not say whether its line is monotherapy (nor do {len(unsaid) - 1} others); "
                "if all are, import with --monotherapy yes: the paper leaves combinations out of "
                "its evaluation"
            )
            self._refuse(unsaid[0], "Monotherapy", "", allowed)
        return lines

    def _sample_of(self, row: Row, numbered: dict[str, Row] | None) -> str:
        """Find the sample that a line followed: by its number, its profile, or as the only one."""
        if numbered is None:
            self._refuse(row, "Patient", row.cells["patient"], "has no sample in ST6")
            return ""
        order, printed = row.cells.get("sample", ""), row.cells.get("mutations", "")
        if order and order not in numbered:
            allowed = f"the patient has the samples {', '.join(numbered)} in ST6"
            self._refuse(row, "Sample", order, allowed)
            return ""
        fitting = [order] if order else list(numbered)
        if printed:
            fitting = [name for name in fitting if numbered[name].cells["mutations"] == printed]
        if len(fitting) == 1:
            return fitting[0]
        profiles = ", ".join(f"{name} {row.cells['mutations']}" for name, row in numbered.items())
        reason = "fits no sample" if not fitting else "fits several samples: number it as ST6 does"
        self._refuse(row, "Sample", order or printed, f"{reason}; ST6 has {profiles}")
        return ""


def _frequencies(row: Row) -> str:
    """Put allele frequencies, printed in the order of the mutations, into that of the profile."""
    given = row.cells.get("vaf", "")
    names = mutations.as_printed(row.printed["mutations"])
    shares = given.split(LIST_SEPARATOR)
    if len(shares) != len(names):
        return given
    by_name = dict(zip(names, shares, strict=True))
    return LIST_SEPARATOR.join(by_name[name] for name in row.cells["mutations"].split("+"))


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.row or 0, problem.column))


def _stated(cells: dict[str, str]) -> dict[str, str]:
    named = {key: value for key, value in cells.items() if key in SOURCES.columns}
    return {key: value for key, value in named.items() if value}


def _frame(table: Table, rows: Sequence[dict[str, str]]) -> pd.DataFrame:
    columns = [*table.columns, "place"]
    filled = [{name: row.get(name, "") for name in columns} for row in rows]
    frame = pd.DataFrame(filled, columns=columns, dtype=str)
    return frame.sort_values(list(table.key), ignore_index=True)


def _calls(rows: Sequence[Row]) -> pd.DataFrame:
    renamed = [{"model_id": row.cells["model"], **row.cells, "place": str(row)} for row in rows]
    return _frame(SYNTHETIC_CALLS, renamed)


def _at_its_place(problem: Problem, places: dict[str, list[str]]) -> Problem:
    """Name the row of the supplement that a row of the cohort was made of."""
    known = places.get(Path(problem.file).stem)
    if problem.row is None or known is None:
        return problem
    return dataclasses.replace(problem, file=known[problem.row - 2], row=None)


def _differences(rows: Sequence[Row], loaded: cohort.Cohort) -> Iterator[str]:
    """Compare the counts of ST8 with those of the imported rows."""
    cells = {(row["profile"], row["inhibitor"]): row for row in matrix(loaded).to_dict("records")}
    nothing = dict.fromkeys(("relapsed", "relapse_n", "benefit_k", "benefit_n"), 0)
    found = []
    for row in rows:
        cell = cells.get((row.cells["mutations"], row.cells["inhibitor"]), nothing)
        for key, k, n in (
            ("relapsing", "relapsed", "relapse_n"), ("sensitivity", "benefit_k", "benefit_n"),
        ):  # fmt: skip
            printed, ours = row.cells[key], f"{cell[k]}/{cell[n]}"
            if printed and printed != ours:
                found.append(
                    f"{row}: {key} of {row.cells['inhibitor']} with {row.cells['mutations']} is "
                    f"{printed} there and {ours} in the imported rows"
                )
    yield from found[:DIFFERENCES_SHOWN]
    if more := found[DIFFERENCES_SHOWN:]:
        yield f"... and {len(more)} more counts of ST8 that differ"
