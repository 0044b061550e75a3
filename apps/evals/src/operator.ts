import { randomUUID } from 'node:crypto';
import type { Person } from '@countersign/contracts';

/** Who sets up what all cases share. */
export const OPERATOR: Person = { sub: 'evals', tenant: 'evals', roles: ['sre', 'release', 'admin'] };

/** Headers of an event that concerns the whole system. */
export const ofNobody = (type: string): Record<string, string> => ({
  ...{ ce_specversion: '1.0', ce_id: randomUUID(), ce_source: '/evals', ce_type: type, ce_tenantid: '' },
});
