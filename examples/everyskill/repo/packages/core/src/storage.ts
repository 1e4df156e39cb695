import { AwsClient } from 'aws4fetch';

export interface Storage {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** An address that allows one method on one object for five minutes. */
export async function signArchiveUrl(
  storage: Storage,
  method: 'GET' | 'PUT',
  skillId: string,
): Promise<string> {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = storage;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3' });
  const url = new URL(`${endpoint}/${bucket}/skills/${skillId}.zip`);
  url.searchParams.set('X-Amz-Expires', '300');
  const signed = await client.sign(url, { method, aws: { signQuery: true } });
  return signed.url;
}
