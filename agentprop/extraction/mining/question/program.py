"""A tree without free symbols to two Python expressions for its value: the exact route, and the other one.

Both are written in terms of the functions of `kernel`; the numerals of the question stand in them by name, so that one
pair of expressions serves every choice of numbers. `check` is never made from `solve`.

    add(7, mul(2, x))  with x bound  →  "7 + 2 * x", "7 + 2 * x";  root(80, 2)  →  "root(80, 2)", "plain_root(80, 2)"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from agentprop.extraction.mining.question.exponential import in_exponents
from agentprop.extraction.mining.question.heads import HEADS
from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, Unreadable, bare, node

Route = Literal["solve", "check"]


@dataclass(frozen=True)
class RouteProgram:
    """Both expressions of a tree's value."""

    solve: str
    """The exact route."""
    check: str
    """The other route."""


def program(tree: Tree, names: Mapping[int, str]) -> RouteProgram:
    """The expressions, numerals by their names. Raises Unreadable for what has no meaning."""
    solve, check = _RouteWriter("solve", names).text(tree), _RouteWriter("check", names).text(tree)
    if solve == check and _is_arithmetic(tree):
        check = f"from_residues(lambda m: {_RouteWriter('check', names, modulus='m').text(tree)})"
    if solve == check and _is_of_numbers(tree):
        check = _RouteWriter("check", names, floats=True).text(tree)
    return RouteProgram(solve, check)


def in_floats(tree: Tree, names: Mapping[int, str]) -> str:
    """The expression that also takes floats in place of its numerals. Raises Unreadable."""
    return _RouteWriter("check", names).text(tree)


def slot_names(count: int) -> dict[int, str]:
    """`n0`, `n1`, … for the numerals of a question."""
    return {slot: f"n{slot}" for slot in range(count)}


