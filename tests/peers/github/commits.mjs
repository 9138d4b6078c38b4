// Branches, commits, and the way from one commit to another.

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { octokit, refusal, repo, sha } from "./clients.mjs";

const { git, repos } = octokit.rest;
const subjects = (commits) => commits.map(({ commit }) => commit.message.split("\n")[0]);
const compare = async (basehead, more) =>
  (await repos.compareCommitsWithBasehead({ ...repo, basehead, ...more })).data;

/** What `main` has and its first commit has not, oldest first. */
const RANGE = [
  "Round invoice totals to cents",
  "Remove what nobody uses",
  "Merge pull request #1 from acme/round-totals",
  "Add taxes (#2)",
  "Add a logger",
  "Log with a time",
  "Fix the tax rate",
];

describe("branches and commits", () => {
  it("a branch ends in a commit, also when its name has a slash", async () => {
    const { data: main } = await git.getRef({ ...repo, ref: "heads/main" });
    deepEqual([main.ref, main.object.type], ["refs/heads/main", "commit"]);
    equal((await repos.getCommit({ ...repo, ref: main.object.sha })).data.commit.message, "Fix the tax rate");
    const { data: side } = await git.getRef({ ...repo, ref: "heads/side/notes" });
    equal((await repos.getCommit({ ...repo, ref: side.object.sha })).data.commit.message, "Something else");
    await rejects(git.getRef({ ...repo, ref: "heads/mai" }), refusal(404, "Not Found"));
  });

  it("a commit has the people that Git names and the accounts that GitHub knows", async () => {
    const { data: written } = await repos.getCommit({ ...repo, ref: await sha("Log with a time") });
    deepEqual([written.commit.author.name, written.author.login], ["Dana Reyes", "dana"]);
    // Rebasing made a copy of it, and who pressed the button is its committer.
    deepEqual([written.commit.committer.name, written.committer.login], ["Lee Wong", "lee"]);
    equal(written.commit.verification.verified, false);
    const { data: unknown } = await repos.getCommit({ ...repo, ref: "renovate/version" });
    deepEqual([unknown.commit.author.name, unknown.author, unknown.committer], ["Noor Haddad", null, null]);
    const { data: byBot } = await repos.getCommit({ ...repo, ref: unknown.parents[0].sha });
    deepEqual([byBot.author.login, byBot.author.type], ["renovate[bot]", "Bot"]);
  });

  it("each merge button leaves its own kind of commit", async () => {
    const at = async (subject) => (await repos.getCommit({ ...repo, ref: await sha(subject) })).data;
    const merged = await at("Merge pull request #1 from acme/round-totals");
    const cleanup = await sha("Remove what nobody uses");
    deepEqual(merged.parents.map((parent) => parent.sha), [await sha("Add invoice totals"), cleanup]);
    deepEqual([merged.author.login, merged.committer.login], ["sam", "web-flow"]);
    equal(merged.commit.verification.reason, "valid");
    const squashed = await at("Add taxes (#2)");
    deepEqual(squashed.parents.map((parent) => parent.sha), [merged.sha]);
    deepEqual([squashed.author.login, squashed.committer.login], ["lee", "web-flow"]);
    match(squashed.commit.message, /\* Add taxes\n\n\* Make the rate a constant$/);
    const rebased = await at("Add a logger");
    deepEqual(rebased.parents.map((parent) => parent.sha), [squashed.sha]);
  });

  it("a commit lists the files that it changes against its first parent", async () => {
    const files = async (subject) => (await repos.getCommit({ ...repo, ref: await sha(subject) })).data.files;
    const words = (list) => list.map(({ filename, status, additions, deletions }) =>
      [filename, status, additions, deletions]);
    deepEqual(words(await files("Remove what nobody uses")), [["src/old.js", "removed", 0, 1]]);
    deepEqual(words(await files("Add a logger")), [["src/log.js", "added", 1, 0]]);
    deepEqual(words(await files("Merge pull request #1 from acme/round-totals")), [
      ["src/old.js", "removed", 0, 1],
      ["src/totals.js", "modified", 1, 1],
    ]);
    equal((await files("Add invoice totals")).length, 4);
  });

  it("an unknown commit is refused", async () => {
    const unknown = "0".repeat(40);
    await rejects(repos.getCommit({ ...repo, ref: unknown }), refusal(422, `No commit found for SHA: ${unknown}`));
    await rejects(repos.getCommit({ owner: "acme", repo: "nothing", ref: "main" }), refusal(404, "Not Found"));
  });
});

describe("comparisons", () => {
  it("every commit between two commits is listed, oldest first", async () => {
    const [base, head] = [await sha("Add invoice totals"), await sha("Fix the tax rate")];
    const body = await compare(`${base}...${head}`);
    deepEqual([body.status, body.ahead_by, body.behind_by, body.total_commits], ["ahead", 7, 0, 7]);
    deepEqual(subjects(body.commits), RANGE);
    deepEqual([body.base_commit.sha, body.merge_base_commit.sha], [base, base]);
    equal(body.commits.at(-1).sha, head);
    deepEqual(
      body.files.map((file) => file.filename),
      ["src/log.js", "src/old.js", "src/tax.js", "src/totals.js"],
    );
  });

  it("pages add up to the whole, and only the first has files", async () => {
    const basehead = `${await sha("Add invoice totals")}...${await sha("Fix the tax rate")}`;
    const pages = [];
    const all = await octokit.paginate(
      repos.compareCommitsWithBasehead,
      { ...repo, basehead, per_page: 3 },
      (page) => {
        pages.push({ link: page.headers.link ?? "", hasFiles: "files" in page.data, total: page.data.total_commits });
        return page.data.commits;
      },
    );
    deepEqual(subjects(all), RANGE);
    deepEqual(pages.map((page) => page.total), [7, 7, 7]);
    deepEqual(pages.map((page) => page.hasFiles), [true, false, false]);
    deepEqual(pages.map((page) => page.link.match(/(?<=rel=")\w+/g)), [
      ["next", "last"],
      ["prev", "first", "next", "last"],
      ["prev", "first"],
    ]);
  });

  it("how two commits stand to each other", async () => {
    const relation = async (basehead) => {
      const { status, ahead_by, behind_by, commits } = await compare(basehead, { per_page: 1, page: 1 });
      return [status, ahead_by, behind_by, commits.length];
    };
    const first = await sha("Add invoice totals");
    deepEqual(await relation(`main...${first}`), ["behind", 0, 7, 0]);
    deepEqual(await relation("main...main"), ["identical", 0, 0, 0]);
    deepEqual(await relation("main...side/notes"), ["diverged", 1, 7, 1]);
    equal((await compare("main...acme:side/notes")).merge_base_commit.sha, first);
  });

  it("commits without a common history, and unknown ones, cannot be compared", async () => {
    const ask = (basehead) => repos.compareCommitsWithBasehead({ ...repo, basehead });
    await rejects(ask("main...pages"), refusal(404, "No common ancestor between main and pages."));
    await rejects(ask(`main...${"0".repeat(40)}`), refusal(404, "Not Found"));
  });
});
