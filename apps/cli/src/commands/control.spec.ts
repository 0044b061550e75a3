import { describe, expect, it } from '@jest/globals';
import { problem } from '@countersign/contracts';
import { ApiError, CliError, EXIT } from '../errors.js';
import { notInForce, withTopic } from './control.js';
import { statusText } from './kill.js';
import { stagesText } from './stage.js';

const at = '2026-03-01T10:00:00.000Z';
const heard = { acknowledged: 1, instances: 3 };
const refused = new ApiError(403, problem('PERMISSION_DENIED', 'this needs one of the roles sre'));

describe('a change that is not in force in time', () => {
  it('ends with 4, and any other refusal as it ends everywhere', () => {
    const late = new ApiError(504, problem('UPSTREAM_TIMEOUT', 'published', { applied: heard }));
    expect(notInForce(late, 'kill status')).toMatchObject({
      exitCode: EXIT.notInForce,
      message: 'NOT IN FORCE: published; 1 of 3 instances were heard.',
    });
    expect([notInForce(refused, ''), notInForce(new ApiError(503, {}), ''), notInForce(new Error('x'), '')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a trip that the gateway does not take', () => {
  it('tells the way around it where it is away, and none where it refuses', () => {
    const away = new CliError('it does not answer', EXIT.unexpected, 'Is it running?');
    const unverified = new ApiError(503, problem('UPSTREAM_TIMEOUT', 'the identity provider is away'));
    for (const error of [away, unverified])
      expect(withTopic(error, 'kill/*', 'x')).toMatchObject({
        exitCode: EXIT.unexpected,
        nextStep: expect.stringMatching(
          /\n {6}Any Kafka client can trip it.*key kill\/\*, value \{"killed":true,"reason":"x"\}$/,
        ),
      });
    expect(withTopic(refused, 'kill/*', 'x')).toBe(refused);
    const unknown = new ApiError(404, problem('UNKNOWN_TOOL', 'no such tool'));
    expect(withTopic(unknown, 'kill/*', 'x')).toBe(unknown);
  });
});

describe('what is shown', () => {
  it('of switches: those that are on first, who, when, why and who has heard', () => {
    const base = { at, reason: 'INC-42', inForce: true, tookMs: 640, applied: heard };
    const lines = statusText([
      { ...base, scope: 'kill/*', killed: false, by: 'sam' },
      {
        ...base,
        scope: 'kill/tool/issue_refund',
        killed: true,
        by: 'evil \u001b[2J',
        inForce: false,
        inDoubt: ['act_1'],
      },
    ]).split('\n');
    expect(lines[1]).toMatch(
      /^kill\/tool\/issue_refund +KILLED +2026\S+ +evil \\u001b\[2J +INC-42 +not yet +1 of 3 +act_1$/,
    );
    expect(lines[2]).toMatch(/^kill\/\* +armed +2026\S+ +sam +INC-42 +after 640 ms +1 of 3/);
    expect(statusText([])).toBe('No switch was ever tripped.');
  });

  it('of stages: whom each is for, and what holds where there is none', () => {
    const stage = {
      workflow: 'support-desk',
      stage: 'draft-only',
      reason: 'pilot',
      by: 'ruth',
      at,
      inForce: true,
      applied: heard,
    };
    expect(
      stagesText([
        { ...stage, tenant: null },
        { ...stage, tenant: 'globex' },
      ]),
    ).toMatch(/support-desk +all +draft-only.*\nsupport-desk +globex +draft-only +2026\S+ +ruth +pilot +yes +1 of 3/);
    expect(stagesText([])).toContain('read-only');
  });
});
