import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validate } from './environment';

const REQUIRED = {
  DB_USERNAME: 'cipherbox',
  DB_PASSWORD: 'cipherbox',
  DB_DATABASE: 'cipherbox',
  TEE_WORKER_SECRET: 'a-secret-for-tests',
  JWT_SECRET: 'a-secret-for-tests',
};

test('numbers are read from text, and what is missing has its default', () => {
  const environment = validate({ ...REQUIRED, DB_PORT: '6543', REDIS_PORT: '' });
  assert.equal(environment.DB_PORT, 6543);
  assert.equal(environment.REDIS_PORT, 6379);
  assert.equal(environment.DB_HOST, 'localhost');
});

test('an address of the stack needs no top-level domain', () => {
  const environment = validate({ ...REQUIRED, IPFS_LOCAL_API_URL: 'http://ipfs:5001' });
  assert.equal(environment.IPFS_LOCAL_API_URL, 'http://ipfs:5001');
});

test('everything that is wrong is named at once', () => {
  assert.throws(
    () => validate({ ...REQUIRED, JWT_SECRET: 'short', TEE_WORKER_URL: 'tee-worker' }),
    /TEE_WORKER_URL.*\n.*JWT_SECRET/,
  );
});
