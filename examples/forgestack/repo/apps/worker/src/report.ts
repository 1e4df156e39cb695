import { setTimeout as sleep } from 'node:timers/promises';
import { count, reports, users, type Database } from '@forgestack/db';
import { reportJobSchema, type ReportJob, type ReportResult } from '@forgestack/shared';
import type { Job } from 'bullmq';

export async function writeReport(
  db: Database,
  job: Job<ReportJob, ReportResult>,
): Promise<ReportResult> {
  const { topic, workMs } = reportJobSchema.parse(job.data);
  await sleep(workMs);

  const [row] = await db.select({ userCount: count() }).from(users);
  const userCount = row?.userCount ?? 0;

  // A job may run again after a crash; the same report is then written over.
  const [report] = await db
    .insert(reports)
    .values({ jobId: job.id!, topic, userCount })
    .onConflictDoUpdate({ target: reports.jobId, set: { topic, userCount } })
    .returning({ id: reports.id });

  return { reportId: report!.id, userCount };
}
