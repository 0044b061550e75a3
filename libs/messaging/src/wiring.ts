import { eventTypesOn, TOPICS, type Topic } from '@countersign/contracts';
import { WiringError } from './errors.js';
import { isIngester, type Subscription } from './processor.js';
import type { Worker } from './stream.js';

/** The topics a subscription reads. */
export const topicsOf = (subscription: Subscription): Topic[] =>
  isIngester(subscription) ? [...subscription.topics] : (Object.keys(subscription.topics) as Topic[]);

/** Throws a `WiringError` that names everything which contradicts the contracts. */
export function checkWiring(subscriptions: Subscription[], workers: Worker<never>[]): void {
  const flaws = [
    ...duplicates(subscriptions.map(({ name }) => name)).map((name) => `two subscriptions are called "${name}"`),
    ...duplicates(subscriptions.flatMap(topicsOf)).map((topic) => `the topic "${topic}" is read by two subscriptions`),
    ...duplicates(workers.flatMap(({ kinds }) => kinds)).map((kind) => `work of the kind "${kind}" has two workers`),
    ...subscriptions.flatMap(topicFlaws),
  ];
  if (flaws.length) throw new WiringError(flaws);
}

function topicFlaws(subscription: Subscription): string[] {
  return topicsOf(subscription).flatMap((topic) => {
    if (!TOPICS.includes(topic)) return [`"${subscription.name}" reads "${topic}", which is no topic`];
    if (isIngester(subscription)) return [];
    const routes = subscription.topics[topic] as Record<string, unknown>;
    const types: string[] = eventTypesOn(topic);
    return [
      ...types
        .filter((type) => !Object.hasOwn(routes, type))
        .map((type) => `"${subscription.name}" neither handles nor ignores ${type}`),
      ...Object.keys(routes)
        .filter((type) => !types.includes(type))
        .map((type) => `"${subscription.name}" handles ${type}, which does not belong on "${topic}"`),
    ];
  });
}

const duplicates = <T>(values: T[]): T[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
];
