import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decrypt,
  encrypt,
  exportKey,
  fromBase64,
  generateKey,
  importKey,
  toBase64,
} from './index.js';

const content = new TextEncoder().encode('nobody else can read this');

test('what is encrypted is decrypted with the same key, exported and imported', async () => {
  const key = await generateKey();
  const encrypted = await encrypt(key, content);
  assert.notDeepEqual(encrypted.subarray(12, 12 + content.length), content);
  assert.deepEqual(await decrypt(await importKey(await exportKey(key)), encrypted), content);
});

test('the same content is encrypted differently each time', async () => {
  const key = await generateKey();
  assert.notDeepEqual(await encrypt(key, content), await encrypt(key, content));
});

test('a changed content and another key are refused', async () => {
  const key = await generateKey();
  const encrypted = await encrypt(key, content);
  await assert.rejects(decrypt(await generateKey(), encrypted));
  encrypted[20]! ^= 1;
  await assert.rejects(decrypt(key, encrypted));
});

test('base64 carries every byte, also of what is longer than a chunk', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
});
