"""Prose → the problems it labels, each with the solution and answer that belong to it.

Labels are lines such as `Problem 3:`, `## Solution`, `**Exercise 1.2.**`, `Q: …`, or directives such as `{exercise}`. A
solution belongs to the problem before it, or to the one of its number where solutions stand apart. Under headings, say
`Exercises` and `Solutions`, the items of numbered lists are problems and solutions; items before a list of answers are
problems. So are numbered items and headed sections that hold a labelled solution each, the rows of a table with a
column of questions, and options that a line such as `ANSWER: B` ends.
Without any of these, lines that take turns as questions and short answers are read as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from agentprop.extraction.corpus.gift import gift_questions
from agentprop.extraction.corpus.layout.names import asks
from agentprop.extraction.corpus.rows import Bad, Row

LABELS = {
    "question": "problem question exercise task prompt q aufgabe exercice ejercicio esercizio",
    "solution": "worked~solution detailed~solution solution rationale explanation proof lösung solución soluzione",
    "answer": "final~answer answer ans a antwort réponse respuesta",
}
"""Part → its labels; `~` stands for a space."""
HEADINGS = {
    "question": "problems questions exercises tasks homework aufgaben exercices",
    "solution": "solutions answers~and~solutions hints~and~solutions worked~solutions lösungen",
    "answer": "answers answer~key key~to~exercises",
}
"""Part → headings of lists of it."""
SHORT = 60
"""Longest line that can be the answer to the line before it, in characters."""
TURNS = 0.8
"""Share of pairs of lines that must look like a question and its answer."""


def _alternatives(labels: dict[str, str]) -> dict[str, str]:
    return {name.replace("~", " "): part for part, names in labels.items() for name in names.split()}


def _either(names: Sequence[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_PARTS = _alternatives(LABELS)
_LISTS = _alternatives(HEADINGS)
_LONG = _either([name for name in _PARTS if len(name) > 1])
_NUMBER = r"(?:(?:no\.?|nr\.?|\#)[ \t]*)?(?P<number>\d+(?:[.\-]\d+)*[a-z]?)"
_OF = rf"(?:[ \t]+(?:to|of|for)[ \t]+(?:the[ \t]+)?(?:{_LONG}))?"
_BOLD = r"(?:\*\*|__|\*|_)?"
_LABEL = re.compile(
    rf"^[ \t]*(?:>[ \t]*)?(?:#{{1,6}}[ \t]*)?{_BOLD}(?:(?P<label>{_LONG}){_OF}(?:[ \t]*{_NUMBER})?[ \t]*"
    rf"(?:\([^()\n]{{0,60}}\)[ \t]*)?(?:{_BOLD}[:.]{_BOLD}(?=\s|$)|{_BOLD}[ \t]*$)"
    rf"|(?P<letter>[qa])[ \t]*(?P<count>\d*){_BOLD}(?::|(?<=\d)[.)]){_BOLD}(?=\s))",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(
    rf"^[ \t]*(?:#{{1,6}}[ \t]*|(?:\*\*|__))?(?:\d+(?:\.\d+)*\.?[ \t]+)?(?P<label>{_either(list(_LISTS))})"
    r"(?:\*\*|__)?:?[ \t]*#*[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ITEM = re.compile(r"^[ ]{0,3}(?:\*\*)?(?:\((?P<inner>\d+)\)|(?P<number>\d+)[.)])(?:\*\*)?[ \t]+(?=\S)", re.MULTILINE)
_OTHER_HEADING = re.compile(r"^#{1,6}[ \t]+\S", re.MULTILINE)
_DIRECTIVE = re.compile(
    rf"^(?P<fence>`{{3,}}|:{{3,}}|~{{3,}})\{{(?P<part>{_LONG})\}}(?P<title>.*)\n(?P<options>(?:[ \t]*:\w+:.*\n)*)"
    r"(?P<body>(?:.*\n)*?)(?P=fence)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_DIRECTIVE_LABEL = re.compile(r":label:[ \t]*(\S+)")
_FOLDED = re.compile(r"</?details[^>]*>|</?summary[^>]*>")
_CHOICE = re.compile(r"^ANSWER:[ \t]*([A-Z])[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-| :\t]*")


class LabelledPart(NamedTuple):
    """A stretch of text that is one part of a problem."""

    part: str
    """question, solution or answer."""
    number: str
    """The number it carries, if any."""
    body: str
    """Its text."""


def problems(text: str) -> Iterator[Row | Bad]:
    """The problems of a text in order; one `Bad` if there is none."""
    text = text.replace("\r\n", "\n")
    readers: tuple[Callable[[str], list[Row]], ...] = (
        lambda text: join(_directed(text)),
        lambda text: join([*_listed(text), *_labelled(text)]),
        _tabled,
        _chosen,
        gift_questions,
        lambda text: join(_itemised(text)),
        lambda text: join(_headed(text)),
        lambda text: join(_in_turns(text)),
    )
    found = next((rows for read in readers if (rows := read(text))), [])
    yield from found
    if not found and text.strip():
        yield Bad("no-question", "the file labels no problem", text.strip()[:200])


def join(pieces: Sequence[LabelledPart]) -> list[Row]:
    """Problems with what belongs to them: by number if a piece has one that is not its neighbour's, else by place."""
    rows: list[Row] = []
    numbers: list[str] = []
    for piece in pieces:
        if piece.part == "question":
            rows.append({"question": piece.body})
            numbers.append(piece.number)
            continue
        place = _owner(piece, rows, numbers)
        if place is not None:
            row = rows[place]
            row[piece.part] = f"{row[piece.part]}\n{piece.body}" if piece.part in row else piece.body
    return [row for row in rows if row["question"]]


