import {
  createParamDecorator,
  HttpException,
  Inject,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { problem, type Person, type Problem } from '@countersign/contracts';
import { bearerOf, type Verifier } from './verifier.js';

/** Who calls, verified, with the raw token (to be forwarded or sealed, never stored). */
export interface CallerIdentity {
  person: Person;
  token: string;
  expiresAt: number;
}

/** Provide the service's `Verifier` under this. */
export const VERIFIER = Symbol('countersign:verifier');
const ROLES = 'countersign:roles';
const WHO = Symbol('countersign:caller');

/** Verifies an `Authorization` header, for routes outside Nest. */
export async function authenticate(
  verifier: Verifier,
  authorization: string | undefined,
  instant: number,
): Promise<{ caller: CallerIdentity } | { problem: Problem }> {
  const token = bearerOf(authorization);
  const verdict = await verifier.verify(token, instant);
  if (verdict.ok) return { caller: { person: verdict.person, token: token!, expiresAt: verdict.expiresAt } };
  if (verdict.wait) return { problem: { ...problem('UPSTREAM_TIMEOUT', verdict.because), status: 503 } };
  return { problem: problem('UNAUTHENTICATED', verdict.because) };
}

interface Carrier {
  headers: Record<string, string | undefined>;
  [WHO]?: CallerIdentity;
}

/**
 * Lets only verified people in, and with `@RequireRole` only those of such a role. Answers 401, 403 or, while the identity
 * provider cannot be reached, 503, as problem details.
 *
 * @example
 * @UseGuards(IdentityGuard)
 * @Controller('v1/approvals')
 * class ApprovalsController { @Get() list(@Caller() { person }: CallerIdentity) { … } }
 */
@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(
    @Inject(VERIFIER) private readonly verifier: Verifier,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Carrier>();
    const found = await authenticate(this.verifier, request.headers['authorization'], Date.now());
    if ('problem' in found) throw new HttpException(found.problem, found.problem.status);
    const roles = this.reflector.getAllAndOverride<string[] | undefined>(ROLES, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { person } = found.caller;
    if (roles && !roles.some((role) => person.roles.includes(role))) {
      const denied = problem('PERMISSION_DENIED', `this needs one of the roles ${roles.join(', ')}`);
      throw new HttpException(denied, denied.status);
    }
    request[WHO] = found.caller;
    return true;
  }
}

export const RequireRole = (...roles: [string, ...string[]]) => SetMetadata(ROLES, roles);

/** The verified caller, as a parameter of a handler behind `IdentityGuard`. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Carrier>()[WHO],
);
