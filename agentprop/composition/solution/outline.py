"""A term → the values that its solution passes, in order of evaluation, and the Python that computes them.

A value is found after all that it is made of, and once only. Inside a sweep a skill has another value for every
integer; there it stands for the one integer that is worked out as an example, under the sweep as its scope.

    >>> from agentprop.composition.terms import Apply, Given
    >>> from agentprop.skills import load
    >>> places = Apply("combinatorics-fixed-points", (("n", Given("5")), ("k", Given("2"))))
    >>> outline = Outline.of(Apply("number-theory-factorial-zeros", (("n", places), ("b", Given("12")))), load([]))
    >>> print(*outline.lines, sep="\\n")
    v1 = trace.applied(combinatorics_fixed_points, n=5, k=2)
    v2 = trace.applied(number_theory_factorial_zeros, n=v1, b=12)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files

from agentprop.composition.terms import (
    Apply,
    Count,
    Given,
    Least,
    Printed,
    Program,
    Relation,
    Sought,
    Term,
    Total,
    Variable,
    children,
    condition,
    expression,
    literal,
    owner_of,
    rebuilt,
    walk,
)
from agentprop.skills import Package

MODULE = "solution_tools"
SWEEPS = (Least, Total, Count)
Scope = tuple[Term, ...]
"""The sweeps around a value that has another one for every integer; empty for all others."""
Key = tuple[Term, Scope]


@dataclass
class Outline:
    """The values of a term, each with its place in the order of evaluation."""

    library: Mapping[str, Package]
    places: dict[Key, int] = field(default_factory=dict)
    """Value → its row in the trace."""
    lines: list[str] = field(default_factory=list)
    """Python that computes and notes them."""

    @classmethod
    def of(cls, term: Term, library: Mapping[str, Package]) -> Outline:
        """Outline the body of a term."""
        outline = cls(library)
        outline.visit(answered(term), ())
        return outline

    def visit(self, term: Term, scope: Scope) -> str:
        """Add a value and all that it is made of; the name that it has in the code."""
        key = key_of(term, scope)
        if key not in self.places:
            self._add(term, key)
        return f"v{self.places[key] + 1}"

    def _add(self, term: Term, key: Key) -> None:
        scope = key[1]
        match term:
            case Least() | Total() | Count():
                self._sweep(term, key)
            case Sought():
                code, body = (expression(part, self.library, "solve") for part in (term, term.body))
                spec, name = owner_of(term, self.library)
                bounds = f"{spec.parameters[name].min}, {spec.parameters[name].max}"
                self._note(key, f"trace.sought({code}, lambda {term.variable}: {body}, {bounds})")
                self.lines.append(f"{term.variable} = v{self.places[key] + 1}")
                self.visit(term.body, (*scope, term))
            case Apply(skill, arguments):
                spec = self.library[skill].spec
                given = [
                    f"{name}={literal(spec.parameters[name], value.text)}"
                    if isinstance(value, Given)
                    else f"{name}={value.name if isinstance(value, Variable) else self.visit(value, scope)}"
                    for name, value in arguments
                ]
                self._note(key, f"trace.applied({', '.join([self.library[skill].module, *given])})")
            case _:
                names = {child: Variable(self.visit(child, scope)) for child in children(term)}
                code = expression(rebuilt(term, {k: v for k, v in names.items()}), self.library, "solve")
                self._note(key, f"trace.noted({code})")

    def _sweep(self, term: Least | Total | Count, key: Key) -> None:
        known: dict[Term, Term] = {}
        for inner in children(term):
            for node in walk(inner):
                if not isinstance(node, Given | Variable) and not is_open(node):
                    known[node] = Variable(self.visit(node, ()))
        body = rebuilt(term.body, known)
        relation = term.relation if isinstance(term, Least | Count) else None
        other = relation.other if relation is not None else None
        beside = "None" if other is None else expression(rebuilt(other, known), self.library, "solve")
        value = expression(body, self.library, "solve")
        kind = type(term).__name__.lower()
        high = None if isinstance(term, Least) else term.high
        n = term.variable
        test = f"lambda {n}, value, beside: {_test(relation, self.library)}"
        call = f"trace.swept({kind!r}, {term.low}, {high}, lambda {n}: {value}, {test}, lambda {n}: {beside})"
        self.places[key] = len(self.places)
        self.lines.append(f"v{self.places[key] + 1}, {n} = {call}")
        for inner in children(term):
            if is_open(inner) and not isinstance(inner, Variable):
                self.visit(inner, (*key[1], term))

    def _note(self, key: Key, code: str) -> None:
        self.places[key] = len(self.places)
        self.lines.append(f"v{self.places[key] + 1} = {code}")


def answered(term: Term) -> Term:
    """The term whose value is the answer."""
    return term.body if isinstance(term, Printed | Program) else term


def key_of(term: Term, scope: Scope) -> Key:
    """A value by itself if it holds no letter of the sweeps around it, else in their scope."""
    return term, scope if scope and is_open(term) else ()


def is_open(term: Term) -> bool:
    """True if a term holds a letter that a sweep around it binds."""
    nodes = list(walk(term))
    bound = {node.variable for node in nodes if isinstance(node, SWEEPS)}
    return any(isinstance(node, Variable) and node.name not in bound for node in nodes)


def _test(relation: Relation | None, library: Mapping[str, Package]) -> str:
    if relation is None:
        return "True"
    named = relation if relation.other is None else replace(relation, other=Variable("beside"))
    return condition(Variable("value"), named, library, "solve")


def tracing(term: Term, library: Mapping[str, Package]) -> str:
    """Write Python that adds the trace of a term to the list `found`; a job runs it behind its own code."""
    lines = "".join(f"    {line}\n" for line in Outline.of(term, library).lines)
    return f"from {MODULE} import told\n\ndef traced(trace):\n{lines}\nfound.append(told(traced))"


@cache
def modules() -> Mapping[str, str]:
    """Sources of the module that the code imports, by name."""
    return {MODULE: files("agentprop.composition.solution").joinpath(f"{MODULE}.py").read_text(encoding="utf-8")}
