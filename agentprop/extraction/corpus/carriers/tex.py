"""LaTeX → problems and their solutions: environments, exam questions, lists of exercises, footnotes, or labels.

An environment counts by the words in its name: `exercise`, `nexample`, `myproblem*` hold problems, `solution`, `sol`,
`answer` and `proof` what belongs to them, inside the problem or after it. An example whose first argument is a
sentence asks with it and answers in its body. A problem that ends in `\\footnotemark` is answered in the
`\\footnotetext` after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.prose import whole_text
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import Piece, join, problems
from agentprop.extraction.corpus.rows import Bad, Row, Rows

SOLUTIONS = re.compile(r"solution|^n?sol\d*$|soln|proof|lösung|loesung")
ANSWERS = re.compile(r"answer|^n?ans$")
QUESTIONS = re.compile(r"problem|question|exerc|exer$|example|^ex$|^n?exa?m?$|^prob$|^task$|^xca$|aufgabe|ejercicio")
SENTENCE = 4
"""Words that make the argument of an example its question."""
_BEGIN = re.compile(r"\\begin\s*\{(?P<name>[A-Za-z@]+)\*?\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")
_ITEM = re.compile(r"\\item\b(?:\s*\[[^\]]*\])?")
_ASKED = re.compile(r"\\(?:question|problem|exercise|ex|item)\b(?:\s*\[[^\]]*\])?")
_LABELS = re.compile(
    r"\\(?:textbf|textit|textsc|emph|paragraph|(?:sub)*section)\*?\s*\{\s*((?:Problem|Exercise|Question|Solution|Answer|Proof)"
    r"(?:\s+\d+(?:\.\d+)*)?)\s*[.:]?\s*\}\s*[.:]?",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\\(?:label|index|vspace|hspace|pagebreak|marginpar)\*?\s*\{[^{}]*\}|\\(?:noindent|footnotemark|newpage)\b"
)


class _Environment(NamedTuple):
    """An environment with its place in the text."""

    name: str
    start: int
    end: int
    body: str


def read_tex(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem, with the solution and answer that belong to it."""
    text = whole_text(file)
    yield from [text] if isinstance(text, Bad) else tex_problems(text)


def tex_problems(text: str) -> Iterator[Row | Bad]:
    """The problems of a LaTeX text in order; one `Bad` if there is none."""
    bare = _COMMENT.sub(r"\1", text.replace("\r\n", "\n"))
    rows = join(list(_pieces(bare, 0, len(bare))))
    if rows:
        yield from rows
    else:
        yield from problems(_UNSEEN.sub("", _LABELS.sub(r"\n\1:\n", bare)))


def _pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    """The parts between two places, in order."""
    for one in _environments(text, start, end):
        kind = _kind(one.name)
        inner = list(_environments(text, one.end - len(one.body), one.end))
        if (kind == "question" and any(_kind(other.name) == "question" for other in inner)) or not kind:
            yield from _pieces(text, one.start, one.end)  # a wrapper
        elif kind == "question" and one.name.endswith("s") and _ASKED.search(one.body):
            yield from _list_of_questions(one.body)
        elif kind == "question":
            yield from _question(one.body, text[one.end : one.end + 20_000])
        elif one.name.endswith("s") and _ITEM.search(one.body):
            yield from (Piece(kind, str(n), _clean(item)) for n, item in enumerate(_split(_ITEM, one.body), 1))
        else:
            yield Piece(kind, "", _clean(one.body))


def _kind(name: str) -> str:
    """Which part an environment of this name is; nothing for any other."""
    lowered = name.lower()
    if SOLUTIONS.search(lowered):
        return "solution"
    if ANSWERS.search(lowered):
        return "answer"
    return "question" if QUESTIONS.search(lowered) else ""


def _environments(text: str, start: int, end: int) -> Iterator[_Environment]:
    """The outermost environments between two places that are, or hold, a part; others are looked into."""
    place = start
    while match := _BEGIN.search(text, place, end):
        name = match["name"]
        close = _end_of(text, name, match.end(), end)
        if close is None:
            place = match.end()
        elif _kind(name):
            yield _Environment(name, match.end(), close[0], text[match.end() : close[0]])
            place = close[1]
        else:
            place = match.end()  # an ordinary environment: what is inside counts by itself


def _end_of(text: str, name: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the environment that began before `start` ends: (end of its body, end of its \\end)."""
    depth = 1
    for match in re.compile(rf"\\(begin|end)\s*\{{{name}\*?\}}").finditer(text, start, end):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.start(), match.end()
    return None


def _question(body: str, after: str) -> Iterator[Piece]:
    """A problem: with the solution inside it, in its body after its argument, or in a footnote."""
    body = re.sub(r"^\s*\[[^\]]*\]", "", body)
    argument = _argument(body)
    if argument and len(argument.split()) >= SENTENCE:
        yield Piece("question", "", _clean(argument))
        yield Piece("solution", "", _clean(body.strip()[len(argument) + 2 :]))
        return
    if argument is not None:  # a title, or points
        body = body.strip()[len(argument) + 2 :]
    inner = [one for one in _environments(body, 0, len(body)) if _kind(one.name) in ("solution", "answer")]
    cut = min((body.rfind("\\begin", 0, one.start) for one in inner), default=len(body))
    yield Piece("question", "", _clean(body[:cut]))
    yield from (Piece(_kind(one.name), "", _clean(one.body)) for one in inner)
    if r"\footnotemark" in body:
        note = re.search(r"\\footnotetext(?:\[[^\]]*\])?\s*(?=\{)", after)
        if note and (said := _argument(after[note.end() :])):
            yield Piece("solution", "", _clean(said))


def _list_of_questions(body: str) -> Iterator[Piece]:
    """The questions of the exam class, or a list of exercises; numbers pair them with a list of answers."""
    for number, item in enumerate(_split(_ASKED, body), 1):
        for piece in _question(item, ""):
            yield piece._replace(number=str(number) if piece.part == "question" else "")


def _split(mark: re.Pattern[str], body: str) -> list[str]:
    places = [*(match.end() for match in mark.finditer(body))]
    ends = [*(match.start() for match in mark.finditer(body)), len(body)][1:]
    return [body[start:end] for start, end in zip(places, ends, strict=True)]


def _argument(text: str) -> str | None:
    """The content of the brace that begins the text."""
    text = text.lstrip()
    if not text.startswith("{"):
        return None
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[1:place]
    return None


def _clean(text: str) -> str:
    """Text without what is not seen on the page."""
    return re.sub(r"\n\s*\n+", "\n\n", _UNSEEN.sub("", text)).strip()


CARRIER = Carrier("LaTeX", (".tex", ".latex"), read_tex, encoded=True, text=whole_text)
