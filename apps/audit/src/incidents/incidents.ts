/*
 * Incidents, from something having gone wrong to a release that passes its case. What it guarantees:
 * 1. All of one is its tenant's own: another tenant's is answered as what is not there.
 * 2. Its clock starts when it is opened and stops for good when a case of it is registered: a file that is a case, of its workflow, with
 *    its name. Nobody turns it back.
 * 3. It is closed when its case passed in the run that released a fingerprint, once policy itself has said that this release is applied.
 * 4. Capturing opens no sealed value and is no disclosure: who handles incidents sees of a trace what its case says.
 * 5. Each step is said on the audit topic, signed, sooner or later and in order (teller.ts).
 */
import { createHash, randomUUID } from 'node:crypto';
import { deriveId, type Incident, type IncidentCase, type Person } from '@countersign/contracts';
import { caseIdOf, casesOf, type FoundCase } from '@countersign/evals';
import {
  captureCase,
  captureFileOf,
  NoCase,
  type CapturedCase,
  type WrittenExpectation,
} from '@countersign/evals/capture';
import { eventsOf, sortOut } from '@countersign/evidence';
import { HttpProblem } from '@countersign/host';
import { maskWords } from '@countersign/sealing';
import type { z } from 'zod';
import type { AuditMetrics } from '../metrics.js';
import type { Traces, TraceStore } from '../read-model.js';
import type { closuresBody, IncidentQuery, openBody } from './bodies.js';
import { incidentView, type IncidentRow } from './incident-row.js';
import { workflowIn, type After, type IncidentStore } from './incident-store.js';

export interface IncidentParts {
  store: IncidentStore;
  traces: Pick<Traces, 'as'>;
  metrics: AuditMetrics;
  now(): Date;
  /** Asks until it is so or time is up. */
  until(isSo: () => Promise<boolean>): Promise<boolean>;
}

export class Incidents {
  constructor(private readonly parts: IncidentParts) {}

  async list(person: Person, query: IncidentQuery, after: After | undefined) {
    const rows = await this.parts.store.list(person, query, after, this.parts.now());
    const page = rows.slice(0, query.limit);
    return { data: page.map((row) => this.view(row)), last: rows.length > page.length ? page.at(-1) : undefined };
  }

  async one(person: Person, id: string): Promise<Incident> {
    return this.view(await this.known(person, id));
  }

  /** `isNew` is false where somebody has opened the same before, and it is not closed. */
  async open(person: Person, asked: z.infer<typeof openBody>): Promise<{ incident: Incident; isNew: boolean }> {
    const { intentId, actionId = null, note } = asked;
    const workflow = await this.seen(person, intentId, (store) => workflowOf(store, intentId, actionId));
    const id = deriveId('inc', person.tenant, intentId, actionId ?? '', randomUUID());
    const made = { id, intentId, actionId, workflow, note: note === undefined ? null : maskWords(note) };
    const { store } = this.parts;
    const opened = await store.open(person, made);
    const row = opened ?? (await store.openOf(person, intentId, actionId));
    if (!row)
      throw new HttpProblem('UPSTREAM_FAILED', 'it was closed meanwhile', { status: 409, nextStep: 'Open it again.' });
    return { incident: this.view(row), isNew: opened !== undefined };
  }

  /** The case that an incident becomes. Nothing is registered by asking for it. */
  async caseOf(person: Person, id: string, expect: WrittenExpectation | undefined): Promise<IncidentCase> {
    const { intent, action, cause } = await this.known(person, id);
    const events = await this.seen(person, intent, async (store) => {
      const begin = await store.begin(intent);
      return begin ? sortOut(await store.trace(intent), begin.tenant).records.map(({ event }) => event) : undefined;
    });
    const incident = { id, cause, ...(action === null ? {} : { actionId: action }) };
    const { workflow, file, title, text, missing } = captured(incident, events, expect);
    return { incidentId: id, workflow, file, title, text, missing };
  }

  /** Guarantee 2. */
  async register(person: Person, id: string, text: string): Promise<Incident> {
    const { workflow, capturedAt } = await this.known(person, id);
    const found = caseIn(text, id, workflow);
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const row = await this.parts.store.capture(person, id, { title: found.title, digest, workflow: found.workflow });
    if (!row) throw new HttpProblem('INTENT_ENDED', `incident ${id} is closed`, { nextStep: 'Open a new one.' });
    const incident = this.view(row);
    if (capturedAt === null && incident.hours !== null) this.parts.metrics.captureHours.observe(incident.hours);
    return incident;
  }

