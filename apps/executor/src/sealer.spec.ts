import { describe, expect, it } from '@jest/globals';
import { isSealed } from '@countersign/contracts';
import { Sealer } from './sealer.js';

const sealer = new Sealer(Buffer.alloc(32, 1));
const tokenOf = (tenant: string, value: string, by = sealer) => by.sealFor(tenant)(value, 'personal').$sealed.token;

describe('a sealed value', () => {
  it('has the form of its contract and nothing of the value', () => {
    const sealed = sealer.sealFor('acme')('dana@example.com', 'personal');
    expect(isSealed(sealed)).toBe(true);
    expect(JSON.stringify(sealed)).not.toContain('dana');
  });

  it('has the same token for the same value of a tenant, and another in another tenant or under another key', () => {
    expect(tokenOf('acme', 'a')).toBe(tokenOf('acme', 'a'));
    expect(tokenOf('acme', 'a')).not.toBe(tokenOf('acme', 'b'));
    expect(tokenOf('acme', 'a')).not.toBe(tokenOf('globex', 'a'));
    expect(tokenOf('acme', 'a')).not.toBe(tokenOf('acme', 'a', new Sealer(Buffer.alloc(32, 2))));
  });

  it('is not made with a short key', () => {
    expect(() => new Sealer(Buffer.alloc(16))).toThrow(/32 bytes/);
  });
});
