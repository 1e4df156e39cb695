import { BadGatewayException, Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Environment } from '../environment';

const TIMEOUT_MS = 30_000;

/** The RPC API of a Kubo node, of which every call is a POST. */
@Injectable()
export class IpfsService {
  private readonly logger = new Logger(IpfsService.name);
  private readonly url: string;

  constructor(config: ConfigService<Environment, true>) {
    this.url = config.get('IPFS_LOCAL_API_URL', { infer: true });
  }

  /** Add and pin a content, and return its id. */
  async add(content: Buffer<ArrayBuffer>): Promise<string> {
    const body = new FormData();
    body.append('file', new Blob([content]));
    const response = await this.call('/api/v0/add?pin=true&cid-version=1', body);
    const { Hash } = (await response.json()) as { Hash: string };
    return Hash;
  }

  async cat(cid: string): Promise<Buffer> {
    const response = await this.call(`/api/v0/cat?arg=${encodeURIComponent(cid)}`);
    return Buffer.from(await response.arrayBuffer());
  }

  private async call(path: string, body?: FormData): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(new URL(path, this.url), { method: 'POST', body, signal });
      if (response.ok) return response;
      this.logger.error(`${path} answered ${response.status}`);
    } catch (error) {
      this.logger.error(`${path} failed: ${(error as Error).message}`);
    }
    throw new BadGatewayException('the file store does not answer');
  }
}
