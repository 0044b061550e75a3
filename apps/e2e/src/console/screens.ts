// `npm run screens`: the views as the demo leaves them, into docs/screens, and a page that lists them. Exit 1 when a view does not stand.
import fs from 'node:fs';
import path from 'node:path';
import type { Person } from '@countersign/demo';
import { findChromium, NO_BROWSER } from './browser.js';
import { ConsoleWorld, type Window } from './console-world.js';
import { SITES } from './sites.js';

const OUT = path.resolve(import.meta.dirname, '../../../../docs/screens');
const LIMIT_BYTES = 3_000_000;
const WIDE: Window = { width: 1440, height: 900 };
const PHONE: Window = { width: 390, height: 844 };
/** Shown in the dark as well. */
const DARK = ['overview', 'an approval', 'a trace', 'kill switch'];
const ASKED = ['Refund 900 € on order ord_1004, it never came.', 'Refund 120 € on order ord_1002, it came broken.'];

interface Shot {
  view: string;
  file: string;
  window: Window;
}

const nameOf = (view: string) => view.replace(/^an? /, 'one-').replaceAll(' ', '-');

const shotsOf = (view: string): Shot[] => [
  { view, file: `${nameOf(view)}-1440.png`, window: WIDE },
  { view, file: `${nameOf(view)}-390.png`, window: PHONE },
  ...(DARK.includes(view) ? [{ view, file: `${nameOf(view)}-dark.png`, window: { ...WIDE, dark: true } }] : []),
];

/** What waits for somebody, so that the inbox is not empty. */
async function leaveOpen(world: ConsoleWorld): Promise<void> {
  const [alice, bob] = await Promise.all([world.world.person('alice'), world.world.person('bob')]);
  for (const [index, text] of ASKED.entries()) {
    const intentId = await ask(alice, text, `screens-${index}`);
    if (!(await bob.approvalOf(intentId))) throw new Error(`nobody was asked to approve: ${text}`);
  }
}

async function ask(alice: Person, text: string, session: string): Promise<string> {
  const answer = await fetch(`${alice.gateway}/v1/intents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${alice.token}`,
      'content-type': 'application/json',
      'idempotency-key': session,
    },
    body: JSON.stringify({ workflow: 'support-desk', session, text }),
  });
  return ((await answer.json()) as { intentId: string }).intentId;
}

async function take(world: ConsoleWorld): Promise<Shot[]> {
  const taken: Shot[] = [];
  for (const { view, person, address } of SITES) {
    const at = await address(world);
    for (const shot of shotsOf(view)) {
      await world.inWindow(person, at, shot.window, (page) =>
        page.screenshot({ path: path.join(OUT, shot.file), animations: 'disabled', caret: 'hide' }),
      );
      taken.push(shot);
      process.stderr.write(`  ${shot.file}\n`);
    }
  }
  return taken;
}

function list(taken: Shot[]): void {
  const views = [...new Set(taken.map(({ view }) => view))];
  const sections = views.map((view) => {
    const images = taken.filter((shot) => shot.view === view).map(({ file }) => `![${view}](${file})`);
    return `## ${view[0]!.toUpperCase()}${view.slice(1)}\n\n${images.join('\n')}\n`;
  });
  const head = '# The console\n\nEach view as the demo leaves it, at 1440 and 390 px; made by `npm run screens`.\n';
  fs.writeFileSync(path.join(OUT, 'README.md'), [head, ...sections].join('\n'));
}

async function main(): Promise<void> {
  const world = await ConsoleWorld.open({ releases: true });
  try {
    await world.playDemo();
    await leaveOpen(world);
    fs.rmSync(OUT, { recursive: true, force: true });
    fs.mkdirSync(OUT, { recursive: true });
    list(await take(world));
    const bytes = fs.readdirSync(OUT).reduce((sum, file) => sum + fs.statSync(path.join(OUT, file)).size, 0);
    process.stderr.write(`  ${(bytes / 1_000_000).toFixed(2)} MB in docs/screens\n`);
    if (bytes > LIMIT_BYTES) throw new Error(`the screens are over ${LIMIT_BYTES / 1_000_000} MB`);
    if (world.flaws.length > 0) throw new Error(world.flaws.join('\n'));
  } finally {
    await world.close();
  }
}

if (findChromium()) await main();
else {
  process.stderr.write(`${NO_BROWSER}\n`);
  process.exitCode = 2;
}
