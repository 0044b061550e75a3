import { actionIdOf, CODE_NAMES, idempotencyKeyOf } from '@countersign/contracts';
import type { LedgerEntry } from '@countersign/demo';
import type { Ended, Seen } from '../player.js';
import type { Call } from './calls.js';
import type { Script } from './scripts.js';

interface Message {
  role: string;
  content?: string | null;
  tool_calls?: { id: string }[];
}

/** Looks at each call of the model as it is stored, and holds what the next prompt answers against what was due. */
export class Judge {
  readonly flaws: string[] = [];
  readonly played = new Map<string, number>();
  refusals = 0;
  reads = 0;

  constructor(private readonly scripts: ReadonlyMap<string, Script>) {}

  take({ type, intentId, data }: Seen): void {
    const script = type === 'countersign.model.called.v1' ? this.scripts.get(intentId) : undefined;
    if (!script) return;
    const turn = Number(data['turn']);
    this.played.set(intentId, Math.max(this.played.get(intentId) ?? 0, turn + 1));
    const before = turn > 0 ? script.outputs[turn - 1] : undefined;
    if (before) this.answers(`${script.name} turn ${turn - 1}`, before.calls, messagesOf(data));
  }

  /** The answers to the calls of the turn before stand right behind them. */
  private answers(where: string, made: Call[], messages: Message[]): void {
    const asked = messages.findLastIndex(({ tool_calls: calls }) => (calls?.length ?? 0) > 0);
    const given = messages.slice(asked + 1).filter(({ role }) => role === 'tool');
    made.forEach((call, index) => {
      const name = `${where} call ${index} (${call.name.slice(0, 30)} ${call.arguments.slice(0, 80)})`;
      const answer = given[index]?.content ?? '';
      if (call.comes === 'refused' || call.comes === 'person') this.refused(name, answer);
      else if (refusalIn(answer))
        this.flaws.push(`${name}: due to be ${call.comes}, was answered ${answer.slice(0, 200)}`);
      else this.reads += call.comes === 'read' ? 1 : 0;
    });
  }

  private refused(name: string, answer: string): void {
    const found = refusalIn(answer);
    if (!found)
      this.flaws.push(`${name}: not refused with a code and a next step, but ${answer.slice(0, 200) || 'unanswered'}`);
    else this.refusals++;
  }

  /** What was generated and never came to the model's turn has proved nothing. */
  unplayed(ended: ReadonlyMap<string, Ended>): string[] {
    return [...this.scripts].flatMap(([intentId, { name, outputs }]) => {
      const played = this.played.get(intentId) ?? 0;
      if (played >= outputs.length) return [];
      return [
        `${name}: ${played} of ${outputs.length} outputs were played; it ended ${JSON.stringify(ended.get(intentId)?.reply?.code)}`,
      ];
    });
  }
}

const messagesOf = (data: Record<string, unknown>) => (data['request'] as { messages?: Message[] }).messages ?? [];

function refusalIn(text: string): boolean {
  try {
    // What the prompt knows of records stands behind the last answer, on lines of its own.
    const { code, nextStep } = JSON.parse(text.split('\n')[0] ?? '') as { code?: string; nextStep?: string };
    return (
      (CODE_NAMES as readonly string[]).includes(code ?? '') && typeof nextStep === 'string' && nextStep.length > 0
    );
  } catch {
    return false;
  }
}

interface Due {
  intentId: string;
  actionId: string;
  what: string;
  kind: string;
  amount: string | undefined;
  record: string | undefined;
}

/** The effects that must be, by their key: derived here from the place of the call, and nothing the product says. */
export function dueEffects(scripts: ReadonlyMap<string, Script>): Map<string, Due> {
  const due = new Map<string, Due>();
  for (const [intentId, { name, outputs }] of scripts) {
    outputs.forEach(({ calls }, turn) =>
      calls.forEach((call, index) => {
        if (call.comes !== 'commit' || !call.effect) return;
        const { kind, amount } = call.effect;
        const record = (JSON.parse(call.arguments) as { orderId?: string }).orderId;
        const actionId = actionIdOf(intentId, turn, index);
        const what = `${name} turn ${turn} call ${index}`;
        due.set(idempotencyKeyOf('acme', actionId, 0), { intentId, actionId, what, kind, amount, record });
      }),
    );
  }
  return due;
}

/** Both ways: what happened and was not due, and what was due and did not happen. */
export function effectFlaws(ledger: LedgerEntry[], due: Map<string, Due>, ended: ReadonlyMap<string, Ended>): string[] {
  const flaws: string[] = [];
  const seen = new Set<string>();
  for (const { idempotencyKey: key, tenant, kind, record, amount } of ledger) {
    const wanted = due.get(key);
    const what = `${kind} on ${tenant}'s ${record} of ${amount ?? '-'}`;
    if (!wanted) flaws.push(`an effect nobody may have: ${what}`);
    else if (seen.has(key)) flaws.push(`twice: ${what}`);
    else if (tenant !== 'acme' || kind !== wanted.kind) flaws.push(`${wanted.what} became a ${what}`);
    else if (wanted.record && (record !== wanted.record || Number(amount) !== Number(wanted.amount)))
      flaws.push(`${wanted.what} became a ${what}`);
    seen.add(key);
  }
  for (const [key, { what, kind, intentId, actionId }] of due) {
    if (seen.has(key)) continue;
    const reply = ended.get(intentId)?.reply;
    const action = reply?.actions.find((one) => one.actionId === actionId);
    flaws.push(`${what}: its ${kind} did not happen: ${JSON.stringify(action ?? reply?.code)} of ${intentId}`);
  }
  return flaws;
}
