// Pull requests and reviews over REST.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { octokit, refusal, repo, sha } from "./clients.mjs";

const { issues, pulls, repos } = octokit.rest;
const pull = async (pull_number) => (await pulls.get({ ...repo, pull_number })).data;
const reviews = async (pull_number) => {
  const { data } = await pulls.listReviews({ ...repo, pull_number });
  return data.map((review) => [review.user.login, review.state, review.commit_id]);
};
const carrying = async (commit_sha) =>
  (await repos.listPullRequestsAssociatedWithCommit({ ...repo, commit_sha, per_page: 100 })).data;
const numbers = async (subject) => (await carrying(await sha(subject))).map((found) => found.number);

describe("pull requests", () => {
  it("a merged one names the commit that it made and who pressed the button", async () => {
    for (const [number, subject, by] of [
      [1, "Merge pull request #1 from acme/round-totals", "sam"],
      [2, "Add taxes (#2)", "dana"],
      [3, "Log with a time", "lee"],
    ]) {
      const merged = await pull(number);
      deepEqual([merged.state, merged.merged, merged.merged_by.login], ["closed", true, by]);
      equal(merged.merge_commit_sha, await sha(subject));
    }
  });

  it("an open one is neither merged nor closed, and can be merged", async () => {
    const open = await pull(4);
    deepEqual([open.state, open.merged, open.mergeable], ["open", false, true]);
    deepEqual([open.merged_at, open.merged_by], [null, null]);
    deepEqual([open.title, open.head.ref, open.base.ref], ["renovate version", "renovate/version", "main"]);
    deepEqual([open.user.login, open.user.type, open.commits], ["renovate[bot]", "Bot", 2]);
    await rejects(pull(99), refusal(404, "Not Found"));
  });

  it("the newer version of the API does not say which commit a merge made", async () => {
    const headers = { "x-github-api-version": "2026-03-10" };
    const answer = octokit.rest.pulls.get({ ...repo, pull_number: 1, headers });
    // The description is that of the older version, so it misses exactly this field.
    await rejects(answer, /^AssertionError.*: GET [^\n]*\n  \/ must have required property 'merge_commit_sha' [^\n]*$/);
  });

  it("a commit leads to its pull requests, whatever the button", async () => {
    deepEqual(await numbers("Round invoice totals to cents"), [1]);
    deepEqual(await numbers("Merge pull request #1 from acme/round-totals"), [1]);
    deepEqual(await numbers("Add taxes (#2)"), [2]);
    deepEqual(await numbers("Add a logger"), [3]);
    deepEqual(await numbers("Fix the tax rate"), [], "it was pushed straight to the branch");
    const [open] = await carrying("renovate/version");
    deepEqual([open.number, open.merged_at], [4, null], "open ones are named as long as the default branch lacks it");
  });

  it("all of them are listed, the newest first", async () => {
    const listed = async (state) => (await pulls.list({ ...repo, state })).data.map((found) => found.number);
    deepEqual(await listed("open"), [4]);
    deepEqual((await listed("all")).slice(-3), [3, 2, 1]);
  });

  it("what happened is told in order", async () => {
    const { data } = await issues.listEventsForTimeline({ ...repo, issue_number: 3 });
    deepEqual(
      data.map(({ event }) => event),
      ["head_ref_force_pushed", "committed", "committed", "reviewed", "merged", "closed"],
    );
    equal(data[0].actor.login, "dana");
    const first = await issues.listEventsForTimeline({ ...repo, issue_number: 1 });
    const dismissed = first.data.find(({ event }) => event === "review_dismissed");
    deepEqual([dismissed.actor.login, dismissed.dismissed_review.state], ["sam", "changes_requested"]);
  });
});

describe("reviews", () => {
  it("each has its author, its opinion and the commit that it looked at", async () => {
    const [cents, cleanup] = [await sha("Round invoice totals to cents"), await sha("Remove what nobody uses")];
    deepEqual(await reviews(1), [
      ["priya", "DISMISSED", cents],
      ["noor", "APPROVED", cleanup],
      ["lee", "APPROVED", cleanup],
    ]);
    deepEqual((await reviews(2)).map((review) => review[1]), ["COMMENTED", "APPROVED"]);
    deepEqual((await reviews(4)).map((review) => review[1]), ["CHANGES_REQUESTED"]);
  });

  it("they are read page by page", async () => {
    const pages = [];
    const all = await octokit.paginate(pulls.listReviews, { ...repo, pull_number: 1, per_page: 2 }, ({ data }) => {
      pages.push(data.length);
      return data.map((review) => review.user.login);
    });
    deepEqual([all, pages], [["priya", "noor", "lee"], [2, 1]]);
  });
});
