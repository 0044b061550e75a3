import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessStage, type Told } from './access.fixture.js';
import { question } from './question.fixture.js';

/*
 * The checks of "AuthZEN Authorization API 1.0 - Certification Scenario": Basic and Batch, each Core and Properties, by their numbers there.
 * Search is not offered. Discovery is the gateway's.
 */
let stage: AccessStage;
beforeAll(async () => {
  stage = await AccessStage.open();
});
afterAll(() => stage?.close());

const one = (body: unknown) => stage.ask('evaluation', body);
const many = (body: unknown) => stage.ask('evaluations', body);
const decided = ({ status, headers, body }: Told) => {
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
  return body.evaluations ? body.evaluations.map(({ decision }) => decision) : body['decision'];
};
const user = (id: string, properties?: object) => ({ type: 'user', id, ...(properties ? { properties } : {}) });
const record = (id: string, status?: string) => ({ type: 'record', id, ...(status ? { properties: { status } } : {}) });

const RULES: [string, object, boolean][] = [
  ['2.2.1 rule 1', question('alice', 'read', 'record-1'), true],
  ['rule 2', question('alice', 'write', 'record-1'), true],
  ['rule 3', question('bob', 'read', 'record-1'), true],
  ['2.2.2 rule 4', question('bob', 'write', 'record-1'), false],
  [
    '2.2.3 with a context',
    { ...question('alice', 'read', 'record-1'), context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' } },
    true,
  ],
  ['2.2.4 rule 5', question('alice', 'write', 'record-2', { status: 'archived' }), false],
  [
    '2.2.5 rule 6',
    { ...question('bob', 'write', 'record-2', { status: 'archived' }), subject: user('bob', { role: 'admin' }) },
    true,
  ],
  ['2.2.6 rule 7', question('alice', { name: 'delete', properties: { soft: true } }, 'record-1'), true],
  ['2.2.7 rule 8', question('alice', { name: 'delete', properties: { soft: false } }, 'record-1'), false],
  [
    '2.2.8 with properties nobody needs',
    {
      subject: user('alice', { department: 'Sales', role: 'manager' }),
      action: { name: 'read', properties: { method: 'GET' } },
      resource: { type: 'record', id: 'record-1', properties: { status: 'active', owner: 'bob' } },
    },
    true,
  ],
  [
    '2.2.9 with fields nobody knows',
    { ...question('alice', 'read', 'record-1'), foo: 'bar', futureField: { nested: true } },
    true,
  ],
];

describe('Basic', () => {
  it.each(RULES)('%s', async (_, body, expected) => {
    expect(decided(await one(body))).toBe(expected);
  });

  const whole = question('alice', 'read', 'record-1');
  const { subject, action, resource } = whole;
  it.each<[string, unknown]>([
    ['2.4.1 without subject', { action, resource }],
    ['2.4.1 without action', { subject, resource }],
    ['2.4.1 without resource', { subject, action }],
    ['2.4.2 subject without type', { ...whole, subject: { id: 'alice' } }],
    ['2.4.2 subject without id', { ...whole, subject: { type: 'user' } }],
    ['2.4.2 action without name', { ...whole, action: {} }],
    ['2.4.2 resource without type', { ...whole, resource: { id: 'record-1' } }],
    ['2.4.2 resource without id', { ...whole, resource: { type: 'record' } }],
    ['2.4.4 what is no JSON', '{"subject": '],
    ['2.4.4 a field twice', JSON.stringify(whole).replace('{', '{"subject":{"type":"user","id":"bob"},')],
    ['2.4.5 an empty body', ''],
    ['2.4.6 a subject that is a string', { ...whole, subject: 'alice' }],
    ['2.4.6 an action whose name is a number', { ...whole, action: { name: 123 } }],
    ['a list', [whole]],
    ['null', null],
  ])('%s is 400, with a next step', async (_, body) => {
    const { status, headers, body: problem } = await one(body);
    expect([status, headers.get('content-type')]).toEqual([400, expect.stringContaining('application/problem+json')]);
    expect(problem).toMatchObject({
      code: 'INVALID_ARGUMENTS',
      detail: expect.any(String),
      nextStep: expect.any(String),
    });
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/problem+json'])(
    '2.4.3 %s is 400',
    async (type) => {
      expect((await stage.ask('evaluation', whole, 'sam', { 'content-type': type })).status).toBe(400);
    },
  );

  it('2.5 tells the request id it was given, refusals too, and needs none', async () => {
    const id = { 'x-request-id': 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716' };
    const answers = [await stage.ask('evaluation', whole, 'sam', id), await stage.ask('evaluation', '', 'sam', id)];
    expect(answers.map(({ headers }) => headers.get('x-request-id'))).toEqual([id['x-request-id'], id['x-request-id']]);
    expect((await one(whole)).headers.get('x-request-id')).toBeNull();
  });

  it('2.6 says the same again', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => one(question('bob', 'write', 'record-1'))));
    expect(answers.map(decided)).toEqual([false, false, false, false, false]);
  });
});

