"""Ids that are found by the name of their column and repeat are no ids; the user learns of it."""

from pathlib import Path

from augment.config.sections import CorpusConfig
from augment.corpus import read, settled_shape


def csv(folder: Path, content: str, **options: object) -> CorpusConfig:
    """Return a corpus section for one CSV file with this content."""
    (folder / "a.csv").write_text(content, encoding="utf-8")
    return CorpusConfig.model_validate({"root": folder, "files": "a.csv", **options})


def ids(config: CorpusConfig) -> list[str]:
    """Return the ids of a corpus."""
    return [name for chunk in read(config) for name in chunk.rows.column("id").to_pylist()]


def test_a_column_of_ids_that_repeats_is_not_used(tmp_path: Path) -> None:
    """The id of a user is no id of a row; the column itself stays in the source."""
    config = csv(tmp_path, "id,text\n7,a\n8,b\n7,c\n")
    assert ids(config) == ["a.csv:1", "a.csv:2", "a.csv:3"]
    shape, [notice] = settled_shape(config)
    assert shape.id is None
    assert notice.startswith("the column `id` is not used as id: a.csv:4 repeats an id")
    assert [row["id"] for chunk in read(config) for row in chunk.rows.column("source").to_pylist()] == [
        "7",
        "8",
        "7",
    ]


def test_ids_can_be_switched_off(tmp_path: Path) -> None:
    """Without a notice then."""
    config = csv(tmp_path, "id,text\n7,a\n8,b\n", id=False)
    assert ids(config) == ["a.csv:1", "a.csv:2"]
    assert settled_shape(config)[1] == ()
    assert ids(csv(tmp_path, "id,text\n7,a\n8,b\n")) == ["7", "8"]
