import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '@countersign/testing';
import { between, numbers } from '../faults/numbers.js';
import type { Finding } from '../finding.js';
import type { World } from '../world.js';
import { wayOf, type Place, type Way } from './ways.js';

const TENANT = 'acme';

interface Verdict {
  ok: boolean;
  size: number;
  findings: { kind: string }[];
}

/**
 * Changes what is stored, one seeded way after the other, as who owns the tables could; each has to be found and named. What was changed
 * is put back before the next.
 */
export async function tamper(world: World, count: number, seed: number, say: (text: string) => void): Promise<Finding> {
  const tampering = new Tampering(world, await world.token('audra'));
  await tampering.fill(Math.min(40, Math.ceil(count / 10)));
  const { size, ok, findings } = await tampering.verify();
  const flaws = ok ? [] : [`an untouched store is not whole: ${JSON.stringify(findings)}`];
  const tried: Record<string, number> = {};
  const random = numbers(seed);
  const began = performance.now();
  for (let n = 0; n < count; n++) {
    // One of ten is done to the tree itself.
    const { what, flaw } = n % 10 === 9 ? await tampering.tree(random) : await tampering.rows(random);
    tried[what] = (tried[what] ?? 0) + 1;
    if (flaw) flaws.push(`${what} (${n} of seed ${seed}): ${flaw}`);
    if (n % 100 === 99) say(`${n + 1} changes, ${flaws.length} not found`);
  }
  const whole = await tampering.verify();
  if (!whole.ok) flaws.push(`put back, it is not whole: ${JSON.stringify(whole.findings.slice(0, 3))}`);
  const seconds = (performance.now() - began) / 1000;
  const figures = {
    records: size,
    changes: count,
    found: count - flaws.length,
    'ms each': Math.round((seconds * 1000) / count),
  };
  return { figures: { ...figures, ways: Object.keys(tried).length, seed }, flaws };
}

class Tampering {
  private places: Place[] = [];

  constructor(
    private readonly world: World,
    private readonly token: string,
  ) {}

