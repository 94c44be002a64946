"""A term → the program that tries whether every clause of it earns its place, and what the program found.

Clauses are the givens, the restrictions (parameters with `drop:`, the value that makes their clause idle), the
operators, the values that other skills supply, and the elements of data. A clause that can change in every way tried
without another answer is *inert*: a solver may skip it, so the problem is refused. Ours.

Example: in "the smallest total weight of a walk from 1 to 4 with at most 3 edges", k = 3 is inert if the lightest walk
of all has 3 edges: then k = 100, the skill's `drop`, gives the same weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from itertools import count
from random import Random
from typing import Any

from agentprop.composition import families, lifted
from agentprop.composition.draft_code import output_spec
from agentprop.composition.terms import (
    Apply,
    Code,
    Combine,
    Given,
    Least,
    Printed,
    Program,
    Remainder,
    Sought,
    Term,
    Variable,
    children,
    expression,
    imports,
    literal,
    rebuilt,
    to_json,
    walk,
)
from agentprop.skills import Package, Spec
from agentprop.skills import constraints as expressions
from agentprop.skills.values import Parameter, draw, misfit, parse, render

REFUSED = "refused:inert:"
"""Beginning of the outcome of a submission that was refused for an inert clause; the clause follows."""
MODULE = "ablation_tools"
CHOICE = "choice"
"""Name of what a search prints."""
FAR = 6
"""Draws of a parameter beyond its neighbours."""
FAR_DRAWS = 40
"""Draws that may go into them."""
CHANGED = Variable("changed")
"""What stands in the place of the changed part."""


@dataclass(frozen=True)
class ClauseCounts:
    """What became of the clauses of a composition."""

    counts: Mapping[str, int]
    """Clauses tried, by kind, and those that matter less than they should."""
    inert: tuple[str, ...]
    """Clauses without which the answer is the same: `skill.parameter`, or the name of an operator."""
    digits: int = 0
    """Digits of the values that skills supply and of the answer; of a program those of one output."""


def program(term: Term, library: Mapping[str, Package], inputs: list[Any] | None = None) -> str | None:
    """Write the program that tries the clauses, on data if the term is a program; None if it has none to try."""
    writer = _writer(term, library)
    if writer is None:
        return None
    lines = [*_beginning(writer, library, inputs), f"clauses = Clauses(whole, {_figures(writer.body, library)})"]
    lines += [f"clauses.{line}" for line in writer.lines()]
    lines.append(f"found = [clauses.counts, clauses.inert, clauses.digits // {len(inputs or [0])}]")
    return "\n".join(lines)


def search(
    term: Term,
    library: Mapping[str, Package],
    clause: tuple[str, str],
    choices: Sequence[Term],
    inputs: list[Any] | None = None,
) -> str | None:
    """Write the program that prints the number of the first choice with which a clause that does nothing does.

    A clause is a skill and the name of a given of it; choices are the term with other givens, of which the program
    holds those that are new. None if the term has no clauses to try.
    """
    writer = _writer(term, library)
    if writer is None:
        return None
    found = next((known[clause[1]] for node, known in writer.names.items() if writer.is_about(node, clause)), None)
    if found is None:
        return None
    lines = [*_beginning(writer, library, inputs), "choices = ["]
    lines += [f"    {writer.choice(clause, choice)}," for choice in choices]
    worth = "sound" if writer.data is None else "lambda outputs, _: differing(outputs)"
    told = f"first_that_matters(whole, {found!r}, choices, {_figures(writer.body, library)}, {worth})"
    return "\n".join([*lines, "]", f'print("{CHOICE} =", {told})'])


def _writer(term: Term, library: Mapping[str, Package]) -> _Clauses | None:
    """What writes a term's clauses; None if it has none to try."""
    if isinstance(term, Program | Printed):
        body, data = term.body, term.variable if isinstance(term, Program) else None
    else:
        body, data = term, None
    if (
        lifted.lifted(term, library)
        or families.family(term, library)
        or isinstance(body, Given | Variable | Program | Printed)
    ):
        return None
    return _Clauses(library, body, data)


