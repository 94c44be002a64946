"""Library + category + random numbers → a composition to try, and the ways to mend one that does not hold.

The planner knows types and roles, not values: whether a value fits its port is only known after running the skills, so
that its failures are real. Shapes and their weights are ours, not the paper's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, cast

from agentprop import expressions
from agentprop.records import Domain
from agentprop.skills import Package, Spec
from agentprop.symbolic.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Relation,
    Remainder,
    Term,
    Total,
    Variable,
    walk,
)
from agentprop.symbolic.writer import complete_follow, complete_scene, is_link, story_wordings
from agentprop.values import draw, misfit, render

DRAWS = 400
"""Tries to satisfy a skill's constraints by chance."""
KINDS = {"integer": ("integer",), "rational": ("rational", "integer"), "list": ("list",), "string": ("string",),
         "words": ("words",), "graph": ("graph",)}  # fmt: skip
SWEEP_WIDTH = (12, 60)
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


class Planner:
    """Draws compositions. The library is indexed once; everything random comes from the generator handed in.

    `survey` holds values that some skills took on random parameters. A link is drawn in proportion to the share of them
    that its port takes, so that conflicts stay what they are for a person: frequent, not the rule.
    """

    def __init__(
        self, library: Mapping[str, Package], survey: Mapping[str, Sequence[Any]] | None = None, *, links: bool = True
    ) -> None:
        self.survey = survey or {}
        self.weights: dict[Link, float] = {}
        self.library = {name: p for name, p in library.items() if p.executable and _composable(p.spec)}
        self.links: dict[str, list[Link]] = defaultdict(list)
        self.consumers: dict[str, list[Link]] = defaultdict(list)
        for link in self._links() if links else ():
            self.links[link.consumer].append(link)
            self.consumers[link.producer].append(link)
        self.categories: dict[str, list[str]] = {}
        for name, package in self.library.items():
            self.categories.setdefault(package.spec.category, []).append(name)
        for name in [c for c in self.categories if not self._can_root(c)]:
            del self.categories[name]

    def domain(self, category: str) -> Domain:
        """The domain a category belongs to."""
        return self.library[self.categories[category][0]].spec.domain

    def mined(self, category: str) -> bool:
        """Whether a category consists of mined skills only."""
        return all(self._is_mined(name) for name in self.categories[category])

    # --- indexing ---

    def _links(self) -> Iterator[Link]:
        by_role: dict[str, list[str]] = defaultdict(list)
        by_kind: dict[str, list[str]] = defaultdict(list)
        for name, package in self.library.items():
            output = package.spec.output
            assert output is not None  # executable packages have one
            if output.role and output.subject and _tells(package.spec):
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

    def _can_root(self, category: str) -> bool:
        return any(self._shapes(name) for name in self.categories[category])

    def _weight(self, link: Link) -> float:
        if link not in self.weights:
            values = self.survey.get(link.producer)
            parameter = self.library[link.consumer].spec.parameters[link.parameter]
            fitting = sum(misfit(parameter, value) is None for value in values) / len(values) if values else 1.0
            self.weights[link] = max(MIN_WEIGHT, fitting)
        return self.weights[link]

    def _pick(self, links: Sequence[Link], rng: Random) -> Link:
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
        mined = [link for link in links if self._is_mined(link.producer)]
        others = [link for link in links if not self._is_mined(link.producer)]
        if not mined or not others:
            return links
        return mined if rng.random() < MINED_LINKS else others

    def _is_mined(self, name: str) -> bool:
        return self.library[name].spec.evidence == "self-consistent"

    # --- planning ---

    def plan(self, category: str, rng: Random) -> Term:
        """A composition whose question belongs to the category. Raises Impossible."""
        for _ in range(60 if category in self.categories else 0):
            root = rng.choice(self.categories[category])
            shapes = self._shapes(root)
            if not shapes:
                continue
            names = list(shapes)
            shape = rng.choices(names, [shapes[n] for n in names])[0]
            try:
                return cast(Term, getattr(self, f"_plan_{shape}")(root, rng))
            except Impossible:
                continue
        raise Impossible(f"no composition found for {category}")

    def _shapes(self, root: str) -> dict[str, float]:
        spec, weights = self.library[root].spec, dict[str, float]()
        output = spec.output
        assert output is not None
        links = self.links[root]
        if self._is_mined(root):
            return {"before_story": 1.0} if output.role and self._consumers(root, story=True) else {}
        if spec.domain == "coding":
            return self._coding_shapes(spec, links)
        if links:
            weights["chain"] = 6.0 if any(not link.story for link in links) else 4.0
            if len({link.parameter for link in links}) > 1:
                weights["fork"] = 1.2
        if any(link.story for link in links):
            weights["story"] = 8.0
        if output.role and output.subject and self._consumers(root, story=True) and _tells(spec):
            weights["before_story"] = 2.0
        if spec.value and output.kind == "integer":
            weights["combine"] = 1.2
            if spec.sweep:
                weights |= {"swept": 1.6, "compared": 0.4}
        if spec.value and output.kind == "rational" and links:
            weights["lowest"] = 3.0
        return weights

    def _coding_shapes(self, spec: Spec, links: Sequence[Link]) -> dict[str, float]:
        data = spec.data
        if data is None or not any(link.parameter == data and not link.story for link in links):
            return {}
        return {"program": 5.0, "printed": 3.0, "chain": 0.4}

    def _plan_chain(self, root: str, rng: Random) -> Term:
        links = [link for link in self.links[root] if not link.story]
        term = self._linked(root, self._pick(links, rng), rng, depth=2 if rng.random() < 0.3 else 1)
        return self._capped(term, rng)

    def _plan_fork(self, root: str, rng: Random) -> Term:
        links = [link for link in self.links[root] if not link.story]
        first = self._pick(links, rng)
        second = self._pick([link for link in links if link.parameter != first.parameter
                        and link.producer != first.producer], rng)  # fmt: skip
        term = self._linked(root, first, rng, depth=1)
        return self._capped(term.with_argument(second.parameter, self._supply(second.producer, rng, 0)), rng)

    def _plan_story(self, root: str, rng: Random) -> Term:
        link = self._pick([link for link in self.links[root] if link.story], rng)
        return self._linked(root, link, rng, depth=2 if rng.random() < 0.45 else 1, story=True)

    def _plan_before_story(self, root: str, rng: Random) -> Term:
        link = self._pick(self._consumers(root, story=True), rng)
        return self.givens(link.consumer, rng).with_argument(link.parameter, self.givens(root, rng))

    def _plan_combine(self, root: str, rng: Random) -> Term:
        peers = [n for n in self._producers("integer", self.library[root].spec) if n != root]
        if not peers:
            raise Impossible("no partner")
        sides: tuple[Term, Term] = (self._supply(root, rng, 1), self._supply(rng.choice(peers), rng, 0))
        op = rng.choices(("sum", "difference", "product"), (2, 3, 1))[0]
        return Combine(cast("object", op), *sides)  # type: ignore[arg-type]

    def _plan_swept(self, root: str, rng: Random) -> Term:
        """A sweep of the root inside another skill: smallest n, total or count as a given of a consumer."""
        sweep = self._sweep(root, rng)
        consumers = [link for link in self._consumers(root, story=False)
                     if self.library[link.consumer].spec.domain == "mathematics"]  # fmt: skip
        link = self._pick(consumers, rng)
        return self.givens(link.consumer, rng).with_argument(link.parameter, sweep)

    def _plan_compared(self, root: str, rng: Random) -> Term:
        peers = [n for n in self._producers("integer", self.library[root].spec) if n != root]
        peers = [n for n in peers if self.library[n].spec.sweep]
        if not peers:
            raise Impossible("no partner")
        other = rng.choice(peers)
        low = rng.randint(1, 5)
        high = low + rng.randint(*SWEEP_WIDTH)
        body, low, high = self._body(root, "n", low, high, rng)
        right, low, high = self._body(other, "n", low, high, rng)
        return Count("n", low, high, body, Relation("exceeds", None, right))

    def _plan_lowest(self, root: str, rng: Random) -> Term:
        links = [link for link in self.links[root] if not link.story]
        return LowestTerms(self._linked(root, self._pick(links, rng), rng, depth=1))

    def _plan_program(self, root: str, rng: Random) -> Term:
        body = self._pipeline(root, rng, rng.choices((1, 2, 3), (3, 4, 1.5))[0])
        node, name = body_data(body, self.library)
        return Program(name, _with_data(body, node.with_argument(name, Variable(name))))

    def _plan_printed(self, root: str, rng: Random) -> Term:
        return Printed(self._pipeline(root, rng, rng.choices((1, 2), (3, 2))[0]))

    def _pipeline(self, root: str, rng: Random, length: int) -> Apply:
        spec, used = self.library[root].spec, {root}
        chain = [self.givens(root, rng)]
        for _ in range(length):
            data = spec.data
            links = [link for link in self.links[chain[-1].skill]
                     if link.parameter == data and not link.story and link.producer not in used
                     and self.library[link.producer].spec.domain == "coding"]  # fmt: skip
            if not links:
                break
            link = rng.choice(links)
            used.add(link.producer)
            chain.append(self.givens(link.producer, rng))
            spec = self.library[link.producer].spec
        if len(chain) < 2:
            raise Impossible("nothing feeds it")
        term = chain[-1]
        for outer in reversed(chain[:-1]):
            data = self.library[outer.skill].spec.data
            assert data is not None  # coding links go through the data
            term = outer.with_argument(data, term)
        return term

    # --- parts ---

    def _linked(self, consumer: str, link: Link, rng: Random, depth: int, story: bool = False) -> Apply:
        supplier = self._supply(link.producer, rng, depth - 1, story, {consumer})
        return self.givens(consumer, rng).with_argument(link.parameter, supplier)

    def _supply(
        self, name: str, rng: Random, depth: int, story: bool = False, used: frozenset[str] | set[str] = frozenset()
    ) -> Term:
        """The producer, itself supplied by another skill where the depth allows."""
        spec = self.library[name].spec
        if depth > 0:
            links = [link for link in self.links[name] if link.story == story and link.producer not in used
                     and (not story or self._continues(spec, link))]  # fmt: skip
            if links:
                return self._linked(name, self._pick(links, rng), rng, depth, story)
        if not story and not used and spec.sweep and rng.random() < 0.12:
            return self._sweep(name, rng)
        return self.givens(name, rng)

    def _continues(self, spec: Spec, link: Link) -> bool:
        role = self.library[link.producer].spec.output
        assert role is not None and role.role is not None
        return any(complete_follow(spec, w, link.parameter) for w in story_wordings(spec, link.parameter, role.role))

    def _sweep(self, name: str, rng: Random) -> Term:
        spec = self.library[name].spec
        if spec.output is None or spec.output.kind != "integer":
            raise Impossible("only integers are swept")
        low = rng.randint(1, 8)
        body, low, high = self._body(name, "n", low, low + rng.randint(*SWEEP_WIDTH), rng)
        kind = rng.choice(("least", "total", "count"))
        if kind == "total":
            return Total("n", low, high, body)
        divisor = rng.randint(2, 12)
        if kind == "count":
            relation = Relation("odd") if rng.random() < 0.3 else Relation("divisible", divisor)
            return Count("n", low, high, body, relation)
        relation = Relation("divisible", divisor + 5) if rng.random() < 0.6 else Relation("at_least", 10 * divisor)
        return Least("n", low, body, relation)

    def _body(self, name: str, variable: str, low: int, high: int, rng: Random) -> tuple[Apply, int, int]:
        """A skill with one parameter swept, and the range clipped to what it takes."""
        spec = self.library[name].spec
        swept = rng.choice(spec.sweep)
        p = spec.parameters[swept]
        low = max(low, p.low)
        high = min(max(high, low + SWEEP_WIDTH[0]), p.high, low + 120)
        if high - low < 4:
            raise Impossible("the range is too narrow")
        return self.givens(name, rng).with_argument(swept, Variable(variable)), low, high

    def _capped(self, term: Term, rng: Random) -> Term:
        """Sometimes ask only for a remainder, as contests do with large numbers."""
        if isinstance(term, Apply):
            spec = self.library[term.skill].spec
            if spec.output is not None and spec.output.kind == "integer" and spec.value and rng.random() < 0.04:
                return Remainder(term, 1000)
        return term

    def givens(self, name: str, rng: Random) -> Apply:
        """A skill with every parameter given, its constraints satisfied. Raises Impossible."""
        spec = self.library[name].spec
        for _ in range(DRAWS):
            values = {key: draw(p, rng) for key, p in spec.parameters.items()}
            if all(expressions.holds(text, values) for text in spec.constraints):
                texts = {key: render(p, values[key]) for key, p in spec.parameters.items()}
                return Apply(name, tuple((key, Given(text)) for key, text in texts.items()))
        raise Impossible(f"{name}: its constraints were not met in {DRAWS} draws")

    def _consumers(self, producer: str, *, story: bool) -> list[Link]:
        return [link for link in self.consumers[producer] if link.story == story]

    def _producers(self, kind: str, near: Spec) -> list[str]:
        """Skills of one domain with a noun phrase and a kind of output."""
        return [n for n, p in self.library.items() if p.spec.output and p.spec.output.kind == kind and p.spec.value
                and p.spec.domain == near.domain]  # fmt: skip

    # --- mending ---

    def redrawn(self, term: Term, rng: Random) -> Term:
        """The same composition with new numbers."""
        match term:
            case Apply():
                fresh = self.givens(term.skill, rng)
                return replace(fresh, arguments=tuple(
                    (k, new if isinstance(old, Given) else self.redrawn(old, rng))
                    for (k, old), (_, new) in zip(term.arguments, fresh.arguments, strict=True)))  # fmt: skip
            case Combine():
                return replace(term, left=self.redrawn(term.left, rng), right=self.redrawn(term.right, rng))
            case Least():
                relation = term.relation
                if relation.value is not None:
                    relation = replace(relation, value=max(2, relation.value + rng.randint(-3, 6)))
                return replace(term, body=self.redrawn(term.body, rng), relation=relation)
            case Total() | Count() | LowestTerms() | Remainder() | Program() | Printed():
                return replace(term, body=self.redrawn(term.body, rng))
            case _:
                return term

    def pruned(self, term: Term, skill: str, rng: Random) -> Term | None:
        """The composition without a skill: its value becomes a given. None where nothing sensible is left."""
        match term:
            case Apply():
                return self._prune_apply(term, skill, rng)
            case Combine():
                if any(isinstance(t, Apply) and t.skill == skill for t in (term.left, term.right)):
                    return None
                sides = [self.pruned(t, skill, rng) for t in (term.left, term.right)]
                return None if None in sides else replace(term, left=sides[0], right=sides[1])  # type: ignore[arg-type]
            case Least() | Total() | Count():
                return None
            case LowestTerms() | Remainder() | Program() | Printed():
                body = self.pruned(term.body, skill, rng)
                return None if body is None else replace(term, body=body)
            case _:
                return term

    def _prune_apply(self, term: Apply, skill: str, rng: Random) -> Term | None:
        if term.skill == skill:
            return None
        fresh = dict(self.givens(term.skill, rng).arguments)
        arguments: list[tuple[str, Term]] = []
        for name, value in term.arguments:
            if isinstance(value, Given | Variable):
                arguments.append((name, value))
                continue
            kept = self.pruned(value, skill, rng)
            if kept is None and isinstance(value, Apply) and value.skill == skill:
                inner = next((v for _, v in value.arguments if isinstance(v, Apply | Variable)), None)
                kept = inner if inner is not None and self._accepts(term.skill, name, inner) else None
            arguments.append((name, fresh[name] if kept is None else kept))
        if not any(is_link(value) for _, value in arguments):  # the givens must suit each other
            arguments = [(name, value if isinstance(value, Variable) else fresh[name]) for name, value in arguments]
        return replace(term, arguments=tuple(arguments))

    def _accepts(self, consumer: str, parameter: str, value: Term) -> bool:
        if isinstance(value, Variable):
            return self.library[consumer].spec.parameters[parameter].input
        return isinstance(value, Apply) and any(
            link.parameter == parameter and link.producer == value.skill for link in self.links[consumer]
        )

    def substitute(self, term: Term, skill: str, rng: Random) -> str | None:
        """A skill that could take the place of a supplier, or None."""
        for node in walk(term):
            if isinstance(node, Apply):
                for name, value in node.arguments:
                    if isinstance(value, Apply) and value.skill == skill:
                        story = any(link.story for link in self.links[node.skill]
                                    if (link.parameter, link.producer) == (name, skill))  # fmt: skip
                        used = {n.skill for n in walk(term) if isinstance(n, Apply)}
                        links = [link for link in self.links[node.skill] if link.parameter == name
                                 and link.story == story and link.producer not in used]  # fmt: skip
                        return self._pick(links, rng).producer if links else None
        return None

    def exchanged(self, term: Term, old: str, new: str, rng: Random) -> Term:
        """The composition with one supplier exchanged for another."""
        if isinstance(term, Apply):
            if term.skill == old:
                return self.givens(new, rng)
            return replace(term, arguments=tuple((k, self.exchanged(v, old, new, rng)) for k, v in term.arguments))
        if isinstance(term, Combine):
            return replace(
                term, left=self.exchanged(term.left, old, new, rng), right=self.exchanged(term.right, old, new, rng)
            )
        if isinstance(term, LowestTerms | Remainder | Program | Printed):
            return replace(term, body=self.exchanged(term.body, old, new, rng))
        return term


def body_data(body: Apply, library: Mapping[str, Package]) -> tuple[Apply, str]:
    """The innermost application of a pipeline and its data parameter."""
    node = body
    while True:
        data = library[node.skill].spec.data
        assert data is not None  # pipelines are made of skills with data
        inner = node.argument(data)
        if not isinstance(inner, Apply):
            return node, data
        node = inner


def _with_data(body: Apply, innermost: Apply) -> Apply:
    if body.skill == innermost.skill:
        return innermost
    return replace(body, arguments=tuple(
        (k, _with_data(v, innermost) if isinstance(v, Apply) else v) for k, v in body.arguments))  # fmt: skip


def _composable(spec: Spec) -> bool:
    """Lifted programs are not composed: to ask for one again would only repeat the corpus."""
    return spec.output is not None and spec.output.kind != "program" and bool(spec.phrasings or spec.value)


def _tells(spec: Spec) -> bool:
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


def compositions(term: Term) -> int:
    """How many skills a term applies."""
    return len({t.skill for t in walk(term) if isinstance(t, Apply)})
