// A plotly figure that is updated in place: Plotly.react with a steady uirevision keeps zoom, hover and hidden traces.
// Colours a figure may name ("theme:primary"), and the core's own series colours: both follow the theme.
function recolor(value, look) {
  if (typeof value === "string") return value.startsWith("theme:") ? (look[value.slice(6)] ?? value) : value[0] === "#" ? (look[value] ?? value) : value;
  if (Array.isArray(value)) return value.length && typeof value[0] === "number" ? value : value.map((item) => recolor(item, look));
  if (value && typeof value === "object" && !ArrayBuffer.isView(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recolor(item, look)]));
  return value;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement, kept = memory(host);
  let node = host.querySelector(".dc-chart");
  if (!node) node = el("div", { class: "dc-chart" }, host);
  node.style.height = `${data.height}px`;

  const draw = async () => {
    const library = await plotly();
    if (!kept.plotted) await new Promise((resolve) => setTimeout(resolve)); // several charts at once do not hold up a click
    if (!node.isConnected) return;
    const text = css(host, "--st-text-color"), grid = css(host, "--st-border-color"), back = css(host, "--st-background-color");
    const series = css(host, "--st-chart-categorical-colors").split(",");
    const look = { text, grid, back, primary: css(host, "--st-primary-color"), muted: `color-mix(in srgb, ${text} 55%, ${back})` };
    look.muted = isDark(host) ? "#8B94A3" : "#7A8290";
    series.forEach((color, i) => (look[`series${i}`] = color.trim()));
    Object.assign(look, themed(data.colors ?? {}, isDark(host)));
    const figure = recolor(JSON.parse(data.figure), look);
    const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid, automargin: true };
    const layout = { ...figure.layout };
    delete layout.template;
    for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((k) => /^[xy]axis\d*$/.test(k))]))
      layout[name] = { ...axis, ...(layout[name] ?? {}) };
    Object.assign(layout, {
      autosize: true, height: data.height, uirevision: data.revision, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: css(host, "--st-font"), size: 12, color: text, ...(layout.font?.size ? { size: layout.font.size } : {}) },
      hoverlabel: { bgcolor: back, bordercolor: grid, font: { color: text, size: 12 } },
      colorway: series, modebar: { bgcolor: "rgba(0,0,0,0)", color: look.muted, activecolor: look.primary },
    });
    const first = !kept.plotted;
    if (data.selectable) Object.assign(layout, {
      dragmode: "select", selections: data.box ? [{ type: "rect", line: { color: look.primary, width: 1.5, dash: "dot" }, ...data.box }] : [],
      newselection: { line: { color: look.primary, width: 1.5, dash: "dot" } }, activeselection: { fillcolor: look.primary, opacity: 0.12 },
    });
    await library.react(node, figure.data, layout, { displaylogo: false, responsive: false, showSendToCloud: false,
      displayModeBar: data.toolbar ? "hover" : false, doubleClick: "reset" });
    kept.plotted = true;
    if (first) {
      node.on("plotly_click", (event) => {
        const point = event.points[0];
        kept.click?.({ curve: point.curveNumber, point: point.pointIndex ?? point.pointNumber, data: point.customdata ?? null });
      });
      node.on("plotly_selected", (event) => {
        const across = event?.range ?? event?.lassoPoints;
        if (across) kept.stretch?.({ x0: Math.min(...across.x), x1: Math.max(...across.x), y0: Math.min(...across.y), y1: Math.max(...across.y) });
      });
      node.on("plotly_deselect", () => kept.stretch?.({}));
    }
  };
  kept.stretch = data.selectable ? (box) => setTriggerValue("stretch", box) : null;
  kept.click = data.clickable ? (point) => setTriggerValue("click", point) : null;
  const stop = redrawing(host, () => draw().catch((error) => { node.textContent = error.message; }));
  return () => { stop(); if (kept.plotted && !node.isConnected) { window.Plotly?.purge(node); kept.plotted = false; } };
}
