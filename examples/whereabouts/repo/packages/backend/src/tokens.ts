import jwt from 'jsonwebtoken';
import type { User } from './database';
import { JWT_SECRET } from './env';

export const issueToken = ({ id, name }: User): string =>
  jwt.sign({ name }, JWT_SECRET, { subject: id, expiresIn: '30d' });

/** Undefined for a token that is forged, expired or not there. */
export function readToken(token: string | null | undefined): User | undefined {
  if (!token) return undefined;
  try {
    const claims = jwt.verify(token, JWT_SECRET, { algorithms: ['HS256'] }) as jwt.JwtPayload;
    return { id: claims.sub!, name: claims.name as string };
  } catch {
    return undefined;
  }
}
