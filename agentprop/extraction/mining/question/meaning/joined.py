"""Facts and target of a question as one tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agentprop.extraction.mining.question.heads import HEADS
from agentprop.extraction.mining.question.latex.tree import (
    Letter,
    Node,
    Numeral,
    Tree,
    Unreadable,
    bare,
    holds,
    node,
    rewrite,
    substitute,
    symbols,
    walk,
)
from agentprop.extraction.mining.question.meaning.calculus import written_out
from agentprop.extraction.mining.question.meaning.events import settled_chances
from agentprop.extraction.mining.question.meaning.facts import Facts, sort_condition, where
from agentprop.extraction.mining.question.meaning.letters import letters_of
from agentprop.extraction.mining.question.meaning.shorthand import ZERO, Expander
from agentprop.extraction.mining.question.meaning.targets import bound, domain_of, split, values_of
from agentprop.extraction.mining.question.text import QuestionText


@dataclass(frozen=True)
class Meaning:
    """A question understood."""

    tree: Tree
    """Its value; with free symbols where a form is asked for."""
    form: str = ""
    """What is asked of an expression in the letters of the question: `simplify`, `expand`, `factor`, …"""
    conditions: int = 0
    """How many facts it rests on, definitions apart."""


def understand(question: QuestionText, parsed: Tree) -> Meaning:
    """The meaning of one reading. Raises Unreadable."""
    letters = letters_of(question)
    facts = Facts()
    target = _peel(Expander(question, letters).tree(parsed), facts)
    return _Joiner(facts, letters.complex_).meaning(target)


def _peel(tree: Tree, facts: Facts) -> Tree:
    """The target of a tree; what it is given goes to the facts, the outermost first."""
    while isinstance(tree, Node) and tree.head == "given":
        for one in tree.args[:-1]:
            facts.add(one)
        tree = tree.args[-1]
    return tree


UNKNOWNS = frozenset({"unknowns_of", "all_values"})


@dataclass
class _Joiner:
    facts: Facts
    complex_: bool
    nests: list[Tree] = field(default_factory=list)

    def meaning(self, target: Tree) -> Meaning:
        facts = self.facts
        (target, *facts.relations), more = settled_chances([target, *facts.relations], facts.independent)
        facts.relations += more
        form = ""
        if isinstance(target, Node) and target.head == "in_form":
            asked, kind = target.args
            form, target = kind.head if isinstance(kind, Node) else "", asked
        if isinstance(target, Node) and target.head == "solutions" and facts.relations:
            target = node("solutions", node("given", target.args[0], *facts.relations), *target.args[1:])
            facts.relations = []
        several = isinstance(target, Node) and target.head in UNKNOWNS
        asked = self._asked(target)
        if several and any(isinstance(one, Letter) and one.name in facts.known for one in walk(asked)):
            raise Unreadable("what is asked is given")
        relations = [self._without_nests(self._places(facts.put_in(one))) for one in facts.relations]
        relations = [one for one in relations if not _says_nothing(one)]
        outside = frozenset().union(*map(symbols, relations)) if relations else frozenset()
        asked = bound(self._without_nests(written_out(facts.put_in(asked))), facts, outside, self.complex_)
        relations += self.nests
        if isinstance(asked, Node) and asked.head == "domain_of":
            asked = domain_of(asked.args[0])
        relations += [self._root_value(value, relation, symbols(asked)) for value, relation in facts.root_values]
        asked = self._possible(asked, relations)
        identities = [self._identity(relation, letters, symbols(asked)) for relation, letters in facts.identities]
        identities += [
            node("identity", one.args[0].args[0], facts.put_in(one))
            for one in facts.factors
            if isinstance(one, Node) and isinstance(one.args[0], Node)
        ]
        if facts.roots:
            return self._with_roots(asked, relations, several)
        self._refuse_idle(asked, relations)
        return self._solved(asked, relations, identities, several, form)

    def _root_value(self, value: Tree, relation: Tree, asked: frozenset[str]) -> Tree:
        """A number is a root: the equation with the number for its letter."""
        facts = self.facts
        equation = facts.put_in(relation)
        others = symbols(equation) - asked
        if len(others) != 1:
            raise Unreadable("a root of an equation in several letters")
        made = substitute(equation, {next(iter(others)): node("paren", facts.put_in(value))})
        return made if isinstance(made, Node) and made.head == "=" else node("=", made, ZERO)

    def _possible(self, asked: Tree, relations: list[Tree]) -> Tree:
        """`possible(x)`: the values that x takes over the solutions of the question's equations, which are used up."""
        if not holds(asked, "possible"):
            return asked
        inner = [one for one in walk(asked) if isinstance(one, Node) and one.head == "possible"]
        letters = symbols(inner[0])
        equations, others = split(relations)
        names = sorted(letters.union(*map(symbols, relations)))
        sorts = [(name, sort) for name, sort in self.facts.sorts if name in names]
        if len(inner) != 1 or not letters:
            raise Unreadable("possible values of a number")
        if not equations:
            return self._range_of(asked, inner[0], names, others, sorts, relations)
        values = values_of(names, list(relations), sorts, bare(inner[0].args[0]), self.complex_)
        relations.clear()
        self.facts.sorts = [(name, sort) for name, sort in self.facts.sorts if name not in names]
        return rewrite(asked, lambda one: values if one == inner[0] else None)

    def _range_of(
        self,
        asked: Tree,
        inner: Node,
        names: list[str],
        conditions: list[Tree],
        sorts: list[tuple[str, str]],
        relations: list[Tree],
    ) -> Tree:
        """The values of an expression whose letters are only bounded: for its least and greatest value."""
        made = [one for name, sort in sorts if (one := sort_condition(Letter(name), sort)) is not None]
        if not conditions and not any(sort not in ("real", "number") for _, sort in sorts):
            head = asked.head if isinstance(asked, Node) and asked.args == (inner,) else ""
            heads = {"smallest": "least_value", "largest": "greatest_value"}
            if head not in heads:
                raise Unreadable("possible values without an equation")
            self.facts.sorts = [(name, sort) for name, sort in self.facts.sorts if name not in names]
            return node(heads[head], node("letters", *map(Letter, names)), inner.args[0])
        values = node("ordered", where(names, [], [*conditions, *made], bare(inner.args[0])))
        relations.clear()
        self.facts.sorts = [(name, sort) for name, sort in self.facts.sorts if name not in names]
        return rewrite(asked, lambda one: values if one == inner else None)

    def _places(self, relation: Tree) -> Tree:
        """A relation with the centres, vertices and meeting points in it as what they are of their own curves."""

        def change(one: Tree) -> Tree | None:
            if not isinstance(one, Node):
                return None
            head = HEADS.get(one.head)
            is_curve = head is not None and head.takes == "curve" and len(one.args) == 1
            return bound(one, self.facts, frozenset(), self.complex_) if is_curve or one.head == "solutions" else None

        return rewrite(relation, change)

    def _without_nests(self, tree: Tree) -> Tree:
        """Numbers that are equal to their own expressions as unknowns with an equation each."""

        def change(one: Tree) -> Tree | None:
            if not isinstance(one, Node) or one.head != "nest":
                return None
            unknown = Letter(f"nest{len(self.nests)}")
            body = substitute(one.args[1], {"nest": unknown})
            self.nests.append(node("=", unknown, body))
            if isinstance(body, Node) and body.head == "root":
                self.facts.sorts.append((unknown.name, "nonnegative"))
            return unknown

        return rewrite(tree, change)

    def _asked(self, target: Tree) -> Tree:
        """What is asked as a tree; sorts that come with it go to the facts."""
        if not isinstance(target, Node) or target.head not in UNKNOWNS:
            return target
        asked, *sorts = target.args
        names = asked.args if isinstance(asked, Node) and asked.head == "list" else (bare(asked),)
        for group in sorts:
            assert isinstance(group, Node)
            for name in names:
                for sort in group.args:
                    if isinstance(name, Letter) and isinstance(sort, Node):
                        self.facts.sorts.append((name.name, sort.head))
        return names[0] if len(names) == 1 else node("tuple", *names)

    def _refuse_idle(self, asked: Tree, relations: list[Tree]) -> None:
        """A value of a letter that nothing uses was not understood."""
        idle = set(self.facts.known) - self.facts.used
        if idle:
            raise Unreadable(f"nothing uses {', '.join(sorted(idle))}")

    def _identity(self, relation: Tree, letters: frozenset[str], asked: frozenset[str]) -> Tree:
        """An equation that holds for all values of its letters."""
        relation = self.facts.put_in(relation)
        if not isinstance(relation, Node) or relation.head != "=":
            raise Unreadable("an identity that is no equation")
        free = symbols(relation)
        letters = letters & free if letters else free - asked
        if not letters or letters & asked:
            raise Unreadable("an identity in no letters")
        return node("identity", node("letters", *map(Letter, sorted(letters))), node("=", *relation.args))

    # --- roots with names ---

    def _with_roots(self, asked: Tree, relations: list[Tree], several: bool) -> Meaning:
        facts = self.facts
        if len(facts.roots) > 1 or facts.identities:
            raise Unreadable("roots of several polynomials")
        names, relation = facts.roots[0]
        polynomial = facts.put_in(relation)
        if (
            isinstance(polynomial, Node)
            and polynomial.head == "="
            and isinstance(polynomial.args[0], Node)
            and polynomial.args[0].head == "apply"
        ):
            polynomial = polynomial.args[1]
        letters = symbols(polynomial) - set(names)
        if not letters and len(names) == 1:
            own = polynomial if isinstance(polynomial, Node) and polynomial.head == "=" else node("=", polynomial, ZERO)
            return self._solved(asked, [*relations, own], [], several, "")
        if len(letters) != 1:
            raise Unreadable("roots of a polynomial in several letters")
        letter = next(iter(letters))
        if len(names) > 1 and not relations and not several and symbols(asked) <= set(names):
            real = [Node("real")] if all((name, "real") in facts.sorts for name in names) else []
            roots = node("roots", *map(Letter, names))
            return Meaning(node("over_roots", roots, node("letters", Letter(letter)), polynomial, asked, *real), "", 1)
        equations = [_put(polynomial, letter, name) for name in names]
        distinct = [node("!=", Letter(a), Letter(b)) for place, a in enumerate(names) for b in names[:place]]
        return self._solved(asked, [*relations, *equations, *distinct], [], several, "")

    # --- equations ---

    def _solved(self, asked: Tree, relations: list[Tree], identities: list[Tree], several: bool, form: str) -> Meaning:
        facts = self.facts
        used = symbols(asked).union(*map(symbols, [*relations, *identities]))
        self._refuse_idle_sorts(used, asked, relations)
        if not relations and not identities:
            if not used:
                return Meaning(asked, form, 0)
            if several:
                raise Unreadable("nothing determines what is asked")
            return Meaning(asked, form or "value", 0)
        constants = {name for name, sort in facts.sorts if sort == "constant"} & used or _numerators(asked, relations)
        if constants and not identities:
            relations, identities = self._constants(asked, relations, constants)
            used = symbols(asked).union(*map(symbols, [*relations, *identities]))
        equations, others = split(relations)
        sorts = [(name, sort) for name, sort in facts.sorts if name in used]
        count = len(relations) + len(identities)
        if not equations and not identities:
            if not several:
                raise Unreadable("conditions without an equation")
            return Meaning(values_of(sorted(used), relations, sorts, asked, self.complex_), form, count)
        conditions = [made for name, sort in sorts if (made := sort_condition(Letter(name), sort)) is not None]
        distinct = [name for name, sort in sorts if sort == "distinct"]
        conditions += [node("!=", Letter(a), Letter(b)) for place, a in enumerate(distinct) for b in distinct[:place]]
        if self.complex_ and any(holds(one, "abs", "conj", "Re", "Im") for one in [*equations, asked]):
            return self._in_parts(asked, equations, [*others, *conditions], used, several)
        unsaid = not several and not others and not any(sort != "distinct" for _, sort in sorts)
        numbers: Literal["real", "complex", "any"] = "complex" if self.complex_ else "any" if unsaid else "real"
        values = where(sorted(used), [*equations, *identities], [*others, *conditions], asked, numbers)
        return Meaning(node("ordered" if several else "only", values), form, count)

    def _in_parts(
        self, asked: Tree, equations: list[Tree], conditions: list[Tree], used: frozenset[str], several: bool
    ) -> Meaning:
        """Complex unknowns as real and imaginary parts, where an equation takes them apart."""
        real = {name for name, sort in self.facts.sorts if sort not in ("complex", "number", "distinct", "nonzero")}
        parts: dict[str, Tree] = {}
        names = []
        for name in sorted(used):
            if name in real:
                names.append(name)
                continue
            names += [f"{name} re", f"{name} im"]
            parts[name] = node(
                "paren", node("add", Letter(f"{name} re"), node("mul", node("imaginary"), Letter(f"{name} im")))
            )
        made = [node("complex_parts", substitute(one, parts)) for one in equations]
        kept = [substitute(one, parts) for one in conditions]
        values = where(names, made, kept, substitute(asked, parts))
        return Meaning(node("ordered" if several else "only", values), "", len(equations))

    def _constants(self, asked: Tree, relations: list[Tree], constants: set[str]) -> tuple[list[Tree], list[Tree]]:
        """Equations in constants and another letter hold for every value of that letter."""
        kept, made = list[Tree](), list[Tree]()
        for one in relations:
            others = symbols(one) - constants - symbols(asked)
            if isinstance(one, Node) and one.head == "=" and others and symbols(one) & constants:
                made.append(self._identity(one, frozenset(others), symbols(asked)))
            else:
                kept.append(one)
        return kept, made

    def _refuse_idle_sorts(self, used: frozenset[str], asked: Tree, relations: list[Tree]) -> None:
        for name, sort in self.facts.sorts:
            if (
                name not in used
                and name not in self.facts.known
                and sort not in ("real", "number", "constant", "nonzero", "complex")
            ):
                raise Unreadable(f"{name} is said to be {sort}, and nothing uses it")


def _numerators(asked: Tree, relations: list[Tree]) -> set[str]:
    """The capital letters of a partial fraction decomposition, which holds for every value of its other letter."""
    if len(relations) != 1 or not holds(relations[0], "div"):
        return set()
    names = symbols(relations[0])
    capitals = {name for name in names if name.isupper() and len(name) == 1}
    plain = len(capitals) > 1 and len(names) == len(capitals) + 1 and symbols(asked) <= capitals
    return capitals if plain and symbols(asked) else set()


def _says_nothing(relation: Tree) -> bool:
    """i² = -1, and what defines a factorial."""
    if not isinstance(relation, Node) or relation.head != "=":
        return False
    left, right = relation.args
    square = node("pow", node("imaginary"), Numeral("2"))
    if isinstance(left, Node) and left.head == "pow" and left.args[0] == square.args[0] and bare(right) != ZERO:
        return True
    if not symbols(relation):
        raise Unreadable("an equation without letters")
    return False


def _put(polynomial: Tree, letter: str, name: str) -> Tree:

    made = substitute(polynomial, {letter: Letter(name)})
    return made if isinstance(made, Node) and made.head == "=" else node("=", made, ZERO)
