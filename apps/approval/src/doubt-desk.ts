import type { KeyObject } from 'node:crypto';
import { sealToken, type CallerIdentity } from '@countersign/identity';
import type { Messaging } from '@countersign/messaging';
import { doubtProblemOf, noDoubt } from './problems.js';
import { doubtKey, type Doubt } from './state.js';
import { decideVerdict, type Said, type SettlersOf, type Taken } from './verdict.js';

const FIND = `select body->'envelope' as envelope from state where key = $1 and body is not null`;

/** Takes what people say of doubts to `verdict.ts`. */
export class DoubtDesk {
  constructor(
    private readonly messaging: Messaging,
    private readonly sealKey: KeyObject,
    private readonly settlersOf: SettlersOf,
  ) {}

  /** The token goes on sealed; what this service records of the person is a claim that policy checks. */
  async settle({ person, token }: CallerIdentity, actionId: string, of: Omit<Said, 'sealed'>): Promise<Taken> {
    await this.mustBe(person, actionId);
    const said = { ...of, sealed: await sealToken(this.sealKey, token) };
    const result = await this.messaging.execute({
      touches: [doubtKey(actionId)],
      decide: (states, now) => decideVerdict(actionId, person, said, this.settlersOf, states, now),
    });
    if (result.tag === 'taken') return result;
    throw doubtProblemOf(result, actionId);
  }

  /** Asked before a row of state is touched: made-up ids must not leave rows behind. */
  private async mustBe({ tenant }: CallerIdentity['person'], actionId: string): Promise<void> {
    if (actionId.includes('\u0000')) throw noDoubt(actionId);
    const rows = await this.messaging.sql.query<Pick<Doubt, 'envelope'>>('find-doubt', FIND, [doubtKey(actionId)]);
    if (rows[0]?.envelope.tenantid !== tenant) throw noDoubt(actionId);
  }
}
