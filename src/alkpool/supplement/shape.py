"""Which columns the supplementary tables have, in which spellings, and how a cell is read."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from alkpool import mutations
from alkpool.lookup import no_formula
from alkpool.schema import LIST_SEPARATOR, UNKNOWN, inhibitors
from alkpool.vocabulary import (
    Answer,
    BestResponse,
    Call,
    Phase,
    Relation,
    Sex,
    Specimen,
    StudyType,
    TreatmentStatus,
)

# What a table writes where nothing is known.
NOTHING = frozenset(
    {"", "-", "--", "–", "—", "na", "n/a", "n.a.", "n.a", "nd", "n.d.", "unknown", "unk", "?",
     "not reported", "not stated", "not available", "not specified", "not known", "missing"}
)  # fmt: skip

# Brand and code names of the same compounds. AP26113 is not here: whether it stands for
# brigatinib is not certain in every source (data/raw/README.md).
_OTHER_NAMES = {
    "xalkori": "crizotinib", "pf02341066": "crizotinib",
    "zykadia": "ceritinib", "ldk378": "ceritinib",
    "alecensa": "alectinib", "ch5424802": "alectinib", "af802": "alectinib",
    "alunbrig": "brigatinib",
    "x396": "ensartinib",
    "lorbrena": "lorlatinib", "lorviqua": "lorlatinib", "pf06463922": "lorlatinib",
}  # fmt: skip
_SHORTEST_ABBREVIATION = 3

_NUMBER = r"\d+(?:[.,]\d+)?"
_MONTHS = re.compile(
    rf"(?P<sign>[=<>~≥≈]|>=|ca\.?|about)?\s*(?P<number>{_NUMBER})\s*(?P<plus>\+)?"
    r"\s*(?:m|mo|mos|month|months)?\.?",
    re.IGNORECASE,
)
_SIGNS = {">=": ">", "≥": ">", "≈": "~", "ca": "~", "ca.": "~", "about": "~", "": "="}
_ORDINALS = {
    name: str(place)
    for place, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), start=1)
}
_PLACE = re.compile(r"(?:s|sample|biopsy|line|l)?\s*#?(\d+)(?:\.0)?(?:st|nd|rd|th|l)?(?: line)?")
_COUNTED = re.compile(r"(\d+)\s*(?:/|of|out of)\s*(\d+)")
_VARIANT = re.compile(r"(?:variant|var\.?|v)?\s*(\d+)\s*(?:[ab']|a/b)?", re.IGNORECASE)


def name_of(header: str) -> str:
    """Reduce a header or a word to what is compared: ``PFS (months)`` is ``pfs``."""
    plain = re.sub(r"\([^)]*\)|\[[^]]*\]", "", header)
    return re.sub(r"[^a-z0-9]", "", plain.casefold()) or re.sub(r"\W", "", header.casefold())


def stated(cell: str) -> bool:
    """Tell whether a cell says something."""
    return cell.casefold() not in NOTHING


def text(cell: str) -> str:
    """Read free text."""
    return cell


def named(cell: str) -> str:
    """Read the name of a patient or a reference as an identifier."""
    plain = unicodedata.normalize("NFKD", cell).encode("ascii", "ignore").decode()
    identifier = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    if not identifier:
        raise ValueError("must be a name or number with letters or digits")
    return identifier


def place(cell: str) -> str:
    """Read which sample or line it is: 2, S2, 2nd, second line."""
    plain = " ".join(cell.casefold().split())
    if found := _PLACE.fullmatch(plain):
        return str(int(found[1]))
    if (word := plain.removesuffix(" line")) in _ORDINALS:
        return _ORDINALS[word]
    raise ValueError("must be a whole number such as 2, 2nd or second")


def number(cell: str) -> str:
    """Read a number, also with a unit behind it."""
    if found := re.fullmatch(rf"({_NUMBER})\s*(?:y|yr|yrs|years)?", cell.casefold()):
        return found[1].replace(",", ".")
    raise ValueError("must be a number, or blank")


def months(cell: str) -> str:
    """Read months with their relation, ``=9.2`` or ``>16``; ``16+`` and ``≥16`` are ``>16``."""
    if cell.casefold() in ("nr", "n.r."):
        raise ValueError(
            "may be 'not reported' or 'not reached': leave it blank, or write > and the months"
        )
    found = _MONTHS.fullmatch(cell.strip())
    if found is None or (found["plus"] and found["sign"] not in (None, ">")):
        raise ValueError("must be months such as 9.2, >16, 16+, <3 or ~8, or blank")
    sign = ">" if found["plus"] else (found["sign"] or "").casefold()
    relation = Relation(_SIGNS.get(sign, sign))
    return f"{relation}{float(found['number'].replace(',', '.')):.10g}"


def inhibitor(cell: str) -> str:
    """Read one compound by its name, brand, code or the beginning of its name."""
    plain = re.sub(r"[^a-z0-9]", "", cell.casefold())
    known = {re.sub(r"[^a-z0-9]", "", name): name for name in inhibitors()["inhibitor"]}
    if (name := _OTHER_NAMES.get(plain) or known.get(plain)) is not None:
        return str(name)
    meant = [name for start, name in known.items() if start.startswith(plain)]
    if len(meant) == 1 and len(plain) >= _SHORTEST_ABBREVIATION:
        return str(meant[0])
    raise ValueError(
        "must be one inhibitor of data/reference/inhibitors.csv, its brand name, or the beginning "
        "of its name"
    )


def in_order(cell: str) -> str:
    """Read inhibitors in the order given: ``crizotinib, ceritinib`` or ``criz → cer``."""
    parts = re.split(r"[;,/>]|→|\bthen\b|\bfollowed by\b", re.sub(r"[-–=]>", "→", cell))
    names = map(str.strip, parts)
    return LIST_SEPARATOR.join(inhibitor(name) if stated(name) else UNKNOWN for name in names)


def profile(cell: str) -> str:
    """Read a mutation profile in any spelling."""
    return "+".join(mutations.mutations_of(cell))


def percentages(cell: str) -> str:
    """Read allele frequencies in percent, in the order in which the mutations are printed."""
    read = []
    for part in re.split(r"[;/+&]|,\s", cell):
        value = part.replace("%", "").strip()
        if not stated(value):
            read.append(UNKNOWN)
        elif re.fullmatch(_NUMBER, value):
            read.append(value.replace(",", "."))
        else:
            raise ValueError("must be percentages in the order of the mutations, joined by ; or /")
    return LIST_SEPARATOR.join(read)


def gene(cell: str) -> str:
    """Read the partner of an ALK fusion: ``EML4-ALK`` is ``EML4``."""
    partner = re.split(r"\s*(?:[-–/]|::)\s*ALK\b", cell, maxsplit=1, flags=re.IGNORECASE)[0]
    return partner.strip()


def variant(cell: str) -> str:
    """Read an EML4-ALK variant: ``variant 3a/b``, ``v3`` and ``3`` are ``V3``."""
    found = _VARIANT.fullmatch(cell.strip())
    return f"V{found[1]}" if found else cell


def described(cell: str) -> str:
    """Read stage or histology in words."""
    plain = re.sub(r"^stage\s+", "", cell, flags=re.IGNORECASE)
    return "adenocarcinoma" if plain.casefold() in ("adenocarcinoma", "adeno", "adc") else plain


def counted(cell: str) -> str:
    """Read ``9/11``, ``9 of 11`` or ``82% (9/11)`` as ``9/11``."""
    found = _COUNTED.search(cell)
    if found is None:
        raise ValueError("must be a count of a total, such as 9/11 or 9 of 11")
    return f"{found[1]}/{found[2]}"


def one_of(terms: Mapping[str, str]) -> Callable[[str], str]:
    """Read a closed vocabulary; ``terms`` are other spellings of its values."""
    known = {name_of(spelling): value for spelling, value in terms.items()}
    known |= {name_of(value): value for value in terms.values()}
    allowed = f"must be one of {', '.join(dict.fromkeys(terms.values()))}, or blank"

    def read(cell: str) -> str:
        if (value := known.get(name_of(cell))) is None:
            raise ValueError(allowed)
        return value

    return read


_SEX = {"f": Sex.FEMALE, "woman": Sex.FEMALE, "m": Sex.MALE, "man": Sex.MALE}
_RESPONSE = {
    "complete response": BestResponse.COMPLETE, "complete remission": BestResponse.COMPLETE,
    "partial response": BestResponse.PARTIAL, "partial remission": BestResponse.PARTIAL,
    "stable disease": BestResponse.STABLE,
    "progressive disease": BestResponse.PROGRESSIVE, "progression": BestResponse.PROGRESSIVE,
    "mixed response": BestResponse.MIXED, "not evaluable": BestResponse.NOT_EVALUABLE,
}  # fmt: skip
_STATUS = {
    "stopped": TreatmentStatus.ENDED, "discontinued": TreatmentStatus.ENDED,
    "continuing": TreatmentStatus.ONGOING, "on treatment": TreatmentStatus.ONGOING,
}  # fmt: skip
_SPECIMEN = {
    "biopsy": Specimen.TISSUE, "tissue biopsy": Specimen.TISSUE, "tumor": Specimen.TISSUE,
    "tumour": Specimen.TISSUE, "tumor tissue": Specimen.TISSUE, "tumour tissue": Specimen.TISSUE,
    "ffpe": Specimen.TISSUE, "blood": Specimen.PLASMA, "ctdna": Specimen.PLASMA,
    "cfdna": Specimen.PLASMA, "plasma ctdna": Specimen.PLASMA, "liquid biopsy": Specimen.PLASMA,
    "pleural effusion": Specimen.EFFUSION, "pleural fluid": Specimen.EFFUSION,
    "ascites": Specimen.EFFUSION, "pericardial effusion": Specimen.EFFUSION,
}  # fmt: skip
_STUDY = {
    "cohort study": StudyType.COHORT, "series": StudyType.COHORT, "case": StudyType.CASE_REPORT,
    "case report": StudyType.CASE_REPORT, "umcg": StudyType.LOCAL, "this study": StudyType.LOCAL,
}  # fmt: skip
_CALL = {"s": Call.SENSITIVE, "i": Call.INTERMEDIATE, "r": Call.RESISTANT}
_PHASE = {"in cis": Phase.CIS, "in trans": Phase.TRANS, "": Phase.SINGLE}
_YES_NO = {"y": Answer.YES, "n": Answer.NO}


@dataclass(frozen=True)
class Column:
    """A column of a supplementary table.

    Attributes
    ----------
    key : str
        How the program calls it.
    header : str
        As `export` writes it; letter case, spaces, punctuation and what stands in parentheses
        do not matter.
    description : str
        What it holds.
    read : callable
        Reads a cell; raises ValueError with what is allowed.
    also : tuple of str
        Other headers that are understood.
    required : bool
        Whether the table cannot be read without it.
    blank : str or None
        What a cell that says nothing stands for; None where every cell must say something.
    """

    key: str
    header: str
    description: str
    read: Callable[[str], str]
    also: tuple[str, ...] = ()
    required: bool = False
    blank: str | None = ""

    @property
    def names(self) -> set[str]:
        """Every spelling, reduced by `name_of`."""
        return {name_of(spelling) for spelling in (self.key, self.header, *self.also)}


@dataclass(frozen=True)
class Shape:
    """What one supplementary table holds, as the text of the paper lets one expect.

    Attributes
    ----------
    name : str
        ``ST6`` and so on.
    description : str
        What a row is.
    said : str
        Where the paper says so.
    columns : tuple of Column
        In the order of `export`.
    """

    name: str
    description: str
    said: str
    columns: tuple[Column, ...]

    def column(self, header: str) -> Column | None:
        """Find the column that a header stands for."""
        name = name_of(header)
        return next((column for column in self.columns if name in column.names), None)

    def header(self, key: str) -> str:
        """Header of a column, given by its key."""
        return next(column.header for column in self.columns if column.key == key)


def _needed(column: Column) -> Column:
    """Make a column one that the table cannot be read without, nor its rows."""
    return replace(column, required=True, blank=None)


_PATIENT = Column(
    "patient", "Patient", "Name or number of the patient, the same in every table.", named,
    ("patient id", "patient number", "patient no", "case", "case id", "id", "pt"),
    required=True, blank=None,
)  # fmt: skip
_SAMPLE = Column(
    "sample", "Sample", "1 for the patient's first sample; else they are numbered as they stand.",
    place, ("sample id", "sample number", "sample no", "biopsy", "biopsy number"),
)  # fmt: skip
_REFERENCE = Column(
    "reference", "Reference", "Article that reports the patient.", named,
    ("ref", "study", "article", "source", "publication"),
)  # fmt: skip
_MUTATIONS = Column(
    "mutations", "ALK mutations", "Mutation profile in any spelling, `p.Gly1202Arg / L1196M`.",
    profile,
    ("alk mutation", "mutation", "mutations", "mutational profile", "alk mutational profile",
     "resistance mutation", "resistance mutations", "on-target mutation", "on-target mutations"),
)  # fmt: skip
_INHIBITOR = Column(
    "inhibitor", "ALK inhibitor", "Name, brand name, code, or beginning of the name.", inhibitor,
    ("inhibitor", "alki", "alk-tki", "tki", "drug", "treatment", "subsequent alk inhibitor",
     "next alk inhibitor", "sequential alk inhibitor"), required=True, blank=None,
)  # fmt: skip
_PATIENT_FACTS = (
    Column("age", "Age (years)", "Age at the first ALK inhibitor.", number,
           ("age at diagnosis", "age years")),
    Column("sex", "Sex", "Female or male.", one_of(_SEX), ("gender",), blank=UNKNOWN),
    Column("stage", "Stage", "Tumour stage.", described, ("tumor stage", "tumour stage"),
           blank=UNKNOWN),
    Column("histology", "Histology", "Tumour histology.", described,
           ("tumor histology", "tumour histology"), blank=UNKNOWN),
    Column("fusion", "ALK fusion", "Fused gene, `EML4-ALK` or `EML4`.", gene,
           ("fusion partner", "fusion", "alk fusion partner", "partner"), blank=UNKNOWN),
    Column("variant", "Fusion variant", "EML4-ALK variant, `V3`, `variant 3a/b` or `3`.", variant,
           ("variant", "eml4-alk variant", "alk fusion variant"), blank=UNKNOWN),
)  # fmt: skip
_COURSE = (
    _PATIENT, _SAMPLE,
    replace(_REFERENCE, description="Article; needed only where two of them number their "
            "patients alike."),
    replace(_MUTATIONS, description="Profile before the line; finds the sample where that is not "
            "numbered."),
    Column("line", "Line", "Line of ALK inhibitor treatment, 1 for the first ever.", place,
           ("treatment line", "line of treatment", "alki line", "line number")),
    _INHIBITOR,
    Column("monotherapy", "Monotherapy", "Yes or no; without this column see `--monotherapy`.",
           one_of(_YES_NO), ("single agent",), blank=UNKNOWN),
    Column("response", "Best overall response", "CR, PR, SD, PD, MR, NE or in words.",
           one_of({**_RESPONSE, **{term: term for term in BestResponse}}),
           ("bor", "best response", "response", "radiological response"), required=True,
           blank=UNKNOWN),
    Column("pfs", "PFS (months)", "`9.2`, `>16`, `16+`, `<3`, `~8`.", months,
           ("progression-free survival", "pfs months", "pfs in months")),
    Column("dot", "DoT (months)", "As PFS.", months,
           ("duration of treatment", "treatment duration", "dot months", "dot in months")),
    Column("status", "Status", "Ended or ongoing.", one_of(_STATUS),
           ("treatment status", "status at last follow-up"), blank=UNKNOWN),
)  # fmt: skip
SYNTHETIC = Column(
    "synthetic", "Synthetic", "`yes` in every row of made-up tables.", one_of(_YES_NO),
    blank=Answer.NO,
)  # fmt: skip

SHAPES = {
    shape.name: shape
    for shape in (
        Shape(
            "ST2", "one row per in vitro call; read for synthetic tables only",
            "Introduction; legend of Figure 6",
            (
                Column("model", "Model", "In vitro model.", named, required=True, blank=None),
                _needed(_MUTATIONS), _INHIBITOR,
                Column("call", "Call", "Sensitive, intermediate or resistant.", one_of(_CALL),
                       ("sensitivity",), required=True, blank=UNKNOWN),
            ),
        ),
        Shape(
            "ST3", "one row per included article", "Methods, Literature Review",
            (
                _needed(_REFERENCE),
                Column("study_type", "Study type", "Cohort, case report or local.",
                       one_of(_STUDY), ("type of study", "type", "design"), required=True,
                       blank=UNKNOWN),
                Column("first_author", "First author", "Surname and initials.", text,
                       ("author", "authors")),
                Column("year", "Year", "Year of publication.", number,
                       ("year of publication", "publication year")),
                Column("journal", "Journal", "Journal.", text),
                Column("title", "Title", "Title.", text),
                Column("doi", "DOI", "Digital object identifier.", text),
                Column("pmid", "PMID", "PubMed identifier.", text, ("pubmed id",)),
            ),
        ),
        Shape(
            "ST4", "one row per local patient: clinical characteristics",
            "Results, first section; legend of Figure 2",
            (_PATIENT, *_PATIENT_FACTS),
        ),
        Shape(
            "ST5", "one row per later line of a local patient: responses",
            "Results, first section; legend of Figure 2", _COURSE,
        ),
        Shape(
            "ST6", "one row per pooled sample",
            "Results, Literature Review; its columns after Methods, Literature Review",
            (
                _PATIENT, _SAMPLE, _REFERENCE, *_PATIENT_FACTS, _needed(_MUTATIONS),
                Column("phase", "Phase", "Cis, trans or blank.", one_of(_PHASE),
                       ("cis or trans", "cis/trans"), blank=UNKNOWN),
                Column("vaf", "VAF (%)", "Percent, in the order of the mutations.", percentages,
                       ("variant allele frequency", "variant allele frequencies", "vafs",
                        "allele frequency")),
                Column("specimen", "Sample origin", "Tissue, plasma or effusion.",
                       one_of({**_SPECIMEN, **{term: term for term in Specimen}}),
                       ("sample type", "origin", "specimen", "material"), blank=UNKNOWN),
                Column("prior", "Previous ALK inhibitors", "In order; the last is the one that "
                       "failed.", in_order,
                       ("previous alk inhibitor", "prior alk inhibitors", "prior alk inhibitor",
                        "previous alki", "prior alki", "previous treatment",
                        "previously received alk inhibitors"), required=True, blank=UNKNOWN),
                Column("failed", "Resistance on", "Inhibitor before the sample, where it is not "
                       "the last of those before.", inhibitor,
                       ("relapse on", "progression on", "last alk inhibitor")),
                Column("other_findings", "Other findings", "Off-target findings.", text,
                       ("off-target", "co-mutations", "other mechanisms")),
            ),
        ),
        Shape(
            "ST7", "one row per later line of a pooled patient: sequential treatment",
            "Results, Clinical Benefit", _COURSE,
        ),
        Shape(
            "ST8", "one row per mutation profile and inhibitor: the counts behind Figure 5, "
            "compared with the rows", "Results, Clinical Benefit",
            (
                _needed(_MUTATIONS), _INHIBITOR,
                Column("relapsing", "Relapsing", "Samples with the profile of all after the "
                       "inhibitor, `9 of 82`.", counted, ("relapsed",), required=True),
                Column("sensitivity", "Sensitivity", "Lines with benefit of those decided, "
                       "`9 of 11`.", counted, ("benefit", "clinical benefit"), required=True),
            ),
        ),
    )
}  # fmt: skip


def escaped(cell: str) -> str:
    """Keep a spreadsheet from reading a cell as a formula, so that `unescaped` gives it back.

    Examples
    --------
    >>> escaped("=cmd()"), escaped("'=cmd()"), escaped("5' end")
    ("'=cmd()", "''=cmd()", "5' end")
    """
    return f"'{cell}" if _is_formula(cell) else cell


def unescaped(cell: str) -> str:
    """Take the apostrophe of `escaped` away."""
    return cell[1:].strip() if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    bare = cell.lstrip("'")
    return no_formula(bare) != bare
