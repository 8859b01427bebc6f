// Who imports whom, among the packages of a scope.

const MOST_PACKAGES = 24;
const MOST_LINKS = 70;

// Packages of the scope; the largest are opened while there is room.
function frontier(scope) {
  let shown = opened(scope, MOST_PACKAGES);
  for (;;) {
    const room = MOST_PACKAGES - shown.length + 1;
    const wanted = shown.filter((at) => at.module === null && !at.rest && at.lines * 8 >= scope.lines
      && (at.children.length <= room || (at.lines * 2 >= scope.lines && room >= 8)));
    const largest = wanted.sort((a, b) => b.lines - a.lines)[0];
    if (!largest) return shown;
    shown = shown.flatMap((at) => (at === largest ? opened(at, room) : [at]));
  }
}

// What is in a package: where there is no room for all of it, the smaller ones are one box.
function opened(at, room) {
  const inside = at.children.filter((child) => child.lines > 0);
  if (inside.length <= room) return inside;
  const small = inside.slice(room - 1);
  const sum = (key) => small.reduce((total, child) => total + child[key], 0);
  return [...inside.slice(0, room - 1), { ...at, rest: at, name: "the rest", path: `${at.path ? at.path + "/" : ""}the ${small.length} smaller`,
    children: small, files: sum("files"), lines: sum("lines"), complexity: sum("complexity") }];
}

// Imports at load, from one of the shown to another, counted by pairs of modules.
function links(shown) {
  const home = new Map();
  shown.forEach((at, number) => modulesIn(at).forEach((module) => home.set(module, number)));
  const sums = new Map();
  const pairs = scan.imports.load;
  for (let number = 0; number < pairs.length; number += 2) {
    const from = home.get(pairs[number]), to = home.get(pairs[number + 1]);
    if (from === undefined || to === undefined || from === to) continue;
    const key = from * 1000 + to;
    sums.set(key, (sums.get(key) || 0) + 1);
  }
  return [...sums].map(([key, sum]) => [Math.floor(key / 1000), key % 1000, sum]);
}

function drawImports(holder, scope, choose) {
  const all = frontier(scope);
  const linked = new Set(links(all).flatMap(([from, to]) => [from, to]));
  const shown = all.filter((at, number) => linked.has(number));
  const edges = links(shown).sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]);
  if (!edges.length) return holder.replaceChildren(empty("No module here imports another one of here while it loads."));
  const { rows, against } = layered(shown.length, edges);
  const label = (at) => (scope.path ? at.path.slice(scope.path.length + 1) : at.path);
  const backwards = edges.filter(against);
  // The strongest, those against the order, and one at least of each box.
  const own = shown.map((_, at) => edges.find((edge) => edge[0] === at || edge[1] === at));
  const drawn = new Set([...edges.slice(0, MOST_LINKS), ...backwards, ...own]);
  const said = [`${count(shown.length, "package or module", "packages and modules")}, ${count(edges.length, "link")}`];
  if (shown.length < all.length) said.push(`${whole(all.length - shown.length)} without links are left out`);
  if (drawn.size < edges.length) said.push(`the ${whole(drawn.size)} that matter most are drawn; point at a box to see all of its links`);
  holder.replaceChildren(
    el("p", { class: "quiet" }, said.join("; ") + "."),
    el("p", { class: "legend" }, el("span", {}, el("i", { class: "line" }), "imports what stands below"),
      backwards.length ? el("span", {}, el("i", { class: "line against" }), "imports against the order: part of a tangle of packages") : ""),
    el("div", { class: "wide" }, graph(shown, edges, rows, against, drawn, label, choose)),
    el("details", {}, el("summary", {}, "The same as a table"), linkTable(shown, edges, against, label)),
  );
  return undefined;
}

function graph(shown, edges, rows, against, drawn, label, choose) {
  const width = 1240, high = 40, step = 92;
  const height = rows.length * step - step + high + 20;
  const spot = new Map();
  rows.forEach((row, depth) => {
    const wide = Math.min(180, width / row.length - 12);
    row.forEach((at, number) => spot.set(at, { x: ((number + 0.5) * width) / row.length, y: 10 + depth * step, wide }));
  });
  const heaviest = edges[0][2];
  const lines = edges.map((edge) => {
    const line = svg("path", { d: curve(spot.get(edge[0]), spot.get(edge[1]), high),
      class: `link${against(edge) ? " against" : ""}${drawn.has(edge) ? "" : " faint"}`,
      "stroke-width": 1 + 4 * Math.sqrt(edge[2] / heaviest) });
    return hinted(line, () => [`${label(shown[edge[0]])} → ${label(shown[edge[1]])}`, count(edge[2], "module imports another", "imports of modules")]);
  });
  const boxes = shown.map((at, number) => {
    const { x, y, wide } = spot.get(number);
    const out = edges.filter((edge) => edge[0] === number), into = edges.filter((edge) => edge[1] === number);
    const box = svg("g", { class: "box", tabindex: 0, role: "button",
      "aria-label": `${at.path}: imports ${out.length} of the others, imported by ${into.length}` },
      svg("rect", { x: x - wide / 2, y, width: wide, height: high, rx: 6 }),
      svg("text", { x, y: y + 17 }, lastParts(label(at), "/", Math.floor(wide / 7))),
      svg("text", { x, y: y + 32, class: "small" }, at.module === null ? count(at.files, "file") : "module"));
    const light = (on) => {
      box.ownerSVGElement.classList.toggle("lit", on);
      lines.forEach((line, place) => line.classList.toggle("on", on && (edges[place][0] === number || edges[place][1] === number)));
    };
    for (const [event, on] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) {
      box.addEventListener(event, () => light(on));
    }
    box.addEventListener("click", () => choose(at.rest || at));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(at.rest || at); }
    });
    return hinted(box, () => [at.path, `imports ${out.length} of the others, imported by ${into.length}`, ...facts(at).slice(1, 3)]);
  });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "graph", role: "group", "aria-label": "Import graph of packages" }, lines, boxes);
}

function curve(from, to, high) {
  if (from.y === to.y) {
    const dip = from.y + high + 26;
    return `M${from.x},${from.y + high} C${from.x},${dip} ${to.x},${dip} ${to.x},${to.y + high}`;
  }
  const down = to.y > from.y;
  const start = from.y + (down ? high : 0), end = to.y + (down ? 0 : high), half = (end - start) / 2;
  return `M${from.x},${start} C${from.x},${start + half} ${to.x},${end - half} ${to.x},${end}`;
}

function linkTable(shown, edges, against, label) {
  const body = el("tbody", {});
  const draw = (edge) => el("tr", {}, el("td", {}, label(shown[edge[0]])), el("td", {}, label(shown[edge[1]])),
    el("td", { class: "number" }, whole(edge[2])), el("td", {}, against(edge) ? "against the order" : ""));
  const more = inParts(edges, 60, draw, body);
  return el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {},
    ["from", "to"].map((name) => el("th", { scope: "col" }, name)), el("th", { scope: "col", class: "number" }, "imports"), el("th", { scope: "col" }, "order"))), body), more);
}
