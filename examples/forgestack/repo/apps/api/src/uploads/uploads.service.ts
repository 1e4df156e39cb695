import { randomUUID } from 'node:crypto';
import { Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { env } from '../env';
import type { CreateUploadDto } from './create-upload.dto';

const EXPIRES_IN_SECONDS = 300;

@Injectable()
export class UploadsService {
  private readonly logger = new Logger(UploadsService.name);

  // Opens no connection: signing is local, and the browser does the upload.
  private readonly s3 = new S3Client({
    region: env.S3_REGION,
    endpoint: env.S3_ENDPOINT,
    forcePathStyle: env.S3_ENDPOINT !== undefined,
    // The default would sign the checksum of an empty body, as the file is not known here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });

  async presign(userId: string, { fileName, contentType }: CreateUploadDto) {
    const key = `${userId}/${randomUUID()}-${fileName}`;
    const command = new PutObjectCommand({
      Bucket: env.S3_BUCKET,
      Key: key,
      ContentType: contentType,
    });
    try {
      const url = await getSignedUrl(this.s3, command, { expiresIn: EXPIRES_IN_SECONDS });
      return { key, url, expiresIn: EXPIRES_IN_SECONDS };
    } catch (error) {
      this.logger.error(`signing failed: ${(error as Error).message}`);
      throw new ServiceUnavailableException('uploads are not available');
    }
  }
}
