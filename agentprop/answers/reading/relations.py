"""One item of an answer, and several of them: equations, inequalities, named values, lists and conditions."""

from __future__ import annotations

from agentprop.answers.reading.chains import (
    approximation,
    equal_chain,
    is_approximation,
    is_value,
    linked,
    makes_chain,
    relational,
)
from agentprop.answers.reading.cursor import Cursor
from agentprop.answers.reading.environments import even_or_odd
from agentprop.answers.reading.grammar import GIVEN, MODULO, RELATIONS, WHOLE
from agentprop.answers.reading.names import GENERIC, named
from agentprop.answers.reading.nodes import (
    Collection,
    Node,
    Relational,
    Symbol,
    UnreadableAnswer,
    apply,
    operation,
)
from agentprop.answers.reading.sequences import joined, under

_JOINTS = (",", ";", "&", "\\&", "\\\\", "and", "or", "\\land", "\\wedge", "\\lor", "\\vee")


def sequence(parser: Cursor) -> Node:
    """Values, equations or conditions separated by commas, semicolons, `and`, `or`, with what they are given under."""
    items, joints = [parser.relation()], [""]
    given: list[Node] = []
    while parser.sees(*_JOINTS, *GIVEN) and parser.token.text not in parser.stops:
        if parser.sees(*GIVEN):
            parser.at += 1
            given.append(_given(parser))
            continue
        joints.append(parser.take().text)
        if parser.sees("and", "or"):
            joints[-1] = parser.take().text
        ends = parser.token.kind == "end" or parser.sees(")", "]", "}", "\\}", *parser.stops)
        if ends and joints[-1] in (",", ";", "\\\\", "&"):
            break
        if parser.sees(*GIVEN):
            continue
        items.append(parser.relation())
    node = joined(items, joints[1 : len(items)])
    node = under(node, given) if given else node
    if restates(parser):
        parser.at += 1
        return Collection("chain", (node, parser.relation()))
    return node


def restates(parser: Cursor) -> bool:
    """`x < 3 : (-\\infty, 3)` says it again as an interval; `(a+b):(c+d)` is a ratio."""
    if not parser.sees(":") or ":" in parser.stops:
        return False
    if parser.ahead(1).text in ("[", "\\mathbb"):
        return True
    depth = 0
    for step in range(1, 60):
        text = parser.ahead(step).text
        depth += (text in ("(", "{")) - (text in (")", "}"))
        if depth == 1 and text == ",":
            return parser.ahead(1).text == "("
        if depth <= 0 or text == "":
            return False
    return False


def _given(parser: Cursor) -> Node:
    """A condition after `for`, `where` or `if`; `n (is) even` among them."""
    if parser.token.kind == "word" and (
        parser.ahead(1).text in ("even", "odd") or parser.ahead(2).text in ("even", "odd")
    ):
        name = parser.argument()
        parser.accept("is")
        return even_or_odd(name, parser.take().text)
    return parser.relation()


def relation(parser: Cursor) -> Node:
    """One value, one equation or a chain of them, an inequality, or a name and its value."""
    name = named(parser)
    if isinstance(name, Symbol) and name.name in GENERIC:
        return parser.relation()
    if name is not None:
        return _definition(parser, name)
    first = parser.expression(WHOLE)
    chain = _chain(parser, first)
    if not chain:
        return _congruence(parser, first)
    lefts = [first, *(node for _, node in chain[:-1])]
    parts = [relational(op, left, right) for left, (op, right) in zip(lefts, chain, strict=True)]
    if all(op in ("=", "approx") for op, _ in chain) and makes_chain(first, [node for _, node in chain]):
        return equal_chain([first, *(node for _, node in chain)])
    if len(parts) == 1 and isinstance(parts[0], Relational):
        return Relational(parts[0].op, parts[0].left, _congruence(parser, parts[0].right))
    return operation("and", *parts)


def _definition(parser: Cursor, name: Node) -> Node:
    """The value of a name; of `S = 1 + 2 = 3` the last one."""
    names = [name]
    while (again := named(parser)) is not None and len(names) < 6:
        names.append(again)
    first = parser.expression(WHOLE)
    chain = _chain(parser, first)
    if any(op not in ("=", "approx") for op, _ in chain):
        raise UnreadableAnswer("a name for an inequality")
    links = [first, *(node for _, node in chain)]
    while len(links) > 1 and isinstance(links[0], Symbol | Collection) and not is_approximation(links[1]):
        names.append(links.pop(0))
    value = linked(links) if chain else _congruence(parser, first)
    given = tuple(Relational("=", each, value) for each in names)
    return given[0] if len(given) == 1 else Collection("bare", given)


def _chain(parser: Cursor, first: Node) -> list[tuple[str, Node]]:
    """What follows by signs of relation; an approximation of a value knows how far it may be off."""
    chain: list[tuple[str, Node]] = []
    while (op := _relation_op(parser)) is not None:
        start = parser.at
        right = parser.expression(WHOLE)
        if op == "approx" and is_value(chain[-1][1] if chain else first) and is_value(right):
            digits = next((token.text for token in parser.tokens[start : parser.at] if token.kind == "number"), "1")
            chain.append((op, approximation(right, digits)))
        else:
            chain.append(("=" if op == "approx" else op, right))
    return chain


def _relation_op(parser: Cursor) -> str | None:
    aligned = 0
    while parser.ahead(aligned).text in ("\\\\", "&") and aligned < 2:
        aligned += 1  # `a &= b \\ &= c`: the chain goes on in the next row
    token = parser.ahead(aligned)
    if token.kind in ("string", "end") or token.text in parser.stops:
        return None
    op = RELATIONS.get(token.text)
    if token.text != "\\not" and (op is None or op == ":"):
        return None
    parser.at += aligned
    if token.text == "\\not":
        return _negated_relation(parser)
    parser.take()
    parser.accept("&")
    return op


def _negated_relation(parser: Cursor) -> str:
    parser.at += 1
    negated = {"=": "!=", "in": "notin", "~": "!="}.get(RELATIONS.get(parser.take().text, ""))
    if negated is None:
        raise UnreadableAnswer("a negation that is not in the grammar")
    return negated


def _congruence(parser: Cursor, node: Node) -> Node:
    """`a (mod n)` and `a \\pmod n` are residue classes."""
    if parser.accept("\\pmod"):
        return apply("class", node, parser.argument())
    if parser.sees("(") and parser.ahead(1).text in MODULO:
        parser.at += 2
        modulus = parser.expression(20)
        parser.expect(")")
        return apply("class", node, modulus)
    return node
