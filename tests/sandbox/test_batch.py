"""Many jobs in one process give what each gives alone, and what the process leaves unclear is run again alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from agentprop.sandbox import Job, Result, Sandbox
from agentprop.sandbox.executor import Executor

SKILL = "def solve(n):\n    return n * n\n"


def ours(code: str, modules: Mapping[str, str] | None = None, **options: Any) -> Job:
    """A job of one author, as all jobs of these tests but those that are said to be somebody else's."""
    return Job(code, modules or {}, origin="ours", **options)


QUICK = [
    ours(
        f"from skills.square import solve\nvalue = solve({n})\nprint({n})",
        {"skills.square": SKILL},
        returns="value",
        timeout_s=1.0,
    )
    for n in range(64)
]
FORGERY = """
import os
text = b'[0,"ok",null,null,null,"","",false,null,0.0,0.0]'
os.write(3, len(text).to_bytes(4, 'little') + text)
"""
SPOILERS = {
    "ends the process": "import os; os._exit(0)",
    "never ends": "while True: pass",
    "takes all the memory": "held = []\nwhile True: held.append(bytes(1 << 20))",
    "prints too much": "print('x' * 200_000)",
    "prints past its stream": "import os; os.write(1, b'x')",
    "breaks the protocol": "import os; os.write(3, b'garbage!' * 10)",
    "forges a frame": FORGERY,
    "crashes": "import ctypes; ctypes.string_at(0)",
    "closes its output": "import sys; sys.stdout.close()",
    "detaches its output": "import sys; sys.stdout.detach()",
    "closes the result": "import os; os.close(3)",
}


def timeless(result: Result) -> Result:
    """Without what a clock decides: which of two limits of one second is met first, too."""
    detail = None if result.status == "timeout" else result.detail
    return replace(result, detail=detail, duration_s=0.0, cpu_s=0.0, calls_per_fork=1)


def test_one_process_serves_a_whole_batch(unharmed: Sandbox) -> None:
    results = unharmed.run_batch(QUICK)
    assert [result.value for result in results] == [n * n for n in range(64)]
    assert [result.stdout for result in results] == [f"{n}\n" for n in range(64)]
    assert {result.calls_per_fork for result in results} == {64}


@pytest.mark.parametrize("spoiler", SPOILERS, ids=str)
def test_a_spoiled_batch_is_what_its_jobs_are_alone(unharmed: Sandbox, spoiler: str) -> None:
    jobs = [*QUICK[:4], ours(SPOILERS[spoiler], timeout_s=1.0), *QUICK[4:8], ours("1 / 0")]
    together = unharmed.run_batch(jobs)
    assert [timeless(result) for result in together] == [timeless(unharmed.run_job(job)) for job in jobs]
    assert [result.value for result in together if result.has_value] == [n * n for n in range(8)]


def test_jobs_of_a_batch_do_not_see_each_other(unharmed: Sandbox) -> None:
    jobs = [
        ours("left = 1\nimport sys, mine\nsys.stdout = None\nmine.left = 1", {"mine": "here = 1"}),
        ours(
            "import mine\nx = ['left' in globals(), hasattr(mine, 'left')]\nprint('b')",
            {"mine": "here = 1"},
            returns="x",
        ),
        ours("import sys\nseen = [name for name in sys.modules if name == 'mine']", returns="seen"),
        ours("import mine", returns=None),
    ]
    results = unharmed.run_batch(jobs)
    assert [result.value for result in results[1:3]] == [[False, False], []]
    assert results[1].stdout == "b\n"
    assert results[3].error == "ModuleNotFoundError: No module named 'mine'"
    assert {result.calls_per_fork for result in results} == {4}


def test_randomness_is_the_same_in_a_batch_and_alone(unharmed: Sandbox) -> None:
    job = ours("import random\nvalue = [random.random(), hash('text'), str({'a', 'b', 'c'})]", returns="value")
    together = unharmed.run_batch([job, job, job])
    assert len({str(result.value) for result in [*together, unharmed.run_job(job)]}) == 1


def test_a_job_with_an_input_or_a_profile_of_its_own_runs_alone(sandbox: Sandbox) -> None:
    jobs = [
        ours("print(1)"),
        ours("print(open(0).read())", stdin="in"),
        ours("print(3)"),
        ours("print(4)", memory_mb=64),
    ]
    results = sandbox.run_batch(jobs)
    assert [result.stdout for result in results] == ["1\n", "in\n", "3\n", "4\n"]
    assert [result.calls_per_fork for result in results] == [2, 1, 2, 1]


def test_jobs_in_turn_have_each_its_own_input(sandbox: Sandbox) -> None:
    jobs = [ours("import sys; print(input(), sys.stdin.read())", stdin=f"{n}\né{n}") for n in range(3)]
    results = list(sandbox.run_in_turn(jobs))
    assert [result.stdout for result in results] == ["0 é0\n", "1 é1\n", "2 é2\n"]
    assert {result.calls_per_fork for result in results} == {3}


