"""Stage 3: every printed number, counted again from the rows.

Nothing here knows how the rows were made: the tables are read with pandas and compared with the
ledger of printed numbers, ``data/published/results.csv``.
"""

import math
from collections.abc import Hashable, Mapping
from functools import cache

import pandas as pd

from alkpool import paths, stats
from alkpool.analysis.benefit import classify, evaluable
from alkpool.analysis.invitro import OBSERVED
from alkpool.data.cohort import Cohort
from alkpool.mutations import mutations_of, residues
from reconstruction.readings import DEFAULT_READINGS, Readings

Value = float | int | str

NAMED = ("crizotinib", "ceritinib", "alectinib", "brigatinib", "lorlatinib")
COMMON = ("L1196M", "G1202R", "C1156Y", "G1269A", "F1174X", "I1171X")
LOCAL_REASON, OTHERS_REASON = "treated at the local centre", "reported more than once"


@cache
def ledger() -> pd.DataFrame:
    """The printed numbers, indexed by ledger id, cells as text."""
    path = paths.PUBLISHED / "results.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("id")


def recompute(
    cohort: Cohort, invitro_calls: pd.DataFrame, readings: Readings = DEFAULT_READINGS
) -> pd.DataFrame:
    """Count every printed number that rows can show.

    Parameters
    ----------
    cohort : Cohort
        A reconstructed cohort.
    invitro_calls : DataFrame
        Columns ``model_id, mutations, inhibitor, call``.
    readings : Readings
        What ambiguous numbers count.

    Returns
    -------
    DataFrame
        Indexed by ledger id: ``quantity, published, ours, match``.
    """
    ours = {
        **_flow(cohort),
        **_local(cohort, readings),
        **_distribution(cohort, readings),
        **_variants(cohort),
        **_benefit(cohort, readings),
        **_figures_5_and_6(cohort, invitro_calls, readings),
    }
    rows = ledger()
    table = pd.DataFrame(
        {
            "quantity": rows.loc[list(ours), "quantity"],
            "published": rows.loc[list(ours), "value"],
            "ours": pd.Series(ours, dtype=object),
        }
    )
    entries = rows.to_dict("index")
    table["match"] = [matches(entries[name], value) for name, value in ours.items()]
    return table.sort_index()


def matches(row: Mapping[Hashable, str], ours: Value) -> bool:
    """Whether a number reads as printed, to the printed digits."""
    printed, unit = row["value"], row["unit"]
    if isinstance(ours, str):
        return ours == printed
    if math.isnan(ours):
        return False
    if printed.startswith(("<", ">")):
        bound = float(printed[1:])
        return ours < bound if printed.startswith("<") else ours > bound
    if "(>=)" in unit:
        return ours >= float(printed)
    return round_half_up(ours, int(row["rounding_digits"])) == float(printed)


def round_half_up(value: float, digits: int) -> float:
    """Round as a table prints; the small term undoes binary fractions such as 0.285."""
    scale = float(10**digits)
    return math.floor(value * scale + 0.5 + 1e-9) / scale


def mismatches(
    cohort: Cohort, invitro_calls: pd.DataFrame, readings: Readings = DEFAULT_READINGS
) -> list[str]:
    """Ledger ids that do not come out, beside those that the readings give up."""
    table = recompute(cohort, invitro_calls, readings)
    given_up = contradicted(readings)
    wrong = table.index[~table["match"]]
    return sorted(set(wrong) - given_up)


def contradicted(readings: Readings) -> set[str]:
    """Printed numbers that cannot hold under the readings."""
    ids: set[str] = set()
    if readings.lorlatinib_multiple != 24:
        ids |= {"P112"}
    if readings.lorlatinib_multiple != 28:
        ids |= {"P113", "P195"}
    if readings.duplicates == 51:
        ids |= {"P001", "P002", "P021", "P083", "P085", "P122", "P123", "P185", "P204", "P211"}
    if readings.spectra_test == "none":
        ids |= {"P106"}
    return ids


def _percent(k: int, n: int) -> float:
    return 100 * k / n if n else math.nan


def _included(cohort: Cohort) -> pd.DataFrame:
    sources = cohort.sources[["source_id", "study_type"]]
    patients = cohort.patients.merge(sources, on="source_id")
    return patients[patients["status"] == "included"]


