import { z } from 'zod';

export const newSkillSchema = z.object({
  name: z.string().trim().min(1).max(80),
  summary: z.string().trim().min(1).max(500),
  /** Also the first label of the author's own host name. */
  author: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case letters, digits and single hyphens'),
});

export type NewSkill = z.infer<typeof newSkillSchema>;

export const querySchema = z.string().trim().min(1).max(200);

/** What of a skill is embedded. */
export const describe = (skill: NewSkill) => `${skill.name}\n${skill.summary}`;

/** The author whose host name this is: `ada` for `ada.example.com` of `https://example.com`. */
export function authorOfHost(host: string, siteUrl: string): string | null {
  const suffix = `.${new URL(siteUrl).host}`;
  const label = host.toLowerCase().endsWith(suffix) ? host.slice(0, -suffix.length) : '';
  const author = newSkillSchema.shape.author.safeParse(label.toLowerCase());
  return author.success ? author.data : null;
}
