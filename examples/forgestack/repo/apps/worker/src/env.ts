import { cleanEnv, num, url } from 'envalid';

export const { DATABASE_URL, REDIS_URL, WORKER_CONCURRENCY } = cleanEnv(process.env, {
  DATABASE_URL: url({ desc: 'PostgreSQL connection' }),
  REDIS_URL: url({ desc: 'Redis connection of the queues' }),
  WORKER_CONCURRENCY: num({ default: 5, desc: 'Jobs processed at the same time' }),
});
