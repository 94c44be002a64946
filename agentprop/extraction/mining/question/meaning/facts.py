"""What a question gives: definitions, values of letters, relations, sorts of numbers, roots of polynomials.

Definitions and known letters are put in where they are used; `f⁻¹(y)` becomes the one t with f(t) = y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    node,
    substitute,
    symbols,
)

_ENDLESS = (Node("infinity"), node("neg", Node("infinity")))
MAX_EXPANSION = 500
"""Trees put in while one question is understood."""
RELATIONS = frozenset(
    {"=", "!=", "<", "<=", ">", ">=", "or", "not", "cong", "divides", "is_prime", "is_integer", "is_square", "apart"}
)


@dataclass
class Facts:
    """The facts of a question by what they do."""

    functions: dict[str, tuple[tuple[str, ...], Tree]] = field(default_factory=dict)
    operators: dict[tuple[str, int], tuple[tuple[str, ...], Tree]] = field(default_factory=dict)
    through: dict[str, tuple[str, Tree, Tree]] = field(default_factory=dict)
    known: dict[str, Tree] = field(default_factory=dict)
    relations: list[Tree] = field(default_factory=list)
    identities: list[tuple[Tree, frozenset[str]]] = field(default_factory=list)
    sorts: list[tuple[str, str]] = field(default_factory=list)
    roots: list[tuple[tuple[str, ...], Tree]] = field(default_factory=list)
    root_values: list[tuple[Tree, Tree]] = field(default_factory=list)
    factors: list[Tree] = field(default_factory=list)
    independent: list[frozenset[str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    expanded: int = 0
    letters: int = 0

    def add(self, fact: Tree) -> None:
        """Sort one fact in. Raises Unreadable for what is none."""
        if not isinstance(fact, Node) or fact.head in ("none", "true"):
            return
        if fact.head in ("given", "and"):
            for one in fact.args:
                self.add(one)
        elif fact.head == "sort":
            self._sort(fact)
        elif fact.head == "roots_named":
            self._roots(fact)
        elif fact.head == "root_is":
            self.root_values.append((fact.args[0], fact.args[1]))
        elif fact.head == "is_factor":
            self._factor(fact)
        elif fact.head == "independent":
            self.independent.append(symbols(fact))
        elif fact.head == "=" and (parts := componentwise(fact)) is not None:
            for part in parts:
                self.add(part)
        elif fact.head in ("for_all", "as_form"):
            self._identity(fact)
        elif fact.head == "=" and self._defines(fact):
            return
        elif fact.head == "in":
            self._member(fact)
        elif fact.head in RELATIONS:
            self.relations.append(fact)
        else:
            raise Unreadable(f"{fact.head} is no fact")

    def _factor(self, fact: Node) -> None:
        """One expression divides another: whole numbers, or polynomials, whose remainder vanishes identically."""
        divisor, multiple = fact.args
        if symbols(divisor) & symbols(multiple):
            letters = node("letters", *map(Letter, sorted(symbols(divisor))))
            self.factors.append(node("=", node("remainder_form", letters, multiple, divisor), Numeral("0")))
        else:
            self.relations.append(node("divides", divisor, multiple))

    def _member(self, fact: Node) -> None:
        """x ∈ [0, 2) as bounds."""
        subject, interval = fact.args
        if not isinstance(interval, Node):
            raise Unreadable("a member of no interval")
        self.add(interval_condition(subject, interval))

    def _sort(self, fact: Node) -> None:
        variable, sort = fact.args
        if not isinstance(variable, Letter) or not isinstance(sort, Node):
            raise Unreadable("a sort of no letter")
        self.sorts.append((variable.name, sort.head))

    def _roots(self, fact: Node) -> None:
        names, relation, *real = fact.args
        assert isinstance(names, Node)
        found = tuple(one.name for one in names.args if isinstance(one, Letter))
        if real:
            self.sorts += [(name, "real") for name in found]
        if len(found) != len(names.args) or len(set(found)) != len(found):
            raise Unreadable("roots without names")
        self.roots.append((found, relation))

    def _identity(self, fact: Node) -> None:
        """for_all(relation, letters): it holds whatever the letters are; as_form(expression, form): in its letters."""
        if fact.head == "as_form":
            expression, form = fact.args
            self.identities.append((node("=", expression, form), symbols(expression)))
            return
        relation, names = fact.args
        assert isinstance(names, Node)
        found = frozenset(one.name for one in names.args if isinstance(one, Letter))
        if isinstance(relation, Node) and relation.head == "=" and self._defines(relation):
            return
        self.identities.append((relation, found))

    def _defines(self, fact: Node) -> bool:
        """Whether an equation defines a function, an operation or a letter; it is kept if so."""
        left, right = fact.args
        if isinstance(left, Node) and left.head in ("apply", "operate"):
            return self._defines_function(left, right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Letter) and one.name not in self.known and not symbols(other):
                self.known[one.name] = other
                return True
        return False

    def _defines_function(self, left: Node, right: Tree) -> bool:
        name, *arguments = left.args
        letters = [bare(one) for one in arguments]
        assert isinstance(name, Letter)
        names = tuple(one.name for one in letters if isinstance(one, Letter))
        if len(names) != len(letters) or len(set(names)) != len(names):
            return self._defines_through(left, right)
        if left.head == "apply":
            if name.name in self.functions or _mentions(right, name.name):
                return False
            self.functions[name.name] = (names, right)
        else:
            key = (name.name, len(names))
            if key in self.operators:
                return False
            self.operators[key] = (names, right)
        return True

    def _defines_through(self, left: Node, right: Tree) -> bool:
        """g(2x + 5) = …: g is given through an expression in one letter."""
        name, *arguments = left.args
        assert isinstance(name, Letter)
        if left.head != "apply" or len(arguments) != 1 or name.name in self.functions or name.name in self.through:
            return False
        letters = symbols(arguments[0])
        if len(letters) != 1 or not letters >= symbols(right) or _mentions(right, name.name):
            return False
        self.through[name.name] = (next(iter(letters)), arguments[0], right)
        return True

    # --- definitions put in ---

    def put_in(self, tree: Tree, depth: int = 0) -> Tree:
        """The tree with functions and operations applied and known letters as their values."""
        self.expanded += 1
        if self.expanded > MAX_EXPANSION or depth > 40:
            raise Unreadable("definitions without end")
        if isinstance(tree, Letter):
            value = self.known.get(tree.name)
            if value is None:
                return tree
            self.used.add(tree.name)
            return node("paren", self.put_in(value, depth + 1))
        if isinstance(tree, Numeral):
            return tree
        if tree.head == "apply":
            return self._applied(tree, depth)
        if tree.head == "operate":
            return self._operated(tree, depth)
        if tree.head == "inverse":
            return self._inverted(tree, depth)
        return Node(tree.head, tuple(self.put_in(arg, depth + 1) for arg in tree.args))

    def _function(self, name: Tree, count: int) -> tuple[tuple[str, ...], Tree]:
        assert isinstance(name, Letter)
        if name.name not in self.functions:
            raise Unreadable(f"the function {name.name} is not defined")
        parameters, body = self.functions[name.name]
        if len(parameters) != count:
            raise Unreadable("a function of another number of arguments")
        self.used.add(name.name)
        return parameters, body

    def _inner(self, parameters: Sequence[str], body: Tree, depth: int) -> Tree:
        """A body with definitions put in, its own parameters left alone."""
        known = self.known
        self.known = {key: value for key, value in known.items() if key not in parameters}
        tree = self.put_in(body, depth + 1)
        self.known = known
        return tree

    def _applied(self, tree: Node, depth: int) -> Tree:
        name, *arguments = tree.args
        assert isinstance(name, Letter)
        if name.name in self.through and len(arguments) == 1:
            return self._applied_through(name.name, arguments[0], depth)
        parameters, body = self._function(name, len(arguments))
        values = [self.put_in(one, depth + 1) for one in arguments]
        return node("paren", _with_values(self._inner(parameters, body, depth), parameters, values))

    def _applied_through(self, name: str, argument: Tree, depth: int) -> Tree:
        """g(v) as the value of its right side at the letter for which the expression is v."""
        letter, expression, right = self.through[name]
        self.used.add(name)
        value = self.put_in(argument, depth + 1)
        unknown = self._new_letter()
        inside = self.put_in(substitute(expression, {letter: Letter(unknown)}), depth + 1)
        body = self.put_in(substitute(right, {letter: Letter(unknown)}), depth + 1)
        return node("paren", node("only", where([unknown], [node("=", inside, value)], [], body)))

    def _new_letter(self) -> str:
        self.letters += 1
        return f"t{self.letters}"

    def _operated(self, tree: Node, depth: int) -> Tree:
        name, *arguments = tree.args
        assert isinstance(name, Letter)
        key = (name.name, len(arguments))
        if key not in self.operators:
            raise Unreadable(f"the operation {name.name} is not defined")
        parameters, body = self.operators[key]
        self.used.add(name.name)
        values = [self.put_in(one, depth + 1) for one in arguments]
        return node("paren", _with_values(self._inner(parameters, body, depth), parameters, values))

    def _inverted(self, tree: Node, depth: int) -> Tree:
        name, *arguments = tree.args
        if len(arguments) != 1:
            raise Unreadable("an inverse of several letters")
        parameters, body = self._function(name, 1)
        value = self.put_in(arguments[0], depth + 1)
        unknown = Letter(self._new_letter())
        inner = _with_values(self._inner(parameters, body, depth), parameters, [unknown])
        return node("paren", node("only", where([unknown.name], [node("=", inner, value)], [], unknown)))


def _with_values(body: Tree, parameters: Sequence[str], values: Sequence[Tree]) -> Tree:
    return substitute(body, {name: node("paren", value) for name, value in zip(parameters, values, strict=True)})


def _mentions(tree: Tree, function: str) -> bool:
    if not isinstance(tree, Node):
        return False
    if tree.head in ("apply", "inverse") and tree.args[0] == Letter(function):
        return True
    return any(_mentions(arg, function) for arg in tree.args)


def where(
    names: Sequence[str],
    equations: Sequence[Tree],
    conditions: Sequence[Tree],
    body: Tree,
    numbers: Literal["real", "complex", "any"] = "real",
) -> Node:
    """The body's values over the solutions of equations that meet the conditions.

    `any` numbers are the real solutions, or the complex ones where there are no real ones.
    """
    return node(
        "where",
        node("unknowns", *map(Letter, names)),
        node("equations", *equations),
        node("conditions", *conditions),
        body,
        Letter(numbers),
    )


def sort_condition(subject: Tree, sort: str) -> Tree | None:
    """The condition that a sort of numbers puts on a value; None for sorts that are none."""
    integer = node("domain", subject, Letter("integer"))
    if sort in ("distinct", "constant", "different", "number"):
        return None
    if sort == "natural":
        return node("and", integer, node("domain", subject, Letter("positive")))
    if sort == "whole":
        return node("and", integer, node("domain", subject, Letter("nonnegative")))
    if sort == "prime":
        return node("and", integer, node("is_prime", subject))
    return node("domain", subject, Letter(sort))


def componentwise(fact: Node) -> list[Tree] | None:
    """An equation of tuples as equations of their parts; None for other equations."""
    left, right = map(bare, fact.args)
    sides = [one for one in (left, right) if isinstance(one, Node) and one.head == "tuple"]
    if not sides:
        return None
    size = len(sides[0].args)
    return [node("=", _part(left, place), _part(right, place)) for place in range(size)]


def _part(side: Tree, place: int) -> Tree:
    if isinstance(side, Node) and side.head == "tuple":
        if place >= len(side.args):
            raise Unreadable("tuples of different lengths")
        return side.args[place]
    return node("part", side, Numeral(str(place + 1)))


def interval_condition(subject: Tree, interval: Node) -> Tree:
    """The bounds that an interval puts on a value. Raises Unreadable for what is no interval."""
    signs = {"interval[]": ("<=", "<="), "interval[)": ("<=", "<"), "interval(]": ("<", "<="), "tuple": ("<", "<")}
    if interval.head not in signs or len(interval.args) != 2:
        raise Unreadable("no interval")
    low, high = interval.args
    below, above = signs[interval.head]
    parts = [node(below, low, subject)] if low not in _ENDLESS else []
    parts += [node(above, subject, high)] if high not in _ENDLESS else []
    return node("and", *parts)


INTEGER_SORTS = frozenset({"integer", "natural", "whole", "prime", "even", "odd"})
