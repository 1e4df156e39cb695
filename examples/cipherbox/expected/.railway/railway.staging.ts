// The project on Railway. It needs the npm package `railway`; `railway link` names the project.
//   railway config plan --file .railway/railway.staging.ts
//   railway config apply --file .railway/railway.staging.ts
// What is left out here is deleted there, variables too; `preserve()` keeps what Railway was told.
// Public addresses are made once, before the first build, and other host names in the same way:
//   railway domain --service api --port 3000
//   railway domain api.staging.example.com --service api --port 3000
//   railway domain --service web --port 8080
//   railway domain app.staging.example.com --service web --port 8080
// Shared variables, which the settings of the project hold: TEE_WORKER_SECRET
// Services have no source here: `railway up --service <name>` builds what lies in this folder.
import { defineRailway, image, postgres, preserve, project, redis, service, volume } from "railway/iac";

export default defineRailway((ctx) => {
  if (!ctx.isEnvironment("staging")) throw new Error("this file is for the environment staging");

  const ipfsStaging = volume("ipfs_staging");

  const ipfs = service("ipfs", {
    source: image("ipfs/kubo:v0.34.0"),
    deploy: { drainingSeconds: 30 },
    volumeMounts: { "/data/ipfs": ipfsStaging },
    env: {
      IPFS_PROFILE: "server",
      GOMEMLIMIT: "1300MiB",
    },
  });

  // PostgreSQL 18, Railway's own version; elsewhere it is 16.
  const postgresDatabase = postgres("postgres");

  // Redis 8.2, Railway's own version; elsewhere it is 7.
  const redisDatabase = redis("redis");

  const api = service("api", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "apps/api/Dockerfile",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/apps/api/**",
        "/.dockerignore",
      ],
    },
    preDeploy: "node_modules/.bin/typeorm migration:run -d dist/data-source.js",
    healthcheck: "/health",
    healthcheckTimeout: 120,
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      overlapSeconds: 10,
      drainingSeconds: 10,
    },
    env: {
      PORT: "3000",
      CORS_ORIGIN: "https://${{web.RAILWAY_PUBLIC_DOMAIN}}",
      DB_DATABASE: postgresDatabase.env.PGDATABASE,
      DB_HOST: postgresDatabase.env.PGHOST,
      DB_PASSWORD: postgresDatabase.env.PGPASSWORD,
      DB_PORT: postgresDatabase.env.PGPORT,
      DB_USERNAME: postgresDatabase.env.PGUSER,
      IPFS_LOCAL_API_URL: "http://${{ipfs.RAILWAY_PRIVATE_DOMAIN}}:5001",
      REDIS_HOST: redisDatabase.env.REDISHOST,
      REDIS_PASSWORD: redisDatabase.env.REDISPASSWORD,
      REDIS_PORT: redisDatabase.env.REDISPORT,
      TEE_WORKER_SECRET: ctx.shared.TEE_WORKER_SECRET,
      TEE_WORKER_URL: "http://${{tee-worker.RAILWAY_PRIVATE_DOMAIN}}:3001",
      // Told to Railway, once: `railway variable set JWT_SECRET --stdin --service api`
      JWT_SECRET: preserve(),
    },
  });

  const web = service("web", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "apps/web/Dockerfile.serve",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/packages/crypto/**",
        "/apps/web/**",
        "/.dockerignore",
      ],
    },
    healthcheck: "/",
    healthcheckTimeout: 120,
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      overlapSeconds: 10,
      drainingSeconds: 10,
    },
    env: {
      PORT: "8080",
      VITE_API_URL: "https://${{api.RAILWAY_PUBLIC_DOMAIN}}",
    },
  });

  const teeWorker = service("tee-worker", {
    rootDirectory: "tee-worker",
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "Dockerfile",
      watchPatterns: ["/tee-worker/**"],
    },
    healthcheck: "/health",
    healthcheckTimeout: 120,
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      overlapSeconds: 10,
      drainingSeconds: 10,
    },
    env: {
      PORT: "3001",
      TEE_WORKER_SECRET: ctx.shared.TEE_WORKER_SECRET,
      // Told to Railway, once: `railway variable set TEE_SEAL_KEY --stdin --service tee-worker`
      TEE_SEAL_KEY: preserve(),
    },
  });

  return project("cipherbox", {
    resources: [ipfsStaging, ipfs, postgresDatabase, redisDatabase, api, web, teeWorker],
  });
});
