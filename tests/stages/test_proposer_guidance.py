"""What a run's settings and earlier runs make of the guidance of its proposer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_problems import problem, proposed

from agentprop.agent.guidance import Guidance
from agentprop.config import ProposeConfig
from agentprop.records import Difficulty
from agentprop.stages.common.guidance import guidance_of
from agentprop.storage.run import Run

SERVED = "m@http://127.0.0.1:9/v1"


def guided(**settings: Any) -> Guidance | None:
    return guidance_of(ProposeConfig(**{"n": 1, "proposer": SERVED, **settings}))


def measured(directory: Path, rates: dict[int, int]) -> str:
    """A finished probe run: index of a problem → correct attempts of four."""
    with Run.open(directory, "probe", {}) as run:
        for index, c in rates.items():
            run.add(Difficulty(problem_id=problem(index).id, prober="p", k=4, c=c))
        run.commit({})
        run.finish({})
    return str(directory)


def test_a_served_model_is_guided_and_shown_an_example() -> None:
    assert guided() == Guidance()
    assert guided(exemplar=False, target_pass_rate="0.1..0.5") == Guidance(exemplar=False, target="0.1..0.5")


@pytest.mark.parametrize("settings", [{"proposer": "builtin"}, {"one_shot": True}, {"guidance": False}])
def test_the_built_in_proposer_a_single_turn_and_whoever_says_so_are_told_the_protocol_alone(
    settings: dict[str, Any],
) -> None:
    assert guided(**settings) is None


def test_a_model_that_agentprop_trained_is_told_what_it_learnt_from(tmp_path: Path) -> None:
    for stage, guidance in (("train-sft", None), ("extract", Guidance())):
        with Run.open(tmp_path / stage, stage, {}, folders=("model",)) as run:
            run.finish({})
        (tmp_path / stage / "model").mkdir()
        assert guided(proposer=str(tmp_path / stage / "model")) == guidance
        assert guided(proposer=str(tmp_path / stage / "model"), guidance=True) == Guidance()


def test_earlier_probes_say_what_was_too_easy_and_what_hopeless(tmp_path: Path) -> None:
    runs = (proposed(tmp_path / "p", 8), measured(tmp_path / "d", {1: 0, 2: 4, 3: 2, 4: 3, 5: 4, 6: 4, 7: 4}))
    found = guided(learn_from=runs)
    assert found is not None
    easy = {problem(index).statement for index in (2, 5, 6, 7)}
    assert len(found.too_easy["sums"]) == 3 and set(found.too_easy["sums"]) < easy
    assert found.too_hard == {"sums": (problem(1).statement,)}
    strict = guided(learn_from=runs, target_pass_rate="0.1..0.5")
    assert strict is not None and set(strict.too_easy["sums"]) <= {*easy, problem(4).statement}
