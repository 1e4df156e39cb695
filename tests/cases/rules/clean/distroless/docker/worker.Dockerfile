FROM node:22-alpine
RUN apk add --no-cache tini
WORKDIR /app
COPY package.json pnpm-*.yaml ./
COPY packages/db/package.json ./packages/db/package.json
COPY apps/worker/package.json ./apps/worker/package.json
RUN npm i -g pnpm@10.20.0 && pnpm i --frozen-lockfile
COPY packages ./packages
COPY apps/worker ./apps/worker
RUN pnpm --filter @shop/db build && pnpm --filter @shop/worker build
USER 1000:1000
ENTRYPOINT ["/sbin/tini", "--"]
CMD ["node", "--enable-source-maps", "apps/worker/dist/main"]
