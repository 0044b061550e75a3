import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { applyControl, ControlView, type ControlRow } from './index.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();
const target = { tenant: 'acme', workflow: 'desk', tool: 'refund' };
const rowsOf = (changes: { scope: string; value: unknown; epoch: number; at?: string }[]): ControlRow[] => {
  const rows = new Map<string, ControlRow>();
  for (const change of changes) {
    const next = applyControl(rows.get(change.scope), { at: at(change.epoch), ...change });
    if (next) rows.set(change.scope, next);
  }
  return [...rows.values()];
};
const kill = (scope: string, epoch: number, killed = true) => ({ scope: `kill/${scope}`, value: { killed }, epoch });

describe('a control row', () => {
  it('is the same however often and in whatever order its records come', () => {
    const records = fc.uniqueArray(fc.record({ epoch: fc.nat(50), killed: fc.boolean() }), {
      minLength: 1,
      selector: ({ epoch }) => epoch,
    });
    fc.assert(
      fc.property(records, fc.array(fc.nat(49)), (given, order) => {
        const changes = given.map(({ epoch, killed }) => kill('tool/refund', epoch, killed));
        const last = [...changes].sort((a, b) => a.epoch - b.epoch).at(-1)!;
        const mixed = [...order.flatMap((index) => changes[index] ?? []), ...changes, ...changes];
        const [row] = rowsOf(mixed);
        expect(row).toMatchObject({ epoch: last.epoch, killed: last.value.killed });
        const trips = changes.flatMap(({ epoch, value }) => (value.killed ? [epoch] : []));
        expect(row?.kind === 'kill' && row.trippedEpoch).toBe(trips.length ? Math.max(...trips) : undefined);
      }),
    );
  });

  it.each([null, {}, { killed: 'yes' }, 'off', { killed: false, more: 1 }])('is not changed by %j', (value) => {
    expect(applyControl(undefined, { scope: 'kill/*', value, epoch: 3, at: at(0) })).toBeUndefined();
  });
});

describe('the view', () => {
  it.each(['*', 'tenant/acme', 'workflow/desk', 'tool/refund'])('is stopped by kill/%s, and by no other', (scope) => {
    const view = new ControlView(rowsOf([kill(scope, 1)]));
    expect(view.killedBy(target)?.scope).toBe(`kill/${scope}`);
    const others = { tenant: 'globex', workflow: 'other', tool: 'ticket' };
    expect(view.killedBy(others) !== undefined).toBe(scope === '*');
  });

  it('remembers a trip after the re-arm, for what was decided on before it', () => {
    const view = new ControlView(rowsOf([kill('*', 4), kill('*', 6, false)]));
    expect(view.killedBy(target)).toBeUndefined();
    expect([3, 4, 6].map((epoch) => view.trippedSince(target, epoch) !== undefined)).toEqual([true, true, false]);
    expect(view.epoch).toBe(6);
  });

  it('changes nothing where no stage was said, and takes the narrower word', () => {
    const stage = (scope: string, value: string, epoch: number) => ({
      scope: `stage/workflow/${scope}`,
      value: { stage: value },
      epoch,
    });
    expect(new ControlView([]).stageOf(target)).toBe('read-only');
    const view = new ControlView(rowsOf([stage('desk/tenant/acme', 'draft-only', 1), stage('desk', 'scoped', 2)]));
    expect(view.stageOf(target)).toBe('draft-only');
    expect(view.stageOf({ ...target, tenant: 'globex' })).toBe('scoped');
    expect(view.stageOf({ ...target, workflow: 'other' })).toBe('read-only');
  });

  it('lets time stand still while a switch is on, and counts overlapping ones once', () => {
    const trips = [
      { ...kill('*', 1), at: at(10) },
      { ...kill('tool/refund', 2), at: at(15) },
      { ...kill('*', 3, false), at: at(20) },
    ];
    const rearmed = { ...kill('tool/refund', 4, false), at: at(25) };
    expect(new ControlView(rowsOf(trips)).expiresAt(at(0), at(30), target)).toBeUndefined();
    const view = new ControlView(rowsOf([...trips, rearmed]));
    expect(view.expiresAt(at(0), at(30), target)).toEqual(new Date(at(45)));
    expect(view.expiresAt(at(12), at(30), target)).toEqual(new Date(at(43)));
    expect(view.expiresAt(at(26), at(30), target)).toEqual(new Date(at(30)));
    expect(view.expiresAt(at(0), at(10), target)).toEqual(new Date(at(10)));
    expect(view.expiresAt(at(0), at(30), { ...target, tool: 'ticket' })).toEqual(new Date(at(40)));
  });
});
