// What is asked of the list, as it stands in the address: #problems?q=…&status=…&skill=…

const SELECTS = [["status", "Status"], ["code", "Reason"], ["category", "Category"], ["answer_type", "Answer"]];
const BANDS = { never: (rho) => rho === 0, sometimes: (rho) => rho !== null && rho > 0 && rho < 1, always: (rho) => rho === 1, unmeasured: (rho) => rho === null };
const ORDERS = {
  "": ["as made", null],
  hard: ["hardest first", (list) => (a, b) => (list.hardness(a) ?? 2) - (list.hardness(b) ?? 2) || a - b],
  easy: ["easiest first", (list) => (a, b) => (list.hardness(b) ?? -1) - (list.hardness(a) ?? -1) || a - b],
  long: ["longest first", (list) => (a, b) => (list.get("statement", b) || "").length - (list.get("statement", a) || "").length || a - b],
  skills: ["most skills first", (list) => (a, b) => list.get("skills", b).length - list.get("skills", a).length || a - b],
};

function matching(list, query) {
  const tests = [];
  const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) tests.push((n) => words.every((word) => list.text(n).includes(word)));
  for (const name of ["status", "code", "answer_type"]) if (query.get(name)) tests.push((n) => list.get(name, n) === query.get(name));
  const skills = query.getAll("skill"), categories = query.getAll("category");
  if (skills.length) tests.push((n) => skills.every((skill) => list.get("skills", n).includes(skill)));
  if (categories.length === 1) tests.push((n) => list.get("category", n) === categories[0] || list.get("skills", n).some((skill) => report.categoryOf.get(skill) === categories[0]));
  if (categories.length > 1) tests.push((n) => categories.every((category) => list.get("skills", n).some((skill) => report.categoryOf.get(skill) === category)));
  if (BANDS[query.get("band")]) tests.push((n) => BANDS[query.get("band")](list.hardness(n)));
  if (query.get("marked")) tests.push((n) => marks.marked(n));
  if (query.get("steps")) tests.push((n) => list.get("detail", n));
  const found = [];
  for (let n = 0; n < list.length; n++) if (tests.every((test) => test(n))) found.push(n);
  const order = ORDERS[query.get("sort") || ""];
  return order && order[1] ? found.sort(order[1](list)) : found;
}

function filterBar(query, change) {
  const set = (name) => (event) => { const next = new URLSearchParams(query()); next.delete(name); if (event.target.value) next.set(name, event.target.value); change(next); };
  const control = (label, element) => h("label", {}, h("span", {}, label), element);
  const select = (name, label, options) => control(label, h("select", { name, onchange: set(name) }, options.map(([value, text]) => h("option", { value }, text))));
  let waiting = 0;
  const search = h("input", { type: "search", name: "q", placeholder: "Words in statements, answers, skills, ids", "aria-label": "Search", oninput: (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => set("q")(event), 150);
  } });
  const chips = h("span", { class: "chips" });
  const steps = h("input", { type: "checkbox", name: "steps", onchange: (event) => set("steps")({ target: { value: event.target.checked ? "1" : "" } }) });
  const marked = h("input", { type: "checkbox", name: "marked", onchange: (event) => set("marked")({ target: { value: event.target.checked ? "1" : "" } }) });
  const selects = SELECTS.map(([name, label]) => select(name, label, [["", "all"], ...report.list.counts(name).map(([value, count]) => [value, `${worded(value)} (${number(count)})`])]));
  const bands = report.difficulty.length ? [select("band", "Solved", [["", "all"], ...Object.keys(BANDS).map((band) => [band, band])])] : [];
  const orders = select("sort", "Order", Object.entries(ORDERS).map(([value, [text]]) => [value, text]));
  const element = h("form", { class: "filters", onsubmit: (event) => event.preventDefault() }, search, selects, bands, orders, h("label", { class: "check" }, steps, h("span", {}, "step by step only")), h("label", { class: "check" }, marked, h("span", {}, "marked only")), chips);
  const show = () => {
    const asked = query();
    if (document.activeElement !== search) search.value = asked.get("q") || "";
    for (const field of element.querySelectorAll("select")) field.value = asked.getAll(field.name).length > 1 ? "" : asked.get(field.name) || "";
    steps.checked = asked.has("steps");
    marked.checked = asked.has("marked");
    const several = (name) => asked.getAll(name).length > 1 || name === "skill";
    const pairs = [...asked].filter(([name]) => ["skill", "category"].includes(name) && several(name));
    chips.replaceChildren(...pairs.map(([name, value]) => h("button", { type: "button", class: "chip", title: "Remove this filter", onclick: () => {
      change(new URLSearchParams([...asked].filter(([other, held]) => other !== name || held !== value)));
    } }, value, " ×")));
  };
  return { element, show };
}
