"""Names of source columns in written files: each its own, none lost, none that of a column of ours."""

from hypothesis import given
from hypothesis import strategies as st

from augment.tables.output_names import OURS, OURS_DROPPED, written_names

HOSTILE = st.sampled_from(sorted(OURS_DROPPED)) | st.sampled_from(
    ["label", "text", "文本", "", "x", "shortfall"]
)
NAMES = st.tuples(HOSTILE, st.sampled_from(["", "_source", "_source_2", "_source_source"])).map("".join)


@given(st.lists(NAMES, unique=True), st.booleans(), st.booleans())
def test_every_column_has_a_name_of_its_own(columns: list[str], derived: bool, dropped: bool) -> None:
    names = written_names(columns, derived=derived, dropped=dropped)
    ours = (OURS_DROPPED if dropped else OURS) | ({"label"} if derived else set())
    assert list(names) == columns
    assert len(set(names.values())) == len(columns)
    assert not ours & set(names.values())
    for name, written in names.items():
        assert written == name if name not in ours else written.startswith(f"{name}_source")


def test_a_name_that_is_taken_twice_gets_a_number() -> None:
    names = written_names(["edits", "edits_source", "split"], derived=False)
    assert names == {"edits": "edits_source_2", "edits_source": "edits_source", "split": "split"}
    assert written_names(["split"], derived=False, dropped=True) == {"split": "split_source"}
