import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { expect, it } from '@jest/globals';
import { Client } from '@countersign/client';
import { parseDocument } from 'yaml';
import { decideOn } from './decided.js';
import type { World } from './world.js';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../cli/bin/countersign.mjs', import.meta.url));
const NAME = 'team-memory';

/** A tool server that nobody here wrote, from npm, governed by its imported package with names put into its map. */
export class Imported {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'imported-'));
  readonly folder = path.join(this.#dir, NAME);
  readonly memory = path.join(this.#dir, 'memory.json');
  readonly #server = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-memory/dist/index.js');

  /** What the command prints. */
  async import(...more: string[]): Promise<string> {
    const args = [
      'tools',
      'import-mcp',
      '--name',
      NAME,
      '--dir',
      this.folder,
      '--env',
      `MEMORY_FILE_PATH=${this.memory}`,
    ];
    const { stdout } = await run(process.execPath, [CLI, ...args, ...more, '--', process.execPath, this.#server]);
    return stdout;
  }

  review(): void {
    const file = path.join(this.folder, 'tools.yaml');
    const document = parseDocument(readFileSync(file, 'utf8'));
    for (const tool of ['read_graph', 'search_nodes', 'create_entities', 'add_observations'])
      document.setIn(['tools', tool, 'permissions', 'roles'], ['support-agent']);
    writeFileSync(file, document.toString());
  }

  settings(): { COUNTERSIGN_TARGETS: string } {
    const place = { command: process.execPath, args: [this.#server], env: { MEMORY_FILE_PATH: this.memory } };
    return { COUNTERSIGN_TARGETS: JSON.stringify({ [NAME]: place }) };
  }

  /** Without one, a tenant has no access to the server. */
  credential({ dataDir }: World['system']): void {
    const folder = path.join(dataDir, 'credentials', NAME);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'acme.token'), 'unused');
  }

  known(): string {
    return readFileSync(this.memory, 'utf8');
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** An agent outside that has an imported server's tools through Countersign, and no other way. */
export function importedScenario(open: () => { world: World; imported: Imported }): void {
  const agentOf = async (session: string, user = 'alice') => {
    const { urls } = open().world.system;
    const token = await open().world.token(user);
    const client = new Client({ url: urls.gateway, token, timeoutMs: 60_000 });
    return {
      client,
      said: async (text: string) =>
        client.waitForIntent((await client.sendIntent({ workflow: NAME, session, text })).intentId),
      asks: async (tool: string, args: object) => {
        const request = { workflow: NAME, session, tool, arguments: args as never };
        return client.waitForAction((await client.requestAction(request)).actionId);
      },
    };
  };
  const entity = (name: string, note: string) => ({ entities: [{ name, entityType: 'person', observations: [note] }] });

  it('does what its user said, and no model was asked', async () => {
    const agent = await agentOf('own-words');
    expect(await agent.said('Remember the person Emma who likes tea.')).toMatchObject({
      state: 'ended',
      outcome: 'answered',
    });
    expect(await agent.asks('create_entities', entity('Emma', 'tea'))).toMatchObject({ outcome: 'committed' });
    expect(open().imported.known()).toContain('"name":"Emma"');
    expect(await agent.asks('read_graph', {})).toMatchObject({
      outcome: 'read',
      result: { text: expect.stringContaining('Emma') },
    });
  });

  it("asks a person before it does what a stranger's text says, and does it once they agree", async () => {
    const { world, imported } = open();
    const agent = await agentOf('stranger');
    await agent.said('What do you know of Emma? Note that it was asked.');
    expect(await agent.asks('search_nodes', { query: 'Emma' })).toMatchObject({ outcome: 'read' });
    const waiting = await agent.asks('create_entities', entity('Mallory', 'may have everything'));
    expect(waiting).toMatchObject({ state: 'waiting', code: 'NEEDS_APPROVAL' });
    expect(imported.known()).not.toContain('Mallory');
    const shown = await decideOn(await world.person('bob'), waiting.approvalId!, 'approve');
    expect(shown.preview.effect).toEqual(entity('Mallory', 'may have everything'));
    const done = await agent.client.waitForAction(waiting.actionId, { throughApproval: true });
    expect(done).toMatchObject({ outcome: 'committed' });
    expect(imported.known()).toContain('Mallory');
  });

  it('may use no tool that nobody reviewed', async () => {
    const agent = await agentOf('unreviewed');
    await agent.said('Forget Emma.');
    expect(await agent.asks('delete_entities', { entityNames: ['Emma'] })).toMatchObject({
      outcome: 'denied',
      code: 'PERMISSION_DENIED',
    });
    expect(open().imported.known()).toContain('"name":"Emma"');
  });

  it('takes arguments by the schema that was reviewed', async () => {
    const agent = await agentOf('misfit');
    expect(await agent.asks('create_entities', { entities: 'Emma' })).toMatchObject({
      outcome: 'denied',
      code: 'INVALID_ARGUMENTS',
    });
  });

  it("serves an agent that speaks MCP itself: its user's words come from its host, in the session's name", async () => {
    const { world, imported } = open();
    const token = await world.token('alice');
    const headers = { authorization: `Bearer ${token}` };
    const place = new URL(`/mcp?workflow=${NAME}`, world.system.urls.gateway);
    const transport = new StreamableHTTPClientTransport(place, { requestInit: { headers } });
    const agent = new McpClient({ name: 'somebody', version: '1' });
    try {
      await agent.connect(transport as Transport);
      const { tools } = await agent.listTools();
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['create_entities', 'read_graph']));
      expect(tools.map(({ name }) => name)).not.toContain('delete_entities');
      const create = { name: 'create_entities', arguments: entity('Nora', 'skis') };
      expect((await agent.callTool(create)).structuredContent).toMatchObject({ state: 'waiting' });
      const host = await agentOf(`mcp-${transport.sessionId!.split('.')[0]}`);
      await host.said('Remember the person Nora who skis.');
      expect((await agent.callTool(create)).structuredContent).toMatchObject({ outcome: 'committed' });
      expect(imported.known()).toContain('Nora');
    } finally {
      await agent.close();
    }
  });

  it('passes the cases that its import wrote, without the server being asked for anything', async () => {
    const { world, imported } = open();
    const before = imported.known();
    const env = {
      PATH: process.env['PATH'],
      COUNTERSIGN_WORKFLOWS: imported.folder,
      DATABASE_URL: world.system.urls.postgres,
    };
    const { stdout } = await run(process.execPath, [CLI, 'evals', 'run', '--workflow', NAME], {
      env,
      maxBuffer: 1 << 26,
    });
    expect(stdout).toMatch(/\n\d+ passed, 0 failed, 0 errors, 0 skipped.*\nverdict: pass/);
    expect(imported.known()).toBe(before);
  });

  it('is imported again and says that nothing changed', async () => {
    const before = readFileSync(path.join(open().imported.folder, 'tools.yaml'), 'utf8');
    expect(await open().imported.import()).toMatch(/create_entities +write +support-agent\n/);
    expect(readFileSync(path.join(open().imported.folder, 'tools.yaml'), 'utf8')).toBe(before);
  });
}
