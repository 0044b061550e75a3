import { EncryptJWT, errors, jwtDecrypt } from 'jose';

/** What a sealed cookie is for: one kind is never taken for the other. */
export type Purpose = 'session' | 'sign-in';

/** Opaque to whoever carries it, and good until it expires. */
export function seal(key: Uint8Array, purpose: Purpose, content: object, expiresAt: number): Promise<string> {
  return new EncryptJWT({ content })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setAudience(purpose)
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .encrypt(key);
}

/** Undefined: another key made it, it was altered, has expired, or is for something else. */
export async function unseal(
  key: Uint8Array,
  purpose: Purpose,
  sealed: string | undefined,
  now: number,
): Promise<unknown> {
  if (!sealed) return undefined;
  try {
    const { payload } = await jwtDecrypt(sealed, key, {
      audience: purpose,
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      requiredClaims: ['exp'],
      currentDate: new Date(now),
    });
    return payload['content'];
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
