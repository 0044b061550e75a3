import { describe, expect, it } from '@jest/globals';
import { parseControl } from './index.js';

const release = { fingerprint: 'fp', report: { passed: 3 }, signature: 'sig' };

describe('a control record', () => {
  it.each<[string, unknown]>([
    ['kill/*', { killed: true, reason: 'INC-42', by: 'sam' }],
    ['kill/*', { killed: false }],
    ['kill/tenant/acme', { killed: true }],
    ['kill/workflow/support-desk', { killed: true }],
    ['kill/tool/issue_refund', { killed: true }],
    ['stage/workflow/support-desk', { stage: 'read-only' }],
    ['stage/workflow/support-desk/tenant/acme', { stage: 'scoped', by: 'ruth' }],
    ['release/workflow/support-desk', release],
  ])('%s with %j is one', (scope, value) => {
    expect(parseControl(scope, value)).toEqual({ kind: scope.split('/')[0], scope, value });
  });

  it.each<[string, unknown]>([
    ['kill', { killed: true }],
    ['kill/', { killed: true }],
    ['kill/all', { killed: true }],
    ['kill/tool/', { killed: true }],
    ['kill/tool/a/b', { killed: true }],
    ['kill/tool/../x', { killed: true }],
    ['kill/tool/issue_refund\n', { killed: true }],
    ['stage/tenant/acme', { stage: 'scoped' }],
    ['release/workflow/support-desk', { ...release, also: 1 }],
    ['kill/*', null],
    ['kill/*', { killed: 'yes' }],
    ['kill/*', { killed: false, extra: 1 }],
    ['kill/*', { killed: false, reason: 'x'.repeat(501) }],
    ['kill/*', [{ killed: true }]],
    ['kill/*', { stage: 'scoped' }],
    ['stage/workflow/support-desk', { stage: 'wide-open' }],
    ['', { killed: true }],
    [`stage/workflow/${'a'.repeat(100)}/tenant/${'b'.repeat(100)}`, { stage: 'scoped' }],
  ])('%j with %j is none', (scope, value) => {
    expect(parseControl(scope, value)).toBeUndefined();
  });

  it.each<[string, unknown, object]>([
    ['with more in it than the contract knows', { killed: true, ticket: 'INC-42', constructor: 1 }, {}],
    ['with too long a reason', { killed: true, reason: 'x'.repeat(900_000) }, { reason: 'x'.repeat(500) }],
    ['with too long a name', { killed: true, by: 'x'.repeat(501) }, { by: 'x'.repeat(200) }],
    [
      'with half a character in its reason',
      { killed: true, reason: 'a\ud800', by: '\udc00' },
      { reason: 'a\ufffd', by: '\ufffd' },
    ],
    ['with a reason that is no text', { killed: true, reason: { a: 1 }, by: 7 }, {}],
  ])('that trips %s trips all the same: stopping is always safe', (_, value, kept) => {
    expect(parseControl('kill/*', value)).toEqual({ kind: 'kill', scope: 'kill/*', value: { killed: true, ...kept } });
  });

  it('holds no half of a character: it can be signed', () => {
    expect(parseControl('kill/*', { killed: false, reason: '\ud800' })?.value).toEqual({
      killed: false,
      reason: '\ufffd',
    });
  });
});
