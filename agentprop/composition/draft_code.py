"""A term → the Python programs that try it, check it and certify it.

`attempt` computes by `solve` and guards every linked value (range, constraints, necessity) and the answer (soundness);
`recheck` computes the same values by `check` and prints the same lines. Both are ordinary programs over
`skills.<module>` and `tools`.

Example: for zeros(n = places(n = 5, k = 2), b = 12), with the modules' names shortened, `attempt` gives

    v1 = places.solve(n=5, k=2)
    print("v1 =", show(v1))                       v1 = 20
    fit("v1", v1, low=10, high=5000, whole=True)  20 may be the parameter n
    need((lambda b, n: n >= b)(12, v1), 'n >= b') a constraint that the linked value is part of
    answer = zeros.solve(n=v1, b=12)
    print("answer =", show(answer))               answer = 8
    sound(answer, [12, 5, 2])                     8 is not trivial and not among the givens
    matters("v1", v1, lambda v1: zeros.solve(n=v1, b=12), answer)   zeros(21) = 9: it depends on v1

`certificate` gives `answer = zeros.solve(n=places.solve(n=5, k=2), b=12)` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentprop.composition import families, lifted, promises, suites
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Route,
    Sought,
    Term,
    Total,
    Variable,
    children,
    expression,
    imports,
    literal,
    measured,
    rebuilt,
    walk,
)
from agentprop.skills import Package, Spec
from agentprop.skills.constraints import names as free_names

SUM_DIGITS = 6
"""Most digits of p + q: beyond, nobody would add up numerator and denominator."""
NOTHING = "none"
"""Printed for data at the edge for which a skill has no value."""


def attempt(term: Term, library: Mapping[str, Package], inputs: str | None = None) -> str:
    """Write the program that tries a draft. `inputs` is a Python list of data to try a program on."""
    if isinstance(term, Program):
        return _program_attempt(term, library, inputs or "[]")
    if (package := lifted.lifted(term, library)) is not None:
        return lifted.attempt(package, inputs or "[]", "solve")
    if (family := families.family(term, library)) is not None:
        return _family_attempt(term, family, "solve")
    root = term.body if isinstance(term, Printed) else term
    draft = _Draft(library, "solve")
    call = draft.expression(root)
    lines = [imports(term, library), "from tools import *", "", *draft.lines]
    lines += [f"answer = {call}", 'print("answer =", show(answer))']
    short = f", digits={SUM_DIGITS}" if isinstance(root, LowestTerms) else ""
    lines.append(f"sound(answer, {_given_numbers(term, library)}{short})")
    lines += draft.necessity(root)
    # A step that leaves its data as they are (sorting a sorted list) adds nothing, though the answer depends on it.
    for name, without in _shortened(root, library):
        lines.append(f'does_something("{name}", [None], lambda _: answer, lambda _: {without})')
    spec = output_spec(root, library)
    if spec is not None and spec.output is not None and spec.output.kind == "quantity":
        lines.append(f"rounds_safely(answer, {spec.output.figures})")
        if spec.output.decimals is not None:  # so that decimal places and figures say the same
            lines.append('need(1 <= answer < 10, "1 <= answer < 10")')
    return "\n".join(lines)


def named(term: Term, library: Mapping[str, Package]) -> dict[str, Term]:
    """Return the names v1, v2, … under which `attempt` prints the linked values of a term."""
    draft = _Draft(library, "solve", guards=False)
    draft.expression(term.body if isinstance(term, Printed) else term)
    return {name: node for node, name in draft.names.items()}


def values(terms: Sequence[Term], library: Mapping[str, Package]) -> str:
    """Write the program that prints the value of each term, by `solve`."""
    heads = dict.fromkeys(imports(term, library) for term in terms)
    return "\n".join(
        [*heads, "from tools import *", "", *(f"print(show({expression(t, library, 'solve')}))" for t in terms)]
    )


def possible(terms: Sequence[Term], library: Mapping[str, Package]) -> str:
    """Write the program that prints the value of each term, or a dash for one that a guard refuses."""
    heads = dict.fromkeys(imports(term, library) for term in terms)
    tries = ", ".join(f"lambda: {expression(term, library, 'solve')}" for term in terms)
    loop = ["try:", "    print(show(call()))", "except Conflict:", '    print("-")']
    return "\n".join([*heads, "from tools import *", "", f"for call in [{tries}]:", *(f"    {line}" for line in loop)])


def recheck(term: Term, library: Mapping[str, Package], inputs: str | None = None) -> str:
    """Write the program that computes a draft's values a second time, by the independent route."""
    if isinstance(term, Program):
        body = expression(term.body, library, "check")
        lines = [imports(term, library), "from tools import show", ""]
        lines += [f"for {term.variable} in {inputs}:", f"    print(show({body}))"]
        return "\n".join(lines + _edges(term, library, body))
    if (package := lifted.lifted(term, library)) is not None:
        return lifted.attempt(package, inputs or "[]", "check")
    if (family := families.family(term, library)) is not None:
        return _family_attempt(term, family, "check")
    root = term.body if isinstance(term, Printed) else term
    draft = _Draft(library, "check", guards=False)  # `attempt` has looked for conflicts: here only values count
    call = draft.expression(root)
    head = [imports(term, library), f"from tools import {', '.join(_tools(call, draft.lines))}", ""]
    return "\n".join([*head, *draft.lines, f"answer = {call}", 'print("answer =", show(answer))'])


