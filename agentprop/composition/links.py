"""A library → its links, the pairs of skills in which one's value can be a parameter of the other; and draws of links.

Types and roles alone decide that a link exists. It is drawn in proportion to the square of its weight, the share of the
producer's sampled values that the parameter accepts, so that conflicts are frequent but not the rule. All of this is
ours.

Example: trailing zeros of n! (10 ≤ n ≤ 5000) fed by the number of permutations with fixed points, by a story and by a
noun phrase. Of four sampled values, 20 and 135 fit, 2 is too small and 9000 too large: weight 2/4.

    >>> from agentprop.skills import load
    >>> zeros, places = "number-theory-factorial-zeros", "combinatorics-fixed-points"
    >>> links = Links({name: load([])[name] for name in (zeros, places)}, {places: [2, 20, 135, 9000]})
    >>> [(link.parameter, link.story, links.weight(link)) for link in links.into[zeros]]
    [('n', True, 0.5), ('n', False, 0.5)]
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, get_args

from agentprop.composition.scenes import complete_follow, complete_scene
from agentprop.records import Domain
from agentprop.skills import Hole, Package, Spec, segments
from agentprop.skills import constraints as expressions
from agentprop.skills.values import Parameter, misfit

# An integer may stand for a rational, never the reverse: whether a rational is whole is only known once it is computed.
KINDS = {
    "integer": ("integer",),
    "rational": ("rational", "integer"),
    "list": ("list",),
    "string": ("string",),
    "words": ("words",),
    "graph": ("graph",),
}
MINED_LINKS, MINED_INTO_MINED = 0.15, 0.5
"""Share of draws that go to mined producers if others fit too: for a bundled consumer, and for a mined one."""
MOST_MINED = 200
"""Mined producers that are linked to one parameter."""
MIN_VALUES = 8
"""Fewest values in the list of a mined parameter that takes what another skill computes."""
MIN_FITTING = 0.2
"""Least share of the sampled values of a quantity that a datum takes."""
PICKS = 60
"""Candidates of a draw by rejection; the one of the greatest weight is taken if all were rejected."""
MIN_WEIGHT = 0.005
"""Weight of a link whose parameter accepts none of the sampled values: a few samples do not prove that none fits."""


_SELF_CONSISTENT = "self-consistent"
_DOMAINS: tuple[Domain, ...] = get_args(Domain)


class Impossible(ValueError):
    """The library has no composition of the kind asked for."""


@dataclass(frozen=True, slots=True)
class Link:
    """A parameter of a consumer that a producer's value can be."""

    consumer: str
    parameter: str
    producer: str
    story: bool
    """The consumer goes on in the producer's scene; otherwise a noun phrase names the value."""


