// A genome track on a canvas. It moves at once with what it has; when the view leaves that, or has become finer, the server is
// asked for the bins of the new view. Rows: overview, ruler, scores, peaks, motif hits, letters.
const ROWS = { overview: [0, 34], ruler: [40, 58], scores: [62, 182], peaks: [188, 212], hits: [216, 236], letters: [242, 316], sequence: [318, 332] };
const LEFT = 62, RIGHT = 8, LEAST = 20, LETTER = 6.5; // px per base from which letters are drawn

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  speak(parentElement, data);
  const host = parentElement, kept = memory(host);
  const [low, high] = data.bounds, whole = high - low;
  if (kept.name !== `${data.name} ${low} ${high}`) Object.assign(kept, { name: `${data.name} ${low} ${high}`, view: [low, high], goto: "" });
  kept.data = data;
  kept.ask = (view) => setStateValue("view", { start: Math.floor(view[0]), end: Math.ceil(view[1]), at: Date.now() });
  kept.pick = (number) => setTriggerValue("pick", number);
  const wish = JSON.stringify(data.goto);
  if (data.goto && kept.goto !== wish) kept.view = limited(data.goto[0], data.goto[1] - data.goto[0], data);
  kept.goto = wish;
  const root = host.querySelector(".dc") ?? built(host, kept);
  clearTimeout(kept.again);
  if (data.coming) kept.again = setTimeout(() => kept.ask(kept.view), 500);
  const stop = redrawing(host, () => { drawTrack(host, root, kept); wanted(kept); });
  return () => { stop(); clearTimeout(kept.again); clearTimeout(kept.timer); };
}

function limited(start, span, data) {
  const [low, high] = data.bounds;
  span = Math.min(high - low, Math.max(Math.min(LEAST, high - low), span));
  start = Math.max(low, Math.min(high - span, start));
  return [start, start + span];
}

// Ask the server where what is here does not cover the view, or is of another zoom.
function wanted(kept) {
  clearTimeout(kept.timer);
  const { data, view } = kept, span = view[1] - view[0], has = data.end - data.start;
  const inside = view[0] >= data.start - 1 && view[1] <= data.end + 1;
  const all = data.start <= data.bounds[0] && data.end >= data.bounds[1];
  const ratio = has / (3 * span);
  if (inside && (ratio < 1.6 || (all && ratio < 1.01)) ) return;
  kept.timer = setTimeout(() => kept.ask(kept.view), 90);
}

function built(host, kept) {
  const root = el("div", { class: "dc track" }, host);
  const tools = el("div", { class: "tools", role: "toolbar", "aria-label": tr("Move the track") }, root);
  const move = (share) => () => { const [a, b] = kept.view; turn(a + share * (b - a), b - a); };
  const zoom = (factor) => () => { const [a, b] = kept.view; turn((a + b) / 2 - ((b - a) * factor) / 2, (b - a) * factor); };
  const buttons = [["−", tr("Zoom out"), zoom(2)], ["+", tr("Zoom in"), zoom(0.5)], ["◀", tr("Move left"), move(-0.5)], ["▶", tr("Move right"), move(0.5)],
    [tr("All"), tr("Whole sequence"), () => turn(kept.data.bounds[0], Infinity)], [tr("Letters"), tr("Zoom to letters"), () => { const [a, b] = kept.view, n = room(canvas) / 11; turn((a + b) / 2 - n / 2, n); }],
    [tr("‹ Peak"), tr("Previous peak"), () => next(-1)], [tr("Peak ›"), tr("Next peak"), () => next(1)]];
  for (const [words, title, act] of buttons) el("button", { type: "button", title, "aria-label": title }, tools, words).onclick = act;
  const input = el("input", { type: "text", placeholder: tr("Go to 1200 or 900-1500"), "aria-label": tr("Go to a base or a region, from 1") }, tools);
  input.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key !== "Enter") return;
    const found = input.value.replace(/^.*:/, "").replace(/[,\s]/g, "").match(/^(\d+)(?:[-–](\d+))?$/);
    input.setAttribute("aria-invalid", String(!found));
    if (found) { const a = Number(found[1]) - 1, n = room(canvas) / 11; found[2] ? turn(a, Number(found[2]) - a) : turn(a - n / 2, n); }
  };
  const where = el("span", { class: "where muted", role: "status" }, tools);
  const canvas = el("canvas", { tabindex: 0, role: "img" }, root);
  el("div", { class: "foot" }, root, tr("Wheel or + − zooms, drag or ← → moves, n and p go to the next and previous peak; positions from 1."));
  const tip = tooltip(root);
  Object.assign(kept, { canvas, where, tip });

  function turn(start, span) {
    kept.view = limited(start, span, kept.data);
    kept.frame ??= requestAnimationFrame(() => { kept.frame = null; drawTrack(host, root, kept); wanted(kept); });
  }
  function next(way) {
    const middle = (kept.view[0] + kept.view[1]) / 2, picked = kept.data.places.findIndex(([start]) => start === kept.data.picked);
    const at = ([, middle]) => middle, seen = picked >= 0 && Math.abs(at(kept.data.places[picked]) - middle) < (kept.view[1] - kept.view[0]) / 2;
    const one = seen ? kept.data.places[picked + way] : kept.data.places.filter((place) => (at(place) - middle) * way > 0).sort((a, b) => (at(a) - at(b)) * way)[0];
    if (!one) return;
    const n = Math.min(kept.view[1] - kept.view[0], Math.max(2 * one[2], 60));
    turn(at(one) - n / 2, n);
    kept.pick(one[0]);
  }
  canvas.onkeydown = (event) => {
    const act = { ArrowLeft: move(-0.2), ArrowRight: move(0.2), "+": zoom(0.5), "=": zoom(0.5), "-": zoom(2), Home: () => turn(kept.data.bounds[0], kept.view[1] - kept.view[0]),
      End: () => turn(kept.data.bounds[1], kept.view[1] - kept.view[0]), "0": () => turn(kept.data.bounds[0], Infinity), n: () => next(1), p: () => next(-1) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); act();
  };
  pointed(canvas, kept, turn, tip, root);
  return root;
}

