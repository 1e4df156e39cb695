import { fromBase64, toBase64 } from './base64.js';

const USAGES: KeyUsage[] = ['encrypt', 'decrypt'];

/** A fresh key for a drive. It never leaves the client. */
export function generateKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, USAGES);
}

export async function exportKey(key: CryptoKey): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.exportKey('raw', key)));
}

export function importKey(text: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', fromBase64(text), 'AES-GCM', true, USAGES);
}
