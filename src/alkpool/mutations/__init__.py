"""ALK mutations: their names, in reports and in tables.

A *mutation* is one protein-level change (``G1202R``); a *profile* is all mutations of one sample
(``L1196M+G1202R``: sorted by residue, joined by ``+``); a *residue class* stands for any
substitution of one residue (``I1171X``). `read` takes a line of a report as it comes.
"""

import warnings

from alkpool.mutations.names import KINASE_DOMAIN as KINASE_DOMAIN
from alkpool.mutations.names import MutationWarning as MutationWarning
from alkpool.mutations.names import changed_twice as changed_twice
from alkpool.mutations.names import is_compound as is_compound
from alkpool.mutations.names import mutations_of as mutations_of
from alkpool.mutations.names import outside_domain as outside_domain
from alkpool.mutations.names import parse as parse
from alkpool.mutations.names import pattern as pattern
from alkpool.mutations.names import reference_residue as reference_residue
from alkpool.mutations.names import refuse_in_cis as refuse_in_cis
from alkpool.mutations.names import residue_class as residue_class
from alkpool.mutations.names import residues as residues
from alkpool.mutations.names import spelled_out as spelled_out
from alkpool.mutations.reports import Reading as Reading
from alkpool.mutations.reports import grammar as grammar
from alkpool.mutations.reports import read as read


def canonical(text: str) -> str:
    """Name of a profile, from a name in any usual spelling or from a line of a report.

    Raises
    ------
    ValueError
        If `text` holds no mutation of ALK, or contradicts the reference.
    TypeError
        If `text` is not a string.

    Warns
    -----
    MutationWarning
        For each mutation outside the kinase domain.

    Examples
    --------
    >>> canonical("alk g1202r / 1151Tins")
    'T1151dup+G1202R'
    >>> canonical("NM_004304.5(ALK):c.3604G>A (p.Gly1202Arg)")
    'G1202R'
    """
    try:
        profile = "+".join(mutations_of(text))
    except ValueError:
        profile = read(text).profile
    for said in outside_domain(profile):
        warnings.warn(said, MutationWarning, stacklevel=2)
    return profile
