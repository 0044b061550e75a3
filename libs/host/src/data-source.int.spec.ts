import net from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openReadModels } from './data-source.js';

const postgres = new URL(process.env['COUNTERSIGN_TEST_POSTGRES']!);
const at = (port: number, database = postgres.pathname) => {
  const url = new URL(postgres);
  [url.hostname, url.port, url.pathname] = ['127.0.0.1', String(port), database];
  return url.href;
};
const quiet = { warn: () => {} };

describe('the read models of a service', () => {
  const open: { close(): void }[] = [];
  afterAll(() => open.forEach((one) => one.close()));

  it('are opened when the database is there again, however early the service started', async () => {
    let connections = 0;
    const server = net.createServer((socket) => {
      connections++;
      if (connections < 3) return socket.destroy();
      const up = net.connect(Number(postgres.port), postgres.hostname);
      socket.pipe(up).pipe(socket);
      for (const one of [socket, up]) one.on('error', () => one.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(server);
    const { port } = server.address() as net.AddressInfo;
    const source = await openReadModels({ url: at(port), entities: [], maxConnections: 1 }, quiet);
    expect(connections).toBeGreaterThanOrEqual(3);
    await source.destroy();
  });

  it('are not waited for where there is no such database', async () => {
    const nowhere = { url: at(Number(postgres.port), '/no_such_database'), entities: [], maxConnections: 1 };
    await expect(openReadModels(nowhere, quiet)).rejects.toMatchObject({ code: '3D000' });
  });
});
