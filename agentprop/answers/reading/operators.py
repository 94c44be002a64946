"""Big operators with their bounds: sums, products, integrals and unions over an index."""

from __future__ import annotations

from agentprop.answers.reading.environments import Environments
from agentprop.answers.reading.grammar import BIG_OPERATORS, GREEK, SUM, WHOLE
from agentprop.answers.reading.nodes import (
    Node,
    Operation,
    Relational,
    Symbol,
    UnreadableAnswer,
    is_scalar,
    operation,
)


class Operators(Environments):
    """The part of the parser that \\sum, \\prod, \\int and \\bigcup start."""

    def big_operator(self, command: str) -> Node:
        """The operator with body, index and bounds; the command is taken already."""
        head = BIG_OPERATORS[command]
        lower, upper = self._bounds()
        if head == "integral":
            return self._integral(lower, upper)
        if not (isinstance(lower, Relational) and lower.op == "=" and isinstance(lower.left, Symbol)):
            return self._without_bounds(head, lower, upper)
        if upper is None:
            raise UnreadableAnswer(f"a {head} without an upper bound")
        bound, self.bound = self.bound, self.bound | {lower.left.name}
        body = self.expression(WHOLE if head == "bigunion" else SUM)
        self.bound = bound
        if head == "bigunion":
            return Operation("bigunion", (body, lower.left, lower.right, upper), 4)
        if not is_scalar(body) or isinstance(body, Operation) and body.head == "class":
            raise UnreadableAnswer(f"a {head} of something that is no number")
        return operation(head, body, lower.left, lower.right, upper)

    def _bounds(self) -> tuple[Node | None, Node | None]:
        lower = upper = None
        for _ in range(2):
            if self.sees("_") and lower is None:
                self.at += 1
                lower = self._bound()
            elif self.sees("^") and upper is None:
                self.at += 1
                upper = self.argument()
        return lower, upper

    def _bound(self) -> Node:
        if not self.accept("{"):
            return self.argument()
        if self.token.kind in ("word", "command") and self.ahead(1).text == "=":
            name = self.take().text.lstrip("\\")
            self.at += 1
            node: Node = Relational("=", Symbol(name), self.expression(WHOLE))
        else:
            node = self.relation()
        self.expect("}")
        return node

    def _without_bounds(self, head: str, lower: Node | None, upper: Node | None) -> Node:
        """`\\sum x_i`: over an index that is understood."""
        if upper is not None or head != "sum":
            raise UnreadableAnswer(f"a {head} without bounds")
        body = self.expression(SUM)
        return operation("total", body) if lower is None else operation("total", body, lower)

    def _integral(self, lower: Node | None, upper: Node | None) -> Node:
        """A definite integral; the body ends at its differential."""
        if lower is None or upper is None:
            raise UnreadableAnswer("an integral without bounds")
        name, width = self._differential()
        stops, bound = self.stops, self.bound
        self.stops, self.bound = stops | {self.tokens[self._end].text}, bound | {name}
        body = self.expression(SUM - 1)
        self.stops, self.bound = stops, bound
        if self.at != self._end:
            raise UnreadableAnswer("an integrand beyond the grammar")
        self.at += width
        return operation("integral", body, Symbol(name), lower, upper)

    def _differential(self) -> tuple[str, int]:
        """The variable of the next `dx` and its width; its place is noted in `_end`."""
        depth = 0
        for position in range(self.at, len(self.tokens)):
            token, follower = self.tokens[position], self.tokens[min(position + 1, len(self.tokens) - 1)]
            depth += (token.text in ("(", "{", "[")) - (token.text in (")", "}", "]"))
            if depth < 0:
                break
            if depth == 0 and token.kind == "word" and token.text[0] == "d" and position > self.at:
                self._end = position
                if len(token.text) == 2:
                    return token.text[1], 1
                if token.text == "d" and follower.text[1:] in GREEK:
                    return follower.text[1:], 2
        raise UnreadableAnswer("an integral without its differential")

    _end = 0
