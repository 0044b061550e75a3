import { readerOf } from '@countersign/migrations';
import pg from 'pg';
import type { TestServiceDatabase } from './test-service-database.js';

/**
 * What row-level security leaves open in a service's schema, by the database's own catalogue; empty if nothing.
 *
 * @param except tables it may leave open, each with the reason
 */
export async function gapsInWall(
  { url, serviceUrl }: TestServiceDatabase,
  schema: string,
  except: Readonly<Record<string, string>>,
): Promise<string[]> {
  const service = new URL(serviceUrl).username;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const parameters = [schema, service, readerOf(service)];
    const gaps: string[] = [];
    for (const { question, values } of QUESTIONS) {
      const { rows } = await client.query<{ gap: string }>(
        question,
        values.map((at) => parameters[at]),
      );
      gaps.push(...rows.map(({ gap }) => gap));
    }
    return gaps.filter((gap) => !Object.hasOwn(except, gap.split(':')[0]!)).sort();
  } finally {
    await client.end();
  }
}

const TABLES = `SELECT c.* FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v', 'f')`;

const QUESTIONS = [
  {
    question: `SELECT relname || ': row security is ' || CASE WHEN relrowsecurity THEN 'not forced' ELSE 'off' END AS gap
      FROM (${TABLES}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)`,
    values: [0],
  },
  {
    question: `SELECT tablename || ': the policy ' || policyname || ' is for ' || array_to_string(roles, ', ') AS gap
      FROM pg_policies WHERE schemaname = $1 AND NOT roles <@ ARRAY[$2, $3]::name[]`,
    values: [0, 1, 2],
  },
  {
    question: `SELECT tablename || ': the reader''s policy ' || policyname || ' does not ask for the tenant' AS gap
      FROM pg_policies WHERE schemaname = $1 AND $2 = ANY(roles) AND NOT (cmd = 'SELECT' AND qual LIKE '%countersign.tenant%')`,
    values: [0, 2],
  },
  {
    question: `SELECT relname || ': the reader may ' || privilege AS gap
      FROM (${TABLES}) t, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
      WHERE has_table_privilege($2, t.oid, privilege)`,
    values: [0, 2],
  },
  {
    question: `SELECT rolname || ': passes row security, or the reader logs in' AS gap
      FROM pg_roles WHERE rolname IN ($1, $2) AND (rolsuper OR rolbypassrls OR (rolcanlogin AND rolname = $2))`,
    values: [1, 2],
  },
  {
    question: `SELECT member::regrole || ': has the rights of ' || roleid::regrole || ' without taking its place' AS gap
      FROM pg_auth_members WHERE member = $1::regrole AND inherit_option`,
    values: [1],
  },
] as const;
