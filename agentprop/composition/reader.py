"""A statement → the terms that it can mean, from the text alone.

Only the skills' wordings and the grammar's frames are understood: a changed number changes the term, and a changed word
leaves no term at all. Only the sentences of framing.toml around a question, and dollars around a number, make no
difference. Two terms are an ambiguity. The reader never sees the certificate.

Example, step by step:

    "How many zeros stand at the end of $z!$ when it is written in base $12$, where $z$ is the number of permutations of
    $5$ objects that leave exactly $2$ of them in place?"

1. `_where` cuts at ", where $z$ is the": the front is a question that uses z, the tail explains it.
2. `_phrase` matches the tail with a noun phrase of combinatorics-fixed-points: n = 5, k = 2. Scope: z → that term.
3. `_questions` matches the front with a phrasing of number-theory-factorial-zeros: n = "z", b = "12".
4. `_value` looks z up in the scope and parses 12, so the term is zeros(n = places(n = 5, k = 2), b = 12).

    >>> from agentprop.skills import load
    >>> text = (
    ...     "How many zeros stand at the end of $z!$ when it is written in base $12$, "
    ...     "where $z$ is the number of permutations of $5$ objects that leave exactly $2$ of them in place?"
    ... )
    >>> [term] = read(text, load([]))
    >>> term.skill, dict(term.arguments)["n"].arguments
    ('number-theory-factorial-zeros', (('n', Given(text='5')), ('k', Given(text='2'))))
    >>> [term] = read(text.replace("$5$", "$6$"), load([]))
    >>> dict(term.arguments)["n"].arguments
    (('n', Given(text='6')), ('k', Given(text='2')))
    >>> read(text.replace("zeros", "noughts"), load([]))
    []
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from agentprop.composition import grammar
from agentprop.composition.closings import closings
from agentprop.composition.draft_code import output_spec
from agentprop.composition.families import family, task
from agentprop.composition.framing import unframed
from agentprop.composition.letter_frames import SOUGHT, SOUGHT_EXCESS, TOLD, sought_letters
from agentprop.composition.listing import read_listing
from agentprop.composition.matching import NUMBERS, WORDED, expression_of, inline_variants, match, matches, template
from agentprop.composition.reading_effort import MAX_READINGS, EffortExceeded, ReadingEffort
from agentprop.composition.scenes import complete_follow, complete_scene, story_wordings, with_subject
from agentprop.composition.signs import may_be_negative
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
    Sought,
    Term,
    Total,
    Variable,
    measured,
    walk,
)
from agentprop.composition.vocabulary import vocabulary_of
from agentprop.composition.writer import Unwritable, data_noun
from agentprop.skills import Hole, Package, Spec, Wording, tellings, worded
from agentprop.skills.values import Parameter, parse, pattern, render

Scope = Mapping[str, Term]
MAX_STATEMENT = 20_000
MAX_STEPS = 12
"""Most steps of a program."""


def read(statement: str, library: Mapping[str, Package]) -> list[Term]:
    """Read every distinct term that the statement expresses over the given skills; empty if it cannot be read.

    A statement that means nothing as it stands is read without the sentences that frame it. The text may be anything.
    The bounds count characters, not seconds, so that every machine gives the same result.
    """
    if len(statement) > MAX_STATEMENT:
        return []
    if (head := task(statement)) != statement:  # behind a program's task stand limits, an edge rule and examples
        for text in dict.fromkeys((head, unframed(head)[0])):
            found = _read(text, library)
            if terms := [term for term in found if isinstance(term, Program) or family(term, library) is not None]:
                return terms
    terms = _read(statement, library)
    if terms:
        return terms
    bare, kinds = unframed(statement)
    if bare == statement:
        return []
    return [term for term in _read(bare, library) if kinds is None or _kind(term, library) in kinds]


def _read(statement: str, library: Mapping[str, Package]) -> list[Term]:
    vocabulary = vocabulary_of(library)
    reader = _Reader(vocabulary.of(statement), vocabulary.executable)
    try:
        return list(dict.fromkeys(reader.statement(statement)))
    except EffortExceeded:
        return []


def _kind(term: Term, library: Mapping[str, Package]) -> str:
    """Kind of the term's value."""
    if isinstance(term, Program):
        return "program"
    spec = output_spec(term, library)
    return spec.output.kind if spec is not None and spec.output is not None else "integer"


