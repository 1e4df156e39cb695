import { z } from 'zod';

export const QUEUES = {
  reports: 'reports',
} as const;

export const reportJobSchema = z.object({
  topic: z.string().min(1).max(200),
  /** How long the worker pretends to compute. */
  workMs: z.number().int().min(0).max(60_000).default(500),
});

export type ReportJob = z.infer<typeof reportJobSchema>;

export const reportResultSchema = z.object({
  reportId: z.string(),
  userCount: z.number(),
});

export type ReportResult = z.infer<typeof reportResultSchema>;

export const jobStateSchema = z.object({
  id: z.string(),
  state: z.string(),
  topic: z.string(),
  result: reportResultSchema.nullable(),
});

export type JobState = z.infer<typeof jobStateSchema>;

export const jobCountsSchema = z.object({
  waiting: z.number(),
  active: z.number(),
  completed: z.number(),
  failed: z.number(),
});

export type JobCounts = z.infer<typeof jobCountsSchema>;
