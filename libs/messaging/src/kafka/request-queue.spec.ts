import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import './kafka-client.js';

interface Queue {
  maybeThrottle(ms: number): void;
  push(request: { entry: { correlationId: number }; expectResponse: boolean; sendRequest: () => void }): void;
  fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void;
}
const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
  options: object,
) => Queue;

let queue: Queue;
let sent: number[];
const push = (correlationId: number) =>
  queue.push({
    entry: { correlationId, ...{ resolve: () => {}, reject: () => {} } },
    expectResponse: true,
    sendRequest: () => void sent.push(correlationId),
  });
const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });

beforeEach(() => {
  jest.useFakeTimers();
  sent = [];
  const logger = { debug: () => {}, warn: () => {} };
  queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1000, clientId: 'x', broker: 'y', logger });
});
afterEach(() => {
  jest.useRealTimers();
});

it('a connection with nothing to send sets no timer, before an answer and after it', () => {
  push(1);
  answer(1);
  expect([sent, jest.getTimerCount()]).toEqual([[1], 0]);
});

it('what waits for an answer before it is sent with that answer', () => {
  push(1);
  push(2);
  expect(sent).toEqual([1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
});

it('what the broker throttles is sent when that is over, and then there is rest again', () => {
  queue.maybeThrottle(500);
  push(1);
  jest.advanceTimersByTime(400);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(200);
  expect(sent).toEqual([1]);
  answer(1);
  jest.advanceTimersByTime(20);
  expect(jest.getTimerCount()).toBe(0);
});
