// Cycles as wheels: modules on a circle, imports as chords, those to cut in their own colour.

const NAMED = 14; // modules up to which each is named in the picture

function drawCycles(openModule) {
  const cards = el("div", { class: "cards" });
  const more = inParts(scan.cycles, 12, (cycle) => cycleCard(cycle, openModule), cards);
  titled("cycles", "Import cycles", scan.cycles.length
    ? el("p", { class: "legend" }, el("span", {}, el("i", { class: "line" }), "import while a module loads"),
      scan.cycles.some((cycle) => cycle.edges.some((edge) => edge[3]))
        ? el("span", {}, el("i", { class: "line cut" }), "import to cut: without these, nothing is left of the cycle") : "")
    : empty("No modules need each other while they are imported."), cards, more);
}

function commonPrefix(names) {
  const parts = names.map((name) => name.split("."));
  let depth = 0;
  while (parts.every((name) => depth < name.length - 1 && name[depth] === parts[0][depth])) depth += 1;
  return parts[0].slice(0, depth).join(".");
}

function cycleCard(cycle, openModule) {
  const prefix = commonPrefix(cycle.modules);
  const short = (name) => (prefix ? name.slice(prefix.length + 1) : name);
  const cuts = cycle.edges.filter((edge) => edge[3]);
  const list = el("ul", { class: "cuts" });
  const more = inParts(cuts, 6, ([from, to, line]) => el("li", {}, el("code", {}, short(cycle.modules[from])), " → ",
    el("code", {}, short(cycle.modules[to])), el("span", { class: "quiet" }, ` line ${line}`)), list);
  return el("article", { class: "card" },
    el("h3", {}, `${count(cycle.modules.length, "module")}, ${count(cycle.imports, "import")}`),
    prefix ? el("p", { class: "quiet" }, "in ", el("code", {}, prefix)) : null,
    wheel(cycle, short, openModule),
    cycle.modules.length > NAMED ? moduleList(cycle, short, openModule) : null,
    cuts.length ? el("p", {}, `Cut ${cuts.length === 1 ? "this import" : `these ${cuts.length} imports`}:`) : null, list, more);
}

// What a picture without names leaves unsaid.
function moduleList(cycle, short, openModule) {
  const list = el("ul", { class: "chips" });
  const more = inParts(cycle.modules, 60, (name) => el("li", {}, el("button", { type: "button", class: "plain", on: { click: () => openModule(name) } }, short(name))), list);
  return el("details", {}, el("summary", {}, `All ${whole(cycle.modules.length)} modules`), list, more);
}

function wheel(cycle, short, openModule) {
  const size = cycle.modules.length, named = size <= NAMED;
  const width = 460, height = size === 2 ? 120 : named ? 280 : 320;
  const across = named ? (size === 2 ? 90 : 88) : 140, up = size === 2 ? 0.1 : height / 2 - (named ? 40 : 20);
  const spot = new Map(aroundCircle(cycle).map((module, number) => {
    const angle = (2 * Math.PI * number) / size + (size === 2 ? Math.PI : -Math.PI / 2);
    return [module, { x: width / 2 + across * Math.cos(angle), y: height / 2 + up * Math.sin(angle), angle }];
  }));
  const chords = cycle.edges.map(([from, to, line, cut]) => {
    const chord = svg("path", { d: chordOf(spot.get(from), spot.get(to), width / 2, height / 2, size), class: cut ? "chord cut" : "chord",
      "marker-end": size <= 40 ? `url(#${cut ? "arrow-cut" : "arrow"})` : null });
    return hinted(chord, () => [`${cycle.modules[from]} → ${cycle.modules[to]}`, `line ${line}${cut ? ", to be cut" : ""}`]);
  });
  // What is to be cut lies above the rest.
  chords.sort((a, b) => a.classList.contains("cut") - b.classList.contains("cut"));
  const dots = cycle.modules.map((name, number) => {
    const { x, y, angle } = spot.get(number);
    const side = size === 2 ? 0 : Math.cos(angle);
    const anchor = Math.abs(side) < 0.2 ? "middle" : side > 0 ? "start" : "end";
    const shift = anchor === "middle" ? [0, size === 2 ? 24 : Math.sin(angle) > 0 ? 20 : -11] : [side > 0 ? 10 : -10, 4];
    const dot = svg("g", { class: "dot", tabindex: named ? 0 : null, role: "button", "aria-label": `module ${name}` },
      svg("circle", { cx: x, cy: y, r: named ? 6 : size > 80 ? 3 : 4.5 }),
      named ? svg("text", { x: x + shift[0], y: y + shift[1], "text-anchor": anchor }, lastParts(short(name), ".", anchor === "middle" ? 30 : 20)) : null);
    dot.addEventListener("click", () => openModule(name));
    dot.addEventListener("keydown", (event) => { if (event.key === "Enter") openModule(name); });
    return hinted(dot, () => [name]);
  });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "wheel", role: "group", "aria-label": `Cycle of ${count(size, "module")}` }, chords, dots);
}

// Along the imports, so that most chords are short.
function aroundCircle(cycle) {
  const next = new Map();
  for (const [from, to] of cycle.edges) next.set(from, [...(next.get(from) || []), to]);
  const seen = new Set();
  for (let start = 0; start < cycle.modules.length; start++) {
    const stack = [start];
    while (stack.length) {
      const at = stack.pop();
      if (seen.has(at)) continue;
      seen.add(at);
      stack.push(...(next.get(at) || []).filter((to) => !seen.has(to)).reverse());
    }
  }
  return [...seen];
}

function chordOf(from, to, middleX, middleY, size) {
  const gap = size <= 40 ? 9 : 0;
  const long = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  // A bit to the left of the straight way, so that there and back are two lines; many chords bend to the middle.
  const bend = size === 2 ? 26 : Math.min(26, long / 8);
  const pull = size > NAMED ? 0.45 : 0;
  let x = (from.x + to.x) / 2 + (bend * (to.y - from.y)) / long, y = (from.y + to.y) / 2 - (bend * (to.x - from.x)) / long;
  x += (middleX - x) * pull;
  y += (middleY - y) * pull;
  const last = Math.hypot(to.x - x, to.y - y) || 1;
  return `M${from.x},${from.y} Q${x},${y} ${to.x - (gap * (to.x - x)) / last},${to.y - (gap * (to.y - y)) / last}`;
}

function arrows() {
  const arrow = (id) => svg("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto", markerUnits: "userSpaceOnUse" },
    svg("path", { d: "M0,0 L8,4 L0,8 z" }));
  return svg("svg", { width: 0, height: 0, class: "defs", "aria-hidden": "true" }, svg("defs", {}, arrow("arrow"), arrow("arrow-cut")));
}
