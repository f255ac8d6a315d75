// Node's https module, which has no Digest: the response is computed here. Told by the JSON.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const https = require("node:https");

const [url, name, password, caFile] = process.argv.slice(2);
const ca = fs.readFileSync(caFile);

const hashed = (...parts) => crypto.createHash("md5").update(parts.join(":")).digest("hex");

function get(target, headers) {
  return new Promise((resolve, reject) => {
    const request = https.get(url + target, { ca, headers, agent: false, timeout: 20000 }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({ response, body: Buffer.concat(pieces).toString() }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 20 seconds")));
    request.on("error", reject);
  });
}

function credentials(challenge, target) {
  const given = Object.fromEntries([...challenge.matchAll(/(\w+)="?([^",]+)"?/g)].map(([, key, value]) => [key, value]));
  const cnonce = crypto.randomBytes(8).toString("hex");
  const a1 = hashed(name, given.realm, password);
  const response = hashed(a1, given.nonce, "00000001", cnonce, "auth", hashed("GET", target));
  return (
    `Digest username="${name}", realm="${given.realm}", nonce="${given.nonce}", uri="${target}", algorithm=MD5, ` +
    `qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}", opaque="${given.opaque}"`
  );
}

async function page(offset) {
  const target = `/cdrapi?format=JSON&numRecords=1000&offset=${offset}`;
  const refused = await get(target, {});
  const authorization = credentials(refused.response.headers["www-authenticate"], target);
  const granted = await get(target, { Authorization: authorization });
  if (granted.response.statusCode !== 200) throw new Error(`answered ${granted.response.statusCode}`);
  return JSON.parse(granted.body).cdr;
}

async function main() {
  for (let offset = 0, count = 1000; count === 1000; offset += 1000) {
    const rows = await page(offset);
    for (const row of rows) console.log(row.AcctId);
    count = rows.length;
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
