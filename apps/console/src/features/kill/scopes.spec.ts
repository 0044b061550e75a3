import { describe, expect, it } from '@jest/globals';
import {
  didWhat,
  knownOf,
  pathScope,
  reached,
  scopeName,
  scopesOf,
  toolsStopped,
  type Past,
  type Switch,
} from './scopes.js';

const on = (scope: string, killed = true) => ({ scope, killed }) as Switch;
const tools = [
  { name: 'get_order', workflow: 'desk', effect: 'read' },
  { name: 'issue_refund', workflow: 'desk', effect: 'write' },
] as const;

describe('scopes', () => {
  it('are a tree: everything, tenants, workflows and under each its tools, those that change something first', () => {
    expect(scopesOf([], tools, 'acme').map(({ scope, level }) => [level, scope])).toEqual([
      [1, 'kill/*'],
      [2, 'kill/tenant/acme'],
      [2, 'kill/workflow/desk'],
      [3, 'kill/tool/issue_refund'],
      [3, 'kill/tool/get_order'],
    ]);
  });

  it('are stopped by what stands above them too', () => {
    const [, tenant, workflow, refund] = scopesOf([on('kill/*'), on('kill/workflow/desk')], tools, 'acme');
    expect([tenant!.stoppedBy, workflow!.stoppedBy, refund!.stoppedBy]).toEqual([
      ['kill/*'],
      ['kill/*'],
      ['kill/*', 'kill/workflow/desk'],
    ]);
  });

  it('keep a switch of what is no longer loaded in sight', () => {
    expect(scopesOf([on('kill/tool/gone')], tools, 'acme').at(-1)).toMatchObject({
      scope: 'kill/tool/gone',
      own: { killed: true },
    });
  });
});

it('names the tools that a scope stops, those that change something first', () => {
  expect(toolsStopped('kill/*', tools)).toEqual(['issue refund', 'get order']);
  expect(toolsStopped('kill/tenant/acme', tools)).toEqual(['issue refund', 'get order']);
  expect(toolsStopped('kill/workflow/other', tools)).toEqual([]);
  expect(toolsStopped('kill/tool/get_order', tools)).toEqual(['get order']);
});

it('says how far a change has come, and what a past one did', () => {
  const applied = { acknowledged: 1, instances: 2 };
  expect(reached({ inForce: false, applied, tookMs: null })).toBe('not in force yet; heard by 1 of 2 instances');
  expect(reached({ inForce: true, applied, tookMs: 24 })).toBe('in force after 24 ms; heard by 1 of 2 instances');
  expect(didWhat({ scope: 'kill/tool/give_back', killed: true } as Past)).toBe('tripped the tool give back');
  expect(didWhat({ scope: 'stage/workflow/desk', stage: 'scoped' } as Past)).toBe('set desk to scoped');
  expect(didWhat({ scope: 'stage/workflow/desk/tenant/globex', stage: 'scoped' } as Past)).toBe(
    'set desk of globex to scoped',
  );
  const refused = { code: 'PERMISSION_DENIED', detail: '', nextStep: '' };
  expect(didWhat({ scope: 'kill/*', refused } as Past)).toBe('everything');
  expect(didWhat({ scope: 'stage/workflow/desk', refused } as Past)).toBe('the stage of desk');
  expect(scopeName('kill/tenant/globex')).toBe('the tenant globex');
  expect(knownOf({ code: 'UPSTREAM_TIMEOUT', applied: { acknowledged: 1, instances: 2 } })).toBe(
    'Heard by 1 of 2 instances until then.',
  );
  expect([knownOf(null), knownOf(new Error('away'))]).toEqual([undefined, undefined]);
  expect(pathScope('kill/tool/x')).toBe('tool/x');
});
