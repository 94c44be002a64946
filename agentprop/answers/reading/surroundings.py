"""What stands around a box and belongs to its answer: a sign, a currency, a unit, or the formula it is a part of.

`\\boxed{8} \\text{ cm}` is 8 cm, `2\\boxed{8}` is 16, `\\boxed{8}^2` is 64, and `so \\boxed{8} - as shown` is 8.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.parser import is_unit

_WINDOW = 200
"""Characters on either side of a box that are looked at."""

_NEAR = 40
"""Characters in front of a box in which words next to it are looked for."""

_SPACE = r"(?:[$\s]|\\[),;!: ])"
_SIGN = re.compile(_SPACE + r"{0,6}(?P<sign>\\?%|\\permil\w*|\^\s*\{?\s*\\(?:circ|degree)\s*\}?|\\degree\b|[°‰])")
_UNIT = re.compile(
    _SPACE + r"{0,6}\\(?:text|textrm|mathrm|rm|mbox)\s*\{(?P<unit>[^{}]{1,40})\}(?P<power>\s*\^\s*\{?-?\d\}?)?"
    "|" + _SPACE + r"{1,6}(?P<word>[A-Za-z][A-Za-z/^0-9]{0,20})(?=[.,;]?\s*(?:$|\n))"
)
_SCALE = re.compile(r"\s*(?:hundred|thousand|million|billion|trillion|dozen|lakh|crore|percent)\s*", re.IGNORECASE)
_SIMPLE = re.compile(r"\s*(?:\d[\d.,]*|\w)\s*")

_FORMULA_ENDS = r"\$|\\[()\[\]]|\\\\|\n|[,;:&]\s|\\(?:approx|implies|q?quad|to|[Rr]ightarrow|therefore)(?![a-zA-Z])"
_OPENING = re.compile(_FORMULA_ENDS + r"|(?<![<>!\\])=|\\text\w*\s*\{[^{}]*\}|\\(?:color|[hv]space\*?)\s*\{[^{}]*\}")
_CLOSING = re.compile(_FORMULA_ENDS + r"|=|[.;:,]\s|[.,;:]$|\\text\w*\s*\{")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_OPERAND = r"(?:[\d)\]}!]|(?<![A-Za-z\\])[A-Za-z]|\\(?:pi|infty|alpha|beta|theta|lambda)\s*)"
_INFIX = r"(?:[-+*/^_]|\\(?:cdot|times|div|pm|mp|setminus|cup|cap|bmod)\s*)"
_TIED_BEFORE = re.compile(
    rf"(?:\.\.|\\[lc]?dots\s*|[\w)\]}}]|{_OPERAND}{_INFIX})$|\\(?:pi|pm|mp|sqrt|ln|log|sin|cos|tan|cot|sec|csc|ne|neq|not)\s*$"
)
_APPLIED_BEFORE = re.compile(rf"{_OPERAND}\s*{_INFIX}\s*$")
_COMMANDS = r"\\(?:neq?|leq?|geq?|leqslant|geqslant|lt|gt)(?![a-zA-Z])"
_COMPARED_BEFORE = re.compile(rf"(?:{_OPERAND}|\|)\s*(?:[<>]=?|!=|[≤≥≠]|{_COMMANDS})\s*$")
_COMPARED_BEHIND = re.compile(
    rf"(?:\s|\\[,;!: ])*(?:{_COMMANDS}|[≤≥≠]|!=|[<>]=|>\s*[\w\\(]|<(?:\s+[\w\\(]|\s*(?:\d|[A-Za-z](?![\w >/]))))"
)
_ELEMENT = re.compile(r"<[^<>\s]{1,20}>\s*$")
_OTHER = re.compile(r"\s*-?\d+\s*")
_OR = re.compile(
    r"(?:[\s$]|\\[,;!: ]){0,12}(?:\\text\{ ?)?(?:or|oder|ou)\b(?:[\s$}]|\\[,;!: ]){0,12}"
    r"(?P<other>-?\d+)(?![\d.,]*\d|\s*[%\\/^*])"
)
_LAST_ITEM = re.compile(r"\s?,\s?(?P<other>-?\d{1,20})\s?\$?\.?\s{0,4}\Z")
_OPENS_LIST = re.compile(r"(?:\\\{|[(\[])\s*\Z")
_REST_OF_LIST = re.compile(r"\s*,\s*(?P<rest>[-\d\\][^{}()\[\]\n]{0,60}?)\s*(?:\\\}|[)\]])")
"""What stands behind a box that is the first item in brackets."""
_DENIED = re.compile(
    r"(?:\b(?:not|isn't|never|cannot be|can't be|instead of|rather than|other than|unlike)"
    r"|\b(?:wrong|incorrect|false) (?:answer|result|value)s?(?: (?:is|was|of|would be))?:?"
    r"|\bbetween\s+\$?-?[\w.]{1,20}\$?\s+and)[\s$*]{1,4}\Z",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(at least|at most|up to|(?:(?:no|not) )?(?:more|less|fewer|greater|larger|smaller|higher|lower) than|exceeds?)"
    r"(?:[\s$*]|\\[(\[,;:])*\Z",
    re.IGNORECASE,
)
_OF_BOUNDS = ("than", "least", "most", "up to", "Up to", "xceed")
_BOUND_BEHIND = re.compile(
    r"(?:[\s$*}]|\\[)\],;: ]|\\text\{)*(at least|at most|or (?:more|less|fewer|higher|greater)"
    r"|and (?:above|below|up))\b",
    re.IGNORECASE,
)
_TIED_BEHIND = re.compile(
    r"\d|\.\d|,\d{3}|\{,\}\d|[A-Za-z](?![A-Za-z])|\((?![^()]*[A-Za-z]{2})"
    rf"|(?:\s|\\[,;!: ]|\{{\}})*{_INFIX}\s*(?:\d|[A-Za-z](?![A-Za-z]|\s+[A-Za-z]{{2}})|\\[a-zA-Z]|[({{])"
    r"|(?:\s|\\[,;!: ])*\\(?:sqrt|[dt]?frac|pi|ln|log|sin|cos|tan)(?![a-zA-Z])|!\s*(?:\$|\\[)\]]|[-+*/=^])"
)
_ARGUMENT = re.compile(r"(?:\\(?:[dtc]?frac|sqrt|[dt]?binom|ln|log|sin|cos|tan)\s*|[\^_}])$")


def bound(text: str, start: int, end: int) -> tuple[str, str]:
    """The words next to a box that make it a bound: `at least` in front of it, `or more` behind it."""
    words = text[max(0, start - _NEAR) : start]
    before = _BOUND.search(words) if any(sign in words for sign in _OF_BOUNDS) else None
    behind = _BOUND_BEHIND.match(text, end)
    return before[1].lower() if before else "", behind[1].lower() if behind else ""


def with_surroundings(text: str, start: int, end: int, content: str) -> str:
    """The answer that a box from `start` to `end` gives with its content and what belongs to it."""
    whole = _formula_around(text, start, end, content)
    if whole is not None:
        return whole
    before = text[max(0, start - 8) : start].rstrip(" ")
    if re.search(r"(?:^|[$=(\[])\s*-$", before) and text[start - 1 : start] == "-":
        content = f"-{content}" if re.fullmatch(r"\s*[\w.\\{}/]+\s*", content) else f"-({content})"
    money = re.search(r"(?:\\\$|[€£¥₹])$", before)
    content = f"{money[0]}{content}" if money else content
    if not re.search(r"[\d}a-z)]\s*$", content):
        return content
    if (denied := denial(text, start)) is not None:
        return f"{denied} {content}"
    if _OPENS_LIST.search(text[max(0, start - 8) : start]) and (more := _REST_OF_LIST.match(text, end)) is not None:
        return f"{content}, {more['rest']}"
    if (
        (other := _OR.match(text, end) or _LAST_ITEM.match(text, end)) is not None
        and _OTHER.fullmatch(content)
        and content.strip() != other["other"]
    ):
        return f"{content} or {other['other']}"
    if (sign := _SIGN.match(text, end)) is not None:
        return content + sign["sign"].replace("\\%", "%").replace("%", "\\%")
    after = _UNIT.match(text, end)
    unit = (after["unit"] or after["word"]) if after else ""
    if after and (is_unit(unit) or _SCALE.fullmatch(unit)):
        return f"{content} \\text{{{unit}}}{after['power'] or ''}"
    return content


def denial(text: str, start: int) -> str | None:
    """What denies the box that begins there: `not`, `rather than`; None where nothing does."""
    found = _DENIED.search(text[max(0, start - _WINDOW) : start])
    return found[0].strip(" $*") if found else None


def _formula_around(text: str, start: int, end: int, content: str) -> str | None:
    """The formula whose factor, summand, exponent or argument the box is; None where it stands for itself."""
    left, right = _left_of(text[max(0, start - _WINDOW) : start]), _right_of(text[end : end + _WINDOW])
    inside = _opened(left)
    argument = inside is not None and _ARGUMENT.search(left[:inside].rstrip())
    tied = argument or _is_tied(text, start, left) or _TIED_BEHIND.match(text, end) or _COMPARED_BEHIND.match(text, end)
    if not tied or _SIGN.match(text, end):
        return None
    bare = _SIMPLE.fullmatch(content) and not re.search(r"\w$", left) and not right[:1].isdigit()
    return f"{left}{content if bare else f'({content})'}{right}".strip()


def _left_of(before: str) -> str:
    """The formula in front of a box: from the last delimiter, sign of equality or word on."""
    ends = [match.end() for pattern in (_OPENING, _WORD) for match in pattern.finditer(before)]
    return before[max(ends, default=0) :]


def _right_of(after: str) -> str:
    closing = _CLOSING.search(after)
    after = after[: closing.start()] if closing else after
    word = next((match for match in _WORD.finditer(after) if not is_unit(match[0])), None)
    return after[: word.start()] if word else after


def _is_tied(text: str, start: int, left: str) -> bool:
    """Something is applied to the box: glued to it, or spaced out in a formula without words."""
    if not left.strip():
        return False
    if _TIED_BEFORE.search(left) or (_COMPARED_BEFORE.search(left) and not _ELEMENT.search(left)):
        return True
    led_in = _WORD.search(text[max(0, start - _WINDOW) : start].rpartition("\n")[2][: -len(left)])
    return led_in is None and _APPLIED_BEFORE.search(left) is not None


def _opened(left: str) -> int | None:
    """Where the innermost brace that is still open stands."""
    depth = 0
    for position in range(len(left) - 1, -1, -1):
        depth += (left[position] == "}") - (left[position] == "{")
        if depth < 0:
            return position
    return None
