import { expect, it } from '@jest/globals';
import { createMessaging, FakeBroker, FakeStore, silentLog, type MessagingOptions } from '@countersign/messaging';
import { metricsOf, metricsOnPage } from '@countersign/testing';
import { AuditMetrics } from './metrics.js';

it('the page of metrics lists each, and what the messaging of every service counts', () => {
  expect(metricsOf(new AuditMetrics().registry)).toEqual(metricsOnPage('audit'));
  const ports = { broker: new FakeBroker(), store: new FakeStore() };
  const options = { subscriptions: [], workers: [], parkingKey: Buffer.alloc(32), log: silentLog, ports };
  const { registry } = createMessaging(options as unknown as MessagingOptions).metrics;
  expect(metricsOf(registry)).toEqual(metricsOnPage('every service'));
});
