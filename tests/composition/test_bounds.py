"""Families of object kinds: both routes enumerate the same, and what a fact is said to bound is bounded."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from agentprop.sandbox import Job, Sandbox
from agentprop.skills import Package, load

KINDS = [name for name, package in load([]).items() if package.spec.is_object]
BOUNDED = 12
"""Kinds, at least, of which some fact bounds the family by itself."""
LARGER = 1.5
"""Boxes up to this multiple of the largest that is drawn are searched for a member that a bound would have lost."""

LOST = """
from skills import {module} as kind

sizes = {{}}
for box in range({larger} + 1):
    for member in kind.members(box):
        sizes.setdefault(member, box)
bounds = getattr(kind, "BOUNDS", {{}})
lost, tried = [], 0
for port, most in bounds.items():
    for member, size in sizes.items():
        told = kind.PORTS[port](member)
        if told is not None and told is not False:
            bound = most(told)
            tried += 1
            if bound is not None and bound < size:
                lost.append((port, told, size))
found = [sorted(bounds), tried, lost[:3]]
"""
COUNTED = """
from skills import {module} as kind

found = [len(set(kind.members({box}))), kind.solve({box}, (), ("number",)), kind.check({box}, (), ("number",))]
"""


@pytest.fixture(scope="module")
def found(library: Mapping[str, Package]) -> dict[str, list[object]]:
    jobs = []
    for name in KINDS:
        package = library[name]
        box = package.spec.parameters["box"].high
        given = {"module": package.module, "box": box, "larger": int(LARGER * box)}
        jobs += [Job(code.format(**given), package.sources, returns="found", timeout_s=60) for code in (LOST, COUNTED)]
    with Sandbox(preload=(), slots=1) as sandbox:
        results = sandbox.run_batch(jobs)
    assert [result.error for result in results if result.error] == []
    return {name: [results[2 * n].value, results[2 * n + 1].value] for n, name in enumerate(KINDS)}


def test_no_member_of_a_larger_family_has_a_value_that_is_said_to_exclude_it(found: Mapping[str, list[object]]) -> None:
    bounded = 0
    for name, (lost, _) in found.items():
        assert isinstance(lost, list)
        ports, tried, beyond = lost
        assert beyond == [], name
        assert not ports or tried > len(ports), name
        bounded += bool(ports)
    assert bounded >= BOUNDED


def test_both_routes_enumerate_every_member_once(found: Mapping[str, list[object]]) -> None:
    for name, (_, counts) in found.items():
        assert isinstance(counts, list)
        assert len(set(counts)) == 1 and counts[0] > 20, (name, counts)


def test_every_kind_says_what_is_enumerated_and_why_this_is_complete(library: Mapping[str, Package]) -> None:
    for name in KINDS:
        _, _, family = library[name].skill_md.partition("\n## Family\n")
        assert len(family.partition("\n## ")[0].split()) >= 20, name
