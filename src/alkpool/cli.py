"""Command line: ``alkpool --help`` lists the commands.

Exit codes: 0 done, 1 the data or the question are wrong (the message says how), 2 wrong usage.
Each command imports what it needs: the command line itself starts without the data layer.
"""

import shlex
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from alkpool import paths
from alkpool.files import write_atomically
from alkpool.problems import DataError, plain_number, printable, refuse
from alkpool.vocabulary import Form, Phase, Specimen

app = typer.Typer(
    help="Clinical evidence on ALK resistance mutations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

STREAM = Path("-")
STANDARD_INPUT = Path("/dev/stdin")


def _file(output: Path) -> Path:
    if output.is_dir():
        raise typer.BadParameter("is a folder; must be a file", param_hint="--output")
    if not output.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}", param_hint="--output")
    return output


Output = Annotated[
    Path,
    typer.Option("--output", "-o", callback=_file, help="Where to write; - is standard output."),
]
Format = Annotated[Form, typer.Option("--format", help="Form of the answer.")]


def main() -> None:
    """Run the command line; a problem of the data is a message, never a traceback."""
    try:
        app()
    except DataError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        # The system names no file where the folder is gone in which the command was given.
        gone = isinstance(error, FileNotFoundError) and error.filename is None
        where = "the current folder" if gone else error.filename or "file"
        typer.echo(printable(f"{where}: {error.strerror}"), err=True)
        sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"alkpool {version('alkpool')}")
        raise typer.Exit


