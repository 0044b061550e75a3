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
    ['kill/*', { killed: true, extra: 1 }],
    ['kill/*', { stage: 'scoped' }],
    ['stage/workflow/support-desk', { stage: 'wide-open' }],
    ['', { killed: true }],
  ])('%j with %j is none', (scope, value) => {
    expect(parseControl(scope, value)).toBeUndefined();
  });
});