def _beginning(writer: _Clauses, library: Mapping[str, Package], inputs: list[Any] | None) -> list[str]:
    """Lines that define the whole as a function of every given."""
    lines = [imports(writer.body, library), "from fractions import Fraction", "from tools import *"]
    lines += [f"from {MODULE} import Clauses, first_that_matters, outside, within", "", "free = ''"]
    if writer.data is not None:
        lines.append(f"inputs = {inputs!r}")
    return [*lines, writer.function(), ""]


def _figures(body: Term, library: Mapping[str, Package]) -> int:
    """Figures to which the answer is asked for."""
    spec = output_spec(body, library)
    output = spec.output if spec is not None else None
    return output.figures if output is not None and output.kind == "quantity" else 12


@cache
def modules() -> Mapping[str, str]:
    """Sources of the module that the program imports, by name."""
    return {MODULE: files("agentprop.composition").joinpath(f"{MODULE}.py").read_text(encoding="utf-8")}


def read(value: Any) -> ClauseCounts | None:
    """Read what the program left in `found`; None for anything else."""
    match value:
        case [dict(counts), list(inert), int(digits)]:
            return ClauseCounts({str(k): int(v) for k, v in counts.items()}, tuple(map(str, inert)), digits)
    return None


@dataclass(frozen=True)
class _Clauses:
    """Writes a call for each clause of a body."""

    library: Mapping[str, Package]
    body: Term
    data: str | None
    """The data's variable, if the body is that of a program."""

    @cached_property
    def names(self) -> dict[Apply, dict[str, str]]:
        """Names of the givens of each skill applied, in the function that computes the whole."""
        number = count(1)
        return {
            node: {name: f"given{next(number)}" for name, value in node.arguments if isinstance(value, Given)}
            for node in dict.fromkeys(node for node in walk(self.body) if isinstance(node, Apply))
        }

    @cached_property
    def _in_order(self) -> list[tuple[Term, dict[str, str]]]:
        """Each node of the body, in the order of a walk, with those names."""
        return [(node, self.names[node] if isinstance(node, Apply) else {}) for node in walk(self.body)]

    @cached_property
    def own(self) -> frozenset[Variable]:
        """Those names as they stand in a term."""
        return frozenset(Variable(name) for names in self.names.values() for name in names.values())

    def is_about(self, node: Apply, clause: tuple[str, str]) -> bool:
        """True if a clause is a given of a node."""
        return node.skill == clause[0] and clause[1] in self.names[node]

    def function(self) -> str:
        """Python for the function that computes the whole, with every given as a parameter."""
        given = "".join(
            f"{names[name]}={literal(self.library[node.skill].spec.parameters[name], value.text)}, "
            for node, names in self.names.items()
            for name, value in node.arguments
            if isinstance(value, Given)
        )
        return f"def whole({given}free=''):\n    return {self.whole(self._named(self.body))}"

    def _named(self, term: Term) -> Term:
        """The term with the names of its givens in their places."""
        if not isinstance(term, Apply):
            return rebuilt(term, {child: self._named(child) for child in children(term)})
        known = self.names[term]
        arguments = ((n, Variable(known[n]) if n in known else self._named(value)) for n, value in term.arguments)
        return Apply(term.skill, tuple(arguments))

    def whole(self, body: Term) -> str:
        """Python for the value of a whole, on all inputs if it is a program; by `solve`, which is the quicker route."""
        call = expression(self._guard(body), self.library, "solve")
        return call if self.data is None else f"[{call} for {self.data} in inputs]"

    def _guard(self, term: Term) -> Term:
        """The term with its linked numbers held within their parameters: a changed one may cost years to go on with."""
        if isinstance(term, Sought):  # it looks beyond the ranges itself, and refuses what is no quantity
            return term
        if not isinstance(term, Apply):
            return rebuilt(term, {child: self._guard(child) for child in children(term)}) if children(term) else term
        parameters, arguments = self.library[term.skill].spec.parameters, []
        for name, value in term.arguments:
            p, inner = parameters[name], value
            if not isinstance(value, Given | Variable):
                inner = self._guard(value)
                if p.min is not None and p.max is not None and p.kind in ("integer", "rational", "decimal"):
                    inner = Code(f"within({expression(inner, self.library, 'solve')}, {p.min!r}, {p.max!r})")
            arguments.append((name, inner))
        supplied = {name for name, v in term.arguments if v == CHANGED or not isinstance(v, Given | Variable)}
        own = tuple(value.name for _, value in term.arguments if isinstance(value, Variable) and value in self.own)
        return self._constrained(Apply(term.skill, tuple(arguments)), supplied, own)

    def _constrained(self, call: Apply, supplied: Set[str], own: tuple[str, ...]) -> Term:
        """A call that says nothing where constraints on what it is supplied with do not hold: it may never end there.

        If one of its own clauses is made idle it is free of them: the values that do so lie beyond all others.
        """
        package = self.library[call.skill]
        texts = [text for text in package.spec.constraints if expressions.names(text) & supplied]
        if not texts:
            return call
        function, names = f"{package.module}.solve", [name for name, _ in call.arguments]
        inner = f"{function}({', '.join(f'{name}={name}' for name in names)})"
        guarded = f"lambda {', '.join(names)}: {inner} if free in {own!r} or ({') and ('.join(texts)}) else outside()"
        return Code(f"({guarded}){expression(call, self.library, 'solve').removeprefix(function)}")

    def lines(self) -> Iterator[str]:
        linked: set[Term] = set()
        for node in dict.fromkeys(walk(self.body)):
            yield from self._operators(node)
            if not isinstance(node, Apply):
                continue
            spec = self.library[node.skill].spec
            for name, value in node.arguments:
                if isinstance(value, Given):
                    yield from self._given(node, spec, name, value)
                elif isinstance(value, Apply) and value not in linked and not _open(value):
                    linked.add(value)
                    supplied = expression(value, self.library, "solve")
                    yield f"link({f'{spec.name}.{name}'!r}, lambda changed: {self.without(value)}, {supplied})"

    def without(self, node: Term, put: Term = CHANGED) -> str:
        """Python for the whole with something else in the place of a node."""
        return self.whole(rebuilt(self.body, {node: put}))

    def _given(self, node: Apply, spec: Spec, name: str, value: Given) -> Iterator[str]:
        parameter, label = spec.parameters[name], f"{spec.name}.{name}"
        known = self.names[node][name]
        whole = f"lambda changed: whole({known}=changed)"
        if parameter.drop is not None and value.text != str(parameter.drop):
            freely = f"lambda changed: whole({known}=changed, free={known!r})"
            yield f"restriction({label!r}, {freely}, {dropped(parameter)!r})"
        if spec.is_object:
            yield from self._facts(node, parameter, name, value)
            return
        if parameter.kind in ("list", "words", "graph", "points"):
            yield f"data({whole}, {literal(parameter, value.text)})"
            return
        fits = _fits(spec, node, name)
        near = _literals(parameter, value, _neighbours(parameter, parse(parameter, value.text)), fits)
        far = _literals(parameter, value, self._drawn(parameter, node, name), fits, FAR)
        if near or far:
            yield f"given({label!r}, {whole}, [{', '.join(near)}], [{', '.join(far)}])"

    def choice(self, clause: tuple[str, str], choice: Term) -> str:
        """Python for new givens of the body, and for groups of other values of one of them that should matter."""
        body = choice.body if isinstance(choice, Program | Printed) else choice
        values, groups = list[str](), list[str]()
        for (node, known), new in zip(self._in_order, walk(body), strict=True):
            if not isinstance(node, Apply) or not isinstance(new, Apply):
                continue
            spec = self.library[new.skill].spec
            for (_, old), (name, value) in zip(node.arguments, new.arguments, strict=True):
                if isinstance(value, Given):
                    if value != old:
                        values.append(f"{known[name]!r}: {literal(spec.parameters[name], value.text)}")
                    groups = self._groups(new, name, value) if (new.skill, name) == clause else groups
        return f"({{{', '.join(values)}}}, [{', '.join(groups)}])"

    def _groups(self, node: Apply, name: str, value: Given) -> list[str]:
        """Python of what `restriction` and `given` try of a clause."""
        spec = self.library[node.skill].spec
        p = spec.parameters[name]
        fits = _fits(spec, node, name)
        near = _literals(p, value, _neighbours(p, parse(p, value.text)), fits)
        other = near or _literals(p, value, self._drawn(p, node, name), fits, FAR)
        return [f"[{', '.join(group)}]" for group in ([repr(dropped(p))] if p.drop is not None else [], other) if group]

    def _facts(self, node: Apply, parameter: Parameter, name: str, value: Given) -> Iterator[str]:
        """A6: without any one fact the answer, or its uniqueness, is gone. The box is the family, and no fact."""
        if parameter.kind == "facts":
            facts = parse(parameter, value.text)
            whole = f"lambda changed: whole({self.names[node][name]}=changed)"
            for port, _ in facts:
                rest = tuple(fact for fact in facts if fact[0] != port)
                yield f"restriction({f'{node.skill}.{port}'!r}, {whole}, {rest!r})"

    def _least(self, body: Term, variable: str) -> Iterator[int]:
        """The least integers that the parameters take in which a letter stands."""
        for node in walk(body):
            if isinstance(node, Apply):
                parameters = self.library[node.skill].spec.parameters
                yield from (parameters[name].low for name, value in node.arguments if value == Variable(variable))

    def _drawn(self, parameter: Parameter, node: Apply, name: str) -> Iterator[Any]:
        rng = Random(f"{to_json(node)}/{name}")
        return (draw(parameter, rng) for _ in range(FAR_DRAWS if self.library[node.skill].spec.constraints else FAR))

    def _operators(self, node: Term) -> Iterator[str]:
        match node:
            case Remainder(body=inner):
                yield f"operator('remainder', lambda: {self.without(node, inner)})"
            case Least(variable=variable, low=low):
                least = max(self._least(node.body, variable), default=low)
                if least < low:  # "the smallest n >= 40" of what is met from 40 on anyway
                    yield f"operator('bound', lambda: {self.without(node, replace(node, low=least))})"
            case Combine(op=op, left=left, right=right) if op != "product":
                for side in (left, right):
                    if not isinstance(self.body, Sought) or _open(side):  # a datum is sought in one side only
                        yield f"operator({op!r}, lambda: {self.without(node, side)})"