def _samples(cohort: Cohort) -> pd.DataFrame:
    """Samples of included patients with their mutation class."""
    patients = _included(cohort)[["patient_id", "study_type", "fusion_variant", "fusion_partner"]]
    samples = cohort.samples.merge(patients, on="patient_id")
    count = samples["mutations"].map(lambda profile: len(mutations_of(profile)))
    group = samples["mutations"].where(count == 1, "multiple")
    for residue in ("F1174", "I1171"):
        group = group.where(~group.str.fullmatch(residue + "[A-Z]"), residue + "X")
    return samples.assign(count=count, group=group)


def _lines(cohort: Cohort) -> pd.DataFrame:
    """Monotherapy lines after samples of included patients, with class and previous inhibitors."""
    samples = _samples(cohort).drop(columns=["locator", "read_via", "note"])
    lines = cohort.treatments.merge(samples, on="sample_id", suffixes=("", "_sample"))
    lines = lines.sort_values(["patient_id", "sample_order", "treatment_id"])
    given: dict[str, set[str]] = {}
    previous = []
    for sample, prior, inhibitor in lines[
        ["sample_id", "prior_inhibitors", "inhibitor"]
    ].itertuples(index=False):
        before = given.setdefault(sample, set(prior.split(";")))
        previous.append(math.nan if "unknown" in before else len(before))
        given[sample] = before | {inhibitor}
    return evaluable(classify(lines.assign(previous=previous)))


def _evaluations(cohort: Cohort) -> pd.DataFrame:
    lines = _lines(cohort)
    return lines[lines["benefit"].isin(["benefit", "no benefit"])]


def _flow(cohort: Cohort) -> dict[str, Value]:
    included = _included(cohort)
    samples = _samples(cohort)
    records = cohort.patients.merge(cohort.sources[["source_id", "study_type"]], on="source_id")
    literature = records[records["study_type"].isin(["cohort", "case_report"])]
    kinds = literature["study_type"].value_counts()
    duplicates = literature[literature["status"] == "duplicate"]
    originals = set(included["patient_id"])
    sound = duplicates[duplicates["duplicate_of"].isin(originals)]
    local_ids = set(included.loc[included["study_type"] == "local", "patient_id"])
    reasons = sound["exclusion_reason"]
    of_local = sound[sound["duplicate_of"].isin(local_ids) & reasons.str.contains(LOCAL_REASON)]
    by_others = int(reasons.str.contains(OTHERS_REASON).sum())
    per_source = of_local["source_id"].value_counts()
    sources = literature.groupby("study_type")["source_id"].nunique()
    local = int((included["study_type"] == "local").sum())
    unique = int((literature["status"] == "included").sum())
    case_reports = int((included["study_type"] == "case_report").sum())
    identified = len(literature)
    cohort_records, case_records = int(kinds.get("cohort", 0)), int(kinds.get("case_report", 0))
    cohort_studies = int(sources.get("cohort", 0))
    case_studies = int(sources.get("case_report", 0))
    reports = 1 + (sound["duplicate_of"].value_counts().max() if len(sound) else 0)
    n, biopsies = len(included), len(samples)
    local_samples = int((samples["study_type"] == "local").sum())
    tested = records[records["study_type"] == "local"]
    priors = samples["prior_inhibitors"].str.split(";")
    with_crizotinib = samples[samples["prior_inhibitors"].str.contains("crizotinib")]
    pretreated = with_crizotinib.loc[with_crizotinib["study_type"] != "local", "patient_id"]
    return {
        **dict.fromkeys(["P001", "P002", "P085", "P123", "P185", "P204", "P211"], n),
        **dict.fromkeys(["P086", "P124", "P125", "P154", "P158", "P212"], biopsies),
        **dict.fromkeys(["P020", "P049", "P071", "P084", "P116"], local),
        **dict.fromkeys(["P021", "P083"], unique),
        "P024": int(samples["count"].min()),
        "P038": cohort_studies + case_studies,
        **dict.fromkeys(["P039", "P120"], cohort_studies),
        "P040": case_studies,
        "P047": len(tested),
        "P050": _percent(local, len(tested)),
        **dict.fromkeys(["P051", "P117"], local_samples),
        "P072": int(per_source.max()) if len(per_source) else 0,
        "P074": int(per_source.min()) if len(per_source) else 0,
        **dict.fromkeys(["P078", "P118"], identified),
        **dict.fromkeys(["P079", "P119"], cohort_records),
        **dict.fromkeys(["P080", "P121"], case_records),
        "P081": of_local["duplicate_of"].nunique(),
        "P082": by_others,
        "P122": len(sound),
        "P205": case_reports,
        "P206": _percent(case_reports, n),
        "P207": int(reports),
        "P208": _percent(pretreated.nunique(), unique),
        "P216": int(priors.map(len).min()),
    }


