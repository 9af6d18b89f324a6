// A word moved through a sequence by a slider; predictions for every place came with the data, so nothing is asked for.
export default function ({ parentElement, data }) {
  speak(parentElement, data);
  const host = parentElement, kept = memory(host), places = data.predictions.length - 1;
  if (kept.places !== places) { kept.places = places; kept.at = Math.floor(places / 2); }
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc moving" }, host);

  const draw = () => {
    root.replaceChildren();
    const colors = themed(data.colors, isDark(host));
    const line = el("div", { class: "line" }, root), tall = 54;
    const image = svg("svg", { viewBox: `0 0 ${Math.max(places - 1, 1)} ${tall}`, preserveAspectRatio: "none", height: tall,
      role: "img", "aria-label": tr("{unit} with the motif at each place", { unit: data.unit }) }, root);
    const low = Math.min(...data.logits), span = Math.max(Math.max(...data.logits) - low, 1e-9);
    const y = (value) => tall - 3 - ((value - low) / span) * (tall - 6);
    svg("line", { class: "without", x1: 0, x2: places - 1, y1: y(data.logits[places]), y2: y(data.logits[places]) }, image);
    svg("polyline", { class: "curve", points: data.logits.slice(0, places).map((value, i) => `${i},${y(value)}`).join(" ") }, image);
    const here = svg("line", { class: "here", y1: 0, y2: tall }, image);
    const input = el("input", { type: "range", min: 1, max: places, value: kept.at + 1, "aria-label": tr("First base of the motif") }, root);
    const letters = el("div", { class: "letters" }, root);
    const lettered = (at) => data.background.slice(0, at) + data.word + data.background.slice(at + data.word.length);
    const cells = [...data.background].map(() => el("span", {}, letters));
    const signed = (value) => `${value >= 0 ? "+" : ""}${value.toFixed(2)}`;

    const show = () => {
      const at = kept.at, end = at + data.word.length;
      line.replaceChildren();
      el("span", {}, line, tr("from base ")).appendChild(el("span", { class: "strong" }, null, at + 1));
      el("span", {}, line, tr("prediction ")).appendChild(el("span", { class: "strong value" }, null, data.predictions[at].toFixed(3)));
      if (data.unit === "logit") el("span", {}, line, tr("logit ")).appendChild(el("span", { class: "strong" }, null, signed(data.logits[at])));
      el("span", { class: "muted" }, line, tr("without the motif {value}", { value: data.predictions[places].toFixed(3) }));
      here.setAttribute("x1", at); here.setAttribute("x2", at);
      [...lettered(at)].forEach((letter, i) => {
        const cell = cells[i];
        if (cell.textContent !== letter) { cell.textContent = letter; cell.style.color = colors[letter] ?? "inherit"; }
        cell.classList.toggle("in", i >= at && i < end);
      });
    };
    let frame = null;
    input.oninput = () => {
      kept.at = Number(input.value) - 1;
      frame ??= requestAnimationFrame(() => { frame = null; show(); });  // once a frame, however many moves
    };
    show();
  };
  // The charts of the page first: their library takes a second to start, in which a drag would stand still.
  plotly().catch(() => null).then(() => setTimeout(() => { kept.ready = true; kept.draw?.(); }));
  return redrawing(host, () => { if (kept.ready) draw(); });
}