class Links:
    """The links of a library, indexed once; everything random comes from the generator handed in.

    `survey` maps skills, not necessarily all, to values on random parameters; `linked=False` leaves the index empty.
    """

    def __init__(
        self, library: Mapping[str, Package], survey: Mapping[str, Sequence[Any]], *, linked: bool = True
    ) -> None:
        self.library, self.survey = library, survey
        self._mined = frozenset(name for name, p in library.items() if p.spec.evidence == _SELF_CONSISTENT)
        self.into: dict[str, list[Link]] = defaultdict(list)
        """Links by consumer."""
        self.out_of: dict[str, list[Link]] = defaultdict(list)
        """Links by producer."""
        self._weights: dict[Link, float] = {}
        for link in self._found() if linked else ():
            self.into[link.consumer].append(link)
            self.out_of[link.producer].append(link)

    def mined(self, name: str) -> bool:
        """True if a skill was mined."""
        return name in self._mined

    def onward(self, producer: str, *, story: bool) -> list[Link]:
        """Links out of a producer: those that continue its story, or those that name its value by a noun phrase."""
        return [link for link in self.out_of[producer] if link.story == story]

    def pick(self, links: Sequence[Link], rng: Random) -> Link:
        """Draw a link in proportion to the square of its weight. Raises Impossible if there are none.

        In proportion to the weight itself, half of the compositions that feed a narrow range find no numbers that fit.
        """
        if not links:
            raise Impossible("no link")
        links = self._from_one_origin(links, rng)
        # By rejection, because a weight costs a look at every sampled value and most of the links are never tried.
        best = rng.choice(links)
        for _ in range(PICKS):
            link = rng.choice(links)
            if rng.random() < self.weight(link) ** 2:
                return link
            best = max(best, link, key=self.weight)
        return best

    def _from_one_origin(self, links: Sequence[Link], rng: Random) -> Sequence[Link]:
        """Choose between mined and other producers if both fit: mined ones are many and would crowd out the rest."""
        mined = [link for link in links if link.producer in self._mined]
        others = [link for link in links if link.producer not in self._mined]
        if not mined or not others:
            return links
        share = MINED_INTO_MINED if self.mined(links[0].consumer) else MINED_LINKS
        return mined if rng.random() < share else others

    def fit(self, link: Link) -> float:
        """Return the share of the producer's sampled values that suit the parameter; 1 if none were sampled."""
        values = self.survey.get(link.producer)
        parameter = self.library[link.consumer].spec.parameters[link.parameter]
        return sum(_suits(link.parameter, parameter, value) for value in values) / len(values) if values else 1.0

    def weight(self, link: Link) -> float:
        """Weight of a link in draws: the share of the producer's sampled values that suit, or a little if none does."""
        if link not in self._weights:
            self._weights[link] = max(MIN_WEIGHT, self.fit(link))
        return self._weights[link]

    def _found(self) -> Iterator[Link]:
        by_role: dict[str, list[str]] = defaultdict(list)
        by_kind: dict[str, list[str]] = defaultdict(list)
        for name, package in self.library.items():
            output = package.spec.output
            assert output is not None  # executable packages have one
            if output.role and output.subject and can_tell_story(package.spec):
                by_role[output.role].append(name)
            if package.spec.value:
                by_kind[output.kind].append(name)
        told = [name for name, package in self.library.items() if package.spec.tells]
        for name, package in self.library.items():
            if package.spec.tells:
                yield from self._measured_ports(name, package.spec, told)
            if package.spec.is_object:  # its parameters hang together: none can be another skill's value
                continue
            yield from self._ports(name, package.spec, by_role, by_kind)

    def _ports(
        self, name: str, spec: Spec, by_role: Mapping[str, list[str]], by_kind: Mapping[str, list[str]]
    ) -> Iterator[Link]:
        for parameter, role in spec.roles_in():
            for producer in by_role.get(role, ()):
                if producer != name and _same_thing(self.library[producer].spec, spec, parameter):
                    yield Link(name, parameter, producer, story=True)
        for parameter, p in spec.parameters.items():
            # A list of allowed values would refuse nearly everything that another skill computes. That of a mined
            # question may be a range with gaps.
            least = MIN_VALUES if spec.evidence == _SELF_CONSISTENT else math.inf
            if (p.values and len(p.values) < least) or not (spec.phrasings or spec.value):
                continue
            natural = {domain for domain in _DOMAINS if _natural(domain, spec, parameter)}
            if not natural:
                continue
            for kind in KINDS.get(p.kind, ()):
                for producer in self._suppliers(by_kind.get(kind, ()), f"{name} {parameter}"):
                    found = self.library[producer].spec
                    fits = found.domain in natural and _is_graph_of(found, p) and self._may_fit(found, spec, p)
                    if producer != name and fits:
                        yield Link(name, parameter, producer, story=False)

    def _measured_ports(self, name: str, spec: Spec, told: Sequence[str]) -> Iterator[Link]:
        """Links by letters between quantities: a value that a scene tells stands for a datum of the same role.

        Not for a datum that names the things it can be of: only a story has the thing itself in it.
        """
        for parameter in (name for name, p in spec.parameters.items() if p.kind == "decimal" and p.of is None):
            for producer in told:
                found = self.library[producer].spec
                if (
                    producer != name
                    and _same_measure(found, spec, parameter)
                    and self._often_fits(found, spec, parameter)
                ):
                    yield Link(name, parameter, producer, story=False)

    def _often_fits(self, producer: Spec, consumer: Spec, parameter: str) -> bool:
        """True if enough sampled values lie in the range of a parameter, or none are known."""
        values, p = self.survey.get(producer.name), consumer.parameters[parameter]
        return not values or sum(misfit(p, value) is None for value in values) >= MIN_FITTING * len(values)

    def _suppliers(self, names: Sequence[str], port: str) -> Sequence[str]:
        """Producers of a kind, of the mined ones as many as a port needs: a corpus has thousands, and pairs of them."""
        mined = [name for name in names if name in self._mined]
        if len(mined) <= MOST_MINED:
            return names
        left_out = self._mined.difference(Random(port).sample(mined, MOST_MINED))
        return [name for name in names if name not in left_out]

    def _may_fit(self, producer: Spec, consumer: Spec, parameter: Parameter) -> bool:
        """True unless one of the two was mined and no sampled value fits: mined skills are many, and ranges narrow."""
        values = self.survey.get(producer.name)
        if not values or _SELF_CONSISTENT not in (producer.evidence, consumer.evidence):
            return True
        return any(misfit(parameter, value) is None for value in values)


