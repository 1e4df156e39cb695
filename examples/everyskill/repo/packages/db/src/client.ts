import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import * as schema from './schema';

export function createDb(connectionString: string, max = 10) {
  const pool = new Pool({ connectionString, max, connectionTimeoutMillis: 2000 });
  // Emitted when the server drops an idle connection; unheard, it would end the process.
  pool.on('error', (error) => console.error('idle database connection lost:', error.message));

  return {
    db: drizzle(pool, { schema }),
    close: () => pool.end(),
  };
}

export type Database = ReturnType<typeof createDb>['db'];
