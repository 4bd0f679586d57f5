"""Samples as files of other annotation tools, and their exports as decisions: Argilla, Label Studio, doccano, JSON lines, CSV.

Each format is a pair of functions: from a sample (with a decision, where there is one) to a record, and back from a record that
somebody has annotated to decisions.

* Argilla 2: what `Dataset.records.to_json` writes and `from_json` reads; the questions are `decision`, `reason`, `text` (an edited one).
  People are UUIDs there, so a name is one that depends on it, and stays readable in the metadata `reviewers`.
* Label Studio: tasks with `predictions`, and annotations in what "JSON" exports; the controls are those of `LABEL_STUDIO_CONFIG`.
  People are numbers or e-mail addresses there; a name is in the data `reviewers`, in the order of the annotations.
* doccano: the JSON lines of a text classification; the decision is the label.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from augment.review.decision import REASONS, Decision

AGENT: Final = "augment"
# Of our own formats: what is to be filled in, then what helps to decide.
FILLED: Final = ("decision", "decision_reason", "new_text", "new_text_pair")
LABEL_STUDIO_CONFIG: Final = f"""<View>
  <Text name="source" value="$source"/>
  <Text name="text" value="$text"/>
  <Choices name="decision" toName="text" choice="single" required="true" showInline="true">
    <Choice value="accept" hotkey="a"/><Choice value="reject" hotkey="r"/><Choice value="edit" hotkey="e"/>
  </Choices>
  <Choices name="reason" toName="text" choice="single" showInline="true">
    {"".join(f'<Choice value="{reason}" hotkey="{number}"/>' for number, reason in enumerate(REASONS, 1))}
  </Choices>
  <TextArea name="edited" toName="text" rows="3" maxSubmissions="1" editable="true"/>
</View>
"""


@dataclass(frozen=True)
class Exported:
    """A sample to be decided on, with what helps to decide. suggested: the decision that its verdict amounts to, if any."""

    id: str
    hash: str
    text: str
    text_pair: str | None
    source: str
    source_pair: str | None
    label: str | None
    method: str | None
    verdict: str | None
    reason: str | None
    p_gold_before: float | None
    p_gold_after: float | None
    doubt: float
    suggested: str | None

    @property
    def facts(self) -> dict[str, Any]:
        """Return what is no text, without what is not known."""
        texts = ("text", "text_pair", "source", "source_pair")
        return {
            name: value for name, value in asdict(self).items() if value is not None and name not in texts
        }

    @property
    def texts(self) -> dict[str, str]:
        """Return its texts and those of its source row."""
        names = ("source", "source_pair", "text", "text_pair")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


def to_argilla(sample: Exported, made: Sequence[Decision]) -> dict[str, Any]:
    """Return a record of Argilla; decisions are responses."""
    suggestions = {}
    if sample.suggested is not None:
        suggestions["decision"] = {"value": sample.suggested, "score": sample.p_gold_after, "agent": AGENT}
    responses: dict[str, list[dict[str, Any]]] = {}
    for decision in made:
        edited = decision.text
        if decision.text_pair:
            edited = json.dumps([decision.text, decision.text_pair], ensure_ascii=False)
        user = _uuid(decision.reviewer or AGENT)
        for name, value in (("decision", decision.decision), ("reason", decision.reason), ("text", edited)):
            if value is not None:
                answer = {"value": value, "user_id": user, "status": "submitted"}
                responses.setdefault(name, []).append(answer)
    facts = {name: value for name, value in sample.facts.items() if name != "id"}
    names = list(dict.fromkeys(decision.reviewer for decision in made if decision.reviewer))
    facts |= {"reviewers": names} if names else {}
    return {
        "id": sample.id,
        "fields": sample.texts,
        "metadata": facts,
        "suggestions": suggestions,
        "responses": responses,
        "vectors": {},
        "status": "completed" if made else "pending",
    }


def from_argilla(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the decisions in a record of Argilla, one for each person who answered."""
    responses = _mapping(record.get("responses"))
    people: dict[object, dict[str, Any]] = {}
    for name in ("decision", "reason", "text"):
        for answer in responses.get(name) or ():
            if answer.get("status") in (None, "submitted"):
                people.setdefault(answer.get("user_id"), {})[name] = answer["value"]
    metadata, fields = _mapping(record.get("metadata")), _mapping(record.get("fields"))
    names = {_uuid(name): name for name in _several(metadata.get("reviewers"))}
    for user, values in people.items():
        pair = fields.get("text_pair")
        text, text_pair = (
            _both(values.pop("text", None)) if pair is not None else (values.pop("text", None), None)
        )
        yield _decided(
            record.get("id"),
            metadata.get("hash"),
            values,
            (text, text_pair),
            (fields.get("text"), pair),
            names.get(str(user), user),
        )


def to_label_studio(sample: Exported, made: Sequence[Decision]) -> dict[str, Any]:
    """Return a task of Label Studio; decisions are annotations."""
    suggested = [] if sample.suggested is None else [_choice("decision", sample.suggested)]
    predictions = [{"model_version": AGENT, "score": sample.p_gold_after or 0.0, "result": suggested}]
    annotations = []
    for decision in made:
        result = [_choice("decision", decision.decision)]
        result += [_choice("reason", decision.reason)] if decision.reason else []
        edited = [text for text in (decision.text, decision.text_pair) if text is not None]
        if edited:
            result.append(
                {"from_name": "edited", "to_name": "text", "type": "textarea", "value": {"text": edited}}
            )
        annotations.append(
            {
                **_annotator(decision.reviewer),
                "result": result,
                "was_cancelled": False,
                "lead_time": decision.seconds,
            }
        )
    names = [decision.reviewer for decision in made]
    data = {**sample.facts, **sample.texts, **({"reviewers": names} if any(names) else {})}
    return {
        "data": data,
        "predictions": predictions if suggested else [],
        **({"annotations": annotations} if annotations else {}),
    }