def can_tell_story(spec: Spec) -> bool:
    """True if the skill can begin a story, or continue one without asking its question."""
    starts = any(complete_scene(spec, w) for w in spec.phrasings)
    return starts or any(complete_follow(spec, w, name) for name, ws in spec.follows.items() for w in ws)


def _natural(producer: Domain, consumer: Spec, parameter: str) -> bool:
    """True if a noun phrase of a domain reads naturally as a given: not as measured data, nor as a misread letter.

    A list that a program would work through is no part of a problem of mathematics.
    """
    if consumer.evidence == _SELF_CONSISTENT:
        return producer == consumer.domain and takes_letter(consumer, parameter)
    return producer == consumer.domain or (producer == "science" and consumer.domain == "mathematics")


_BEFORE = re.compile(r"[\w.}\\]$|\\\$$")
_BEHIND = {
    True: re.compile(r"[\d.%{]|,\d|\s*\\(?:[dtc]?frac|circ|%)"),
    False: re.compile(r"[\w%°{]|[.,]\d|\s*\\%"),
}
"""What a letter may not touch, inside and outside formulas."""


def takes_letter(spec: Spec, parameter: str) -> bool:
    """True if a letter can stand for a parameter of a mined question: the sense is then that of its number.

    Every place of it must stand free, or be a whole argument in braces, because `3<a>` would be another number, and
    `<a>\\frac{1}{2}` no longer a mixed one. A parameter of a table of settings takes nothing that was computed.

    >>> from agentprop.skills import Wording, load
    >>> spec = next(iter(load([]).values())).spec
    >>> asked = Wording(ask=r"Find $x^{<a>} - <b>x$ for \\$<c>.")
    >>> spec = spec.model_copy(update={"constraints": (), "phrasings": (asked,)})
    >>> [takes_letter(spec, name) for name in "abc"]
    [True, True, False]
    """
    if any(" in " in text and re.search(rf"\b{parameter}\b", text) for text in spec.constraints):
        return False
    return all(_stands_free(segments(wording.text), parameter) for wording in spec.phrasings)


def _stands_free(parts: Sequence[str | Hole], parameter: str) -> bool:
    for position, part in enumerate(parts):
        if isinstance(part, Hole) and part.name == parameter:
            before, behind = ("" if isinstance(p, Hole) else p for p in _around(parts, position))
            whole = before.endswith("{") and behind.startswith("}")
            if not whole and (_BEFORE.search(before) or _BEHIND[part.math].match(behind)):
                return False
    return True


def _around(parts: Sequence[str | Hole], position: int) -> tuple[str | Hole, str | Hole]:
    return parts[position - 1] if position else "", parts[position + 1] if position + 1 < len(parts) else ""


def _suits(name: str, p: Parameter, value: Any) -> bool:
    """True if a value is one that a parameter takes, and one with which the question is worth asking.

    Lists are taken at any length and of any elements, so of them only what the declaration says under `suits` counts.
    """
    taken = isinstance(value, list) or misfit(p, value) is None
    return taken and (p.suits is None or expressions.holds(p.suits, {name: value}))


def _is_graph_of(producer: Spec, p: Parameter) -> bool:
    """True if the graphs of a producer are of the kind that a parameter takes; true of everything else."""
    if p.kind != "graph" or producer.output is None:
        return True
    held = set(producer.output.graph)
    alike = ("weighted" in held) == bool(p.weights) and ("directed" in held) == p.directed
    return alike and {name for name in ("connected", "acyclic") if getattr(p, name)} <= held


def _same_thing(producer: Spec, consumer: Spec, parameter: str) -> bool:
    """True if a value can stand for a parameter: its unit agrees, and it is of a thing that the parameter allows."""
    output, of = producer.output, consumer.parameters[parameter].of
    return _units_agree(producer, consumer, parameter) and (of is None or (output is not None and output.subject in of))


def _units_agree(producer: Spec, consumer: Spec, parameter: str) -> bool:
    assert producer.output is not None
    return _unit(producer.output.unit) == _unit(consumer.parameters[parameter].unit)


def _same_measure(producer: Spec, consumer: Spec, parameter: str) -> bool:
    """True if a quantity is what a parameter measures: its unit and its role agree.

    The unit alone is not enough: the half-life of a drug is no half-life of a nuclide, nor is it a time to wait, though
    all three are in hours.
    """
    output = producer.output
    if output is None or output.kind != "quantity" or not _same_thing(producer, consumer, parameter):
        return False
    return output.role in consumer.parameters[parameter].roles


def _unit(unit: str | None) -> str | None:
    return None if unit == "1" else unit  # a pure number may or may not say so
