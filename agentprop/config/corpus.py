"""How files that somebody else wrote are read: the settings of every stage that reads them."""

from __future__ import annotations

from agentprop.config.base import StageConfig


class CorpusConfig(StageConfig):
    """Which fields hold what, which splits are read, and in which encoding.

    A field is a name or a path such as `qa.question` and `messages[0].content`; `-` says that there is none.
    """

    question_field: str | None = None
    """Field that holds the question; null means: found by its name."""
    context_field: str | None = None
    """Field of a text that the question follows; null means: found by its name."""
    solution_field: str | None = None
    """Field that holds the worked solution; null means: found by its name."""
    answer_field: str | None = None
    """Field that holds the final answer; null means: found by its name."""
    options_field: str | None = None
    """Field of the options of multiple-choice questions; null means: found by its name."""
    unit_field: str | None = None
    """Field of the answer's unit; null means: found by its name."""
    equation_field: str | None = None
    """Field of an equation that gives the answer; null means: found by its name."""
    program_field: str | None = None
    """Field of the reference program; null means: found by its name."""
    tests_field: str | None = None
    """Field of a program's tests; null means: found by its name."""
    entry_point_field: str | None = None
    """Field of the function that the tests call; null means: found by its name."""
    id_field: str | None = None
    """Field of the record's own id; null means: found by its name."""
    split: tuple[str, ...] = ()
    """Splits to read, such as train or test; none means the stage's usual ones."""
    encoding: str | None = None
    """Encoding of text files, such as latin-1 or gb18030; null means: recognised."""
