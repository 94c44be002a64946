"""What a language model is told beyond the protocol, and that the example it is shown is true."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
from exemplars import DIFFICULTY, DOMAINS, Reciting, play, task_of, text_of

import agentprop.agent
from agentprop.agent.clauses import INERT
from agentprop.agent.environment import Environment, Rules, rollout
from agentprop.agent.guidance import Guidance, as_calls, card, exemplar_name, ranged, rule_of, turns_of
from agentprop.agent.sources import tools
from agentprop.agent.tool_calls import FUNCTIONS
from agentprop.prompts import Prompts, prompt
from agentprop.records import Submission, Task, Trajectory
from agentprop.records.action_text import execute, submit, think
from agentprop.sandbox import OUTSIDE
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import Status
from agentprop.skills import Package
from agentprop.skills.values import Parameter


def guided(toys: Mapping[str, Package], executor: Executor, *messages: str, **given: Any) -> Trajectory:
    """An episode of a guided model on two toy skills."""
    names = ("toy-square", "toy-double")
    ids = tuple(toys[name].id for name in names)
    task = Task(seed=0, index=0, domain="mathematics", category="toy", skill_ids=ids, skill_names=names)
    rules = Rules(**given.pop("rules", {}))
    environment = Environment(task, toys, executor, tools(), rules, guidance=Guidance(**given))
    return asyncio.run(rollout(environment, Reciting(list(messages)))).trajectory


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_example_of_a_domain_happens_again_word_for_word(
    domain: Any, library: Mapping[str, Package], executor: Executor
) -> None:
    shown = prompt(exemplar_name(domain))
    turns = turns_of(shown)
    names = [line.split()[1] for line in turns[0][1].splitlines() if line.startswith("- ")]
    category = turns[0][1].split("category ")[1].split(",")[0]
    said = [text for role, text in turns if role == "assistant"]
    again = play(said, task_of(names, library, category), library, executor)
    assert again.problem is not None and again.problem.domain == domain
    assert text_of(again.trajectory).strip() == shown


@pytest.mark.parametrize("domain", DOMAINS)
def test_for_native_calls_the_example_is_written_as_calls_that_would_be_accepted(domain: Any) -> None:
    for role, text in turns_of(as_calls(prompt(exemplar_name(domain)))):
        if role == "assistant":
            name, _, arguments = text.partition(" ")
            assert FUNCTIONS[name].model_validate(json.loads(arguments)).action().kind == name


def test_the_system_text_says_what_code_can_use_and_the_limits(toys: Mapping[str, Package], executor: Executor) -> None:
    told = guided(toys, executor, rules={"max_turns": 7, "max_submissions": 2}).system
    for fact in ("starts afresh", "Only what the code prints", "sympy", "tools.least", "read_skill", "read_script"):
        assert fact in told
    assert "has 7 messages" in told and "2nd refused submission" in told and "3rd message" in told
    assert "<tests>" in told and prompt("exemplar_mathematics") in told


def test_the_example_can_be_left_out(toys: Mapping[str, Package], executor: Executor) -> None:
    assert prompt("exemplar_mathematics") not in guided(toys, executor, exemplar=False).system


def test_after_each_message_it_is_told_the_stage_and_what_is_left(
    toys: Mapping[str, Package], executor: Executor
) -> None:
    turns = guided(toys, executor, think("Hm."), "no block", execute("print(2)"), rules={"max_turns": 9}).turns
    assert turns[0].observation.endswith("8 messages, 3 submissions and 3 malformed left)")
    assert turns[1].observation.endswith("7 messages, 3 submissions and 2 malformed left)")
    assert "(check: confirm the value a second way; 6 messages" in turns[2].observation


def test_near_the_end_it_is_told_to_submit(toys: Mapping[str, Package], executor: Executor) -> None:
    turns = guided(toys, executor, *[think("Hm.")] * 3, rules={"max_turns": 4}).turns
    assert ["submit now" in turn.observation for turn in turns] == [True, True, True]


def test_without_guidance_nothing_is_added(play: Any) -> None:
    trajectory = play(think("Hm.")).trajectory
    assert trajectory.system == prompt("proposer")
    assert trajectory.turns[0].observation == "[draft] noted" and "parameters:" not in trajectory.prompt


def test_a_card_gives_ranges_constraints_effect_and_levers(library: Mapping[str, Package]) -> None:
    shown = card(library["algebra-factoring-pairs"])
    assert "a: integer 2..15; b: integer 2..15; n: integer 10..8000" in shown
    assert "constraints: a != b" in shown and "effect: Harder because" in shown
    assert "to harden: choose n so that" in shown


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"kind": "integer", "min": 2, "max": 9}, "integer 2..9"),
        ({"kind": "choice", "values": ("red", "blue")}, "choice, one of red, blue"),
        ({"kind": "integer", "values": (2, 3, 5)}, "integer, one of 2, 3, 5"),
        ({"kind": "decimal", "min": 0.5, "max": 2, "digits": 1, "unit": "mol"}, "decimal 0.5..2, in mol"),
        (
            {"kind": "list", "length": (3, 8), "min": 1, "max": 50, "distinct": True},
            "list 1..50, length 3..8, distinct",
        ),
        ({"kind": "graph", "nodes": (4, 7), "connected": True}, "graph, nodes 4..7, connected"),
    ],
)
def test_a_range_is_told_in_words(declared: dict[str, Any], told: str) -> None:
    assert ranged(Parameter.model_validate(declared)) == told


def test_a_script_is_shown_on_request_and_costs_no_stage(toys: Mapping[str, Package], executor: Executor) -> None:
    turns = guided(toys, executor, execute('read_script("toy-square")'), execute('read_script("toy-cube")')).turns
    assert turns[0].outcome == "read" and "def check(n)" in turns[0].observation
    assert turns[0].observation.startswith("[draft]") and turns[1].outcome == "refused:unknown"


def test_statements_to_avoid_are_the_end_of_the_task(toys: Mapping[str, Package], executor: Executor) -> None:
    task = Task(seed=0, index=0, domain="mathematics", category="toy", skill_ids=("x",), skill_names=("toy-square",))
    environment = Environment(task, toys, executor, tools(), guidance=Guidance())
    environment.avoid(())
    before = environment.prompt
    environment.avoid(["What is\n{3} squared?"])
    assert environment.prompt.startswith(before) and environment.prompt.endswith("\n\n- What is {3} squared?")
    assert environment.history == [("system", environment.system), ("user", environment.prompt)]


def test_the_task_says_how_hard_and_shows_what_was_too_easy_or_hopeless(
    toys: Mapping[str, Package], executor: Executor
) -> None:
    told = guided(
        toys,
        executor,
        target="0.1..0.5",
        too_easy={"toy": ("What is 1 + 1?",)},
        too_hard={"toy": ("Find x.",), "other": ("No.",)},
    ).prompt
    assert "in 10 % to 50 % of its attempts" in told and DIFFICULTY in told
    assert "solved too often:\n- What is 1 + 1?" in told and "never solved:\n- Find x." in told
    assert "No." not in told


def test_a_refusal_quotes_the_rule_that_was_broken(toys: Mapping[str, Package], executor: Executor) -> None:
    told = submit(
        Submission(
            statement="What is the double of 21, as a number?",
            answer="42",
            answer_type="integer",
            certificate="answer = 42",
        )
    )
    found = guided(toys, executor, told)
    rule = rule_of("certificate_literal", Prompts())
    assert rule is not None and rule in found.system
    assert f"refused: the certificate only states the answer: let it compute the answer\nrule: {rule}\n(" in (
        found.turns[0].observation
    )


def test_every_refusal_of_the_contract_has_a_rule_and_no_rule_is_for_a_refusal_that_does_not_exist() -> None:
    sources = Path(agentprop.agent.__file__).parent.rglob("*.py")
    given = {code for source in sources for code in codes_in(source.read_text(encoding="utf-8"))}
    given |= {
        f"certificate_{status.replace('-', '_')}" for status in get_args(Status) if status not in {"ok", *OUTSIDE}
    }
    listed = set(re.findall(r"`(\w+)`(?=[,:] )", prompt("rules")))
    given |= {INERT.rstrip(":")}
    own = {"composition_unreadable", "promises", "unfit_program"}  # the composition is the built-in proposer's alone
    assert given - own == listed
    assert all(rule_of(code, Prompts()) for code in listed)


def codes_in(source: str) -> set[str]:
    """Codes that a module refuses with, as it writes them."""
    return set(re.findall(r"(?:Violation|CertificateRefusal)\(\s*\"(\w+)\"", source))
