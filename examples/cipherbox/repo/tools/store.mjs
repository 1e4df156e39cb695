#!/usr/bin/env node
// Stores a file in a new drive and reads it back:   tools/store.mjs FILE [API]
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  decrypt,
  encrypt,
  fromBase64,
  generateKey,
  toBase64,
} from '../packages/crypto/dist/index.js';

const [path, api = 'http://localhost:3000'] = process.argv.slice(2);
if (!path) {
  console.error('usage: tools/store.mjs FILE [API]');
  process.exit(2);
}

async function call(method, route, token, body) {
  const response = await fetch(new URL(route, api), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}`);
  return response.json();
}

const content = new Uint8Array(await readFile(path));
const key = await generateKey();
const { token } = await call('POST', '/drives');
const contentBase64 = toBase64(await encrypt(key, content));
const { id } = await call('POST', '/files', token, { name: basename(path), contentBase64 });
const sealed = await call('POST', `/files/${id}/seal`, token);
const read = await call('GET', `/files/${id}`, token);
const same = Buffer.compare(await decrypt(key, fromBase64(read.contentBase64)), content) === 0;

console.log(
  `${sealed.cid} sealed with ${sealed.seal}; ${same ? 'read back' : 'came back changed'}`,
);
process.exit(same ? 0 : 1);
