"""What the phrases of a question mean together: one tree without free symbols, or a form in the letters that stay.

`letters` says what letters and signs are here, `shorthand` writes out what the phrases abbreviate, `facts` sorts what
is given, `targets` binds what is asked for, `joined` puts all together.
"""

from agentprop.extraction.mining.question.meaning.joined import Meaning, understand

__all__ = ["Meaning", "understand"]
