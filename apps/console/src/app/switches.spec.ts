import { expect, it } from '@jest/globals';
import { inForceFor, saysOfScope } from './switches.js';

it('shows the switches that are on, of one tenant only those that stop something of it', () => {
  const on = (scope: string) => ({ scope, killed: true });
  const all = [on('kill/*'), on('kill/tenant/acme'), on('kill/tenant/globex'), { scope: 'kill/tool/x', killed: false }];
  expect(inForceFor(all, 'acme').map(({ scope }) => scope)).toEqual(['kill/*', 'kill/tenant/acme']);
});

it('says in words what a scope stops', () => {
  expect(['kill/*', 'kill/tenant/acme', 'kill/workflow/desk', 'kill/tool/issue_refund'].map(saysOfScope)).toEqual([
    'Everything is stopped',
    'Everything of acme is stopped',
    'The workflow desk is stopped',
    'The tool issue refund is stopped',
  ]);
});
