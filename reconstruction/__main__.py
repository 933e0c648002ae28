"""Rebuild the checked-in reconstructed cohort: ``python -m reconstruction [--check]``."""

import argparse
import sys

from alkpool import paths
from alkpool.problems import whole_from
from reconstruction.cohorts import NAME, SEED, draw
from reconstruction.files import differing, write
from reconstruction.readings import Infeasible


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code (1: different, or the numbers contradict)."""
    parser = argparse.ArgumentParser(prog="python -m reconstruction", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="compare with the checked-in files, write nothing"
    )
    parser.add_argument("--seed", type=whole_from(0), default=SEED, help=f"default {SEED}")
    options = parser.parse_args(arguments)
    folder = paths.COHORTS / NAME
    try:
        tables = draw(options.seed)
    except Infeasible as error:
        print(error, file=sys.stderr)
        return 1
    if not options.check:
        write(tables, folder)
        print(f"wrote {folder}")
        return 0
    changed = differing(tables, folder)
    if changed:
        print(f"{folder} differs from a new reconstruction: {', '.join(changed)}", file=sys.stderr)
        return 1
    print(f"{folder} is what a new reconstruction gives, byte for byte")
    return 0


if __name__ == "__main__":
    sys.exit(main())
