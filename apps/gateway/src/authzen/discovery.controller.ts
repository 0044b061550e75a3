import { Controller, Get, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '@countersign/host';
import { originOf } from '../session/origin.js';

export const PUBLIC_URL = Symbol('public-url');

/** Where questions by OpenID AuthZEN are answered, for anyone. */
@Controller()
export class DiscoveryController {
  constructor(@Inject(PUBLIC_URL) private readonly publicUrl: string | undefined) {}

  @Get('.well-known/authzen-configuration')
  configuration(@Req() { headers }: FastifyRequest) {
    const origin = originOf(this.publicUrl, headers);
    if (!origin) throw new HttpProblem('NOT_FOUND', 'this gateway does not know its address', { nextStep: SET_IT });
    return {
      policy_decision_point: origin,
      access_evaluation_endpoint: `${origin}/access/v1/evaluation`,
      access_evaluations_endpoint: `${origin}/access/v1/evaluations`,
    };
  }
}

const SET_IT = 'Set PUBLIC_URL to the address that callers use.';
