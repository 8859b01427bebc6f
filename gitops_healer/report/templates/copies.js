// Families of copies: where they are, and two of them side by side.

const KINDS = { 1: "the same but for layout and comments", 2: "names and literals differ", 3: "statements differ as well" };

function drawCopies() {
  const list = el("div", { class: "families" });
  const more = inParts(scan.families, 20, familyOf, list);
  const missing = scan.totals.families - scan.families.length;
  titled("copies", "Copies",
    scan.families.length ? el("p", { class: "quiet" }, "Those with the most lines to save come first. Open one to see two copies side by side.") : empty("No two pieces of code are copies of each other."),
    list, more, missing > 0 ? el("p", { class: "quiet" }, `${whole(missing)} smaller families are not on this page; --format json has them.`) : null);
}

const placeName = ([path, start, end]) => `${scan.paths[path]}:${start}-${end}`;

function familyOf(family) {
  const [first] = family.places;
  const holder = el("div", {});
  const details = el("details", { class: "family" },
    el("summary", {}, el("b", {}, count(family.places.length, "copy", "copies")), " ",
      el("span", { class: "tag" }, `${Math.round(100 * family.similarity)}% alike`), " ",
      el("span", { class: "quiet" }, `${count(family.repeated, "line")} to save`), " ",
      el("code", {}, first[3] || scan.paths[first[0]])), holder);
  details.addEventListener("toggle", () => {
    if (details.open && !holder.hasChildNodes()) holder.append(...comparison(family));
  });
  return details;
}

function comparison(family) {
  const withCode = family.places.map((place, number) => number).filter((number) => family.places[number][4]);
  const about = [el("p", { class: "quiet" }, KINDS[family.kind] || "", family.varies.length ? ". What varies: " : "",
    family.varies.flatMap((text, number) => [number ? ", " : "", el("code", {}, text)]))];
  const rest = [];
  if (withCode.length < family.places.length) {
    const list = el("ul", { class: "places" });
    const more = inParts(family.places, 12, (place) => el("li", {}, el("code", {}, placeName(place))), list);
    rest.push(el("details", {}, el("summary", {}, `All ${whole(family.places.length)} places`), list, more));
  }
  if (withCode.length < 2) return [...about, empty("The code of these copies is not on this page, which would be too large."), ...rest];
  const holder = el("div", { class: "wide" });
  const picks = [0, 1].map((side) => el("select", { "aria-label": side ? "Right copy" : "Left copy", on: { change: draw } },
    withCode.map((number) => el("option", { value: number, selected: number === withCode[side] }, placeName(family.places[number])))));
  function draw() {
    holder.replaceChildren(sideBySide(...picks.map((pick) => family.places[Number(pick.value)])));
  }
  draw();
  return [...about, el("div", { class: "picks" }, picks), holder, ...rest];
}

function sideBySide(left, right) {
  const [a, b] = [left, right].map((place) => dedented(place[4]));
  const rows = aligned(a, b, lineGain).map(([x, y]) => {
    if (x === null) return row(null, null, right[1] + y, [[b[y], true]], "added");
    if (y === null) return row(left[1] + x, [[a[x], true]], null, null, "removed");
    if (a[x] === b[y]) return row(left[1] + x, [[a[x], false]], right[1] + y, [[b[y], false]], "");
    const [before, after] = marked(a[x], b[y]);
    return row(left[1] + x, before, right[1] + y, after, "changed");
  });
  const cut = [left, right].some((place) => place[4].split("\n").length < place[2] - place[1] + 1);
  return el("div", {}, el("table", { class: "diff" }, el("caption", { class: "hidden" }, `${placeName(left)} beside ${placeName(right)}`),
    el("colgroup", {}, ["at", "code", "at", "code"].map((name) => el("col", { class: name }))), el("tbody", {}, rows)),
    cut ? el("p", { class: "quiet" }, "Only the first lines are shown.") : null);
}

function row(x, before, y, after, kind) {
  const code = (parts, side) => el("td", { class: parts ? `code ${kind} ${side}` : "code none" },
    (parts || []).map(([text, differs]) => (differs && kind === "changed" ? el("mark", {}, text) : text)));
  return el("tr", {}, el("td", { class: "at" }, x ?? ""), code(before, "left"), el("td", { class: "at" }, y ?? ""), code(after, "right"));
}
