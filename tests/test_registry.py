"""The simulated registry: valid, synthetic on its face, and the same however it is made."""

import filecmp

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from alkpool import mutations
from alkpool.analysis import benefit
from alkpool.data import cohort
from alkpool.data.tables import COHORT_TABLES
from alkpool.vocabulary import UNKNOWN
from benchmarks import registry


@pytest.fixture(scope="module")
def part():
    """One partition of 30,000 lines as data frames."""
    return {name: t.to_pandas() for name, t in registry.simulate(3, 0, 30_000).items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A registry of three partitions, the last a rest, written by one process."""
    place = tmp_path_factory.mktemp("registry") / "one"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "PART_LINES", 400)
        registry.write(place, 1000, seed=5)
    return place


def test_a_partition_is_a_valid_cohort(folder, tmp_path):
    for number, lines in enumerate([400, 400, 200]):
        loaded = registry.load(folder, number)
        place = tmp_path / f"part{number}"
        place.mkdir()
        (place / "cohort.yaml").write_bytes((folder / "cohort.yaml").read_bytes())
        for table in COHORT_TABLES:
            frame = getattr(loaded, table.name)
            assert list(frame) == table.columns
            frame.to_csv(place / table.file, index=False)
        assert cohort.check(place) == []
        assert len(loaded.treatments) == lines


def test_every_row_says_that_it_is_synthetic(folder):
    loaded = registry.load(folder, 1)
    assert loaded.synthetic
    assert "synthetic" in loaded.meta.title
    for table in COHORT_TABLES:
        (key,) = table.key
        assert getattr(loaded, table.name)[key].str.startswith("SYN-").all()
    for rows in (loaded.samples, loaded.treatments):
        assert set(rows["locator"]) == {"synthetic, no source"}


def test_no_id_stands_in_two_partitions(folder):
    for table in COHORT_TABLES[1:]:
        ids = pd.concat(
            [getattr(registry.load(folder, at), table.name)[table.key[0]] for at in range(3)]
        )
        assert ids.is_unique
        assert ids.is_monotonic_increasing


def test_workers_change_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "PART_LINES", 400)
    registry.write(tmp_path / "two", 1000, seed=5, workers=2)
    files = sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())
    assert files == sorted(
        str(f.relative_to(tmp_path / "two")) for f in (tmp_path / "two").rglob("*") if f.is_file()
    )
    assert len(files) == 2 + 3 * 3
    same, different, unreadable = filecmp.cmpfiles(folder, tmp_path / "two", files, shallow=False)
    assert (sorted(same), different, unreadable) == (files, [], [])


def test_a_partition_depends_on_seed_number_and_lines(folder):
    second = registry.simulate(5, 1, 400)
    for name, table in second.items():
        assert pq.read_table(registry.part_folder(folder, 1) / f"{name}.parquet").equals(table)
    assert not registry.simulate(6, 1, 400)["treatments"].equals(second["treatments"])
    assert not registry.simulate(5, 0, 400)["treatments"].equals(second["treatments"])


@given(lines=st.integers(1, 300), seed=st.integers(0, 100))
def test_patients_are_complete_and_lines_exact(lines, seed):
    tables = {name: t.to_pandas() for name, t in registry.simulate(seed, 0, lines).items()}
    samples, treatments = tables["samples"], tables["treatments"]
    assert len(treatments) == lines
    assert treatments["sample_id"].is_unique
    orders = samples.groupby("patient_id")["sample_order"]
    assert (orders.max() == orders.size()).all()
    assert orders.max().max() <= 3
    assert set(samples["patient_id"]) == set(tables["patients"]["patient_id"])
    # A patient with a later sample had the line on which it arose.
    given_after = treatments.set_index("sample_id")["inhibitor"].astype(str)
    for _, rows in samples.groupby("patient_id"):
        for before, after in zip(rows["sample_id"][:-1], rows["resistance_on"][1:], strict=True):
            assert given_after[before] == after


def test_text_is_encoded_and_months_are_numbers(part):
    for name, frame in part.items():
        for column, dtype in frame.dtypes.items():
            if column in ("patient_id", "sample_id", "treatment_id", "duplicate_of"):
                assert dtype == "str"
            elif column.endswith(("_months", "_years")):
                assert dtype == np.float64
            elif column in ("sample_order", "line_number", "lines_since_sample"):
                assert dtype == np.int64
            else:
                assert isinstance(dtype, pd.CategoricalDtype), (name, column)


def test_frequencies_are_those_that_are_printed(part):
    def within(rows, share):
        assert binomtest(int(rows.sum()), len(rows), share).pvalue > 1e-5

    first = part["samples"].query("sample_order == 1")
    for inhibitor, count in registry.AFTER.items():
        after = first["resistance_on"] == inhibitor
        within(after, count / 450)
        shares = registry.profile_shares(inhibitor)
        assert shares.sum() == pytest.approx(1)
        for profile, share in zip(registry.PROFILES, shares, strict=True):
            within(first.loc[after, "mutations"] == profile, share)
    included = part["patients"].query("status == 'included'")
    within(included["fusion_variant"] == "V3", 62 / 387)
    assert len(part["patients"]) - len(included) == round(len(included) * 50 / 387)
    treated = part["treatments"]["sample_id"].str.rsplit("-", n=1).str[0]
    assert treated.nunique() / len(included) == pytest.approx(239 / 387, abs=0.01)


def test_profiles_are_canonical():
    for profile in registry.PROFILES:
        assert mutations.canonical(profile) == profile
    for shares in registry.PRINTED_SHARES.values():
        assert set(shares) <= set(registry.PROFILES)


def test_every_rule_fires(part):
    judged = benefit.classify(part["treatments"])
    assert set(judged["rule"]) == set(benefit.RULES)
    decided = judged[judged["benefit"] != UNKNOWN]
    assert (decided["benefit"] == "benefit").mean() == pytest.approx(0.68, abs=0.04)


def test_command(tmp_path, capsys):
    folder = tmp_path / "new" / "registry"
    assert registry.main(["--lines", "1e2", "--workers", "1", str(folder)]) == 0
    assert "100 lines of" in capsys.readouterr().out
    before = sorted(folder.rglob("*"))
    assert registry.main(["--lines", "50", str(folder)]) == 1
    assert capsys.readouterr().err == f"{folder} exists; name a new folder\n"
    assert sorted(folder.rglob("*")) == before
    assert [path.name for path in folder.parent.iterdir()] == ["registry"]


@pytest.mark.parametrize("text", ["1e4", "10000", "10_000", "10,000"])
def test_a_count_may_be_written_in_several_ways(text):
    assert registry._count(text) == 10_000


@pytest.mark.parametrize(
    "lines", ["0", "1.5", "many", "-1", "1e10", "nan", "1,5", "1,0000", "1__0"]
)
def test_command_refuses_other_numbers(lines, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        registry.main([f"--lines={lines}", str(tmp_path / "registry")])
    assert f"found '{lines}'; must be a whole number from 1 to" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_failed_run(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(registry.pq, "write_table", full)
    assert registry.main(["--lines", "10", "--workers", "1", str(tmp_path / "registry")]) == 1
    assert list(tmp_path.iterdir()) == []
