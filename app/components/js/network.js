// The network from the sequence down to its output, every layer on the same position axis, and what one unit sees.
// data: {sequence, marks:[{start,end,label}], layers:[{name,operation,rows,kept,start,length,stride,reach,pool,params,field,bad,
//        activations?}], boxes:[{name,operation,text,params}], output, outputs, colors, reason}
// A position of a layer stands for `stride` bases from `start` on; its unit sees `reach` positions before and after in
// what the layer is given: of the layer before, the strongest of each `pool` positions. `kept` rows are handed on.
export default function ({ parentElement, data }) {
  speak(parentElement, data);
  const host = parentElement;
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc network" }, host);

  const draw = () => {
    root.replaceChildren();
    const dark = isDark(host), colors = themed(data.colors, dark);
    const tip = tooltip(root);
    const width = Math.max(root.clientWidth, 380), narrow = width < 640;
    const left = narrow ? 84 : 86, right = narrow ? 92 : 156, room = width - left - right;
    const L = data.sequence.length, cell = room / L, x = (p) => left + p * cell;
    const place = (layer, p) => x(Math.min(layer.start + p * layer.stride, L));
    const gap = 26, letterTop = 22, seqH = Math.min(22, Math.max(13, cell * 1.5));
    const image = svg("svg", { width, role: "img", "aria-label": data.summary }, null);
    root.insertBefore(image, root.firstChild);
    const cones = svg("g", {}, image), body = svg("g", {}, image);

    // the sequence
    side(tr("Input"), `4 × ${L}`, letterTop + seqH / 2);
    for (let p = 0; p < L; p++) {
      const letter = data.sequence[p];
      svg("rect", { x: x(p), y: letterTop, width: Math.max(cell - 0.6, 0.5), height: seqH, rx: Math.min(3, cell / 4),
        fill: colors[letter] ?? "transparent", opacity: dark ? 0.3 : 0.17 }, body);
      if (cell >= 4.6)
        svg("text", { x: x(p) + cell / 2, y: letterTop + seqH / 2, class: "base", style: `fill:${colors[letter] ?? "inherit"};font-size:${Math.min(13, cell * 1.6)}px` }, body, letter);
    }
    for (const mark of data.marks ?? []) {
      svg("rect", { x: x(mark.start) - 1, y: letterTop - 2, width: (mark.end - mark.start) * cell + 2, height: seqH + 4, rx: 4, class: "mark" }, body);
      svg("text", { x: x((mark.start + mark.end) / 2), y: letterTop - 8, class: "note middle" }, body, mark.label);
    }
    if (!narrow) text(left + room + 12, letterTop + seqH / 2, data.input_note, "note");

    // the layers
    let y = letterTop + seqH;
    const places = [{ top: letterTop, bottom: y }];
    for (const layer of data.layers) {
      const shown = Math.min(layer.rows, data.drawn), each = Math.max(1.5, Math.min(5, 42 / shown)), own = Math.max(shown * each, 12);
      const keptRows = layer.kept ? Math.min(Math.ceil((8 * layer.kept) / (layer.rows + layer.kept)), 6) : 0;
      const tall = own + (keptRows ? 3 + keptRows * 3 : 0), wide = layer.bad ? 0 : place(layer, layer.length) - place(layer, 0);
      const top = y + gap;
      text(left + room / 2, top - gap / 2, layer.operation, "note middle op");
      side(layer.name, layer.bad ? "" : `${layer.rows}${layer.kept ? `+${layer.kept}` : ""} × ${layer.length}`, top + tall / 2, layer.bad);
      const group = svg("g", { class: layer.bad ? "layer bad" : "layer" }, body);
      if (layer.bad) {
        svg("rect", { x: left, y: top, width: room, height: tall, rx: 6, class: "broken" }, group);
      } else {
        for (let r = 0; r < shown; r++) {
          const strip = { y: top + r * each, height: Math.max(each - 0.8, 0.8) };
          const values = layer.activations?.[r];
          if (!values) svg("rect", { ...strip, x: place(layer, 0), width: wide, rx: 1, class: "strip" }, group);
          else values.forEach((value, p) => {
            if (value > 0.02) svg("rect", { ...strip, x: place(layer, p), width: (place(layer, p + 1) - place(layer, p)) * 0.98, class: "lit", opacity: Math.min(1, value).toFixed(2) }, group);
          });
        }
        for (let r = 0; r < keptRows; r++)
          svg("rect", { x: place(layer, 0), y: top + own + 3 + r * 3, width: wide, height: 2, rx: 1, class: "kept" }, group);
        for (let p = 1; layer.stride > 1 && wide / layer.length > 3 && p < layer.length; p++)
          svg("line", { x1: place(layer, p), x2: place(layer, p), y1: top, y2: top + tall, class: "cut" }, group);
        if (layer.activations) svg("rect", { x: place(layer, 0), y: top - 1, width: wide, height: own + 1, rx: 3, class: "frame" }, group);
        const told = [layer.rows > shown ? (layer.activations ? tr("{n} of {all} filters drawn, the most active", { n: shown, all: layer.rows }) : tr("{n} of {all} filters drawn", { n: shown, all: layer.rows })) : "",
          layer.kept ? tr("{n} rows of earlier layers are handed on beside its own", { n: layer.kept }) : "",
          layer.stride > 1 ? tr("each position stands for {n} bases", { n: layer.stride }) : ""].filter(Boolean);
        if (told.length) svg("title", {}, group, told.join("\n"));
        if (narrow) { text(left + room + 10, top + tall / 2 - 7, tr("sees {n} bases", { n: layer.field }), "strong"); text(left + room + 10, top + tall / 2 + 8, tr("{n} params", { n: layer.params }), "note"); }
        else { text(left + room + 12, top + tall / 2 - 7, tr("each unit sees {n} bases", { n: layer.field }), "strong"); text(left + room + 12, top + tall / 2 + 8, tr("{n} parameters", { n: layer.params }), "note"); }
      }
      places.push({ top, bottom: top + tall });
      y = top + tall;
    }

    // hidden units and output
    if (!data.reason) {
      const tall = 26, middle = left + room / 2, wide = Math.min(room, 340);
      let [from, to] = [place(data.layers.at(-1), 0), place(data.layers.at(-1), data.layers.at(-1).length)];
      for (const box of data.boxes) {
        const top = y + gap;
        text(middle, top - gap / 2, box.operation, "note middle op");
        side(box.name, box.last ? data.output : "", top + tall / 2);
        svg("path", { d: `M${from} ${y + 3} L${middle - wide / 2} ${top - 2} H${middle + wide / 2} L${to} ${y + 3} Z`, class: "funnel" }, cones);
        svg("rect", { x: middle - wide / 2, y: top, width: wide, height: tall, rx: 8, class: "dense" }, body);
        text(middle, top + tall / 2, box.text, "middle strong");
        if (narrow) text(left + room + 10, top + tall / 2, tr("{n} params", { n: box.params }), "note");
        else text(left + room + 12, top + tall / 2, tr("{n} parameters", { n: box.params }), "note");
        [from, to] = [middle - wide / 2, middle + wide / 2];
        y = top + tall;
      }
      if (data.outputs?.length) {
        const line = text(middle, y + 14, inLine(data.outputs, room / 6.2), "note middle");
        svg("title", {}, line, data.outputs.join("\n"));
        y += 22;
      }
    } else {
      text(left, y + 20, data.reason, "reason");
      y += 28;
    }
    image.setAttribute("height", y + 10);
    image.setAttribute("viewBox", `0 0 ${width} ${y + 10}`);

    // the cone of bases that one unit sees; it follows the pointer
    const good = data.layers.filter((layer) => !layer.bad);
    const cone = (depth, position) => {
      cones.querySelectorAll(".cone").forEach((node) => node.remove());
      body.querySelectorAll(".seen").forEach((node) => node.remove());
      if (!depth) return null;
      const spans = [[position, position + 1]]; // from the unit up to the bases, in positions of each layer
      for (let i = depth; i > 0; i--) {
        const { reach, pool } = good[i - 1], [low, high] = spans[0], size = i > 1 ? good[i - 2].length : L;
        spans.unshift([Math.max((low - reach[0]) * pool, 0), Math.min((high + reach[1]) * pool, size)]);
      }
      const across = (i) => spans[i].map((p) => (i ? place(good[i - 1], p) : x(p)));
      for (let i = 0; i < depth; i++) {
        const [a, b] = across(i), [c, d] = across(i + 1);
        const upper = places[i].bottom, lower = places[i + 1].top;
        svg("path", { class: "cone", d: `M${a} ${upper} L${b} ${upper} L${d} ${lower} L${c} ${lower} Z` }, cones);
        svg("rect", { class: "seen", x: a, y: places[i].top - 1, width: b - a, height: upper - places[i].top + 2, rx: 3 }, body);
      }
      const [c, d] = across(depth);
      svg("rect", { class: good[depth - 1].activations ? "seen unit lined" : "seen unit", x: c, y: places[depth].top - 1, width: Math.max(d - c, 3), height: places[depth].bottom - places[depth].top + 2, rx: 2 }, body);
      return spans[0];
    };
    const rest = () => {
      const last = good.at(-1), mark = data.marks?.[0];
      if (!last) return;
      const wish = mark ? Math.floor((mark.start + mark.end - 1) / 2) : Math.floor(L / 2);
      cone(good.length, Math.max(0, Math.min(last.length - 1, Math.floor((wish - last.start) / last.stride))));
    };
    image.onmousemove = (event) => {
      const frame = image.getBoundingClientRect(), px = event.clientX - frame.left, py = event.clientY - frame.top;
      const depth = good.findIndex((_, i) => py >= places[i + 1].top - 3 && py <= places[i + 1].bottom + 3) + 1;
      const layer = good[depth - 1], position = layer ? Math.floor(((px - left) / cell - layer.start) / layer.stride) : -1;
      if (position < 0 || position >= layer.length) { tip.hide(); return rest(); }
      const [from, to] = cone(depth, position);
      tip.show([tr("{layer}, position {n}", { layer: layer.name, n: position + 1 }), tr("sees bases {from}–{to} ({n})", { from: from + 1, to, n: to - from })], px, py);
    };
    image.onmouseleave = () => { tip.hide(); rest(); };
    rest();

    // as many names as the letters that there is room for, and how many are left out
    function inLine(names, letters) {
      const shown = [];
      for (const name of names) {
        const cut = name.length > 28 ? `${name.slice(0, 27)}…` : name;
        if (shown.length && [...shown, cut].join(" · ").length > letters - 10) break;
        shown.push(cut);
      }
      const more = names.length - shown.length;
      return shown.join(" · ") + (more ? tr(" and {n} more", { n: more }) : "");
    }
    function text(tx, ty, words, kind) { return svg("text", { x: tx, y: ty, class: kind }, body, words); }
    function side(name, shape, middle, bad = false) {
      text(0, middle - (shape ? 7 : 0), name, bad ? "strong badtext" : "strong");
      if (shape) text(0, middle + 8, shape, "note mono");
    }
  };
  return redrawing(host, draw);
}
