import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload, type MicroserviceOptions } from '@nestjs/microservices';
import type { INestMicroservice } from '@nestjs/common';
import { intent, subjectConsumer } from './contract/subject.js';
import { encodePlain } from './contract/world.js';
import { until } from './contract/until.js';
import { FakeBroker } from './fake/fake-broker.js';
import { FakeStore } from './fake/fake-store.js';
import { silentLog } from './log.js';
import { createMessaging, type Messaging } from './messaging.js';
import type { Batch } from './ports.js';
import { KAFKA_BATCH } from './transport.js';

describe('the transport of Nest', () => {
  const broker = new FakeBroker();
  const fatal: unknown[] = [];
  let app: INestMicroservice | undefined;
  let messaging: Messaging;

  const start = async (...controllers: Type[]): Promise<void> => {
    messaging = createMessaging({
      ...{
        service: 'x',
        instance: 'x-1',
        databaseUrl: '',
        kafka: { brokers: [], ssl: false },
        topicPrefix: 'p',
        parkingKey: Buffer.alloc(32),
      },
      ...{
        log: silentLog,
        onFatal: (error: unknown) => fatal.push(error),
        encode: encodePlain('/services/x'),
        workers: [],
      },
      ...{ subscriptions: [subjectConsumer], ports: { broker, store: new FakeStore() } },
    });
    @Module({ controllers })
    class AppModule {}
    app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
      strategy: messaging.transport,
      logger: false,
      abortOnError: false,
    });
    await app.listen();
  };

  afterEach(async () => {
    await messaging.stop();
    await app?.close();
  });

  @Controller()
  class Inbox {
    static received: Batch[] = [];
    @EventPattern<string>('intents', KAFKA_BATCH)
    intents(@Payload() batch: Batch) {
      Inbox.received.push(batch);
      return messaging.handle(batch);
    }
  }
  @Controller()
  class Another {
    @EventPattern<string>('intents', KAFKA_BATCH)
    intents() {}
  }
  @Controller()
  class Astray {
    @EventPattern<string>('decisions', KAFKA_BATCH)
    decisions() {}
  }
  @Controller()
  class Asking {
    @MessagePattern<string>('intents', KAFKA_BATCH)
    intents() {}
  }
  @Controller()
  class Broken {
    @EventPattern<string>('intents', KAFKA_BATCH)
    intents() {
      throw new TypeError('a bug in a controller');
    }
  }

  it('hands batches to the handler of their topic and waits for it', async () => {
    await start(Inbox);
    broker.produce({ topic: 'intents', ...intent('e', 'count') });
    await until('the event is published', () => broker.cluster.read('proposals').length === 1);
    expect(Inbox.received[0]?.records).toHaveLength(1);
  });

  it('refuses to start without a handler for a topic', async () => {
    await expect(start()).rejects.toThrow('the topic "intents" has no handler');
  });

  it('refuses to start with two handlers for a topic', async () => {
    await expect(start(Inbox, Another)).rejects.toThrow('the topic "intents" has two handlers');
  });

  it('refuses a handler for a topic that nobody consumes, and one that would reply', async () => {
    await expect(start(Inbox, Astray)).rejects.toThrow('there is a handler for "decisions"');
    await expect(start(Asking)).rejects.toThrow('is a @MessagePattern');
  });

  it('ends the process on an exception of a controller instead of losing the batch', async () => {
    await start(Broken);
    broker.produce({ topic: 'intents', ...intent('b', 'count') });
    await until('the end', () => fatal.length > 0);
    expect(broker.cluster.read('proposals')).toHaveLength(1);
  });
});
