const http = require("node:http");

const version = process.env.VERSION;
console.log(`api ${version} begins`);

http
  .createServer((request, response) => {
    if (request.url === "/health" && version === "unwell") {
      console.log("api says: I am not well");
      response.statusCode = 500;
    }
    response.end(JSON.stringify({ version, message: process.env.MESSAGE ?? null, other: process.env.OTHER ?? null }));
  })
  .listen(3000);

process.on("SIGTERM", () => process.exit(0));
