"""Adding cases to a cohort: what would change, and the change, all or nothing.

The tables of a cohort that is built from raw facts (``curated``) are not edited: the accepted file
becomes a raw fact, ``data/raw/added/0001.csv``, and the build reads it. Any other cohort folder
gets the rows in its tables. Either way everything is made in a folder beside the old one, which
takes its place in one step; a process that dies before leaves the old one as it was.
"""

import datetime
import hashlib
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.analysis import actionability, benefit, timeline
from alkpool.data import cohort, duplicates, spelling
from alkpool.data.cohort import DESCRIPTION_FILE, Cohort
from alkpool.data.duplicates import Match
from alkpool.data.reader import Sheet, read_text
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SOURCES, TREATMENTS
from alkpool.files import filled_in_beside, locked, staged, write_atomically
from alkpool.intake import curate, flatfile, mapping, place, plausible
from alkpool.intake.curate import CHANGELOG
from alkpool.intake.place import Addition
from alkpool.problems import Problem, counted, printable, refuse, refuse_any
from alkpool.vocabulary import PatientStatus

CURATED = "curated"
BACKUP = "backup"

_CHANGELOG_HEADING = (
    "# Added cases\n\nEach file that `alkpool add` took, the newest first. Written by it.\n"
)
_WORDS = {table.name: table.name for table in COHORT_TABLES}
_WORDS[TREATMENTS.name] = "lines of treatment"
# What is said of a cell of Figure 5.
_SHOWN = ["benefit_k", "benefit_n", "unknown_n", "relapsed", "relapse_n"]


@dataclass(frozen=True)
class Plan:
    """What adding a file would do.

    Attributes
    ----------
    folder : Path
        The cohort.
    sheet, addition : Sheet, Addition
        The file, and what of it is new.
    before, after : Cohort
        The cohort without and with it.
    tables : mapping of str to DataFrame
        The cohort with it, cells as text.
    published : Cohort or None
        That of the published cases, with which any other cohort will be pooled.
    matches : tuple of Match
        Pairs that may be one patient, without those the file says are one.
    fingerprint : str
        SHA-256 of the rows, the same for CSV and Excel.
    """

    folder: Path
    sheet: Sheet
    addition: Addition
    before: Cohort
    after: Cohort
    tables: Mapping[str, pd.DataFrame]
    published: Cohort | None
    matches: tuple[Match, ...]
    fingerprint: str

    @property
    def unanswered(self) -> list[Match]:
        """Probable duplicates of which the file says neither yes nor no."""
        return [match for match in self.matches if match.probable and not self.is_answered(match)]

    @cached_property
    def moves(self) -> pd.DataFrame:
        """Cells of Figure 5 whose verdict or counts would move, as `timeline.changes`."""
        return timeline.changes(*map(actionability.matrix, (self.before, self.after)))

    def is_answered(self, match: Match) -> bool:
        """Whether the file, or the description of the cohort, says that a pair is two patients."""
        return {match.new, match.old} in map(set, self.after.meta.distinct_patients)

    def answer(self, match: Match) -> str:
        """How to say whether a pair is one patient."""
        if match.old not in {*self.tables[PATIENTS.name]["patient_id"]}:
            return match.answer_across
        columns = f"duplicate_of, or into {flatfile.NOT_DUPLICATE}"
        return f"in the rows of {match.new} write {match.old} into {columns}"

    @property
    def apart(self) -> list[Problem]:
        """What keeps the new rows from being pooled with the published ones."""
        if self.published is None:
            return []
        rows = self.addition.rows
        new: dict[str, Any] = {table.name: table.typed(rows[table.name]) for table in COHORT_TABLES}
        return cohort.apart([self.published, replace(self.after, **new)])


def target(name_or_path: str) -> Path:
    """Folder of the cohort to add to.

    Raises
    ------
    DataError
        Where several are named.
    """
    if "," in name_or_path:
        refuse(name_or_path, "must be one cohort")
    with alone(paths.DATA):  # names are looked up in it
        return paths.cohort_folder(name_or_path)


