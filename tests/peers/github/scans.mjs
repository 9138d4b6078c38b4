// Code scanning and check runs.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { octokit, refusal, repo, sha } from "./clients.mjs";

const { checks, codeScanning } = octokit.rest;
const analyses = async (more) => (await codeScanning.listRecentAnalyses({ ...repo, ...more })).data;
const sarif = async (analysis_id) => {
  const headers = { accept: "application/sarif+json" };
  const { data } = await codeScanning.getAnalysis({ ...repo, analysis_id, headers });
  return JSON.parse(data).runs[0];
};
const runs = async (more) => {
  const ref = await sha("Fix the tax rate");
  const { data } = await checks.listForRef({ ...repo, ref, ...more });
  equal(data.total_count, data.check_runs.length);
  return data.check_runs.map((run) => [run.name, run.app.id, run.status, run.conclusion]);
};

describe("code scanning", () => {
  it("analyses are listed newest first, each bound to its commit", async () => {
    const [hotfix, rebased, merged] = await Promise.all(
      ["Fix the tax rate", "Log with a time", "Merge pull request #1 from acme/round-totals"].map(sha),
    );
    const all = (await analyses()).map((found) => [found.tool.name, found.category, found.commit_sha]);
    deepEqual(all, [
      ["Trivy", "image", hotfix],
      ["CodeQL", "/language:rust", hotfix],
      ["CodeQL", "/language:rust", rebased],
      ["Trivy", "image", merged],
    ]);
    const ofTrivy = await analyses({ tool_name: "Trivy", ref: "refs/heads/main" });
    deepEqual(ofTrivy.map((found) => found.results_count), [0, 3]);
  });

  it("pages of analyses add up", async () => {
    const all = await octokit.paginate(codeScanning.listRecentAnalyses, { ...repo, per_page: 1 });
    equal(new Set(all.map((found) => found.id)).size, 4);
    deepEqual(await analyses({ per_page: 1, page: 5 }), []);
  });

  it("an analysis that went wrong says so and ran no rules", async () => {
    const [, failed] = await analyses({ tool_name: "CodeQL" });
    deepEqual([failed.error, failed.rules_count], ["the database could not be made", 0]);
    const { data: alone } = await codeScanning.getAnalysis({ ...repo, analysis_id: failed.id });
    deepEqual(alone, failed);
  });

  it("SARIF has what was found, with the severity of its rule as text", async () => {
    const [, found] = await analyses({ tool_name: "Trivy" });
    const run = await sarif(found.id);
    deepEqual(
      run.results.map(({ ruleId, level, message }) => [ruleId, level, message.text]),
      [
        ["CVE-2026-1001", "error", "Overflow in a parser"],
        ["CVE-2026-1002", "warning", "Slow pattern"],
        ["style/todo", "note", "Unfinished"],
      ],
    );
    const { name, rules } = run.tool.driver;
    deepEqual([name, rules.length], ["Trivy", found.rules_count]);
    const severities = run.results.map((result) => rules[result.ruleIndex].properties["security-severity"]);
    deepEqual(severities, ["9.8", "5.0", undefined]);
    ok(run.results.every((result) => rules[result.ruleIndex].id === result.ruleId));
    deepEqual(run.results[0].locations[0].physicalLocation.artifactLocation.uri, "package.json");
    equal(run.versionControlProvenance[0].revisionId, found.commit_sha);
  });

  it("a clean analysis has rules and no results", async () => {
    const [clean] = await analyses({ tool_name: "CodeQL" });
    deepEqual([clean.error, clean.results_count, clean.rules_count], ["", 0, 120]);
    deepEqual((await sarif(clean.id)).results, []);
  });

  it("an alert is fixed when a later analysis does not find it any more", async () => {
    const { data: alert } = await codeScanning.getAlert({ ...repo, alert_number: 1 });
    deepEqual([alert.state, alert.rule.id, alert.rule.security_severity_level], ["fixed", "CVE-2026-1001", "critical"]);
  });

  it("a repository that was never scanned, and an unknown analysis, are not found", async () => {
    const empty = codeScanning.listRecentAnalyses({ owner: "acme", repo: "empty-room" });
    await rejects(empty, refusal(404, "no analysis found"));
    await rejects(codeScanning.getAnalysis({ ...repo, analysis_id: 1 }), refusal(404, "Not Found"));
  });
});

describe("check runs", () => {
  it("only the newest of each name and App is shown, unless all are asked for", async () => {
    deepEqual(await runs({ check_name: "build", app_id: 15368, filter: "latest", per_page: 100 }), [
      ["build", 15368, "completed", "success"],
    ]);
    deepEqual(await runs({ check_name: "build", filter: "all" }), [
      ["build", 15368, "completed", "success"],
      ["build", 15368, "completed", "failure"],
    ]);
  });

  it("they are told apart by App and by what became of them", async () => {
    deepEqual(await runs({ app_id: 4711 }), [
      ["load test", 4711, "in_progress", null],
      ["secrets", 4711, "completed", "neutral"],
    ]);
    deepEqual(await runs({ status: "in_progress" }), [["load test", 4711, "in_progress", null]]);
    deepEqual(await runs({ check_name: "build", app_id: 4711 }), []);
  });

  it("octokit reads them page by page", async () => {
    const all = await octokit.paginate(checks.listForRef, { ...repo, ref: "main", per_page: 2 });
    deepEqual(all.map((run) => run.name), ["load test", "secrets", "build"]);
  });
});
