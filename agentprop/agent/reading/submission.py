"""The sections of a submission, however they are tagged → arguments of `submit`, by the names and types it knows.

<Answer TYPE='Integer' unit="…">42</Answer>   →   {"answer": "42", "answer_type": "integer"}
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Any, get_args

from agentprop.agent.reading.labels import labelled
from agentprop.agent.reading.mending import mend_code, mend_prose, unescaped, without_fences
from agentprop.records import AnswerType
from agentprop.records.case_text import read_plain

TYPES: tuple[str, ...] = get_args(AnswerType)
SECTIONS = {
    **{name: name for name in ("statement", "answer", "tests", "certificate")},
    **dict.fromkeys(("problem", "question", "problem_statement"), "statement"),
    **dict.fromkeys(("final_answer",), "answer"),
    **dict.fromkeys(("test_cases", "test", "unit_tests"), "tests"),
    **dict.fromkeys(("certificate_code", "verification", "proof", "check_code", "code"), "certificate"),
    **dict.fromkeys(("answer_type", "type"), "answer_type"),
    "unit": "unit",
    "figures": "figures",
}
"""What models call a section, and the argument."""
PREFIX = r"(?:\w+:)?"
OPENING = re.compile(rf"<\s*{PREFIX}(?P<name>{'|'.join(SECTIONS)})\b(?P<inside>[^<>]*)>\n?", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w-]+)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|“([^”]*)”|([^\s>"']+))""")
TYPED = re.compile(
    r"(?s)(?P<before>\s*)<(?:answer_)?type>\s*(?P<type>[\w /-]{2,30}?)\s*</(?:answer_)?type>\s*"
    r"(?:<value>(?P<value>.*?)</value>\s*|(?P<after>[^<]*))"
)
"""An answer whose type is a tag within it."""
SYNONYMS = {
    **dict.fromkeys(("int", "whole number", "natural", "natural number", "count"), "integer"),
    **dict.fromkeys(("fraction", "ratio", "rational number", "percentage", "percent"), "rational"),
    **dict.fromkeys(("formula", "equation", "algebraic", "symbolic", "polynomial", "latex", "matrix"), "expression"),
    **dict.fromkeys(("function", "interval", "vector", "complex"), "expression"),
    **dict.fromkeys(("measurement", "physical quantity", "number with unit", "with unit", "physical"), "quantity"),
    **dict.fromkeys(("bool", "yes/no", "true/false", "yes-no", "true-false", "truth value", "logical"), "boolean"),
    **dict.fromkeys(("array", "tuple", "sequence", "ordered list", "pair", "ordered pair", "lists"), "list"),
    **dict.fromkeys(("str", "text", "word", "words", "name"), "string"),
    **dict.fromkeys(("multiple choice", "multiple-choice", "mcq", "option", "multiple_choice", "letter"), "choice"),
    **dict.fromkeys(("code", "python", "script", "algorithm"), "program"),
    **dict.fromkeys(("unordered list", "finite set", "sets"), "set"),
}
NUMBERS = frozenset(
    {"number", "numeric", "numerical", "float", "decimal", "num", "numeric value", "value", "scalar", "real", ""}
)
"""Types that leave open which kind of number is meant; the empty one leaves open even that."""
KNOWN = (frozenset(TYPES) | SYNONYMS.keys() | NUMBERS) - {""}
NOTHING = frozenset({"", "…", "...", "none", "null", "n/a", "na", "-", "no unit", "unitless", "dimensionless"})
INTEGER = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+|[+-]?\d+")
RATIONAL = re.compile(r"[+-]?\d+\s*/\s*\d+|[+-]?\d*\.\d+|\\?[dt]?frac\{-?\d+\}\{\d+\}")


def sections_of(text: str) -> tuple[dict[str, Any], list[str]]:
    """(arguments, repairs) of the sections of a submission; sections without a closing tag end at the next one."""
    found: dict[str, Any] = {}
    repairs: list[str] = []
    position = 0
    while (opening := OPENING.search(text, position)) is not None:
        word = opening["name"]
        name = SECTIONS[word.lower()]
        end, position, closed = _end(text, opening.end(), word)
        if not closed or word != name:
            repairs.append("sections")
        if opening["inside"].rstrip().endswith("/"):
            position = opening.end()
        else:
            body = text[opening.end() : end].removesuffix("\n")
            if name == "answer" and (typed := TYPED.fullmatch(body)) is not None:
                found.setdefault("answer_type", typed["type"])
                body = typed["before"] + (typed["value"] or typed["after"])
                repairs.append("sections")
            found.setdefault(name, body)
        for key, value in _attributes(opening["inside"], repairs):
            found.setdefault(name if key == "value" else key, value)
    return found, repairs


