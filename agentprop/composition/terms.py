"""Terms: the meaning of a statement as a tree over skills ↔ JSON, and → the Python that computes it by either route.

Leaves are givens (numbers of the statement) and variables; nodes apply skills or combine their values. The composition
operators of the proposer are shapes of terms:

    chain      Apply whose argument is another Apply
    aggregate  Combine (sum, difference, product), Total over a range
    invert     Least: the smallest n such that …; Sought: the datum for which a quantity has a value
    constrain  Count: how many n in a range satisfy …
    nest       an argument of an Apply that is any of the above but an Apply

and of object kinds, by what they ask of one object: inverse-unknown, shared-object, extremum, conjunction, branch.

Example: "How many zeros stand at the end of $z!$ in base 12, where $z$ is the number of permutations of 5 objects that
leave exactly 2 of them in place?" is one skill whose argument n is another skill. Its value: there are C(5,2)·2 = 20
permutations, and 20! = 2¹⁸·3⁸·… holds 8 factors of 12 = 2²·3, so 8 zeros.

    >>> places = Apply("combinatorics-fixed-points", (("n", Given("5")), ("k", Given("2"))))
    >>> zeros = Apply("number-theory-factorial-zeros", (("n", places), ("b", Given("12"))))
    >>> skills(zeros), operators(zeros)
    (('number-theory-factorial-zeros', 'combinatorics-fixed-points'), ('chain',))
    >>> to_json(places)
    '{"apply":"combinatorics-fixed-points","to":{"n":"5","k":"2"}}'
    >>> from agentprop.skills import load
    >>> expression(zeros, load([]), "solve")
    'number_theory_factorial_zeros.solve(n=combinatorics_fixed_points.solve(n=5, k=2), b=12)'
    >>> expression(Least("m", 3, places.with_argument("n", Variable("m")), Relation("at_least", 50)), load([]), "check")
    'least(lambda m: combinatorics_fixed_points.check(n=m, k=2) >= 50, 3)'
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import Any, Literal, TypeVar, cast

from agentprop.skills import Output, Package, Spec, sources_of
from agentprop.skills.values import Parameter, parse
from agentprop.skills.values.models import operator as question_operator

Route = Literal["solve", "check"]
MAX_NESTING = 64
"""Deepest nesting of a composition that `from_json` accepts."""
T = TypeVar("T")
Operation = Literal["sum", "difference", "product"]
Comparison = Literal["at_least", "divisible", "odd", "equals", "exceeds", "same"]


@dataclass(frozen=True, slots=True)
class Given:
    """A value that stands in the statement, in its canonical prose text."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A bound letter, or the data of a program."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A skill applied to its parameters."""

    skill: str
    arguments: tuple[tuple[str, Term], ...]

    def argument(self, name: str) -> Term:
        """The term in the place of a parameter."""
        return dict(self.arguments)[name]

    def with_argument(self, name: str, term: Term) -> Apply:
        """Copy the application with one argument exchanged."""
        return replace(self, arguments=tuple((k, term if k == name else v) for k, v in self.arguments))


@dataclass(frozen=True, slots=True)
class Combine:
    """Arithmetic on two values: left + right, left - right, left · right."""

    op: Operation
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Relation:
    """Condition on a value: at least, divisible by or equal to a number; odd; greater than or equal to another term."""

    comparison: Comparison
    value: int | None = None
    other: Term | None = None


@dataclass(frozen=True, slots=True)
class Least:
    """The smallest integer variable ≥ low for which the body stands in the relation."""

    variable: str
    low: int
    body: Term
    relation: Relation


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of the body over low ≤ variable ≤ high."""

    variable: str
    low: int
    high: int
    body: Term


@dataclass(frozen=True, slots=True)
class Count:
    """The number of integers low ≤ variable ≤ high for which the body stands in the relation."""

    variable: str
    low: int
    high: int
    body: Term
    relation: Relation


@dataclass(frozen=True, slots=True)
class LowestTerms:
    """The sum p + q of a body that is p/q in lowest terms."""

    body: Term


@dataclass(frozen=True, slots=True)
class Remainder:
    """The body modulo a number of the statement."""

    body: Term
    modulus: int


@dataclass(frozen=True, slots=True)
class Sought:
    """The datum of a skill, written as the variable, for which the body, a quantity, has the value (science)."""

    variable: str
    body: Term
    value: str
    """A decimal in the unit of the body's quantity."""


@dataclass(frozen=True, slots=True)
class Program:
    """The function that maps its data to the body (coding)."""

    variable: str
    body: Term


@dataclass(frozen=True, slots=True)
class Printed:
    """The output of the program that prints the body (coding)."""

    body: Term


