import { BullModule } from '@nestjs/bullmq';
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { AuthModule } from './auth/auth.module';
import { DatabaseModule } from './database.module';
import { env } from './env';
import { HealthController } from './health/health.controller';
import { JobsModule } from './jobs/jobs.module';
import { stopTracing } from './tracing';
import { UploadsModule } from './uploads/uploads.module';
import { UsersModule } from './users/users.module';

@Module({
  imports: [
    BullModule.forRoot({ connection: { url: env.REDIS_URL } }),
    DatabaseModule,
    AuthModule,
    JobsModule,
    UploadsModule,
    UsersModule,
  ],
  controllers: [HealthController],
})
export class AppModule implements OnApplicationShutdown {
  onApplicationShutdown() {
    return stopTracing();
  }
}
