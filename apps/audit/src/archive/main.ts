import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ConfigError, readConfig } from '@countersign/host';
import { loadSigner, loadStoredKeyRing } from '@countersign/signing';
import { archive, type ArchivedDay, type Step } from './archive.js';
import { ArchiveRefused } from './refused.js';

/** What `countersign audit archive` starts, with the owner's DATABASE_URL. Data on stdout, the rest on stderr. */
const EXIT = { unexpected: 1, usage: 2 };

const { values: options } = parseArgs({
  options: {
    'older-than-ms': { type: 'string' },
    to: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const settings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Audit's own folder of keys: that records were taken out is signed. */
  COUNTERSIGN_KEYS_DIR: z.string().min(1),
});

const say = (text: string) => process.stderr.write(`${text}\n`);

/** A line a day and step; while it is written, one for each tenth. */
function progress(): (step: Step) => void {
  let tenth = -1;
  return (step) => {
    if (step.step !== 'writing') {
      tenth = -1;
      return say(`  ${step.day} ${step.step}: ${step.rows} records`);
    }
    const reached = Math.floor((10 * step.rows) / Math.max(step.of, 1));
    if (reached > tenth) say(`  ${step.day} writing: ${step.rows} of ${step.of} records`);
    tenth = reached;
  };
}

function report(days: ArchivedDay[]): string {
  if (options.json) return JSON.stringify({ dryRun: options['dry-run'], days });
  if (days.length === 0) return 'No day is that old.';
  const what = options['dry-run'] ? 'would be taken out' : 'taken out';
  return days
    .map(({ day, rows, bytes, files }) =>
      [`${day}  ${rows} records ${what}`, ...(bytes ? [`${bytes} bytes in ${files.length} files`] : [])].join(', '),
    )
    .join('\n');
}

function failed(error: unknown): number {
  say(error instanceof Error ? error.message : String(error));
  if (error instanceof ArchiveRefused) say(`Next: ${error.nextStep}`);
  if (error instanceof ConfigError) return EXIT.usage;
  return error instanceof ArchiveRefused ? error.exitCode : EXIT.unexpected;
}

try {
  // Of an operator's own environment nothing else is this command's business.
  const { DATABASE_URL, DATABASE_URL_FILE, COUNTERSIGN_KEYS_DIR } = process.env;
  const { DATABASE_URL: databaseUrl, COUNTERSIGN_KEYS_DIR: keys } = readConfig(settings, {
    DATABASE_URL,
    DATABASE_URL_FILE,
    COUNTERSIGN_KEYS_DIR,
  });
  const olderThanMs = Number(options['older-than-ms']);
  const days = await archive({
    databaseUrl,
    keys: { signer: loadSigner(keys), trusted: loadStoredKeyRing(keys).keysOf('audit') },
    olderThanMs,
    dir: path.resolve(options.to ?? '.'),
    dryRun: options['dry-run'],
    onStep: progress(),
  });
  process.stdout.write(`${report(days)}\n`);
} catch (error) {
  process.exitCode = failed(error);
}
