import { z } from 'zod';
import { signIn } from '@/lib/admin';
import { bodyOf, refuse } from '@/lib/answers';

const credentialsSchema = z.object({ email: z.string(), token: z.string() });

export async function POST(request: Request) {
  const credentials = credentialsSchema.safeParse(await bodyOf(request));
  if (!credentials.success) return refuse(400, z.prettifyError(credentials.error));
  const { email, token } = credentials.data;
  if (!(await signIn(email, token))) return refuse(401, 'unknown e-mail or token');
  return new Response(null, { status: 204 });
}
