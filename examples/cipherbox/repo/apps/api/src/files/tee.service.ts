import { BadGatewayException, Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Environment } from '../environment';

const TIMEOUT_MS = 10_000;

@Injectable()
export class TeeService {
  private readonly logger = new Logger(TeeService.name);
  private readonly url: string;
  private readonly secret: string;

  constructor(config: ConfigService<Environment, true>) {
    this.url = config.get('TEE_WORKER_URL', { infer: true });
    this.secret = config.get('TEE_WORKER_SECRET', { infer: true });
  }

  /** Have the TEE worker sign the id of a content. */
  async seal(cid: string): Promise<string> {
    try {
      const response = await fetch(new URL('/seal', this.url), {
        method: 'POST',
        headers: { authorization: `Bearer ${this.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ cid }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.ok) return ((await response.json()) as { seal: string }).seal;
      this.logger.error(`the TEE worker answered ${response.status}`);
    } catch (error) {
      this.logger.error(`the TEE worker failed: ${(error as Error).message}`);
    }
    throw new BadGatewayException('the TEE worker does not seal');
  }
}