Term = Given | Variable | Apply | Combine | Least | Total | Count | LowestTerms | Remainder | Sought | Program | Printed
NODES: dict[str, type[Any]] = {
    cls.__name__.lower(): cls
    for cls in (Given, Variable, Apply, Combine, Least, Total, Count, LowestTerms, Remainder, Sought, Program, Printed)
}


# --- walking ---


def children(term: Term) -> tuple[Term, ...]:
    """Direct sub-terms, in reading order."""
    return _CHILDREN[type(term)](term)


def _compared(term: Least | Count) -> tuple[Term, ...]:
    other = term.relation.other
    return (term.body,) if other is None else (term.body, other)


# A table and no `match`: terms are walked a thousand times for every candidate.
_CHILDREN: dict[type[Any], Callable[[Any], tuple[Term, ...]]] = {
    **dict.fromkeys((Given, Variable), lambda _: ()),
    Apply: lambda term: tuple([value for _, value in term.arguments]),
    Combine: lambda term: (term.left, term.right),
    **dict.fromkeys((Least, Count), _compared),
    **dict.fromkeys((Total, LowestTerms, Remainder, Sought, Program, Printed), lambda term: (term.body,)),
}


def walk(term: Term) -> Iterator[Term]:
    """Yield the term and all its sub-terms, the outermost first."""
    stack = [term]
    while stack:
        node = stack.pop()
        yield node
        if type(node) is not Given:
            stack += reversed(children(node))  # the last one pushed is the next one popped: left before right


def rebuilt(term: Term, table: Mapping[Term, Term]) -> Term:
    """The term with some of its sub-terms exchanged; what holds none of them stays the same object."""
    for old, new in table.items():  # tables are small, and comparing ends sooner than hashing
        if old == term:
            return new
    match term:
        case Given() | Variable():
            return term
        case Apply():
            arguments = tuple([(name, rebuilt(value, table)) for name, value in term.arguments])
            same = all(new is old for (_, new), (_, old) in zip(arguments, term.arguments, strict=True))
            return term if same else Apply(term.skill, arguments)
        case Combine():
            left, right = rebuilt(term.left, table), rebuilt(term.right, table)
            return term if left is term.left and right is term.right else Combine(term.op, left, right)
        case Least() | Count():
            other = term.relation.other
            relation = term.relation if other is None else replace(term.relation, other=rebuilt(other, table))
            return replace(term, body=rebuilt(term.body, table), relation=relation)
        case _:
            body = rebuilt(term.body, table)
            return term if body is term.body else replace(term, body=body)


def skills(term: Term) -> tuple[str, ...]:
    """Names of the skills applied, the outermost first, each once."""
    return tuple(dict.fromkeys(t.skill for t in walk(term) if isinstance(t, Apply)))


def operators(term: Term) -> tuple[str, ...]:
    """Names of the composition operators a term uses."""
    found: dict[str, None] = {}
    for node in walk(term):
        match node:
            case Apply(arguments=arguments) if "question" in dict(arguments) and "facts" in dict(arguments):
                found[_operator_of(dict(arguments)["question"])] = None
            case Apply():
                kinds = {"chain" if isinstance(c, Apply) else "nest" for c in children(node) if not _leaf(c)}
                found |= dict.fromkeys(sorted(kinds))  # sorted, because the order of a set differs from run to run
            case Combine() | Total():
                found["aggregate"] = None
            case Least() | Sought():
                found["invert"] = None
            case Count():
                found["constrain"] = None
            case LowestTerms() | Remainder():
                found["reduce"] = None
            case Program():
                found["program"] = None
            case Printed():
                found["trace"] = None
            case _:
                pass
    return tuple(found)


def _operator_of(question: Term) -> str:
    return question_operator(question.text) if isinstance(question, Given) else "inverse-unknown"


def _leaf(term: Term) -> bool:
    return isinstance(term, Given | Variable)


def canonical(term: Term) -> Term:
    """The term in one form for all ways to write it: letters renamed, arguments, summands and factors in order.

    >>> one = from_json('{"node":"combine","op":"sum","left":"2","right":"1"}')
    >>> canonical(one)
    Combine(op='sum', left=Given(text='1'), right=Given(text='2'))
    """
    return cast(Term, _canonical(term, {}))


def _canonical(term: Any, names: Mapping[str, str]) -> Any:
    match term:
        case Variable(name):
            return Variable(names.get(name, name))
        case Apply(skill, arguments):
            ordered = sorted(arguments, key=itemgetter(0))
            return Apply(skill, tuple((name, _canonical(value, names)) for name, value in ordered))
        case Combine(op, left, right):
            pair = _canonical(left, names), _canonical(right, names)
            return Combine(op, *(pair if op == "difference" else sorted(pair, key=to_json)))
        case Relation(other=other):
            return replace(term, other=None if other is None else _canonical(other, names))
        case Least() | Total() | Count() | Sought() | Program():
            inner = {**names, term.variable: f"#{len(names)}"}
            parts = {"body": _canonical(term.body, inner), "variable": inner[term.variable]}
            if isinstance(term, Least | Count):
                parts["relation"] = _canonical(term.relation, inner)
            return replace(term, **parts)
        case LowestTerms() | Remainder() | Printed():
            return replace(term, body=_canonical(term.body, names))
    return term


