import fs from 'node:fs';
import { SourceMap } from 'node:module';
import path from 'node:path';
import { ROOT } from '../hooks/rewriting.js';
import { rewritten, type Removal } from '../defences/removal.js';
import { markAwaits, type Await } from './mark-awaits.js';
import { deathsAt, pointOf, type Phase, type Plan } from './plan.js';

/** What the executor is, and what carries its records and its work. */
export const ON_THE_WAY = ['apps/executor/dist', 'libs/messaging/dist'];
/** A dead member holds up its group for so long: at the broker's least the next one has its records sooner. */
const SOONER: Removal = {
  file: 'libs/messaging/dist/messaging.js',
  find: 'sessionTimeoutMs = 6000',
  replace: 'sessionTimeoutMs = 1000',
};
const NOT_RUN = /\.spec(-support)?\.js$|\/(contract|fake)\/|\/(jest|migrations?)[^/]*\.js$/;

/** By then a process is at work. */
const YOUNG = 400;

/** A place to die at, named by its line of TypeScript. */
export interface Point {
  id: string;
  name: string;
}

/** A plan in a folder: what there is to die at, and what was. */
export class CrashPlan {
  private constructor(
    readonly folder: string,
    readonly points: readonly Point[],
    private readonly spared: ReadonlySet<string>,
  ) {}

  /** `chosen` says which points are to be died at; the others are passed by. */
  static make(folder: string, times: number, chosen: (point: Point) => boolean): CrashPlan {
    const points: Point[] = [];
    const plan: Plan = { files: {}, times, spared: [], young: YOUNG };
    let from = 0;
    for (const file of ON_THE_WAY.flatMap(builtFiles)) {
      const built = () => fs.readFileSync(path.join(ROOT, file), 'utf8');
      const { code, awaits } = markAwaits(file, rewritten([SOONER], file, built) ?? built(), from);
      if (awaits.length === 0) continue;
      const marked = file.replaceAll('/', '.');
      fs.writeFileSync(path.join(folder, marked), code);
      plan.files[file] = marked;
      points.push(...pointsOf(file, awaits, from));
      from += awaits.length;
    }
    plan.spared = points.filter((point) => !chosen(point)).map(({ id }) => id);
    fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(plan));
    fs.writeFileSync(path.join(folder, 'deaths'), '');
    return new CrashPlan(folder, points, new Set(plan.spared));
  }

  /** How often each was died at, by id. */
  deaths(): Map<string, number> {
    return deathsAt(fs.readFileSync(path.join(this.folder, 'deaths'), 'utf8'));
  }

  /** Those that are not passed by. */
  wanted(): Point[] {
    return this.points.filter(({ id }) => !this.spared.has(id));
  }
}

function builtFiles(folder: string): string[] {
  const found = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const files = found.filter((file) => file.endsWith('.js')).map((file) => path.posix.join(folder, file));
  return files.filter((file) => !NOT_RUN.test(file) && isStillThere(file)).sort();
}

/** A build leaves behind what it made of files that are gone. */
const isStillThere = (file: string): boolean =>
  fs.existsSync(path.join(ROOT, file.replace('/dist/', '/src/').replace(/\.js$/, '.ts')));

function pointsOf(file: string, awaits: Await[], from: number): Point[] {
  const map = new SourceMap(JSON.parse(fs.readFileSync(path.join(ROOT, `${file}.map`), 'utf8')));
  const source = file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
  return awaits.flatMap(({ line, column }, index) => {
    const entry = map.findEntry(line, column);
    const at = 'originalLine' in entry ? `${entry.originalLine + 1}:${entry.originalColumn + 1}` : `?${line + 1}`;
    return (['begun', 'answered'] satisfies Phase[]).map((phase) => ({
      id: pointOf(from + index, phase),
      name: `${source}:${at} ${phase}`,
    }));
  });
}
