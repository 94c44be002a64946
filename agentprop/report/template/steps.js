// One problem: statement, verdict and votes, difficulty, certificate, and how it came to be, step by step.

function detailView(n, back) {
  const list = report.list, at = (name) => list.get(name, n);
  const votes = report.opinions[at("problem")] || [];
  const journey = h("div", { class: "journey" }, at("detail") ? note("Unpacking…") : note("The steps of this one are not in this file: ",
    h("code", {}, `agentprop show ${report.runs[at("run")].path} ${at("problem") ? at("problem").slice(0, 12) : ""}`), " prints them."));
  if (at("detail")) details().then((all) => journey.replaceChildren(...detailParts(all[n], n)));
  return h("article", { class: "detail", tabindex: "-1" },
    h("header", {}, h("button", { type: "button", class: "back", onclick: back }, "← List"), badge(at("status")), at("code") ? h("span", { class: "tag" }, worded(at("code"))) : null,
      h("code", { class: "id" }, at("id"))),
    markBar(n),
    at("statement") === null ? note("Nothing was submitted.") : mathText("div", at("statement"), { class: "statement" }),
    at("answer") === null ? null : answerLine(n),
    at("message") ? h("p", { class: "message" }, at("message")) : null,
    h("p", {}, at("skills").map((skill) => h("a", { class: "tag", href: `#problems?${new URLSearchParams({ skill })}` }, skill))),
    h("p", { class: "note" }, [at("domain"), at("category"), at("operators").join(", "), at("evidence") && `evidence: ${at("evidence")}`, at("maker") && `made by ${at("maker")}`,
      at("index") === null ? null : `candidate ${number(at("index"))}`].filter(Boolean).join(" · ")),
    votes.length ? [h("h3", {}, "Votes"), votes.map(opinionRow)] : voteSigns(at("votes")),
    at("declared") ? note(`Declared difficulty: band ${at("declared")[0]}, D = ${rounded(at("declared")[1])}`) : null,
    at("rho").length ? [h("h3", {}, "Difficulty"), at("rho").map(rhoLine)] : null, journey);
}

function answerLine(n) {
  const answer = report.list.get("answer", n), type = report.list.get("answer_type", n), unit = report.list.get("unit", n), figures = report.list.get("figures", n);
  const label = h("span", { class: "label" }, `Answer · ${type}${figures ? ` · ${figures} significant figures` : ""}`);
  return h("div", { class: "answer" }, label, type === "program" || answer.includes("\n") ? h("pre", {}, answer) : h("span", {}, mathText("span", answer), unit ? ` ${unit}` : ""));
}

function voteSigns(signs) {
  const words = { "+": true, "-": false, "?": null };
  return signs.trim() ? [h("h3", {}, "Votes"), [...signs].map((sign, n) => (sign in words ? h("div", { class: "opinion" }, voteMark(words[sign]), h("b", {}, report.judges[n].name)) : null))] : null;
}

function rhoLine([prober, c, k, low, high, truncated, timeouts]) {
  return h("div", { class: "rho" }, interval(c, k, low, high), h("span", {}, h("b", {}, `${c}/${k}`), ` correct by ${report.difficulty[prober].prober}`,
    h("small", {}, ` ${percent(low)} – ${percent(high)}${truncated ? `, ${truncated} cut off` : ""}${timeouts ? `, ${timeouts} timed out` : ""}`)));
}

