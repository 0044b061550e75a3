import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  casesDigest,
  casesOf,
  evalCaseOf,
  evalFileSchema,
  modesOf,
  needsWorldAlone,
  parseEvalFile,
  type WrittenCase,
} from './index.js';

const FILE = 'evals/refunds.evals.yaml';
const TEXT = `# Refunds
workflow: support-desk
cases:
  - title: A refund over the total of its order is refused
    tags: [edge-case-1]
    given:
      people: { alice: { roles: [support-agent] }, erin: { tenant: other } }
      records: [{ type: order, id: ord_1, fields: { total: '54.00' } }]
    steps:
      - intent: { by: alice, text: Refund it. }
        model:
          - calls: [{ tool: issue_refund, arguments: { orderId: ord_1, amount: '54.01' } }]
          - says: It could not be refunded.
      - repeat: 1
    expect:
      decisions: [{ tool: issue_refund, outcome: denied, code: LIMIT_EXCEEDED, rule: refund-limit }]
      effects: []

  - title: What an agent calls itself is judged too
    steps:
      - action: { by: alice, tool: issue_refund }
    expect: { effects: [] }
`;
const minimal: WrittenCase = {
  title: 'A refund is paid',
  steps: [{ action: { by: 'alice', tool: 'issue_refund' } }],
  expect: { effects: [] },
};
const flawsOf = (text: string) => {
  try {
    parseEvalFile(text, FILE);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};
const edited = (from: string, to: string) => flawsOf(TEXT.replace(from, to));

describe('a file of cases (the numbers are those of case-file.ts)', () => {
  it('is read with what it leaves out, and where each case stands', () => {
    const [first, second] = casesOf(TEXT, FILE);
    expect(first).toMatchObject({ id: `${FILE}#A refund over the total of its order is refused`, line: 4, file: FILE });
    expect(second).toMatchObject({ workflow: 'support-desk', line: 19, tags: [] });
    expect(second!.given).toEqual({
      ...{ people: { alice: { tenant: 'own' } }, records: [], stage: 'scoped', switches: [], released: true },
    });
    expect(second!.steps).toEqual([
      { action: { by: 'alice', tool: 'issue_refund', arguments: {}, dry_run: false, session: 's1' } },
    ]);
  });

  it.each([
    ['a word nobody knows', 'tags: [edge-case-1]', 'tgas: [edge-case-1]', 'line 4, cases.0: Unrecognized key: "tgas"'],
    [
      'a word nobody knows in a step',
      'text: Refund it.',
      'txt: x',
      'line 10, cases.0.steps.0.intent.text: Invalid input',
    ],
    ['no step at all', 'repeat: 1', 'refund: 1', 'line 14, cases.0.steps.1: a step is one of intent (with model)'],
    [
      'no turn of a model',
      '- says: It',
      '- sigs: It',
      'line 13, cases.0.steps.0.model.1: a turn has calls, says, status or raw',
    ],
    [
      'a person nobody named',
      'by: alice, text',
      'by: bob, text',
      'line 10, cases.0.steps.0.intent.by: nobody of given.people is bob',
    ],
    ['a name every object has', 'by: alice, text', 'by: toString, text', 'nobody of given.people is toString'],
    [
      'a repeat of what comes later',
      'repeat: 1',
      'repeat: 2',
      'line 14, cases.0.steps.1.repeat: no step before is number 2',
    ],
    ['a code of what is not denied', 'outcome: denied', 'outcome: approved', 'a code belongs to a denial'],
    ['a code that is none', 'LIMIT_EXCEEDED', 'TOO_MUCH', 'line 16, cases.0.expect.decisions.0.code: Invalid option'],
    [
      'nothing that is expected',
      'expect: { effects: [] }',
      'expect: { reads: [order/ord_1] }',
      'line 22, cases.1.expect: expect proposals',
    ],
    [
      'two cases of one title',
      'What an agent calls itself is judged too',
      'A refund over the total of its order is refused',
      'line 3, cases: each title stands once',
    ],
    [
      'a title of two lines',
      'title: What an agent calls itself is judged too',
      'title: "What\\nan agent"',
      'line 19, cases.1.title: one line',
    ],
    [
      'a regular expression that is none',
      'effects: []\n',
      "effects: []\n      reply: { says: '(' }\n",
      'cases.0.expect.reply.says: not a regular expression',
    ],
    [
      'a number where an amount is quoted',
      'effects: []\n',
      'effects: [{ kind: refund, amount: 54 }]\n',
      'line 17, cases.0.expect.effects.0.amount: Invalid input: expected string',
    ],
    [
      'a scope that is none',
      'expect: { effects: [] }',
      'given: { switches: [kill/tenant/acme] }\n    expect: { effects: [] }',
      'line 22, cases.1.given.switches.0: kill/*, kill/tenant/own',
    ],
    ['an alias', 'tags: [edge-case-1]', 'tags: &t [*t]', 'refunds.evals.yaml: '],
    ['what is no YAML', 'cases:', 'cases: [', 'refunds.evals.yaml: '],
  ])('1: names %s, by file and line', (_, from, to, flaw) => {
    expect(TEXT).toContain(from);
    expect(edited(from, to)).toContain(flaw);
    expect(edited(from, to)).toContain(FILE);
  });

  it('1: holds what is made, not read, to the same', () => {
    expect(evalCaseOf(minimal).given.stage).toBe('scoped');
    expect(() => evalCaseOf({ ...minimal, steps: [{ approve: { by: 'bob' } }] })).toThrow(
      'nobody of given.people is bob',
    );
    const askedBy = [...minimal.steps, { approve: { by: 'alice', asked_by: 'carol' } }];
    expect(() => evalCaseOf({ ...minimal, steps: askedBy })).toThrow(
      'steps.1.approve.asked_by: nobody of given.people',
    );
    expect(() => evalCaseOf({ ...minimal, expect: {} })).toThrow('could not fail');
    expect(() => evalCaseOf({ ...minimal, steps: [{ repeat: 2 }, ...minimal.steps] })).toThrow(
      'no step before is number 2',
    );
  });
});

describe('the JSON Schema of it', () => {
  interface Node {
    properties?: Record<string, Node>;
    anyOf?: Node[];
    oneOf?: Node[];
    items?: Node;
    additionalProperties?: Node;
    description?: string;
  }
  const undescribed = (node: Node | undefined, at: string): string[] =>
    typeof node !== 'object'
      ? []
      : [
          ...Object.entries(node.properties ?? {}).flatMap(([word, one]) => [
            ...(one.description ? [] : [`${at}.${word}`]),
            ...undescribed(one, `${at}.${word}`),
          ]),
          ...[node.items, node.additionalProperties].flatMap((one) => undescribed(one, `${at}[]`)),
          ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap((one) => undescribed(one, at)),
        ];

  it('describes every word', () => {
    expect(undescribed(z.toJSONSchema(evalFileSchema, { io: 'input' }) as Node, '')).toEqual([]);
  });
});

describe('with which models a case is run', () => {
  const modes = (...steps: WrittenCase['steps']) => modesOf(evalCaseOf({ ...minimal, steps }));
  const intent = { by: 'alice', text: 'Hello' };

  it('recorded where its intents have turns, a real one or the stand-in where not, any where there is no intent', () => {
    expect(modes({ intent, model: [{ says: 'Hi.' }] })).toEqual(['recorded']);
    expect(modes({ intent })).toEqual(['stand-in', 'live']);
    expect(modes({ action: { by: 'alice', tool: 'x' } })).toEqual(['recorded', 'stand-in', 'live']);
  });

  it('as it says itself, if its intents have the turns for it', () => {
    const said = {
      ...minimal,
      steps: [{ intent, model: [{ says: 'Hi.' }] }],
      models: ['recorded' as const, 'live' as const],
    };
    expect(modesOf(evalCaseOf(said))).toEqual(['recorded', 'live']);
    expect(() => evalCaseOf({ ...said, steps: [{ intent }] })).toThrow('this one has none');
    expect(() => modes({ intent, model: [{ says: 'Hi.' }] }, { together: [{ intent }, { kill: 'kill/*' }] })).toThrow(
      'this one has none',
    );
  });
});

describe('whether a case may run beside others', () => {
  const alone = (more: Partial<WrittenCase>) => needsWorldAlone(evalCaseOf({ ...minimal, ...more }));

  it('not where it stops more than its own tenants, or has no release', () => {
    expect(alone({})).toBe(false);
    expect(alone({ given: { switches: ['kill/tenant/own', 'kill/tenant/other'] } })).toBe(false);
    expect(alone({ given: { switches: ['kill/tool/issue_refund'] } })).toBe(true);
    expect(alone({ given: { released: false } })).toBe(true);
    expect(alone({ steps: [...minimal.steps, { kill: 'kill/*' }] })).toBe(true);
    const together: WrittenCase['steps'] = [{ together: [{ kill: 'kill/workflow/x' }, ...(minimal.steps as never[])] }];
    expect(alone({ steps: together })).toBe(true);
  });
});

describe('the digest of cases', () => {
  const files = [
    { file: 'evals/a.evals.yaml', text: 'a' },
    { file: 'evals/b.evals.yaml', text: 'b' },
  ];

  it('is of names and content, whatever the order', () => {
    const digest = casesDigest(files);
    expect(casesDigest(files.toReversed())).toBe(digest);
    expect(casesDigest([files[0]!, { ...files[1]!, text: 'b ' }])).not.toBe(digest);
    expect(casesDigest([files[0]!, { ...files[1]!, file: 'evals/c.evals.yaml' }])).not.toBe(digest);
    expect(casesDigest(files.slice(1))).not.toBe(digest);
  });
});