def other_sections(text: str) -> tuple[dict[str, Any], list[str]]:
    """(arguments, repairs) of sections in square brackets, or under headings or labels such as `Answer: 42`."""
    bracketed = re.sub(rf"\[(/?(?:{'|'.join(SECTIONS)})\b[^\[\]\n]*)\]", r"<\1>", text, flags=re.IGNORECASE)
    found, repairs = sections_of(bracketed)
    if not {"statement", "answer"} <= found.keys():
        labels = labelled(text, SECTIONS)
        if {"statement", "answer"} <= {SECTIONS[name] for name in labels}:
            return {SECTIONS[name]: value for name, value in labels.items()}, ["sections"]
    return found, list(dict.fromkeys((*repairs, "sections")))


def _end(text: str, start: int, word: str) -> tuple[int, int, bool]:
    closing = re.compile(rf"<\s*/\s*{PREFIX}{re.escape(word)}\s*>", re.IGNORECASE).search(text, start)
    if closing is not None:
        return closing.start(), closing.end(), True
    following = re.compile(rf"(?m)^[ \t]*<\s*{PREFIX}(?:{'|'.join(SECTIONS)})\b[^<>]*>", re.IGNORECASE).search(
        text, start
    )
    end = len(text) if following is None else following.start()
    return end, end, False


