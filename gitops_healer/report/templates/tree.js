// Packages: directories with the sums of what is in them. A directory with a single directory in it is one with it.

const findingsOf = new Map();
scan.findings.forEach((finding, number) => {
  if (!findingsOf.has(finding[1])) findingsOf.set(finding[1], []);
  findingsOf.get(finding[1]).push(number);
});
const isTest = new Set(scan.tests);

function node(name, path, parent) {
  return { name, path, parent, children: new Map(), module: null, files: 0, lines: 0, complexity: 0, functions: 0,
    classes: 0, findings: 0 };
}

function grow(withTests) {
  const root = node("all", "", null);
  for (let number = 0; number < moduleCount; number++) {
    if (!withTests && isTest.has(number)) continue;
    const path = scan.paths[number];
    const parts = path.split("/");
    let at = root;
    parts.forEach((part, depth) => {
      add(at, number);
      // A path that hides characters may look like another one: it must not take its place.
      const key = depth === parts.length - 1 ? `${part}\u0000${number}` : part;
      if (!at.children.has(key)) at.children.set(key, node(part, parts.slice(0, depth + 1).join("/"), at));
      at = at.children.get(key);
    });
    add(at, number);
    at.module = number;
  }
  return gather(root);
}

function add(at, number) {
  at.files += 1;
  at.lines += scan.lines[number];
  at.complexity += scan.complexity[number];
  at.functions += scan.functions[number];
  at.classes += scan.classes[number];
  at.findings += (findingsOf.get(number) || []).length;
}

function gather(at) {
  at.children = [...at.children.values()].map(gather).sort((a, b) => b.lines - a.lines || (a.path < b.path ? -1 : 1));
  if (at.parent === null) return at;
  if (at.children.length === 1 && at.children[0].module === null) {
    const only = at.children[0];
    return Object.assign(only, { name: `${at.name}/${only.name}`, parent: at.parent });
  }
  return at;
}

function above(at) {
  const way = [];
  for (let here = at; here; here = here.parent) way.unshift(here);
  return way;
}

function modulesIn(at) {
  return at.module === null ? at.children.flatMap(modulesIn) : [at.module];
}

function findPackage(at, path) {
  if (at.path === path) return at;
  const next = at.children.find((child) => path === child.path || path.startsWith(child.path + "/"));
  return next ? findPackage(next, path) : null;
}
