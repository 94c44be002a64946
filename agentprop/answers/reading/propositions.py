"""Formulas of logic: `p \\to q`, `¬(p ∧ q)`, `p AND NOT q`, `\\forall x P(x)`; anything with a number in it is none.

Atoms are single letters, perhaps of variables (`P(x)`). The tree is normal up to the order and repetition in and, or,
iff, and up to double negation: equal trees are the same formula. `p \\to q` alone may be a map of sets as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Proposition, Tree, UnreadableAnswer

_SPELLINGS = {
    "not": "\\neg \\lnot ¬ ~ \\sim NOT !", "and": "\\land \\wedge ∧ & && AND", "or": "\\lor \\vee ∨ || OR",
    "xor": "\\oplus ⊕ XOR", "implies": "\\to \\rightarrow \\implies \\Rightarrow \\Longrightarrow → ⇒ -> => ⟹ IMPLIES",
    "iff": "\\leftrightarrow \\iff \\Leftrightarrow \\Longleftrightarrow ↔ ⇔ <-> <=> ⟺ IFF", "forall": "\\forall ∀",
    "exists": "\\exists ∃",
}  # fmt: skip
_CONNECTIVES = {spelling: name for name, spelled in _SPELLINGS.items() for spelling in words(spelled)}
_CERTAIN = re.compile(
    r"\\(?:neg|lnot|land|wedge|lor|vee|forall|exists|leftrightarrow|Leftrightarrow|iff|to|rightarrow|implies|Rightarrow)"
    r"(?![a-zA-Z])|[¬∧∨∀∃→⇒↔⇔⊕]|\b(?:NOT|AND|OR|XOR|IMPLIES|IFF)\b"
)
_TOKEN = re.compile(
    r"\s+|\\[,;:!() \[\]]|\\(?:left|right|text|mathrm|quad|qquad|bigl?|bigr?)(?![a-zA-Z])|\$|(?P<sign>"
    + "|".join(
        re.escape(one) + ("(?![a-zA-Z])" if one[-1].isalpha() else "")
        for one in sorted(_CONNECTIVES, key=len, reverse=True)
    )
    + r")|(?P<atom>[A-Za-z](?:_\{?\w\}?)?(?:\([a-z](?:\s*,\s*[a-z])*\))?)(?![A-Za-z])|(?P<bracket>[()\[\]{}.:,])"
)
_ORDER = ("iff", "implies", "or", "xor", "and")
"""Connectives from the loosest on."""
_FREE = frozenset(("iff", "or", "xor", "and"))
MAX_CHARS = 300
MAX_ATOMS = 10
_MAX_NESTING = 40


def proposition(text: str) -> Proposition | None:
    """The formula that the whole text is; None for anything else."""
    if len(text) > MAX_CHARS or _CERTAIN.search(text) is None:
        return None
    tokens: list[str] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        if token["sign"]:
            tokens.append(f"#{_CONNECTIVES[token['sign']]}")
        elif token["atom"] or token["bracket"]:
            tokens.append(re.sub(r"[\s{}]", "", token["atom"]) if token["atom"] else token["bracket"])
    while tokens and tokens[-1] in (".", ","):
        tokens.pop()
    try:
        tree = _Formula(tokens).whole()
    except UnreadableAnswer:
        return None
    return None if isinstance(tree, str) or len(atoms(tree)) > MAX_ATOMS else Proposition(tree)


def atoms(tree: Tree) -> frozenset[str]:
    """The letters of a formula."""
    return frozenset((tree,)) if isinstance(tree, str) else frozenset().union(*map(atoms, tree[1]))


class _Formula:
    """A place in the tokens; methods raise `UnreadableAnswer` where they cannot go on."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = [*tokens, ""]
        self.at = 0
        self.depth = 0

    def whole(self) -> Tree:
        tree = self.joined(0)
        if self.tokens[self.at]:
            raise UnreadableAnswer(self.tokens[self.at])
        return tree

    def joined(self, level: int) -> Tree:
        if level == len(_ORDER):
            return self.single()
        head = _ORDER[level]
        parts = [self.joined(level + 1)]
        while self.accept(f"#{head}"):
            parts.append(self.joined(level + 1) if head != "implies" else self.joined(level))
        return parts[0] if len(parts) == 1 else _normal(head, parts)

    def single(self) -> Tree:
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise UnreadableAnswer("nested too deeply")
        try:
            return self.one()
        finally:
            self.depth -= 1

    def one(self) -> Tree:
        if self.accept("#not"):
            return _negated(self.single())
        for head in ("forall", "exists"):
            if self.accept(f"#{head}"):
                name = self.atom()
                self.accept(".") or self.accept(":") or self.accept(",")
                return (head, (name, self.single() if self.tokens[self.at].startswith("#") else self.joined(0)))
        for opening, closing in (("(", ")"), ("[", "]"), ("{", "}")):
            if self.accept(opening):
                inner = self.joined(0)
                if not self.accept(closing):
                    raise UnreadableAnswer("a bracket is not closed")
                return inner
        return self.atom()

    def atom(self) -> str:
        token = self.tokens[self.at]
        if not token[:1].isalpha():
            raise UnreadableAnswer(token)
        self.at += 1
        return token

    def accept(self, token: str) -> bool:
        found = self.tokens[self.at] == token
        self.at += found
        return found


def _negated(tree: Tree) -> Tree:
    return tree[1][0] if not isinstance(tree, str) and tree[0] == "not" else ("not", (tree,))


def _normal(head: str, parts: Sequence[Tree]) -> Tree:
    if head not in _FREE:
        return (head, tuple(parts))
    flat = [
        inner for part in parts for inner in (part[1] if not isinstance(part, str) and part[0] == head else (part,))
    ]
    kept = sorted(set(flat) if head in ("and", "or") else flat, key=repr)
    return kept[0] if len(kept) == 1 else (head, tuple(kept))
