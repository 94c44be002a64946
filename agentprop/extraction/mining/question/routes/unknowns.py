"""Solutions of equations, and extremes over them → Python."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Letter, Node, Tree, Unreadable
from agentprop.extraction.mining.question.routes.integer_sets import IntegerSets
from agentprop.extraction.mining.question.routes.writer import identifier


class Unknowns(IntegerSets):
    """The part that writes what binds unknowns."""

    def over_roots(self, tree: Node) -> str:
        """over_roots(roots(…), letters(x), polynomial, body), and `real` behind them if the roots are."""
        roots, letters, polynomial, body, *real = tree.args
        assert isinstance(roots, Node) and isinstance(letters, Node)
        names = [one.name for one in roots.args if isinstance(one, Letter)]
        letter = [one.name for one in letters.args if isinstance(one, Letter)]
        name = self.either("over_roots", "plain_over_roots")
        functions = f"{self.function(letter, polynomial)}, {self.function(names, body)}"
        return f"{name}({len(names)}, {functions}{', True' if real else ''})"

    def identity(self, tree: Node) -> str:
        """identity(letters(…), expression): the residuals of an expression that is to vanish for all letters."""
        letters, expression = tree.args
        assert isinstance(letters, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        name = self.either("identity_residuals", "plain_identity_residuals")
        return f"*{name}({len(names)}, {self.function(names, expression)})"

    def complex_parts(self, tree: Node) -> str:
        return f"*{self.either('complex_parts', 'plain_complex_parts')}({self.difference(tree.args[0])})"

    def real_set(self, tree: Node) -> str:
        """real_set(letters(x), borders(…), condition)."""
        letters, borders, condition = tree.args
        assert isinstance(letters, Node) and isinstance(borders, Node)
        names = [one.name for one in letters.args if isinstance(one, Letter)]
        functions = ", ".join(self.function(names, one) for one in borders.args)
        outer = dict(self.bound)
        self.bound |= {name: identifier(name) for name in names}
        self.strict = True
        test = f"lambda {self.bound[names[0]]}: {self.text(condition)}"
        self.bound, self.strict = outer, False
        return f"{self.either('real_set', 'plain_real_set')}([{functions}], {test})"

    def where(self, tree: Node) -> str:
        """where(unknowns(…), equations(…), conditions(…), body): the body's values over all solutions."""
        unknowns, equations, conditions, body, field_ = tree.args
        assert all(isinstance(one, Node) for one in (unknowns, equations, conditions))
        names = [one.name for one in unknowns.args if isinstance(one, Letter)]  # type: ignore[union-attr]
        if not names:
            raise Unreadable("equations without an unknown")  # its letters all stand for any number
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
            also = f", {self.other_route()._plain_residuals(names, equations)}"  # type: ignore[arg-type]
        loop = f"for ({variables},) in {solver}({len(names)}, lambda {variables}: [{residuals}], {real}{also})"
        return f"[{value} {loop}{''.join(f' if {test}' for test in tests)}]"

    def _plain_residuals(self, names: list[str], equations: Node) -> str:
        """The same equations for floats: where to look for solutions that no algebra gives."""
        self.bound |= {name: identifier(name) for name in names}
        return f"lambda {', '.join(self.bound[name] for name in names)}: [{self._residuals(equations)}]"

    def _residuals(self, equations: Node) -> str:
        before, self.unknowns = self.unknowns, True
        texts = [self.difference(one) for one in equations.args]
        self.unknowns = before
        return ", ".join(texts)

    def extreme(self, tree: Node) -> str:
        """The smallest or largest member; of integers the first that is found from below or above."""
        inner = tree.args[0]
        if isinstance(inner, Node) and inner.head == "ordered" and _is_underdetermined(inner.args[0]):
            return self._extreme_under(tree.head, inner.args[0])  # type: ignore[arg-type]
        if isinstance(inner, Node) and inner.head == "integers" and self.divisors_only(inner) is None:
            name = "smallest_integers" if tree.head == "smallest" else "largest_integers"
            return f"first_of({name}(1, {self.range_of(inner)}))"
        return f"{tree.head}({self.text(inner)})"

    def _extreme_under(self, head: str, inner: Node) -> str:
        """The least or greatest value of an expression over everything that equations and conditions allow."""
        unknowns, equations, conditions, body, _ = inner.args
        assert all(isinstance(one, Node) for one in (unknowns, equations, conditions))
        names = [one.name for one in unknowns.args if isinstance(one, Letter)]  # type: ignore[union-attr]
        made = []
        for writer in (self, self.other_route()) if self.route == "solve" else (self,):
            outer = dict(writer.bound)
            writer.bound |= {name: identifier(name) for name in names}
            variables = ", ".join(writer.bound[name] for name in names)
            residuals = ", ".join(writer.difference(one) for one in equations.args)  # type: ignore[union-attr]
            test = " and ".join(writer.text(one) for one in conditions.args) or "True"  # type: ignore[union-attr]
            value = writer.text(body)
            made.append(f"lambda {variables}: [{residuals}], lambda {variables}: {test}, lambda {variables}: {value}")
            writer.bound = outer
        sign = 1 if head == "largest" else -1
        return f"{self.either('extreme_exact', 'extreme_found')}({len(names)}, {sign}, {', '.join(made)})"


def _is_underdetermined(tree: Tree) -> bool:
    """Fewer equations than unknowns: a range of values, not a list."""
    if not isinstance(tree, Node) or tree.head != "where":
        return False
    unknowns, equations = tree.args[:2]
    if not isinstance(unknowns, Node) or not isinstance(equations, Node):
        return False
    plain = all(isinstance(one, Node) and one.head == "=" for one in equations.args)
    return plain and len(equations.args) < len(unknowns.args)
