"""Programs that a statement shows: the faults in them are ones that somebody may have made."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition.listing import listing
from agentprop.composition.program_tasks import changed, likely
from agentprop.composition.terms import Apply, Given, Variable
from agentprop.skills import Package


def test_a_program_to_be_repaired_subtracts_no_list(library: Mapping[str, Package]) -> None:
    term = Apply("coding-graphs-sum-partners", (("xs", Variable("xs")), ("m", Given("5"))))
    own = listing(term, library, entry=("solve", "xs"))
    left_out = {*changed(own)} - {*likely(own)}
    assert len(left_out) == 1 and "sizes -= [1] * count" in left_out.pop()
    assert any("sizes.append(count - counts[partner])" in text for text in likely(own))
