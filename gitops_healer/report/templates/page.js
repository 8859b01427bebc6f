// The page: one scope for map and imports, one module that is looked at.

const view = { root: null, scope: null, module: null, measure: "density", tests: false };
const importsOf = neighbours();

function neighbours() {
  const found = new Map();
  const note = (module, side, other, kind) => {
    if (!found.has(module)) found.set(module, { out: [], into: [] });
    found.get(module)[side].push([other, kind]);
  };
  for (const [kind, pairs] of Object.entries(scan.imports)) {
    for (let number = 0; number < pairs.length; number += 2) {
      note(pairs[number], "out", pairs[number + 1], kind);
      note(pairs[number + 1], "into", pairs[number], kind);
    }
  }
  return found;
}

// A package becomes the scope, a module is shown below the map. section: where the choice was made and goes on.
function choose(at, section = "map") {
  if (at === view.scope) {
    // The sum of places too small for the map: the table has them.
    const sizes = document.getElementById("sizes");
    sizes.open = true;
    sizes.scrollIntoView({ block: "nearest" });
    return;
  }
  view.module = at.module;
  if (at.module === null) {
    view.scope = at;
    draw();
    const place = document.getElementById(section);
    const first = place.querySelector(".treemap [tabindex='0'], .graph [tabindex='0']") || place.querySelector(".crumbs button");
    if (first) first.focus({ preventScroll: true });
  } else if (section === "map") document.getElementById("module").replaceChildren(moduleCard(at.module));
  else openPath(at.module);
}

function openPath(number) {
  if (number >= moduleCount) return;
  if (isTest.has(number) && !view.tests) withTests(true);
  const parent = scan.paths[number].split("/").slice(0, -1).join("/");
  let holder = findPackage(view.root, parent) || view.root;
  while (holder.module !== null) holder = holder.parent;
  view.scope = holder;
  view.module = number;
  draw();
  document.getElementById("module").scrollIntoView({ block: "center" });
  document.getElementById("module").focus({ preventScroll: true });
}

function openModule(name) {
  const number = scan.names.indexOf(name);
  if (number >= 0) openPath(number);
}

function crumbs(section) {
  const way = above(view.scope);
  return el("nav", { class: "crumbs", "aria-label": "Package" }, way.map((at, number) => [
    number ? el("span", { "aria-hidden": "true" }, " / ") : null,
    number === way.length - 1 ? el("b", { "aria-current": "true" }, at.name)
      : el("button", { type: "button", class: "plain", on: { click: () => choose(at, section) } }, at.name)]).flat());
}

function drawMap() {
  const { scope } = view, measure = MEASURES[view.measure];
  const pick = el("label", {}, "Colour ", el("select", { id: "measure", on: { change: (event) => { view.measure = event.target.value; draw(); document.getElementById("measure").focus(); } } },
    Object.entries(MEASURES).map(([key, { name }]) => el("option", { value: key, selected: key === view.measure }, name))));
  const holder = el("div", { id: "treemap", class: "treemap", role: "group", "aria-label": `Map of ${scope.path || "everything"}; arrow keys move, Enter opens, Escape goes up` });
  titled("map", "Size and complexity", el("div", { class: "row" }, crumbs("map"), pick));
  const section = document.getElementById("map");
  if (!scope.lines) return section.append(empty("There are no lines of Python here."));
  section.append(legend(measure), holder, el("div", { id: "module", tabindex: -1, role: "region", "aria-label": "Chosen module" }, view.module === null ? [] : moduleCard(view.module)),
    el("details", { id: "sizes" }, el("summary", {}, `The same as a table: ${count(scope.children.length, "entry", "entries")}`), sizeTable(scope)));
  drawTreemap(holder, scope, measure, choose);
  return undefined;
}

function sizeTable(scope) {
  const body = el("tbody", {});
  const entry = (at) => el("tr", {}, el("td", {}, el("button", { type: "button", class: "plain", on: { click: () => choose(at) } }, at.name)),
    [at.files, at.lines, at.complexity].map((value) => el("td", { class: "number" }, whole(value))), el("td", { class: "number" }, decimal(MEASURES.density.of(at))),
    el("td", { class: "number" }, whole(at.findings)));
  const more = inParts(scope.children, 60, entry, body);
  return el("div", { class: "wide" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "name"),
    ["files", "lines", "complexity", "per 100 lines", "findings"].map((name) => el("th", { scope: "col", class: "number" }, name)))), body), more);
}

