"""Closed vocabularies of the data and of the answers, one enum each."""

from enum import StrEnum


class StudyType(StrEnum):
    """Where patients were reported."""

    COHORT = "cohort"
    CASE_REPORT = "case_report"
    LOCAL = "local"
    UNKNOWN = "unknown"


class Sampling(StrEnum):
    """How the patients of a source came into it; shares need consecutive ones."""

    CONSECUTIVE = "consecutive"
    SELECTED = "selected"
    UNKNOWN = "unknown"


class Access(StrEnum):
    """The most direct text of a source that was read.

    A secondary text repeats the source in its own words, a tertiary one repeats such a text or
    does not say what it repeats.
    """

    FULL_TEXT = "full text"
    ABSTRACT = "abstract"
    DATABASE_RECORD = "database record"
    SECONDARY = "secondary"
    TERTIARY = "tertiary"
    UNKNOWN = "unknown"


class SourceStatus(StrEnum):
    """Whether a source contributes patients."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class PatientStatus(StrEnum):
    """Whether a patient counts; the others stay in the table with their reason."""

    INCLUDED = "included"
    DUPLICATE = "duplicate"
    EXCLUDED = "excluded"


class Sex(StrEnum):
    """Sex as reported."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class Specimen(StrEnum):
    """What was sequenced."""

    TISSUE = "tissue"
    PLASMA = "plasma"
    EFFUSION = "effusion"
    CSF = "CSF"  # cerebrospinal fluid
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """Whether several mutations sit on one allele (cis) or in different clones (trans)."""

    CIS = "cis"
    TRANS = "trans"
    UNKNOWN = "unknown"
    SINGLE = "single"


class Answer(StrEnum):
    """A yes-or-no fact that a source may leave out."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class BestResponse(StrEnum):
    """Best overall response (RECIST 1.1; MR is mixed response as the paper uses it)."""

    COMPLETE = "CR"
    PARTIAL = "PR"
    STABLE = "SD"
    PROGRESSIVE = "PD"
    MIXED = "MR"
    NOT_EVALUABLE = "NE"
    UNKNOWN = "unknown"


class Relation(StrEnum):
    """How a printed number bounds the true one."""

    EQUAL = "="
    ABOVE = ">"
    BELOW = "<"
    ABOUT = "~"


class TreatmentStatus(StrEnum):
    """Whether a line of treatment had ended at last follow-up."""

    ENDED = "ended"
    ONGOING = "ongoing"
    UNKNOWN = "unknown"


class Benefit(StrEnum):
    """Clinical benefit of one line of treatment (paper, Figure 1)."""

    BENEFIT = "benefit"
    NO_BENEFIT = "no benefit"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """Expected clinical benefit of an inhibitor for a mutation profile (paper, Figure 5)."""

    LIKELY = "likely beneficial"
    POSSIBLE = "possibly beneficial"
    NONE = "no benefit expected"
    CONFLICTING = "conflicting evidence"
    INSUFFICIENT = "insufficient evidence"


class System(StrEnum):
    """What an in vitro model consists of."""

    FUSION_CELLS = "ALK-fusion cells"
    PATIENT_CELLS = "patient-derived cells"
    OTHER_CELLS = "other cells"
    CELL_FREE = "cell-free"
    IN_VIVO = "in vivo"
    UNKNOWN = "unknown"


class OtherTreatment(StrEnum):
    """Previous treatments that are no inhibitor of ``data/reference/inhibitors.csv``."""

    CHEMOTHERAPY = "chemotherapy"
    OTHER = "other"


class GroupRelation(StrEnum):
    """Whether a published group is a profile, or holds it among others."""

    EXACT = "exact"
    CONTAINS = "contains"


class CountOrigin(StrEnum):
    """How the count of a published group is known."""

    PRINTED = "printed"
    IMPLIED = "implied by percentage"
    RECONSTRUCTED = "reconstructed from the interval"


class Endpoint(StrEnum):
    """What a published group reports."""

    RESPONSE = "objective response"
    BENEFIT = "clinical benefit"
    CONTROL = "disease control"
    SURVIVAL = "progression-free survival"


class Call(StrEnum):
    """In vitro sensitivity of a mutant to an inhibitor."""

    SENSITIVE = "sensitive"
    INTERMEDIATE = "intermediate"
    RESISTANT = "resistant"
    UNKNOWN = "unknown"


class Tier(StrEnum):
    """Kind of evidence on an inhibitor for one tumour, strongest first."""

    PATIENTS = "patients"
    GROUPS = "groups"
    RELAPSE = "relapse"
    FEW = "one or two patients"
    LABORATORY = "laboratory"
    COMPONENTS = "components"
    RESIDUE = "residue class"
    PROGRESSED = "just progressed"
    NONE = "none"


class Standing(StrEnum):
    """What the evidence on an inhibitor amounts to for one tumour, in the order of an answer."""

    FOR = "for"
    UNDECIDED = "undecided"
    AGAINST = "against"


UNKNOWN = "unknown"


# Ids of made-up rows start so, and no others.
SYNTHETIC_PREFIX = "SYN-"


LIST_SEPARATOR = ";"
