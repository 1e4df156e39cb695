import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from './data-source';
import { DrivesModule } from './drives/drives.module';
import { validate } from './environment';
import { FilesModule } from './files/files.module';
import { HealthController } from './health/health.controller';
import { MetricsModule } from './metrics/metrics.module';
import { RedisModule } from './redis.module';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, validate }),
    TypeOrmModule.forRoot(dataSourceOptions),
    RedisModule,
    MetricsModule,
    DrivesModule,
    FilesModule,
  ],
  controllers: [HealthController],
})
export class AppModule {}
