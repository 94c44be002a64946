"""The page in a real browser: it is drawn, it can be searched, it does not freeze, and no text in it does anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import CHROMIUM, Page
from .conftest import Written, write
from .toy_runs import HOSTILE, write_audit, write_runs

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian's package chromium)")

CANDIDATES = 13_750
"""Of which 11,000 become problems."""
SHOTS = os.environ.get("REPORT_SCREENSHOTS")
"""A directory for pictures, for a person to look at."""


@pytest.fixture(scope="module")
def page(toy: Written, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The toy report, open."""
    with Page(tmp_path_factory.mktemp("profile"), toy.path.as_uri()) as opened:
        yield opened


@pytest.fixture(autouse=True)
def unharmed(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test on the toy report: nothing broke, nothing was blocked, nothing was fetched or run."""
    yield
    if "page" in request.fixturenames:
        page: Page = request.getfixturevalue("page")
        assert page.value("seen") == []
        assert page.value("hacked") == 0
        assert [address for address in page.requests if not address.startswith(("file:", "data:font/woff2;"))] == []


def show(page: Page, address: str) -> None:
    """Follow an address inside the page and wait until it is drawn."""
    page.value(f"location.hash = {address!r}")
    wanted = ".browser .count" if address.startswith("#problems") else ".overview"
    page.wait(f"location.hash === {address!r} && document.querySelector({wanted!r}) !== null")
    page.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def text(page: Page, selector: str) -> str:
    return str(page.value(f"document.querySelector({selector!r}).innerText"))


def test_the_overview_shows_every_part(page: Page, toy: Written) -> None:
    show(page, "#overview")
    headings = page.value("[...document.querySelectorAll('h2')].map((heading) => heading.innerText)")
    assert headings == ["Funnel", "Verifiers", "Difficulty", "Skills", "Cost", "Contamination", "About these runs"]
    assert "240" in text(page, ".figures") and "northern-70b" in text(page, "#verifiers")
    assert page.value("document.querySelectorAll('.histogram .column').length") == 2 * 17
    assert "not compared with any benchmark" in text(page, "#contamination")
    assert page.value("document.querySelectorAll('.ledger article').length") == 5


def test_the_ledger_grows_on_request(page: Page) -> None:
    show(page, "#overview")
    page.value("document.querySelector('.ledger').nextElementSibling.click()")
    assert page.value("document.querySelectorAll('.ledger article').length") == 15


def test_the_heat_map_draws_and_leads_to_the_problems(page: Page) -> None:
    show(page, "#overview")
    drawn = """(() => {
        const canvas = document.querySelector('canvas'), pen = canvas.getContext('2d');
        return new Set(new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
    })()"""
    assert page.value(drawn) > 10
    page.value("""(() => {
        const canvas = document.querySelector('canvas'), box = canvas.getBoundingClientRect();
        const at = { clientX: box.right - 15, clientY: box.bottom - 45, bubbles: true };
        canvas.dispatchEvent(new MouseEvent('mousemove', at));
        window.tip = document.querySelector('.tip').innerText;
        canvas.dispatchEvent(new MouseEvent('click', at));
    })()""")
    assert "mechanics × number-theory" in page.value("tip")
    page.wait("document.querySelectorAll('.chip').length === 2")
    assert 0 < page.value("browser.found.length") < page.value("report.list.length")


def test_formulas_are_typeset_and_nonsense_stays_as_written(page: Page, toy: Written) -> None:
    items = toy.data["items"]
    good = next(n for n, statement in enumerate(items["statement"]) if statement and "sqrt" in statement)
    show(page, f"#problems?open={good}")
    assert page.value("document.querySelectorAll('.detail > .statement .katex').length") == 3
    assert page.value("document.fonts.check('16px KaTeX_Main')")
    broken = next(n for n, statement in enumerate(items["statement"]) if statement and HOSTILE[5] in statement)
    show(page, f"#problems?open={broken}")
    assert "{{{{{{" in text(page, ".detail > .statement")


@pytest.mark.parametrize("attack", HOSTILE[:5], ids=range(5))
def test_hostile_statements_are_only_text(page: Page, toy: Written, attack: str) -> None:
    where = next(n for n, statement in enumerate(toy.data["items"]["statement"]) if statement and attack in statement)
    show(page, f"#problems?open={where}")
    forbidden = "#page :is(script, img, iframe, object, embed, form:not(.filters), [onerror])"
    assert page.value(f"document.querySelectorAll('{forbidden}').length") == 0
    strange = "[...document.querySelectorAll('#page a')].filter((a) => !a.getAttribute('href').startsWith('#')).length"
    assert page.value(strange) == 0
    if attack.startswith("<"):
        assert attack in text(page, ".detail > .statement")


def test_a_problem_shows_its_votes_and_steps(page: Page, toy: Written) -> None:
    details = toy.details.items()
    position = next(n for n, detail in details if len(detail["journey"]["steps"]) == 3 and detail["answers"])
    show(page, f"#problems?open={position}")
    page.wait("document.querySelectorAll('.step').length === 3")
    assert {"northern-70b", "eastern-120b"} <= set(text(page, ".detail").split())
    assert page.value("document.querySelectorAll('.detail .rho').length") == 2
    assert "print(" in text(page, ".step:nth-child(2) pre.code")
    page.value("document.querySelector('.journey .check input').click()")
    assert "<action:exec>" in text(page, ".step:nth-child(2) pre")


FILTERS = {
    "status=rejected": 60,
    "code=abandoned": 30,
    "code=abandoned&steps=1": 30,
    "q=window.hacked+img": None,
    "category=algebra": None,
    "status=valid&band=always": None,
    "q=no-such-word-anywhere": 0,
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_and_search_find_what_the_data_hold(page: Page, toy: Written, query: str) -> None:
    show(page, f"#problems?{query}")
    found = page.value("browser.found")
    assert page.value("document.querySelectorAll('.rows li a').length") == min(40, len(found))
    items = toy.data["items"]
    expected: dict[str, list[int]] = {
        "q=window.hacked+img": [
            n
            for n in range(300)
            if "window.hacked" in (both := (items["statement"][n] or "") + items["message"][n]) and "img" in both
        ],
        "category=algebra": [
            n
            for n in range(300)
            if items["category"][n] == "algebra" or any(skill.startswith("algebra-") for skill in items["skills"][n])
        ],
        "status=valid&band=always": [
            n for n in range(300) if items["status"][n] == "valid" and items["rho"][n][0][1] == items["rho"][n][0][2]
        ],
    }
    assert len(found) == FILTERS[query] if FILTERS[query] is not None else found == expected[query]


def test_typing_in_the_search_box_filters(page: Page) -> None:
    show(page, "#problems")
    page.value("""(() => {
        const box = document.querySelector('input[type=search]');
        box.value = 'abandoned';
        box.dispatchEvent(new InputEvent('input', { bubbles: true }));
    })()""")
    page.wait("document.querySelector('.browser .count').innerText === '30 of 300 entries'")
    assert page.value("location.hash") == "#problems?q=abandoned"


def test_a_reason_of_the_funnel_leads_to_its_candidates(page: Page) -> None:
    show(page, "#overview")
    page.value("document.querySelector('.reason button').click()")
    page.wait("document.querySelector('.browser .count')?.innerText === '30 of 300 entries'")


def test_the_keyboard_goes_from_problem_to_problem(page: Page) -> None:
    show(page, "#problems?sort=hard")
    press = "document.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{}', bubbles: true }}))"
    page.value("document.activeElement.blur()")
    for _ in range(41):
        page.value(f"document.body.{press.format('j').removeprefix('document.')}")
    assert page.value("browser.page") == 1 and page.value("browser.open === browser.found[40]")
    page.value(f"document.body.{press.format('k').removeprefix('document.')}")
    assert page.value("browser.page") == 0 and page.value("browser.open === browser.found[39]")


@pytest.mark.parametrize("width", [360, 800, 1280])
@pytest.mark.parametrize("address", ["#overview", "#problems", "#problems?open=0"])
def test_nothing_is_wider_than_the_window(page: Page, width: int, address: str) -> None:
    page.resize(width, 800)
    try:
        show(page, address)
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.value("[...document.querySelectorAll('.pane, .rows')].every((e) => e.scrollWidth <= e.clientWidth)")
    finally:
        page.resize(1280, 900)


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_the_light_and_in_the_dark(toy: Written, tmp_path: Path, dark: bool) -> None:
    contrast = """(() => {
        const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3)
            .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
        const paper = light(getComputedStyle(document.body).backgroundColor);
        return ['body', '.note', 'a', 'dt', 'small'].map((name) => document.querySelector(name))
            .map((element) => light(getComputedStyle(element).color))
            .map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
    })()"""
    with Page(tmp_path, toy.path.as_uri(), dark=dark) as page:
        show(page, "#overview")
        assert min(page.value(contrast)) > 4.5
        assert page.value("getComputedStyle(document.documentElement).colorScheme") == ("dark" if dark else "light")
        page.value("document.querySelector('.theme').click()")
        assert min(page.value(contrast)) > 4.5
        assert page.value("getComputedStyle(document.documentElement).colorScheme") == ("light" if dark else "dark")
        for width in (1280, 390) if SHOTS else ():
            page.resize(width, 1400)
            page.screenshot(Path(str(SHOTS)) / f"overview-{width}-{'light' if dark else 'dark'}.png")


def test_an_audit_of_checkers_is_drawn_and_its_texts_do_nothing(toy: Written, tmp_path: Path) -> None:
    written = write(tmp_path, [*toy.runs, write_audit(tmp_path / "audit")])
    with Page(tmp_path / "profile", written.path.as_uri()) as page:
        show(page, "#overview")
        assert "3 60% of 5, 20% – 90%" in " ".join(text(page, "#checkers table").split())
        page.value("document.querySelectorAll('#checkers details').forEach((found) => { found.open = true; })")
        assert "called wrong" in text(page, "#checkers")
        assert (page.value("seen"), page.value("hacked")) == ([], 0)
        if SHOTS:
            page.value("document.querySelector('#checkers').scrollIntoView()")
            page.screenshot(Path(SHOTS) / "checkers.png")


def test_eleven_thousand_problems_are_listed_without_drawing_them_all(tmp_path: Path) -> None:
    written = write(tmp_path, write_runs(tmp_path / "runs", CANDIDATES))
    assert written.data["figures"]["problems"] == 11_000 and written.summary["bytes"] < 8_000_000
    with Page(tmp_path / "profile", written.path.as_uri()) as page:
        show(page, "#problems")
        assert page.value("browser.found.length") == 11_000 + 2 * 500
        assert page.value("document.querySelectorAll('*').length") < 12_000
        assert page.value("document.querySelectorAll('.rows li').length") == 40
        page.value("browser.turn(1)")
        assert 0 < page.value("document.querySelectorAll('.katex').length") < 40 * 6
        show(page, "#problems?q=x_{10997}")
        assert page.value("browser.found.length") == 1
        assert page.value("seen") == []


def test_flags_and_comments_are_kept_and_exported_as_json_lines(page: Page, toy: Written) -> None:
    show(page, "#problems?open=0")
    page.value("localStorage.clear(); marks.held.clear()")
    page.value("document.querySelector('.mark .flag').click()")
    page.value("""(() => {
        const box = document.querySelector('.mark textarea');
        box.value = 'two "readings"\\nof it';
        box.dispatchEvent(new InputEvent('input', { bubbles: true }));
    })()""")
    assert text(page, "button.marks") == "Save 1 mark"
    (line,) = [json.loads(line) for line in str(page.value("marks.lines()")).splitlines()]
    assert (line["id"], line["flagged"]) == (toy.data["items"]["id"][0], True)
    assert line["comment"] == 'two "readings"\nof it'
    page.go(toy.path.as_uri() + "#problems?marked=1")
    assert page.value("browser.found") == [0]
    page.value("marks.set(0, { flagged: false, comment: '' })")
    assert page.value("document.querySelector('button.marks').hidden") is True


def test_a_problem_is_copied_as_json_and_as_latex(page: Page, toy: Written) -> None:
    items = toy.data["items"]
    where = next(n for n, statement in enumerate(items["statement"]) if statement and "sqrt" in statement)
    copied = json.loads(page.value(f"JSON.stringify(asObject({where}))"))
    assert {name: copied[name] for name in ("id", "statement", "answer")} == {
        name: items[name][where] for name in ("id", "statement", "answer")
    }
    latex = page.value(f"asLatex({where})")
    assert latex.startswith(f"% problem {items['id'][where]}") and "\\textbf{Answer:}" in latex
    assert page.value(r"latexOf('5% of a_b in $x_1 % 2$ \\& c')") == r"5\% of a\_b in $x_1 % 2$ \& c"
