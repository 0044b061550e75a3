import { z } from 'zod';

const reason = z.string().trim().min(10).max(500);
const some = <T extends z.ZodType>(one: T) => z.array(one).min(1).max(100).optional();

/** Which of a trace's sealed values; all of them, as far as one answer takes them, if neither is given. */
export const revealBody = z
  .strictObject({
    reason,
    paths: some(z.string().min(1).max(500)),
    tokens: some(z.string().regex(/^tok_[0-9a-f]{32}$/)),
  })
  .refine(({ paths, tokens }) => !paths || !tokens, 'give paths or tokens, not both');
export type RevealBody = z.infer<typeof revealBody>;

/** In the body, as everywhere: what stands in a URL is kept by whoever it passes. */
export const eraseBody = z.strictObject({ reason });

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});
