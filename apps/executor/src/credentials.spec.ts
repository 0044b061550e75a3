import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@countersign/testing';
import { Credentials } from './credentials.js';

describe('credentials', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'credentials-'));
    mkdirSync(path.join(dir, 'helpdesk'));
    file = path.join(dir, 'helpdesk', 'acme.token');
    writeFileSync(file, 'first\n');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('come from the file of the target and tenant, and anew when it changes', async () => {
    const credentials = new Credentials(dir);
    expect(await credentials.tokenFor('helpdesk', 'acme')).toBe('first');
    writeFileSync(file, 'second\n');
    utimesSync(file, 1, 1);
    const isNew = async () => (await credentials.tokenFor('helpdesk', 'acme')) === 'second';
    expect(await until(isNew, { what: 'the new token', timeoutMs: 5_000 })).toBe(true);
  });

  it.each([
    ['of a tenant without one', 'globex'],
    ['of a name that leads elsewhere', '../helpdesk/acme'],
    ['of a hidden name', '.acme'],
  ])('%s are refused before anything is sent, with the way out', async (_, tenant) => {
    writeFileSync(path.join(dir, 'helpdesk', '.acme.token'), 'hidden');
    const refused = {
      name: 'ToolRefusal',
      code: 'UPSTREAM_FAILED',
      nextStep: expect.stringContaining('Nothing was sent'),
    };
    await expect(new Credentials(dir).tokenFor('helpdesk', tenant)).rejects.toMatchObject(refused);
  });

  it('that would break a header are refused', async () => {
    writeFileSync(file, 'a b');
    await expect(new Credentials(dir).tokenFor('helpdesk', 'acme')).rejects.toMatchObject({ name: 'ToolRefusal' });
  });
});
