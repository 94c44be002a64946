// LaTeX in an element's text → typeset mathematics. Text that defeats the library stays as it was written.

const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "\\(", right: "\\)", display: false },
  { left: "$", right: "$", display: false },
];

function typeset(element, inline = false) {
  const source = [...element.childNodes].map((child) => child.cloneNode(true));
  try {
    renderMathInElement(element, {
      delimiters: inline ? DELIMITERS.map((pair) => ({ ...pair, display: false })) : DELIMITERS, throwOnError: true, strict: "ignore", trust: false, maxSize: 20, maxExpand: 200,
      ignoredTags: ["pre", "code", "textarea"], errorCallback: () => {},
    });
  } catch (error) {
    element.replaceChildren(...source);
  }
  return element;
}

// Text with LaTeX, and with programs between ``` fences as they are; `inline` keeps it all in one paragraph.
function mathText(tag, text, attributes = {}, inline = false) {
  const parts = text.split(/```\w*\n?([\s\S]*?)```\n?/);
  return typeset(h(tag, attributes, parts.map((part, n) => (n % 2 ? h(inline ? "code" : "pre", {}, part.trimEnd()) : part))), inline);
}
