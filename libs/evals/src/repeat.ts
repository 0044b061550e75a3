import { Decimal } from 'decimal.js';
import type { Attempt, CaseResult, ModelUse, Prices } from './run-report.js';

/** How likely a case passes k times out of k. */
export interface PassPower {
  k: number;
  /** From 0 to 1, over all cases that ran at least k times. */
  estimate: number;
}

/**
 * pass^k for k = 1 to the number of attempts: the mean over all cases of C(c, k) / C(n, k), where c of n attempts passed. It is the
 * unbiased estimate of the chance that k attempts in a row all pass. Source: S. Yao et al., "τ-bench: A Benchmark for Tool-Agent-User
 * Interaction in Real-World Domains", arXiv:2406.12045, section 4. An attempt that is an error did not pass.
 */
export function passPowers(results: readonly Pick<CaseResult, 'attempts'>[]): PassPower[] {
  const most = Math.max(0, ...results.map(({ attempts }) => attempts.length));
  return Array.from({ length: most }, (_, at) => at + 1).map((k) => {
    const tried = results.filter(({ attempts }) => attempts.length >= k);
    const sum = tried.reduce((total, { attempts }) => total + chance(passedOf(attempts), attempts.length, k), 0);
    return { k, estimate: sum / tried.length };
  });
}

const passedOf = (attempts: readonly Attempt[]) => attempts.filter(({ verdict }) => verdict === 'pass').length;

/** C(c, k) / C(n, k), as a product: neither grows beyond a double. */
function chance(c: number, n: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= (c - i) / (n - i);
  return product;
}

/** What all attempts together took of the model. */
export function modelUse(results: readonly Pick<CaseResult, 'attempts'>[]): ModelUse {
  const total: ModelUse = { calls: 0, promptTokens: 0, completionTokens: 0, ms: 0 };
  for (const { model } of results.flatMap(({ attempts }) => attempts)) {
    total.calls += model.calls;
    total.promptTokens += model.promptTokens;
    total.completionTokens += model.completionTokens;
    total.ms += model.ms;
  }
  return total;
}

/** In the currency of the prices, to a ten-thousandth. */
export function costOf({ promptTokens, completionTokens }: ModelUse, prices: Prices): string {
  const each = (tokens: number, perMillion: string) => new Decimal(perMillion).times(tokens).div(1_000_000);
  return each(promptTokens, prices.promptPerMillion)
    .plus(each(completionTokens, prices.completionPerMillion))
    .toFixed(4);
}
