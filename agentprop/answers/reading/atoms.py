"""The smallest values: numbers in every notation, names, LaTeX commands and functions with their arguments."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.arithmetic import combine, determinant
from agentprop.answers.reading.brackets import Brackets
from agentprop.answers.reading.environments import environment
from agentprop.answers.reading.grammar import (
    BIG_OPERATORS,
    BINOMIALS,
    CLOSERS,
    CONSTANTS,
    CURRENCY_SIGNS,
    DECORATIONS,
    DOUBLE_STRUCK,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    GREEK_VARIANTS,
    INFIX,
    NAMES,
    NUMBER_FUNCTIONS,
    POSITIVE_REALS,
    PRODUCT,
    RELATIONS,
    WHOLE,
    words,
)
from agentprop.answers.reading.literals import literal
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Interval,
    Matrix,
    Node,
    Number,
    Operation,
    Symbol,
    Truth,
    UnreadableAnswer,
    Words,
    apply,
    is_closed,
    is_scalar,
    operation,
)
from agentprop.answers.reading.numbers import bracketed_digits, in_base_ahead, number
from agentprop.answers.reading.operators import big_operator
from agentprop.answers.reading.tokens import Token

_ENGLISH = frozenset(words(
    "not but the are was has any all yes you how who why too its per out off so we of only also each none such or and"
))  # fmt: skip
"""Words that are never a product of variables."""

_MINUS_ONE = apply("neg", Number(Fraction(1)))
_DIFFERENTIALS = (Symbol("d"), Symbol("partial"))
_UNWORKED = "a derivative that is not worked out"
_CALLED = frozenset("fghFGH")
_OF_CHANCE = frozenset(("Var", "Cov"))
_CLOSING = {"(": ")", "{": "}", "[": "]", "\\{": "\\}"}
_FACES = frozenset(("{", "langle", "lfloor", "lceil", "lvert", "lVert", "|", "vert", "Vert", "mid", "$"))


class Atoms(Brackets):
    """The part of the parser that reads one value up to its first operator."""

    def atom(self) -> Node:
        token = self.take()
        match token.kind:
            case "number":
                return number(self, token)
            case "string":
                return Words(token.text, quoted=True)
            case "word":
                return self._word(token.text)
            case "command":
                return self._command(token.text)
            case "op":
                return self._sign(token.text)
            case _:
                raise UnreadableAnswer("the text ends where a value should stand")

    def _sign(self, sign: str) -> Node:
        """A bracket; `(1011)_2`; or an index in front, as in `_{10}C_3`."""
        if sign == "(" and (digits := bracketed_digits(self)) is not None:
            return digits
        if sign in ("_", "^") or (sign == "{" and self.sees("}") and self.ahead(1).text in ("_", "^")):
            return self._chosen(braced=sign == "{")
        return self.bracket(sign)

    def _chosen(self, *, braced: bool) -> Node:
        """`_nC_k`, `{}^nC_k`: k out of n; with P in their order."""
        self.at += 2 if braced else 0
        whole = self.argument()
        letter = self.take().text
        if letter not in ("C", "P") or not self.accept("_"):
            raise UnreadableAnswer("an index without its symbol")
        part = self.argument()
        ways = combine("binomial", whole, part)
        return ways if letter == "C" else combine("*", ways, combine("factorial", part))

    # -- names -------------------------------------------------------------------------------------------------------

    def _word(self, word: str) -> Node:
        if word in ("True", "true", "False", "false"):
            return Truth(word.lower() == "true")
        if word in ("None", "null", "undefined", "DNE"):
            return Words("does not exist" if word == "DNE" else word)
        if word in self.bound:
            return self.symbol(word)
        if word.isupper() and (self.token.kind == "number" or (len(word) > 1 and self.sees("_"))):
            based = in_base_ahead(self, word)
            if based is not None:
                return based
        if word in FUNCTIONS and not (word in ("min",) and not self.sees("(", "\\{", "{")):
            return self._function(FUNCTIONS[word])
        if word in ("log2", "log10") or (word == "C" and self.sees("(")):
            return self._function({"C": "binomial"}.get(word, word))
        if word in CONSTANTS and not (len(word) == 1 and self.sees("_")):
            return Constant(CONSTANTS[word])
        if word in GREEK:
            return self.symbol(GREEK_VARIANTS.get(word, word))
        if word == "diag" and self.accept("("):
            return _diagonal(self.within(")"))
        if word in _OF_CHANCE and self.sees("(", "["):
            return _call(word, self.within(_CLOSING[self.take().text]))
        if word in _ENGLISH or len(word) > 3:
            if self.sees("(") and self.token.glued and word not in _ENGLISH:
                self.at += 1
                return _call(word, self.within(")"))
            raise UnreadableAnswer(f"the word {word!r} is no known name")
        return self._letters(word)

    def _letters(self, word: str) -> Node:
        """A run of letters is a product of variables; the last owns what follows (subscript, exponent)."""
        before = self.tokens[max(0, self.at - 3) : self.at - 1]
        if len(word) == 2 and word[0] == "d" and [token.text for token in before] == ["d", "/"] and self._goes_on():
            raise UnreadableAnswer(_UNWORKED)
        if self.at > 1 and self.tokens[self.at - 2].text == "/" and len(word) > 1 and not self.tight:
            self.at -= 1
            self.tokens[self.at] = Token("word", word[1:], True)
            word = word[0]
        factors: list[Node] = [self._letter(letter) for letter in word[:-1]]
        last = word[-1]
        plain = last in "ei" and last not in self.bound and not self.sees("_")
        factors.append(self._letter(last) if plain else self.symbol(last))
        if len(factors) == 1:
            return factors[0]
        if self.sees("^", "**") and not self.degree_width():
            self.at += 1
            factors[-1] = combine("^", factors[-1], self.exponent())
        return apply("*", *factors)

    def _letter(self, letter: str) -> Node:
        return Constant(CONSTANTS[letter]) if letter in "ei" and letter not in self.bound else Symbol(letter)

    def symbol(self, name: str) -> Node:
        """A variable with its subscript and its primes; f(x) where a letter that names functions is called."""
        if self.sees("_"):
            self.at += 1
            if self._bound_index():
                return operation("call", Symbol(f"{name}_"), self.argument())
            name = f"{name}_{self.name_in_braces()}"
        while self.prime_width()[0] and self.token.kind != "quote" and (self.token.glued or self.sees("^")):
            width, strokes = self.prime_width()
            self.at += width
            name += "'" * strokes
        called = name[0] in _CALLED and self.sees("(") and self.ahead(1).text != ")"
        if self.token.glued and (called or (name == "E" and self._of_a_random_variable())):
            return _call(name, self.within(_CLOSING[self.take().text]))
        return Symbol(name)

    def _of_a_random_variable(self) -> bool:
        """`E[X^2]` is an expected value and no product: a capital letter stands in the brackets here."""
        follower = self.ahead(1)
        return self.sees("(", "[") and len(follower.text) == 1 and follower.text.isupper()

    def _bound_index(self) -> bool:
        """The subscript here runs: x_i under a sum over i is a function of i."""
        if not self.bound:
            return False
        width = 1
        while self.sees("{") and width < 12 and self.ahead(width).text not in ("}", ""):
            width += 1
        return any(self.ahead(k).text in self.bound for k in range(width))

    # -- commands ----------------------------------------------------------------------------------------------------

    def _command(self, command: str) -> Node:
        name = command[1:]
        if command in FRACTIONS:
            top, bottom = self.argument(single_digit=True), self.argument(single_digit=True)
            if _differentiates(top, bottom) and self._goes_on():
                raise UnreadableAnswer(_UNWORKED)
            return combine("/", top, bottom)
        if command in BINOMIALS:
            return combine("binomial", self.argument(single_digit=True), self.argument(single_digit=True))
        if name == "sqrt":
            return self._root()
        if name in FUNCTIONS:
            return self._function(FUNCTIONS[name])
        if name in NUMBER_FUNCTIONS and self.sees("("):
            return self._number_function(name)
        if name in CONSTANTS:
            return Constant(CONSTANTS[name]) if CONSTANTS[name] != "empty" else Collection("set", ())
        if name in GREEK:
            return self.symbol(GREEK_VARIANTS.get(name, name))
        if name in BIG_OPERATORS:
            return big_operator(self, name)
        if name == "begin":
            return environment(self)
        return self._rarer_command(command, name)

    def _goes_on(self) -> bool:
        """A factor follows."""
        token = self.token
        if token.kind == "op":
            return token.text in ("(", "[", "{")
        return token.kind != "end" and not any(token.text in signs for signs in (CLOSERS, INFIX, RELATIONS))

    def _rarer_command(self, command: str, name: str) -> Node:
        if name == "mathbb":
            return self._double_struck()
        if name in DECORATIONS:
            return self._decorated(name)
        if name in _FACES or command in CURRENCY_SIGNS:
            return self.bracket(command)
        if name in ("derivative", "partialderivative"):
            return self._derivative("d" if name == "derivative" else "partial ")
        if name.startswith("unitvector"):
            return Symbol(f"unit {name[-1]}")
        if name in ("angle", "measuredangle", "triangle"):
            return Symbol(f"{name}({self._letters_ahead()})")
        if name == "lim":
            return self._limit()
        if name in ("boxed", "fbox", "phantom", "mathop", "displaystyle"):
            return self.argument()
        raise UnreadableAnswer(f"the command {command} is not in the grammar")

    def _derivative(self, sign: str) -> Node:
        """`dy/dx`, which `reading.notations` has marked: a name with its function, its variable and its order."""
        self.expect("{")
        function, variable, order = (self.take().text for _ in range(3))
        self.expect("}")
        return Symbol(f"{sign}{function} by {sign}{variable} {order}")

    def _letters_ahead(self) -> str:
        token = self.take()
        if token.text == "{":
            self.at -= 1
            return self.name_in_braces()
        if token.kind not in ("word", "command"):
            raise UnreadableAnswer("an angle without a name")
        return token.text.lstrip("\\")

    def _decorated(self, name: str) -> Node:
        """`\\bar{x}` and `\\vec{v}` are names of their own; a bar over a number is its conjugate."""
        sign, mark = DECORATIONS[name], self.at
        if self.sees("{"):
            text = self.name_in_braces()
            if text.isalpha():
                return self.symbol(f"{sign}({text})" if sign else text)
            self.at = mark
        inner = self.argument()
        if isinstance(inner, Symbol):
            return Symbol(f"{sign}({inner.name})") if sign else inner
        if sign == "bar" and is_scalar(inner):
            return apply("conj", inner)
        if sign == "vec" and inner == Number(Fraction(0)):
            return Symbol("zero vector")
        raise UnreadableAnswer(f"\\{name} over an expression")

    def _limit(self) -> Node:
        """An unevaluated limit, kept as it is written."""
        if not self.accept("_"):
            raise UnreadableAnswer("a limit without its point")
        where = self.argument() if not self.accept("{") else self.within("}")
        return operation("lim", self.expression(PRODUCT), where)

    def _double_struck(self) -> Node:
        name, mark = self.name_in_braces(), self.at
        if self.sees("^", "_"):
            mark_text = self.take().text
            longer = f"{name}{mark_text}{self.name_in_braces()}"
            if longer in POSITIVE_REALS:
                return Interval(Number(Fraction(0)), Constant("inf"), POSITIVE_REALS[longer], False)
            if longer in DOUBLE_STRUCK:
                return Constant(DOUBLE_STRUCK[longer])
            self.at = mark
            if mark_text == "^" and name in DOUBLE_STRUCK:
                self.at += 1
                return operation("space", Constant(DOUBLE_STRUCK[name]), self.argument())
        if name in ("E", "P"):
            return self.symbol(name)
        if name not in DOUBLE_STRUCK:
            raise UnreadableAnswer(f"no known set is called {name!r}")
        return Constant(DOUBLE_STRUCK[name])

    def _root(self) -> Node:
        if self.accept("["):
            index = self.expression(WHOLE)
            self.expect("]")
            return combine("root", self.argument(), index)
        return combine("sqrt", self.argument())

    def _number_function(self, name: str) -> Node:
        mark = self.at
        self.at += 1
        inner = self.within(")")
        if is_closed(inner):
            return apply(NUMBER_FUNCTIONS[name], inner)
        self.at = mark
        return self.symbol(name)

    def argument(self, *, single_digit: bool = False) -> Node:
        if self.accept("{"):
            inner = self.within("}")
            return inner
        if single_digit and self.token.kind == "number" and self.token.text.isdigit() and len(self.token.text) > 1:
            digits = self.token.text
            self.tokens[self.at] = Token("number", digits[1:], True)
            return Number(Fraction(int(digits[0])))
        if self.token.kind == "number":
            return Number(literal(self.take().text))
        split = self.token.text not in NAMES or (single_digit and self.token.text in ("lg", "ln", "tg"))
        if self.token.kind == "word" and len(self.token.text) > 1 and split:
            word = self.token.text
            self.tokens[self.at] = Token("word", word[1:], True)
            return self._letter(word[0])
        return self.atom()

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
            base, args = args[1], args[:1]
        if base is not None:
            if name not in ("log", "ln"):
                raise UnreadableAnswer(f"a subscript under {name}")
            value: Node = combine("logbase", base, *args)
        elif power == _MINUS_ONE and name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh"):
            return combine("arc" + name, *args)
        else:
            value = _applied(name, args)
        return value if power is None else combine("^", value, power)

    def _arguments(self) -> tuple[Node, ...]:
        if self.sees("(", "{", "[", "\\{"):
            inner = self.within(_CLOSING[self.take().text])
            return inner.items if isinstance(inner, Collection) and inner.kind == "bare" else (inner,)
        factor = self.postfix(self.expression(PRODUCT))
        while self._starts_plain_factor():
            factor = combine("*", factor, self.expression(PRODUCT))
        return (factor,)

    def _starts_plain_factor(self) -> bool:
        """In `sin 2x cos x` the x belongs to the sine and the cosine does not."""
        token = self.token
        if token.text in self.stops:
            return False
        if token.kind == "word":
            return (
                token.text not in FUNCTIONS
                and token.text not in CLOSERS
                and token.text not in INFIX
                and (token.text not in RELATIONS and len(token.text) == 1)
            )
        return token.kind == "command" and (token.text[1:] in GREEK or token.text in ("\\pi", "\\frac"))


def _differentiates(top: Node, bottom: Node) -> bool:
    """`d/dx`, which in front of a function is no quotient."""
    sign = top.args[0] if isinstance(top, Operation) and top.head == "^" else top
    return sign in _DIFFERENTIALS and isinstance(bottom, Operation) and bottom.head == "*" and bottom.args[0] == sign


def _diagonal(entries: Node) -> Node:
    """The square matrix with these entries on its diagonal."""
    values = entries.items if isinstance(entries, Collection) and entries.kind == "bare" else (entries,)
    if not all(map(is_scalar, values)):
        raise UnreadableAnswer("a diagonal of something that is no number")
    zero = Number(Fraction(0))
    size = range(len(values))
    return Matrix(tuple(tuple(values[row] if row == column else zero for column in size) for row in size))


def _call(name: str, inner: Node) -> Node:
    """A function that is not known, of expressions."""
    operands = inner.items if isinstance(inner, Collection) and inner.kind == "bare" else (inner,)
    if not all(map(is_scalar, operands)):
        raise UnreadableAnswer(f"a function {name!r} of something that is no number")
    return operation("call", Symbol(name), *operands)


def _applied(name: str, args: tuple[Node, ...]) -> Node:
    """A function of its arguments; `cis` is written out, and a determinant takes a matrix."""
    if name == "cis" and len(args) == 1:
        return apply("+", apply("cos", *args), apply("*", Constant("i"), apply("sin", *args)))
    if name == "det" and isinstance(args[0], Matrix):
        return determinant(args[0])
    if name in ("sech", "csch") and len(args) == 1:
        return apply("/", Number(Fraction(1)), apply({"sech": "cosh", "csch": "sinh"}[name], *args))
    return combine(name, *args)
