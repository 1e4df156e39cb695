import { embed, type Storage } from '@everyskill/core';
import { createDb, type Database } from '@everyskill/db';
import { env } from './env';

// On globalThis, because the development server loads this module again after each change.
const shared = globalThis as { database?: Database };

export function database(): Database {
  return (shared.database ??= createDb(env().DATABASE_URL).db);
}

export function embedding(text: string): Promise<number[]> {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl } = env();
  return embed(text, apiKey ? { apiKey, baseUrl } : undefined);
}

export function storage(): Storage {
  const { S3_ENDPOINT, S3_BUCKET, S3_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = env();
  return {
    endpoint: S3_ENDPOINT.replace(/\/+$/, ''),
    bucket: S3_BUCKET,
    region: S3_REGION,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
  };
}
