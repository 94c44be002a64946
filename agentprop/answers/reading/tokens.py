"""Answer text in LaTeX, plain or Python notation to a list of tokens: linear, capped, evaluating nothing."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import UnreadableAnswer

MAX_CHARS = 20_000
"""Longest answer that is read at all; the longest plausible ones (large matrices, huge integers) stay far below."""

MAX_TOKENS = 8_000


class Token(NamedTuple):
    """kind is number, word, command, string, op or end; `glued` says that no space came before."""

    kind: str
    text: str
    glued: bool = False


_COMMANDS_OF_CHARACTERS = {
    "×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "•": "\\cdot ", "∗": "*", "÷": "\\div ",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "⁻": "^{-", "±": "\\pm ", "∓": "\\mp ",
    "⁄": "/", "∕": "/", "∶": ":", "√": "\\sqrt ", "∛": "\\cbrt ", "∞": "\\infty ", "∅": "\\emptyset ",
    "≤": "\\le ", "⩽": "\\le ", "≥": "\\ge ", "⩾": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "≡": "\\equiv ",
    "∈": "\\in ", "∪": "\\cup ", "∩": "\\cap ", "∖": "\\setminus ", "⟨": "\\langle ", "⟩": "\\rangle ",
    "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ", "∣": "|", "…": "...", "⋯": "...",
    "°": "\\degree ", "º": "\\degree ", "℃": "\\degree C", "℉": "\\degree F", "′": "'", "″": "''",
    "’": "'", "‘": "'", "“": '"', "”": '"', "ℝ": "\\mathbb{R}", "ℤ": "\\mathbb{Z}", "ℕ": "\\mathbb{N}",
    "ℚ": "\\mathbb{Q}", "ℂ": "\\mathbb{C}", "ⅇ": "e", "ⅈ": "i", "∧": " and ", "∨": " or ", "₿": "\\BTC ",
    "€": "\\EUR ", "£": "\\GBP ", "¥": "\\JPY ", "₹": "\\INR ", "\u00b5": "\\mu ", "\u03bc": "\\mu ", "Ω": "\\Omega ",
    "\u2126": "\\Omega ", "Å": "\\angstrom ", "\u212b": "\\angstrom ", "ϕ": "\\phi ", "℮": "e", "⩵": "==", "≔": "=",
    "Δ": "\\Delta ", "Γ": "\\Gamma ", "Θ": "\\Theta ", "Λ": "\\Lambda ", "Π": "\\Pi ", "Σ": "\\Sigma ",
    "Φ": "\\Phi ", "Ψ": "\\Psi ", "∑": "\\sum ", "∏": "\\prod ", "∫": "\\int ", "→": "\\to ", "⟶": "\\to ",
    "⇒": "\\Rightarrow ", "⇌": "\\rightleftharpoons ", "↔": "\\leftrightarrow ", "∠": "\\angle ", "△": "\\triangle ",
    "‰": "\\permille ", "¢": "\\cents ", "₩": "\\KRW ", "₽": "\\RUB ", "₱": "\\PHP ", "₫": "\\VND ", "฿": "\\THB ",
    "₺": "\\TRY ", "₪": "\\ILS ", "₦": "\\NGN ", "∉": "\\notin ", "⊂": "\\subset ", "⊆": "\\subseteq ", "⊤": "\\top ",
    "ᵀ": "^T", "≅": "\\cong ", "⊥": "\\perp ", "∥": "\\parallel ", "∝": "\\propto ", "∂": "\\partial ", "∇": "\\nabla ",
    "∘": "\\circ ", "∀": " for all ", "¬": "\\neg ", "ı": "\\imath ", "ȷ": "\\jmath ",
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηθικλνξπρστυφχψω", words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda nu xi pi rho sigma tau upsilon phi chi psi omega"
), strict=True))  # fmt: skip
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵏᵐ", "0123456789+-=()nixykm", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙₐₑₓₖₘ", "0123456789+-=()naexkm", strict=True))
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u2061\u2062\u2063\u200e\u200f"))
_RAISED = re.compile("[" + "".join(map(re.escape, _SUPERSCRIPTS)) + "]+")
_LOWERED = re.compile("[" + "".join(map(re.escape, _SUBSCRIPTS)) + "]+")
_OVERLINED = re.compile("(?:\\d\u0305)+")
_DOTTED = re.compile("(\\d)\u0307")


def to_ascii_mathematics(text: str) -> str:
    """Typographic characters to their LaTeX or ASCII spelling; foreign letters are left for the reader to refuse."""
    if text.isascii():
        return text.replace("\x00", " ")
    text = text.translate(_INVISIBLE)
    if "\u0305" in text or "\u0307" in text:
        text = _OVERLINED.sub(lambda m: f"\\overline{{{m[0].replace(chr(0x305), '')}}}", text)
        text = _DOTTED.sub(r"\\dot{\1}", text)
    text = _RAISED.sub(lambda m: "^{" + "".join(_SUPERSCRIPTS[c] for c in m[0]) + "}", text)
    text = _LOWERED.sub(lambda m: "_{" + "".join(_SUBSCRIPTS[c] for c in m[0]) + "}", text)
    return "".join(map(_spell, text)).replace("\x00", " ")


def _spell(char: str) -> str:
    if char < "\x80":
        return char
    if char in _COMMANDS_OF_CHARACTERS:
        return _COMMANDS_OF_CHARACTERS[char]
    if char in _GREEK:
        return f"\\{_GREEK[char]} "
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", char)
    if "\u2044" in plain:
        numerator, _, denominator = plain.partition("\u2044")
        return f"\\frac{{{numerator}}}{{{denominator}}}" if denominator else char
    if len(plain) == 1 and plain != char:
        return _spell(plain)
    return plain if plain.isascii() and ("\uff00" <= char <= "\uffef" or char >= "\U0001d400") else char


_TOKEN = re.compile(
    r"""(?P<space>\s+|~)
    |(?P<based>0x[0-9a-fA-F]+\b|0b[01]+\b|0o[0-7]+\b)
    |(?P<number>(?:\d+(?:_\d{3}(?!\d))*(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+(?![\d.]))?)
    |(?P<command>\\[A-Za-z]+|\\.)
    |(?P<word>[A-Za-z]+)
    |(?P<op>\*\*|//|<=|>=|!=|==|=<|=>|<>|->|\.{3,}|[-+*/^_=<>(){}\[\]|,;:!%'&$#])
    |(?P<quote>")""",
    re.VERBOSE,
)
_STRING = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
_SPACING = frozenset(words(
    "\\, \\; \\: \\! \\quad \\qquad \\left \\right \\big \\Big \\bigg \\Bigg \\bigl \\bigr \\Bigl \\Bigr "
    "\\displaystyle \\textstyle \\limits \\mathstrut \\middle \\hfill \\nolimits \\thinspace \\enspace \\boldsymbol "
    "\\scriptstyle \\large \\Large \\LARGE \\huge \\Huge \\small \\tiny \\normalsize \\footnotesize \\bf \\rm \\it "
    "\\sf \\bfseries \\itshape \\rmfamily \\mathrm \\mathbf \\mathit \\mathsf \\text \\textbf \\hline \\noindent "
    "\\nonumber \\allowbreak \\/ \\operatorname \\bm \\medspace \\thickspace \\negthinspace \\biggl \\biggr \\Biggl "
    "\\Biggr \\displaylimits"
)) | {"\\ "}  # fmt: skip
_BREAKS = frozenset(
    ("\\,", "\\;", "\\:", "\\ ", "\\quad", "\\qquad", "\\text", "\\mathrm", "\\/", "\\medspace", "\\thickspace")
)
"""Spacing that separates what it stands between."""

_OPERANDS = frozenset(("number", "word", "string"))


def tokenize(text: str) -> list[Token]:
    """Raises `UnreadableAnswer` for characters outside the grammar and for texts beyond the caps."""
    if len(text) > MAX_CHARS:
        raise UnreadableAnswer(f"longer than {MAX_CHARS:,} characters")
    tokens: list[Token] = []
    position, glued = 0, False
    while position < len(text):
        if text[position] in "'\"" and not _ends_operand(tokens):
            match = _STRING.match(text, position)
            if match:
                tokens.append(Token("string", _unescape(match[1] if match[1] is not None else match[2]), glued))
                position, glued = match.end(), True
                continue
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnreadableAnswer(f"the character {text[position]!r} has no meaning in an answer")
        kind, content = match.lastgroup, match[0]
        position = match.end()
        if kind == "space" or content in _SPACING:
            glued = glued and kind != "space" and content not in _BREAKS
            continue
        tokens.append(Token("number" if kind == "based" else kind, content, glued))
        glued = True
        if len(tokens) > MAX_TOKENS:
            raise UnreadableAnswer(f"more than {MAX_TOKENS:,} tokens")
    return tokens


def _ends_operand(tokens: list[Token]) -> bool:
    return bool(tokens) and (tokens[-1].kind in _OPERANDS or tokens[-1].text in (")", "]", "}", "'"))


_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"', "r": "\r", "0": "\0"}


def _unescape(body: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), body, flags=re.DOTALL)
