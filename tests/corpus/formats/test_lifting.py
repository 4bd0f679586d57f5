"""Fields within objects are columns by their path, in JSON, arrays and Parquet."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.config.sections import CorpusConfig
from augment.corpus import read
from augment.corpus.formats.lifting import lift
from augment.errors import RequestError
from tests.corpus.formats.reading import rows

RECORDS = [
    {"id": "a", "data": {"text": "好", "stars": 5}, "meta": {"label": {"name": "pos"}}},
    {"id": "b", "data": {"text": "fine 👍🏽", "stars": None}, "meta": {"label": {"name": "neg"}}},
]
LIFTED = [
    {"id": "a", "data": {"stars": 5}, "data.text": "好", "meta.label.name": "pos"},
    {"id": "b", "data": {"stars": None}, "data.text": "fine 👍🏽", "meta.label.name": "neg"},
]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.parquet"])
def test_a_field_named_by_its_path_is_a_column_and_leaves_its_object(tmp_path: Path, name: str) -> None:
    """A sample then has its own text only; an object of which nothing is left goes."""
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(RECORDS), tmp_path / name)
    else:
        lines = json.dumps(RECORDS, indent=2) if name == "a.json" else "\n".join(map(json.dumps, RECORDS))
        (tmp_path / name).write_text(lines, encoding="utf-8")
    options = {"text": "data.text", "label": "meta.label.name"}
    assert rows(tmp_path, name, **options) == LIFTED
    section = CorpusConfig.model_validate({"root": tmp_path, "files": name, **options})
    [chunk] = read(section)
    assert chunk.rows.column("text").to_pylist() == ["好", "fine 👍🏽"]
    assert chunk.rows.column("label").to_pylist() == ["pos", "neg"]


def test_a_column_whose_name_has_a_dot_is_that_column(tmp_path: Path) -> None:
    """The output of a run has such columns."""
    (tmp_path / "a.csv").write_text("data.text,label\n好,1\n", encoding="utf-8")
    assert rows(tmp_path, "a.csv", text="data.text") == [{"data.text": "好", "label": "1"}]
    record: dict[str, object] = {"data.text": "a", "data": {"text": "b"}}
    lift(record, "data.text")
    assert record == {"data.text": "a", "data": {"text": "b"}}


def test_a_step_may_be_the_number_of_an_item() -> None:
    """As labelling tools nest them: a list of annotations with a list of choices."""
    record: dict[str, object] = {"annotations": [{"result": [{"choices": ["pos"]}]}]}
    lift(record, "annotations.0.result.0.choices")
    assert record["annotations.0.result.0.choices"] == ["pos"]
    lift(record, "annotations.7.result")
    assert "annotations.7.result" not in record


def test_a_text_column_of_objects_names_its_fields(tmp_path: Path) -> None:
    """The message shows how to name one of them."""
    (tmp_path / "a.jsonl").write_text('{"text": {"zh": "好", "en": "good"}}', encoding="utf-8")
    with pytest.raises(RequestError, match=r"holds struct.*\n.*a field of it: `text\.zh`, `text\.en`"):
        list(read(CorpusConfig.model_validate({"root": tmp_path, "files": "a.jsonl"})))
