"""Tables of the compendium as pandera schemas, and the problems a file can have.

A *table* is a CSV file with one header line. Cells are validated as the text a person typed, so
that a message can quote it, and converted to numbers only once every table is valid. The data
dictionary is generated from the same columns. The columns have no pandera type: all cells are text
as they come, and checking that again would take as long as everything else.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import cache

import pandas as pd
import pandera.pandas as pa

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.columns import (
    PLACE,
    RELATION_BLANK,
    age_advice,
    closed,
    doi,
    identifier,
    months,
    number,
    pmid,
    profile,
    text,
    vaf,
)
from alkpool.data.reader import Table, flagged, read_folder
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


def inhibitor_named(name: str) -> str:
    """Name of an inhibitor in the tables, from any name that people use.

    Parameters
    ----------
    name : str
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
    names, wanted = _names_in_use(), _plain(name)
    if wanted in names:
        return names[wanted]
    near = dict.fromkeys(
        names[alike] for alike in difflib.get_close_matches(wanted, names, cutoff=0.8)
    )
    meant = f" Is {' or '.join(near)} meant?" if near else ""
    raise ValueError(
        f"{name!r} is not a known inhibitor.{meant} A new one is a line in "
        "data/reference/inhibitors.csv: its generic name, and other names as aliases"
    )


def _inhibitor(description: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    def valid(cell: str) -> bool:
        named = cell.split(LIST_SEPARATOR) if several else [cell]
        return _inhibitor_names().issuperset(name for name in named if name not in also)

    extra = f" or {', '.join(also)}" if also else ""
    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    allowed = f"must be an inhibitor of data/reference/inhibitors.csv{extra}{listed}"
    check = pa.Check(valid, element_wise=True, error=allowed)

    def spell(cell: str) -> str:
        names = spelling.treatments(cell) if several else [cell]
        return LIST_SEPARATOR.join(_named_or_as_given(name, also) for name in names)

    def why(cell: str) -> str:
        for name in cell.split(LIST_SEPARATOR) if several else [cell]:
            try:
                if name and name not in also:
                    inhibitor_named(name)
            except ValueError as error:
                return str(error)
        return ""

    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "spell": spell, "why": why},
    )  # fmt: skip


def _named_or_as_given(name: str, also: Sequence[str]) -> str:
    if name.casefold() in also:
        return name.casefold()
    try:
        return inhibitor_named(name)
    except ValueError:
        return name


_PFS, _DOT = months("progression-free survival"), months("duration of treatment")