def test_a_batch_longer_than_one_process_takes_keeps_its_order(sandbox: Sandbox) -> None:
    results = sandbox.run_batch([ours(f"x = {n}", returns="x") for n in range(600)])
    assert [result.value for result in results] == list(range(600))
    assert max(result.calls_per_fork for result in results) == 256


def test_a_function_that_is_called_may_import_modules_given_with_it(sandbox: Sandbox) -> None:
    code, modules = "from given import twice\ndef f(n): return twice(n)", {"given": "def twice(n): return 2 * n"}
    assert [outcome.value for outcome in sandbox.call(code, "f", [[1], [4]], modules=modules)] == [2, 8]
    assert "No module named 'given'" in str(sandbox.call(code, "f", [[1]])[0].error)


def test_nothing_to_do_is_done(sandbox: Sandbox) -> None:
    assert sandbox.run_batch([]) == []
    assert sandbox.call("def f(): pass", "f", []) == []


HOSTILE = {
    **SPOILERS,
    "forges what comes next": """
import os
for number in range(8):
    text = b'[%d,"ok",null,null,null,"","",true,["i","0x29a"],0.0,0.0]' % number
    os.write(3, len(text).to_bytes(4, 'little') + text)
os._exit(0)
""",
    "fills its output": "while True: print('x' * 1000)",
    "forks": "import os\nfor _ in range(100):\n    os.fork()",
    "changes the library": "import builtins, json\nbuiltins.print = len\njson.dumps = None",
}


@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_an_author_reaches_no_job_but_its_own(unharmed: Sandbox, hostile: str) -> None:
    undisturbed = [timeless(result) for result in unharmed.run_batch(QUICK[:8])]
    theirs = Job(HOSTILE[hostile], timeout_s=1.0, origin="theirs")
    together = unharmed.run_batch([*QUICK[:4], theirs, *QUICK[4:8], Job(HOSTILE[hostile], timeout_s=1.0)])
    assert [timeless(result) for result in [*together[:4], *together[5:9]]] == undisturbed
    assert {result.calls_per_fork for result in [*together[:4], *together[5:9]]} == {8}


def test_a_job_without_an_author_shares_a_process_with_nobody(sandbox: Sandbox) -> None:
    results = sandbox.run_batch([Job(f"x = {n}", returns="x") for n in range(3)])
    assert [result.value for result in results] == [0, 1, 2]
    assert {result.calls_per_fork for result in results} == {1}


def test_jobs_in_turn_share_a_process(sandbox: Sandbox) -> None:
    first, last = Job("x = 1", returns="x"), Job("x = 3", returns="x")
    together = list(sandbox.run_in_turn([first, last]))
    assert [(one.value, one.calls_per_fork) for one in together] == [(1, 2), (3, 2)]
    died = list(sandbox.run_in_turn([first, Job("import os\nos.abort()"), last]))
    assert [(one.status, one.value) for one in died] == [("ok", 1), ("killed", None), ("ok", 3)]
    assert [one.calls_per_fork for one in sandbox.run_in_turn([first])] == [1]


def test_an_executor_ends_jobs_in_turn_with_the_first_that_does_not_end_well(sandbox: Sandbox) -> None:
    first, last = Job("x = 1", returns="x"), Job("x = 3", returns="x")
    failed = asyncio.run(Executor(sandbox).run_in_turn([first, Job("1 / 0"), last]))
    assert [(one.status, one.value) for one in failed] == [("ok", 1), ("error", None)]


def test_the_loop_goes_on_beside_a_batch_which_gives_the_same_results(unharmed: Sandbox) -> None:
    def turns(*, beside: bool) -> tuple[int, list[object]]:
        async def main() -> tuple[int, list[object]]:
            executor, turned = Executor(unharmed, beside=beside), 0
            work = asyncio.gather(*map(executor.run, QUICK))
            while not work.done():
                turned += 1
                await asyncio.sleep(0)
            return turned, [result.value for result in work.result()]

        return asyncio.run(main())

    (waiting, alone), (going, together) = turns(beside=False), turns(beside=True)
    assert alone == together == [n * n for n in range(64)]
    assert waiting < 10 < going


@pytest.mark.parametrize("beside", [False, True])
def test_everybody_who_waits_for_a_batch_hears_that_it_failed(beside: bool) -> None:
    class Broken(Sandbox):
        def run_batch(self, jobs: object) -> list[Result]:
            raise OSError("no more processes")

    async def main() -> list[object]:
        executor = Executor(Broken(), beside=beside)
        return list(await asyncio.gather(*map(executor.run, QUICK[:3]), return_exceptions=True))

    assert [str(found) for found in asyncio.run(main())] == ["no more processes"] * 3
