import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { TcpProxy } from './tcp-proxy.js';

const listening = async (server: net.Server): Promise<number> => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as net.AddressInfo).port;
};

describe('a proxy before a server that answers what it is told (the numbers are those of tcp-proxy.ts)', () => {
  let proxy: TcpProxy;
  let server: net.Server;
  let arrived: net.Socket[];
  let clients: net.Socket[];
  beforeEach(async () => {
    arrived = [];
    clients = [];
    server = net.createServer({ allowHalfOpen: true }, (socket) => {
      arrived.push(socket.on('error', () => undefined));
      socket.on('data', (chunk) => socket.write(`got ${chunk}`)).on('end', () => socket.end('bye'));
    });
    proxy = await TcpProxy.listen(0, await listening(server));
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await proxy.close();
    server.close();
  });

  async function connect(): Promise<net.Socket> {
    const socket = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    clients.push(socket.on('error', () => undefined));
    await once(socket, 'connect');
    return socket;
  }

  async function ask(client: net.Socket, words: string): Promise<string> {
    client.write(words);
    const [answer] = (await once(client, 'data')) as [Buffer];
    return answer.toString();
  }

  const codeOf = async (client: net.Socket): Promise<string | undefined> => {
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    return error.code;
  };

  it('passes on what is said and each end (1)', async () => {
    const client = await connect();
    expect(await ask(client, 'hello')).toBe('got hello');
    client.end();
    expect(await text(client)).toBe('bye');
    expect(proxy.connections).toBe(0);
  });

  it('passes on more than fits into a buffer, whole and in order (1)', async () => {
    const flood = net.createServer((socket) => socket.pipe(socket));
    const before = await TcpProxy.listen(0, await listening(flood));
    const client = net.connect({ port: before.port, host: '127.0.0.1' });
    const sent = Buffer.from(Array.from({ length: 400_000 }, (_, n) => `${n},`).join(''));
    client.end(sent);
    const back = await text(client);
    expect(back === sent.toString()).toBe(true);
    await before.close();
    flood.close();
  });

  it('latency: all of it comes, later, in order also when it is taken back meanwhile (2, 3)', async () => {
    const client = await connect();
    await ask(client, 'one');
    const harmed = await proxy.harm({ tag: 'latency', ms: 40 });
    const from = performance.now();
    client.write('slow');
    const [chunk] = (await once(arrived[0]!, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('slow');
    expect(performance.now() - from).toBeGreaterThanOrEqual(39);
    await proxy.pass();
    client.end(' fast');
    expect(await text(client)).toBe('got slowgot  fastbye');
    expect(harmed).toMatchObject({ connections: 1, bytes: 'slow'.length });
  });

  it('stall: accepted and not heard; afterwards it goes on where it was (2, 3)', async () => {
    const standing = await connect();
    await ask(standing, 'one');
    const harmed = await proxy.harm({ tag: 'stall' });
    const made = await connect();
    const answers = [ask(standing, 'two'), ask(made, 'three')];
    let answered = false;
    void Promise.any(answers).then(() => (answered = true));
    await passes();
    expect(answered).toBe(false);
    expect(harmed).toMatchObject({ connections: 2, waiting: 0, bytes: 'twothree'.length });
    await proxy.pass();
    expect(await Promise.all(answers)).toEqual(['got two', 'got three']);
  });

  /** As long as another connection takes to ask and be answered. */
  async function passes(): Promise<void> {
    const beside = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' });
    clients.push(beside);
    await ask(beside, 'and this');
  }

  it('reset: both sides are cut, new ones stand (2)', async () => {
    const client = await connect();
    await ask(client, 'one');
    const cut = Promise.all([codeOf(client), codeOf(arrived[0]!)]);
    expect(await proxy.harm({ tag: 'reset' })).toMatchObject({ connections: 1, waiting: 0 });
    expect(await cut).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(await ask(await connect(), 'two')).toBe('got two');
  });

  it('counts who had asked and not been answered', async () => {
    const mute = net.createServer((socket) => socket.on('error', () => undefined));
    const before = await TcpProxy.listen(0, await listening(mute));
    const client = net.connect({ port: before.port, host: '127.0.0.1' }).on('error', () => undefined);
    const heard = once(mute, 'connection').then(([socket]) => once(socket as net.Socket, 'data'));
    client.write('is anybody there?');
    await heard;
    expect(await before.harm({ tag: 'reset' })).toMatchObject({ connections: 1, waiting: 1 });
    await before.close();
    mute.close();
  });

  it('half-open: the client’s end and its words reach nobody, and its side learns nothing until it is over (2)', async () => {
    const client = await connect();
    await ask(client, 'one');
    const [behind] = arrived;
    let heard = '';
    behind!.on('data', (chunk) => (heard += chunk));
    behind!.on('end', () => (heard += 'its end'));
    const harmed = await proxy.harm({ tag: 'half-open' });
    client.end('two');
    await passes();
    expect(heard).toBe('');
    expect(harmed).toMatchObject({ connections: 1, bytes: 3 });
    const cut = codeOf(behind!);
    await proxy.pass();
    expect(await cut).toBe('ECONNRESET');
    expect(heard).toBe('');
  });

  it('drop-answer: the request is heard, its answer is not (2)', async () => {
    const client = await connect();
    await ask(client, 'one');
    await proxy.harm({ tag: 'drop-answer' });
    const heard = once(arrived[0]!, 'data');
    const cut = codeOf(client);
    client.write('two');
    expect(String((await heard)[0])).toBe('two');
    expect(await cut).toBe('ECONNRESET');
  });

  it('refuse: nobody listens, and afterwards somebody does, at the same place (2, 3)', async () => {
    const standing = await connect();
    await ask(standing, 'one');
    const cut = codeOf(standing);
    await proxy.harm({ tag: 'refuse' });
    expect(await cut).toBe('ECONNRESET');
    await expect(connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.pass();
    expect(await ask(await connect(), 'two')).toBe('got two');
  });

  it('harms only those that are chosen (2)', async () => {
    const [first, second] = [await connect(), await connect()];
    await ask(first, 'one');
    await ask(second, 'one');
    let turn = 0;
    const harmed = await proxy.harm({ tag: 'reset' }, () => turn++ === 0);
    expect(await ask(second, 'two')).toBe('got two');
    expect(harmed.connections).toBe(1);
    expect(first.destroyed).toBe(true);
  });

  it('leaves nothing when it is closed (4)', async () => {
    const client = await connect();
    await ask(client, 'one');
    const cut = codeOf(client);
    await proxy.close();
    expect(await cut).toBe('ECONNRESET');
    expect(proxy.connections).toBe(0);
  });
});
