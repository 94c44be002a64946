"""Tokens to a tree, by precedence climbing over a fixed grammar: names outside the white-list make the text unreadable."""

from __future__ import annotations

from fractions import Fraction

from agentprop.grading.measures import money, read_quantity
from agentprop.grading.syntax import (
    Constant,
    Group,
    Interval,
    Matrix,
    Node,
    Number,
    Relation,
    Symbol,
    Text,
    Truth,
    Unreadable,
    apply,
    is_closed,
)
from agentprop.grading.tokens import Token

MAX_NESTING = 60
"""Open brackets, exponents and roots at once."""

MAX_DIGITS = 20_000
MAX_LITERAL_EXPONENT = 10_000

FUNCTIONS = {
    **{name: name for name in (
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan arccot arcsec arccsc exp ln log abs floor ceil "
        "gcd lcm min max sqrt cbrt factorial binomial arcsinh arccosh arctanh det sgn").split()},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log10", "ceiling": "ceil", "comb": "binomial",
    "sign": "sgn", "tg": "tan", "ctg": "cot", "cosec": "csc", "arctg": "arctan", "Abs": "abs", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
    "choose": "binomial", "binom": "binomial",
}  # fmt: skip
CONSTANTS = {
    "pi": "pi", "e": "e", "i": "i", "infty": "inf", "infinity": "inf", "inf": "inf", "oo": "inf", "Infinity": "inf",
    "emptyset": "empty", "varnothing": "empty", "ldots": "ellipsis", "dots": "ellipsis", "cdots": "ellipsis",
    "dotsc": "ellipsis", "dotsb": "ellipsis", "vdots": "ellipsis",
}  # fmt: skip
GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon "
    "phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar".split()
)
DOUBLE_STRUCK = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "!=": "!=", "<>": "!=",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\lt": "<",
    "\\gt": ">", "\\ne": "!=", "\\neq": "!=", "\\in": "in", "\\equiv": "~", "\\approx": "approx", "\\approxeq": "approx",
    "\\sim": "approx", "\\simeq": "approx", "\\to": "=", "\\colon": ":", "in": "in", "\\coloneqq": "=",
}  # fmt: skip
_INFIX = {
    "\\cup": ("union", 14), "\\cap": ("intersection", 16), "\\setminus": ("minus", 15), "\\backslash": ("minus", 15),
    "mod": ("mod", 18), "\\bmod": ("mod", 18), "\\mod": ("mod", 18),
    "+": ("+", 20), "-": ("-", 20), "\\pm": ("pm", 20), "\\mp": ("mp", 20),
    "*": ("*", 30), "\\cdot": ("*", 30), "\\times": ("*", 30), "\\ast": ("*", 30), "/": ("/", 30), "\\div": ("/", 30),
    "//": ("floordiv", 30), "^": ("^", 40), "**": ("^", 40), "choose": ("binomial", 19), "\\choose": ("binomial", 19),
    "U": ("union", 14), ":": ("ratio", 12),
}  # fmt: skip
_CLOSERS = frozenset((")", "]", "}", "\\}", "\\rangle", "\\rfloor", "\\rceil", "\\end", ",", ";", "\\\\", "&", "and", "or"))
_FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac"))
_BINOMIALS = frozenset(("\\binom", "\\dbinom", "\\tbinom"))
_NAMES = FUNCTIONS.keys() | CONSTANTS.keys()
WHOLE = 11
"""Binding power of a complete value: between relations and set operations."""

_BELOW_PRODUCT = 30
_POWER = 40


