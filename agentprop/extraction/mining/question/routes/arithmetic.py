"""Sums, products, powers, roots, constants and remainders → Python."""

from __future__ import annotations

from agentprop.extraction.mining.question.latex.tree import Letter, Node, Numeral, Tree, bare
from agentprop.extraction.mining.question.routes.writer import RouteWriter

ARITHMETIC = frozenset({"add", "neg", "mul", "div", "pow", "factorial", "paren"})
OF_NUMBERS = frozenset(
    {
        "cases",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "and",
        "or",
        "not",
        "difference",
        "list",
        "tuple",
        "matrix",
        "row",
        "dot",
    }
    | {"cross", "max", "min", "largest", "smallest", "spread", "part", "trace", "transposed", "true", "percent"}
)


class Arithmetic(RouteWriter):
    """The part that writes numbers and what is computed of them."""

    def add(self, tree: Node) -> str:
        parts: list[str] = []
        for arg in tree.args:
            inner = bare(arg)
            if isinstance(inner, Node) and inner.head == "neg" and parts:
                parts.append(f"- {self.factor(inner.args[0])}")
            else:
                parts.append(f"+ {self.text(arg)}" if parts else self.text(arg))
        return "(" + " ".join(parts) + ")"

    def neg(self, tree: Node) -> str:
        return f"-{self.factor(tree.args[0])}"

    def mul(self, tree: Node) -> str:
        return "(" + " * ".join(self.factor(arg) for arg in tree.args) + ")"

    def div(self, tree: Node) -> str:
        top, bottom = (self.text(arg) for arg in tree.args)
        if self.modulus:
            return f"residue_div({top}, {bottom})"
        return f"{self.either('div', 'plain_div')}({top}, {bottom})"

    def pow(self, tree: Node) -> str:
        base = self.text(tree.args[0])
        if self.modulus:
            exponent = self._apart(tree.args[1])
            return f"residue_power({base}, {exponent})"
        return f"{self.either('power', 'plain_power')}({base}, {self.text(tree.args[1])})"

    def _apart(self, tree: Tree) -> str:
        """What is not taken modulo anything, though it stands in a residue."""
        modulus, self.modulus = self.modulus, None
        text = self.text(tree)
        self.modulus = modulus
        return text

    def factorial(self, tree: Node) -> str:
        if self.modulus:
            return f"residue_factorial({self._apart(tree.args[0])}, {self.modulus})"
        return f"{self.either('factorial', 'plain_factorial')}({self.text(tree.args[0])})"

    def paren(self, tree: Node) -> str:
        return self.text(tree.args[0])

    def percent(self, tree: Node) -> str:
        return f"{self.either('div', 'plain_div')}({self.text(tree.args[0])}, 100)"

    def root(self, tree: Node) -> str:
        if self.strict:
            return (
                f"{self.either('real_root', 'plain_real_root')}({self.text(tree.args[0])}, {self.text(tree.args[1])})"
            )
        name = "form_root" if self.unknowns else "root"
        return f"{self.either(name, 'plain_root')}({self.text(tree.args[0])}, {self.text(tree.args[1])})"

    def absolute(self, tree: Node) -> str:
        name = "form_absolute" if self.unknowns else "absolute"
        return f"{self.either(name, 'plain_absolute')}({self.text(tree.args[0])})"

    def constant(self, tree: Node) -> str:
        return self.either(
            *{"pi": ("PI", "PLAIN_PI"), "imaginary": ("IMAGINARY", "PLAIN_I"), "euler": ("euler()", "PLAIN_E")}[
                tree.head
            ]
        )

    def repeating(self, tree: Node) -> str:
        start, repeated = tree.args
        assert isinstance(start, Numeral) and isinstance(repeated, Numeral)
        places = len(start.text.partition(".")[2])
        name = self.either("repeating", "plain_repeating")
        return f"{name}({self.text(start)}, {places}, {self.text(repeated)}, {len(repeated.text)})"

    def remainder(self, tree: Node) -> str:
        """The first argument of a remainder is reduced step by step on the exact route."""
        value, modulus = tree.args
        if self.route == "check" or not is_arithmetic(value) or self.unknowns:
            return f"{self.either('remainder', 'plain_remainder')}({self.text(value)}, {self.text(modulus)})"
        self.modulus = f"{self.text(modulus)}"
        text = self.text(value)
        self.modulus = None
        return f"class_value({text})"


def is_arithmetic(tree: Tree) -> bool:
    """Whether a tree can be taken modulo a number operation by operation."""
    if isinstance(tree, Numeral):
        return "." not in tree.text
    if isinstance(tree, Letter) or tree.head not in ARITHMETIC:
        return False
    if tree.head in ("pow", "factorial"):
        return is_arithmetic(tree.args[0]) if tree.head == "pow" else True
    return all(map(is_arithmetic, tree.args))


def is_of_numbers(tree: Tree) -> bool:
    """Whether floats in place of a tree's numerals give its value by another arithmetic."""
    if isinstance(tree, Numeral):
        return True
    if isinstance(tree, Letter) or tree.head not in ARITHMETIC | OF_NUMBERS:
        return False
    return all(map(is_of_numbers, tree.args))
