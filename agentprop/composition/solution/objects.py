r"""How the facts about an object narrow its family, and what answers then → the two steps of a solution in words.

The script of a kind gives the rows (`object_kinds.worked`), SKILL.md the words: the wordings of its ports, and under
`formulas` how a port is computed. A formula has the letters of the object in its holes. Filled with these, it says what
a fact means; filled with the numbers of an object, how a value of it comes about. What holds a `$` is a clause instead.
A letter that has a formula itself is explained where it occurs:

    First, the altitude from $A$ is $12$, that is, $\frac{2 \cdot S}{BC} = 12$, where $S = \dots$. This leaves 14.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop.composition import grammar
from agentprop.composition.solution.filling import fill, shown
from agentprop.skills import Spec, holes
from agentprop.skills.explanations import NARROWING, REACHED
from agentprop.skills.values.prose import in_prose

Letters = Mapping[str, Any]
NEGATED: Mapping[str, str] = {"<": r"\ge", ">": r"\le", "=": r"\ne", r"\ne": "=", r"\le": ">", r"\ge": "<"}
_RELATION = re.compile(r" (<|>|=|\\ne|\\le|\\ge) ")


def in_words(spec: Spec, steps: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the steps that are told in words, by their names; none for a skill that is no object kind."""
    if not spec.is_object or not {NARROWING, REACHED} <= {*steps}:
        return {}
    words = _Words(spec)
    return {NARROWING: words.narrowing(steps[NARROWING]), REACHED: words.reached(steps[REACHED])}


def wordings(spec: Spec) -> Iterator[str]:
    """The texts of a kind that its solutions quote."""
    for p in spec.parameters.values():
        yield from (texts[0] for texts in (*p.phrases.values(), *p.tests.values()))
    yield from (text for texts in spec.formulas.values() for text in texts)


