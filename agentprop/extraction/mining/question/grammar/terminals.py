"""Categories that are single pieces: numbers, letters, formulas, relations, words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agentprop.extraction.mining.question.latex.lexer import LatexToken
from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree
from agentprop.extraction.mining.question.latex.vocabulary import RELATIONS
from agentprop.extraction.mining.question.text import Piece

Terminal = Callable[[Sequence[Piece], int], Iterator[tuple[int, Tree]]]

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "twenty-first": 21, "thirtieth": 30,
    "fortieth": 40, "fiftieth": 50, "hundredth": 100,
}  # fmt: skip
FRACTIONS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip


def chunk(role: str, at: int) -> Node:
    """The formula of a piece, to be parsed once the question's definitions are known."""
    return Node(f"chunk:{role}", (Numeral(str(at)),))


def _texts(piece: Piece) -> list[str]:
    return [token.text for token in piece.tokens]


def _formula(pieces: Sequence[Piece], at: int) -> Piece | None:
    return pieces[at] if at < len(pieces) and pieces[at].kind == "formula" else None


def _word(pieces: Sequence[Piece], at: int) -> str:
    return pieces[at].text if at < len(pieces) and pieces[at].kind == "word" else ""


def is_relation(piece: Piece) -> bool:
    """Whether a sign of a relation stands at the top level of a formula, or inside an environment of it."""
    depth = 0
    for token in piece.tokens:
        depth += (token.text in ("(", "[", "{", "lfloor", "lceil")) - (token.text in (")", "]", "}", "rfloor", "rceil"))
        if token.kind == "begin":
            depth += 1
        if token.kind == "end":
            depth -= 1
        if depth == 0 and _is_sign(token):
            return True
    return False


def _is_sign(token: LatexToken) -> bool:
    return token.kind in ("symbol", "command") and (token.text in RELATIONS or token.text in ("in", "mid", "nmid"))


def number(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """A numeral, or a number in words."""
    piece = _formula(pieces, at)
    if piece is not None:
        if len(piece.tokens) == 1 and piece.tokens[0].kind == "number":
            yield at + 1, chunk("expression", at)
        return
    yield from number_words(pieces, at)


def number_words(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`two`, `twenty seven`, `one hundred`, `three thousand`."""
    start, total, current = at, 0, 0
    while (word := _word(pieces, at)) and (word in UNITS or word in TENS or word in ("hundred", "thousand", "million")):
        if word in UNITS or word in TENS:
            value = UNITS.get(word, TENS.get(word, 0))
            if current % 10 or (current % 100 and value > 9) or (current and current < 20):
                break
            current += value
        elif word == "hundred":
            current = max(current, 1) * 100
        else:
            total, current = total + max(current, 1) * (1000 if word == "thousand" else 10**6), 0
        at += 1
    if at > start:
        yield at, Numeral(str(total + current))


def percent(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`20%`, `20 percent`."""
    piece = _formula(pieces, at)
    if piece is not None and _texts(piece)[-1] == "%":
        yield at + 1, chunk("expression", at)
    for end, tree in number(pieces, at):
        if _word(pieces, end) == "percent":
            yield end + 1, Node("percent", (tree,))


def variable(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """A letter, possibly with a subscript."""
    piece = _formula(pieces, at)
    if piece is None or piece.tokens[0].kind not in ("letter", "command") or piece.tokens[0].text in ("frac", "sqrt"):
        return
    texts = _texts(piece)
    if len(texts) == 1 or (len(texts) > 2 and texts[1] == "_" and not set(texts[2:]) & set("+=*/^(")):
        yield at + 1, chunk("variable", at)


def expression(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """A formula that is no relation."""
    piece = _formula(pieces, at)
    if piece is not None and not is_relation(piece):
        yield at + 1, chunk("expression", at)


def relation(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """A formula that is one."""
    piece = _formula(pieces, at)
    if piece is not None and is_relation(piece):
        yield at + 1, chunk("relation", at)


def formula(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """Any formula."""
    piece = _formula(pieces, at)
    if piece is not None:
        yield at + 1, chunk("relation" if is_relation(piece) else "expression", at)


def tuple_(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`(3, 4)`, `A(3, 4)`, `A = (3, 4)`: coordinates, named or not."""
    piece = _formula(pieces, at)
    if piece is None:
        return
    texts = _texts(piece)
    opens = next((place for place, text in enumerate(texts) if text == "("), None)
    if opens is None or texts[-1] != ")" or opens > 2 or "," not in texts:
        return
    head = [token for token in piece.tokens[:opens] if token.text != "="]
    if all(token.kind == "letter" and token.text.isupper() for token in head):
        yield at + 1, chunk("point", at)


def interval(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`[0, 2\\pi)`."""
    piece = _formula(pieces, at)
    if piece is None:
        return
    texts = _texts(piece)
    if texts[0] in ("[", "(") and texts[-1] in ("]", ")") and "," in texts:
        yield at + 1, chunk("expression", at)


def set_(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`\\{1, 2, 3\\}`."""
    piece = _formula(pieces, at)
    if piece is not None and _texts(piece)[-1] == "}" and "{" in [t.text for t in piece.tokens if t.kind == "command"]:
        yield at + 1, chunk("expression", at)


def matrix(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """A formula with a matrix in it."""
    piece = _formula(pieces, at)
    if piece is not None and any(token.kind == "begin" and token.text != "cases" for token in piece.tokens):
        yield at + 1, chunk("expression", at)


def ordinal(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`12th`, `third`."""
    if at < len(pieces) and pieces[at].kind == "ordinal":
        yield at + 1, chunk("ordinal", at)
    word = _word(pieces, at)
    if word in ORDINALS:
        yield at + 1, Numeral(str(ORDINALS[word]))
    two = f"{word}-{_word(pieces, at + 1)}"
    if word in TENS and _word(pieces, at + 1) in ORDINALS and two not in ORDINALS:
        yield at + 2, Numeral(str(TENS[word] + ORDINALS[_word(pieces, at + 1)]))
    elif two in ORDINALS:
        yield at + 2, Numeral(str(ORDINALS[two]))


def fraction_words(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """`half`, `one third`, `two fifths`, `a quarter`."""
    word = _word(pieces, at)
    if word in ("half", "quarter"):
        yield at + 1, Node("div", (Numeral("1"), Numeral(str(FRACTIONS[word]))))
    following = _word(pieces, at + 1)
    if following in FRACTIONS and (word in UNITS or word in ("a", "an")):
        top = UNITS.get(word, 1)
        yield at + 2, Node("div", (Numeral(str(top)), Numeral(str(FRACTIONS[following]))))


def word(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """Any word."""
    if _word(pieces, at):
        yield at + 1, Letter(pieces[at].text)


def end(pieces: Sequence[Piece], at: int) -> Iterator[tuple[int, Tree]]:
    """The end of the question."""
    if at == len(pieces):
        yield at, Node("end")


TERMINALS: dict[str, Terminal] = {
    "number": number,
    "percent": percent,
    "var": variable,
    "expr": expression,
    "rel": relation,
    "formula": formula,
    "point": tuple_,
    "interval": interval,
    "braces": set_,
    "matrix": matrix,
    "ordinal": ordinal,
    "fraction": fraction_words,
    "word": word,
    "end": end,
}
