import { exportKey, generateKey, importKey } from '@cipherbox/crypto';
import { createDrive } from './api';

const STORED = 'cipherbox-drive';

export interface Drive {
  token: string;
  key: CryptoKey;
}

/** The drive of this browser: its key is kept here and nowhere else. */
export async function openDrive(): Promise<Drive> {
  const stored = localStorage.getItem(STORED);
  if (stored !== null) {
    const { token, key } = JSON.parse(stored) as { token: string; key: string };
    return { token, key: await importKey(key) };
  }
  const [{ token }, key] = await Promise.all([createDrive(), generateKey()]);
  localStorage.setItem(STORED, JSON.stringify({ token, key: await exportKey(key) }));
  return { token, key };
}
