"""A right answer → wrong ones that differ from it as little as they can: in a digit, a sign, a relation or a part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

RELATIONS = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\leq": "\\geq", "\\geq": "\\leq", "≤": "≥", "≥": "≤",
             "\\lt": "\\gt", "\\gt": "\\lt"}  # fmt: skip
STRICT = {"<": "\\le ", ">": "\\ge ", "\\le": "<", "\\ge": ">", "\\leq": "<", "\\geq": ">"}
RELATION = re.compile(r"\\(?:leq?|geq?|lt|gt)(?![a-zA-Z])|[<>≤≥]")


class Mutant(NamedTuple):
    """A wrong answer."""

    kind: str
    """What was changed: digit, sign, relation or part."""
    text: str
    """The answer now."""


def mutants(answer: str) -> list[Mutant]:
    """Every mutant of an answer, each text once and none that is the answer itself."""
    found = [*digits(answer), *signs(answer), *relations(answer), *parts(answer)]
    return [one for one in dict.fromkeys(found) if one.text.strip() != answer.strip()]


def digits(answer: str) -> Iterator[Mutant]:
    """Every digit once, made another one that is not 0, so that no number loses or gains a leading zero."""
    for found in re.finditer(r"\d", answer):
        other = int(found[0]) % 9 + 1
        yield Mutant("digit", f"{answer[: found.start()]}{other}{answer[found.end() :]}")


def signs(answer: str) -> Iterator[Mutant]:
    """Every + made a −, every − a + (in front it goes), and a − before a bare number.

    A + in front is made a −, since without it the number would be the same.
    """
    for found in re.finditer(r"(?<![eE^{])[+-](?!infty|\\infty|\d+\s*\()", answer):
        before, after = answer[: found.start()], answer[found.end() :]
        leading = not before.strip() or before.rstrip()[-1:] in "([{,=<>$&"
        other = "-" if found[0] == "+" else "" if leading else "+"
        yield Mutant("sign", before + other + after)
    if re.fullmatch(r"\$?\d[\d.,]*\$?", answer.strip()) and re.match(r"\$?0*(?:\.0*)?[1-9]", answer):
        yield Mutant("sign", re.sub(r"^(\$?)", r"\1-", answer.strip(), count=1))


def relations(answer: str) -> Iterator[Mutant]:
    """Every inequality turned round, and made strict or no longer strict."""
    for found in RELATION.finditer(answer):
        for table in (RELATIONS, STRICT):
            if found[0] in table:
                yield Mutant("relation", f"{answer[: found.start()]}{table[found[0]]} {answer[found.end() :]}")


def parts(answer: str) -> Iterator[Mutant]:
    """A list, set, point or interval without one of its parts; round and square ends exchanged."""
    body = answer.strip().strip("$").strip()
    found = re.fullmatch(r"(\\?[({\[]|\\left[(\[])?(.*?)(\\?[)}\]]|\\right[)\]])?", body, re.DOTALL)
    if not found:
        return
    opening, inner, closing = found[1] or "", found[2], found[3] or ""
    pieces = _split(inner)
    if len(pieces) > 1 and bool(opening) == bool(closing):
        for place in range(len(pieces)):
            left = [piece for number, piece in enumerate(pieces) if number != place]
            yield Mutant("part", f"{opening}{', '.join(left)}{closing}")


def _split(text: str) -> list[str]:
    """Pieces between commas outside of any bracket; a comma between digits alone may be a thousands separator."""
    pieces, depth, last = [], 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        grouped = text[place - 1 : place].isdigit() and text[place + 1 : place + 4].isdigit()
        if sign == "," and depth == 0 and not grouped:
            pieces.append(text[last:place].strip())
            last = place + 1
    return [*pieces, text[last:].strip()]
