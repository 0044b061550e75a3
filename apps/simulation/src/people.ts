import { answerItem, DoubtDesk, type Doubt, type Item } from '@countersign/approval/parts';
import { idempotencyKeyOf, type Topic } from '@countersign/contracts';
import { signRelease, type ReleaseReport } from '@countersign/evals/release';
import { settlersOf } from '@countersign/workflow-kit';
import { DESK } from './desk.js';
import { PEOPLE, type Name } from './keys.js';
import type { Process, World } from './world.js';

const LEADS: Record<string, Name> = { acme: 'bob', globex: 'gil' };
const TRIED: ReleaseReport = {
  ...{ kind: 'release', at: '2026-01-01T00:00:00.000Z', verdict: 'pass', casesDigest: 'none', model: 'recorded' },
  ...{ cases: { passed: 1, failed: 0, errors: 0, skipped: 0 }, generated: 0 },
};
const contractOf = (_workflow: string, tool: string) => DESK.workflow.tools.find(({ name }) => name === tool);

/** Those who are outside the system: they ask, decide, stop and settle. */
export class People {
  /** What was asked for: nothing else may happen. */
  readonly asked: { id: string; name: Name }[] = [];

  constructor(private readonly world: World) {}

  /** As a product service does: the broker has it, at least once. */
  request(name: Name, id: string, type: 'intent' | 'action', data: object, session: string): void {
    const { tenant } = PEOPLE[name];
    this.asked.push({ id, name });
    const headers = {
      ...{ ce_specversion: '1.0', ce_id: id, ce_source: '/shop', ce_type: `countersign.${type}.requested.v1` },
      ...{ ce_tenantid: tenant, ce_session: session, authorization: `Bearer ${this.world.keys.tokens[name]}` },
    };
    const value = JSON.stringify({ workflow: 'desk', session, ...data });
    this.append('intents', `${tenant}/${session}`, value, headers);
  }

  /** A bare value on the control topic, with the token of whoever has to say so. */
  control(scope: string, value: object, name?: Name): void {
    const headers: Record<string, string> = name ? { authorization: `Bearer ${this.world.keys.tokens[name]}` } : {};
    this.world.note(`${name ?? 'somebody'} writes ${scope} ${JSON.stringify(value)}`);
    this.append('control', scope, JSON.stringify(value), headers);
  }

  /** What the desk is was tried, and may act. */
  release(): void {
    const { world } = this;
    world.note('the desk is released');
    const value = signRelease(DESK.workflow.name, DESK.fingerprint, TRIED, world.keys.pens.release);
    this.append('control', `release/workflow/${DESK.workflow.name}`, JSON.stringify(value), {});
  }

  /** What waits for people. */
  queue(): Item[] {
    return this.rows<Item>('approval/').filter(({ progress }) => progress.tag === 'open');
  }

  doubts(): Doubt[] {
    return this.rows<Doubt>('doubt/').filter(({ progress }) => progress.tag === 'open');
  }

  /** By way of an instance of approval, as its own desk does. */
  decide({ approvalId, escalated, envelope }: Item, decision: 'approve' | 'reject'): void {
    const name = LEADS[envelope.tenantid]!;
    const { world } = this;
    this.at(async ({ messaging }) => {
      const answering = { messaging, sealKey: world.keys.seal.publicKey as never, contractOf };
      const person = { ...PEOPLE[name], roles: [...PEOPLE[name].roles] };
      const caller = { person, token: world.keys.tokens[name] };
      const said = { decision, actionHash: escalated.actionHash, reason: 'seen' } as const;
      const verdict = await answerItem(answering, caller, approvalId, said);
      world.note(`${name} says ${decision} to ${escalated.actionId}: ${verdict.tag}`);
    });
  }

  /** Says what the bank's books say. */
  settle({ envelope, ...doubt }: Doubt): void {
    const name = LEADS[envelope.tenantid]!;
    const { world } = this;
    const key = idempotencyKeyOf(envelope.tenantid, doubt.actionId, doubt.revision);
    const outcome = world.bank.ledger.some((effect) => effect.key === key) ? 'committed' : 'failed';
    this.at(async ({ messaging }) => {
      const desk = new DoubtDesk(messaging, world.keys.seal.publicKey as never, (tool, asked) =>
        settlersOf(DESK.workflow, tool, asked),
      );
      const person = { ...PEOPLE[name], roles: [...PEOPLE[name].roles] };
      const said = { outcome, reason: 'the books say so' } as const;
      const taken = await desk
        .settle({ person, token: world.keys.tokens[name], expiresAt: Infinity }, doubt.actionId, said)
        .then(
          ({ tag }) => tag,
          (error: Error) => error.message,
        );
      world.note(`${name} says that ${doubt.actionId} ${outcome}: ${taken}`);
    });
  }

  /** Where their requests end up: whatever becomes of the answer, nobody waits for it here. */
  private at(run: (process: Process) => Promise<void>): void {
    const { world } = this;
    const up = [...world.processes.values()].filter(
      ({ service, life }) => service === 'approval' && life.state === 'running',
    );
    const process_ = up[0] && world.random.pick(up);
    if (!process_) return;
    world.clock.here.run(process_.life, () => {
      run(process_).catch((error: Error) => world.note(`${process_.life.name} answers ${error.message}`));
    });
  }

  private rows<T>(prefix: string): T[] {
    const { states } = this.world.databases.get('approval')!.tables;
    return [...states].flatMap(([key, { body }]) =>
      key.startsWith(prefix) && body !== undefined ? [JSON.parse(body) as T] : [],
    );
  }

  private append(topic: Topic, key: string, value: string, headers: Record<string, string>): void {
    this.world.cluster.append({ topic, key, value, headers });
  }
}
