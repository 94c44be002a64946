// Two sets of runs side by side.

function comparisonSection() {
  const found = report.comparison;
  if (!found) return null;
  const [left, right] = found.names;
  const heads = (label) => [label, numeric(left), numeric(right), numeric("Difference")];
  const signed = (value) => (value > 0 ? `+${number(value)}` : value < 0 ? `−${number(-value)}` : "0");
  const counts = Object.entries(found.counts).filter(([, rows]) => rows.length).map(([label, rows]) =>
    table(heads(label), rows.map(([name, a, b]) => [worded(name), number(a), number(b), signed(b - a)])));
  const rate = (value) => (value === null ? "–" : percent(value));
  const rates = found.rates.length ? table(heads("Mean pass rate of"), found.rates.map(([name, a, b]) =>
    [name, rate(a), rate(b), a === null || b === null ? "–" : `${b >= a ? "+" : "−"}${(100 * Math.abs(b - a)).toFixed(1)} points`])) : null;
  const settings = found.settings.length ? table(["Setting", left, right], found.settings.map(([name, a, b]) => [h("code", {}, name), h("code", {}, a ?? "–"), h("code", {}, b ?? "–")])) : note("The settings are the same.");
  const moves = found.moves.map(([a, b, count]) => `${number(count)} from ${a} to ${b}`).join(", ");
  return section("comparison", "Comparison", note(`${left} with ${right}. Everything below this section is about ${left} alone.`), settings, h("div", { class: "columns" }, counts), rates,
    note(`${plural(found.shared, "listed problem")} in both; ${moves ? `verdicts that changed: ${moves}.` : "no verdict changed."}`),
    found.changed.length ? h("details", {}, h("summary", {}, "Problems with another verdict"), table(["Problem", left, right], found.changed.map(([problem, a, b]) => [link(problem), badge(a), badge(b)]))) : null);
}
