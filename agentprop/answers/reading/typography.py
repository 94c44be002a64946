"""One answer's text without its typography: code fences, emphasis, maths delimiters, fonts, colours, final full stop.

Linear in the text: every pattern is bounded or runs once. What carries meaning stays as it is, in ASCII or LaTeX.
"""

from __future__ import annotations

import html
import re

from agentprop.answers.reading.siunitx import without_siunitx
from agentprop.answers.reading.tokens import to_ascii_mathematics

_LONG_SPACE = re.compile(r"\s{9,}")
"""Shortened first, so that no later pattern can spend time on runs of spaces."""

_FENCE = re.compile(r"```[\w+-]*[ \t]*\n?(.*?)\n?```", re.DOTALL)
_BOLD = re.compile(r"(?<![\w)\]}*])\*\*(?=[^\s*])([^*\n]{1,2000})(?<=\S)\*\*(?![\w(\[{\\*])")
_ITALIC = re.compile(r"(?<![\w)\]}*_])([*_])(?=[^\s*_])([^*_\n]{1,200})(?<=[^\s*_])\1(?![\w(\[{\\*_])")
_TAGS = re.compile(r"<(su[bp])>([^<>]{1,40})</\1>|</?(?:b|i|em|strong|span|p|br)\s*/?>", re.IGNORECASE)
_FONT = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|textsf|textsc|mathrm|mathbf|mathit|mathsf|mathtt|mathnormal|operatorname"
    r"|mathcal|mathscr|mbox|hbox|rm|bf|emph|texttt|boldsymbol|bm|ensuremath|displaystyle|underline|mathop|mathbin|mathord"
    r"|(?:textcolor|colorbox|color)\s*\{[^{}]{1,40}\}|fcolorbox\s*\{[^{}]{1,40}\}\s*\{[^{}]{1,40}\})\s*\*?\s*"
    r"\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}"
)
_LEADING_SPACE = re.compile(r"^(?:\\[,;:! ]|\\q?quad(?![a-z])|\s)+")
_NEXT_FORMULA = re.compile(r"(?<!\$)\$[ \t]*\n\s*\$(?!\$)")
"""Where one formula ends and the next line is another."""

_NUMBERED_LINE = re.compile(r"[ \t]*\(?(\d)[.)][ \t]+(\S[^\n]{0,80}?)[ \t]*")
_ASSIGNMENTS = re.compile(r"(?:[ \t]*\\?[A-Za-z]\w{0,8} ?=[^\n=;]{1,80}(?:\n|$)){2,20}")
"""A named value on every line."""

