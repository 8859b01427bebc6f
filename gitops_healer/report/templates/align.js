// Two pieces of code side by side: lines are matched so that like stands beside like (Needleman, Wunsch 1970),
// then words of lines that changed.

const words = (line) => line.match(/\w+|\s+|[^\w\s]/g) || [];

function dedented(text) {
  const lines = text.replace(/\t/g, "    ").split("\n");
  const indents = lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length);
  const least = Math.min(...indents, 200);
  return lines.map((line) => line.slice(least));
}

function alike(a, b) {
  if (a === b) return 1;
  const left = new Map();
  const [first, second] = [a, b].map((line) => words(line).filter((word) => word.trim()));
  first.forEach((word) => left.set(word, (left.get(word) || 0) + 1));
  let common = 0;
  for (const word of second) if (left.get(word)) { common += 1; left.set(word, left.get(word) - 1); }
  return first.length + second.length ? (2 * common) / (first.length + second.length) : 1;
}

// Pairs of places in two lists; null where one has nothing. gain: of standing beside each other, a gap gains nothing.
function aligned(first, second, gain) {
  const wide = second.length + 1;
  const best = new Float64Array((first.length + 1) * wide), way = new Uint8Array(best.length);
  for (let a = first.length; a >= 0; a--) {
    for (let b = second.length; b >= 0; b--) {
      if (a === first.length && b === second.length) continue;
      const at = a * wide + b;
      const both = a < first.length && b < second.length ? gain(first[a], second[b]) + best[at + wide + 1] : -Infinity;
      const left = a < first.length ? best[at + wide] : -Infinity, right = b < second.length ? best[at + 1] : -Infinity;
      best[at] = Math.max(both, left, right);
      way[at] = best[at] === both ? 0 : best[at] === left ? 1 : 2;
    }
  }
  const pairs = [];
  for (let a = 0, b = 0; a < first.length || b < second.length;) {
    const step = way[a * wide + b];
    pairs.push([step === 2 ? null : a, step === 1 ? null : b]);
    a += step === 2 ? 0 : 1;
    b += step === 1 ? 0 : 1;
  }
  return pairs;
}

const lineGain = (a, b) => {
  const same = alike(a, b);
  return same >= 0.3 ? same * (a.trim() ? 1 : 0.2) : -1;
};

// Each word with whether the other line lacks it.
function marked(a, b) {
  const [first, second] = [words(a), words(b)];
  const sides = [[], []];
  for (const [x, y] of aligned(first, second, (one, other) => (one === other ? (one.trim() ? 1 : 0.1) : -1))) {
    if (x !== null) sides[0].push([first[x], y === null]);
    if (y !== null) sides[1].push([second[y], x === null]);
  }
  return sides;
}
