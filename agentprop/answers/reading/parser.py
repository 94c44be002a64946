"""Tokens to a tree, by precedence climbing over a fixed grammar; names outside the white-list are unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from agentprop.answers.reading.arithmetic import combine, multiplied, transposed, ungrouped
from agentprop.answers.reading.environments import even_or_odd
from agentprop.answers.reading.grammar import (
    CLOSERS,
    DOUBLE_STRUCK,
    GIVEN,
    INFIX,
    MODULO,
    OPAQUE_RELATIONS,
    POWER,
    PRODUCT,
    RELATIONS,
    SUM,
    WHOLE,
)
from agentprop.answers.reading.measures import feet_and_inches, read_quantity, read_unit, summed
from agentprop.answers.reading.names import GENERIC, Names
from agentprop.answers.reading.nodes import (
    Cases,
    Collection,
    Constant,
    Family,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Symbol,
    UnreadableAnswer,
    apply,
    is_closed,
    is_scalar,
    operation,
    symbols,
)
from agentprop.answers.reading.tokens import tokenize

MAX_NESTING = 60
"""Open brackets, exponents and roots at once."""

_ANDS = frozenset(("and", "\\land", "\\wedge", "\\&"))
_ORS = frozenset(("or", "\\lor", "\\vee"))
_JOINTS = (",", ";", "&", "\\&", "\\\\", "and", "or", "\\land", "\\wedge", "\\lor", "\\vee", "\\qquad")
_INEQUALITIES = frozenset(("<", "<=", ">", ">=", "!=", "in", "notin"))
_HUNDRED = Number(Fraction(100))


class Parser(Names):
    """One pass over the tokens of one answer.

    `units` reads trailing unit words as units; without it they are products of variables. `tight` reads 1/2x as 1/(2x)
    instead of from left to right; `ambiguous` tells afterwards whether that would matter. A parser consumes every token
    or raises `UnreadableAnswer`.
    """

    def answer(self) -> Node:
        """The whole text: one value, or several separated by commas, semicolons, `and`, `or`."""
        node = self.sequence()
        if self.token.kind != "end":
            raise UnreadableAnswer(f"cannot go on at {self.token.text!r}")
        return node

    def sequence(self) -> Node:
        items, joints = [self.relation()], [""]
        given: list[Node] = []
        while self.sees(*_JOINTS, *GIVEN) and self.token.text not in self.stops:
            if self.sees(*GIVEN):
                self.at += 1
                given.append(self._given())
                continue
            joints.append(self.take().text)
            if self.sees("and", "or"):
                joints[-1] = self.take().text
            if (self.token.kind == "end" or self.sees(")", "]", "}", "\\}")) and joints[-1] in (",", ";", "\\\\", "&"):
                break
            if self.sees(*GIVEN):
                continue
            items.append(self.relation())
        node = _joined(items, joints[1 : len(items)])
        node = _under(node, given) if given else node
        if self._restates():
            self.at += 1
            return Collection("chain", (node, self.relation()))
        return node

    def _restates(self) -> bool:
        """`x < 3 : (-\\infty, 3)` says it again as an interval; `(a+b):(c+d)` is a ratio."""
        if not self.sees(":") or ":" in self.stops:
            return False
        if self.ahead(1).text in ("[", "\\mathbb"):
            return True
        depth = 0
        for step in range(1, 60):
            text = self.ahead(step).text
            depth += (text in ("(", "{")) - (text in (")", "}"))
            if depth == 1 and text == ",":
                return self.ahead(1).text == "("
            if depth <= 0 or text == "":
                return False
        return False

    def _given(self) -> Node:
        """A condition after `for`, `where` or `if`; `n (is) even` among them."""
        if self.token.kind == "word" and (self.ahead(1).text in ("even", "odd") or self.ahead(2).text in ("even", "odd")):
            name = self.argument()
            self.accept("is")
            return even_or_odd(name, self.take().text)
        return self.relation()

    # -- relations ---------------------------------------------------------------------------------------------------

    def relation(self) -> Node:
        named = self.named()
        if isinstance(named, Symbol) and named.name in GENERIC:
            return self.relation()
        if named is not None:
            return self._definition(named)
        first = self.expression(WHOLE)
        chain = self._chain(first)
        if not chain:
            return self._congruence(first)
        lefts = [first, *(node for _, node in chain[:-1])]
        parts = [_relational(op, left, right) for left, (op, right) in zip(lefts, chain, strict=True)]
        if all(op in ("=", "approx") for op, _ in chain) and _is_chain(first, [node for _, node in chain]):
            return _equal_chain([first, *(node for _, node in chain)])
        if len(parts) == 1 and isinstance(parts[0], Relational):
            return Relational(parts[0].op, parts[0].left, self._congruence(parts[0].right))
        return operation("and", *parts)

    def _definition(self, name: Node) -> Node:
        """The value of a name; of `S = 1 + 2 = 3` the last one."""
        names = [name]
        while (again := self.named()) is not None and len(names) < 6:
            names.append(again)
        first = self.expression(WHOLE)
        chain = self._chain(first)
        if any(op not in ("=", "approx") for op, _ in chain):
            raise UnreadableAnswer("a name for an inequality")
        links = [first, *(node for _, node in chain)]
        while len(links) > 1 and isinstance(links[0], Symbol | Collection) and not _is_approximation(links[1]):
            names.append(links.pop(0))
        value = _linked(links) if chain else self._congruence(first)
        named = tuple(Relational("=", each, value) for each in names)
        return named[0] if len(named) == 1 else Collection("bare", named)

    def _chain(self, first: Node) -> list[tuple[str, Node]]:
        """What follows by signs of relation; an approximation of a value knows how far it may be off."""
        chain: list[tuple[str, Node]] = []
        while (op := self._relation_op()) is not None:
            start = self.at
            right = self.expression(WHOLE)
            if op == "approx" and _is_value(chain[-1][1] if chain else first) and _is_value(right):
                digits = next((token.text for token in self.tokens[start : self.at] if token.kind == "number"), "1")
                chain.append((op, _approximation(right, digits)))
            else:
                chain.append(("=" if op == "approx" else op, right))
        return chain

    def _relation_op(self) -> str | None:
        aligned = 0
        while self.ahead(aligned).text in ("\\\\", "&") and aligned < 2:
            aligned += 1  # `a &= b \\ &= c`: the chain goes on in the next row
        token = self.ahead(aligned)
        if token.kind in ("string", "end") or token.text in self.stops:
            return None
        op = RELATIONS.get(token.text)
        if token.text != "\\not" and (op is None or op == ":"):
            return None
        self.at += aligned
        if token.text == "\\not":
            return self._negated_relation()
        self.take()
        self.accept("&")
        return op

    def _negated_relation(self) -> str:
        self.at += 1
        negated = {"=": "!=", "in": "notin", "~": "!="}.get(RELATIONS.get(self.take().text, ""))
        if negated is None:
            raise UnreadableAnswer("a negation that is not in the grammar")
        return negated

    def _congruence(self, node: Node) -> Node:
        """`a (mod n)` and `a \\pmod n` are residue classes."""
        if self.accept("\\pmod"):
            return apply("class", node, self.argument())
        if self.sees("(") and self.ahead(1).text in MODULO:
            self.at += 2
            modulus = self.expression(20)
            self.expect(")")
            return apply("class", node, modulus)
        return node

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, level: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise UnreadableAnswer(f"nested deeper than {MAX_NESTING}")
        left = self.prefix(level)
        while True:
            left = self.postfix(left)
            if level == WHOLE and self.units and (quantity := read_quantity(self, left)) is not None:
                left = quantity
                continue
            if level <= SUM and (share := self._percent_sign()):
                left = combine("/", left, Number(Fraction(share)))
                continue
            infix = self._infix()
            if infix is None:
                if level < PRODUCT and self.starts_factor():
                    left = combine("*", left, self._implicit_factor())
                    continue
                break
            head, power, width = infix
            if power <= level and not (head == "^" and power == level):
                break
            self.at += width
            left = self._combine(head, left, power)
        self.nesting -= 1
        return left

    def _infix(self) -> tuple[str, int, int] | None:
        token = self.token
        if token.kind in ("string", "end", "number") or token.text in self.stops:
            return None
        if token.text == "%":
            return ("mod", 30, 1)
        if token.text == "\\angle":
            return ("phasor", 35, 1)
        if token.text == ":" and self._restates():
            return None
        found = INFIX.get(token.text)
        return (*found, 1) if found else None

    def _combine(self, head: str, left: Node, power: int) -> Node:
        if head == "^":
            return self._raised(left)
        right = self.expression(power)
        if head == "/" and self.starts_factor():
            self.ambiguous = True
            while self.tight and self.starts_factor():
                right = combine("*", right, self._implicit_factor())
        match head:
            case "-":
                return combine("+", left, combine("neg", right))
            case "ratio":
                if not (is_scalar(right) and (is_scalar(left) or isinstance(left, Collection))):
                    raise UnreadableAnswer("a ratio of things that are no numbers")
                items = left.items if isinstance(left, Collection) and left.kind == "ratio" else (left,)
                return Collection("ratio", (*items, right))
            case "floordiv":
                return combine("floor", combine("/", left, right))
            case "times" | "dot":
                return multiplied(left, right, head)
            case "phasor":
                turn = apply("+", apply("cos", right), apply("*", Constant("i"), apply("sin", right)))
                return combine("*", left, turn)
            case "pm" | "mp":
                return self._plus_or_minus(head, left, right)
            case _:
                return combine(head, left, right)

    def _plus_or_minus(self, head: str, left: Node, right: Node) -> Node:
        """±, also between two measures of one kind."""
        match left, right:
            case Quantity(a, unit, certain), Quantity(b, other, _) if unit == other:
                return Quantity(apply(head, a, b), unit, certain)
        return apply(head, ungrouped(left), ungrouped(right))

    def _raised(self, base: Node) -> Node:
        """A power, or the transpose of a matrix."""
        if not is_scalar(base):
            braced = self.sees("{") and self.ahead(2).text == "}"
            if self.ahead(1 if braced else 0).text in ("T", "t", "\\top", "\\intercal", "\\prime"):
                self.at += 3 if braced else 1
                return transposed(base)
        return combine("^", base, self.exponent())

    def exponent(self) -> Node:
        if self.sees("{"):
            return self.argument()
        return self.expression(POWER)

    def starts_factor(self) -> bool:
        """The next token begins a factor without a sign of multiplication."""
        token, before = self.token, self.tokens[self.at - 1]
        if token.kind in ("end", "string", "quote") or token.text in self.stops:
            return False
        if token.kind == "number":
            return before.text in (")", "}", "\\rfloor", "\\rceil", "!", "]") or before.kind in ("word", "command")
        if token.kind == "op":
            if token.text == "(" and self.ahead(1).text in MODULO:
                return False
            return token.text in ("(", "{", "[") or (token.text == "|" and self.bars == 0)
        if token.text in ("\\mid", "\\vert", "\\|") and self.bars:
            return False
        return (
            token.text not in CLOSERS
            and token.text not in RELATIONS
            and token.text not in INFIX
            and token.text not in ("\\pmod", "\\not", "\\angle", "is", "are", "\\cr", "\\qquad")
        )

    def _implicit_factor(self) -> Node:
        if self.sees("...", "\\ldots", "\\dots", "\\cdots"):
            raise UnreadableAnswer("an unfinished value")
        if self.sees("["):
            self.at += 1
            stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
            inner = self.expression(WHOLE)
            self.expect("]")
            self.stops, self.bars = stops, bars
            inner = self.postfix(inner)
            return self._raised_in_brackets(inner)
        return self.expression(PRODUCT)

    def _raised_in_brackets(self, inner: Node) -> Node:
        if self.accept("^", "**"):
            return self._raised(inner)
        return inner

    def prefix(self, level: int) -> Node:
        """A value with the signs in front of it."""
        if self.accept("-"):
            return combine("neg", self.expression(max(PRODUCT, level)))
        if self.accept("+"):
            return self.expression(max(PRODUCT, level))
        if self.accept("\\pm"):
            return apply("pm", Number(Fraction(0)), ungrouped(self.expression(max(PRODUCT, level))))
        if self.accept("\\mp"):
            return apply("mp", Number(Fraction(0)), ungrouped(self.expression(max(PRODUCT, level))))
        return self.atom()

    # -- behind a value ----------------------------------------------------------------------------------------------

    def postfix(self, node: Node) -> Node:
        while True:
            if self.sees("!") and self.ahead(1).text == "!" and self.ahead(1).glued:
                self.at += 2
                node = combine("factorial2", node)
            elif self.accept("!"):
                node = combine("factorial", node)
            elif self._degree_sign():
                node = combine("degrees", self._with_minutes(node))
            elif isinstance(node, Symbol) and self.sees("_") and self.tokens[self.at - 1].text == "}":
                self.at += 1
                node = Symbol(f"{node.name}_{self.name_in_braces()}")
            elif isinstance(node, Number) and self.units and (length := feet_and_inches(self, node)) is not None:
                node = length
            elif not self._percent_ends_value() and (share := self._percent_sign()):
                node = combine("/", node, Number(Fraction(share)))
            else:
                return node

    def _degree_sign(self) -> bool:
        width = self.degree_width()
        follower = self.ahead(width)
        if width == 0 or (follower.text in ("C", "F", "K", "Celsius", "Fahrenheit") and self.units):
            return False
        self.at += width
        return True

    def _with_minutes(self, degrees: Node) -> Node:
        """The degrees with the minutes and seconds of arc that follow them."""
        for strokes, share in ((1, 60), (2, 3600)):
            mark = self.at
            if self.token.kind != "number":
                return degrees
            part = self.atom()
            width, found = self.prime_width()
            if found != strokes or not isinstance(part, Number):
                self.at = mark
                continue
            self.at += width
            degrees = combine("+", degrees, Number(part.value / share))
        return degrees

    def _percent_ends_value(self) -> bool:
        """In `100/3 %` the sign belongs to the quotient, in `5% * 20` to the 5."""
        follower = self.ahead(1)
        return follower.kind == "end" or follower.text in CLOSERS or follower.text in RELATIONS

    def _percent_sign(self) -> int:
        """100 or 1000 where the sign stands here, and 0 where it does not."""
        if self.accept("percent", "percentage", "\\%"):
            return 100
        if self.accept("\\permille", "\\permil"):
            return 1000
        if not self.sees("%"):
            return 0
        follower = self.ahead(1)
        if follower.kind == "number" or follower.text in ("(", "-"):
            return 0
        self.at += 1
        return 100


def is_unit(text: str) -> bool:
    """The whole text is a unit, such as `cm`, `m/s^2`, `square metres`."""
    try:
        parser = Parser(tokenize(text))
        return read_unit(parser) is not None and parser.token.kind == "end"
    except UnreadableAnswer:
        return False


# -- what the items of a sequence say together -------------------------------------------------------------------------


def _joined(items: list[Node], joints: Sequence[str]) -> Node:
    """One node: a condition where all items are conditions, a sum of measures, a family, or a bare list."""
    if len(items) == 1:
        return items[0]
    items = _all_excluded(items)
    if len(items) > 3 and len(items) % 2 == 0 and (pieces := _in_pieces(items)) is not None:
        return pieces
    if not any(joint in _ORS for joint in joints) and (family := _family(items)) is not None:
        return family
    if all(map(_is_condition, items)) and any(map(_is_inequality, items)):
        return _conditions(items, joints)
    total = summed(items) if set(joints) <= {"and"} else None
    return total if total is not None else Collection("bare", tuple(items))


def _in_pieces(items: list[Node]) -> Node | None:
    """`x^2, x < 0; x, x >= 0`: values and their conditions in turn."""
    values, conditions = items[::2], items[1::2]
    if all(map(is_scalar, values)) and all(map(_is_inequality, conditions)):
        return Cases(tuple(zip(values, conditions, strict=True)))
    return None


def _all_excluded(items: list[Node]) -> list[Node]:
    """`x != 0, 1` excludes both."""
    first = items[0]
    if not (isinstance(first, Relational) and first.op == "!=" and all(map(is_closed, items[1:]))):
        return items
    return [first, *(Relational("!=", first.left, item) for item in items[1:])]


def _conditions(items: list[Node], joints: Sequence[str]) -> Node:
    """`or` joins alternatives, `and` conjoins; a comma conjoins unless nothing could fulfil both."""
    groups: list[list[Node]] = [[items[0]]]
    commas = False
    for item, joint in zip(items[1:], joints, strict=True):
        if joint in _ORS:
            groups.append([item])
        else:
            commas = commas or joint not in _ANDS
            groups[-1].append(item)
    if commas and len(groups) > 1 and all(len(group) == 1 for group in groups[1:]) and not set(joints) & _ANDS:
        return Collection("bare", tuple(items))  # `x < 1, x = 2 or x > 3` lists alternatives
    head = "comma" if commas else "and"
    joined = [group[0] if len(group) == 1 else operation(head, *group) for group in groups]
    return joined[0] if len(joined) == 1 else Collection("bare", tuple(joined))


def _is_condition(item: Node) -> bool:
    return isinstance(item, Relational) and item.op in ("=", *_INEQUALITIES) or _is_conjunction(item)


def _is_conjunction(item: Node) -> bool:
    return isinstance(item, Operation) and item.head == "and"


def _is_inequality(item: Node) -> bool:
    return _is_conjunction(item) or (isinstance(item, Relational) and item.op in _INEQUALITIES)


def _family(items: list[Node]) -> Node | None:
    """`3k+1, k in Z`: values, then the conditions on the names in them."""
    cut = len(items)
    while cut and _is_inequality(items[cut - 1]):
        cut -= 1
    if not 0 < cut < len(items) or any(_is_inequality(item) for item in items[:cut]):
        return None
    body = items[0] if cut == 1 else Collection("bare", tuple(items[:cut]))
    names = symbols(body)
    if not all(symbols(condition) & names for condition in items[cut:]):
        return None
    return Family(body, tuple(items[cut:]))


def _under(node: Node, given: list[Node]) -> Node:
    """A value under the conditions that follow it."""
    if isinstance(node, Family):
        return Family(node.body, (*node.conditions, *given))
    return Family(node, tuple(given))


def _is_value(node: Node) -> bool:
    return is_closed(node) or (isinstance(node, Quantity) and is_closed(node.value))


def _relational(op: str, left: Node, right: Node) -> Node:
    if op == "notin":
        everything = Constant(DOUBLE_STRUCK["R"])
        return Relational("in", left, operation("minus", everything, right))
    if op in OPAQUE_RELATIONS and op == "to" and is_closed(right) and isinstance(left, Symbol):
        return Relational("to", left, right)
    return Relational(op, left, right)


def _is_chain(first: Node, rest: list[Node]) -> bool:
    """More than one equation between two expressions: values, approximations, or several signs of equality."""
    return len(rest) > 1 or _is_approximation(rest[0]) or (_is_value(first) and _is_value(rest[0]))


def _equal_chain(links: list[Node]) -> Node:
    """`A = 2·3 = 6` gives A its value, `a = b = 3` both, and `2 + 3 = 4 + 1 = 5` is one value."""
    names: list[Node] = []
    while len(links) > 1 and isinstance(links[0], Symbol | Collection) and not _is_approximation(links[1]):
        names.append(links.pop(0))
    if not names and not is_closed(links[0]) and all(_is_value(link) or _is_approximation(link) for link in links[1:]):
        names.append(links.pop(0))  # the length `AB = 2·3 = 6`, an equation `2x = 3 + 1 = 4`
    named = tuple(Relational("=", name, _linked(links)) for name in names)
    if not named:
        return _linked(links)
    return named[0] if len(named) == 1 else Collection("bare", named)


def _linked(links: list[Node]) -> Node:
    return links[0] if len(links) == 1 else Collection("chain", tuple(links))


def _approximation(value: Node, digits: str) -> Node:
    """The value with its tolerance: one unit of the last digit that was written."""
    decimals = len(digits.partition("e")[0].partition(".")[2])
    step = Fraction(1, 10**decimals)
    if isinstance(value, Operation) and value.head == "/" and value.args[1] == _HUNDRED:
        step /= 100
    return Operation("approx", (value, Number(step)), 1)


def _is_approximation(node: Node) -> bool:
    return isinstance(node, Operation) and node.head == "approx"