class Parser:
    """One pass over the tokens of one answer.

    `units` reads trailing unit words as units; without it they are products of variables. `tight` reads 1/2x as 1/(2x)
    instead of from left to right; `ambiguous` tells afterwards whether that would matter. A parser either consumes every
    token or raises `Unreadable`.
    """

    def __init__(self, tokens: list[Token], *, units: bool = True, tight: bool = False) -> None:
        self.tokens = [*tokens, Token("end", "")]
        self.at = 0
        self.nesting = 0
        self.units = units
        self.tight = tight
        self.ambiguous = False
        self.bars = 0
        self.stops: frozenset[str] = frozenset()

    # -- cursor ------------------------------------------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, *texts: str) -> bool:
        if self.token.kind not in ("string", "end") and self.token.text in texts:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise Unreadable(f"expected {text!r}, found {self.token.text or 'the end'!r}")

    def sees(self, *texts: str) -> bool:
        return self.token.kind != "string" and self.token.text in texts

    # -- lists and relations -----------------------------------------------------------------------------------------

    def answer(self) -> Node:
        """The whole text: one value, or several separated by commas, semicolons, `and`, `or`."""
        node = self.sequence()
        if self.token.kind != "end":
            raise Unreadable(f"cannot go on at {self.token.text!r}")
        return node

    def sequence(self) -> Node:
        items, joints = [self.relation()], set()
        while self.sees(",", ";", "and", "or", "\\&", "&", "\\land", "\\wedge", "\\lor", "\\vee"):
            joints.add(self.take().text)
            if self.sees("and", "or"):
                joints.add(self.take().text)
            if self.token.kind == "end":
                break
            items.append(self.relation())
        if len(items) == 1:
            return items[0]
        if joints <= {"and", ",", "\\land", "\\wedge"} and joints & {"and", "\\land", "\\wedge"} and _inequalities(items):
            return apply("and", *items)
        return Group("bare", tuple(items))

    def relation(self) -> Node:
        first = self.expression(WHOLE)
        chain: list[tuple[str, Node]] = []
        while (op := self._relation_op()) is not None:
            if op == "approx":
                approximation = self.expression(WHOLE)
                if isinstance(first, Symbol) and not chain:
                    chain.append(("=", approximation))
                continue
            chain.append((op, self.expression(WHOLE)))
        if not chain:
            return self._congruence(first)
        lefts = [first, *(node for _, node in chain[:-1])]
        parts = [Relation(op, left, right) for left, (op, right) in zip(lefts, chain, strict=True)]
        if len(parts) == 1 and parts[0].op == "=" and is_closed(first) and is_closed(chain[0][1]):
            return chain[0][1]
        if len(parts) == 1:
            return Relation(parts[0].op, parts[0].left, self._congruence(parts[0].right))
        if all(part.op == "=" for part in parts):
            return _equal_chain(lefts, chain[-1][1])
        return apply("and", *parts)

    def _relation_op(self) -> str | None:
        token = self.token
        if token.kind in ("string", "end") or token.text in self.stops:
            return None
        op = RELATIONS.get(token.text)
        if op is None or op == ":":
            return None
        self.take()
        return op

    def _congruence(self, node: Node) -> Node:
        """`a (mod n)` and `a \\pmod n` are residue classes."""
        if self.accept("\\pmod"):
            return apply("class", node, self.argument())
        if self.sees("(") and self.tokens[self.at + 1].text in ("mod", "\\bmod", "\\mod"):
            self.at += 2
            modulus = self.expression(20)
            self.expect(")")
            return apply("class", node, modulus)
        return node

    # -- arithmetic --------------------------------------------------------------------------------------------------

    def expression(self, level: int) -> Node:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise Unreadable(f"nested deeper than {MAX_NESTING}")
        left = self.prefix(level)
        while True:
            left = self.postfix(left)
            if level == WHOLE and self.units and (quantity := read_quantity(self, left)) is not None:
                left = quantity
                continue
            infix = self._infix()
            if infix is None:
                if level < _BELOW_PRODUCT and self._starts_factor():
                    left = apply("*", left, self._implicit_factor())
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
        found = _INFIX.get(token.text)
        return (*found, 1) if found else None

    def _combine(self, head: str, left: Node, power: int) -> Node:
        if head == "^":
            return apply("^", left, self.exponent())
        right = self.expression(power)
        if head == "/" and self._starts_factor():
            self.ambiguous = True
            while self.tight and self._starts_factor():
                right = apply("*", right, self._implicit_factor())
        match head:
            case "-":
                return apply("+", left, apply("neg", right))
            case "pm" | "mp":
                return apply(head, left, right)
            case "/":
                return apply("/", left, right)
            case "ratio":
                items = left.items if isinstance(left, Group) and left.kind == "ratio" else (left,)
                return Group("ratio", (*items, right))
            case "floordiv":
                return apply("floor", apply("/", left, right))
            case _:
                return apply(head, left, right)

    def exponent(self) -> Node:
        if self.sees("{"):
            return self.argument()
        return self.expression(_POWER)

    def _starts_factor(self) -> bool:
        token, before = self.token, self.tokens[self.at - 1]
        if token.kind in ("end", "string") or token.text in self.stops:
            return False
        if token.kind == "number":
            return before.text in (")", "}", "\\rfloor", "\\rceil") or before.kind in ("word", "command")
        if token.kind == "op":
            if token.text == "(" and self.tokens[self.at + 1].text in ("mod", "\\bmod", "\\mod"):
                return False
            return token.text in ("(", "{", "[") or (token.text == "|" and self.bars == 0)
        return token.text not in _CLOSERS and token.text not in RELATIONS and token.text not in _INFIX and (
            token.text != "\\pmod"
        )

    def _implicit_factor(self) -> Node:
        if self.sees("["):
            self.at += 1
            inner = self.expression(WHOLE)
            self.expect("]")
            return self.postfix(inner)
        return self.expression(_BELOW_PRODUCT)

    def prefix(self, level: int) -> Node:
        if self.accept("-"):
            return apply("neg", self.expression(max(_BELOW_PRODUCT, level)))
        if self.accept("+"):
            return self.expression(max(_BELOW_PRODUCT, level))
        if self.accept("\\pm"):
            return apply("pm", Number(Fraction(0)), self.expression(max(_BELOW_PRODUCT, level)))
        if self.accept("\\mp"):
            return apply("mp", Number(Fraction(0)), self.expression(max(_BELOW_PRODUCT, level)))
        return self.atom()

    def postfix(self, node: Node) -> Node:
        while True:
            if self.sees("!") and self.tokens[self.at + 1].text == "!" and self.tokens[self.at + 1].glued:
                self.at += 2
                node = apply("factorial2", node)
            elif self.accept("!"):
                node = apply("factorial", node)
            elif self._degree_sign():
                node = apply("degrees", node)
            elif self._percent_sign():
                node = apply("/", node, Number(Fraction(100)))
            else:
                return node

    def _degree_sign(self) -> bool:
        width = self.degree_width()
        follower = self.tokens[self.at + width]
        if width == 0 or (follower.text in ("C", "F", "K", "Celsius", "Fahrenheit") and self.units):
            return False
        self.at += width
        return True

    def degree_width(self) -> int:
        """How many tokens spell a degree sign here: \\degree, ^\\circ, ^{\\circ}, ^o."""
        if self.sees("\\degree"):
            return 1
        if not self.sees("^"):
            return 0
        following = [token.text for token in self.tokens[self.at + 1 : self.at + 4]]
        if following and following[0] in ("\\circ", "\\degree"):
            return 2
        return 4 if following[:1] == ["{"] and following[1:] == ["\\circ", "}"] else 0

    def _percent_sign(self) -> bool:
        if self.sees("percent", "\\%"):
            self.at += 1
            return True
        if not self.sees("%"):
            return False
        follower = self.tokens[self.at + 1]
        if follower.kind == "number" or follower.text in ("(", "-"):
            return False
        self.at += 1
        return True

    # -- atoms -------------------------------------------------------------------------------------------------------

    def atom(self) -> Node:
        token = self.take()
        match token.kind:
            case "number":
                return self._number(token)
            case "string":
                return Text(token.text, quoted=True)
            case "word":
                return self._word(token.text)
            case "command":
                return self._command(token.text)
            case "op":
                return self._bracket(token.text)
            case _:
                raise Unreadable("the text ends where a value should stand")

    def _number(self, token: Token) -> Node:
        if token.text[:2].lower() in ("0x", "0b", "0o") and len(token.text) > 2:
            return Number(Fraction(int(token.text[:200], 0)))
        if token.text.endswith(".") and self.sees("\\overline", "\\bar", "(") and self.token.glued:
            return self._repeating(token.text)
        if "." in token.text and self.sees("\\overline", "\\bar", "\\dot"):
            return self._repeating(token.text)
        value = literal(token.text)
        if self.sees("...") and self.token.glued and "." in token.text:
            self.at += 1
            return Number(_continued(token.text))
        if self.sees("_") and self.token.glued and "." not in token.text:
            return self._in_base(token.text)
        return self._mixed(token, value)

    def _mixed(self, token: Token, value: Fraction) -> Node:
        """`1 1/2` and `1\\frac{1}{2}` are one and a half."""
        if not token.text.isdigit():
            return Number(value)
        ahead = self.tokens[self.at : self.at + 3]
        shape = [part.kind if part.kind == "number" else part.text for part in ahead]
        if shape == ["number", "/", "number"] and ahead[0].text.isdigit() and ahead[2].text.isdigit():
            top, bottom = literal(ahead[0].text), literal(ahead[2].text)
            if 0 < top < bottom:
                self.at += 3
                return Number(value + top / bottom)
        if ahead[0].text in _FRACTIONS:
            mark = self.at
            self.at += 1
            top_node, bottom_node = self.argument(single_digit=True), self.argument(single_digit=True)
            match top_node, bottom_node:
                case Number(top), Number(bottom) if 0 < top < bottom and top.denominator == bottom.denominator == 1:
                    return Number(value + top / bottom)
            self.at = mark
        return Number(value)

    def _repeating(self, prefix: str) -> Node:
        opener = self.take().text
        closer = ")" if opener == "(" else "}"
        if opener != "(":
            self.expect("{")
        block = self.take()
        if not block.text.isdigit():
            raise Unreadable("a repeating block must be digits")
        self.expect(closer)
        return Number(repeating(prefix, block.text))

    def _in_base(self, digits: str) -> Node:
        self.at += 1
        base = self.argument()
        if not isinstance(base, Number) or base.value.denominator != 1 or not 2 <= base.value <= 10:
            raise Unreadable("a number with a subscript that is no base")
        if any(int(digit) >= base.value for digit in digits) or len(digits) > 1000:
            raise Unreadable("digits outside their base")
        return apply("based", Number(Fraction(int(digits, int(base.value)))), Number(literal(digits)))

    def _word(self, word: str) -> Node:
        if word in ("True", "true", "False", "false"):
            return Truth(word.lower() == "true")
        if word in ("None", "null", "undefined", "DNE"):
            return Text(word)
        if word in FUNCTIONS and not (word in ("min",) and not self.sees("(")):
            return self._function(FUNCTIONS[word])
        if word in ("log2", "log10") or (word == "C" and self.sees("(")):
            return self._function({"C": "binomial"}.get(word, word))
        if word in CONSTANTS:
            return Constant(CONSTANTS[word])
        if word in GREEK:
            return self._symbol(word)
        if len(word) > 3:
            raise Unreadable(f"the word {word!r} is no known name")
        return self._letters(word)

    def _letters(self, word: str) -> Node:
        """A run of letters is a product of variables; the last one owns what follows it (subscript, exponent, argument)."""
        if self.at > 1 and self.tokens[self.at - 2].text == "/" and len(word) > 1 and not self.tight:
            self.at -= 1
            self.tokens[self.at] = Token("word", word[1:], True)
            word = word[0]
        factors: list[Node] = [Constant(CONSTANTS[letter]) if letter in "ei" else Symbol(letter) for letter in word[:-1]]
        last = word[-1]
        factors.append(Constant(CONSTANTS[last]) if last in "ei" else self._symbol(last))
        if len(factors) == 1:
            return factors[0]
        if self.sees("^", "**"):
            self.at += 1
            factors[-1] = apply("^", factors[-1], self.exponent())
        return apply("*", *factors)

    def _symbol(self, name: str) -> Node:
        if self.sees("_"):
            self.at += 1
            name = f"{name}_{self._subscript()}"
        while self.sees("'") and self.token.glued:
            self.at += 1
            name += "'"
        if self.sees("(") and self.token.glued and name[0] in "fghFGHPpyu" and self._argument_of_a_function():
            self.at += 3
            return Symbol(f"{name}()")
        return Symbol(name)

    def _argument_of_a_function(self) -> bool:
        """f(x) names a function value; f(x+1) or f·(2) are not told apart and stay products."""
        inside, closing, after = (self.tokens[min(self.at + k, len(self.tokens) - 1)] for k in (1, 2, 3))
        return inside.kind == "word" and len(inside.text) == 1 and closing.text == ")" and after.text in ("=", "\\equiv")

    def _subscript(self) -> str:
        if not self.accept("{"):
            return self.take().text.lstrip("\\")
        parts = []
        while not self.sees("}"):
            if self.token.kind == "end":
                raise Unreadable("an unclosed subscript")
            parts.append(self.take().text.lstrip("\\"))
        self.at += 1
        return "".join(parts)

    def _command(self, command: str) -> Node:
        name = command[1:]
        if command in _FRACTIONS:
            return apply("/", self.argument(single_digit=True), self.argument(single_digit=True))
        if command in _BINOMIALS:
            return apply("binomial", self.argument(single_digit=True), self.argument(single_digit=True))
        if name == "sqrt":
            return self._root()
        if name == "operatorname":
            return self._word(self._subscript())
        if name in FUNCTIONS:
            return self._function(FUNCTIONS[name])
        if name in CONSTANTS:
            return Constant(CONSTANTS[name]) if CONSTANTS[name] != "empty" else Group("set", ())
        if name in GREEK:
            return self._symbol(name)
        if name == "mathbb":
            return self._double_struck()
        if name == "begin":
            return self._matrix()
        if name in ("{", "langle", "lfloor", "lceil", "lvert", "|", "vert"):
            return self._bracket(command)
        raise Unreadable(f"the command {command} is not in the grammar")

    def _double_struck(self) -> Node:
        name = self._subscript()
        if name not in DOUBLE_STRUCK:
            raise Unreadable(f"no known set is called {name!r}")
        return Constant(DOUBLE_STRUCK[name])

    def _root(self) -> Node:
        if self.accept("["):
            index = self.expression(WHOLE)
            self.expect("]")
            return apply("root", self.argument(), index)
        return apply("sqrt", self.argument())

    def argument(self, *, single_digit: bool = False) -> Node:
        """What a command or an exponent takes: a braced expression, a bracket, or one symbol."""
        if self.accept("{"):
            inner = self.within("}")
            return inner
        if single_digit and self.token.kind == "number" and self.token.text.isdigit() and len(self.token.text) > 1:
            digits = self.token.text
            self.tokens[self.at] = Token("number", digits[1:], True)
            return Number(Fraction(int(digits[0])))
        if self.token.kind == "number":
            return Number(literal(self.take().text))
        if self.token.kind == "word" and len(self.token.text) > 1 and self.token.text not in _NAMES:
            word = self.token.text
            self.tokens[self.at] = Token("word", word[1:], True)
            return Constant(word[0]) if word[0] in "ei" else Symbol(word[0])
        return self.atom()

    def within(self, closer: str) -> Node:
        """The value inside a bracket just opened; stops set outside do not hold inside."""
        stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
        inner = self.sequence()
        self.expect(closer)
        self.stops, self.bars = stops, bars
        return inner

    # -- functions ---------------------------------------------------------------------------------------------------

    def _function(self, name: str) -> Node:
        base = None
        if self.accept("_"):
            base = self.argument()
        power = None
        if name not in ("sqrt", "cbrt", "abs") and self.sees("^") and not self.degree_width():
            self.at += 1
            power = self.exponent()
        args = self._arguments()
        if name in ("log10", "log2"):
            name, base = "log", Number(Fraction(int(name[3:])))
        if name == "log" and len(args) == 2 and base is None:
            args, base = (args[0],), args[1]
        if base is not None:
            if name not in ("log", "ln"):
                raise Unreadable(f"a subscript under {name}")
            value: Node = apply("logbase", base, *args)
        elif power == apply("neg", Number(Fraction(1))) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            return apply("arc" + name, *args)
        else:
            value = apply(name, *args)
        return value if power is None else apply("^", value, power)

    def _arguments(self) -> tuple[Node, ...]:
        if self.sees("(", "{", "[", "\\{"):
            inner = self.within({"(": ")", "{": "}", "[": "]", "\\{": "\\}"}[self.take().text])
            return inner.items if isinstance(inner, Group) and inner.kind == "bare" else (inner,)
        factor = self.postfix(self.expression(_BELOW_PRODUCT))
        while self._starts_plain_factor():
            factor = apply("*", factor, self.expression(_BELOW_PRODUCT))
        return (factor,)

    def _starts_plain_factor(self) -> bool:
        """In `sin 2x cos x` the x belongs to the sine and the cosine does not."""
        token = self.token
        if token.kind == "word":
            return token.text not in FUNCTIONS and token.text not in _CLOSERS and token.text not in _INFIX and (
                token.text not in RELATIONS and len(token.text) == 1)
        return token.kind == "command" and (token.text[1:] in GREEK or token.text in ("\\pi", "\\frac"))

    # -- brackets ----------------------------------------------------------------------------------------------------

    def _bracket(self, opener: str) -> Node:
        match opener:
            case "(" | "[" | "]":
                return self._round_or_square(opener)
            case "{" | "\\{":
                return self._braces("}" if opener == "{" else "\\}")
            case "\\langle":
                return Group("vector", _items(self.within("\\rangle")))
            case "\\lfloor":
                return apply("floor", self.within("\\rfloor"))
            case "\\lceil":
                return apply("ceil", self.within("\\rceil"))
            case "\\lvert":
                return apply("abs", self.within("\\rvert"))
            case "|" | "\\|" | "\\vert":
                return self._absolute(opener)
            case "...":
                return Constant("ellipsis")
            case "$":
                return self._money()
            case _:
                raise Unreadable(f"a value cannot start with {opener!r}")

    def _money(self) -> Node:
        amount = self.expression(_BELOW_PRODUCT)
        while self.accept("*", "\\cdot", "\\times"):
            amount = apply("*", amount, self.expression(_BELOW_PRODUCT))
        return money(amount)

    def _absolute(self, bar: str) -> Node:
        self.bars += 1
        stops, self.stops = self.stops, self.stops | {bar}
        inner = self.expression(WHOLE)
        self.stops = stops
        self.expect(bar)
        self.bars -= 1
        return apply("abs", inner)

    def _round_or_square(self, opener: str) -> Node:
        if self.accept(")" if opener == "(" else "]"):
            return Group("tuple" if opener == "(" else "list", ())
        stops, bars, self.stops, self.bars = self.stops, self.bars, frozenset(), 0
        inner = self.sequence()
        trailing_comma = self.tokens[self.at - 1].text == ","
        closer = self.take().text
        self.stops, self.bars = stops, bars
        if closer not in (")", "]", "["):
            raise Unreadable("a bracket is not closed")
        items = _items(inner)
        if (opener, closer) == ("(", ")"):
            return Group("tuple", items) if len(items) > 1 or trailing_comma else inner
        if (opener, closer) == ("[", "]"):
            return Group("list", items)
        if len(items) != 2:
            raise Unreadable("brackets that do not match")
        return Interval(items[0], items[1], opener == "[", closer == "]")

    def _braces(self, closer: str) -> Node:
        if self.accept(closer):
            return Group("set", ())
        stops, self.stops = self.stops, frozenset((":", "|", "\\mid"))
        items = [self.relation()]
        if self.accept("|", "\\mid") or (self.sees(":") and not isinstance(items[0], Text | Number)):
            self.accept(":")
            self.stops = frozenset()
            condition = self.sequence()
            self.expect(closer)
            self.stops = stops
            return _builder(items[0], condition)
        pairs = self.sees(":")
        while not self.accept(closer):
            if not self.accept(",", ";", ":"):
                raise Unreadable("a brace is not closed")
            if not self.sees(closer):
                items.append(self.relation())
        self.stops = stops
        if pairs:
            return Group("dict", tuple(Group("tuple", tuple(items[k : k + 2])) for k in range(0, len(items), 2)))
        return items[0] if closer == "}" and len(items) == 1 else Group("set", tuple(items))

    def _matrix(self) -> Node:
        environment = self._subscript()
        if environment in ("array", "tabular") and self.sees("{"):
            self._subscript()
        if environment == "cases" or not environment.endswith(("matrix", "array")):
            raise Unreadable(f"the environment {environment!r} is not in the grammar")
        rows: list[tuple[Node, ...]] = []
        row = [self.relation()]
        while not self.accept("\\end"):
            if self.accept("&"):
                row.append(self.relation())
            elif self.accept("\\\\"):
                if self.sees("\\end"):
                    continue
                rows.append(tuple(row))
                row = [self.relation()]
            else:
                raise Unreadable("a matrix is not closed")
        self._subscript()
        rows.append(tuple(row))
        if len({len(entries) for entries in rows}) != 1:
            raise Unreadable("the rows of a matrix differ in length")
        return apply("det", Matrix(tuple(rows))) if environment == "vmatrix" else Matrix(tuple(rows))


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Group) and node.kind == "bare" else (node,)


