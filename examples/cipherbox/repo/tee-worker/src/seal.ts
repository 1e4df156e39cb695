import { createHmac } from 'node:crypto';

/** The signature of a content's id. */
export function seal(key: string, cid: string): string {
  return createHmac('sha256', key).update(cid).digest('hex');
}
