import { z } from 'zod';
import { baseConfig, modelSettings } from '@countersign/host';

const PUBLIC_ORIGIN = /^(https:\/\/[^/?#@]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)\/?$/;

/** The gateway knows where the other services answer; it signs nothing and writes only to `intents` and `control`. */
export const gatewayConfig = baseConfig.extend({
  POLICY_URL: z.url().describe('Where policy answers.'),
  PLANNER_URL: z.url().describe('Where the planner answers.'),
  APPROVAL_URL: z.url().describe('Where approval answers.'),
  EXECUTOR_URL: z.url().describe('Where the executor answers.'),
  AUDIT_URL: z.url().describe('Where audit answers.'),
  ...modelSettings,
  PUBLIC_URL: z
    .string()
    .regex(PUBLIC_ORIGIN, 'an origin: https://host, or http:// on loopback')
    .optional()
    .describe('Where browsers find it. Without it people sign in on this machine alone.'),
  COUNTERSIGN_CONSOLE_DIR: z
    .string()
    .min(1)
    .optional()
    .describe('The built page, if it is not where the build leaves it.'),
  OIDC_CONSOLE_CLIENT_ID: z
    .string()
    .min(1)
    .default('countersign-console')
    .describe('What the provider knows the console by.'),
  OIDC_CONSOLE_CLIENT_SECRET: z.string().min(1).optional().describe('Of a confidential client; a public one has none.'),
  OIDC_CONSOLE_SCOPE: z
    .string()
    .refine((scope) => scope.split(' ').includes('openid'), 'openid has to be among them')
    .default('openid')
    .describe(
      '`openid`, and what else the provider wants before it gives a token for `OIDC_AUDIENCE`, or one that is renewed.',
    ),
});
export type GatewayConfig = z.infer<typeof gatewayConfig>;

export type Upstream = 'policy' | 'planner' | 'approval' | 'executor' | 'audit';
export const upstreamsOf = (config: GatewayConfig): Record<Upstream, string> => ({
  policy: config.POLICY_URL,
  planner: config.PLANNER_URL,
  approval: config.APPROVAL_URL,
  executor: config.EXECUTOR_URL,
  audit: config.AUDIT_URL,
});
