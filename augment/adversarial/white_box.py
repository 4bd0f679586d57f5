"""A victim with gradients: pieces of candidates are spliced into a text's own, and one backward pass scores them all.

To first order, putting a word with embeddings E' where E was moves the margin by g . (E' - E), g being its gradient at the word
(Ebrahimi et al. 2018, HotFlip). So one forward and backward row estimates every pair of word and candidate; embeddings of
candidates are looked up once. Where a word has another number of pieces, sums and means are compared.

A word is spliced only where its pieces by itself are those it has in the text, else the text is tokenized as a whole, as it is
with every sample at the end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
import torch

from augment.adversarial.attempts import AttackedText, Attempt, WordChoice
from augment.adversarial.goals import Goal, owns
from augment.adversarial.victims import Try
from augment.models.classifier import Classifier
from augment.models.kept_context import KeptContext, PieceChange, RowContext
from augment.models.windows import TextWindows
from augment.text.align import owners

_WORDS_AT_ONCE = 4096
# Up to this many layers candidates are ordered by the gradient (Spearman's correlation with whole rows 0.6 and 0.7 in 2 layers, 0.3 in 6).
_SHALLOW = 2


@dataclass(frozen=True)
class FedText:
    """A text as the model is fed it: pieces, segments, and for each token its range of pieces; spliced: where that may be used."""

    pieces: list[int]
    segments: list[int]
    ranges: Mapping[int, tuple[int, int]]
    spliced: frozenset[int]


@dataclass(frozen=True)
class TextSlope:
    """What a gradient pass gives for a text: logits and attacked answer, [C], pieces, the gradient of the margin at each, [T, D]."""

    logits: np.ndarray
    own: np.ndarray
    fed: FedText
    gradient: np.ndarray


class ReadTexts:
    """A batch of texts as they were read, with the edits so far: what further edits do is answered from it."""

    def __init__(
        self,
        box: "WhiteBox",
        kept: KeptContext,
        classifier: Classifier,
        attempts: Sequence[Attempt],
        fed: Sequence[FedText],
        logits: torch.Tensor,
        context: RowContext,
    ) -> None:
        """Keep the texts, their logits [B, C] and what their pieces had."""
        self.logits, self.attempts = logits.cpu().numpy(), attempts
        self._box, self._kept, self._classifier, self._fed, self._context = (
            box,
            kept,
            classifier,
            fed,
            context,
        )

    def answer(self, tries: Sequence[tuple[int, WordChoice]]) -> np.ndarray:
        """Return the logits [N, C] of further edits of the texts, NaN where a token is edited already or the budget is spent.

        The pieces that are computed are counted as parts of a row of their text.
        """
        changes: dict[int, list[tuple[int, PieceChange]]] = {}
        left = [attempt.left * len(fed.pieces) for attempt, fed in zip(self.attempts, self._fed, strict=True)]
        for number, (text, choice) in enumerate(tries):
            change = self._box.changed(self.attempts[text], self._fed[text], choice)
            if change is not None and left[text] > len(change.pieces):
                left[text] -= 1 + len(change.pieces)
                changes.setdefault(text, []).append((number, change))
        answers = np.full((len(tries), self.logits.shape[1]), np.nan, np.float32)
        texts = sorted(changes)
        sizes = [sum(1 + len(change.pieces) for _, change in changes[text]) for text in texts]

        def enter(some: list[int]) -> None:
            """Answer the changes of some texts."""
            picked = [texts[index] for index in some]
            rows = [(row, change) for row, text in enumerate(picked) for _, change in changes[text]]
            logits = self._kept.answer(self._context.of(picked), rows, self._classifier.logits)
            answers[[number for text in picked for number, _ in changes[text]]] = logits.cpu().numpy()

        self._classifier.in_batches(sizes, enter)
        for text, size in zip(texts, sizes, strict=True):
            self.attempts[text].forward += ceil(size / len(self._fed[text].pieces))
        return answers


class WhiteBox:
    """A classifier whose embeddings can be read and differentiated."""

    def __init__(self, classifier: Classifier) -> None:
        """Keep the classifier; texts are opened as they come."""
        self._classifier = classifier
        self._texts: dict[str, FedText] = {}
        self._words: dict[tuple[str, bool], tuple[int, ...]] = {}
        self._index: dict[int, int] = {}
        self._vectors = np.zeros((0, 1), np.float32)

    def open(self, rows: Sequence[AttackedText]) -> None:
        """Tokenize texts that are to be attacked, and forget those before."""
        classifier = self._classifier
        encodings = classifier.encode([row.text for row in rows], [row.text_pair for row in rows])
        wanted = {(word, spaced) for row in rows for word, spaced in map(_written, *_every(row))}
        self._learn(sorted(wanted))
        self._texts = {}
        for row, encoding in zip(rows, encodings, strict=True):
            owner = owners(row.spans, row.side, encoding.offsets, encoding.sides)
            ranges = _ranges(owner)
            uncut = len(encoding.pieces) < classifier.longest(row.text_pair is not None)
            own = {
                token
                for token, (begin, end) in ranges.items()
                if uncut and tuple(encoding.pieces[begin:end]) == self._words[_written(row, token)]
            }
            self._texts[row.id] = FedText(encoding.pieces, encoding.segments, ranges, frozenset(own))

    def answer(self, tries: Sequence[Try]) -> np.ndarray:
        """Return logits [N, C] float32."""
        fed = self._fed(tries)
        for attempt, _ in tries:
            attempt.forward += 1
        return np.asarray(
            self._classifier.answer([pieces for pieces, _ in fed], [kinds for _, kinds in fed]).numpy()
        )

    def confirm(self, tries: Sequence[Try]) -> list[Try]:
        """Return the tries whose whole text has other pieces than were spliced; they are spliced no more."""
        whole = self._whole(tries)
        spliced = self._fed(tries)
        wrong = []
        for each, one, other in zip(tries, whole, spliced, strict=True):
            if one[0] != other[0]:
                row = each[0].row
                fed = self._texts[row.id]
                self._texts[row.id] = FedText(fed.pieces, fed.segments, fed.ranges, frozenset())
                each[0].seen.clear()
                wrong.append(each)
        return wrong

    def slopes(self, attempts: Sequence[Attempt], goal: Goal) -> list[TextSlope]:
        """Return logits and the gradient of the margin at every piece of each text with the edits so far."""
        fed = [self._laid_out(attempt) for attempt in attempts]
        slopes: list[TextSlope | None] = [None] * len(attempts)
        parts = self._classifier.windows.of([each.pieces for each in fed], [each.segments for each in fed])

        def enter(rows: list[int]) -> None:
            """Differentiate one batch."""
            batch = self._classifier.batch(
                [fed[row].pieces for row in rows], [fed[row].segments for row in rows]
            )
            embeddings = self._classifier.embed(batch).detach().requires_grad_(True)
            with torch.enable_grad():
                logits = self._classifier.logits(batch, embeddings)
                answers = logits.detach().cpu().numpy()
                own = owns(goal, [attempts[row].own for row in rows], answers)
                margin = goal.margin(logits, torch.from_numpy(own).to(logits.device))
                (gradient,) = torch.autograd.grad(margin.sum(), embeddings)
            steps = gradient.float().cpu().numpy()
            for index, row in enumerate(rows):
                step = steps[index, : len(fed[row].pieces)]
                slopes[row] = TextSlope(answers[index], own[index], fed[row], step)

        if parts is None:
            self._classifier.in_batches([len(each.pieces) for each in fed], enter)
        else:
            slopes = list(self._over_windows(fed, parts, [attempt.own for attempt in attempts], goal))
        for attempt in attempts:
            attempt.forward += 1
            attempt.backward += 1
        return [slope for slope in slopes if slope is not None]

    @property
    def keeps_context(self) -> bool:
        """Whether candidates are to be answered from what the other pieces of a text had: in nets of few layers the gradient is good and cheap."""
        kept = self._classifier.kept_context
        return kept is not None and kept.layers > _SHALLOW

    def _is_one_window(self, fed: FedText) -> bool:
        """Return whether a text is read at once."""
        return self._classifier.windows.of([fed.pieces], [fed.segments]) is None

    def reads(self, attempt: Attempt) -> bool:
        """Return whether a text with the edits so far is read at once."""
        return self._is_one_window(self._laid_out(attempt))

    def read(self, attempts: Sequence[Attempt], work: Callable[[list[int], "ReadTexts"], None]) -> None:
        """Read texts with the edits so far, but those of several windows, and call `work` with the indices and the texts of each batch.

        It may be called twice with an index, where the memory of a device does not suffice at once.
        """
        kept, classifier = self._classifier.kept_context, self._classifier
        assert kept is not None
        laid_out = [self._laid_out(attempt) for attempt in attempts]
        read = [row for row, fed in enumerate(laid_out) if self._is_one_window(fed)]

        def enter(some: list[int]) -> None:
            """Read one batch."""
            rows = [read[index] for index in some]
            fed = [laid_out[row] for row in rows]
            batch = classifier.batch([each.pieces for each in fed], [each.segments for each in fed])
            with torch.no_grad():
                logits, context = kept.read(batch, classifier.logits)
            work(
                rows, ReadTexts(self, kept, classifier, [attempts[row] for row in rows], fed, logits, context)
            )

        for row in read:
            attempts[row].forward += 1
        classifier.in_batches([len(laid_out[row].pieces) for row in read], enter)

    def changed(self, attempt: Attempt, fed: FedText, choice: WordChoice) -> PieceChange | None:
        """Return what tokens that are not edited yet put into a text; None where one of them is edited or has gaps."""
        pieces: list[int] = []
        positions: list[int] = []
        gone: list[int] = []
        segments: list[int] = []
        for token, word in choice.items():
            span = _open_range(attempt, fed, token)
            if span is None:
                return None
            new = self._pieces_of(attempt.row, token, word)
            pieces += new
            # More pieces than there were are put where the next ones are, as those keep their positions too.
            positions += [min(span[0] + offset, len(fed.pieces) - 1) for offset in range(len(new))]
            gone += range(*span)
            segments += [fed.segments[span[0]]] * len(new)
        return PieceChange(tuple(pieces), tuple(positions), tuple(segments), tuple(gone))

    def _over_windows(
        self, fed: Sequence[FedText], parts: TextWindows, known: Sequence[np.ndarray | None], goal: Goal
    ) -> Iterator[TextSlope]:
        """Yield logits and gradients of texts of which some are read in windows: the margin is that of the pooled logits."""
        classifier = self._classifier
        pieces, segments = (
            parts.spread([each.pieces for each in fed]),
            parts.spread([each.segments for each in fed]),
        )
        answers = classifier.answer(pieces, segments).requires_grad_(True)
        with torch.enable_grad():
            pooled = parts.pooled(answers)
            whole = pooled.detach().numpy()
            own = owns(goal, known, whole)
            # What a logit of a window moves the margin by, [W, C].
            (shares,) = torch.autograd.grad(goal.margin(pooled, torch.from_numpy(own)).sum(), answers)
        gradients = [np.zeros((0, 0), np.float32)] * len(pieces)

        def enter(windows: list[int]) -> None:
            """Differentiate one batch."""
            batch = classifier.batch(
                [pieces[window] for window in windows], [segments[window] for window in windows]
            )
            embeddings = classifier.embed(batch).detach().requires_grad_(True)
            with torch.enable_grad():
                logits = classifier.logits(batch, embeddings)
                moved = (logits * shares[windows].to(logits.device)).sum()
                (gradient,) = torch.autograd.grad(moved, embeddings)
            for index, window in enumerate(windows):
                gradients[window] = gradient[index, : len(pieces[window])].float().cpu().numpy()

        classifier.in_batches([len(each) for each in pieces], enter)
        sums = [np.zeros((len(each.pieces), gradients[0].shape[1]), np.float32) for each in fed]
        for row, slots, gradient in zip(parts.row, parts.slots, gradients, strict=True):
            np.add.at(sums[row], slots, gradient)
        for row, each in enumerate(fed):
            yield TextSlope(whole[row], own[row], each, sums[row])

    def estimates(self, attempt: Attempt, slope: TextSlope) -> list[tuple[float, int, str]]:
        """Return (estimated change of the margin, token, word) for each candidate of each token that is not edited yet."""
        fed, gradient = slope.fed, slope.gradient
        ranges = {token: span for token in attempt.offers if (span := _open_range(attempt, fed, token))}
        pairs = [
            (token, word, self._words[word, spaced])
            for token, words in attempt.offers.items()
            if token in ranges
            for spaced in [_is_spaced(attempt.row, token)]
            for word in words
        ]
        self._embed(set(fed.pieces))
        tokens = list(dict.fromkeys(token for token, _, _ in pairs))
        sums = {token: len(gradient) + number for number, token in enumerate(tokens)}
        own = np.array([self._index[piece] for piece in fed.pieces])
        dots = np.einsum("td,td->t", gradient, self._vectors[own])
        means, totals = [], []
        before: dict[int, tuple[float, float]] = {}
        for token in tokens:
            begin, end = ranges[token]
            total = gradient[begin:end].sum(0)
            totals.append(total)
            means.append(float(total @ self._vectors[own[begin:end]].mean(0)))
            before[token] = (float(dots[begin:end].sum()), means[-1])
        if not pairs:
            return []
        rows, columns, weights, numbers, base = [], [], [], [], np.zeros(len(pairs))
        for number, (token, _, pieces) in enumerate(pairs):
            begin, end = ranges[token]
            even = len(pieces) == end - begin
            base[number] = before[token][0 if even else 1]
            for offset, piece in enumerate(pieces):
                rows.append(begin + offset if even else sums[token])
                columns.append(self._index[piece])
                weights.append(1.0 if even else 1.0 / len(pieces))
                numbers.append(number)
        slopes = np.concatenate([gradient, np.stack(totals)])
        products = np.einsum("kd,kd->k", slopes[rows], self._vectors[columns]) * np.array(weights)
        moved = np.bincount(numbers, products, len(pairs)) - base
        return [
            (float(change), token, word)
            for change, (token, word, _) in zip(np.round(moved, 5), pairs, strict=True)
        ]

    def learn(self, attempts: Sequence[Attempt]) -> None:
        """Cut the candidates of attempts into pieces, and look up the embeddings of these and of the texts, all at once."""
        names = self.cut(attempts)
        pieces = {piece for attempt in attempts for piece in self._texts[attempt.row.id].pieces}
        self._embed(pieces.union(*(self._words[name] for name in names)))

    def cut(self, attempts: Sequence[Attempt]) -> set[tuple[str, bool]]:
        """Cut the candidates of attempts into pieces, all at once, and return them, each with whether a space is before it."""
        names = {
            (word, spaced)
            for attempt in attempts
            for token, words in attempt.offers.items()
            for spaced in [_is_spaced(attempt.row, token)]
            for word in words
        }
        self._learn(sorted(names - self._words.keys()))
        return names

    def steepness(self, slope: TextSlope) -> dict[int, float]:
        """Return for each token the length of the gradient at its pieces."""
        return {
            token: round(float(np.linalg.norm(slope.gradient[begin:end], axis=-1).sum()), 5)
            for token, (begin, end) in slope.fed.ranges.items()
        }

    def _learn(self, words: Sequence[tuple[str, bool]]) -> None:
        """Cut new words into pieces, each as it is with or without a space before it."""
        new = [name for name in words if name not in self._words]
        tokenizer = self._classifier.tokenizer
        for begin in range(0, len(new), _WORDS_AT_ONCE):
            block = new[begin : begin + _WORDS_AT_ONCE]
            written = [f" {word}" if spaced else word for word, spaced in block]
            cut = tokenizer(
                written, add_special_tokens=False, return_attention_mask=False, return_token_type_ids=False
            )["input_ids"]
            for name, pieces in zip(block, cut, strict=True):
                self._words[name] = tuple(pieces)

    def _embed(self, pieces: set[int]) -> None:
        """Look up the embeddings of pieces that were not looked up before."""
        new = sorted(pieces - self._index.keys())
        if not new:
            return
        with torch.no_grad():
            ids = torch.tensor([new], device=self._classifier.device)
            vectors = self._classifier.embed({"input_ids": ids})[0].float().cpu().numpy()
        known = len(self._index)
        if known + len(new) > len(self._vectors):
            # Twice as many as are needed, so that texts do not copy all that was looked up before.
            room = np.zeros((2 * (known + len(new)), vectors.shape[1]), np.float32)
            room[:known] = self._vectors[:known]
            self._vectors = room
        self._vectors[known : known + len(new)] = vectors
        self._index |= {piece: known + number for number, piece in enumerate(new)}

    def _fed(self, tries: Sequence[Try]) -> list[tuple[list[int], list[int]]]:
        """Return pieces and segments of each try: spliced where that may be, else of its whole text."""
        spliced = [self._spliced(attempt.row, choice) for attempt, choice in tries]
        missing = [number for number, fed in enumerate(spliced) if fed is None]
        whole = dict(zip(missing, self._whole([tries[number] for number in missing]), strict=True))
        return [fed if fed is not None else whole[number] for number, fed in enumerate(spliced)]

    def _whole(self, tries: Sequence[Try]) -> list[tuple[list[int], list[int]]]:
        """Return pieces and segments of whole texts."""
        texts = [attempt.row.texts(choice) for attempt, choice in tries]
        encodings = self._classifier.encode([text for text, _ in texts], [pair for _, pair in texts])
        return [(encoding.pieces, encoding.segments) for encoding in encodings]

    def _spliced(self, row: AttackedText, choice: WordChoice) -> tuple[list[int], list[int]] | None:
        """Return pieces and segments with the pieces of a choice in place; None where they cannot be spliced."""
        fed, choice = self._texts[row.id], row.spread(choice)
        if not choice.keys() <= fed.spliced:
            return None
        pieces, kinds, done = [], [], 0
        for token in sorted(choice, key=lambda each: fed.ranges[each]):
            begin, end = fed.ranges[token]
            new = self._pieces_of(row, token, choice[token])
            pieces += [*fed.pieces[done:begin], *new]
            kinds += [*fed.segments[done:begin], *[fed.segments[begin]] * len(new)]
            done = end
        pieces += fed.pieces[done:]
        kinds += fed.segments[done:]
        longest = self._classifier.longest(row.text_pair is not None)
        return (pieces, kinds) if 0 < len(pieces) <= longest else None

    def _pieces_of(self, row: AttackedText, token: int, word: str) -> tuple[int, ...]:
        """Return the pieces of a replacement; none for a deletion."""
        if not word:
            return ()
        name = (word, _is_spaced(row, token))
        if name not in self._words:
            self._learn([name])
        return self._words[name]

    def _laid_out(self, attempt: Attempt) -> FedText:
        """Return a text with the edits so far as it is fed, with the ranges of its other tokens."""
        fed = self._texts[attempt.row.id]
        if not attempt.choice:
            return fed
        spliced = self._spliced(attempt.row, attempt.choice)
        if spliced is None:
            return self._shifted(attempt)
        choice = attempt.row.spread(attempt.choice)
        moved, ranges = 0, {}
        for token, (begin, end) in sorted(fed.ranges.items(), key=lambda item: item[1]):
            size = len(self._pieces_of(attempt.row, token, choice[token])) if token in choice else end - begin
            ranges[token] = (begin + moved, begin + moved + size)
            moved += size - (end - begin)
        return FedText(*spliced, ranges, fed.spliced)

    def _shifted(self, attempt: Attempt) -> FedText:
        """Return a text tokenized as a whole with the edits so far; its other tokens are where the edits moved them."""
        row = attempt.row
        text, pair = row.texts(attempt.choice)
        encoding = self._classifier.encode([text], [pair])[0]
        edited_tokens = row.spread(attempt.choice).keys()
        rest = [token for token in range(len(row.spans)) if token not in edited_tokens]
        sources, edited = (row.text, row.text_pair or ""), (text, pair or "")
        spans = _moved_spans(row, rest, sources, edited)
        owner = owners(
            [spans[token] for token in rest],
            [row.side[token] for token in rest],
            encoding.offsets,
            encoding.sides,
        )
        ranges = {rest[number]: span for number, span in _ranges(owner).items()}
        return FedText(encoding.pieces, encoding.segments, ranges, frozenset())


def _ranges(owner: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the range of pieces of each token; tokens whose pieces are not next to each other have none."""
    ranges: dict[int, tuple[int, int]] = {}
    broken: set[int] = set()
    for index, token in enumerate(owner):
        if token < 0:
            continue
        begin, end = ranges.get(token, (index, index))
        if end != index:
            broken.add(token)
        ranges[token] = (begin, index + 1)
    return {token: span for token, span in ranges.items() if token not in broken}


