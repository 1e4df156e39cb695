import { Global, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { createDb } from '@forgestack/db';
import { env } from './env';

@Injectable()
export class DatabaseService implements OnApplicationShutdown {
  private readonly client = createDb(env.DATABASE_URL);
  readonly db = this.client.db;

  // By now Nest has stopped the HTTP server, so no query is under way.
  onApplicationShutdown() {
    return this.client.close();
  }
}

@Global()
@Module({ providers: [DatabaseService], exports: [DatabaseService] })
export class DatabaseModule {}
