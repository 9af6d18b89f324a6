// The network from the sequence down to its output, every layer on the same position axis, and what one unit sees.
// data: {sequence, marks:[{start,end,label}], layers:[{name,note,rows,start,length,params,field,left,bad,activations?}],
//        dense:{text,params,covariates:[…]}, output, outputs, colors, reason}
export default function ({ parentElement, data }) {
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
    const gap = 26, letterTop = 22, seqH = Math.min(22, Math.max(13, cell * 1.5));
    const image = svg("svg", { width, role: "img", "aria-label": data.summary }, null);
    root.insertBefore(image, root.firstChild);
    const cones = svg("g", {}, image), body = svg("g", {}, image);

    // the sequence
    side("Input", `4 × ${L}`, letterTop + seqH / 2);
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
      const shown = Math.min(layer.rows, data.drawn), each = Math.max(1.5, Math.min(5, 42 / shown)), tall = Math.max(shown * each, 12);
      const top = y + gap;
      text(left + room / 2, top - gap / 2, layer.operation, "note middle op");
      side(layer.name, layer.bad ? "" : `${layer.rows} × ${layer.length}`, top + tall / 2, layer.bad);
      const group = svg("g", { class: layer.bad ? "layer bad" : "layer" }, body);
      if (layer.bad) {
        svg("rect", { x: left, y: top, width: room, height: tall, rx: 6, class: "broken" }, group);
      } else {
        for (let r = 0; r < shown; r++) {
          const strip = { y: top + r * each, height: Math.max(each - 0.8, 0.8) };
          const values = layer.activations?.[r];
          if (!values) svg("rect", { ...strip, x: x(layer.start), width: layer.length * cell, rx: 1, class: "strip" }, group);
          else values.forEach((value, p) => {
            if (value > 0.02) svg("rect", { ...strip, x: x(layer.start + p), width: cell * 0.98, class: "lit", opacity: Math.min(1, value).toFixed(2) }, group);
          });
        }
        if (layer.activations) svg("rect", { x: x(layer.start), y: top - 1, width: layer.length * cell, height: tall + 1, rx: 3, class: "frame" }, group);
        if (layer.rows > shown) svg("title", {}, group, `${shown} of ${layer.rows} filters drawn${layer.activations ? ", the most active" : ""}`);
        if (narrow) { text(left + room + 10, top + tall / 2 - 7, `sees ${layer.field} bases`, "strong"); text(left + room + 10, top + tall / 2 + 8, `${layer.params} params`, "note"); }
        else { text(left + room + 12, top + tall / 2 - 7, `each unit sees ${layer.field} bases`, "strong"); text(left + room + 12, top + tall / 2 + 8, `${layer.params} parameters`, "note"); }
      }
      places.push({ top, bottom: top + tall });
      y = top + tall;
    }

    // dense and output
    if (!data.reason) {
      const top = y + gap, tall = 26, middle = left + room / 2, wide = Math.min(room, 340);
      text(middle, top - gap / 2, data.dense.operation, "note middle op");
      side("Output", data.output, top + tall / 2);
      svg("path", { d: `M${x(data.layers.at(-1).start)} ${y + 3} L${middle - wide / 2} ${top - 2} H${middle + wide / 2} L${x(data.layers.at(-1).start + data.layers.at(-1).length)} ${y + 3} Z`, class: "funnel" }, cones);
      svg("rect", { x: middle - wide / 2, y: top, width: wide, height: tall, rx: 8, class: "dense" }, body);
      text(middle, top + tall / 2, data.dense.text, "middle strong");
      if (narrow) text(left + room + 10, top + tall / 2, `${data.dense.params} params`, "note");
      else text(left + room + 12, top + tall / 2, `${data.dense.params} parameters`, "note");
      y = top + tall;
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
      const span = (i) => { // bases (in input coordinates) that the unit of layer `depth` sees in layer i
        const through = depth - i, layer = good[depth - 1], k = data.kernel;
        const start = position - through * (data.same ? Math.floor((k - 1) / 2) : 0);
        const low = i ? good[i - 1].start : 0, size = i ? good[i - 1].length : L;
        const from = data.same ? start : position - layer.start + low;
        return [Math.max(from, low), Math.min(from + 1 + through * (k - 1), low + size)];
      };
      for (let i = 0; i < depth; i++) {
        const [a, b] = span(i), [c, d] = span(i + 1);
        const upper = places[i].bottom, lower = places[i + 1].top;
        svg("path", { class: "cone", d: `M${x(a)} ${upper} L${x(b)} ${upper} L${x(d)} ${lower} L${x(c)} ${lower} Z` }, cones);
        svg("rect", { class: "seen", x: x(a), y: places[i].top - 1, width: (b - a) * cell, height: upper - places[i].top + 2, rx: 3 }, body);
      }
      const [c, d] = span(depth);
      svg("rect", { class: good[depth - 1].activations ? "seen unit lined" : "seen unit", x: x(c), y: places[depth].top - 1, width: Math.max((d - c) * cell, 3), height: places[depth].bottom - places[depth].top + 2, rx: 2 }, body);
      return span(0);
    };
    const rest = () => {
      const last = good.at(-1), mark = data.marks?.[0];
      if (!last) return;
      const wish = mark ? Math.floor((mark.start + mark.end - 1) / 2) : Math.floor(L / 2);
      cone(good.length, Math.max(last.start, Math.min(last.start + last.length - 1, wish)));
    };
    image.onmousemove = (event) => {
      const frame = image.getBoundingClientRect(), px = event.clientX - frame.left, py = event.clientY - frame.top;
      const depth = good.findIndex((_, i) => py >= places[i + 1].top - 3 && py <= places[i + 1].bottom + 3) + 1;
      const layer = good[depth - 1], position = Math.floor((px - left) / cell);
      if (!layer || position < layer.start || position >= layer.start + layer.length) { tip.hide(); return rest(); }
      const [from, to] = cone(depth, position);
      tip.show([`${layer.name}, position ${position - layer.start + 1}`, `sees bases ${from + 1}–${to} (${to - from})`], px, py);
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
      return shown.join(" · ") + (more ? ` and ${more} more` : "");
    }
    function text(tx, ty, words, kind) { return svg("text", { x: tx, y: ty, class: kind }, body, words); }
    function side(name, shape, middle, bad = false) {
      text(0, middle - (shape ? 7 : 0), name, bad ? "strong badtext" : "strong");
      if (shape) text(0, middle + 8, shape, "note mono");
    }
  };
  return redrawing(host, draw);
}
