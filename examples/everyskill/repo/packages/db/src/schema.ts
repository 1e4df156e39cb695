import { EMBEDDING_SIZE } from '@everyskill/core';
import { index, pgTable, text, timestamp, uuid, vector } from 'drizzle-orm/pg-core';

export const skills = pgTable(
  'skills',
  {
    id: uuid().primaryKey().defaultRandom(),
    name: text().notNull(),
    summary: text().notNull(),
    author: text().notNull(),
    embedding: vector({ dimensions: EMBEDDING_SIZE }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('skills_author_index').on(table.author),
    index('skills_embedding_index').using('hnsw', table.embedding.op('vector_cosine_ops')),
  ],
);