def claims(spec: Spec, steps: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the formulas of the facts say, with the numbers of the objects that are left, by the ports of the facts."""
    if not in_words(spec, steps):
        return
    for port, value, *_ in steps[NARROWING]:
        template = spec.formulas.get(port, ("",))[-1]
        number = shown(value, math=True) if "<v>" in spec.parameters["facts"].phrases[port][0] else ""
        if "$" not in template:
            template = f"${template}{' = ' if number else ''}{number}$"
        for point in steps[REACHED][3]:
            if (one := _Object(point)).knows(template.replace("<v>", "")):
                yield port, _filled(template.replace("<v>", number), one.letters)


@dataclass(frozen=True)
class _Object:
    """One that is left, and its values for the question."""

    row: Sequence[Any]
    first: bool = True
    """It is said what is computed, and formulas are told in letters as well as in numbers."""
    explained: set[str] = field(default_factory=set)
    """The letters that have been explained."""

    @property
    def letters(self) -> Letters:
        return dict(self.row[1])

    @property
    def values(self) -> Sequence[Any]:
        return self.row[2]  # type: ignore[no-any-return]

    def knows(self, template: str) -> bool:
        """Whether there is a rational number for every letter of a formula."""
        return all(self.letters.get(name, "") != "" for name in holes(template))


@dataclass(frozen=True)
class _Words:
    spec: Spec
    explained: set[str] = field(default_factory=set)
    """The letters that have been explained."""

    # --- the facts ---

    def narrowing(self, rows: Sequence[Sequence[Any]]) -> str:
        """What each fact says, and what it leaves."""
        if not rows:
            raise ValueError("no fact is told")
        openings = ["First", *["Then"] * (len(rows) - 1)] if len(rows) > 1 else ["Here"]
        listed: Sequence[str] = ()
        told = []
        for opening, row in zip(openings, rows, strict=True):
            told.append(f"{opening}, {self._fact(listed, *row)}")
            listed = row[5]
        return ". ".join(told)

    def _fact(
        self,
        listed: Sequence[str],
        port: str,
        value: Any,
        settled: Sequence[Any],
        before: Sequence[Any],
        left: int,
        members: Sequence[str],
        spread: Sequence[Any] = (),
    ) -> str:
        wording, known = self.spec.parameters["facts"].phrases[port][0], dict(settled)
        number = shown(value, math=True) if "<v>" in wording else ""
        clause = wording.replace("<v>", number)
        meaning = self._meaning(port, number, known)
        if meaning and meaning not in clause:
            clause += f", that is, {meaning}{self._where(self._template(port), known)}"
        leaves = f"leaves {_left(left, members)}{_spread(spread)}"
        if not (number and before):
            return f"{clause}. This {leaves}"
        if "" in before:
            known = dict[str, list[str]]()
            for member, one in zip(listed, before, strict=True):
                known.setdefault(shown(one, math=True) if one != "" else "", []).append(member)
            values = [f"for {in_prose(members)} the value is ${one}$" for one, members in known.items() if one]
            told = f"{in_prose(values)}, and for none of the others is it ${number}$"
            return f"{clause}. {grammar.capitalized(told)}. This {leaves}"
        values = [f"${shown(one, math=True)}$" for one in before]
        return f"{clause}. For those listed, in this order, the value is {in_prose(values)}, which {leaves}"

    def _meaning(self, port: str, number: str, known: Letters) -> str:
        """What a fact means in letters, those that are known as numbers; empty if the kind has no formula for it."""
        template = self._template(port)
        if not template or "$" in template:
            return _filled(template.replace("<v>", number), known)
        return _filled(f"${template}{' = ' if number else ''}{number}$", known)

    # --- the question ---

    def reached(self, row: Sequence[Any]) -> str:
        """How what is left answers the question."""
        kind, names, left, points, extremum = row
        if kind == "number":
            return f"So there are ${left}$ in all"
        if kind in ("greatest", "least"):
            return self._extremum(kind, names[0], left, points[0], extremum)
        told = self._told(kind, names, points)
        if left == 1:
            (text,) = told
            return grammar.capitalized(text)
        parts = [f"For {in_prose(members)}, {text}" for text, members in told.items()]
        if len(points) < left:
            parts.append(f"Computed in this way for each of the ${left}$ that are left, the answer is the same")
        return ". ".join(parts)

    def _told(self, kind: str, names: Sequence[str], points: Sequence[Sequence[Any]]) -> dict[str, list[str]]:
        """What answers the question → the members of which it is true. The first text names what is computed."""
        tell = {"value": self._value, "sum": self._sum, "branch": self._branch}[kind]
        told, sides = dict[str, list[str]](), dict[Any, str]()
        for point in points:
            side, full = point[2][0] if kind == "branch" else None, tell(names, _Object(point))
            sides.setdefault(side, full)
            text = full if sides[side] == full else tell(names, _Object(point, first=False))
            told.setdefault(text, []).append(point[0])
        return told

    def _value(self, names: Sequence[str], of: _Object) -> str:
        return f"{self._noun(names[0]) if of.first else 'it'} is {self._worth(names[0], of, of.values[0])}"

    def _sum(self, names: Sequence[str], of: _Object) -> str:
        values = of.values
        if of.first:
            told = [self._worth(name, of, own) for name, own in zip(names, values, strict=True)]
            both = ", and ".join(f"{self._noun(name)} is {worth}" for name, worth in zip(names, told, strict=True))
        else:
            told = [self._formula(name, of, own) for name, own in zip(names, values, strict=True)]
            letters = "".join(self._template(name, -1) for name in names if "$" not in self._template(name, -1))
            both = f"they are {in_prose(told)}{self._where(letters, {}, of)}"
        numbers = {"left": values[0], "right": values[1], "sum": values[0] + values[1]}
        total = _filled("$<left> + <right> = <sum>$", numbers)
        return f"{both}. Together they make {total}"

    def _branch(self, names: Sequence[str], of: _Object) -> str:
        test, *sides = names
        holds, value = of.values
        port = sides[0 if holds else 1]
        evidence, worth = self._evidence(test, of, holds), self._worth(port, of, value)
        if not of.first:
            return f"it is {'true as well' if holds else 'not true either'}{evidence}, and the value is {worth}"
        clause = self.spec.parameters["question"].tests[test][0]
        told = f"it is {'' if holds else 'not '}true that {clause}{evidence}"
        return f"{told}. So {self._noun(port)} is asked for, which is {worth}"

    def _extremum(self, kind: str, name: str, left: int, point: Sequence[Any], extremum: Sequence[Any]) -> str:
        one, _, (value,) = point
        others, count, values = extremum
        listed = [f"${shown(each, math=True)}$" for each in values]
        among = (
            f"${count}$ values from {' to '.join(listed)}" if count > len(listed) else f"the values {in_prose(listed)}"
        )
        more = f" and to ${others}$ more" if others else ""
        taken = f"Among the ${left}$ that are left, {self._noun(name)} has {among}"
        return f"{taken}. The {kind} one belongs to {one}{more}: it is {self._worth(name, _Object(point), value)}"

    def _noun(self, port: str) -> str:
        return self.spec.parameters["question"].phrases[port][0]

    def _worth(self, port: str, of: _Object, value: Any) -> str:
        """A value of an object, with the formula that gives it, and what the letters of the formula stand for."""
        template = self._template(port, -1)
        plain = not of.knows(template) or "$" in template
        return self._formula(port, of, value) + ("" if plain else self._where(template, {}, of))

    def _formula(self, port: str, of: _Object, value: Any) -> str:
        """A value of an object, with the formula that gives it."""
        number, general, template = shown(value, math=True), self._template(port), self._template(port, -1)
        if not of.knows(template):
            return f"${number}$"
        if "$" in template:
            return f"${number}$, because {_filled(template, of.letters)}"
        sides = [_filled(f"${general}$", {})] if of.first and "$" not in general else []
        sides += [_filled(f"${template}$", of.letters), f"${number}$"]
        told = " = ".join(dict.fromkeys(side[1:-1] for side in sides if side not in ("$$", self._noun(port))))
        return f"${told}$"

    def _evidence(self, test: str, of: _Object, holds: bool) -> str:
        """Why a condition holds or does not, by its formula; nothing if that cannot be said."""
        template = self._template(test, -1)
        if not template or not of.knows(template):
            return ""
        if "$" in template:
            if not holds and not holes(template):  # it says what the condition means, not why it fails
                return ""
            return f" ({_filled(template, of.letters)}{self._where(template, {}, of)})"
        if not holds:
            if len(_RELATION.findall(template)) != 1:
                return ""
            template = _RELATION.sub(lambda found: f" {NEGATED[found[1]]} ", template)
        return f", because {_filled(f'${template}$', of.letters)}{self._where(template, {}, of)}"

    # --- formulas ---

    def _template(self, name: str, which: int = 0) -> str:
        """The formula of a port or letter: the first one is the general one, the last one that for numbers."""
        return self.spec.formulas.get(name, ("",))[which]

    def _where(self, template: str, known: Letters, of: _Object | None = None) -> str:
        """What the letters of a formula stand for that have one of their own, each said once: in general, or of one."""
        letters, done = (of.letters, of.explained) if of else ({}, self.explained)
        told = list(self._definitions(template, known, letters, done))
        return f", where {in_prose(told)}" if told else ""

    def _definitions(self, template: str, known: Letters, letters: Letters, done: set[str]) -> Iterator[str]:
        for name in holes(template):
            formula = self._template(name)
            if not formula or name in done or name in known or name in holes(formula):
                continue
            done.add(name)
            if "$" in formula:
                if name not in self.explained or holes(formula):  # words without numbers are told once
                    yield _filled(formula, letters)
                self.explained.add(name)
            else:
                sides = [f"${name}$", _filled(f"${formula}$", known)]
                if letters:
                    sides += [_filled(f"${formula}$", letters), f"${shown(letters[name], math=True)}$"]
                yield f"${' = '.join(dict.fromkeys(side[1:-1] for side in sides))}$"
            yield from self._definitions(formula, known, letters, done)


def _filled(template: str, letters: Letters) -> str:
    """A formula with numbers for its letters, or, without any, with the letters themselves."""
    return fill(template, lambda name, math: shown(letters.get(name, name), math=math))


def _left(count: int, members: Sequence[str]) -> str:
    """How many members are left, and which, if they can all be listed."""
    if count == 1:
        return f"only {members[0]}"
    return f"${count}$ of them" if count > len(members) else f"${count}$: {in_prose(members)}"


def _spread(spread: Sequence[Any]) -> str:
    """How members that are too many to list spread over the values of a letter."""
    if not spread:
        return ""
    letter, values, counts = spread
    named = f"${letter} = {', '.join(shown(one, math=True) for one in values)}$"
    if len(set(counts)) == 1:
        return f", {'one' if counts[0] == 1 else f'${counts[0]}$'} for each of {named}"
    return f", namely for {named} in this order {in_prose([f'${count}$' for count in counts])}"