@dataclass
class _RouteWriter:
    route: Route
    names: Mapping[int, str]
    bound: dict[str, str] = field(default_factory=dict)
    it: list[str] = field(default_factory=list)
    modulus: str | None = None
    unknowns: bool = False
    strict: bool = False
    floats: bool = False

    # --- leaves ---

    def text(self, tree: Tree) -> str:
        if isinstance(tree, Numeral):
            return self._number(tree)
        if isinstance(tree, Letter):
            return self._symbol(tree.name)
        special = _SPECIAL.get(tree.head)
        if special is not None:
            return special(self, tree)
        return self._call(tree)

    def _number(self, tree: Numeral) -> str:
        text = self.names.get(tree.slot) or literal(tree.text)
        if self.floats or (self.route == "check" and "." in tree.text):
            return f"float({text})"
        return f"residue({text}, {self.modulus})" if self.modulus else text

    def _symbol(self, name: str) -> str:
        if name not in self.bound:
            raise Unreadable(f"{name} is not known")
        return self.bound[name]

    def _call(self, tree: Node) -> str:
        head = HEADS.get(tree.head)
        if head is None:
            raise Unreadable(f"no meaning for {tree.head}")
        name = head.solve if self.route == "solve" else head.check
        if head.takes == "letters":
            return self._of_letters(name, tree)
        if head.takes == "curve":
            return f"{name}({self._function(['x', 'y'], tree.args[1])})"
        arguments = ", ".join(self.text(arg) for arg in tree.args)
        return f"{name}([{arguments}])" if head.takes == "list" else f"{name}({arguments})"

    def _of_letters(self, name: str, tree: Node) -> str:
        """name(how many letters, functions of them)."""
        letters, *expressions = tree.args
        assert isinstance(letters, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        return f"{name}({len(names)}, {', '.join(self._function(names, one) for one in expressions)})"

    def _function(self, names: list[str], tree: Tree) -> str:
        """A lambda over letters; an equation is left minus right."""
        outer, before = dict(self.bound), self.unknowns
        self.bound |= {name: identifier(name) for name in names}
        self.unknowns = True
        text = f"lambda {', '.join(self.bound[name] for name in names)}: {self._difference(tree)}"
        self.bound, self.unknowns = outer, before
        return text

    def _difference(self, tree: Tree) -> str:
        if isinstance(tree, Node) and tree.head == "=":
            exponents = in_exponents(tree) if self.route == "solve" else None
            if exponents is not None:
                return self.text(exponents)
            return f"{self.text(tree.args[0])} - {self._factor(tree.args[1])}"
        return self.text(tree)

    def over_roots(self, tree: Node) -> str:
        """over_roots(roots(…), letters(x), polynomial, body), and `real` behind them if the roots are."""
        roots, letters, polynomial, body, *real = tree.args
        assert isinstance(roots, Node) and isinstance(letters, Node)
        names = [one.name for one in roots.args if isinstance(one, Letter)]
        letter = [one.name for one in letters.args if isinstance(one, Letter)]
        name = self.either("over_roots", "plain_over_roots")
        functions = f"{self._function(letter, polynomial)}, {self._function(names, body)}"
        return f"{name}({len(names)}, {functions}{', True' if real else ''})"

    def identity(self, tree: Node) -> str:
        """identity(letters(…), expression): the residuals of an expression that is to vanish for all letters."""
        letters, expression = tree.args
        assert isinstance(letters, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        name = self.either("identity_residuals", "plain_identity_residuals")
        return f"*{name}({len(names)}, {self._function(names, expression)})"

    def complex_parts(self, tree: Node) -> str:
        return f"*{self.either('complex_parts', 'plain_complex_parts')}({self._difference(tree.args[0])})"

    def real_set(self, tree: Node) -> str:
        """real_set(letters(x), borders(…), condition)."""
        letters, borders, condition = tree.args
        assert isinstance(letters, Node) and isinstance(borders, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        functions = ", ".join(self._function(names, one) for one in borders.args)
        outer = dict(self.bound)
        self.bound |= {name: identifier(name) for name in names}
        self.strict = True
        test = f"lambda {self.bound[names[0]]}: {self.text(condition)}"
        self.bound, self.strict = outer, False
        return f"{self.either('real_set', 'plain_real_set')}([{functions}], {test})"

    def defined(self, tree: Node) -> str:
        return f"defined(lambda: {self.text(tree.args[0])})"

    def quoted(self, tree: Node) -> str:
        word = tree.args[0]
        assert isinstance(word, Letter)
        return repr(word.name)

    def either(self, solve: str, check: str) -> str:
        return solve if self.route == "solve" else check

    # --- arithmetic ---

    def add(self, tree: Node) -> str:
        parts: list[str] = []
        for arg in tree.args:
            inner = bare(arg)
            if isinstance(inner, Node) and inner.head == "neg" and parts:
                parts.append(f"- {self._factor(inner.args[0])}")
            else:
                parts.append(f"+ {self.text(arg)}" if parts else self.text(arg))
        return "(" + " ".join(parts) + ")"

    def neg(self, tree: Node) -> str:
        return f"-{self._factor(tree.args[0])}"

    def mul(self, tree: Node) -> str:
        return "(" + " * ".join(self._factor(arg) for arg in tree.args) + ")"

    def _factor(self, tree: Tree) -> str:
        text = self.text(tree)
        return f"({text})" if text.startswith("-") else text

    def div(self, tree: Node) -> str:
        top, bottom = (self.text(arg) for arg in tree.args)
        if self.modulus:
            return f"residue_div({top}, {bottom})"
        return f"{self.either('div', 'plain_div')}({top}, {bottom})"

    def pow(self, tree: Node) -> str:
        base = self.text(tree.args[0])
        if self.modulus:
            exponent = self._apart(tree.args[1])
            return f"residue_power({base}, {exponent})"
        return f"{self.either('power', 'plain_power')}({base}, {self.text(tree.args[1])})"

    def _apart(self, tree: Tree) -> str:
        """What is not taken modulo anything, though it stands in a residue."""
        modulus, self.modulus = self.modulus, None
        text = self.text(tree)
        self.modulus = modulus
        return text

    def factorial(self, tree: Node) -> str:
        if self.modulus:
            return f"residue_factorial({self._apart(tree.args[0])}, {self.modulus})"
        return f"{self.either('factorial', 'plain_factorial')}({self.text(tree.args[0])})"

    def paren(self, tree: Node) -> str:
        return self.text(tree.args[0])

    def percent(self, tree: Node) -> str:
        return f"{self.either('div', 'plain_div')}({self.text(tree.args[0])}, 100)"

    def root(self, tree: Node) -> str:
        if self.strict:
            return (
                f"{self.either('real_root', 'plain_real_root')}({self.text(tree.args[0])}, {self.text(tree.args[1])})"
            )
        name = "form_root" if self.unknowns else "root"
        return f"{self.either(name, 'plain_root')}({self.text(tree.args[0])}, {self.text(tree.args[1])})"

    def absolute(self, tree: Node) -> str:
        name = "form_absolute" if self.unknowns else "absolute"
        return f"{self.either(name, 'plain_absolute')}({self.text(tree.args[0])})"

    def constant(self, tree: Node) -> str:
        return self.either(
            *{"pi": ("PI", "PLAIN_PI"), "imaginary": ("IMAGINARY", "PLAIN_I"), "euler": ("euler()", "PLAIN_E")}[
                tree.head
            ]
        )

    def repeating(self, tree: Node) -> str:
        start, repeated = tree.args
        assert isinstance(start, Numeral) and isinstance(repeated, Numeral)
        places = len(start.text.partition(".")[2])
        name = self.either("repeating", "plain_repeating")
        return f"{name}({self.text(start)}, {places}, {self.text(repeated)}, {len(repeated.text)})"

    def remainder(self, tree: Node) -> str:
        """The first argument of a remainder is reduced step by step on the exact route."""
        value, modulus = tree.args
        if self.route == "check" or not _is_arithmetic(value) or self.unknowns:
            return f"{self.either('remainder', 'plain_remainder')}({self.text(value)}, {self.text(modulus)})"
        self.modulus = f"{self.text(modulus)}"
        text = self.text(value)
        self.modulus = None
        return f"class_value({text})"

    # --- conditions ---

    def compare(self, tree: Node) -> str:
        left, right = (self.text(arg) for arg in tree.args)
        if tree.head == "=":
            return f"{self.either('equal', 'same_number')}({left}, {right})"
        if tree.head == "!=":
            return f"not {self.either('equal', 'same_number')}({left}, {right})"
        return f"{left} {tree.head} {right}"

    def both(self, tree: Node) -> str:
        return "(" + " and ".join(self.text(arg) for arg in tree.args) + ")" if tree.args else "True"

    def any_of(self, tree: Node) -> str:
        return "(" + " or ".join(self.text(arg) for arg in tree.args) + ")"

    def negated(self, tree: Node) -> str:
        return f"(not {self.text(tree.args[0])})"

    def true(self, tree: Node) -> str:
        return "True"

    def domain(self, tree: Node) -> str:
        sort = tree.args[1]
        assert isinstance(sort, Letter)
        return f"{self.either('within', 'plain_within')}({self.text(tree.args[0])}, {sort.name!r})"

    def cases(self, tree: Node) -> str:
        """`{cases}` as conditional expressions; nothing holds is no value."""
        text = "no_case()"
        pairs = list(zip(tree.args[::2], tree.args[1::2], strict=True))
        for value, condition in reversed(pairs):
            text = f"({self.text(value)} if {self.text(condition)} else {text})"
        return text

    # --- lists and tuples ---

    def matrix(self, tree: Node) -> str:
        return f"matrix({self.items(tree)})"

    def items(self, tree: Node) -> str:
        return "[" + ", ".join(self.text(arg) for arg in tree.args) + "]"

    def tuple_(self, tree: Node) -> str:
        return "(" + ", ".join(self.text(arg) for arg in tree.args) + ",)"

    # --- what binds variables ---

    def where(self, tree: Node) -> str:
        """where(unknowns(…), equations(…), conditions(…), body): the body's values over all solutions."""
        unknowns, equations, conditions, body, field_ = tree.args
        assert all(isinstance(one, Node) for one in (unknowns, equations, conditions))
        names = [one.name for one in unknowns.args if isinstance(one, Letter)]  # type: ignore[union-attr]
        outer = dict(self.bound)
        self.bound |= {name: identifier(name) for name in names}
        variables = ", ".join(self.bound[name] for name in names)
        residuals = self._residuals(equations)  # type: ignore[arg-type]
        tests = [self.text(one) for one in conditions.args]  # type: ignore[union-attr]
        value = self.text(body)
        self.bound = outer
        solver = self.either("solutions_exact", "solutions_found")
        real = {"real": "True", "complex": "False"}.get(field_.name if isinstance(field_, Letter) else "", "None")
        also = ""
        if self.route == "solve" and len(names) == 1 and real != "False":
            also = f", {self._other_route()._plain_residuals(names, equations)}"  # type: ignore[arg-type]
        loop = f"for ({variables},) in {solver}({len(names)}, lambda {variables}: [{residuals}], {real}{also})"
        return f"[{value} {loop}{''.join(f' if {test}' for test in tests)}]"

    def _other_route(self) -> _RouteWriter:
        return _RouteWriter("check", self.names, dict(self.bound), list(self.it))

    def _plain_residuals(self, names: list[str], equations: Node) -> str:
        """The same equations for floats: where to look for solutions that no algebra gives."""
        self.bound |= {name: identifier(name) for name in names}
        return f"lambda {', '.join(self.bound[name] for name in names)}: [{self._residuals(equations)}]"

    def _residuals(self, equations: Node) -> str:
        before, self.unknowns = self.unknowns, True
        texts = [self._difference(one) for one in equations.args]
        self.unknowns = before
        return ", ".join(texts)

    def integers(self, tree: Node) -> str:
        divided = self._divisors_only(tree)
        if divided is not None:
            return divided
        return f"{self.either('integers', 'plain_integers')}({self._range(tree)})"

    def _divisors_only(self, tree: Node) -> str | None:
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

    def _range(self, tree: Node) -> str:
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

    def extreme(self, tree: Node) -> str:
        """The smallest or largest member; of integers the first that is found from below or above."""
        inner = tree.args[0]
        if isinstance(inner, Node) and inner.head == "ordered" and _is_underdetermined(inner.args[0]):
            return self._extreme_under(tree.head, inner.args[0])  # type: ignore[arg-type]
        if isinstance(inner, Node) and inner.head == "integers" and self._divisors_only(inner) is None:
            name = "smallest_integers" if tree.head == "smallest" else "largest_integers"
            return f"first_of({name}(1, {self._range(inner)}))"
        return f"{tree.head}({self.text(inner)})"

    def _extreme_under(self, head: str, inner: Node) -> str:
        """The least or greatest value of an expression over everything that equations and conditions allow."""
        unknowns, equations, conditions, body, _ = inner.args
        assert all(isinstance(one, Node) for one in (unknowns, equations, conditions))
        names = [one.name for one in unknowns.args if isinstance(one, Letter)]  # type: ignore[union-attr]
        made = []
        for writer in (self, self._other_route()) if self.route == "solve" else (self,):
            outer = dict(writer.bound)
            writer.bound |= {name: identifier(name) for name in names}
            variables = ", ".join(writer.bound[name] for name in names)
            residuals = ", ".join(writer._difference(one) for one in equations.args)  # type: ignore[union-attr]
            test = " and ".join(writer.text(one) for one in conditions.args) or "True"  # type: ignore[union-attr]
            value = writer.text(body)
            made.append(f"lambda {variables}: [{residuals}], lambda {variables}: {test}, lambda {variables}: {value}")
            writer.bound = outer
        sign = 1 if head == "largest" else -1
        return f"{self.either('extreme_exact', 'extreme_found')}({len(names)}, {sign}, {', '.join(made)})"

    def first_few(self, tree: Node) -> str:
        """The first so many members of a set of integers from below, or the last from above."""
        count, inner = tree.args
        if not isinstance(inner, Node) or inner.head != "integers":
            raise Unreadable("the first members of no set of integers")
        name = "smallest_integers" if tree.head == "first_few" else "largest_integers"
        return f"{name}({self.text(count)}, {self._range(inner)})"

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

    def index_sum(self, tree: Node) -> str:
        """`\\sum_{k=low}^{high} body`, and products."""
        variable, low, high, body = tree.args
        if not isinstance(variable, Letter):
            raise Unreadable("a sum over something else than a letter")
        bounds = self.text(low), self.text(high) if high != Node("infinity") else ""
        outer = dict(self.bound)
        self.bound[variable.name] = identifier(variable.name)
        term = f"lambda {self.bound[variable.name]}: {self.text(body)}"
        self.bound = outer
        if not bounds[1]:
            if tree.head == "product":
                raise Unreadable("an endless product")
            return f"{self.either('endless_terms', 'plain_endless_terms')}({bounds[0]}, {term})"
        combine = {"sum": ("total", "plain_total"), "product": ("times_all", "plain_times_all")}[tree.head]
        return f"{self.either(*combine)}(terms_between({bounds[0]}, {bounds[1]}, {term}))"

    def integral(self, tree: Node) -> str:
        """integral(x, low, high, body)."""
        variable, low, high, body = tree.args
        ends = f"{self.text(low)}, {self.text(high)}"
        return f"{self.either('integral', 'plain_integral')}({ends}, {self._in_letter(variable, body)})"

    def limit(self, tree: Node) -> str:
        """limit(x, point, side, body)."""
        variable, point, side, body = tree.args
        assert isinstance(side, Letter)
        far = bare(point)
        inner = far.args[0] if isinstance(far, Node) and far.head == "neg" else far
        if inner == Node("infinity"):
            sign = -1 if inner is not far else 1
            return f"{self.either('limit_far', 'plain_limit_far')}({sign}, {self._in_letter(variable, body)})"
        name = self.either("limit", "plain_limit")
        return f"{name}({self.text(point)}, {side.name!r}, {self._in_letter(variable, body)})"

    def _in_letter(self, variable: Tree, body: Tree) -> str:
        """A lambda of one letter; on the exact route also the other route's, for values that have to be named."""
        assert isinstance(variable, Letter)
        writers = (self, self._other_route()) if self.route == "solve" else (self,)
        return ", ".join(writer._function([variable.name], body) for writer in writers)

    def rows(self, tree: Node) -> str:
        """rows(columns(…), last(…), signs(…), holes(…), body): the terms of a series written with dots."""
        columns, last, signs, body = tree.args
        assert isinstance(columns, Node) and isinstance(last, Node) and isinstance(signs, Node)
        names = [f"h{place}" for place in range(len(columns.args))]
        table = self.text(Node("list", tuple(Node("list", one.args) for one in columns.args)))  # type: ignore[union-attr]
        ends = self.text(Node("list", tuple(Node("list", one.args) for one in last.args)))  # type: ignore[union-attr]
        outer = dict(self.bound)
        self.bound |= {f"hole {place}": name for place, name in enumerate(names)}
        value = self.text(body)
        self.bound = outer
        rows = f"[{value} for ({', '.join(names)},) in progressions({table}, {ends})]"
        pattern = [self.text(one) for one in signs.args]
        return rows if pattern == ["1"] else f"signed({rows}, [{', '.join(pattern)}])"


IT = Node("it")


def _is_underdetermined(tree: Tree) -> bool:
    """Fewer equations than unknowns: a range of values, not a list."""
    if not isinstance(tree, Node) or tree.head != "where":
        return False
    unknowns, equations = tree.args[:2]
    if not isinstance(unknowns, Node) or not isinstance(equations, Node):
        return False
    plain = all(isinstance(one, Node) and one.head == "=" for one in equations.args)
    return plain and len(equations.args) < len(unknowns.args)


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


_ARITHMETIC = frozenset({"add", "neg", "mul", "div", "pow", "factorial", "paren"})


def _is_arithmetic(tree: Tree) -> bool:
    """Whether a tree can be taken modulo a number operation by operation."""
    if isinstance(tree, Numeral):
        return "." not in tree.text
    if isinstance(tree, Letter) or tree.head not in _ARITHMETIC:
        return False
    if tree.head in ("pow", "factorial"):
        return _is_arithmetic(tree.args[0]) if tree.head == "pow" else True
    return all(map(_is_arithmetic, tree.args))


_OF_NUMBERS = frozenset(
    {
        "cases",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "not",
        "difference",
        "list",
        "tuple",
        "matrix",
        "row",
        "dot",
    }
    | {"cross", "max", "min", "largest", "smallest", "spread", "part", "trace", "transposed", "true", "percent"}
)


def _is_of_numbers(tree: Tree) -> bool:
    """Whether floats in place of a tree's numerals give its value by another arithmetic."""
    if isinstance(tree, Numeral):
        return True
    if isinstance(tree, Letter) or tree.head not in _ARITHMETIC | _OF_NUMBERS:
        return False
    return all(map(_is_of_numbers, tree.args))


def literal(text: str) -> str:
    """A numeral as Python writes the number exactly."""
    if "." not in text:
        return str(int(text))
    whole, _, digits = text.partition(".")
    return f"Fraction({int((whole or '0') + digits)}, {10 ** len(digits)})"


def identifier(name: str) -> str:
    """A symbol's name in Python, apart from all names of the kernel."""
    return "u_" + re.sub(r"\W", "_", name)


_SPECIAL: dict[str, Callable[[_RouteWriter, Node], str]] = {
    "add": _RouteWriter.add,
    "neg": _RouteWriter.neg,
    "mul": _RouteWriter.mul,
    "div": _RouteWriter.div,
    "pow": _RouteWriter.pow,
    "factorial": _RouteWriter.factorial,
    "paren": _RouteWriter.paren,
    "percent": _RouteWriter.percent,
    "root": _RouteWriter.root,
    "abs": _RouteWriter.absolute,
    "norm": _RouteWriter.absolute,
    "pi": _RouteWriter.constant,
    "imaginary": _RouteWriter.constant,
    "euler": _RouteWriter.constant,
    "repeating": _RouteWriter.repeating,
    "remainder": _RouteWriter.remainder,
    "residue": _RouteWriter.remainder,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), _RouteWriter.compare),
    "and": _RouteWriter.both,
    "or": _RouteWriter.any_of,
    "not": _RouteWriter.negated,
    "true": _RouteWriter.true,
    "domain": _RouteWriter.domain,
    "cases": _RouteWriter.cases,
    "list": _RouteWriter.items,
    "set": _RouteWriter.items,
    "row": _RouteWriter.items,
    "matrix": _RouteWriter.matrix,
    "over_roots": _RouteWriter.over_roots,
    "identity": _RouteWriter.identity,
    "complex_parts": _RouteWriter.complex_parts,
    "real_set": _RouteWriter.real_set,
    "defined": _RouteWriter.defined,
    "quoted": _RouteWriter.quoted,
    "tuple": _RouteWriter.tuple_,
    "where": _RouteWriter.where,
    "integers": _RouteWriter.integers,
    "it": _RouteWriter.variable,
    "smallest": _RouteWriter.extreme,
    "largest": _RouteWriter.extreme,
    "first_few": _RouteWriter.first_few,
    "last_few": _RouteWriter.first_few,
    "each": _RouteWriter.listed,
    "such_that": _RouteWriter.kept,
    "sum": _RouteWriter.index_sum,
    "product": _RouteWriter.index_sum,
    "rows": _RouteWriter.rows,
    "integral": _RouteWriter.integral,
    "limit": _RouteWriter.limit,
}
