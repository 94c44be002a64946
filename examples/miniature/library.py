"""The miniature's skills and distractors → a library in which each has its name of the pool.

    python examples/miniature/library.py --out DIR

Only the name changes; a package that says its own name anywhere else would be refused here.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from design import DISTRACTORS, NAMES, SKILLS

HERE = Path(__file__).parent


def written(source: Path, name: str, out: Path) -> None:
    """Write a package under another name. Raises ValueError if it has another place for its name."""
    text, count = re.subn(rf"(?m)^name: {re.escape(source.name)}$", f"name: {name}", _read(source / "SKILL.md"))
    if count != 1:
        raise ValueError(f"{source} does not say its name once")
    (out / name / "scripts").mkdir(parents=True, exist_ok=True)
    (out / name / "SKILL.md").write_text(text, encoding="utf-8")
    script = _read(source / "scripts" / "skill.py")
    (out / name / "scripts" / "skill.py").write_text(script, encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def main() -> None:
    """Write the library."""
    parser = argparse.ArgumentParser(description="a library under the names of the pool")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    for folder, skills in (("skills", SKILLS), ("distractors", DISTRACTORS)):
        for skill in skills:
            written(HERE / folder / skill, NAMES[skill], asked.out)


if __name__ == "__main__":
    main()
