import { generateKeyPairSync } from 'node:crypto';
import { decodeRecord, EVENTS, type EventDraft, type Topic } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/evidence';
import { SHAPES } from '@countersign/evidence/shapes';
import { KeyRing, plainEncoder, signedEncoder, Signer } from '@countersign/signing';
import { rowOf } from '../row.js';

/** What a trace of a shape is made its own by. */
export interface Own {
  /** Of the trace, unique. */
  number: number;
  tenant: string;
  actor: string;
  tool: string;
  rule: string;
  order: string;
  text: string;
}

/** As long as a short system prompt with its tools. */
const PROMPT = 'You help people of the support desk. You may propose tools; policy decides. '.repeat(20);
/** Of the shapes' requests: their intent's id is derived from it. */
const SOURCE = '/apps/shop';
const OWNERS: Partial<Record<Topic, string>> = {
  proposals: 'planner',
  decisions: 'policy',
  approvals: 'approval',
  results: 'executor',
  replies: 'planner',
};

/** Rows of traces, made once a shape through the real encoder, decoder and `rowOf`, then copied with names of their own. */
export class Templates {
  private readonly ring = new KeyRing();
  private readonly encoders = new Map<string, (draft: EventDraft) => ReturnType<ReturnType<typeof plainEncoder>>>();
  private readonly made = new Map<string, string[]>();

  rows(shape: string, own: Own, at: number, offset: (topic: Topic) => string): StoredRecord[] {
    const templates = this.made.get(shape) ?? this.make(shape);
    const id = own.number.toString(16).padStart(32, '0');
    return templates.map((template, index) => {
      const text = template
        .replaceAll('«intent»', `int_${id}`)
        .replaceAll('«id»', id)
        .replaceAll('issue_refund', own.tool)
        .replaceAll('the-rule', own.rule)
        .replaceAll('«text»', own.text)
        .replaceAll('ord_1002', own.order)
        .replaceAll('alice', own.actor)
        .replaceAll('acme', own.tenant);
      const row = JSON.parse(text) as StoredRecord;
      return { ...row, offset: offset(row.topic), appendedAt: new Date(at + index * 100) };
    });
  }

  private make(shape: string): string[] {
    const { trace } = SHAPES[shape]!();
    const rows = trace
      .filter(({ topic }) => topic !== 'control' && topic !== 'control-acks')
      .map(({ event }) => this.row(event as EventDraft));
    const intent = trace.find(({ event }) => event.type.startsWith('countersign.intent.accepted'))!.event.correlationid;
    const templates = rows.map((row) =>
      JSON.stringify(row)
        .replaceAll(intent, '«intent»')
        .replaceAll(/(act|evt|ses)_(?=[0-9a-f]{8})/g, '$1_«id»_')
        .replaceAll(/apr_(?=h\d)/g, 'apr_«id»_')
        .replaceAll('req-1', 'req-«id»')
        .replaceAll('refund 900 EUR on ord_1002', '«text»')
        .replaceAll('\\"request\\":[]', `\\"request\\":[{\\"role\\":\\"system\\",\\"content\\":\\"${PROMPT}\\"}]`),
    );
    this.made.set(shape, templates);
    return templates;
  }

  private row(draft: EventDraft): StoredRecord {
    const { topic } = EVENTS[draft.type];
    const { key, value, headers: own } = this.encoder(topic)(draft);
    const headers = topic === 'intents' ? { ...own, ce_source: SOURCE } : own;
    const place = { topic, partition: 0, offset: 0n, timestamp: 0, headers };
    const record = { ...place, key: Buffer.from(key), value: Buffer.from(value) };
    return rowOf({ record, incoming: decodeRecord(record), poison: undefined }, { ring: this.ring });
  }

  private encoder(topic: Topic) {
    const owner = OWNERS[topic];
    const known = this.encoders.get(owner ?? '');
    if (known) return known;
    const made = owner ? this.signing(owner) : plainEncoder('audit');
    this.encoders.set(owner ?? '', made);
    return made;
  }

  private signing(owner: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.ring.add(owner, publicKey.export({ type: 'spki', format: 'pem' }).toString());
    return signedEncoder(owner, new Signer(privateKey));
  }
}
