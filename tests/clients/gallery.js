// Node's https, one connection a line of JSON on standard input: {port, host, ca}; ca null verifies nothing.
// Prints a line of JSON for each: {accepted, said}.
const https = require("https");
const readline = require("readline");

async function ask({ port, host, ca }) {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, path: "/nothing", servername: host, agent: false, timeout: 5000 };
    Object.assign(options, ca === null ? { rejectUnauthorized: false } : { ca });
    const request = https.get(options, (answer) => {
      answer.resume();
      resolve({ accepted: true, said: String(answer.statusCode) });
    });
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", (error) => resolve({ accepted: false, said: error.code || error.message }));
  });
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await ask(JSON.parse(line))) + "\n");
  }
})();
