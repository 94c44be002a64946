"""A statement → the terms it can mean, from the text alone.

The skills' wordings and the grammar's frames are the only sentences understood: a changed number changes the term, a
changed word leaves nothing. Two meanings are an ambiguity. The reader never sees the certificate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from agentprop.composition import grammar
from agentprop.composition.listing import read_listing
from agentprop.composition.matching import inline_variants, match, matches, template
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Relation,
    Remainder,
    Term,
    Total,
    Variable,
)
from agentprop.composition.writer import (
    Unwritable,
    closing_note,
    complete_follow,
    complete_scene,
    data_noun,
    story_wordings,
    with_subject,
)
from agentprop.skills import Hole, Package, Spec, Wording
from agentprop.skills.values import parse, pattern, render

Scope = Mapping[str, Term]
MAX_STATEMENT = 20_000
MAX_EFFORT = 20_000_000
"""Characters compared with wordings, roughly: several times what any statement of the grammar needs, about a second."""
MAX_DEPTH = 16
"""Phrases and scenes inside one another."""
MAX_READINGS = 16
"""Meanings of one phrase."""
MAX_STEPS = 12
"""Steps of a program."""


class _Tangled(Exception):
    """The text takes more effort than any statement of the grammar: nobody wrote it to be understood."""


def read(statement: str, library: Mapping[str, Package]) -> list[Term]:
    """Every distinct term that the statement expresses over the given skills; empty where it cannot be read.

    The text may be anything. What is hopelessly tangled cannot be read, on every machine alike.
    """
    if len(statement) > MAX_STATEMENT:
        return []
    try:
        return list(dict.fromkeys(_Reader(library).statement(statement)))
    except _Tangled:
        return []


@dataclass
class _Reader:
    library: Mapping[str, Package]
    memory: dict[tuple[str, str, frozenset[tuple[str, Term]]], tuple[Term, ...]] = field(default_factory=dict)
    effort: int = 0
    depth: int = 0

    # --- bounds ---

    def _once(self, what: str, text: str, scope: Scope, read: Callable[[], Iterator[Term]]) -> tuple[Term, ...]:
        """The meanings of a part of the text, found once however often it is asked for."""
        key = what, text, frozenset(scope.items())
        if key not in self.memory:
            self._spend(len(self.library) * (len(text) + 100))
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise _Tangled
            found = tuple(dict.fromkeys(islice(read(), MAX_READINGS + 1)))
            if len(found) > MAX_READINGS:
                raise _Tangled
            self.depth -= 1
            self.memory[key] = found
        return self.memory[key]

    def _spend(self, characters: int) -> None:
        self.effort += characters
        if self.effort > MAX_EFFORT:
            raise _Tangled

    # --- statements ---

    def statement(self, text: str) -> Iterator[Term]:
        yield from self._printed(text)
        yield from self._program(text)
        for term in self._question(text, {}):
            if closing_note(term, self.library) == "":
                yield term
        for body, note in _without_note(text):
            for term in self._question(body, {}):
                if closing_note(term, self.library) == note:
                    yield term

    def _question(self, text: str, scope: Scope) -> tuple[Term, ...]:
        return self._once("question", text, scope, lambda: self._questions(text, scope))

    def _questions(self, text: str, scope: Scope) -> Iterator[Term]:
        yield from self._let(text, scope)
        yield from self._where(text, scope)
        yield from self._frames(grammar.FRAMES, text, scope)
        for found in matches(text, grammar.FRAMES["find"]):
            yield from self._phrase(found["body"], scope)
        for name, package in self.library.items():
            for wording in package.spec.phrasings:
                for arguments in self._arguments(package.spec, wording.text, text, scope, wording.ask):
                    yield Apply(name, arguments)
            for parameter, wording, subject in self._follows(package.spec):
                yield from self._story(package, parameter, wording, subject, text, scope, wording.text)

    # --- symbols explained ---

    def _let(self, text: str, scope: Scope) -> Iterator[Term]:
        if not re.match(r"Let \$[A-Za-z]\$ be the ", text):
            return
        for stop in re.finditer(r"\. (?=[A-Z])", text):
            head, rest = text[len(grammar.LET) : stop.start()], text[stop.end() :]
            pairs = _pairs(head, " and let ", " be ")
            for inner in self._bind(pairs, scope, rest):
                yield from self._question(rest, inner)

    def _where(self, text: str, scope: Scope) -> Iterator[Term]:
        for found in re.finditer(r", where (?=\$[A-Za-z]\$ is the )", text):
            front, tail = text[: found.start()] + text[-1], text[found.end() : -1]
            pairs = _pairs(tail, " and ", " is ")[::-1]
            for inner in self._bind(pairs, scope, front):
                yield from self._question(front, inner)

    def _bind(self, pairs: list[tuple[str, str]], scope: Scope, text: str) -> Iterator[Scope]:
        """Scopes with every symbol bound; each must be new, and used in the text or a later explanation."""
        if not pairs:
            yield scope
            return
        (symbol, phrase), rest = pairs[0], pairs[1:]
        self._spend(len(self.library) * len(text))
        used = grammar.letters(" ".join([text, *(p for _, p in rest)]))
        if symbol in scope or symbol not in used:
            return
        for term in self._phrase(phrase, scope):
            yield from self._bind(rest, {**scope, symbol: term}, text)

    # --- stories ---

    def _follows(self, spec: Spec) -> Iterator[tuple[str, Wording, str]]:
        for parameter in spec.follows:
            for role in spec.parameters[parameter].roles:
                for wording in story_wordings(spec, parameter, role):
                    yield parameter, wording, role

    def _story(
        self, package: Package, parameter: str, wording: Wording, role: str, text: str, scope: Scope, told: str
    ) -> Iterator[Term]:
        """Follow-ups that end the text, with a scene in front of them."""
        opening = told.split("<", 1)[0]
        self._spend(len(text))
        for split in re.finditer(r"(?<=[.?!]) ", text):
            if not text.startswith(opening, split.end()):
                continue
            self._spend(len(text))
            front, back = text[: split.start()], text[split.end() :]
            for supplier in self._scene(front, scope, role):
                assert isinstance(supplier, Apply)  # a scene is an application
                filled = with_subject(told, self._subject(supplier))
                for arguments in self._arguments(package.spec, filled, back, scope, "", given={parameter: supplier}):
                    yield Apply(package.name, arguments)

    def _scene(self, text: str, scope: Scope, role: str) -> tuple[Term, ...]:
        return self._once(f"scene of a {role}", text, scope, lambda: self._scenes(text, scope, role))

    def _scenes(self, text: str, scope: Scope, role: str) -> Iterator[Term]:
        for name, package in self.library.items():
            spec = package.spec
            if spec.output is None or spec.output.role != role or not spec.output.subject:
                continue
            for wording in spec.phrasings:
                if complete_scene(spec, wording):
                    for arguments in self._arguments(spec, wording.scene, text, scope, ""):
                        yield Apply(name, arguments)
            for parameter, wording, inner in self._follows(spec):
                if complete_follow(spec, wording, parameter):
                    yield from self._story(package, parameter, wording, inner, text, scope, wording.scene)

    def _subject(self, supplier: Apply) -> str:
        output = self.library[supplier.skill].spec.output
        return output.subject if output is not None and output.subject else ""

    # --- noun phrases ---

    def _phrase(self, text: str, scope: Scope) -> tuple[Term, ...]:
        return self._once("phrase", text, scope, lambda: self._phrases(text, scope)) if text.startswith("the ") else ()

    def _phrases(self, text: str, scope: Scope) -> Iterator[Term]:
        for name, package in self.library.items():
            for phrase in package.spec.value:
                for arguments in self._arguments(package.spec, phrase, text, scope, phrase):
                    yield Apply(name, arguments)
        yield from self._frames(grammar.PHRASES, text, scope)

    def _frames(self, table: Mapping[str, tuple[str, ...]], text: str, scope: Scope) -> Iterator[Term]:
        for kind, frames in table.items():
            if kind != "find":
                for found in matches(text, frames):
                    yield from self._node(kind, found, scope)

    def _node(self, kind: str, found: Mapping[str, str], scope: Scope) -> Iterator[Term]:
        low, high = int(found.get("low", 0)), int(found.get("high", 0))
        variable = found.get("var", "")
        inner: Scope = {**scope, variable: Variable(variable)} if variable else scope
        if variable in scope:
            return
        if kind in ("sum", "difference", "product"):
            for left in self._phrase(found["left"], scope):
                for right in self._phrase(found["right"], scope):
                    yield Combine(kind, left, right)  # type: ignore[arg-type]
            return
        # the relation first: it is short, and there is one for few of the places where the body may end
        relations = tuple(self._relations(found["relation"], inner)) if "relation" in found else ()
        if "relation" in found and not relations:
            return
        for body in self._phrase(found["body"], inner):
            if kind == "lowestterms":
                yield LowestTerms(body)
            elif kind == "remainder":
                yield Remainder(body, int(found["value"]))
            elif kind == "total":
                yield Total(variable, low, high, body)
            else:
                for relation in relations:
                    yield (
                        Least(variable, low, body, relation)
                        if kind == "least"
                        else Count(variable, low, high, body, relation)
                    )

    def _relations(self, text: str, scope: Scope) -> Iterator[Relation]:
        for comparison, forms in grammar.RELATIONS.items():
            for found in matches(text, forms):
                if "right" in found:
                    for other in self._phrase(found["right"], scope):
                        yield Relation(comparison, None, other)  # type: ignore[arg-type]
                else:
                    value = int(found["value"]) if "value" in found else None
                    yield Relation(comparison, value)  # type: ignore[arg-type]

    # --- arguments ---

    def _arguments(
        self, spec: Spec, wording: str, text: str, scope: Scope, ending: str, given: Scope | None = None
    ) -> Iterator[tuple[tuple[str, Term], ...]]:
        """Every way a text fills a wording's holes; the last hole may be a noun phrase."""
        for variant in (wording, *inline_variants(wording, ending)):
            for raw in match(template(variant, spec), text):
                for bound in self._resolve(spec, list(raw), scope, dict(given or {})):
                    if set(bound) == set(spec.parameters):
                        yield tuple((name, bound[name]) for name in spec.parameters)

    def _resolve(
        self, spec: Spec, raw: list[tuple[Hole, str]], scope: Scope, bound: dict[str, Term]
    ) -> Iterator[dict[str, Term]]:
        if not raw:
            yield bound
            return
        (hole, text), rest = raw[0], raw[1:]
        if hole.name not in spec.parameters:
            if all(again.name != hole.name or said == text for again, said in rest):
                yield from self._resolve(spec, rest, scope, bound)
            return
        for term in self._value(spec, hole, text, scope):
            if bound.get(hole.name, term) == term:
                yield from self._resolve(spec, rest, scope, {**bound, hole.name: term})

    def _value(self, spec: Spec, hole: Hole, text: str, scope: Scope) -> Iterator[Term]:
        parameter = spec.parameters[hole.name]
        letter = text.strip("$`")
        if letter in scope and (text != letter or hole.math):
            yield scope[letter]
        elif text.startswith("the "):
            yield from self._phrase(text, scope)
        elif re.fullmatch(pattern(parameter, math=hole.math), text):
            try:
                value = parse(parameter, text, math=hole.math)
            except (ValueError, ZeroDivisionError):
                return
            yield Given(render(parameter, value))

    # --- programs ---

    def _program(self, text: str) -> Iterator[Term]:
        for found in matches(text, (*grammar.PROGRAM_FRAMES, grammar.STEPS_FRAME), code=True):
            scope: Scope = {found["var"]: Variable(found["var"])}
            steps = found.get("steps")
            bodies = self._phrase(found["body"], scope) if steps is None else self._steps(steps, found["var"])
            for body in bodies:
                term = Program(found["var"], body)
                try:
                    fits = data_noun(term, self.library) == found["data"]
                except Unwritable:
                    fits = False
                if fits:
                    yield term

    def _steps(self, text: str, variable: str) -> Iterator[Term]:
        terms: list[Term] = [Variable(variable)]
        lines = text.split("\n")
        if len(lines) > MAX_STEPS:
            return
        for number, line in enumerate(lines, 1):
            if not line.startswith(f"{number}. ") or not line.endswith("."):
                return
            sentence, last = line[len(f"{number}. ") : -1], number == len(lines)
            terms = [t for data in terms for t in self._step(sentence, data, last)][:MAX_READINGS]
        yield from terms

    def _step(self, sentence: str, data: Term, last: bool) -> Iterator[Term]:
        for name, package in self.library.items():
            spec = package.spec
            if spec.data is None:
                continue
            options = []
            if spec.step and not (last and spec.finish):
                options.append(spec.step[0].upper() + spec.step[1:])
            if spec.finish and last:
                options.append(f"Return {spec.finish}")
            for option in options:
                for arguments in self._arguments(spec, option, sentence, {}, "", given={spec.data: data}):
                    yield Apply(name, arguments)

    def _printed(self, text: str) -> Iterator[Term]:
        for found in matches(text, grammar.PRINTED_FRAMES):
            body = read_listing(found["listing"], self.library)
            if body is not None:
                yield Printed(body)


def _pairs(text: str, joint: str, verb: str) -> list[tuple[str, str]]:
    """`$k$ is A and $m$ is B` → [(k, A), (m, B)]."""
    starts = list(re.finditer(rf"(?:^|{joint})\$([A-Za-z])\${verb}(?=the )", text))
    stops = [m.start() for m in starts[1:]] + [len(text)]
    return [(m[1], text[m.end() : stop]) for m, stop in zip(starts, stops, strict=True)]


def _without_note(text: str) -> Iterator[tuple[str, str]]:
    found = re.fullmatch(r"(?s)(.+[.?]) ((?:Give your answer|Express your answer) [^?]+\.)", text)
    if found is not None:
        yield found[1], found[2]
