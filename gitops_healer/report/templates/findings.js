// Findings: filtered by rule, severity, path and words; sorted by any column.

const RULE = 0, PATH = 1, START = 2, END = 3, SEVERITY = 4, PRIORITY = 5, RISK = 6, SYMBOL = 7, MESSAGE = 8, EVIDENCE = 9;
// Name, what is compared, whether the largest comes first.
const COLUMNS = [
  ["priority", (f) => f[PRIORITY], true], ["severity", (f) => f[SEVERITY], true], ["rule", (f) => f[RULE]],
  ["where", (f) => scan.paths[f[PATH]]], ["what", (f) => f[MESSAGE]],
];
const chosen = { rule: "", severity: "", words: "", only: null, column: 0, turned: false };
const table = {};

function drawFindings(openPath) {
  const rules = [...new Set(scan.findings.map((finding) => finding[RULE]))].sort();
  const pick = (name, label, options) => el("label", {}, label, " ", el("select", { id: `filter-${name}`, on: { change: (event) => { chosen[name] = event.target.value; fill(openPath); } } },
    el("option", { value: "" }, "all"), options.map(([value, text]) => el("option", { value }, text))));
  table.said = el("p", { "aria-live": "polite", id: "findings-said", class: "quiet" });
  table.words = el("input", { type: "search", id: "filter-words", placeholder: "path or words", on: { input: (event) => { chosen.words = event.target.value; fill(openPath); } } });
  table.body = el("tbody", {});
  table.more = el("div", {});
  table.all = el("button", { type: "button", id: "filter-none", on: { click: () => showFindings({}, openPath) } }, "Show all");
  table.heads = COLUMNS.map(([name], number) => el("th", { scope: "col" }, el("button", { type: "button", on: { click: () => {
    chosen.turned = chosen.column === number && !chosen.turned;
    chosen.column = number;
    fill(openPath);
  } } }, name)));
  const missing = scan.totals.findings - scan.findings.length;
  titled("findings", "Findings", el("div", { class: "filters", role: "search", "aria-label": "Filter findings" },
    pick("rule", "Rule", rules.map((rule) => [rule, rule])), pick("severity", "Severity", [2, 1, 0].map((weight) => [weight, SEVERITIES[weight]])),
    el("label", {}, "Path or words ", table.words), table.all), table.said,
    missing > 0 ? el("p", { class: "quiet" }, `${whole(missing)} less urgent findings are not on this page; --format json has them.`) : null,
    el("div", { class: "wide" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, table.heads)), table.body)), table.more);
  if (scan.findings.length) fill(openPath);
  else titled("findings", "Findings", empty("Nothing was found."));
}

// Show findings of a rule, severity or words; or some of them alone.
function showFindings({ rule = "", severity = "", words: text = "", only = null }, openPath) {
  Object.assign(chosen, { rule, severity, words: text, only });
  document.getElementById("filter-rule").value = rule;
  document.getElementById("filter-severity").value = severity;
  table.words.value = text;
  fill(openPath);
}

function fits(finding, number) {
  if (chosen.only && !chosen.only.has(number)) return false;
  if (chosen.rule && finding[RULE] !== chosen.rule) return false;
  if (chosen.severity !== "" && finding[SEVERITY] !== Number(chosen.severity)) return false;
  const text = `${scan.paths[finding[PATH]]} ${finding[SYMBOL]} ${finding[MESSAGE]}`.toLowerCase();
  return chosen.words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function fill(openPath) {
  const [, key, largestFirst] = COLUMNS[chosen.column];
  const falling = Boolean(largestFirst) !== chosen.turned, sign = falling ? -1 : 1;
  const found = scan.findings.filter(fits);
  found.sort((a, b) => { const [x, y] = [key(a), key(b)]; return x < y ? -sign : x > y ? sign : 0; });
  table.heads.forEach((head, number) => head.setAttribute("aria-sort", number === chosen.column ? (falling ? "descending" : "ascending") : "none"));
  table.said.textContent = `${whole(found.length)} of ${count(scan.findings.length, "finding")}`;
  table.all.hidden = found.length === scan.findings.length;
  table.body.replaceChildren();
  table.more.replaceChildren(inParts(found, 100, (finding) => findingRow(finding, openPath), table.body));
}

const severityMark = (weight) => el("span", { class: `severity ${SEVERITIES[weight]}` }, SEVERITIES[weight]);

function findingRow(finding, openPath) {
  const more = finding[EVIDENCE].length || finding[SYMBOL];
  const said = more ? el("details", {}, el("summary", {}, prose(finding[MESSAGE])), el("ul", {},
    finding[SYMBOL] ? el("li", {}, el("code", {}, finding[SYMBOL]), ` lines ${finding[START]} to ${finding[END]}, ${finding[RISK]} risk to change`) : null,
    finding[EVIDENCE].map((fact) => el("li", {}, prose(fact))))) : prose(finding[MESSAGE]);
  return el("tr", {}, el("td", { class: "number" }, finding[PRIORITY]), el("td", {}, severityMark(finding[SEVERITY])), el("td", { class: "rule" }, el("code", {}, finding[RULE])),
    el("td", { class: "where" }, el("button", { type: "button", class: "plain", on: { click: () => openPath(finding[PATH]) } }, `${scan.paths[finding[PATH]]}:${finding[START]}`)), el("td", {}, said));
}
