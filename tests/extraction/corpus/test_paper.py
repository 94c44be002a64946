"""PDF and Word files: their text with its formulas, through libraries that need not be there."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agentprop.errors import InputError
from agentprop.extraction.corpus import Document, find_files, read_documents
from agentprop.extraction.corpus.carriers.office_math import UnknownFormula, tex_of

SPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def documents(path: Path) -> list[object]:
    return list(read_documents(find_files([str(path)])))


def pdf(path: Path, *lines: str) -> Path:
    """A page with lines of text, written by hand."""
    text = "BT /F1 12 Tf 14 TL 40 800 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    data, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    path.write_text(f"{data}{end}startxref\n{len(data)}\n%%EOF\n", encoding="latin-1")
    return path


def test_a_pdf_is_read_as_the_problems_that_it_labels(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    path = pdf(tmp_path / "sheet.pdf", "Problem 1. How much is 2 + 3?", "Solution. It is 2 + 3 = 5.")
    (found,) = documents(path)
    assert isinstance(found, Document) and found.question == "How much is 2 + 3?" and found.answer == "5"


def test_a_pdf_that_is_damaged_or_holds_no_text_is_told(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing else")
    with pytest.raises(InputError, match="cannot be read as a PDF"):
        documents(tmp_path / "broken.pdf")
    with pytest.raises(InputError, match="holds no text"):
        documents(pdf(tmp_path / "scan.pdf"))


def test_a_word_file_is_read_with_its_formulas(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    from docx.oxml import parse_xml

    made = docx.Document()
    made.add_heading("Problem 1", 2)
    asked = made.add_paragraph("How much is ")
    asked._p.append(parse_xml(formula("<m:f><m:num>{2}</m:num><m:den>{3}</m:den></m:f>")))
    asked.add_run(" of 12?")
    made.add_heading("Solution", 2)
    made.add_paragraph("It is 8.")
    made.save(str(tmp_path / "sheet.docx"))
    (found,) = documents(tmp_path / "sheet.docx")
    assert isinstance(found, Document)
    assert (found.question, found.solution) == ("How much is $\\frac{2}{3}$ of 12?", "It is 8.")


def test_a_table_of_a_word_file_is_its_records(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.add_paragraph("Sums")
    cells = [("Question", "Answer"), ("How much is 2 + 3?", "5"), ("How much is 2 + 4?", "6")]
    table = made.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.save(str(tmp_path / "table.docx"))
    found = documents(tmp_path / "table.docx")
    assert [(one.question, one.answer) for one in found if isinstance(one, Document)] == cells[1:]


@pytest.mark.parametrize(("suffix", "library"), [(".pdf", "pypdf"), (".docx", "docx")])
def test_without_its_library_a_file_says_what_to_install(
    suffix: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / f"sheet{suffix}").write_bytes(b"x")
    with pytest.raises(InputError, match="is not installed") as refused:
        documents(tmp_path / f"sheet{suffix}")
    assert refused.value.hint == "pip install 'agentic-proposing[documents]'"


# --- formulas ---


def formula(body: str) -> str:
    """A formula of Office Open XML; `{x}` stands for a run."""
    runs = body.replace("{", "<m:r><m:t>").replace("}", "</m:t></m:r>")
    return f'<m:oMath xmlns:m="{SPACE}">{runs}</m:oMath>'


@pytest.mark.parametrize(
    ("body", "tex"),
    [
        ("{x}", "x"),
        ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x^{2}"),
        ("<m:sSubSup><m:e>{ab}</m:e><m:sub>{1}</m:sub><m:sup>{n}</m:sup></m:sSubSup>", "{ab}_{1}^{n}"),
        ("<m:rad><m:deg>{3}</m:deg><m:e>{x}</m:e></m:rad>", r"\sqrt[3]{x}"),
        ("<m:d><m:dPr><m:begChr m:val='['/></m:dPr><m:e>{x+1}</m:e></m:d>", r"\left[x+1\right)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{k=1}</m:sub><m:sup>{n}</m:sup>"
            "<m:e>{k}</m:e></m:nary>",
            r"\sum_{k=1}^{n} k",
        ),
        ("<m:func><m:fName>{sin}</m:fName><m:e>{x}</m:e></m:func>", r"\sin x"),
        (
            "<m:m><m:mr><m:e>{1}</m:e><m:e>{2}</m:e></m:mr><m:mr><m:e>{3}</m:e><m:e>{4}</m:e></m:mr></m:m>",
            r"\begin{matrix}1 & 2 \\ 3 & 4\end{matrix}",
        ),
    ],
)
def test_a_formula_of_office_becomes_tex(body: str, tex: str) -> None:
    assert tex_of(ElementTree.fromstring(formula(body))) == tex


def test_a_part_of_a_formula_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownFormula, match="groupChr"):
        tex_of(ElementTree.fromstring(formula("<m:groupChr><m:e>{x}</m:e></m:groupChr>")))
