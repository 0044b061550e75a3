import { Body, Controller, Headers, HttpCode, Inject, Post, Res, UseGuards } from '@nestjs/common';
import { IDEMPOTENCY_KEY, type RequestType } from '@countersign/contracts';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, type CallerIdentity } from '@countersign/identity';
import { Accepting } from './accepting.js';
import type { Accepted } from './requests.js';

interface Reply {
  header(name: string, value: string): unknown;
}

@Controller('v1')
@UseGuards(IdentityGuard)
export class IngressController {
  constructor(@Inject(Accepting) private readonly accepting: Accepting) {}

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
    const { answer, replayed } = await this.accepting.accept(type, caller, key, body);
    if (replayed) reply.header('idempotency-replayed', 'true');
    return answer;
  }
}

type HttpHeaders = Record<string, string | undefined>;

function idempotencyKey(header: string | undefined): string {
  if (!header) throw new HttpProblem('IDEMPOTENCY_KEY_REQUIRED', 'the header Idempotency-Key is missing');
  if (!IDEMPOTENCY_KEY.test(header))
    throw new HttpProblem('INVALID_ARGUMENTS', 'Idempotency-Key: 1 to 200 visible ASCII characters');
  return header;
}
