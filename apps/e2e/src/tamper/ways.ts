import type pg from 'pg';
import { between, oneOf } from '../faults/numbers.js';

type Random = () => number;

/** Where a stored row stands. */
export interface Place {
  topic: string;
  partition: number;
  offset: string;
  at: string;
}

export interface Way {
  what: string;
  /** Findings of which one has to be there. */
  named: string[];
  /** Rows it touches, to be put back. */
  places: Place[];
  statements: { text: string; values: unknown[] }[];
}

const TEXTS = [
  ...[
    'key',
    'id',
    'type',
    'source',
    'subject',
    'claimed_tenant',
    'actor',
    'session',
    'intent',
    'action',
    'causation',
    'trace_id',
  ],
  ...['tool', 'code', 'audit_code', 'outcome', 'value', 'headers', 'flaw', 'poison_reason', 'poison_detail'],
];
const AT = `topic = $1 AND partition = $2 AND "offset" = $3 AND appended_at = $4`;
const valuesOf = ({ topic, partition, offset, at }: Place) => [topic, partition, offset, at];

/** A single bit of a text column, so that it stays a text: what is null becomes one of one character. */
async function bitOfText(owner: pg.Pool, place: Place, random: Random): Promise<Way> {
  const column = oneOf(random, TEXTS)!;
  const { rows } = await owner.query<{ text: string | null }>(
    `SELECT ${column} AS text FROM audit.records WHERE ${AT}`,
    valuesOf(place),
  );
  const changed = flipped(rows[0]!.text ?? '', random);
  return {
    what: `a bit of ${column}`,
    named: ['changed'],
    places: [place],
    statements: [
      { text: `UPDATE audit.records SET ${column} = $5 WHERE ${AT}`, values: [...valuesOf(place), changed] },
    ],
  };
}

function flipped(text: string, random: Random): string {
  const plain = [...text].flatMap((character, at) => (character > '\u0001' && character < '\u0080' ? [at] : []));
  const at = oneOf(random, plain);
  if (at === undefined) return `${text}.`;
  const characters = [...text];
  // Bit 0 of what is above 1 never makes the one character that no text may hold.
  const bit = between(random, 0, 5);
  const code = characters[at]!.charCodeAt(0) ^ (1 << bit);
  characters[at] = String.fromCharCode(code === 0 ? 1 : code);
  return characters.join('');
}

const elsewhere: [string, string, string[]][] = [
  ['a bit of the offset', `UPDATE audit.records SET "offset" = "offset" # (1::bigint << 40) WHERE ${AT}`, ['deleted']],
  ['a bit of the partition', `UPDATE audit.records SET partition = partition # 1024 WHERE ${AT}`, ['deleted']],
  [
    'a bit of the time',
    `UPDATE audit.records SET appended_at = appended_at + interval '1 microsecond' WHERE ${AT}`,
    ['deleted'],
  ],
  ['a bit of the topic', `UPDATE audit.records SET topic = 'a' || topic WHERE ${AT}`, ['deleted']],
  ['another tenant', `UPDATE audit.records SET tenant = 'globex' WHERE ${AT}`, ['deleted']],
  [
    'another signature',
    `UPDATE audit.records SET signature = CASE signature WHEN 'valid' THEN 'absent' ELSE 'valid' END WHERE ${AT}`,
    ['changed'],
  ],
  ['a rule more', `UPDATE audit.records SET rules = array_append(rules, 'a') WHERE ${AT}`, ['changed']],
  ['what it is about', `UPDATE audit.records SET about = array_append(about, 'a') WHERE ${AT}`, ['changed']],
  ['deleted', `DELETE FROM audit.records WHERE ${AT}`, ['deleted']],
  [
    'inserted',
    `INSERT INTO audit.records SELECT (jsonb_populate_record(r, jsonb_build_object('offset', r."offset" + (1::bigint << 40)))).* FROM audit.records r WHERE ${AT}`,
    ['inserted'],
  ],
];

function byStatement(place: Place, random: Random): Way {
  const [what, text, named] = oneOf(random, elsewhere)!;
  return { what, named, places: [place], statements: [{ text, values: valuesOf(place) }] };
}

/** Two rows in each other's place, and in nothing else different. */
function reordered(place: Place, other: Place): Way {
  const swap = (from: Place, to: Place, offset: string) => ({
    text: `UPDATE audit.records SET topic = $5, partition = $6, "offset" = $7, appended_at = $8 WHERE ${AT}`,
    values: [...valuesOf(from), to.topic, to.partition, offset, to.at],
  });
  const aside = String(2n ** 41n);
  return {
    what: 'two rows in each other’s place',
    named: ['changed'],
    places: [place, other],
    statements: [
      swap(place, place, aside),
      swap(other, place, place.offset),
      swap({ ...place, offset: aside }, other, other.offset),
    ],
  };
}

/** One seeded change of one or two stored rows. */
export async function wayOf(owner: pg.Pool, places: Place[], random: Random): Promise<Way> {
  const place = oneOf(random, places)!;
  const dice = random();
  if (dice < 0.45) return bitOfText(owner, place, random);
  if (dice < 0.9) return byStatement(place, random);
  const other = oneOf(
    random,
    places.filter((each) => each !== place),
  )!;
  return reordered(place, other);
}
