// One sequence through the network, step by step, with the arithmetic of the unit that is looked at.
// net, now and was come as JSON; data: {net, now, was, sequence, original, edits, bases, names, output, colors} (net, now, was: dnaconv_core/engine/excerpt.py)
// Reports `edit` {position, base} and `undo`. A slide of the filter is computed here, from the numbers that were sent.
export default function ({ parentElement, data: given, setTriggerValue }) {
  speak(parentElement, given);
  const host = parentElement, kept = memory(host), data = { ...given, ...unpacked(kept, given) }, { net, now, was, sequence, bases } = data, walk = walkOf(data);
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc step" }, host);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const steps = [{ kind: "input", title: tr("Letters") }, ...net.layers.map((_, i) => ({ kind: "layer", layer: i + 1, title: tr("Layer {n}", { n: i + 1 }) })),
    ...(net.strands > 1 ? [{ kind: "strands", title: tr("Both strands") }] : []),
    { kind: "head", title: { flatten: tr("Flatten"), max: tr("Maximum"), max_mean: tr("Maximum, mean"), mean: tr("Mean") }[net.head.name] ?? tr("Head") },
    ...(net.hidden ? [{ kind: "hidden", title: tr("Hidden units") }] : []), { kind: "end", title: tr("Sum") }];
  const key = JSON.stringify([data.model, data.original]);
  if (kept.key !== key) { const { units, unit } = walk.path(); Object.assign(kept, { key, step: 1, units, unit, base: null, asked: null }); }
  kept.asked = null;

  // numbers as text: the same number of decimals everywhere, so that sums can be checked by eye
  const text = (v, digits = 2) => (Math.abs(v) < 0.5 * 10 ** -digits ? (0).toFixed(digits) : v.toFixed(Math.abs(v) >= 100 ? 0 : digits)).replace("-", "−");
  const signed = (v, digits) => (v > 0 ? "+" : "") + text(v, digits);
  let less = "", more = ""; // the colours of values below and above 0
  const tint = (v, most) => `rgb(${v < 0 ? less : more} / ${(0.62 * Math.min(1, Math.abs(v) / (most || 1))).toFixed(3)})`;
  const differs = (a, b) => b !== null && b !== undefined && Math.abs(a - b) > 5e-4;
  // one number; with `go` it leads to where it comes from
  const number = (parent, value, { was: earlier = null, go = null, about = "", digits = 2, plus = false, cls = "" } = {}) => {
    const node = el(go ? "button" : "span", { class: `num ${cls}${differs(value, earlier) ? " changed" : ""}`, ...(go ? { type: "button" } : {}) }, parent, plus ? signed(value, digits) : text(value, digits));
    node.dataset.value = value;
    node.title = [about, differs(value, earlier) ? tr("was {value}", { value: text(earlier, 3) }) : "", go ? tr("click: where it comes from") : ""].filter(Boolean).join(" · ");
    if (go) node.onclick = go;
    return node;
  };
  const named = (layer, row) => tr("filter {n}", { n: walk.told(layer).filters[row] + 1 });
  const place = (layer, at, strand) => { const [a, b] = walk.drawnAt(layer, at, strand); return Math.floor((a + b - 1) / 2) + 1; };
  const goTo = (unit) => { // a unit, or a base of the sequence
    stop();
    if (!unit) return;
    if (unit.layer) { kept.units[unit.layer - 1] = unit; kept.step = unit.layer; }
    else { kept.step = 0; kept.base = walk.baseOn(unit.strand, unit.at); }
    draw();
  };
  const goStep = (step) => { kept.step = Math.max(0, Math.min(steps.length - 1, step)); draw(); };
  const here = () => steps[Math.min(kept.step, steps.length - 1)];
  const unitOf = (step) => kept.units[(step.layer ?? (step.kind === "input" ? 1 : walk.depth)) - 1];

  // ---- the film: the filter slides along the sequence in each layer, then the next step
  const stop = () => { if (!kept.film) return; cancelAnimationFrame(kept.film.frame); clearTimeout(kept.film.timer); kept.film = null; };
  const play = () => {
    stop();
    const film = (kept.film = {});
    const later = (act, ms) => { film.timer = setTimeout(act, ms); };
    const one = () => {
      if (!root.isConnected || kept.film !== film) return;
      draw();
      const step = here(), next = () => (kept.step < steps.length - 1 ? (kept.step++, one()) : (stop(), draw()));
      if (step.kind !== "layer") return later(next, 2600);
      const unit = unitOf(step), target = unit.at, began = performance.now(), long = 700 + 26 * target;
      const slide = (time) => {
        if (!root.isConnected || kept.film !== film) return;
        const share = Math.min(1, Math.max(0, time - began) / long), at = Math.round(target * share);
        if (at !== kept.units[step.layer - 1].at || share === 1) { kept.units[step.layer - 1] = { ...unit, at }; update(); }
        if (share < 1) film.frame = requestAnimationFrame(slide); else later(next, 2200);
      };
      film.frame = requestAnimationFrame(slide);
    };
    if (kept.step === steps.length - 1) kept.step = 0;
    one();
  };

  let update = () => {};
  const draw = () => {
    const focused = (host.activeElement ?? root.getRootNode().activeElement)?.dataset?.keep;
    root.replaceChildren();
    root.classList.toggle("small", root.clientWidth < 640);
    const dark = isDark(host), colors = themed(data.colors, dark);
    for (const [letter, color] of Object.entries(colors)) root.style.setProperty(`--base-${letter}`, color);
    [less, more] = dark ? ["78 150 240", "255 76 104"] : ["33 102 172", "200 0 45"];
    root.style.setProperty("--less", less); root.style.setProperty("--more", more);
    heading();
    const panel = el("div", { class: "panel" });
    const move = overview(colors, () => arithmetic(panel));
    root.appendChild(panel);
    update = () => { move(); arithmetic(panel); };
    update();
    if (focused) root.querySelector(`[data-keep="${focused}"]`)?.focus({ preventScroll: true });
  };

  const heading = () => {
    const bar = el("div", { class: "bar" }, root), list = el("div", { class: "steps", role: "group", "aria-label": tr("Steps") }, bar);
    const arrow = (name, glyph, step) => {
      const node = el("button", { type: "button", class: "arrow", "aria-label": name, "data-keep": name }, list, glyph);
      node.disabled = step < 0 || step >= steps.length;
      node.onclick = () => { stop(); goStep(step); };
    };
    arrow(tr("Previous step"), "‹", kept.step - 1);
    steps.forEach((step, i) => {
      const node = el("button", { type: "button", class: i === kept.step ? "one on" : "one", "data-keep": `step${i}` }, list, step.title);
      if (i === kept.step) node.setAttribute("aria-current", "step");
      node.onclick = () => { stop(); goStep(i); };
    });
    arrow(tr("Next step"), "›", kept.step + 1);
    if (!calm) {
      const node = el("button", { type: "button", class: "play", "data-keep": "play" }, bar, kept.film ? tr("❚❚ Pause") : tr("▶ Play"));
      node.onclick = () => { if (kept.film) { stop(); draw(); } else play(); };
    }
    const said = el("div", { class: "said" }, bar);
    el("span", { class: "muted" }, said, `${data.names.length > 1 ? data.names[data.output] : net.output === "linear" ? tr("Prediction") : tr("Score")} `);
    number(said, now.predictions[data.output], { digits: 3, cls: "strong", was: was?.predictions[data.output], go: () => { stop(); goStep(steps.length - 1); } });
    if (!was) return;
    el("span", { class: "muted" }, said, tr(" was {value} before {edits} ", { value: text(was.predictions[data.output], 3), edits: data.edits.join(", ") }));
    const undo = el("button", { type: "button", class: "undo", "data-keep": "undo" }, said, tr("Undo"));
    undo.onclick = () => { stop(); setTriggerValue("undo", data.edits.length); };
  };

  // ---- the whole network on the axis of the sequence, and the window of the unit that is looked at
  const overview = (colors) => {
    const box = el("div", { class: "overview" }, root), { width, left, room } = margins(root), cell = room / walk.L, x = (p) => left + p * cell;
    const rows = [{ top: 16, tall: 24 }];
    for (let i = 1; i <= walk.depth; i++) {
      const shown = walk.told(i).filters.length, tall = Math.max(18, Math.min(48, shown * 3.2)), above = rows.at(-1);
      rows.push({ top: above.top + above.tall + 17, tall, each: tall / shown });
    }
    const height = rows.at(-1).top + rows.at(-1).tall + 8, ratio = window.devicePixelRatio || 1;
    const canvas = el("canvas", { width: width * ratio, height: height * ratio, style: `width:${width}px;height:${height}px` }, box);
    const image = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` }, box), pen = canvas.getContext("2d");
    const ink = css(host, "--st-primary-color"), ground = css(host, "--st-text-color");
    pen.scale(ratio, ratio);
    pen.font = `600 ${Math.min(14, cell * 1.6)}px ${css(host, "--st-code-font")}`; pen.textAlign = "center"; pen.textBaseline = "middle";
    [...sequence].forEach((letter, p) => {
      pen.globalAlpha = cell >= 4.6 ? 0.2 : 0.6; pen.fillStyle = colors[letter] ?? ground;
      pen.fillRect(x(p), rows[0].top, Math.max(cell - 0.6, 0.4), rows[0].tall);
      pen.globalAlpha = 1;
      if (cell >= 4.6) pen.fillText(letter, x(p) + cell / 2, rows[0].top + rows[0].tall / 2 + 1);
    });
    const shownStrand = unitOf(here()).strand;
    for (let i = 1; i <= walk.depth; i++) {
      const made = walk.of(i).made[shownStrand], most = Math.max(...made.map((list) => Math.max(...list)), 1e-9);
      pen.fillStyle = ink;
      made.forEach((list, r) => list.forEach((value, p) => {
        if (value < 0.02 * most) return;
        const [a, b] = walk.drawnAt(i, p, shownStrand);
        pen.globalAlpha = Math.min(1, 0.12 + 0.88 * (value / most));
        pen.fillRect(x(a), rows[i].top + r * rows[i].each, Math.max((b - a) * cell - 0.4, 0.5), Math.max(rows[i].each - 0.7, 0.7));
      }));
      if (was) {
        pen.globalAlpha = 1; pen.fillStyle = colors.changed;
        walk.changed(made, walk.of(i, was).made[shownStrand]).forEach((yes, p) => {
          const [a, b] = walk.drawnAt(i, p, shownStrand);
          if (yes) pen.fillRect(x(a), rows[i].top + rows[i].tall + 2, (b - a) * cell, 2.5);
        });
      }
    }
    pen.globalAlpha = 1;
    if (was) [...sequence].forEach((letter, p) => { if (letter !== data.original[p]) { pen.fillStyle = colors.changed; pen.fillRect(x(p), rows[0].top + rows[0].tall + 2, cell, 2.5); } });
    svg("text", { x: 0, y: rows[0].top + rows[0].tall / 2, class: here().kind === "input" ? "side on" : "side" }, image, tr("Sequence"));
    for (let p = 0; p <= walk.L; p += walk.L > 400 ? 100 : walk.L > 40 ? 10 : 5) svg("text", { x: x(Math.max(p - 1, 0)) + cell / 2, y: 7, class: "tick" }, image, Math.max(p, 1));
    for (let i = 1; i <= walk.depth; i++) {
      const { top, tall } = rows[i], layer = walk.told(i), own = here().layer === i;
      svg("text", { x: 0, y: top + tall / 2, class: own ? "side on" : "side" }, image, tr("Layer {n}", { n: i }));
      svg("rect", { x: x(0) - 1, y: top - 1, width: room + 2, height: tall + 2, rx: 3, class: "frame" }, image);
      const words = layer.of > layer.filters.length ? tr("{n} of {all} filters", { n: layer.filters.length, all: layer.of }) : tr("{n} filters", { n: layer.of });
      if (width >= 700) svg("text", { x: left + room + 10, y: top + tall / 2 - 7, class: "note" }, image, words);
      if (width >= 700) svg("text", { x: left + room + 10, y: top + tall / 2 + 8, class: "note" }, image, tr("{n} positions", { n: walk.positions(i) }));
    }
    for (const mark of data.marks) {
      svg("rect", { x: x(mark.start) - 1, y: rows[0].top - 2, width: (mark.end - mark.start) * cell + 2, height: rows[0].tall + 4, rx: 3, class: "mark" }, image);
      svg("title", {}, image.lastChild, mark.label);
    }
    const over = svg("g", {}, image), hit = svg("g", {}, image);
    const mark = () => {
      over.replaceChildren();
      const step = here(), unit = unitOf(step);
      if (step.kind === "input") {
        const p = kept.base ?? walk.baseOn(unit.strand, unit.at);
        svg("rect", { x: x(p) - 1.5, y: rows[0].top - 3, width: cell + 3, height: rows[0].tall + 6, rx: 3, class: "unit" }, over);
        return;
      }
      const spans = walk.cone(unit);
      spans.slice(0, -1).forEach(([a, b], i) => {
        const [c, d] = spans[i + 1], low = rows[i].top + rows[i].tall, high = rows[i + 1].top;
        svg("path", { class: "cone", d: `M${x(a)} ${low + 2} L${x(b)} ${low + 2} L${x(d)} ${high - 2} L${x(c)} ${high - 2} Z` }, over);
        svg("rect", { class: "seen", x: x(a) - 1, y: rows[i].top - 2, width: (b - a) * cell + 2, height: rows[i].tall + 4, rx: 3 }, over);
      });
      const { top, each } = rows[unit.layer], [a, b] = spans.at(-1), wide = Math.max((b - a) * cell + 3, 6);
      svg("rect", { class: "line", x: x(0), y: top + unit.row * each - 0.5, width: room, height: each }, over);
      svg("rect", { class: "unit", x: (x(a) + x(b)) / 2 - wide / 2, y: top + unit.row * each - 2, width: wide, height: each + 3, rx: 2 }, over);
      const value = walk.of(unit.layer).made[unit.strand][unit.row][unit.at];
      slider.setAttribute("aria-valuenow", unit.at + 1);
      slider.setAttribute("aria-valuetext", tr("{filter} of layer {layer} at base {base}: {value}", { filter: named(unit.layer, unit.row), layer: unit.layer, base: place(unit.layer, unit.at, unit.strand), value: text(value) }));
    };
    const slider = svg("rect", { x: 0, y: 0, width, height, class: "hit", tabindex: 0, role: "slider", "aria-label": tr("Position of the filter"), "aria-valuemin": 1, "data-keep": "slider" }, hit);
    const slide = (unit, at, row = unit.row) => {
      const layer = unit.layer, last = walk.positions(layer) - 1, filters = walk.told(layer).filters.length;
      kept.units[layer - 1] = { ...unit, at: Math.max(0, Math.min(last, at)), row: Math.max(0, Math.min(filters - 1, row)) };
      update();
    };
    const pointed = (event) => {
      const frame = image.getBoundingClientRect(), y = event.clientY - frame.top, base = (event.clientX - frame.left - left) / cell;
      const row = rows.findIndex(({ top, tall }) => y >= top - 8 && y <= top + tall + 8);
      return { row, base, y };
    };
    const toBase = (layer, base, strand) => { // the position of a layer whose unit is drawn over this base
      const [a, b] = walk.drawnAt(layer, 0, strand);
      return strand ? Math.floor((b - base) / (b - a)) : Math.floor((base - a) / (b - a));
    };
    let down = null;
    slider.onpointerdown = (event) => {
      const at = pointed(event);
      if (at.base < 0 || at.base >= walk.L) { if (at.row >= 0) { stop(); goStep(at.row); } return; }
      stop(); slider.setPointerCapture(event.pointerId); event.preventDefault(); slider.focus({ preventScroll: true });
      down = { x: event.clientX, row: at.row, moved: false };
      if (at.row <= 0) return;
      const other = here().layer !== at.row, unit = kept.units[at.row - 1];
      kept.step = at.row;
      kept.units[at.row - 1] = { ...unit, row: Math.max(0, Math.min(walk.told(at.row).filters.length - 1, Math.floor((at.y - rows[at.row].top) / rows[at.row].each))) };
      slide(kept.units[at.row - 1], toBase(at.row, at.base, unit.strand));
      if (other) { down = null; draw(); }
    };
    slider.onpointermove = (event) => {
      if (!down) return;
      if (Math.abs(event.clientX - down.x) > 3) down.moved = true;
      if (!down.moved) return;
      if (here().kind === "input") { kept.base = Math.max(0, Math.min(walk.L - 1, Math.floor(pointed(event).base))); return update(); }
      const unit = unitOf(here());
      slide(unit, toBase(unit.layer, pointed(event).base - (down.row ? 0 : 0.5), unit.strand));
    };
    slider.onpointerup = (event) => {
      if (down && !down.moved && down.row === 0) ask(Math.floor(pointed(event).base), event.clientX, event.clientY);
      down = null;
    };
    slider.onkeydown = (event) => {
      const step = here(), unit = unitOf(step), far = event.shiftKey ? 10 : 1, way = unit.strand ? -1 : 1;
      const moves = { ArrowLeft: [-far * way, 0], ArrowRight: [far * way, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-1e6 * way, 0], End: [1e6 * way, 0] };
      if (event.key === "PageDown" || event.key === "PageUp") { event.preventDefault(); stop(); return goStep(kept.step + (event.key === "PageDown" ? 1 : -1)); }
      if (!moves[event.key]) return;
      event.preventDefault(); stop();
      if (step.kind === "input") { kept.base = Math.max(0, Math.min(walk.L - 1, (kept.base ?? unit.at) + moves[event.key][0])); return update(); }
      slide(unit, unit.at + moves[event.key][0], unit.row + moves[event.key][1]);
    };
    return mark;
  };

  // ---- another base: four letters to choose from
  const ask = (at, clientX, clientY) => {
    root.querySelector(".ask")?.remove();
    if (at < 0 || at >= walk.L) return;
    const frame = root.getBoundingClientRect(), box = el("div", { class: "ask", role: "group", "aria-label": tr("Change base {n}", { n: at + 1 }) }, root);
    el("span", { class: "muted" }, box, tr("Base {n}: ", { n: at + 1 }));
    const focus = root.getRootNode().activeElement, close = () => { box.remove(); focus?.isConnected && focus.focus({ preventScroll: true }); };
    for (const letter of bases) {
      const node = el("button", { type: "button", style: `color:var(--base-${letter})` }, box, letter);
      node.disabled = sequence[at] === letter;
      node.onclick = () => { box.remove(); change(at, letter); };
    }
    box.style.left = `${Math.max(0, Math.min(clientX - frame.left - 60, root.clientWidth - 190))}px`;
    box.style.top = `${clientY - frame.top + 14}px`;
    box.onkeydown = (event) => { if (event.key === "Escape") close(); else if (bases.includes(event.key.toUpperCase())) { box.remove(); change(at, event.key.toUpperCase()); } };
    box.onfocusout = (event) => { if (!box.contains(event.relatedTarget)) setTimeout(() => box.remove(), 150); };
    box.querySelector("button:enabled").focus({ preventScroll: true });
  };
  const change = (position, base) => {
    if (sequence[position] === base || kept.asked) return;
    kept.asked = true; root.classList.add("waiting"); stop();
    setTriggerValue("edit", { position, base });
  };

  const arithmetic = (panel) => {
    panel.replaceChildren();
    const tools = { panel, data, walk, kept, here, unitOf, number, text, signed, tint, differs, named, place, goTo, goStep, ask, change, draw, steps, colors: themed(data.colors, isDark(host)) };
    ARITHMETIC[here().kind](tools);
  };
  root.classList.remove("waiting");
  const stopDrawing = redrawing(host, draw);
  return () => { stop(); stopDrawing(); };
}

// what is parsed stays for as long as its text is the same
function unpacked(kept, given) {
  const before = kept.parsed ?? {}, now = {};
  for (const text of [given.net, given.now, given.was]) if (text) now[text] ??= before[text] ?? JSON.parse(text);
  kept.parsed = now;
  return { net: now[given.net], now: now[given.now], was: given.was ? now[given.was] : null };
}
