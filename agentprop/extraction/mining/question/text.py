"""A question to pieces: words, marks, and formulas whose every token knows where it stands.

A formula is as long as no comma, word or line break at its top level cuts it: `$x, y > 0$` is two formulas with a comma
between them, and `$20\\%$` one. Numbers in prose are formulas of one token. Quotation marks and currency signs are
dropped; a hyphen parts words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agentprop.extraction.mining.question.latex.arguments import one_digit_each
from agentprop.extraction.mining.question.latex.lexer import LatexToken, lex, plain_number

PieceKind = Literal["word", "mark", "formula", "ordinal"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a mark, or a formula."""

    kind: PieceKind
    text: str
    """Lower case for words; the source for formulas."""
    start: int
    """Where it begins in the question."""
    end: int
    """One past its last character."""
    tokens: tuple[LatexToken, ...] = ()
    """Tokens of a formula, or the numeral of an ordinal."""


@dataclass(frozen=True)
class QuestionText:
    """A question in pieces, and its numerals in reading order."""

    source: str
    """The text as it is."""
    pieces: tuple[Piece, ...]
    """Everything in it, in order."""
    numerals: tuple[LatexToken, ...]
    """Number tokens of formulas and ordinals, in order; a numeral's place here is its slot."""
    numbers: dict[int, int] = field(default_factory=dict)
    """Where a numeral begins → its slot."""


_DISPLAY = "align|eqnarray|gather|equation|alignat|multline|aligned|split"
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<double>.+?)(?<!\\)\$\$|\\\[(?P<bracket>.+?)\\\]|\\\((?P<round>.+?)\\\)"
    rf"|(?P<display>\\begin\{{(?:{_DISPLAY})\*?\}}.+?\\end\{{(?:{_DISPLAY})\*?\}})"
    r"|(?<!\\)\$(?P<single>(?:[^$\\]|\\.)+?)\$",
    re.DOTALL,
)
_MARKUP = re.compile(
    r"\\(?:textbf|textit|emph|underline|textsc)\s*\{(?P<inner>[^{}$]*)\}|``|''|[\"“”‘`]|\\(?:\\|newline)|~"
)
_OPERAND = r"\(*\d+(?:\.\d+)?\)*"
_PROSE = re.compile(
    r"(?P<space>\s+)"
    rf"|(?P<arithmetic>(?<![\w.]){_OPERAND}(?:\s?(?:[+*/^×÷]|(?<=\s)[-−]\s|(?<=\^\d)-|(?<=\^\d\d)-)\s?{_OPERAND})+(?![\w%]))"
    r"|(?P<clock>\d{1,2}:\d{2}(?:\s*[ap]\.?m\b\.?)?)"
    r"|(?P<ordinal>\d+)(?:st|nd|rd|th)\b"
    r"|(?P<minus>(?<![\w).])[-−–])?(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\w.])\.\d+)(?P<factorial>!(?=[\s?,.)]))?(?P<percent>\s?\\?%)?"
    r"|(?P<word>[A-Za-z]+(?:['’](?=[A-Za-z])[A-Za-z]+)?)"
    r"|(?P<mark>\.\.\.+|\\[$%&#]|.)",
    re.DOTALL,
)
_DROPPED = frozenset({"(", ")", "[", "]", "-", "$", "\\$", "–", "—", "\\", "{", "}", "*", "'", "’", "•"})
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_OPEN_COMMANDS, _CLOSE_COMMANDS = (
    frozenset({"{", "lfloor", "lceil", "langle"}),
    frozenset({"}", "rfloor", "rceil", "rangle"}),
)
_SEPARATORS = frozenset({",", ";", ":"})
_ORDINALS = frozenset({"th", "st", "nd", "rd"})


def read(source: str) -> QuestionText:
    """The pieces of a question."""
    pieces = tuple(_joined(list(_pieces(source))))
    numerals = sorted(
        (token for piece in pieces for token in piece.tokens if token.kind == "number"), key=lambda token: token.start
    )
    return QuestionText(source, pieces, tuple(numerals), {token.start: slot for slot, token in enumerate(numerals)})


def _pieces(source: str) -> Iterator[Piece]:
    position = 0
    for match in _FORMULA.finditer(source):
        yield from _prose(source, position, match.start())
        group = str(match.lastgroup)
        yield from _formulas(source, *match.span(group))
        position = match.end()
    yield from _prose(source, position, len(source))


def _prose(source: str, start: int, stop: int) -> Iterator[Piece]:
    position = start
    for match in _MARKUP.finditer(source, start, stop):
        yield from _words(source, position, match.start())
        if match["inner"]:
            yield from _words(source, *match.span("inner"))
        position = match.end()
    yield from _words(source, position, stop)


def _words(source: str, start: int, stop: int) -> Iterator[Piece]:
    for match in _PROSE.finditer(source, start, stop):
        begin, end = match.span()
        if match["arithmetic"]:
            yield from _formulas(source, begin, end)
        elif match["word"]:
            yield Piece("word", match["word"].lower().replace("’", "'"), begin, end)
        elif match["ordinal"]:
            token = LatexToken("number", match["ordinal"], begin, match.end("ordinal"))
            yield Piece("ordinal", match["ordinal"], begin, end, (token,))
        elif match["number"]:
            yield Piece("formula", match.group(), begin, end, tuple(_prose_number(match)))
        elif match["clock"]:
            yield Piece("word", re.sub(r"\s|\.", "", match["clock"]).lower(), begin, end)
        elif match["mark"] and match["mark"] not in _DROPPED:
            mark = "..." if match["mark"].startswith("...") or match["mark"] == "…" else match["mark"]
            yield Piece("mark", mark, begin, end)


