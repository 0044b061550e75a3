import type { MetricsSummary } from '@countersign/contracts';
import type { Told } from './topics.js';

const ENDED = ['read', 'previewed', 'drafted', 'committed', 'failed'] as const;

/** What the summary has to say of a tenant, counted by hand from the topics: docs/metrics.md says what each figure is. */
export function countsOf(told: readonly Told[], tenant: string): Record<string, unknown> {
  const seen = new Set<string>();
  const events = told.filter((one) => one.tenant === tenant && !seen.has(one.id) && seen.add(one.id));
  const of = (...types: string[]) => events.filter(({ type }) => types.includes(type));
  const distinct = (list: Told[], name: string) => new Set(list.map(({ data }) => data[name])).size;
  const endings = [...of(...ENDED.map((name) => `action.${name}`)), ...of('action.resolved')];
  const outcomeOf = ({ type, data }: Told) => (type === 'action.resolved' ? data['outcome'] : type.split('.')[1]);
  const denied = of('action.denied');
  const decided = of('approval.granted', 'approval.edited', 'approval.rejected');
  const overruled = of('approval.edited', 'approval.rejected').length;
  const resolved = new Set(of('action.resolved').map(({ data }) => data['actionId']));
  const doubts = new Set(of('action.in-doubt').map(({ data }) => data['actionId']));
  const tools = [...new Set(endings.map(({ data }) => String(data['tool'])))].sort();
  const unsent = of('action.blocked', 'action.returned');
  return {
    funnel: {
      intents: of('intent.accepted').length,
      proposed:
        of('action.proposed').length + of('intent.accepted').filter(({ data }) => data['kind'] === 'action').length,
      approved: distinct(
        of('action.approved').filter(({ data }) => data['grant'] !== 'preview' || data['dryRun'] === true),
        'actionId',
      ),
      committed: endings.filter((one) => outcomeOf(one) === 'committed').length,
    },
    tools: tools.map((tool) => {
      const own = endings.filter(({ data }) => data['tool'] === tool);
      const failed = own.filter((one) => outcomeOf(one) === 'failed').length;
      const outcomes = Object.fromEntries(
        ENDED.map((name) => [name, own.filter((one) => outcomeOf(one) === name).length]),
      );
      return { tool, ended: own.length, failed, errorRate: failed / own.length, outcomes };
    }),
    denials: {
      total: denied.length,
      byCode: tally(denied.map(({ data }) => String(data['code']))),
      byRule: tally(denied.flatMap(denyingRules)),
      withoutRule: tally(denied.flatMap((one) => (denyingRules(one).length === 0 ? [String(one.data['code'])] : []))),
    },
    approvals: {
      opened: distinct(of('approval.opened'), 'approvalId'),
      granted: of('approval.granted').length,
      edited: of('approval.edited').length,
      rejected: of('approval.rejected').length,
      decided: decided.length,
      overrideRate: decided.length === 0 ? null : overruled / decided.length,
      expired: denied.filter(({ data }) => data['code'] === 'APPROVAL_EXPIRED').length,
    },
    unsent: {
      blocked: of('action.blocked').length,
      returned: of('action.returned').length,
      byCode: tally(unsent.map(({ data }) => String(data['code']))),
    },
    drifted: of('action.returned').filter(({ data }) => data['code'] === 'PREVIEW_CHANGED').length,
    inDoubt: { ever: doubts.size, open: [...doubts].filter((actionId) => !resolved.has(actionId)).length },
  };
}

const denyingRules = ({ data }: Told): string[] =>
  (data['rules'] as { rule: string; outcome: string }[])
    .filter(({ outcome }) => outcome === 'deny')
    .map(({ rule }) => rule);

const tally = (names: string[]): Record<string, number> =>
  Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((one) => one === name).length]));

/** The same part of a summary, its lists as maps. */
export function saidBy({ funnel, tools, denials, approvals, unsent, drifted, inDoubt }: MetricsSummary) {
  const { waitSeconds: _, ...people } = approvals;
  return {
    funnel,
    tools: tools.map(({ byCode: _, ...tool }) => tool),
    denials: {
      total: denials.total,
      byCode: byName(denials.byCode, 'code'),
      byRule: byName(denials.byRule, 'rule'),
      withoutRule: byName(denials.withoutRule, 'code'),
    },
    approvals: people,
    unsent: { ...unsent, byCode: byName(unsent.byCode, 'code') },
    drifted,
    inDoubt,
  };
}

const byName = <K extends string>(list: ({ count: number } & Record<K, string>)[], name: K): Record<string, number> =>
  Object.fromEntries(list.map((one) => [one[name], one.count]));

/** Where two of these differ, by their path. */
export function differences(said: unknown, counted: unknown, path = ''): string[] {
  if (!isObject(said) || !isObject(counted))
    return Object.is(said, counted)
      ? []
      : [`${path}: the summary says ${JSON.stringify(said)}, the topics ${JSON.stringify(counted)}`];
  const names = new Set([...Object.keys(said), ...Object.keys(counted)]);
  return [...names].flatMap((name) => differences(said[name], counted[name], path ? `${path}.${name}` : name));
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
