"""A term → a statement: one situation, told in sentences of the grammar.

A value that another skill supplies is placed by one of four links: a *story* (the supplier's scene is told and the
consumer goes on in it), *inline* (a noun phrase ends the question), *where* ("…, where $k$ is …") or *let* ("Let $k$
be …. …"). The random generator chooses among them; the meaning is the same.

Example: divisor-sum(n = fixed-points(n = 5, k = 2), k = 4) has no story, and the other three links give

    inline  Find the sum of all integers greater than $4$ that divide the number of permutations of $5$ objects that
            leave exactly $2$ of them in place.
    where   Find the sum of all integers greater than $4$ that divide $n$, where $n$ is the number of permutations of
            $5$ objects that leave exactly $2$ of them in place.
    let     Let $n$ be the number of permutations of $5$ objects that leave exactly $2$ of them in place. What is the
            sum of those positive divisors of $n$ that are greater than $4$?

while factorial-zeros(n = fixed-points(n = 5, k = 2), b = 12) is told as a story:

            A cloakroom attendant writes down all assignments of $5$ hats to their $5$ owners, one to each, in which
            exactly $2$ owners get their own back. Each of these assignments is recorded on its own card, and the number
            of orders in which all the cards can be laid out in a row is written in base $12$. How many zeros stand at
            the end of the number written?
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from agentprop.composition import grammar
from agentprop.composition.closings import closing
from agentprop.composition.free_letters import SPARE, reserved
from agentprop.composition.letters import LetterUse, letter_use, shares_letters
from agentprop.composition.listing import listing
from agentprop.composition.objects import is_undrawn
from agentprop.composition.room import FULL, has_room, is_wordy, words
from agentprop.composition.scenes import CONDITIONAL, complete_follow, complete_scene, story_wordings, with_subject
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
    pipeline,
    skills,
    supplied,
    walk,
)
from agentprop.skills import Hole, Package, Spec, Wording, segments, worded
from agentprop.skills.values import parse, reworded

_MISREAD = frozenset("deio")
"""Letters that a mined question may take for something else: a differential, Euler's number, the imaginary unit, 0."""
LinkedArguments = Mapping[str, Term]
Option = TypeVar("Option")
LETTERS_OF_UNITS = {"m/s": "vuw", "°C": "TSU", "J": "QW", "W": "P", "mol": "nN", "kPa": "P", "Hz": "fF", "s": "tT",
                    "h": "tT", "m": "xy", "cm": "xy", "mm": "xy", "nm": "wv", "Ω": "RS", "MBq": "AB"}  # fmt: skip
"""Letters that quantities usually have, by their unit, for two that are compared."""
LONG = 24
"""Words beyond which a program is told step by step."""
LETTERS = 0.4
"""Share of stories whose values get letters, and whose scenes stand side by side, if they can."""


class Unwritable(ValueError):
    """The grammar has no sentence for the term."""


def write(term: Term, library: Mapping[str, Package], rng: Random, *, naming: bool = False) -> str:
    """Write the statement of a term. Raises Unwritable if the skills' wordings do not allow one.

    With `naming`, each value that another skill supplies gets a letter and a sentence of its own if a noun phrase or a
    scene tells it; otherwise a story does.
    """
    if is_undrawn(term, library):
        raise Unwritable("the facts of the object have still to be constructed")
    if shares_letters(term, library):
        raise Unwritable("a letter would have two meanings")
    formal = "mathematics" in {library[name].spec.domain for name in skills(term)}
    return _Writer(library, rng, reserved(term, library), letter_use(term, library), naming, formal).statement(term)


