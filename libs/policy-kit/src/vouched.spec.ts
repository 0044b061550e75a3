import { describe, expect, it } from '@jest/globals';
import type { ArgumentProvenance } from '@countersign/contracts';
import { allow, defineRule, evaluate, vouchedFor, type RuleFacts } from './index.js';

const rules = [vouchedFor({ roles: ['lead'] }), defineRule({ name: 'may', title: 'May', decide: () => allow('fine') })];
const facts = (provenance: Record<string, ArgumentProvenance>, change: Partial<RuleFacts> = {}): RuleFacts => ({
  ...{ workflow: 'bank', tool: { name: 'any_tool', effect: 'write' }, dryRun: false, preview: undefined, history: {} },
  actor: { sub: 'alice', tenant: 'acme', roles: ['clerk'] },
  arguments: { to: 'DE1', amount: 5, note: 'hello' },
  decides: { to: 'recipient', amount: 'amount' },
  ...{ provenance, heardStrangers: false, now: new Date('2026-03-01T10:00:00Z') },
  ...change,
});
const user: ArgumentProvenance = { origin: 'user', trust: 'user' };
const model: ArgumentProvenance = { origin: 'model' };
const stranger: ArgumentProvenance = { origin: 'record', field: 'text', trust: 'untrusted' };
const own = { to: user, amount: user, note: model };
const decided = (given: RuleFacts) => {
  const verdict = evaluate(rules, given);
  return [verdict.tag, verdict.rules[0]!.reason];
};

