# syntax=docker/dockerfile:1
ARG NODE_VERSION=22
FROM node:${NODE_VERSION}-bookworm-slim AS build
RUN corepack enable && corepack prepare pnpm@10.20.0 --activate
WORKDIR /repo
COPY --parents package.json pnpm-lock.yaml pnpm-workspace.yaml apps/*/package.json packages/*/package.json ./
RUN --mount=type=cache,target=/root/.cache pnpm fetch
COPY . .
RUN pnpm install -r --offline && pnpm --filter "@shop/api..." run build && pnpm --filter=@shop/api --prod deploy --legacy /out

FROM gcr.io/distroless/nodejs22-debian12:nonroot
WORKDIR /srv
COPY --from=build /out .
ENV PORT=8080 NODE_ENV=production
EXPOSE 8080
HEALTHCHECK CMD ["/nodejs/bin/node", "-e", "fetch('http://localhost:' + process.env.PORT + '/api/health').then(r => process.exit(+!r.ok))"]
CMD ["dist/main.js"]
