// A judge that accepts everything proves nothing.

import { match, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { check } from "./openapi.mjs";

const headers = { "content-type": "application/json; charset=utf-8" };
const path = "/repos/{owner}/{repo}/git/ref/{ref}";
const sha = "0".repeat(40);
const url = "http://127.0.0.1/x";
const good = { ref: "refs/heads/main", node_id: "R", url, object: { type: "commit", sha, url } };

const refused = (answer, told, at = path) =>
  throws(
    () => check("GET", at, { status: 200, headers, data: good, ...answer }),
    ({ message }) => match(message, told) ?? true,
  );

describe("the judge of GitHub's REST answers", () => {
  it("accepts a good answer, whether the address has its parameters filled in or not", () => {
    check("GET", path, { status: 200, headers, data: good });
    check("GET", "http://127.0.0.1/repos/a/b/git/ref/heads%2Fmain?x=1", { status: 200, headers, data: good });
  });

  it("refuses a field that is missing, of another type, no address, or unknown to GitHub", () => {
    refused({ data: { ...good, ref: undefined } }, /required property 'ref'/);
    refused({ data: { ...good, ref: 7 } }, /\/ref must be string/);
    refused({ data: { ...good, url: "no address" } }, /\/url must match format "uri"/);
    refused({ data: { ...good, invented: true } }, /additional properties invented/);
  });

  it("refuses an answer, a media type and a route that GitHub does not have", () => {
    refused({ status: 201 }, /documents no 201/);
    refused({ headers: { "content-type": "text/html" } }, /as text\/html/);
    refused({ status: 404, data: good }, /additional properties ref/);
    refused({}, /documents no 200/, "/repos/{owner}/{repo}/git/reference/{ref}");
  });
});
