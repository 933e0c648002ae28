"""One tumour: what is asked, and which questions are refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alkpool import mutations
from alkpool.analysis import offtarget
from alkpool.analysis.wording import WORDS
from alkpool.data import tables
from alkpool.problems import one_of
from alkpool.vocabulary import OtherTreatment, Phase, Specimen


@dataclass(frozen=True)
class Question:
    """One tumour; made by `ask`.

    Attributes
    ----------
    mutations : tuple of str
        Canonical names, sorted by residue; empty where no mutation of ALK was found.
    prior : tuple of str
        Treatments given, in order, by the names of the tables.
    phase : Phase
        ``single`` for one mutation.
    specimen : Specimen
        What was sequenced.
    findings : tuple of str
        Off-target findings, by the names of `alkpool.analysis.offtarget`; those that the line of
        a report holds are among them.
    set_aside : tuple of str
        What else the line of a report holds beside mutations of ALK, each with what it is.
    """

    mutations: tuple[str, ...]
    prior: tuple[str, ...] = ()
    phase: Phase = Phase.SINGLE
    specimen: Specimen = Specimen.UNKNOWN
    findings: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    @property
    def profile(self) -> str:
        """Canonical profile."""
        return "+".join(self.mutations)

    @property
    def progressed_on(self) -> str:
        """The last ALK inhibitor given; what came after it, as chemotherapy, clears no mutation."""
        return next((name for name in reversed(self.prior) if name not in list(OtherTreatment)), "")

    @property
    def readings(self) -> tuple[Phase, ...]:
        """Readings of the profile, the leading one first.

        Mutations found together in plasma come more likely from different clones (paper,
        Discussion); elsewhere a profile of unknown phase is read as a compound first.
        """
        if self.phase != Phase.UNKNOWN:
            return (self.phase,)
        both = (Phase.CIS, Phase.TRANS)
        return both[::-1] if self.specimen == Specimen.PLASMA else both


def ask(
    profile: str,
    prior: Sequence[str] = (),
    phase: str = Phase.UNKNOWN,
    specimen: str = Specimen.UNKNOWN,
    findings: Sequence[str] = (),
) -> Question:
    """Read a question and refuse an impossible one.

    Raises
    ------
    ValueError
        For an unreadable or impossible mutation, an unknown treatment or finding, a phase or a
        specimen outside its vocabulary, or the phase of a single mutation.
    TypeError
        If `prior` or `findings` is a text instead of a sequence of names.
    """
    for name, given in (("prior", prior), ("findings", findings)):
        if isinstance(given, str):
            raise TypeError(f"{name} is the text {given!r}; must be a sequence of names")
    found = [*map(offtarget.named, findings)]
    one_of("phase", phase, Phase)
    one_of("specimen", specimen, Specimen)
    known = Phase(phase)
    without = offtarget.is_no_mutation(profile) or (found and not profile.strip())
    reading = None if without else mutations.read(profile)
    names = mutations.mutations_of(reading.profile) if reading else ()
    frequencies = zip(reading.vaf_percent, names, strict=False) if reading else ()
    set_aside = [f"{value}% (allele frequency of {name})" for value, name in frequencies]
    for what, text in reading.set_aside if reading else ():
        named = offtarget.reported(text)
        found += named
        # What is asked about is not set aside, only what stands with it.
        set_aside += [f"{text} ({what})"] if not named or re.search("[,;+/&]", text) else []
    if reading and reading.phase and known == Phase.UNKNOWN:
        known = Phase(reading.phase)
    if len(names) < 2:
        if known not in (Phase.SINGLE, Phase.UNKNOWN):
            what = f"{names[0]} is a single mutation" if names else "there is no mutation"
            raise ValueError(f"phase is {known}, but {what}: leave the phase out")
        known = Phase.SINGLE
    elif known == Phase.SINGLE:
        raise ValueError(
            f"phase is single, but there are {len(names)} mutations: cis, trans or unknown"
        )
    elif reading and reading.phase not in ("", known):
        said = f"phase is {known}, but the line says {reading.phase}"
        raise ValueError(f"{said}: leave one of them out")
    elif twice := known != Phase.TRANS and mutations.changed_twice("+".join(names)):
        # Of a deletion and a substitution one may be a slip; two substitutions were both seen.
        if known == Phase.CIS or any(m.kind.startswith("del") for m in twice):
            mutations.refuse_in_cis("+".join(names))
        known = Phase.TRANS
    given = tuple(tables.treatment_named(text, WORDS["treatment"]) for text in prior)
    findings = tuple(dict.fromkeys(found))
    return Question(names, given, known, Specimen(specimen), findings, tuple(set_aside))
