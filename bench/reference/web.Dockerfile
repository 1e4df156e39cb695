# The original specification by hand: install everything, copy every node_modules, build, `pnpm deploy`, copy the result.
FROM node:20-alpine AS deps
WORKDIR /app
RUN npm install -g pnpm@10.34.8
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY apps/api/package.json apps/api/
COPY apps/web/package.json apps/web/
COPY apps/worker/package.json apps/worker/
COPY packages/db/package.json packages/db/
COPY packages/shared/package.json packages/shared/
COPY packages/ui/package.json packages/ui/
RUN pnpm install --frozen-lockfile

FROM node:20-alpine AS build
WORKDIR /app
RUN npm install -g pnpm@10.34.8
COPY --from=deps /app/node_modules ./node_modules
COPY --from=deps /app/apps/api/node_modules ./apps/api/node_modules
COPY --from=deps /app/apps/web/node_modules ./apps/web/node_modules
COPY --from=deps /app/apps/worker/node_modules ./apps/worker/node_modules
COPY --from=deps /app/packages/db/node_modules ./packages/db/node_modules
COPY --from=deps /app/packages/shared/node_modules ./packages/shared/node_modules
COPY --from=deps /app/packages/ui/node_modules ./packages/ui/node_modules
COPY . .
RUN pnpm --filter "web^..." build
ARG NEXT_PUBLIC_API_URL
RUN pnpm --filter web build
RUN pnpm --filter web deploy --prod --legacy /prod/web && cp -r apps/web/.next /prod/web/.next && rm -rf /prod/web/.next/cache

FROM node:20-alpine
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /prod/web ./
USER node
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"]
CMD ["node_modules/.bin/next", "start"]
