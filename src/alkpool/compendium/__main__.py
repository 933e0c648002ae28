"""Commands of the compendium: ``python -m alkpool.compendium --help`` lists them.

Each imports what it needs: a report that has nothing to do is done in a moment.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name

from alkpool.paths import shown
from alkpool.problems import ProjectError, whole_from


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m alkpool.compendium")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: str, words: str) -> Callable[..., object]:
        added = commands.add_parser(name, help=words)
        added.set_defaults(run=f"alkpool.{run}")
        return added.add_argument

    words = "run the notebooks that changed, make the book"
    option = command("report", "compendium.report:report", words)
    cores = os.cpu_count() or 1
    option("--jobs", type=whole_from(1), default=cores, help="notebooks at a time")
    option("--build", type=Path, help="another build folder, also for the results")
    apart = "results and book stay in build/cohorts"
    option("--cohort", default="", help=f"for this run only, several joined by commas; {apart}")
    option("--only", default="", help="notebook to look at alone, such as 04")
    option("--force", action="store_true", help="run every notebook again")
    option("--no-book", dest="render", action="store_false", help="no rendering")

    command("pdf", "compendium.pdf:write", "print the book and its summary")

    option = command("new", "compendium.new:new", "make a notebook of one's own, as a chapter")
    option("name", metavar="NAME", help="of the notebook, such as my-question")
    option("--title", default="", help="heading of its page")
    option("--from", default="", dest="source", help="notebook that is copied")

    command("release", "release:make", "put data, results and book into a folder")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 done, 1 something is wrong (the message says how), 2 wrong usage."""
    options = vars(_parser().parse_args(arguments))
    try:
        made = resolve_name(options.pop("run"))(**options)
        print(f"done: {shown(made)}" if isinstance(made, Path) else made)
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
