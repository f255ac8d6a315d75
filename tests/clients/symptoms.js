// Node's https, one request a line of JSON on standard input: {url, ca, patience}, a new connection for each.
// Prints a line of JSON for each: {status, type, body} with the body in base64, or {error}.
"use strict";

const fs = require("node:fs");
const https = require("node:https");
const readline = require("node:readline");

function ask({ url, ca, patience }) {
  return new Promise((resolve) => {
    const failed = ({ code, message }) => {
      const openssl = message.match(/error:.*/);
      resolve({ error: openssl ? `${code} ${openssl[0]}` : code || message });
    };
    const options = { ca: fs.readFileSync(ca), agent: false, timeout: patience * 1000 };
    const request = https.get(url, options, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", failed);
      response.on("end", () => {
        const type = response.headers["content-type"] || null;
        resolve({ status: response.statusCode, type, body: Buffer.concat(pieces).toString("base64") });
      });
    });
    // It is an event, and what becomes of the request is up to the program: nearly all destroy it.
    request.on("timeout", () => request.destroy(Object.assign(new Error(), { code: "timeout" })));
    request.on("error", failed);
  });
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await ask(JSON.parse(line))) + "\n");
  }
})();