function room(canvas) { return Math.max(canvas.clientWidth - LEFT - RIGHT, 50); }

function pointed(canvas, kept, turn, tip, root) {
  const share = (event) => (event.offsetX - LEFT) / room(canvas);
  const within = (event, row) => event.offsetY >= ROWS[row][0] - 2 && event.offsetY <= ROWS[row][1] + 2;
  let from = null, moved = false;
  canvas.addEventListener("wheel", (event) => {
    const [a, b] = kept.view, [low, high] = kept.data.bounds;
    if (event.deltaX && Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); return turn(a + (event.deltaX / room(canvas)) * (b - a), b - a); }
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    if (factor > 1 && b - a >= high - low) return; // nothing to zoom out: let the page scroll
    event.preventDefault();
    const span = (b - a) * factor;
    turn(a + share(event) * (b - a) - share(event) * span, span);
  }, { passive: false });
  canvas.onpointerdown = (event) => {
    from = { x: event.offsetX, start: kept.view[0], far: within(event, "overview") }; moved = false;
    canvas.setPointerCapture(event.pointerId);
    if (from.far) jump(event);
  };
  function jump(event) {
    const [low, high] = kept.data.bounds, span = kept.view[1] - kept.view[0];
    turn(low + share(event) * (high - low) - span / 2, span);
  }
  canvas.onpointermove = (event) => {
    if (!from) return say(event);
    if (from.far) return jump(event);
    if (Math.abs(event.offsetX - from.x) > 3) { moved = true; canvas.classList.add("moving"); tip.hide(); }
    const span = kept.view[1] - kept.view[0];
    if (moved) turn(from.start - ((event.offsetX - from.x) / room(canvas)) * span, span);
  };
  canvas.onpointerup = (event) => {
    const one = !moved && from && !from.far ? found(event) : null;
    from = null; canvas.classList.remove("moving");
    if (one && one.number >= 0) kept.pick(one.number);
  };
  canvas.onpointerleave = () => tip.hide();
  canvas.ondblclick = (event) => {
    if (within(event, "overview")) return;
    const [a, b] = kept.view, span = (b - a) / 4;
    turn(a + share(event) * (b - a) - share(event) * span, span);
  };
  const base = (event) => kept.view[0] + share(event) * (kept.view[1] - kept.view[0]);
  function found(event) {
    const p = base(event), pixel = (kept.view[1] - kept.view[0]) / room(canvas);
    const row = within(event, "hits") ? kept.data.hits ?? [] : within(event, "peaks") || within(event, "scores") ? kept.data.peaks : [];
    const near = row.filter((box) => p >= box.start - 4 * pixel && p <= box.end + 4 * pixel);
    return near.sort((x, y) => Math.abs((x.start + x.end) / 2 - p) - Math.abs((y.start + y.end) / 2 - p))[0] ?? null;
  }
  function say(event) {
    const { data } = kept, p = Math.floor(base(event)), one = found(event);
    canvas.classList.toggle("link", Boolean(one && one.number >= 0));
    if (event.offsetX < LEFT || within(event, "overview")) return tip.hide();
    const lines = [`${data.name}: ${(p + 1).toLocaleString("en")}`];
    const bin = Math.floor(((p + 0.5 - data.start) / (data.end - data.start)) * (data.lines[0]?.length ?? 0));
    if (within(event, "scores")) data.lines.forEach((line, i) => { if (line[bin] != null) lines.push(`${data.names[i]}: ${line[bin].toFixed(3)}`); });
    if (one) lines.push(one.label);
    const letter = data.letters[p - data.start];
    if (within(event, "letters") && letter) lines.push(data.worth ? `${letter}: ${data.worth[p - data.start]} ${data.units[1]}` : letter);
    const frame = root.getBoundingClientRect();
    tip.show(lines, event.clientX - frame.left, event.clientY - frame.top);
  }
}

