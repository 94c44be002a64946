"""Worked solutions to executable skills: equations → data-flow graph → parametric template → package.

`expression` and `equations` read the solution, `mentions` and `cues` read the question, `lift` joins them into a
`graph`, `freedom` decides what may vary and how far, `wording` turns the question into phrasings, `script` writes
`solve` and `check`, `merge` makes one skill of equal graphs, `quality` scores it, `package` writes it down.
`programs` does the same for reference programs with tests.
"""