@app.callback()
def _commands(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    if not paths.DATA.is_dir():
        allowed = "must be the folder of a checkout, with data in it"
        raise typer.BadParameter(f"found {str(paths.HOME)!r}; {allowed}", param_hint="ALKPOOL_HOME")


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
    """List every problem of the data, with file, row and column.

    With --privacy, exact ages, dates, names, notes and patients whom no other resembles, each
    with what to do about it; exit code 1 where something has to be put right before sharing.
    """
    from alkpool.intake import check, privacy

    if not private:
        check.check(folders or [], typer.echo)
        return
    if not folders:
        raise typer.BadParameter("--privacy needs the folder of a cohort", param_hint="FOLDERS")
    if not privacy.print_reports(folders, typer.echo):
        raise typer.Exit(1)


@app.command()
def classify(
    file: Annotated[
        Path,
        typer.Argument(help="CSV file with one line of treatment a row; - is standard input."),
    ],
    output: Output = STREAM,
    threshold_months: Annotated[
        float,
        typer.Option(
            parser=plain_number,
            metavar="NUMBER",
            help="Months of PFS or DoT from which there is benefit.",
        ),
    ] = 6,
    ongoing_dot: Annotated[
        Literal["unknown", "no benefit"], typer.Option(help="Class of a short ongoing DoT.")
    ] = "unknown",
) -> None:
    """Classify lines of treatment by clinical benefit (Figure 1).

    The file needs the columns best_response, pfs_relation, pfs_months, dot_relation, dot_months
    and status; all its columns are kept, and benefit and rule are added. Text that a spreadsheet
    would read as a formula gets an apostrophe before it.
    """
    from alkpool.analysis.benefit import BenefitRule
    from alkpool.intake import classify

    source, label = (STANDARD_INPUT, "standard input") if file == STREAM else (file, str(file))
    if output.exists() and source.exists() and output.samefile(source):
        raise typer.BadParameter("must not be the file that is read", param_hint="--output")
    try:
        rule = BenefitRule(threshold_months, ongoing_dot)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--threshold-months") from error
    text, notes = classify.classified(source, label, rule)
    for note in notes:
        typer.echo(f"note: {printable(note)}", err=True)
    _write(output, text)


@app.command("look-up")
def look_up(
    profile: Annotated[
        str,
        typer.Argument(help="One or more mutations in any spelling, as I1171N; a line of a report; "
                       "or 'no ALK mutation'."),
    ] = "",
    prior: Annotated[
        list[str] | None,
        typer.Option(help="Treatments given, in order, joined by , ; / or ->, or each by its own "
                     "--prior: ALK inhibitors by any name, chemotherapy, other. The tumour has "
                     "progressed on the last inhibitor."),
    ] = None,
    phase: Annotated[
        Phase, typer.Option(help="Whether several mutations share an allele.")
    ] = Phase.UNKNOWN,
    specimen: Annotated[Specimen, typer.Option(help="What was sequenced.")] = Specimen.UNKNOWN,
    finding: Annotated[
        list[str] | None,
        typer.Option(help="Off-target finding, as 'MET amplification'; may be given again."),
    ] = None,
    cohort_name: Annotated[
        str,
        typer.Option("--cohort", help="Cohort of real cases: a name, the path of a folder, or "
                     "several joined by commas."),
    ] = "curated",
    form: Format = Form.TABLE,
    output: Output = STREAM,
) -> None:  # fmt: skip
    """Say what the evidence amounts to for one tumour.

    Patients and published groups decide first, then one or two patients, then the laboratory, then
    related mutations. Only inhibitors with evidence for them are ranked. It informs specialists
    and is no medical advice.
    """
    from alkpool import answers
    from alkpool.analysis.evidence import gather
    from alkpool.analysis.question import ask
    from alkpool.analysis.ranking import answer
    from alkpool.data import cohort
    from alkpool.data.spelling import treatments
    from alkpool.intake import duplicates

    if not profile.strip() and not finding:
        raise typer.BadParameter("must be a mutation, or name a --finding", param_hint="PROFILE")
    try:
        given = [name for text in prior or () if text.strip() for name in treatments(text)]
        question = ask(profile, given, phase, specimen, finding or ())
        pool = cohort.load(cohort_name)
        if counted_twice := duplicates.of_two_cohorts(cohort_name):
            raise ValueError("\n".join(counted_twice))
        found = answer(question, gather(pool))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for note in pool.read_as:
        typer.echo(f"note: {printable(note)}", err=True)
    match form:
        case Form.JSON:
            text = answers.to_json(found)
        case Form.CSV:
            text = answers.to_csv(found)
        case Form.TABLE:
            terminal = output == STREAM and sys.stdout.isatty()
            width = shutil.get_terminal_size().columns if terminal else 0
            text = answers.to_text(found, bold=terminal, width=width)
    _write(output, text)


@app.command("template")
def write_template(
    file: Annotated[Path | None, typer.Argument(help="File to write, .xlsx or .csv.")] = None,
    columns_from: Annotated[
        Path | None,
        typer.Option(help="Propose instead how the columns of this table are read by add."),
    ] = None,
    sheet: Annotated[str, typer.Option(help="Its sheet, where a workbook has several.")] = "",
    output: Output = STREAM,
) -> None:
    """Write an empty table for new cases, with drop-downs in Excel.

    With --columns-from, print a mapping for alkpool add --columns: what each heading of an
    author's table is, in which unit, and what its words mean.
    """
    from alkpool.intake import flatfile, mapping, template

    if columns_from:
        _write(output, mapping.propose(columns_from, sheet))
        return
    if file is None:
        raise typer.BadParameter("is missing", param_hint="FILE")
    if file.suffix.lower() not in flatfile.SUFFIXES:
        raise typer.BadParameter("must end in .csv or .xlsx", param_hint="FILE")
    try:
        template.write(file)
    except FileExistsError:
        refuse(str(file), "the file exists and may hold cases: name another")
    typer.echo(f"written: {file}; fill it in, then: alkpool add {file}")


@app.command("new-cohort")
def new_cohort(
    folder: Annotated[Path, typer.Argument(help="Folder to make, outside this project.")],
) -> None:
    """Start a cohort of your own, with no patients yet."""
    from alkpool.intake import template

    template.start_cohort(folder)
    typer.echo(f"made: {folder}; say in its cohort.yaml what it holds, then add to it:")
    typer.echo(f"alkpool add FILE --cohort {shlex.quote(str(folder))}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Filled-in template, .xlsx or .csv.")],
    columns: Annotated[
        Path | None,
        typer.Option(help="Mapping by which any table is read; see template --columns-from."),
    ] = None,
    cohort_name: Annotated[
        str, typer.Option("--cohort", help="Cohort to add to: a name or the path of a folder.")
    ] = "curated",
    yes: Annotated[
        bool, typer.Option("--yes", help="Merge; without it nothing is changed.")
    ] = False,
) -> None:
    """Show what new cases would change; merge them on --yes.

    One row for each sample and next line of treatment; alkpool template writes an empty file.
    Everything is checked, possible duplicates are shown, and either all rows are merged or none.
    """
    from alkpool.intake import add as additions

    folder = additions.target(cohort_name)
    here = Path.cwd()
    with additions.alone(folder):
        planned = additions.plan(file, folder, columns)
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
    everything: Annotated[
        bool, typer.Option("--all", help="Also rules, calls, counts and rows.")
    ] = False,
    form: Format = Form.TABLE,
    output: Output = STREAM,
) -> None:
    """Show which verdicts moved between two results, and what else.

    Without any folder, between the last commit and the results as they are.
    """
    from alkpool import difference

    if revision and new:
        raise typer.BadParameter("takes one folder, the new one", param_hint="--git")
    if old and not revision:
        changes = difference.compare(old, new or paths.RESULTS)
    else:
        with difference.results_at(revision or "HEAD") as before:
            changes = difference.compare(before, old or paths.RESULTS)
    others = {Form.JSON: difference.to_json, Form.CSV: difference.to_csv}
    written = others[form](changes) if form in others else difference.to_text(changes, everything)
    _write(output, written)


def _write(output: Path, text: str) -> None:
    if output == STREAM:
        # The text is UTF-8 whatever the terminal is.
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        write_atomically(output, text)
