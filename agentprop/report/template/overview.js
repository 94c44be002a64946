// The report from top to bottom: what was made, what was refused and why, how sure and how hard it is, what it cost.

const section = (id, title, ...content) => h("section", { id }, h("h2", {}, title), content);

function overview() {
  return h("main", { class: "overview" }, keyFigures(), comparisonSection(), funnelSection(), verifierSection(), difficultySection(), skillSection(),
    costSection(), contaminationSection(), checkersSection(), aboutSection());
}

function keyFigures() {
  const { figures, spending, difficulty, contamination } = report;
  const judged = figures.problems - (figures.unverified || 0);
  const items = [[number(figures.problems), "distinct problems"]];
  items.push(judged ? [share(figures.valid || 0, judged), `valid of ${number(judged)} judged`] : ["–", "none judged yet"]);
  if (report.judges.length > 1) items.push([number(figures.contested), "contested by the verifiers"]);
  if (difficulty.length) items.push([known(difficulty[0].mean, percent), `mean pass rate of ${difficulty[0].prober}`]);
  items.push([spending.cost_each === null ? (spending.asked ? "unknown" : "–") : rounded(spending.cost_each), "cost per good problem"]);
  items.push([contamination.checked ? number(contamination.total) : "not checked", "benchmark matches"]);
  return h("dl", { class: "figures" }, items.map(([value, label]) => h("div", {}, h("dd", {}, value), h("dt", {}, label))));
}

function funnelSection() {
  const pick = (funnel) => (reason) => (["propose", "verify"].includes(funnel.stage) && report.codes.has(reason.code))
    ? () => go("problems", [["code", reason.code]]) : null;
  return section("funnel", "Funnel", report.funnels.map((funnel) => {
    const run = report.runs[funnel.run];
    const parts = ["accepted", "rejected", "failed"].map((name) => [name, funnel[name]]);
    return h("article", { class: "stage" },
      h("header", {}, h("h3", {}, funnel.stage), h("code", {}, run.path), run.complete ? null : h("span", { class: "tag warn" }, "not finished")),
      h("p", { class: "counts" }, h("span", {}, h("b", {}, number(funnel.came)), funnel.stage === "probe" ? " measurements" : " in"), parts.map(([name, count]) =>
        h("span", {}, h("i", { class: `key ${name}` }), h("b", {}, number(count)), ` ${name} `, h("small", {}, share(count, funnel.came))))),
      stackedBar(parts), funnel.reasons.length ? reasonBars(funnel.reasons, funnel.came, pick(funnel)) : null);
  }));
}

function verifierSection() {
  const { judges, agreements, contested, ledger, evidence, figures } = report;
  if (!judges.length) return section("verifiers", "Verifiers", note("No problem of these runs has been judged."));
  const rests = Object.entries(evidence).map(([kind, count]) => `${number(count)} ${kind}`).join(", ");
  return section("verifiers", "Verifiers", judgesTable(judges),
    rests ? note(`What the valid verdicts rest on: ${rests}.`) : null,
    figures["judged elsewhere"] ? note(`${plural(figures["judged elsewhere"], "verdict")} concern problems that are in none of these runs: name the run they came from as well.`) : null,
    agreements.length ? [h("h3", {}, "Agreement"), agreementsTable(agreements, judges)] : note("One verifier alone: there is nothing to agree with."),
    agreements.length ? [h("h3", {}, "Ledger of disagreement"),
      ledger.length ? [note(Object.entries(contested).map(([reason, count]) => `${number(count)} ${reason}`).join(" · "),
        ledger.length < figures.contested ? ` · ${number(ledger.length)} of them are shown` : ""), ledgerList(ledger)] : note("No disagreement on any problem.")] : null);
}

function declaredArticle() {
  if (!report.declared) return null;
  const { problems, quantiles, bars } = report.declared;
  return h("article", { class: "declared" }, h("header", {}, h("h3", {}, "Declared")),
    h("p", { class: "counts" }, h("span", {}, h("b", {}, number(problems)), " problems"), h("span", {}, "score D: median ", h("b", {}, rounded(quantiles["50%"])),
      h("small", {}, ` 5 – 95 %: ${rounded(quantiles["5%"])} – ${rounded(quantiles["95%"])}`))),
    histogram(bars, "Problems by declared band"), note("Problems by band, from 1 (a step beyond a formula) to 5 (many steps), as their compositions tell it. No pass rate follows from it."));
}

function difficultySection() {
  if (!report.difficulty.length) return section("difficulty", "Difficulty", declaredArticle(), note("No prober has measured these problems; name a probe run to see how often they are solved."));
  return section("difficulty", "Difficulty", declaredArticle(), report.difficulty.map((found) => h("article", { class: "prober" },
    h("header", {}, h("h3", {}, found.prober)),
    h("p", { class: "counts" }, h("span", {}, h("b", {}, number(found.problems)), " problems"),
      found.mean === null ? null : h("span", {}, "mean pass rate ", h("b", {}, percent(found.mean)), found.low === null ? null : h("small", {}, ` ${percent(found.low)} – ${percent(found.high)}`)),
      h("span", {}, "never solved ", h("b", {}, number(found.never))), h("span", {}, "always solved ", h("b", {}, number(found.always))),
      h("span", {}, h("b", {}, number(found.attempts)), " attempts"), found.truncated ? h("span", {}, h("b", {}, number(found.truncated)), " cut off") : null,
      found.timeouts ? h("span", {}, h("b", {}, number(found.timeouts)), " timed out") : null),
    histogram(found.bars, `Problems by pass rate of ${found.prober}`))),
    note("Problems by correct attempts. Whiskers are 95 % Wilson intervals of each bar’s share; attempts cut off or timed out count in neither."));
}

