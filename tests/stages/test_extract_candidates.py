"""Documents on their way to the miner: those that it need not see are refused, with a reason."""

from __future__ import annotations

import pytest

from agentprop.extraction.corpus import Document
from agentprop.extraction.mining.work import Found, MinerInput
from agentprop.stages.extract.candidates import SeenDocuments

PROGRAM = "def twice(n):\n    return 2 * n"


def prepared(**parts: object) -> MinerInput | Found:
    return SeenDocuments([]).prepare(Document(id="a#0", question="Double a number.", sha="0" * 20, **parts))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"program": PROGRAM, "streams": (("2", "4"),)}, "run a whole program on input"),
        ({"streams": (("2", "4"),)}, "run a whole program on input"),
        ({"test": "assert twice(2) == 4"}, "no reference program"),
        ({"calls": (("[2]", "4"),)}, "no reference program"),
    ],
)
def test_a_programming_task_that_no_skill_is_made_of_is_refused_in_words(parts: dict[str, object], reason: str) -> None:
    found = prepared(**parts)
    assert isinstance(found, Found) and found.code == "no-program" and reason in found.message


@pytest.mark.parametrize("parts", [{"program": PROGRAM, "test": "assert twice(2) == 4"}, {"answer": "4"}])
def test_other_documents_reach_the_miner(parts: dict[str, object]) -> None:
    assert isinstance(prepared(**parts), MinerInput)
