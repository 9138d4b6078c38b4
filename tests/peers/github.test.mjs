// The simulated GitHub, driven by GitHub's own clients and judged by GitHub's own descriptions of its two APIs.
// The world is the one of `world.toml`. One file for the test runner, so that those descriptions are read only once.

import "./github/judge.mjs";
import "./github/commits.mjs";
import "./github/files.mjs";
import "./github/pulls.mjs";
import "./github/scans.mjs";
import "./github/graphql.mjs";
import "./github/schema.mjs";
import "./github/app.mjs";
import "./github/runs.mjs";
