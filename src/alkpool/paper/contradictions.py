"""The contradictions of the paper in words: what they are, how they can be read, how they are read.

The readings are those of the reconstruction (`reconstruction`), where each is a parameter.
"""

from typing import NamedTuple


class Contradiction(NamedTuple):
    """Why printed numbers disagree, the possible readings, and the one used downstream."""

    words: str
    readings: str
    reading_used: str


# (ledger ids of the check, name of the check or "" for any) -> what is to be said.
CONTRADICTIONS: dict[tuple[str, str], Contradiction] = {
    ("P113", ""): Contradiction(
        "The count and the share printed together cannot both be of the samples after lorlatinib; "
        "the Discussion repeats the share",
        "28 of 34 (82%); or 24 of 34 (71%)",
        "28 of 34: the share stands twice, the count once",
    ),
    ("P081;P082;P122", ""): Contradiction(
        "The text counts one duplicate more than Figure 3, and only the number of Figure 3 leads "
        "to the 373 unique patients and the pool of 387",
        "one record counts in both groups (50); or 43 instead of 44 (50); or 51, and a pool of 386",
        "50 duplicates, one of them in both groups",
    ),
    ("P091;P102;P104;P105;P111", ""): Contradiction(
        "The five inhibitors do not account for all samples. The text never says what the others "
        "followed, so that 'other inhibitors' in a comparison may or may not include them",
        "another inhibitor, such as ensartinib; or one that the source does not name",
        "the remaining samples followed another inhibitor or one that is not named",
    ),
    ("P091", ""): Contradiction(
        "Only crizotinib is called first-line; the other counts are of samples after an inhibitor "
        "in any line",
        "all crizotinib samples followed first-line treatment; or the words say no more than that "
        "crizotinib was usually given first",
        "both at once: samples after crizotinib have no other inhibitor before",
    ),
    ("P129", ""): Contradiction(
        "Variants 3 and 1 alone make up all patients with an exact breakpoint, yet a local patient "
        "with variant 5 is drawn in Figure 2, and the Discussion speaks of other variants",
        "the 89 are those with variant 3 or 1; or one of 62 and 27 counts samples",
        "89 patients have variant 3 or 1; variant 5 comes beside them",
    ),
    ("P156;P157", ""): Contradiction(
        "The figure describes samples, and gives for them the numbers that the text gives for "
        "patients",
        "patients, with one sample each; or samples",
        "patients, each with the first sample",
    ),
    ("P154", ""): Contradiction(
        "The legend calls the samples patients",
        "450 samples of 387 patients",
        "450 samples of 387 patients",
    ),
    ("P005", ""): Contradiction(
        "The abstract calls the evaluations with benefit patients",
        "177 of 262 evaluations; or 177 patients besides",
        "177 of 262 evaluations",
    ),
    ("P149;P150", ""): Contradiction(
        "The two groups add up to the treated patients, not to the evaluations",
        "the first evaluation of each treated patient; or evaluations, of which the number of "
        "previous inhibitors is not known for the others",
        "the first evaluation of each treated patient",
    ),
    ("P197", ""): Contradiction(
        "The legend of Figure 5 defines relapsing by first-line treatment, which nobody had with "
        "lorlatinib",
        "the inhibitor that the sample followed, in any line; or first-line treatment only, and "
        "then not for lorlatinib",
        "the inhibitor that the sample followed: only so is alectinib with L1196M 9/82 = 11%",
    ),
    ("", "unit of Figure 5"): Contradiction(
        "The legend counts patients, the text samples and patients mixed",
        "samples for relapsing and evaluations for sensitivity; or patients for both",
        "samples for relapsing, evaluations for sensitivity",
    ),
    ("", "cross-references to supplementary tables"): Contradiction(
        "Figure 4 C is cited with Table ST5, which is the local response table, and Figure 6 cites "
        "ST1 and ST2 for the same data",
        "slips of numbering",
        "none is needed: no number depends on it",
    ),
    ("", "colours of Figure 6"): Contradiction(
        "The two conflicting combinations have no colour",
        "they are left out of the 45; or drawn as insufficient evidence",
        "left out: the 45 are called sufficient and non-conflicting",
    ),
    ("P218", ""): Contradiction(
        "One article has two numbers in the reference list",
        "39 different articles",
        "none is needed: no number depends on it",
    ),
    ("P106", ""): Contradiction(
        "No test of the one printed pair gives the P value: it compares more than G1202R",
        "three categories (G1202R, other single, multiple); or single against multiple; or a "
        "table that is not printed",
        "three categories, tested as Freeman and Halton do",
    ),
}
