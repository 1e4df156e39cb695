import path from 'node:path';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import { createDb } from './client';

async function main() {
  const url = process.env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL is not set');

  const { db, close } = createDb(url, 1);
  try {
    await migrate(db, { migrationsFolder: path.join(__dirname, '..', 'drizzle') });
    console.log('the database is up to date');
  } finally {
    await close();
  }
}

main().catch((error) => {
  console.error('migration failed:', error);
  process.exitCode = 1;
});
