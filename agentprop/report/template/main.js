// Unpack, draw, and follow the address: #funnel and its like scroll the overview, #problems?… shows the list.

let browser = null, overviewElement = null, content = null, navigation = null;

function go(view, query, replace = false) {
  const address = `#${view}?${new URLSearchParams(query)}`;
  if (!replace) { location.hash = address; return; }
  history.replaceState(null, "", address);
  route();
}

function route() {
  const [view, query] = location.hash.slice(1).split(/\?(.*)/s);
  const problems = view === "problems";
  for (const link of navigation.querySelectorAll("a")) link.setAttribute("aria-current", String((link.hash === "#problems") === problems));
  if (problems) {
    browser ??= new Browser();
    if (content.firstChild !== browser.element) content.replaceChildren(browser.element);
    browser.show(new URLSearchParams(query || ""));
    return;
  }
  overviewElement ??= overview();
  const arrived = content.firstChild !== overviewElement;
  if (arrived) content.replaceChildren(overviewElement);
  const target = view ? document.getElementById(view) : null;
  if (target && overviewElement.contains(target)) target.scrollIntoView();
  else if (arrived) window.scrollTo(0, 0);
}

function shell() {
  const theme = h("button", { type: "button", class: "theme", title: "Light or dark", "aria-label": "Light or dark", onclick: () => {
    const root = document.documentElement, dark = getComputedStyle(root).getPropertyValue("--dark").trim() === "1";
    root.dataset.theme = dark ? "light" : "dark";
    report.heatmap?.draw();
  } }, "◐");
  navigation = h("nav", {}, h("a", { href: "#overview" }, "Overview"), h("a", { href: "#problems" }, "Problems"));
  content = h("div", { id: "content" });
  marks = new Marks();
  return [h("header", { class: "page" }, h("div", {}, h("h1", {}, report.title), navigation, marksButton(), theme)), content];
}

async function main() {
  const page = document.getElementById("page");
  if (!("DecompressionStream" in window)) {
    page.replaceChildren(h("p", { class: "loading" }, "This browser cannot unpack the report; any browser since 2023 can."));
    return;
  }
  report = await unpack("data");
  report.list = new Items(report.items);
  report.codes = new Set(report.list.columns.code);
  report.categoryOf = new Map(report.skills.names.map((name, n) => [name, report.skills.categories[n]]));
  page.replaceChildren(...shell());
  route();
  window.addEventListener("hashchange", route);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => report.heatmap?.draw());
  document.addEventListener("keydown", (event) => {
    if (!browser || content.firstChild !== browser.element || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (event.key === "j") browser.step(1);
    if (event.key === "k") browser.step(-1);
    if (event.key === "Escape" && browser.open !== null) browser.pick(null);
  });
  document.documentElement.dataset.ready = "1";
}

main();
