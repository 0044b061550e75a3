import { describe, expect, it } from '@jest/globals';
import { plainPerform, subjectWorker } from './contract/subject.js';
import type { Worker, WorkRow } from './stream.js';
import { Lane } from './work-lane.js';

const worker = { ...subjectWorker(plainPerform), roundSize: 6, rounds: 1 } as unknown as Worker<never>;
const row = (tenant: string, at: number): WorkRow => ({
  ...{ id: `${tenant}${at}`, kind: 'job', target: 't', tenant, body: {} },
  ...{ fence: 1, attempts: 1, status: 'QUEUED', createdAt: new Date(0) },
});
const laneWith = (counts: Record<string, number>): Lane => {
  const lane = new Lane(worker, 't');
  for (const [tenant, count] of Object.entries(counts)) for (let at = 0; at < count; at++) lane.add(row(tenant, at));
  return lane;
};
const ids = (rows: WorkRow[]) => rows.map(({ id }) => id);
const reserved = (lane: Lane, tenant: string): number => {
  let count = 0;
  while (count < 1000 && lane.reserve(tenant)) count++;
  return count;
};

describe('a lane', () => {
  it('gives each tenant its turn in a round, and goes on behind the last one served', () => {
    const lane = laneWith({ A: 5, B: 3, C: 1 });
    expect(ids(lane.take())).toEqual(['A0', 'B0', 'C0', 'A1', 'B1', 'A2']);
    lane.add(row('D', 0));
    expect(ids(lane.take())).toEqual(['B2', 'A3', 'D0', 'A4']);
    expect([lane.hasWaiting(), lane.isIdle()]).toEqual([false, true]);
  });

  it('has room of its own for each tenant, however full another has made it, but not for any number of them', () => {
    const lane = laneWith({});
    expect(reserved(lane, 'A')).toBe(48);
    expect(lane.isFull()).toBe(true);
    expect(reserved(lane, 'B')).toBe(6);
    lane.release('B');
    expect(reserved(lane, 'B')).toBe(1);
    expect('CDEFGHIJKL'.split('').map((tenant) => reserved(lane, tenant))).toEqual([6, 6, 6, 6, 6, 6, 6, 0, 0, 0]);
  });

  it('counts what waits, what is reserved and what is being performed', () => {
    const lane = laneWith({ A: 47 });
    expect(lane.isFull()).toBe(false);
    lane.held.set('x', row('B', 0));
    expect(lane.isFull()).toBe(true);
    expect(ids(lane.drop(({ id }) => id !== 'A3'))).toHaveLength(46);
    lane.held.clear();
    expect([lane.isFull(), ids(lane.queued())]).toEqual([false, ['A3']]);
    expect(lane.reserve('A')).toBe(true);
    lane.take();
    expect(lane.isIdle()).toBe(false);
    lane.release('A');
    expect(lane.isIdle()).toBe(true);
  });
});
