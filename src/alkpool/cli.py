"""Command line: ``alkpool check`` and ``alkpool classify``.

Exit codes: 0 done, 1 the data are wrong (the message says how), 2 wrong usage.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from alkpool import benefit, cohort, invitro, paths, schema
from alkpool.files import write_atomically
from alkpool.schema import DataError, Problem

app = typer.Typer(
    help="Clinical evidence on ALK resistance mutations.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

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
) -> None:
    """List every problem of the data: file, row, column, value, what is allowed."""
    problems: list[Problem] = []
    for folder in folders or _cohort_folders():
        found = cohort.check(cohort.folder_of(folder))
        problems += found
        if not found:
            typer.echo(_summary(folder))
    if not folders:
        problems += _check_tables()
    if problems:
        raise DataError(problems)


def _cohort_folders() -> list[Path]:
    return sorted(path for path in paths.COHORTS.iterdir() if path.is_dir())


def _summary(folder: Path) -> str:
    data = cohort.load(cohort.folder_of(folder))
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
        "invitro": invitro.load,
        "knowledgebases": invitro.load_assertions,
        "distributions": lambda: schema.read_folder(
            paths.DISTRIBUTIONS, [schema.POPULATION_COUNTS]
        ),
        "reference": schema.inhibitors,
    }
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
    file: Annotated[Path, typer.Argument(help="CSV file with one line of treatment a row.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of the screen.")
    ] = None,
    threshold_months: Annotated[
        float, typer.Option(help="Months of PFS or DoT from which there is benefit.")
    ] = benefit.THRESHOLD_MONTHS,
    ongoing_dot: Annotated[
        str, typer.Option(help="Class of a short ongoing DoT: 'unknown' or 'no benefit'.")
    ] = "unknown",
) -> None:
    """Classify lines of treatment by clinical benefit (paper, Figure 1).

    The file needs the columns best_response, pfs_relation, pfs_months, dot_relation, dot_months
    and status; all its columns are kept, and benefit and rule are added.
    """
    if output is not None and output.exists() and output.samefile(file):
        raise typer.BadParameter("must not be the file that is read", param_hint="--output")
    if ongoing_dot not in ("unknown", "no benefit"):
        raise typer.BadParameter("must be 'unknown' or 'no benefit'", param_hint="--ongoing-dot")
    try:
        rule = benefit.BenefitRule(threshold_months, ongoing_dot)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--threshold-months") from error
    cells, problems = schema.read_columns(file, schema.TREATMENTS, BENEFIT_COLUMNS, str(file))
    problems += [
        Problem(str(file), 1, name, "", "the file already has this column")
        for name in ("benefit", "rule")
        if name in cells
    ]
    if problems:
        raise DataError(problems)
    classes = benefit.classify(cells[BENEFIT_COLUMNS].replace("", None), rule)
    text = cells.assign(benefit=classes["benefit"], rule=classes["rule"]).to_csv(
        index=False, lineterminator="\n"
    )
    if output is None:
        sys.stdout.write(text)
    else:
        write_atomically(output, text)
