"""Command line: ``alkpool --help`` lists the commands.

Exit codes: 0 done, 1 the data or the question are wrong (the message says how), 2 wrong usage.
"""

import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from alkpool import answers, mutations, paths
from alkpool.analysis import benefit, ranking
from alkpool.analysis.evidence import gather
from alkpool.answers import Form
from alkpool.compendium import difference
from alkpool.data import cohort, laboratory, tables
from alkpool.data.reader import read_columns, read_folder
from alkpool.files import write_atomically
from alkpool.intake import add as additions
from alkpool.intake import flatfile, privacy, template
from alkpool.problems import DataError, Problem, no_formula, printable
from alkpool.vocabulary import UNKNOWN, Phase, Specimen

app = typer.Typer(
    help="Clinical evidence on ALK resistance mutations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

STREAM = Path("-")
STANDARD_INPUT = Path("/dev/stdin")

BENEFIT_COLUMNS = [
    "best_response", "pfs_relation", "pfs_months", "dot_relation", "dot_months", "status",
]  # fmt: skip


def main() -> None:
    """Run the command line; a problem of the data is a message, never a traceback."""
    try:
        app()
    except DataError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"{error.filename or 'file'}: {error.strerror}", err=True)
        sys.exit(1)


@app.callback()
def _commands() -> None:
    """Keep every command a subcommand."""


@app.command()
def check(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Cohort folders; without any, all data of the project."),
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--privacy", help="Look instead for what could tell who a patient is."),
    ] = False,
) -> None:
    """List every problem of the data: file, row, column, value, what is allowed.

    With --privacy, exact ages, dates, names, notes and patients whom no other resembles, each
    with what to do about it; exit code 1 where something has to be put right before sharing.
    """
    if private:
        _check_privacy(folders or [])
        return
    # Everything else is validated against it.
    _check_reference()
    problems: list[Problem] = []
    for folder in folders or paths.cohort_names():
        data, found = cohort.read(paths.cohort_folder(folder))
        problems += found
        if data is not None:
            typer.echo(_summary(data))
            for note in _notes(data):
                typer.echo(f"note: {note}")
    if not folders:
        problems += _check_tables()
    if problems:
        raise DataError(problems)


def _check_privacy(folders: list[Path]) -> None:
    if not folders:
        raise typer.BadParameter("--privacy needs the folder of a cohort", param_hint="FOLDERS")
    reports = {folder: privacy.check(paths.cohort_folder(folder)) for folder in folders}
    for folder, report in reports.items():
        lines = [str(folder), *privacy.describe(report).splitlines()]
        typer.echo("\n".join(map(printable, lines)))
    if any(report.must for report in reports.values()):
        raise typer.Exit(1)


def _check_reference() -> None:
    tables.inhibitors()
    label = "reference/alk_reference.fasta"
    try:
        residue = mutations.reference_residue(1202)
    except RuntimeError as error:
        raise DataError([Problem(label, None, "", "", str(error))]) from None
    if residue != "G":
        raise DataError([Problem(label, None, "", str(residue), "residue 1202 must be G")])


def _notes(data: cohort.Cohort) -> Iterator[Problem]:
    """Say what is allowed but worth a look: mutations outside the kinase domain."""
    for row, profile in enumerate(data.samples["mutations"], start=2):
        if profile == UNKNOWN:
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", mutations.MutationWarning)
            mutations.parse(profile)
        for warning in caught:
            file = f"{data.name}/{tables.SAMPLES.file}"
            yield Problem(file, row, "mutations", profile, str(warning.message))


def _summary(data: cohort.Cohort) -> str:
    kept = cohort.analysis_set(data)
    left_out = len(data.patients) - len(kept.patients)
    mark = " [synthetic]" if data.synthetic else ""
    return (
        f"{data.name}{mark}: valid; {len(kept.patients)} patients, {len(kept.samples)} samples, "
        f"{len(kept.treatments)} lines of treatment (patients left out: {left_out})"
    )