def _owner(piece: LabelledPart, rows: Sequence[Row], numbers: Sequence[str]) -> int | None:
    """Which problem a solution belongs to: the last one of its number that has none yet, else the last."""
    if not rows:
        return None
    if piece.number and piece.number != numbers[-1]:
        return next(
            (i for i in reversed(range(len(rows))) if numbers[i] == piece.number and piece.part not in rows[i]), None
        )
    return len(rows) - 1


def _directed(text: str) -> list[LabelledPart]:
    """Directives of MyST; a solution names the label of its exercise."""
    pieces = []
    for found in _DIRECTIVE.finditer(text):
        part = _PARTS[found["part"].lower()]
        label = _DIRECTIVE_LABEL.search(found["options"])
        number = (label[1] if label else "") if part == "question" else found["title"].strip()
        pieces.append(LabelledPart(part, number, _body(found["body"])))
    return pieces if any(piece.part == "question" for piece in pieces) else []


def _labelled(text: str) -> list[LabelledPart]:
    """The stretches that labels begin, up to the next label; nothing if no label is one of a problem."""
    text = _FOLDED.sub("\n", text)
    pieces = [_piece(label, body) for label, body in _stretches(_LABEL, text)]
    return pieces if any(piece.part == "question" for piece in pieces) else []


