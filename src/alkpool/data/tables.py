"""Tables of the compendium as pandera schemas, and the problems a file can have.

A *table* is a CSV file with one header line. Cells are validated as the text a person typed, so
that a message can quote it, and converted to numbers only once every table is valid. The data
dictionary is generated from the same columns. The columns have no pandera type: all cells are text
as they come, and checking that again would take as long as everything else.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import pandas as pd
import pandera.pandas as pa

from alkpool import paths
from alkpool.data.reader import NO_UNSEEN, UNSEEN, Table, canonical_problem, flagged, read_folder
from alkpool.problems import Problem
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Access,
    Answer,
    BestResponse,
    Call,
    InhibitorStatus,
    PatientStatus,
    Phase,
    Relation,
    Sampling,
    Sex,
    SourceStatus,
    Specimen,
    StudyType,
    System,
    TreatmentStatus,
)

# Plausible ranges (design, section 2): outside them a number is a typing error.
MAX_MONTHS = 300
MAX_AGE_YEARS = 120
FIRST_ALK_FUSION_REPORT = 2007  # Soda et al., the paper's reference 1
LATEST_YEAR = 2100

# In vitro assays also measure cells without a mutation.
CONTROLS = ("WT", "parental")


@cache
def inhibitors() -> pd.DataFrame:
    """Known compounds, ``data/reference/inhibitors.csv``, one row each.

    Returns
    -------
    DataFrame
        Columns ``inhibitor, generation, figure_order, status, aliases, note``; the compounds with
        a ``figure_order`` are the ALK inhibitors whose treatment lines are assessed.
    """
    return read_folder(paths.REFERENCE, [INHIBITORS])[INHIBITORS.name]


@cache
def _inhibitor_names() -> frozenset[str]:
    """Names of the known compounds; a table looks each of its cells up here."""
    return frozenset(inhibitors()["inhibitor"])


def assessed_inhibitors() -> tuple[str, ...]:
    """Inhibitors whose clinical lines are assessed, in the order figures show them."""
    known = inhibitors().dropna(subset="figure_order").sort_values("figure_order")
    return tuple(known["inhibitor"])


_DOSE = re.compile(r"\d+([.,]\d+)?\s*m?g\b.*", re.IGNORECASE)


def _plain(name: str) -> str:
    """Reduce a name to its letters and digits, without a dose."""
    return "".join(sign for sign in _DOSE.sub("", name).casefold() if sign.isalnum())


@cache
def _names_in_use() -> dict[str, str]:
    """Plain names, codes and brand names of the known compounds to the name of the tables."""
    known = inhibitors()
    return {
        _plain(name): compound
        for compound, aliases in zip(known["inhibitor"], known["aliases"], strict=True)
        for name in (compound, *filter(None, aliases.split(LIST_SEPARATOR)))
    }


def inhibitor_named(text: str) -> str:
    """Name of an inhibitor in the tables, from any name that people use.

    Parameters
    ----------
    text : str
        Generic name, brand name or code. Case, spaces, hyphens and a dose are ignored.

    Raises
    ------
    ValueError
        For a name that ``data/reference/inhibitors.csv`` does not have.

    Examples
    --------
    >>> inhibitor_named("Lorbrena 100 mg"), inhibitor_named("pf 06463922")
    ('lorlatinib', 'lorlatinib')
    """
    names, wanted = _names_in_use(), _plain(text)
    if wanted in names:
        return names[wanted]
    near = dict.fromkeys(
        names[name] for name in difflib.get_close_matches(wanted, names, cutoff=0.75)
    )
    meant = f" Is {' or '.join(near)} meant?" if near else ""
    raise ValueError(
        f"{text!r} is not a known inhibitor.{meant} A new one is a line in "
        "data/reference/inhibitors.csv: its generic name, and other names as aliases"
    )


def _is_number(low: float, high: float, *, whole: bool, required: bool) -> pa.Check:
    # [0-9], because \d is any Unicode digit.
    pattern = re.compile(r"[0-9]+" if whole else r"[0-9]+(\.[0-9]+)?")
    kind = "a whole number" if whole else "a number with a decimal point"
    allowed = f"must be {kind} from {low:g} to {high:g}"
    if not required:
        allowed += ", or blank when not stated"

    def valid(cell: str) -> bool:
        if cell == "":
            return not required
        return bool(pattern.fullmatch(cell)) and low <= float(cell) <= high

    return pa.Check(valid, element_wise=True, error=allowed)


def _number(
    description: str,
    unit: str,
    high: float,
    *,
    low: float = 0,
    whole: bool = False,
    required: bool = False,
) -> pa.Column:
    check = _is_number(low, high, whole=whole, required=required)
    return pa.Column(
        None, check, description=description,
        metadata={"unit": unit, "allowed": check.error, "minimum": low, "maximum": high,
                  "decimal": not whole},
    )  # fmt: skip


def _closed(vocabulary: Iterable[str], description: str, *, blank: str = "") -> pa.Column:
    terms = list(vocabulary)
    allowed = f"must be one of {', '.join(terms)}"
    if blank:
        terms = [*terms, ""]
        allowed += f", or blank {blank}"
    return pa.Column(
        None, pa.Check.isin(terms, error=allowed), description=description,
        metadata={"allowed": allowed},
    )  # fmt: skip


def _text(description: str, *, required: bool = False) -> pa.Column:
    allowed = "must not be blank" if required else "free text"
    checks = [
        pa.Check(lambda cell: cell == cell.strip(), element_wise=True,
                 error="must not start or end with a space"),
        pa.Check(lambda cell: not UNSEEN.search(cell), element_wise=True, error=NO_UNSEEN),
    ]  # fmt: skip
    if required:
        checks.append(pa.Check(lambda cell: cell != "", element_wise=True, error=allowed))
    return pa.Column(None, checks, description=description, metadata={"allowed": allowed})


def _identifier(description: str, *, blank: bool = False) -> pa.Column:
    allowed = "must be letters, digits, dot, hyphen or underscore" + (", or blank" * blank)
    pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
    check = pa.Check(
        lambda cell: (blank and cell == "") or bool(pattern.fullmatch(cell)),
        element_wise=True,
        error=allowed,
    )
    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "pattern": pattern.pattern},
    )  # fmt: skip


def _profile(description: str, *, also: Sequence[str] = ()) -> pa.Column:
    extra = f" or one of {', '.join(also)}" if also else ""
    allowed = f"must be a canonical mutation profile such as G1202R or L1196M+G1202R{extra}"
    check = pa.Check(
        lambda cell: cell in also or not canonical_problem(cell), element_wise=True, error=allowed
    )
    return pa.Column(None, check, description=description, metadata={"allowed": allowed})


def _inhibitor(description: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    def valid(cell: str) -> bool:
        named = cell.split(LIST_SEPARATOR) if several else [cell]
        return _inhibitor_names().issuperset(name for name in named if name not in also)

    extra = f" or {', '.join(also)}" if also else ""
    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    allowed = f"must be an inhibitor of data/reference/inhibitors.csv{extra}{listed}"
    check = pa.Check(valid, element_wise=True, error=allowed)
    return pa.Column(None, check, description=description, metadata={"allowed": allowed})


_PERCENTAGE = r"(unknown|[0-9]{1,2}(\.[0-9]+)?|100(\.0+)?)"
_VAF_PATTERN = re.compile(f"{_PERCENTAGE}({LIST_SEPARATOR}{_PERCENTAGE})*")


def _vaf(description: str) -> pa.Column:
    allowed = (
        "must be percentages from 0 to 100 joined by ; in the order of the profile, "
        "'unknown' for one that is not stated, or blank when none is"
    )
    check = pa.Check(
        lambda cell: cell == "" or bool(_VAF_PATTERN.fullmatch(cell)), element_wise=True,
        error=allowed,
    )  # fmt: skip
    return pa.Column(
        None, check, description=description,
        metadata={"unit": "%", "allowed": allowed, "pattern": _VAF_PATTERN.pattern,
                  "decimal": True},
    )  # fmt: skip


_RELATION_BLANK = "where no number is given"


def _months(measure: str) -> dict[str, pa.Column]:
    return {
        "relation": _closed(
            Relation, f"How the {measure} is bounded (~ is read as =).", blank=_RELATION_BLANK
        ),
        "months": _number(f"{measure[0].upper()}{measure[1:]}.", "months", MAX_MONTHS),
    }


_PLACE = {
    "locator": _text("Place in the primary record, which a reader can open.", required=True),
    "read_via": _text("Where it was read instead, such as a copy; blank: at the locator."),
}
_PFS, _DOT = _months("progression-free survival"), _months("duration of treatment")


SOURCES = Table(
    "sources",
    "One row per publication or centre that was read, also those that contribute no patient.",
    pa.DataFrameSchema(
        {
            "source_id": _identifier("Key of the source."),
            "study_type": _closed(StudyType, "Kind of report."),
            "sampling": _closed(Sampling, "Whether it took consecutive patients or chose them."),
            "access": _closed(Access, "The most direct text of it that was read."),
            "first_author": _text("First author, surname and initials; blank when not seen."),
            "year": _number(
                "Year of publication.",
                "year",
                LATEST_YEAR,
                low=FIRST_ALK_FUSION_REPORT,
                whole=True,
            ),
            "journal": _text("Journal; blank when not seen."),
            "title": _text("Title; blank when not seen."),
            "doi": _text("Digital object identifier without resolver."),
            "pmid": _text("PubMed identifier."),
            "status": _closed(SourceStatus, "Whether patients of this source are in the pool."),
            "exclusion_reason": _text("Why the source contributes no patient."),
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("source_id",),
    integers=("year",),
)

PATIENTS = Table(
    "patients",
    "One row per patient, duplicates and excluded ones with the reason.",
    pa.DataFrameSchema(
        {
            "patient_id": _identifier("Key of the patient."),
            "source_id": _identifier("Source that reports the patient."),
            "status": _closed(PatientStatus, "Whether the patient counts."),
            "duplicate_of": _identifier("The included patient that this row repeats.", blank=True),
            "exclusion_reason": _text("Why the patient does not count."),
            "age_years": _number(
                "Age at first-line ALK inhibition, or as the source gives it.",
                "years",
                MAX_AGE_YEARS,
            ),
            "sex": _closed(Sex, "Sex as reported."),
            "stage": _text("Tumour stage as reported, or unknown.", required=True),
            "histology": _text("Tumour histology as reported, or unknown.", required=True),
            "fusion_partner": _text("Gene fused to ALK, or unknown.", required=True),
            "fusion_variant": _text("EML4-ALK variant (V1, V3 ...), or unknown.", required=True),
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("patient_id",),
    decimals=("age_years",),
)

SAMPLES = Table(
    "samples",
    "One row per ALK-mutant biopsy or blood sample taken at resistance.",
    pa.DataFrameSchema(
        {
            "sample_id": _identifier("Key of the sample."),
            "patient_id": _identifier("Patient the sample comes from."),
            "sample_order": _number(
                "1 for the patient's first sample, and so on.",
                "count",
                50,
                low=1,
                whole=True,
                required=True,
            ),
            "specimen": _closed(Specimen, "What was sequenced."),
            "resistance_on": _inhibitor(
                "Inhibitor on which the tumour had progressed.", also=(UNKNOWN,)
            ),
            "prior_inhibitors": _inhibitor(
                "ALK inhibitors before the sample, in order; unknown stands for lines that "
                "the source does not name.",
                also=(UNKNOWN,),
                several=True,
            ),
            "mutations": _profile(
                "ALK kinase-domain mutation profile; unknown only for excluded patients.",
                also=(UNKNOWN,),
            ),
            "phase": _closed(Phase, "Whether several mutations share an allele."),
            "vaf_percent": _vaf("Variant allele frequency of each mutation of the profile."),
            "other_findings": _text("Off-target findings in the sample."),
            **_PLACE,
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("sample_id",),
    integers=("sample_order",),
)

TREATMENTS = Table(
    "treatments",
    "One row per line of ALK inhibitor treatment given after a sample.",
    pa.DataFrameSchema(
        {
            "treatment_id": _identifier("Key of the line of treatment."),
            "sample_id": _identifier("Last ALK-mutant sample before the line."),
            "line_number": _number(
                "Line of ALK inhibitor treatment, 1 for the first the patient ever had; blank "
                "when earlier lines are not all known.",
                "count",
                50,
                low=1,
                whole=True,
            ),
            "lines_since_sample": _number(
                "Treatments of any kind between the sample and this line, 0 for the line that "
                "follows the biopsy.",
                "count",
                50,
                whole=True,
            ),
            "inhibitor": _inhibitor("Inhibitor given."),
            "monotherapy": _closed(Answer, "Whether the inhibitor was given alone."),
            "partner": _text("What was given beside the inhibitor."),
            "best_response": _closed(BestResponse, "Best overall response."),
            "pfs_relation": _PFS["relation"],
            "pfs_months": _PFS["months"],
            "dot_relation": _DOT["relation"],
            "dot_months": _DOT["months"],
            "status": _closed(TreatmentStatus, "Whether the line had ended at last follow-up."),
            **_PLACE,
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("treatment_id",),
    integers=("line_number", "lines_since_sample"),
    decimals=("pfs_months", "dot_months"),
)

COHORT_TABLES = (SOURCES, PATIENTS, SAMPLES, TREATMENTS)

INVITRO_SOURCES = Table(
    "sources",
    "One row per publication that reports in vitro sensitivity.",
    pa.DataFrameSchema(
        {
            "source_id": _identifier("Key of the source."),
            "first_author": _text("First author; blank when not seen."),
            "year": _number("Year of publication.", "year", LATEST_YEAR, low=2000, whole=True),
            "journal": _text("Journal; blank when not seen."),
            "title": _text("Title; blank when not seen."),
            "doi": _text("Digital object identifier without resolver."),
            "pmid": _text("PubMed identifier."),
            "secondary": _closed(
                (Answer.YES, Answer.NO),
                "Whether the source repeats other people's measurements (a review).",
            ),
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("source_id",),
    integers=("year",),
)

MODELS = Table(
    "models",
    "One row per in vitro model: an assay in one cell line with one fusion and one readout.",
    pa.DataFrameSchema(
        {
            "model_id": _identifier("Key of the model."),
            "source_id": _identifier("In vitro source that reports it."),
            "system": _closed(System, "What the model consists of."),
            "access": _closed(Access, "The most direct text of the source that was read for it."),
            "assay": _text("Assay in words.", required=True),
            "cell_line": _text("Cell line, or unknown.", required=True),
            "fusion": _text("ALK fusion and variant, or unknown.", required=True),
            "readout": _text("What was measured.", required=True),
            "potency_type": _closed(
                ("IC50", "GI50", "Ki", "class", UNKNOWN),
                "Kind of number; class where the source gives only a call.",
            ),
            "unit": _closed(("nM", "none"), "Unit of the values."),
            "sensitive_max": _number("Largest value the source calls sensitive.", "as unit", 1e6),
            "resistant_min": _number("Smallest value the source calls resistant.", "as unit", 1e6),
            "threshold_source": _text("Where the thresholds stand, or why there are none."),
            **_PLACE,
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("model_id",),
    decimals=("sensitive_max", "resistant_min"),
)

MEASUREMENTS = Table(
    "measurements",
    "One row per value or call of a model for a mutation profile and an inhibitor.",
    pa.DataFrameSchema(
        {
            "measurement_id": _identifier("Key of the measurement."),
            "model_id": _identifier("Model that was used."),
            "mutations": _profile(
                "Mutation profile; WT is the fusion without mutation, parental the cells "
                "without the fusion.",
                also=CONTROLS,
            ),
            "inhibitor": _inhibitor("Compound tested."),
            "relation": _closed(Relation, "How the value is bounded.", blank=_RELATION_BLANK),
            "value": _number("Potency in the model's unit.", "as unit of the model", 1e6),
            "fold_change": _number("Ratio to wild type as the source prints it.", "ratio", 1e6),
            "call_in_source": _closed(Call, "What the source calls the combination."),
            **_PLACE,
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("measurement_id",),
    decimals=("value", "fold_change"),
)

INVITRO_TABLES = (INVITRO_SOURCES, MODELS, MEASUREMENTS)

SYNTHETIC_CALLS = Table(
    "invitro_calls",
    "One row per made-up in vitro call of a synthetic cohort.",
    pa.DataFrameSchema(
        {
            "model_id": _identifier("Model of the published comparison."),
            "mutations": _profile("Mutation profile."),
            "inhibitor": _inhibitor("Inhibitor."),
            "call": _closed(Call, "Made-up call."),
        }
    ),
    key=("model_id", "mutations", "inhibitor"),
)

_OPEN_QUANTITY = {
    "measure": _closed(
        ("relapsed", "benefit_k", "benefit_n", "samples", "local_benefit"),
        "What is counted: of a Figure 5 cell the samples with the profile after the inhibitor, "
        "its lines with benefit or its decided lines; or all samples with a profile; or local "
        "lines with benefit.",
    ),
    "profile": _text("Mutation profile or residue class; blank for local_benefit."),
    "inhibitor": _text("Inhibitor of a Figure 5 cell, else blank."),
}
_SYNTHETIC = {"synthetic": _closed((Answer.YES,), "Says that no row describes a patient.")}

DRAWS = Table(
    "draws",
    "One row per draw of a synthetic cohort and unpublished quantity: its count there.",
    pa.DataFrameSchema(
        {
            "seed": _number("Seed of the draw.", "count", 1e9, whole=True),
            **_OPEN_QUANTITY,
            "value": _number("Count in the drawn rows.", "count", 1e4, whole=True),
            **_SYNTHETIC,
        }
    ),
    key=("seed", "measure", "profile", "inhibitor"),
    integers=("seed", "value"),
)

LIMITS = Table(
    "limits",
    "One row per unpublished quantity: the range that the printed numbers leave open.",
    pa.DataFrameSchema(
        {
            **_OPEN_QUANTITY,
            "low": _number(
                "No cohort with the printed numbers is below.", "count", 1e4, whole=True
            ),
            "low_proven": _closed((Answer.YES, Answer.NO), "Whether low is the exact limit."),
            "high": _number("No such cohort is above.", "count", 1e4, whole=True),
            "high_proven": _closed((Answer.YES, Answer.NO), "Whether high is the exact limit."),
            **_SYNTHETIC,
        }
    ),
    key=("measure", "profile", "inhibitor"),
    integers=("low", "high"),
)

ASSERTIONS = Table(
    "assertions",
    "One row per statement of a knowledge base on a mutation profile and a compound.",
    pa.DataFrameSchema(
        {
            "assertion_id": _identifier("Key of the assertion."),
            "knowledge_base": _text("Knowledge base or review.", required=True),
            "record": _text("Record inside the knowledge base.", required=True),
            "mutations": _profile("Mutation profile or residue class."),
            "as_printed": _text("Profile as the knowledge base prints it.", required=True),
            "disease": _text("Disease of the assertion.", required=True),
            "nsclc": _closed((Answer.YES, Answer.NO), "Whether it concerns lung cancer."),
            "inhibitor": _inhibitor("Compound."),
            "direction": _closed(
                ("sensitivity", "resistance", "does not support sensitivity"),
                "What is asserted.",
            ),
            "level": _text("Evidence level of the knowledge base.", required=True),
            "evidence_type": _text("Kind of evidence.", required=True),
            "rating": _text("Rating of the knowledge base; blank when not given."),
            "pmid": _text("PubMed identifier of the underlying study."),
            "citation": _text("Underlying study in short.", required=True),
            **_PLACE,
            "licence": _text("Terms of the knowledge base.", required=True),
        }
    ),
    key=("assertion_id",),
)

POPULATION_COUNTS = Table(
    "counts",
    "One row per mutation count that a published series gives for a previous inhibitor.",
    pa.DataFrameSchema(
        {
            "count_id": _identifier("Key of the count."),
            "source": _text("Series.", required=True),
            "prior_inhibitor": _text("Inhibitor before the samples, as stated.", required=True),
            "mutations": _text("Mutation or class, as stated.", required=True),
            "n": _number("Samples or patients with it.", "count", 1e5, whole=True),
            "denominator": _number("Samples or patients tested.", "count", 1e5, whole=True),
            "unit_of_analysis": _text("What was counted.", required=True),
            "locator": _text("Where the count was read.", required=True),
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("count_id",),
    integers=("n", "denominator"),
)


def _printed_count(description: str) -> pa.Column:
    allowed = "must be a whole number, one followed by '(implied)', or blank when not printed"
    pattern = re.compile(r"[0-9]+( \(implied\))?")
    check = pa.Check(
        lambda cell: cell == "" or bool(pattern.fullmatch(cell)), element_wise=True, error=allowed
    )
    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "pattern": pattern.pattern},
    )  # fmt: skip


LEDGER = Table(
    "results",
    "One row per number that Koopman et al. 2022 print, with its place.",
    pa.DataFrameSchema(
        {
            "id": _identifier("Key of the number."),
            "section": _text("Page and section of the paper.", required=True),
            "quantity": _text("What the number is.", required=True),
            "population": _text("Of whom or of what.", required=True),
            "numerator": _printed_count("Printed or implied count, where there is one."),
            "denominator": _number(
                "Printed or implied total, where there is one.", "count", 1e5, whole=True
            ),
            "value": _text("The number as printed.", required=True),
            "unit": _text(
                "Its unit; (sic) where the paper uses another unit elsewhere.", required=True
            ),
            "rounding_digits": _number("Decimals printed.", "count", 9, whole=True),
            "statistic": _text("Kind of number.", required=True),
            "comparator_groups": _text("Groups that are compared, for tests."),
            "quote_location": _text("A few words to find it by.", required=True),
        }
    ),
    key=("id",),
    integers=("denominator", "rounding_digits"),
)

_GENERATIONS = ("1", "2", "3", UNKNOWN)

INHIBITORS = Table(
    "inhibitors",
    "One row per compound; a new inhibitor is a new row.",
    pa.DataFrameSchema(
        {
            "inhibitor": _identifier("Generic name in lower case, used everywhere."),
            "generation": _closed(_GENERATIONS, "Generation of ALK inhibitor."),
            "figure_order": _number(
                "Position in figures; blank for compounds that are not assessed clinically.",
                "count",
                99,
                low=1,
                whole=True,
            ),
            "status": _closed(
                InhibitorStatus,
                "Whether lines of it are assessed; investigational: patients may get it; other: "
                "met in laboratories or assertions only.",
            ),
            "aliases": _text("Brand names and codes, joined by ;."),
            "note": _text("What a reader of the row should know."),
        }
    ),
    key=("inhibitor",),
    integers=("figure_order",),
)


def bound_problems(treatments: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the relations without a number and the numbers without a relation, cells as text."""
    for measure in ("pfs", "dot"):
        relation, months = f"{measure}_relation", f"{measure}_months"
        without_number = (treatments[relation] != "") & (treatments[months] == "")
        yield from flagged(
            treatments, without_number, relation, label, f"must be blank: {months} is blank"
        )
        without_relation = (treatments[relation] == "") & (treatments[months] != "")
        yield from flagged(
            treatments, without_relation, relation, label,
            f"must be one of =, >, <, ~: {months} has a number",
        )  # fmt: skip
