// The list of problems, a page at a time, and beside it the one that is open.

const PAGE = 40;

class Browser {
  constructor() {
    this.query = new URLSearchParams();
    this.found = [];
    this.page = 0;
    this.open = null;
    this.filters = filterBar(() => this.query, (next) => { next.delete("open"); go("problems", next, true); });
    this.rows = h("ol", { class: "rows" });
    this.count = h("span", { class: "count", role: "status" });
    this.pager = h("span", { class: "pager" });
    this.pane = h("div", { class: "pane" });
    this.listing = h("div", { class: "listing" }, h("div", { class: "bar" }, this.count, this.pager), this.rows);
    this.element = h("main", { class: "browser" }, this.filters.element, h("div", { class: "split" }, this.listing, this.pane));
    this.asked = null;
  }

  show(query) {
    const open = query.get("open");
    this.query = query;
    this.filters.show();
    const asked = new URLSearchParams([...query].filter(([name]) => name !== "open")).toString();
    if (asked !== this.asked) {
      this.asked = asked;
      this.found = matching(report.list, query);
      this.page = 0;
      this.open = null;
    }
    const position = open !== null && /^\d+$/.test(open) && Number(open) < report.list.length ? Number(open) : null;
    if (position !== null && position !== this.open && this.found.includes(position)) this.page = Math.floor(this.found.indexOf(position) / PAGE);
    this.open = position;
    this.draw();
  }

  draw() {
    const pages = Math.max(1, Math.ceil(this.found.length / PAGE));
    const key = `${this.asked}|${this.page}`, fresh = key !== this.drawn;
    this.count.textContent = this.found.length === report.list.length ? plural(this.found.length, "entry", "entries") : `${number(this.found.length)} of ${plural(report.list.length, "entry", "entries")}`;
    const turn = (step, label, mark) => h("button", { type: "button", "aria-label": label, disabled: this.page + step < 0 || this.page + step >= pages, onclick: () => this.turn(step) }, mark);
    this.pager.replaceChildren(turn(-1, "Previous page", "‹"), h("span", {}, `${number(this.page + 1)} / ${number(pages)}`), turn(1, "Next page", "›"));
    if (fresh) {
      this.drawn = key;
      this.rows.replaceChildren(...this.found.slice(this.page * PAGE, (this.page + 1) * PAGE).map((n) => this.row(n)));
      if (!this.found.length) this.rows.append(h("li", { class: "nothing" }, "Nothing matches."));
      this.rows.scrollTop = 0;
    }
    for (const row of this.rows.children) row.firstChild?.setAttribute?.("aria-current", String(row.dataset.position === String(this.open)));
    if (fresh) this.rows.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "center" });
    this.element.classList.toggle("opened", this.open !== null);
    if (this.open !== this.shown) {
      this.shown = this.open;
      this.pane.replaceChildren(this.open === null ? h("p", { class: "note placeholder" }, "Choose a problem from the list. J and K go down and up.") : detailView(this.open, () => this.pick(null)));
      this.pane.scrollTop = 0;
    }
  }

  row(n) {
    const list = report.list, rho = list.get("rho", n)[0];
    const statement = list.get("statement", n);
    const element = h("li", {}, h("a", { href: this.address(n), onclick: (event) => { event.preventDefault(); this.pick(n); } },
      h("span", { class: "top" }, badge(list.get("status", n)), list.get("code", n) && !["valid", "unverified"].includes(list.get("status", n)) ? h("small", {}, worded(list.get("code", n))) : h("small", {}, list.get("category", n) || ""),
        h("span", { class: "right" }, list.get("detail", n) ? h("small", { title: "Can be followed step by step" }, "steps") : null, marks.marked(n) ? h("small", { title: "Flagged or commented" }, "⚑") : null, rho ? interval(rho[1], rho[2], rho[3], rho[4]) : null)),
      statement === null ? h("span", { class: "text" }, list.get("message", n) || list.get("id", n)) : mathText("span", statement, { class: "text" }, true)));
    element.dataset.position = String(n);
    return element;
  }

  address(n) {
    const next = new URLSearchParams(this.query);
    n === null ? next.delete("open") : next.set("open", String(n));
    return `#problems?${next}`;
  }

  pick(n) { location.hash = this.address(n); }

  turn(step) { this.page += step; this.draw(); }

  step(by) {
    const at = this.open === null ? (by > 0 ? -1 : this.found.length) : this.found.indexOf(this.open);
    const next = this.found[at + by];
    if (next === undefined) return;
    const wanted = Math.floor((at + by) / PAGE);
    if (wanted !== this.page) this.page = wanted;
    history.replaceState(null, "", this.address(next));
    route();
    this.rows.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  }
}