def _stretches(mark: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each mark with the text up to the next one."""
    matches = list(mark.finditer(text))
    ends = [*(match.start() for match in matches[1:]), len(text)]
    return ((match, text[match.end() : end]) for match, end in zip(matches, ends, strict=False))


def _piece(label: re.Match[str], body: str) -> LabelledPart:
    name = (label["label"] or label["letter"]).lower()
    body = body.replace("**", "", 1) if label[0].count("**") % 2 else body  # `**Q: What is 2 + 3?**`
    return LabelledPart(_PARTS[name], label["number"] or label["count"] or "", _body(body))


def _itemised(text: str) -> list[LabelledPart]:
    """Numbered items that hold a solution with a label each; what stands before it is the problem."""
    pieces: list[LabelledPart] = []
    for _, body in _stretches(_ITEM, text):
        if label := _LABEL.search(body):
            pieces.append(LabelledPart("question", "", _body(body[: label.start()])))
            pieces += [_piece(label, said) for label, said in _stretches(_LABEL, body)]
    return pieces


def _headed(text: str) -> list[LabelledPart]:
    """Sections that hold a solution with a label each; what stands before it is the problem, else their heading."""
    pieces: list[LabelledPart] = []
    text = _FOLDED.sub("\n", text)
    for heading, body in _stretches(re.compile(r"^#{1,6}[ \t]+(\S.*)", re.MULTILINE), text):
        if label := _LABEL.search(body):
            pieces.append(LabelledPart("question", "", _body(body[: label.start()]) or _body(heading[1])))
            pieces += [_piece(label, said) for label, said in _stretches(_LABEL, body)]
    return pieces


def _tabled(text: str) -> list[Row]:
    """The rows of Markdown tables with a column of questions."""
    rows: list[Row] = []
    names: list[str] = []
    lines = text.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if "|" not in line:
            names = []
        elif "|" in following and _RULE.fullmatch(following):
            names = _cells(line) if any(map(asks, _cells(line))) else []
        elif names and not _RULE.fullmatch(line):
            rows.append(dict(zip(names, _cells(line), strict=False)))
    return rows


def _chosen(text: str) -> list[Row]:
    """Questions with lettered options that a line such as `ANSWER: B` ends each (Aiken)."""
    ends = list(_CHOICE.finditer(text))
    begins = [0, *(end.end() for end in ends[:-1])]
    blocks = [(text[begin : end.start()].strip(), end[1]) for begin, end in zip(begins, ends, strict=False)]
    return [{"question": block, "answer": letter} for block, letter in blocks if re.search(r"^A[.)] ", block, re.M)]


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _listed(text: str) -> list[LabelledPart]:
    """The items of numbered lists under headings such as Exercises and Solutions."""
    pieces: list[LabelledPart] = []
    headings = list(_HEADING.finditer(text))
    parts = [_LISTS[heading["label"].lower()] for heading in headings]
    if parts and "question" not in parts and not _LABEL.search(text[: headings[0].start()]):
        pieces = [_item("question", *one) for one in _stretches(_ITEM, text[: headings[0].start()])]
    for heading in headings:
        after = _OTHER_HEADING.search(text, heading.end())
        section = text[heading.end() : after.start() if after else len(text)]
        following = next((other.start() for other in headings if other.start() > heading.start()), len(text))
        section = section[: following - heading.end()]
        part = _LISTS[heading["label"].lower()]
        for item, body in _stretches(_ITEM, section):
            if not _LABEL.search(body):  # labelled there, it is read from its labels
                pieces.append(_item(part, item, body))
    return pieces


def _item(part: str, item: re.Match[str], body: str) -> LabelledPart:
    return LabelledPart(part, item["number"] or item["inner"], _body(body))


def _in_turns(text: str) -> list[LabelledPart]:
    """Lines that take turns, a question, its answer, a question, …; or lines that hold both, with a tab between."""
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
    if all(line.count("\t") == 1 for line in lines):  # flash cards
        lines = [side.strip() for line in lines for side in line.split("\t")]
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    asking = [line for line, answer in pairs if _asks(line) and len(answer) <= SHORT and not answer.endswith("?")]
    if len(lines) % 2 or len(pairs) < 2 or len(asking) < TURNS * len(pairs):
        return []
    return [
        piece
        for line, answer in pairs
        for piece in (LabelledPart("question", "", line), LabelledPart("answer", "", answer))
    ]


def _asks(line: str) -> bool:
    return line.endswith("?") or (line.endswith(".") and len(line.split()) > 2)


def _body(text: str) -> str:
    """A stretch without the rule that ends it."""
    return re.sub(r"\n(?:-{3,}|\*{3,}|_{3,}|={3,})\s*$", "", text.strip()).strip()
