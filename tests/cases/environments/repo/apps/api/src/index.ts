import { createServer } from "node:http";
import { Pool } from "pg";

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const level = process.env.LOG_LEVEL ?? "info";

createServer((request, response) => {
  if (request.url === "/health") {
    pool.query("SELECT 1").then(
      () => response.end("ok"),
      () => response.writeHead(503).end(),
    );
    return;
  }
  response.end(level);
}).listen(Number(process.env.PORT ?? 4000));