def _prose_number(match: re.Match[str]) -> Iterator[LatexToken]:
    if match["minus"]:
        yield LatexToken("symbol", "-", *match.span("minus"))
    yield LatexToken("number", match["number"], *match.span("number"))
    if match["factorial"]:
        yield LatexToken("symbol", "!", *match.span("factorial"))
    if match["percent"]:
        yield LatexToken("command", "%", *match.span("percent"))


# --- formulas ---


def _formulas(source: str, start: int, stop: int) -> Iterator[Piece]:
    """A stretch of mathematics cut at its top level."""
    run: list[LatexToken] = []
    depth = 0
    for token in one_digit_each(list(_without_display(lex(source, start, stop)))):
        depth += _depth(token)
        if depth <= 0 and not _opens_or_closes(token):
            cut = _cut(token)
            if cut is not None:
                yield from _finished(source, run)
                run = []
                if token.kind == "text":
                    yield from _text_token(source, token)
                elif cut:
                    yield Piece("mark", cut, token.start, token.end)
                continue
            if token.kind == "symbol" and token.text == "&":
                continue
        if token.kind == "command" and token.text in ("quad", "qquad"):
            continue
        run.append(token)
    yield from _finished(source, run)


def _without_display(tokens: Sequence[LatexToken]) -> Iterator[LatexToken]:
    for token in tokens:
        if token.kind in ("begin", "end") and re.fullmatch(_DISPLAY, token.text):
            continue
        yield token


def _opens_or_closes(token: LatexToken) -> bool:
    return _depth(token) != 0


def _depth(token: LatexToken) -> int:
    if token.kind == "begin":
        return 1
    if token.kind == "end":
        return -1
    if token.kind == "symbol":
        return (token.text in _OPEN) - (token.text in _CLOSE)
    if token.kind == "command":
        return (token.text in _OPEN_COMMANDS) - (token.text in _CLOSE_COMMANDS)
    return 0


def _cut(token: LatexToken) -> str | None:
    """The mark that a token at the top level stands for, "" for words; None where it belongs to a formula."""
    if token.kind == "text":
        return "" if token.text not in ("mod",) else None
    if token.kind == "symbol" and token.text in _SEPARATORS:
        return token.text
    if token.kind == "command" and token.text in ("\\", "quad", "qquad"):
        return ","
    if token.kind == "command" and token.text in ("$", "bullet"):
        return ""
    return None


def _text_token(source: str, token: LatexToken) -> Iterator[Piece]:
    inside = source.index("{", token.start, token.end) + 1
    yield from _words(source, inside, token.end - 1)


def _finished(source: str, run: list[LatexToken]) -> Iterator[Piece]:
    """A formula's tokens as a piece, marks behind it apart."""
    behind = []
    while run and run[-1].kind == "symbol" and run[-1].text in (".", "?", "~"):
        behind.append(run.pop())
    if run:
        yield from _formula(source, run)
    for token in reversed(behind):
        if token.text != "~":
            yield Piece("mark", token.text, token.start, token.end)


def _formula(source: str, run: list[LatexToken]) -> Iterator[Piece]:
    start, end = run[0].start, run[-1].end
    if len(run) == 1 and run[0].kind == "command" and run[0].text == "ldots":
        yield Piece("mark", "...", start, end)
        return
    number = run[0]
    if number.kind == "number" and _is_ordinal(run[1:]):
        yield Piece("ordinal", plain_number(number.text), start, end, (number,))
        return
    if run[-1].kind == "command" and run[-1].text == "ldots" and run[-2].text not in "+-*":
        yield Piece("formula", source[start : run[-2].end], start, run[-2].end, tuple(run[:-1]))
        yield Piece("mark", "...", run[-1].start, end)
        return
    yield Piece("formula", source[start:end], start, end, tuple(run))


def _is_ordinal(tokens: list[LatexToken]) -> bool:
    texts = [token.text for token in tokens if token.text not in "^{}"]
    return texts in (["th"], ["st"], ["nd"], ["rd"], ["t", "h"], ["s", "t"], ["n", "d"], ["r", "d"])


# --- what belongs together ---


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """A percent sign with its number; a numeral with the ordinal ending behind it; an equation that a `$ $` cuts."""
    position = 0
    while position < len(pieces):
        piece = pieces[position]
        following = pieces[position + 1] if position + 1 < len(pieces) else None
        if following is not None and _is_number(piece) and _is_percent(following):
            sign = LatexToken("command", "%", following.start, following.end)
            yield Piece("formula", piece.text + "%", piece.start, following.end, (*piece.tokens, sign))
            position += 2
        elif following is not None and _is_number(piece) and following.text in _ORDINALS and following.kind == "word":
            yield Piece("ordinal", piece.text, piece.start, following.end, piece.tokens)
            position += 2
        elif following is not None and following.kind == "formula" and _is_cut(piece):
            text = f"{piece.text} {following.text}"
            yield Piece("formula", text, piece.start, following.end, (*piece.tokens, *following.tokens))
            position += 2
        else:
            yield piece
            position += 1


def _is_cut(piece: Piece) -> bool:
    """Whether a formula ends with an equals sign."""
    return piece.kind == "formula" and len(piece.tokens) > 1 and piece.tokens[-1].text == "="


def _is_number(piece: Piece) -> bool:
    return piece.kind == "formula" and len(piece.tokens) == 1 and piece.tokens[0].kind == "number"


def _is_percent(piece: Piece) -> bool:
    if piece.kind == "formula":
        return [token.text for token in piece.tokens] == ["%"]
    return piece.kind == "mark" and piece.text in ("\\%", "%")
