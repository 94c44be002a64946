"""Names that change places: a model reads and writes others than the rest of the program, which does not notice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.agent.renaming import RenamedChat, Renaming, renamed, renaming_chat
from agentprop.models.chat import Choice, Message, Reply, Request
from agentprop.records import Stage, StopReason, Task, Trajectory, Turn

END = StopReason.SUBMITTED
NAMES = ("qab", "qcd", "qef", "qgh")


@given(st.text(), st.integers(0, 50), st.lists(st.sampled_from([*NAMES, "_", " ", "-", "q", "1", ".", "é"])))
def test_the_inverse_restores_every_text(text: str, index: int, parts: list[str]) -> None:
    names = Renaming.drawn(NAMES, 7, index)
    assert sorted(names.to.values()) == sorted(NAMES)
    for said in (text, "".join(parts), text + "".join(parts)):
        assert names.inverse(names(said)) == said


def test_a_name_is_replaced_as_a_whole_and_wherever_it_stands() -> None:
    swap = Renaming({"qab": "qcd", "qcd": "qab"})
    assert swap("from skills import qab; qab_2 = qab.solve(n=qcd.solve(n=3))") == (
        "from skills import qcd; qcd_2 = qcd.solve(n=qab.solve(n=3))"
    )
    assert swap("qabs xqab qab1 QAB") == "qabs xqab qab1 QAB"


def test_tasks_have_names_of_their_own_and_the_members_of_a_group_share_them() -> None:
    drawn = [Renaming.drawn(NAMES, 0, index).to for index in range(20)]
    assert len({tuple(sorted(found.items())) for found in drawn}) > 5
    assert Renaming.drawn(NAMES, 0, 3) == Renaming.drawn(NAMES, 0, 3)


@dataclass
class Parrot:
    """Chat model that says what it was told last, and remembers all of it."""

    identity: str = "parrot"
    version: int = 4
    told: list[str] = field(default_factory=list)

    async def reply(self, request: Request) -> Reply:
        self.told = [message.text for message in request.messages]
        return Reply((Choice(self.told[-1], token_ids=(1, 2)),), "parrot")

    async def aclose(self) -> None:
        self.told = []


def test_the_model_hears_other_names_than_the_one_who_asks_it() -> None:
    parrot = Parrot()
    chat = RenamedChat(parrot, Renaming({"qab": "qcd", "qcd": "qab"}))
    asked = Request((Message("system", "skills: qab"), Message("user", "use qab, not qcd")))
    reply = asyncio.run(chat.reply(asked))
    assert parrot.told == ["skills: qcd", "use qcd, not qab"]
    assert reply.text == "use qab, not qcd" and reply.choices[0].token_ids == (1, 2)
    assert (chat.identity, chat.version) == ("parrot", 4)
    assert renaming_chat(parrot, (), 0, 0) is parrot


def test_a_stored_trajectory_is_imitated_under_the_names_of_its_task() -> None:
    task = Task(seed=3, index=9, domain="mathematics", category="sums", skill_ids=("i",), skill_names=("qab",))
    turn = Turn(index=0, stage=Stage.DRAFT, action="think", message="qab", observation="noted qcd", token_ids=(1,))
    stored = Trajectory(task_id=task.id, task=task, system="s", prompt="needs qab", turns=(turn,), stop=END)
    told = Renaming.drawn(NAMES, 3, 9)
    found = renamed(stored, NAMES)
    assert found.prompt == told("needs qab") and found.id == stored.id
    assert (found.turns[0].message, found.turns[0].observation) == (told("qab"), told("noted qcd"))
    assert found.turns[0].token_ids is None and renamed(stored, ()) is stored


@pytest.mark.parametrize("names", [("q-ab", "qcd"), ("qab", "qab")])
def test_names_that_cannot_be_told_apart_are_refused(names: tuple[str, ...]) -> None:
    from agentprop.agent.variety import Variety
    from agentprop.errors import ConfigError

    with pytest.raises(ConfigError, match="letters and digits"):
        Variety(names).check(names)
