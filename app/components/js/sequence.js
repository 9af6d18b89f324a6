// Sequences as coloured letters, one row each; marks are spans underlined with a label; a click reports the row.
export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement;
  let root = host.querySelector(".dc");
  if (!root) root = el("div", { class: "dc sequences" }, host);

  const draw = () => {
    const colors = themed(data.colors, isDark(host));
    root.replaceChildren();
    for (const [letter, color] of Object.entries(colors)) root.style.setProperty(`--base-${letter}`, color);
    const longest = Math.max(...data.rows.map((row) => row.sequence.length), 1);
    const narrow = root.clientWidth < 700;  // labels above the letters instead of beside them
    root.classList.toggle("narrow", narrow);
    const side = data.rows.some((row) => row.label) && !narrow ? 206 : 0;
    const room = root.clientWidth - side - 16;
    const cell = Math.max(8.2, Math.min(data.cell ?? 15, room / longest));
    const fit = Math.floor(room / cell);
    const perLine = data.wrap && fit < longest ? Math.max(10, Math.floor(fit / 10) * 10) : longest;
    root.style.setProperty("--cell", `${cell}px`);
    data.rows.forEach((row, index) => root.appendChild(drawRow(row, index, perLine)));
    for (const body of root.querySelectorAll(".body")) {  // what is marked is in view
      const mark = body.querySelector(".marked.first");
      if (mark) body.scrollLeft = mark.offsetLeft - body.offsetLeft - body.clientWidth / 3;
    }
  };

  const drawRow = (row, index, perLine) => {
    const line = el("div", { class: "row" + (data.clickable ? " clickable" : "") + (row.selected ? " selected" : "") });
    if (row.label) {
      const label = el("div", { class: "label" }, line);
      el("div", { class: "strong clip", title: row.label }, label, row.label);
      if (row.note) el("div", { class: "muted clip", title: row.note }, label, row.note);
    }
    const body = el("div", { class: "body" }, line);
    for (let start = 0; start < row.sequence.length; start += perLine) {
      const block = el("div", { class: "letters" }, body);
      const end = Math.min(start + perLine, row.sequence.length);
      for (let i = start; i < end; i++) {
        const letter = row.sequence[i];
        const known = letter in data.colors;
        const cell = el("span", { class: known ? "b" : "b n", style: known ? `color: var(--base-${letter})` : "" }, block, letter);
        if (data.numbers && ((i + 1) % 10 === 0 || i === 0)) cell.dataset.number = i + 1;
        for (const mark of row.marks ?? []) {
          if (i >= mark.start && i < mark.end) {
            cell.classList.add("marked");
            if (i === mark.start) cell.classList.add("first");
            if (i === mark.end - 1) cell.classList.add("last");
            cell.title = mark.label;
          }
        }
      }
    }
    if (data.clickable) choosable(host, line, index, row.label || `row ${index + 1}`, () => setTriggerValue("row", index));
    return line;
  };
  return redrawing(host, draw);
}
