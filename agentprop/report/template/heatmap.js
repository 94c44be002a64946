// Pairs of skills, or of categories, as a grid of shades on a canvas: thousands of cells cost one drawing.

class HeatMap {
  constructor(skills, onpick) {
    this.skills = skills;
    this.onpick = onpick;
    this.measure = "covered";
    this.level = new Set(skills.categories).size > 1 ? "category" : "skill";
    this.canvas = h("canvas", { role: "img", "aria-label": "Grid of pairs; the tables below list its extremes" });
    this.tip = h("p", { class: "tip" }, "Point at a cell; a click lists its problems.");
    this.canvas.addEventListener("mousemove", (event) => this.point(event));
    this.canvas.addEventListener("mouseleave", () => { this.tip.textContent = "Point at a cell; a click lists its problems."; });
    this.canvas.addEventListener("click", (event) => this.pick(event));
    this.element = h("div", { class: "heatmap" }, h("div", { class: "switches" },
      this.choice("Show", "measure", [["covered", "coverage"], ["yield", "yield"]]),
      this.choice("by", "level", [["category", "category"], ["skill", "skill"]])),
      this.tip, h("div", { class: "scroll" }, this.canvas), this.legend = h("div", { class: "legend" }));
    this.draw();
  }

  choice(label, key, values) {
    const group = h("span", { class: "choice", role: "group", "aria-label": label }, label, values.map(([value, name]) =>
      h("button", { type: "button", "aria-pressed": String(this[key] === value), onclick: (event) => {
        this[key] = value;
        group.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(button === event.target)));
        this.draw();
      } }, name)));
    return group;
  }

  grid() {
    const { names, categories, cells } = this.skills;
    if (this.level === "skill") {
      // Skills that nothing was made of would only push the others apart.
      const used = names.map(() => 0);
      for (const [a, b, drawn, , covered] of cells) if (a === b) used[a] = drawn + covered;
      const shown = names.map((_, n) => n).filter((n) => used[n]);
      const place = new Map(shown.map((n, at) => [n, at]));
      return { labels: shown.map((n) => names[n]), groups: shown.map((n) => categories[n]),
        cells: cells.filter(([a, b]) => place.has(a) && place.has(b)).map(([a, b, ...rest]) => [place.get(a), place.get(b), ...rest]) };
    }
    const labels = [...new Set(categories)], place = new Map(labels.map((label, n) => [label, n])), sums = new Map();
    for (const [a, b, drawn, kept, covered] of cells) {
      if (a === b) continue;
      const [i, j] = [place.get(categories[a]), place.get(categories[b])].sort((x, y) => x - y);
      const sum = sums.get(i * labels.length + j) || [i, j, 0, 0, 0];
      sums.set(i * labels.length + j, [i, j, sum[2] + drawn, sum[3] + kept, sum[4] + covered]);
    }
    return { labels, groups: labels, cells: [...sums.values()] };
  }

  draw() {
    const grid = (this.current = this.grid());
    const count = grid.labels.length, size = (this.size = count <= 24 ? 30 : count <= 60 ? 16 : count <= 76 ? 11 : count <= 110 ? 9 : 7);
    const font = `${size >= 30 ? 12 : size >= 11 ? 10 : size >= 9 ? 9 : 7}px ${getComputedStyle(document.body).fontFamily}`;
    const pen = this.canvas.getContext("2d");
    pen.font = font;
    const margin = (this.margin = Math.min(230, 12 + Math.max(...grid.labels.map((label) => pen.measureText(label).width), 0)));
    const extent = margin + count * size + 1, scale = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: extent * scale, height: extent * scale });
    this.canvas.style.width = this.canvas.style.height = `${extent}px`;
    pen.scale(scale, scale);
    pen.font = font;
    const css = getComputedStyle(document.documentElement), colour = (name) => css.getPropertyValue(name).trim();
    const most = (this.most = Math.max(1, ...grid.cells.filter(([a, b]) => a !== b || this.level === "category").map((cell) => cell[4])));
    this.byPlace = new Map();
    pen.fillStyle = colour("--empty");
    pen.fillRect(margin, margin, count * size, count * size);
    for (const cell of grid.cells) this.cell(pen, cell, colour, most, count);
    this.lines(pen, grid, colour, count);
    this.labels(pen, grid, colour);
    this.explain(most);
  }

  value(cell, most) {
    if (this.measure === "yield") return cell[2] ? cell[3] / cell[2] : null;
    return cell[4] ? Math.sqrt(Math.min(1, cell[4] / most)) : null;
  }

  cell(pen, cell, colour, most, count) {
    const [a, b] = cell, value = this.value(cell, most), size = this.size;
    for (const [row, column] of a === b ? [[a, a]] : [[a, b], [b, a]]) {
      this.byPlace.set(row * count + column, cell);
      if (value === null) continue;
      const x = this.margin + column * size, y = this.margin + row * size;
      pen.globalAlpha = 0.08 + 0.92 * value;
      pen.fillStyle = colour(this.measure === "yield" ? "--yield" : "--accent");
      pen.fillRect(x, y, size, size);
      pen.globalAlpha = 1;
      if (size < 30) continue;
      pen.fillStyle = colour(value > 0.55 ? "--on-accent" : "--text");
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      const shown = this.measure === "yield" ? Math.round(100 * value) : cell[4] > 999 ? `${Math.round(cell[4] / 100) / 10}k` : cell[4];
      pen.fillText(String(shown), x + size / 2, y + size / 2 + 1);
    }
  }

  lines(pen, grid, colour, count) {
    pen.strokeStyle = colour("--paper");
    pen.lineWidth = 1;
    const draw = (n) => {
      const at = Math.round(this.margin + n * this.size) + 0.5, end = this.margin + count * this.size;
      pen.beginPath();
      pen.moveTo(this.margin, at); pen.lineTo(end, at);
      pen.moveTo(at, this.margin); pen.lineTo(at, end);
      pen.stroke();
    };
    for (let n = 0; n <= count; n++) if (this.size > 7) draw(n);
    pen.strokeStyle = colour("--muted");
    pen.lineWidth = 0.6;
    for (let n = 1; n < count; n++) if (this.level === "skill" && grid.groups[n] !== grid.groups[n - 1]) draw(n);
  }

  labels(pen, grid, colour) {
    pen.fillStyle = colour("--text");
    pen.textBaseline = "middle";
    grid.labels.forEach((label, n) => {
      const at = this.margin + (n + 0.5) * this.size;
      pen.textAlign = "right";
      pen.fillText(label, this.margin - 6, at, this.margin - 8);
      pen.save();
      pen.translate(at, this.margin - 6);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "left";
      pen.fillText(label, 0, 0, this.margin - 8);
      pen.restore();
    });
  }

  explain(most) {
    const coverage = this.measure === "covered";
    const shades = [0.08, 0.3, 0.55, 0.8, 1].map((alpha) => h("i", { class: coverage ? "shade" : "shade yield", style: { opacity: String(alpha) } }));
    this.legend.replaceChildren(coverage ? "1" : "0 %", h("span", { class: "shades" }, shades), coverage ? `${number(most)} problems` : "100 %",
      h("span", { class: "note" }, coverage ? "problems that compose both; shades by square root" : "share of the candidates given both that became a good problem",
        this.level === "skill" ? "; on the diagonal: the skill in any company" : "; on the diagonal: two skills of one category"));
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect(), count = this.current.labels.length;
    const at = (offset) => Math.floor((offset - this.margin) / this.size);
    const [column, row] = [at(event.clientX - box.left), at(event.clientY - box.top)];
    return row < 0 || column < 0 || row >= count || column >= count ? null : [row, column];
  }

  point(event) {
    const place = this.place(event);
    this.canvas.style.cursor = place ? "pointer" : "default";
    if (!place) return;
    const [row, column] = place, cell = this.byPlace.get(row * this.current.labels.length + column);
    const pair = row === column ? this.current.labels[row] : `${this.current.labels[row]} × ${this.current.labels[column]}`;
    this.tip.replaceChildren(h("b", {}, pair), cell
      ? ` — ${plural(cell[4], "problem")}; ${number(cell[3])} of ${plural(cell[2], "candidate")} (${share(cell[3], cell[2])})` : " — never drawn");
  }

  pick(event) {
    const place = this.place(event);
    if (!place) return;
    const names = [...new Set(place.map((n) => this.current.labels[n]))];
    this.onpick(this.level, names);
  }
}
