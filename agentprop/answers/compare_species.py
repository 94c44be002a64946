"""Ions and nuclides that are spelled otherwise: `Zn+2` beside `Zn^{2+}`, `U-235` and `carbon-14` beside `^{14}C`.

By themselves such texts may be sums, differences and products; beside a species that can be nothing else they are one.
"""

from __future__ import annotations

import re

from agentprop.answers.compare_words import formulas
from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.chemistry import chemical
from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Formula, Words

_LENGTH = 40
_ION = re.compile(
    r"(?P<core>[A-Z][\w{}()\[\]]*?)\s*\^?\s*\{?(?:(?P<sign>[+-])(?P<size>\d)|(?P<signs>\+{2,4}|-{2,4}))\}?"
)
_NUCLIDE = re.compile(r"(?P<name>[A-Z][a-z]?(?=\s?-)|[A-Za-z]{3,12})(?:\s?-\s?|\s)(?P<mass>\d{1,3})")
_SYMBOLS = dict(
    pair.split(":")
    for pair in words("""
    hydrogen:H helium:He lithium:Li beryllium:Be boron:B carbon:C nitrogen:N oxygen:O fluorine:F neon:Ne sodium:Na
    magnesium:Mg aluminium:Al aluminum:Al silicon:Si phosphorus:P sulfur:S sulphur:S chlorine:Cl argon:Ar potassium:K
    calcium:Ca chromium:Cr manganese:Mn iron:Fe cobalt:Co nickel:Ni copper:Cu zinc:Zn bromine:Br krypton:Kr rubidium:Rb
    strontium:Sr technetium:Tc silver:Ag tin:Sn iodine:I xenon:Xe cesium:Cs caesium:Cs barium:Ba gold:Au mercury:Hg
    thallium:Tl lead:Pb bismuth:Bi polonium:Po radon:Rn radium:Ra thorium:Th protactinium:Pa uranium:U neptunium:Np
    plutonium:Pu americium:Am curium:Cm
    """)
)


def compare_species(gold: str, pred: str) -> Equivalence | None:
    """The verdict on two species of which one is spelled in such a way; None for all other pairs."""
    if max(len(gold), len(pred)) > _LENGTH or not any(map(_is_respelled, (gold, pred))):
        return None
    match [_nuclide(gold), _nuclide(pred)]:
        case [(one, certain), (other, also)] if certain or also:
            equal = one == other
            return same("nuclide", "the same nuclide") if equal else different("nuclide", f"{one} is not {other}")
    match [_ion(gold), _ion(pred)]:
        case [(left, certain), (right, also)] if certain or also:
            return formulas(left, right)
    return None


def _is_respelled(text: str) -> bool:
    return bool(_NUCLIDE.fullmatch(text) or _ION.fullmatch(text))


def _nuclide(text: str) -> tuple[str, bool] | None:
    """(mass and symbol, whether the text can be nothing else)."""
    if (found := _NUCLIDE.fullmatch(text)) is not None:
        symbol = _SYMBOLS.get(found["name"].lower(), found["name"])
        node = chemical(f"^{{{found['mass']}}}{symbol}")
        return (str(node.value), symbol != found["name"]) if isinstance(node, Words) else None
    node = chemical(text)
    return (str(node.value), True) if isinstance(node, Words) else None


def _ion(text: str) -> tuple[Formula, bool] | None:
    """(the ion, whether the text can be nothing else)."""
    found = _ION.fullmatch(text)
    if found is not None:
        sign, size = (found["sign"], found["size"]) if found["sign"] else (found["signs"][0], len(found["signs"]))
        text = f"{found['core']}^{{{size}{sign}}}"
    node = chemical(text)
    return (node, found is None) if isinstance(node, Formula) and node.charge else None