def is_curated(folder: Path) -> bool:
    """Whether the tables of a cohort are built from raw facts."""
    return folder == paths.COHORTS / CURATED


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time work in a folder; others wait.

    What lies in ``data`` shares one lock, because adding to ``curated`` exchanges all of it.
    """
    with locked(paths.HOME if folder.is_relative_to(paths.DATA) else folder.parent):
        replaced = folder.with_name(f".{folder.name}.old")
        if replaced.is_dir() and not folder.exists():  # a process died in `exchange`
            replaced.rename(folder)
        yield


def plan(file: Path, folder: Path, columns: Path | None = None) -> Plan:
    """Read a flat file, or any table by a mapping of its columns, and find what it would change.

    Raises
    ------
    DataError
        With every problem of the file, or of the cohort; where the cohort is synthetic; where
        the file was added before or holds nothing new.
    """
    before = cohort.load(folder)
    if before.synthetic:
        refuse(before.name, "is synthetic: no patient can be added to it")
    sheets = {
        table.name: read_text(folder / table.file, table, table.file) for table in COHORT_TABLES
    }
    for each in sheets.values():
        if more := ", ".join(map(str, each.aside)):
            refuse(each.label, f"has columns of its own, which are not kept: {more}")
    tables = {name: each.cells for name, each in sheets.items()}
    sheet = mapping.read(file, mapping.load(columns)) if columns else flatfile.read(file)
    fingerprint = hashlib.sha256(flatfile.to_csv(sheet.cells).encode()).hexdigest()
    # Whoever undoes an addition takes its entry back.
    for said in _changelog(folder).splitlines():
        if fingerprint in said:
            already = f"these rows are in {before.name} already: {said.strip('- .')}"
            undone = f"Where they were taken out, take that line out of {CHANGELOG} too"
            refuse(sheet.label, f"{already}. {undone}")
    addition = place.fit(sheet, tables)
    order = ["sample_order"]
    numbered = spelling.read_as(sheet.cells[order], addition.flat[order], sheet.label)
    sheet = replace(sheet, read_as=(*sheet.read_as, *numbered))
    if not any(len(rows) for rows in addition.rows.values()):
        refuse(sheet.label, f"holds nothing new: all its rows are in {before.name} already")
    merged = place.merge(tables, addition)
    typed: dict[str, Any] = {table.name: table.typed(merged[table.name]) for table in COHORT_TABLES}
    told_apart = (*before.meta.distinct_patients, *sorted(addition.distinct))
    meta = before.meta.model_copy(update={"distinct_patients": told_apart})
    after = replace(before, meta=meta, **typed)
    published = None if is_curated(folder) else cohort.load(CURATED)
    return Plan(
        folder=folder, sheet=sheet, addition=addition, before=before, after=after, tables=merged,
        published=published, matches=tuple(_matches(addition, after, published)),
        fingerprint=fingerprint,
    )  # fmt: skip


def _matches(addition: Addition, after: Cohort, published: Cohort | None) -> Iterator[Match]:
    """Compare new patients with all of their cohort, and those who count with the published."""
    new, known = addition.rows[PATIENTS.name], after.patients["patient_id"]
    everyone = [after]
    if published is not None:
        elsewhere = published.patients[~published.patients["patient_id"].isin(known)]
        everyone.append(cohort.analysis_set(replace(published, patients=elsewhere)))
    open_ones = new[new["status"] != PatientStatus.DUPLICATE].set_index("patient_id")["status"]
    for match in duplicates.matches(open_ones.index, duplicates.as_text(everyone)):
        if open_ones[match.new] == PatientStatus.INCLUDED or match.old in {*known}:
            yield match


def _changelog(folder: Path) -> str:
    path = (paths.RAW / curate.ADDED if is_curated(folder) else folder) / CHANGELOG
    return path.read_text("utf-8") if path.is_file() else ""


def describe(plan: Plan) -> str:
    """Say in words what a plan would change."""
    return "\n".join(map(printable, _filled_in(plan).split("\n")))


def _filled_in(plan: Plan, **more: str) -> str:
    sides = [cohort.analysis_set(data) for data in (plan.before, plan.after)]
    rows, tables = plan.addition.rows, [(_WORDS[table.name], table) for table in COHORT_TABLES]
    lines = plan.after.treatments
    lines = lines[lines["treatment_id"].isin(rows[TREATMENTS.name]["treatment_id"])]
    alone = benefit.evaluable(lines)["treatment_id"]
    lines = benefit.classify(lines).assign(combined=~lines["treatment_id"].isin(alone))
    moves, before = plan.moves, [f"{name}_before" for name in _SHOWN]
    same = (moves[_SHOWN].to_numpy() == moves[before].to_numpy()).all(axis=1)
    # Elsewhere only where a mutation was found moves, of which no share is read.
    moves = moves[~same | (moves["moved"] != "counts")]
    return filled_in_beside(
        __file__, plan=plan, label=printable(plan.sheet.label),
        size=counted(len(plan.sheet.cells), "row"),
        read_as=[*map(printable, plan.sheet.read_as)], looks=_worth_a_look(plan), apart=plan.apart,
        new={word: list(rows[table.name][table.key[0]]) for word, table in tables},
        included={w: [len(getattr(side, table.name)) for side in sides] for w, table in tables},
        patients=rows[PATIENTS.name].to_dict("records"), lines=lines.to_dict("records"),
        sources=rows[SOURCES.name].to_dict("records"),
        moved={kind: cells.to_dict("records") for kind, cells in moves.groupby("moved")},
        among=dict.fromkeys(each.name for each in (plan.before, plan.published) if each),
        probable=duplicates.PROBABLE, unanswered=plan.unanswered, **{"number": ""} | more,
    )  # fmt: skip


def _worth_a_look(plan: Plan) -> list[str]:
    new = {
        f"{plan.after.name}/{table.file}, {key}"
        for table in COHORT_TABLES
        for key in plan.addition.rows[table.name][table.key[0]]
    }
    return [str(note) for note in plausible.worth_a_look(plan.after) if note.file in new]


def commit(plan: Plan) -> str:
    """Merge a plan, all or nothing; the caller holds `alone`.

    Returns
    -------
    str
        What was done, in words.

    Raises
    ------
    DataError
        Where a probable duplicate has no answer, or the tables of ``curated`` are not those
        that its raw facts give.
    OSError
        Where something could not be written; the cohort is as it was.
    """
    repeats = "may repeat {}: {}"
    refuse_any(
        Problem(plan.sheet.label, None, "", each.new, repeats.format(each.old, plan.answer(each)))
        for each in plan.unanswered
    )
    return _commit_curated(plan) if is_curated(plan.folder) else _commit_own(plan)


def _commit_own(plan: Plan) -> str:
    number = _next(plan.folder, plan.folder / BACKUP)
    with staged(plan.folder) as stage:
        _back_up(plan.folder, stage / BACKUP / f"{number}.zip")
        for table in COHORT_TABLES:
            write_atomically(stage / table.file, _csv(plan.tables[table.name]))
        described = stage / DESCRIPTION_FILE
        text = described.read_bytes().decode("utf-8")
        write_atomically(described, duplicates.with_distinct(text, sorted(plan.addition.distinct)))
        restore = (
            f"unpack {BACKUP}/{number}.zip over the tables, {DESCRIPTION_FILE} and this changelog"
        )
        # As private as the patients.
        mode = stat.S_IMODE((stage / PATIENTS.file).stat().st_mode)
        (stage / CHANGELOG).touch(mode)
        write_atomically(stage / CHANGELOG, _with_entry(plan, number, restore))
        refuse_any(cohort.check(stage))
    return (
        f"added to {plan.folder.name} as addition {number}; the tables before are in "
        f"{plan.folder / BACKUP / number}.zip"
    )


def _commit_curated(plan: Plan) -> str:
    built = {table.file: _csv(frame) for table, frame in curate.curated(paths.RAW)}
    for name, text in (built | {DESCRIPTION_FILE: curate.description(paths.RAW)}).items():
        if text != (plan.folder / name).read_text("utf-8"):
            refuse(f"{CURATED}/{name}", "differs from its raw facts: run make data first")
    number = _next(plan.folder, paths.RAW / curate.ADDED)
    name = f"{number}.csv"
    restore = f"remove data/raw/{curate.ADDED}/{name} (later ones first), then make data"
    with staged(paths.DATA) as stage:
        added = stage / "raw" / curate.ADDED
        write_atomically(added / name, flatfile.to_csv(plan.addition.flat))
        write_atomically(added / CHANGELOG, _with_entry(plan, number, restore))
        curate.files(stage)
        for table in COHORT_TABLES:
            built_now = (stage / curate.COHORT / table.file).read_text("utf-8")
            if built_now != _csv(plan.tables[table.name]):
                raise RuntimeError(f"the build gives other rows than the merge: {table.file}")
    return f"added to {CURATED} as data/raw/{curate.ADDED}/{name}. Next: make report"


def _next(folder: Path, kept: Path) -> str:
    """Next number; while a backup of an addition that was undone is kept, not that one again."""
    names = [*curate.entries(_changelog(folder)), *(path.stem for path in kept.glob("[0-9]*.*"))]
    return f"{max(map(int, filter(str.isdecimal, names)), default=0) + 1:04d}"


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def _back_up(folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(0o600)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (DESCRIPTION_FILE, *(table.file for table in COHORT_TABLES)):
            archive.write(folder / name, name)
        archive.writestr(CHANGELOG, _changelog(folder) or _CHANGELOG_HEADING)


def _with_entry(plan: Plan, number: str, restore: str) -> str:
    """Changelog of the cohort with an entry for the plan in front."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    entry = _filled_in(plan, number=number, today=today, restore=restore)
    before = _changelog(plan.folder).removeprefix(_CHANGELOG_HEADING)
    return f"{_CHANGELOG_HEADING}\n{entry}{before}"
