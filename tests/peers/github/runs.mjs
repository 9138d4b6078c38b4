// Runs of GitHub Actions that wait at a deployment protection rule, as the App whose rule it is.

import { generateKeyPairSync } from "node:crypto";
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { App } from "@octokit/app";
import { CheckedOctokit, octokit, refusal, repo, sha } from "./clients.mjs";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const app = new App({ appId: 900001, privateKey, Octokit: CheckedOctokit });
const installed = async () => {
  const { data: { id } } = await app.octokit.rest.apps.getRepoInstallation(repo);
  return app.getInstallationOctokit(id);
};
const run = { ...repo, run_id: 77 };
const production = { ...run, environment_name: "production-us" };

describe("a run that waits at a deployment protection rule", () => {
  it("is read with its repository, commit, workflow and attempt", async () => {
    const { data } = await octokit.rest.actions.getWorkflowRun(run);
    equal(data.head_sha, await sha("Fix the tax rate"));
    deepEqual(
      [data.path, data.event, data.head_branch, data.run_attempt, data.status],
      [".github/workflows/deploy.yml", "push", "main", 1, "waiting"],
    );
    deepEqual([data.repository.full_name, data.head_repository.id], ["acme/billing-api", data.repository.id]);
    equal(data.triggering_actor.login, "dana");
    const { data: pending } = await octokit.rest.actions.getPendingDeploymentsForRun(run);
    deepEqual(pending.map(({ environment }) => environment.name), ["production-us"]);
  });

  it("takes words and an answer of the App, and of nobody else", async () => {
    const answer = { ...production, state: "approved", comment: "Let through" };
    const message = "Resource not accessible by personal access token";
    await rejects(octokit.rest.actions.reviewCustomGatesForRun(answer), refusal(403, message));
    const { actions } = (await installed()).rest;
    equal((await actions.reviewCustomGatesForRun({ ...production, comment: "Waiting" })).status, 204);
    deepEqual((await actions.getReviewsForRun(run)).data, [], "words are no review");
    const long = { ...production, comment: "x".repeat(1025) };
    await rejects(actions.reviewCustomGatesForRun(long), ({ status }) => status === 422);
    equal((await actions.reviewCustomGatesForRun(answer)).status, 204);
    const { data: [review] } = await actions.getReviewsForRun(run);
    deepEqual([review.state, review.comment, review.environments[0].name], ["approved", "Let through", "production-us"]);
    match(review.user.login, /\[bot\]$/);
    deepEqual((await actions.getPendingDeploymentsForRun(run)).data, []);
    await rejects(actions.reviewCustomGatesForRun(answer), ({ status }) => status === 422, "nothing waits any more");
  });
});
