"""The POMDP in which a problem is proposed: messages of a policy in, observations out, every step recorded.

Paper (arXiv 2602.03279): the observation ⟨K_t, h_t, σ_t⟩ and the actions think, exec, edit, submit. Ours: σ_t is a pure
function of (σ, action, result), `next_stage`, so that a model cannot declare its own stage; the limits; the stop
reasons.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from agentprop.agent.contract import Violation, check_contract
from agentprop.prompts import prompt
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
from agentprop.skills import Package, origin_of, split

MAX_OUTPUT = 4_000
READ_SKILL = re.compile(r"""read_skill\(["']([a-z0-9-]+)["']\)""")
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


ONE_SHOT = Rules(max_turns=1, max_malformed=1, max_submissions=1, prune=False, system="one_shot")
"""Rules without a loop: the first message must submit."""


@dataclass(frozen=True)
class Episode:
    """A finished trajectory and what it produced."""

    trajectory: Trajectory
    """Every turn."""
    problem: Problem | None
    """The problem, if a submission kept the contract."""


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
    active: dict[str, Package] = field(init=False)
    stage: Stage = Stage.DRAFT
    turns: list[Turn] = field(default_factory=list)
    history: list[tuple[str, str]] = field(init=False)
    problem: Problem | None = None
    stop: StopReason | None = None
    malformed: int = 0
    refused: int = 0
    pruned: int = 0
    replaced: int = 0
    isolation: str = ""

    def __post_init__(self) -> None:
        self.active = {name: self.library[name] for name in self.task.skill_names}
        self.system = prompt(self.rules.system)
        self.prompt = prompt("task").format(
            domain=self.task.domain,
            category=self.task.category,
            skills="\n".join(_summary_line(package) for package in self.active.values()),
        )
        self.history = [("system", self.system), ("user", self.prompt)]
        self._conflict: ConflictNote | None = None

    def observe(self, text: str = "", outcome: str = "ok") -> Observation:
        """o_t, what the policy sees now."""
        return Observation.model_construct(
            skills=tuple(self.active),
            messages=tuple(self.history),
            stage=self.stage,
            text=text,
            outcome=outcome,
            turns_left=self.rules.max_turns - len(self.turns),
            conflict=self._conflict,
        )

    async def step(self, move: Move) -> Observation:
        """Carry out the action of a move's message and record the turn."""
        message = _storable(move.message or "")
        started, stage, skills = time.perf_counter(), self.stage, tuple(self.active)
        kind: ActionKind = "malformed"
        self._conflict = None
        try:
            action = _action(message, move.fault)
            kind = action.kind
            text, outcome = await self._carry_out(action)
        except Malformed as error:
            self.malformed += 1
            text, outcome = f"malformed: {error}", "malformed"
        self.stage = stage if outcome == "read" else next_stage(stage, kind, outcome == "ok")
        self._limits()
        text = _storable(f"[{self.stage}] {text}".rstrip())
        self.turns.append(
            Turn.model_construct(
                index=len(self.turns),
                stage=stage,
                action=kind,
                message=message,
                observation=text,
                outcome=outcome,
                skills=skills,
                duration_s=time.perf_counter() - started,
                prompt_token_ids=move.prompt_token_ids,
                token_ids=move.token_ids,
                logprobs=move.logprobs,
                finish_reason=move.finish_reason,
            )
        )
        self.history += [("assistant", message), ("tool", text)]
        if self.stop is None and len(self.turns) >= self.rules.max_turns:
            self.stop = StopReason.TURN_LIMIT
        return self.observe(text, outcome)

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
            return self._read_skill(asked[1])
        modules = {**self.tools, **{f"skills.{p.module}": p.script or "" for p in self.active.values()}}
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

    def _read_skill(self, name: str) -> tuple[str, str]:
        """The body of SKILL.md: progressive disclosure, level two."""
        if name not in self.library:
            return f"{name} is not a known skill", "refused:unknown"
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
        return f"active: {', '.join(self.active)}\n{_summary_line(self.library[new])}", "ok"

    async def _submit(self, action: Action) -> tuple[str, str]:
        assert action.submission is not None  # parse() makes no submit action without one
        found = await check_contract(
            action.submission, self.task, self.active, self.tools, self.executor, self.made_by, self._origin
        )
        if isinstance(found, Violation):
            if found.unavailable:
                self.stop = StopReason.TOOL_FAILURE
            self.refused += 1
            return f"refused: {found.message}", f"refused:{found.code}"
        self.problem, self.stop, self.isolation = found, StopReason.SUBMITTED, found.isolation
        return "accepted", "ok"

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
            return Episode(trajectory, None)
        return Episode(trajectory, self.problem.model_copy(update={"trajectory_id": trajectory.id}))


async def rollout(environment: Environment, policy: Policy) -> Episode:
    """Run a policy until the episode ends."""
    observation = environment.observe()
    while environment.stop is None:
        move = await policy.act(observation)
        if move.message is None:
            environment.stop = move.stop or StopReason.ABANDONED
        else:
            observation = await environment.step(move)
    return environment.episode()


def _action(message: str, fault: str | None) -> Action:
    """The action of a message. Raises Malformed, with the policy's own reason if it gives one."""
    if fault is not None:
        raise Malformed(fault)
    return parse(message)


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
