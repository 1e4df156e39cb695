import { Body, Controller, Get, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import type { JobCounts, JobState } from '@forgestack/shared';
import { CreateJobDto } from './create-job.dto';
import { JobsService } from './jobs.service';

@Controller('jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  @Post()
  @HttpCode(202)
  create(@Body() body: CreateJobDto): Promise<{ id: string }> {
    return this.jobs.add(body);
  }

  @Get()
  counts(): Promise<JobCounts> {
    return this.jobs.counts();
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<JobState> {
    const job = await this.jobs.find(id);
    if (!job) throw new NotFoundException(`no job ${id}`);
    return job;
  }
}
