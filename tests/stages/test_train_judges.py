"""V of train-mgpo is the V of verify, and one budget holds for everybody that training asks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from places import SUPPORT
from toy_groups import ALONE, LIBRARY
from toy_problems import problem, proposed, trace

from agentprop.config import TrainMgpoConfig, VerifyConfig
from agentprop.config.parts import CorpusSettings, Partitioned, Placed
from agentprop.errors import BoundReached, ConfigError
from agentprop.models.cache import FILE, ReplyCache
from agentprop.records import Attempt, Verdict
from agentprop.sandbox import Sandbox
from agentprop.stages.common.models import spending_of
from agentprop.stages.train import mgpo as train_mgpo
from agentprop.stages.train.budget import POLICY, PROBERS, VERIFIERS, shared_meter
from agentprop.stages.train.judges import LocalValidity, PanelValidity, judges_of, verifying
from agentprop.stages.verify import run as verify
from agentprop.storage.run import open_run

OWN = {"reuse", "audit_checkers", "audit_problems", "prompts", *CorpusSettings.model_fields}
OWN |= {*Partitioned.model_fields, *Placed.model_fields}
"""Settings of verify that are about stored attempts, the audit, files, texts that training takes as they are, and where
the work is done."""
CHANGED: dict[str, tuple[str, Any]] = {
    "verifier": ("verifier", ("a", "b", "a")),
    "auditor": ("auditor", "c"),
    "blind": ("blind", False),
    "checklist": ("checklist", True),
    "temperature": ("verifier_temperature", 0.3),
    "reply_tokens": ("verifier_reply_tokens", 77),
    "comparison_timeout_s": ("comparison_timeout_s", 2.5),
    "program_timeout_s": ("program_timeout_s", 3.5),
    "skills": ("skills", ("somewhere",)),
    "bundled_skills": ("bundled_skills", False),
    "seed": ("seed", 7),
    "workers": ("workers", 3),
    "max_failures": ("max_failures", 0.5),
    "max_tokens": ("max_tokens", 1000),
    "max_cost": ("max_cost", 2.5),
    "allow_weak_sandbox": ("allow_weak_sandbox", True),
}
"""Setting of verify → its name and another value of it in train-mgpo."""


def settings(**changed: Any) -> TrainMgpoConfig:
    return TrainMgpoConfig.model_validate({"model": "m", "device": "cpu", **changed})


def test_every_setting_of_v_arrives_in_training() -> None:
    assert set(VerifyConfig.model_fields) == set(CHANGED) | OWN, "say whether a new setting is one of V's"
    assert verifying(settings()) == VerifyConfig()
    for name, (theirs, value) in CHANGED.items():
        assert verifying(settings(**{theirs: value})) == VerifyConfig.model_validate({name: value}), name


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of judges, and a project whose models have prices."""
    process = subprocess.Popen([sys.executable, str(SUPPORT / "judge_server.py")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    names = ("agrees", "verbose", "dissents", "flags")
    table = "[models.{0}]\nmodel = '{0}'\nbase_url = '{1}'\nprice_in = 1.0\nprice_out = 1.0\n"
    (tmp_path / "agentprop.toml").write_text("".join(table.format(name, address) for name in names), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield address
    process.kill()
    process.wait()
    process.stdout.close()


def by_training(config: TrainMgpoConfig, folder: Path, count: int) -> list[tuple[list[Attempt], Verdict]]:
    """What V of training says of the problems of `proposed`, in order."""

    async def judged(judge: Any) -> list[tuple[list[Attempt], Verdict]]:
        found = [await judge(problem(index + 1), trace(index + 1)) for index in range(count)]
        return [(list(attempts), verdict) for attempts, verdict in found]

    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(allow_weak=config.allow_weak_sandbox))
        meter = shared_meter(config, folder)
        judges = judges_of(config, LIBRARY, folder, sandbox, ALONE, stack, meter)
        assert isinstance(judges.verify, LocalValidity if config.verifier == ("builtin",) else PanelValidity)
        with asyncio.Runner() as runner:
            try:
                return runner.run(judged(judges.verify))
            finally:
                runner.run(judges.aclose())


@pytest.mark.parametrize(
    "panel",
    [
        {"verifier": ("agrees", "dissents", "verbose"), "auditor": "agrees", "seed": 3},
        {"verifier": ("agrees", "agrees", "builtin")},
        {"verifier": ("flags", "agrees")},
        {"verifier": ("builtin",)},
    ],
    ids=["audited", "mixed", "two", "builtin"],
)
def test_training_and_verify_say_the_same_of_the_same_problems(panel: dict[str, Any], url: str, tmp_path: Path) -> None:
    source = proposed(tmp_path / "p", 2)
    verify.run(VerifyConfig.model_validate(panel), source, str(tmp_path / "v"), quiet=True)
    run = open_run(tmp_path / "v")
    found = by_training(settings(**panel), tmp_path / "models", 2)

    def told(attempts: list[Attempt], verdict: Verdict) -> tuple[Any, ...]:
        votes = [(a.role, a.verifier, a.number, a.vote, a.answer, a.code, a.made_by) for a in attempts]
        return (
            verdict.problem_id,
            verdict.value,
            verdict.code,
            verdict.message,
            verdict.made_by,
            sorted(votes, key=str),
        )

    theirs = {verdict.problem_id: verdict for verdict in run.iter(Verdict)}
    attempts = list(run.iter(Attempt))
    mine = [told(own, verdict) for own, verdict in found]
    assert mine == [told([a for a in attempts if a.problem_id == key], theirs[key]) for key in (one[0] for one in mine)]


def test_settings_that_verify_refuses_are_refused(url: str) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"verifier": ("builtin", "builtin")}, "votes the same each time"),
        ({"auditor": "agrees"}, "no verifier is one"),
        ({"verifier": (f"agrees@{url}",), "max_cost": 1.0}, "needs the prices"),
        ({"prober": (f"agrees@{url}",), "max_cost": 1.0}, "needs the prices"),
    ]
    for changed, sentence in refused:
        with pytest.raises(ConfigError, match=sentence):
            train_mgpo.check(settings(**changed))


