"""LaTeX → problems and their solutions: environments, exam questions, lists of exercises, footnotes, or labels.

An environment counts by the words in its name: `exercise`, `nexample`, `myproblem*` hold problems, `solution`, `sol`,
`answer` and `proof` what belongs to them, inside the problem or after it. An example whose first argument is a
sentence asks with it and answers in its body. A problem that ends in `\\footnotemark` is answered in the
`\\footnotetext` after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.prose import whole_text
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import LabelledPart, join, problems
from agentprop.extraction.corpus.layout.options import LETTERS
from agentprop.extraction.corpus.rows import Bad, Row, Rows

SOLUTIONS = re.compile(r"solution|^n?sol\d*$|soln|proof|lösung|loesung")
ANSWERS = re.compile(r"answer|^n?ans$")
QUESTIONS = re.compile(r"problem|question|exerc|exer$|example|^ex$|^n?exa?m?$|^prob$|^task$|^xca$|aufgabe|ejercicio")
SENTENCE = 4
"""Words that make the argument of an example its question."""
AFTER = 20_000
"""Characters after a problem in which the footnote with its solution is looked for."""
_MARK = re.compile(r"\\(?P<what>begin|end)\s*\{(?P<name>[A-Za-z@]{1,60})\*?\}")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")
_ITEM = re.compile(r"\\item\b(?:\s*\[[^\]]*\])?")
_LIST = re.compile(r"\s*\\(?P<what>begin|end)\s*\{enumerate\}(?:\[[^\]]*\])?")
_SECTION = re.compile(r"\\(?:sub)*(?:section|paragraph)\*?\s*\{([^{}]*)\}")
_ASKED = re.compile(r"\\(?:question|problem|exercise|ex|item)\b(?:\s*\[[^\]]*\])?")
_LABELS = re.compile(
    r"\\(?:textbf|textit|textsc|emph|paragraph|(?:sub)*section)\*?\s*\{\s*((?:Problem|Exercise|Question|Solution|Answer|Proof)"
    r"(?:\s+\d+(?:\.\d+)*)?)\s*[.:]?\s*\}\s*[.:]?",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\\(?:label|index|vspace|hspace|pagebreak|marginpar)\*?\s*\{[^{}]*\}"
    r"|\\(?:noindent|footnotemark|newpage|qed|qedhere|qedsymbol)\b"
)
_CHOICES = re.compile(r"\\begin\{(choices|oneparchoices|checkboxes)\}(.*?)\\end\{\1\}", re.DOTALL)
_CHOICE = re.compile(r"\\([cC]orrect[cC]hoice|choice)\b")
_PARTS = re.compile(r"\\begin\{(?P<sub>(?:sub)*)parts\}(?P<body>.*?)\\end\{(?P=sub)parts\}", re.DOTALL)
_OPTIONAL = re.compile(r"\A\s*\[[^\]]*\]")


class _Environment(NamedTuple):
    """An environment with its places in the text."""

    kind: str
    """question, solution or answer; empty for any other."""
    several: bool
    """Whether its name is a plural: it is a list of them."""
    start: int
    """Where its body begins."""
    stop: int
    """Where its body ends."""
    end: int
    """Where it ends."""


def read_tex(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem, with the solution and answer that belong to it."""
    text = whole_text(file)
    yield from [text] if isinstance(text, Bad) else tex_problems(text)


def tex_problems(text: str) -> Iterator[Row | Bad]:
    """The problems of a LaTeX text in order; one `Bad` if there is none."""
    bare = _CHOICES.sub(_lettered, _COMMENT.sub(r"\1", text.replace("\r\n", "\n")))
    rows = join(list(_pieces(bare)))
    if rows:
        yield from rows
    else:
        yield from problems(_UNSEEN.sub("", _listed(_LABELS.sub(r"\n\1:\n", bare))))


def _lettered(choices: re.Match[str]) -> str:
    """The choices of the exam class on lines of their own, and the letter of the one that is marked as right."""
    marks = list(_CHOICE.finditer(choices[2]))
    ends = [*(mark.start() for mark in marks[1:]), len(choices[2])]
    said = [choices[2][mark.end() : end].strip() for mark, end in zip(marks, ends, strict=False)]
    lines = "".join(f"\n({letter}) {text}" for letter, text in zip(LETTERS, said, strict=False))
    right = [letter for letter, mark in zip(LETTERS, marks, strict=False) if mark[1] != "choice"]
    return lines + (f"\n\\begin{{answer}}{right[0]}\\end{{answer}}" if len(right) == 1 else "")


