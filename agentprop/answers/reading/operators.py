"""Big operators with their bounds: sums, products, integrals and unions over an index."""

from __future__ import annotations

from agentprop.answers.reading.cursor import Cursor
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


def big_operator(parser: Cursor, command: str) -> Node:
    """The operator with body, index and bounds; the command is taken already."""
    head = BIG_OPERATORS[command]
    lower, upper = _bounds(parser)
    if head == "integral":
        return _integral(parser, lower, upper)
    if not (isinstance(lower, Relational) and lower.op == "=" and isinstance(lower.left, Symbol)):
        return _without_bounds(parser, head, lower, upper)
    if upper is None:
        raise UnreadableAnswer(f"a {head} without an upper bound")
    bound, parser.bound = parser.bound, parser.bound | {lower.left.name}
    body = parser.expression(WHOLE if head == "bigunion" else SUM)
    parser.bound = bound
    if head == "bigunion":
        return Operation("bigunion", (body, lower.left, lower.right, upper), 4)
    if not is_scalar(body) or (isinstance(body, Operation) and body.head == "class"):
        raise UnreadableAnswer(f"a {head} of something that is no number")
    return operation(head, body, lower.left, lower.right, upper)


def _bounds(parser: Cursor) -> tuple[Node | None, Node | None]:
    lower = upper = None
    for _ in range(2):
        if parser.sees("_") and lower is None:
            parser.at += 1
            lower = _bound(parser)
        elif parser.sees("^") and upper is None:
            parser.at += 1
            upper = parser.argument()
    return lower, upper


def _bound(parser: Cursor) -> Node:
    if not parser.accept("{"):
        return parser.argument()
    if parser.token.kind in ("word", "command") and parser.ahead(1).text == "=":
        name = parser.take().text.lstrip("\\")
        parser.at += 1
        node: Node = Relational("=", Symbol(name), parser.expression(WHOLE))
    else:
        node = parser.relation()
    parser.expect("}")
    return node


def _without_bounds(parser: Cursor, head: str, lower: Node | None, upper: Node | None) -> Node:
    """`\\sum x_i`: over an index that is understood."""
    if upper is not None or head != "sum":
        raise UnreadableAnswer(f"a {head} without bounds")
    body = parser.expression(SUM)
    return operation("total", body) if lower is None else operation("total", body, lower)


def _integral(parser: Cursor, lower: Node | None, upper: Node | None) -> Node:
    """A definite integral; the body ends at its differential."""
    if lower is None or upper is None:
        raise UnreadableAnswer("an integral without bounds")
    end, name, width = _differential(parser)
    stops, bound = parser.stops, parser.bound
    parser.stops, parser.bound = stops | {parser.tokens[end].text}, bound | {name}
    body = parser.expression(SUM - 1)
    parser.stops, parser.bound = stops, bound
    if parser.at != end:
        raise UnreadableAnswer("an integrand beyond the grammar")
    parser.at += width
    return operation("integral", body, Symbol(name), lower, upper)


def _differential(parser: Cursor) -> tuple[int, str, int]:
    """Where the next `dx` stands, its variable, and its width in tokens."""
    depth = 0
    for position in range(parser.at, len(parser.tokens)):
        token, follower = parser.tokens[position], parser.tokens[min(position + 1, len(parser.tokens) - 1)]
        depth += (token.text in ("(", "{", "[")) - (token.text in (")", "}", "]"))
        if depth < 0:
            break
        if depth == 0 and token.kind == "word" and token.text[0] == "d" and position > parser.at:
            if len(token.text) == 2:
                return position, token.text[1], 1
            if token.text == "d" and follower.text[1:] in GREEK:
                return position, follower.text[1:], 2
    raise UnreadableAnswer("an integral without its differential")