  async verify(): Promise<Verdict> {
    const response = await fetch(`${this.world.system.urls.gateway}/v1/audit/verify`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    if (!response.ok) throw new Error(`verify answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Verdict;
  }

  /** Some actions, all that became of them stored, in the tree and signed. */
  async fill(actions: number): Promise<void> {
    const { world } = this;
    const token = await world.token('alice');
    const alice = await world.person('alice');
    const run = Date.now().toString(36);
    const intents = Array.from({ length: actions }, (_, n) => {
      const session = `tamper-${run}-${n}`;
      const data = { workflow: 'support-desk', session, tool: 'get_order', arguments: { orderId: 'ord_1001' } };
      return { id: session, tenant: TENANT, session, token, data };
    });
    for (const id of await world.product.publish(...intents)) await alice.intent(id, 30);
    await until(() => this.settled(), { what: 'all that was stored to be signed', timeoutMs: 30_000 });
    const select = `SELECT topic, partition, "offset", appended_at::text AS at FROM audit.records WHERE tenant = $1`;
    this.places = (await world.owner.query<Place>(select, [TENANT])).rows;
  }

  private async settled(): Promise<boolean> {
    const select = `SELECT (SELECT count(*) FROM audit.records WHERE tenant = $1) = size AND size = published AS done FROM audit.trees WHERE tenant = $1`;
    const { rows } = await this.world.owner.query<{ done: boolean }>(select, [TENANT]);
    return rows[0]?.done ?? false;
  }

  async rows(random: () => number): Promise<{ what: string; flaw: string | undefined }> {
    const { owner } = this.world;
    const way = await wayOf(owner, this.places, random);
    await owner.query('CREATE TABLE audit.kept AS SELECT r.* FROM audit.records r WHERE false');
    for (const { topic, partition, offset, at } of way.places)
      await owner.query(
        `INSERT INTO audit.kept SELECT * FROM audit.records WHERE topic = $1 AND partition = $2 AND "offset" = $3 AND appended_at = $4`,
        [topic, partition, offset, at],
      );
    for (const { text, values } of way.statements) await owner.query(text, values);
    const flaw = flawOf(way, await this.verify());
    // Wherever they are now, what is in the tree's place of them goes, and what was there comes back.
    await owner.query(`DELETE FROM audit.records r USING audit.kept k WHERE ${SAME} OR ${MOVED}`);
    await owner.query('INSERT INTO audit.records SELECT * FROM audit.kept; DROP TABLE audit.kept');
    return { what: way.what, flaw };
  }

  /** Cut short, forked, signed by another, or other in its leaves. */
  async tree(random: () => number): Promise<{ what: string; flaw: string | undefined }> {
    const { owner } = this.world;
    const ways = [() => this.cut(random), () => this.forked(false), () => this.forked(true), () => this.leaf(random)];
    const tables = ['records', 'leaves', 'checkpoints', 'trees'];
    for (const table of tables)
      await owner.query(
        `CREATE TABLE audit.kept_${table} AS SELECT * FROM audit.${table} WHERE tenant = $1`.replace(
          '$1',
          `'${TENANT}'`,
        ),
      );
    const way = await ways[between(random, 0, ways.length - 1)]!();
    const flaw = flawOf(way, await this.verify());
    for (const table of tables) {
      await owner.query(`DELETE FROM audit.${table} WHERE tenant = $1`, [TENANT]);
      await owner.query(`INSERT INTO audit.${table} SELECT * FROM audit.kept_${table}; DROP TABLE audit.kept_${table}`);
    }
    return { what: way.what, flaw };
  }

  /** Back to an earlier checkpoint, in all tables: whole in itself. */
  private async cut(random: () => number): Promise<Pick<Way, 'what' | 'named'>> {
    const { owner } = this.world;
    const { rows } = await owner.query<{ size: string }>(
      'SELECT size FROM audit.checkpoints WHERE tenant = $1 ORDER BY size',
      [TENANT],
    );
    const sizes = ['0', ...rows.slice(0, -1).map((row) => row.size)];
    const size = sizes[between(random, 0, sizes.length - 1)]!;
    await owner.query(
      `DELETE FROM audit.records r USING audit.leaves l, unnest(l.topics, l.partitions, l.offsets, l.appended_at) AS p (topic, partition, "offset", at)
        WHERE l.tenant = $1 AND l."first" >= $2 AND r.topic = p.topic AND r.partition = p.partition AND r."offset" = p."offset" AND r.appended_at = p.at`,
      [TENANT, size],
    );
    await owner.query('DELETE FROM audit.leaves WHERE tenant = $1 AND "first" >= $2', [TENANT, size]);
    await owner.query('DELETE FROM audit.checkpoints WHERE tenant = $1 AND size > $2', [TENANT, size]);
    return { what: 'cut back to an earlier checkpoint', named: ['truncated'] };
  }

  /** The newest checkpoint over another root, signed by another key or, as nobody else can, by audit's own. */
  private async forked(own: boolean): Promise<Pick<Way, 'what' | 'named'>> {
    const { owner, system } = this.world;
    const newest = 'SELECT size, note FROM audit.checkpoints WHERE tenant = $1 ORDER BY size DESC LIMIT 1';
    const { size, note } = (await owner.query<{ size: string; note: string }>(newest, [TENANT])).rows[0]!;
    const key = own
      ? createPrivateKey(readFileSync(path.join(system.dataDir, 'keys/audit/sign.pem')))
      : generateKeyPairSync('ed25519').privateKey;
    const root = randomBytes(32);
    const forged = noteOf(note.slice(0, note.indexOf('\n')), size, root, key);
    const update = 'UPDATE audit.checkpoints SET root = $3, note = $4 WHERE tenant = $1 AND size = $2';
    await owner.query(update, [TENANT, size, root, forged]);
    return own
      ? { what: 'a second root of one size, signed with audit’s key', named: ['forked'] }
      : { what: 'a second root of one size, signed with another key', named: ['unsigned'] };
  }

  private async leaf(random: () => number): Promise<Pick<Way, 'what' | 'named'>> {
    const flip = `UPDATE audit.leaves SET leaves = set_bit(leaves, $2, 1 - get_bit(leaves, $2)) WHERE tenant = $1`;
    await this.world.owner.query(flip, [TENANT, between(random, 0, 255)]);
    return { what: 'a bit of each block of leaves', named: ['changed'] };
  }
}

const SAME = `(r.topic = k.topic AND r.partition = k.partition AND r."offset" = k."offset" AND r.appended_at = k.appended_at)`;
/** As a change of one part of its place leaves it. */
const MOVED = `(r.topic = 'a' || k.topic AND r.partition = k.partition AND r."offset" = k."offset")
  OR (r.topic = k.topic AND r.partition = k.partition # 1024 AND r."offset" = k."offset")
  OR (r.topic = k.topic AND r.partition = k.partition AND r."offset" = k."offset" # (1::bigint << 40))
  OR (r.topic = k.topic AND r.partition = k.partition AND r."offset" = k."offset" AND r.appended_at = k.appended_at + interval '1 microsecond')`;

/** https://c2sp.org/signed-note, written down a second time. */
function noteOf(origin: string, size: string, root: Buffer, key: KeyObject): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url');
  const id = createHash('sha256').update(`${origin}\n\u0001`).update(raw).digest().subarray(0, 4);
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString('base64');
  return `${text}\n\u2014 ${origin} ${signature}\n`;
}

function flawOf({ named }: Pick<Way, 'named'>, { ok, findings }: Verdict): string | undefined {
  if (ok) return 'it is said to be whole';
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  return kinds.some((kind) => named.includes(kind))
    ? undefined
    : `it is called ${kinds.join(', ')}, not ${named.join(' or ')}`;
}
