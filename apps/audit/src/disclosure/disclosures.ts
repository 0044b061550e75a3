/*
 * Sealed values shown to a person, and the keys of a data subject destroyed. What it guarantees:
 * 1. No value is answered before the event that says who is shown which, and why, is acknowledged by the broker. The event holds no value.
 * 2. Only values that stand in a trace the person may see, in what a service signed, are opened; and only of their own tenant.
 * 3. Keys are destroyed, and the event that says so is acknowledged, or neither: what the broker did not take is undone. Should the
 *    commit fail after that, asking again destroys them and says so again.
 * 4. After an erasure nothing of the subject opens, for nobody; asking again changes nothing, and is written down too.
 * 5. No value and no reason is in a log or an error.
 */
import { randomUUID } from 'node:crypto';
import { cut, eventIdOf, type EventDraft, type EventType, type OutRecord, type Person } from '@countersign/contracts';
import { sortOut, type erasure, type revealed, type StoredRecord } from '@countersign/evidence';
import { HttpProblem } from '@countersign/host';
import { PublishTimeout } from '@countersign/messaging';
import { eraseSubject, erasedAmong, maskWords, type Opener, type SealingSql } from '@countersign/sealing';
import type { z } from 'zod';
import type { Traces } from '../read-model.js';
import type { RevealBody } from './bodies.js';
import { placesIn, type Place } from './sealed-places.js';

/** The most values that one answer shows, and the most places it names of each. */
const MOST = 100;
const MOST_PLACES = 10;

export interface DisclosureParts {
  traces: Pick<Traces, 'as'>;
  opener: Opener;
  sql: () => SealingSql;
  /** What is done with `sql` is undone if it throws. */
  inTransaction<T>(run: (sql: SealingSql) => Promise<T>): Promise<T>;
  encode(draft: EventDraft): OutRecord;
  publish(records: OutRecord[]): Promise<void>;
  now(): Date;
}

export type Revealed = z.infer<typeof revealed>;
type Where = Revealed['revealed'][number]['where'][number];

export class Disclosures {
  constructor(private readonly parts: DisclosureParts) {}

  async reveal(person: Person, intentId: string, asked: RevealBody): Promise<Revealed> {
    const places = chosen(await this.placesOf(person, intentId), asked);
    const tokens = [...places.keys()].slice(0, MOST);
    const opened = await this.parts.opener.open(person.tenant, tokens);
    const lost = tokens.filter((token) => !opened.has(token));
    const erased = await erasedAmong(this.parts.sql(), person.tenant, lost);
    const shown = tokens.filter((token) => opened.has(token));
    const eventId = await this.sayRevealed(
      person,
      intentId,
      asked.reason,
      shown.map((token) => places.get(token)![0]!),
    );
    return {
      intentId,
      eventId,
      revealed: shown.map((token) => ({ token, ...described(places.get(token)!), value: opened.get(token)! })),
      unopened: lost.map((token) => ({ token, because: erased.has(token) ? 'erased' : 'unknown' })),
      left: places.size - tokens.length,
    };
  }

  /** Guarantees 3 and 4. */
  async erase(person: Person, subject: string, reason: string): Promise<z.infer<typeof erasure>> {
    return this.parts.inTransaction(async (sql) => {
      const erased = await eraseSubject(sql, person.tenant, subject);
      const named = cut(maskWords(subject), 200);
      const eventId = await this.say(
        person,
        'countersign.audit.erased.v1',
        named,
        '',
        (by) => ({ ...by, subject: named, ...erased }),
        reason,
      );
      return { subject, ...erased, eventId };
    });
  }

  /** Guarantee 2. */
  private async placesOf(person: Person, intentId: string): Promise<Place[]> {
    const genuine = await this.parts.traces.as(person, async (store): Promise<StoredRecord[] | undefined> => {
      const begin = await store.begin(intentId);
      return begin && begin.tenant === person.tenant
        ? sortOut(await store.trace(intentId), begin.tenant).genuine
        : undefined;
    });
    if (!genuine) throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that you may see`);
    return [...placesIn(genuine)];
  }

  private sayRevealed(person: Person, intentId: string, reason: string, places: Place[]): Promise<string> {
    const opened = places.map(({ token, event, path }) => ({ token, event, path: cut(maskWords(path), 500) }));
    return this.say(
      person,
      'countersign.audit.revealed.v1',
      intentId,
      intentId,
      (by) => ({ ...by, intentId, opened }),
      reason,
    );
  }

  private async say<T extends EventType>(
    { sub, tenant, roles }: Person,
    type: T,
    about: string,
    correlationid: string,
    dataOf: (common: { tenant: string; by: { sub: string; roles: string[] }; reason: string; at: string }) => object,
    reason: string,
  ): Promise<string> {
    const at = this.parts.now().toISOString();
    const id = eventIdOf(type, tenant, about, randomUUID());
    const subject = `${tenant}/${about}`.replace(/[\u0000-\u001f\u007f]/g, '?').slice(0, 300);
    const envelope = {
      type,
      id,
      time: at,
      subject,
      tenantid: tenant,
      actorid: sub,
      session: '',
      correlationid,
      causationid: '',
    };
    const data = dataOf({ tenant, by: { sub, roles }, reason: maskWords(reason), at });
    await this.acknowledged(this.parts.encode({ ...envelope, data } as unknown as EventDraft));
    return id;
  }

  /** Guarantee 1: whatever keeps it from being written down keeps it from being done. */
  private async acknowledged(record: OutRecord): Promise<void> {
    try {
      await this.parts.publish([record]);
    } catch (error) {
      if (!(error instanceof PublishTimeout)) throw error;
      const detail = 'it could not be written down that this was asked for, so it was not done';
      throw new HttpProblem('UPSTREAM_TIMEOUT', detail, { status: 503, nextStep: 'Ask again in a moment.' });
    }
  }
}

/** By token, in the order they first come up: all, or those that were asked for. A path stands for all that is below it. */
function chosen(all: readonly Place[], { paths, tokens }: RevealBody): Map<string, Place[]> {
  const under = (path: string) => paths?.some((asked) => path === asked || path.startsWith(`${asked}.`));
  const chosen = new Map<string, Place[]>();
  for (const place of all) {
    const isAsked = tokens ? tokens.includes(place.token) : !paths || under(place.path);
    if (isAsked) chosen.set(place.token, [...(chosen.get(place.token) ?? []), place]);
  }
  if (chosen.size > 0 || (!paths && !tokens)) return chosen;
  throw new HttpProblem('INVALID_ARGUMENTS', 'none of what was asked for stands sealed in this trace');
}

function described(places: Place[]): { class?: string; where: Where[] } {
  const dataClass = places.find((place) => place.dataClass)?.dataClass;
  const where = places.slice(0, MOST_PLACES).map(({ event, type, path }) => ({ event, type, path }));
  return { ...(dataClass ? { class: dataClass } : {}), where };
}