  /** Guarantee 3. */
  async close(person: Person, { workflow, fingerprint, passed }: z.infer<typeof closuresBody>): Promise<Incident[]> {
    const ids = new Set(passed);
    const captured = await this.parts.store.captured(person, workflow);
    const held = captured.filter(({ id, caseTitle }) =>
      ids.has(caseIdOf({ file: captureFileOf(id), title: caseTitle! })),
    );
    if (held.length === 0) return [];
    const isApplied = () => this.parts.traces.as(person, (store) => isReleased(store, workflow, fingerprint));
    if (!(await this.parts.until(isApplied)))
      throw new HttpProblem('NOT_RELEASED', `policy has not said that ${fingerprint} of ${workflow} is released`, {
        status: 409,
        nextStep: 'Publish the release, and say again which cases passed.',
      });
    const rows = await this.parts.store.close(
      person,
      held.map(({ id }) => id),
      fingerprint,
    );
    return rows.map((row) => this.view(row));
  }

  private async known(person: Person, id: string): Promise<IncidentRow> {
    const row = await this.parts.store.find(person, id);
    if (!row) throw new HttpProblem('NOT_FOUND', `there is no incident ${id.slice(0, 100)} that you may see`);
    return row;
  }

  /** Guarantee 4: whoever handles incidents does so for the whole tenant, whatever else of its traces they may look at. */
  private async seen<T>(
    person: Person,
    intentId: string,
    look: (store: TraceStore) => Promise<T | undefined>,
  ): Promise<T> {
    const found = await this.parts.traces.as({ ...person, roles: ['support-lead'] }, look);
    if (found === undefined)
      throw new HttpProblem('NOT_FOUND', `there is no trace of ${intentId.slice(0, 100)} that speaks of this`);
    return found;
  }

  private readonly view = (row: IncidentRow): Incident => incidentView(row, this.parts.now());
}

/** Undefined where the tenant has no such intent, or the intent no such action. */
async function workflowOf(
  store: TraceStore,
  intentId: string,
  actionId: string | null,
): Promise<string | null | undefined> {
  const begin = await store.begin(intentId);
  if (!begin) return undefined;
  if (actionId !== null && !(await store.intentsOf(actionId)).includes(intentId)) return undefined;
  return workflowIn(begin.value);
}

/** Whether the last that policy said of it is that this fingerprint is released, and by a run. */
async function isReleased(store: TraceStore, workflow: string, fingerprint: string): Promise<boolean> {
  const said = eventsOf(await store.control([`release/workflow/${workflow}`]));
  const applied = said.findLast(
    ({ event }) => event.type === 'countersign.control.applied.v1' && event.data.service === 'policy',
  );
  const value = applied && (applied.event.data as { value: unknown }).value;
  const { fingerprint: known, report } = (value ?? {}) as { fingerprint?: string; report?: { kind?: string } };
  return known === fingerprint && report?.kind !== 'rollback';
}

/** The one case of a file, held to the format of all cases. */
function caseIn(text: string, id: string, workflow: string | null): FoundCase {
  const file = captureFileOf(id);
  const found = casesIn(text, file);
  const [one] = found;
  const flaw =
    found.length !== 1
      ? `${file} has to hold one case, and holds ${found.length}`
      : workflow !== null && one!.workflow !== workflow
        ? `its workflow is ${workflow}, and the file says another`
        : maskWords(one!.title) !== one!.title
          ? 'its title holds what looks like personal data'
          : undefined;
  if (flaw) throw new HttpProblem('INVALID_ARGUMENTS', flaw);
  return one!;
}

/** What cannot be a case is the caller's to mend. */
function casesIn(text: string, file: string): FoundCase[] {
  try {
    return casesOf(text, file);
  } catch (error) {
    throw new HttpProblem('INVALID_ARGUMENTS', (error as Error).message.slice(0, 2_000));
  }
}

function captured(...given: Parameters<typeof captureCase>): CapturedCase {
  try {
    return captureCase(...given);
  } catch (error) {
    if (!(error instanceof NoCase)) throw error;
    const nextStep =
      'Say what should have been (`expect`, or `--expect` on the command line), or write the case by hand.';
    throw new HttpProblem('INVALID_ARGUMENTS', error.message, { nextStep });
  }
}
