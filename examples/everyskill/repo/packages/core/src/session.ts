import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const sessionSchema = z.object({
  email: z.email(),
  expires: z.number(),
});

export type Session = z.infer<typeof sessionSchema>;

export const SESSION_SECONDS = 7 * 24 * 60 * 60;

/** A session as text that cannot be changed without the secret. */
export function signSession(email: string, secret: string, now = Date.now()): string {
  const session: Session = { email, expires: now + SESSION_SECONDS * 1000 };
  const payload = Buffer.from(JSON.stringify(session)).toString('base64url');
  return `${payload}.${signature(payload, secret)}`;
}

export function readSession(token: string, secret: string, now = Date.now()): Session | null {
  const [payload = '', given = ''] = token.split('.');
  if (!isSame(given, signature(payload, secret))) return null;
  const session = sessionSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return session.expires > now ? session : null;
}

/** Compares secrets in a time that tells nothing about them. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function signature(payload: string, secret: string): string {
  return createHmac('sha256', secret).update(payload).digest('base64url');
}

// Of one length, which timingSafeEqual asks for.
const digest = (text: string) => createHmac('sha256', 'compare').update(text).digest();
