import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { DiscoveryController } from './discovery.controller.js';

const asked = (host: string) => ({ headers: { host } }) as FastifyRequest;

describe('where AuthZEN is answered', () => {
  it('is at the public address, whatever host a caller names', () => {
    const told = new DiscoveryController('https://pdp.example.com').configuration(asked('evil.example.com'));
    expect(told).toEqual({
      policy_decision_point: 'https://pdp.example.com',
      access_evaluation_endpoint: 'https://pdp.example.com/access/v1/evaluation',
      access_evaluations_endpoint: 'https://pdp.example.com/access/v1/evaluations',
    });
  });

  it('is not told where that is not set, but on this machine', () => {
    const here = new DiscoveryController(undefined);
    expect(here.configuration(asked('127.0.0.1:8080')).policy_decision_point).toBe('http://127.0.0.1:8080');
    expect(() => here.configuration(asked('evil.example.com'))).toThrow(/does not know its address/);
  });
});
