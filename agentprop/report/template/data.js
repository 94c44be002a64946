// The packed JSON of this file → objects; the list of problems is kept by columns and read by position.

async function unpack(id) {
  const holder = document.getElementById(id);
  const bytes = Uint8Array.from(atob(holder.textContent), (character) => character.charCodeAt(0));
  holder.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

let report = null;
let detailsPromise = null;
const details = () => (detailsPromise ??= unpack("details"));

class Items {
  constructor(columns) {
    this.columns = columns;
    this.length = columns.id.length;
    this.positions = new Map();
    columns.problem.forEach((problem, n) => { if (problem !== null && !this.positions.has(problem)) this.positions.set(problem, n); });
    this.texts = new Array(this.length);
  }

  get(name, n) { return this.columns[name][n]; }

  text(n) {
    const at = (name) => this.columns[name][n];
    return (this.texts[n] ??= [at("id"), at("problem"), at("statement"), at("answer"), at("skills").join(" "), at("code"), at("message")]
      .join("\n").toLowerCase());
  }

  hardness(n) {
    const measured = this.columns.rho[n];
    return measured.length && measured[0][2] ? measured[0][1] / measured[0][2] : null;
  }

  counts(name) {
    const counts = new Map();
    for (const value of this.columns[name]) if (value) counts.set(value, (counts.get(value) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }
}