def _local(cohort: Cohort, readings: Readings) -> dict[str, Value]:
    lines = _lines(cohort)
    local = lines[lines["study_type"] == "local"]
    objective = local["best_response"].isin(["CR", "PR"])
    ours: dict[str, Value] = {
        "P052": local["patient_id"].nunique(),
        "P053": int((local["line_number"] == 2).sum()),
        "P054": int((local["line_number"] == 3).sum()),
        "P055": int((local["line_number"] == 4).sum()),
        "P056": int(objective.sum()),
        "P057": len(local),
        "P058": _percent(int(objective.sum()), len(local)),
    }
    for inhibitor, fraction, rate in (
        ("alectinib", "P063", "P064"),
        ("ceritinib", "P067", "P068"),
        ("lorlatinib", "P069", "P070"),
    ):
        given = local["inhibitor"] == inhibitor
        k, n = int((objective & given).sum()), int(given.sum())
        ours |= {fraction: f"{k}/{n}", rate: _percent(k, n)}
    brigatinib = local[local["inhibitor"] == "brigatinib"]
    complete = brigatinib[brigatinib["best_response"] == "CR"]
    lasting = complete[complete["pfs_relation"] == ">"]
    timed = local.dropna(subset="pfs_months")
    if readings.pfs_unit == "patients":
        timed = timed.drop_duplicates("patient_id")
    median, low, high = _median_pfs(timed)
    return ours | {
        "P065": len(complete) if len(brigatinib) == len(complete) else math.nan,
        "P066": float(lasting["pfs_months"].min()),
        "P059": median,
        "P060": low,
        "P061": high,
    }


def _median_pfs(timed: pd.DataFrame) -> tuple[float, float, float]:
    """Median and limits, where the interval that SPSS prints and the log-log one agree."""
    if timed.empty:
        return math.nan, math.nan, math.nan
    months, seen = timed["pfs_months"], timed["pfs_relation"] != ">"
    normal = stats.km_median(months, seen, method="normal")
    loglog = stats.km_median(months, seen, method="log-log")
    same = [
        round_half_up(a, 1) == round_half_up(b, 1)
        for a, b in ((normal.low, loglog.low), (normal.high, loglog.high))
        if not (math.isnan(a) or math.isnan(b))
    ]
    if len(same) < 2 or not all(same):
        return normal.median, math.nan, math.nan
    return normal.median, normal.low, normal.high


def _fisher(k: int, n: int, other_k: int, other_n: int) -> float:
    return stats.fisher_exact([[k, n - k], [other_k, other_n - other_k]]).p_value


def _more_often(samples: pd.DataFrame, group: str, inhibitor: str) -> float:
    """Fisher's P for a class after an inhibitor, the larger of two readings of "others"."""
    after = samples["resistance_on"] == inhibitor
    has = samples["group"] == group
    p_values = []
    for others in (~after, ~after & samples["resistance_on"].isin(NAMED)):
        k, n = int((has & after).sum()), int(after.sum())
        other_k, other_n = int((has & others).sum()), int(others.sum())
        if not n or not other_n or k * other_n <= other_k * n:
            return math.nan
        p_values.append(_fisher(k, n, other_k, other_n))
    return max(p_values)


def _spectra(samples: pd.DataFrame, readings: Readings) -> float:
    table = []
    for inhibitor in ("ceritinib", "brigatinib"):
        groups = samples.loc[samples["resistance_on"] == inhibitor, "group"]
        multiple, g1202r = int((groups == "multiple").sum()), int((groups == "G1202R").sum())
        single = len(groups) - multiple
        if readings.spectra_test == "two categories":
            table.append([single, multiple])
        else:
            table.append([g1202r, single - g1202r, multiple])
    return stats.fisher_exact(table).p_value


