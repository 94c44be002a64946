"""The built-in proposer: a policy without a language model, for the environment in which language models act.

It drafts a composition and tries it in the sandbox. If a guard of its own code raises (a value out of range, an answer
that does not depend on a skill, a trivial answer), it reflects, repairs the numbers, exchanges or prunes a skill, and
tries again. Its failures are real: it does not know a value before the sandbox has computed it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from agentprop.composition import ablation, backwards, draft_code, families, lifted, objects, slips
from agentprop.composition.answer_text import answer_text, read_value
from agentprop.composition.drafting import well_written
from agentprop.composition.exchanges import Exchanges, culprit
from agentprop.composition.freshness import ANY, POSED, TURNED, Freshness
from agentprop.composition.listing import listing
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.program_submissions import drawn_task
from agentprop.composition.program_tasks import UNFIT_PROGRAM, ProgramTask, changed, likely
from agentprop.composition.refitting import CONSTRAINT, RANGES, Refitting
from agentprop.composition.repairs import Repairs
from agentprop.composition.shapes import reducible
from agentprop.composition.structure import structure_digest
from agentprop.composition.submissions import inputs_of, submission
from agentprop.composition.terms import Apply, Combine, Printed, Program, Remainder, Sought, Term, skills
from agentprop.composition.trial_runs import disagreement, linked_values, printed_lines, read_lines, values_of
from agentprop.records import Move, Observation, Submission
from agentprop.records import action_text as protocol
from agentprop.skills import Package

Script = Generator[str, Observation, None]
AGAIN = ". The idea stands; other numbers may fit. "
"""End of the sentence that answers a failure with other numbers."""
ONE_STEP = "Its value is one step away, and none of its data can be asked for"
"""What is against a scene that is not turned round."""
REPAIRS = 2
"""Redraws of a composition's numbers before one of its skills is taken for the cause."""
MODELS, FURTHER = 4, 4
"""Tries at a model of an object kind, and models constructed at once in a try after one that was posed before."""
FEW = 4
"""Elements of an answer above which it is guessed too easily if all but one are the same."""
SLIPS = 8
"""Programs with one slip that are tried, to show one that is wrong for few of the data."""
BACKWARDS = 0.8
"""Share of the questions for a quantity, told by scenes, that are turned into one for a datum, if they can be."""
DATA_TURNS = 7
"""Turns that must be left for a question for a datum."""
GIVEN_FIGURES = 4
"""Figures of a quantity that a statement gives."""
DRAFTS = 4
"""Drafts of a composition, each with other numbers, before it is given up as one without a good statement."""