function detailParts(detail) {
  const parts = [];
  if (detail.answers.length) {
    parts.push(h("h3", {}, "Answers of solvers"), table(["Answer", "Right", numeric("Times"), "Prober"], detail.answers.map(([prober, answer, right, count]) =>
      [answer === null ? "none" : mathText("span", answer), right === true ? "yes" : right === false ? "no" : "not decided", number(count), prober])));
  }
  if (detail.solution) parts.push(h("details", {}, h("summary", {}, "Solution"),
    detail.solution.includes("```") ? h("pre", {}, detail.solution) : detail.solution.split("\n\n").map((part) => mathText("div", part, { class: "prose" }))));
  if (detail.certificate) parts.push(h("details", {}, h("summary", {}, "Certificate"), h("pre", {}, detail.certificate)));
  if (detail.tests && detail.tests.length) {
    parts.push(h("details", {}, h("summary", {}, `Tests of ${detail.entry_point || "the program"} (${detail.tests.length} of ${detail.all_tests})`),
      table(["Arguments", "Expected"], detail.tests.map((test) => [h("code", {}, test.arguments), h("code", {}, test.expected)]))));
  }
  return detail.journey ? [...parts, ...journeyParts(detail.journey)] : [...parts, note("Its trajectory is in none of these runs.")];
}

function journeyParts(journey) {
  const verbatim = h("input", { type: "checkbox", onchange: () => draw() });
  const steps = h("ol", { class: "steps" });
  const draw = () => steps.replaceChildren(...journey.steps.map((step, n) => stepView(step, journey.steps[n - 1], verbatim.checked)));
  draw();
  return [h("div", { class: "heading" }, h("h3", {}, "Step by step"), h("label", { class: "check" }, verbatim, "word for word")),
    note(`${plural(journey.steps.length, "step")} · ended: ${worded(journey.stop)}${journey.isolation ? ` · isolation ${journey.isolation}` : ""}`),
    h("details", {}, h("summary", {}, "Task and system message"), h("pre", {}, journey.prompt), h("pre", {}, journey.system)),
    steps, journey.left_out ? note(`${plural(journey.left_out, "further step")} left out.`) : null];
}

const FINE = new Set(["ok", "accepted", "submitted", ""]);

function stepView(step, before, verbatim) {
  const now = new Set(step.skills), was = before ? new Set(before.skills) : now;
  const changes = [...[...was].filter((skill) => !now.has(skill)).map((skill) => `− ${skill}`), ...[...now].filter((skill) => !was.has(skill)).map((skill) => `+ ${skill}`)];
  return h("li", { class: `step ${step.stage}` },
    h("header", {}, h("b", {}, step.action), h("span", { class: "tag" }, step.stage), FINE.has(step.outcome) ? null : h("span", { class: "tag warn" }, worded(step.outcome)),
      step.finish && step.finish !== "stop" ? h("span", { class: "tag" }, step.finish) : null, step.seconds >= 0.0005 ? h("small", {}, `${step.seconds} s`) : null,
      changes.map((change) => h("span", { class: "tag" }, change))),
    verbatim ? h("pre", {}, step.message) : messageView(step.message),
    step.observation ? h("pre", { class: "observation" }, step.observation) : null);
}

function messageView(message) {
  const found = /<action:(think|exec|edit|submit)>\n?([\s\S]*?)\s*<\/action:\1>/.exec(message);
  if (!found) return h("div", { class: "prose" }, message);
  const before = message.slice(0, found.index).trim();
  const content = found[1] === "exec" ? h("pre", { class: "code" }, found[2]) : found[1] === "submit" ? submissionView(found[2]) : mathText("div", found[2], { class: "prose" });
  return [before ? h("div", { class: "prose aside" }, before) : null, content].filter(Boolean).length > 1 ? h("div", {}, h("div", { class: "prose aside" }, before), content) : content;
}

function submissionView(text) {
  const part = (tag) => (new RegExp(`<${tag}[^>]*>\\n?([\\s\\S]*?)\\s*</${tag}>`).exec(text) || [])[1];
  const [statement, answer, certificate] = ["statement", "answer", "certificate"].map(part);
  if (statement === undefined) return h("div", { class: "prose" }, text);
  return h("div", {}, mathText("div", statement, { class: "statement" }), answer === undefined ? null : h("div", { class: "answer" }, h("span", { class: "label" }, "Answer"), answer.includes("\n") ? h("pre", {}, answer) : mathText("span", answer)),
    certificate === undefined ? null : h("pre", { class: "code" }, certificate));
}
