"""Models for a real vLLM, one with random weights and two that know their replies by heart; and how to run things."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ON_A_CPU: Mapping[str, str] = {
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "TORCH_COMPILE_DISABLE": "1",  # compiling takes a minute and a half, and a tiny model gains nothing by it
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}
Command = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.vllm)


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Servers that these tests start inherit it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ON_A_CPU.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def agentprop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command line in a directory of the test's own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "agentprop", *map(str, words)]
        done = subprocess.run(line, text=True, capture_output=True, env=os.environ)
        assert done.returncode == code, f"{done.returncode} from {words}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `random`, `taught` and `doubter`, three checkpoints with one tokenizer, and the corpus."""
    import demonstrations
    import torch
    from checkpoints import teach, tiny, tokenizer, write

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    learnt = demonstrations.all_demonstrations(folder)
    words = tokenizer(demonstrations.texts(learnt))
    write(folder / "random", tiny(words, seed=1), words, ends=200)
    model = tiny(words)
    loss = teach(model, words, learnt, steps=420)
    assert loss < 0.15, f"the replies are not known by heart: {loss} nats per token"
    write(folder / "taught", model, words)
    write(folder / "doubter", model, words, doubting=True)
    return folder
