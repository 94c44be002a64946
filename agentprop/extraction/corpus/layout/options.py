"""Options of a multiple-choice question, in whatever form → labels and texts; and the one that a gold names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from agentprop.extraction.corpus.layout.shapes import text_of, unpacked

Form = Literal["text", "letter", "index from 0", "index from 1", ""]
"""How a gold names an option."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LABELLED = re.compile(r"\s*(?:\(([A-Za-z]|\d{1,2})\)|\[([A-Za-z])\]|([A-Za-z])\s*[).:])\s*(.*)", re.DOTALL)
_MARK = r"(?:[(\[]([A-Za-z])[)\]]|(?<![A-Za-z\\])([A-Za-z])\s*[).:](?=\s|\S))"
_INLINE = re.compile(rf"(?:^|[\s,;|$]){_MARK}\s*")
_SET_MARK = re.compile(
    r"\\(?:textbf|mathrm|mathbf|text|textrm|textsf|rm|bf)\s*\{\s*(\([A-J]\))(?:\s|~|\\ )*\}(?:\s|~|\\[ ,;:!])*"
)
"""The mark of an option in a font of its own."""
_COLUMN = re.compile(r"(?:option|choice|opt|answer|ans)[ _-]?(?=[A-Za-z0-9]{1,2}$)", re.IGNORECASE)
"""How a gold begins that names the column of an option: `option_2`."""
_NAMED = re.compile(
    r"\s*(?:the\s+)?(?:correct\s+)?(?:option|choice|answer)?\s*(?:is)?\s*:?\s*[(\[]?\s*([A-Za-z])\s*[)\].:]?\s*", re.I
)
_LABEL_KEYS, _TEXT_KEYS = (
    ("label", "labels", "key", "letter", "id", "identifier", "aoVal", "aid"),
    ("text", "choices", "value", "content", "option", "options", "answer", "atext"),
)


_RIGHT_KEYS = ("correct", "is_correct", "isCorrect", "isRight", "fraction")
_MARKS: dict[Any, int] = {0: 0, 1: 1, 100: 1, "0": 0, "1": 1, "100": 1}
"""How an option is marked as wrong or right; Moodle gives it percents."""


class Option(NamedTuple):
    """One of the options."""

    label: str
    """What names it, in upper case."""
    text: str
    """What it says."""


def read_options(value: Any) -> list[Option]:
    """The options that a field holds, in order; none if it holds no options."""
    value = unpacked(value)
    if isinstance(value, str):
        return split_inline(f" {value}")[1]
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if not isinstance(value, list) or len(value) < 2:
        return []
    if all(isinstance(item, list) and len(item) == 1 for item in value):
        value = [item[0] for item in value]
    if all(isinstance(item, Mapping) for item in value):
        pairs = [(_first(item, _LABEL_KEYS), _first(item, _TEXT_KEYS)) for item in value]
        return _numbered(pairs) if all(text for _, text in pairs) else []
    texts = [_shown(item) for item in value]
    return _stripped(texts) if all(texts) else []


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else text_of(value).strip()


def _of_mapping(value: Mapping[str, Any]) -> list[Option]:
    """`{"A": …, "B": …}`, or labels and texts in two lists."""
    texts = next((value[name] for name in _TEXT_KEYS if isinstance(value.get(name), list)), None)
    if texts is not None:
        labels: list[Any] = next((value[name] for name in _LABEL_KEYS if isinstance(value.get(name), list)), [])
        marks = (
            [str(label) for label in labels] if len(labels) == len(texts) and not marked(value) else [""] * len(texts)
        )
        return _numbered(list(zip(marks, map(_shown, texts), strict=True)))
    if _is_scored(value):
        return _numbered([("", text) for text in value])
    pairs = [(str(name), _shown(text)) for name, text in value.items() if text is not None]
    if len(pairs) < 2 or not all(len(name) <= 8 and text for name, text in pairs):
        return []
    return _numbered([(name[-1:] if name[-1:].isalnum() else name, text) for name, text in pairs])


def _is_scored(value: Mapping[str, Any]) -> bool:
    """Whether texts stand with a score each, 1 for what is right and 0 for the others."""
    scores = all(type(score) in (int, float) and score in (0, 1) for score in value.values())
    return scores and len(value) > 1 and not set(value) <= set(LETTERS)


def marked(value: Any) -> int | None:
    """Which of the options is marked as true with a 1 among zeros."""
    marks: Any = None
    if isinstance(value, Mapping):
        marks = list(value.values()) if _is_scored(value) else value.get("labels") or value.get("label")
    elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        marks = [next((item[name] for name in _RIGHT_KEYS if name in item), None) for item in value]
    if not isinstance(marks, list) or any(isinstance(mark, dict | list) for mark in marks):
        return None
    found = [_MARKS.get(mark) for mark in marks]
    return found.index(1) if found.count(1) == 1 and None not in found else None


def _first(item: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := _shown(item.get(name)))), "")


