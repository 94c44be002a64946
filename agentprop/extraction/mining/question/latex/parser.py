"""Tokens of a formula to its tree, by recursive descent; whatever is not understood refuses the formula.

What a letter before a bracket means depends on the question: `f` in `f(x + 1)` is a function where the question defines
one, and a letter that is usual for functions but not defined refuses the formula instead of being multiplied.

    2x^3 - \\frac34  →  add(mul(2, pow(x, 3)), neg(div(3, 4)))
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from agentprop.extraction.mining.question.latex.lexer import LatexToken, plain_number
from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, Unreadable, bare, node, symbols

TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
INVERSES = ("arcsin", "arccos", "arctan", "arccot")
FUNCTIONS = frozenset((*TRIGONOMETRIC, *INVERSES, "sinh", "cosh", "tanh", "ln", "log", "lg", "exp", "cis", "Re", "Im"))
LISTED = frozenset({"gcd", "lcm", "max", "min"})
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "theta", "phi", "omega", "lambda", "mu", "rho", "sigma", "tau", "epsilon", "psi",
    "eta", "zeta", "xi", "kappa", "ell", "Gamma", "Phi", "Omega", "Theta", "Psi", "nu", "chi", "Lambda",
})  # fmt: skip
RELATIONS = {"=": "=", "<": "<", ">": ">", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "ne": "!=", "equiv": "cong"}
OPERATORS = frozenset({
    "*", "star", "#", "@", "diamond", "oplus", "otimes", "clubsuit", "spadesuit", "heartsuit", "bigstar", "odot",
    "triangle", "dagger", "nabla", "&", "diamondsuit", "circledast", "bowtie", "lozenge", "Box", "square", "S",
    "ddagger", "ominus", "circ", "bullet", "Delta", "?", "sharp", "bigtriangleup", "triangledown", "Join", "Psi",
    "bigtriangledown", "triangleleft", "triangleright", "boxtimes", "boxplus", "Diamond", "wedge", "vee",
})  # fmt: skip
"""Signs that a question may define as an operation of its own."""
_NEVER_PRODUCTS = frozenset("fghFGHPQpq")
"""Letters that mean a function before a bracket, whether the question defines it or not."""
_DIGIT_LETTERS = frozenset("ABCDEF")
MAX_DEPTH = 60


@dataclass
class Names:
    """What the question says its letters and signs are."""

    functions: Collection[str] = ()
    """Letters that are functions."""
    operators: Collection[str] = ()
    """Signs that are operations."""


def parse(tokens: Sequence[LatexToken], numbers: dict[int, int], names: Names | None = None) -> Tree:
    """The tree of a formula; `numbers` gives the slot of the numeral that begins at an offset. Raises Unreadable."""
    parser = _Parser(list(tokens), numbers, names or Names())
    tree = parser.statement()
    if parser.at < len(parser.tokens):
        raise Unreadable(f"formula goes on at “{parser.peek().text}”")
    return tree


_END = LatexToken("symbol", "", -1, -1)


@dataclass
class _Parser:
    tokens: list[LatexToken]
    numbers: dict[int, int]
    names: Names
    at: int = 0
    bars: int = 0
    depth: int = field(default=0)

    # --- tokens ---

    def peek(self, ahead: int = 0) -> LatexToken:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else _END

    def take(self) -> LatexToken:
        token = self.peek()
        self.at += 1
        return token

    def sees(self, *texts: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind in ("symbol", "command") and token.text in texts and token.text != ""

    def eat(self, *texts: str) -> bool:
        if self.sees(*texts):
            self.at += 1
            return True
        return False

    def need(self, *texts: str) -> None:
        if not self.eat(*texts):
            raise Unreadable(f"“{texts[0]}” missing before “{self.peek().text or 'the end'}”")

    def number(self, token: LatexToken) -> Numeral:
        return Numeral(plain_number(token.text), self.numbers.get(token.start, -1))

    # --- statements ---

    def statement(self) -> Tree:
        """An expression, or a chain of relations, possibly with a modulus behind it."""
        sides, signs = [self.side()], []
        while (sign := self._relation()) is not None:
            signs.append(sign)
            sides.append(self.side())
        modulus = self._modulus()
        if not signs:
            return sides[0] if modulus is None else node("residue", sides[0], modulus)
        parts = [self._related(sign, a, b, modulus) for sign, a, b in zip(signs, sides, sides[1:], strict=False)]
        return parts[0] if len(parts) == 1 else node("and", *parts)

    def _relation(self) -> str | None:
        token = self.peek()
        if token.kind == "text" and token.text in ("is", "equals"):
            self.at += 1
            return "="
        if token.kind not in ("symbol", "command"):
            return None
        if token.text == "not" and self.peek(1).text in ("=", "equiv"):
            self.at += 2
            return "!="
        if token.text in ("in", "mid", "nmid"):
            self.at += 1
            return token.text
        if token.text in RELATIONS:
            self.at += 1
            return RELATIONS[token.text]
        return None

    def _related(self, sign: str, left: Tree, right: Tree, modulus: Tree | None) -> Tree:
        if sign == "mid":
            return node("divides", left, right)
        if sign == "nmid":
            return node("not", node("divides", left, right))
        if sign == "cong" or (sign == "=" and modulus is not None):
            if modulus is None:
                raise Unreadable("congruence without a modulus")
            return node("cong", left, right, modulus)
        if modulus is not None:
            raise Unreadable("modulus behind an order")
        return node(sign, left, right)

    def _modulus(self) -> Tree | None:
        if self.eat("pmod", "mod"):
            return self.group() if self.sees("{") else self.sum()
        if self.sees("(") and self.peek(1).text in ("mod", "pmod", "modulo", "bmod"):
            self.at += 2
            tree = self.sum()
            self.need(")")
            return tree
        return None

    def side(self) -> Tree:
        if self.at >= len(self.tokens):
            raise Unreadable("a formula with an empty side")
        return self.sum()

    # --- sums and products ---

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("formula nested too deep")
        terms = [self._first_term()]
        while (term := self._next_term(terms)) is not None:
            terms.append(term)
        self.depth -= 1
        return _total(terms)

    def _first_term(self) -> Tree:
        if self.eat("-"):
            return node("neg", self.product())
        if self.eat("pm"):
            return node("plus_minus", self.product())
        self.eat("+")
        return DOTS if self._dots() else self.product()

    def _next_term(self, terms: list[Tree]) -> Tree | None:
        if self.sees("pm", "mp"):
            self.at += 1
            terms[:] = [node("plus_minus", _total(list(terms)), self.product())]
            return self._next_term(terms)
        if self._dots():
            return DOTS
        if self.eat("+"):
            if self._dots():
                return DOTS
            return node("neg", self.product()) if self.eat("-") else self.product()
        if self.eat("-"):
            if self._dots():
                return DOTS
            return self.product() if self.eat("-") else node("neg", self.product())
        return None

    def _dots(self) -> bool:
        return self.eat("ldots")

    def product(self) -> Tree:
        factors = [self.operated()]
        while (factor := self._next_factor(factors)) is not None:
            factors.append(factor)
        return _product(factors)

    def _next_factor(self, factors: list[Tree]) -> Tree | None:
        times = self.sees("cdot", "times") or (self.sees("*") and "*" not in self.names.operators)
        if times:
            self.at += 1
            return DOTS if self._dots() else self._signed()
        if self.sees("/", "div"):
            self.at += 1
            divisor = self._signed()
            factors[:] = [node("div", _product(list(factors)), divisor)]
            return self._next_factor(factors)
        if (
            self.sees("ldots")
            and len(factors) > 1
            and (self.peek(1).text in ("cdot", "times", "(", "*") or self.peek(1).kind in ("number", "letter"))
        ):
            self.at += 1
            return DOTS
        return self.operated() if self._starts() else None

    def _signed(self) -> Tree:
        if self.eat("-"):
            return node("neg", self.operated())
        self.eat("+")
        return self.operated()

    def operated(self) -> Tree:
        """A factor, or an operation of the question's own between factors, taken from the left."""
        if self._is_operator():
            sign = self.take().text
            return node("operate", Letter(sign), self.factor())
        tree = self.factor()
        while self._is_operator():
            sign = self.take().text
            if not self._starts() and not self.sees("-"):
                tree = node("operate", Letter(sign), tree)
                continue
            right = node("neg", self.factor()) if self.eat("-") else self.factor()
            tree = node("operate", Letter(sign), tree, right)
        return tree

    def _is_operator(self) -> bool:
        return self.peek().kind in ("symbol", "command") and self.peek().text in self.names.operators

    def _starts(self) -> bool:
        """Whether a factor begins here, so that it multiplies what stands before."""
        kind, text = self.peek().kind, self.peek().text
        if kind in ("number", "letter"):
            return True
        if kind == "begin":
            return True
        if kind == "symbol":
            return text in ("(", "[", "{") or (text == "|" and self.bars == 0)
        if kind == "command":
            return text in _FACTORS or text in FUNCTIONS or text in GREEK or (text == "vert" and self.bars == 0)
        return False

    # --- factors ---

    def factor(self) -> Tree:
        return self._postfixed(self.base())

    def _postfixed(self, tree: Tree) -> Tree:
        while True:
            if self.sees("^"):
                tree = self._raised(tree)
            elif self.sees("!"):
                self.at += 1
                tree = node("factorial", tree)
            elif self.sees("circ") and "circ" not in self.names.operators:
                self.at += 1
                tree = node("degrees", tree)
            elif self.sees("%"):
                self.at += 1
                tree = node("percent", tree)
            elif self.sees("_") and _has_digits(tree):
                self.at += 1
                tree = node("base", bare(tree), self.group())
            elif self.peek().kind == "text" and self.peek().text in ("th", "st", "nd", "rd"):
                raise Unreadable("an ordinal inside a formula")
            else:
                return tree

    def _raised(self, tree: Tree) -> Tree:
        self.need("^")
        if self.eat("circ"):
            return node("degrees", tree)
        if self.sees("{") and self.sees("circ", ahead=1) and self.sees("}", ahead=2):
            self.at += 3
            return node("degrees", tree)
        if self.eat("prime") or self.sees("'"):
            raise Unreadable("a prime")
        return node("pow", tree, self.group())

    def group(self) -> Tree:
        """`{…}`, or the one token that LaTeX takes as an argument."""
        if self.eat("{"):
            if self.eat("}"):
                raise Unreadable("an empty group")
            tree = self.sum()
            self.need("}")
            return tree
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "letter":
            return Letter(token.text)
        if token.kind == "command":
            self.at -= 1
            return self.base()
        raise Unreadable(f"argument missing before “{token.text or 'the end'}”")

    def base(self) -> Tree:
        token = self.take()
        if token.kind == "number":
            return self._numeral(token)
        if token.kind == "letter":
            return self._letter(token.text)
        if token.kind == "begin":
            return self._environment(token.text)
        if token.kind == "symbol":
            return self._bracketed(token.text)
        if token.kind == "command":
            return self._command(token.text)
        raise Unreadable(f"“{token.text or 'the end'}” in a formula")

    # --- numbers ---

    def _numeral(self, token: LatexToken) -> Tree:
        if self.sees("frac") and token.text.isdigit():
            mixed = self._mixed(token)
            if mixed is not None:
                return mixed
        if self.sees(".") and self.sees("overline", ahead=1):
            self.at += 2
            return self._repeating(self.number(token), None)
        if "." in token.text and self.sees("overline"):
            self.at += 1
            return self._repeating(None, token)
        return self.number(token)

    def _mixed(self, token: LatexToken) -> Tree | None:
        """`4\\frac12` is four and a half; before anything but a proper fraction of numerals it multiplies."""
        start = self.at
        self.need("frac")
        try:
            top, bottom = self.group(), self.group()
        except Unreadable:
            top = bottom = Letter("")
        if isinstance(top, Numeral) and isinstance(bottom, Numeral) and _below(top, bottom):
            return node("mixed", self.number(token), top, bottom)
        self.at = start
        return None

    def _repeating(self, whole: Numeral | None, token: LatexToken | None) -> Tree:
        """`0.1\\overline{6}`: whole part, digits that do not repeat, digits that do."""
        self.need("{")
        digits = self.take()
        if digits.kind != "number" or not plain_number(digits.text).isdigit():
            raise Unreadable("a bar over something else than digits")
        self.need("}")
        repeated = self.number(digits)
        if token is not None:
            return node("repeating", Numeral(token.text, self.numbers.get(token.start, -1)), repeated)
        assert whole is not None
        return node("repeating", whole, repeated)

    # --- letters and functions ---

    def _letter(self, name: str) -> Tree:
        if name in self.names.functions:
            return self._function_letter(name)
        if name in _NEVER_PRODUCTS and (self.sees("(") or self._inverse_ahead()):
            raise Unreadable(f"the function {name} is not defined")
        subscript = self._subscript()
        symbol = Letter(f"{name}_{subscript}") if subscript else Letter(name)
        if symbol.name in self.names.functions:
            return self._function_letter(symbol.name)
        return symbol

    def _function_letter(self, name: str) -> Tree:
        subscript = "" if "_" in name else self._subscript()
        symbol = Letter(f"{name}_{subscript}") if subscript else Letter(name)
        if self._inverse_ahead():
            self.need("^")
            self.group()
            return node("inverse", symbol, *self._arguments())
        if self.sees("^"):
            start = self.at
            self.need("^")
            exponent = self.group()
            if self.sees("("):
                if isinstance(bare(exponent), Numeral):
                    raise Unreadable(f"{name}^n(x) may be a power or an iteration")
                raise Unreadable(f"an exponent on the function {name}")
            self.at = start
            return symbol
        if self.sees("("):
            return node("apply", symbol, *self._arguments())
        return symbol

    def _inverse_ahead(self) -> bool:
        """`^{-1}(`: an inverse function."""
        texts = [self.peek(ahead).text for ahead in range(6)]
        return texts[:5] == ["^", "{", "-", "1", "}"] and texts[5] == "("

    def _arguments(self) -> list[Tree]:
        self.need("(")
        found = [self.sum()]
        while self.eat(","):
            found.append(self.sum())
        self.need(")")
        return found

    def _subscript(self) -> str:
        if not self.eat("_"):
            return ""
        if not self.eat("{"):
            return self.take().text
        parts = []
        while not self.sees("}"):
            if self.at >= len(self.tokens):
                raise Unreadable("an open subscript")
            parts.append(self.take().text)
        self.need("}")
        return "".join(parts)

    def _function(self, name: str) -> Tree:
        base = power = None
        for _ in range(2):
            if name == "log" and base is None and self.eat("_"):
                base = self.group()
            elif power is None and self.eat("^"):
                power = self.group()
        argument = self._function_argument()
        if name == "log":
            tree = node("log", base or Numeral("10"), argument)
        elif name == "lg":
            tree = node("log", Numeral("10"), argument)
        else:
            tree = node(name, argument)
        if power is None:
            return tree
        if power == node("neg", Numeral("1")) or (isinstance(power, Node) and _is_minus_one(power)):
            if f"arc{name}" not in INVERSES:
                raise Unreadable(f"{name} to the minus one")
            return node(f"arc{name}", argument)
        return node("pow", tree, power)

    def _function_argument(self) -> Tree:
        """A bracket, or the tight product up to a sign or the next function."""
        if self.sees("(", "["):
            inner = self.base()
            return node("pow", inner, self._power_behind()) if self.sees("^") else inner
        if self.eat("-"):
            return node("neg", self._function_argument())
        factors = [self.factor()]
        while self._tight():
            factors.append(self.factor())
        tree = _product(factors)
        if self.sees("/") and self.peek(1).kind == "number":
            self.at += 1
            tree = node("div", tree, self.factor())
        return tree

    def _power_behind(self) -> Tree:
        raise Unreadable("a power behind the bracket of a function")

    def _tight(self) -> bool:
        kind, text = self.peek().kind, self.peek().text
        return kind in ("letter", "number") or (kind == "command" and (text in GREEK or text in ("pi", "frac", "sqrt")))

    # --- brackets ---

    def _bracketed(self, text: str) -> Tree:
        if text in ("(", "["):
            return self._round(text)
        if text == "{":
            tree = self.sum()
            if self.eat("over"):
                tree = node("div", tree, self.sum())
            if self.eat("choose"):
                tree = node("binom", tree, self.sum())
            self.need("}")
            return tree
        if text == "|":
            return self._absolute("|")
        if text == "." and self.eat("overline"):
            return self._repeating(Numeral("0"), None)
        raise Unreadable(f"“{text or 'the end'}” in a formula")

    def _round(self, opening: str) -> Tree:
        bars, self.bars = self.bars, 0
        items = [self.sum()]
        while self.eat(",", ";"):
            items.append(self.sum())
        self.bars = bars
        if len(items) == 1 and not isinstance(items[0], Numeral):
            relation = self._relation()
            if relation is not None:
                raise Unreadable("a relation in brackets")
        if not self.sees(")", "]"):
            raise Unreadable(f"an open bracket before “{self.peek().text or 'the end'}”")
        closing = self.take().text
        if len(items) == 1:
            return node("paren", items[0])
        if len(items) == 2 and (opening == "[" or closing == "]"):
            return node(f"interval{opening}{closing}", *items)
        return node("tuple", *items)

    def _absolute(self, closing: str) -> Tree:
        self.bars += 1
        tree = self.sum()
        self.bars -= 1
        self.need(closing)
        return node("abs", tree)

    # --- commands ---

    def _command(self, name: str) -> Tree:
        if name in FUNCTIONS:
            return self._function(name)
        if name in GREEK:
            return self._greek(name)
        if name in LISTED:
            return self._listed(name)
        reader = _READERS.get(name)
        if reader is None:
            raise Unreadable(f"“\\{name}” in a formula")
        return reader(self)

    def _greek(self, name: str) -> Tree:
        if name in self.names.functions:
            return self._function_letter(name)
        subscript = self._subscript()
        return Letter(f"{name}_{subscript}" if subscript else name)

    def _listed(self, name: str) -> Tree:
        if not self.eat("(", "["):
            raise Unreadable(f"{name} without a bracket")
        items = [self.sum()]
        while self.eat(","):
            items.append(self.sum())
        self.need(")", "]")
        return node(name, *items)

    def _frac(self) -> Tree:
        return node("div", self.group(), self.group())

    def _binom(self) -> Tree:
        return node("binom", self.group(), self.group())

    def _sqrt(self) -> Tree:
        degree: Tree = Numeral("2")
        if self.eat("["):
            degree = self.sum()
            self.need("]")
        return node("root", self.group(), degree)

    def _root_of(self) -> Tree:
        """`\\root 3 \\of {x}`."""
        degree = self.group()
        self.need("of")
        return node("root", self.group(), degree)

    def _floor(self) -> Tree:
        tree = self.sum()
        self.need("rfloor")
        return node("floor", tree)

    def _ceil(self) -> Tree:
        tree = self.sum()
        self.need("rceil")
        return node("ceil", tree)

    def _set(self) -> Tree:
        if self.peek().kind == "begin" and self.peek().text == "array":
            self.at += 1
            return self._cases()
        bars, self.bars = self.bars, 0
        items = []
        if not self.sees("}"):
            items.append(DOTS if self._dots() else self.sum())
            while self.eat(","):
                items.append(DOTS if self._dots() else self.sum())
        self.bars = bars
        self.need("}")
        if len(items) == 1:
            return node("braces", items[0])
        return node("set", *items)

    def _vertical(self) -> Tree:
        return self._absolute("vert")

    def _norm(self) -> Tree:
        tree = self.sum()
        self.need("Vert")
        return node("norm", tree)

    def _overline(self) -> Tree:
        self.need("{")
        if self.peek().kind == "letter" and self.peek(1).kind == "letter":
            name = self.take().text + self.take().text
            self.need("}")
            return Letter(name)
        tree = self.sum()
        self.need("}")
        return node("conj", tree)

    def _det(self) -> Tree:
        return node("det", self.factor())

    def _bound(self, head: str) -> Tree:
        """`\\sum_{k=1}^{n} …` and `\\prod`."""
        variable = low = high = None
        for _ in range(2):
            if self.eat("_"):
                self.need("{")
                variable = self.take().text
                self.need("=")
                low = self.sum()
                self.need("}")
            elif self.eat("^"):
                high = self.group()
        if variable is None or low is None or high is None:
            raise Unreadable(f"a {head} without bounds")
        body = self.product() if not self.sees("-") else self._first_term()
        return node(head, Letter(variable), low, high, self._with_more(variable, body) if head == "sum" else body)

    def _with_more(self, index: str, body: Tree) -> Tree:
        """A sum's body with the terms behind it that use its index: no brackets stand in `\\sum a_k + b_k`."""
        terms = [body]
        while self.sees("+", "-"):
            before = self.at
            term = self._next_term(terms)
            if term is None or index not in symbols(term):
                self.at = before
                break
            terms.append(term)
        return _total(terms)

    def _sum_sign(self) -> Tree:
        return self._bound("sum")

    def _product_sign(self) -> Tree:
        return self._bound("product")

    def _limit(self) -> Tree:
        self.need("_")
        self.need("{")
        variable = self.take().text
        self.need("to")
        point, side = self._limit_point()
        self.need("}")
        return node("limit", Letter(variable), point, Letter(side), self.sum())

    def _limit_point(self) -> tuple[Tree, str]:
        point = node("neg", self.product()) if self.eat("-") else self.product_without_power()
        side = "both"
        if self.eat("^"):
            braced = self.eat("{")
            side = "right" if self.eat("+") else "left"
            if side == "left":
                self.need("-")
            if braced:
                self.need("}")
        return point, side

    def product_without_power(self) -> Tree:
        factors = [self.base()]
        while self._tight():
            factors.append(self.base())
        if self.sees("/"):
            self.at += 1
            return node("div", _product(factors), self.base())
        return _product(factors)

    def _integral(self) -> Tree:
        low = high = None
        for _ in range(2):
            if self.eat("_"):
                low = self._bound_of_integral()
            elif self.eat("^"):
                high = self._bound_of_integral()
        stop = self._differential()
        body = self._until(stop)
        self.at = stop + 1 + (self.tokens[stop].text == "mathrmd")
        variable = Letter(self.take().text)
        if (low is None) != (high is None):
            raise Unreadable("an integral with one bound")
        if low is None or high is None:
            return node("antiderivative", variable, body)
        return node("integral", variable, low, high, body)

    def _bound_of_integral(self) -> Tree:
        if self.eat("{"):
            tree = self.sum()
            self.need("}")
            return tree
        return node("neg", self.group()) if self.eat("-") else self.group()

    def _differential(self) -> int:
        """Where the `d` of `dx` stands: the last one of the tokens that a letter follows."""
        for place in range(len(self.tokens) - 2, self.at - 1, -1):
            if self.tokens[place].text == "d" and self.tokens[place + 1].kind == "letter":
                return place
        raise Unreadable("an integral without a differential")

    def _until(self, stop: int) -> Tree:
        inner = _Parser(self.tokens[self.at : stop], self.numbers, self.names)
        if not inner.tokens:
            return Numeral("1")
        tree = inner.sum()
        if inner.at < len(inner.tokens):
            raise Unreadable(f"an integrand goes on at “{inner.peek().text}”")
        return tree

    # --- environments ---

    def _environment(self, name: str) -> Tree:
        if name in ("pmatrix", "bmatrix", "matrix", "smallmatrix", "array"):
            return node("matrix", *self._rows(name))
        if name == "vmatrix":
            return node("det", node("matrix", *self._rows(name)))
        if name == "cases":
            return self._cases()
        raise Unreadable(f"the environment {name}")

    def _rows(self, name: str) -> Iterator[Tree]:
        row: list[Tree] = []
        while True:
            row.append(self.sum())
            if self.eat("&"):
                continue
            if self.eat("\\") and self.peek().kind != "end":
                yield node("row", *row)
                row = []
                continue
            if self.peek().kind == "end" and self.peek().text == name:
                self.at += 1
                yield node("row", *row)
                return
            raise Unreadable("a matrix that is not rectangular")

    def _cases(self) -> Tree:
        """`{cases}`: values with conditions, `otherwise` as the word."""
        parts: list[Tree] = []
        while self.peek().kind != "end":
            parts.append(self.sum())
            self.eat(",")
            self.eat("&")
            parts.append(self._case_condition())
            self.eat(",", ".")
            self.eat("\\")
        self.at += 1
        return node("cases", *parts)

    def _case_condition(self) -> Tree:
        while self.peek().kind == "text" and self.peek().text.strip(", ") in ("if", "for", "when", ""):
            self.at += 1
        if self.peek().kind == "text" and self.peek().text.strip() in ("otherwise", "otherwise,", "else"):
            self.at += 1
            return node("true")
        self.eat("&")
        return self._described(self.statement())

    def _described(self, condition: Tree) -> Tree:
        """`n is odd` as the condition on n."""
        words = self.peek().text.strip(" .,") if self.peek().kind == "text" else ""
        described = {
            "is odd": node("not", node("divides", Numeral("2"), condition)),
            "is even": node("divides", Numeral("2"), condition),
            "is rational": node("domain", condition, Letter("rational")),
            "is irrational": node("domain", condition, Letter("irrational")),
            "is an integer": node("is_integer", condition),
            "is not an integer": node("not", node("is_integer", condition)),
            "is real": node("domain", condition, Letter("real")),
            "is not real": node("domain", condition, Letter("nonreal")),
            "is prime": node("is_prime", condition),
        }
        if words in described:
            self.at += 1
            return described[words]
        return condition


