"""Letters of mined questions: each has one meaning in a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from agentprop.composition.terms import Apply, Given
from agentprop.composition.writer import Unwritable, shares_letters, write
from agentprop.skills import Output, Package, Wording

ASKED = "What is $<a>x + y$ if $x + y = 7$ and $x - y = 3$?"
NAMED = "the value of $<a>{0} + {1}$, where ${0} + {1} = 9$ and ${0} - {1} = 5$"


def mined(package: Package, name: str, ask: str, value: str) -> Package:
    parameter = next(p for p in package.spec.parameters.values() if p.kind == "integer")
    changed = {
        "name": name,
        "evidence": "self-consistent",
        "parameters": {"a": parameter},
        "constraints": (),
        "phrasings": (Wording(ask=ask),),
        "value": (value,),
        "follows": {},
        "flavour": {},
        "output": Output(kind="integer"),
    }
    return replace(package, spec=package.spec.model_copy(update=changed))


@pytest.mark.parametrize(("letters", "shared"), [("xy", True), ("uv", False)])
def test_two_questions_do_not_use_a_letter_for_two_things(
    letters: str, shared: bool, library: Mapping[str, Package]
) -> None:
    package = library["number-theory-factorial-zeros"]
    named = NAMED.format(*letters)
    own = {"asks": mined(package, "asks", ASKED, NAMED.format("x", "y"))}
    own["supplies"] = mined(package, "supplies", f"What is {named}?", named)
    term = Apply("asks", (("a", Apply("supplies", (("a", Given("4")),))),))
    assert shares_letters(term, own) is shared
    if shared:
        with pytest.raises(Unwritable, match="two meanings"):
            write(term, own, Random(0))
    else:
        assert "$" in write(term, own, Random(0))
