"""Notations of other schools and of plain text, as the grammar writes them.

`]1,3[` is (1,3), `[1, 2; 3, 4]` a matrix, `0.1(6)` a repeating decimal, `C_8^3` and `8C3` numbers of choices, and
`x1` may be x_1.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.counters import NO_COUNTERS
from agentprop.answers.reading.grammar import FUNCTIONS
from agentprop.answers.reading.numerals import number_in_words

_REVERSED = re.compile(r"(?P<open>[\]\[])(?P<ends>[^\[\](),;]{1,60}[,;][^\[\](),;]{1,60})(?P<close>[\]\[])")
_BEFORE_INTERVAL = re.compile(r"(?:^|[\s=,;]|\\(?:cup|cap|in|setminus)\s*)$")
_AFTER_INTERVAL = re.compile(r"\s*(?:$|[,;]|\\(?:cup|cap|setminus)|U\b|and\b|or\b)")
_ROWS = re.compile(r"\[([^\[\];]+(?:;[^\[\];]+)+)\]")
_PERIOD = re.compile(r"(-?\d*\.\d+)\((\d+)\)")
_CONTINUED = re.compile(r"(?<=\d)(\.\d+)\s*\\(?:[lc]?dots|dots[cb])(?![a-zA-Z])")
_CHOSEN = re.compile(
    r"(?<![A-Za-z\\])(?:C\s*_\s*(?P<o1>\{)?(?P<n>\d+)(?(o1)\})\s*\^\s*(?P<o2>\{)?(?P<k>\d+)(?(o2)\})"
    r"|C\s*\^\s*(?P<o3>\{)?(?P<above>\d+)(?(o3)\})\s*_\s*(?P<o4>\{)?(?P<below>\d+)(?(o4)\}))"
)
_CHOSEN_PLAIN = re.compile(r"(\d+)\s?C\s?(\d+)")
_ARRANGED = re.compile(
    r"(?<![A-Za-z\\])[AP]\s*(?:_\s*(?P<o1>\{)?(?P<n>\d{1,3})(?(o1)\})\s*\^\s*(?P<o2>\{)?(?P<k>\d{1,3})(?(o2)\})"
    r"|\^\s*(?P<o3>\{)?(?P<above>\d{1,3})(?(o3)\})\s*_\s*(?P<o4>\{)?(?P<below>\d{1,3})(?(o4)\})"
    r"|\(\s*(?P<of>\d{1,3})\s*,\s*(?P<out>\d{1,3})\s*\))"
)
"""Numbers of arrangements: `A_5^2`, `P(5, 2)`, which may also be a power and a point."""
_NAMED = re.compile(r"([A-Za-z]{3,20}(?: [a-z]{2,20}){0,2}) (-?(?:\$?\d[\d.,/]{0,20}(?<![.,/])%?|\d{0,6}\s?\\pi))")
_LONG = {"max": "maximum", "min": "minimum"}
_NO_NAMES = (FUNCTIONS.keys() - _LONG.keys()) | NO_COUNTERS
_BETWEEN_NAMED = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_INDEXED = re.compile(r"(?<![A-Za-z0-9\\}_^.)'])([a-df-hj-zA-Z])(\d+)(?![\dA-Za-z_({.]|\s*_)")
_IDENTICALLY = re.compile(r"(?<=\))\s*\\equiv\s*(?!.*(?:\\pmod|\bmod\b|\\mod))")
_FOR_ALL = re.compile(r"[,\s]*\bfor\s+(?:all|every|any|each)\s+([a-zA-Z])\s*$")

_WRAPPED = re.compile(
    r"(?:(?:np|numpy|sp|sympy|torch|jnp)\.)?(?:(?:array|Matrix|matrix|tensor|asarray|ImmutableMatrix|Array)"
    r"\((?P<content>\s*[\[(](?s:.*)[\])])\s*(?:,\s*dtype\s*=\s*[\w.']+)?\)"
    r"|(?:float(?:16|32|64)?|int(?:8|16|32|64)?|Integer|Float|Decimal)\('?(?P<number>[-+]?\d[\d.]*(?:[eE][-+]?\d+)?)'?\)"
    r"|(?:fractions\.)?(?:Fraction|Rational)\((?P<top>[-+]?\d+),\s*(?P<bottom>\d+)\))"
)
"""Values as Python prints them."""
_POINT = re.compile(r"(?P<name>[ABD-Z]'?)\s?(?P<place>\(\s*-?[\d./]+(?:\s*[,;]\s*-?[\d./]+){1,2}\s*\))")
"""A point with its name."""
_OF = r"(?P<order>\d)?\s*\}?\s*(?P<function>[A-Za-z]|\\[a-z]+)\s*"
_BY = r"\s*(?P<variable>[A-Za-z])\s*(?:\^?\s*\{?\s*(?P<again>\d)\s*\}?)?"
_DERIVATIVE = re.compile(
    rf"\\[dt]?frac\s*\{{\s*(?P<sign>d|\\partial)\s*(?:\^\s*\{{?\s*)?{_OF}\}}\s*\{{\s*(?P=sign){_BY}\s*\}}"
    rf"|(?<![A-Za-z\\])(?P<plain>d)(?:\^\{{?)?{_OF.replace('order', 'nth').replace('function', 'value')}"
    rf"/\s*d{_BY.replace('variable', 'along').replace('again', 'twice')}(?![A-Za-z])"
)
_PIECE = re.compile(
    r"(?P<value>.+?),?\s+(?:if|when|for)\s+(?P<condition>.+)|(?P<rest>.+?),?\s+(?:otherwise|else|elsewhere)"
)
_BETWEEN_PIECES = re.compile(r"\s*(?:;|,)\s*(?:and\s+)?|\s+and\s+(?=\S+\s+(?:if|when|for)\b)")


def respelled(text: str) -> str:
    """The text in the grammar's own notation; unchanged where it is that already."""
    if text.endswith(")") and "(" in text[1:20] and (wrapped := _WRAPPED.fullmatch(text)) is not None:
        text = wrapped["content"] or wrapped["number"] or f"{wrapped['top']}/{wrapped['bottom']}"
    if (point := _POINT.fullmatch(text)) is not None:
        return f"{point['name']} = {point['place']}"
    if "d" in text and "=" in text:
        text = _DERIVATIVE.sub(_as_derivative, text)
    if " if " in text or " when " in text or " for " in text:
        text = _in_pieces(text)
    if "[" in text or "]" in text:
        text = _REVERSED.sub(_as_interval, text)
        text = _ROWS.sub(_as_matrix, text) if ";" in text else text
    if "(" in text and (period := _PERIOD.fullmatch(text)):
        return f"{period[1]}\\overline{{{period[2]}}}"
    if "C" in text:
        text = _CHOSEN.sub(_as_binomial, text)
        if plain := _CHOSEN_PLAIN.fullmatch(text):
            return f"\\binom{{{plain[1]}}}{{{plain[2]}}}"
    if "\\" in text:
        text = _CONTINUED.sub(r"\1...", text) if "dots" in text else text
        text = _IDENTICALLY.sub(" = ", text) if "\\equiv" in text else text
    if (unbound := _FOR_ALL.search(text)) and re.search(rf"\b{unbound[1]}\b", text[: unbound.start()]):
        text = text[: unbound.start()]
    return text


