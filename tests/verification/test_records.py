"""Labels are recognised in every format."""

import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from augment.verification.records import Labels


@given(st.one_of(st.text(min_size=1), st.integers(-(1 << 53), 1 << 53), st.booleans(), st.floats(-1e9, 1e9)))
def test_a_label_is_recognised_however_a_format_writes_it(value: str | int | bool | float) -> None:
    """As the reader gives it, in Parquet and JSON with its type, in CSV without; and no other is."""
    labels = Labels({}, {"label": "label"})
    read = pa.array([value]).cast(pa.string())[0].as_py()
    assert labels.same(value, read)
    assert labels.same(str(value), read)
    assert labels.same(json.loads(json.dumps(value)), read)
    assert not labels.same(value, f"{read}x")
    assert not labels.same(value, None) or str(value) in ("-1", "-1.0")
