import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { verifyProof, type Finding, type Proof, type Verdict } from '@countersign/evidence';
import { segment, type Api } from '../api.js';
import { auditKeys, verifyFile, type OfflineOptions } from '../audit/offline.js';
import { connect, optionsOf, show } from '../context.js';
import { CliError, EXIT } from '../errors.js';
import { fields, note, table } from '../output.js';

interface StoreVerdict {
  ok: boolean;
  tenant: string;
  size: number;
  checked: { from: number; to: number };
  archived: number;
  checkpoint: string | null;
  findings: Finding[];
  more: number;
  next: number | null;
}

const BROKEN = 'Keep what you have as it is, and look at docs/tamper-evidence.md.';

function instant(text: string): string {
  if (Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('a time, such as 2026-03-01T10:00:00Z');
  return new Date(text).toISOString();
}

const several = (text: string, before: string[] = []) => [...before, text];

export function registerAudit(program: Command): void {
  const audit =
    program.commands.find((command) => command.name() === 'audit') ??
    program.command('audit').description('the record');
  audit
    .command('export')
    .description("your tenant's records as NDJSON, with what proves them")
    .option('--from <time>', 'from then on', instant)
    .option('--to <time>', 'until then', instant)
    .option('--out <file>', 'a new file, instead of stdout')
    .action(exportRecords);
  audit
    .command('verify')
    .argument('[file]', 'what `audit export` wrote, unpacked or .gz; without it the store itself is checked')
    .description('whether anything was changed, deleted, inserted, reordered, cut short or rewritten')
    .option('--key <pem>', "audit's public key; again for keys before it", several)
    .option('--checkpoints <file>', 'checkpoints that were kept elsewhere: notes, or an earlier export', several)
    .option('--kafka <brokers>', 'the checkpoints on the audit topic')
    .option('--partial', 'the file may hold a part of the tree, and leave out records that are kept elsewhere')
    .action(verify);
  audit
    .command('prove')
    .argument('<eventId>')
    .description('proves one event: that it stands in the tree as it was stored')
    .option('--key <pem>', "audit's public key; again for keys before it", several)
    .action(prove);
}

async function exportRecords(_: unknown, command: Command): Promise<void> {
  const { from, to, out } = optionsOf<{ from?: string; to?: string; out?: string }>(command);
  const body = await (await connect(command)).stream('/v1/audit/export', { from, to });
  let bytes = 0;
  async function* counted() {
    for await (const chunk of body) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  const target = out === undefined ? process.stdout : createWriteStream(out, { flags: 'wx', mode: 0o600 });
  await pipeline(Readable.from(counted()), target, { end: out !== undefined });
  note(`${bytes.toLocaleString('en')} bytes${out === undefined ? '' : ` in ${out}`}.`);
}

async function verify(file: string | undefined, _: unknown, command: Command): Promise<void> {
  const ok = file === undefined ? await verifyStore(command) : await verifyOffline(file, command);
  if (!ok) throw new CliError('What is there is not what was signed.', EXIT.broken, BROKEN);
}

async function verifyOffline(file: string, command: Command): Promise<boolean> {
  const verdict = await verifyFile(file, optionsOf<OfflineOptions>(command));
  show(command, verdict, verdictText);
  return verdict.ok;
}

async function verifyStore(command: Command): Promise<boolean> {
  const verdict = await storeVerdict(await connect(command));
  show(command, verdict, storeText);
  return verdict.ok;
}

/** The whole store, so much at a time. */
async function storeVerdict(api: Api): Promise<StoreVerdict> {
  let whole: StoreVerdict | undefined;
  for (let from: number | null = 0; from !== null;) {
    const part: StoreVerdict = await api.call<StoreVerdict>('/v1/audit/verify', { query: { from } });
    whole = whole
      ? {
          ...part,
          ok: whole.ok && part.ok,
          checked: { from: whole.checked.from, to: part.checked.to },
          archived: whole.archived + part.archived,
          findings: [...whole.findings, ...part.findings],
          more: whole.more + part.more,
        }
      : part;
    from = part.next;
    if (from !== null) note(`${from.toLocaleString('en')} of ${part.size.toLocaleString('en')}`);
  }
  return whole!;
}

async function prove(eventId: string, _: unknown, command: Command): Promise<void> {
  const keys = auditKeys(optionsOf<{ key?: string[] }>(command).key);
  const proof = await (await connect(command)).call<Proof>(`/v1/audit/proofs/${segment(eventId)}`);
  const checkpoint = verifyProof(proof, keys);
  if (!checkpoint || proof.record['id'] !== eventId)
    throw new CliError(`The proof of ${eventId} does not lead to what was signed.`, EXIT.broken, BROKEN);
  show(command, proof, ({ tenant, index, record }) =>
    fields({
      event: eventId,
      type: record['type'],
      at: record['appendedAt'],
      tenant,
      index,
      'proven in': `${checkpoint.origin}, ${checkpoint.size} records, root ${checkpoint.root.toString('base64')}`,
    }),
  );
}

const findingsText = (findings: Finding[], more: number): string[] =>
  findings.length === 0
    ? []
    : [
        table(
          ['found', 'tenant', 'index', 'line', 'says'],
          findings.map(({ kind, tenant, index, line, says }) => [kind, tenant, index, line, says]),
        ),
        ...(more > 0 ? [`and ${more} more`] : []),
      ];

function verdictText({ ok, rows, checkpoints, sections, findings, more }: Verdict): string {
  const parts = sections.map(({ tenant, from, to, signed, root }) => [tenant, from, to, signed, root]);
  return [
    fields({ whole: ok ? 'yes' : 'no', events: rows, checkpoints }),
    table(['tenant', 'from', 'to', 'signed to', 'root'], parts),
    ...findingsText(findings, more),
  ].join('\n\n');
}

function storeText({ ok, tenant, size, archived, checkpoint, findings, more }: StoreVerdict): string {
  const head = { whole: ok ? 'yes' : 'no', tenant, events: size, archived: archived || undefined };
  return [fields(head), ...findingsText(findings, more), ...(checkpoint ? [checkpoint.trimEnd()] : [])].join('\n\n');
}