_STYLE = re.compile(
    r"\\(?:display|text|script)style(?![a-zA-Z])|\\(?:large|Large|LARGE|huge|Huge|small|bf|rm|it|tt)(?![a-zA-Z{])"
)
_COLOUR = re.compile(r"\\color\s*(?:\[[^\[\]]{1,20}\])?\{[^{}]{1,40}\}|\\(?:textcolor|colorbox)\s*\{[^{}]{1,40}\}")
_UNIT_VECTOR = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|hat|vec|widehat|overrightarrow)\s*\{\s*\\?(?:hat|mathbf|vec)?\s*\{?\s*"
    r"\\?([ijk])(?:math)?\s*\}?\s*\}|\\(?:hat|vec)\s+([ijk])(?![a-zA-Z])|\\(?:hat|vec)\s*\\([ij])math(?![a-zA-Z])"
)
_BOLD_FACTOR = re.compile(
    r"\\(?:mathbf|boldsymbol|bm)\s*\{\s*(\\?[A-Za-z]+)\s*\}(?=[\s)}]*\\times)"
    r"|(?<=\\times)(\s*)\\(?:mathbf|boldsymbol|bm)\s*\{\s*(\\?[A-Za-z]+)\s*\}"
)
"""A bold factor of a cross product, whose type says that it is a vector."""
_TWICE_ESCAPED = re.compile(r"\\\\(?:[dt]?frac|sqrt|pi|text|left|cdot|times|boxed|infty|begin|math)")
_COMMAND = re.compile(r"(?<!\\)\\[A-Za-z]")
_ZERO_VECTOR = re.compile(r"[\s$]*\\(?:mathbf|boldsymbol|bm)\s*\{\s*0\s*\}[\s$.]*")
_SIUNITX = re.compile(r"\\(?:num|SI|qty|si|unit)(?![A-Za-z])")
_BRACES = {"\\lbrace": "\\{", "\\rbrace": "\\}", "\\lbrack": "[", "\\rbrack": "]", "{}^\\circ": "^\\circ"}
_PICTURES = re.compile("(?<=[^\\s])[\\s\ufe0f✅✔✓☑🎉🎯🎊👍😊■□▪◼◻∎]{1,20}$")
"""Marks of joy, or of the end of a proof, behind an answer."""
_POINTERS = re.compile("^[\\s\ufe0f✅✔✓☑👉➡→🎉🎯🏁📌💡🔹🔸▶●•…∴]{1,20}(?=[^\\s])")
"""Marks that point to an answer in front of it."""
_PROVED = re.compile(
    r"(?<=[^\s$])(?:[\s$]|\\[,;: ]|\\q?quad){0,8}(?:\\(?:blacksquare|square|qed|Box|checkmark)(?![a-zA-Z])"
    r"|\\(?:tag|label|[hv]space)\*?\s{0,4}\{[^{}]{0,40}\}[\s$]{0,4}){1,4}$"
)
"""Marks behind an answer that say nothing about it: the end of a proof, the number of an equation, space."""

_LEADING_SIGN = re.compile(r"^(\$*)\s*(?:=>?|\\approx|\\sim|\\bullet|~)\s*")
_THEREFORE = re.compile(r"^\s*(?:\$\s*\\therefore\s*\$|(\$*)\s*\\therefore(?![a-zA-Z]))\s*")
_SEGMENT = re.compile(r"\\overline\s*\{\s*([A-Z])\s*([A-Z])\s*\}")
_THIN_GROUPS = re.compile(r",\s*\\!\s*(?=\d{3}(?!\d))")
_END_OF_ROWS = re.compile(r"[.,;](?=\s{0,8}\}?\s{0,8}\\end\s{0,4}\{)")
_KILO_OHM = re.compile(r"\\(?:text|mathrm)\s*\{\s*([kMGm])\s*\}\s*(?=\\Omega)")
_ROWS = re.compile(r"\\(?:begin|end)\s*\{(?:align(?:ed)?|equation|gathered|split|gather|eqnarray)\*?\}")
_TIMES_TEN = re.compile(r"(?<=[\d.])\s*[xX]\s*(?=10\s*(?:\^|\*\*))")
_MATHS = re.compile(r"\s*(?:\$\$?[^$]*\$\$?|\\\(.*\\\)|\\\[.*\\\])[\s.,;]*", re.DOTALL)
_WORD = re.compile(r"\$?\\(?:text(?:bf|it|rm|tt|sf)?|mbox|hbox|emph)\s*\{\s*[A-Za-z]+\s*\}\$?")
_TEXT = re.compile(r"\\(?:text|mbox|hbox|emph)")


def clean(text: str) -> str:
    """The answer as plain ASCII mathematics and words."""
    text = text.strip()
    if "\\\\" in text and _TWICE_ESCAPED.search(text) and not _COMMAND.search(text):
        text = text.replace("\\\\", "\\")
    if "\n" in text:
        text = _NEXT_FORMULA.sub("$ ; $", text)
        text = _in_parts(text)
        text = text.replace("\n", " ; ") if _ASSIGNMENTS.fullmatch(text) else text
    if "```" in text:
        text = _FENCE.sub(r"\1", text)
    if "\\n" in text[-4:] and text.endswith("\\n"):
        text = text[:-2]
    if not text.isascii():
        text = _POINTERS.sub("", _PICTURES.sub("", text))
    text = _LONG_SPACE.sub(" " * 8, to_ascii_mathematics(text))
    if "</" in text or "<br" in text or ("&" in text and ";" in text):
        text = _without_tags(text)
    text = _THEREFORE.sub(r"\1", text) if "\\therefore" in text else text
    text = _LEADING_SIGN.sub(r"\1", text)
    if "\\" in text:
        text = _without_commands(text)
    if "**" in text:
        text = _BOLD.sub(r"\1", text)
    if "*" in text or "_" in text:
        text = _ITALIC.sub(r"\2", text)
    if "$" in text:
        text = _without_dollars(text)
    if "\\(" in text or "\\[" in text:
        text = re.sub(r"(?<!\\)\\[()\[\]]", " ", text).strip()
    text = text.replace("\\USD", "$").strip().strip("`").removesuffix("**").removeprefix("**").strip()
    text = _without_marks(_LEADING_SIGN.sub("", text).replace("**", "^"))
    return _TIMES_TEN.sub(" \\\\times ", text) if "x" in text or "X" in text else text


def _in_parts(text: str) -> str:
    """`1. 5` and `2. 7` on two lines as `(1) 5; (2) 7`; any other text as it stands."""
    if not text.lstrip()[:2].lstrip("(").startswith("1"):
        return text
    lines = [_NUMBERED_LINE.fullmatch(line) for line in text.splitlines() if line.strip()]
    found = [(line[1], line[2]) for line in lines if line]
    if len(found) < max(2, len(lines)) or [number for number, _ in found] != [str(k + 1) for k in range(len(found))]:
        return text
    return "; ".join(f"({number}) {content}" for number, content in found)


def is_mathematical(text: str) -> bool:
    """The text stands between maths delimiters, with no words set as text: letters in it are variables."""
    return text[:1] in ("$", "\\") and bool(_MATHS.fullmatch(text)) and not _TEXT.search(text)


def is_word(text: str) -> bool:
    """One word set as text: its letters are no variables."""
    return bool(_WORD.fullmatch(text))


def _without_tags(text: str) -> str:
    text = _TAGS.sub(lambda m: f"{'^' if m[1].lower() == 'sup' else '_'}{{{m[2]}}}" if m[1] else " ", text)
    return html.unescape(text) if "&" in text and ";" in text and "\\" not in text else text


def _without_commands(text: str) -> str:
    if len(text) < 40 and _ZERO_VECTOR.fullmatch(text):
        return "\\vec{0}"
    text = _STYLE.sub(" ", text)
    text = without_siunitx(text) if _SIUNITX.search(text) else text
    text = _UNIT_VECTOR.sub(lambda m: f" \\unitvector{m[1] or m[2] or m[3]} ", text)
    text = _BOLD_FACTOR.sub(lambda m: f"{m[2] or ''}\\vec{{{m[1] or m[3]}}}", text) if "\\times" in text else text
    for command, sign in _BRACES.items():
        text = text.replace(command, sign) if command in text else text
    text = _SEGMENT.sub(r"\1\2", text)
    text = _THIN_GROUPS.sub(",", text) if "\\!" in text else text
    text = _END_OF_ROWS.sub(" ", text) if "\\end" in text else text
    text = _KILO_OHM.sub(r"\1", text) if "\\Omega" in text else text
    text = _ROWS.sub(" ", text).replace("\\$", "\\USD ").replace("\\!", "")
    text = text.replace("\\right.", " ").replace("\\left.", " ")
    for _ in range(4):
        text, count = _FONT.subn(r" \1 ", text)
        if not count:
            break
    return _COLOUR.sub(" ", text) if "color" in text else text


def _without_dollars(text: str) -> str:
    """Paired dollars delimit maths, a lone one is money."""
    text = text.replace("$$", " $ ") if text.count("$$") % 2 == 0 else text
    if text.count("$") % 2 == 0:
        return text.replace("$", " ")
    return text


def _without_marks(text: str) -> str:
    """The text without the marks that end a sentence or quote it as code."""
    text = _PROVED.sub("", text) if "\\" in text else text
    while text[-1:] in (".", ",", ";", "。", "`") and not text.endswith("..."):
        text = text[:-1].rstrip()
    text = _LEADING_SPACE.sub("", text)
    for _ in range(3):
        if not text.endswith((r"\,", r"\;", r"\:", r"\ ", r"\quad", r"\qquad", "\\\\", "\\newline", "\\")):
            break
        text = re.sub(r"(?:\\[,;: ]|\\q?quad|\\\\|\\newline|\\)$", "", text).rstrip()
    return text
