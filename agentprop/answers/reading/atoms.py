"""The smallest values: numbers in every notation, names, LaTeX commands and functions with their arguments."""

from __future__ import annotations

from fractions import Fraction

from agentprop.answers.reading.brackets import Brackets
from agentprop.answers.reading.grammar import (
    BINOMIALS,
    CLOSERS,
    CONSTANTS,
    DOUBLE_STRUCK,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    INFIX,
    NAMES,
    PRODUCT,
    RELATIONS,
    WHOLE,
)
from agentprop.answers.reading.literals import continued, literal, repeating
from agentprop.answers.reading.nodes import (
    Collection,
    Constant,
    Node,
    Number,
    Symbol,
    Truth,
    UnreadableAnswer,
    Words,
    apply,
)
from agentprop.answers.reading.tokens import Token


class Atoms(Brackets):
    """The part of the parser that reads one value up to its first operator."""

    def atom(self) -> Node:
        token = self.take()
        match token.kind:
            case "number":
                return self._number(token)
            case "string":
                return Words(token.text, quoted=True)
            case "word":
                return self._word(token.text)
            case "command":
                return self._command(token.text)
            case "op":
                return self.bracket(token.text)
            case _:
                raise UnreadableAnswer("the text ends where a value should stand")

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
            return Number(continued(token.text))
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
        if ahead[0].text in FRACTIONS:
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
            raise UnreadableAnswer("a repeating block must be digits")
        self.expect(closer)
        return Number(repeating(prefix, block.text))

    def _in_base(self, digits: str) -> Node:
        self.at += 1
        base = self.argument()
        if not isinstance(base, Number) or base.value.denominator != 1 or not 2 <= base.value <= 10:
            raise UnreadableAnswer("a number with a subscript that is no base")
        if any(int(digit) >= base.value for digit in digits) or len(digits) > 1000:
            raise UnreadableAnswer("digits outside their base")
        return apply("based", Number(Fraction(int(digits, int(base.value)))), Number(literal(digits)))

    def _word(self, word: str) -> Node:
        if word in ("True", "true", "False", "false"):
            return Truth(word.lower() == "true")
        if word in ("None", "null", "undefined", "DNE"):
            return Words(word)
        if word in FUNCTIONS and not (word in ("min",) and not self.sees("(")):
            return self._function(FUNCTIONS[word])
        if word in ("log2", "log10") or (word == "C" and self.sees("(")):
            return self._function({"C": "binomial"}.get(word, word))
        if word in CONSTANTS:
            return Constant(CONSTANTS[word])
        if word in GREEK:
            return self._symbol(word)
        if len(word) > 3:
            raise UnreadableAnswer(f"the word {word!r} is no known name")
        return self._letters(word)

    def _letters(self, word: str) -> Node:
        """A run of letters is a product of variables; the last owns what follows (subscript, exponent)."""
        if self.at > 1 and self.tokens[self.at - 2].text == "/" and len(word) > 1 and not self.tight:
            self.at -= 1
            self.tokens[self.at] = Token("word", word[1:], True)
            word = word[0]
        factors: list[Node] = [
            Constant(CONSTANTS[letter]) if letter in "ei" else Symbol(letter) for letter in word[:-1]
        ]
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
            name = f"{name}_{self.name_in_braces()}"
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
        return (
            inside.kind == "word" and len(inside.text) == 1 and closing.text == ")" and after.text in ("=", "\\equiv")
        )

    def _command(self, command: str) -> Node:
        name = command[1:]
        if command in FRACTIONS:
            return apply("/", self.argument(single_digit=True), self.argument(single_digit=True))
        if command in BINOMIALS:
            return apply("binomial", self.argument(single_digit=True), self.argument(single_digit=True))
        if name == "sqrt":
            return self._root()
        if name == "operatorname":
            return self._word(self.name_in_braces())
        if name in FUNCTIONS:
            return self._function(FUNCTIONS[name])
        if name in CONSTANTS:
            return Constant(CONSTANTS[name]) if CONSTANTS[name] != "empty" else Collection("set", ())
        if name in GREEK:
            return self._symbol(name)
        if name == "mathbb":
            return self._double_struck()
        if name == "begin":
            return self._matrix()
        if name in ("{", "langle", "lfloor", "lceil", "lvert", "|", "vert"):
            return self.bracket(command)
        raise UnreadableAnswer(f"the command {command} is not in the grammar")

    def _double_struck(self) -> Node:
        name = self.name_in_braces()
        if name not in DOUBLE_STRUCK:
            raise UnreadableAnswer(f"no known set is called {name!r}")
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
        if self.token.kind == "word" and len(self.token.text) > 1 and self.token.text not in NAMES:
            word = self.token.text
            self.tokens[self.at] = Token("word", word[1:], True)
            return Constant(word[0]) if word[0] in "ei" else Symbol(word[0])
        return self.atom()

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
            value: Node = apply("logbase", base, *args)
        elif power == apply("neg", Number(Fraction(1))) and name in ("sin", "cos", "tan", "cot", "sec", "csc"):
            return apply("arc" + name, *args)
        else:
            value = apply(name, *args)
        return value if power is None else apply("^", value, power)

    def _arguments(self) -> tuple[Node, ...]:
        if self.sees("(", "{", "[", "\\{"):
            inner = self.within({"(": ")", "{": "}", "[": "]", "\\{": "\\}"}[self.take().text])
            return inner.items if isinstance(inner, Collection) and inner.kind == "bare" else (inner,)
        factor = self.postfix(self.expression(PRODUCT))
        while self._starts_plain_factor():
            factor = apply("*", factor, self.expression(PRODUCT))
        return (factor,)

    def _starts_plain_factor(self) -> bool:
        """In `sin 2x cos x` the x belongs to the sine and the cosine does not."""
        token = self.token
        if token.kind == "word":
            return (
                token.text not in FUNCTIONS
                and token.text not in CLOSERS
                and token.text not in INFIX
                and (token.text not in RELATIONS and len(token.text) == 1)
            )
        return token.kind == "command" and (token.text[1:] in GREEK or token.text in ("\\pi", "\\frac"))