function drawTrack(host, root, kept) {
  const { canvas, data, view } = kept, wide = canvas.clientWidth || root.clientWidth, tall = ROWS.sequence[1] + 4, dots = devicePixelRatio || 1;
  canvas.style.height = `${tall}px`;
  if (canvas.width !== Math.round(wide * dots) || canvas.height !== tall * dots) { canvas.width = Math.round(wide * dots); canvas.height = tall * dots; }
  const c = canvas.getContext("2d"), dark = isDark(host);
  c.setTransform(dots, 0, 0, dots, 0, 0);
  c.clearRect(0, 0, wide, tall);
  const series = css(host, "--st-chart-categorical-colors").split(",").map((one) => one.trim());
  const look = { text: css(host, "--st-text-color"), line: css(host, "--st-border-color"), primary: css(host, "--st-primary-color"), back: css(host, "--st-background-color"),
    muted: dark ? "#8B94A3" : "#687180", series: [series[0] || "#5B53E0", series[1] || "#E08A00"], bases: themed(data.colors, dark), font: css(host, "--st-font") || "sans-serif" };
  const x = (p) => LEFT + ((p - view[0]) / (view[1] - view[0])) * (wide - LEFT - RIGHT);
  const pen = { c, look, x, wide, view, data, pixel: (wide - LEFT - RIGHT) / (view[1] - view[0]) };
  drawOverview(pen); drawRuler(pen); names(pen);
  c.save(); c.beginPath(); c.rect(LEFT, 0, wide - LEFT - RIGHT, tall); c.clip();
  drawScores(pen); drawBoxes(pen, "peaks", data.peaks); drawBoxes(pen, "hits", data.hits ?? []); drawLetters(pen);
  c.restore();
  const words = tr("{name}: {from}–{to}, {n} bases", { name: data.name, from: (Math.floor(view[0]) + 1).toLocaleString("en"), to: Math.ceil(view[1]).toLocaleString("en"), n: Math.round(view[1] - view[0]).toLocaleString("en") });
  kept.where.textContent = words;
  canvas.setAttribute("aria-label", tr("Track of {words}; arrow keys move, plus and minus zoom, n and p go to peaks", { words }));
}

function text(pen, words, x, y, { size = 10, align = "left", color = pen.look.muted, weight = 400 } = {}) {
  Object.assign(pen.c, { font: `${weight} ${size}px ${pen.look.font}`, textAlign: align, textBaseline: "middle", fillStyle: color });
  pen.c.fillText(words, x, y);
}