def arranged(text: str) -> str | None:
    """`A_5^2 · 3` as the number that it is if A and P count arrangements; None without them or with other letters."""
    if not text.isascii() or not ("A" in text or "P" in text) or len(text) > 80:
        return None
    counted = _ARRANGED.sub(_as_quotient, text)
    plain = _CHOSEN.sub("", re.sub(r"\\(?:frac|cdot|times|binom)", "", counted))
    return counted if counted != text and not re.search("[A-Za-z]", plain) else None


def _as_quotient(match: re.Match[str]) -> str:
    whole, part = next(
        (int(match[a]), int(match[b])) for a, b in (("n", "k"), ("below", "above"), ("of", "out")) if match[a]
    )
    return f"\\frac{{{whole}!}}{{{whole - part}!}}" if part <= whole else match[0]


def with_signs(text: str) -> str:
    """`mean 5, median 4` with the signs of equality that are meant; any other text as it stands."""
    if not text[:3].isalpha() or "=" in text or not ("," in text or ";" in text or " and " in text):
        return text
    pieces = (
        [_NAMED.fullmatch(piece) for piece in _BETWEEN_NAMED.split(" ".join(text.split()))] if len(text) < 200 else []
    )
    found = [(piece[1], piece[2]) for piece in pieces if piece]
    words = {word.casefold() for name, _ in found for word in name.split()}
    if len(found) < 2 or len(found) < len(pieces) or len({name for name, _ in found}) < len(found):
        return text
    if not words.isdisjoint(_NO_NAMES) or any(number_in_words(name) is not None for name, _ in found):
        return text
    return ", ".join(f"{_LONG.get(name.casefold(), name)} = {value}" for name, value in found)


