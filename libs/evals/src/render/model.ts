import { costOf, modelUse, passPowers } from '../repeat.js';
import type { CaseResult, ModelUse, RunReport } from '../run-report.js';
import { plainTable } from './plain-table.js';
import { oneLine } from './text.js';

/** What the model took: by case and in all, with pass^k where cases ran again. Nothing of recorded turns, which cost nothing. */
export function renderModel({ results, model, prices }: Pick<RunReport, 'results' | 'model' | 'prices'>): string {
  const ran = results.filter(({ attempts }) => attempts.length > 0);
  const powers = passPowers(ran);
  const cost = (use: ModelUse) => (prices ? `, ${costOf(use, prices)} ${oneLine(prices.currency)}` : '');
  const told = (use: ModelUse) =>
    `${use.calls} calls, ${use.promptTokens} + ${use.completionTokens} tokens, ${(use.ms / 1000).toFixed(1)} s${cost(use)}`;
  return [
    ...(model !== 'recorded' && ran.length > 0
      ? [casesTable(ran, prices), '', `model ${model}: ${told(modelUse(ran))}`]
      : []),
    ...(powers.length > 1 ? [powers.map(({ k, estimate }) => `pass^${k} ${estimate.toFixed(3)}`).join('  ')] : []),
  ].join('\n');
}

/** Of each case, all its attempts together. */
function casesTable(ran: readonly CaseResult[], prices: RunReport['prices']): string {
  return plainTable(
    ['case', 'passed', 'calls', 'tokens', 'seconds', ...(prices ? [oneLine(prices.currency)] : [])],
    ['left', 'right', 'right', 'right', 'right', ...(prices ? (['right'] as const) : [])],
    ran.map((one) => {
      const use = modelUse([one]);
      const passed = one.attempts.filter(({ verdict }) => verdict === 'pass').length;
      return [
        ...[oneLine(one.title), `${passed}/${one.attempts.length}`, use.calls, use.promptTokens + use.completionTokens],
        ...[(use.ms / 1000).toFixed(1), ...(prices ? [costOf(use, prices)] : [])],
      ];
    }),
  );
}
