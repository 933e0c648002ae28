"""What the printed numbers pin down: many reconstructed cohorts, and proven limits, on Dask."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from rich.progress import track

from alkpool import mutations, paths
from alkpool.analysis import benefit
from alkpool.analysis.actionability import matrix
from alkpool.data.cohort import analysis_set, lines
from alkpool.data.tables import DRAWS, LIMITS
from alkpool.files import write_atomically
from alkpool.problems import whole_from
from alkpool.robustness import large
from alkpool.vocabulary import Benefit, StudyType
from reconstruction import Quantity, Tables, bounds, draw, kind, quantities

DRAW_COUNT = 100
# Seeds of the ensemble start here, away from the seed of the checked-in cohort.
FIRST_SEED = 10_000


def drawn(seed: int) -> pd.DataFrame:
    """Draw one cohort and count every quantity in its rows."""
    values = observed(draw(seed))
    return pd.DataFrame(
        {"seed": seed, **asdict(quantity), "value": n} for quantity, n in values.items()
    )


def limited(alike: Sequence[Quantity]) -> pd.DataFrame:
    """Bound quantities that share their limits over everything the printed numbers allow."""
    low, low_proven, high, high_proven = bounds(alike[0])
    proven = {True: "yes", False: "no"}
    return pd.DataFrame(
        {
            **asdict(quantity),
            "low": low,
            "low_proven": proven[low_proven],
            "high": high,
            "high_proven": proven[high_proven],
        }
        for quantity in alike
    )


def observed(tables: Tables) -> dict[Quantity, int]:
    """Count every quantity of `reconstruction.quantities` in the rows of a cohort."""
    pool = analysis_set(tables.cohort())
    cells = matrix(pool).set_index(["profile", "inhibitor"])
    profiles = pool.samples["mutations"]
    classes = profiles.map(mutations.residue_class).where(~profiles.map(mutations.is_compound))
    samples = profiles.value_counts().add(classes[classes != profiles].value_counts(), fill_value=0)
    judged = benefit.classify(lines(pool))
    local = judged["study_type"] == StudyType.LOCAL
    in_local = int((local & (judged["benefit"] == Benefit.BENEFIT)).sum())

    def count(quantity: Quantity) -> int:
        match quantity.measure:
            case "samples":
                return int(samples.get(quantity.profile, 0))
            case "local_benefit":
                return in_local
            case _:
                key = (quantity.profile, quantity.inhibitor)
                return int(cells[quantity.measure].get(key, 0))

    return {quantity: count(quantity) for quantity in quantities()}


def main(arguments: list[str] | None = None) -> int:
    """Write ``data/identification/``: the draws and the limits."""
    parser = argparse.ArgumentParser(
        prog="python -m reconstruction.ensemble", description=main.__doc__
    )
    parser.add_argument(
        "--draws", type=whole_from(1), default=DRAW_COUNT, help=f"default {DRAW_COUNT}"
    )
    large.add_options(parser)
    parser.add_argument("--output", type=Path, default=paths.IDENTIFICATION)
    options = parser.parse_args(arguments)
    seeds = range(FIRST_SEED, FIRST_SEED + options.draws)
    # Quantities of one kind share their limits.
    kinds = list(dict.fromkeys(kind(quantity) for quantity in quantities()))
    try:
        with large.client(options.scheduler, options.workers) as connected:
            # Limits first: some take far longer than a draw.
            futures = [*connected.map(limited, kinds), *connected.map(drawn, seeds)]
            parts = [future.result() for future in track(futures, "limits, draws", transient=True)]
        limits, draws = pd.concat(parts[: len(kinds)]), pd.concat(parts[len(kinds) :])
        for table, frame in ((DRAWS, draws), (LIMITS, limits)):
            ordered = frame.assign(synthetic="yes")[table.columns].sort_values(list(table.key))
            text = ordered.to_csv(index=False, lineterminator="\n")
            write_atomically(options.output / table.file, text)
    # A full disk, or no scheduler at the address.
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {len(draws)} counts of {options.draws} draws and {len(limits)} limits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