function names(pen) {
  const { data, look } = pen, [top, bottom] = ROWS.scores, number = (value) => String(+value.toPrecision(2));
  text(pen, number(data.span[1]), LEFT - 6, top + 5, { align: "right" });
  text(pen, number(data.span[0]), LEFT - 6, bottom - 5, { align: "right" });
  text(pen, data.units[0], LEFT - 6, (top + bottom) / 2, { align: "right" });
  text(pen, tr("peaks"), LEFT - 6, (ROWS.peaks[0] + ROWS.peaks[1]) / 2, { align: "right" });
  text(pen, data.motif ? tr("hits") : "", LEFT - 6, (ROWS.hits[0] + ROWS.hits[1]) / 2, { align: "right" });
  if (data.worth) text(pen, data.units[1], LEFT - 6, (ROWS.letters[0] + ROWS.letters[1]) / 2, { align: "right" });
  if (data.names.length > 1) data.names.forEach((name, i) => text(pen, name, pen.wide - RIGHT - 4, top + 8 + 12 * i, { align: "right", color: look.series[i] }));
}

function drawOverview({ c, look, wide, view, data }) {
  const [top, bottom] = ROWS.overview, [low, high] = data.bounds, across = wide - LEFT - RIGHT, values = data.overview;
  const y = (value) => bottom - 2 - ((value - data.span[0]) / (data.span[1] - data.span[0] || 1)) * (bottom - top - 4);
  c.strokeStyle = look.line; c.strokeRect(LEFT + 0.5, top + 0.5, across - 1, bottom - top - 1);
  c.fillStyle = look.muted; c.globalAlpha = 0.7;
  values.forEach((value, i) => { if (value != null) c.fillRect(LEFT + (i / values.length) * across, y(value), Math.max(across / values.length, 0.7), bottom - 2 - y(value)); });
  const a = LEFT + ((view[0] - low) / (high - low)) * across, b = LEFT + ((view[1] - low) / (high - low)) * across;
  c.globalAlpha = 0.16; c.fillStyle = look.primary; c.fillRect(a, top, Math.max(b - a, 3), bottom - top);
  c.globalAlpha = 1; c.strokeStyle = look.primary; c.lineWidth = 1.5; c.strokeRect(a, top + 1, Math.max(b - a, 3), bottom - top - 2); c.lineWidth = 1;
}

function drawRuler(pen) {
  const { c, look, view, x, wide } = pen, span = view[1] - view[0], [top, bottom] = ROWS.ruler;
  const rough = span / Math.max((wide - LEFT) / 110, 1), power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = Math.max([1, 2, 5, 10].find((m) => m * power >= rough) * power, 1);
  c.strokeStyle = look.line; c.beginPath();
  for (let p = Math.ceil(view[0] / step) * step; p <= view[1]; p += step) {
    if (p < 1) continue;
    const at = x(p - 0.5); // base p, from 1
    if (at < LEFT || at > wide - RIGHT) continue;
    c.moveTo(at, bottom - 4); c.lineTo(at, ROWS.scores[1]);
    text(pen, p.toLocaleString("en"), at, top + 6, { align: "center" });
  }
  c.stroke();
}

function drawScores({ c, look, x, wide, data }) {
  const [top, bottom] = ROWS.scores, [least, most] = data.span;
  const y = (value) => bottom - ((value - least) / (most - least || 1)) * (bottom - top);
  data.lines.forEach((line, i) => {
    const n = line.length, at = (k) => x(data.start + ((k + 0.5) * (data.end - data.start)) / n);
    const half = Math.max((x(data.start + (data.end - data.start) / n) - x(data.start)) / 2, 0.5);
    c.beginPath();
    let pen = false;
    for (let k = 0; k < n; k += 1) {
      const here = at(k);
      if (here < LEFT - 50 - 2 * half) continue;
      if (here > wide + 50 + 2 * half) break;
      if (line[k] == null) { pen = false; continue; }
      if (pen) c.lineTo(here, y(line[k])); else { c.moveTo(here - half, y(line[k])); c.lineTo(here, y(line[k])); }
      if (k + 1 === n || line[k + 1] == null) c.lineTo(here + half, y(line[k]));
      pen = true;
    }
    c.strokeStyle = look.series[i]; c.lineWidth = 1.4; c.stroke(); c.lineWidth = 1;
  });
  if (data.threshold != null && data.threshold >= least && data.threshold <= most) {
    c.setLineDash([3, 3]); c.strokeStyle = look.muted; c.beginPath(); c.moveTo(LEFT, y(data.threshold)); c.lineTo(wide - RIGHT, y(data.threshold)); c.stroke(); c.setLineDash([]);
  }
  c.strokeStyle = look.line; c.beginPath(); c.moveTo(LEFT, bottom + 0.5); c.lineTo(wide - RIGHT, bottom + 0.5); c.stroke();
}

