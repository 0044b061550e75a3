import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { gatheringSocket } from './gathering-socket.js';

let server: Server;
let socket: Socket;
const received: Buffer[] = [];

beforeEach(async () => {
  received.length = 0;
  server = createServer((peer) => peer.on('data', (bytes) => received.push(bytes))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = gatheringSocket();
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
});
afterEach(() => {
  socket.destroy();
  server.close();
});

it('sends what is written in one turn in one piece, in order, also what follows on settled promises', async () => {
  const pieces = jest.spyOn(socket as unknown as { _writev(): void }, '_writev');
  const singles = jest.spyOn(socket, '_write');
  socket.write('BEGIN;');
  socket.cork();
  socket.write('bind;');
  socket.write('sync;');
  socket.uncork();
  await Promise.resolve();
  socket.write('COMMIT;');
  expect(pieces).not.toHaveBeenCalled();
  const last = new Promise<void>((resolve) => socket.write('next;', () => resolve()));
  await last;
  expect([pieces.mock.calls.length, singles.mock.calls.length]).toEqual([1, 0]);
  socket.end();
  await once(socket, 'close');
  expect(Buffer.concat(received).toString()).toBe('BEGIN;bind;sync;COMMIT;next;');
});

it('ends with all that was written before', async () => {
  socket.write('terminate;');
  socket.end();
  await once(socket, 'close');
  expect(Buffer.concat(received).toString()).toBe('terminate;');
});
