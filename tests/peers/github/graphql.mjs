// The very queries that cm-bot sends.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { GraphqlResponseError } from "@octokit/graphql";
import { graphql, octokit, repo, sha } from "./clients.mjs";
import { queries } from "./queries.mjs";

const { "commit_origins.graphql": ORIGINS, "edge.graphql": EDGE, "pull_requests.graphql": PULLS } = queries;
const branch = { owner: repo.owner, name: repo.repo, branch: "refs/heads/main" };
const nodes = async (query, ids, more = {}) => (await graphql(query, { ids, ...more })).nodes;
const commitId = async (ref) => (await octokit.rest.repos.getCommit({ ...repo, ref })).data.node_id;
const pullId = async (pull_number) => (await octokit.rest.pulls.get({ ...repo, pull_number })).data.node_id;
const origin = async (subject) => (await nodes(ORIGINS, [await commitId(await sha(subject))]))[0];
const pull = async (number) => (await nodes(PULLS, [await pullId(number)], { ...branch, rewritten: true }))[0];
const login = (actor) => actor?.login;

/** For `rejects`: errors beside whatever data there is, each with these fields. */
const refusal = (expected, data) => (error) => {
  ok(error instanceof GraphqlResponseError, `${error}`);
  const keys = Object.keys(expected[0]);
  deepEqual(error.errors.map((told) => Object.fromEntries(keys.map((key) => [key, told[key]]))), expected);
  deepEqual(error.data ?? undefined, data);
  return true;
};

describe("the query for where commits come from", () => {
  it("node ids of REST are those of GraphQL, and the order is kept", async () => {
    const shas = await Promise.all(["Add a logger", "Add invoice totals", "Add taxes (#2)"].map(sha));
    const found = await nodes(ORIGINS, await Promise.all(shas.map(commitId)));
    deepEqual(found.map((commit) => [commit.__typename, commit.oid]), shas.map((oid) => ["Commit", oid]));
  });

  it("authors are those of Git, then those of the trailers, with their accounts", async () => {
    const { authors, signature } = await origin("Round invoice totals to cents");
    equal(authors.totalCount, 2);
    deepEqual(authors.nodes, [
      { name: "Dana Reyes", user: { databaseId: 1001, login: "dana" } },
      { name: "Sam Okafor", user: { databaseId: 1004, login: "sam" } },
    ]);
    equal(signature, null);
    const [unknown] = await nodes(ORIGINS, [await commitId("renovate/version")]);
    deepEqual(unknown.authors.nodes, [{ name: "Noor Haddad", user: null }]);
  });

  it("GitHub signs what its buttons make, except what it rebases", async () => {
    const byGithub = { isValid: true, wasSignedByGitHub: true };
    deepEqual((await origin("Merge pull request #1 from acme/round-totals")).signature, byGithub);
    deepEqual((await origin("Add taxes (#2)")).signature, byGithub);
    equal((await origin("Add a logger")).signature, null);
  });

  it("commits are connected with merged pull requests, and off the default branch with open ones", async () => {
    const pulls = ({ associatedPullRequests: { totalCount, nodes: list } }) => {
      equal(totalCount, list.length);
      return list.map(({ number, merged }) => [number, merged]);
    };
    deepEqual(pulls(await origin("Remove what nobody uses")), [[1, true]]);
    deepEqual(pulls(await origin("Add taxes (#2)")), [[2, true]]);
    deepEqual(pulls(await origin("Log with a time")), [[3, true]]);
    deepEqual(pulls(await origin("Fix the tax rate")), []);
    const [open] = await nodes(ORIGINS, [await commitId("renovate/version")]);
    deepEqual(pulls(open), [[4, false]]);
  });
});

