// The log-in of a GitHub App: a token signed with its key, an installation, and a token of that installation.

import { generateKeyPairSync } from "node:crypto";
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { App } from "@octokit/app";
import { createAppAuth } from "@octokit/auth-app";
import { CheckedOctokit, octokit, refusal, repo, sha } from "./clients.mjs";
import { queries } from "./queries.mjs";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const app = new App({ appId: 900001, privateKey, Octokit: CheckedOctokit });
const installationOf = async () => (await app.octokit.rest.apps.getRepoInstallation(repo)).data;

describe("the log-in of an App", () => {
  it("the App sees itself and where it is installed", async () => {
    const { data: self } = await app.octokit.rest.apps.getAuthenticated();
    deepEqual([self.id, self.slug], [900001, "change-manager"]);
    const found = await installationOf();
    deepEqual([found.app_id, found.account.login, found.target_type], [900001, "acme", "Organization"]);
    const listed = [];
    await app.eachInstallation(({ installation }) => listed.push(installation.id));
    deepEqual(listed, [found.id]);
  });

  it("the token of an installation lives for an hour and reads a repository over REST and GraphQL", async () => {
    const { id, permissions } = await installationOf();
    const login = await app.octokit.auth({ type: "installation", installationId: id });
    match(login.token, /^ghs_/);
    deepEqual(login.permissions, permissions);
    ok(permissions.security_events === "read" && permissions.pull_requests === "read");
    const installed = await app.getInstallationOctokit(id);
    const { data: main } = await installed.rest.git.getRef({ ...repo, ref: "heads/main" });
    equal(main.object.sha, await sha("Fix the tax rate"));
    const { data: commit } = await installed.rest.repos.getCommit({ ...repo, ref: "main" });
    // A client that asks right away has the whole hour before it.
    ok(Date.parse(login.expiresAt) - Date.parse(commit.commit.committer.date) >= 3_599_000);
    const found = await installed.graphql(queries["commit_origins.graphql"], { ids: [commit.node_id] });
    equal(found.nodes[0].oid, main.object.sha);
  });

  it("every repository of the installation is listed", async () => {
    const names = [];
    await app.eachRepository(({ repository }) => names.push(repository.full_name));
    deepEqual(names, ["acme/billing-api", "acme/empty-room"]);
  });

  it("the App reads what became of its webhooks, page by page, and has one sent again", async () => {
    const { apps } = app.octokit.rest;
    const { data: all } = await apps.listWebhookDeliveries({ per_page: 100 });
    ok(all.length > 5 && all.every(({ status }) => status !== "OK"), "nobody listens to this world");
    ok(all.every(({ id }, place) => place === 0 || id < all[place - 1].id), "the newest first");
    const first = await apps.listWebhookDeliveries({ per_page: 2 });
    const cursor = new URL(first.headers.link.match(/<([^>]+)>; rel="next"/)[1]).searchParams.get("cursor");
    const second = await apps.listWebhookDeliveries({ per_page: 2, cursor });
    const ids = (list) => list.map(({ id }) => id);
    deepEqual(ids([...first.data, ...second.data]), ids(all.slice(0, 4)));
    const lost = all.at(-1);
    const { data: whole } = await apps.getWebhookDelivery({ delivery_id: lost.id });
    deepEqual([whole.guid, whole.event, whole.request.payload.repository.id], [lost.guid, lost.event, lost.repository_id]);
    equal((await apps.redeliverWebhookDelivery({ delivery_id: lost.id })).status, 202);
    const [again] = (await apps.listWebhookDeliveries()).data;
    deepEqual([again.guid, again.redelivery], [lost.guid, true]);
    notEqual(again.id, lost.id);
    await rejects(apps.getWebhookDelivery({ delivery_id: 1 }), refusal(404, "Not Found"));
  });

  it("an App must sign, and an installation is no person", async () => {
    const wrong = new CheckedOctokit({ auth: "not-signed" });
    await rejects(wrong.rest.apps.getAuthenticated(), refusal(401, "A JSON web token could not be decoded"));
    const { id: installationId } = await installationOf();
    const auth = { appId: 900001, privateKey, installationId };
    const installed = new CheckedOctokit({ authStrategy: createAppAuth, auth });
    const person = installed.rest.users.getAuthenticated();
    await rejects(person, refusal(403, "Resource not accessible by integration"));
    const unknown = app.octokit.rest.apps.createInstallationAccessToken({ installation_id: 1 });
    await rejects(unknown, refusal(404, "Not Found"));
  });

  it("who has no good token is refused, and every answer tells what is left of the rate limit", async () => {
    const stranger = new CheckedOctokit({ auth: "ghp_wrong" });
    await rejects(stranger.rest.repos.get(repo), (error) => {
      ok(Number(error.response.headers["x-ratelimit-remaining"]) > 0);
      return refusal(401, "Bad credentials")(error);
    });
    const { data, headers } = await octokit.rest.repos.get(repo);
    deepEqual([data.full_name, data.default_branch, data.private], ["acme/billing-api", "main", true]);
    equal(headers["x-github-api-version-selected"], "2022-11-28");
    const { data: limits } = await octokit.rest.rateLimit.get();
    const left = Number(headers["x-ratelimit-remaining"]);
    ok(limits.resources.core.remaining <= left && limits.resources.core.limit === 5000);
  });
});
