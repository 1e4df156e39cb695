import { z } from 'zod';

export const healthSchema = z.object({
  status: z.literal('ok'),
  service: z.string(),
  uptime: z.number(),
});

export type Health = z.infer<typeof healthSchema>;