def _distribution(cohort: Cohort, readings: Readings) -> dict[str, Value]:
    samples = _samples(cohort)
    after = samples["resistance_on"].value_counts()
    single, multiple = int((samples["count"] == 1).sum()), int((samples["count"] > 1).sum())

    def cell(inhibitor: str, group: str) -> int:
        here = samples["resistance_on"] == inhibitor
        return int((here & (samples["group"] == group)).sum())

    first_line = samples[samples["resistance_on"] == "crizotinib"]
    only_first = (first_line["prior_inhibitors"] == "crizotinib").all()
    crizotinib = len(first_line)
    if "crizotinib" in readings.first_line and not only_first:
        crizotinib = -1
    ours: dict[str, Value] = {
        "P087": single,
        "P088": _percent(single, len(samples)),
        "P089": multiple,
        "P090": _percent(multiple, len(samples)),
        "P091": crizotinib,
        "P102": int(after.get("alectinib", 0)),
        "P104": int(after.get("ceritinib", 0)),
        "P105": int(after.get("brigatinib", 0)),
        "P111": int(after.get("lorlatinib", 0)),
        "P096": _more_often(samples, "L1196M", "crizotinib"),
        "P097": _more_often(samples, "G1269A", "crizotinib"),
        "P103": _more_often(samples, "I1171X", "alectinib"),
        "P106": _spectra(samples, readings),
    }
    for inhibitor, group, count, share in (
        ("crizotinib", "L1196M", "P092", "P093"),
        ("crizotinib", "G1269A", "P094", "P095"),
        ("alectinib", "I1171X", "P098", "P099"),
        ("alectinib", "G1202R", "P100", "P101"),
        ("ceritinib", "G1202R", "P107", "P108"),
        ("brigatinib", "G1202R", "P109", "P110"),
    ):
        k = cell(inhibitor, group)
        leading = _is_leading(samples, inhibitor, group)
        ours |= {count: k if leading else -1, share: _percent(k, int(after.get(inhibitor, 0)))}
    lorlatinib = samples[samples["resistance_on"] == "lorlatinib"]
    several = int((lorlatinib["count"] > 1).sum())
    profiles = lorlatinib["mutations"].value_counts()
    compound = int(profiles.get("L1196M+G1202R", 0))
    most_common = (profiles.drop("L1196M+G1202R", errors="ignore") < compound).all()
    totals = samples.loc[samples["count"] == 1, "group"].value_counts()
    others = totals.drop(list(COMMON), errors="ignore").max()
    several_share = _percent(several, len(lorlatinib))
    compound_share = _percent(compound, len(lorlatinib))
    return ours | {
        "P112": several,
        **dict.fromkeys(["P113", "P195"], several_share),
        "P114": compound if most_common else -1,
        **dict.fromkeys(["P115", "P196"], compound_share),
        "P155": sum(int(totals.get(group, 0)) > others for group in COMMON),
        "P190": _percent(cell("alectinib", "L1196M"), int(after.get("alectinib", 0))),
        "P191": _percent(cell("alectinib", "G1202R"), int(after.get("alectinib", 0))),
    }


def _is_leading(samples: pd.DataFrame, inhibitor: str, group: str) -> bool:
    """Whether a class is among those the text calls most common after an inhibitor."""
    leading = {"crizotinib": {"L1196M", "G1269A"}, "alectinib": {"I1171X", "G1202R"}}
    here = samples[(samples["resistance_on"] == inhibitor) & (samples["count"] == 1)]
    counts = here["group"].value_counts()
    rest = counts.drop(list(leading.get(inhibitor, {group})), errors="ignore")
    return rest.empty or int(counts.get(group, 0)) > rest.max()


