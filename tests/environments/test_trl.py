"""TRL trains on problems that are made while it trains: the example of docs/python.md, with a toy model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from documents import blocks

import agentprop
from agentprop.environments.trl import ProposerEnvironment, SolverEnvironment, correct, proposer, solver, tasks

pytest.importorskip("datasets")


def first(rows: Any, count: int) -> list[dict[str, Any]]:
    return list(rows.take(count))


def test_rows_have_what_the_reward_needs(digits: agentprop.Dataset) -> None:
    from agentprop.environments.trl import rows

    found = first(rows(digits, start=3), 2)
    assert [row["index"] for row in found] == [3, 4] and found[0]["id"] == digits[3]["metadata"]["id"]
    answers = [row["answer"] for row in found]
    said = [[{"role": "assistant", "content": rf"\boxed{{{answers[0]}}}"}], "no idea"]
    assert correct(said, answers, [row["answer_type"] for row in found], trainer_state=None) == [1.0, 0.0]
    assert correct(["so it is 1"], ["x +* 3"]) == [None]


def test_a_solver_submits_once_and_is_scored(digits: agentprop.Dataset) -> None:
    environment = solver(digits)()
    environment.reset(index=2, prompt="what the row said")
    assert environment.get_reward() == 0.0
    assert environment.submit_answer(digits[2]["answer"]) == "submitted"
    environment.submit_answer("7")
    assert environment.get_reward() == 1.0
    with pytest.raises(agentprop.AgentpropError, match="says no index"):
        environment.reset()


def test_a_proposer_acts_by_tools_and_earns_r_T(nines: Path) -> None:
    episodes = agentprop.episodes(seed=1, skills=nines, bundled_skills=False, verifier=lambda problem: True)
    (row,) = first(tasks(episodes, start=4), 1)
    assert [message["role"] for message in row["prompt"]] == ["system", "user"] and row["index"] == 4
    environment = proposer(episodes)()
    environment.reset(**row)
    assert "3" in environment.exec("print(1 + 2)") and environment.get_reward() == 0.0
    assert environment.think("Two numbers will do.").startswith("[")
    asked = "Find the remainder when the sum of $1234$ and $4321$ is divided by $9$."
    program = "from skills import casting_out_nines\nanswer = casting_out_nines.solve(a=1234, b=4321)"
    assert environment.submit(asked, "2", "integer", program).endswith("accepted")
    assert environment.get_reward() == 0.5


@pytest.mark.parametrize("environment", [SolverEnvironment, ProposerEnvironment])
def test_the_public_methods_are_tools_that_transformers_can_describe(environment: type) -> None:
    utils = pytest.importorskip("transformers.utils")
    public = [name for name in vars(environment) if name[0] != "_" and name not in ("reset", "get_reward")]
    assert sorted(public) == (
        ["submit_answer"] if environment is SolverEnvironment else ["edit", "exec", "submit", "think"]
    )
    for name in public:
        assert utils.get_json_schema(getattr(environment, name))["function"]["name"] == name


# --- with the real trainer ---


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a model of a few thousand weights."""
    pytest.importorskip("torch")
    import torch
    from tiny_model import tiny_model
    from transformers import Qwen3Config, Qwen3ForCausalLM

    folder = tiny_model(tmp_path_factory.mktemp("toy") / "model", layers=1)
    torch.manual_seed(0)
    Qwen3ForCausalLM(Qwen3Config.from_pretrained(folder)).save_pretrained(folder)
    return folder


def chance(model: Any, tokenizer: Any, asked: list[tuple[str, str]]) -> float:
    """Mean probability that the model's first token is the answer."""
    import torch

    found = 0.0
    for question, answer in asked:
        prompt = [{"role": "user", "content": question}]
        told = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            found += float(model(**told).logits[0, -1].softmax(-1)[tokenizer.convert_tokens_to_ids(answer)])
    return found / len(asked)


def test_two_steps_of_grpo_move_the_model_towards_the_reward(nines: Path, toy: Path, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    from tiny_model import VOCABULARY
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(toy)
    allowed = tokenizer.convert_tokens_to_ids(list("0123456789"))
    settings = trl.GRPOConfig(
        output_dir=str(tmp_path),
        max_steps=2,
        per_device_train_batch_size=32,
        num_generations=16,
        max_completion_length=1,
        learning_rate=0.02,
        generation_kwargs={"suppress_tokens": [number for number in range(VOCABULARY) if number not in allowed]},
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        seed=3,
        shuffle_dataset=False,
    )
    (block,) = (block for block in blocks("docs/python.md") if "GRPOTrainer" in block.text)
    script = block.text.replace('"Qwen/Qwen3-0.6B"', "model").replace(
        'domain="mathematics", seed=5', "seed=5, skills=skills, bundled_skills=False"
    )
    given = "GRPOConfig(max_steps=100, per_device_train_batch_size=8, num_generations=8, shuffle_dataset=False)"
    assert given in script
    names: dict[str, Any] = {"model": str(toy), "skills": nines, "settings": settings}
    exec(compile(script.replace(given, "settings"), "docs/python.md", "exec"), names)
    trainer, data = names["trainer"], names["data"]
    rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    assert len(rewards) == 2 and any(0 < reward < 1 for reward in rewards)
    assert data.mastery["nines"] != 0.5, "nothing was reported"
    asked = [(data.prompt(number), data[number]["answer"]) for number in range(4)]  # two in each step
    before = AutoModelForCausalLM.from_pretrained(toy)
    assert chance(trainer.model, tokenizer, asked) > chance(before, tokenizer, asked)
