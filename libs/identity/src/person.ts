import { payloadFlaw, UNVERIFIED, type JsonObject, type Person } from '@countersign/contracts';
import type { JWTPayload } from 'jose';

/** Names of the claims that carry tenant and roles. */
export interface ClaimNames {
  tenantClaim: string;
  rolesClaim: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The person a verified token speaks for, or why it speaks for none. */
export function personOf(claims: JWTPayload, names: ClaimNames): { person: Person } | { because: string } {
  const { sub } = claims;
  if (typeof sub !== 'string' || !/^[^\u0000-\u001f\u007f]{1,200}$/.test(sub) || !sub.isWellFormed()) {
    return { because: 'the token names no person' };
  }
  if (isService(claims)) return { because: `the token is of the service ${sub}, not of a person` };
  const tenant = claims[names.tenantClaim];
  if (typeof tenant !== 'string' || !NAME.test(tenant) || tenant === UNVERIFIED) {
    return { because: `the token names no tenant in ${names.tenantClaim}` };
  }
  const roles = claims[names.rolesClaim] ?? [];
  if (!isRoles(roles)) return { because: `${names.rolesClaim} is not a list of at most 50 role names` };
  const { act } = claims;
  if (act === undefined) return { person: { sub, tenant, roles } };
  if (typeof act !== 'object' || act === null || Array.isArray(act)) return { because: 'act is not an object' };
  // Every event of the intent carries it.
  if (payloadFlaw(act)) return { because: 'act cannot be carried on' };
  return { person: { sub, tenant, roles, act: identityOf(act as JsonObject) } };
}

/** Of whoever acts, what identifies them and through whom (RFC 8693): what else a token tells of a person is not carried on. */
function identityOf(act: JsonObject): JsonObject {
  const named = ['sub', 'iss', 'client_id'].flatMap((claim) =>
    typeof act[claim] === 'string' ? [[claim, act[claim]]] : [],
  );
  const { act: through } = act;
  const isActor = typeof through === 'object' && through !== null && !Array.isArray(through);
  return { ...Object.fromEntries(named), ...(isActor ? { act: identityOf(through) } : {}) } as JsonObject;
}

/** Client credentials as providers mark them: subject equal to the client, Auth0's `gty`, Entra's `idtyp`, Keycloak's user name. */
function isService(claims: JWTPayload): boolean {
  if (claims['client_id'] === claims.sub || claims['azp'] === claims.sub) return true;
  if (claims['gty'] !== undefined || claims['idtyp'] === 'app') return true;
  const user = claims['preferred_username'];
  return typeof user === 'string' && user.startsWith('service-account-');
}

function isRoles(roles: unknown): roles is string[] {
  return (
    Array.isArray(roles) && roles.length <= 50 && roles.every((role) => typeof role === 'string' && NAME.test(role))
  );
}
