import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { QUEUES } from '@forgestack/shared';
import { JobsController } from './jobs.controller';
import { JobsService } from './jobs.service';

@Module({
  imports: [BullModule.registerQueue({ name: QUEUES.reports })],
  controllers: [JobsController],
  providers: [JobsService],
})
export class JobsModule {}
