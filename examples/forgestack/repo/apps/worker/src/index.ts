import { createDb } from '@forgestack/db';
import { QUEUES, type ReportJob, type ReportResult } from '@forgestack/shared';
import { Worker } from 'bullmq';
import { DATABASE_URL, REDIS_URL, WORKER_CONCURRENCY } from './env';
import { writeReport } from './report';

const { db, close } = createDb(DATABASE_URL, WORKER_CONCURRENCY);

const worker = new Worker<ReportJob, ReportResult>(QUEUES.reports, (job) => writeReport(db, job), {
  connection: { url: REDIS_URL },
  concurrency: WORKER_CONCURRENCY,
});

worker.on('ready', () => console.log(`worker is waiting for jobs on queue ${QUEUES.reports}`));
worker.on('completed', (job, result) =>
  console.log(`job ${job.id} completed: report ${result.reportId}`),
);
worker.on('failed', (job, error) => console.error(`job ${job?.id} failed: ${error.message}`));
worker.on('error', (error) => console.error(`worker error: ${error.message}`));

let stopping = false;

async function shutdown(signal: NodeJS.Signals) {
  if (stopping) return;
  stopping = true;
  console.log(`${signal} received, finishing the running jobs`);
  await worker.close();
  await close();
  console.log('worker stopped');
  process.exit(0);
}

process.on('SIGTERM', shutdown);
process.on('SIGINT', shutdown);
