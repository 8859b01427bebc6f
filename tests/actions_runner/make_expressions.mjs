// Writes expressions.json: what GitHub's own evaluator gives for each line of expressions.txt.
//
//   npm install --ignore-scripts @actions/expressions@0.3.61     (MIT, github.com/actions/languageservices)
//   node make_expressions.mjs path/to/node_modules
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const library = resolve(process.argv[2], "@actions/expressions");
const { data, Evaluator, Lexer, Parser } = await import(pathToFileURL(`${library}/dist/index.js`));
const here = new URL(".", import.meta.url);
const contexts = JSON.parse(readFileSync(new URL("contexts.json", here)));

const asData = value => JSON.parse(JSON.stringify(value), data.reviver);
const asFact = result => {
  const value = result === undefined ? null : JSON.parse(JSON.stringify(result, data.replacer) ?? "null");
  const special = result?.kind === data.Kind.Number && !Number.isFinite(result.value);
  return special ? { number: String(result.value) } : { value };
};

function factOf(expression) {
  try {
    const { tokens } = new Lexer(expression).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), []).parse();
    return asFact(new Evaluator(parsed, asData(contexts)).evaluate());
  } catch (error) {
    return { error: String(error.message).split("\n")[0] };
  }
}

const expressions = readFileSync(new URL("expressions.txt", here), "utf8")
  .split("\n")
  .filter(line => line.trim() && !line.startsWith("# "));
const facts = expressions.map(expression => ({ expression, ...factOf(expression) }));
const version = JSON.parse(readFileSync(`${library}/package.json`)).version;
const source = `@actions/expressions ${version} (MIT, Copyright GitHub)`;
const lines = facts.map(fact => "    " + JSON.stringify(fact)).join(",\n");
writeFileSync(new URL("expressions.json", here), `{\n  "source": ${JSON.stringify(source)},\n  "facts": [\n${lines}\n  ]\n}\n`);
console.log(`${facts.length} facts, ${facts.filter(fact => fact.error).length} of them errors`);
