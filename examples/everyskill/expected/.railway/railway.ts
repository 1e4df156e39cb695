// The project on Railway. It needs the npm package `railway`; `railway link` names the project.
//   railway config plan
//   railway config apply
// What is left out here is deleted there, variables too; `preserve()` keeps what Railway was told.
// Public addresses are made once, before the first build, and other host names in the same way:
//   railway domain --service web --port 2000
// Services have no source here: `railway up --service <name>` builds what lies in this folder.
import { defineRailway, image, preserve, project, service, volume } from "railway/iac";

export default defineRailway(() => {
  const postgresData = volume("postgres_data");

  const postgresService = service("postgres", {
    source: image("pgvector/pgvector:pg17"),
    deploy: { drainingSeconds: 60 },
    volumeMounts: { "/var/lib/postgresql/data": postgresData },
    env: {
      PGDATA: "/var/lib/postgresql/data/pgdata",
      POSTGRES_USER: "app",
      POSTGRES_DB: "everyskill",
      // Told to Railway, once: `railway variable set POSTGRES_PASSWORD --stdin --service postgres`
      POSTGRES_PASSWORD: preserve(),
    },
  });

  // Runs with each of its deployments, beside the others: Railway knows no order between services.
  const migrate = service("migrate", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "packages/db/Dockerfile.migrate",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/packages/core/**",
        "/packages/db/**",
        "/.dockerignore",
      ],
    },
    deploy: {
      restartPolicyType: "ON_FAILURE",
      restartPolicyMaxRetries: 3,
    },
    env: {
      DATABASE_URL: "postgresql://app:${{postgres.POSTGRES_PASSWORD}}@${{postgres.RAILWAY_PRIVATE_DOMAIN}}:5432/everyskill",
    },
  });

  const web = service("web", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "docker/Dockerfile",
      watchPatterns: [
        "/package.json",
        "/pnpm-lock.yaml",
        "/pnpm-workspace.yaml",
        "/tsconfig.base.json",
        "/packages/core/**",
        "/packages/db/**",
        "/packages/ui/**",
        "/apps/web/**",
        "/docker/Dockerfile",
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
      PORT: "2000",
      DATABASE_URL: "postgresql://app:${{postgres.POSTGRES_PASSWORD}}@${{postgres.RAILWAY_PRIVATE_DOMAIN}}:5432/everyskill",
      // Told to Railway, once: `railway variable set ADMIN_EMAIL --stdin --service web`
      ADMIN_EMAIL: preserve(),
      ADMIN_TOKEN: preserve(),
      AUTH_SECRET: preserve(),
      AUTH_URL: preserve(),
      AWS_ACCESS_KEY_ID: preserve(),
      AWS_SECRET_ACCESS_KEY: preserve(),
      S3_BUCKET: preserve(),
      S3_ENDPOINT: preserve(),
      // Kept where Railway is told of them; the code does without
      OPENAI_API_KEY: preserve(),
      OPENAI_BASE_URL: preserve(),
      S3_REGION: preserve(),
    },
  });

  return project("everyskill", { resources: [postgresData, postgresService, migrate, web] });
});
