import { compare } from './compare.js';
import { decideAlone } from './decisions.js';
import { grow } from './growth/grow.js';
import { optionsOf, USAGE, UsageError, type Options } from './options.js';
import { running, startMeasured } from './run.js';
import { soak } from './soak.js';
import { spending } from './spending.js';
import { Countersign } from './systems/countersign.js';

async function cpuAlone({ quick, profile }: Extract<Options, { form: 'cpu' }>): Promise<number> {
  const { system, driver } = await startMeasured({}, profile);
  const ours = await Countersign.open(system, driver, Date.now().toString(36));
  await ours.approved(1_000);
  const { lines } = await spending(system, driver, ours.pipeline, quick ? 1 : 3);
  console.log(lines.join('\n'));
  return 0;
}

function start(options: Options): Promise<number> {
  switch (options.form) {
    case 'compare':
      return compare(options);
    case 'cpu':
      return cpuAlone(options);
    case 'growth':
      return grow(options);
    case 'decide':
      return decideAlone(options);
    case 'soak':
      return soak(options);
  }
}

try {
  const options = optionsOf(process.argv.slice(2));
  await running(() => start(options));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
