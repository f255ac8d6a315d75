// Downloads with Node's https module; encodeURIComponent builds the query.
"use strict";

const fs = require("node:fs");
const { fetched } = require("./digest.js");

const [url, name, password, caFile, filedir, filename] = process.argv.slice(2);
const directory = filedir ? `filedir=${encodeURIComponent(filedir)}&` : "";
const target = `/recapi?${directory}filename=${encodeURIComponent(filename)}`;

fetched(url, target, name, password, fs.readFileSync(caFile))
  .then((body) => process.stdout.write(body))
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
