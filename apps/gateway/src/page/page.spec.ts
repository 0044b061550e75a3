import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { registerHeaders } from '../forwarding.js';
import { registerPage } from './register-page.js';

let dir: string;
let instance: FastifyInstance;
const warned: unknown[] = [];
const logger = { warn: (...what: unknown[]) => void warned.push(what) };

async function serve(from: string): Promise<FastifyInstance> {
  const made = Fastify();
  registerHeaders(made);
  await registerPage(made, from, logger);
  await made.ready();
  return made;
}

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
  const write = (name: string, content: string | Buffer) => {
    fs.mkdirSync(path.dirname(path.join(dir, 'page', name)), { recursive: true });
    fs.writeFileSync(path.join(dir, 'page', name), content);
  };
  write('index.html', '<meta name="csp-nonce" nonce="__CSP_NONCE__"><script src="/assets/a-1.js"></script>');
  write('favicon.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
  write('assets/a-1.js', 'let a;');
  write('assets/a-1.js.gz', gzipSync('let a;'));
  write('.vite/manifest.json', '{"secret":true}');
  fs.writeFileSync(path.join(dir, 'outside.txt'), 'outside');
  instance = await serve(path.join(dir, 'page'));
});
afterAll(async () => {
  await instance.close();
  fs.rmSync(dir, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}) => instance.inject({ url, headers });

describe('the page', () => {
  it('may load its own files and nothing else; its nonce stands in the policy and in the page', async () => {
    const { headers, body } = await get('/');
    const nonce = /nonce="([^"]+)"/.exec(body)![1]!;
    expect(Buffer.from(nonce, 'base64')).toHaveLength(16);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; ` +
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(body).not.toContain('__CSP_NONCE__');
  });

  it('has another nonce each time', async () => {
    const pages = await Promise.all(Array.from({ length: 5 }, () => get('/')));
    expect(new Set(pages.map(({ body }) => body)).size).toBe(5);
  });

  it.each([
    '/approvals',
    '/approvals/apr_1',
    '/traces?q=x',
    '/traces/int_1',
    '/kill',
    '/workflows/support-desk',
    '/audit',
  ])('is at %s, which a person may have kept', async (address) => {
    const { statusCode, headers } = await get(address);
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it.each(['/v1/nothing', '/nothing', '/index.html', '/approvalsx'])('is not at %s', async (address) => {
    expect((await get(address)).statusCode).toBe(404);
  });
});

describe('an address that does not exist', () => {
  const visit = { accept: 'text/html,application/xhtml+xml' };

  it('is told to a person by the page, and to a program as a problem', async () => {
    const page = await get('/aprovals', visit);
    expect([page.statusCode, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const told = await get('/aprovals');
    expect([told.statusCode, told.json()]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
  });

  it.each(['/v1/nothing', '/auth/nothing', '/mcp/x', '/assets/none.js'])(
    'is a problem below %s, whoever asks',
    async (url) => {
      const { statusCode, headers } = await get(url, visit);
      expect([statusCode, headers['content-type']]).toEqual([404, expect.stringContaining('json')]);
    },
  );
});

describe('its files', () => {
  it('never change under their name, and come small to whoever takes them so', async () => {
    const { headers, body } = await get('/assets/a-1.js');
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringContaining('javascript'),
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(body).toBe('let a;');
    const small = await get('/assets/a-1.js', { 'accept-encoding': 'gzip' });
    expect(small.headers['content-encoding']).toBe('gzip');
    expect((await get('/favicon.svg')).headers['content-type']).toBe('image/svg+xml');
  });

  it.each([
    '/assets/../index.html',
    '/assets/..%2f.vite/manifest.json',
    '/assets/%2e%2e/.vite/manifest.json',
    '/assets/..%2f..%2foutside.txt',
    '/assets/....//outside.txt',
    '/assets/%00',
    '/assets/none.js',
    '/assets/',
    '/.vite/manifest.json',
  ])('do not reach beyond their folder: %s', async (address) => {
    const { statusCode, body } = await get(address);
    expect(statusCode).toBeGreaterThanOrEqual(400);
    expect(statusCode).toBeLessThan(500);
    expect(body).not.toMatch(/secret|outside\b.*content|csp-nonce|^outside$/);
  });
});

describe('a page that was not built', () => {
  it('is missed in words, once in the log and to whoever asks', async () => {
    warned.length = 0;
    const bare = await serve(path.join(dir, 'nowhere'));
    const answer = await bare.inject('/approvals');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'NOT_FOUND', nextStep: expect.stringContaining('npm run build') });
    expect(warned).toEqual([[expect.anything(), expect.stringContaining('not built')]]);
    await bare.close();
  });
});
