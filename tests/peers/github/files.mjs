// Files at a commit.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { octokit, refusal, repo, sha } from "./clients.mjs";

const { repos } = octokit.rest;
const contents = async (path, ref) => (await repos.getContent({ ...repo, path, ref })).data;
const text = ({ content }) => Buffer.from(content, "base64").toString();

describe("files", () => {
  it("a file is read at the commit that is asked for, not at the newest", async () => {
    const old = await contents("src/totals.js", await sha("Add invoice totals"));
    const now = await contents("src/totals.js", await sha("Fix the tax rate"));
    deepEqual([old.type, old.encoding, old.name, old.path], ["file", "base64", "totals.js", "src/totals.js"]);
    ok(!text(old).includes("Math.round") && text(now).includes("Math.round"));
    equal(old.size, Buffer.byteLength(text(old)));
    equal((await contents("src/totals.js")).sha, now.sha);
  });

  it("content comes in lines of base64, and names and contents need not be ASCII", async () => {
    const file = await contents("docs/grüße.txt", "main");
    ok(file.content.split("\n").length > 2, "more than one line");
    ok(text(file).startsWith("Grüße aus der Buchhaltung"));
    equal(Buffer.byteLength(text(file)), file.size);
  });

  it("a folder is a list without contents", async () => {
    const folder = await contents("src", "main");
    deepEqual(folder.map((entry) => entry.path), ["src/log.js", "src/tax.js", "src/totals.js"]);
    ok(folder.every((entry) => entry.type === "file" && entry.content === undefined));
    const root = await contents("", "main");
    deepEqual(root.filter((entry) => entry.type === "dir").map((entry) => entry.name), ["docs", "src"]);
  });

  it("what was deleted, and what never was, is not found", async () => {
    await rejects(contents("src/old.js", "main"), refusal(404, "Not Found"));
    await rejects(contents("nothing.js", "main"), refusal(404, "Not Found"));
    await rejects(contents("package.json", "no-branch"), refusal(404, "No commit found for the ref no-branch"));
  });
});
