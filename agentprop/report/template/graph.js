// Skills on a circle, with a line for each pair that good problems compose: a picture of the skill graph.

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.flat());
  return element;
}

function skillGraph(graph) {
  if (!graph.edges.length) return null;
  const most = Math.max(...graph.edges.map((edge) => edge[2])), radius = 200;
  const lines = graph.edges.map(([a, b, count]) => {
    const [from, x1, y1] = graph.nodes[a], [to, x2, y2] = graph.nodes[b];
    return svg("line", { x1: radius * x1, y1: radius * y1, x2: radius * x2, y2: radius * y2, "stroke-width": 1 + (4 * count) / most, "stroke-opacity": 0.25 + (0.55 * count) / most },
      svg("title", {}, `${from}, ${to}: ${plural(count, "problem")}`));
  });
  const dots = graph.nodes.map(([name, x, y, count]) => svg("g", {}, svg("circle", { cx: radius * x, cy: radius * y, r: 4 }, svg("title", {}, `${name}: ${plural(count, "pair")}`)),
    svg("text", { x: (radius + 10) * x, y: (radius + 10) * y + 4, "text-anchor": x > 0.1 ? "start" : x < -0.1 ? "end" : "middle" }, name)));
  return h("figure", { class: "skill-graph" },
    svg("svg", { viewBox: "-480 -235 960 470", role: "img", "aria-label": "Skill graph: skills that problems compose together; the tables below list its extremes" }, lines, dots),
    note(`${number(graph.nodes.length)} of ${plural(graph.paired, "skill")} that good problems compose with another; a thicker line is more problems.`));
}