describe('Batch', () => {
  it.each<[string, object, unknown]>([
    [
      '3.2.1 with a list',
      {
        ...{ subject: user('alice'), action: { name: 'read' } },
        evaluations: [{ resource: record('record-1') }, { resource: record('record-2') }],
      },
      [true, true],
    ],
    [
      '3.2.2 in the order of the questions',
      {
        ...{ subject: user('bob'), resource: record('record-1') },
        evaluations: [{ action: { name: 'read' } }, { action: { name: 'write' } }],
      },
      [true, false],
    ],
    [
      '3.2.3 with properties of the resource',
      {
        ...{ subject: user('alice'), action: { name: 'write' } },
        evaluations: [{ resource: record('record-1', 'active') }, { resource: record('record-2', 'archived') }],
      },
      [true, false],
    ],
    [
      '3.2.4 with properties of the subject',
      {
        ...{ action: { name: 'write' }, resource: record('record-2', 'archived') },
        evaluations: [{ subject: user('alice') }, { subject: user('bob', { role: 'admin' }) }],
      },
      [false, true],
    ],
    [
      '3.2.5 without defaults',
      { evaluations: [question('alice', 'read', 'record-1'), question('bob', 'write', 'record-1')] },
      [true, false],
    ],
    [
      '3.2.6 with a context for all and one of its own',
      {
        ...{ subject: user('alice'), action: { name: 'read' }, context: { time: '2025-06-27T18:03-07:00' } },
        evaluations: [{ resource: record('record-1') }, { resource: record('record-2'), context: { source: 'own' } }],
      },
      [true, true],
    ],
    [
      '3.2.7 with half a default',
      {
        ...{ subject: user('alice'), action: { name: 'write' }, resource: { type: 'record' } },
        evaluations: [
          { resource: { id: 'record-1', properties: { status: 'active' } } },
          { resource: record('record-2', 'archived') },
        ],
      },
      [true, false],
    ],
    [
      '3.4.1 with one that is none',
      {
        ...{ subject: user('alice'), action: { name: 'read' } },
        evaluations: [{ resource: record('record-1') }, {}],
      },
      [true, false],
    ],
    ['3.4.2 without a list', question('alice', 'read', 'record-1'), true],
    ['3.4.3 with an empty list', { ...question('alice', 'read', 'record-1'), evaluations: [] }, true],
  ])('%s', async (_, body, expected) => {
    expect(decided(await many(body))).toEqual(expected);
  });

  it('takes the place of a default whole: its properties do not reach into a question of its own', async () => {
    const evaluations = [{ resource: { id: 'record-1' } }, {}];
    const body = { subject: user('alice'), action: { name: 'write' }, resource: record('record-2', 'archived') };
    expect(decided(await many({ ...body, evaluations }))).toEqual([true, false]);
  });

  it('3.4.1 says what is wrong with the one, and leaves the top without a decision', async () => {
    const evaluations = [{ resource: 'record-1' }, 'nothing', { resource: record('record-1') }];
    const { status, body } = await many({ subject: user('alice'), action: { name: 'read' }, evaluations });
    expect(status).toBe(200);
    const misfit = { decision: false, context: expect.objectContaining({ code: 'INVALID_ARGUMENTS' }) };
    expect(body).toEqual({ evaluations: [misfit, misfit, expect.objectContaining({ decision: true })] });
  });

  const evaluations = ['alice', 'bob', 'alice'].map((id) => ({ subject: user(id) }));
  const three = { action: { name: 'write' }, resource: record('record-1'), evaluations };
  it.each([
    ['execute_all', [true, false, true]],
    ['deny_on_first_deny', [true, false]],
    ['permit_on_first_permit', [true]],
  ])('%s', async (evaluations_semantic, expected) => {
    expect(decided(await many({ ...three, options: { evaluations_semantic, other: 1 } }))).toEqual(expected);
  });

  it('is 400 whole where the semantic, the list, a default or its length is none', async () => {
    const bodies = [
      { ...three, options: { evaluations_semantic: 'maybe' } },
      { ...three, evaluations: 'all' },
      { ...three, action: 'write' },
      { ...three, evaluations: Array.from({ length: 101 }, () => ({ subject: user('alice') })) },
      { evaluations: [] },
      '[',
    ];
    for (const body of bodies) expect((await many(body)).status).toBe(400);
  });
});
