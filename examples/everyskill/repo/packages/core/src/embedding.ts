import { z } from 'zod';

/** Part of the database's schema: another number needs a migration. */
export const EMBEDDING_SIZE = 64;

export interface EmbeddingService {
  apiKey: string;
  baseUrl: string;
}

const answerSchema = z.object({
  data: z.tuple([z.object({ embedding: z.array(z.number()).length(EMBEDDING_SIZE) })]),
});

/** The place of a text in a space where similar texts are neighbours. */
export async function embed(text: string, service?: EmbeddingService): Promise<number[]> {
  if (!service) return embedLocally(text);

  const response = await fetch(`${service.baseUrl}/embeddings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${service.apiKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      model: 'text-embedding-3-small',
      dimensions: EMBEDDING_SIZE,
      input: text,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`the AI service answered ${response.status}`);
  return answerSchema.parse(await response.json()).data[0].embedding;
}

/** Words and their trigrams, hashed into a unit vector; the same text always gives the same one. */
export function embedLocally(text: string): number[] {
  const vector = new Array<number>(EMBEDDING_SIZE).fill(0);
  for (const feature of features(text)) vector[hash(feature) % EMBEDDING_SIZE]! += 1;
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function features(text: string): string[] {
  // A text of signs only is its own word, because a vector of zeros has no neighbours.
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  return words.flatMap((word) => [word, ...trigrams(` ${word} `)]);
}

function trigrams(word: string): string[] {
  return Array.from({ length: Math.max(0, word.length - 2) }, (_, at) => word.slice(at, at + 3));
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
