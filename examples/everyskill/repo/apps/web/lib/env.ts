import { z } from 'zod';

const envSchema = z.object({
  DATABASE_URL: z.url(),
  AUTH_SECRET: z.string().min(32),
  AUTH_URL: z.url(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url().default('https://api.openai.com/v1'),
  S3_ENDPOINT: z.url(),
  S3_BUCKET: z.string().min(1),
  S3_REGION: z.string().default('us-east-1'),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  ADMIN_EMAIL: z.email(),
  ADMIN_TOKEN: z.string().min(16),
});

let known: z.infer<typeof envSchema> | undefined;

/** A function, because `next build` loads this module where no variable is set. */
export function env() {
  return (known ??= read());
}

function read() {
  // Compose files pass an unset variable as an empty string.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    console.error(`The environment is not valid:\n${z.prettifyError(parsed.error)}`);
    process.exit(1);
  }
  return parsed.data;
}