@dataclass
class _Writer:
    library: Mapping[str, Package]
    rng: Random
    used: set[str]
    letters: LetterUse | None = None
    naming: bool = False
    formal: bool = False
    """Numbers of coding skills are formulas, as those of mathematics beside them are."""
    of_program: bool = False
    """A program is told, which has no place in which a letter could be explained."""
    bindings: list[tuple[str, Term]] = field(default_factory=list)
    scenes: set[str] = field(default_factory=set)
    """Scenes that are told: of a skill that stands in a statement twice, another one comes the second time."""

    # --- questions ---

    def statement(self, term: Term) -> str:
        if isinstance(term, Program):
            return self._program(term)
        if isinstance(term, Printed):
            frame = self.rng.choice(grammar.PRINTED_FRAMES)
            return frame.replace("<listing>", listing(term.body, self.library))
        if isinstance(term, Apply):
            text = self._apply(term)
        else:
            text = self._sought(term) if isinstance(term, Sought) else self._framed(term)
        return " ".join(part for part in (text, closing(term, self.library)) if part)

    def _sought(self, term: Sought) -> str:
        body, spec = term.body, measured(term.body, self.library)
        unit = spec.output.unit if spec is not None and spec.output is not None else None
        value = f"{term.value} {unit}" if unit and unit != "1" else term.value
        frames = grammar.SOUGHT if isinstance(body, Apply) else grammar.SOUGHT_EXCESS
        frame = self.rng.choice(frames).replace("<symbol>", term.variable).replace("<value>", value)
        if isinstance(body, Combine) and self._tells(body.left) and self._tells(body.right):
            return self._bound(self._fill_frame(frame, body))
        if spec is None or not isinstance(body, Apply) or not spec.tells:
            raise Unwritable("no scene tells the quantity")
        return self._bound(f"{self._scene(body)} {frame.replace('<named>', self.rng.choice(spec.named))}")

    def _framed(self, term: Term) -> str:
        frame = self.rng.choice(grammar.FRAMES[_kind(term)])
        return self._bound(self._fill_frame(frame, term))

    def _apply(self, term: Apply) -> str:
        # Which draws are made, and in which order, is part of the output: a seed stands for one statement.
        links = supplied(term)
        story = self._story_link(term, links)
        lettered = bool(links) and self._takes_letters(term, links)
        named = self.naming and (lettered or all(self._names(value) for value in links.values()))
        if story is None and self._needs_thing(term, links):
            raise Unwritable(f"{term.skill}: no story has the thing in it")
        if story is not None and not (named or (lettered and self.rng.random() < LETTERS)):
            return self._tell(term, *story)
        wordings = self._apart(term.skill, self.library[term.skill].spec.phrasings, lambda wording: wording.text)
        inline = [(w, hole) for w in wordings if (hole := _last_hole(w.ask, w.text)) in links]
        inline = [(w, hole) for w, hole in inline if hole is not None and self._has_phrase(links[hole])]
        inline = [(w, hole) for w, hole in inline if self._has_room(w.ask, links[hole])]
        if inline and not self.naming and self.rng.random() < 0.5:
            wording, hole = self.rng.choice(inline)
            return self._bound(self._fill(term, wording.text, inline=hole))
        told = links and any(map(self._tells, links.values()))
        if links and not self.naming and not told and self.library[term.skill].spec.value and self.rng.random() < 0.2:
            return self._bound(self.rng.choice(grammar.FRAMES["find"]).replace("<body>", self.phrase(term)))
        if not wordings:
            raise Unwritable(f"{term.skill} has no wording")
        return self._bound(self._fill(term, self.rng.choice(wordings).text))

    def _bound(self, text: str) -> str:
        """Explain the symbols that the text uses, behind it (*where*) or in front of it (*let*)."""
        bindings, self.bindings = self.bindings, []
        if not bindings:
            return text
        if any(self._is_told(supplier) for _, supplier in bindings):
            return self._told_before(bindings, text)
        phrases: list[tuple[str, str]] = []
        while bindings:  # an explanation may need another symbol
            symbol, term = bindings.pop(0)
            phrases.append((symbol, self.phrase(term)))
            bindings += self.bindings
            self.bindings = []
        if self.naming:
            return self._let(phrases, text)
        # "…, where" attaches to the last sentence, so the first symbol must occur there; long lists read badly behind.
        last = re.split(r"(?<=[.?!]) ", text)[-1]
        behind = all(_mentions(last, symbol) for symbol, _ in phrases[:1]) and len(phrases) <= 2
        if self.letters is not None:  # mined phrases may have conditions, and "if … and $b$ is …" reads as one of them
            behind = behind and (len(phrases) == 1 or not any(CONDITIONAL.search(phrase) for _, phrase in phrases))
            text = f"{text[:-1].rstrip()}{text[-1]}"
        length = sum(words(phrase) for _, phrase in phrases)
        behind = behind and words(last) + length <= FULL
        if behind and self.rng.random() < 0.65:
            return text[:-1] + grammar.WHERE + " and ".join(f"${s}$ is {p}" for s, p in phrases) + text[-1]
        if length > FULL:
            return self._let(phrases, text)
        return grammar.LET + " and let ".join(f"${s}$ be {p}" for s, p in reversed(phrases)) + ". " + text

    def _let(self, phrases: Sequence[tuple[str, str]], text: str) -> str:
        """A sentence for each symbol, in front of the text."""
        return " ".join([*(f"{grammar.LET}${s}$ be {p}." for s, p in reversed(phrases)), text])

    def _told_before(self, bindings: list[tuple[str, Term]], text: str) -> str:
        """Explain every symbol in front of the text: by the scene of its skill, or by a noun phrase."""
        told: list[str] = []
        while bindings:
            symbol, term = bindings.pop(0)
            told.append(self._introduced(symbol, term))
            bindings += self.bindings
            self.bindings = []
        return grammar.APART.join([*reversed(told), text])

    def _introduced(self, symbol: str, term: Term) -> str:
        if not isinstance(term, Apply) or not self._is_told(term):
            return f"{grammar.LET}${symbol}$ be {self.phrase(term)}."
        spec = self.library[term.skill].spec
        if spec.tells:
            scene, named = self._scene(term), self.rng.choice(spec.named)
        else:
            asked, named = self.rng.choice([*spec.asked.items()])
            scene = self._fill(term, asked)
        return f"{scene} {self.rng.choice(grammar.told(named)).replace('<symbol>', symbol).replace('<named>', named)}"

    def _tells(self, term: Term) -> bool:
        """True if a scene tells a value, behind which it gets its letter."""
        return isinstance(term, Apply) and self.library[term.skill].spec.tells

    def _hole_for_phrase(self, term: Apply, text: str) -> str | None:
        """The hole of a noun phrase in which another one can stand without making it too long."""
        hole, links = _last_hole(text, text), supplied(term)
        return hole if hole not in links or self._has_room(text, links[hole]) else None

    def _has_room(self, text: str, term: Term) -> bool:
        return self.of_program or has_room(text, term, self.library)

    def _is_told(self, term: Term) -> bool:
        """True if a scene is told for a value, because it has no noun phrase or only wordy ones."""
        return isinstance(term, Apply) and (self._tells(term) or is_wordy(self.library[term.skill].spec))

    def _names(self, term: Term) -> bool:
        """True if a noun phrase names a value, behind which it gets its letter."""
        return isinstance(term, Apply) and bool(self.library[term.skill].spec.value)

    def _has_phrase(self, term: Term) -> bool:
        return not isinstance(term, Apply) or bool(self.library[term.skill].spec.value)

    # --- stories ---

    def _story_link(self, term: Apply, links: LinkedArguments) -> tuple[str, Apply, Wording] | None:
        for name, supplier in links.items():
            others = {key: other for key, other in links.items() if key != name}
            if isinstance(supplier, Apply) and self._takes_letters(term, others):  # a story tells of one supplier
                follow = self._follow(term, name, supplier)
                if follow is not None:
                    return name, supplier, follow
        return None

    def _follow(self, term: Apply, name: str, supplier: Apply) -> Wording | None:
        output = self.library[supplier.skill].spec.output
        if output is None or output.role is None or not output.subject or not self._has_scene(supplier):
            return None
        options = story_wordings(self.library[term.skill].spec, name, output.role)
        return self.rng.choice(options) if options else None

    def _has_scene(self, term: Apply) -> bool:
        links = supplied(term)
        if not links:
            spec = self.library[term.skill].spec
            return any(complete_scene(spec, w) for w in spec.phrasings)
        return self._story_link(term, links) is not None or self._lettered(term, links)

    def _lettered(self, term: Apply, links: LinkedArguments) -> bool:
        """True if a scene of its own can be told with letters for what other scenes supply."""
        return self.library[term.skill].spec.tells and self._takes_letters(term, links)

    def _takes_letters(self, term: Apply, links: LinkedArguments) -> bool:
        """True if letters can stand for all that other skills supply: scenes tell it, and nothing needs its thing."""
        return all(map(self._tells, links.values())) and not self._needs_thing(term, links)

    def _needs_thing(self, term: Apply, links: LinkedArguments) -> bool:
        """True if a supplied datum names the things it can be of, which only a story has in it."""
        return any(self.library[term.skill].spec.parameters[name].of is not None for name in links)

    def _tell(self, term: Apply, name: str, supplier: Apply, follow: Wording) -> str:
        return self._bound(f"{self._scene(supplier)} {self._fill(term, follow.text, skip=name, supplier=supplier)}")

    def _scene(self, term: Apply) -> str:
        links = supplied(term)
        story = self._story_link(term, links) if links else None
        lettered = self._lettered(term, links)
        if story is not None and not (lettered and self.rng.random() < LETTERS):
            name, supplier, follow = story
            if not complete_follow(self.library[term.skill].spec, follow, name):
                raise Unwritable(f"{term.skill}: the story needs its question")
            return f"{self._scene(supplier)} {self._fill(term, follow.scene, skip=name, supplier=supplier)}"
        spec = self.library[term.skill].spec
        options = [w for w in spec.phrasings if complete_scene(spec, w)]
        if not options or (links and not lettered):
            raise Unwritable(f"{term.skill} has no scene of its own")
        chosen = self.rng.choice([w for w in options if w.scene not in self.scenes] or options)
        self.scenes.add(chosen.scene)
        return self._fill(term, chosen.scene)

    # --- noun phrases ---

    def phrase(self, term: Term) -> str:
        """Write a noun phrase; values that it cannot place itself become bindings."""
        if isinstance(term, Apply):
            options = self._apart(term.skill, self.library[term.skill].spec.value, str)
            if not options:
                raise Unwritable(f"{term.skill} has no noun phrase")
            text = self.rng.choice(options)
            return self._fill(term, text, inline=None if self.naming else self._hole_for_phrase(term, text))
        options = grammar.PHRASES.get(_kind(term), ())
        if not options:
            raise Unwritable(f"no noun phrase for {_kind(term)}")
        return self._fill_frame(self.rng.choice(options), term)

    def _apart(self, skill: str, options: Sequence[Option], text: Callable[[Option], str]) -> Sequence[Option]:
        """The wordings whose letters have no other meaning in the statement."""
        if self.letters is None:
            return options
        return [one for one in options if self.letters.fits(skill, text(one))]

    def _fill_frame(self, frame: str, term: Term) -> str:
        values: dict[str, str] = {}
        match term:
            case Combine():
                full = not self._has_room("", term)  # behind a long first phrase nobody sees where the second begins
                values = {"left": self._operand(term.left, full), "right": self._operand(term.right, full)}
            case Least() | Count():
                values = {"body": self.phrase(term.body), "relation": self._relation(term.relation)}
            case Total():
                values = {"body": self.phrase(term.body)}
            case LowestTerms() | Remainder():
                values = {"body": self._operand(term.body)}
        for name in ("variable", "low", "high", "modulus"):
            if hasattr(term, name):
                hole = {"variable": "var", "modulus": "value"}.get(name, name)
                values[hole] = str(getattr(term, name))
        return re.sub(r"<(\w+)>", lambda found: values[str(found[1])], frame)

    def _operand(self, term: Term, lettered: bool = False) -> str:
        """Write a noun phrase, or the letter that names it."""
        tells, varies = self._is_told(term), any(isinstance(node, Variable) for node in walk(term))
        if not self._tells(term) and (varies or not (tells or self.naming or lettered)):
            return self.phrase(term)  # a letter explained elsewhere cannot run with the variable of a sweep
        spec = measured(term, self.library)
        usual = LETTERS_OF_UNITS.get(spec.output.unit or "", "") if tells and spec is not None and spec.output else ""
        symbol = self._free_letter([*usual, *SPARE])
        self.bindings.append((symbol, term))
        return f"${symbol}$"

    def _relation(self, relation: Relation) -> str:
        text = self.rng.choice(grammar.RELATIONS[relation.comparison])
        if relation.other is not None:
            text = text.replace("<right>", self.phrase(relation.other))
        return text.replace("<value>", str(relation.value))

    # --- holes ---

    def _fill(
        self,
        term: Apply,
        text: str,
        *,
        inline: str | None = None,
        skip: str | None = None,
        supplier: Apply | None = None,
    ) -> str:
        spec, text = self.library[term.skill].spec, worded(text, may_be_negative(term, self.library))
        if self.letters is not None and not self.letters.claim(term.skill, text):
            raise Unwritable("a letter would have two meanings")
        flavour = {name: self.rng.choice(words) for name, words in spec.flavour.items()}
        symbols: dict[str, str] = {}
        out: list[str] = []
        parts = segments(text if supplier is None else with_subject(text, self._subject(supplier)))
        for position, part in enumerate(parts):
            if isinstance(part, str):
                out.append(grammar.with_ordinal(out[-1], part) if out else part)
            elif part.name in flavour:
                out.append(flavour[part.name])
            else:
                out.append(self._hole(term, part, symbols, inline == part.name, parts, position))
        return _drop_inline_dollars("".join(out))

    def _hole(
        self, term: Apply, hole: Hole, symbols: dict[str, str], inline: bool, parts: Sequence[str | Hole], position: int
    ) -> str:
        spec, value = self.library[term.skill].spec, term.argument(hole.name)
        if isinstance(value, Given):
            parameter = spec.parameters[hole.name]
            text = reworded(parameter, parse(parameter, value.text), self.rng, math=hole.math)
            plain = spec.domain == "coding" and not hole.math and re.fullmatch(r"-?\d+", text)
            return f"${text}$" if self.formal and plain and not _is_ordinal(parts, position) else text
        if isinstance(value, Variable):
            code = spec.parameters[hole.name].input
            return f"`{value.name}`" if code else value.name if hole.math else f"${value.name}$"
        if inline and self._has_phrase(value) and not self._needs_symbol(value) and _stands_alone(parts, position):
            phrase = self.phrase(value)
            return f"\x00{phrase}\x01" if hole.math else phrase  # marks the dollars that are to be dropped
        # A letter cannot stand for a graph or a list of words: no wording has a place for one.
        if spec.parameters[hole.name].kind not in ("integer", "rational", "decimal", "list", "string"):
            raise Unwritable(f"{spec.name}: {hole.name} cannot be named by a letter")
        if hole.name not in symbols:
            symbols[hole.name] = self._symbol(spec, hole.name)
            self.bindings.append((symbols[hole.name], value))
        return symbols[hole.name] if hole.math else f"${symbols[hole.name]}$"

    def _needs_symbol(self, value: Term) -> bool:
        return isinstance(value, Combine) and value.op == "difference"

    def _subject(self, supplier: Apply) -> str:
        output = self.library[supplier.skill].spec.output
        assert output is not None and output.subject is not None  # _follow made sure
        return output.subject

    def _symbol(self, spec: Spec, name: str) -> str:
        return self._free_letter([spec.parameters[name].symbol or "", name if len(name) == 1 else "", *SPARE])

    def _free_letter(self, wanted: Sequence[str]) -> str:
        for letter in wanted:
            if len(letter) == 1 and letter not in self.used and not (self.letters is not None and letter in _MISREAD):
                self.used.add(letter)
                return letter
        raise Unwritable("no letter is left")

    # --- programs ---

    def _program(self, term: Program) -> str:
        noun, self.of_program = data_noun(term, self.library), True
        steps = self._steps(term)
        numbered = "\n".join(f"{n}. {text}" for n, text in enumerate(steps, 1))
        in_steps = self.rng.choice(grammar.STEPS_FRAMES).replace("<steps>", numbered)
        if steps and (self.rng.random() < (0.7 if len(steps) > 2 else 0.4) or self.naming):
            frame = in_steps
        else:
            frame = self.rng.choice(grammar.PROGRAM_FRAMES).replace("<body>", self.phrase(term.body))
            if steps and len(frame.split()) > LONG:
                frame = in_steps
        return frame.replace("<data>", noun).replace("<var>", term.variable)

    def _steps(self, term: Program) -> list[str]:
        """The pipeline as imperative sentences; empty if a skill has no such wording."""
        chain = pipeline(term.body, self.library)
        out: list[str] = []
        for node, final in [(n, n is chain[-1]) for n in chain]:
            spec = self.library[node.skill].spec
            text = spec.finish if final and spec.finish else spec.step
            if text is None or not chain:
                return []
            filled = self._fill(node, text)
            out.append(f"Return {filled}." if final and spec.finish else f"{grammar.capitalized(filled)}.")
        return out if len(out) > 1 else []


