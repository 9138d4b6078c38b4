// GitHub's own GraphQL schema, as a judge of cm-bot's queries and of the schema that the simulated GitHub answers from.

import { deepEqual, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { schema } from "@octokit/graphql-schema";
import { buildClientSchema, buildSchema, findBreakingChanges, getIntrospectionQuery, parse, validate } from "graphql";
import { graphql } from "./clients.mjs";
import { queries } from "./queries.mjs";

// GitHub publishes a schema that defines one field twice, so it cannot itself be validated.
const github = buildSchema(schema.idl, { assumeValidSDL: true });

const faults = (query) => validate(github, parse(query)).map((error) => error.message);

describe("GitHub's GraphQL schema", () => {
  for (const [name, query] of Object.entries(queries)) {
    it(`allows ${name}`, () => deepEqual(faults(query), []));
  }

  it("refuses a field, an argument and a value that GitHub does not have", () => {
    const origins = queries["commit_origins.graphql"];
    match(faults(origins.replace("oid", "shasum"))[0], /Cannot query field "shasum" on type "Commit"/);
    match(faults(origins.replace("first: 20", "top: 20"))[0], /Unknown argument "top"/);
    const pulls = queries["pull_requests.graphql"];
    match(faults(pulls.replace("APPROVED", "BLESSED"))[0], /"BLESSED" does not exist/);
  });

  it("has everything that the simulated one has, with the same types", async () => {
    const simulated = buildClientSchema(await graphql(getIntrospectionQuery()));
    // Whatever would break if a client moved from the simulated GitHub to the real one.
    deepEqual(findBreakingChanges(simulated, github), []);
  });
});