def indexed(text: str) -> list[str]:
    """The ways to read letters before digits: `x1` is x_1 or x·1; where one letter has several digits, x_1 and x_2."""
    found = {match.groups() for match in _INDEXED.finditer(text)}
    if not found:
        return [text]
    with_indices = _INDEXED.sub(r"\1_{\2}", text)
    return [with_indices] if len(found) > len({letter for letter, _ in found}) else [text, with_indices]


def _as_derivative(match: re.Match[str]) -> str:
    """`dy/dx` as one name: it is no quotient."""
    found = {name: value for name, value in match.groupdict().items() if value}
    order = found.get("order") or found.get("nth") or "1"
    if order != (found.get("again") or found.get("twice") or "1"):
        return match[0]
    function, variable = found.get("function") or found["value"], found.get("variable") or found["along"]
    sign = "partialderivative" if found.get("sign") == "\\partial" else "derivative"
    return f" \\{sign}{{{function.lstrip(chr(92))} {variable} {order}}} "


def _in_pieces(text: str) -> str:
    """`x^2 if x < 0, x if x >= 0` as the cases they are; anything else as it stands."""
    pieces = [_PIECE.fullmatch(piece) for piece in _BETWEEN_PIECES.split(text)] if len(text) < 400 else []
    if len(pieces) < 2 or not all(pieces):
        return text
    rows = [f"{p['value']} & {p['condition']}" if p["value"] else f"{p['rest']} & otherwise" for p in pieces if p]
    name = re.match(r"[a-z]\([a-z]\)\s*=\s*|[a-z]\s*=\s*", rows[0])
    first = rows[0][name.end() :] if name else rows[0]
    body = " \\\\ ".join((first, *rows[1:]))
    return f"{name[0] if name else ''}\\begin{{cases}} {body} \\end{{cases}}"


def _as_interval(match: re.Match[str]) -> str:
    """`]a,b]` and `[a,b[` by their outward brackets; lists within lists stay what they are."""
    opening, closing = match["open"], match["close"]
    if (opening, closing) == ("[", "]"):
        return match[0]
    before, after = match.string[: match.start()], match.string[match.end() :]
    if not _BEFORE_INTERVAL.search(before) or not _AFTER_INTERVAL.match(after):
        return match[0]
    ends = match["ends"].replace(";", ",")
    return f"{'(' if opening == ']' else '['}{ends}{')' if closing == '[' else ']'}"


def _as_matrix(match: re.Match[str]) -> str:
    """Rows between semicolons, all of one length above one."""
    rows = [row.split(",") for row in match[1].split(";")]
    if len(rows[0]) < 2 or len({len(row) for row in rows}) > 1 or "(" in match[1]:
        return match[0]
    return "\\begin{bmatrix}" + "\\\\".join("&".join(row) for row in rows) + "\\end{bmatrix}"


def _as_binomial(match: re.Match[str]) -> str:
    whole, part = (match["n"], match["k"]) if match["n"] else (match["below"], match["above"])
    return f"\\binom{{{whole}}}{{{part}}}" if int(part) <= int(whole) else match[0]
