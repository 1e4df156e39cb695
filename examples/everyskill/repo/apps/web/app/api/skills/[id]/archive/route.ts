import { signArchiveUrl } from '@everyskill/core';
import { hasSkill } from '@everyskill/db';
import { z } from 'zod';
import { isAdmin } from '@/lib/admin';
import { refuse } from '@/lib/answers';
import { database, storage } from '@/lib/services';

type Context = RouteContext<'/api/skills/[id]/archive'>;

/** Sends the browser to the archive. */
export async function GET(_: Request, { params }: Context) {
  const { id } = await params;
  if (!(await exists(id))) return refuse(404, 'no such skill');
  return Response.redirect(await signArchiveUrl(storage(), 'GET', id));
}

/** Answers where to PUT the archive. */
export async function POST(request: Request, { params }: Context) {
  if (!(await isAdmin(request))) return refuse(401, 'only the administrator publishes archives');
  const { id } = await params;
  if (!(await exists(id))) return refuse(404, 'no such skill');
  return Response.json({ url: await signArchiveUrl(storage(), 'PUT', id) });
}

const exists = async (id: string) => z.uuid().safeParse(id).success && hasSkill(database(), id);
