"""Command line: ``alkpool --help`` lists the commands.

Exit codes: 0 done, 1 the data or the question are wrong (the message says how), 2 wrong usage.
Each command imports what it needs: the command line itself starts without the data layer.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from alkpool import paths
from alkpool.files import write_atomically, yaml_beside
from alkpool.problems import DataError, plain_number, printable, refuse
from alkpool.vocabulary import Phase, Specimen

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


_SAYS: Mapping[str, str] = yaml_beside(__file__)


def _argument(name: str) -> Any:
    return typer.Argument(help=_SAYS[name])


def _option(name: str, *flags: str, **more: Any) -> Any:
    return typer.Option(*flags, help=_SAYS[name], **more)


Output = Annotated[Path, _option("output", "--output", "-o", callback=_file)]
Format = Annotated[Literal["table", "json", "csv"], _option("format", "--format")]


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
        bool, _option("version", "--version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if not paths.DATA.is_dir():
        allowed = "must be the folder of a checkout, with data in it"
        raise typer.BadParameter(f"found {str(paths.HOME)!r}; {allowed}", param_hint="ALKPOOL_HOME")


@app.command()
def check(
    folders: Annotated[list[Path] | None, _argument("check.folders")] = None,
    private: Annotated[bool, _option("check.privacy", "--privacy")] = False,
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
    file: Annotated[Path, _argument("classify.file")],
    output: Output = STREAM,
    threshold_months: Annotated[
        float, _option("classify.threshold_months", parser=plain_number, metavar="NUMBER")
    ] = 6,
    ongoing_dot: Annotated[
        Literal["unknown", "no benefit"], _option("classify.ongoing_dot")
    ] = "unknown",
) -> None:
    """Classify lines of treatment by clinical benefit (Figure 1).

    The file needs the columns best_response, pfs_relation, pfs_months, dot_relation, dot_months
    and status; all its columns are kept, and benefit and rule are added. A blank best_response or
    status is unknown, a number without a sign the number. Text that a spreadsheet would read as a
    formula gets an apostrophe before it.
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
    profile: Annotated[str, _argument("look_up.profile")] = "",
    prior: Annotated[list[str] | None, _option("look_up.prior")] = None,
    phase: Annotated[Phase, _option("look_up.phase")] = Phase.UNKNOWN,
    specimen: Annotated[Specimen, _option("look_up.specimen")] = Specimen.UNKNOWN,
    finding: Annotated[list[str] | None, _option("look_up.finding")] = None,
    cohort_name: Annotated[str, _option("look_up.cohort", "--cohort")] = "curated",
    form: Format = "table",
    output: Output = STREAM,
) -> None:
    """Say what the evidence amounts to for one tumour.

    Patients and published groups decide first, then one or two patients, then the laboratory, then
    related mutations. Only inhibitors with evidence for them are ranked. It informs specialists
    and is no medical advice.
    """
    from alkpool import answers
    from alkpool.analysis import evidence, question, ranking
    from alkpool.data import cohort, spelling

    if not profile.strip() and not finding:
        raise typer.BadParameter("must be a mutation, or name a --finding", param_hint="PROFILE")
    try:
        given = [name for text in prior or () for name in spelling.treatments(text)]
        asked = question.ask(profile, given, phase, specimen, finding or ())
        pool = cohort.load(cohort_name)
        found = ranking.answer(asked, evidence.gather(pool))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for note in pool.read_as:
        typer.echo(f"note: {printable(note)}", err=True)
    forms = {"json": answers.to_json, "csv": answers.to_csv}
    width = shutil.get_terminal_size().columns if output == STREAM and sys.stdout.isatty() else 0
    as_text = partial(answers.to_text, width=width)
    _write(output, forms.get(form, as_text)(found))


@app.command("template")
def write_template(
    file: Annotated[Path | None, _argument("template.file")] = None,
    columns_from: Annotated[Path | None, _option("template.columns_from")] = None,
    sheet: Annotated[str, _option("template.sheet")] = "",
    output: Output = STREAM,
) -> None:
    """Write an empty table for new cases, with drop-downs in Excel.

    With --columns-from, print a mapping for alkpool add --columns: what each heading of an
    author's table is, in which unit, and what its words mean.
    """
    from alkpool.intake import flatfile, mapping, template

    if columns_from:
        if output.is_file():
            refuse(str(output), "the file exists and may hold your answers: name another")
        _write(output, mapping.propose(columns_from, sheet))
        if output != STREAM:
            then = shlex.join(["alkpool", "add", str(columns_from), "--columns", str(output)])
            typer.echo(f"written: {output}; answer each ? in it, read it through, then: {then}")
        return
    given = [path for path in (file, output) if path not in (None, STREAM)]
    if len(given) != 1:
        raise typer.BadParameter("names the file to write: once", param_hint="FILE")
    file = given[0]
    if file.suffix.lower() not in flatfile.SUFFIXES:
        raise typer.BadParameter("must end in .csv or .xlsx", param_hint="FILE")
    try:
        template.write(file)
    except FileExistsError:
        refuse(str(file), "the file exists and may hold cases: name another")
    typer.echo(f"written: {file}; fill it in, then: {shlex.join(['alkpool', 'add', str(file)])}")


@app.command("new-cohort")
def new_cohort(folder: Annotated[Path, _argument("new_cohort.folder")]) -> None:
    """Start a cohort of your own, with no patients yet."""
    from alkpool.intake import template

    template.start_cohort(folder)
    typer.echo(f"made: {folder}; say in its cohort.yaml what it holds, then add to it:")
    typer.echo(f"alkpool add FILE --cohort {shlex.quote(str(folder))}")


@app.command()
def add(
    file: Annotated[Path, _argument("add.file")],
    columns: Annotated[Path | None, _option("add.columns")] = None,
    cohort_name: Annotated[str, _option("add.cohort", "--cohort")] = "curated",
    yes: Annotated[bool, _option("add.yes", "--yes")] = False,
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
    old: Annotated[Path | None, _argument("diff.old")] = None,
    new: Annotated[Path | None, _argument("diff.new")] = None,
    everything: Annotated[bool, _option("diff.everything", "--all")] = False,
    form: Format = "table",
    output: Output = STREAM,
) -> None:
    """Show which verdicts moved between two results, and what else.

    Without any folder, between the last commit and the results as make report last made them.
    """
    from alkpool import difference

    if old:
        moved = difference.compare(old, new or paths.RESULTS)
    else:
        with difference.last_committed() as before:
            moved = difference.compare(before, paths.RESULTS)
    forms = {"json": difference.to_json, "csv": difference.to_csv}
    as_text = partial(difference.to_text, everything=everything)
    _write(output, forms.get(form, as_text)(moved))


def _write(output: Path, text: str) -> None:
    if output == STREAM:
        # The text is UTF-8 whatever the terminal is.
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
    else:
        write_atomically(output, text)
