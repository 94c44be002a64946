"""A question that was read → what of its text the reading needs: numbers, relations and qualifying words, one by one.

A number is needed if the computation uses it, and a relation or a word if the text without it cannot be read, or says
something else. What is not needed is *idle*: a remark, or a condition that the reader took for one.

    >>> from agentprop.extraction.mining.question.reading import readings
    >>> found = ablation(readings("Find the sum of all positive integers less than $9$ that are odd."), {"odd", "all"})
    >>> found.numbers, found.words, found.idle
    (1, ('odd',), ('all',))
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.question.reading import Readings
from agentprop.extraction.mining.question.same_meaning import meaning_of, programs_of
from agentprop.extraction.mining.question.text import Piece, QuestionText

MOST = 16
"""Relations and words that are left out of one question; each is a reading."""
_RELATION = re.compile(r"=|<|>|\\(?:leq?|geq?|neq?|equiv|in|mid|mapsto|to)(?![A-Za-z])")


@dataclass(frozen=True)
class Ablation:
    """What the reading of a question needs."""

    numbers: int
    """Numbers that the computation uses."""
    relations: tuple[str, ...]
    """Formulas with a relation without which the question reads otherwise, or not at all."""
    words: tuple[str, ...]
    """Qualifying words likewise."""
    idle: tuple[str, ...]
    """Numbers, relations and words that nothing depends on."""
    unseen: int
    """Numbers of the computation that do not stand in the text where they should; 0 unless the reader errs."""

    def told(self) -> str:
        """What was found, in a clause."""
        parts = (
            _counted(self.numbers, "number"),
            _counted(len(self.relations), "relation"),
            f"{_counted(len(self.words), 'qualifier')}{_listed(self.words)}",
        )
        needed = f"{parts[0]}, {parts[1]} and {parts[2]} of the text are needed, each of them left out in turn"
        return f"{needed}; idle: {', '.join(self.idle)}" if self.idle else needed


def ablation(understood: Readings, qualifiers: Collection[str]) -> Ablation:
    """Leave out every relation and qualifying word in turn, and look which numbers the computation uses."""
    question = understood.question
    used = {int(slot) for one in understood.values for slot in re.findall(r"\bn(\d+)\b", one.program.solve)}
    seen = {slot for slot in used if _stands(question, slot)}
    idle = [token.text for slot, token in enumerate(question.numerals) if slot not in used]
    meaning = programs_of(understood)
    relations, words = list[str](), list[str]()
    for number, piece in enumerate(_candidates(question.pieces, qualifiers)):
        if number == MOST:
            break
        found = relations if piece.kind == "formula" else words
        needed = _reads_otherwise(_without(question.source, piece), meaning)
        (found if needed else idle).append(piece.text)
    return Ablation(len(seen), tuple(relations), tuple(words), tuple(idle), len(used - seen))


def _stands(question: QuestionText, slot: int) -> bool:
    if slot >= len(question.numerals):
        return False
    token = question.numerals[slot]
    return question.source[token.start : token.end] == token.text


def _candidates(pieces: Collection[Piece], qualifiers: Collection[str]) -> Iterator[Piece]:
    for piece in pieces:
        if (piece.kind == "formula" and _RELATION.search(piece.text)) or (
            piece.kind == "word" and piece.text in qualifiers
        ):
            yield piece


def _without(source: str, piece: Piece) -> str:
    """The text without a piece, and without the dollars that stood around it."""
    start, end = piece.start, piece.end
    if piece.kind == "formula" and source[start - 1 : start] == "$" and source[end : end + 1] == "$":
        start, end = start - 1, end + 1
    return re.sub(r"[ ]{2,}", " ", f"{source[:start].rstrip()} {source[end:].lstrip()}").strip()


def _reads_otherwise(text: str, meaning: frozenset[str]) -> bool:
    try:
        return meaning_of(text) != meaning
    except Refusal:
        return True


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(words: Collection[str]) -> str:
    return f" ({', '.join(dict.fromkeys(words))})" if words else ""
