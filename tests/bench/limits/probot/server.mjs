// probot with a handler that does nothing: it verifies, reads and answers, and keeps nothing.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createNodeMiddleware, createProbot } from "probot";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const overrides = {
  appId: 1,
  privateKey: privateKey.export({ type: "pkcs1", format: "pem" }),
  secret: process.env.CM_BOT_BENCH_SECRET,
  logLevel: "fatal",
};
const probot = createProbot({ overrides });
const nothing = (app) => app.on("push", async () => {});
const middleware = await createNodeMiddleware(nothing, { probot });
const missing = (response) => {
  response.writeHead(404);
  response.end();
};
createServer((request, response) => middleware(request, response, () => missing(response))).listen(
  Number(process.env.CM_BOT_BENCH_PORT),
  "127.0.0.1",
);
