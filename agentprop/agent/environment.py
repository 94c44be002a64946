"""The POMDP in which a problem is proposed: messages of a policy in, observations out, every step recorded.

Paper (arXiv 2602.03279): the observation ⟨K_t, h_t, σ_t⟩ and the actions think, exec, edit, submit. Ours: σ_t is a pure
function of (σ, action, result), `next_stage`, so that a model cannot declare its own stage; the limits; the stop
reasons.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from agentprop.agent import reading
from agentprop.agent.clauses import INERT
from agentprop.agent.contract import check_contract
from agentprop.agent.guidance import Guidance, Limits, card, left, listed, rule_of
from agentprop.agent.message_notes import MessageNotes
from agentprop.agent.submissions import Violation
from agentprop.prompts import Prompts
from agentprop.records import (
    Action,
    ConflictNote,
    MadeBy,
    Move,
    Observation,
    Problem,
    Stage,
    StopReason,
    Task,
    Trajectory,
    Turn,
)
from agentprop.records.action_text import Malformed, parse
from agentprop.sandbox import OUTSIDE, Job, Result
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, origin_of, sources_of, split

MAX_OUTPUT = 4_000
READ_SKILL = re.compile(r"""read_(skill|script)\(["']([a-z0-9-]+)["']\)""")
ActionKind = Literal["think", "exec", "edit", "submit", "malformed"]


class Policy(Protocol):
    """The side that chooses actions; language models and the built-in proposer implement this one method."""

    async def act(self, observation: Observation) -> Move:
        """Choose the next assistant message; a move without one says why."""
        ...


@dataclass(frozen=True)
class Rules:
    """Limits of an episode."""

    max_turns: int = 16
    """Most actions of a trajectory."""
    max_malformed: int = 3
    """Malformed messages before the trajectory ends."""
    max_submissions: int = 3
    """Refused submissions before the trajectory ends."""
    timeout_s: float = 5.0
    """Time limit of one exec, in seconds."""
    prune: bool = True
    """The policy may edit the active skills, τ_edit (the ablation without pruning switches it off)."""
    system: str = "proposer"
    """Name of the system prompt; `one_shot` is the one for a single turn."""
    strict: bool = True
    """Messages are taken as they were sampled; otherwise what was meant is read, and recorded in canonical form."""
    use_all: bool = False
    """A problem has to use every active skill, so that one of no use has to be pruned first."""
    repeat_skills: bool = False
    """Every observation ends with the names of the active skills (ours)."""
    solutions: bool = True
    """A problem gets its solution in words, which costs a trace of its composition."""


ONE_SHOT = Rules(max_turns=1, max_malformed=1, max_submissions=1, prune=False, system="one_shot")
"""Rules without a loop: the first message must submit."""


@dataclass(frozen=True)
class Episode:
    """A finished trajectory and what it produced."""

    trajectory: Trajectory
    """Every turn."""
    problem: Problem | None
    """The problem, if a submission kept the contract."""
    notes: MessageNotes = field(default_factory=MessageNotes)
    """How the policy wrote its messages."""
    words: str = ""
    """What the model's server said, if it ended the episode."""


def next_stage(stage: Stage, action: ActionKind, ok: bool) -> Stage:
    """σ_{t+1}: code that runs moves one stage on; code that fails, an edit and a refused submission lead to refine.

    think, malformed     σ stays
    exec ok              draft → check, refine → check, check → finalize, finalize stays
    exec failed          → refine
    edit                 → refine
    submit refused       → refine
    """
    if action in ("think", "malformed"):
        return stage
    if action == "exec" and ok:
        return Stage.FINALIZE if stage in (Stage.CHECK, Stage.FINALIZE) else Stage.CHECK
    return stage if action == "submit" and ok else Stage.REFINE


class _Before(NamedTuple):
    """The state before an action."""

    started: float
    stage: Stage
    skills: tuple[str, ...]


@dataclass
class Environment:
    """One episode under way. `library` holds the skills that an edit may add; `active` is K_t."""

    task: Task
    library: Mapping[str, Package]
    executor: Executor
    tools: Mapping[str, str]
    rules: Rules = field(default_factory=Rules)
    made_by: MadeBy = field(default_factory=MadeBy)
    own_code: bool = False
    prompts: Prompts = field(default_factory=Prompts)
    guidance: Guidance | None = None
    active: dict[str, Package] = field(init=False)
    stage: Stage = Stage.DRAFT
    turns: list[Turn] = field(default_factory=list)
    history: list[tuple[str, str]] = field(init=False)
    problem: Problem | None = None
    stop: StopReason | None = None
    words: str = ""
    malformed: int = 0
    refused: int = 0
    pruned: int = 0
    replaced: int = 0
    isolation: str = ""
    notes: MessageNotes = field(default_factory=MessageNotes)

    def __post_init__(self) -> None:
        self.active = {name: self.library[name] for name in self.task.skill_names}
        self.system, self.prompt = self._told()
        self.history = [("system", self.system), ("user", self.prompt)]
        self._conflict: ConflictNote | None = None

    def _told(self) -> tuple[str, str]:
        """The system text and the first user message."""
        task, protocol = self.task, self.prompts(self.rules.system)
        cards = "\n".join(self._card(package) for package in self.active.values())
        asked = self.prompts.filled("task", domain=task.domain, category=task.category, skills=cards)
        if self.guidance is None:
            return protocol, asked
        system = self.guidance.system(protocol, self.prompts, self.limits, task.domain)
        return system, self.guidance.task(asked, self.prompts, task.category)

    def avoid(self, statements: Sequence[str]) -> None:
        """Tell the policy, before it begins, which statements were proposed too often."""
        if statements:
            self.prompt = f"{self.prompt}\n\n{self.prompts.filled('avoid', statements=listed(statements))}"
            self.history = [("system", self.system), ("user", self.prompt)]

    def remind(self, reasons: Sequence[str]) -> None:
        """Tell the policy, before it begins, why earlier attempts with its bundle failed."""
        if reasons:
            self.prompt = f"{self.prompt}\n\n{self.prompts.filled('failures', reasons=listed(reasons))}"
            self.history = [("system", self.system), ("user", self.prompt)]

    @property
    def limits(self) -> Limits:
        """The limits, as a guided model is told them."""
        rules = self.rules
        return Limits(rules.max_turns, rules.max_submissions, rules.max_malformed, rules.timeout_s)

    def _card(self, package: Package) -> str:
        """A skill as the policy is shown it at first."""
        return _summary_line(package) if self.guidance is None else card(package)

    def observe(self, text: str = "", outcome: str = "ok") -> Observation:
        """o_t, what the policy sees now."""
        return Observation(
            skills=tuple(self.active),
            messages=tuple(self.history),
            stage=self.stage,
            text=text,
            outcome=outcome,
            turns_left=self.rules.max_turns - len(self.turns),
            conflict=self._conflict,
        )

    async def step(self, move: Move) -> Observation:
        """Carry out the actions of a move's message in turn, and record a turn for each; one that fails is the last."""
        message = _storable(move.message or "")
        try:
            found = self._read(message, move.fault)
        except Malformed as error:
            self.malformed += 1
            self._conflict = None
            self.notes = self.notes.heard(usable=False).with_fault(f"malformed:{error.kind}", error.fault, message)
            return self._record("malformed", message, (f"malformed: {error}", "malformed"), move, self._now())
        self.notes = self.notes.heard((*move.repairs, *found.repairs))
        as_sampled = move if [text for text, _ in found.actions] == [message] else _without_tokens(move)
        for text, action in found.actions:
            observation = await self._act(text, action, as_sampled)
            if self.stop is not None or observation.outcome not in ("ok", "read"):
                break
        return observation

    def _read(self, message: str, fault: str | None) -> reading.MessageReading:
        """The actions of a message. Raises Malformed, with the policy's own reason if it gives one."""
        if fault is not None:
            raise Malformed(fault, kind="call", example="")
        return reading.MessageReading(((message, parse(message)),)) if self.rules.strict else reading.read(message)

    async def _act(self, message: str, action: Action, move: Move) -> Observation:
        before = self._now()
        self._conflict = None
        text, outcome = await self._carry_out(action)
        if outcome not in ("ok", "read", "conflict"):
            self.notes = self.notes.with_fault(_fault_kind(action, text, outcome), text, message)
        return self._record(action.kind, message, (text, outcome), move, before)

    def _now(self) -> _Before:
        return _Before(time.perf_counter(), self.stage, tuple(self.active))

    def _record(
        self, kind: ActionKind, message: str, result: tuple[str, str], move: Move, before: _Before
    ) -> Observation:
        """Move the stage on and record a turn; `result` is what came back, and its outcome."""
        text, outcome = result
        self.stage = before.stage if outcome == "read" else next_stage(before.stage, kind, outcome == "ok")
        self._limits()
        text = _storable(f"[{self.stage}] {text}".rstrip())
        shown = text + self._repeated() + self._left()
        self.turns.append(
            Turn(
                index=len(self.turns),
                stage=before.stage,
                action=kind,
                message=message,
                observation=shown,
                outcome=outcome,
                skills=before.skills,
                duration_s=time.perf_counter() - before.started,
                prompt_token_ids=move.prompt_token_ids,
                token_ids=move.token_ids,
                logprobs=move.logprobs,
                finish_reason=move.finish_reason,
            )
        )
        self.history += [("assistant", message), ("tool", shown)]
        if self.stop is None and len(self.turns) >= self.rules.max_turns:
            self.stop = StopReason.TURN_LIMIT
        return self.observe(text, outcome)

    def _repeated(self) -> str:
        """The active skills, if they are to be repeated, on a line of their own."""
        return f"\nactive: {', '.join(self.active)}" if self.rules.repeat_skills and self.stop is None else ""

    def _left(self) -> str:
        """What a guided model has left after this turn, on a line of its own."""
        if self.guidance is None or self.stop is not None:
            return ""
        rules, turns = self.rules, self.rules.max_turns - len(self.turns) - 1
        refusals, malformed = rules.max_submissions - self.refused, rules.max_malformed - self.malformed
        return "\n" + left(self.stage, turns, refusals, malformed) if turns else ""

    def _limits(self) -> None:
        if self.stop is None and self.malformed >= self.rules.max_malformed:
            self.stop = StopReason.MALFORMED
        if self.stop is None and self.refused >= self.rules.max_submissions:
            self.stop = StopReason.SUBMISSION_LIMIT

    async def _carry_out(self, action: Action) -> tuple[str, str]:
        match action.kind:
            case "think":
                return "noted", "ok"
            case "exec":
                return await self._exec(action.text)
            case "edit":
                return self._edit(action)
            case "submit":
                return await self._submit(action)

    async def _exec(self, code: str) -> tuple[str, str]:
        asked = READ_SKILL.fullmatch(code.strip())
        if asked is not None:
            return self._read_skill(asked[2], script=asked[1] == "script")
        modules = {**self.tools, **sources_of(self.active.values())}
        result = await self.executor.run(Job(code, modules, timeout_s=self.rules.timeout_s, origin=self._origin))
        self.isolation = result.isolation
        if result.status in OUTSIDE:
            self.stop = StopReason.TOOL_FAILURE
        self._conflict = _conflict_of(result)
        return _shown(result), result.status if self._conflict is None else "conflict"

    @property
    def _origin(self) -> str | None:
        """Whose code this episode's is: a language model's is nobody's but its own."""
        return origin_of(self.active.values()) if self.own_code else None

    def _read_skill(self, name: str, *, script: bool) -> tuple[str, str]:
        """The body of SKILL.md or the script: progressive disclosure, levels two and three."""
        if name not in self.library:
            return f"{name} is not a known skill", "refused:unknown"
        if script:
            return (self.library[name].script or f"{name} has no script").strip(), "read"
        return split(self.library[name].skill_md)[1].strip(), "read"

    def _edit(self, action: Action) -> tuple[str, str]:
        name, new = action.skill or "", action.replacement or action.skill or ""
        if not self.rules.prune:
            return "edits are not allowed in this run", "refused:edits"
        if action.edit in ("prune", "replace") and name not in self.active:
            return f"{name} is not active", "refused:inactive"
        if action.edit in ("add", "replace") and (new not in self.library or new in self.active):
            return f"{new} is not a skill that can be added", "refused:unknown"
        if action.edit == "prune":
            if len(self.active) == 1:
                return "the last skill cannot be pruned", "refused:last"
            del self.active[name]
            self.pruned += 1
            return f"active: {', '.join(self.active)}", "ok"
        if action.edit == "replace":
            del self.active[name]
        self.active[new] = self.library[new]
        self.replaced += 1
        return f"active: {', '.join(self.active)}\n{self._card(self.library[new])}", "ok"

    async def _submit(self, action: Action) -> tuple[str, str]:
        assert action.submission is not None  # parse() makes no submit action without one
        found = await check_contract(
            action.submission,
            self.task,
            self.active,
            self.tools,
            self.executor,
            self.made_by,
            self._origin,
            solutions=self.rules.solutions,
        )
        if not isinstance(found, Violation) and self.rules.use_all:
            idle = [name for name in self.active if name not in found.skills]
            found = Violation("unused", f"active but not used: {', '.join(idle)}") if idle else found
        if isinstance(found, Violation):
            if found.unavailable:
                self.stop = StopReason.TOOL_FAILURE
            # A clause that does nothing is mended by another number; that may take as many tries as there are turns.
            self.refused += not found.code.startswith(INERT)
            return f"refused: {found.message}{self._rule(found.code)}", f"refused:{found.code}"
        self.problem, self.stop, self.isolation = found, StopReason.SUBMITTED, found.isolation
        return "accepted", "ok"

    def _rule(self, code: str) -> str:
        """The rule that a refusal is about, for a guided model, on a line of its own."""
        rule = None if self.guidance is None else rule_of(code, self.prompts)
        return f"\nrule: {rule}" if rule else ""

    def end(self, move: Move) -> None:
        """End the episode for the reason that a move without a message gives."""
        self.stop, self.words = move.stop or StopReason.ABANDONED, move.fault or ""
        if move.stop is not None:
            self.notes = self.notes.with_fault(move.stop.value, move.fault or move.stop.value, "")

    def episode(self) -> Episode:
        """The records of the episode."""
        trajectory = Trajectory(
            task_id=self.task.id,
            task=self.task,
            system=self.system,
            prompt=self.prompt,
            turns=tuple(self.turns),
            stop=self.stop or StopReason.ABANDONED,
            problem_id=self.problem.id if self.problem else None,
            pruned=self.pruned,
            replaced=self.replaced,
            isolation=self.isolation,
            made_by=self.made_by,
            token_exact=bool(self.turns) and all(turn.token_ids is not None for turn in self.turns),
        )
        if self.problem is None:
            return Episode(trajectory, None, self.notes, self.words)
        return Episode(trajectory, self.problem.model_copy(update={"trajectory_id": trajectory.id}), self.notes)


async def rollout(environment: Environment, policy: Policy, observation: Observation | None = None) -> Episode:
    """Run a policy until the episode ends; of one that has begun, `observation` is the last one."""
    observation = observation or environment.observe()
    while environment.stop is None:
        move = await policy.act(observation)
        if move.message is None:
            environment.end(move)
        else:
            observation = await environment.step(move)
    return environment.episode()


def _fault_kind(action: Action, text: str, outcome: str) -> str:
    """The kind of an action's fault: `exec:SyntaxError` for code, else its outcome."""
    if action.kind != "exec":
        return outcome
    status, _, error = text.rpartition("\n")[2].partition(": ")
    return f"exec:{error.partition(':')[0] or status}"


def _without_tokens(move: Move) -> Move:
    """The move without the ids of its tokens, which encode another text than the one that is recorded."""
    return move.model_copy(update={"prompt_token_ids": None, "token_ids": None, "logprobs": None})


def _storable(text: str) -> str:
    """The text without lone surrogates, which JSON and exception messages may contain and UTF-8 files may not."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _summary_line(package: Package) -> str:
    """Name, parameters, output and description of a skill: progressive disclosure, level one."""
    s = package.spec
    ports = ", ".join(f"{name}: {p.kind}" for name, p in s.parameters.items())
    output = s.output.kind if s.output else "text"
    return f"- {s.name} ({ports}) → {output}: {s.description}"


def _shown(result: Result) -> str:
    text = result.stdout.rstrip()
    if len(text) > MAX_OUTPUT:
        text = f"{text[: MAX_OUTPUT // 2]}\n…\n{text[-MAX_OUTPUT // 2 :]}"
    if result.status == "ok":
        return text or "(no output)"
    problem = result.error or result.detail or ""
    return f"{text}\n{result.status}: {problem}".strip()


def _conflict_of(result: Result) -> ConflictNote | None:
    """The conflict that a guard of `tools` raised, if it ended the code."""
    if not (result.error or "").startswith("tools.Conflict:"):
        return None
    word, _, rest = (result.detail or "").removeprefix("raised: ").partition(" ")
    code, _, about = rest.partition(" ")
    return ConflictNote(code=code, about=about) if word == "conflict" else ConflictNote(code="other")
