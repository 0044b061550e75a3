/*
 * A token made with a key nobody knows yet. What it guarantees:
 * 1. Its record holds up no other: it is written down as work, and the line goes on.
 * 2. Of the token nothing is kept but a JWE that policy alone opens (docs/adr/0002-waiting-for-the-identity-provider.md).
 * 3. It is judged by the instant the broker appended it, as often as the provider may be asked, until that has answered: waiting
 *    refuses nobody.
 * 4. It is decided by the same function and on the same row as if it had not waited.
 */
import { openToken } from '@countersign/identity';
import type { Worker, WorkRow } from '@countersign/messaging';
import { decideRequested, requestedTouches } from './decide.js';
import type { Requested } from './drafts.js';
import { placeOf, type Checked, type Facts } from './facts.js';
import { ProviderSilent, speakerOf, type Means } from './prepare.js';
import { unpack } from './waiting.js';

const ASK_AGAIN_MS = 1_000;

interface Judged {
  checked: Checked;
}

/** Asks for the keys, and judges what waits for them. */
export function keyWaiter(means: Means): Worker<Judged> {
  const factsOf = ({ incoming }: { incoming: Requested }, { checked }: Judged): Facts => ({
    workflows: means.workflows,
    checked: new Map([[placeOf(incoming), checked]]),
    freshAfterMs: means.freshAfterMs,
  });
  return {
    kinds: ['verify'],
    roundSize: 100,
    rounds: 1,
    leaseMs: 30_000,
    async perform(rows, round) {
      await Promise.all(
        rows.map(async (row) => {
          const judged = await judge(row, means);
          if ('because' in judged) {
            const notBefore = new Date(Date.now() + ASK_AGAIN_MS);
            await round.finish(row, { tag: 'retry', status: 'QUEUED', notBefore, because: judged.because });
          } else await round.finish<Judged>(row, { tag: 'done', status: 'JUDGED', outcome: judged });
        }),
      );
    },
    touches: (row, outcome) => {
      const waited = unpack(row);
      return requestedTouches(waited.incoming, factsOf(waited, outcome));
    },
    decide: (row, outcome, states, now) => {
      const waited = unpack(row);
      return decideRequested(waited.incoming, states, factsOf(waited, outcome), now);
    },
  };
}

async function judge(row: WorkRow, means: Means): Promise<Judged | { because: string }> {
  const { incoming, sealed } = unpack(row);
  try {
    const token = await openToken(means.openKey, sealed);
    return { checked: await speakerOf(incoming, token, means, true) };
  } catch (error) {
    if (error instanceof ProviderSilent) return { because: error.message };
    throw error;
  }
}
