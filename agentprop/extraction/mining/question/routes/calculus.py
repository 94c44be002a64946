"""Sums over an index, series, integrals and limits → Python."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Letter, Node, Tree, Unreadable, bare
from agentprop.extraction.mining.question.routes.unknowns import Unknowns
from agentprop.extraction.mining.question.routes.writer import identifier


class Calculus(Unknowns):
    """The part that writes what runs over a letter."""

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
        writers = (self, self.other_route()) if self.route == "solve" else (self,)
        return ", ".join(writer.function([variable.name], body) for writer in writers)

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
