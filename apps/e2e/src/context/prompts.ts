import type { Player } from '../player.js';

/** A field as a stored prompt shows it, with where its value comes from. */
export interface Shown {
  path: string;
  value: string;
  type: string;
  id: string;
  version: string;
  at: string;
  trust: string;
}

const LINE =
  /^(?<path>[\w.$-]+) = (?<value>.*) \((?<system>\S+) (?<type>\S+) (?<id>\S+) v(?<version>\S+) at (?<at>\S+), (?<trust>system|user|untrusted)\):?["}\]]*$/;

/** The prompts that were sent, as they stand in the records of the planner's topic. */
export class Prompts {
  readonly #texts = new Map<string, string[]>();

  constructor(player: Player) {
    player.onRecord(({ type, intentId, data }) => {
      if (type !== 'countersign.model.called.v1') return;
      const { messages } = data['request'] as { messages: { content?: string | null }[] };
      const texts = this.#texts.get(intentId) ?? [];
      texts[Number(data['turn'])] = messages.map(({ content }) => content ?? '').join('\n');
      this.#texts.set(intentId, texts);
    });
  }

  /** A line break inside a message's JSON is one here too. */
  text(intentId: string, turn: number): string {
    return (this.#texts.get(intentId)?.[turn] ?? '').replaceAll('\\n', '\n').replaceAll('\\"', '"');
  }

  all(intentId: string): string[] {
    return (this.#texts.get(intentId) ?? []).map((_, turn) => this.text(intentId, turn));
  }

  fields(intentId: string, turn: number): Shown[] {
    return this.text(intentId, turn)
      .split('\n')
      .flatMap((line) => (LINE.exec(line.trim())?.groups as unknown as Shown | undefined) ?? []);
  }
}

/** Whether what is shown of a record is exactly what its source declares. `shipments.0.status` is `shipments.status`. */
export function declaredFlaws(shown: Shown[], record: { type: string; id: string }, declared: string[]): string[] {
  const mine = shown.filter(({ type, id }) => type === record.type && id === record.id);
  const paths = new Set(mine.map(({ path }) => path.replaceAll(/\.\d+(?=\.|$)/g, '')));
  const name = `${record.type} ${record.id}`;
  return [
    ...[...paths]
      .filter((path) => !declared.includes(path))
      .map((path) => `the prompt shows ${path} of ${name}, which no source declares`),
    ...declared
      .filter((path) => !paths.has(path))
      .map((path) => `the prompt lacks ${path} of ${name}, which its source declares`),
  ];
}
