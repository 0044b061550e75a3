import { describe, expect, it } from '@jest/globals';
import { EVENTS, eventTypesOn, TOPICS, topicName, topicOf, topicSpecs } from './index.js';

describe('topics', () => {
  it('are named with the prefix and their version, and found again by that name', () => {
    expect(topicName('control-acks')).toBe('countersign.control-acks.v1');
    for (const topic of TOPICS) {
      expect(topicOf(topicName(topic))).toBe(topic);
      expect(topicOf(topicName(topic, 'mine'), 'mine')).toBe(topic);
      expect(topicOf(topicName(topic, 'mine'))).toBeUndefined();
    }
  });

  it('carry each event type once', () => {
    expect(TOPICS.flatMap((topic) => eventTypesOn(topic)).sort()).toEqual(Object.keys(EVENTS).sort());
  });

  it("are stamped by the broker: a client's timestamp could back-date a token", () => {
    for (const { config } of topicSpecs()) expect(config['message.timestamp.type']).toBe('LogAppendTime');
  });

  it('keep control for ever, whole and in one order: a compacted re-arm could hide a trip', () => {
    const control = topicSpecs(12).find(({ topic }) => topic === 'control');
    expect(control).toMatchObject({ partitions: 1, config: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } });
  });

  it('of what the system says have one writer each, but acknowledgements: of policy and of the executor', () => {
    const several = topicSpecs().filter(({ writers }) => writers.length > 1);
    expect(several.map(({ topic, writers }) => [topic, writers])).toEqual([
      ['intents', ['product services', 'gateway']],
      ['control', ['SREs', 'release pipeline', 'gateway']],
      ['control-acks', ['policy', 'executor']],
    ]);
  });

  it('take records larger than a service reads, so that those are parked and not lost at the door', () => {
    for (const { config } of topicSpecs()) expect(Number(config['max.message.bytes'])).toBe(4 * 1024 * 1024);
  });
});
