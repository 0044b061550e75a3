import { Decimal } from 'decimal.js';
import type { Json, JsonObject } from '@countersign/contracts';
import type { ApprovalNeed, PermissionMap } from '@countersign/tool-sdk';

/** One parameter whose value a person has to approve. */
export interface PermissionNeed {
  parameter: string;
  /** Why, in the map's own words. */
  when: string;
  roles: readonly string[];
  approvals: number;
}

const DECIMAL = /^-?\d{1,30}(\.\d{1,30})?$/;
/** A sealed value inside words: nobody here can say what it is. */
const TOKEN = /tok_[A-Za-z0-9_-]{8}/;

/**
 * The values of these arguments that a person has to approve, by whom and by how many. Only what clearly lies outside an
 * entry needs nobody: a missing value, one that is not a decimal under `over` (its sign left aside), an object or a sealed
 * value needs approval. Unsure is never yes.
 *
 * @example
 * permissionNeeds({ roles: ['clerk'], approvals: { amount: { when: 'over 50.00', over: '50.00', roles: ['lead'] } } }, { amount: '60.00' });
 * // [{ parameter: 'amount', when: 'over 50.00', roles: ['lead'], approvals: 1 }]
 */
export function permissionNeeds({ approvals = {} }: PermissionMap, args: JsonObject): PermissionNeed[] {
  return Object.entries(approvals).flatMap(([parameter, need]) => {
    const value = Object.hasOwn(args, parameter) ? args[parameter] : undefined;
    if (liesOutside(need, value)) return [];
    const { when, roles, approvals: people = 1 } = need;
    return [{ parameter, when, roles, approvals: people }];
  });
}

function liesOutside({ always, over, oneOf }: ApprovalNeed, value: Json | undefined): boolean {
  if (always !== undefined || value === undefined) return false;
  if (over !== undefined && !isAtMost(value, over)) return false;
  if (oneOf !== undefined && !isNoneOf(value, oneOf)) return false;
  return over !== undefined || oneOf !== undefined;
}

function isAtMost(value: Json, over: string): boolean {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !DECIMAL.test(text) || !DECIMAL.test(over)) return false;
  return new Decimal(text).abs().lessThanOrEqualTo(over);
}

/** Case, width and blanks aside: the target may not tell them apart either. */
const plain = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

function isNoneOf(value: Json, named: readonly string[]): boolean {
  if (Array.isArray(value)) return value.every((one) => !Array.isArray(one) && isNoneOf(one, named));
  if (typeof value === 'object' || TOKEN.test(String(value))) return false;
  return !named.some((one) => plain(one) === plain(String(value)));
}
