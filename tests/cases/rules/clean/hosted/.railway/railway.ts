import { defineRailway, github, image, postgres, preserve, project, redis, service } from "railway/iac";

const source = github("shop/shop", { branch: "main" });

export default defineRailway(() => {
  const db = postgres("db");
  const queue = redis("queue");
  const shared = { DATABASE_URL: db.env.DATABASE_URL, NODE_ENV: "production" };

  const api = service("@shop/api", {
    source,
    build: { builder: "DOCKERFILE", dockerfilePath: "apps/api/Dockerfile", watchPatterns: ["**", "!/docs/**"] },
    start: "node dist/main.js",
    healthcheck: "/api/health",
    networking: { privateNetworkEndpoint: "shopapi" },
    env: { ...shared, PORT: "4000", JWT_SECRET: preserve() },
  });
  const worker = service("worker", {
    source: image("ghcr.io/shop/worker:latest"),
    env: { ...shared, REDIS_URL: queue.env.REDIS_URL, API_URL: "http://shopapi.railway.internal:4000" },
  });

  return project("shop", { resources: [db, queue, api, worker] });
});
