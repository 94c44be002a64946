"""A formula of Office Open XML (`m:oMath`) → TeX.

Known are text, fractions, powers and indices, roots, brackets, sums and products with their ends, functions, bars and
matrices. Anything else is refused: a formula with a part left out would be another formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_OPERATORS = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "⋃": r"\bigcup", "⋂": r"\bigcap"}
_SILENT = frozenset({"ctrlPr", "rPr", "bookmarkStart", "bookmarkEnd", "proofErr", "oMathParaPr"})
_THROUGH = frozenset({"oMath", "oMathPara", "e", "num", "den", "sup", "sub", "deg", "fName", "lim", "box", "ins"})


class UnknownFormula(ValueError):
    """A part of a formula that is not known; its text is the part's name."""


def tex_of(element: Any) -> str:
    """The TeX of an element of a formula. Raises UnknownFormula."""
    name = element.tag.rpartition("}")[2]
    if name.endswith("Pr") or name in _SILENT:
        return ""
    if name in _THROUGH:
        return "".join(tex_of(child) for child in element)
    if name == "r":
        return "".join(child.text or "" for child in element if child.tag.endswith("}t"))
    if name not in _KNOWN:
        raise UnknownFormula(name)
    return _KNOWN[name](element)


def _part(element: Any, name: str) -> str:
    return "".join(tex_of(child) for child in element if child.tag.endswith(f"}}{name}"))


def _property(element: Any, name: str, default: str) -> str:
    """A value among the element's properties, such as the character of a bracket."""
    properties = [one for child in element if child.tag.endswith("Pr") for one in child]
    found = next((one for one in properties if one.tag.endswith(f"}}{name}")), None)
    if found is None:
        return default
    return next((str(value) for key, value in found.attrib.items() if key.endswith("}val")), "")


def _fraction(element: Any) -> str:
    return rf"\frac{{{_part(element, 'num')}}}{{{_part(element, 'den')}}}"


def _scripted(element: Any) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    base = _part(element, "e")
    base = base if len(base) <= 1 or base.isdigit() else f"{{{base}}}"
    return base + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")


def _root(element: Any) -> str:
    degree = _part(element, "deg")
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e')}}}"


def _bracketed(element: Any) -> str:
    begin, end = _property(element, "begChr", "("), _property(element, "endChr", ")")
    inside = _property(element, "sepChr", "|").join(tex_of(child) for child in element if child.tag.endswith("}e"))
    escaped = {"{": r"\{", "}": r"\}", "": "."}
    return rf"\left{escaped.get(begin, begin)}{inside}\right{escaped.get(end, end)}"


def _repeated(element: Any) -> str:
    sign = _property(element, "chr", "∫")
    below, above = _part(element, "sub"), _part(element, "sup")
    ends = (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
    return f"{_OPERATORS.get(sign, sign)}{ends} {_part(element, 'e')}"


def _function(element: Any) -> str:
    name = _part(element, "fName")
    return rf"\{name} {_part(element, 'e')}" if name.isalpha() else f"{name} {_part(element, 'e')}"


def _limit(element: Any) -> str:
    base = _part(element, "e")
    return rf"{chr(92) if base.isalpha() else ''}{base}_{{{_part(element, 'lim')}}}"


def _matrix(element: Any) -> str:
    rows = [" & ".join(tex_of(cell) for cell in row) for row in element if row.tag.endswith("}mr")]
    return r"\begin{matrix}" + r" \\ ".join(rows) + r"\end{matrix}"


_KNOWN: dict[str, Callable[[Any], str]] = {
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "rad": _root,
    "d": _bracketed,
    "nary": _repeated,
    "func": _function,
    "limLow": _limit,
    "m": _matrix,
    "bar": lambda element: rf"\overline{{{_part(element, 'e')}}}",
    "eqArr": lambda element: r" \\ ".join(tex_of(child) for child in element if child.tag.endswith("}e")),
}
