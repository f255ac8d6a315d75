// Pages with Node's https module, told by the JSON.
"use strict";

const fs = require("node:fs");
const { fetched } = require("./digest.js");

const [url, name, password, caFile] = process.argv.slice(2);
const ca = fs.readFileSync(caFile);

async function main() {
  for (let offset = 0, count = 1000; count === 1000; offset += 1000) {
    const target = `/cdrapi?format=JSON&numRecords=1000&offset=${offset}`;
    const rows = JSON.parse(await fetched(url, target, name, password, ca)).cdr;
    for (const row of rows) console.log(row.AcctId);
    count = rows.length;
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
