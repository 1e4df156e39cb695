import type { NewSkill } from '@everyskill/core';
import { cosineDistance, desc, eq, sql } from 'drizzle-orm';
import type { Database } from './client';
import { skills } from './schema';

const { id, name, summary, author, createdAt } = skills;
const shown = { id, name, summary, author, createdAt };

export async function addSkill(db: Database, skill: NewSkill, embedding: number[]) {
  const [added] = await db
    .insert(skills)
    .values({ ...skill, embedding })
    .returning(shown);
  return added!;
}

export type Skill = Awaited<ReturnType<typeof addSkill>>;

export function listSkills(db: Database, byAuthor: string | null): Promise<Skill[]> {
  return db
    .select(shown)
    .from(skills)
    .where(byAuthor === null ? undefined : eq(author, byAuthor))
    .orderBy(desc(createdAt))
    .limit(50);
}

/** The nearest neighbours first: `embedding <=> $1` of pgvector. */
export function findSimilarSkills(db: Database, embedding: number[], limit = 10) {
  const distance = cosineDistance(skills.embedding, embedding);
  return db
    .select({ ...shown, similarity: sql<number>`1 - (${distance})` })
    .from(skills)
    .orderBy(distance)
    .limit(limit);
}

export async function hasSkill(db: Database, skillId: string): Promise<boolean> {
  return (await db.$count(skills, eq(id, skillId))) > 0;
}

/** Rejects when the database does not answer. */
export async function ping(db: Database): Promise<void> {
  await db.execute(sql`select 1`);
}
