"""Commands of the compendium: ``python -m alkpool.compendium --help`` lists them.

Each imports what it needs: a report that has nothing to do is done in a moment.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from alkpool import paths
from alkpool.paths import shown
from alkpool.problems import ProjectError, whole_from


def _report(build: Path | None, cohort: str, **options: bool | int | str) -> str:
    from alkpool.compendium import plan, report

    target = paths.BUILD
    if cohort:
        cohort, target = plan.for_one_run(cohort)
    if build:
        build = target = build.resolve()
    return report.report(build or paths.BUILD, target, cohort=cohort, **options)  # type: ignore[arg-type]


def _pdf() -> str:
    from alkpool.compendium import pdf

    return f"done: {', '.join(map(shown, pdf.write(paths.BUILD, paths.BUILD / 'alkpool.pdf')))}"


def _new(name: str, title: str, source: str) -> str:
    from alkpool.compendium import new, plan

    notebook = new.new(name, title, source or new.TEMPLATE)
    entry = f"its entry in {plan.CONFIGURATION}"
    return f"made {shown(notebook)} and {entry}; make report shows it as a chapter"


def _release(since: Path | None) -> str:
    from alkpool import release

    return f"done: {shown(release.make(paths.HOME, paths.BUILD / 'release', since))}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alkpool.compendium")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    report = commands.add_parser("report", help="run the notebooks that changed, make the book")
    report.set_defaults(run=_report)
    cores = os.cpu_count() or 1
    report.add_argument("--jobs", type=whole_from(1), default=cores, help="notebooks at a time")
    report.add_argument("--build", type=Path, help="another build folder, also for the results")
    only_this_run = (
        "cohort for this run only, several joined by commas; its results and its book stay in "
        "build/cohorts"
    )
    report.add_argument("--cohort", default="", help=only_this_run)
    report.add_argument("--only", default="", help="notebook to look at alone, such as 04")
    report.add_argument("--force", action="store_true", help="run every notebook again")
    report.add_argument("--no-book", dest="render", action="store_false", help="no rendering")

    commands.add_parser("pdf", help="print the book and its summary").set_defaults(run=_pdf)

    new = commands.add_parser("new", help="make a notebook of one's own, as a chapter")
    new.set_defaults(run=_new)
    new.add_argument("name", metavar="NAME", help="of the notebook, such as my-question")
    new.add_argument("--title", default="", help="heading of its page")
    new.add_argument("--from", default="", dest="source", help="notebook that is copied")

    release = commands.add_parser("release", help="put data, results and book into a folder")
    release.set_defaults(run=_release)
    release.add_argument("--since", type=Path, help="folder of an earlier release or its results")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 done, 1 something is wrong (the message says how), 2 wrong usage."""
    options = vars(_parser().parse_args(arguments))
    try:
        print(options.pop("run")(**options))
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        remedy = (
            "nothing is half written, and what had finished is kept: put it right and run again"
        )
        print(f"error: {place}{error.strerror or error}; {remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; what had finished is kept for the next run", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