def verification(term: Term, library: Mapping[str, Package]) -> str:
    """Write the program that a verifier runs: every value by `check` and guarded, the result in `answer`."""
    draft = _Draft(library, "check")
    call = draft.expression(term)
    return "\n".join([imports(term, library), "from tools import *", "", *draft.lines, f"answer = {call}"])


def certificate(term: Term, library: Mapping[str, Package]) -> str:
    """Write the program that assigns the answer's value to `answer`; for programs, the function `solve`."""
    if isinstance(term, Program):
        body = expression(term.body, library, "solve")
        return f"{imports(term, library)}\n\ndef solve({term.variable}):\n    return {body}"
    if (package := lifted.lifted(term, library)) is not None:
        return lifted.certificate(package)
    if (family := families.family(term, library)) is not None:
        return families.certificate(family)
    call = expression(term, library, "solve")
    # No guards here: a certificate only re-derives the answer, and stands in the record as short as it can be.
    tools = [name for name in _tools(call, []) if name != "show"]
    head = [imports(term, library)]
    if "Fraction(" in call:
        head.insert(0, "from fractions import Fraction")
    if tools:
        head.append(f"from tools import {', '.join(tools)}")
    return "\n".join([*head, f"answer = {call}"])


def _family_attempt(term: Term, package: Package, route: str) -> str:
    """Write the program that computes the examples of a family's problem."""
    assert isinstance(term, Apply)  # a family is posed alone
    values = families.parameters(term, package)
    found = suites.setting(package, values)
    return families.attempt(package, values, found.examples if found is not None else (), route)


def output_spec(term: Term, library: Mapping[str, Package]) -> Spec | None:
    """The skill whose output is the answer itself, or of its kind; None if the answer is computed from outputs."""
    if isinstance(term, Printed):
        return output_spec(term.body, library)
    return library[term.skill].spec if isinstance(term, Apply) else measured(term, library)


def _tools(call: str, lines: list[str]) -> list[str]:
    text = "\n".join([call, *lines])
    helpers = ("Fraction", "count", "excess", "least", "lowest_terms_sum", "sought")
    return ["show", *(name for name in helpers if f"{name}(" in text)]


def _given_numbers(term: Term, library: Mapping[str, Package]) -> str:
    """Python list of the numbers in the statement: an answer among them would be given away."""
    found: dict[str, None] = {}
    for node in walk(term):
        if isinstance(node, Apply):
            for name, value in node.arguments:
                parameter = library[node.skill].spec.parameters[name]
                if isinstance(value, Given) and parameter.kind in ("integer", "rational"):
                    found[literal(parameter, value.text)] = None
    return f"[{', '.join(found)}]"


@dataclass
class _Draft:
    """Straight-line code for a term: every linked value is named, printed and guarded."""

    library: Mapping[str, Package]
    route: Route
    guards: bool = True
    lines: list[str] = field(default_factory=list)
    names: dict[Term, str] = field(default_factory=dict)
    """Linked value → its name v1, v2, …; equal sub-terms share one, and are computed once."""

    def expression(self, term: Term) -> str:
        match term:
            case Apply():
                return self._call(term)
            case Combine():
                # Both sides are named, so that the guards can vary each of them alone.
                for side in (term.left, term.right):
                    self._name(side)
                return expression(_named(term, self.names), self.library, self.route)
            case Least() | Total() | Count() | Sought():
                # A sweep's body has another value for every n: nothing in it can be computed ahead and named.
                return expression(term, self.library, self.route)
            case _:
                inner = children(term)
                if inner:
                    self._name(inner[0])
                return expression(_named(term, self.names), self.library, self.route)

    def _call(self, term: Apply) -> str:
        spec = self.library[term.skill].spec
        for name, value in term.arguments:
            if not isinstance(value, Given | Variable):
                self._name(value)
                if self.guards:
                    self.lines += _fit(spec, name, self.names[value])
        if self.guards:
            self.lines += self._needs(term, spec)
        return expression(_named(term, self.names), self.library, self.route)

    def _name(self, term: Term) -> None:
        if term in self.names:
            return
        call = self.expression(term)
        name = f"v{len(self.names) + 1}"
        self.names[term] = name
        self.lines += [f"{name} = {call}", f'print("{name} =", show({name}))']

    def _needs(self, term: Apply, spec: Spec) -> Iterator[str]:
        linked = {name for name, value in term.arguments if not isinstance(value, Given | Variable)}
        bound = {name: self._argument(spec, name, value) for name, value in term.arguments}
        for text in spec.constraints:
            used = sorted(free_names(text))
            if linked & set(used):  # the planner drew the givens so that constraints among them hold
                yield f"need((lambda {', '.join(used)}: {text})({', '.join(bound[u] for u in used)}), {text!r})"

    def _argument(self, spec: Spec, name: str, value: Term) -> str:
        if isinstance(value, Given):
            return literal(spec.parameters[name], value.text)
        return value.name if isinstance(value, Variable) else self.names[value]

    def necessity(self, root: Term) -> Iterator[str]:
        """Yield guards that the answer depends on every value that a sub-problem supplies."""
        spec = output_spec(root, self.library)
        output = spec.output if spec is not None else None
        figures = f", {output.figures}" if output is not None and output.kind == "quantity" else ""
        for node, name in self.names.items():
            inner = {t: n for t, n in self.names.items() if t != node and not _inside(node, t)}
            changed = _replaced(root, node, Variable(name))
            call = expression(_named(changed, inner), self.library, self.route)
            yield f'matters("{name}", {name}, lambda {name}: {call}, answer{figures})'
        for node in _swept(root):
            # Values inside a sweep have no name to vary: all of them are shifted together.
            changed = _replaced(root, node, Combine("sum", node, Variable("shift")))
            call = expression(_named(changed, {}), self.library, self.route)
            yield f'matters("{node.skill}", 0, lambda shift: {call}, answer{figures})'


