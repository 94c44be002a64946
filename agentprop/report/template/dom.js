"use strict";
// Elements from text, and only from text: nothing in this page ever parses HTML.

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const number = (value) => value.toLocaleString("en-US");
const rounded = (value, digits = 3) => Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 6 });
const known = (value, show = number) => (value === null || value === undefined ? "unknown" : show(value));

function percent(share) {
  if (share === 0 || share === 1) return `${100 * share}%`;
  const text = (100 * share).toFixed(share < 0.1 || share > 0.995 ? 1 : 0);
  return text === "100.0" ? "99.9%" : text === "0.0" ? "<0.1%" : `${text}%`;
}

const share = (part, whole) => (whole ? percent(part / whole) : "–");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
const worded = (code) => code.replaceAll("_", " ").replace(/:/g, ": ");

function table(headings, rows, options = {}) {
  const cell = (tag, content, column) => h(tag, { class: headings[column].numeric ? "numeric" : null }, content);
  return h("div", { class: "scroll" }, h("table", { class: options.class },
    h("thead", {}, h("tr", {}, headings.map((heading, n) => cell("th", heading.label ?? heading, n)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((content, n) => cell("td", content, n)))))));
}

const numeric = (label) => ({ label, numeric: true });
const note = (...content) => h("p", { class: "note" }, content);
const badge = (status) => h("span", { class: `badge ${["valid", "unverified", "invalid", "undetermined", "rejected", "failed"].includes(status) ? status : ""}` }, status);