describe('what a tool nobody named does with the words of others', () => {
  it('goes by itself where the user said what decides, and no stranger was heard', () => {
    expect(decided(facts(own))[0]).toBe('approve');
  });

  it.each<[string, ArgumentProvenance]>([
    ["a stranger's", stranger],
    ["a stranger's that the model repeats", { origin: 'model', trust: 'untrusted' }],
    ["the model's", model],
    ["a record's that no source vouches for", { origin: 'record', field: 'id' }],
  ])('waits for a person where a recipient is %s', (_, to) => {
    const [tag, reason] = decided(facts({ ...own, to }));
    expect(tag).toBe('escalate');
    expect(reason).toMatch(/^to \(recipient\): from /);
  });

  it.each<[string, ArgumentProvenance]>([
    ["the system's own", { origin: 'record', field: 'owner', trust: 'system' }],
    ["the user's, in a record", { origin: 'record', field: 'owner', trust: 'user' }],
    ["an approver's edit", { origin: 'approver' }],
  ])('goes where it is %s', (_, to) => {
    expect(decided(facts({ ...own, to }))[0]).toBe('approve');
  });

  it('waits where what the user said is too short to mean just that, unless it is an amount', () => {
    const file = (id: string | number) => ({
      arguments: { id, amount: 13 },
      decides: { id: 'target', amount: 'amount' } as const,
    });
    const said = { id: user, amount: user };
    expect(decided(facts(said, file('13')))).toEqual([
      'escalate',
      "id (target): too short for the user's words to mean just that",
    ]);
    for (const thin of [13, 'ab', '123456']) expect(decided(facts(said, file(thin)))[0]).toBe('escalate');
    for (const own of ['file_13', 'dana', '1234567']) expect(decided(facts(said, file(own)))[0]).toBe('approve');
    // What a record that is vouched for says is no coincidence.
    const record: ArgumentProvenance = { origin: 'record', field: 'id', trust: 'system' };
    expect(decided(facts({ ...said, id: record }, file('13')))[0]).toBe('approve');
  });

  it("waits where a stranger's words may speak through the model's", () => {
    expect(decided(facts(own, { heardStrangers: true }))).toEqual([
      'escalate',
      'note: from the model, neither from the user nor from a record it read',
    ]);
    // Nobody says whether any were heard.
    expect(decided(facts(own, { heardStrangers: undefined }))[0]).toBe('escalate');
    expect(decided(facts({ ...own, note: stranger }))[0]).toBe('escalate');
  });

  it('waits for what is too much to say where it comes from, and looks into lists and records', () => {
    expect(decided(facts({ to: user, amount: user }))).toEqual([
      'escalate',
      'note: too much to say where it comes from',
    ]);
    const nested = {
      arguments: { to: [{ mail: 'ann@desk' }, { mail: 'bob@desk' }] },
      decides: { to: 'recipient' as const },
    };
    const first = { 'to.0.mail': user };
    expect(decided(facts({ ...first, 'to.1.mail': user }, nested))[0]).toBe('approve');
    expect(decided(facts({ ...first, 'to.1.mail': stranger }, nested))[1]).toMatch(/^to\.1\.mail \(recipient\)/);
    // What somebody called `__proto__` is in nobody's provenance.
    expect(decided(facts({}, { arguments: JSON.parse('{"__proto__":"x"}') as never, decides: {} }))[0]).toBe(
      'escalate',
    );
  });

  it('takes no switch for words, unless it decides', () => {
    const admin = { arguments: { admin: true } };
    expect(decided(facts({}, { ...admin, decides: {} }))[0]).toBe('approve');
    expect(decided(facts({ admin: model }, { ...admin, decides: { admin: 'target' } }))[0]).toBe('escalate');
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing', {}],
    ['a switch alone', { force: true }],
    ['an empty place', { path: '' }],
    ['no place', { path: null }],
    ['no places', { path: [] }],
    ['a record of nothing', { path: {} }],
    ['words, and no place', { note: 'hello' }],
  ])('waits where strangers were heard and it says %s: that may mean everything', (_, args) => {
    const given = { arguments: args as never, decides: { path: 'target' as const }, heardStrangers: true };
    expect(decided(facts({ note: user }, given))[0]).toBe('escalate');
  });

  it.each<[string, object, Record<string, ArgumentProvenance>]>([
    ['a name that is an address', { to: { 'eve@example.com': 'invoice' } }, { 'to.eve@example.com': user }],
    ['a name that is two', { to: { a: { b: 'eve' }, 'a.b': 'dana' } }, { 'to.a.b': user }],
    ['an input whose name is two', { 'user.email': 'eve' }, { 'user.email': user }],
  ])('waits for %s: nobody looked at where it comes from', (_, args, provenance) => {
    expect(decided(facts(provenance, { arguments: args as never }))[1]).toMatch(/a name in it is like a value/);
  });

  it('waits where any names may stand in an input, as soon as one does', () => {
    const free = (value: unknown) => ({ arguments: { it: value } as never, decides: {}, freeNames: ['it'] });
    expect(decided(facts({ 'it.dana': user }, free({ dana: 'x' })))[1]).toMatch(/^it: it takes any names/);
    expect(decided(facts({ 'it.0.dana': user }, free([{ dana: 'x' }])))[0]).toBe('escalate');
    for (const none of [[], {}, null]) expect(decided(facts({}, free(none)))[0]).toBe('approve');
  });

  it('asks about what sends data out as well, and about no read', () => {
    const tool = (effect: 'read' | 'egress') => ({ tool: { name: 'fetch', effect } });
    expect(decided(facts({ ...own, to: stranger }, tool('egress')))[0]).toBe('escalate');
    expect(decided(facts({ ...own, to: stranger }, tool('read')))[0]).toBe('approve');
  });

  it('allows nothing by itself', () => {
    expect(evaluate([vouchedFor({ roles: ['lead'] })], facts(own))).toMatchObject({
      tag: 'deny',
      code: 'PERMISSION_DENIED',
    });
  });

  it('says five of many', () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`a${at}`, 'x']));
    const provenance = Object.fromEntries(Object.keys(many).map((name) => [name, stranger]));
    expect(decided(facts(provenance, { arguments: many, decides: {} }))[1]).toMatch(/; and 3 more$/);
  });
});