def _check_tables() -> list[Problem]:
    """Check the tables that are no cohort, printing a line for each valid folder."""
    readers: dict[str, Callable[[], object]] = {
        "invitro": laboratory.load,
        "knowledgebases": laboratory.load_assertions,
        "distributions": lambda: read_folder(paths.DISTRIBUTIONS, [tables.POPULATION_COUNTS]),
        "published": lambda: read_folder(paths.PUBLISHED, [tables.LEDGER]),
        "reference": _check_reference,
    }
    if paths.IDENTIFICATION.is_dir():
        readers["identification"] = lambda: read_folder(
            paths.IDENTIFICATION, [tables.DRAWS, tables.LIMITS]
        )
    problems: list[Problem] = []
    for name, read in readers.items():
        try:
            read()
        except DataError as error:
            problems += error.problems
        else:
            typer.echo(f"{name}: valid")
    return problems


@app.command()
def classify(
    file: Annotated[
        Path,
        typer.Argument(help="CSV file with one line of treatment a row; - is standard input."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; - is standard output.")
    ] = STREAM,
    threshold_months: Annotated[
        float, typer.Option(help="Months of PFS or DoT from which there is benefit.")
    ] = benefit.THRESHOLD_MONTHS,
    ongoing_dot: Annotated[
        str, typer.Option(help="Class of a short ongoing DoT: 'unknown' or 'no benefit'.")
    ] = "unknown",
) -> None:
    """Classify lines of treatment by clinical benefit (paper, Figure 1).

    The file needs the columns best_response, pfs_relation, pfs_months, dot_relation, dot_months
    and status; all its columns are kept, and benefit and rule are added. Text that a spreadsheet
    would read as a formula gets an apostrophe before it.
    """
    source, label = (STANDARD_INPUT, "standard input") if file == STREAM else (file, str(file))
    _refuse_folder(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise typer.BadParameter("must not be the file that is read", param_hint="--output")
    if ongoing_dot not in ("unknown", "no benefit"):
        raise typer.BadParameter("must be 'unknown' or 'no benefit'", param_hint="--ongoing-dot")
    try:
        rule = benefit.BenefitRule(threshold_months, ongoing_dot)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--threshold-months") from error
    cells, problems = read_columns(source, tables.TREATMENTS, BENEFIT_COLUMNS, label)
    problems += [
        Problem(label, 1, name, "", "the file already has this column")
        for name in ("benefit", "rule")
        if name in cells
    ]
    if set(BENEFIT_COLUMNS) <= set(cells):
        problems += tables.bound_problems(cells, label)
    if problems:
        raise DataError(problems)
    classes = benefit.classify(cells[BENEFIT_COLUMNS].replace("", None), rule)
    if "monotherapy" in cells and (others := int((cells["monotherapy"] != "yes").sum())):
        typer.echo(
            f"note: {others} of {len(cells)} lines are not known to be monotherapy; the book "
            "leaves them out, and lines of patients who are not included",
            err=True,
        )
    judged = cells.assign(benefit=classes["benefit"], rule=classes["rule"])
    safe = judged.rename(columns=no_formula).map(no_formula)
    text = safe.to_csv(index=False, lineterminator="\n")
    _write(output, text)


@app.command("look-up")
def look_up(
    profile: Annotated[
        str, typer.Argument(help="One or more mutations in any accepted spelling, as I1171N.")
    ],
    prior: Annotated[
        str,
        typer.Option(help="ALK inhibitors given, in order, joined by commas; the tumour has "
                     "progressed on the last."),
    ] = "",
    phase: Annotated[
        Phase, typer.Option(help="Whether several mutations share an allele.")
    ] = Phase.UNKNOWN,
    specimen: Annotated[Specimen, typer.Option(help="What was sequenced.")] = Specimen.UNKNOWN,
    cohort_name: Annotated[
        str,
        typer.Option("--cohort", help="Cohort of real cases: a name, the path of a folder, or "
                     "several joined by commas."),
    ] = "curated",
    form: Annotated[Form, typer.Option("--format", help="Form of the answer.")] = Form.TABLE,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; - is standard output.")
    ] = STREAM,
) -> None:  # fmt: skip
    """Rank the inhibitors for one tumour by the evidence there is, with its sources.

    Clinical evidence decides first, then in vitro calls, then the residue class. It informs
    specialists and is no medical advice.
    """
    _refuse_folder(output)
    try:
        question = ranking.ask(profile, prior.split(",") if prior else (), phase, specimen)
        evidence = gather(cohort.load(cohort_name))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    table = ranking.answer(question, evidence)
    match form:
        case Form.JSON:
            text = answers.to_json(question, table, evidence)
        case Form.CSV:
            text = answers.to_csv(table)
        case Form.TABLE:
            terminal = output == STREAM and sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if terminal else 0
            text = answers.to_text(question, table, evidence, terminal=terminal, width=width)
    _write(output, text)


@app.command("template")
def write_template(
    file: Annotated[Path, typer.Argument(help="File to write, .xlsx or .csv.")],
) -> None:
    """Write an empty flat file for new cases, with drop-downs and explanations in Excel."""
    if file.suffix.lower() not in flatfile.SUFFIXES:
        raise typer.BadParameter("must end in .csv or .xlsx", param_hint="FILE")
    try:
        template.write(file)
    except FileExistsError:
        taken = "the file exists and may hold cases: name another"
        raise DataError([Problem(str(file), None, "", "", taken)]) from None
    typer.echo(f"written: {file}; fill it in, then: alkpool add {file}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Filled-in template, .xlsx or .csv.")],
    cohort_name: Annotated[
        str, typer.Option("--cohort", help="Cohort to add to: a name or the path of a folder.")
    ] = additions.CURATED,
    yes: Annotated[
        bool, typer.Option("--yes", help="Merge; without it nothing is changed.")
    ] = False,
) -> None:
    """Show what new cases would change, and merge them on --yes.

    One row for each sample and next line of treatment; alkpool template writes an empty file.
    Everything is checked, possible duplicates are shown, and either all rows are merged or none.
    """
    folder = additions.target(cohort_name)
    here = Path.cwd()
    with additions.alone(folder):
        planned = additions.plan(file, folder)
        typer.echo(additions.describe(planned))
        if not yes:
            typer.echo("Nothing was changed. To merge: the same command with --yes")
            return
        typer.echo(additions.commit(planned))
    if here.is_relative_to(folder):
        typer.echo(f"This folder was exchanged for a new one of the same name: cd {here}")