def _open(term: Term) -> bool:
    """True if a term holds a variable of what is around it, so that it has no value by itself."""
    return any(isinstance(node, Variable) for node in walk(term))


def dropped(p: Parameter) -> Any:
    """The value that makes a parameter's clause idle."""
    return list(p.drop) if isinstance(p.drop, tuple) else p.drop


def _neighbours(p: Parameter, value: Any) -> list[Any]:
    """Wrong values next to the right one.

    >>> _neighbours(Parameter(kind="integer", min=0, max=200), 72), _neighbours(Parameter(kind="choice"), "a")
    ([73, 71, 27], [])
    """
    match p.kind:
        case "integer" if p.values:
            ordered = sorted(p.values)
            place = ordered.index(value) if value in ordered else 0
            return [ordered[i] for i in (place + 1, place - 1) if 0 <= i < len(ordered)]
        case "integer":
            return [value + 1, value - 1, *([int(str(value)[::-1])] if value > 60 else [])]
        case "decimal":
            return [round(value * factor, p.digits) for factor in (1.05, 0.95, 1.25, 0.8)]
        case "rational":
            return [value + 1, value - 1]
        case "choice":
            return [other for other in p.values if other != value]
        case _:
            return []


def _fits(spec: Spec, node: Apply, name: str) -> Callable[[Any], bool]:
    """Whether the parameter takes a value beside the skill's other givens."""
    parameter = spec.parameters[name]
    known = {k: parse(spec.parameters[k], v.text) for k, v in node.arguments if isinstance(v, Given)}
    tests = [text for text in spec.constraints if name in (free := expressions.names(text)) and free <= known.keys()]

    def fits(value: Any) -> bool:
        values = {**known, name: value}
        return misfit(parameter, value) is None and all(expressions.holds(text, values) for text in tests)

    return fits


def _literals(
    parameter: Parameter, own: Given, values: Iterable[Any], fits: Callable[[Any], bool], most: int | None = None
) -> list[str]:
    """Python of the values that fit and are not the parameter's own, each once, up to so many."""
    tried, found = {own.text}, list[str]()
    for value in values:
        text = render(parameter, value)
        if text not in tried:  # many are drawn again and again
            tried.add(text)
            if fits(value):
                found.append(literal(parameter, text))
                if len(found) == most:
                    break
    return found