SOURCES = Table(
    "sources",
    "One row per publication or centre that was read, also those that contribute no patient.",
    pa.DataFrameSchema(
        {
            "source_id": identifier("Key of the source."),
            "study_type": closed(StudyType, "Kind of report."),
            "sampling": closed(Sampling, "Whether it took consecutive patients or chose them."),
            "access": closed(Access, "The most direct text of it that was read."),
            "first_author": text("First author, surname and initials; blank when not seen."),
            "year": number(
                "Year of publication.",
                "year",
                LATEST_YEAR,
                low=FIRST_ALK_FUSION_REPORT,
                whole=True,
            ),
            "journal": text("Journal; blank when not seen."),
            "title": text("Title; blank when not seen."),
            "doi": doi(),
            "pmid": pmid(),
            "status": closed(SourceStatus, "Whether patients of this source are in the pool."),
            "exclusion_reason": text("Why the source contributes no patient."),
            "note": text("What a reader of the row should know."),
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
            "patient_id": identifier("Key of the patient."),
            "source_id": identifier("Source that reports the patient."),
            "status": closed(PatientStatus, "Whether the patient counts."),
            "duplicate_of": identifier("The included patient that this row repeats.", blank=True),
            "exclusion_reason": text("Why the patient does not count."),
            "age_years": number(
                "Age at first-line ALK inhibition, or as the source gives it.",
                "years",
                MAX_AGE_YEARS,
                why=age_advice,
            ),
            "sex": closed(Sex, "Sex as reported."),
            "stage": text("Tumour stage as reported, or unknown.", required=True),
            "histology": text("Tumour histology as reported, or unknown.", required=True),
            "fusion_partner": text("Gene fused to ALK, or unknown.", required=True),
            "fusion_variant": text("EML4-ALK variant (V1, V3 ...), or unknown.", required=True),
            "note": text("What a reader of the row should know."),
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
            "sample_id": identifier("Key of the sample."),
            "patient_id": identifier("Patient the sample comes from."),
            "sample_order": number(
                "1 for the patient's first sample, and so on.",
                "count",
                50,
                low=1,
                whole=True,
                required=True,
            ),
            "specimen": closed(Specimen, "What was sequenced."),
            "resistance_on": _inhibitor(
                "Inhibitor on which the tumour had progressed.", also=(UNKNOWN,)
            ),
            "prior_inhibitors": _inhibitor(
                "ALK inhibitors before the sample, in order; unknown stands for lines that "
                "the source does not name.",
                also=(UNKNOWN,),
                several=True,
            ),
            "mutations": profile(
                "ALK kinase-domain mutation profile; unknown only for excluded patients.",
                also=(UNKNOWN,),
            ),
            "phase": closed(Phase, "Whether several mutations share an allele."),
            "vaf_percent": vaf("Variant allele frequency of each mutation of the profile."),
            "other_findings": text("Off-target findings in the sample."),
            **PLACE,
            "note": text("What a reader of the row should know."),
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
            "treatment_id": identifier("Key of the line of treatment."),
            "sample_id": identifier("Last ALK-mutant sample before the line."),
            "line_number": number(
                "Line of ALK inhibitor treatment, 1 for the first the patient ever had; blank "
                "when earlier lines are not all known.",
                "count",
                50,
                low=1,
                whole=True,
            ),
            "lines_since_sample": number(
                "Treatments of any kind between the sample and this line, 0 for the line that "
                "follows the biopsy.",
                "count",
                50,
                whole=True,
            ),
            "inhibitor": _inhibitor("Inhibitor given."),
            "monotherapy": closed(Answer, "Whether the inhibitor was given alone."),
            "partner": text("What was given beside the inhibitor."),
            "best_response": closed(BestResponse, "Best overall response."),
            "pfs_relation": _PFS["relation"],
            "pfs_months": _PFS["months"],
            "dot_relation": _DOT["relation"],
            "dot_months": _DOT["months"],
            "status": closed(TreatmentStatus, "Whether the line had ended at last follow-up."),
            **PLACE,
            "note": text("What a reader of the row should know."),
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
            "source_id": identifier("Key of the source."),
            "first_author": text("First author; blank when not seen."),
            "year": number("Year of publication.", "year", LATEST_YEAR, low=2000, whole=True),
            "journal": text("Journal; blank when not seen."),
            "title": text("Title; blank when not seen."),
            "doi": doi(),
            "pmid": pmid(),
            "secondary": closed(
                (Answer.YES, Answer.NO),
                "Whether the source repeats other people's measurements (a review).",
            ),
            "note": text("What a reader of the row should know."),
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
            "model_id": identifier("Key of the model."),
            "source_id": identifier("In vitro source that reports it."),
            "system": closed(System, "What the model consists of."),
            "access": closed(Access, "The most direct text of the source that was read for it."),
            "assay": text("Assay in words.", required=True),
            "cell_line": text("Cell line, or unknown.", required=True),
            "fusion": text("ALK fusion and variant, or unknown.", required=True),
            "readout": text("What was measured.", required=True),
            "potency_type": closed(
                ("IC50", "GI50", "Ki", "class", UNKNOWN),
                "Kind of number; class where the source gives only a call.",
            ),
            "unit": closed(("nM", "none"), "Unit of the values."),
            "sensitive_max": number("Largest value the source calls sensitive.", "as unit", 1e6),
            "resistant_min": number("Smallest value the source calls resistant.", "as unit", 1e6),
            "threshold_source": text("Where the thresholds stand, or why there are none."),
            **PLACE,
            "note": text("What a reader of the row should know."),
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
            "measurement_id": identifier("Key of the measurement."),
            "model_id": identifier("Model that was used."),
            "mutations": profile(
                "Mutation profile; WT is the fusion without mutation, parental the cells "
                "without the fusion.",
                also=CONTROLS,
            ),
            "inhibitor": _inhibitor("Compound tested."),
            "relation": closed(Relation, "How the value is bounded.", blank=RELATION_BLANK),
            "value": number("Potency in the model's unit.", "as unit of the model", 1e6),
            "fold_change": number("Ratio to wild type as the source prints it.", "ratio", 1e6),
            "call_in_source": closed(Call, "What the source calls the combination."),
            **PLACE,
            "note": text("What a reader of the row should know."),
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
            "model_id": identifier("Model of the published comparison."),
            "mutations": profile("Mutation profile."),
            "inhibitor": _inhibitor("Inhibitor."),
            "call": closed(Call, "Made-up call."),
        }
    ),
    key=("model_id", "mutations", "inhibitor"),
)

