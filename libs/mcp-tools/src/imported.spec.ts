import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ToolRefusal, type CommitContext, type TargetAnswer, type TargetRequest } from '@countersign/tool-sdk';
import { parse } from 'yaml';
import { declarationDigest, type Declaration } from './declaration.js';
import { importTools } from './import-tools.js';
import { importedContracts, importedTools } from './imported.js';
import { parseToolsFile, writeToolsFile } from './tools-file.js';

const text = { type: 'string' };
const getMail: Declaration = {
  name: 'getMail',
  description: 'Reads a mail.',
  inputSchema: { type: 'object', properties: { id: text }, required: ['id'] },
};
const sendMail: Declaration = {
  name: 'send-mail',
  description: 'Sends one.',
  inputSchema: {
    type: 'object',
    properties: { to: text, cc: text, bcc: text, password: text, body: text },
    required: ['to'],
  },
};
const server = { name: 'mail', version: '1' };
const dir = mkdtempSync(path.join(tmpdir(), 'imported-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('tools of somebody else, imported', () => {
  const { file, reasons, left } = importTools('mail', server, [getMail, sendMail]);

  it('may be called by nobody, and are guessed at on the careful side', () => {
    expect(Object.values(file.tools).map(({ permissions }) => permissions)).toEqual([{ roles: [] }, { roles: [] }]);
    expect(file.tools['get_mail']).toMatchObject({ effect: 'read', remote: 'getMail', trust: 'untrusted' });
    expect(file.tools['send_mail']).toMatchObject({
      ...{ effect: 'egress', class: 'D', onError: 'doubt', reversible: false },
      decides: { to: 'recipient', cc: 'recipient', bcc: 'recipient' },
      classes: { to: 'internal', password: 'secret' },
    });
    expect(left).toEqual([]);
  });

  it('stand in a file that says so, guess by guess, and is read back as it was', () => {
    const written = writeToolsFile(file, reasons);
    expect(parseToolsFile(written, 'tools.yaml')).toEqual(file);
    expect(written).toMatch(/effect: egress # review: to may carry data out/);
    expect(written).toMatch(/# review: nobody may call it until you name roles\n\s+permissions:/);
  });

  it('are data whatever a server calls them: no word of it becomes code, a key or a comment', () => {
    const hostile: Declaration = {
      name: '__proto__',
      description: 'x\n# ignore\ntools: {}\n"*/ process.exit() //',
      inputSchema: { type: 'object', properties: { a: { ...text, description: 'a\n# b' } } },
    };
    const made = importTools('mail', { name: 'm\n# x', version: '1' }, [hostile, { ...hostile, name: '../../etc' }]);
    expect(Object.keys(made.file.tools)).toEqual(['proto', 'etc']);
    const written = writeToolsFile(made.file, made.reasons);
    expect(parseToolsFile(written, 'x').tools['proto']!.description).toBe(hostile.description);
    expect(Object.keys(parse(written) as object)).toEqual(['target', 'server', 'tools']);
  });

  it('have names of their own, and one that cannot be governed is left out', () => {
    const twice = importTools('mail', server, [
      getMail,
      { ...getMail, name: 'get_mail' },
      { ...getMail, name: '7zip' },
    ]);
    expect(Object.keys(twice.file.tools)).toEqual(['get_mail', 'get_mail_2', 'tool_7zip']);
    const odd = { ...getMail, inputSchema: { type: 'object', properties: { a: { $dynamicRef: '#x' } } } };
    expect(importTools('mail', server, [odd]).left).toEqual([
      { remote: 'getMail', because: 'its input schema refers to itself in a way nobody can check' },
    ]);
  });

  it('are left out where an input has no plain name', () => {
    const odd = { ...sendMail, inputSchema: { type: 'object', properties: { 'user.email': text } } };
    expect(importTools('mail', server, [odd]).left).toHaveLength(1);
  });

  it.each(['description', 'inputSchema', 'annotations', 'title', 'outputSchema'] as const)(
    'are known by all that a model goes by: another %s is another declaration',
    (part) => {
      const other = {
        ...getMail,
        [part]: part === 'description' || part === 'title' ? 'other' : { type: 'object', x: 1 },
      };
      expect(declarationDigest(other)).not.toBe(declarationDigest(getMail));
      expect(declarationDigest({ ...getMail })).toBe(declarationDigest(getMail));
    },
  );

  it.each([
    ['tools:', 'target: Invalid'],
    ['target: mail\ntools: {x: {}}\nserver: {name: a, version: b}', 'tools.x.remote'],
    ['a: &x 1\nb: *x', 'alias'],
  ])('says where a file does not fit: %j', (yaml, said) => {
    expect(() => parseToolsFile(yaml, 'tools.yaml')).toThrow(new RegExp(`tools.yaml: .*${said}`, 'i'));
  });
});

describe('an imported tool', () => {
  const made = importTools('mail', server, [getMail, sendMail]).file;
  const at = (name: string, change: object = {}) => {
    const file = path.join(dir, `${name}.yaml`);
    const tools = Object.fromEntries(Object.entries(made.tools).map(([one, tool]) => [one, { ...tool, ...change }]));
    writeFileSync(file, writeToolsFile({ ...made, tools }, {}));
    const where = pathToFileURL(file);
    const contracts = importedContracts(where);
    const [reads, sends] = importedTools(where, contracts);
    return { reads: reads!, sends: sends!, contracts };
  };
  const { reads, sends, contracts } = at('plain', { permissions: { roles: ['clerk'] } });
  const asked: TargetRequest[] = [];
  const context = (body: object, status = 200) =>
    ({
      target: {
        request: (request: TargetRequest): Promise<TargetAnswer> => {
          asked.push(request);
          return Promise.resolve({ status, body: body as TargetAnswer['body'] });
        },
      },
    }) as unknown as CommitContext;
  const says = (words: string, more: object = {}) => ({ content: [{ type: 'text', text: words }], ...more });

  it('is a tool like our own: a strict input, a class, and what decides', () => {
    expect(contracts.map(({ name, effect, permissions }) => [name, effect, permissions.roles])).toEqual([
      ['get_mail', 'read', ['clerk']],
      ['send_mail', 'egress', ['clerk']],
    ]);
    expect(contracts[1]).toMatchObject({
      class: 'D',
      decides: { to: 'recipient' },
      trust: 'untrusted',
      imported: true,
    });
    const changed = at('changed', { declaration: 'x'.repeat(43) });
    expect(changed.contracts[0]!.version).not.toBe(contracts[0]!.version);
  });

  it('says in which inputs any names may stand', () => {
    const labels = { type: 'array', items: { type: 'object', additionalProperties: text } };
    const inputSchema = { type: 'object', properties: { to: text, labels } };
    const file = path.join(dir, 'free.yaml');
    writeFileSync(file, writeToolsFile(importTools('mail', server, [{ ...sendMail, inputSchema }]).file, {}));
    expect(importedContracts(pathToFileURL(file))).toMatchObject([{ freeNames: ['labels'] }]);
  });

  it('is called by its own name, under the declaration that was reviewed', async () => {
    const found = await reads.read!(context(says('Hello', { structuredContent: { n: 1 } })), { id: 'm1' });
    expect(found).toEqual({ result: { text: 'Hello', structured: { n: 1 } }, recordsRead: [] });
    expect(asked.at(-1)).toEqual({
      ...{ method: 'GET', path: '/tools/getMail', body: { id: 'm1' } },
      headers: { declaration: declarationDigest(getMail) },
    });
    await sends.commit!(context(says('ok')), { to: 'dana' });
    expect(asked.at(-1)).toMatchObject({ method: 'POST', path: '/tools/send-mail' });
  });

  it('names what it was given and shows nobody, such as a picture', async () => {
    const picture = { content: [{ type: 'image', data: 'AAAA', mimeType: 'image/png' }] };
    expect((await reads.read!(context(picture), {})).result).toEqual({ text: '', left: ['image'] });
  });

  it('shows people what would be sent, for nothing computes what a server would do', async () => {
    const before = asked.length;
    expect(await sends.preview!(context({}), { to: 'dana' })).toEqual({
      effect: { to: 'dana' },
      basis: {},
      recordsRead: [],
    });
    expect(asked.length).toBe(before);
  });

  it('that says it failed did nothing if it reads; if it acts, nobody knows, unless its reviewer does', async () => {
    const failed = context(says('no such mail', { isError: true }));
    await expect(reads.read!(failed, {})).rejects.toThrow(ToolRefusal);
    const act = sends.commit!(failed, {});
    await expect(act).rejects.toThrow('send-mail says that it failed: no such mail');
    await expect(act).rejects.not.toBeInstanceOf(ToolRefusal);
    const known = at('known', { onError: 'refused' });
    await expect(known.sends.commit!(failed, {})).rejects.toThrow(ToolRefusal);
  });

  it('that finds fault with arguments may have acted on them', async () => {
    const fault = context({ detail: 'because' }, 422);
    await expect(sends.commit!(fault, {})).rejects.not.toBeInstanceOf(ToolRefusal);
    await expect(reads.read!(fault, {})).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it.each([
    [409, 'NOT_RELEASED'],
    [401, 'UPSTREAM_FAILED'],
  ])('that was answered %i has a definite no: %s', async (status, code) => {
    await expect(sends.commit!(context({ detail: 'because' }, status), {})).rejects.toMatchObject({
      code,
      detail: 'because',
    });
  });
});
