import { z } from 'zod';
import { baseConfig } from '@countersign/host';

/** The gateway knows where the other services answer; it holds no key and writes only to `intents` and `control`. */
export const gatewayConfig = baseConfig.extend({
  POLICY_URL: z.url(),
  PLANNER_URL: z.url(),
  APPROVAL_URL: z.url(),
  EXECUTOR_URL: z.url(),
  AUDIT_URL: z.url(),
  /** Part of the fingerprint it shows. */
  OPENAI_MODEL: z.string().default('stand-in'),
  OPENAI_BASE_URL: z.string().default('https://api.openai.com/v1'),
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
