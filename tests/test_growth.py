"""What a check does for each cell stays small, so that cohorts may grow."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alkpool import paths
from alkpool.data import reader, tables
from alkpool.data.reader import cell_problems, is_among, read_text
from alkpool.data.tables import SAMPLES, TREATMENTS


@pytest.mark.parametrize("table", [SAMPLES, TREATMENTS])
def test_known_inhibitors_are_listed_once_not_for_each_cell(table, monkeypatch):
    frame = read_text(paths.COHORTS / "reconstructed" / table.file, table, table.file).cells
    assert len(frame) > 100
    place = f"cohorts/*/{table.file}"
    table = tables._table(place, tables.DECLARED["tables"][place])  # has read nothing yet
    listed, known = [], tables.inhibitors()
    monkeypatch.setattr(tables, "inhibitors", lambda: listed.append("once") or known)
    tables.treatments.cache_clear()
    assert list(cell_problems(frame, table, table.file)) == []
    assert listed == ["once"]
    column = "resistance_on" if table.name == SAMPLES.name else "inhibitor"
    frame.loc[7, column] = "ibuprofen"
    (problem,) = cell_problems(frame, table, table.file)
    assert (problem.row, problem.column, problem.value) == (9, column, "ibuprofen")


texts = st.lists(st.sampled_from(["", "a", "A", "b ", "ä", "SYN-1"]))


@given(values=texts, known=texts, dtype=st.sampled_from(["str", "object", "category"]))
def test_texts_are_among_others_as_in_python(values, known, dtype):
    found = is_among(pd.Series(values, dtype=dtype, index=range(3, len(values) + 3)), known)
    assert found.tolist() == [value in known for value in values]
    assert found.index.tolist() == list(range(3, len(values) + 3))
    among = pd.Series(known, dtype=dtype)
    assert is_among(pd.Series(values, dtype="str"), among).tolist() == found.tolist()


def test_how_many_rows_are_checked_together_makes_no_difference(monkeypatch):
    """A few at a time take less memory where all are wrong."""
    frame = read_text(paths.COHORTS / "reconstructed" / SAMPLES.file, SAMPLES, SAMPLES.file).cells
    frame.loc[frame.index[::3], ["specimen", "phase"]] = "wrong"
    together = sorted(cell_problems(frame, SAMPLES, SAMPLES.file))
    monkeypatch.setattr(reader, "ROWS_AT_ONCE", 7)
    assert sorted(cell_problems(frame, SAMPLES, SAMPLES.file)) == together
    assert len(together) == 2 * len(frame.index[::3])
