// GitHub's own clients, pointed at the simulated GitHub. Every answer that they get is checked against GitHub's
// description of its API before a test looks at what it says.

import { equal, ok } from "node:assert/strict";
import { Octokit } from "@octokit/rest";
import { graphql as anyGraphql } from "@octokit/graphql";
import { check } from "./openapi.mjs";

const { GITHUB_URL, GITHUB_TOKEN } = process.env;
ok(GITHUB_URL && GITHUB_TOKEN, "GITHUB_URL and GITHUB_TOKEN must say where the simulated GitHub is");

/** The repository that most tests look at. */
export const repo = { owner: "acme", repo: "billing-api" };

/** Octokit for the simulated GitHub, with checked answers; it logs nothing, because refusals are expected. */
export const CheckedOctokit = Octokit.plugin(withChecks).defaults({
  baseUrl: GITHUB_URL,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  // The version that cm-bot asks for.
  headers: { "x-github-api-version": "2022-11-28" },
});

/** Logged in with the personal token. */
export const octokit = new CheckedOctokit({ auth: GITHUB_TOKEN });

/** The GraphQL client, logged in with the personal token. */
export const graphql = anyGraphql.defaults({
  baseUrl: GITHUB_URL,
  headers: { authorization: `bearer ${GITHUB_TOKEN}` },
});

function withChecks(client) {
  // GraphQL has a description of its own, see schema.mjs.
  const checkRest = (response, { method, url }) => url === "/graphql" || check(method, url, response);
  client.hook.after("request", (response, options) => void checkRest(response, options));
  client.hook.error("request", (error, options) => {
    if (error.response) checkRest(error.response, options);
    throw error;
  });
}

/** For `rejects`: GitHub says no, with this status and this message. */
export const refusal = (status, message) => (error) => {
  equal(error.status, status);
  equal(error.response?.data.message, message);
  return true;
};

let main;

/** The commit of `main` with this subject. */
export async function sha(subject) {
  main ??= octokit.paginate("GET /repos/{owner}/{repo}/compare/{basehead}", {
    ...repo,
    basehead: "side/notes...main",
  }, ({ data }) => [data.merge_base_commit, ...data.commits]);
  const found = (await main).filter(({ commit }) => commit.message.split("\n")[0] === subject);
  equal(found.length, 1, `commits of main called "${subject}"`);
  return found[0].sha;
}
