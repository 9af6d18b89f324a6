// The numbers of one sequence in one network (dnaconv_core/engine/excerpt.py), and where each of them comes from.
// A unit is {layer, row, at, strand}: a filter shown of a layer (from 1) at a position; layer 0 is the sequence, `at` a base.
function walkOf({ net, now, was, sequence, bases }) {
  const L = sequence.length, depth = net.layers.length, argmax = (list) => list.reduce((best, v, i) => (v > list[best] ? i : best), 0);
  const told = (layer) => net.layers[layer - 1], of = (layer, some = now) => some.layers[layer - 1];
  const positions = (layer) => of(layer).made[0][0].length;
  const kernel = (layer) => told(layer).weight[0].find((w) => w).length;
  const start = (layer) => { // where its first unit is drawn: without padding over the middle of what it sees
    const [before, after] = told(layer).sees, { given, before: sums } = of(layer);
    return sums[0][0].length < given[0][0].length ? (after - before + 1 - told(layer).stride) / 2 : 0;
  };
  // the bases [from, to) over which a unit is drawn, and those that it sees
  const drawnAt = (layer, at, strand) => {
    const from = Math.min(layer ? start(layer) + at * told(layer).stride : at, L - 0.5), to = Math.min(from + (layer ? told(layer).stride : 1), L);
    return strand ? [L - to, L - from] : [from, to];
  };
  const complement = (letter) => bases[3 - bases.indexOf(letter)] ?? letter;
  const baseOn = (strand, at) => (strand ? L - 1 - at : at); // the base on the sequence as given
  const letterOn = (strand, at) => { const own = sequence[baseOn(strand, at)]; return strand ? complement(own) : own; };

  // the strongest of the positions of an earlier layer that one position of `stride` bases stands for
  const strongest = (layer, row, at, stride, strand) => {
    const ratio = stride / told(layer).stride, made = of(layer).made[strand][row];
    const from = at * ratio, to = Math.min(from + ratio, made.length);
    return from + argmax(made.slice(from, to));
  };
  const source = (layer, input, at, strand) => {
    const { layer: earlier, row } = told(layer).inputs[input];
    if (!earlier) return { layer: 0, row, at, strand };
    return { layer: earlier, row, strand, at: strongest(earlier, row, at, told(layer).stride, strand) };
  };
  // products of a unit: [{input, at, given, weight, value, was}] for each input and column; beyond the ends at is null
  const products = ({ layer, row, at, strand }) => told(layer).inputs.map((_, input) => {
    const weights = told(layer).weight[row][input], given = of(layer).given[strand][input];
    return weights?.map((weight, k) => {
      const place = at - told(layer).reach[0] + k, inside = place >= 0 && place < given.length;
      const value = inside ? given[place] : 0, earlier = was && inside ? of(layer, was).given[strand][input][place] : value;
      return { input, at: inside ? place : null, given: value, weight, value: value * weight, was: earlier * weight };
    });
  });
  const sumOf = (some) => some.reduce((total, row) => total + (row ?? []).reduce((all, one) => all + one.value, 0), 0);

  // the unit whose activation is number `at` of row `row` of what enters the head
  const feature = (row, at) => {
    const { layer, row: own } = net.head.rows[row], strand = now.turned?.[row][at] ?? 0;
    const place = strand ? now.features[row].length - 1 - at : at;
    return { layer, row: own, strand, at: strongest(layer, own, place, net.head.stride, strand) };
  };
  // a number of the head by part, row and place among its stretches or positions: the unit that it comes from
  const fromHead = (part, row, place) => {
    const kind = net.head.parts[part];
    const at = kind === "each position" ? place : kind === "maximum" ? now.winners[row][place] : argmax(now.features[row]);
    return at < 0 ? null : feature(row, at);
  };
  // numbers times weights, [{part, row, place, given, weight, value, was}], the largest first
  const weighed = (weight) => {
    const found = [];
    now.parts.forEach((rows, part) => rows.forEach((list, row) => list.forEach((given, place) => {
      const w = weight[part][row][place];
      found.push({ part, row, place, given, weight: w, value: given * w, was: (was ? was.parts[part][row][place] : given) * w });
    })));
    return found.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  };

  // from the output back to the sequence by the largest product at each step: the unit to begin with of every layer
  const path = () => {
    const chosen = told && net.layers.map((_, i) => {
      const made = of(i + 1).made[0], row = argmax(made.map((list) => Math.max(...list)));
      return { layer: i + 1, row, at: argmax(made[row]), strand: 0 };
    });
    let weights = net.weight, unit = 0;
    if (net.hidden) { unit = argmax(now.hidden.made.map((v, i) => Math.abs(v * net.hidden.onward[i]))); weights = net.hidden.weight[unit]; }
    const top = net.head.parts.length ? weighed(weights)[0] : null;
    let at = top ? fromHead(top.part, top.row, top.place) : chosen[depth - 1];
    while (at?.layer) {
      chosen[at.layer - 1] = at;
      const largest = products(at).flat().filter((one) => one && one.at !== null).sort((a, b) => b.value - a.value)[0];
      at = largest ? source(at.layer, largest.input, largest.at, at.strand) : null;
    }
    return { units: chosen, unit };
  };
  // of a unit, the positions [from, to) of each earlier layer's axis that reach it, as bases drawn; first those of the sequence
  const cone = ({ layer, at, strand }) => {
    const spans = [[at, at + 1]];
    for (let i = layer; i > 0; i--) {
      const { reach, pool } = told(i), [low, high] = spans[0], size = i > 1 ? positions(i - 1) : L;
      spans.unshift([Math.max((low - reach[0]) * pool, 0), Math.min((high + reach[1]) * pool, size)]);
    }
    return spans.map(([low, high], i) => {
      const a = drawnAt(i, low, strand), b = drawnAt(i, high - 1, strand);
      return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
    });
  };
  const changed = (rows, earlier) => rows[0].map((_, p) => rows.some((list, r) => Math.abs(list[p] - earlier[r][p]) > 1e-4));
  return { L, depth, told, of, positions, kernel, drawnAt, baseOn, letterOn, source, products, sumOf, feature, fromHead, weighed,
    path, cone, changed, argmax };
}

// the axis of the sequence, shared by all that is drawn on it
function margins(node) {
  const width = Math.max(node.clientWidth, 340), narrow = width < 700, left = narrow ? 62 : 78;
  return { width, left, room: width - left - (narrow ? 50 : 120) };
}
