import type { KeyObject } from 'node:crypto';
import { CONTROL_SQL, viewOf, type ControlView } from '@countersign/control';
import { sealToken, type CallerIdentity } from '@countersign/identity';
import type { Messaging, SqlTx } from '@countersign/messaging';
import { decideAnswer, type Answer, type Known, type Verdict } from './answer.js';
import { approvalKey } from './state.js';

/** What a person says of an item. */
export type Said = Omit<Answer, 'sealed'>;

export interface Answering {
  messaging: Pick<Messaging, 'execute' | 'sql'>;
  /** Policy's: nobody else opens the person's token. */
  sealKey: KeyObject;
  contractOf: Known['contractOf'];
}

/** The switches as they are known now. */
export const controlNow = async (sql: SqlTx): Promise<ControlView> =>
  viewOf(await sql.query<{ body: unknown }>('control', CONTROL_SQL, []));

/** The token goes on sealed; what this service records of the person is a claim that policy checks. */
export async function answerItem(
  { messaging, sealKey, contractOf }: Answering,
  { person, token }: Pick<CallerIdentity, 'person' | 'token'>,
  id: string,
  said: Said,
): Promise<Verdict> {
  const known = { control: await controlNow(messaging.sql), contractOf };
  const answer = { ...said, sealed: await sealToken(sealKey, token) };
  return messaging.execute({
    touches: [approvalKey(id)],
    decide: (states, now) => decideAnswer(id, person, answer, known, states, now),
  });
}
