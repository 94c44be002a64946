// Verifiers, pairs of skills, money, benchmarks and checkers as tables.

const link = (problem, text) => report.list.positions.has(problem)
  ? h("a", { href: `#problems?open=${report.list.positions.get(problem)}` }, text ?? problem.slice(0, 8)) : h("code", {}, text ?? problem.slice(0, 8));

function judgesTable(judges) {
  const headings = ["Who", "Role", numeric("Attempts"), numeric("Valid"), numeric("Invalid"), numeric("Could not say"), "Most frequent reasons"];
  return table(headings, judges.map((judge) => [
    judge.name, judge.role, number(judge.attempts), counted(judge.valid, judge.attempts), counted(judge.invalid, judge.attempts), counted(judge.silent, judge.attempts),
    judge.codes.slice(0, 4).map(([code, count]) => h("span", { class: "tag" }, `${worded(code) || "none given"} ${number(count)}`))]));
}

const counted = (part, whole) => [number(part), h("small", {}, ` ${share(part, whole)}`)];

function agreementsTable(agreements, judges) {
  const headings = ["Verifiers", numeric("Both voted"), numeric("Same vote"), numeric("Cohen’s κ"), numeric("Both answered"), numeric("Same answer, to the letter")];
  return table(headings, agreements.map((pair) => [
    `${judges[pair.first].name} · ${judges[pair.second].name}`, number(pair.both), counted(pair.agree, pair.both),
    pair.kappa === null ? "–" : pair.kappa.toFixed(2), number(pair.answers), counted(pair.same_answer, pair.answers)]));
}

const voteMark = (vote) => h("span", { class: `vote ${vote === true ? "yes" : vote === false ? "no" : "silent"}` },
  vote === true ? "valid" : vote === false ? "invalid" : "could not say");

const opinionRow = (said) => h("div", { class: "opinion" }, voteMark(said.vote), h("b", {}, said.name), said.role === "auditor" ? h("span", { class: "tag" }, "auditor") : null,
  said.answer !== null ? h("span", { class: "answered" }, "answers ", mathText("span", said.answer)) : null,
  said.code ? h("span", { class: "tag" }, worded(said.code)) : null, said.finish && said.finish !== "stop" ? h("span", { class: "tag" }, said.finish) : null,
  said.rationale ? mathText("p", said.rationale) : null);

function ledgerList(ledger) {
  const body = h("div", { class: "ledger" });
  const more = h("button", { type: "button", onclick: () => show(10) });
  let shown = 0;
  const show = (count) => {
    for (const [problem, reason, value, code] of ledger.slice(shown, (shown += count))) {
      body.append(h("article", {}, h("header", {}, link(problem), badge(value), h("span", {}, reason), code ? h("span", { class: "tag" }, worded(code)) : null),
        (report.opinions[problem] || []).map(opinionRow)));
    }
    more.textContent = `Show ${Math.min(10, ledger.length - shown)} more of ${number(ledger.length)}`;
    more.hidden = shown >= ledger.length;
  };
  show(5);
  return h("div", {}, body, more);
}

function extremePairs(skills) {
  const named = (cell) => h("a", { href: `#problems?${new URLSearchParams([["skill", skills.names[cell[0]]], ["skill", skills.names[cell[1]]]])}` },
    `${skills.names[cell[0]]} × ${skills.names[cell[1]]}`);
  const pairs = skills.cells.filter(([a, b]) => a !== b);
  const enough = pairs.filter((cell) => cell[2] >= 5);
  const low = enough.sort((x, y) => x[3] / x[2] - y[3] / y[2] || y[2] - x[2]).slice(0, 8);
  const often = pairs.sort((x, y) => y[4] - x[4]).slice(0, 8);
  const heading = (label) => [label, numeric("Problems"), numeric("Candidates"), numeric("Yield")];
  const row = (cell) => [named(cell), number(cell[4]), number(cell[2]), share(cell[3], cell[2])];
  return h("div", { class: "columns" }, table(heading("Most composed"), often.map(row)),
    low.length ? table(heading("Lowest yield, of five candidates or more"), low.map(row)) : null);
}

function spendingTable(spending) {
  const headings = ["Stage", "Role", "Model", numeric("Requests"), numeric("Tokens"), numeric("of them reasoning"), numeric("Cost")];
  const money = (value) => known(value, (cost) => rounded(cost, 4));
  const rows = spending.entries.map((entry) => [entry.stage, entry.role, entry.model, known(entry.requests), known(entry.tokens),
    known(entry.reasoning_tokens), money(entry.cost)]);
  return table(headings, rows);
}

function messagesTable(entries) {
  const headings = ["Proposing model", numeric("Messages"), numeric("Usable"), "Repaired", numeric("Tokens per problem, forecast"), numeric("in all")];
  const mended = (entry) => Object.entries(entry.repaired).map(([name, count]) => `${name} ${number(count)}`).join(", ") || "–";
  const tokens = (value) => known(value, (count) => number(Math.round(count)));
  return table(headings, entries.map((entry) => [entry.model, number(entry.messages), share(entry.usable, entry.messages), mended(entry),
    tokens(entry.forecast), tokens(entry.actual)]));
}

function faultsTable(entries) {
  const rows = entries.flatMap((entry) => entry.faults.map((fault) => [entry.model, number(fault.count), fault.kind, fault.words, h("code", {}, fault.sample)]));
  return table(["Proposing model", numeric("Faults"), "Kind", "What was said of the first", "Its message"], rows);
}

function hitsTable(hits) {
  const headings = ["Problem", "Benchmark", "Item", "Found by", numeric("Score"), "What matched"];
  return table(headings, hits.map((hit) => [link(hit.problem), hit.benchmark, hit.reference, worded(hit.method), hit.score === null ? "–" : rounded(hit.score), mathText("span", hit.matched)]));
}

function checkersTable(checkers) {
  const rate = (found) => (found.of ? [counted(found.errors, found.of), h("small", {}, ` of ${number(found.of)}, ${percent(found.low)} – ${percent(found.high)}`)] : "–");
  return table(["Checker", numeric("False accepts"), numeric("False rejects"), numeric("Could not tell")], Object.entries(checkers).map(([name, found]) => [
    name, rate(found.false_accept), rate(found.false_reject), number(found.undetermined)]));
}

function misjudged(name, found) {
  const kinds = Object.entries(found.by_mutation);
  const example = (said) => [link(said.problem), worded(said.mutation), mathText("span", said.right), mathText("span", said.answer), `called ${said.called}`];
  return h("details", {}, h("summary", {}, h("b", {}, name), found.examples.length ? ` misjudged, for example, ${plural(found.examples.length, "answer")}` : " misjudged none"),
    kinds.length ? table(["Change", numeric("Called right"), numeric("Called wrong"), numeric("Neither")], kinds.map(([kind, calls]) => [worded(kind), number(calls.right), number(calls.wrong), number(calls.neither)])) : null,
    found.examples.length ? table(["Problem", "Change", "Right answer", "Answer", ""], found.examples.map(example)) : null);
}
