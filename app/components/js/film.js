// A filter's weights after every epoch, as letters that grow from one epoch to the next.
// data: {frames:[{epoch,kernel:[4][K]}], glyphs, colors, height}
export default function ({ parentElement, data }) {
  speak(parentElement, data);
  const host = parentElement, kept = memory(host), letters = "ACGT", wide = 10, each = 700, rest = 2600;
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc film" }, host);

  const draw = () => {
    cancelAnimationFrame(kept.next);
    root.replaceChildren();
    const colors = themed(data.colors, isDark(host)), frames = data.frames, n = frames[0].kernel[0].length;
    const sum = (kernel, i, sign) => letters.split("").reduce((all, _, b) => all + Math.max(sign * kernel[b][i], 0), 0);
    const most = (sign) => Math.max(...frames.flatMap(({ kernel }) => kernel[0].map((_, i) => sum(kernel, i, sign))));
    const top = most(1), scale = data.height / (top + most(-1)), zero = top * scale;
    const image = svg("svg", { viewBox: `0 0 ${n * wide} ${data.height}`, preserveAspectRatio: "none", height: data.height,
      role: "img", "aria-label": tr("a filter after {n} epochs, as a logo of its weights", { n: frames.at(-1).epoch }) }, root);
    svg("line", { class: "zero", x1: 0, x2: n * wide, y1: zero, y2: zero }, image);
    const paths = Array.from({ length: n }, () => [...letters].map((letter) =>
      svg("path", { d: data.glyphs[letter].path, fill: colors[letter] }, image)));
    const line = el("div", { class: "line" }, root);

    const show = (at) => { // at: a place between two frames, as 2.4
      const i = Math.min(Math.floor(at), frames.length - 1), j = Math.min(i + 1, frames.length - 1), share = at - i;
      const eased = share * share * (3 - 2 * share);
      for (let p = 0; p < n; p++) {
        const column = [0, 1, 2, 3].map((b) => [b, frames[i].kernel[b][p] * (1 - eased) + frames[j].kernel[b][p] * eased]);
        column.sort((a, b) => Math.abs(a[1]) - Math.abs(b[1])); // the heaviest lies furthest from the line
        let up = 0, down = 0;
        for (const [b, value] of column) {
          const tall = Math.abs(value) * scale, y = value > 0 ? zero - (up += tall) : zero + down;
          if (value <= 0) down += tall;
          paths[p][b].setAttribute("transform", `translate(${p * wide + 0.35} ${y}) scale(${wide - 0.7} ${Math.max(tall, 0.01)})`);
        }
      }
      const words = tr("epoch {n} of {all}", { n: frames[i].epoch, all: frames.at(-1).epoch });
      if (line.textContent !== words) line.textContent = words;
    };
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return show(frames.length - 1);
    kept.began ??= performance.now();
    const whole = (frames.length - 1) * each + rest;
    const step = (now) => {
      if (!root.isConnected) return;
      show(Math.min((Math.max(now - kept.began, 0) % whole) / each, frames.length - 1)); // a frame may be dated before it was asked for
      kept.next = requestAnimationFrame(step);
    };
    kept.next = requestAnimationFrame(step);
  };
  const stop = redrawing(host, draw);
  return () => { cancelAnimationFrame(kept.next); stop(); };
}
