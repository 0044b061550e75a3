import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicName } from '@countersign/contracts';
import pg from 'pg';
import { testDatabase } from './test-database.js';
import { PlainKafka, testTopicPrefix } from './test-kafka.js';

describe('the engines of a test run', () => {
  const prefix = testTopicPrefix();
  let kafka: PlainKafka;
  beforeAll(async () => {
    kafka = await PlainKafka.connect();
    await kafka.createTopics(prefix);
  });
  afterAll(async () => {
    await kafka.deleteTopics(prefix);
    await kafka.close();
  });

  it('keeps bytes, keys and headers as they were written, and stamps them itself', async () => {
    const topic = topicName('intents', prefix);
    const value = Buffer.from([0xff, 0x00, 0x7b]);
    await kafka.produce(topic, { key: 'a/b', value, headers: { ce_id: '1' } }, { key: 'a/b', value: null });
    const [first, second] = await kafka.readAll(topic);
    expect(first).toMatchObject({ offset: 0n, key: 'a/b', headers: { ce_id: '1' }, value });
    expect(first!.timestamp).toBeGreaterThan(0);
    expect(second).toMatchObject({ offset: 1n, key: 'a/b', value: null });
    expect(await kafka.readAll(topicName('audit', prefix))).toEqual([]);
  });

  it('gives each suite a database of its own', async () => {
    const database = await testDatabase();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query('SELECT current_database() AS name')).rows).toEqual([{ name: database.name }]);
    await client.end();
    await database.drop();
  });
});