def _every(row: AttackedText) -> tuple[list[AttackedText], range]:
    """Return a row once for each of its tokens, and the tokens."""
    return [row] * len(row.spans), range(len(row.spans))


def _written(row: AttackedText, token: int) -> tuple[str, bool]:
    """Return a token as it is written, and whether a space is before it."""
    start, end = row.spans[token]
    whole = row.text if row.side[token] == 0 else row.text_pair or ""
    return whole[start:end], whole[start - 1 : start].isspace()


def _is_spaced(row: AttackedText, token: int) -> bool:
    """Return whether a space is before a token, or before the first of a group."""
    return _written(row, row.members(token)[0])[1]


def _open_range(attempt: Attempt, fed: FedText, token: int) -> tuple[int, int] | None:
    """Return the range of pieces of a token or group none of which is edited; None where it is edited or has gaps."""
    members, edited = attempt.row.members(token), attempt.row.spread(attempt.choice)
    spans = [fed.ranges[member] for member in members if member in fed.ranges and member not in edited]
    if len(spans) < len(members) or any(one[1] != two[0] for one, two in pairwise(spans)):
        return None
    return spans[0][0], spans[-1][1]


def _moved_spans(
    row: AttackedText, rest: Sequence[int], sources: tuple[str, str], edited: tuple[str, str]
) -> dict[int, tuple[int, int]]:
    """Return where unedited tokens are in the edited texts: each is looked for behind the one before it."""
    spans: dict[int, tuple[int, int]] = {}
    at = [0, 0]
    for token in rest:
        side = row.side[token]
        start, end = row.spans[token]
        word = sources[side][start:end]
        begin = edited[side].find(word, at[side])
        begin = at[side] if begin < 0 else begin
        spans[token] = (begin, begin + len(word))
        at[side] = begin + len(word)
    return spans
