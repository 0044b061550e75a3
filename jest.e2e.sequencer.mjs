import TestSequencer from '@jest/test-sequencer';

/** By how long they take, which a fresh clone can't know: the longest at the end alone would cost its whole time once more. */
const LONGEST_FIRST = ['path', 'console', 'cli', 'faults', 'second-workflow', 'system'];
const place = ({ path }) => {
  const found = LONGEST_FIRST.findIndex((name) => path.endsWith(`/${name}.e2e.spec.ts`));
  return found < 0 ? LONGEST_FIRST.length : found;
};

export default class LongestFirst extends TestSequencer {
  sort(tests) {
    return [...tests].sort((one, other) => place(one) - place(other));
  }
}
