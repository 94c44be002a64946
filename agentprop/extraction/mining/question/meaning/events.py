"""Probabilities of events: P(A ∪ B′) as a sum over which of the events happen.

    P(A) = 0.8, P(B) = 0.5, P(A ∪ B) = 0.9   equations in the chances of AB, AB′, A′B and A′B′

A chance written in a formula is read from its tokens and stands in the tree as `chance(event)` or
`chance(event, condition)` until the whole question is known, because only then it is known which events there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from agentprop.extraction.mining.question.latex.lexer import LatexToken
from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    holds,
    node,
    rewrite,
    symbols,
    walk,
)

MOST_EVENTS = 3
_SKIPPED = frozenset({"left", "right"})


def chances_in(tokens: Sequence[LatexToken]) -> tuple[list[LatexToken], dict[str, Tree]]:
    """The tokens with a letter in place of every `P(…)` of events, and what the letters stand for."""
    if not any(token.text in ("cup", "cap", "mid", "prime", "'") for token in tokens) and not _alone(tokens):
        return list(tokens), {}
    kept: list[LatexToken] = []
    found: dict[str, Tree] = {}
    at = 0
    while at < len(tokens):
        made = _Event(tokens, at + 1).chance() if tokens[at].text == "P" else None
        if made is None:
            kept.append(tokens[at])
            at += 1
            continue
        event, after = made
        name = f"chance {len(found)}"
        found[name] = event
        kept.append(LatexToken("letter", name, tokens[at].start, tokens[after - 1].end))
        at = after
    return kept, found


def _alone(tokens: Sequence[LatexToken]) -> bool:
    """Whether some `P(A)` speaks of a capital letter."""
    texts = [token.text for token in tokens if token.text not in _SKIPPED]
    return any(texts[at : at + 2] == ["P", "("] and texts[at + 2].isupper() for at in range(len(texts) - 2))


@dataclass
class _Event:
    """Reads an event from tokens."""

    tokens: Sequence[LatexToken]
    at: int

    def chance(self) -> tuple[Node, int] | None:
        """chance(event) or chance(event, condition) behind a P, and where it ends; None for something else."""
        try:
            self._need("(")
            event = self._union()
            condition = [self._union()] if self._sees("mid", "|") else []
            self._need(")")
        except Unreadable:
            return None
        return node("chance", event, *condition), self.at

    def _peek(self) -> LatexToken | None:
        while self.at < len(self.tokens) and self.tokens[self.at].text in _SKIPPED:
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _sees(self, *texts: str) -> bool:
        token = self._peek()
        if token is None or token.text not in texts:
            return False
        self.at += 1
        return True

    def _need(self, text: str) -> None:
        if not self._sees(text):
            raise Unreadable(f"no {text}")

    def _union(self) -> Node:
        parts = [self._meet()]
        while self._sees("cup"):
            parts.append(self._meet())
        return node("union", *parts)

    def _meet(self) -> Node:
        parts = [self._one()]
        while self._sees("cap"):
            parts.append(self._one())
        return node("meet", *parts)

    def _one(self) -> Tree:
        if self._sees("("):
            inner: Tree = self._union()
            self._need(")")
        else:
            token = self._peek()
            if token is None or token.kind != "letter" or not token.text.isupper() or len(token.text) != 1:
                raise Unreadable("no event")
            self.at += 1
            inner = Letter(token.text)
        return node("missed", inner) if self._prime() else inner

    def _prime(self) -> bool:
        if self._sees("'"):
            return True
        start = self.at
        if self._sees("^"):
            braced = self._sees("{")
            if self._sees("prime", "c", "C") and (not braced or self._sees("}")):
                return True
        self.at = start
        return False


# --- all events known ---


def settled_chances(trees: Sequence[Tree], independent: Sequence[frozenset[str]]) -> tuple[list[Tree], list[Tree]]:
    """The trees without chances, and what the chances of the single cases fulfil. Raises Unreadable."""
    if not any(holds(tree, "chance") for tree in trees):
        if independent:
            raise Unreadable("independent events without chances")
        return list(trees), []
    names = sorted({name for one in _chances(trees) for event in one.args for name in symbols(event)})
    if len(names) > MOST_EVENTS or any(not group <= set(names) for group in independent):
        raise Unreadable("too many events")
    cases = list(product((True, False), repeat=len(names)))

    def total(held: Callable[[dict[str, bool]], bool]) -> Node:
        some = [case for case in cases if held(dict(zip(names, case, strict=True)))]
        if not some:
            raise Unreadable("an event that never happens")
        return node("paren", node("add", *(_case(names, case) for case in some)))

    def without(tree: Tree) -> Tree | None:
        if not isinstance(tree, Node) or tree.head != "chance":
            return None
        event, *condition = tree.args
        if not condition:
            return total(lambda case: _happens(event, case))
        both = total(lambda case: _happens(event, case) and _happens(condition[0], case))
        return node("div", both, total(lambda case: _happens(condition[0], case)))

    single = dict(_told(trees))
    made = [node("=", total(lambda case: True), Numeral("1"))]
    made += [node(">=", _case(names, case), Numeral("0")) for case in cases]
    for group in independent:
        for size in range(2, len(group) + 1):
            for some in combinations(sorted(group), size):
                factors = [single.get(name) or without(_alone_chance(name)) for name in some]
                both = total(lambda case, some=some: all(case[name] for name in some))  # type: ignore[misc]
                made.append(node("=", both, node("mul", *(one for one in factors if one is not None))))
    return [rewrite(tree, without) for tree in trees], list(made)


def _chances(trees: Sequence[Tree]) -> Iterator[Node]:
    for tree in trees:
        for one in walk(tree):
            if isinstance(one, Node) and one.head == "chance":
                yield one


def _told(trees: Sequence[Tree]) -> Iterator[tuple[str, Tree]]:
    """Events whose chance the question says: `P(A) = 0.3`."""
    for tree in trees:
        if isinstance(tree, Node) and tree.head == "=" and not symbols(tree.args[1]):
            for name in symbols(tree.args[0]):
                if tree.args[0] == _alone_chance(name):
                    yield name, tree.args[1]


def _alone_chance(name: str) -> Node:
    return node("chance", node("union", node("meet", Letter(name))))


def _case(names: Sequence[str], case: Sequence[bool]) -> Letter:
    """The chance that just these events happen."""
    return Letter("case " + "".join(name if held else name.lower() for name, held in zip(names, case, strict=True)))


def _happens(event: Tree, case: dict[str, bool]) -> bool:
    if isinstance(event, Letter):
        return case[event.name]
    assert isinstance(event, Node)
    if event.head == "missed":
        return not _happens(event.args[0], case)
    return (any if event.head == "union" else all)(_happens(one, case) for one in event.args)
