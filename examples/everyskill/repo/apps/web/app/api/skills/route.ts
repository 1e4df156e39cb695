import { describe, newSkillSchema } from '@everyskill/core';
import { addSkill } from '@everyskill/db';
import { z } from 'zod';
import { isAdmin } from '@/lib/admin';
import { bodyOf, refuse } from '@/lib/answers';
import { database, embedding } from '@/lib/services';

export async function POST(request: Request) {
  if (!(await isAdmin(request))) return refuse(401, 'only the administrator publishes skills');
  const skill = newSkillSchema.safeParse(await bodyOf(request));
  if (!skill.success) return refuse(400, z.prettifyError(skill.error));
  const added = await addSkill(database(), skill.data, await embedding(describe(skill.data)));
  return Response.json(added, { status: 201 });
}
