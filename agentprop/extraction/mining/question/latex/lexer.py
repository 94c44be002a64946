"""LaTeX source to tokens that know where they stand.

Nothing is replaced before it is cut into tokens: `\\ ` and `\\\\ ` differ by one character, and a matrix depends on it.
Spacing commands are dropped; `1,000`, `1{,}000` and `1,\\!000` are one number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "letter", "command", "symbol", "text", "begin", "end"]


@dataclass(frozen=True, slots=True)
class LatexToken:
    """A token and its place in the source."""

    kind: Kind
    text: str
    start: int
    end: int


_SPACING = frozenset({
    "displaystyle", "textstyle", "left", "right", "limits", "nolimits", "big", "Big", "bigg", "Bigg",
    "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle", "nonumber", "hspace", "ds", "rm", "phantom",
    "thinspace", "!", ",", ";", ":", " ", "\n", "/",
})  # fmt: skip
_WORDS = r"text|mbox|textrm|textnormal|mathrm|operatorname|textbf|mathop"
_SINGLE = r"mathbf|boldsymbol|mathit|vec|mathbb|mathcal|bold|bm|overrightarrow|hat|mathsf"
_TOKEN = re.compile(
    rf"(?P<space>(?:\s|~|%[^\n]*\n)+)"
    rf"|\\(?P<edge>begin|end)\s*\{{(?P<environment>\w+\*?)\}}(?:\s*\{{(?P<columns>[lcr|\s]*)\}})?"
    rf"|\\(?:{_WORDS})\s*\{{(?P<words>[^{{}}$]*)\}}"
    rf"|\\(?:{_SINGLE})\s*(?:\{{\s*(?P<wrapped>[A-Za-z])\s*\}}|(?P<bare>[A-Za-z])(?![A-Za-z]))"
    rf"|\\(?:left|right)\s*\.(?!\d)"
    rf"|\\(?P<command>[A-Za-z]+|[^A-Za-z])"
    rf"|(?P<number>(?<![\d.])\d{{1,3}}(?:(?:\{{,\}}|,\\!|,\s?\\!|\\,)\d{{3}})+(?!\d)(?:\.\d+)?"
    rf"|(?<![\d.(\[{{])\d{{1,3}}(?:,\d{{3}})+(?![\d])(?:\.\d+)?"
    rf"|(?<=[(\[{{])\d{{1,3}}(?:,\d{{3}})+(?![\d)\]}}]|\\\}})(?:\.\d+)?"
    rf"|\d+\.\d+|\.\d+|\d+)"
    rf"|(?P<letter>[A-Za-z])"
    rf"|(?P<symbol>\.\.\.+|.)",
    re.DOTALL,
)
_FUNCTIONS = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "arccot", "sinh", "cosh", "tanh", "ln",
    "log", "exp", "gcd", "lcm", "cis", "det", "mod", "Re", "Im", "min", "max", "lg", "deg", "proj", "arg", "tr",
})  # fmt: skip
"""Names that authors also write as `\\text{…}` or `\\operatorname{…}`."""
_TYPOGRAPHY = {
    "−": "-", "–": "-", "×": "\\times", "÷": "\\div", "·": "\\cdot", "≤": "\\le", "≥": "\\ge", "≠": "\\ne",
    "π": "\\pi", "√": "\\sqrt", "°": "\\circ", "∞": "\\infty", "…": "...", "∗": "*", "θ": "\\theta",
}  # fmt: skip
_ALIASES = {
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "dbinom": "binom", "tbinom": "binom", "leq": "le", "geq": "ge",
    "leqslant": "le", "geqslant": "ge", "neq": "ne", "lt": "lt", "gt": "gt", "dots": "ldots", "dotsb": "ldots",
    "cdots": "ldots", "dotsc": "ldots", "dotsm": "ldots", "vdots": "ldots", "rightarrow": "to", "longrightarrow": "to",
    "implies": "to", "degree": "circ", "vert": "vert", "lvert": "vert", "rvert": "vert", "lVert": "Vert",
    "rVert": "Vert", "|": "Vert", "varphi": "phi", "bmod": "mod", "lbrace": "{", "rbrace": "}", "lbrack": "[",
    "rbrack": "]", "lparen": "(", "rparen": ")", "ast": "*", "colon": ":", "arcsinh": "arcsinh", "root": "root",
    "varepsilon": "epsilon", "ell": "ell", "sp": "^", "sb": "_", "centerdot": "cdot", "bar": "overline",
}  # fmt: skip
_BRACKETS = {"lbrack": "[", "rbrack": "]", "lparen": "(", "rparen": ")"}


def lex(source: str, start: int = 0, stop: int | None = None) -> list[LatexToken]:
    """The tokens of a stretch of the source."""
    stop = len(source) if stop is None else stop
    found: list[LatexToken] = []
    position = start
    while position < stop:
        match = _TOKEN.match(source, position, stop)
        assert match is not None  # any single character is a symbol
        position = match.end()
        token = _token(match)
        if token is not None:
            found.append(token)
    return found


def _token(match: re.Match[str]) -> LatexToken | None:
    start, end = match.span()
    if match["space"]:
        return None
    if match["edge"]:
        return LatexToken("begin" if match["edge"] == "begin" else "end", match["environment"].rstrip("*"), start, end)
    if match["words"] is not None:
        words = match["words"].strip()
        return (
            LatexToken("command", words, start, end) if words in _FUNCTIONS else LatexToken("text", words, start, end)
        )
    if match["wrapped"] or match["bare"]:
        return LatexToken("letter", match["wrapped"] or match["bare"], start, end)
    if match["command"]:
        return _command(match["command"], start, end)
    if match["number"]:
        return LatexToken("number", match["number"], start, end)
    if match["letter"]:
        return LatexToken("letter", match["letter"], start, end)
    return _symbol(match["symbol"], start, end) if match["symbol"] else None


def _command(name: str, start: int, end: int) -> LatexToken | None:
    if name in _SPACING:
        return None
    if name in _BRACKETS:
        return LatexToken("symbol", _BRACKETS[name], start, end)
    name = _ALIASES.get(name, name)
    if name in ("*", ":", "^", "_"):
        return LatexToken("symbol", name, start, end)
    return LatexToken("command", name, start, end)


def _symbol(text: str, start: int, end: int) -> LatexToken | None:
    if text.startswith("..."):
        return LatexToken("command", "ldots", start, end)
    plain = _TYPOGRAPHY.get(text, text)
    if plain == "...":
        return LatexToken("command", "ldots", start, end)
    if plain.startswith("\\"):
        return LatexToken("command", plain[1:], start, end)
    return LatexToken("symbol", plain, start, end)


def plain_number(text: str) -> str:
    """The digits of a number token, separators of thousands gone."""
    return re.sub(r"\{,\}|,\s?\\!|\\,|,", "", text)
