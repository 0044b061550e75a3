import type { SqlTx } from '@countersign/messaging';
import type { Counted } from './counted.js';

/** Unit separator: joins the members of lists, since an array of lists of different length cannot be sent. */
const SEPARATOR = '\u001f';

/** The conflict's columns are not named: whoever names them has to be allowed to read them. */
const INSERT = `INSERT INTO counted (tenant, figure, key, at, tool, detail, rules, follows, person, roles)
  SELECT tenant, figure, key, at, tool, detail, string_to_array(rules, E'\\x1f'), follows, person, string_to_array(roles, E'\\x1f')
    FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
      AS c (tenant, figure, key, at, tool, detail, rules, follows, person, roles)
  ON CONFLICT DO NOTHING`;

/** Adds what is not counted yet. */
export async function storeCounted(tx: SqlTx, lines: Counted[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.query('audit-counted', INSERT, [
    lines.map(({ tenant }) => tenant),
    lines.map(({ figure }) => figure),
    lines.map(({ key }) => clean(key)),
    lines.map(({ at }) => at.toISOString()),
    lines.map(({ tool }) => orNull(tool)),
    lines.map(({ detail }) => orNull(detail)),
    lines.map(({ rules }) => joined(rules)),
    lines.map(({ follows }) => orNull(follows)),
    lines.map(({ person }) => orNull(person)),
    lines.map(({ roles }) => joined(roles)),
  ]);
}

/** PostgreSQL's text takes every character but this one. */
const clean = (text: string) => text.replaceAll('\u0000', '\ufffd');
const orNull = (text: string | null) => (text === null ? null : clean(text));
const joined = (members: string[]) => members.map((member) => clean(member).replaceAll(SEPARATOR, ' ')).join(SEPARATOR);
