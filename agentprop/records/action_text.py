"""Actions ↔ the tagged text of a proposer's messages, one action block per assistant message.

    <action:think>…</action:think>
    <action:exec>Python</action:exec>
    <action:edit>prune NAME | add NAME | replace NAME with NAME, then a line that says why</action:edit>
    <action:submit><statement>…</statement><answer type="…">…</answer><certificate>Python</certificate></action:submit>

LaTeX and code stand unescaped between the tags. The built-in proposer writes the same text that a language model would,
so that its messages can be imitated word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import ValidationError

from agentprop.records import Action, AnswerType, Submission, TestCase
from agentprop.records.case_text import read_plain, write_plain

OPENING = re.compile(r"<action:(think|exec|edit|submit)>\n?")
EDIT = re.compile(r"(prune|add|replace) ([a-z0-9-]+)(?: with ([a-z0-9-]+))?")
OPENED_THOUGHT = "<action:think>"
COMPOSITION = "# composition: "
MAX_MESSAGE = 200_000


TYPES = ", ".join(get_args(AnswerType))
EXAMPLES = {
    "message": "<action:exec>\nprint(6 * 7)\n</action:exec>",
    "edit": "<action:edit>\nprune digit-sum\nIt does not fit the story.\n</action:edit>",
    "submit": (
        "<action:submit>\n<statement>\nWhat is six times seven?\n</statement>\n"
        '<answer type="integer">\n42\n</answer>\n<certificate>\nanswer = 6 * 7\n</certificate>\n</action:submit>'
    ),
    "tests": '<tests>\n{"arguments": [[3, 1, 2]], "expected": [1, 2, 3]}\n</tests>',
}
"""What would be right, by the part of a message that is at fault."""


class Malformed(ValueError):
    """The message is not one well-formed action block; the text tells the proposer what to correct."""

    def __init__(self, fault: str, *, kind: str = "message", example: str | None = None) -> None:
        self.fault = fault
        self.kind = kind
        self.example = EXAMPLES.get(kind) if example is None else example
        super().__init__(f"{fault}; for example:\n{self.example}" if self.example else fault)


def parse(message: str) -> Action:
    """Parse the action of a message. Raises Malformed with a correction that the model can act on."""
    if len(message) > MAX_MESSAGE:
        raise Malformed(f"the message is longer than {MAX_MESSAGE} characters")
    blocks = list(_blocks(message))
    if not blocks:
        opened = re.search(r"<action:(\w+)>", message)
        if opened:
            raise Malformed(f"<action:{opened[1]}> is unknown or never closed")
        raise Malformed(
            "no action block; write exactly one of <action:think>, <action:exec>, <action:edit>, <action:submit>"
        )
    if len(blocks) > 1:
        raise Malformed(f"{len(blocks)} action blocks; write exactly one")
    kind, text = blocks[0]
    if kind == "edit":
        return _parse_edit(text)
    if kind == "submit":
        return Action(kind="submit", submission=_parse_submission(text))
    if not text.strip():
        raise Malformed(f"the {kind} block is empty")
    return Action(kind=kind, text=text)


def _blocks(message: str) -> Iterator[tuple[Any, str]]:
    """Yield (kind, text) of the action blocks; an opening tag that is never closed opens none."""
    position = 0
    last = {kind: message.rfind(f"</action:{kind}>") for kind in ("think", "exec", "edit", "submit")}
    while opening := OPENING.search(message, position):
        kind, position = opening[1], opening.end()
        if last[kind] >= position:
            end = message.find(f"</action:{kind}>", position)
            yield kind, message[position:end].removesuffix("\n")
            position = end


def _parse_edit(text: str) -> Action:
    first, _, reason = text.strip().partition("\n")
    found = EDIT.fullmatch(first.strip())
    if found is None or (found[1] == "replace") != (found[3] is not None):
        raise Malformed("an edit begins with `prune NAME`, `add NAME` or `replace NAME with NAME`", kind="edit")
    return Action.model_validate(
        {"kind": "edit", "text": reason.strip(), "edit": found[1], "skill": found[2], "replacement": found[3]}
    )


def _parse_submission(text: str) -> Submission:
    statement, _, text = _cut(text, "statement")
    answer, attributes, text = _cut(text, "answer")
    tests, _, text = _cut(text, "tests")
    certificate, _, _ = _cut(text, "certificate")
    if statement is None or answer is None:
        raise Malformed("a submission needs <statement>…</statement> and <answer type=…>…</answer>", kind="submit")
    try:
        figures = int(attributes["figures"]) if "figures" in attributes else None
        return Submission.model_validate(
            {
                "statement": statement.strip(),
                "answer": answer.strip(),
                "answer_type": attributes.get("type", ""),
                "unit": attributes.get("unit"),
                "figures": figures,
                "certificate": certificate or "",
                "composition": _composition(certificate or ""),
                "tests": _parse_tests(tests),
            }
        )
    except ValidationError as error:
        raise unusable(error, attributes.get("type")) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        part = "tests" if tests is not None else "submit"
        raise Malformed(f"the submission cannot be read: {error}", kind=part) from None


def unusable(error: ValidationError, answer_type: object) -> Malformed:
    """Return the correction of a submission whose fields have values that cannot be used; types are listed."""
    names = {".".join(map(str, e["loc"])) for e in error.errors()}
    if "answer_type" in names:
        told = f"{str(answer_type)[:80]!r} is no type of an answer" if answer_type else "the answer has no type"
        return Malformed(f"{told}; the types are {TYPES}", kind="submit")
    why = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return Malformed(f"the submission's {', '.join(sorted(names))} cannot be used ({why[:300]})", kind="submit")


def _parse_tests(text: str | None) -> tuple[TestCase, ...]:
    if text is None:
        return ()
    tests = (read_plain(line) for line in filter(str.strip, text.split("\n")))
    return tuple(TestCase.of(test["arguments"], test["expected"]) for test in tests)


def _test_line(test: TestCase) -> str:
    """A test on one line, which is JSON as a whole or a Python literal as a whole."""
    line = f'{{"arguments": {test.arguments}, "expected": {test.expected}}}'
    try:
        read_plain(line)
    except ValueError:  # one text is JSON that is no literal, the other a literal that is no JSON
        return write_plain(dict(zip(("arguments", "expected"), test.values(), strict=True)))
    return line


def _composition(certificate: str) -> str | None:
    first = certificate.strip().partition("\n")[0]
    return first.removeprefix(COMPOSITION) if first.startswith(COMPOSITION) else None


def _cut(text: str, tag: str) -> tuple[str | None, dict[str, str], str]:
    """(content, attributes, rest of the text) of the first section with a tag; content None if there is none."""
    opening = re.search(rf"<{tag}(\s[^<>]*)?>\n?", text)
    end = text.find(f"</{tag}>", opening.end()) if opening else -1
    if opening is None or end < 0:
        return None, {}, text
    content = text[opening.end() : end].removesuffix("\n")
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', opening[1] or ""))
    return content, attributes, text[: opening.start()] + text[end + len(f"</{tag}>") :]


def write(action: Action) -> str:
    """Write the message of an action; `parse` reads it back."""
    match action.kind:
        case "think":
            return think(action.text)
        case "exec":
            return execute(action.text)
        case "edit":
            instead = f" with {action.replacement}" if action.replacement else ""
            return edit(f"{action.edit} {action.skill}{instead}", action.text)
        case "submit":
            assert action.submission is not None  # no submit action is made without one
            return submit(action.submission)


def think(text: str) -> str:
    """Write the message of a reflection."""
    return f"{OPENED_THOUGHT}\n{text}\n</action:think>"


def execute(code: str) -> str:
    """Write the message that runs code."""
    return f"<action:exec>\n{code}\n</action:exec>"


def edit(command: str, reason: str) -> str:
    """Write the message that changes K_t."""
    return f"<action:edit>\n{command}\n{reason}\n</action:edit>"


def submit(s: Submission) -> str:
    """Write the message that submits a problem."""
    attributes = f' type="{s.answer_type}"'
    attributes += f' unit="{s.unit}"' if s.unit else ""
    attributes += f' figures="{s.figures}"' if s.figures else ""
    parts = [f"<statement>\n{s.statement}\n</statement>", f"<answer{attributes}>\n{s.answer}\n</answer>"]
    if s.tests:
        lines = map(_test_line, s.tests)
        parts.append("<tests>\n" + "\n".join(lines) + "\n</tests>")
    head = f"{COMPOSITION}{s.composition}\n" if s.composition and not s.certificate.startswith(COMPOSITION) else ""
    parts.append(f"<certificate>\n{head}{s.certificate}\n</certificate>")
    return "<action:submit>\n" + "\n".join(parts) + "\n</action:submit>"
