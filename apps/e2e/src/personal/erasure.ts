import { http, type Stage } from './stage.js';

/** Before the erasure, and as often after: with the looks of others it is less than one person may in a minute. */
const LOOKS = 10;

export interface Erasure {
  /** Values that an auditor saw before, with a reason. */
  opened: number;
  subjects: number;
  flaws: string[];
}

/** Everybody of whom something was planted is erased: what opened before opens no more, and every record is as it was stored. */
export async function erasure(stage: Stage): Promise<Erasure> {
  const traces = await tracesWithTokens(stage);
  const before = await looks(stage, traces);
  const subjects = await subjectsOf(stage);
  const refused = await erase(stage, subjects);
  const after = await looks(stage, traces);
  const left = await boxesLeft(stage);
  const opened = before.reduce((sum, { revealed }) => sum + revealed, 0);
  return {
    opened,
    subjects: subjects.length,
    flaws: [
      ...before.flatMap(({ flaws }) => flaws),
      ...(opened < traces.length ? [`only ${opened} values opened before the erasure`] : []),
      ...refused,
      ...after.flatMap(({ intentId, revealed, flaws }) => [
        ...flaws,
        ...(revealed > 0 ? [`${revealed} values of ${intentId} open after the erasure`] : []),
      ]),
      ...(left > 0 ? [`${left} sealed values are kept after the erasure`] : []),
      ...(await verified(stage)),
    ],
  };
}

async function tracesWithTokens({ world, intents }: Stage): Promise<string[]> {
  const text = `select intent from audit.records where intent = any($1) and signature = 'valid' and value ~ 'tok_[0-9a-f]{32}'
     group by intent order by count(*) desc, intent limit ${LOOKS}`;
  const { rows } = await world.owner.query<{ intent: string }>(text, [intents]);
  return rows.map(({ intent }) => intent);
}

async function looks(stage: Stage, traces: string[]) {
  const audra = await stage.world.token('audra');
  return Promise.all(
    traces.map(async (intentId) => {
      const body = { reason: 'the proof looks whether it opens' };
      const answer = await http(stage, audra, 'POST', `/v1/traces/${intentId}/reveals`, { body });
      const revealed = (answer.body['revealed'] as unknown[] | undefined) ?? [];
      const flaws =
        answer.status === 200 ? [] : [`a reveal of ${intentId} was answered ${answer.status} ${answer.text}`];
      return { intentId, revealed: revealed.length, flaws };
    }),
  );
}

/** Of whom something is sealed that was planted here: nobody else asks for these records. */
const OURS = `tenant = 'acme' and (subject = any($1) or token in (
  select distinct (regexp_matches(value, 'tok_[0-9a-f]{32}', 'g'))[1] from audit.records where intent = any($1)))`;

async function subjectsOf({ world, intents }: Stage): Promise<string[]> {
  const text = `select distinct subject from sealing.boxes where ${OURS} order by subject`;
  const { rows } = await world.owner.query<{ subject: string }>(text, [intents]);
  return rows.map(({ subject }) => subject);
}

async function boxesLeft({ world, intents }: Stage): Promise<number> {
  const text = `select count(*)::int as left from sealing.boxes where ${OURS}`;
  return (await world.owner.query<{ left: number }>(text, [intents])).rows[0]!.left;
}

async function erase(stage: Stage, subjects: string[]): Promise<string[]> {
  const adam = await stage.world.token('adam');
  const answers = subjects.map(async (subject) => {
    const body = { reason: 'everybody here asked to be forgotten' };
    const { status, text } = await http(stage, adam, 'DELETE', `/v1/subjects/${encodeURIComponent(subject)}`, { body });
    return status === 200 ? [] : [`erasing ${subject} was answered ${status} ${text}`];
  });
  return (await Promise.all(answers)).flat();
}

/** To the end of what is signed. */
async function verified(stage: Stage): Promise<string[]> {
  const audra = await stage.world.token('audra');
  for (let from: number | null = 0; from !== null;) {
    const { status, body, text } = await http(stage, audra, 'GET', `/v1/audit/verify?from=${from}`);
    if (status !== 200 || body['ok'] !== true) return [`audit verify answered ${status} ${text.slice(0, 1_000)}`];
    from = body['next'] as number | null;
  }
  return [];
}
