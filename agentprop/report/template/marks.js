// What a reader marks: flags and comments by problem, kept by the browser and exported as JSON lines; and what is copied.

const MARKS = "agentprop-marks";

class Marks {
  constructor() {
    this.held = new Map();
    try { this.held = new Map(Object.entries(JSON.parse(localStorage.getItem(MARKS) || "{}"))); } catch { /* a browser that keeps nothing for files: marks last as long as the page */ }
  }

  // A problem has the same id in every report; a refused candidate has its number, and only in this one.
  key(n) { const id = report.list.get("id", n); return id === report.list.get("problem", n) ? id : `${report.title}: ${id}`; }

  of(n) { return this.held.get(this.key(n)) || { flagged: false, comment: "" }; }

  set(n, change) {
    const id = this.key(n), mark = { ...this.of(n), ...change };
    if (mark.flagged || mark.comment) this.held.set(id, mark); else this.held.delete(id);
    try { localStorage.setItem(MARKS, JSON.stringify(Object.fromEntries(this.held))); } catch { /* as above */ }
    this.onchange?.();
  }

  marked(n) { return this.held.has(this.key(n)); }

  rows() {
    const list = report.list, rows = [];
    for (let n = 0; n < list.length; n++) {
      if (this.marked(n)) rows.push({ id: list.get("id", n), problem_id: list.get("problem", n), run: report.runs[list.get("run", n)].path, ...this.of(n), status: list.get("status", n), statement: list.get("statement", n), answer: list.get("answer", n) });
    }
    return rows;
  }

  lines() { return this.rows().map((row) => `${JSON.stringify(row)}\n`).join(""); }
}

let marks = null;

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

function marksButton() {
  const button = h("button", { type: "button", class: "marks", title: "Save flags and comments as JSON lines", onclick: () => save("marks.jsonl", marks.lines()) });
  const draw = () => { const count = marks.rows().length; button.textContent = `Save ${plural(count, "mark")}`; button.hidden = !count; };
  marks.onchange = draw;
  draw();
  return button;
}

function markBar(n) {
  const flag = h("button", { type: "button", class: "flag", onclick: () => { marks.set(n, { flagged: !marks.of(n).flagged }); draw(); } });
  const comment = h("textarea", { rows: "1", placeholder: "Comment", "aria-label": "Comment", oninput: (event) => marks.set(n, { comment: event.target.value }) });
  comment.value = marks.of(n).comment;
  const draw = () => { flag.textContent = marks.of(n).flagged ? "⚑ Flagged" : "⚐ Flag"; flag.setAttribute("aria-pressed", String(marks.of(n).flagged)); };
  draw();
  return h("div", { class: "mark" }, flag, copyButton("Copy JSON", () => JSON.stringify(asObject(n), null, 2)), copyButton("Copy LaTeX", () => asLatex(n)), comment);
}

function copyButton(label, text) {
  const button = h("button", { type: "button", onclick: async () => {
    await copied(text());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  } }, label);
  return button;
}

async function copied(text) {
  try { await navigator.clipboard.writeText(text); return; } catch { /* not allowed for files in this browser */ }
  const holder = h("textarea", { class: "copying" });
  holder.value = text;
  document.body.append(holder);
  holder.select();
  document.execCommand("copy");
  holder.remove();
}

const COPIED = ["id", "statement", "answer", "answer_type", "unit", "figures", "domain", "category", "skills", "operators", "evidence", "status", "code"];
const asObject = (n) => Object.fromEntries(COPIED.map((name) => [name, report.list.get(name, n)]).filter(([, value]) => value !== null && value !== ""));

// Formulas are LaTeX already; in the prose between them only the characters that LaTeX would take for its own are escaped.
const latexOf = (text) => text.split(/(\$\$[\s\S]*?\$\$|\$[^$]*\$|\\\[[\s\S]*?\\\]|\\\([\s\S]*?\\\))/).map((part, n) => (n % 2 ? part : part.replace(/(?<!\\)[%&#_]/g, "\\$&"))).join("");

function asLatex(n) {
  const list = report.list, answer = list.get("answer", n), unit = list.get("unit", n);
  const program = answer !== null && (list.get("answer_type", n) === "program" || answer.includes("\n"));
  const parts = [`% problem ${list.get("id", n)}`, latexOf(list.get("statement", n) || "")];
  if (program) parts.push("", "\\begin{verbatim}", answer, "\\end{verbatim}");
  else if (answer !== null) parts.push("", `\\textbf{Answer:} ${latexOf(answer)}${unit ? ` ${latexOf(unit)}` : ""}`);
  return `${parts.join("\n")}\n`;
}