@dataclass
class BuiltinProposer:
    """Policy of one candidate. All that it does follows from the composition and the random generator handed in."""

    planner: Planner
    term: Term
    rng: Random
    prune: bool = True
    idle: tuple[str, ...] = ()
    """Skills that are active and that the composition has no use for."""
    fresh: Freshness = ANY
    """Structures that it avoids if it can."""
    category: str = ""
    """Category that a repair must not leave; any if empty."""

    def __post_init__(self) -> None:
        self.repairs, self.refitting = Repairs(self.planner), Refitting(self.planner)
        self.exchanges = Exchanges(self.repairs, self._rank, self.category)
        self._script = self._run()
        self.rewritten = Counter[str]()
        """Statements that broke a rule of language and were written anew, by rule."""
        self._started = False
        self._task: ProgramTask = "write"
        self._slip: str | None = None
        self._data: str | None = None
        """Data to try a program on next, if they are not to be drawn."""

    async def act(self, observation: Observation) -> Move:
        """Choose the next message; none when nothing is left to try."""
        try:
            if not self._started:
                self._started = True
                return Move(message=next(self._script))
            return Move(message=self._script.send(observation))
        except StopIteration:
            return Move()

    @property
    def library(self) -> dict[str, Package]:
        """Packages that it may compose."""
        return self.planner.library

    # --- the loop ---

    def _run(self) -> Script:
        if objects.is_undrawn(self.term, self.library):
            yield from self._model(self.term)
            return
        if isinstance(self.term, Program) or families.family(self.term, self.library) is not None:
            self._task = drawn_task(self.term, self.library, self.rng)
        statement = yield from self._draft("")
        if self.prune and statement is not None:
            yield from self._leave_out()
        failures = 0
        while statement is not None:
            inputs, self._data = self._data or inputs_of(self.term, self.library, self.rng), None
            tried = yield protocol.execute(draft_code.attempt(self.term, self.library, inputs))
            if tried.outcome != "ok":
                failures += 1
                statement = yield from self._repair(tried, failures)
                continue
            if backwards.is_single(self.term, self.library):
                yield from self._backwards(tried)
                failures += 1
                statement = None if failures > REPAIRS else (yield from self._redraft(f"{ONE_STEP}{AGAIN}"))
                continue
            checked = yield protocol.execute(draft_code.recheck(self.term, self.library, inputs))
            fault = disagreement(tried, checked) or self._guessable(tried)
            if fault is None:
                yield from self._backwards(tried)
                yield from self._choose_slip(inputs)
                answer = yield protocol.submit(self._submission(statement, tried, inputs))
                fault = answer.text
                if answer.outcome == UNFIT_PROGRAM:
                    self._task = "write"
                _, inert, clause = answer.outcome.partition(ablation.REFUSED)
                if inert:
                    statement = yield from self._mend(clause, fault, inputs)
                    continue
            failures += 1
            yield protocol.think(f"{fault} I start again with other numbers.")
            statement = yield from self._redraft("")

    def _choose_slip(self, inputs: str | None) -> Script:
        """Find a slip in the program that shows for few of the data, if a program is to be repaired."""
        self._slip = None
        if self._task != "repair" or not isinstance(self.term, Program):
            return
        own = listing(self.term.body, self.library, entry=("solve", self.term.variable))
        found = changed(own)
        some = list(islice(filter(likely, self.rng.sample(found, len(found))), SLIPS))
        if not some:
            return
        tried = yield protocol.execute(slips.trial(own, some, inputs or "[]"))
        shares = slips.shares(some, printed_lines(tried.text)) if tried.outcome == "ok" else {}
        self._slip = self.rng.choice(slips.subtle(shares)) if shares else None

    def _guessable(self, tried: Observation) -> str | None:
        """Say why nobody would ask for a list or a string: it is one element, nearly. None for any other answer."""
        programs = families.family(self.term, self.library), lifted.lifted(self.term, self.library)
        if isinstance(self.term, Program) or programs != (None, None):
            return None
        answer = values_of(tried.text)["answer"]
        if not isinstance(answer, list | str):
            return None
        most = max(Counter(map(repr, answer)).values(), default=0)
        repeats = most == len(answer) or (len(answer) > FEW and most >= len(answer) - 1)
        return "The answer is one element, again and again." if repeats else None

    def _leave_out(self) -> Script:
        """Prune what is active and has no use."""
        for name in self.idle:
            yield protocol.edit(f"prune {name}", f"{name} fits no port of {' and '.join(skills(self.term))}.")

    def _backwards(self, tried: Observation) -> Script:
        """Now and then give the value of a quantity and ask for a datum; if that fails, the question stays."""
        forwards, left, asked = self.term, tried.turns_left, self._turned(tried)
        if len(asked) > 1 and left >= DATA_TURNS:  # which data the value decides is found out at once
            found = yield protocol.execute(draft_code.possible(asked, self.library))
            left, values = found.turns_left, read_lines(found.text)
            asked = [one for one, value in zip(asked, values, strict=False) if value is not None]
        for turned in asked:
            if left < DATA_TURNS:
                break
            self.term = turned
            statement = self._statement()
            if statement is not None:
                yield protocol.think(f"The value is known. I give it, and ask for ${turned.variable}$.\n{statement}")
                found = yield protocol.execute(draft_code.attempt(turned, self.library))
                left = found.turns_left
                if found.outcome == "ok":
                    checked = yield protocol.execute(draft_code.recheck(turned, self.library))
                    if disagreement(found, checked) is None:
                        yield protocol.submit(self._submission(statement, found))
                        break
        self.term = forwards

    def _turned(self, tried: Observation) -> list[Sought]:
        """The new questions for data of a composition whose value is known, in any order; none if none is to be asked.

        One that was posed before is always turned, but not into what was asked before as well.
        """
        found = [*backwards.questions(self.term, self.library)]
        always = backwards.is_single(self.term, self.library) or self._rank(self.term) == POSED
        if not found or (not always and self.rng.random() >= BACKWARDS):
            return []
        value = answer_text(float(values_of(tried.text)["answer"]), figures=GIVEN_FIGURES)
        if not re.fullmatch(r"\d+(?:\.\d+)?", value):
            return []
        fresh = [question for question in self.rng.sample(found, len(found)) if self._rank(question) < TURNED]
        return [replace(question, value=value) for question in fresh]

    def _rank(self, term: Term) -> int:
        """Rank of the structure of a term, whose model is drawn if it is an object kind's."""
        return self.fresh.rank(structure_digest(term, self.library)) if self.fresh.asks else 0

    def _model(self, undrawn: Term) -> Script:
        """Construct models of an object kind until one is accepted."""
        assert isinstance(undrawn, Apply)  # is_undrawn() made sure
        count = 1
        for left in reversed(range(MODELS)):
            drawn = yield protocol.execute(objects.drawing(undrawn, self.library, count))
            found = printed_lines(drawn.text) if drawn.outcome == "ok" else []
            models = [objects.applied(undrawn, self.library, text) for text in found]
            self.term = min(models, key=self._rank, default=undrawn)
            posed = bool(models) and self._rank(self.term) == POSED
            if not models:
                fault = "There is none of this kind."
            elif posed and left:
                fault = "The same was asked of other numbers."
            else:
                statement = self._statement()
                fault = "It has no good wording." if statement is None else (yield from self._tried(statement))
            if left:
                yield protocol.think(f"{fault} I construct another one.")
                undrawn = objects.any_undrawn(undrawn.skill, self.library, self.rng)
                count = FURTHER if posed else 1

    def _tried(self, statement: str) -> Generator[str, Observation, str]:
        """Compute a statement's answer by both routes and submit it; what is against it."""
        yield protocol.think(f"{self._plan_text()}\n{statement}")
        tried = yield protocol.execute(draft_code.attempt(self.term, self.library))
        if tried.outcome != "ok":
            return f"{tried.text.splitlines()[-1]}."
        checked = yield protocol.execute(draft_code.recheck(self.term, self.library))
        fault = disagreement(tried, checked)
        if fault is not None:
            return fault
        answer = yield protocol.submit(self._submission(statement, tried))
        return answer.text

    def _draft(self, why: str) -> Generator[str, Observation, str | None]:
        for _ in range(DRAFTS):
            statement = self._statement()
            if statement is None:
                if not self._redraw():
                    return None
                continue
            yield protocol.think(f"{why}{self._plan_text()}\n{statement}")
            return statement
        return None

    def _redraft(self, why: str) -> Generator[str, Observation, str | None]:
        if not self._redraw():
            return None
        return (yield from self._draft(why))

    def _redraw(self) -> bool:
        try:
            self.term = self.repairs.redrawn(self.term, self.rng)
        except Impossible:
            return False
        return True

    def _mend(self, clause: str, fault: str, inputs: str | None) -> Generator[str, Observation, str | None]:
        """Give a clause that does nothing another value, or leave out an operator that does nothing."""
        if isinstance(self.term, Remainder) and clause == "remainder":
            self.term = self.term.body
            return (yield from self._draft(f"{fault} It is left out. "))
        skill, _, parameter = clause.partition(".")
        if not parameter:
            return (yield from self._redraft(f"{fault} I start again with other numbers. "))
        choice = yield from self._choice(skill, parameter, inputs)
        if choice is not None:
            self.term, self._data = choice, inputs
            return (yield from self._draft(f"{fault} Now it does. "))
        if self.prune and len(names := skills(self.term)) > 1:  # what the first one is supplied with is the cause
            return (yield from self._change(fault, skill if skill in names[1:] else names[1]))
        return (yield from self._redraft(f"{fault} I start again with other numbers. "))

    def _choice(self, skill: str, parameter: str, inputs: str | None) -> Generator[str, Observation, Term | None]:
        """The composition with other givens, found in the sandbox, with which a clause of a skill matters."""
        try:
            choices = self.repairs.choices(self.term, skill, parameter, self.rng)
        except Impossible:
            return None
        data = None
        if inputs is not None:  # the shortest is likely to be shown, and tests nothing then
            data = sorted(read_value(inputs), key=lambda value: len(repr(value)))[1:]
        code = ablation.search(self.term, self.library, (skill, parameter), choices, data)
        if code is None:
            return None
        found = yield protocol.execute(code)
        number = values_of(found.text).get(ablation.CHOICE) if found.outcome == "ok" else None
        return choices[number] if isinstance(number, int) else None

    # --- reflection ---

    def _repair(self, seen: Observation, failures: int) -> Generator[str, Observation, str | None]:
        """Reflect on a failed try; change the numbers or the bundle. Returns the new draft, or None to give up."""
        if seen.turns_left < 5 or failures > 6:
            return None
        if lifted.lifted(self.term, self.library) is not None and failures > REPAIRS:
            return None  # its statement has no numbers to change, only its inputs can be drawn again
        problem = re.sub(r"^(?:\[\w+\] )?error: (?:tools\.)?(?:Conflict: )?", "", seen.text.splitlines()[-1])
        code, about = (seen.conflict.code, seen.conflict.about) if seen.conflict is not None else ("", "")
        cause = culprit(self.term, about)
        long = code == "too-many-digits" and failures >= REPAIRS  # other numbers are tried first
        if long and isinstance(self.term, Apply) and reducible(self.library[self.term.skill].spec):
            self.term = Remainder(self.term, 1000)
            return (yield from self._draft(f"{problem}. Asking for a remainder keeps the idea. "))
        if code == "wrong-order" and isinstance(self.term, Combine):
            self.term = replace(self.term, left=self.term.right, right=self.term.left)
            return (yield from self._draft(f"{problem}. The sides change places. "))
        if (fitted := (yield from self._refitted(seen, code, about))) is not None:
            skill, self.term = fitted
            return (yield from self._draft(f"{problem}. {skill} gets other numbers, the rest stays. "))
        structural = code in ("independent", "result-independent")
        if self.prune and cause is not None and (structural or failures > REPAIRS):
            return (yield from self._change(problem, cause))
        return (yield from self._redraft(f"{problem}{AGAIN}"))

    def _refitted(
        self, seen: Observation, code: str, about: str
    ) -> Generator[str, Observation, tuple[str, Term] | None]:
        """Fit a linked value by other numbers of one skill; of a value out of its range several are tried at once."""
        computed = linked_values(seen.text)
        if code == CONSTRAINT:
            return self.refitting.met(self.term, computed, self.rng)
        options = self.refitting.options(self.term, computed, about, self.rng) if code in RANGES else None
        if options is None:
            return None
        tried = yield protocol.execute(draft_code.values(options.targets(), self.library))
        term = self.refitting.chosen(options, read_lines(tried.text))
        return None if term is None else (options.node.skill, term)

    def _change(self, problem: str, cause: str) -> Generator[str, Observation, str | None]:
        """Prune the cause, or exchange it: whatever leaves several skills and a structure that is new."""
        pruned = self.exchanges.pruned(self.term, cause, self.rng)
        exchanged = self.exchanges.exchanged(self.term, cause, self.rng)
        if pruned is not None and (exchanged is None or self.exchanges.is_better(pruned, exchanged[1])):
            seen = yield protocol.edit(f"prune {cause}", f"{problem}; its value is better given.")
            self.term = pruned if seen.outcome == "ok" else self.term
        elif exchanged is not None:
            new, term = exchanged
            seen = yield protocol.edit(f"replace {cause} with {new}", f"{problem}; {new} supplies the same port.")
            self.term = term if seen.outcome == "ok" else self.term
        else:
            return (yield from self._redraft(f"{problem}{AGAIN}"))
        return (yield from self._draft(""))

    # --- texts ---

    def _plan_text(self) -> str:
        names = skills(self.term)
        if isinstance(self.term, Program | Printed):
            return f"A pipeline of {', then '.join(reversed(names))}. Draft:"
        if len(names) == 1:
            return f"{names[0]} by itself. Draft:"
        return f"{names[0]} asks the question; {', '.join(names[1:])} supplies what it needs. Draft:"

    def _statement(self) -> str | None:
        return well_written(self.term, self.library, self.rng, self.rewritten)

    def _submission(self, statement: str, tried: Observation, inputs: str | None = None) -> Submission:
        task, slip = self._task, self._slip
        return submission(self.term, self.library, statement, tried.text, self.rng, inputs=inputs, task=task, slip=slip)
