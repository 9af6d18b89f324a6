// Attribution logos, marks, letters and an ISM map on one axis of bases: wheel zooms, drag moves, all rows together.
export default function ({ parentElement, data, setTriggerValue }) {
  speak(parentElement, data);
  const host = parentElement, kept = memory(host);
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc saliency" }, host);
  const n = data.length, wide = 10, margin = 46;
  if (!kept.view || kept.n !== n) { kept.view = [0, n]; kept.n = n; }

  const draw = () => {
    root.replaceChildren();
    const colors = themed(data.colors, isDark(host));
    toolbar();
    const tip = tooltip(root);
    const images = [];
    const show = () => {
      const [a, b] = kept.view;
      for (const image of images) image.setAttribute("viewBox", `${a * wide} 0 ${(b - a) * wide} ${image.dataset.tall}`);
      drawTicks();
    };
    const add = (title, note, tall, unit, limits) => {
      const row = el("div", { class: "row" });
      root.insertBefore(row, tip.node ?? null);
      if (title) {
        const caption = el("div", { class: "caption" }, row);
        el("span", { class: "strong" }, caption, title);
        if (note) el("span", { class: "muted" }, caption, `  ${note}`);
      }
      const body = el("div", { class: "body" }, row);
      const axis = el("div", { class: "axis", style: `height:${tall}px` }, body);
      if (limits) { el("span", {}, axis, short(limits[1])); el("span", { class: "unit" }, axis, unit); el("span", {}, axis, short(limits[0])); }
      const image = svg("svg", { preserveAspectRatio: "none", height: tall, role: "img", "aria-label": `${title || tr("sequence")} ${unit || ""}` }, body);
      image.dataset.tall = tall;
      images.push(image);
      return { axis, image };
    };
    const letter = (image, name, x, y, w, h) => {
      const glyph = data.glyphs[name];
      if (glyph) svg("path", { d: glyph.path, fill: colors[name], transform: `translate(${x} ${y}) scale(${w / glyph.width} ${h / glyph.height})` }, image);
    };
    const spans = (image, tall) => {
      for (const mark of data.marks) {
        const box = svg("rect", { class: `span ${mark.kind}`, x: mark.start * wide, y: 0, width: (mark.end - mark.start) * wide, height: tall }, image);
        svg("title", {}, box, mark.label);
        if (mark.kind === "planted") svg("rect", { class: "truth", x: mark.start * wide, y: tall - 2, width: (mark.end - mark.start) * wide, height: 2 }, image);
      }
    };

    for (const logo of data.logos) {
      const tall = data.height, scale = tall / (logo.y_max - logo.y_min), zero = logo.y_max * scale;
      const { image } = add(logo.title, logo.note, tall, logo.unit, [logo.y_min, logo.y_max]);
      spans(image, tall);
      svg("line", { class: "zero", x1: 0, x2: n * wide, y1: zero, y2: zero }, image);
      logo.positions.forEach((stack, i) => {
        for (const [name, low, high] of stack) {
          const h = (high - low) * scale;
          if (h >= 0.3) letter(image, name, i * wide + 0.35, zero - high * scale, wide - 0.7, h);
        }
      });
      listen(image, (p) => {
        const sum = logo.positions[p].reduce((total, [, low, high]) => total + (high > 0 ? high - low : low - high), 0);
        return [`${data.sequence[p]} ${p + 1}`, `${logo.title}: ${sum.toPrecision(3)} ${logo.unit}`];
      });
    }
    const { image: line } = add("", "", 18, "", null);
    spans(line, 18);
    [...data.sequence].forEach((name, i) => letter(line, name, i * wide + 1.6, 3, wide - 3.2, 12));
    listen(line, (p) => [`${data.sequence[p]} ${p + 1}`, ...data.marks.filter((m) => p >= m.start && p < m.end).map((m) => m.label)]);
    if (data.map) drawMap();
    if (data.marks.length) {
      const legend = el("div", { class: "legend" });
      root.insertBefore(legend, tip.node ?? null);
      for (const [kind, words] of [["planted", tr("planted site (the truth)")], ["hit", tr("known motif's word")]])
        if (data.marks.some((mark) => mark.kind === kind)) el("span", { class: `key ${kind}` }, legend, words);
    }
    const ticks = el("div", { class: "ticks" });
    root.insertBefore(ticks, tip.node ?? null);
    show();

    function toolbar() {
      const tools = el("div", { class: "tools", role: "toolbar", "aria-label": tr("Zoom the maps") }, root);
      const zoom = (factor) => () => { const [a, b] = kept.view; move((a + b) / 2 - ((b - a) * factor) / 2, (b - a) * factor); };
      const shift = (share) => () => { const [a, b] = kept.view; move(a + share * (b - a), b - a); };
      const letters = () => { const [a, b] = kept.view, span = Math.max(Math.floor((root.clientWidth - margin) / 11), 12), at = strongest(); move((b - a >= n ? at : (a + b) / 2) - span / 2, span); };
      for (const [words, title, act] of [["−", tr("Zoom out"), zoom(2)], ["+", tr("Zoom in"), zoom(0.5)], ["◀", tr("Move left"), shift(-0.5)], ["▶", tr("Move right"), shift(0.5)],
        [tr("All"), tr("Whole sequence"), () => move(0, n)], [tr("Letters"), tr("Zoom to letters, at the tallest"), letters]])
        el("button", { type: "button", title, "aria-label": title }, tools, words).onclick = act;
      el("span", { class: "muted" }, tools, tr("wheel zooms, drag moves"));
    }
    function strongest() {
      const tall = data.logos[0]?.positions.map((stack) => stack.reduce((sum, [, low, high]) => sum + high - low, 0)) ?? [0];
      return tall.indexOf(Math.max(...tall)) + 0.5;
    }
    function scale(most) {
      const line = el("div", { class: "scale" });
      root.insertBefore(line, tip.node ?? null);
      for (const words of [`−${short(most)}`, null, `+${short(most)} ${data.unit}`]) el("span", words === null ? { class: "bar" } : {}, line, words);
    }
    function drawMap() {
      const cell = 15, most = Math.max(...data.map.flat().map(Math.abs), 1e-9), bases = data.bases;
      const { axis, image } = add(tr("Every substitution"), tr("change of the {unit}; click a cell to make it", { unit: data.unit }), cell * 4, "", null);
      axis.replaceChildren(...[...bases].map((b) => el("span", { class: "strong", style: `color:${colors[b]}` }, null, b)));
      data.map.forEach((row, b) => row.forEach((value, i) => {
        const own = data.sequence[i] === bases[b];
        const share = Math.min(1, Math.abs(value) / most);
        svg("rect", { x: i * wide + 0.3, y: b * cell + 0.3, width: wide - 0.6, height: cell - 0.6, class: own ? "own" : "cell",
          fill: value < 0 ? "rgb(33,102,172)" : "rgb(200,0,45)", "fill-opacity": own ? 0 : 0.06 + 0.94 * share }, image);
      }));
      scale(most);
      const base = (event) => { const box = image.getBoundingClientRect(); return Math.max(0, Math.min(3, Math.floor(((event.clientY - box.top) / box.height) * 4))); };
      listen(image, (p, event) => {
        const b = base(event);
        if (data.sequence[p] === bases[b]) return [`${bases[b]} ${p + 1}`, tr("as it is")];
        return [`${data.sequence[p]}${p + 1}${bases[b]}`, `${data.map[b][p] >= 0 ? "+" : ""}${data.map[b][p].toPrecision(3)} ${data.unit}`];
      }, (p, event) => { const b = base(event); if (data.sequence[p] !== bases[b]) setTriggerValue("edit", { position: p, base: bases[b] }); });
    }
    function drawTicks() {
      const [a, b] = kept.view, span = b - a;
      const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((s) => span / s <= 14) ?? 5000;
      ticks.replaceChildren();
      for (let p = 1; p <= n; p += 1) {
        if ((p % step && p !== 1) || p - 0.5 < a || p - 0.5 > b || (p === 1 && step === 1)) continue;
        el("span", { style: `left: calc(${margin}px + (100% - ${margin}px) * ${(p - 0.5 - a) / span})` }, ticks, p);
      }
    }
    function at(image, event) {
      const box = image.getBoundingClientRect(), [a, b] = kept.view;
      return Math.max(0, Math.min(n - 1, Math.floor(a + ((event.clientX - box.left) / box.width) * (b - a))));
    }
    function move(a, span) {
      span = Math.min(n, Math.max(Math.min(n, 12), span));
      a = Math.max(0, Math.min(n - span, a));
      kept.view = [a, a + span];
      if (!kept.frame) kept.frame = requestAnimationFrame(() => { kept.frame = null; show(); });
    }
    function listen(image, words, click) {
      let from = null, moved = false;
      image.addEventListener("wheel", (event) => {
        const [a, b] = kept.view, box = image.getBoundingClientRect();
        const factor = event.deltaY > 0 ? 1.2 : 1 / 1.2, span = Math.min(n, (b - a) * factor);
        if (factor > 1 && b - a >= n) return; // nothing to zoom out: let the page scroll
        event.preventDefault();
        const share = (event.clientX - box.left) / box.width;
        move(a + share * (b - a) - share * span, span);
      }, { passive: false });
      image.onpointerdown = (event) => { from = [event.clientX, kept.view[0]]; moved = false; };
      image.onpointermove = (event) => {
        if (from && event.buttons) {
          const box = image.getBoundingClientRect(), span = kept.view[1] - kept.view[0];
          if (Math.abs(event.clientX - from[0]) > 3) moved = true;
          if (moved) { move(from[1] - ((event.clientX - from[0]) / box.width) * span, span); tip.hide(); }
          return;
        }
        const frame = root.getBoundingClientRect();
        tip.show(words(at(image, event), event), event.clientX - frame.left, event.clientY - frame.top);
      };
      image.onpointerup = (event) => { if (!moved && from && click) click(at(image, event), event); from = null; };
      image.onpointerleave = () => { from = null; tip.hide(); };
    }
  };
  const short = (value) => (Math.abs(value) < 1e-9 ? "0" : String(+value.toPrecision(2)));
  return redrawing(host, draw);
}
