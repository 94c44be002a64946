"""Shared fixtures: the bundled library, a sandbox to run code in, and problems that the real stage accepted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run beside each other; children inherit it
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job; what tests interrupt would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from documents import blocks
from installing import Newcomer, newcomer_in
from judging import Judge

from agentprop.agent.sources import tools
from agentprop.config import ProposeConfig
from agentprop.errors import SandboxUnavailable
from agentprop.records import Problem
from agentprop.sandbox import Sandbox
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, load
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run


@pytest.fixture(scope="session")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    """Somebody who has run the README's first command in a clone: one for all workers, because it takes ten seconds."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return newcomer_in(shared / "newcomer", blocks("README.md")[0].script)


@pytest.fixture(scope="session")
def library() -> Mapping[str, Package]:
    """The skills that come with agentprop."""
    return load([])


@pytest.fixture(scope="session")
def executor() -> Iterator[Executor]:
    """One sandbox for every test that only runs code."""
    try:
        with Sandbox(preload=(), slots=2) as sandbox:
            sandbox.run("")
            yield Executor(sandbox)
    except SandboxUnavailable as unavailable:
        pytest.skip(unavailable.message)


@pytest.fixture(scope="session")
def judge(library: Mapping[str, Package], executor: Executor) -> Judge:
    """The built-in verifier over the bundled library."""
    return Judge(library, tools(), executor)


@pytest.fixture(
    scope="session",
    params=[pytest.param(150, id="150 problems"), pytest.param(500, id="500 problems", marks=pytest.mark.slow)],
)
def problems(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Problem]:
    """Problems of every category that the propose stage accepted and V found valid."""
    out = tmp_path_factory.mktemp("accepted") / "run"
    propose.run(ProposeConfig(n=request.param, seed=5, workers=2), str(out), quiet=True)
    return list(open_run(out).iter(Problem))
