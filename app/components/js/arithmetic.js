// What each step computes for the unit that is looked at, with all numbers; see step.js for the tools.
const ARITHMETIC = {
  input({ panel, data, walk, kept, unitOf, ask, colors }) {
    const unit = unitOf({ kind: "input" }), at = kept.base ?? walk.baseOn(unit.strand, unit.at), wide = Math.min(walk.L, panel.clientWidth < 640 ? 13 : 25);
    const from = Math.max(0, Math.min(walk.L - wide, at - (wide >> 1)));
    sentence(panel, tr("A base becomes four numbers: 1 in its own row, 0 in the others (one-hot)."));
    const grid = table(panel, "narrow"), top = el("tr", {}, grid);
    el("th", {}, top, tr("base"));
    for (let p = from; p < from + wide; p++) letterCell(top, { letter: data.sequence[p], at: p, ask, cls: p === at ? "here" : "", changed: data.sequence[p] !== data.original[p] });
    for (const base of data.bases) {
      const line = el("tr", {}, grid);
      el("th", { style: `color:${colors[base]}` }, line, base);
      for (let p = from; p < from + wide; p++) {
        const own = data.sequence[p] === base;
        el("td", { class: `bit${own ? " own" : ""}${p === at ? " here" : ""}`, style: own ? `--ink:${colors[base]}` : "" }, line, own ? "1" : "0");
      }
    }
    const ticks = el("tr", { class: "ticks" }, grid);
    el("th", {}, ticks, tr("position"));
    for (let p = from; p < from + wide; p++) el("td", {}, ticks, p === from || (p + 1) % 5 === 0 ? p + 1 : "");
  },

  layer(tools) {
    const { panel, walk, unitOf, here, named, data, place } = tools, unit = unitOf(here()), { layer, row, strand } = unit;
    const told = walk.told(layer), K = walk.kernel(layer), first = layer === 1;
    const more = told.of > told.filters.length ? tr(" Shown: the {n} of {all} that matter most here.", { n: told.filters.length, all: told.of }) : "";
    sentence(panel, (first
      ? tr("{filter} has one weight for each base in each of {k} columns. The bases pick a weight per column; these are added.", { filter: cap(named(1, row)), k: K })
      : (told.pool > 1
        ? tr("{filter} of layer {layer} reads {n} pooled filters of the layer before at {k} positions: number × weight, all added.", { filter: cap(named(layer, row)), layer, n: told.reads, k: K })
        : tr("{filter} of layer {layer} reads {n} filters of the layer before at {k} positions: number × weight, all added.", { filter: cap(named(layer, row)), layer, n: told.reads, k: K }))) + more);
    const bar = el("div", { class: "where" }, panel);
    el("span", { class: "strong" }, bar, tr("Layer {layer}, {filter}", { layer, filter: named(layer, row) }));
    el("span", {}, bar, tr(" over base {base}", { base: place(layer, unit.at, strand) }));
    if (data.net.strands > 1) strands(bar, tools, unit);
    along(tools, unit);
    const found = walk.products(unit);
    const work = el("div", { class: "work" }, panel);
    if (first) bases(tools, work, unit, found); else inputs(tools, work, unit, found);
    equation(tools, work, unit, walk.sumOf(found), found);
  },

  strands({ panel, walk, unitOf, number, data, goTo, named, place }) {
    const unit = unitOf({ kind: "strands" }), last = walk.of(walk.depth).made, P = last[0][0].length;
    const at = unit.strand ? P - 1 - unit.at : unit.at, both = [last[0][unit.row][at], last[1][unit.row][P - 1 - at]];
    sentence(panel, tr("The same filters read the other strand too. At each place the stronger of both goes on."));
    const bar = el("div", { class: "where" }, panel);
    el("span", { class: "strong" }, bar, tr("Layer {layer}, {filter}", { layer: walk.depth, filter: named(walk.depth, unit.row) }));
    el("span", {}, bar, tr(" over base {base}", { base: place(walk.depth, at, 0) }));
    const line = el("div", { class: "equation" }, panel);
    const earlier = data.was?.layers[walk.depth - 1].made;
    both.forEach((value, strand) => {
      el("span", { class: "muted" }, line, strand ? tr("other strand") : tr("this strand"));
      const place = strand ? P - 1 - at : at;
      number(line, value, { digits: 3, cls: both[strand] >= both[1 - strand] ? "strong" : "", was: earlier?.[strand][unit.row][place], go: () => goTo({ ...unit, strand, at: place }) });
      if (!strand) el("span", { class: "sign" }, line, tr("or"));
    });
    el("span", { class: "sign" }, line, tr("→ the larger:"));
    number(line, Math.max(...both), { digits: 3, cls: "result" });
  },

  head({ panel, data, walk, number, goTo, named, place, unitOf, kept }) {
    const { net, now, was } = data, rows = net.head.rows, parts = net.head.parts, flat = parts.includes("each position");
    const left = net.head.of > rows.length ? tr(" Shown: {n} of {all} filters.", { n: rows.length, all: net.head.of }) : "";
    const words = { flatten: tr("Nothing is computed here: all {n} numbers of the last layer go on, each with its position.", { n: net.head.numbers.toLocaleString("en") }),
      max: tr("Of each filter only its largest number goes on: that the motif is there, not where."), max_mean: tr("Of each filter its largest number and its mean go on."), mean: tr("Of each filter only the mean over all positions goes on.") };
    sentence(panel, (words[net.head.name] ?? tr("The head makes {n} numbers of what the last layer made.", { n: net.head.numbers })) + left);
    if (!parts.length) return;
    if (flat) {
      const unit = unitOf({ kind: "head" }), line = el("div", { class: "equation" }, panel);
      el("span", { class: "muted" }, line, tr("Layer {layer}, {filter}, over base {base}", { layer: unit.layer, filter: named(unit.layer, unit.row), base: place(unit.layer, unit.at, unit.strand) }));
      const made = (some) => some.layers[unit.layer - 1].made[unit.strand][unit.row][unit.at];
      number(line, made(now), { digits: 3, was: was && made(was), go: () => goTo(unit) });
      el("span", { class: "sign" }, line, tr("→ goes on as it is"));
      number(line, made(now), { digits: 3, cls: "result" });
      return;
    }
    const most = Math.max(...now.parts.flat(2), 1e-9), list = el("div", { class: "terms two" }, panel);
    rows.forEach((row, r) => parts.forEach((part, p) => now.parts[p][r].forEach((value, s) => {
      const from = walk.fromHead(p, r, s), line = el("div", { class: value > 0 ? "term" : "term none" }, list);
      const label = rows.some((one) => one.layer !== rows[0].layer) ? tr("layer {layer}, {filter}", { layer: row.layer, filter: named(row.layer, row.row) }) : named(row.layer, row.row);
      el("span", { class: "label" }, line, label);
      el("span", { class: "muted label" }, line, part === "mean" ? tr("mean of {n}", { n: now.counted }) : from && value > 0 ? from.strand ? tr("largest at base {base}, other strand", { base: place(from.layer, from.at, from.strand) }) : tr("largest at base {base}", { base: place(from.layer, from.at, from.strand) }) : tr("nowhere above 0"));
      meter(line, value, most, false);
      number(line, value, { was: was?.parts[p][r][s], go: from && part !== "mean" ? () => goTo(from) : null, cls: "at" });
    })));
  },

  hidden(tools) {
    const { panel, data, walk, number, kept, draw, text } = tools, { net, now, was } = data, { units, of } = net.hidden;
    sentence(panel, tr("Each hidden unit weighs all {n} numbers, adds its bias and keeps what is above 0.", { n: net.head.numbers.toLocaleString("en") }) + (of > units.length ? tr(" Shown: {n} of {all}.", { n: units.length, all: of }) : ""));
    const bar = el("div", { class: "chips" }, panel);
    units.forEach((unit, i) => {
      const node = number(bar, now.hidden.made[i], { was: was?.hidden.made[i], about: tr("hidden unit {n}", { n: unit + 1 }), go: () => { kept.unit = i; draw(); }, cls: i === kept.unit ? "on" : "" });
      node.prepend(el("span", { class: "muted" }, null, tr("unit {n} ", { n: unit + 1 })));
    });
    const u = kept.unit, some = net.head.parts.length ? walk.weighed(net.hidden.weight[u]) : [];
    const sum = now.hidden.before[u] - net.hidden.bias[u], was_ = was && was.hidden.before[u] - net.hidden.bias[u], shown = some.slice(0, 10).map((one) => named_(tools, one));
    const others = (what, all) => all - shown.reduce((total, one) => total + one[what], 0);
    if (net.head.numbers > shown.length) shown.push({ label: tr("{n} other numbers", { n: (net.head.numbers - shown.length).toLocaleString("en") }), value: others("value", sum), was: was && others("was", was_) });
    terms(tools, shown);
    const line = el("div", { class: "equation" }, panel);
    el("span", { class: "muted" }, line, tr("all products"));
    number(line, sum, { digits: 3, was: was ? was.hidden.before[u] - net.hidden.bias[u] : null });
    el("span", { class: "sign" }, line, tr("+ bias"));
    number(line, net.hidden.bias[u], { digits: 3, about: tr("learned in training") });
    el("span", { class: "sign" }, line, "=");
    number(line, now.hidden.before[u], { digits: 3, was: was?.hidden.before[u] });
    el("span", { class: "sign" }, line, "→ ReLU →");
    number(line, now.hidden.made[u], { digits: 3, cls: "result", was: was?.hidden.made[u] });
  },

  end(tools) {
    const { panel, data, walk, number, kept, goStep, steps, text } = tools, { net, now, was, output } = data, flat = !net.hidden && net.head.parts[0] === "each position";
    const ends = { sigmoid: tr("the sigmoid makes it a number from 0 to 1."), softmax: tr("the softmax makes shares of all classes' sums."), linear: tr("the sum is the prediction.") };
    sentence(panel, tr("Each number × its weight in the last layer, all added; {end}", { end: ends[net.output] }));
    let shown = [], rest = { value: now.rest, was: was?.rest }, count = net.head.of - net.head.rows.length, what = (n) => tr("{n} filters not shown", { n });
    if (net.hidden) {
      shown = net.hidden.units.map((unit, i) => ({ label: tr("hidden unit {n}", { n: unit + 1 }), given: now.hidden.made[i], weight: net.hidden.onward[i], value: now.hidden.made[i] * net.hidden.onward[i],
        was: was && was.hidden.made[i] * net.hidden.onward[i], go: () => { kept.unit = i; goStep(steps.findIndex((step) => step.kind === "hidden")); } })).sort(bySize);
      [count, what] = [net.hidden.of - shown.length, (n) => tr("{n} hidden units not shown", { n })];
    } else if (flat) contributions(tools);
    else if (net.head.parts.length) {
      const all = walk.weighed(net.weight).map((one) => named_(tools, one)), others = all.slice(12);
      shown = all.slice(0, 12);
      [count, what] = [net.head.numbers - shown.length, (n) => tr("{n} other numbers", { n })];
      rest = { value: others.reduce((sum, one) => sum + one.value, now.rest), was: was && others.reduce((sum, one) => sum + one.was, was.rest) };
    } else [count, what] = [net.head.numbers, (n) => tr("{n} numbers", { n })];
    if (count) shown.push({ label: what(count.toLocaleString("en")), ...rest });
    net.covariates.forEach((name, i) => shown.push({ label: net.transform === "none" ? `${name} ${text(now.given[i], 3)}` : tr("{name} {value}, scaled", { name, value: text(now.given[i], 3) }), given: now.covariates[i], weight: net.covariate_weight[i], value: now.covariates[i] * net.covariate_weight[i] }));
    const total = (list) => list.reduce((a, b) => a + b, 0);
    if (now.positional) shown.push({ label: tr("weights by position"), value: total(now.positional), was: was && total(was.positional) });
    (now.composition ?? []).forEach((given, i) => shown.push({ label: i ? tr("GC content above 52 %") : tr("GC content below 30 %"), given, weight: net.composition_weight[i], value: given * net.composition_weight[i], was: was && was.composition[i] * net.composition_weight[i] }));
    shown.push({ label: tr("bias"), value: net.bias, about: tr("learned in training") });
    const logit = now.logits[output], line = el("div", { class: "equation" });
    if (flat) {
      const added = (some) => some.parts[0].reduce((sum, list, r) => sum + list.reduce((all, v, p) => all + v * net.weight[0][r][p], 0), 0);
      [{ label: tr("all filters"), value: added(now), was: was && added(was) }, ...shown].forEach((one, i) => {
        el("span", { class: "muted" }, line, i ? `+ ${one.label}` : one.label);
        number(line, one.value, { digits: 3, was: one.was, about: one.about ?? "" });
      });
    } else terms(tools, shown);
    panel.appendChild(line);
    el("span", { class: "muted" }, line, flat ? "=" : tr("sum"));
    number(line, logit, { digits: 3, cls: net.output === "linear" ? "result" : "strong", was: was?.logits[output] });
    if (net.output === "linear") return;
    if (net.output === "sigmoid") { sigmoid(line, logit, was?.logits[output]); power(line, "1 / (1 + e", text(-logit), ") ="); }
    else power(line, "e", text(logit), tr(" / the same of all {n} classes, added =", { n: now.logits.length }));
    number(line, now.predictions[output], { digits: 3, cls: "result", was: was?.predictions[output] });
  },
};

