import { isSame, readSession, SESSION_SECONDS, signSession } from '@everyskill/core';
import { cookies } from 'next/headers';
import { env } from './env';

const COOKIE = 'everyskill_session';

export async function isSignedIn(): Promise<boolean> {
  const token = (await cookies()).get(COOKIE)?.value;
  return token !== undefined && readSession(token, env().AUTH_SECRET)?.email === env().ADMIN_EMAIL;
}

export async function signIn(email: string, token: string): Promise<boolean> {
  const { ADMIN_EMAIL, ADMIN_TOKEN, AUTH_SECRET, AUTH_URL } = env();
  if (email !== ADMIN_EMAIL || !isSame(token, ADMIN_TOKEN)) return false;
  (await cookies()).set(COOKIE, signSession(email, AUTH_SECRET), {
    httpOnly: true,
    sameSite: 'lax',
    secure: AUTH_URL.startsWith('https:'),
    maxAge: SESSION_SECONDS,
  });
  return true;
}

/** Scripts send the token; browsers their session, and only from our own pages. */
export async function isAdmin(request: Request): Promise<boolean> {
  const token = request.headers.get('x-admin-token');
  if (token !== null) return isSame(token, env().ADMIN_TOKEN);
  const origin = request.headers.get('origin');
  return origin === new URL(env().AUTH_URL).origin && (await isSignedIn());
}