def _equal_chain(links: list[Node], last: Node) -> Node:
    """`A = 2·3 = 6` says A = 6, `a = b = 3` says both, `2 + 3 = 4 + 1 = 5` says 5."""
    names = [link for link in links if isinstance(link, Symbol)]
    if len(names) > 1:
        return Group("bare", tuple(Relation("=", name, last) for name in names))
    return Relation("=", links[0], last) if isinstance(links[0], Symbol | Group) else last


def _inequalities(items: list[Node]) -> bool:
    return all(isinstance(item, Relation) and item.op in ("<", "<=", ">", ">=", "!=") for item in items)


def _builder(head: Node, condition: Node) -> Node:
    """{x in R : condition} is the condition itself, the restriction to the reals being understood."""
    if isinstance(head, Symbol) or (isinstance(head, Relation) and head.op == "in" and head.right == Constant("reals")):
        return condition
    raise Unreadable("a set description beyond the grammar")


def literal(text: str) -> Fraction:
    """Digits with an optional point and exponent, exactly, within the caps."""
    mantissa, _, exponent = text.replace("_", "").lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 9 or abs(int(exponent or 0)) > MAX_LITERAL_EXPONENT:
        raise Unreadable("a number beyond the size limits")
    whole, _, decimals = mantissa.partition(".")
    return Fraction(_integer(whole + decimals) if whole + decimals else 0) * Fraction(10) ** (
        int(exponent or 0) - len(decimals)
    )


def _integer(digits: str) -> int:
    """int() without the interpreter's limit on digits: split in halves, each below it."""
    if len(digits) <= 4000:
        return int(digits)
    middle = len(digits) // 2
    return _integer(digits[:middle]) * 10 ** (len(digits) - middle) + _integer(digits[middle:])


def repeating(prefix: str, block: str) -> Fraction:
    """0.1 followed by the block 6 forever is 1/6."""
    decimals = len(prefix.partition(".")[2])
    tail = Fraction(_integer(block), 10 ** len(block) - 1) / Fraction(10) ** decimals
    return literal(prefix) + tail


def _continued(text: str) -> Fraction:
    """0.333... repeats its last block, which must have been shown at least twice, a single digit three times."""
    decimals = text.partition(".")[2]
    for size in range(1, len(decimals) // 2 + 1):
        times = 3 if size == 1 else 2
        block = decimals[-size:]
        if len(decimals) >= size * times and decimals.endswith(block * times):
            return repeating(text, block)
    raise Unreadable("an unfinished decimal")