# --- JSON ---


def to_json(term: Term) -> str:
    """Write a term as compact JSON."""
    return json.dumps(_encode(term), ensure_ascii=False, separators=(",", ":"))


def _encode(term: Any) -> Any:
    match term:
        case Given(text):
            return text
        case Variable(name):
            return {"var": name}
        case Apply(skill, arguments):
            return {"apply": skill, "to": {k: _encode(v) for k, v in arguments}}
        case Relation(comparison, value, other):
            return {"is": comparison, "value": value, "other": None if other is None else _encode(other)}
        case None | int() | str():
            return term
    # The other nodes are stored under their class name and field names: renaming one breaks stored compositions.
    fields = {name: _encode(getattr(term, name)) for name in term.__dataclass_fields__}
    return {"node": type(term).__name__.lower(), **fields}


def from_json(text: str) -> Term:
    """Read the text that `to_json` writes. Raises ValueError for anything else."""
    try:
        term = _decode_term(json.loads(text), MAX_NESTING)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a composition: {error}") from None
    return term


def _decode_term(data: Any, depth: int) -> Term:
    # A language model may have written the text, so every type is checked and the recursion is bounded.
    if depth == 0:
        raise ValueError("a composition of absurd depth")
    if isinstance(data, str):
        return Given(data)
    if "var" in data:
        return Variable(_of(str, data["var"]))
    if "apply" in data:
        arguments = ((_of(str, k), _decode_term(v, depth - 1)) for k, v in data["to"].items())
        return Apply(_of(str, data["apply"]), tuple(arguments))
    cls = NODES[data["node"]]
    return cast(Term, cls(**{k: _decode_field(k, data[k], depth - 1) for k in cls.__dataclass_fields__}))


def _decode_field(name: str, data: Any, depth: int) -> Any:
    if name in ("low", "high", "modulus"):
        return _of(int, data)
    if name in ("variable", "op", "value"):
        return _of(str, data)
    return _decode_relation(data, depth) if name == "relation" else _decode_term(data, depth)


def _decode_relation(data: Any, depth: int) -> Relation:
    value, other = data["value"], data["other"]
    return Relation(
        cast(Comparison, _of(str, data["is"])),
        None if value is None else _of(int, value),
        None if other is None else _decode_term(other, depth),
    )


