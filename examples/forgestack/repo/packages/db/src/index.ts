export { createDb, type Database } from './client';
export * from './schema';
// Callers take the operators from here, so that one copy of drizzle-orm is in use.
export { count, desc, eq, sql } from 'drizzle-orm';