# --- one budget ---


def spend(folder: Path, role: str, cost: float, tokens: int = 10) -> None:
    """Store what an earlier session spent."""
    cache = ReplyCache(folder / FILE)
    counts = {"requests": 1, "prompt_tokens": tokens, "cost_pico": round(cost * 10**12)}
    asyncio.run(cache.put((role, "m"), counts, key=None, body=b""))
    cache.close()


def admit(config: TrainMgpoConfig, folder: Path, processes: int = 1) -> Callable[[], None]:
    return lambda: asyncio.run(shared_meter(config, folder, processes).admit())


def test_the_bound_is_on_the_sum_of_verifiers_probers_and_policy(tmp_path: Path) -> None:
    for part, role in ((VERIFIERS, "verifier-1"), (PROBERS, "prober-0"), (POLICY, "policy")):
        spend(tmp_path / part, role, 0.4)
    admit(settings(max_cost=2.0), tmp_path)()
    admit(settings(), tmp_path)()
    with pytest.raises(BoundReached, match=r"--max-cost 1 is reached: 1\.2 spent"):
        admit(settings(max_cost=1.0), tmp_path)()
    with pytest.raises(BoundReached, match="--max-tokens 30 is reached"):
        admit(settings(max_tokens=30), tmp_path)()
    told = spending_of(shared_meter(settings(), tmp_path))
    assert told["requests"] == 3 and told["cost"] == pytest.approx(1.2)
    assert list(told["by_role"]) == ["policy m", "prober-0 m", "verifier-1 m"]


def test_processes_share_what_is_left_of_a_bound(tmp_path: Path) -> None:
    spend(tmp_path / VERIFIERS, "verifier-1", 1.0)
    meter = shared_meter(settings(max_cost=2.0), tmp_path, processes=4)
    meter.add(("verifier-1", "m"), {"requests": 1, "cost_pico": round(0.3 * 10**12)})
    with pytest.raises(BoundReached, match=r"--max-cost 1\.25"):
        asyncio.run(meter.admit())


def test_verifiers_and_probers_spend_from_one_meter(url: str, tmp_path: Path) -> None:
    (tmp_path / "said").write_text('"\\\\boxed{2}"\n' * 4, encoding="utf-8")
    with (tmp_path / "agentprop.toml").open("a", encoding="utf-8") as project:
        project.write("[models.tries]\nmodel = 't'\nreplies = 'said'\nprice_in = 1.0\nprice_out = 1.0\n")
    config = settings(verifier=("agrees", "verbose"), prober=("tries",), max_cost=1.0)
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox())
        meter = shared_meter(config, tmp_path / "models")
        judges = judges_of(config, LIBRARY, tmp_path / "models", sandbox, ALONE, stack, meter)
        assert isinstance(judges.verify, PanelValidity)

        async def asked() -> None:
            await judges.verify(problem(1), trace(1))
            await judges.probers[0].attempts(problem(1), 0, 2)
            await judges.aclose()

        asyncio.run(asked())
        roles = Counter(role for role, _ in meter.spend())
        assert set(roles) == {"verifier-1", "verifier-2", "prober-0"}
        total = meter.total()
        assert total.cost is not None and total.cost > 0
    assert shared_meter(config, tmp_path / "models").total() == total  # and it is stored
