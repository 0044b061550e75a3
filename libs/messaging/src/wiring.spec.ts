import { describe, expect, it } from '@jest/globals';
import { WiringError } from './errors.js';
import { subjectConsumer, subjectWorker, plainPerform } from './contract/subject.js';
import type { Subscription } from './processor.js';
import { checkWiring } from './wiring.js';

const flaws = (...args: Parameters<typeof checkWiring>): string[] => {
  try {
    checkWiring(...args);
    return [];
  } catch (error) {
    return (error as WiringError).flaws;
  }
};
const consumer = subjectConsumer as Subscription;
const other = { ...subjectConsumer, name: 'other' } as Subscription;
const worker = subjectWorker(plainPerform) as never;

describe('the wiring of a service', () => {
  it('is accepted when every type of every topic is handled or ignored', () => {
    expect(flaws([consumer], [worker])).toEqual([]);
  });

  it('names a type that is neither handled nor ignored', () => {
    const forgetful = {
      name: 'f',
      topics: { intents: { 'countersign.intent.requested.v1': 'ignore' } },
    } as unknown as Subscription;
    expect(flaws([forgetful], [])).toEqual(['"f" neither handles nor ignores countersign.action.requested.v1']);
  });

  it('names a type of another topic, and what is no topic', () => {
    const routes = subjectConsumer.topics.intents;
    const astray = {
      name: 'a',
      topics: { intents: { ...routes, 'countersign.reply.sent.v1': 'ignore' }, nowhere: {} },
    } as unknown as Subscription;
    expect(flaws([astray], [])).toEqual([
      '"a" handles countersign.reply.sent.v1, which does not belong on "intents"',
      '"a" reads "nowhere", which is no topic',
    ]);
  });

  it('names a topic with two subscriptions, two of one name, and work with two workers, all at once', () => {
    expect(flaws([consumer, other, consumer], [worker, worker])).toEqual([
      'two subscriptions are called "subject"',
      'the topic "intents" is read by two subscriptions',
      'work of the kind "job" has two workers',
    ]);
  });
});
