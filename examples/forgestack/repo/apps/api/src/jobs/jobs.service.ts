import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import {
  jobCountsSchema,
  QUEUES,
  reportJobSchema,
  type JobCounts,
  type JobState,
  type ReportJob,
  type ReportResult,
} from '@forgestack/shared';
import type { Queue } from 'bullmq';
import type { CreateJobDto } from './create-job.dto';

@Injectable()
export class JobsService {
  constructor(
    @InjectQueue(QUEUES.reports) private readonly queue: Queue<ReportJob, ReportResult>,
  ) {}

  async add(body: CreateJobDto): Promise<{ id: string }> {
    const job = await this.queue.add('report', reportJobSchema.parse(body), {
      attempts: 3,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: 1000,
    });
    return { id: job.id! };
  }

  async counts(): Promise<JobCounts> {
    return jobCountsSchema.parse(
      await this.queue.getJobCounts('waiting', 'active', 'completed', 'failed'),
    );
  }

  async find(id: string): Promise<JobState | null> {
    const job = await this.queue.getJob(id);
    if (!job) return null;
    return {
      id,
      state: await job.getState(),
      topic: job.data.topic,
      result: job.returnvalue ?? null,
    };
  }
}