def _is_ordinal(parts: Sequence[str | Hole], position: int) -> bool:
    """True if the part behind a hole makes an ordinal of its number."""
    behind = parts[position + 1] if position + 1 < len(parts) else ""
    return isinstance(behind, str) and grammar.ORDINAL.match(behind) is not None


def data_noun(term: Program, library: Mapping[str, Package]) -> str:
    """Description of a program's data. Raises Unwritable if the body does not use it."""
    for node in walk(term.body):
        if isinstance(node, Apply):
            for name, value in node.arguments:
                if value == Variable(term.variable):
                    p = library[node.skill].spec.parameters[name]
                    kind = ("weighted " if p.weights else "directed " if p.directed else "") + p.kind
                    return grammar.DATA_NOUNS[kind].replace("<var>", term.variable)
    raise Unwritable("the program does not use its data")


def _kind(term: Term) -> str:
    return term.op if isinstance(term, Combine) else type(term).__name__.lower()


def _last_hole(sentence: str, whole: str) -> str | None:
    """The parameter that ends a sentence (`… by <m>.`, `… by $<m>$?`), if it occurs nowhere else."""
    found = re.search(r"(?:^|[\s])\$?<(\w+)>\$?[.?]?$", sentence)
    if found is None or len(re.findall(rf"<{found[1]}>", whole)) != 1:
        return None
    return found[1]


def _stands_alone(parts: Sequence[str | Hole], position: int) -> bool:
    """True if the hole ends the wording and stands alone between its dollars."""
    before = parts[position - 1] if position else ""
    after = parts[position + 1] if position + 1 < len(parts) else ""
    hole = parts[position]
    if position + 2 < len(parts) or not isinstance(before, str) or not isinstance(after, str):
        return False
    if isinstance(hole, Hole) and hole.math:
        return before.endswith("$") and after in ("$", "$.", "$?")
    return after in ("", ".", "?")


def _drop_inline_dollars(text: str) -> str:
    """Drop the dollars around an inline noun phrase, which `_hole` marked."""
    return text.replace("$\x00", "").replace("\x01$", "").replace("\x00", "").replace("\x01", "")


def _mentions(text: str, symbol: str) -> bool:
    return symbol in grammar.letters(text)
