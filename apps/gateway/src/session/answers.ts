import { z } from 'zod';

/** Who is signed in; `csrfToken` goes with every request that changes something, as the header `x-csrf-token`. */
export const sessionAnswer = z.strictObject({
  person: z.strictObject({ sub: z.string(), tenant: z.string(), roles: z.array(z.string()) }),
  csrfToken: z.string(),
  /** When the person has to sign in again. */
  expiresAt: z.iso.datetime(),
});

/** `next`: where the browser goes from here; the provider's own sign-out, where it has one. */
export const signedOut = z.strictObject({ next: z.string() });