function power(line, before, exponent, after) {
  const sign = el("span", { class: "sign" }, line, before);
  el("sup", {}, sign, exponent); sign.append(after);
}
const bySize = (a, b) => Math.abs(b.value) - Math.abs(a.value);
const cap = (words) => words[0].toUpperCase() + words.slice(1);
const sentence = (panel, words) => el("p", { class: "sentence" }, panel, words);
const table = (parent, cls = "") => el("tbody", {}, el("table", { class: cls }, el("div", { class: "scroll" }, parent)));

function letterCell(line, { letter, at, ask, cls = "", changed = false, known = true }) {
  const cell = el("td", { class: cls }, line);
  if (!known) { el("span", { class: "muted" }, cell, "·"); cell.title = tr("beyond the end: padded with 0"); return; }
  const node = el("button", { type: "button", class: `letter${changed ? " changed" : ""}`, style: `color:var(--base-${letter})`, "aria-label": tr("{letter}, base {n}: change it", { letter, n: at + 1 }) }, cell, letter);
  node.title = tr("base {n}; click to change it", { n: at + 1 });
  node.onclick = () => { const box = node.getBoundingClientRect(); ask(at, box.left + 10, box.bottom - 8); };
}

// the sum of this filter at every position, with the unit that is looked at; what lies below the line becomes 0
function along({ panel, data, walk, text, kept, draw, goTo, colors }, unit) {
  const sums = walk.of(unit.layer).before[unit.strand][unit.row], earlier = data.was && walk.of(unit.layer, data.was).before[unit.strand][unit.row];
  const { width, left, room } = margins(panel), cell = room / walk.L, tall = 62;
  const all = earlier ? [...sums, ...earlier] : sums, top = Math.max(...all, 0.1), low = Math.min(...all, -0.1), y = (v) => 4 + ((top - v) / (top - low)) * (tall - 8);
  const image = svg("svg", { width, height: tall, viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": tr("sum and bias of this filter along the sequence") }, panel);
  svg("text", { x: 0, y: tall / 2 - 7, class: "note" }, image, tr("sum + bias")); svg("text", { x: 0, y: tall / 2 + 8, class: "note" }, image, tr("by position"));
  const x = (p) => { const [a, b] = walk.drawnAt(unit.layer, p, unit.strand); return left + ((a + b) / 2) * cell; };
  const line = (values) => values.map((v, p) => `${p ? "L" : "M"}${x(p).toFixed(1)} ${y(v).toFixed(1)}`).join(" ");
  svg("rect", { x: left, y: y(0), width: room, height: Math.max(tall - 4 - y(0), 0), class: "below" }, image);
  svg("line", { x1: left, x2: left + room, y1: y(0), y2: y(0), class: "zero" }, image);
  if (width >= 700) svg("text", { x: left + room + 10, y: Math.min(y(0) + 9, tall - 8), class: "note" }, image, tr("below: 0"));
  if (earlier) svg("path", { d: line(earlier), class: "curve earlier", style: `stroke:${colors.changed}` }, image);
  svg("path", { d: line(sums), class: "curve" }, image);
  svg("line", { x1: x(unit.at), x2: x(unit.at), y1: 0, y2: tall, class: "cursor" }, image);
  svg("circle", { cx: x(unit.at), cy: y(sums[unit.at]), r: 4.5, class: "dot" }, image);
}

function strands(bar, { kept, draw, walk }, unit) {
  const P = walk.positions(unit.layer);
  for (const strand of [0, 1]) {
    const node = el("button", { type: "button", class: strand === unit.strand ? "one on" : "one", "data-keep": `strand${strand}` }, bar, strand ? tr("other strand") : tr("this strand"));
    node.onclick = () => { if (strand !== unit.strand) { kept.units[unit.layer - 1] = { ...unit, strand, at: P - 1 - unit.at }; draw(); } };
  }
}

// a flattened network: what every number of the last layer adds, on the axis of the sequence, and the sum of each filter
function contributions({ panel, data, walk, kept, draw, named, place, number, text, tint, goTo, unitOf }) {
  const { net, now, was } = data, { width, left, room } = margins(panel), cell = room / walk.L, each = 14, rows = net.head.rows, ratio = window.devicePixelRatio || 1;
  const weight = net.weight[0], value = (some, r, p) => some.parts[0][r][p] * weight[r][p], total = (some, r) => some.parts[0][r].reduce((sum, v, p) => sum + v * weight[r][p], 0);
  const most = Math.max(...now.parts[0].flatMap((list, r) => list.map((v, p) => Math.abs(v * weight[r][p]))), 1e-9), box = el("div", { class: "heat", style: `height:${rows.length * each + 18}px` }, panel);
  const canvas = el("canvas", { width: room * ratio, height: rows.length * each * ratio, style: `left:${left}px;width:${room}px;height:${rows.length * each}px` }, box), pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const unit = unitOf({ kind: "end" }), strand = (r, p) => now.turned?.[r][p] ?? 0;
  const drawn = (r, p) => walk.drawnAt(rows[r].layer, walk.feature(r, p).at, strand(r, p));
  let chosen = null;
  rows.forEach((row, r) => {
    const own = row.layer === unit.layer && row.row === unit.row, sum = total(now, r), label = el("span", { class: own ? "row strong" : "row", style: `top:${r * each}px;width:${left - 8}px` }, box, named(row.layer, row.row));
    const end = el("span", { class: "row end", style: `top:${r * each}px;left:${left + room + 8}px` }, box);
    number(end, sum, { plus: true, was: was && total(was, r), about: tr("all of {filter}", { filter: label.textContent }) });
    now.parts[0][r].forEach((_, p) => {
      const [a, b] = drawn(r, p), one = value(now, r, p);
      if (own && walk.feature(r, p).at === unit.at) { chosen = [r, p]; }
      if (!one) return;
      pen.fillStyle = tint(one, most);
      pen.fillRect(a * cell, r * each, Math.max((b - a) * cell - 0.5, 0.5), each - 1);
    });
  });
  canvas.onpointerdown = (event) => {
    const frame = canvas.getBoundingClientRect(), r = Math.min(rows.length - 1, Math.floor((event.clientY - frame.top) / each)), base = (event.clientX - frame.left) / cell;
    const p = now.parts[0][r].findIndex((_, i) => { const [a, b] = drawn(r, i); return base >= a && base < b; });
    if (p >= 0) { const one = walk.feature(r, p); kept.units[one.layer - 1] = one; draw(); }
  };
  el("span", { class: "row end", style: `top:${rows.length * each}px;left:${left}px` }, box, tr("number × weight; on the right the sum of each filter"));
  if (!chosen) return;
  const [r, p] = chosen, [a, b] = drawn(r, p), line = el("div", { class: "equation" }, panel);
  el("i", { class: "ring", style: `left:${left + a * cell - 2}px;top:${r * each - 2}px;width:${Math.max((b - a) * cell, 3) + 3}px;height:${each + 3}px` }, box);
  el("span", { class: "muted" }, line, tr("{filter}, base {base}", { filter: named(rows[r].layer, rows[r].row), base: place(unit.layer, unit.at, unit.strand) }));
  number(line, now.parts[0][r][p], { digits: 3, was: was?.parts[0][r][p], go: () => goTo(walk.feature(r, p)) });
  el("span", { class: "sign" }, line, "×");
  number(line, weight[r][p], { digits: 3, about: tr("weight in the last layer, learned in training") });
  el("span", { class: "sign" }, line, "=");
  number(line, value(now, r, p), { digits: 3, plus: true, was: was && value(was, r, p) });
}

// layer 1: the letters under the filter, its weights, and the weight that each letter picks
function bases({ data, walk, ask, tint, number, colors }, work, unit, found) {
  const weights = walk.told(1).weight[unit.row], K = walk.kernel(1), most = Math.max(...weights.flat().map(Math.abs));
  const grid = table(work), top = el("tr", {}, grid), columns = Array.from({ length: K }, (_, k) => unit.at - walk.told(1).reach[0] + k);
  const letters = columns.map((p) => (p >= 0 && p < walk.L ? walk.letterOn(unit.strand, p) : null));
  el("th", {}, top, tr("base"));
  columns.forEach((p, k) => { const own = walk.baseOn(unit.strand, p); letterCell(top, { letter: letters[k], at: own, ask, known: letters[k] !== null, changed: letters[k] && data.sequence[own] !== data.original[own] }); });
  [...data.bases].forEach((base, b) => {
    const line = el("tr", {}, grid);
    el("th", { style: `color:${colors[base]}` }, line, base);
    columns.forEach((_, k) => {
      const cell = el("td", { class: letters[k] === base ? "weight picked" : "weight", style: `background:${tint(weights[b][k], most)}` }, line);
      number(cell, weights[b][k], { about: tr("weight of {base} in column {k}, learned in training", { base, k: k + 1 }) });
    });
  });
  const line = el("tr", { class: "products" }, grid);
  el("th", {}, line, tr("picked"));
  columns.forEach((_, k) => {
    const value = found.reduce((sum, row) => sum + row[k].value, 0), was = found.reduce((sum, row) => sum + row[k].was, 0);
    number(el("td", {}, line), value, { was: data.was && was, about: letters[k] ? tr("1 × the weight of {base}", { base: letters[k] }) : tr("0 beyond the end") });
  });
}

// later layers: a row for each filter that is read, number × weight at each position
function inputs({ data, walk, tint, number, text, named, goTo, differs }, work, unit, found) {
  const told = walk.told(unit.layer), K = walk.kernel(unit.layer), most = Math.max(...found.flatMap((row) => (row ?? []).map((one) => Math.abs(one.value))), 1e-9);
  const digits = 3, grid = table(work), several = told.inputs.some((one) => one.layer !== told.inputs[0].layer);
  const top = el("tr", {}, grid);
  el("th", {}, top, several ? tr("read from") : tr("layer {n}", { n: told.inputs[0].layer }));
  for (let k = 0; k < K; k++) { const p = unit.at - told.reach[0] + k; el("td", { class: "head" }, top, p >= 0 && p < walk.of(unit.layer).given[0][0].length ? placeOf(walk, unit, p) : "·"); }
  el("td", { class: "head" }, top, tr("sum"));
  found.forEach((row, input) => {
    if (!row) return;
    const source = told.inputs[input], silent = row.every((one) => one.given === 0 && one.was === 0), line = el("tr", { class: silent ? "silent" : "" }, grid);
    el("th", {}, line, `${several ? `${source.layer} · ` : ""}${named(source.layer, source.row)}`);
    for (const one of row) {
      const cell = el("td", { style: one.value ? `background:${tint(one.value, most)}` : "" }, line);
      if (one.given === 0 && !differs(one.value, data.was && one.was)) { el("span", { class: "muted" }, cell, one.at === null ? "" : "·"); continue; }
      number(cell, one.value, { digits, was: data.was && one.was, about: `${text(one.given, 3)} × ${text(one.weight, 3)}`, go: () => goTo(walk.source(unit.layer, input, one.at, unit.strand)) });
    }
    number(el("td", { class: "total" }, line), row.reduce((sum, one) => sum + one.value, 0), { digits, was: data.was && row.reduce((sum, one) => sum + one.was, 0) });
  });
}

// the base over which number `p` of what a layer reads is drawn
function placeOf(walk, { layer, strand }, p) {
  const { pool } = walk.told(layer), last = walk.positions(layer - 1) - 1, [a, b] = walk.drawnAt(layer - 1, Math.min(p * pool, last), strand), [c, d] = walk.drawnAt(layer - 1, Math.min(p * pool + pool - 1, last), strand);
  return Math.floor((Math.min(a, c) + Math.max(b, d) - 1) / 2) + 1;
}

function equation({ data, walk, number }, work, unit, sum, found) {
  const { layer, row, at, strand } = unit, told = walk.told(layer), before = (some) => walk.of(layer, some).before[strand][row][at], bias = told.bias[row];
  const box = el("div", { class: "column" }, work), was = data.was, earlier = was && found.flat().reduce((all, one) => all + (one ? one.was : 0), 0);
  const rest = before(data.now) - bias - sum, others = told.reads - found.filter(Boolean).length, made = (some) => walk.of(layer, some).made[strand][row][at];
  const line = (words, value, options, about = "") => {
    const one = el("div", { title: about }, box);
    el("span", { class: "muted" }, one, words);
    number(one, value, { digits: 3, ...options });
  };
  line(layer === 1 ? tr("the picked weights, added") : tr("all products, added"), sum, { was: others ? null : earlier, cls: "sum" });
  if (others) line(tr("+ {n} filters not shown", { n: others }), rest, {});
  line(tr("+ bias"), bias, { about: tr("learned in training; the same at every position"), cls: "bias" });
  line("=", before(data.now), { was: was && before(was), cls: "before strong" });
  line(tr("ReLU: below 0 becomes 0"), made(data.now), { was: was && made(was), cls: "result" });
}

// a product on its way to the output: which filter, where, and the step back to it
function named_({ walk, data, named, place, goTo }, one) {
  const { layer, row } = data.net.head.rows[one.row], from = walk.fromHead(one.part, one.row, one.place), kind = data.net.head.parts[one.part];
  const several = data.net.head.rows.some((other) => other.layer !== data.net.head.rows[0].layer);
  const filter = several ? tr("layer {layer}, {filter}", { layer, filter: named(layer, row) }) : named(layer, row);
  const label = kind === "mean" ? tr("{filter}, mean", { filter }) : from && one.given > 0 ? tr("{filter}, base {base}", { filter, base: place(from.layer, from.at, from.strand) }) : filter;
  return { ...one, was: data.was ? one.was : null, label, go: from ? () => goTo(from) : null };
}

function terms({ panel, number, text }, some) {
  const list = el("div", { class: "terms" }, panel), most = Math.max(...some.map((one) => Math.abs(one.value)), 1e-9);
  for (const one of some) {
    const line = el("div", { class: "term" }, list);
    el("span", { class: "label" }, line, one.label);
    const sum = el("span", { class: "mono muted times" }, line);
    if (one.weight !== undefined) { number(sum, one.given, { go: one.go, digits: 3 }); sum.append(" × "); number(sum, one.weight, { digits: 3, about: tr("weight in the last layer, learned in training") }); }
    meter(line, one.value, most, true);
    number(line, one.value, { plus: true, digits: 3, was: one.was, about: one.about ?? "", cls: "at" });
  }
}

function meter(line, value, most, bothWays) {
  const share = (100 * Math.abs(value)) / most / (bothWays ? 2 : 1), box = el("span", { class: bothWays ? "meter both" : "meter" }, line);
  el("i", { class: value < 0 ? "less" : "more", style: `width:${share}%;${bothWays ? (value < 0 ? `right:50%` : `left:50%`) : "left:0"}` }, box);
}

function sigmoid(line, logit, earlier) {
  const width = 120, tall = 40, x = (v) => ((Math.max(-6, Math.min(6, v)) + 6) / 12) * width, y = (v) => tall - 3 - (tall - 6) / (1 + Math.exp(-v));
  const image = svg("svg", { width, height: tall, viewBox: `0 0 ${width} ${tall}`, role: "img", "aria-label": tr("the sigmoid curve") }, line);
  svg("line", { x1: x(0), x2: x(0), y1: 0, y2: tall, class: "zero" }, image);
  svg("path", { class: "curve", d: Array.from({ length: 49 }, (_, i) => `${i ? "L" : "M"}${x(i / 4 - 6)} ${y(i / 4 - 6).toFixed(1)}`).join(" ") }, image);
  if (earlier !== undefined) svg("circle", { cx: x(earlier), cy: y(Math.max(-6, Math.min(6, earlier))), r: 3.5, class: "ghost" }, image);
  svg("circle", { cx: x(logit), cy: y(Math.max(-6, Math.min(6, logit))), r: 4.5, class: "dot" }, image);
}