function moduleCard(number) {
  const near = importsOf.get(number) || { out: [], into: [] };
  const found = findingsOf.get(number) || [];
  const list = (title, items) => {
    const holder = el("ul", { class: "chips" });
    const more = inParts(items, 24, ([other, kind]) => el("li", {}, el("button", { type: "button", class: "plain", on: { click: () => openPath(other) } }, scan.names[other] || scan.paths[other]),
      kind === "load" ? null : el("small", {}, kind === "lazy" ? " later" : " for types")), holder);
    return el("div", {}, el("h4", {}, `${title}: ${whole(items.length)}`), holder, more);
  };
  return el("article", { class: "card", "aria-label": `Module ${scan.paths[number]}` }, el("h3", {}, el("code", {}, scan.paths[number])),
    el("p", { class: "quiet" }, [count(scan.lines[number], "line"), `complexity ${whole(scan.complexity[number])}`, count(scan.functions[number], "function"), count(scan.classes[number], "class", "classes")].join(", ")),
    scan.broken[number] !== undefined ? el("p", { class: "notice" }, `Could not be analysed: ${scan.broken[number]}`) : null,
    found.length ? el("button", { type: "button", class: "more", on: { click: () => { showFindings({ only: new Set(found) }, openPath); document.getElementById("findings").scrollIntoView(); } } }, `Show its ${count(found.length, "finding")}`) : null,
    el("div", { class: "halves" }, list("Imports", near.out), list("Imported by", near.into)));
}

function drawImportSection() {
  const holder = el("div", {});
  titled("imports", "Who imports whom", crumbs("imports"), holder);
  drawImports(holder, view.scope, (at) => choose(at, "imports"));
}

function drawSuggestions() {
  const list = el("ol", { class: "cards" });
  const more = inParts(scan.suggestions, 12, suggestionCard, list);
  titled("suggestions", "Suggestions", scan.suggestions.length ? null : empty("There are no suggestions."), list, more);
}

function suggestionCard(item) {
  const names = el("ul", { class: "places bare" });
  const more = inParts(item.modules, 4, (path) => el("li", {}, el("button", { type: "button", class: "plain", on: { click: () => openPath(path) } }, scan.paths[path])), names);
  return el("li", { class: "card" }, el("h3", {}, prose(item.title)), el("p", { class: "quiet" }, el("span", { class: "tag" }, item.kind.replaceAll("_", " ")), ` priority ${item.priority} of 10, ${item.risk} risk`), names, more,
    item.findings.length ? el("button", { type: "button", class: "more", on: { click: () => { showFindings({ only: new Set(item.findings) }, openPath); document.getElementById("findings").scrollIntoView(); } } }, count(item.findings.length, "finding")) : null);
}

function drawBroken() {
  const broken = Object.entries(scan.broken);
  const body = el("ul", { class: "places" });
  const more = inParts(broken, 50, ([number, reason]) => el("li", {}, el("code", {}, scan.paths[number]), ` ${reason}`), body);
  titled("broken", "Files that could not be analysed", broken.length ? null : empty("Every Python file could be analysed."), body, more);
}

function withTests(on) {
  view.tests = on;
  view.root = grow(on);
  view.scope = findPackage(view.root, view.scope ? view.scope.path : "") || view.root;
  view.module = null;
  document.getElementById("with-tests").checked = on;
}

function testChoice() {
  const choice = document.getElementById("with-tests");
  if (!isTest.size || isTest.size === moduleCount) return withTests(true);
  choice.parentNode.hidden = false;
  document.getElementById("with-tests-label").textContent = `map and imports with tests (${count(isTest.size, "file")})`;
  choice.addEventListener("change", () => { withTests(choice.checked); draw(); });
  return withTests(false);
}

function themeChoice() {
  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "system") + 1) % themes.length];
    document.documentElement.dataset.theme = next;
    button.textContent = `Colours: ${next}`;
    button.setAttribute("aria-label", `Colours: ${next}`);
  });
}

function draw() {
  tip.hidden = true;
  drawMap();
  drawImportSection();
}

document.getElementById("notices").append(...scan.notices.map((text) => el("p", { class: "notice" }, prose(text))));
document.body.append(arrows());
themeChoice();
testChoice();
draw();
drawCycles(openModule);
drawCopies();
drawSuggestions();
drawFindings(openPath);
drawBroken();
let lastWidth = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === lastWidth) return;
  lastWidth = window.innerWidth;
  drawMap();
});
document.documentElement.dataset.ready = "true";
