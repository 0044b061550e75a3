import { describe, expect, it } from '@jest/globals';
import { controlTouches, decideControl } from './control.js';
import { placeOf } from './decide.js';
import { genuine, incoming, later, NOW, Rows } from './given.spec-support.js';

const SCOPE = 'kill/tool/issue_refund';
const KEY = `control:${SCOPE}`;
const applied = (killed: boolean, epoch: number, change: object = {}) =>
  incoming('countersign.control.applied.v1', {
    ...{ scope: SCOPE, epoch, service: 'policy', instance: 'policy-1', at: later(9).toISOString() },
    ...{ appendedAt: NOW.toISOString(), by: 'sam', value: { killed, reason: 'INC-42' }, ...change },
  });

describe('what policy has applied', () => {
  it('is kept with when the broker took it and who said so, and the later word stands', () => {
    const rows = new Rows();
    rows.apply(decideControl(applied(true, 4), rows, genuine));
    const said = { kind: 'kill', scope: SCOPE, by: 'sam', reason: 'INC-42' };
    expect(rows.get(KEY)).toMatchObject({ ...said, killed: true, epoch: 4, at: NOW.toISOString() });
    rows.apply(decideControl(applied(false, 6), rows, genuine));
    expect(decideControl(applied(true, 4), rows, genuine)).toEqual([{ do: 'ignore', because: 'nothing new' }]);
    expect(rows.get(KEY)).toMatchObject({ killed: false, epoch: 6 });
  });

  it('is nothing when another service says it, or another key signed it', () => {
    const executors = applied(false, 9, { service: 'executor' });
    expect(controlTouches(executors)).toEqual([]);
    expect(decideControl(executors, new Rows(), genuine)).toEqual([{ do: 'ignore', because: "not policy's word" }]);
    const forged = applied(false, 9);
    const facts = { forged: new Map([[placeOf(forged), 'signed by executor']]) };
    expect(decideControl(forged, new Rows(), facts)).toEqual([
      { do: 'ignore', because: "not policy's: signed by executor" },
    ]);
  });
});
