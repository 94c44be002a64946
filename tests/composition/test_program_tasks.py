"""Programs that a statement shows or asks for: likely faults, and examples that tell something."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from agentprop.composition import promises
from agentprop.composition.listing import listing
from agentprop.composition.program_submissions import of_program
from agentprop.composition.program_tasks import changed, likely
from agentprop.composition.terms import Apply, Given, Program, Variable
from agentprop.skills import Package


def test_a_program_to_be_repaired_does_not_show_its_fault(library: Mapping[str, Package]) -> None:
    term = Apply("coding-graphs-sum-partners", (("xs", Variable("xs")), ("m", Given("5"))))
    own = listing(term, library, entry=("solve", "xs"))
    subtracting, always = (
        {text for text in changed(own) if shown in text} for shown in ("sizes -= [1] * count", "if True:")
    )
    assert len(subtracting) == 1 and len(always) == 3
    assert {*changed(own)} - {*likely(own)} == subtracting | always
    assert any("sizes.append(count - counts[partner])" in text for text in likely(own))


def test_the_example_tells_more_than_one_element_again_and_again(library: Mapping[str, Package]) -> None:
    term = Program("xs", Apply("coding-lists-drop-multiples", (("xs", Variable("xs")), ("k", Given("3")))))
    inputs = [[7, 7, 3], [7, 7, 7, 1, 3], [5, 1, 4, 9, 8, 6]]
    data = inputs + promises.edges(term, library)
    printed = [repr([x for x in xs if x % 3]) for xs in data]
    made = of_program(term, library, "Thin it out.", repr(inputs), printed, "write", Random(1))
    assert "Example: `solve([5, 1, 4, 9, 8, 6])` returns `[5, 1, 4, 8]`." in made.statement
