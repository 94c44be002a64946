"""Notations of other schools and of plain text, as the grammar writes them.

`]1,3[` is (1,3), `[1, 2; 3, 4]` a matrix, `0.1(6)` a repeating decimal, `C_8^3` and `8C3` numbers of choices, and
`x1` may be x_1.
"""

from __future__ import annotations

import re

_REVERSED = re.compile(r"(?P<open>[\]\[])(?P<ends>[^\[\](),;]{1,60}[,;][^\[\](),;]{1,60})(?P<close>[\]\[])")
_BEFORE_INTERVAL = re.compile(r"(?:^|[\s=,;]|\\(?:cup|cap|in|setminus)\s*)$")
_AFTER_INTERVAL = re.compile(r"\s*(?:$|[,;]|\\(?:cup|cap|setminus)|U\b|and\b|or\b)")
_ROWS = re.compile(r"\[([^\[\];]+(?:;[^\[\];]+)+)\]")
_PERIOD = re.compile(r"(-?\d*\.\d+)\((\d+)\)")
_CONTINUED = re.compile(r"(?<=\d)(\.\d+)\s*\\(?:[lc]?dots|dots[cb])(?![a-zA-Z])")
_CHOSEN = re.compile(r"(?<![A-Za-z\\])(?:C_\{?(?P<n>\d+)\}?\s*\^\s*\{?(?P<k>\d+)\}?|C\^\{?(\d+)\}?\s*_\s*\{?(\d+)\}?)")
_CHOSEN_PLAIN = re.compile(r"(\d+)\s?C\s?(\d+)")
_INDEXED = re.compile(r"(?<![A-Za-z0-9\\}_^.)'])([a-df-hj-zA-Z])(\d+)(?![\dA-Za-z_({.]|\s*_)")
_IDENTICALLY = re.compile(r"(?<=\))\s*\\equiv\s*(?!.*(?:\\pmod|\bmod\b|\\mod))")
_FOR_ALL = re.compile(r"[,\s]*\bfor\s+(?:all|every|any|each)\s+([a-zA-Z])\s*$")


def respelled(text: str) -> str:
    """The text in the grammar's own notation; unchanged where it is that already."""
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


def indexed(text: str) -> list[str]:
    """The ways to read letters before digits: `x1` is x_1 or x·1; where one letter has several digits, x_1 and x_2."""
    found = {match.groups() for match in _INDEXED.finditer(text)}
    if not found:
        return [text]
    with_indices = _INDEXED.sub(r"\1_{\2}", text)
    return [with_indices] if len(found) > len({letter for letter, _ in found}) else [text, with_indices]


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
    whole, part = (match["n"], match["k"]) if match["n"] else (match[4], match[3])
    return f"\\binom{{{whole}}}{{{part}}}" if int(part) <= int(whole) else match[0]
