import { execFile } from 'node:child_process';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import type { World } from './world.js';

const HOME = path.dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));
const CLI = path.join(HOME, 'dist/index.js');

/** Scenarios of the protocol's own suite for what `/mcp` offers: tools of a workflow, each request by itself. */
const APPLIES = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'];

/** Why each other one does not apply; docs/mcp.md says it in words. */
const DOES_NOT: Record<string, readonly string[]> = {
  'it calls a tool of the suite’s own fixture server, and ours are those of a workflow': [
    ...['tools-call-simple-text', 'tools-call-image', 'tools-call-audio', 'tools-call-embedded-resource'],
    ...['tools-call-mixed-content', 'tools-call-with-logging', 'tools-call-error', 'tools-call-with-progress'],
    ...['tools-call-sampling', 'tools-call-elicitation', 'json-schema-2020-12'],
    ...['elicitation-sep1034-defaults', 'elicitation-sep1330-enums'],
  ],
  'nothing is sent unasked, so there is no stream to resume or to have several of': [
    ...['server-sse-polling', 'server-sse-multiple-streams'],
  ],
  'it is about resources, prompts, completion or logging, which are not offered': [
    ...['logging-set-level', 'completion-complete', 'resources-list', 'resources-read-text', 'resources-read-binary'],
    ...[
      'resources-templates-read',
      'resources-subscribe',
      'resources-unsubscribe',
      'prompts-list',
      'prompts-get-simple',
    ],
    ...['prompts-get-with-args', 'prompts-get-embedded-resource', 'prompts-get-with-image'],
  ],
};

/** The suite sends no token: this adds one, and changes nothing else. */
async function withToken(gateway: string, token: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const { method, headers } = request;
    const to = new URL('/mcp?workflow=support-desk', gateway);
    const asked = httpRequest(to, { method, headers: { ...headers, authorization: `Bearer ${token}` } }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    request.pipe(asked);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, server };
}

const run = (...args: string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) =>
    execFile(process.execPath, [CLI, ...args], { env: { PATH: process.env['PATH'] } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    ),
  );

/** `@modelcontextprotocol/conformance` against the running gateway. */
export function conformanceScenario(open: () => World): void {
  it('knows each scenario there is: it applies, or is named with the reason', async () => {
    const { said } = await run('list', '--server');
    const all = [...said.matchAll(/^ +- ([\w-]+)/gm)].map(([, name]) => name);
    expect([...all].sort()).toEqual([...APPLIES, ...Object.values(DOES_NOT).flat()].sort());
  });

  it.each(APPLIES)('passes %s', async (scenario) => {
    const proxy = await withToken(open().system.urls.gateway, await open().token('alice'));
    const dir = mkdtempSync(path.join(tmpdir(), 'conformance-'));
    try {
      const { code, said } = await run('server', '--url', proxy.url, '--scenario', scenario, '-o', dir);
      expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
    } finally {
      rmSync(dir, { recursive: true, force: true });
      proxy.server.closeAllConnections();
      await new Promise((closed) => proxy.server.close(closed));
    }
  });
}
