// All logos of one view: letters from glyph paths at the heights of a matrix. Reports a click (and, if asked, hover).
export default function ({ parentElement, data, setTriggerValue, setStateValue }) {
  speak(parentElement, data);
  const host = parentElement;
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc logos" }, host);

  const draw = () => {
    root.replaceChildren();
    const colors = themed(data.colors, isDark(host));
    root.style.setProperty("--least", data.logos.length > 1 ? `${data.min_width}px` : "100%");
    const tip = tooltip(root);
    data.logos.forEach((logo, index) => root.insertBefore(drawLogo(logo, index, colors, tip), root.lastChild));
  };

  const drawLogo = (logo, index, colors, tip) => {
    const card = el("figure", { class: "logo" + (logo.selected ? " selected" : "") + (data.clickable ? " clickable" : "") });
    if (logo.title) {
      const caption = el("figcaption", {}, card);
      el("span", { class: "strong" }, caption, logo.title);
      if (logo.note) el("span", { class: "muted" }, caption, ` ${logo.note}`);
    }
    const n = logo.length, height = data.height, wide = 10, foot = data.axis ? 12 : 0;
    const top = logo.y_max, bottom = logo.y_min, scale = (height - foot) / (top - bottom), zero = top * scale;
    const margin = data.axis ? 26 : 0;
    const fixed = data.max_column ? `max-width:${data.max_column * n + margin}px` : "";
    const holder = el("div", { class: "plot", style: fixed }, card);
    if (data.axis) {
      const axis = el("div", { class: "axis", style: `height:${height - foot}px` }, holder);
      el("span", {}, axis, short(top, top - bottom)); el("span", { class: "unit" }, axis, logo.unit);
      el("span", {}, axis, short(bottom, top - bottom));
    }
    const image = svg("svg", { viewBox: `0 0 ${n * wide} ${height}`, preserveAspectRatio: "none", height, role: "img",
      "aria-label": tr("{title} logo in {unit}", { title: logo.title || tr("sequence"), unit: logo.unit }) }, holder);
    const cursor = svg("rect", { class: "cursor", y: 0, height: height - foot, width: wide, visibility: "hidden" }, image);
    for (const [start, end] of logo.spans)
      svg("rect", { class: "span", x: start * wide, y: 0, width: (end - start) * wide, height: height - foot }, image);
    svg("line", { class: "zero", x1: 0, x2: n * wide, y1: zero, y2: zero }, image);
    logo.positions.forEach((stack, i) => {
      for (const [letter, low, high] of stack) {
        const tall = (high - low) * scale;
        if (tall < 0.35) continue;
        const glyph = data.glyphs[letter];
        svg("path", { d: glyph.path, fill: colors[letter],
          transform: `translate(${i * wide + 0.35} ${zero - high * scale}) scale(${(wide - 0.7) / glyph.width} ${tall / glyph.height})` }, image);
      }
    });
    if (data.axis) {
      const step = n <= 30 ? 5 : n <= 120 ? 10 : 100;
      const ticks = el("div", { class: "ticks" }, holder);
      for (let p = 0; p <= n; p += step) {
        const place = p === 0 ? 1 : p;
        el("span", { style: `left: calc(${margin}px + (100% - ${margin}px) * ${(place - 0.5) / n})` }, ticks, place - 1 + logo.first);
      }
    }
    const at = (event) => {
      const box = image.getBoundingClientRect();
      return Math.max(0, Math.min(n - 1, Math.floor(((event.clientX - box.left) / box.width) * n)));
    };
    let last = -1, timer = null;
    image.onmousemove = (event) => {
      const p = at(event), frame = root.getBoundingClientRect();
      cursor.setAttribute("x", p * wide); cursor.setAttribute("visibility", "visible");
      const rows = logo.positions[p].map(([letter, low, high]) => [letter, high > 0 ? high - low : low - high])
        .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
      tip.show([`position ${p + logo.first}`, ...rows.map(([letter, v]) => `${letter}  ${v.toPrecision(3)} ${logo.unit}`)],
        event.clientX - frame.left, event.clientY - frame.top);
      if (data.report_hover && p !== last) {
        last = p; clearTimeout(timer);
        timer = setTimeout(() => setStateValue("hover", { logo: index, position: p }), 120);
      }
    };
    image.onmouseleave = () => {
      tip.hide(); cursor.setAttribute("visibility", "hidden"); clearTimeout(timer);
      if (data.report_hover && last >= 0) { last = -1; setStateValue("hover", null); }
    };
    if (data.clickable) choosable(host, card, index, [logo.title, logo.note].filter(Boolean).join(" ") || tr("logo {n}", { n: index + 1 }),
      (event) => { setTriggerValue("click", { logo: index, position: event ? at(event) : 0 }); if (data.opens) bringIntoView(data.opens); });
    return card;
  };
  // what cannot be told from the zero line is zero: "-0.00019" would lie over the letters
  const short = (value, span) => (Math.abs(value) < 0.02 * span ? "0" : String(+value.toPrecision(2)));
  return redrawing(host, draw);
}
