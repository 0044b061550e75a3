/*
 * A token made with a key nobody knows yet. What it guarantees:
 * 1. Its record holds up no other: it is written down as work, and the line goes on.
 * 2. Of its record and token nothing is kept but what policy alone opens (docs/adr/0002-waiting-for-the-identity-provider.md).
 * 3. It is judged by the instant the broker appended it, as often as the provider may be asked, until that has answered: waiting
 *    refuses nobody.
 * 4. It is decided by the same function and on the same rows as if it had not waited.
 */
import type { Worker, WorkRow } from '@countersign/messaging';
import { controlTouches, decideControl, type ControlFacts, type ControlSet } from './control.js';
import { ControlUnknown } from './control-reader.js';
import { decideRequested, requestedTouches } from './decide.js';
import { placeOf, type Checked, type Facts } from './facts.js';
import { personOf, ProviderSilent, speakerOf, type ControlMeans, type Means } from './prepare.js';
import { openRecord } from './sealed-record.js';
import type { Waiter } from './waiting.js';

const ASK_AGAIN_MS = 1_000;

interface Judged {
  checked: Checked;
  /** Of a control record: how many instances of policy run. */
  instances?: number;
}

/** Asks for the keys, and judges what waits for them. */
export function keyWaiter(means: Means, control: ControlMeans): Worker<Judged> {
  const checkedOf = (incoming: Waiter, { checked }: Judged) => new Map([[placeOf(incoming), checked]]);
  const factsOf = (incoming: Waiter, judged: Judged): Facts => ({
    workflows: means.workflows,
    checked: checkedOf(incoming, judged),
    freshAfterMs: means.freshAfterMs,
    control: means.control.latest(),
  });
  const opened = (row: WorkRow) => openRecord(means.openKey, sealedIn(row));
  const controlFactsOf = (incoming: ControlSet, judged: Judged): ControlFacts => ({
    ...{ checked: checkedOf(incoming, judged), releases: new Map() },
    ...{ instance: control.instance, instances: judged.instances ?? 1 },
  });
  return {
    kinds: ['verify'],
    roundSize: 100,
    rounds: 1,
    leaseMs: 30_000,
    async perform(rows, round) {
      await Promise.all(
        rows.map(async (row) => {
          const judged = await judge(row, means, control);
          if ('because' in judged) {
            await round.finish(row, { tag: 'retry', status: 'QUEUED', inMs: ASK_AGAIN_MS, because: judged.because });
          } else await round.finish<Judged>(row, { tag: 'done', status: 'JUDGED', outcome: judged });
        }),
      );
    },
    touches: (row, outcome) => {
      const { incoming } = opened(row);
      if (isControl(incoming)) return controlTouches(incoming);
      return requestedTouches(incoming, factsOf(incoming, outcome));
    },
    decide: (row, outcome, states, now) => {
      const { incoming } = opened(row);
      if (isControl(incoming)) return decideControl(incoming, states, controlFactsOf(incoming, outcome), now);
      return decideRequested(incoming, states, factsOf(incoming, outcome), now);
    },
  };
}

const sealedIn = ({ body }: WorkRow) => (body as { sealed: string }).sealed;
const isControl = (incoming: Waiter): incoming is ControlSet => incoming.event.type === 'countersign.control.set.v1';

async function judge(row: WorkRow, means: Means, control: ControlMeans): Promise<Judged | { because: string }> {
  const { incoming, token } = openRecord(means.openKey, sealedIn(row));
  try {
    if (isControl(incoming)) {
      const checked = await personOf(token, incoming.record.timestamp, means);
      return { checked, instances: await control.messaging().peers() };
    }
    const [checked] = await Promise.all([speakerOf(incoming, token, means, true), means.control.view()]);
    return { checked };
  } catch (error) {
    if (error instanceof ProviderSilent || error instanceof ControlUnknown) return { because: error.message };
    throw error;
  }
}
