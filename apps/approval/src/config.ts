import { baseConfig } from '@countersign/host';
import { z } from 'zod';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const LEAST_KEY_BYTES = 24;

/** What a person's decision is about is nobody else's to read: in the clear it goes no further than this machine. */
function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isProtected = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isProtected && !username && !password;
}

function isKey(text: string): boolean {
  const base64 = text.replace(/^whsec_/, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && Buffer.from(base64, 'base64').length >= LEAST_KEY_BYTES;
}

/** People decide, expire and change by the contracts of the workflows; both webhook settings, or neither. */
export const approvalConfig = baseConfig
  .extend({
    COUNTERSIGN_WEBHOOK_URL: z
      .url()
      .refine(isSafe, 'https (http on this machine alone), without a user')
      .optional()
      .describe('Who is told of approvals that are opened, decided and about to expire.'),
    COUNTERSIGN_WEBHOOK_SECRET: z
      .string()
      .refine(isKey, 'whsec_ and at least 24 bytes in base64')
      .optional()
      .describe('Signs what is told (standardwebhooks); with the URL, or neither.'),
  })
  .superRefine(({ COUNTERSIGN_WEBHOOK_URL: url, COUNTERSIGN_WEBHOOK_SECRET: secret }, context) => {
    if (Boolean(url) === Boolean(secret)) return;
    const missing = url ? 'COUNTERSIGN_WEBHOOK_SECRET' : 'COUNTERSIGN_WEBHOOK_URL';
    context.addIssue({ code: 'custom', path: [missing], message: 'the other of the two is given; webhooks need both' });
  });
export type ApprovalConfig = z.infer<typeof approvalConfig>;
