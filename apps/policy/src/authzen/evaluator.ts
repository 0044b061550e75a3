import type { Person } from '@countersign/contracts';
import type { Messaging } from '@countersign/messaging';
import type { States } from '@countersign/messaging/stream';
import type { ControlSource } from '../control-reader.js';
import { answerTo, keysFor, no, type Answer, type Now } from './answer.js';
import { callOf, type Call, type Known, type NoCall } from './call.js';
import type { Batch, Question, Read, Semantic } from './question.js';

export interface EvaluatorMeans extends Known {
  messaging: () => Pick<Messaging, 'sql'>;
  control: ControlSource;
  freshAfterMs: number;
  now: () => Date;
}

/** Who asks, and the workflow they name for all they ask. */
export interface Asking {
  caller: Person;
  workflow: string | undefined;
}

type Understood = Call | NoCall;

const STATES_SQL = 'select key, body from state where key = any($1) and body is not null';

/** Answers questions by the switches, stages and counts as they are now. It writes nothing. */
export class Evaluator {
  constructor(private readonly means: EvaluatorMeans) {}

  /** @throws ControlUnknown while the control topic is still being read */
  async evaluate(question: Question, asking: Asking): Promise<Answer> {
    const understood = this.understood({ ok: true, value: question }, asking);
    return answered(understood, await this.factsFor([understood]));
  }

  /** Answers in the order of the questions, up to and with the one that ends it; throws as `evaluate` does. */
  async evaluateAll({ semantic, questions }: Batch, asking: Asking): Promise<Answer[]> {
    const understood = questions.map((question) => this.understood(question, asking));
    const facts = await this.factsFor(understood);
    const answers: Answer[] = [];
    for (const one of understood) {
      const answer = answered(one, facts);
      answers.push(answer);
      if (answer.decision === ENDS[semantic]) break;
    }
    return answers;
  }

  private understood(read: Read<Question>, { caller, workflow }: Asking): Understood {
    if (!read.ok) return { code: 'INVALID_ARGUMENTS', reason: read.because };
    return callOf(read.value, caller, this.means, workflow);
  }

  /** One look at the switches and one at the counts, for all of a request. */
  private async factsFor(understood: readonly Understood[]): Promise<Now> {
    const now = this.means.now();
    const keys = new Set(understood.flatMap((one) => ('code' in one ? [] : keysFor(one, now))));
    const [control, states] = await Promise.all([this.means.control.view(), this.statesAt([...keys])]);
    return { states, control, freshAfterMs: this.means.freshAfterMs, now };
  }

  private async statesAt(keys: string[]): Promise<States> {
    if (keys.length === 0) return { get: () => undefined };
    const { sql } = this.means.messaging();
    const rows = await sql.query<{ key: string; body: unknown }>('authzen-states', STATES_SQL, [keys]);
    const byKey = new Map(rows.map(({ key, body }) => [key, body]));
    return { get: <S>(key: string) => byKey.get(key) as S | undefined };
  }
}

const ENDS: Readonly<Record<Semantic, boolean | undefined>> = {
  execute_all: undefined,
  deny_on_first_deny: false,
  permit_on_first_permit: true,
};

const answered = (one: Understood, facts: Now): Answer =>
  'code' in one ? no(one.code, one.reason, one.nextStep) : answerTo(one, facts);
