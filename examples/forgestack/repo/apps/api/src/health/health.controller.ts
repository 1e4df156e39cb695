import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { sql } from '@forgestack/db';
import type { Health } from '@forgestack/shared';
import { DatabaseService } from '../database.module';

@Controller('health')
export class HealthController {
  constructor(private readonly database: DatabaseService) {}

  /** Alive: asks nothing of other services, so that their outage does not restart this one. */
  @Get()
  live(): Health {
    return { status: 'ok', service: 'api', uptime: process.uptime() };
  }

  @Get('ready')
  async ready() {
    try {
      await this.database.db.execute(sql`select 1`);
    } catch {
      throw new ServiceUnavailableException('the database does not answer');
    }
    return { status: 'ok' };
  }
}
