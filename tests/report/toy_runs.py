"""Run directories made of typed records: what three verifiers, an auditor and two probers would have left behind.

Also a program: `python toy_runs.py DIRECTORY N` writes runs of N problems to look at.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from agentprop.grading.wilson import wilson
from agentprop.records import (
    Attempt,
    Certificate,
    DeclaredDifficulty,
    Difficulty,
    Features,
    MadeBy,
    Problem,
    Record,
    Reject,
    Skill,
    Stage,
    StopReason,
    Task,
    TestCase,
    Trajectory,
    Turn,
    Verdict,
)
from agentprop.storage.run import Run

VERIFIERS = ("northern-70b", "southern-32b", "eastern-120b")
AUDITOR = "auditor-235b"
PROBERS = ("prober-7b", "prober-1b")
CATEGORIES = ("algebra", "combinatorics", "geometry", "mechanics", "number-theory")
SKILLS = tuple(f"{category}-{name}" for category in CATEGORIES for name in ("roots", "counting", "bounds", "symmetry"))
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "--><svg onload=alert(1)><!--",
    "$\\href{javascript:window.hacked=3}{click}$ $\\includegraphics{https://example.org/x.png}$",
    "$\\def\\a{\\a\\a}\\a$ and $\\frac{1$ and $$\\htmlStyle{position:fixed}{x}$$",
    "$" + "{" * 3000 + "$",
    "javascript:alert(1) \u202e \u0000 \u2028 ]]> &lt;b&gt; {{x}} ${y}",
)
MADE = MadeBy(name="proposer-30b", revision="r1", version="0.1.0")


def statement(n: int, rng: random.Random) -> str:
    """A statement with LaTeX in it; every seventh is an attack."""
    if n % 7 == 3:
        return f"{n}: {HOSTILE[n // 7 % len(HOSTILE)]}"
    a, b = rng.randint(2, 99), rng.randint(2, 99)
    asked = f"\\[\\sum_{{k=1}}^{{{a}}} k^{{{b}}} \\bmod {n + 2}.\\]"
    return f"Let $x_{{{n}}}$ satisfy $\\sqrt{{x + {a}}} = \\frac{{{b}}}{{x}}$. Find\n{asked}"


def skill(name: str) -> Skill:
    category = next(c for c in CATEGORIES if name.startswith(c))
    return Skill(name=name, description=f"about {name}", domain="mathematics", category=category, skill_md=f"# {name}")


def trajectory(n: int, rng: random.Random, problem: Problem | None, task: Task) -> Trajectory:
    text = problem.statement if problem else "nothing yet"
    turns = [
        Turn(
            index=0,
            stage=Stage.DRAFT,
            action="think",
            message=f"<action:think>\nDraft: {text}\n</action:think>",
            observation="[draft] noted",
            skills=task.skill_names,
        ),
        Turn(
            index=1,
            stage=Stage.CHECK,
            action="exec",
            message=f"<action:exec>\nprint({n} < 3 and '{n % 5}')\n</action:exec>",
            observation="error: out of range" if n % 4 == 0 else str(n),
            outcome="error" if n % 4 == 0 else "ok",
            skills=task.skill_names,
            duration_s=rng.random(),
        ),
    ]
    if problem:
        message = (
            f"<action:submit>\n<statement>{text}</statement>\n"
            f'<answer type="integer">{problem.answer}</answer>\n'
            "<certificate>answer = 1</certificate>\n</action:submit>"
        )
        turns.append(
            Turn(
                index=2,
                stage=Stage.FINALIZE,
                action="submit",
                message=message,
                observation="accepted",
                skills=task.skill_names[:-1],
            )
        )
    return Trajectory(
        task_id=task.id,
        task=task,
        system="You propose problems.",
        prompt=f"Propose problem {n}.",
        turns=tuple(turns),
        stop=StopReason.SUBMITTED if problem else StopReason.ABANDONED,
        problem_id=problem.id if problem else None,
        isolation="L3",
        made_by=MADE,
    )


def declared(n: int) -> DeclaredDifficulty:
    """A declared difficulty of one of three bands."""
    features = Features(steps=2, skills=2, depth=2, work=4.0, digits=2.0, length=0.5)
    return DeclaredDifficulty(band=1 + n % 3, score=(3.0, 4.5, 6.0)[n % 3], features=features)


def candidate(n: int, seed: int = 0) -> Iterator[tuple[str, Record]]:
    """(stage, record) of everything about candidate n."""
    rng = random.Random(seed * 1_000_003 + n)
    names = tuple(rng.sample(SKILLS, rng.choice((1, 2, 2, 3))))
    task = Task(
        seed=seed,
        index=n,
        domain="mathematics",
        category=names[0].rsplit("-", 1)[0],
        skill_ids=names,
        skill_names=names,
    )
    if n % 10 == 9:
        found = trajectory(n, rng, None, task)
        yield "propose", found
        yield "propose", Reject(stage="propose", item=str(n), outcome="rejected", code="abandoned", message=HOSTILE[1])
        return
    draft: dict[str, Any] = {
        "statement": statement(n, rng),
        "answer": str(rng.randint(1, 999)),
        "answer_type": "integer",
        "domain": "mathematics",
        "category": task.category,
        "skills": names,
        "skill_ids": names,
        "operators": ("chain",) if len(names) > 1 else (),
        "tests": (TestCase(arguments="[1]", expected="2"),) if n % 11 == 0 else (),
        "certificate": Certificate(form="program", source="answer = '</script>'"),
        "evidence": "certificate",
        "task_id": task.id,
        "index": n,
        "made_by": MADE,
        "difficulty": declared(n) if n % 2 else None,
    }
    found = trajectory(n, rng, Problem(**draft), task)
    problem = Problem(**draft, trajectory_id=found.id)
    yield "propose", found
    if n % 10 == 8:
        yield (
            "propose",
            Reject(
                stage="propose",
                item=str(n),
                outcome="rejected",
                code="template_repeats",
                message="seen before",
                record=problem.model_dump_json(),
            ),
        )
        return
    yield "propose", problem
    yield from (("verify", record) for record in judgement(problem, rng))
    yield from (("probe", record) for record in probes(problem, n, rng))


def judgement(problem: Problem, rng: random.Random) -> Iterator[Record]:
    """Three votes, now and then an audit, and the verdict."""
    votes = [None if (draw := rng.random()) < 0.04 else draw < 0.85 for _ in VERIFIERS]
    attempts = [
        Attempt(
            problem_id=problem.id,
            role="verifier",
            verifier=name,
            vote=vote,
            answer=problem.answer if vote else f"{rng.randint(1, 99)}/7",
            code="solved" if vote else "ambiguous",
            rationale=rng.choice([f"Because $x^2 = {rng.randint(1, 9)}$ <b>holds</b>.", HOSTILE[0]]),
            finish_reason="length" if vote is None else "stop",
            made_by=MadeBy(name=name),
        )
        for name, vote in zip(VERIFIERS, votes, strict=True)
    ]
    valid = sum(vote is True for vote in votes)
    if valid == 2:
        attempts.append(
            Attempt(
                problem_id=problem.id,
                role="auditor",
                verifier=AUDITOR,
                vote=rng.random() < 0.7,
                answer=problem.answer,
                code="settled",
                rationale="The majority is right.",
            )
        )
    value: Literal["valid", "invalid", "undetermined"]
    value = "undetermined" if None in votes else "valid" if valid >= 2 else "invalid"
    yield from attempts
    yield Verdict(
        problem_id=problem.id,
        value=value,
        code="agrees" if value == "valid" else "ambiguous",
        message="as voted",
        evidence="certificate",
        attempt_ids=tuple(a.id for a in attempts),
    )
    if value != "valid":
        yield Reject(
            stage="verify",
            item=problem.id,
            outcome="rejected" if value == "invalid" else "failed",
            code="ambiguous",
            message="as voted",
            record=problem.model_dump_json(),
        )


def probes(problem: Problem, n: int, rng: random.Random) -> Iterator[Record]:
    """Sixteen attempts of each prober; those of some problems are kept one by one."""
    for prober, ease in zip(PROBERS, (rng.betavariate(0.8, 0.8), rng.betavariate(0.5, 2)), strict=True):
        c = sum(rng.random() < ease for _ in range(16))
        low, high = wilson(c, 16)
        yield Difficulty(problem_id=problem.id, prober=prober, k=16, c=c, low=low, high=high, truncated=n % 3)
        for number in range(16 if n < 40 else 0):
            right = number < c
            answer, code = (problem.answer, "right") if right else (str(number), "wrong")
            yield Attempt(
                problem_id=problem.id,
                role="prober",
                verifier=prober,
                number=number,
                vote=right,
                answer=answer,
                code=code,
            )


def spent(requests: int, cost: float | None) -> dict[str, Any]:
    """Entry of a summary for one role."""
    return {"requests": requests, "tokens": 1300 * requests, "reasoning_tokens": 250 * requests, "cost": cost}


def write_runs(directory: Path, count: int, *, priced: bool = True) -> list[Path]:
    """A propose, a verify and a probe run of `count` candidates."""
    price = 0.0004 if priced else None
    summaries = {
        "propose": {f"proposer {MADE.name}": spent(6 * count, None if price is None else price * count)},
        "verify": {f"verifier {name}": spent(count, 0.0001 * count) for name in VERIFIERS},
        "probe": {f"prober {name}": spent(16 * count, 0.0002 * count) for name in PROBERS},
    }
    opened = {stage: Run.open(directory / stage, stage, {"seed": 0, "n": count}) for stage in summaries}
    for name in SKILLS:
        opened["propose"].add(skill(name))
    for n in range(count):
        for stage, record in candidate(n):
            opened[stage].add(record)
        for run in opened.values():
            run.commit({"next": n + 1})
    for stage, run in opened.items():
        run.finish({"spending": {"by_role": summaries[stage]}})
        run.close()
    return [directory / stage for stage in opened]


def write_audit(directory: Path, text: str | None = None) -> Path:
    """A verify run that audited two checkers, one with a name that attacks; or one with any text as its file."""
    rate = {"errors": 3, "of": 5, "rate": 0.6, "low": 0.2, "high": 0.9}
    rates = {"false_accept": {**rate, "errors": 0, "low": 0.0}, "false_reject": rate, "undetermined": 1}
    example = {"problem": "p", "mutation": "prose", "right": HOSTILE[3], "answer": HOSTILE[0], "called": "wrong"}
    detail = {"by_mutation": {"prose (same)": {"right": 0, "wrong": 5, "neither": 0}}, "examples": [example]}
    names = ("exact text", HOSTILE[1])
    document = {"audited_problems": 5, "checkers": dict.fromkeys(names, rates), "details": dict.fromkeys(names, detail)}
    with Run.open(directory, "verify", {"audit_checkers": True}, folders=("audit",)) as run:
        (directory / "audit").mkdir()
        (directory / "audit" / "checkers.json").write_text(json.dumps(document) if text is None else text)
        run.finish({})
    return directory


if __name__ == "__main__":
    print(*write_runs(Path(sys.argv[1]), int(sys.argv[2])), sep="\n")