DOTS = node("dots")
_FACTORS = frozenset({
    "frac", "sqrt", "pi", "binom", "lfloor", "lceil", "{", "sum", "prod", "infty", "det", "overline", "gcd", "lcm",
    "lim", "int", "root", "max", "min",
})  # fmt: skip
_READERS = {
    "frac": _Parser._frac,
    "binom": _Parser._binom,
    "sqrt": _Parser._sqrt,
    "root": _Parser._root_of,
    "pi": lambda parser: node("pi"),
    "infty": lambda parser: node("infinity"),
    "lfloor": _Parser._floor,
    "lceil": _Parser._ceil,
    "{": _Parser._set,
    "vert": _Parser._vertical,
    "Vert": _Parser._norm,
    "overline": _Parser._overline,
    "det": _Parser._det,
    "sum": _Parser._sum_sign,
    "prod": _Parser._product_sign,
    "lim": _Parser._limit,
    "int": _Parser._integral,
}


def _total(terms: list[Tree]) -> Tree:
    if len(terms) == 1 and terms[0] != DOTS:
        return terms[0]
    return node("series_sum" if DOTS in terms else "add", *terms)


def _product(factors: list[Tree]) -> Tree:
    if len(factors) == 1:
        return factors[0]
    return node("series_product" if DOTS in factors else "mul", *factors)


def _has_digits(tree: Tree) -> bool:
    inner = bare(tree)
    return isinstance(inner, Numeral) and inner.text.isdigit()


def _below(top: Numeral, bottom: Numeral) -> bool:
    return top.text.isdigit() and bottom.text.isdigit() and int(top.text) < int(bottom.text)


def _is_minus_one(tree: Node) -> bool:
    inner = tree.args[0] if tree.head == "neg" else None
    return isinstance(inner, Numeral) and inner.text == "1"
