// Text in letters of one width, with a button that copies it.
// data: {text}
const SHAPES = {
  copy: "M8 4h11v12H8zM5 8v12h11",
  done: "M4 12l5 5 11-11",
};

async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = el("textarea", { style: "position: fixed; opacity: 0" }, document.body);  // a page without TLS
  area.value = text;
  area.select();
  document.execCommand("copy");
  area.remove();
}

export default function ({ parentElement, data }) {
  const host = parentElement;
  speak(host, data);
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc copied" }, host);
  root.replaceChildren();
  el("pre", { class: "mono", tabindex: 0 }, root, data.text);
  const button = el("button", { type: "button" }, root);
  const show = (shape, words) => {
    button.replaceChildren();
    const drawing = svg("svg", { viewBox: "0 0 24 24", width: 16, height: 16 }, button);
    svg("path", { d: SHAPES[shape], fill: "none", stroke: "currentColor", "stroke-width": 2 }, drawing);
    button.title = words;
    button.setAttribute("aria-label", words);
  };
  show("copy", tr("Copy to clipboard"));
  button.onclick = () => copyText(data.text).then(() => {
    show("done", tr("Copied"));
    setTimeout(() => show("copy", tr("Copy to clipboard")), 2000);
  });
}