_OPEN_QUANTITY = {
    "measure": closed(
        ("relapsed", "benefit_k", "benefit_n", "samples", "local_benefit"),
        "What is counted: of a Figure 5 cell the samples with the profile after the inhibitor, "
        "its lines with benefit or its decided lines; or all samples with a profile; or local "
        "lines with benefit.",
    ),
    "profile": text("Mutation profile or residue class; blank for local_benefit."),
    "inhibitor": text("Inhibitor of a Figure 5 cell, else blank."),
}
_SYNTHETIC = {"synthetic": closed((Answer.YES,), "Says that no row describes a patient.")}

DRAWS = Table(
    "draws",
    "One row per draw of a synthetic cohort and unpublished quantity: its count there.",
    pa.DataFrameSchema(
        {
            "seed": number("Seed of the draw.", "count", 1e9, whole=True),
            **_OPEN_QUANTITY,
            "value": number("Count in the drawn rows.", "count", 1e4, whole=True),
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
            "low": number("No cohort with the printed numbers is below.", "count", 1e4, whole=True),
            "low_proven": closed((Answer.YES, Answer.NO), "Whether low is the exact limit."),
            "high": number("No such cohort is above.", "count", 1e4, whole=True),
            "high_proven": closed((Answer.YES, Answer.NO), "Whether high is the exact limit."),
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
            "assertion_id": identifier("Key of the assertion."),
            "knowledge_base": text("Knowledge base or review.", required=True),
            "record": text("Record inside the knowledge base.", required=True),
            "mutations": profile("Mutation profile or residue class."),
            "as_printed": text("Profile as the knowledge base prints it.", required=True),
            "disease": text("Disease of the assertion.", required=True),
            "nsclc": closed((Answer.YES, Answer.NO), "Whether it concerns lung cancer."),
            "inhibitor": _inhibitor("Compound."),
            "direction": closed(
                ("sensitivity", "resistance", "does not support sensitivity"),
                "What is asserted.",
            ),
            "level": text("Evidence level of the knowledge base.", required=True),
            "evidence_type": text("Kind of evidence.", required=True),
            "rating": text("Rating of the knowledge base; blank when not given."),
            "pmid": text("PubMed identifier of the underlying study."),
            "citation": text("Underlying study in short.", required=True),
            **PLACE,
            "licence": text("Terms of the knowledge base.", required=True),
        }
    ),
    key=("assertion_id",),
)


_GENERATIONS = ("1", "2", "3", UNKNOWN)

INHIBITORS = Table(
    "inhibitors",
    "One row per compound; a new inhibitor is a new row.",
    pa.DataFrameSchema(
        {
            "inhibitor": identifier("Generic name in lower case, used everywhere."),
            "generation": closed(_GENERATIONS, "Generation of ALK inhibitor."),
            "figure_order": number(
                "Position in figures; blank for compounds that are not assessed clinically.",
                "count",
                99,
                low=1,
                whole=True,
            ),
            "status": closed(
                InhibitorStatus,
                "Whether lines of it are assessed; investigational: patients may get it; other: "
                "met in laboratories or assertions only.",
            ),
            "aliases": text("Brand names and codes, joined by ;."),
            "note": text("What a reader of the row should know."),
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