describe("the query for pull requests", () => {
  it("a merged one names its last commit, its base and what the merge made", async () => {
    const found = await pull(1);
    deepEqual([found.number, found.title, found.merged], [1, "Round invoice totals to cents", true]);
    deepEqual([found.baseRefName, found.baseRepository.nameWithOwner], ["main", "acme/billing-api"]);
    equal(found.headRefOid, await sha("Remove what nobody uses"));
    equal(found.mergeCommit.oid, await sha("Merge pull request #1 from acme/round-totals"));
    deepEqual(found.author, { __typename: "User", login: "dana", databaseId: 1001 });
    equal((await pull(3)).mergeCommit.oid, await sha("Log with a time"));
  });

  it("an open one by a bot", async () => {
    const found = await pull(4);
    deepEqual([found.merged, found.mergeCommit], [false, null]);
    // Here a bot has no suffix; in REST it has.
    deepEqual(found.author, { __typename: "Bot", login: "renovate", databaseId: 1006 });
  });

  it("reviews have opinion, author, right to push, and the commit that they speak of", async () => {
    const [cents, cleanup] = [await sha("Round invoice totals to cents"), await sha("Remove what nobody uses")];
    const { totalCount, nodes: reviews } = (await pull(1)).reviews;
    equal(totalCount, 3);
    deepEqual(
      reviews.map((review) => [review.author.login, review.state, review.authorCanPushToRepository, review.commit.oid]),
      [["priya", "DISMISSED", true, cents], ["noor", "APPROVED", false, cleanup], ["lee", "APPROVED", true, cleanup]],
    );
    const times = reviews.map((review) => review.submittedAt);
    deepEqual(times, times.toSorted());
    // The query leaves comments out.
    deepEqual((await pull(2)).reviews.nodes.map((review) => review.state), ["APPROVED"]);
    deepEqual((await pull(4)).reviews.nodes.map((review) => review.state), ["CHANGES_REQUESTED"]);
  });

  it("who dismissed which review", async () => {
    const { timelineItems, reviews } = await pull(1);
    equal(timelineItems.totalCount, 1);
    const [event] = timelineItems.nodes;
    deepEqual(
      [event.__typename, event.previousReviewState, login(event.actor), event.review.id],
      ["ReviewDismissedEvent", "CHANGES_REQUESTED", "sam", reviews.nodes[0].id],
    );
  });

  it("who pushed by force, and that the base was changed", async () => {
    const [forced] = (await pull(3)).timelineItems.nodes;
    deepEqual([forced.__typename, login(forced.actor)], ["HeadRefForcePushedEvent", "dana"]);
    deepEqual((await pull(4)).timelineItems.nodes.map((event) => event.__typename), ["BaseRefChangedEvent"]);
  });

  it("when GitHub saw the last commit, and who pushed it", async () => {
    const { commits, headRefOid, reviews } = await pull(4);
    const { commit } = commits.nodes.at(-1);
    equal(commit.oid, headRefOid);
    const [suite] = commit.checkSuites.nodes;
    deepEqual(suite.push.pusher, { __typename: "Bot", login: "renovate", databaseId: 1006 });
    ok(suite.createdAt <= reviews.nodes[0].submittedAt);
  });
});

describe("the query for where a range begins", () => {
  it("names the end of the branch, and the commits from the baseline back", async () => {
    const tip = (await octokit.rest.repos.getCommit({ ...repo, ref: "main" })).data;
    const { repository } = await graphql(EDGE, { ...branch, baseline: tip.parents[0].sha });
    equal(repository.branch.target.oid, tip.sha);
    const before = repository.baseline.history.nodes;
    equal(repository.baseline.oid, tip.parents[0].sha);
    equal(before[0].oid, tip.parents[0].sha);
    const { data } = await octokit.rest.repos.getCommit({ ...repo, ref: before.at(-1).oid });
    equal(before.at(-1).tree.oid, data.commit.tree.sha);
  });
});

describe("refused queries", () => {
  it("an unknown id is null among the others, and an error beside them", async () => {
    const id = await commitId("main");
    const [known] = await nodes(ORIGINS, [id]);
    const message = "Could not resolve to a node with the global id of 'C_unknown'";
    const told = { type: "NOT_FOUND", path: ["nodes", 1], message };
    await rejects(nodes(ORIGINS, [id, "C_unknown", id]), refusal([told], { nodes: [known, null, known] }));
  });

  it("100 ids are answered, 101 are too many", async () => {
    const id = await commitId("main");
    equal((await nodes(ORIGINS, Array(100).fill(id))).length, 100);
    const message = "You may not provide more than 100 node ids; you provided 101.";
    await rejects(nodes(ORIGINS, Array(101).fill(id)), refusal([{ type: "ARGUMENT_LIMIT", message }], undefined));
  });

  it("a query that GitHub does not understand has errors with places, no type and no data", async () => {
    const query = "query { repository(owner: \"acme\", name: \"billing-api\") { nope } }";
    const column = query.indexOf("nope") + 1;
    await rejects(graphql(query), (error) => {
      const told = error.errors.find(({ message }) => message.includes("nope"));
      deepEqual([told.type, told.locations, error.data], [undefined, [{ line: 1, column }], undefined]);
      return true;
    });
    await rejects(graphql("query {"), GraphqlResponseError);
    await rejects(graphql(ORIGINS, {}), GraphqlResponseError);
  });

  it("a connection without a size, or with more than 100, is refused by name", async () => {
    const asked = (size) =>
      graphql(`query($id: ID!) { node(id: $id) { ... on Commit { parents${size} { totalCount } } } }`, { id });
    const id = await commitId("main");
    const data = { node: null };
    await rejects(asked("(first: 101)"), refusal([{ type: "EXCESSIVE_PAGINATION" }], data));
    await rejects(asked(""), refusal([{ type: "MISSING_PAGINATION_BOUNDARIES" }], data));
  });

  it("who has no good token learns nothing", async () => {
    const stranger = graphql.defaults({ headers: { authorization: "bearer ghp_wrong" } });
    await rejects(stranger(ORIGINS, { ids: [] }), { status: 401 });
  });
});
