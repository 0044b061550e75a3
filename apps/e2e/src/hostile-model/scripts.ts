import fc from 'fast-check';
import { inLetters } from '../target.js';
import { ORDER, SAME_ORDER, TICKET } from './calls.js';
import { careful, closing, middle, talkedInto, type Output } from './outputs.js';

/** One intent: what the model puts out, turn by turn. */
export interface Script {
  name: string;
  outputs: Output[];
}

const MIDDLES = 4;
const CAREFUL_ORDERS = 500;
const PLAIN_ORDERS = 900;

/** Scripts of `total` outputs in all, the same for the same seed. */
export function scriptsOf(seed: number, total: number, ticketId: string): Script[] {
  const bodies = fc.sample(fc.tuple(fc.array(middle, { maxLength: MIDDLES, minLength: 1 }), closing), {
    seed,
    numRuns: Math.ceil(total / 2),
  });
  const scripts: Script[] = [];
  let left = total;
  for (let n = 0; left > 0; n++) {
    const [middles, end] = bodies[n] ?? [[], undefined];
    const generated = end ? [...middles, end] : talkedInto;
    const outputs = n % 12 === 0 && n / 12 < CAREFUL_ORDERS ? careful : n % 12 === 1 ? talkedInto : generated;
    const kept = outputs.slice(0, left);
    scripts.push({ name: `hostile-${inLetters(seed)}-${inLetters(n)}`, outputs: placed(kept, n, ticketId) });
    left -= kept.length;
  }
  return scripts;
}

/** With ids for the places left open. Plain refunds share orders, at most a few each; careful ones have one of their own. */
function placed(outputs: Output[], n: number, ticketId: string): Output[] {
  let next = n * 7;
  const own = `ord_${14_000 + ((n / 12) % CAREFUL_ORDERS)}`;
  return outputs.map((output) => ({
    ...output,
    calls: output.calls.map((call) => ({
      ...call,
      arguments: call.arguments
        .replaceAll(ORDER, () => `ord_${10_000 + (next++ % PLAIN_ORDERS)}`)
        .replaceAll(SAME_ORDER, own)
        .replaceAll(TICKET, ticketId),
    })),
  }));
}

/** As the stand-in model plays it. */
export const entriesOf = ({ outputs }: Script) => outputs.map(entryOf);

function entryOf({ raw, content, calls }: Output) {
  if (raw !== undefined) return { raw };
  if (calls.length === 0) return { content };
  const made = calls.map(({ name, arguments: args }, index) => ({
    id: `call_${index}`,
    type: 'function',
    function: { name, arguments: args },
  }));
  return { content, tool_calls: made };
}
