"""A noun phrase → the same with other letters, so that it can stand in one statement with a question that has its own.

>>> list(relettered("the value of $x$ if $\\\\frac{x}{2} = <a>$"))
['the value of $w$ if $\\\\frac{w}{2} = <a>$', 'the value of $r$ if $\\\\frac{r}{2} = <a>$']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_KEPT = frozenset("eidoEIO")
"""Letters with a meaning of their own, or that look like numbers."""
_FUNCTIONS = frozenset("fghFGH")
_POOLS = (("wvuzy", "gfFG"), ("rsnmt", "hFGf"))
"""For each variant: letters for numbers, and letters for functions."""
_PARTS = re.compile(
    r"<\w+>|\\(?:begin|end)\{[^}]*\}|\\(?:text|mathrm|operatorname)\{[^}]*\}|\\[A-Za-z]+|(?P<letter>[A-Za-z])"
)
_FORMULA = re.compile(r"(?<!\\)\$[^$]*(?<!\\)\$")


def relettered(phrase: str) -> Iterator[str]:
    """The phrase in other letters; nothing for one without letters."""
    letters = _letters(phrase)
    for numbers, functions in _POOLS:
        new = {
            **_paired([one for one in letters if one in _FUNCTIONS], functions, letters),
            **_paired([one for one in letters if one not in _FUNCTIONS], numbers, letters),
        }
        if letters and len(new) == len(letters):
            yield _exchanged(phrase, new)


def _paired(old: Sequence[str], pool: str, taken: Sequence[str]) -> dict[str, str]:
    return dict(zip(old, (one for one in pool if one not in taken), strict=False))


def _letters(phrase: str) -> list[str]:
    found = (part["letter"] for formula in _FORMULA.findall(phrase) for part in _PARTS.finditer(formula))
    return list(dict.fromkeys(one for one in found if one and one not in _KEPT))


def _exchanged(phrase: str, new: Mapping[str, str]) -> str:
    def formula(found: re.Match[str]) -> str:
        return _PARTS.sub(lambda part: new.get(part["letter"] or "", part[0]), found[0])

    return _FORMULA.sub(formula, phrase)
