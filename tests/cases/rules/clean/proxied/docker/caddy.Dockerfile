FROM caddy:2.10-builder-alpine AS build
RUN xcaddy build --with github.com/caddy-dns/cloudflare@v0.2.1

FROM caddy:2.10-alpine
COPY --from=build /usr/bin/caddy /usr/bin/caddy
