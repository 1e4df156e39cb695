// The project on Railway. It needs the npm package `railway`; `railway link` names the project.
//   railway config plan
//   railway config apply
// What is left out here is deleted there, variables too; `preserve()` keeps what Railway was told.
// Public addresses are made once, before the first build, and other host names in the same way:
//   railway domain --service api --port 4000
//   railway domain --service web --port 3000
// Services have no source here: `railway up --service <name>` builds what lies in this folder.
import { defineRailway, postgres, preserve, project, redis, service } from "railway/iac";

export default defineRailway(() => {
  // PostgreSQL 18, Railway's own version; elsewhere it is 15.
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
        "/packages/db/**",
        "/packages/shared/**",
        "/apps/api/**",
        "/.dockerignore",
      ],
    },
    preDeploy: "sh /release.sh",
    healthcheck: "/api/health",
    healthcheckTimeout: 120,
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      overlapSeconds: 10,
      drainingSeconds: 10,
    },
    env: {
      PORT: "4000",
      CORS_ORIGIN: "https://${{web.RAILWAY_PUBLIC_DOMAIN}}",
      DATABASE_URL: postgresDatabase.env.DATABASE_URL,
      REDIS_URL: redisDatabase.env.REDIS_URL,
      // Told to Railway, once: `railway variable set JWT_SECRET --stdin --service api`
      JWT_SECRET: preserve(),
      S3_BUCKET: preserve(),
      // Kept where Railway is told of them; the code does without
      AWS_ACCESS_KEY_ID: preserve(),
      AWS_SECRET_ACCESS_KEY: preserve(),
      LOG_LEVEL: preserve(),
      OTEL_EXPORTER_OTLP_ENDPOINT: preserve(),
      OTEL_SERVICE_NAME: preserve(),
      S3_ENDPOINT: preserve(),
      S3_REGION: preserve(),
    },
  });

  const web = service("web", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "apps/web/Dockerfile",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/packages/shared/**",
        "/packages/ui/**",
        "/apps/web/**",
        "/.dockerignore",
      ],
    },
    healthcheck: "/api/health",
    healthcheckTimeout: 120,
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      overlapSeconds: 10,
      drainingSeconds: 10,
    },
    env: {
      PORT: "3000",
      NEXT_PUBLIC_API_URL: "https://${{api.RAILWAY_PUBLIC_DOMAIN}}",
      API_INTERNAL_URL: "http://${{api.RAILWAY_PRIVATE_DOMAIN}}:4000",
    },
  });

  const worker = service("worker", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "apps/worker/Dockerfile",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/packages/db/**",
        "/packages/shared/**",
        "/apps/worker/**",
        "/.dockerignore",
      ],
    },
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
      drainingSeconds: 30,
    },
    env: {
      DATABASE_URL: postgresDatabase.env.DATABASE_URL,
      REDIS_URL: redisDatabase.env.REDIS_URL,
      // Kept where Railway is told of them; the code does without
      WORKER_CONCURRENCY: preserve(),
    },
  });

  return project("forgestack", { resources: [postgresDatabase, redisDatabase, api, web, worker] });
});
