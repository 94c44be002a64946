// Numbers → bars made of boxes, so that they follow the width of the page.

function stackedBar(parts) {
  const total = parts.reduce((sum, [, count]) => sum + count, 0);
  return h("div", { class: "stack", role: "img", "aria-label": parts.map(([name, count]) => `${name}: ${number(count)}`).join(", ") },
    parts.filter(([, count]) => count).map(([name, count]) =>
      h("span", { class: `part ${name}`, style: { "flex-grow": String(count / total) }, title: `${name}: ${number(count)} (${share(count, total)})` })));
}

function reasonBars(reasons, whole, onpick) {
  const most = Math.max(...reasons.map((reason) => reason.count), 1);
  return h("div", { class: "reasons" }, reasons.map((reason) => {
    const pick = onpick(reason);
    return h("div", { class: "reason" },
      h(pick ? "button" : "span", { class: "name", type: pick ? "button" : null, onclick: pick || null, title: reason.code }, worded(reason.code)),
      h("span", { class: "track" }, h("span", { class: `fill ${reason.outcome}`, style: { width: `${(100 * reason.count) / most}%` } })),
      h("span", { class: "count" }, number(reason.count), h("small", {}, ` ${share(reason.count, whole)}`)),
      h("span", { class: "example" }, reason.example));
  }));
}

function histogram(bars, label) {
  const total = bars.reduce((sum, bar) => sum + bar.problems, 0);
  const top = Math.max(...bars.map((bar) => bar.high), 0.01);
  const height = (value) => `${(100 * value) / top}%`;
  return h("figure", { class: bars.length > 12 ? "histogram dense" : "histogram" },
    h("div", { class: "plot", role: "img", "aria-label": `${label}: ${bars.map((bar) => `${bar.label} ${bar.problems}`).join(", ")}` },
      bars.map((bar) => h("div", { class: "column", title: `${bar.label}: ${plural(bar.problems, "problem")}, ${share(bar.problems, total)} (${percent(bar.low)} – ${percent(bar.high)})` },
        h("span", { class: "value" }, bar.problems ? number(bar.problems) : ""),
        h("span", { class: "box", style: { height: height(total ? bar.problems / total : 0) } }),
        bar.problems ? h("span", { class: "whisker", style: { bottom: height(bar.low), height: height(bar.high - bar.low) } }) : null))),
    h("div", { class: "axis" }, bars.map((bar) => h("span", {}, bar.label))));
}

function interval(c, k, low, high) {
  return h("span", { class: "interval", title: `${c} of ${k} correct; 95 % interval ${percent(low)} – ${percent(high)}` },
    h("span", { class: "range", style: { left: `${100 * low}%`, width: `${100 * Math.max(0, high - low)}%` } }),
    h("span", { class: "point", style: { left: `${k ? (100 * c) / k : 0}%` } }));
}
