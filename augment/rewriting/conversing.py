"""One conversation: the prompt of a text, and as many rounds with what did not fit as are allowed.

outcome = rewritten(asker, prompts, task, RewriteRequest("paraphrase", "en", 2, 3, "positive"))
outcome.accepted            # the edits of each rewrite that may be a sample
outcome.problems            # why the others may not, by name
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from augment.rewriting.answers import Answer
from augment.rewriting.checking import (
    Problem,
    Rewriting,
    TextChange,
    checked,
    folded_words,
    rewrites_in,
    tidy,
)
from augment.rewriting.placeholders import MarkedText, marked_text, put_back
from augment.rewriting.prompts import Prompts, listed
from augment.rewriting.server import Message, NoAnswerError

# Rewrites of an answer that are looked at, for each that is requested: as many as a model in a folder may draw.
_LOOKED_AT = 64
RewriteMode = Literal["paraphrase", "counterfactual", "balance"]
# Problems in words, as the reason of a sample that is missing.
REASONS = {
    "json": "the answers are not the JSON that was requested",
    "cut": "the answers are longer than llm.answer_tokens",
    "missing": "the rewrites miss words that must stay",
    "order": "the rewrites have the words that must stay in another order",
    "copy": "the rewrites are copies of the text",
    "repeat": "the rewrites repeat each other",
    "length": "the rewrites are much longer or shorter",
    "language": "the rewrites are in another language or script",
    "negation": "the rewrites add a negation",
    "number": "the rewrites add a number",
    "outside": "the rewrites change what must stay",
    "kept": "the rewrites keep what must go",
    "mark": "the rewrites have marks that are none",
    "twice": "the rewrites repeat a mark",
    "few": "there are fewer rewrites than requested",
}


@dataclass(frozen=True)
class RewriteRequest:
    """What is requested of a text: the mode, the language of the prompt, the number of samples and rounds, labels and examples."""

    mode: RewriteMode
    language: str
    count: int
    rounds: int
    label: str
    target: str = ""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rewrites:
    """What came of a conversation: the edits of each accepted rewrite, problems by name, and why there are no more."""

    accepted: tuple[tuple[TextChange, ...], ...] = ()
    problems: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


class Asks(Protocol):
    """What answers conversations."""

    def ask(self, messages: Sequence[Message], count: int) -> Answer:
        """Return the answer to a conversation about this many rewrites; NoAnswerError if there is none."""
        ...


def rewritten(asker: Asks, prompts: Prompts, task: Rewriting, request: RewriteRequest) -> Rewrites:
    """Return the rewrites of a text that may be samples, after as many rounds as it takes and may take."""
    marked = marked_of(task)
    messages: list[Message] = [
        {"role": "system", "content": prompts.text(request.language, "system", {})},
        {"role": "user", "content": first_prompt(prompts, task, request, marked)},
    ]
    accepted: list[tuple[TextChange, ...]] = []
    known = {folded_words(task.text)}
    problems: Counter[str] = Counter()
    reason = ""
    for _ in range(request.rounds):
        try:
            answer = asker.ask(messages, request.count - len(accepted))
        except NoAnswerError as error:
            reason = f"the language model gives no answer: {error.reason}"
            break
        wrong = _taken(
            task, marked, answer.text, answer.complete, request.count - len(accepted), accepted, known
        )
        names = Counter(problem.name for _, problem in wrong)
        problems.update(names)
        if len(accepted) >= request.count:
            break
        reason = REASONS[names.most_common(1)[0][0]]
        feedback = _feedback(prompts, request, wrong, request.count - len(accepted))
        messages = [
            *messages[:2],
            {"role": "assistant", "content": answer.text},
            {"role": "user", "content": feedback},
        ]
    return Rewrites(tuple(accepted), problems, reason)


def marked_of(task: Rewriting) -> MarkedText | None:
    """Return a text with marks in place of its locked words, where the model is to be given these."""
    if not task.placeholders or not task.locked:
        return None
    spans = {token: task.spans[token] for token in task.locked}
    return marked_text(
        task.text, list(spans.values()), {spans[token] for token in task.locked if token in task.exact}
    )


def first_prompt(
    prompts: Prompts, task: Rewriting, request: RewriteRequest, marked: MarkedText | None = None
) -> str:
    """Return what a conversation begins with."""
    language = request.language
    nothing = prompts.text(language, "nothing", {})
    values: dict[str, object] = {
        "count": request.count,
        "label": request.label,
        "target": request.target,
        "text": (task.text if marked is None else marked.text).strip(),
    }
    heading = prompts.text(language, "examples", {"label": request.target or request.label})
    values["examples"] = (
        "\n".join([heading, *(f"- {text}" for text in request.examples)]) if request.examples else ""
    )
    values["ordered"] = prompts.text(language, "ordered", {}) if task.ordered else ""
    words = task.words(task.locked) if marked is None else marked.shown
    values["locked"] = listed(words, language, nothing)
    values["free"] = listed(task.words(sorted(task.gone or task.free or ())), language, nothing)
    return prompts.text(language, request.mode if marked is None else "placeholders", values)


def _taken(
    task: Rewriting,
    marked: MarkedText | None,
    answer: str,
    complete: bool,
    wanted: int,
    accepted: list[tuple[TextChange, ...]],
    known: set[str],
) -> list[tuple[int, Problem]]:
    """Add what fits of an answer to what is accepted, and return the problems of the rest, by the number of the rewrite."""
    rewrites = rewrites_in(answer)
    if rewrites is None:
        return [(0, Problem("json" if complete else "cut"))]
    wrong: list[tuple[int, Problem]] = []
    for number, rewrite in enumerate(rewrites[: _LOOKED_AT * wanted], 1):
        if wanted == 0:
            break
        tidied = tidy(task, rewrite)
        plain = tidied if marked is None else put_back(marked, tidied)
        result = plain if isinstance(plain, Problem) else checked(task, plain)
        folded = "" if isinstance(plain, Problem) else folded_words(plain)
        if isinstance(result, Problem):
            wrong.append((number, result))
        elif folded in known:
            wrong.append((number, Problem("repeat")))
        else:
            accepted.append(result)
            known.add(folded)
            wanted -= 1
    return wrong or ([(0, Problem("few"))] if wanted else [])


def _feedback(
    prompts: Prompts, request: RewriteRequest, wrong: Sequence[tuple[int, Problem]], count: int
) -> str:
    """Return what is sent back: each problem in a line, and how many rewrites are still missing."""
    language = request.language
    lines = [
        prompts.problem(
            language, problem.name, {"number": number, "words": listed(problem.words, language, "")}
        )
        for number, problem in wrong
    ]
    marked = "\n".join(f"- {line}" for line in lines)
    return prompts.text(language, "feedback", {"problems": marked, "count": count})
