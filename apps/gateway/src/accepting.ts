import { type RequestType } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import type { CallerIdentity } from '@countersign/identity';
import { currentTraceparent, PublishTimeout, tellSpan, type Messaging } from '@countersign/messaging';
import { ingressOf, parseRequest, recordOf, type Ingress } from './ingress.js';
import type { Accepted, Requests } from './requests.js';
import { requireTimeLeft } from './time-left.js';

export interface Taken {
  answer: Accepted;
  /** The same request came before: nothing was published now. */
  replayed: boolean;
}

/** The one way in: whatever protocol a request came by, it is checked, told from its repeats and published here. */
export class Accepting {
  constructor(
    private readonly messaging: Pick<Messaging, 'publish'>,
    private readonly requests: Requests,
  ) {}

  /** Throws `HttpProblem` for what cannot be taken. */
  async accept(type: RequestType, caller: CallerIdentity, key: string, body: unknown): Promise<Taken> {
    requireTimeLeft(caller);
    const parsed = parseRequest(type, body);
    if (!parsed.ok) {
      const { fields } = parsed;
      throw new HttpProblem('INVALID_ARGUMENTS', fields.map(({ path, message }) => `${path}: ${message}`).join('; '), {
        fields,
      });
    }
    const { person } = caller;
    const ingress = ingressOf(type, parsed.data, person, key);
    // The key itself is nobody's to keep: what follows from it tells requests apart as well.
    const owner = { tenant: person.tenant, sub: person.sub, key: ingress.eventId };
    const claim = await this.requests.claim(owner, ingress.bodyHash, ingress.answer);
    switch (claim.tag) {
      case 'ours':
        await this.publish(owner, ingress, caller);
        return { answer: ingress.answer, replayed: false };
      case 'answered':
        return { answer: claim.answer, replayed: true };
      case 'conflict':
        throw new HttpProblem('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key came with another request before');
      case 'in-flight':
        throw new HttpProblem(
          'IDEMPOTENCY_CONFLICT',
          'the first request with this Idempotency-Key is still in flight',
          {
            status: 409,
            nextStep: 'Wait a moment and send the same request again.',
          },
        );
      default:
        return claim satisfies never;
    }
  }

  private async publish(
    owner: Parameters<Requests['answered']>[0],
    ingress: Ingress,
    { person, token }: CallerIdentity,
  ) {
    tellSpan({ tenant: person.tenant, intentId: ingress.answer.intentId, actionId: ingress.answer.actionId });
    const record = recordOf(ingress, person, token, new Date(), currentTraceparent());
    try {
      await this.messaging.publish([record]);
    } catch (error) {
      await this.requests.release(owner);
      if (!(error instanceof PublishTimeout)) throw error;
      throw new HttpProblem('UPSTREAM_TIMEOUT', 'the broker did not take it in time; it may still arrive', {
        nextStep: 'Send the same request with the same Idempotency-Key again.',
      });
    }
    await this.requests.answered(owner);
  }
}
