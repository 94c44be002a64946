"""Every format is opened by the library it is for, and says there what the run says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from stored_runs import Export
from tiny_model import tiny_model
from transformers import Qwen3Config, Qwen3ForCausalLM

from agentprop import DISTRIBUTION, __version__
from agentprop.config.evaluate import EvaluateConfig
from agentprop.export.formats import FORMATS
from agentprop.export.reward import compute_score, trl_reward
from agentprop.export.solver import hidden_tests
from agentprop.inference.chat_template import Renderer, load_tokenizer
from agentprop.records import Problem, Trajectory
from agentprop.stages.evaluate.items import read_benchmark
from agentprop.storage.run import open_run
from agentprop.training.data.sequences import rendered

pytest.importorskip("datasets")
GENERATION = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
    "<|im_end|>{% endgeneration %}\n{% else %}{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""The toy template, with the marks by which transformers finds what the assistant says."""


@pytest.fixture(scope="module")
def model(runs: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model whose tokenizer knows the protocol, so that trajectories are short."""
    texts = [m["content"] for t in open_run(runs[0]).iter(Trajectory) for m in t.messages()]
    directory = tiny_model(tmp_path_factory.mktemp("model"), texts=texts, vocabulary=1500)
    (directory / "chat_template.jinja").write_text(GENERATION, "utf-8")
    Qwen3ForCausalLM(Qwen3Config.from_pretrained(directory)).save_pretrained(directory)
    return directory


@pytest.fixture
def trl() -> Any:
    """TRL, if it is installed."""
    return pytest.importorskip("trl")


def loaded(path: Path, cache: Path, name: str | None = None) -> Any:
    from datasets import load_dataset

    return load_dataset(str(path), name, cache_dir=str(cache / "cache"))


def arguments(kind: Any, out: Path, **more: Any) -> Any:
    """Settings of a TRL trainer that makes one small step on a CPU."""
    return kind(
        output_dir=str(out),
        max_steps=1,
        per_device_train_batch_size=2,
        use_cpu=True,
        report_to=[],
        bf16=False,
        gradient_checkpointing=False,
        logging_strategy="no",
        save_strategy="no",
        disable_tqdm=True,
        **more,
    )


def test_a_dataset_directory_opens_with_all_problems_and_trajectories(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    exported("dataset", "data")
    rows = loaded(tmp_path / "data", tmp_path, "problems")["train"]
    assert [(r["question"], r["answer"], r["skills"]) for r in rows] == [
        (p.statement, p.answer, list(p.skills)) for p in problems
    ]
    assert rows[5]["pass_rate"] == pytest.approx(5 / 16) and rows[5]["attempts"] == 16
    trajectories = loaded(tmp_path / "data", tmp_path, "trajectories")["train"]
    assert sorted(trajectories["problem_id"]) == sorted(p.id for p in problems)
    assert loaded(tmp_path / "data", tmp_path)["train"].column_names == rows.column_names


@pytest.mark.parametrize("format_", ["trl-sft", "trl-grpo", "trl-unpaired", "verl", "openai-chat", "jsonl"])
def test_any_directory_opens_with_its_splits(exported: Export, tmp_path: Path, format_: str) -> None:
    summary = exported(format_, "data", held_out_level=3, validation_share=0.2)
    data = loaded(tmp_path / "data", tmp_path)
    assert {split: len(rows) for split, rows in data.items()} == summary["rows"]
    assert {"train", "validation"} <= data.keys()


def test_trl_learns_exactly_the_tokens_that_we_would(
    exported: Export, runs: list[str], trl: Any, model: Path, tmp_path: Path
) -> None:
    exported("trl-sft", "data", limit=6)
    tokenizer = load_tokenizer(str(model))
    trainer = trl.SFTTrainer(
        str(model),
        train_dataset=loaded(tmp_path / "data", tmp_path)["train"],
        args=arguments(trl.SFTConfig, tmp_path, assistant_only_loss=True, max_length=None),
        processing_class=tokenizer,
    )
    ours = {t.problem_id: rendered(t, Renderer(tokenizer)) for t in open_run(runs[0]).iter(Trajectory)}
    theirs = trainer.train_dataset
    assert len(theirs) == 6
    for row, problem in zip(theirs, open_run(runs[0]).iter(Problem), strict=False):
        sequence = ours[problem.id]
        assert row["input_ids"][: len(sequence)] == sequence.ids.tolist()
        assert [label != -100 for label in row["labels"][: len(sequence)]] == sequence.mask.tolist()
        assert set(row["labels"][len(sequence) :]) <= {-100}


def test_trl_reinforces_with_our_reward(exported: Export, trl: Any, model: Path, tmp_path: Path) -> None:
    exported("trl-grpo", "data", limit=4)
    rewarded: list[float | None] = []

    def reward(completions: list[Any], solution: list[str], **more: Any) -> list[float | None]:
        rewarded.extend(trl_reward(completions, solution, **more))
        return rewarded[-len(completions) :]

    trainer = trl.GRPOTrainer(
        str(model),
        reward_funcs=reward,
        train_dataset=loaded(tmp_path / "data", tmp_path)["train"],
        processing_class=load_tokenizer(str(model)),
        args=arguments(trl.GRPOConfig, tmp_path, num_generations=2, max_completion_length=4),
    )
    trainer.train()
    assert len(rewarded) >= 2 and set(rewarded) <= {0.0, None}


def test_trl_prefers_the_valid_one_of_a_task(
    exported: Export, grouped: str, trl: Any, model: Path, tmp_path: Path
) -> None:
    assert exported("trl-preference", "data", source=[grouped])["rows"] == {"train": 4}
    trainer = trl.DPOTrainer(
        str(model),
        train_dataset=loaded(tmp_path / "data", tmp_path)["train"],
        args=arguments(trl.DPOConfig, tmp_path, max_length=None),
        processing_class=load_tokenizer(str(model)),
    )
    trainer.train()
    row, decode = trainer.train_dataset[0], load_tokenizer(str(model)).decode
    assert "<wrong>" in decode(row["rejected_ids"]) and "<wrong>" not in decode(row["chosen_ids"])
    assert "<lost>" not in decode(row["rejected_ids"]) and "<|im_start|>system" in decode(row["prompt_ids"])


def test_trl_takes_labelled_trajectories(exported: Export, grouped: str, trl: Any, model: Path, tmp_path: Path) -> None:
    exported("trl-unpaired", "data", source=[grouped])
    data = loaded(tmp_path / "data", tmp_path)["train"]
    assert sorted(data["label"]) == [False] * 4 + [True] * 4
    trl.KTOTrainer(
        str(model),
        train_dataset=data,
        args=arguments(trl.KTOConfig, tmp_path, max_length=256),
        processing_class=load_tokenizer(str(model)),
    ).train()


def test_openai_takes_every_conversation(exported: Export, tmp_path: Path) -> None:
    from openai.types.chat import ChatCompletionMessageParam

    exported("openai-chat", "data.jsonl")
    conversation = TypeAdapter(list[ChatCompletionMessageParam])
    lines = (tmp_path / "data.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 40
    for line in lines:
        row = json.loads(line)
        assert row.keys() == {"messages"}
        conversation.validate_python(row["messages"], strict=True)
        roles = [message["role"] for message in row["messages"]]
        assert roles == ["system", *["user", "assistant"] * (len(roles) // 2)]


def test_verl_reads_and_scores(exported: Export, problems: list[Problem], model: Path, tmp_path: Path) -> None:
    verl = pytest.importorskip("verl.utils.dataset.rl_dataset", exc_type=ImportError)
    from omegaconf import OmegaConf
    from verl.trainer.ppo.reward import get_custom_reward_fn

    from agentprop.export import reward

    exported("verl", "data.parquet")
    config = OmegaConf.create(
        {"cache_dir": str(tmp_path / "cache"), "max_prompt_length": 8192, "filter_overlong_prompts_workers": 1}
    )
    data = verl.RLHFDataset(str(tmp_path / "data.parquet"), load_tokenizer(str(model)), config)
    assert len(data) == len(problems)
    row = data[3]
    assert row["index"] == 3 and row["raw_prompt"][0]["content"].startswith(problems[3].statement)
    custom = {"path": reward.__file__, "name": "compute_score"}
    score = get_custom_reward_fn(OmegaConf.create({"reward": {"custom_reward_function": custom}}))
    right = next(n for n, p in enumerate(problems) if p.answer_type == "integer")
    truth = data[right]["reward_model"]["ground_truth"]
    found = score(data_source="agentprop", solution_str=f"\\boxed{{{truth}}}", ground_truth=truth, extra_info={})
    assert found == 1.0 == compute_score("agentprop", f"\\boxed{{{truth}}}", truth)


async def _scored(task: Any, reply: str) -> float:
    from types import SimpleNamespace

    return float(await task.correct(SimpleNamespace(last_reply=reply)))


def test_verifiers_finds_the_taskset_and_its_reward(
    exported: Export, problems: list[Problem], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vf = pytest.importorskip("verifiers.v1", exc_type=ImportError)
    import asyncio

    summary = exported("verifiers", "my-problems", validation_share=0.3)
    monkeypatch.syspath_prepend(tmp_path / "my-problems")
    tasks = list(vf.load_taskset(vf.TasksetConfig(id="agentprop-my-problems")))
    assert len(tasks) == summary["rows"]["train"] and sum(summary["rows"].values()) == len(problems)
    test = vf.EnvConfig.model_validate({"taskset": {"id": "agentprop-my-problems", "split": "validation"}}).taskset
    assert len(list(vf.load_taskset(test))) == summary["rows"]["validation"]
    task = next(task for task in tasks if hidden_tests(task.data.answer) is None)
    assert asyncio.run(_scored(task, f"\\boxed{{{task.data.answer}}}")) == 1.0
    assert asyncio.run(_scored(task, "\\boxed{-98765}")) == 0.0


def test_the_verifiers_package_is_there_without_verifiers(
    exported: Export, problems: list[Problem], tmp_path: Path
) -> None:
    exported("verifiers", "verifiers")
    package = tmp_path / "verifiers" / "agentprop_verifiers"
    for name in ("__init__.py", "taskset.py"):
        compile((package / name).read_text("utf-8"), name, "exec")
    rows = [json.loads(line) for line in (package / "train.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == len(problems) and all(row.keys() == {"question", "answer"} for row in rows)
    assert rows[0]["question"].startswith(problems[0].statement)


def test_an_export_asks_for_our_distribution_at_this_version(exported: Export, tmp_path: Path) -> None:
    exported("verifiers", "verifiers", limit=1)
    project = tomllib.loads((tmp_path / "verifiers" / "pyproject.toml").read_text("utf-8"))["project"]
    ours = f"{DISTRIBUTION}=={__version__}"
    assert ours in project["dependencies"]
    assert not [text for text in project["dependencies"] if text.startswith("agentprop")]
    for name in ("verl", "trl-grpo"):
        assert f"# pip install {ours}\n" in FORMATS[name].usage


def test_a_taskset_says_so_if_another_agentprop_is_installed(exported: Export, tmp_path: Path) -> None:
    exported("verifiers", "verifiers", limit=1)
    for package in (
        "agentprop",
        "verifiers/v1",
    ):  # somebody else's package of that name, and as much as is imported first
        (tmp_path / "other" / package).mkdir(parents=True)
        (tmp_path / "other" / package / "__init__.py").touch()
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path / 'other'}:{tmp_path / 'verifiers'}"}
    command = [sys.executable, "-c", "import agentprop_verifiers"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "ImportError: cannot import agentprop.export.reward" in done.stderr
    assert f"pip install --force-reinstall {DISTRIBUTION}=={__version__}" in done.stderr


@pytest.mark.parametrize("out", ["test.jsonl", "test.parquet"])
def test_evaluate_asks_what_was_exported(exported: Export, problems: list[Problem], tmp_path: Path, out: str) -> None:
    exported("jsonl", out)
    asked = read_benchmark(str(tmp_path / out), EvaluateConfig(model="m"))
    graded_by = ("statement", "answer", "answer_type", "unit", "figures", "domain", "entry_point", "tests")
    assert not asked.unreadable and len(asked.items) == len(problems)
    for item, problem in zip(asked.items, problems, strict=True):
        assert {f: getattr(item.problem, f) for f in graded_by} == {f: getattr(problem, f) for f in graded_by}
        assert item.groups["level"] == str(len(set(problem.skills)))
