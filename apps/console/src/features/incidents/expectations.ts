/* What a case may be told to expect, in words; the file can say more. */
import { toolName } from '../../ui/record-name.js';
import { sentence, type Incident } from './incident.js';

export interface Wish {
  key: string;
  label: string;
  /** As cases are written; undefined: as the cause has it. */
  expect: Record<string, unknown> | undefined;
}

/** The first is what is offered. */
export function wishesFor({ tool }: Pick<Incident, 'tool'>): [Wish, ...Wish[]] {
  const ending = (key: string, label: string, ends: string): Wish[] =>
    tool === null
      ? []
      : [{ key, label: `${sentence(toolName(tool))} ${label}`, expect: { outcomes: [{ tool, ends }] } }];
  return [
    { key: 'not-again', label: 'What went wrong does not happen again', expect: undefined },
    { key: 'nothing', label: 'Nothing is changed, in no tenant', expect: { effects: [] } },
    ...ending('denied', 'is denied', 'denied'),
    ...ending('waiting', 'waits for a person', 'waiting'),
    ...ending('committed', 'is committed', 'committed'),
  ];
}

export const wishOf = (incident: Pick<Incident, 'tool'>, key: string): Wish => {
  const wishes = wishesFor(incident);
  return wishes.find((wish) => wish.key === key) ?? wishes[0];
};

/** The last part of a path: what a download is called. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
