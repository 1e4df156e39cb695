import postgres from 'postgres';

if (!process.env.POSTGRES_URL) {
  throw new Error('POSTGRES_URL is missing');
}

export const client = postgres(process.env.POSTGRES_URL);