function skillSection() {
  const { skills } = report;
  if (!skills.cells.length) return section("skills", "Skills", note(skills.total ? `${plural(skills.total, "skill")}; no problem has been composed of them in these runs.` : "No skills in these runs."));
  const used = skills.cells.filter(([a, b, , , covered]) => a === b && covered).length;
  report.heatmap = new HeatMap(skills, (level, names) => go("problems", names.map((name) => [level, name])));
  return section("skills", "Skills", note(`${number(used)} of ${plural(skills.total, "skill")} ${used === 1 ? "is" : "are"} in a problem.`,
    skills.names.length < skills.total ? ` The ${number(skills.names.length)} most used are shown.` : ""), report.heatmap.element, skillGraph(skills.graph), extremePairs(skills));
}

function costSection() {
  const { spending } = report;
  if (!spending.asked) return section("cost", "Cost", note("No language model was asked: only built-in roles worked on these runs."));
  const each = (value) => known(value, (amount) => rounded(amount));
  return section("cost", "Cost", h("p", { class: "counts" }, h("span", {}, "in all ", h("b", {}, known(spending.tokens)), " tokens, cost ", h("b", {}, known(spending.cost, (cost) => rounded(cost, 4)))),
    h("span", {}, "per good problem ", h("b", {}, each(spending.tokens_each)), " tokens, cost ", h("b", {}, each(spending.cost_each)))),
    spending.entries.length ? spendingTable(spending) : null,
    report.messages.length ? messagesTable(report.messages) : null,
    report.messages.some((entry) => entry.faults.length) ? faultsTable(report.messages) : null,
    spending.said.length ? h("ul", {}, spending.said.map(([stage, counts, words]) => h("li", {}, `${stage}, ${counts}: ${words}`))) : null,
    note("Good problems are valid, or accepted and not judged. A cost is unknown where the settings give no price or the server counts no tokens; it is never guessed."));
}

function contaminationSection() {
  const { contamination } = report;
  const unreadable = contamination.unreadable.map((path) => note(`${path} is there, but cannot be understood.`));
  if (!contamination.checked) return section("contamination", "Contamination", unreadable, note("These runs were not compared with any benchmark."));
  const against = contamination.benchmarks.length ? ` against ${contamination.benchmarks.join(", ")}` : "";
  return section("contamination", "Contamination", unreadable, note(`${contamination.problems === null ? "Checked" : `${plural(contamination.problems, "problem")} checked`}${against}: ${plural(contamination.total, "match", "matches")}.`),
    contamination.by_method.length ? h("p", {}, contamination.by_method.map(([name, count]) => h("span", { class: "tag" }, `${name} ${number(count)}`))) : null,
    contamination.hits.length ? hitsTable(contamination.hits.slice(0, 100)) : null,
    contamination.hits.length > 100 ? note("The first hundred are shown.") : null);
}

function checkersSection() {
  const { audits, unreadable } = report.checkers;
  if (!audits.length && !unreadable.length) return null;
  return section("checkers", "Checkers of answers", unreadable.map((path) => note(`${path} is there, but cannot be understood.`)),
    audits.map((audit) => h("article", {}, h("header", {}, h("h3", {}, plural(audit.audited_problems, "problem")), h("code", {}, audit.path)),
      checkersTable(audit.checkers), Object.entries(audit.details).map(([name, found]) => misjudged(name, found)))),
    note("Right answers were changed on purpose. A false accept is a wrong answer called right, a false reject a right one called wrong; intervals are 95 % Wilson."));
}

function aboutSection() {
  const { list, figures } = report;
  const problems = list.columns.id.filter((id, n) => id === list.get("problem", n)).length;
  const opened = list.columns.detail.filter(Boolean).length;
  return section("about", "About these runs", report.runs.map((run) => h("details", {}, h("summary", {}, h("b", {}, run.stage), " ", h("code", {}, run.path)),
    h("p", {}, Object.entries(run.rows).map(([kind, count]) => h("span", { class: "tag" }, `${kind} ${number(count)}`))),
    h("div", { class: "columns" }, h("pre", {}, JSON.stringify(run.settings, null, 2)), run.summary ? h("pre", {}, JSON.stringify(run.summary, null, 2)) : null))),
    note(`Written by agentprop ${report.version}. Of ${plural(figures.problems, "problem")} the list holds ${number(problems)}, with ${plural(list.length - problems, "refused candidate")}; `,
      `${number(opened)} of them can be followed step by step, a seeded sample with some of every outcome. This file needs no server and sends nothing.`));
}
