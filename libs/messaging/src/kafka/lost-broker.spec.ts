import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { leaveLostBrokers, type Failure, type Member } from './lost-broker.js';

const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as { prototype: Member };
const failure = (name: string, type?: string): Failure => Object.assign(new Error('gone'), { name, type });

describe('a consumer of which a broker is lost', () => {
  const { recoverFromFetch, heartbeat } = prototype;
  const left: string[] = [];
  let refreshed = 0;
  let beats: () => Promise<void>;
  const member = { cluster: { refreshMetadata: () => Promise.resolve(void refreshed++) } } as Member;
  beforeEach(() => {
    refreshed = left.length = 0;
    prototype.recoverFromFetch = ({ name }) => Promise.resolve(void left.push(name));
    prototype.heartbeat = () => beats();
    leaveLostBrokers();
  });
  afterEach(() => void Object.assign(prototype, { recoverFromFetch, heartbeat }));

  it('looks again who leads what, and reads on', async () => {
    await prototype.recoverFromFetch.call(member, failure('KafkaJSConnectionError'));
    expect([refreshed, left]).toEqual([1, []]);
  });

  it('leaves all else that a fetch fails of to kafkajs', async () => {
    await prototype.recoverFromFetch.call(member, failure('KafkaJSOffsetOutOfRange'));
    expect([refreshed, left]).toEqual([0, ['KafkaJSOffsetOutOfRange']]);
  });

  it.each(['KafkaJSConnectionError', 'KafkaJSConnectionClosedError'])(
    'joins its group anew when its coordinator is the one (%s)',
    async (name) => {
      beats = () => Promise.reject(failure(name));
      await expect(prototype.heartbeat.call(member, { interval: 1 })).rejects.toMatchObject({
        ...{ name, type: 'NOT_COORDINATOR_FOR_GROUP' },
      });
    },
  );

  it('hands on what the coordinator itself says', async () => {
    beats = () => Promise.reject(failure('KafkaJSProtocolError', 'ILLEGAL_GENERATION'));
    await expect(prototype.heartbeat.call(member, { interval: 1 })).rejects.toMatchObject({
      type: 'ILLEGAL_GENERATION',
    });
    beats = () => Promise.resolve();
    await expect(prototype.heartbeat.call(member, { interval: 1 })).resolves.toBeUndefined();
  });
});
