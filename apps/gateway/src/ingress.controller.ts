import { Body, Controller, Headers, HttpCode, Inject, Post, Res, UseGuards } from '@nestjs/common';
import { IDEMPOTENCY_KEY, type RequestType } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { currentTraceparent, Messaging, PublishTimeout, tellSpan } from '@countersign/messaging';
import { ingressOf, parseRequest, recordOf, type Ingress } from './ingress.js';
import { Requests, type Accepted } from './requests.js';
import { requireTimeLeft } from './time-left.js';

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller('v1')
@UseGuards(IdentityGuard)
export class IngressController {
  constructor(
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(Requests) private readonly requests: Requests,
  ) {}

  @Post('intents')
  @HttpCode(202)
  intents(
    @Caller() caller: CallerIdentity,
    @Headers() headers: HttpHeaders,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    return this.accept('countersign.intent.requested.v1', caller, headers, body, reply);
  }

  @Post('actions')
  @HttpCode(202)
  actions(
    @Caller() caller: CallerIdentity,
    @Headers() headers: HttpHeaders,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    return this.accept('countersign.action.requested.v1', caller, headers, body, reply);
  }

  private async accept(
    type: RequestType,
    caller: CallerIdentity,
    headers: HttpHeaders,
    body: unknown,
    reply: Reply,
  ): Promise<Accepted> {
    const key = idempotencyKey(headers['idempotency-key']);
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
        return ingress.answer;
      case 'answered':
        reply.header('idempotency-replayed', 'true');
        return claim.answer;
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

type HttpHeaders = Record<string, string | undefined>;

function idempotencyKey(header: string | undefined): string {
  if (!header) throw new HttpProblem('IDEMPOTENCY_KEY_REQUIRED', 'the header Idempotency-Key is missing');
  if (!IDEMPOTENCY_KEY.test(header))
    throw new HttpProblem('INVALID_ARGUMENTS', 'Idempotency-Key: 1 to 200 visible ASCII characters');
  return header;
}
