const NONCE_BYTES = 12;

/** Encrypt a content with AES-GCM; the nonce goes before the ciphertext. */
export async function encrypt(
  key: CryptoKey,
  content: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, content);
  const sealed = new Uint8Array(NONCE_BYTES + ciphertext.byteLength);
  sealed.set(nonce);
  sealed.set(new Uint8Array(ciphertext), NONCE_BYTES);
  return sealed;
}

/** Undo `encrypt`; rejects when the key is another one or the content was changed. */
export async function decrypt(
  key: CryptoKey,
  encrypted: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const iv = encrypted.subarray(0, NONCE_BYTES);
  const ciphertext = encrypted.subarray(NONCE_BYTES);
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, ciphertext));
}
