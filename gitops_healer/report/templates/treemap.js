// The map: area is lines, colour is what was chosen; squarified (Bruls, Huizing, van Wijk 2000).

const MEASURES = {
  density: { name: "complexity per 100 lines", steps: [5, 10, 16, 24],
    of: (at) => (at.lines ? (100 * at.complexity) / at.lines : 0) },
  mean: { name: "mean complexity of a function", steps: [1.5, 2.5, 4, 7],
    of: (at) => (at.functions ? at.complexity / at.functions : 0) },
  findings: { name: "findings per 1,000 lines", steps: [0.5, 2, 5, 10],
    of: (at) => (at.lines ? (1000 * at.findings) / at.lines : 0) },
};
const SMALLEST = 5; // pixels: below this width or height a place is summed up with its neighbours
const HEAD = 18; // pixels of the heading of a package
const DEEPEST = 4; // packages inside of packages

function shade(measure, at) {
  const value = measure.of(at);
  return measure.steps.filter((step) => value >= step).length;
}

function squarified(items, box) {
  const total = items.reduce((sum, item) => sum + item.lines, 0);
  const scale = total ? (box.width * box.height) / total : 0;
  const placed = [];
  let { x, y, width, height } = box;
  let row = [];
  const worst = (areas, side) => {
    const sum = areas.reduce((a, b) => a + b, 0);
    return Math.max((side * side * Math.max(...areas)) / (sum * sum), (sum * sum) / (side * side * Math.min(...areas)));
  };
  const place = () => {
    const sum = row.reduce((a, item) => a + item.lines * scale, 0);
    const across = width >= height;
    const thick = sum / (across ? height : width) || 0;
    let along = 0;
    for (const item of row) {
      const long = (item.lines * scale) / thick || 0;
      placed.push({ item, ...(across ? { x, y: y + along, width: thick, height: long }
        : { x: x + along, y, width: long, height: thick }) });
      along += long;
    }
    if (across) { x += thick; width -= thick; } else { y += thick; height -= thick; }
    row = [];
  };
  for (const item of items.filter((each) => each.lines > 0)) {
    const side = Math.min(width, height);
    const areas = row.map((each) => each.lines * scale);
    if (row.length && worst([...areas, item.lines * scale], side) > worst(areas, side)) place();
    row.push(item);
  }
  if (row.length) place();
  return placed;
}

function facts(at) {
  return [
    at.path || "everything",
    at.module === null ? `${count(at.files, "file")}, ${count(at.lines, "line")}` : count(at.lines, "line"),
    `complexity ${whole(at.complexity)}, ${decimal(MEASURES.density.of(at))} per 100 lines`,
    `${count(at.functions, "function")}, ${count(at.classes, "class", "classes")}`,
    count(at.findings, "finding"),
  ];
}

function drawTreemap(holder, scope, measure, choose) {
  holder.replaceChildren();
  fillBox(holder, scope, { x: 0, y: 0, width: holder.clientWidth, height: holder.clientHeight }, measure, choose, 0);
  shareOut(holder);
  walkable(holder, scope, choose);
}

// What is in a package: packages with room enough are opened, places too small for a hand are summed up.
function fillBox(holder, scope, box, measure, choose, depth) {
  const tiny = [];
  for (const spot of squarified(scope.children, box)) {
    const at = spot.item;
    if (spot.width < SMALLEST || spot.height < SMALLEST) tiny.push(spot);
    else if (at.module === null && depth < DEEPEST && spot.width > 64 && spot.height > 44) drawGroup(holder, spot, measure, choose, depth);
    else holder.append(cell(spot, at, measure, choose));
  }
  if (tiny.length) holder.append(summedUp(tiny, scope, box, choose));
}

function drawGroup(holder, spot, measure, choose, depth) {
  const at = spot.item;
  holder.append(position(hinted(el("button", { type: "button", class: `head depth${depth}`, tabindex: -1,
    "aria-label": `package ${facts(at).join("; ")}`, on: { click: () => choose(at) } }, at.name), () => facts(at)),
    { ...spot, height: HEAD }));
  fillBox(holder, at, { x: spot.x + 2, y: spot.y + HEAD, width: spot.width - 4, height: spot.height - HEAD - 2 },
    measure, choose, depth + 1);
}

function summedUp(tiny, scope, box, choose) {
  const said = `${count(tiny.length, "smaller one")} in ${scope.path || "everything"}`;
  const x = Math.min(...tiny.map((spot) => spot.x)), y = Math.min(...tiny.map((spot) => spot.y));
  return position(hinted(el("button", { type: "button", class: "rest", tabindex: -1, "aria-label": said,
    on: { click: () => choose(scope) } }), () => [said]),
    { x, y, width: box.x + box.width - x, height: box.y + box.height - y });
}

function cell(spot, at, measure, choose) {
  const label = spot.width > 34 && spot.height > 15 ? at.name : "";
  const shown = el("button", { type: "button", class: `cell shade${shade(measure, at)}`, tabindex: -1,
    "aria-label": `${at.module === null ? "package" : "module"} ${facts(at).join("; ")}`,
    on: { click: () => choose(at) } }, label);
  return position(hinted(shown, () => facts(at)), spot);
}

// From pixels to shares of the map, which stay right when the window changes.
function shareOut(holder) {
  const { clientWidth, clientHeight } = holder;
  for (const { style } of holder.children) {
    for (const [name, whole] of [["left", clientWidth], ["width", clientWidth], ["top", clientHeight], ["height", clientHeight]]) {
      style[name] = `${(100 * parseFloat(style[name])) / whole}%`;
    }
  }
}

function position(shown, { x, y, width, height }) {
  Object.assign(shown.style, { left: `${x}px`, top: `${y}px`, width: `${Math.max(1, width - 1)}px`,
    height: `${Math.max(1, height - 1)}px` });
  return shown;
}

// One stop for the Tab key; arrows go to the next place in their direction, Escape goes up.
function walkable(holder, scope, choose) {
  const places = [...holder.children];
  if (places.length) places[0].tabIndex = 0;
  holder.onkeydown = (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Escape" && scope.parent) return choose(scope.parent);
    const step = steps[event.key];
    const from = document.activeElement;
    if (!step || from.parentNode !== holder) return undefined;
    event.preventDefault();
    const next = nearest(places, from, step);
    if (next) {
      from.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
    return undefined;
  };
}

function nearest(places, from, [dx, dy]) {
  const middle = (place) => [place.offsetLeft + place.offsetWidth / 2, place.offsetTop + place.offsetHeight / 2];
  const [x, y] = middle(from);
  let best = null, least = Infinity;
  for (const place of places) {
    const [px, py] = middle(place);
    const ahead = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (place !== from && ahead > 0.5 && ahead + 2 * aside < least) { best = place; least = ahead + 2 * aside; }
  }
  return best;
}

function legend(measure) {
  const { steps } = measure;
  const words = [`below ${steps[0]}`, ...steps.slice(1).map((step, number) => `${steps[number]} to ${step}`),
    `${steps[steps.length - 1]} and more`];
  return el("p", { class: "legend" }, el("span", {}, `Area: lines. Colour: ${measure.name}`),
    words.map((word, number) => el("span", {}, el("i", { class: `shade${number}` }), word)));
}
