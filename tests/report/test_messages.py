"""How models wrote their messages, as the report shows it."""

from __future__ import annotations

import pytest

from agentprop.agent.message_notes import MessageNotes
from agentprop.report.messages import written_messages


def test_the_report_tells_what_was_mended_what_was_wrong_and_what_was_forecast() -> None:
    notes = MessageNotes().heard(("fence",)).heard(usable=False).with_fault("malformed:edit", "an edit begins", "<x>")
    summary = {
        "messages": {"m@host": notes.summary()},
        "first_forecast": {"tokens_per_accepted": 400},
        "forecast": {"tokens_per_accepted": 500},
    }
    (entry,) = written_messages([summary, {}])
    assert (entry.model, entry.messages, entry.usable, entry.repaired) == ("m@host", 2, 1, {"fence": 1})
    assert (entry.forecast, entry.actual) == (400.0, 500.0)
    assert [(fault.kind, fault.count, fault.sample) for fault in entry.faults] == [("malformed:edit", 1, "<x>")]


@pytest.mark.parametrize("damaged", [3, [1], {"m": 3}, {"m": {"faults": 2, "repaired": [], "messages": "x"}}])
def test_a_damaged_summary_upsets_nothing(damaged: object) -> None:
    assert all(entry.messages == 0 for entry in written_messages([{"messages": damaged, "forecast": 1}]))
