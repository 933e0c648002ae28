"""Figure of the chapter on published groups: a forest plot beside base rates."""

import pandas as pd

from alkpool import style
from alkpool.figures.forest import forest
from alkpool.style import Drawing
from alkpool.vocabulary import Endpoint


def group_forest(rows: pd.DataFrame) -> Drawing:
    """Published outcomes by inhibitor and mutation, with base rates below in grey.

    Words say how each count is known, or what is printed where there is none.

    Parameters
    ----------
    rows : DataFrame
        From `alkpool.analysis.groups.outcomes_by_mutation`, first on top.
    """
    base = rows["kind"] == "base rate"
    alone = (rows["relation"] != "contains") | rows["mutations"].str.contains(";")
    group = rows["mutations"].str.replace(";", " or ").mask(base, "all")
    group = group.where(alone, group + " (alone or with others)")
    after = rows["after"].str.replace(";", ", ") + " · " + rows["source"]
    # The origin begins with the word that tells it from the others.
    origin = rows["k_origin"].str.split().str[0].fillna("")
    origin = origin.where(rows["k"].notna(), rows["percent"].map("{:g}% printed".format))
    benefit = rows["endpoint"] == Endpoint.BENEFIT
    colours = rows["inhibitor"].map(style.INHIBITOR_COLOURS).fillna(style.INK)
    return forest(
        rows.assign(
            label=rows["inhibitor"] + ", " + group + "\nafter " + after,
            origin=origin.mask(benefit, origin + ", benefit"),
        ),
        "label",
        "k",
        "n",
        xlabel="responded, or had clinical benefit where said (95% Wilson interval)",
        colours=list(colours.mask(base, style.MUTED)),
        origin="origin",
    )
