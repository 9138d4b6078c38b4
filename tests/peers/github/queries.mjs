// The texts of cm-bot's queries, by the names of their files.

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../../src/integrations/github/queries/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".graphql"));

export const queries = Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));