def _fit(spec: Spec, name: str, variable: str) -> list[str]:
    p = spec.parameters[name]
    if p.kind not in ("integer", "rational", "decimal"):
        return []
    bounds: dict[str, Any] = {"low": p.min, "high": p.max, "values": p.values or None}
    if p.kind != "decimal":  # specs store bounds as floats; the message of a conflict should say 10, not 10.0
        bounds |= {k: int(v) for k, v in bounds.items() if isinstance(v, float) and v == int(v)}
    text = ", ".join(f"{k}={v!r}" for k, v in bounds.items() if v is not None)
    whole = ", whole=True" if p.kind == "integer" else ""
    return [f'fit("{variable}", {variable}, {text}{whole})'] if text else []


def _swept(term: Term) -> Iterator[Apply]:
    """Yield the applications inside a sweep, whose values are not named one by one."""
    for node in walk(term):
        if isinstance(node, Least | Total | Count):
            for inner in children(node):
                yield from (n for n in walk(inner) if isinstance(n, Apply))


def _inside(needle: Term, hay: Term) -> bool:
    return any(node == needle for node in walk(hay))


def _replaced(term: Term, old: Term, new: Term) -> Term:
    """Exchange a sub-term for another."""
    return rebuilt(term, {old: new})


def _named(term: Term, names: Mapping[Term, str]) -> Term:
    """Replace the named sub-terms, below the root, by their names."""
    table: dict[Term, Term] = {t: Variable(n) for t, n in names.items() if t != term}
    return rebuilt(term, table)


def _program_attempt(term: Program, library: Mapping[str, Package], inputs: str) -> str:
    data = term.variable
    lines = [
        imports(term, library),
        "from tools import *",
        "",
        f"def solve({data}):",
        f"    return {expression(term.body, library, 'solve')}",
        "",
        f"inputs = {inputs}",
        "outputs = [solve(item) for item in inputs]",
        "for output in outputs:",
        "    print(show(output))",
        "differing(outputs)",
    ]
    for node in walk(term.body):
        if isinstance(node, Apply) and node != term.body:  # the outermost value is the result itself
            rest = expression(_replaced(term.body, node, Variable("value")), library, "solve")
            inner = expression(node, library, "solve")
            lines.append(f'matters_somewhere("{node.skill}", inputs, lambda {data}: {inner}, lambda value: {rest})')
    for name, without in _shortened(term.body, library):
        lines.append(f'does_something("{name}", inputs, solve, lambda {data}: {without})')
    return "\n".join(lines + _edges(term, library, f"solve({data})"))


def _edges(term: Program, library: Mapping[str, Package], call: str) -> list[str]:
    """Lines that print what data at the edge of the limits give, or that they give nothing."""
    if not promises.can_promise(term, library):
        return []
    return [
        f"for {term.variable} in {promises.edges(term, library)!r}:",
        "    try:",
        f"        print(show({call}))",
        "    except Exception:",
        f'        print("{NOTHING}")',
    ]


def _shortened(root: Term, library: Mapping[str, Package]) -> Iterator[tuple[str, str]]:
    """Yield (skill, expression of the whole without that skill) for every step that makes data of the same kind."""
    for node in walk(root):
        spec = library[node.skill].spec if isinstance(node, Apply) else None
        if isinstance(node, Apply) and spec is not None and spec.data is not None and spec.output is not None:
            data, parameter = node.argument(spec.data), spec.parameters[spec.data]
            if spec.output.kind != parameter.kind:  # what takes its value takes no data, and may never come to an end
                continue
            if isinstance(data, Given):  # without its skill a given has no parameter that says how to read it
                data = Variable(literal(parameter, data.text))
            yield node.skill, expression(_replaced(root, node, data), library, "solve")
