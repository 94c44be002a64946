"""A claimed answer of a type → its one way of writing, or the form that is asked for.

Wrapping is taken off ($…$, a box, a trailing full stop), and one value has one text: `1,234` is 1234, `true` is Yes. An
answer that says more than its type allows is not guessed at: "42 apples" is no integer.

    >>> typed("$\\\\boxed{1{,}234}$", "integer"), typed("0.5", "rational"), typed("True.", "boolean")
    ('1234', '1/2', 'Yes')
    >>> typed("42 apples", "integer"), typed("42", "boolean")
    (None, None)
    >>> tells_answer("What is 6 times 7? The answer is 42.", "42"), tells_answer("Is 42 even? Answer yes or no.", "Yes")
    (True, False)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from agentprop.composition.answer_text import read_value
from agentprop.records import AnswerType

Form = Callable[[str], str | None]
LAYERS = 6
"""Most wrappings around each other."""
MAX_DIGITS = 4000
_WRAPPINGS = tuple(
    re.compile(text, re.DOTALL)
    for text in (
        r"\$\$(?P<inside>[^$]+)\$\$",
        r"\$(?P<inside>[^$]+)\$",
        r"\\\((?P<inside>.+)\\\)",
        r"\\\[(?P<inside>.+)\\\]",
        r"\\(?:boxed|fbox|text|mathrm|mathbf)\s*\{(?P<inside>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}",
        r"\*\*(?P<inside>[^*]+)\*\*",
    )
)
_BOX = re.compile(r"\$?\s*\\boxed\s*\{(?P<inside>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\s*\$?")
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_SCALE = r"(?:[eE][+-]?\d+|\s*(?:\\times|\\cdot|×|\*)\s*10(?:\^\{?-?\d+\}?|\*\*-?\d+))?"
_TELLS = re.compile(
    r"(?:\b(?:answer|ans|solution|result|expected output)\b[*_]*\s*(?:\([^)]*\)\s*)?"
    r"(?:is|=|:|equals|will be|must be|should be|(?<=[\w*]\n))[*_]*\s*:?\s*"
    r"(?:(?:therefore|thus|hence|simply|exactly)\s+)?(?:\$?[a-zA-Z]\s*=\s*)?|(?=\\boxed\s*\{))(?P<told>[^\n]*)",
    re.IGNORECASE,
)


def typed(answer: str, answer_type: AnswerType, unit: str | None = None) -> str | None:
    """Write an answer as its type asks for; None if it is not of that form."""
    form = _FORMS.get(answer_type)
    if form is None:
        return answer
    found = form(answer)
    if answer_type == "quantity" and found is not None and unit and re.fullmatch(_NUMBER + _SCALE, found):
        return found if unit == "1" else f"{found} {unit}"
    return found


def form_asked(answer_type: AnswerType, unit: str | None) -> str:
    """The form of a type's answers, in words."""
    asked = _ASKED.get(answer_type, "the answer alone")
    return f"{asked} in {unit}" if answer_type == "quantity" and unit else asked


def tells_answer(statement: str, answer: str) -> bool:
    """True if a statement tells its own answer in so many words."""
    wanted = _plain(answer)
    return any(wanted in map(_plain, _told(found["told"])) for found in _TELLS.finditer(statement))


def _told(text: str) -> Iterator[str]:
    """What a sentence may tell: the content of a box, or the text up to the end of a clause."""
    box = _BOX.match(text)
    if box is not None:
        yield box["inside"]
    else:
        yield from (text[: end.start()] for end in re.finditer(r"[.,;)\]]+(?=\s|$)|$", text))


def _plain(text: str) -> str:
    return bare(text).replace("$", "").casefold()


def unwrapped(text: str) -> str:
    """The text without what people put around an answer."""
    text = text.strip()
    for _ in range(LAYERS):
        found = next((m for pattern in _WRAPPINGS if (m := pattern.fullmatch(text))), None)
        if found is None:
            break
        text = found["inside"].strip()
    return text


def bare(text: str) -> str:
    """The unwrapped text without its full stop."""
    return unwrapped(re.sub(r"(?<!\.)\.\s*$", "", unwrapped(text)))


def _number(text: str) -> str:
    """A number's text without its full stop, its digit groups and its typographic minus."""
    plain = unwrapped(unwrapped(text).removesuffix(".")).replace("−", "-").removesuffix(".")
    grouped = re.fullmatch(r"[+-]?\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?:\.\d+)?", plain)
    return re.sub(r"\{,\}|\\,|,", "", plain) if grouped else plain


def _integer(text: str) -> str | None:
    found = re.fullmatch(r"([+-]?)0*(\d+?)(?:\.0*)?", _number(text))
    if found is None:
        return None
    return f"-{found[2]}" if found[1] == "-" and found[2] != "0" else found[2]


def _rational(text: str) -> str | None:
    plain = _number(text)
    plain = re.sub(r"\\[dt]?frac\s*\{(\d+)\}\s*\{(\d+)\}", r"\1/\2", plain)
    if not re.fullmatch(rf"{_NUMBER}|[+-]?\d+\s*/\s*\d+", plain) or len(plain) > MAX_DIGITS:
        return None
    try:
        return str(Fraction(re.sub(r"\s", "", plain)))
    except ZeroDivisionError:
        return None


def _boolean(text: str) -> str | None:
    word = unwrapped(unwrapped(text).rstrip(".!")).casefold()
    return {"yes": "Yes", "true": "Yes", "no": "No", "false": "No"}.get(word)


def _quantity(text: str) -> str | None:
    plain = _number(text)
    found = re.fullmatch(rf"({_NUMBER}{_SCALE})\s*(.*)", plain, re.DOTALL)
    # Behind the number stands a unit: a word or two, and no second number but an exponent or a ratio.
    return plain if found and len(found[2].split()) <= 4 and not re.match(r"[,.\d]", found[2]) else None


def _list(text: str) -> str | None:
    plain = unwrapped(text)
    try:
        value = read_value(plain)
    except ValueError:
        return plain if re.fullmatch(r"(?s)\\?(?:left)?[\[(\\{].*[\])}]", plain) else None
    return plain if isinstance(value, list) else str(list(value)) if isinstance(value, tuple) else None


def _text(text: str) -> str:
    found = _BOX.fullmatch(text.strip())
    return found["inside"].strip() if found else text


_FORMS: dict[AnswerType, Form] = {
    "integer": _integer, "rational": _rational, "boolean": _boolean, "quantity": _quantity, "list": _list,
    "string": _text, "expression": bare, "set": bare, "choice": bare,
}  # fmt: skip
"""Reader of each type's answers; a program is taken as it is."""
_ASKED: dict[AnswerType, str] = {
    "integer": "an integer alone, such as 42",
    "rational": "an integer or a fraction alone, such as 3/4",
    "boolean": "Yes or No",
    "quantity": "a number with its unit and nothing else",
    "list": "a list, such as [1, 2, 3]",
}
