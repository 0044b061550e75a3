/*
 * Preloaded (`node --import`) into a process that is to die at its awaits. The plan (`COUNTERSIGN_CRASH_PLAN`, a folder that
 * `crash-points/plan.ts` makes) has the files with every await marked. Whoever comes to a place that was not died at often enough
 * writes it down and is gone: SIGKILL lets nothing run after it.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { deathsAt, pointOf, type Phase, type Plan } from '../crash-points/plan.js';
import { rewriteAsLoaded } from './rewriting.js';

const folder = process.env['COUNTERSIGN_CRASH_PLAN'];
if (folder) arm(folder);

function arm(folder: string): void {
  const plan = JSON.parse(readFileSync(path.join(folder, 'plan.json'), 'utf8')) as Plan;
  const log = path.join(folder, 'deaths');
  const append = openSync(log, 'a');
  const spared = new Set(plan.spared);
  const before = readFileSync(log, 'utf8');
  let deaths = deathsAt(before);
  const isYoung = youth(before.split('\n').length % 2 === 0 ? plan.young : 0);
  const isDue = (point: string) => !spared.has(point) && (deaths.get(point) ?? 0) < plan.times;

  const reach = (place: number, phase: Phase): void => {
    const point = pointOf(place, phase);
    if (isYoung() || !isDue(point)) return;
    // Others die at the same places.
    deaths = deathsAt(readFileSync(log, 'utf8'));
    if (!isDue(point)) return;
    writeSync(append, `${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  Object.assign(globalThis, {
    __countersignBegun: <T>(place: number, value: T): T => (reach(place, 'begun'), value),
    __countersignAnswered: <T>(place: number, value: T): T => (reach(place, 'answered'), value),
    __countersignEach: <T>(place: number, of: AsyncIterable<T> | Iterable<T>) => each(place, of, reach),
  });
  rewriteAsLoaded((file) => {
    const marked = plan.files[file];
    return marked === undefined ? undefined : readFileSync(path.join(folder, marked), 'utf8');
  });
}

const YOUNG_MS = 8_000;

/** So many points are passed by first, as long as that takes no longer than it should. */
function youth(reaches: number): () => boolean {
  let passed = 0;
  return () => {
    if (passed >= reaches || performance.now() > YOUNG_MS) return false;
    passed++;
    return true;
  };
}

/** `for await`: each step is an await. */
async function* each<T>(
  place: number,
  of: AsyncIterable<T> | Iterable<T>,
  reach: (place: number, phase: Phase) => void,
): AsyncGenerator<T> {
  reach(place, 'begun');
  for await (const value of of) {
    reach(place, 'answered');
    yield value;
    reach(place, 'begun');
  }
}
