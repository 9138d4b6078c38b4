// GitHub's own description of its REST API, as a judge of answers.

import { createRequire } from "node:module";
import { fail } from "node:assert/strict";
import Ajv from "ajv";
import addFormats from "ajv-formats";

// One file of the package: its main file would read all ten, one for every kind of GitHub there is.
const api = createRequire(import.meta.url)("@octokit/openapi/generated/api.github.com.json");

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
ajv.addSchema({ components: asJsonSchema(api.components) }, "github");

// The list of installations is described by a copy of its own, which wants every account to be a user and an
// enterprise at once. Asked for one by one, an installation is described well.
const installations = api.paths["/app/installations"].get.responses[200].content["application/json"];
installations.schema = { type: "array", items: { $ref: "#/components/schemas/installation" } };

const REFUSAL = { schema: { $ref: "github#/components/schemas/basic-error" } };

const routes = Object.keys(api.paths).map((path) => ({
  path,
  shape: nameless(path),
  pattern: new RegExp(`^${nameless(path).replaceAll(".", "\\.").replaceAll("{}", "[^/]+")}$`),
}));
routes.sort((one, other) => literals(other.shape) - literals(one.shape));

/** Fails unless an answer is one that GitHub documents. `url` may have its parameters filled in, or not. */
export function check(method, url, { status, headers, data }) {
  const path = pathOf(url);
  if (status === 204) {
    if (!api.paths[path]?.[method.toLowerCase()]?.responses[204]) fail(`GitHub documents no 204 for ${method} ${url}`);
    return;
  }
  const kind = headers["content-type"].split(";")[0];
  const body = documented(api.paths[path]?.[method.toLowerCase()], status, kind);
  if (!body) fail(`GitHub documents no ${status} as ${kind} for ${method} ${url}`);
  const isValid = compiled(body);
  const value = typeof data === "string" ? JSON.parse(data) : data;
  if (!isValid(value)) fail(`${method} ${path}, ${status}:\n${faults(isValid.errors, value).join("\n")}`);
}

function documented(operation, status, kind) {
  // Any operation may refuse, and does so in one shape: GitHub documents by far not every 401, 403, 404 and 422, and
  // where it documents a 422, it forgets the `status` that it writes into every refusal.
  if (operation && status >= 400) return kind === "application/json" ? REFUSAL : undefined;
  const answer = operation?.responses[status];
  const shared = answer?.$ref && api.components.responses[answer.$ref.split("/").at(-1)];
  return (shared ?? answer)?.content?.[kind];
}

const validators = new Map();

function compiled(body) {
  if (!validators.has(body)) {
    const schema = JSON.parse(JSON.stringify(body.schema).replaceAll('"#/', '"github#/'));
    validators.set(body, ajv.compile(asJsonSchema(schema)));
  }
  return validators.get(body);
}

function faults(errors, value) {
  const at = (place) => place.split("/").slice(1).reduce((inner, key) => inner?.[key], value);
  const told = errors.map(({ instancePath, message, params }) => {
    const shown = (JSON.stringify(at(instancePath)) ?? "nothing").slice(0, 80);
    return `  ${instancePath || "/"} ${message} ${params.additionalProperty ?? ""} (${shown})`;
  });
  return [...new Set(told)];
}

function pathOf(url) {
  const path = url.replace(/^https?:\/\/[^/]+/, "").split("?")[0];
  return routes.find(({ shape, pattern }) => shape === nameless(path) || pattern.test(path))?.path;
}

/** A path without the names of its parameters, on which Octokit and the description do not always agree. */
function nameless(path) {
  return path.replace(/\{[^}]+\}/g, "{}");
}

function literals(shape) {
  return shape.replaceAll("{}", "").length;
}

/**
 * OpenAPI 3.0 says `nullable` where JSON Schema names null among the types. An object may have further fields for
 * both; not here, because a client must not find something in the fake that GitHub does not have.
 */
function asJsonSchema(schema, isPart = false) {
  if (Array.isArray(schema)) return schema.map((inner) => asJsonSchema(inner, isPart));
  if (schema === null || typeof schema !== "object") return schema;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, asJsonSchema(value, key === "allOf")]),
  );
  // What `allOf` lists describes the same object together, so no part of it may close the object.
  if (rest.type === "object" && rest.properties && !isPart) rest.additionalProperties ??= false;
  return nullable === true ? { anyOf: [rest, { type: "null" }] } : { ...rest, ...(nullable && { nullable }) };
}
