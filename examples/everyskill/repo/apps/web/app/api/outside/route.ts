import { refuse } from '@/lib/answers';
import { storage } from '@/lib/services';

export const dynamic = 'force-dynamic';

/** Whether the object storage, outside our network, is reached; what it answers is of no matter. */
export async function GET() {
  try {
    const { status } = await fetch(storage().endpoint, { signal: AbortSignal.timeout(3000) });
    return Response.json({ reached: true, status });
  } catch (error) {
    console.error('outside:', error);
    return refuse(502, 'the object storage cannot be reached');
  }
}
