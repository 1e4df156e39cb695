import { randomUUID } from 'node:crypto';
import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { MetricsService } from '../metrics/metrics.service';
import { RedisService } from '../redis.module';
import type { CreateFileDto } from './create-file.dto';
import { IpfsService } from './ipfs.service';
import { StoredFile } from './stored-file.entity';
import { TeeService } from './tee.service';

const LIST_TTL_SECONDS = 10;

@Injectable()
export class FilesService {
  constructor(
    @InjectRepository(StoredFile) private readonly files: Repository<StoredFile>,
    private readonly ipfs: IpfsService,
    private readonly tee: TeeService,
    private readonly redis: RedisService,
    private readonly metrics: MetricsService,
  ) {}

  async create(drive: string, { name, contentBase64 }: CreateFileDto): Promise<StoredFile> {
    const content = Buffer.from(contentBase64, 'base64');
    const cid = await this.ipfs.add(content);
    const file = await this.save(
      this.files.create({ id: randomUUID(), drive, name, size: content.length, cid }),
    );
    this.metrics.count('files_stored');
    return file;
  }

  /** The files of a drive, newest first, as text: it goes from Redis to the client as it is. */
  async list(drive: string): Promise<string> {
    const key = listKey(drive);
    const cached = await this.redis.client.get(key);
    if (cached !== null) return cached;
    const files = await this.files.find({ where: { drive }, order: { createdAt: 'DESC' } });
    const list = JSON.stringify(files);
    await this.redis.client.set(key, list, 'EX', LIST_TTL_SECONDS);
    return list;
  }

  async read(drive: string, id: string): Promise<StoredFile & { contentBase64: string }> {
    const file = await this.find(drive, id);
    const content = await this.ipfs.cat(file.cid);
    this.metrics.count('files_read');
    return { ...file, contentBase64: content.toString('base64') };
  }

  async seal(drive: string, id: string): Promise<StoredFile> {
    const file = await this.find(drive, id);
    file.seal = await this.tee.seal(file.cid);
    file.sealedAt = new Date();
    this.metrics.count('files_sealed');
    return this.save(file);
  }

  private async find(drive: string, id: string): Promise<StoredFile> {
    const file = await this.files.findOneBy({ drive, id });
    if (!file) throw new NotFoundException(`no file ${id}`);
    return file;
  }

  private async save(file: StoredFile): Promise<StoredFile> {
    const saved = await this.files.save(file);
    await this.redis.client.del(listKey(file.drive));
    return saved;
  }
}

function listKey(drive: string): string {
  return `files:${drive}`;
}
