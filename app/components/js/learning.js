// First-layer filters as logos that change from one evaluation to the next; a slider over epochs, which plays.
// data: {run, frames:[{epoch,kernels:[F][4][K],since,moved:[F]}], names:{epoch:[F]}, alike:{epoch:words}, help, letters, glyphs, colors, height}
export default function ({ parentElement, data }) {
  speak(parentElement, data);
  const host = parentElement, kept = memory(host), wide = 10, calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc learning" }, host);
  if (kept.run !== data.run) Object.assign(kept, { run: data.run, frames: new Map(), names: {}, alike: {}, at: null });
  for (const frame of data.frames) kept.frames.set(frame.epoch, frame);
  Object.assign(kept.names, data.names); Object.assign(kept.alike, data.alike);
  const frames = [...kept.frames.values()].sort((a, b) => a.epoch - b.epoch), last = frames.length - 1;
  if (kept.newest !== undefined && frames[last].epoch < kept.newest) kept.at = null; // a run that went on from an earlier epoch
  kept.newest = frames[last].epoch;
  const index = () => (kept.at === null ? last : Math.max(0, frames.findIndex(({ epoch }) => epoch === kept.at)));

  const draw = () => {
    if (kept.held && root.firstChild) return; // a frame that comes while the slider is dragged waits
    const slid = root.contains(root.getRootNode().activeElement) && root.getRootNode().activeElement.type === "range";
    root.replaceChildren();
    const colors = themed(data.colors, isDark(host)), { letters, height } = data, [F, K] = [frames[last].kernels.length, frames[last].kernels[0][0].length];
    const head = el("div", { class: "head" }, root), title = el("div", { class: "title" }, head), strong = el("span", { class: "strong" }, title), alike = el("span", { class: "strong" }, title);
    const about = el("span", { class: "about", tabindex: 0, role: "note", "aria-label": data.help }, title, "i"), tip = tooltip(root);
    about.onmouseenter = about.onfocus = () => tip.show([tr("Weights, not matches"), data.help], about.offsetLeft, about.offsetTop + 10);
    about.onmouseleave = about.onblur = () => tip.hide();
    const controls = el("div", { class: "controls" }, head);
    let slider = null, button = null;
    if (last > 0) {
      if (!calm) { button = el("button", { type: "button", class: "play" }, controls); button.onclick = () => (kept.playing ? pause() : play()); }
      slider = el("input", { type: "range", min: 0, max: last, step: 1, "aria-label": tr("Epoch") }, controls);
      slider.oninput = () => { const i = +slider.value; kept.at = i === last ? null : frames[i].epoch; pause(); show(i); };
      slider.onpointerdown = () => { kept.held = true; };
      slider.onpointerup = slider.onpointercancel = () => { kept.held = false; kept.draw(); };
      if (slid) slider.focus({ preventScroll: true });
    }
    // one scale for all filters and epochs, so that growth is seen
    const sum = (kernel, p, sign) => kernel.reduce((all, row) => all + Math.max(sign * row[p], 0), 0);
    const most = (sign) => Math.max(1e-6, ...frames.flatMap(({ kernels }) => kernels.flatMap((kernel) => kernel[0].map((_, p) => sum(kernel, p, sign)))));
    const top = most(1), scale = height / (top + most(-1)), zero = top * scale, grid = el("div", { class: "logos" }, root);
    const tiles = Array.from({ length: F }, (_, f) => {
      const tile = el("figure", { class: "logo" }, grid), caption = el("figcaption", {}, tile);
      el("span", { class: "strong" }, caption, String(f + 1));
      const name = el("span", { class: "name" }, caption);
      const image = svg("svg", { viewBox: `0 0 ${K * wide} ${height}`, preserveAspectRatio: "none", height, role: "img" }, tile);
      svg("line", { class: "zero", x1: 0, x2: K * wide, y1: zero, y2: zero }, image);
      const paths = Array.from({ length: K }, () => [...letters].map((letter) => svg("path", { d: data.glyphs[letter].path, fill: colors[letter] }, image)));
      const foot = el("div", { class: "foot" }, tile), bar = el("i", {}, el("span", { class: "track" }, foot)), moved = el("span", { class: "moved" }, foot);
      return { tile, name, foot, bar, moved, image, paths };
    });
    const shape = (f, from, to, share) => {
      for (let p = 0; p < K; p++) {
        const column = [0, 1, 2, 3].map((b) => [b, from[b][p] * (1 - share) + to[b][p] * share]).sort((a, b) => Math.abs(a[1]) - Math.abs(b[1]));
        let up = 0, down = 0;
        for (const [b, value] of column) {
          const tall = Math.abs(value) * scale, y = value > 0 ? zero - (up += tall) : zero + down;
          if (value <= 0) down += tall;
          const glyph = data.glyphs[letters[b]];
          tiles[f].paths[p][b].setAttribute("transform", `translate(${p * wide + 0.35} ${y.toFixed(2)}) scale(${(wide - 0.7) / glyph.width} ${Math.max(tall, 0.01) / glyph.height})`);
        }
      }
    };
    const tell = (i) => { // the words of a frame
      const { epoch, since, moved } = frames[i], names = kept.names[epoch], far = moved?.indexOf(Math.max(...moved)) ?? -1;
      strong.textContent = tr("First-layer filters after epoch {n}", { n: epoch.toLocaleString("en") });
      alike.textContent = kept.alike[epoch] ? ` · ${kept.alike[epoch]}` : "";
      tiles.forEach(({ tile, name, foot, bar, moved: node, image }, f) => {
        name.textContent = names?.[f] ? ` ${names[f]}` : "";
        const share = moved ? Math.round(100 * moved[f]) : 0, most = f === far && share > 0;
        foot.style.visibility = moved ? "visible" : "hidden";
        bar.style.width = `${moved ? (100 * moved[f]) / Math.max(...moved, 1e-9) : 0}%`;
        node.textContent = most ? tr("moved most: {share} %", { share }) : tr("moved {share} %", { share });
        tile.classList.toggle("far", most);
        tile.title = moved ? tr("moved {share} % of its length since epoch {n}", { share, n: since }) : "";
        image.setAttribute("aria-label", names?.[f] ? tr("filter {f} after epoch {n}, like {name}", { f: f + 1, n: epoch, name: names[f] }) : tr("filter {f} after epoch {n}", { f: f + 1, n: epoch }));
      });
      if (slider) { slider.value = i; slider.setAttribute("aria-valuetext", tr("epoch {n}", { n: epoch })); }
      if (button) button.textContent = kept.playing ? tr("❚❚ Pause") : tr("▶ Play");
    };
    const show = (at) => {
      const i = Math.min(Math.floor(at), last), j = Math.min(i + 1, last), share = at - i, eased = share * share * (3 - 2 * share);
      for (let f = 0; f < F; f++) shape(f, frames[i].kernels[f], frames[j].kernels[f], eased);
      tell(share > 0.5 ? j : i);
    };
    const pause = () => { cancelAnimationFrame(kept.next); kept.playing = null; tell(index()); };
    const roll = () => {
      const each = Math.max(180, Math.min(700, 14000 / last));
      const step = (now) => {
        if (!root.isConnected || !kept.playing) return;
        const at = Math.min(last, Math.max(0, now - kept.playing.began) / each);
        kept.at = at >= last ? null : frames[Math.floor(at)].epoch;
        if (at >= last) kept.playing = null;
        show(at);
        if (kept.playing) kept.next = requestAnimationFrame(step);
      };
      kept.next = requestAnimationFrame(step);
    };
    const play = () => { kept.playing = { began: performance.now() }; roll(); };
    show(index());
    cancelAnimationFrame(kept.next);
    if (kept.playing) roll(); // more frames have come while it plays
  };
  const stop = redrawing(host, draw);
  return () => { cancelAnimationFrame(kept.next); kept.playing = null; stop(); };
}
