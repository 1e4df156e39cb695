import { healthSchema, jobCountsSchema, type Health, type JobCounts } from '@forgestack/shared';

// The address of the API inside the network; the browser has its own, NEXT_PUBLIC_API_URL.
const baseUrl = () => process.env.API_INTERNAL_URL ?? 'http://localhost:4000';

async function get<T>(path: string, schema: { parse(value: unknown): T }): Promise<T | null> {
  try {
    const response = await fetch(`${baseUrl()}/api${path}`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(2000),
    });
    return response.ok ? schema.parse(await response.json()) : null;
  } catch {
    return null;
  }
}

/** Null stands for an API that is down or does not answer in time. */
export const getHealth = () => get<Health>('/health', healthSchema);
export const getJobCounts = () => get<JobCounts>('/jobs', jobCountsSchema);