def _variants(cohort: Cohort) -> dict[str, Value]:
    patients = _included(cohort)
    samples = _samples(cohort).sort_values(["patient_id", "sample_order"])
    first = samples.drop_duplicates("patient_id")
    compared = first[first["fusion_variant"].isin(["V3", "V1"])]
    known = patients["fusion_partner"] != "unknown"
    eml4 = patients["fusion_partner"] == "EML4"
    of = {v: compared[compared["fusion_variant"] == v] for v in ("V3", "V1")}
    exact = eml4 & patients["fusion_variant"].isin(["V3", "V1"])

    def share(variant: str, group: str) -> float:
        return _percent(int((of[variant]["group"] == group).sum()), len(of[variant]))

    similar = 0
    for group in ("C1156Y", "G1269A", "F1174X", "I1171X"):
        k = {variant: int((rows["group"] == group).sum()) for variant, rows in of.items()}
        p = _fisher(k["V3"], len(of["V3"]), k["V1"], len(of["V1"])) if len(compared) else math.nan
        similar += p >= 0.05
    g1202r, l1196m = _adjusted_p(compared, "G1202R"), _adjusted_p(compared, "L1196M")
    return {
        "P126": int(known.sum()),
        "P127": _percent(int(known.sum()), len(patients)),
        "P128": int(eml4.sum()),
        "P129": int(exact.sum()),
        **dict.fromkeys(["P130", "P156"], len(of["V3"])),
        **dict.fromkeys(["P131", "P157"], len(of["V1"])),
        **dict.fromkeys(["P132", "P201"], share("V3", "G1202R")),
        **dict.fromkeys(["P133", "P202"], share("V1", "G1202R")),
        **dict.fromkeys(["P135", "P198"], share("V1", "L1196M")),
        **dict.fromkeys(["P136", "P199"], share("V3", "L1196M")),
        **dict.fromkeys(["P134", "P203"], g1202r),
        **dict.fromkeys(["P137", "P200"], l1196m),
        "P138": similar,
        "P214": compared["fusion_variant"].nunique(),
    }


def _adjusted_p(compared: pd.DataFrame, group: str) -> float:
    """Wald P of the variant in a logistic regression adjusted for the previous inhibitor."""
    table = compared.assign(
        carrier=(compared["group"] == group).astype(int),
        third=(compared["fusion_variant"] == "V3").astype(int),
    )
    try:
        fitted = stats.logistic(table, "carrier", "third", adjust_for=["resistance_on"])
    except ValueError:
        return math.nan
    return float(fitted["p_value"].to_dict()["third"])


def _benefit(cohort: Cohort, readings: Readings) -> dict[str, Value]:
    lines, evaluations = _lines(cohort), _evaluations(cohort)
    n = len(_included(cohort))
    treated = lines["patient_id"].nunique()
    benefit = evaluations["benefit"] == "benefit"
    several = evaluations["count"] > 1
    counted = evaluations
    if readings.previous_count == "first evaluation of each patient":
        counted = evaluations.drop_duplicates("patient_id")
    one, more = counted[counted["previous"] == 1], counted[counted["previous"] > 1]

    def fraction(rows: pd.DataFrame) -> tuple[int, int]:
        return int((rows["benefit"] == "benefit").sum()), len(rows)

    single_k, single_n = fraction(evaluations[~several])
    several_k, several_n = fraction(evaluations[several])
    one_k, one_n = fraction(one)
    more_k, more_n = fraction(more)
    k, total = int(benefit.sum()), len(evaluations)
    patients_with_benefit = evaluations.loc[benefit, "patient_id"].nunique()
    lorlatinib = lines[lines["inhibitor"] == "lorlatinib"].drop_duplicates("patient_id")
    before = lorlatinib["previous"].dropna()
    earlier = [
        *lorlatinib["prior_inhibitors"].str.split(";"),
        *_samples(cohort)
        .loc[lambda rows: rows["resistance_on"] == "lorlatinib", "prior_inhibitors"]
        .str.split(";"),
    ]
    fewest = min((len(set(names) - {"lorlatinib"}) for names in earlier), default=0)
    return {
        **dict.fromkeys(["P003", "P139"], treated),
        "P004": _percent(treated, n),
        "P005": patients_with_benefit if readings.benefit_unit == "patients" else k,
        **dict.fromkeys(["P006", "P142"], _percent(k, total)),
        "P140": total,
        "P141": k,
        "P143": f"{single_k}/{single_n}",
        "P144": _percent(single_k, single_n),
        "P146": f"{several_k}/{several_n}",
        "P147": _percent(several_k, several_n),
        "P148": _fisher(single_k, single_n, several_k, several_n),
        "P149": f"{one_k}/{one_n}",
        "P150": _percent(one_k, one_n),
        "P151": f"{more_k}/{more_n}",
        "P152": _percent(more_k, more_n),
        "P153": _fisher(one_k, one_n, more_k, more_n),
        "P197": fewest,
        "P209": _percent(int((before > 1).sum()), len(before)),
    }


