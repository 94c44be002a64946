"""A teacher that follows rules instead of thinking: a word in a passage says what it makes of it.

    ORDER      an executable skill whose solve and check agree        TWIN     nearly the same skill, in other words
    WRONG      an executable skill whose check differs from solve     PLAIN    a skill without a script
    WEAK       a skill that its rater gives low marks                 GARBLED  a reply that needs a correction turn
    HOPELESS   a reply that stays malformed                           NOTHING  no skill
    SHARED     beside ORDER: wordings that other skills have too

Asked to propose a problem, it submits a sum that it never submitted before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

SUMS = count(1)
SUM = """<action:submit>
<statement>What is the value of ${k} + {k}^2$ as an ordinary sum?</statement>
<answer type="integer">{value}</answer>
<certificate>answer = {k} + {k} ** 2</certificate>
</action:submit>"""
PARTS = ("grounded", "general", "method", "effect", "checkable")
SCRIPT = '''"""Order of a modulo m."""

from math import gcd


def solve(a: int, m: int) -> int:
    """Walk through the powers."""
    if gcd(a, m) != 1 or m < 2:
        raise ValueError("no order")
    power, k = a % m, 1
    while power != 1 % m:
        power, k = power * a % m, k + 1
    return k


def check(a: int, m: int) -> int:
    """Try every exponent by the definition."""
    for k in range(1, m + 1):
        if (a**k - 1) % m == 0:
            return k{offset}
    raise ValueError("no order")
'''


def executable(*, right: bool = True, topic: str = "") -> str:
    """The executable part; `topic` makes its wordings its own."""
    about = f" in {topic}" if topic else ""
    return f"""<executable>
<parameters>
a: {{kind: integer, min: 2, max: 30}}
m: {{kind: integer, min: 7, max: 60}}
</parameters>
<constraints>
gcd(a, m) == 1
</constraints>
<output>{{kind: integer}}</output>
<phrasing>
<ask>What is the least $k > 0${about} for which $<a>^k$ leaves remainder 1 on division by $<m>$?</ask>
</phrasing>
<phrasing>
<scene>Powers of $<a>$ are reduced modulo $<m>$.</scene>
<ask>After how many steps{about} is 1 reached?</ask>
</phrasing>
<value>the order of $<a>$ modulo $<m>${about}</value>
<script>
```python
{SCRIPT.replace("{offset}", "" if right else " + 1")}
```
</script>
</executable>
"""


def skill(name: str, passages: str = "", *, extra: str = "", **changed: str) -> str:
    """A well-formed block."""
    fields = {
        "description": f"{name}. Use when a problem turns on {name}.",
        "domain": "mathematics",
        "category": "Number Theory",
        "intent": f"Sees {name}.",
        "method": f"Choose {name}.",
        "effect": f"Harder when $\\frac{{a}}{{b}}$ hides {name}.",
        "tool": f"A loop over {name}.",
        "passages": passages,
        "recognition": f"By {name}.",
        "workflow": f"1. Find {name}.\n2. Ask for it.",
        **changed,
    }
    sections = "\n".join(f"<{tag}>{text}</{tag}>" for tag, text in {"name": name, **fields}.items() if text)
    return f"<skill>\n{sections}\n{extra}</skill>\n"


def rating(number: int, mark: int, reason: str = "as it is") -> str:
    marks = "".join(f"<{part}>{mark}</{part}>\n" for part in PARTS)
    return f'<rating skill="{number}">\n{marks}<reason>{reason}</reason>\n</rating>\n'


def answer(body: Mapping[str, Any]) -> str:
    """The reply to a request."""
    messages = [message["content"] for message in body["messages"]]
    if messages[0].startswith("You propose"):
        k = next(SUMS)
        return SUM.format(k=k, value=k + k**2)
    if messages[0].startswith("You rate"):
        cards = re.findall(r'<candidate skill="(\d+)">\n(.*?)</candidate>', messages[1], re.DOTALL)
        return "".join(rating(int(number), 1 if "WEAK" in card else 3) for number, card in cards)
    passages = re.findall(r'<passage number="(\d+)">\n(.*?)\n</passage>', messages[1], re.DOTALL)
    corrected = len(messages) > 2
    replies = [_made(number, text, corrected) for number, text in passages]
    return "".join(replies) or "<none>nothing in here repeats</none>"


def _made(number: str, text: str, corrected: bool) -> str:
    topic = " ".join(re.findall(r"\b[a-z]{4,}\b", text.removeprefix("text: "))[:6])
    if "HOPELESS" in text or ("GARBLED" in text and not corrected):
        return f"<skill><name>{topic}</name>"
    if "ORDER" in text or "WRONG" in text:
        own = "" if "SHARED" in text else topic
        return skill(topic, number, extra=executable(right="WRONG" not in text, topic=own))
    if "TWIN" in text:
        return skill(
            "the cycle of the last digit of large powers",
            number,
            method=f"Choose the cycle of the last digit of large powers {topic.split()[0]}.",
        )
    if "WEAK" in text:
        return skill(f"WEAK {topic}", number)
    return skill(topic, number) if "PLAIN" in text or "GARBLED" in text else ""
