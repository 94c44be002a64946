"""An object kind, an operator and a seed → a model: facts about one object, and a question with one answer.

Runs inside the sandbox as `object_tools`, standard library only. Models are constructed, not filtered: a member of the
kind's family is picked, facts of it are added until they decide what is asked, and those that nothing hangs on are
taken away again. Random facts would fail half of the time, because facts about one object imply each other. The range
is a clause like any fact: a model is preferred that has another answer, or none, if the range is half as wide again. So
is one of which so few members are left that a solution can look at each. Ours.

A kind is a module with `members(box)`, the finite family; `PORTS`, name → function of a member, which gives a number,
None if the member's is not rational, or a bool for a condition; `DIRECT`, the ports that say what a member is; and
`SAME`, port → another one that says nearly the same, so that it is not told where that is asked. A kind whose ports are
measured in several units has `UNITS`, port → unit: only values of one unit are added. A kind whose range is about a
port ("no degree above 3") names it as `RANGED`: if its value were told, the range would say nothing. A kind whose scene
has a long part that only some ports are about, such as the rules of a game, has these as `CORE`: models have one of
them. Ports that count things are its `COUNTS`: nobody says that there are exactly 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from random import Random
from typing import Any

STRICT, TRIES = 30, 60
"""Attempts at a model without a fact that makes the range idle, and then with any facts."""
SAME_BOX = 10
"""Attempts in one box: what is found out about its members serves all of them."""
MOST_FACTS = 4
FEWEST_VALUES = 3
"""Values among which an extremum must be found."""
COUNTED = (2, 10)
"""Objects that a number asked for counts at least, drawn for each model: else 2 would be every other answer."""
MARGIN = 1.3
"""Factor by which a condition alone admits more members than all of them together."""
SAMPLE = 30
PLAIN = 8
"""Greatest denominator of a measured value that is told, if there are facts enough: nobody reads 300/13 mA."""
MANY = 24
"""Members among which a solution looks for the greatest or counts: beyond, another fact is told."""
FEW = 4
"""Members that a solution looks at one by one, as `object_kinds` tells them."""
LEAST_SHARE, MOST_SHARE = 0.2, 0.8
"""Share of the family for which the condition of a branch holds: else the branch is decoration."""
CONDITIONS = 0.35
"""Share of the conditions that hold which are taken into the choice of facts."""
RICH, PICKS = 0.6, 60
"""Share of the models whose member is looked for among those with a value for every fact, and most looked at."""
Fact = tuple[str, Any]
Ports = Mapping[str, Callable[[Any], Any]]


class Family:
    """The members of a kind in a box; what its ports say of all of them is found once for all attempts."""

    def __init__(self, kind: Any, box: int) -> None:
        self.members: Sequence[Any] = kind.members(box)
        self._ports: Ports = kind.PORTS
        self._columns: dict[str, list[Any]] = {}

    def fitting(self, facts: Sequence[Fact], among: Sequence[Any] | None = None) -> Sequence[Any]:
        """The members that the facts are true of, or those among some of the members."""
        if among is None and facts:
            port, told = min(facts, key=self._effort)
            facts, sought = [fact for fact in facts if fact[0] != port], _comparable(told)
            among = [one for one, key in zip(self.members, self._column(port), strict=True) if key == sought]
        found = self.members if among is None else among
        for port, told in facts:
            of = self._ports[port]
            found = [one for one in found if of(one) == told]
        return found

    def _effort(self, fact: Fact) -> int:
        """What a fact costs to try on all members: fractions take longest."""
        return 0 if fact[0] in self._columns else 2 if isinstance(fact[1], Fraction) else 1

    def _column(self, port: str) -> list[Any]:
        if port not in self._columns:
            self._columns[port] = [_comparable(value) for value in map(self._ports[port], self.members)]
        return self._columns[port]


def _comparable(value: Any) -> Any:
    """What equals another one's if the values are equal, and is compared sooner than fractions are."""
    if type(value) is not Fraction:
        return value
    ratio = value.as_integer_ratio()
    return ratio[0] if ratio[1] == 1 else ratio