@dataclass
class _Reader:
    library: Mapping[str, Package]
    """Skills whose wordings the statement may hold."""
    executable: Mapping[str, Package]
    """All skills; in a listing they are known by their code."""
    effort: ReadingEffort = field(default_factory=ReadingEffort)

    def _cached(self, what: str, text: str, scope: Scope, read: Callable[[], Iterator[Term]]) -> tuple[Term, ...]:
        """The meanings of a part of the text as a question, phrase or scene, computed once."""
        # Every skill's wordings are compared with the text; the 100 keeps short texts from being free.
        characters = len(self.library) * (len(text) + 100)
        return self.effort.once((what, text, frozenset(scope.items())), characters, read)

    # --- statements ---

    def statement(self, text: str) -> Iterator[Term]:
        yield from self._printed(text)
        yield from self._program(text)
        # The closing note is part of the meaning: a quantity asked for without its figures is another question.
        for body, ending in _without_closing(text):
            scope = {symbol: Variable(symbol) for symbol in sought_letters(body)}
            for term in self._question(body, scope):
                if isinstance(term, Sought) != bool(scope):
                    continue
                if ending in closings(term, self.library):
                    yield term

    def _question(self, text: str, scope: Scope) -> tuple[Term, ...]:
        return self._cached("question", text, scope, lambda: self._questions(text, scope))

    def _questions(self, text: str, scope: Scope) -> Iterator[Term]:
        yield from self._let(text, scope)
        yield from self._where(text, scope)
        yield from self._told(text, scope)
        yield from self._sought(text, scope)
        yield from self._frames(grammar.FRAMES, text, scope)
        yield from self._frames(grammar.OLD_FRAMES, text, scope)
        # "Find <body>." adds no node of its own: the term is that of the noun phrase.
        for found in matches(text, grammar.FRAMES["find"]):
            yield from self._phrase(found["body"], scope)
        for name, package in self.library.items():
            for wording in package.spec.phrasings:
                for arguments in self._arguments(package.spec, wording.text, text, scope, wording.ask):
                    yield Apply(name, arguments)
            for parameter, wording, role in self._follows(package.spec):
                yield from self._story(package, parameter, role, text, scope, wording.text)

    # --- symbols explained ---

    def _let(self, text: str, scope: Scope) -> Iterator[Term]:
        if not re.match(r"Let \$[A-Za-z]\$ be the ", text):
            return
        # Noun phrases may contain full stops, so every end of a sentence is tried as the end of the explanations.
        for stop in re.finditer(rf"\.(?: |{grammar.APART})(?=[A-Z])", text):
            head, rest = text[len(grammar.LET) : stop.start()], text[stop.end() :]
            pairs = _pairs(head, " and let ", " be ")
            for inner in self._bind(pairs, scope, rest):
                yield from self._question(rest, inner)

    def _where(self, text: str, scope: Scope) -> Iterator[Term]:
        for found in re.finditer(r", where (?=\$[A-Za-z]\$ is the )", text):
            front, tail = text[: found.start()] + text[-1], text[found.end() : -1]
            # The writer explains a symbol before those that the explanation uses: bind them from the last one back.
            pairs = _pairs(tail, " and ", " is ")[::-1]
            for inner in self._bind(pairs, scope, front):
                yield from self._question(front, inner)

    def _bind(self, pairs: list[tuple[str, str]], scope: Scope, text: str) -> Iterator[Scope]:
        """Yield scopes with every symbol bound; each must be new, and used in the text or in a later explanation."""
        if not pairs:
            yield scope
            return
        (symbol, phrase), rest = pairs[0], pairs[1:]
        self.effort.spend(len(self.library) * len(text))
        used = grammar.letters(" ".join([text, *(p for _, p in rest)]))
        if symbol in scope or symbol not in used:
            return
        for term in self._phrase(phrase, scope):
            yield from self._bind(rest, {**scope, symbol: term}, text)

    def _told(self, text: str, scope: Scope) -> Iterator[Term]:
        """Read a scene, behind it the letter of its value, and then what it is used for."""
        found = next(iter(sorted(TOLD.finditer(text), key=lambda one: one.start())), None)
        if found is None:
            return
        front, rest = text[: found.start()], text[found.end() :]
        symbol, named = (found["s1"] or found["s2"] or found["s3"]), (found["n1"] or found["n2"] or found["n3"])
        if symbol in scope or symbol not in grammar.letters(rest):
            return
        for supplier in self._scene(front, scope, None):
            assert isinstance(supplier, Apply)  # a scene is an application
            if named in self.library[supplier.skill].spec.names:
                yield from self._question(rest, {**scope, symbol: supplier})

    def _sought(self, text: str, scope: Scope) -> Iterator[Term]:
        """Read a question for a datum, and the scene in front of it, in which a letter stands for the datum."""
        for question in SOUGHT:
            found = question.search(text)
            if found is None or scope.get(found["symbol"]) != Variable(found["symbol"]):
                continue
            for body in self._scene(text[: found.start()], scope, None):
                assert isinstance(body, Apply)  # a scene is an application
                spec = self.library[body.skill].spec
                unit = spec.output.unit if spec.output is not None else None
                if found["named"] in spec.named and (found["unit"] or "1") == unit:
                    term = Sought(found["symbol"], body, found["value"])
                    if sum(node == Variable(term.variable) for node in walk(body)) == 1:
                        yield term
        for question in SOUGHT_EXCESS:
            if (found := question.fullmatch(text)) is not None:
                yield from self._sought_excess(found, scope)

    def _sought_excess(self, found: re.Match[str], scope: Scope) -> Iterator[Term]:
        left, right = (scope.get(found[side].strip("$")) for side in ("left", "right"))
        if scope.get(found["symbol"]) != Variable(found["symbol"]) or left is None or right is None:
            return
        body = Combine("difference", left, right)
        spec = measured(body, self.library)
        unit = spec.output.unit if spec is not None and spec.output is not None else None
        once = sum(node == Variable(found["symbol"]) for node in walk(body)) == 1
        if once and (found["unit"] or "1") == unit:
            yield Sought(found["symbol"], body, found["value"])

    # --- stories ---

    def _follows(self, spec: Spec) -> Iterator[tuple[str, Wording, str]]:
        for parameter in spec.follows:
            for role in spec.parameters[parameter].roles:
                for wording in story_wordings(spec, parameter, role):
                    yield parameter, wording, role

    def _story(
        self, package: Package, parameter: str, role: str, text: str, scope: Scope, sentence: str
    ) -> Iterator[Term]:
        """Yield the applications whose follow-up ends the text, with the supplier's scene in front of it."""
        opening = sentence.split("<", 1)[0]  # literal text: it rules out nearly every place before a template is tried
        self.effort.spend(len(text))
        if opening not in text:
            return
        for split in re.finditer(r"(?<=[.?!]) ", text):
            if not text.startswith(opening, split.end()):
                continue
            self.effort.spend(len(text))
            front, back = text[: split.start()], text[split.end() :]
            for supplier in self._scene(front, scope, role):
                assert isinstance(supplier, Apply)  # a scene is an application
                filled = with_subject(sentence, self._subject(supplier))
                for arguments in self._arguments(package.spec, filled, back, scope, "", given={parameter: supplier}):
                    yield Apply(package.name, arguments)

    def _scene(self, text: str, scope: Scope, role: str | None) -> tuple[Term, ...]:
        """The applications that a scene tells, of the role; of any role with named values if it is None."""
        return self._cached(f"scene of a {role}", text, scope, lambda: self._scenes(text, scope, role))

    def _scenes(self, text: str, scope: Scope, role: str | None) -> Iterator[Term]:
        for name, package in self.library.items():
            spec = package.spec
            if spec.output is None or (
                not spec.names if role is None else spec.output.role != role or not spec.output.subject
            ):
                continue
            for wording in spec.phrasings:
                if complete_scene(spec, wording):
                    for arguments in self._arguments(spec, wording.scene, text, scope, ""):
                        yield Apply(name, arguments)
            for parameter, wording, inner in self._follows(spec):
                if complete_follow(spec, wording, parameter):
                    yield from self._story(package, parameter, inner, text, scope, wording.scene)

    def _subject(self, supplier: Apply) -> str:
        output = self.library[supplier.skill].spec.output
        return output.subject if output is not None and output.subject else ""

    # --- noun phrases ---

    def _phrase(self, text: str, scope: Scope) -> tuple[Term, ...]:
        if not text.startswith("the "):
            return ()
        return self._cached("phrase", text, scope, lambda: self._phrases(text, scope))

    def _operand(self, text: str, scope: Scope) -> tuple[Term, ...]:
        """The meanings of a noun phrase, or of a letter that names one."""
        named = scope.get(text.strip("$")) if re.fullmatch(r"\$[A-Za-z]\$", text) else None
        return self._phrase(text, scope) if named is None else (named,)

    def _phrases(self, text: str, scope: Scope) -> Iterator[Term]:
        for name, package in self.library.items():
            for phrase in package.spec.value:
                for arguments in self._arguments(package.spec, phrase, text, scope, phrase):
                    yield Apply(name, arguments)
        yield from self._frames(grammar.PHRASES, text, scope)
        yield from self._frames(grammar.OLD_PHRASES, text, scope)

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
            for left in self._operand(found["left"], scope):
                for right in self._operand(found["right"], scope):
                    yield Combine(kind, left, right)  # type: ignore[arg-type]
            return
        # The relation first: it is short, and few of the places where the body may end are followed by one.
        relations = tuple(self._relations(found["relation"], inner)) if "relation" in found else ()
        if "relation" in found and not relations:
            return
        named = kind in ("lowestterms", "remainder")
        for body in self._operand(found["body"], inner) if named else self._phrase(found["body"], inner):
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
        """Yield every way in which a text fills a wording's holes; the last hole may be a noun phrase."""
        for told, negative in zip(tellings(wording), (True, False), strict=False):
            end = worded(ending, negative)
            for variant in (told, *inline_variants(told, end)):
                for raw in match(template(variant, spec), text):
                    for bound in self._resolve(spec, list(raw), scope, dict(given or {})):
                        if set(bound) != set(spec.parameters):  # a wording that leaves a parameter open is no reading
                            continue
                        arguments = tuple((name, bound[name]) for name in spec.parameters)
                        if negative or not may_be_negative(Apply(spec.name, arguments), self.executable):
                            yield arguments

    def _resolve(
        self, spec: Spec, raw: list[tuple[Hole, str]], scope: Scope, bound: dict[str, Term]
    ) -> Iterator[dict[str, Term]]:
        if not raw:
            yield bound
            return
        (hole, text), rest = raw[0], raw[1:]
        if hole.name not in spec.parameters:
            # A flavour word carries no meaning, but it must be the same wherever the wording repeats it.
            if all(again.name != hole.name or other == text for again, other in rest):
                yield from self._resolve(spec, rest, scope, bound)
            return
        for term in self._value(spec, hole, text, scope):
            if bound.get(hole.name, term) == term:
                yield from self._resolve(spec, rest, scope, {**bound, hole.name: term})

    def _value(self, spec: Spec, hole: Hole, text: str, scope: Scope) -> Iterator[Term]:
        parameter = spec.parameters[hole.name]
        letter = text.strip("$`")
        # A bare letter is a symbol only inside mathematics; elsewhere it is a word such as "a".
        if letter in scope and (text != letter or hole.math):
            yield scope[letter]
            return
        if text.startswith("the ") and parameter.kind not in WORDED:
            yield from self._phrase(text, scope)
        # "the Moon" is a choice like any other, and facts are noun phrases by themselves.
        if not text.startswith("the ") or parameter.kind in ("choice", *WORDED):
            yield from _given(parameter, text, hole.math)

    # --- programs ---

    def _program(self, text: str) -> Iterator[Term]:
        for found in matches(text, (*grammar.PROGRAM_FRAMES, *grammar.STEPS_FRAMES), code=True):
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
                options.append(grammar.capitalized(spec.step))
            if spec.finish and last:
                options.append(f"Return {spec.finish}")
            for option in options:
                for arguments in self._arguments(spec, option, sentence, {}, "", given={spec.data: data}):
                    yield Apply(name, arguments)

    def _printed(self, text: str) -> Iterator[Term]:
        for found in matches(text, grammar.PRINTED_FRAMES):
            body = read_listing(found["listing"], self.executable)
            if body is not None:
                yield Printed(body)


def _given(parameter: Parameter, text: str, math: bool) -> Iterator[Given]:
    if parameter.kind in NUMBERS:  # dollars around a number are notation
        text = text.replace("$", "")
        math = "\\" in text
    if expression_of(pattern(parameter, math=math)).fullmatch(text):
        try:
            yield Given(render(parameter, parse(parameter, text, math=math)))
        except (ValueError, ZeroDivisionError):
            return


def _pairs(text: str, joint: str, verb: str) -> list[tuple[str, str]]:
    """`$k$ is A and $m$ is B` → [(k, A), (m, B)]."""
    starts = list(re.finditer(rf"(?:^|{joint})\$([A-Za-z])\${verb}(?=the )", text))
    stops = [m.start() for m in starts[1:]] + [len(text)]
    return [(m[1], text[m.end() : stop]) for m, stop in zip(starts, stops, strict=True)]


def _without_closing(text: str) -> Iterator[tuple[str, str]]:
    """Yield (question, ending) for every place at which the ending of a statement may begin; first without one."""
    yield text, ""
    for found in re.finditer(r"(?<=[.?]) (?=(?:Use |Give your answer |Express your answer ))", text):
        if "?" not in text[found.end() :]:
            yield text[: found.start()], text[found.end() :]