def _listed(text: str) -> str:
    """A text whose sections are headings, and the items of whose lists are numbered."""
    number = depth = 0
    lines = []
    for line in _SECTION.sub(r"\n# \1\n", text).split("\n"):
        mark = _LIST.match(line)
        if mark:
            depth += 1 if mark["what"] == "begin" else -1
            number = 0 if depth == 1 and mark["what"] == "begin" else number
            line = line[: mark.start()] + line[mark.end() :]
        elif depth == 1 and (item := _ITEM.match(line.lstrip())):
            number += 1
            line = f"{number}. {line.lstrip()[item.end() :].strip()}"
        lines.append(line)
    return "\n".join(lines)


def _pieces(text: str) -> Iterator[LabelledPart]:
    """The parts of a text in order; a problem that holds problems is a wrapper around them."""
    found = _environments(text)
    wrappers = _wrappers(found)
    done = 0
    for one in found:
        if one.start < done or one in wrappers:
            continue
        body = text[one.start : one.stop]
        if one.kind == "question" and one.several and _ASKED.search(body):
            yield from _list_of_questions(body)
        elif one.kind == "question":
            yield from _question(body, text[one.end : one.end + AFTER])
        elif one.several and _ITEM.search(body):
            yield from (LabelledPart(one.kind, str(n), _clean(item)) for n, item in enumerate(_split(_ITEM, body), 1))
        else:
            yield LabelledPart(one.kind, "", _clean(body))
        done = one.end


def _wrappers(found: Sequence[_Environment]) -> set[_Environment]:
    """Problems that hold the problem that begins next."""
    asked = [one for one in found if one.kind == "question"]
    return {one for one, following in pairwise(asked) if following.start < one.stop}


def _kind(name: str) -> str:
    """Which part an environment of this name is; nothing for any other."""
    lowered = name.lower()
    if SOLUTIONS.search(lowered):
        return "solution"
    if ANSWERS.search(lowered):
        return "answer"
    return "question" if QUESTIONS.search(lowered) else ""


def _environments(text: str) -> list[_Environment]:
    """The environments that are parts, by where they begin; ends are matched with the last open begin of their name."""
    begun: dict[str, list[re.Match[str]]] = {}
    found: list[_Environment] = []
    for match in _MARK.finditer(text):
        name = match["name"]
        kind = _kind(name)
        if not kind:
            continue
        if match["what"] == "begin":
            begun.setdefault(name, []).append(match)
        elif begun.get(name):
            begin = begun[name].pop()
            found.append(_Environment(kind, name.endswith("s"), begin.end(), match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


def _question(body: str, after: str) -> Iterator[LabelledPart]:
    """A problem: with the solution inside it, in its body after its argument, or in a footnote."""
    body = re.sub(r"^\s*\[[^\]]*\]", "", body)
    argument = _argument(body)
    if argument and len(argument.split()) >= SENTENCE:
        yield LabelledPart("question", "", _clean(argument))
        yield LabelledPart("solution", "", _clean(body.strip()[len(argument) + 2 :]))
        return
    if argument is not None:  # a title, or points
        body = body.strip()[len(argument) + 2 :]
    inner = [one for one in _environments(body) if one.kind != "question"]
    cut = min((body.rfind("\\begin", 0, one.start) for one in inner), default=len(body))
    yield LabelledPart("question", "", _clean(body[:cut]))
    inside = (
        (one.kind, _OPTIONAL.sub("", body[one.start : one.stop], count=1)) for one in inner
    )  # `[1in]`: room to write
    yield from (LabelledPart(kind, "", _clean(text)) for kind, text in inside)
    if r"\footnotemark" in body:
        note = re.search(r"\\footnotetext(?:\[[^\]]*\])?\s*(?=\{)", after)
        if note and (said := _argument(after[note.end() :])):
            yield LabelledPart("solution", "", _clean(said))


def _list_of_questions(body: str) -> Iterator[LabelledPart]:
    """The questions of the exam class, or a list of exercises; numbers pair them with a list of answers."""
    for number, item in enumerate(_split(_ASKED, body), 1):
        asked = _parts_of(item)
        for place, part in enumerate(asked):
            name = f"{number}{LETTERS[place % 26].lower()}" if len(asked) > 1 else str(number)
            for piece in _question(part, ""):
                yield piece._replace(number=name if piece.part == "question" else "")


def _parts_of(item: str) -> list[str]:
    """A question of several parts as one question each, after what all of them speak of; any other as it is."""
    found = _PARTS.search(item)
    if found is None:
        return [item]
    mark = re.compile(rf"\\{found['sub']}part\b(?:\s*\[[^\]]*\])?")
    return [
        one for part in _split(mark, found["body"]) for one in _parts_of(f"{item[: found.start()]}\n{part.strip()}")
    ]


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
