"""A library → its links: which skill's value can enter which parameter of another, and which link is drawn.

Types and roles alone decide that a link exists. A link is drawn in proportion to the share of the producer's surveyed
values that its port takes, so that conflicts stay what they are for a person: frequent, not the rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from agentprop.composition.writer import complete_follow, complete_scene
from agentprop.skills import Package, Spec
from agentprop.skills.values import misfit

KINDS = {
    "integer": ("integer",),
    "rational": ("rational", "integer"),
    "list": ("list",),
    "string": ("string",),
    "words": ("words",),
    "graph": ("graph",),
}
MINED_LINKS = 0.15
"""Share of links to mined producers where both sorts fit."""
PICKS = 60
"""Tries to draw a link by rejection."""
MIN_WEIGHT = 0.02
"""Weight of a link whose port took none of the surveyed values: rare, not never."""


class Impossible(ValueError):
    """No composition of the asked sort exists in this library."""


@dataclass(frozen=True, slots=True)
class Link:
    """A port of a consumer that a producer's value can enter."""

    consumer: str
    parameter: str
    producer: str
    story: bool


class Links:
    """The links of a library, indexed once; everything random comes from the generator handed in.

    `survey` holds values that some skills took on random parameters; `linked=False` leaves the index empty.
    """

    def __init__(
        self, library: Mapping[str, Package], survey: Mapping[str, Sequence[Any]], *, linked: bool = True
    ) -> None:
        self.library, self.survey = library, survey
        self.into: dict[str, list[Link]] = defaultdict(list)
        """Links by consumer."""
        self.out_of: dict[str, list[Link]] = defaultdict(list)
        """Links by producer."""
        self._weights: dict[Link, float] = {}
        for link in self._found() if linked else ():
            self.into[link.consumer].append(link)
            self.out_of[link.producer].append(link)

    def mined(self, name: str) -> bool:
        """Whether a skill was mined."""
        return self.library[name].spec.evidence == "self-consistent"

    def onward(self, producer: str, *, story: bool) -> list[Link]:
        """The links out of a producer that go on with its story, or that take its value by a noun phrase."""
        return [link for link in self.out_of[producer] if link.story == story]

    def pick(self, links: Sequence[Link], rng: Random) -> Link:
        """A link in proportion to how often its port takes the producer's values (rejection, so few are weighed)."""
        if not links:
            raise Impossible("no link")
        links = self._of_one_origin(links, rng)
        for _ in range(PICKS):
            link = rng.choice(links)
            if rng.random() < self._weight(link):
                break
        return link

    def _of_one_origin(self, links: Sequence[Link], rng: Random) -> Sequence[Link]:
        """Mined producers are many and alike: where others fit too, they are drawn now and then."""
        mined = [link for link in links if self.mined(link.producer)]
        others = [link for link in links if not self.mined(link.producer)]
        if not mined or not others:
            return links
        return mined if rng.random() < MINED_LINKS else others

    def _weight(self, link: Link) -> float:
        if link not in self._weights:
            values = self.survey.get(link.producer)
            parameter = self.library[link.consumer].spec.parameters[link.parameter]
            fitting = sum(misfit(parameter, value) is None for value in values) / len(values) if values else 1.0
            self._weights[link] = max(MIN_WEIGHT, fitting)
        return self._weights[link]

    def _found(self) -> Iterator[Link]:
        by_role: dict[str, list[str]] = defaultdict(list)
        by_kind: dict[str, list[str]] = defaultdict(list)
        for name, package in self.library.items():
            output = package.spec.output
            assert output is not None  # executable packages have one
            if output.role and output.subject and tells(package.spec):
                by_role[output.role].append(name)
            if package.spec.value:
                by_kind[output.kind].append(name)
        for name, package in self.library.items():
            yield from self._ports(name, package.spec, by_role, by_kind)

    def _ports(
        self, name: str, spec: Spec, by_role: Mapping[str, list[str]], by_kind: Mapping[str, list[str]]
    ) -> Iterator[Link]:
        for parameter, role in spec.roles_in():
            for producer in by_role.get(role, ()):
                if producer != name and _units_agree(self.library[producer].spec, spec, parameter):
                    yield Link(name, parameter, producer, story=True)
        for parameter, p in spec.parameters.items():
            if p.values or not (spec.phrasings or spec.value):
                continue
            for kind in KINDS.get(p.kind, ()):
                for producer in by_kind.get(kind, ()):
                    if producer != name and _natural(self.library[producer].spec, spec):
                        yield Link(name, parameter, producer, story=False)


def tells(spec: Spec) -> bool:
    """Whether the skill can begin a story, or go on in one without its question."""
    starts = any(complete_scene(spec, w) for w in spec.phrasings)
    return starts or any(complete_follow(spec, w, name) for name, ws in spec.follows.items() for w in ws)


def _natural(producer: Spec, consumer: Spec) -> bool:
    """Whether a noun phrase may stand in a wording: neither measured data nor a word problem's givens come from it."""
    if consumer.evidence == "self-consistent":
        return False
    return consumer.domain != "science" or producer.domain == "science"


def _units_agree(producer: Spec, consumer: Spec, parameter: str) -> bool:
    assert producer.output is not None
    return _unit(producer.output.unit) == _unit(consumer.parameters[parameter].unit)


def _unit(unit: str | None) -> str | None:
    return None if unit == "1" else unit
