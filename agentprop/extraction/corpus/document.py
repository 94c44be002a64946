"""A document, a record that is none, and the fields that a person says hold the parts."""

from __future__ import annotations

from agentprop.records import Part

ABSENT = "-"
"""Written for a field: there is none, whatever looks like it."""


class Fields(Part):
    """Which field holds what: a name, or a path such as `qa.question` and `messages[0].content`; None means: found."""

    question: str | None = None
    """Field of the question."""
    context: str | None = None
    """Field of a text that the question follows."""
    solution: str | None = None
    """Field of the worked solution."""
    answer: str | None = None
    """Field of the final answer."""
    options: str | None = None
    """Field of the options of a multiple-choice question."""
    unit: str | None = None
    """Field of the answer's unit."""
    equation: str | None = None
    """Field of an equation that gives the answer."""
    program: str | None = None
    """Field of the reference program."""
    test: str | None = None
    """Field of the tests of a program."""
    entry_point: str | None = None
    """Field of the function's name."""
    id: str | None = None
    """Field of the record's own id."""
    reply: str | None = None
    """Field of what a model said to it, which is no part of it."""


class Document(Part):
    """A question with whatever its source knows about its answer."""

    id: str
    """`<file name>#<index>`, counting the file's records from 0."""
    question: str
    """What is asked, or the head of a program to write; a context stands before it."""
    solution: str = ""
    """Worked solution; an equation with its value where the source has nothing else."""
    answer: str = ""
    """Final answer; of a multiple-choice question the text of the right option."""
    program: str = ""
    """Reference program, or the body that follows the question."""
    test: str = ""
    """Test code of the program."""
    entry_point: str = ""
    """Name of the function the tests call."""
    sha: str = ""
    """Hash of question, solution and program."""
    answer_from: str = ""
    """Where the answer was read: `field`, `option`, `####`, `boxed`, `tag`, `said` (the answer is …), or only
    `last equation`."""
    accepted: tuple[str, ...] = ()
    """Further answers that the source accepts."""
    unit: str = ""
    """Unit of the answer, as the source writes it."""
    tolerance: str = ""
    """How far an answer may be off, as the source writes it."""
    options: tuple[str, ...] = ()
    """Texts of the options, in order; they are not part of the question."""
    option: int | None = None
    """Position of the right option, from 0."""
    equation: str = ""
    """An equation or formula that gives the answer, as the source writes it."""
    computation: str = ""
    """A program that computes the answer, as the source writes it."""
    calls: tuple[tuple[str, str], ...] = ()
    """(arguments, expected value) of calls of the function, JSON."""
    streams: tuple[tuple[str, str], ...] = ()
    """(standard input, expected standard output) of runs of the program."""
    system: str = ""
    """What the system turn of a chat said."""
    source_id: str = ""
    """The record's own id."""
    lacks: str = ""
    """What is needed beside the text: an `image` that is there, a `figure` that is spoken of, or the `options` for a
    question that means nothing without them."""


class UnreadableRecord(Part):
    """A record that is there but cannot be used, or a file that cannot be read on."""

    id: str
    """`<file name>#<index>`, or the file's name."""
    code: str
    """Reason code."""
    message: str
    """The reason in a sentence."""
    excerpt: str = ""
    """The beginning of the record."""
