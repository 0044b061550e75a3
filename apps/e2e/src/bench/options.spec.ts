import { describe, expect, it } from '@jest/globals';
import { GROWTHS, optionsOf, UsageError } from './options.js';

describe('what is run', () => {
  it('is the whole comparison, with the peers, where nothing is said', () => {
    expect(optionsOf([])).toMatchObject({ form: 'compare', quick: false, peers: true, rounds: 5, actions: 10_000 });
  });

  it('is short and without the peers with --quick, unless they are named', () => {
    expect(optionsOf(['--quick'])).toMatchObject({ peers: false, rounds: 2, actions: 3_000, seconds: 10 });
    expect(optionsOf(['--quick', '--peers', '--actions', '50'])).toMatchObject({ peers: true, actions: 50 });
  });

  it('is every growth where none is named, in the order of the list', () => {
    expect(optionsOf(['--growth'])).toMatchObject({ form: 'growth', growths: GROWTHS, scale: 1 });
    expect(optionsOf(['--growth', 'tools', 'rules', '--scale', '0.01'])).toMatchObject({
      growths: ['rules', 'tools'],
      scale: 0.01,
    });
  });

  it('is a form with its own options', () => {
    expect(optionsOf(['--soak', '--minutes', '0.5'])).toMatchObject({ form: 'soak', minutes: 0.5 });
    expect(optionsOf(['--decide', '--results', 'out'])).toEqual({ form: 'decide', results: 'out' });
    expect(optionsOf(['--cpu'])).toMatchObject({ form: 'cpu', quick: false });
  });
});

it.each([
  [['--qick'], /qick/],
  [['--rounds'], /rounds/],
  [['--rounds', '0'], /--rounds 0: it has to be a whole number over 0/],
  [['--rounds', '1.5'], /whole/],
  [['--actions', '1e3'], /--actions 1e3/],
  [['--actions', '-1'], /actions/],
  [['--minutes', '3'], /--minutes does not go with the comparison/],
  [['--decide', '--quick'], /--quick does not go with --decide/],
  [['--soak', '--decide'], /--decide and --soak are runs of their own/],
  [['--growth', 'users'], /there is no growth users: tenants, rules/],
  [['tenants'], /what is tenants/],
])('%j is refused, and it says what is wrong', (argv, because) => {
  expect(() => optionsOf(argv)).toThrow(UsageError);
  expect(() => optionsOf(argv)).toThrow(because);
});