def _figures_5_and_6(cohort: Cohort, calls: pd.DataFrame, readings: Readings) -> dict[str, Value]:
    cells = figure_5(cohort, readings)
    conflicting = set(cells.index[cells["verdict"] == "conflicting evidence"])
    expected = {("L1196M", "alectinib"), ("G1202R", "alectinib")}
    samples = _samples(cohort)
    tested = set(calls["mutations"])
    untested = int((~samples["mutations"].isin(tested)).sum())
    combinations = calls.groupby(["mutations", "inhibitor"])["model_id"].nunique()
    observed = cells["verdict"].map({str(v): str(c) for v, c in OBSERVED.items()})
    joined = calls.join(observed.rename("observed"), on=["mutations", "inhibitor"])
    compared = joined.dropna(subset="observed")
    agrees = compared["call"] == compared["observed"]
    counts = agrees.groupby(compared["model_id"]).agg(["sum", "count"])
    shares = 100 * counts["sum"] / counts["count"]
    models = int(calls["model_id"].nunique())
    evaluated = set(_evaluations(cohort)["inhibitor"])

    def fraction(profile: str) -> str:
        key = (profile, "alectinib")
        return f"{cells['k'].get(key, 0)}/{cells['n'].get(key, 0)}"

    ours: dict[str, Value] = {
        **dict.fromkeys(["P007", "P159", "P168", "P215"], models),
        "P160": calls["model_id"].str.split("-").str[1].nunique(),
        **dict.fromkeys(["P008", "P171", "P186"], float(shares.min())),
        **dict.fromkeys(["P009", "P172", "P187"], float(shares.max())),
        "P161": untested,
        "P162": _percent(untested, len(samples)),
        "P163": len(combinations),
        "P164": int(combinations.min()),
        "P169": min(tested, key=lambda profile: (len(mutations_of(profile)), residues(profile))),
        "P170": len(compared[["mutations", "inhibitor"]].drop_duplicates()),
        "P188": len(evaluated),
        "P189": len(conflicting) if conflicting == expected else -1,
        "P192": fraction("L1196M"),
        "P193": fraction("G1202R"),
    }
    for model, ids in {
        "Yoda-V1": ("P173", "P174"),
        "Fontana-V3": ("P175", "P176"),
        "Gainor-V1": ("P177", "P178"),
        "Yoda-V3": ("P179", "P180"),
        "Horn-V3": ("P181", "P182"),
        "Horn-V1": ("P183", "P184"),
    }.items():
        named = [name for name in counts.index if name.endswith(model)]
        k, n = map(int, counts.loc[named].sum()) if named else (0, 0)
        ours |= {ids[0]: f"{k}/{n}", ids[1]: _percent(k, n)}
    return ours


def figure_5(cohort: Cohort, readings: Readings = DEFAULT_READINGS) -> pd.DataFrame:
    """Cells of Figure 5, indexed by profile and inhibitor: ``relapsed, n, k, verdict``."""
    rule = readings.verdict
    samples, evaluations = _samples(cohort), _evaluations(cohort)
    after = samples["resistance_on"].value_counts()
    relapsed = samples.groupby(["mutations", "resistance_on"]).size()
    lines = evaluations.groupby(["mutations", "inhibitor"])["benefit"]
    evaluated = lines.size()
    benefit = lines.agg(lambda classes: (classes == "benefit").sum())
    rows = {}
    for profile in sorted(samples["mutations"].unique()):
        for inhibitor in NAMED:
            r = int(relapsed.get((profile, inhibitor), 0))
            n = int(evaluated.get((profile, inhibitor), 0))
            k = int(benefit.get((profile, inhibitor), 0))
            total = int(after.get(inhibitor, 0))
            high = (
                r >= rule.high_relapse_samples
                and total > 0
                and r / total >= rule.high_relapse_share
            )
            if n < rule.min_evaluable:
                verdict = "no benefit expected" if high else "insufficient evidence"
            elif k / n < rule.low_sensitivity:
                verdict = "no benefit expected"
            elif high:
                verdict = "conflicting evidence"
            elif k / n >= rule.high_sensitivity and total and r / total < rule.low_relapse_share:
                verdict = "likely beneficial"
            else:
                verdict = "possibly beneficial"
            rows[profile, inhibitor] = (r, n, k, verdict)
    index = pd.MultiIndex.from_tuples(rows, names=["mutations", "inhibitor"])
    return pd.DataFrame(list(rows.values()), index=index, columns=["relapsed", "n", "k", "verdict"])
