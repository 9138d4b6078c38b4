// `node adf.mjs DIR`: checks every *.adf.json file of a folder against Atlassian's own schema of its document format.
// The schema comes from the package that Atlassian's editor is built from; none of it is ours.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import Ajv from "ajv-draft-04";

// "full" is what products may send; "stage-0" beside it is experimental.
const schema = createRequire(import.meta.url)("@atlaskit/adf-schema/dist/json-schema/v1/full.json");
const ajv = new Ajv({ strict: false }).addSchema(schema, "adf");
const isDocument = ajv.getSchema("adf");

// The schema defines some nodes several times: a paragraph, for example, also with alignment, and with indentation.
function definitionsOf(type) {
  const names = Object.keys(schema.definitions);
  const named = names.filter((name) => schema.definitions[name].properties?.type?.enum?.includes(type));
  return named.map((name) => ajv.getSchema(`adf#/definitions/${name}`));
}

// At every level the schema says "any of these nodes", so what Ajv reports about a whole document is mostly why other
// nodes would not fit there. Asked about one node after the other, innermost first, it names the real mistake.
function faultsOf(node, place) {
  const content = Array.isArray(node?.content) ? node.content : [];
  const inner = content.flatMap((child, index) => faultsOf(child, `${place}/content/${index}`));
  if (inner.length > 0) return inner;
  const definitions = definitionsOf(node?.type);
  if (definitions.length === 0) return [`${place || "/"}: there is no node of type ${JSON.stringify(node?.type)}`];
  if (definitions.some((isNode) => isNode(node))) return [];
  const [{ instancePath, message }] = definitions[0].errors;
  const misplaced = instancePath.startsWith("/content");
  const holds = content.map((child) => child.type).join(", ") || "nothing";
  const fault = misplaced ? `a ${node.type} cannot hold ${holds} as it stands here` : message;
  return [`${place}${instancePath || "/"}: ${fault}`];
}

function faults(document) {
  if (isDocument(document)) return [];
  const found = faultsOf(document, "");
  return found.length > 0 ? found : [`/: a ${document.type} is no document`];
}

// An oracle that refuses nothing proves nothing: before it judges, it must refuse documents that are known to be bad.
function checkSelf() {
  const text = (words) => ({ type: "text", text: words });
  const paragraph = (words) => ({ type: "paragraph", content: [text(words)] });
  const panel = (panelType, ...content) => ({ type: "panel", attrs: { panelType }, content });
  const cell = { type: "tableCell", attrs: {}, content: [paragraph("cell")] };
  const table = { type: "table", content: [{ type: "tableRow", content: [cell] }] };
  const expand = (...content) => ({ type: "expand", attrs: { title: "More" }, content });
  const doc = (...content) => ({ version: 1, type: "doc", content });

  const good = faults(doc(panel("success", paragraph("fine")), expand(table)));
  if (good.length > 0) throw new Error(`self-check: a good document is refused: ${good.join("; ")}`);
  const bad = {
    "a table in a panel": doc(panel("info", table)),
    "an empty text node": doc(paragraph("")),
    "an unknown kind of panel": doc(panel("danger", paragraph("x"))),
    "an expand in an expand": doc(expand(expand(paragraph("x")))),
    "a document without version": { type: "doc", content: [paragraph("x")] },
    "a paragraph instead of a document": paragraph("x"),
  };
  for (const [what, document] of Object.entries(bad)) {
    if (faults(document).length === 0) throw new Error(`self-check: ${what} is not refused`);
  }
}

function faultsIn(text) {
  try {
    return faults(JSON.parse(text));
  } catch (error) {
    return [`no JSON: ${error.message}`];
  }
}

function main(folder) {
  if (!folder) throw new Error("usage: node adf.mjs DIR");
  checkSelf();
  const names = readdirSync(folder).filter((name) => name.endsWith(".adf.json")).sort();
  if (names.length === 0) throw new Error(`${folder} has no *.adf.json file`);
  let failed = 0;
  for (const name of names) {
    const found = faultsIn(readFileSync(join(folder, name), "utf8"));
    failed += found.length > 0 ? 1 : 0;
    for (const fault of found) console.log(`${name}: ${fault}`);
  }
  console.log(`${names.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  main(process.argv[2]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