function drawBoxes(pen, row, boxes) {
  const { c, look, x, data } = pen, [top, bottom] = ROWS[row], middle = (top + bottom) / 2;
  if (row === "hits" && data.hits === null && data.motif) return text(pen, tr("zoom in to see hits of {motif}", { motif: data.motif }), LEFT + 6, middle);
  for (const box of boxes) {
    const thick = box.thick[1] > box.thick[0] ? box.thick : row === "hits" ? [box.start, box.end] : null;
    const color = row === "hits" ? look.series[1] : look.primary;
    c.fillStyle = color;
    if (row === "peaks") {
      c.globalAlpha = box.number === data.picked ? 0.6 : 0.3;
      c.fillRect(x(box.start), middle - 2, Math.max(x(box.end) - x(box.start), 2), 4);
    }
    c.globalAlpha = 1;
    if (!thick) continue;
    const left = x(thick[0]), across = Math.max(x(thick[1]) - left, 2.5);
    c.globalAlpha = row === "hits" || box.number === data.picked ? 1 : 0.75;
    arrow(c, left, top + 2, across, bottom - top - 4, box.strand);
    c.globalAlpha = 1;
    if (box.number === data.picked && row === "peaks") { c.strokeStyle = look.text; c.strokeRect(left - 1.5, top + 0.5, across + 3, bottom - top - 1); }
    if (box.word && across > 6.6 * box.word.length) text(pen, box.word, left + across / 2, middle + 0.5, { align: "center", color: look.back, weight: 600 });
  }
}

// A box that points the way its strand reads; a plain one where it has none or there is no room.
function arrow(c, x, y, wide, tall, strand) {
  const tip = wide > 12 && (strand === "+" || strand === "-") ? 6 : 0, [a, b] = [x, x + wide];
  c.beginPath();
  if (strand === "-") { c.moveTo(a, y + tall / 2); c.lineTo(a + tip, y); c.lineTo(b, y); c.lineTo(b, y + tall); c.lineTo(a + tip, y + tall); }
  else { c.moveTo(a, y); c.lineTo(b - tip, y); c.lineTo(b, y + tall / 2); c.lineTo(b - tip, y + tall); c.lineTo(a, y + tall); }
  c.closePath(); c.fill();
}

function drawLetters(pen) {
  const { c, look, x, view, data, pixel } = pen, [top, bottom] = ROWS.letters;
  if (!data.letters) return text(pen, tr("zoom in, or choose Letters, to see the sequence and what each base is worth"), LEFT + 6, (top + bottom) / 2);
  const first = Math.max(Math.floor(view[0]), data.start), last = Math.min(Math.ceil(view[1]), data.start + data.letters.length);
  const worth = data.worth, most = worth ? Math.max(...worth.map(Math.abs), 1e-6) : 1;
  const up = worth ? Math.max(...worth, 0) : 0, down = worth ? Math.max(...worth.map((v) => -v), 0) : 0;
  const zero = worth ? top + ((bottom - top) * up) / (up + down || 1) : (top + bottom) / 2, scale = (bottom - top) / (up + down || most);
  if (worth) { c.strokeStyle = look.line; c.beginPath(); c.moveTo(LEFT, zero); c.lineTo(pen.wide, zero); c.stroke(); }
  for (let p = first; p < last; p += 1) {
    const letter = data.letters[p - data.start], color = look.bases[letter] ?? look.muted, at = x(p);
    const value = worth ? worth[p - data.start] : null;
    const tall = value === null ? 14 : Math.abs(value) * scale;
    const y = value === null ? zero - 7 : value >= 0 ? zero - tall : zero;
    if (pixel < LETTER || !data.glyphs[letter]) { c.fillStyle = color; c.fillRect(at, y, Math.max(pixel - 0.3, 0.6), Math.max(tall, 1)); continue; }
    c.save();
    c.translate(at + 0.4, y); c.scale(pixel - 0.8, Math.max(tall, 0.6)); c.fillStyle = color;
    c.fill((pen.paths ??= {})[letter] ??= new Path2D(data.glyphs[letter].path));
    c.restore();
    if (worth) text(pen, letter, at + pixel / 2, (ROWS.sequence[0] + ROWS.sequence[1]) / 2, { align: "center", color, weight: 600 });
  }
}
