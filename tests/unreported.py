"""Compounds that nobody has reported: drawn from what is known, and from what is not."""

import random
from collections.abc import Iterable, Iterator
from typing import Any

from alkpool import mutations
from alkpool.data.tables import assessed_inhibitors

# Another substitution of known residues, changes of which nothing is known.
UNKNOWN = ("I1171V", "K1150A", "L1198P", "T1151_L1152insK")
SEEN = ("C1156Y+L1196M", "I1171N+L1196M+G1202R", "F1174C+G1202R", "E1154K+G1202R")
GIVEN = (*assessed_inhibitors(), "neladalkib", "chemotherapy")


def unreported(profiles: Iterable[str], number: int) -> Iterator[str]:
    """Draw pairs and triples; at most one change of each residue, so that each may be in cis.

    The first have been seen, in clones of their own or in a case that is left out.
    """
    known = set(profiles)
    yield from SEEN
    known |= set(SEEN)
    number -= len(SEEN)
    singles = [*sorted(name for name in known if not mutations.is_compound(name)), *UNKNOWN]
    drawn = random.Random(12)
    while number:
        text = "+".join(drawn.sample(singles, drawn.choice([2, 2, 3])))
        try:
            name = "+".join(mutations.mutations_of(text))
            mutations.refuse_in_cis(name)
        except ValueError:
            continue
        if name not in known:
            known.add(name)
            number -= 1
            yield name


def questions(profiles: Iterable[str], number: int) -> Iterator[dict[str, Any]]:
    """Ask of each what may be asked: after up to two inhibitors, in each phase."""
    drawn = random.Random(number)
    for place, text in enumerate(unreported(profiles, number)):
        yield {
            "text": text,
            "prior": drawn.sample(GIVEN, place % 3),
            "phase": ("unknown", "cis", "trans")[place // 3 % 3],
            "specimen": drawn.choice(["unknown", "tissue", "plasma"]),
        }
