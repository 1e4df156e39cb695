import { ping } from '@everyskill/db';
import { database } from '@/lib/services';

export const dynamic = 'force-dynamic';

export async function GET() {
  try {
    await ping(database());
    return Response.json({ status: 'ok', database: 'up' });
  } catch (error) {
    console.error('health:', error);
    return Response.json({ status: 'error', database: 'down' }, { status: 503 });
  }
}
