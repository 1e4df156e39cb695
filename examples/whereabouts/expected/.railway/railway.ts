// The project on Railway. It needs the npm package `railway`; `railway link` names the project.
//   railway config plan
//   railway config apply
// What is left out here is deleted there, variables too; `preserve()` keeps what Railway was told.
// Public addresses are made once, before the first build, and other host names in the same way:
//   railway domain --service backend --port 3000
// Services have no source here: `railway up --service <name>` builds what lies in this folder.
import { defineRailway, postgres, preserve, project, service } from "railway/iac";

export default defineRailway(() => {
  // PostgreSQL 18, Railway's own version; elsewhere it is 16.
  const postgresDatabase = postgres("postgres");

  const backend = service("backend", {
    build: {
      builder: "DOCKERFILE",
      dockerfilePath: "packages/backend/Dockerfile",
      watchPatterns: [
        "/package.json",
        "/package-lock.json",
        "/tsconfig.json",
        "/packages/backend/**",
        "/.dockerignore",
      ],
    },
    preDeploy: "../../node_modules/.bin/knex migrate:latest --knexfile dist/knexfile.js",
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
      DATABASE_URL: postgresDatabase.env.DATABASE_URL,
      // Told to Railway, once: `railway variable set JWT_SECRET --stdin --service backend`
      JWT_SECRET: preserve(),
    },
  });

  return project("whereabouts", { resources: [postgresDatabase, backend] });
});
