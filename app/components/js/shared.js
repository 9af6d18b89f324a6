// Helpers that every component below is prefixed with. Text from users only ever goes in as textContent.
const SVG = "http://www.w3.org/2000/svg";

// Where the server has plotly.min.js; asked for as soon as any component is here, because charts wait for it.
function plotlyAddress() {
  const own = [...document.scripts].map((s) => s.src).find((src) => src.includes("/static/js/"));
  const base = own ? own.slice(0, own.indexOf("/static/js/") + 1) : new URL("/", location.href).href;
  return `${base}component/PLOTLY_ROUTE/plotly.min.js?v=PLOTLY_VERSION`;
}
if (!document.querySelector("link[data-dnaconv]")) {
  const ahead = document.createElement("link");
  Object.assign(ahead, { rel: "preload", as: "script", href: plotlyAddress() });
  ahead.dataset.dnaconv = "plotly";
  document.head.appendChild(ahead);
}

function el(name, attributes = {}, parent = null, text = null) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function svg(name, attributes = {}, parent = null, text = null) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== null) node.textContent = text;
  if (parent) parent.appendChild(node);
  return node;
}

function plotly() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  return (window.__dnaconvPlotly ??= new Promise((resolve, reject) => {
    const script = el("script", { src: plotlyAddress() });
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("the chart library could not be loaded"));
    document.head.appendChild(script);
  }));
}

function css(host, name) {
  return getComputedStyle(host instanceof ShadowRoot ? host.host : host).getPropertyValue(name).trim();
}

function isDark(host) {
  const probe = el("span", { style: "color: var(--st-background-color)" }, host);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.3 * r + 0.6 * g + 0.1 * b < 128;
}

// {A: [light, dark], …} → {A: colour of the theme in use}
function themed(colors, dark) {
  return Object.fromEntries(Object.entries(colors).map(([name, pair]) => [name, pair[dark ? 1 : 0]]));
}

// The texts of this script in the page's language, by their English: what a text lacks here stays English.
let WORDS = {};
function tr(text, values = {}) {
  return (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Take the words that came with the data; what was drawn with others is drawn anew.
function speak(host, data) {
  const kept = memory(host), spoken = Object.values(data.words ?? {})[0] ?? "";
  WORDS = data.words ?? {};
  if (kept.spoken !== undefined && kept.spoken !== spoken) host.querySelector(".dc")?.remove();
  kept.spoken = spoken;
}

// What a component keeps between two calls with new data: one object per mounted node.
function memory(host) {
  const node = host instanceof ShadowRoot ? host.host : host;
  return (node.__dnaconv ??= {});
}

// Call `draw` now, and again whenever the width changes or the system switches between light and dark. What has just been
// taken off the page is not drawn: it has no colours.
function redrawing(host, draw) {
  const kept = memory(host);
  kept.draw = draw;
  if (!kept.observer) {
    const node = host instanceof ShadowRoot ? host.host : host;
    let width = node.clientWidth;
    kept.observer = new ResizeObserver(() => {
      if (node.isConnected && Math.abs(node.clientWidth - width) > 1) { width = node.clientWidth; kept.draw(); }
    });
    kept.observer.observe(node);
    kept.media = matchMedia("(prefers-color-scheme: dark)");
    kept.again = () => setTimeout(() => node.isConnected && kept.draw(), 150);
    kept.media.addEventListener("change", kept.again);
  }
  draw();
  return () => {
    kept.observer?.disconnect();
    kept.media?.removeEventListener("change", kept.again);
    kept.observer = kept.media = null;
  };
}

// Let a node be chosen by a click, and with the keyboard by Enter or the space bar; it keeps the focus when all is drawn
// anew. act(event) gets null for a key.
function choosable(host, node, index, name, act) {
  const kept = memory(host);
  Object.assign(node, { tabIndex: 0, onclick: act });
  node.setAttribute("role", "button"); node.setAttribute("aria-label", name);
  node.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    act(null);
  };
  node.onfocus = () => { kept.focused = index; };
  node.onblur = () => setTimeout(() => { if (node.isConnected && kept.focused === index) kept.focused = null; });
  if (kept.focused === index) setTimeout(() => node.isConnected && node.focus({ preventScroll: true }));
}

// What a choice opens is further down: go there where it begins outside the window. `name` is the key of its container.
function bringIntoView(name) {
  const node = document.querySelector(`.st-key-${name}`), top = node?.getBoundingClientRect().top ?? 0;
  if (node && (top < 0 || top > 0.7 * innerHeight)) node.scrollIntoView({ behavior: "smooth", block: "start" });
}

function tooltip(root) {
  const tip = el("div", { class: "tip", role: "status" }, root);
  return {
    show(lines, x, y) {
      tip.replaceChildren(...lines.map((line, i) => el("div", { class: i ? "" : "strong" }, null, line)));
      tip.style.display = "block";
      const room = root.clientWidth - tip.offsetWidth - 4;
      tip.style.left = `${Math.max(0, Math.min(x + 14, room))}px`;
      tip.style.top = `${y + 16}px`;
    },
    hide() { tip.style.display = "none"; },
  };
}