def from_label_studio(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the decisions in a task that Label Studio exports, one for each annotation."""
    data = _mapping(task.get("data"))
    names = data.get("reviewers") or ()
    for number, annotation in enumerate(task.get("annotations") or ()):
        if annotation.get("was_cancelled"):
            continue
        values: dict[str, Any] = {}
        texts: list[str] = []
        for part in annotation.get("result") or ():
            value = _mapping(part.get("value"))
            if part.get("type") == "choices" and value.get("choices"):
                values[str(part.get("from_name"))] = value["choices"][0]
            if part.get("type") == "textarea":
                texts = _several(value.get("text"))
        who = annotation.get("completed_by")
        user = who.get("email") or who.get("id") if isinstance(who, dict) else who
        if user is None and number < len(names):
            user = names[number]
        text, pair = (*texts, None, None)[:2]
        decided = _decided(
            data.get("id"),
            data.get("hash"),
            values,
            (text, pair),
            (data.get("text"), data.get("text_pair")),
            user,
        )
        yield decided | {"seconds": annotation.get("lead_time")}


def _uuid(person: str) -> str:
    """Return the UUID by which Argilla knows a person: that which it gave, else one that depends on the name."""
    try:
        return str(UUID(person))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, person))


def _annotator(person: str | None) -> dict[str, Any]:
    """Return who made an annotation as Label Studio takes it: a number or an address, nothing for other names."""
    if person is None or not (person.isdecimal() or "@" in person):
        return {}
    return {"completed_by": int(person) if person.isdecimal() else {"email": person}}


def _choice(name: str, value: str) -> dict[str, Any]:
    """Return a choice as Label Studio has it."""
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": [value]}}


def to_doccano(sample: Exported, made: Sequence[Decision]) -> dict[str, Any]:
    """Return a line of doccano; its own `id` is a number, so that of the sample is `sample`. Of decisions the last one is the label.

    Without a decision it has no label: doccano has no suggestions, and a label that nobody gave would be read as a decision.
    """
    last = made[-1] if made else None
    facts = {("sample" if name == "id" else name): value for name, value in sample.facts.items()}
    facts.pop("label", None)
    facts |= {} if sample.label is None else {"row_label": sample.label}
    line = {**sample.texts, "label": [] if last is None else [last.decision], **facts}
    if last is not None:
        extra = {
            "decision_reason": last.reason,
            "new_text": last.text,
            "new_text_pair": last.text_pair,
            "seconds": last.seconds,
        }
        line |= {name: value for name, value in extra.items() if value is not None}
    return line


def from_doccano(line: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the decision in a line that doccano exports, none where no label was given."""
    labels = _several(line.get("label") or line.get("labels"))
    chosen = [label for label in labels if label in ("accept", "reject", "edit")]
    reasons = [label for label in labels if label in REASONS]
    if chosen:
        yield {
            "id": line.get("sample"),
            "hash": line.get("hash"),
            "decision": chosen[-1],
            "reason": line.get("decision_reason") or (reasons[0] if reasons else None),
            "text": line.get("new_text"),
            "text_pair": line.get("new_text_pair"),
            "seconds": line.get("seconds"),
        }


def to_row(sample: Exported, made: Sequence[Decision]) -> dict[str, Any]:
    """Return a row of JSON lines or CSV, with columns to be filled in."""
    last = made[-1] if made else None
    filled = (
        (None,) * len(FILLED) if last is None else (last.decision, last.reason, last.text, last.text_pair)
    )
    values = asdict(sample)
    head = {name: values.pop(name) for name in ("id", "hash")}
    return head | dict(zip(FILLED, filled, strict=True)) | values


def from_row(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the decision in a row, none where it was not filled in."""
    if row.get("decision"):
        yield {
            "id": row.get("id"),
            "hash": row.get("hash"),
            "decision": str(row["decision"]).strip().lower(),
            "reason": row.get("decision_reason") or None,
            "text": row.get("new_text") or None,
            "text_pair": row.get("new_text_pair") or None,
        }


def _decided(
    name: object,
    known: object,
    values: Mapping[str, Any],
    edited: tuple[str | None, str | None],
    seen: tuple[str | None, str | None],
    user: object,
) -> dict[str, Any]:
    """Return the values of a decision; an accepted row with another text is an edited one."""
    kind = values.get("decision")
    text, pair = edited
    if kind in ("accept", "edit") and text is not None:
        kind = "accept" if (text, pair or seen[1]) == seen else "edit"
    edits = kind == "edit"
    return {
        "id": name,
        "hash": known,
        "decision": kind,
        "reason": values.get("reason"),
        "text": text if edits else None,
        "text_pair": pair if edits else None,
        "reviewer": None if user is None else str(user),
    }


def _both(value: str | None) -> tuple[str | None, str | None]:
    """Return the two texts of a pair, which are a JSON list; of any other text the first one."""
    try:
        both = json.loads(value or "")
    except (ValueError, TypeError):
        return value, None
    if isinstance(both, list) and len(both) == 2 and all(isinstance(one, str) for one in both):
        return both[0], both[1]
    return value, None


def _several(value: object) -> list[str]:
    """Return the texts of a list; of one text, as some versions export it, that alone."""
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}