def _of(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # not isinstance, to which True is an int
        raise TypeError(f"{str(value)[:40]!r} is not of type {kind.__name__}")
    return value


# --- Python ---


def literal(p: Parameter, text: str) -> str:
    """Python literal of a given's text."""
    value = parse(p, text)
    return f"Fraction({value.numerator}, {value.denominator})" if isinstance(value, Fraction) else repr(value)


def expression(term: Term, library: Mapping[str, Package], route: Route) -> str:
    """Python expression for the value of a term, over the modules `skills.<name>` and `tools`.

    Raises ValueError for a given by itself, because only a parameter says how to read its text.
    """
    match term:
        case Variable(name):
            return name
        case Apply(skill, arguments):
            spec = library[skill].spec
            given = ", ".join(
                f"{name}={_argument(spec.parameters[name], value, library, route)}" for name, value in arguments
            )
            return f"{library[skill].module}.{route}({given})"
        case Combine(op, left, right):
            sides = expression(left, library, route), expression(right, library, route)
            if op == "difference":  # `excess` refuses a difference that is not positive
                return f"excess({sides[0]}, {sides[1]})"
            return f"({sides[0]} {'+' if op == 'sum' else '*'} {sides[1]})"
        case Least(low=low):
            return f"least({_function(term, library, route)}, {low})"
        case Total(variable, low, high, body):
            return f"sum({expression(body, library, route)} for {variable} in range({low}, {high + 1}))"
        case Count(low=low, high=high):
            return f"count({_function(term, library, route)}, {low}, {high})"
        case LowestTerms(body):
            return f"lowest_terms_sum({expression(body, library, route)})"
        case Remainder(body, modulus):
            return f"{expression(body, library, route)} % {modulus}"
        case Sought(value=value):
            quantity = _function(term, library, route)
            least, most = bounds_of(term, library)
            # Formulas have values beyond a datum's bounds; what counts or simulates may never come to an end there.
            beyond = ", beyond=True" if route == "solve" else ""
            return f"sought({quantity}, {float(value)!r}, {least!r}, {most!r}{beyond})"
        case Program() | Printed():  # the value is that of the body; its function or its listing is written elsewhere
            return expression(term.body, library, route)
        case Given():
            raise ValueError("a given has no value outside a skill's parameter")


def _function(term: Least | Count | Sought, library: Mapping[str, Package], route: Route) -> str:
    """Python function of a sweep's variable; what holds no variable is computed once, when the function is made."""
    fixed = {node: Variable(f"fixed{number}") for number, node in enumerate(_closed(term, {term.variable}), 1)}
    inner = rebuilt(term, fixed)
    given = "".join(f", {name.name}={expression(node, library, route)}" for node, name in fixed.items())
    match inner:
        case Least(body=body, relation=relation) | Count(body=body, relation=relation):
            value = condition(body, relation, library, route)
        case Sought(body=body):
            value = expression(body, library, route)
    return f"lambda {term.variable}{given}: {value}"


def _closed(term: Term, bound: Set[str]) -> dict[Term, None]:
    """The largest parts of a term that apply a skill and hold no bound variable, each once, in order."""
    found: dict[Term, None] = {}
    for child in children(term):
        nodes = list(walk(child))
        # Where Python stands for a variable, what is in it cannot be seen.
        if any(isinstance(node, Variable) and (node.name in bound or not node.name.isidentifier()) for node in nodes):
            found |= _closed(
                child, bound | {child.variable} if isinstance(child, Least | Total | Count | Sought) else bound
            )
        elif any(isinstance(node, Apply) for node in nodes):
            found[child] = None
    return found


def owner_of(term: Sought, library: Mapping[str, Package]) -> tuple[Spec, str]:
    """The skill whose datum is sought, and its parameter. Raises ValueError if no skill has the variable."""
    for node in walk(term.body):
        if isinstance(node, Apply):
            for name, value in node.arguments:
                if value == Variable(term.variable):
                    return library[node.skill].spec, name
    raise ValueError(f"no skill takes {term.variable}")


def bounds_of(term: Sought, library: Mapping[str, Package]) -> tuple[float, float]:
    """Between what the datum that is sought lies. Raises ValueError if its parameter has no bounds."""
    spec, name = owner_of(term, library)
    p = spec.parameters[name]
    if p.min is None or p.max is None or p.kind != "decimal":
        raise ValueError(f"{name} of {spec.name} is no decimal with bounds")
    return float(p.min), float(p.max)


def _argument(p: Parameter, term: Term, library: Mapping[str, Package], route: Route) -> str:
    return literal(p, term.text) if isinstance(term, Given) else expression(term, library, route)


def condition(body: Term, relation: Relation, library: Mapping[str, Package], route: Route) -> str:
    """Python condition that a body stands in a relation."""
    left = expression(body, library, route)
    if relation.other is not None:
        sign = ">" if relation.comparison == "exceeds" else "=="
        return f"{left} {sign} {expression(relation.other, library, route)}"
    # Divisibility and parity use Python's %, whose result is never negative for a positive divisor.
    match relation.comparison:
        case "at_least":
            return f"{left} >= {relation.value}"
        case "divisible":
            return f"{left} % {relation.value} == 0"
        case "odd":
            return f"{left} % 2 == 1"
        case _:
            return f"{left} == {relation.value}"


@lru_cache(maxsize=4096)
def _datum(unit: str) -> Output:
    return Output(kind="quantity", unit=unit, figures=3)


def measured(term: Term, library: Mapping[str, Package]) -> Spec | None:
    """The skill whose quantity the value of a term is, or two of whose kind it combines; None for anything else."""
    match term:
        case Apply(skill):
            spec = library[skill].spec
            return spec if spec.output is not None and spec.output.kind == "quantity" else None
        case Combine(op, left, right) if op != "product":
            return measured(left, library) and measured(right, library) and measured(left, library)
        case Sought():
            spec, name = owner_of(term, library)
            return spec.model_copy(update={"output": _datum(spec.parameters[name].unit or "1")})
    return None


def imports(term: Term, library: Mapping[str, Package]) -> str:
    """Import line of the skills that a term applies."""
    return "from skills import " + ", ".join(library[name].module for name in skills(term))


def modules(term: Term, library: Mapping[str, Package]) -> dict[str, str]:
    """Module name → source, for every skill that the term's Python imports, and for what these import."""
    return sources_of(library[name] for name in skills(term))


def body_data(body: Apply, library: Mapping[str, Package]) -> tuple[Apply, str]:
    """Innermost application of a pipeline, and its data parameter."""
    node = body
    while True:
        data = library[node.skill].spec.data
        assert data is not None  # pipelines are made of skills with data
        inner = node.argument(data)
        if not isinstance(inner, Apply):
            return node, data
        node = inner
