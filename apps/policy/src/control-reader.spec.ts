import { beforeEach, describe, expect, it } from '@jest/globals';
import { controlKey } from '@countersign/control';
import { ControlReader, ControlUnknown, KEPT_MS } from './control-reader.js';
import { Switchboard } from './world.fixture.js';

let clock: number;
let stored: Switchboard;
let queries: number;
let knowsAll: boolean;
let databaseUp: boolean;
let reader: ControlReader;
beforeEach(() => {
  [clock, queries, knowsAll, databaseUp] = [0, 0, true, true];
  stored = new Switchboard();
  const query = () => {
    queries++;
    const rows = stored.view().all();
    if (!databaseUp) return Promise.reject(new Error('away'));
    return Promise.resolve(rows.map((body) => ({ body })) as never[]);
  };
  reader = new ControlReader(
    () => ({ sql: { query }, caughtUp: (consumer) => consumer === 'policy-control' && knowsAll }),
    () => clock,
  );
});
const killed = async () => (await reader.view()).switchesOn();

describe('what decisions go by', () => {
  it('is not known before the control topic was read to where it stood (1)', async () => {
    knowsAll = false;
    await expect(reader.view()).rejects.toThrow(ControlUnknown);
    expect(() => reader.latest()).toThrow(ControlUnknown);
    knowsAll = true;
    expect(await killed()).toEqual([]);
  });

  it('is not known while the database does not answer (1)', async () => {
    await reader.view();
    databaseUp = false;
    clock += KEPT_MS + 1;
    await expect(reader.view()).rejects.toThrow('away');
    databaseUp = true;
    expect(await killed()).toEqual([]);
  });

  it('is asked for once for all that are decided on within a moment (2)', async () => {
    await Promise.all([reader.view(), reader.view(), reader.view()]);
    clock += KEPT_MS;
    await reader.view();
    expect(queries).toBe(1);
  });

  it('is never older than that (2)', async () => {
    await reader.view();
    stored.trip('kill/*');
    clock += KEPT_MS;
    expect(await killed()).toEqual([]);
    clock += 1;
    expect([await killed(), reader.latest().switchesOn()]).toEqual([['kill/*'], ['kill/*']]);
  });

  it('is at once what this instance applied itself (2)', async () => {
    await reader.view();
    await reader.project({ puts: new Map([[controlKey('kill/*'), {}]]) });
    expect(await killed()).toEqual([]); // not committed yet
    stored.trip('kill/*');
    expect(await killed()).toEqual(['kill/*']);
  });

  it('is not asked for anew because of what else a transaction writes', async () => {
    await reader.view();
    await reader.project({ puts: new Map([['intent:x', {}]]) });
    await reader.view();
    expect(queries).toBe(1);
  });
});
