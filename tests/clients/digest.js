// Node's https module, which has no Digest: the response is computed here.
"use strict";

const crypto = require("node:crypto");
const https = require("node:https");

const hashed = (...parts) => crypto.createHash("md5").update(parts.join(":")).digest("hex");

function get(address, ca, headers) {
  return new Promise((resolve, reject) => {
    const request = https.get(address, { ca, headers, agent: false, timeout: 20000 }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({ response, body: Buffer.concat(pieces) }));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 20 seconds")));
    request.on("error", reject);
  });
}

function credentials(challenge, target, name, password) {
  const given = Object.fromEntries([...challenge.matchAll(/(\w+)="?([^",]+)"?/g)].map(([, key, value]) => [key, value]));
  const cnonce = crypto.randomBytes(8).toString("hex");
  const a1 = hashed(name, given.realm, password);
  const response = hashed(a1, given.nonce, "00000001", cnonce, "auth", hashed("GET", target));
  return (
    `Digest username="${name}", realm="${given.realm}", nonce="${given.nonce}", uri="${target}", algorithm=MD5, ` +
    `qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}", opaque="${given.opaque}"`
  );
}

// Returns the body that the challenged and then authorised GET of url + target has.
exports.fetched = async function fetched(url, target, name, password, ca) {
  const refused = await get(url + target, ca, {});
  const authorization = credentials(refused.response.headers["www-authenticate"], target, name, password);
  const granted = await get(url + target, ca, { Authorization: authorization });
  if (granted.response.statusCode !== 200) throw new Error(`answered ${granted.response.statusCode}`);
  return granted.body;
};
