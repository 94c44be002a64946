"""Sets of integers, and the members of a list → Python; bounds are taken out of the conditions."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, Unreadable, bare, node
from agentprop.extraction.mining.question.routes.conditions import Conditions
from agentprop.extraction.mining.question.routes.writer import identifier

IT = Node("it")


class IntegerSets(Conditions):
    """The part that writes conditions on `it`."""

    def integers(self, tree: Node) -> str:
        divided = self.divisors_only(tree)
        if divided is not None:
            return divided
        return f"{self.either('integers', 'plain_integers')}({self.range_of(tree)})"

    def divisors_only(self, tree: Node) -> str | None:
        """Positive divisors of a number are listed, not looked for."""
        conditions = _flat_conditions(tree.args)
        of = [
            one
            for one in conditions
            if isinstance(one, Node)
            and one.head == "divides"
            and bare(one.args[0]) == IT
            and not _holds_it(one.args[1])
        ]
        if not of or not any(_is_positive(one) for one in conditions):
            return None
        variable = f"k{len(self.it)}" if self.it else "k"
        members = self.text(node("divisors", of[0].args[1]))
        self.it.append(variable)
        test = " and ".join(self.text(one) for one in conditions if one is not of[0])
        self.it.pop()
        return f"[{variable} for {variable} in {members} if {test}]"

    def range_of(self, tree: Node) -> str:
        """`low, high, test` of a set of integers: bounds are taken out of its conditions."""
        variable = f"k{len(self.it)}" if self.it else "k"
        conditions = list(_flat_conditions(tree.args))
        lows: list[str] = []
        highs: list[str] = []
        tests: list[Tree] = []
        for one in conditions:
            bound = self._bound(one)
            if bound is None or (isinstance(one, Node) and one.head == "divides"):
                tests.append(one)
            if bound is not None:
                (lows if bound[0] == "low" else highs).append(bound[1])
        self.it.append(variable)
        test = " and ".join(self.text(one) for one in tests) or "True"
        self.it.pop()
        low = f"lowest_bound([{', '.join(lows)}])" if lows else "None"
        high = f"highest_bound([{', '.join(highs)}])" if highs else "None"
        return f"{low}, {high}, lambda {variable}: {test}"

    def _bound(self, tree: Tree) -> tuple[str, str] | None:
        """A condition on the integer itself as a bound of its range."""
        if (
            isinstance(tree, Node)
            and tree.head == "divides"
            and bare(tree.args[0]) == IT
            and not _holds_it(tree.args[1])
        ):
            return "high", f"absolute({self.text(tree.args[1])})"
        if not isinstance(tree, Node) or tree.head not in ("<", "<=", ">", ">="):
            return None
        left, right = tree.args
        sign = tree.head
        if bare(right) == IT and not _holds_it(left):
            left, right, sign = right, left, {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]
        if bare(left) != IT or _holds_it(right):
            return None
        value = self.text(right)
        if sign == "<":
            return "high", f"ceil_of({value}) - 1"
        if sign == ">":
            return "low", f"floor_of({value}) + 1"
        return ("high", value) if sign == "<=" else ("low", value)

    def variable(self, tree: Node) -> str:
        if not self.it:
            raise Unreadable("a condition on nothing")
        return self.it[-1]

    def first_few(self, tree: Node) -> str:
        """The first so many members of a set of integers from below, or the last from above."""
        count, inner = tree.args
        if not isinstance(inner, Node) or inner.head != "integers":
            raise Unreadable("the first members of no set of integers")
        name = "smallest_integers" if tree.head == "first_few" else "largest_integers"
        return f"{name}({self.text(count)}, {self.range_of(inner)})"

    def listed(self, tree: Node) -> str:
        """each(variable, list, body): the body for every member."""
        variable, members, body = tree.args
        assert isinstance(variable, Letter)
        text = self.text(members)
        outer = dict(self.bound)
        self.bound[variable.name] = identifier(variable.name)
        value = self.text(body)
        name = self.bound[variable.name]
        self.bound = outer
        return f"[{value} for {name} in {text}]"

    def kept(self, tree: Node) -> str:
        """such_that(list, conditions…): the members that meet conditions on `it`."""
        members = self.text(tree.args[0])
        variable = f"k{len(self.it)}" if self.it else "k"
        self.it.append(variable)
        test = " and ".join(self.text(one) for one in tree.args[1:])
        self.it.pop()
        return f"[{variable} for {variable} in {members} if {test}]"


def _holds_it(tree: Tree) -> bool:
    return tree == IT or (isinstance(tree, Node) and any(map(_holds_it, tree.args)))


def _flat_conditions(conditions: tuple[Tree, ...]) -> list[Tree]:
    """All conditions, those that only guard the ends of a range behind the others."""
    found: list[Tree] = []
    for one in conditions:
        if isinstance(one, Node) and one.head == "and":
            found += _flat_conditions(one.args)
        else:
            found.append(one)
    return sorted(found, key=lambda one: isinstance(one, Node) and one.head == "apart")


def _is_positive(condition: Tree) -> bool:
    if not isinstance(condition, Node) or condition.head not in (">", ">="):
        return False
    left, right = condition.args
    return bare(left) == IT and isinstance(bare(right), Numeral)