def _numbered(pairs: Sequence[tuple[str, str]]) -> list[Option]:
    return [Option(label.strip().upper() or LETTERS[i % 26], text) for i, (label, text) in enumerate(pairs)]


def _stripped(texts: Sequence[str]) -> list[Option]:
    """Texts without the labels that all of them begin with."""
    matches = [_LABELLED.fullmatch(text) for text in texts]
    labels = [next((group for group in match.groups()[:3] if group), "") if match else "" for match in matches]
    if [label.upper() for label in labels] == list(LETTERS[: len(texts)]):
        return _numbered([(label, match[4].strip()) for label, match in zip(labels, matches, strict=True) if match])
    return _numbered([("", text) for text in texts])


def split_inline(text: str) -> tuple[str, list[Option]]:
    """A question → (question, options): options that follow it as `(A) 5 (B) 6` or on lines of their own.

    Only marks in order from A count, at least three of them, and the last run of them in the text.
    """
    given, text = text, _without_fonts(text)
    runs: list[list[re.Match[str]]] = []
    for match in _INLINE.finditer(text):
        letter = (match[1] or match[2]).upper()
        if letter == "A":
            runs.append([match])
        elif runs and len(runs[-1]) < 26 and letter == LETTERS[len(runs[-1])]:
            runs[-1].append(match)
    run = next((run for run in reversed(runs) if len(run) >= 3), None)
    if run is None:
        return given, []
    ends = [match.start() for match in run[1:]] + [len(text)]
    bodies = [text[match.end() : end].strip().strip(",;|").strip() for match, end in zip(run, ends, strict=True)]
    asked = text[: run[0].start(1) - 1].rstrip() if text[run[0].start()] == "$" else text[: run[0].start()].rstrip()
    if asked.count("$") % 2 or text[run[0].start()] == "$":  # all options stand in one formula
        asked = asked.removesuffix("$").rstrip() if asked.count("$") % 2 else asked
        bodies = [_formula(body.replace("$", "").strip()) for body in bodies]
    if not all(bodies):
        return given, []
    question = re.sub(r"\s*(?:options|choices|answer choices|选项)\s*:?\s*$", "", asked, flags=re.I)
    return question.strip(), _numbered(
        [((match[1] or match[2]), body) for match, body in zip(run, bodies, strict=True)]
    )


def _without_fonts(text: str) -> str:
    """`$\\textbf{(A)}\\ 10 \\qquad \\textbf{(B)}\\ 15$`, as contests write options, with plain marks."""
    if "\\" not in text or not _SET_MARK.search(text):
        return text
    return re.sub(r"\\q?quad\b|\\hspace\{[^{}]*\}", " ", _SET_MARK.sub(r" \1 ", text))


def _formula(body: str) -> str:
    """An option that stood in a formula with others, as one of its own if it is more than a number or words."""
    return f"${body}$" if re.search(r"[\\^_=<>]", body) else body


# --- the gold ---


def form_of(golds: Sequence[tuple[Any, Sequence[Option]]]) -> Form:
    """How golds name options, from a sample: the form that explains most of them."""
    if not golds:
        return ""
    forms: tuple[Form, ...] = ("text", "letter", "index from 0", "index from 1")
    fits = {form: sum(place_of(gold, options, form) is not None for gold, options in golds) for form in forms}
    zero = any(str(gold).strip() in ("0", "0.0") for gold, _ in golds)
    if fits["index from 0"] == fits["index from 1"] and not zero:
        fits["index from 1"] += all(isinstance(gold, str) for gold, _ in golds)  # counts from 0 are written as numbers
    best = max(forms, key=lambda form: fits[form])
    return best if fits[best] * 2 > len(golds) else ""


def names_several(gold: Any, options: Sequence[Option]) -> bool:
    """Whether a gold is nothing but letters of options: `["A", "C"]`, `AC`, `A, C`."""
    letters = gold if isinstance(gold, list) else re.split(r"[,;\s]+|(?<=[A-Z])(?=[A-Z])", _shown(gold))
    return bool(letters) and all(place_of(letter, options, "letter") is not None for letter in letters)


def place_of(gold: Any, options: Sequence[Option], form: Form) -> int | None:
    """The position of the option that a gold names in this form; None if it names none."""
    said = _shown(gold)
    if not said:
        return None
    if form == "text":
        return _unique([_same(option.text, said) for option in options])
    if form == "letter":
        named = _NAMED.fullmatch(said) or _LABELLED.fullmatch(said)
        letter = next((group for group in named.groups() if group), "").upper() if named else said.upper()
        return _unique([option.label == letter for option in options])
    said = _COLUMN.sub("", said, count=1)
    if not re.fullmatch(r"\d{1,2}(?:\.0)?", said):
        return None
    place = int(float(said)) - (form == "index from 1")
    return place if 0 <= place < len(options) else None


def _same(left: str, right: str) -> bool:
    return " ".join(left.split()).casefold() == " ".join(right.split()).casefold()


def _unique(hits: Sequence[bool]) -> int | None:
    return hits.index(True) if sum(hits) == 1 else None
