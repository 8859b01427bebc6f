// Rows for a graph: who imports stands above what it imports, but for as few imports as possible.

const MOST_ROWS = 9;
const MOST_IN_ROW = 8;

// edges: [from, to, weight]. Returns rows of nodes and whether an edge goes against the order.
function layered(size, edges) {
  const place = new Map(ordered(size, edges).map((at, number) => [at, number]));
  const against = (edge) => place.get(edge[0]) > place.get(edge[1]);
  const forward = edges.filter((edge) => !against(edge)).sort((a, b) => place.get(a[0]) - place.get(b[0]));
  const depth = new Array(size).fill(0);
  for (const [from, to] of forward) depth[to] = Math.max(depth[to], depth[from] + 1);
  // A source stands just above the first thing that it needs.
  const needed = new Set(forward.map((edge) => edge[1]));
  for (let at = 0; at < size; at++) {
    const below = forward.filter((edge) => edge[0] === at).map((edge) => depth[edge[1]]);
    if (!needed.has(at) && below.length) depth[at] = Math.min(...below) - 1;
  }
  const linked = new Set(edges.flatMap(([from, to]) => [from, to]));
  const deepest = Math.max(0, ...depth);
  for (let at = 0; at < size; at++) if (!linked.has(at)) depth[at] = deepest + 1;
  const squeeze = deepest + 1 > MOST_ROWS ? MOST_ROWS / (deepest + 1) : 1;
  const rows = [];
  for (let at = 0; at < size; at++) {
    const row = linked.has(at) ? Math.floor(depth[at] * squeeze) : MOST_ROWS + 1;
    (rows[row] = rows[row] || []).push(at);
  }
  return { rows: untangled(rows.filter(Boolean), edges).flatMap(broken), against };
}

// Greedy order with few imports backwards (Eades, Lin, Smyth 1993), by weight.
function ordered(size, edges) {
  const left = new Set(Array.from({ length: size }, (_, at) => at));
  const first = [], last = [];
  while (left.size) {
    let taken = null, best = -Infinity, where = first;
    for (const at of left) {
      let out = 0, into = 0;
      for (const [from, to, weight] of edges) {
        if (from === at && left.has(to)) out += weight;
        if (to === at && left.has(from)) into += weight;
      }
      if (!out) { taken = at; where = last; break; }
      const gain = into ? out - into : Number.MAX_SAFE_INTEGER;
      if (gain > best) { best = gain; taken = at; where = first; }
    }
    left.delete(taken);
    where.push(taken);
  }
  return [...first, ...last.reverse()];
}

// Each node near the middle of its neighbours, from above and from below in turn.
function untangled(rows, edges) {
  const x = new Map();
  const spread = (row) => row.forEach((at, number) => x.set(at, (number + 0.5) / row.length));
  rows.forEach(spread);
  const neighbours = new Map();
  for (const [from, to, weight] of edges) {
    for (const [a, b] of [[from, to], [to, from]]) neighbours.set(a, [...(neighbours.get(a) || []), [b, weight]]);
  }
  const middle = (at) => {
    const near = neighbours.get(at) || [];
    const sum = near.reduce((total, [, weight]) => total + Math.sqrt(weight), 0);
    return sum ? near.reduce((total, [other, weight]) => total + x.get(other) * Math.sqrt(weight), 0) / sum : x.get(at);
  };
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      const wanted = new Map(row.map((at) => [at, middle(at)]));
      row.sort((a, b) => wanted.get(a) - wanted.get(b) || a - b);
      spread(row);
    }
  }
  return rows;
}

function broken(row) {
  const parts = Math.ceil(row.length / MOST_IN_ROW);
  const most = Math.ceil(row.length / parts);
  return Array.from({ length: parts }, (_, part) => row.slice(part * most, (part + 1) * most));
}
