"""All engines classify any lines alike; `make bench` runs this before it measures."""

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.engines import COLUMNS, ENGINES, RELATIONS, RESPONSES, STATUSES

months = st.one_of(st.none(), st.sampled_from([0.0, 5.9, 6.0, 6.1]), st.floats(0, 300))


def measured(relation: str, value: float | None) -> tuple[str, float | None]:
    return ("", None) if value is None else (relation, value)


measure = st.builds(measured, st.sampled_from(RELATIONS[1:]), months)
line = st.builds(
    lambda response, pfs, dot, status: (response, *pfs, *dot, status),
    st.sampled_from(RESPONSES), measure, measure, st.sampled_from(STATUSES),
)  # fmt: skip


def encoded(lines: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = zip(*lines, strict=True)
    return pa.table(
        {
            name: pa.array(values, pa.float64() if name.endswith("months") else pa.string())
            for name, values in zip(COLUMNS, columns, strict=True)
        }
    )


def dictionary(table: pa.Table) -> pa.Table:
    arrays = [
        c if pa.types.is_float64(c.type) else c.dictionary_encode() for c in table.itercolumns()
    ]
    return pa.table(arrays, names=table.column_names)


@pytest.mark.parametrize("name", ["row-wise pandas", "DuckDB", "Polars"])
@settings(deadline=None, max_examples=50)
@given(lines=st.lists(line, min_size=1, max_size=30))
def test_engines_agree(name: str, lines: list[tuple[object, ...]]) -> None:
    table = dictionary(encoded(lines))
    own, other = ENGINES["alkpool"], ENGINES[name]
    expected = own.rules(own.classify(own.hold(table)))
    found = other.rules(other.classify(other.hold(table)))
    assert [column.tolist() for column in found] == [column.tolist() for column in expected]
