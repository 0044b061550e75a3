import { Body, Controller, Get, HttpCode, Inject, Param, Put, Res, UseGuards } from '@nestjs/common';
import type { z } from 'zod';
import { HttpProblem } from '@countersign/host';
import { Caller, IdentityGuard, RequireRole, type CallerIdentity } from '@countersign/identity';
import { Messaging, PublishTimeout } from '@countersign/messaging';
import { WORKFLOWS, type Workflows } from './catalog.controller.js';
import { ControlAcks } from './control-acks.js';
import {
  controlRecord,
  controlRequest,
  killBody,
  killScope,
  stageBody,
  stageScope,
  unknownName,
  type ControlRequest,
  type Loaded,
} from './control-requests.js';
import { controlShown, verdictOf, type ControlShown, type Verdict } from './control-shown.js';
import { CONTROL_OVERSEERS, REARMERS, STAGERS } from './routes.js';
import { requireTimeLeft } from './time-left.js';
import { deadlineOf, Waiting, type Connection } from './waiting.js';

/** Those who wait for a switch, apart from those who wait for an intent. */
export const CONTROL_WAITING = Symbol('control-waiting');

interface Reply {
  status(code: number): unknown;
  raw: Connection;
}
interface Asked {
  request: ControlRequest;
  waitSeconds: number;
  caller: CallerIdentity;
  reply: Reply;
}

/** Switches and stages: who may look, and who may change them. The gateway asks; policy and executor apply. */
@Controller('v1/control')
@UseGuards(IdentityGuard)
export class ControlController {
  private readonly loaded: Loaded;

  constructor(
    @Inject(Messaging) private readonly messaging: Messaging,
    @Inject(ControlAcks) private readonly acks: ControlAcks,
    @Inject(CONTROL_WAITING) private readonly waiting: Waiting,
    @Inject(WORKFLOWS) workflows: Workflows,
  ) {
    const tools = [...workflows.values()].flatMap(({ workflow }) => workflow.tools.map(({ name }) => name));
    this.loaded = { workflows: [...workflows.keys()], tools };
  }

  @Get()
  async show(@Caller() { person }: CallerIdentity): Promise<ControlShown> {
    const isOverseer = CONTROL_OVERSEERS.some((role) => person.roles.includes(role));
    const seen = isOverseer ? 'all' : { tenant: person.tenant };
    const [latest, history] = await Promise.all([this.acks.latest(seen), this.acks.history(seen)]);
    return controlShown(latest, history, isOverseer);
  }

  @Put('kill/:scope')
  @HttpCode(200)
  @RequireRole(...REARMERS)
  kill(
    @Caller() caller: CallerIdentity,
    @Param('scope') given: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const { waitSeconds, ...value } = parsed(killBody, body);
    const request = this.request(killScope(given), value, caller);
    return this.change({ request, waitSeconds, caller, reply });
  }

  @Put('stage/:workflow')
  @HttpCode(200)
  @RequireRole(...STAGERS)
  stage(
    @Caller() caller: CallerIdentity,
    @Param('workflow') workflow: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    const { waitSeconds, tenant, ...value } = parsed(stageBody, body);
    const request = this.request(stageScope(workflow, tenant), value, caller);
    return this.change({ request, waitSeconds, caller, reply });
  }

  private request(scope: string, value: object, { person }: CallerIdentity): ControlRequest {
    const request = controlRequest(scope, value, person);
    if (!request)
      throw new HttpProblem('INVALID_ARGUMENTS', `there is no scope ${scope.slice(0, 200)}`, {
        nextStep: 'Use *, tenant/<id>, workflow/<name> or tool/<name>; letters, digits, dot, dash and underscore.',
      });
    const unknown = unknownName(request, this.loaded);
    if (unknown) throw new HttpProblem(unknown.code, unknown.detail);
    return request;
  }

  private async change({ request, waitSeconds, caller, reply }: Asked) {
    if (request.says !== 'trip') requireTimeLeft(caller);
    if (waitSeconds > 0 && this.waiting.isFull)
      throw new HttpProblem('RATE_LIMITED', 'too many requests wait already; ask with waitSeconds 0');
    await this.publish(request, caller.token);
    const { scope, record, id } = request;
    const { by: _, ...asked } = record.value as { by?: string };
    const changed = { scope, ...asked, eventId: id };
    if (waitSeconds === 0) {
      reply.status(202);
      return { ...changed, inForce: false };
    }
    const verdict = await this.untilDecided(request, deadlineOf(waitSeconds, reply.raw));
    return { ...changed, inForce: true, ...inForce(verdict, changed, waitSeconds) };
  }

  private async publish(request: ControlRequest, token: string): Promise<void> {
    try {
      await this.messaging.publish([controlRecord(request, token, new Date())]);
    } catch (error) {
      if (!(error instanceof PublishTimeout)) throw error;
      throw new HttpProblem('UPSTREAM_TIMEOUT', 'the broker did not take it in time; it may still arrive', {
        ...{ scope: request.scope, inForce: false },
        nextStep: 'Send it again; GET /v1/control shows what holds.',
      });
    }
  }

  /** Asks the table, not this process: the acks may have come in through another instance. */
  private async untilDecided(request: ControlRequest, signal: AbortSignal): Promise<Verdict> {
    for (;;) {
      const acks = await this.acks.of(request.id);
      const verdict = verdictOf(request, acks);
      if (verdict.tag !== 'pending' || signal.aborted) return verdict;
      await this.waiting.changed(request.id, acks.length, signal);
    }
  }
}

/** What a caller is told of a change that is in force. Throws the problem where it is not. */
function inForce(verdict: Verdict, changed: { scope: string; eventId: string }, waitSeconds: number) {
  switch (verdict.tag) {
    case 'in-force': {
      const { tag: _, ...rest } = verdict;
      return rest;
    }
    case 'refused': {
      const { code, detail, nextStep } = verdict;
      throw new HttpProblem(code, detail, { nextStep, ...changed, inForce: false });
    }
    case 'pending': {
      const { applied, epoch } = verdict;
      throw new HttpProblem('UPSTREAM_TIMEOUT', `it is published, and was not in force within ${waitSeconds} s`, {
        ...{ ...changed, inForce: false, applied, epoch },
        nextStep: 'It stays on the topic and holds once applied: GET /v1/control shows it. Look at GET /v1/pipeline.',
      });
    }
    default:
      return verdict satisfies never;
  }
}

function parsed<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const { success, data, error } = schema.safeParse(body ?? {});
  if (success) return data;
  const fields = error.issues.map(({ path, message }) => ({ path: path.join('.') || '(body)', message }));
  const detail = fields.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new HttpProblem('INVALID_ARGUMENTS', detail, { fields });
}
