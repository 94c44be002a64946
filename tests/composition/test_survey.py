"""Sample values of skills: stored for the bundled ones, computed for others."""

from __future__ import annotations

from collections.abc import Mapping

from agentprop.composition.survey import library_values, survey
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, parse


def test_stored_values_of_bundled_skills_are_what_the_sandbox_computes(library: Mapping[str, Package]) -> None:
    """If it fails after a skill has changed: `python -m agentprop.composition.survey`."""
    with Sandbox(preload=(), slots=2) as sandbox:
        computed = survey(library, sandbox)
    assert library_values(library, never) == computed
    assert len(computed) > 90 and all(len(values) > 3 for values in computed.values())


def test_only_a_skill_whose_content_is_not_stored_is_computed(library: Mapping[str, Package]) -> None:
    opened = []

    def sandbox() -> Sandbox:
        opened.append(1)
        return Sandbox(preload=(), slots=1)

    name = "algebra-vieta-power-sum"
    old = library[name]
    changed = parse(old.skill_md, (old.script or "") + "\n# changed\n", "user")
    assert changed.id != old.id
    assert library_values({**library, name: changed}, sandbox) == library_values(library, never)
    assert opened == [1]


def never() -> Sandbox:
    raise AssertionError("every value is stored")
