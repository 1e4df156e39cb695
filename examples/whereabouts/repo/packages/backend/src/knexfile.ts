import path from 'node:path';
import type { Knex } from 'knex';

const config: Knex.Config = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  acquireConnectionTimeout: 5000,
  migrations: { directory: path.join(__dirname, 'migrations'), loadExtensions: ['.js'] },
};

export default config;
