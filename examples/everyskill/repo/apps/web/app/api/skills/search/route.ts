import { querySchema } from '@everyskill/core';
import { findSimilarSkills } from '@everyskill/db';
import type { NextRequest } from 'next/server';
import { refuse } from '@/lib/answers';
import { database, embedding } from '@/lib/services';

export async function GET(request: NextRequest) {
  const query = querySchema.safeParse(request.nextUrl.searchParams.get('q'));
  if (!query.success) return refuse(400, 'q is the text to search for, of 1 to 200 characters');
  return Response.json(await findSimilarSkills(database(), await embedding(query.data)));
}