def _attributes(inside: str, repairs: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the attributes that mean an argument of `submit`."""
    plain = unescaped(inside).replace("\\", "").replace("”", '"').replace("“", '"')
    for name, *values in ATTRIBUTE.findall(plain):
        key = name.lower().replace("-", "_")
        value = next(filter(None, values), "")
        if name not in ("type", "unit", "figures") or not values[0] or plain != inside:
            repairs.append("attributes")
        if key in ("type", "answer_type", "kind"):
            yield "answer_type", value
        elif key in ("unit", "units", "figures", "sig_figs", "significant_figures"):
            yield ("unit" if key.startswith("unit") else "figures"), value
        elif key in ("value", "answer"):
            yield "value", value


BEHIND = re.compile(r"(.*\S)\s*\((?:type:?\s*)?([A-Za-z]+)\)", re.DOTALL)
"""An answer with its type behind it: `42 (integer)`."""


def mend_submission(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """(arguments as `submit` takes them, repairs); what cannot be mended is left as it was given."""
    fields = dict(given)
    repairs: list[str] = []

    def put(name: str, value: Any, *names: str) -> None:
        if value != fields.get(name):
            fields[name] = value
            repairs.extend(names)

    if isinstance(fields.get("answer"), dict):
        inner = {SECTIONS.get(str(key).lower(), str(key)): one for key, one in fields.pop("answer").items()}
        inner.setdefault("answer", inner.pop("value", None))
        fields = {**inner, **fields}
        repairs.append("json")
    for name in ("statement", "answer", "certificate", "answer_type", "unit"):
        if name in fields and not isinstance(fields[name], str) and fields[name] is not None:
            fields[name] = _text(fields[name])
    for name in ("unit", "figures"):
        put(name, _some(name, fields.pop(name, None)), "attributes")
    if fields.get("tests") is not None:
        put("tests", _tests(fields["tests"]), "tests")
    said = BEHIND.fullmatch(fields["answer"].strip()) if isinstance(fields.get("answer"), str) else None
    if said is not None and not fields.get("answer_type") and said[2].lower() in TYPES:
        fields |= {"answer": said[1], "answer_type": said[2].lower()}
        repairs.append("type")
    if "answer" in fields or "answer_type" in fields:
        put("answer_type", answer_type(str(fields.get("answer_type") or ""), fields), "type")
    for name in ("statement", "answer", "certificate"):
        if isinstance(fields.get(name), str):
            code = name == "certificate" or (name == "answer" and fields["answer_type"] == "program")
            mended, names = (mend_code if code else mend_prose)(fields[name])
            put(name, mended, *names)
    return {name: value for name, value in fields.items() if value is not None}, repairs


def _text(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and value[0] in TYPES:
        return value[0]
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return f"[{', '.join(map(str, value))}]"
    return str(value)


def _some(name: str, value: Any) -> Any:
    """The value of an optional attribute; None for the words that say there is none."""
    if value is None or str(value).strip().lower() in NOTHING:
        return None
    if name == "unit":
        return value
    digits = re.search(r"\d+", str(value))
    return None if digits is None or int(digits[0]) == 0 else int(digits[0])


def answer_type(word: str, fields: dict[str, Any]) -> str:
    """The type that a word means for this answer; the word itself if it means none that there is."""
    plain = " ".join(word.lower().strip(" \"'`.<>").split())
    plain = "" if "|" in plain or plain in NOTHING else plain
    if plain in TYPES or plain in SYNONYMS:
        return SYNONYMS.get(plain, plain)
    if plain.rstrip("s") in TYPES:
        return plain.rstrip("s")
    if plain in NUMBERS:
        return _number_type(plain, fields)
    phrase = _phrase(plain)
    return word if phrase is None else answer_type(phrase, fields)


def _phrase(words: str) -> str | None:
    """The one type that a phrase speaks of: `positive integer`, `list of integers`; None if it is not clear."""
    head = re.split(r"\s+of\s+|\s+in\s+|\s+with\s+|[(,;/<\[]", words)[0]
    known = [one.rstrip("s") for one in re.findall(r"[a-z-]+", head)]
    found = {"number" if one in NUMBERS else SYNONYMS.get(one, one) for one in known if one in KNOWN}
    return found.pop() if len(found) == 1 and found != {words} else None


def _number_type(word: str, fields: dict[str, Any]) -> str:
    """The kind of number that an answer is; without any word for the type, only what is evident."""
    answer = unescaped(str(fields.get("answer") or "")).strip(" $.\n")
    if fields.get("tests"):
        return "program"
    if fields.get("unit"):
        return "quantity"
    if INTEGER.fullmatch(answer):
        return "integer"
    if RATIONAL.fullmatch(answer):
        return "rational"
    if answer.lower() in ("true", "false"):
        return "boolean"
    return "expression" if word else ""


# --- tests of a program ---


def _tests(given: Any) -> Any:
    """Tests as a list of {arguments, expected}; what cannot be read is left as it was given."""
    if isinstance(given, str):
        text = without_fences(given)
        try:
            found = read_plain(text.strip())
        except ValueError:
            found = [one for line in text.splitlines() if (one := _line(line)) is not None]
        given = found if isinstance(found, list) else [found]
    if isinstance(given, dict):
        given = given.get("tests", [given])
    return [_test(one) for one in given] if isinstance(given, list) else given


def _line(line: str) -> Any:
    """The test on one line: JSON, a Python literal, or an assertion; a list mark and a comma are no part of it."""
    text = re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", line.strip()).rstrip(",")
    if not text or text in "[]" or text.startswith("#"):
        return None
    if text.startswith("assert "):
        return _assertion(text)
    try:
        return read_plain(text)
    except ValueError:
        return text


def _assertion(text: str) -> Any:
    """`assert f(1, 2) == 3` → its arguments and the expected value; the text if it is another assertion."""
    try:
        with warnings.catch_warnings(action="ignore"):
            (statement,) = ast.parse(text).body
            assert isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare)
            assert isinstance(statement.test.left, ast.Call) and not statement.test.left.keywords
            arguments = [ast.literal_eval(value) for value in statement.test.left.args]
            return {"arguments": arguments, "expected": ast.literal_eval(statement.test.comparators[0])}
    except (SyntaxError, ValueError, AssertionError, MemoryError, RecursionError):
        return text


def _test(one: Any) -> Any:
    if not isinstance(one, dict):
        return one
    names = {
        "arguments": ("arguments", "args", "input", "inputs"),
        "expected": ("expected", "output", "expected_output"),
    }
    found = {name: next((one[key] for key in keys if key in one), None) for name, keys in names.items()}
    if not any(key in one for key in names["expected"]):
        return one
    arguments = found["arguments"]
    return {**found, "arguments": arguments if isinstance(arguments, list | str) else [arguments]}