@app.command()
def diff(
    old: Annotated[Path | None, typer.Argument(help="Folder of results.")] = None,
    new: Annotated[Path | None, typer.Argument(help="Another one; by default results.")] = None,
    revision: Annotated[
        str, typer.Option("--git", help="Compare with the results of this revision instead of OLD.")
    ] = "",
    form: Annotated[Form, typer.Option("--format", help="Form of the answer.")] = Form.TABLE,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write; - is standard output.")
    ] = STREAM,
) -> None:
    """Show what moved between two folders of results: verdicts, counts, rows, then the rest.

    Without any folder, between the last commit and the results as they are.
    """
    _refuse_folder(output)
    if revision and new:
        raise typer.BadParameter("takes one folder, the new one", param_hint="--git")
    if old and not revision:
        changes = difference.compare(old, new or paths.RESULTS)
    else:
        with difference.results_at(revision or "HEAD") as before:
            changes = difference.compare(before, old or paths.RESULTS)
    match form:
        case Form.JSON:
            text = difference.to_json(changes)
        case Form.CSV:
            text = difference.to_csv(changes)
        case Form.TABLE:
            text = difference.to_text(changes)
    _write(output, text)


def _refuse_folder(output: Path) -> None:
    if output.is_dir():
        raise typer.BadParameter("is a folder; must be a file", param_hint="--output")


def _write(output: Path, text: str) -> None:
    if output == STREAM:
        # The text is UTF-8 whatever the terminal is.
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        write_atomically(output, text)
