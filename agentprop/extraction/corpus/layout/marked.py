"""One text that holds a question and its answer, each after a mark → both.

### Human: What is 2 + 3? ### Assistant: It is 5.          Question: What is 2 + 3?\\nAnswer: 5
"""

from __future__ import annotations

import re

_QUESTION = r"(?:###[ ]?(?:Instruction|Human|User|Question|Input|Problem)|Human|User|Question|Problem|Q)[ ]?:"
_ANSWER = r"(?:###[ ]?(?:Response|Assistant|Answer|Output|Solution)|Assistant|Answer|Solution|A)[ ]?:"
_TURN = (
    rf"(?:^|\n|(?=###))[ \t]*{_QUESTION}|(?:^|\s)USER:|<\|(?:im_start\|>)?user(?:\|>|\n)|\[INST\]|<[|｜]User[|｜]>"
    r"|<start_of_turn>user\n|<\|start_header_id\|>user<\|end_header_id\|>|<\|start\|>user<\|message\|>"
)
_REPLY = (
    rf"(?:\n|(?=###))[ \t]*{_ANSWER}|\sASSISTANT:|<\|(?:im_start\|>)?assistant(?:\|>|\n)|\[/INST\]"
    r"|<[|｜]Assistant[|｜]>|<start_of_turn>model\n|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<\|start\|>assistant(?:<\|channel\|>final)?<\|message\|>"
)
_TURNS = re.compile(_TURN)
_REPLIES = re.compile(_REPLY)
_END = re.compile(
    r"<\|(?:im_)?end\|>|<\|(?:endoftext|eot_id|end_of_text|return)\|>|</?s>|<end_of_turn>|<[|｜]end▁of▁sentence[|｜]>"
)
_LEAD = re.compile(r"\A\s*(?:Q|Question|Problem|Exercise|Human|User)[ ]?:\s+(?=\S)")
_THOUGHT = re.compile(
    r"\A\s*(?:<think>.*?</think>|<\|begin_of_thought\|>.*?<\|end_of_thought\|>)\s*|<\|(?:begin|end)_of_solution\|>",
    re.DOTALL,
)


def split_marked(text: str) -> tuple[str, str] | None:
    """(question, what follows it); None for a text without the marks, or with a second question."""
    turn = _TURNS.search(text)
    reply = _REPLIES.search(text, turn.end()) if turn else None
    if turn is None or reply is None or _TURNS.search(text, reply.end()):
        return None
    question, answer = text[turn.end() : reply.start()], text[reply.end() :]
    return _END.sub("", question).strip(), _END.sub("", answer).strip()


def without_marks(prompt: str) -> str:
    """The question of a prompt that ends where its answer begins, `Q: What is 2 + 3?\\nA:`, or has a mark before it."""
    marked = split_marked(prompt)
    return marked[0] if marked is not None and marked[0] and not marked[1] else _LEAD.sub("", prompt)


def without_thought(solution: str) -> str:
    """A solution without the thinking before it, whose boxes were tried; all of it if nothing follows the thinking."""
    said = _THOUGHT.sub("", solution) if "<" in solution else solution
    return said.strip() if said != solution and said.strip() else solution
