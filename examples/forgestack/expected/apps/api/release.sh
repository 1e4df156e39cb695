#!/bin/sh
# What a platform runs with a new version of api before it starts.
set -e
cd /app/packages/db
exec node dist/migrate.js