class Drawing:
    """One attempt at a model: the family of a box, and the member that the facts are true of."""

    def __init__(
        self,
        kind: Any,
        rng: Random,
        box: int,
        facts: Sequence[str],
        names: Sequence[str],
        family_of: Callable[[int], Family],
        strict: bool,
    ) -> None:
        self.kind, self.rng, self.box, self.ports = kind, rng, box, kind.PORTS
        self.fact_ports, self.names = facts, names
        self.family_of, self.strict = family_of, strict
        self.family = family_of(box)
        self.member = self._picked()

    def needs_range(self, facts: Sequence[Fact], question: Sequence[str]) -> bool:
        """True if another answer, or none, would be right if the range were half as wide again."""
        wider = self.family_of(self.box + max(3, self.box // 2)).fitting(facts)
        return bool(self._outcome(wider, question) != self._outcome(self.fitting(facts), question))

    def is_seen_through(self, facts: Sequence[Fact], question: Sequence[str]) -> bool:
        """True if a solution can show for each member that is left what answers the question."""
        return question[0] in ("number", "greatest", "least") or len(self.fitting(facts)) <= FEW

    def _outcome(self, left: Sequence[Any], question: Sequence[str]) -> Any:
        """What answers a question if these members are left; several values if nothing does."""
        kind, *names = question
        if kind == "number":
            return len(left)
        if kind == "branch":
            values = {self.value(names[1 if self.value(names[0], member) else 2], member) for member in left}
        else:
            told = [[self.value(name, member) for name in names] for member in left]
            values = {None if None in one else sum(one) for one in told}
        best = {"greatest": max, "least": min}.get(kind)
        return values if best is None or None in values else {best(values)}

    def _picked(self) -> Any:
        """A member, often one of which every fact has a value: few have, and theirs are the best problems."""
        if self.rng.random() < RICH:
            for _ in range(PICKS):
                member = self.rng.choice(self.family.members)
                if all(self.value(port, member) is not None for port in self.fact_ports):
                    return member
        return self.rng.choice(self.family.members)

    def value(self, port: str, member: Any) -> Any:
        """What the kind says of a member."""
        return self.ports[port](member)

    def fitting(self, facts: Sequence[Fact]) -> Sequence[Any]:
        """The members that the facts are true of."""
        return self.family.fitting(facts)

    def pool(self, without: Sequence[str]) -> list[Fact]:
        """The facts of the member, in random order, but for some ports and those that say nearly the same."""
        alike = [self.kind.SAME.get(port) for port in without]
        without, found = [*without, *alike, getattr(self.kind, "RANGED", "")], []
        for port in self.fact_ports:
            told = self.value(port, self.member) if port not in without else None
            none = told == 0 and port in getattr(self.kind, "COUNTS", ())
            if none or told is None or told is False or (told is True and self.rng.random() > CONDITIONS):
                continue
            measured = self.strict and hasattr(self.kind, "UNITS")
            unwieldy = abs(told) >= 100_000 or (measured and told.denominator > PLAIN)
            if not unwieldy and not (self.strict and self._bounds(port, told)):
                found.append((port, told))
        facts, core = self.rng.sample(found, len(found)), getattr(self.kind, "CORE", ())
        first = next((fact for fact in facts if fact[0] in core), None) if {*core}.isdisjoint(without) else None
        return facts if first is None else [first, *(fact for fact in facts if fact != first)]

    def some(self, pool: Sequence[Fact], count: int) -> list[Fact]:
        """The first facts of a pool, and one more if so many members are left that no reader looks them through."""
        facts = list(pool[:count])
        crowded = self.strict and len(self.fitting(facts)) > MANY
        return [*facts, *pool[count : count + 1]] if crowded else facts

    def _bounds(self, port: str, told: Any) -> bool:
        """True if a fact bounds the family by itself, so that the range would say nothing."""
        bound = getattr(self.kind, "BOUNDS", {}).get(port)
        most = bound(told) if bound is not None else None
        return most is not None and most <= self.box

    def asked(self, count: int) -> list[str]:
        """Ports of which the member's value is an integer worth asking for; of several none says what it is."""
        names = [port for port in self.names if count == 1 or port not in self.kind.DIRECT]
        found = [port for port in names if type(value := self.value(port, self.member)) is int and abs(value) > 1]
        asked = self.rng.sample(found, count) if len(found) >= count else []
        return [] if any(self.kind.SAME.get(port) in asked for port in asked) else asked

    def deciding(self, of: Callable[[Any], Any], without: Sequence[str], direct: bool) -> list[Fact] | None:
        """Facts, none of them idle, after which the value is the same for every member that is left.

        With `direct` they may say outright what the member is; otherwise at least one of them does not.
        """
        answer, left = of(self.member), self.family.members
        facts: list[Fact] = []
        for fact in self.pool(without):
            narrowed = self.family.fitting([fact], left if facts else None)
            if len(narrowed) == len(left):
                continue
            facts, left = [*facts, fact], narrowed
            if self._decided(left, of, answer) or len(facts) == MOST_FACTS:
                break
        if not self._decided(left, of, answer):
            return None
        for fact in list(facts):
            rest = [other for other in facts if other != fact]
            if self._decided(self.fitting(rest), of, answer):
                facts = rest
        return None if not facts or (self.plain(facts) and not direct) else facts

    def settles(self, fact: Fact, test: str) -> bool:
        """True if a fact alone says whether a condition holds, of several members that it is true of."""
        found = self.fitting([fact])
        return len(found) > 1 and len({self.value(test, member) for member in found}) == 1

    def plain(self, facts: Sequence[Fact]) -> bool:
        """True if all facts say outright what the member is."""
        return all(port in self.kind.DIRECT for port, _ in facts)

    def _decided(self, left: Sequence[Any], of: Callable[[Any], Any], answer: Any) -> bool:
        return all(of(member) == answer for member in left)


def _inverse(d: Drawing) -> tuple[list[Fact], tuple[str, ...]] | None:
    names = d.asked(1)
    if not names:
        return None
    facts = d.deciding(d.ports[names[0]], names, direct=False)
    return (facts, ("value", *names)) if facts else None


def _shared(d: Drawing) -> tuple[list[Fact], tuple[str, ...]] | None:
    names, units = d.asked(2), getattr(d.kind, "UNITS", {})
    if not names or len({units.get(name) for name in names}) > 1:
        return None
    one, other = (d.ports[name] for name in names)
    if one(d.member) == other(d.member):  # of three terms, the sum of the last three is that of all
        return None

    def total(member: Any) -> Any:
        first, second = one(member), other(member)
        return None if first is None or second is None else first + second

    facts = d.deciding(total, names, direct=True)
    return (facts, ("sum", *names)) if facts else None


def _branch(d: Drawing, tests: Sequence[str]) -> tuple[list[Fact], tuple[str, ...]] | None:
    names = d.asked(2)
    if not names or not tests:
        return None
    test = d.rng.choice(list(tests))
    sample = [d.value(test, d.rng.choice(d.family.members)) for _ in range(SAMPLE)]
    if not LEAST_SHARE <= sum(sample) / SAMPLE <= MOST_SHARE:
        return None
    one, other = (d.ports[name] for name in names)
    if one(d.member) == other(d.member):
        return None

    def chosen(member: Any) -> Any:
        return one(member) if d.value(test, member) else other(member)

    facts = d.deciding(chosen, [*names, test], direct=False)
    if not facts or any(d.settles(fact, test) for fact in facts):
        return None
    return facts, ("branch", test, *names)


def _extremum(d: Drawing) -> tuple[list[Fact], tuple[str, ...]] | None:
    name, side = d.rng.choice(list(d.names)), d.rng.choice(("greatest", "least"))
    best: Callable[[Any], Any] = max if side == "greatest" else min
    facts = d.some(d.pool([name]), d.rng.randint(1, 2))
    values = None if d.plain(facts) else _values(d, name, facts)
    if values is None or len(set(values)) < FEWEST_VALUES or type(best(values)) is not int:
        return None
    for fact in facts:
        without = _values(d, name, [other for other in facts if other != fact])
        if without is None or best(without) == best(values):
            return None
    # The range may set the optimum as any fact may, but its bound alone is no answer.
    return None if best(values) == d.box else (facts, (side, name))


def _values(d: Drawing, name: str, facts: Sequence[Fact]) -> list[Any] | None:
    values = [d.value(name, member) for member in d.fitting(facts)]
    return None if None in values else values


def _conjunction(d: Drawing) -> tuple[list[Fact], tuple[str, ...]] | None:
    facts = d.some(d.pool(()), d.rng.randint(2, 3))
    together = len(d.fitting(facts))
    if len(facts) < 2 or together < d.rng.randint(*COUNTED) or d.plain(facts):
        return None
    loose = [len(d.fitting([other for other in facts if other != fact])) for fact in facts]
    return (facts, ("number",)) if min(loose) >= MARGIN * together else None


def drawn(
    kind: Any,
    operator: str,
    seed: int,
    box: tuple[int, int],
    facts: Sequence[str],
    names: Sequence[str],
    tests: Sequence[str],
) -> dict[str, Any]:
    """Construct a model, the best one that the attempts find. Raises ValueError if they find none."""
    rng, family_of, size = Random(seed), cache(partial(Family, kind)), 0
    spares: list[tuple[bool, int, dict[str, Any]]] = []
    for attempt in range(STRICT + TRIES):
        if attempt % SAME_BOX == 0:
            size = rng.randint(*box)
        drawing = Drawing(kind, rng, size, facts, names, family_of, strict=attempt < STRICT)
        found = _branch(drawing, tests) if operator == "branch" else OPERATORS[operator](drawing)
        if found is None or not _uses_core(kind, *found):
            continue
        told = {port: value for port, value in found[0]}
        ordered = tuple((port, _plain(told[port])) for port in facts if port in told)
        model = {"box": drawing.box, "facts": ordered, "question": found[1]}
        ranged = drawing.needs_range(*found)
        if ranged and drawing.is_seen_through(*found):
            return model
        if ranged or operator != "extremum":  # where nothing larger fits, the range would only be for show
            spares.append((ranged, -len(drawing.fitting(found[0])), model))
    if not spares:
        raise ValueError(f"no model of {operator} was found")
    return max(spares, key=lambda spare: spare[:2])[2]  # the fewer members are left, the shorter the solution


def _uses_core(kind: Any, facts: Sequence[Fact], question: Sequence[str]) -> bool:
    """True if a model needs what the scene tells at length; a kind without such a part has no `CORE`."""
    core = getattr(kind, "CORE", ())
    return not core or not {*core}.isdisjoint([*(port for port, _ in facts), *question[1:]])


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value


OPERATORS: dict[str, Callable[[Drawing], tuple[list[Fact], tuple[str, ...]] | None]] = {
    "inverse-unknown": _inverse,
    "shared-object": _shared,
    "extremum": _extremum,
    "conjunction": _conjunction,
}
