import type { TracesSearch } from '../traces/search.js';
import type { Summary } from './plots.js';
import { counted } from './words.js';

/** A number on the overview, and the traces or the view it comes from. */
export interface KeyFigure {
  label: string;
  value: string;
  /** What has to be looked at. */
  tone?: 'warn';
  detail?: string;
  traces?: TracesSearch;
  view?: '/incidents' | '/pipeline';
}

export function keyFigures({ funnel, refused, denials, drifted, inDoubt, incidents, parked }: Summary): KeyFigure[] {
  return [
    { label: 'Intents accepted', value: of(funnel.intents), traces: {} },
    { label: 'Actions committed', value: of(funnel.committed), traces: { outcome: 'committed' } },
    { label: 'Actions denied', value: of(denials.total), traces: { outcome: 'denied' } },
    { label: 'Intents refused', value: of(refused.total), traces: { outcome: 'refused' } },
    {
      ...{ label: 'In doubt', value: of(inDoubt.ever), view: '/pipeline' },
      ...(inDoubt.open > 0 ? { tone: 'warn', detail: `${of(inDoubt.open)} not resolved` } : {}),
    },
    { label: 'Previews that drifted', value: of(drifted), traces: { code: 'PREVIEW_CHANGED' } },
    {
      ...{ label: 'Incidents opened', value: of(incidents.opened), view: '/incidents' },
      ...(incidents.overdue > 0
        ? { tone: 'warn', detail: `${of(incidents.overdue)} overdue` }
        : { detail: counted(incidents.open, 'open', 'open') }),
    },
    {
      ...{ label: 'Unreadable records', value: of(parked), view: '/pipeline' },
      ...(parked > 0 ? { tone: 'warn', detail: 'see the pipeline' } : {}),
    },
  ];
}

const of = (count: number) => count.toLocaleString('en');
