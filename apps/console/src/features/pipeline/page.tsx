import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { sessionQuery } from '../../api/session.js';
import { Page } from '../../ui/page.js';
import { Doubts } from './doubts.js';
import { Parked } from './parked.js';
import type { Part } from './search.js';
import { Services } from './services.js';

const route = getRouteApi('/pipeline');
const TITLES: Record<Part, string> = { services: 'Services', parked: 'Parked records', doubt: 'In doubt' };
/** As the API has it: who operates sees services and what is parked, who settles what is in doubt. */
const OPERATORS = ['sre', 'admin'];
const SETTLERS = ['support-lead', 'sre', 'auditor', 'admin'];

/** Whether everything gets through, what could not, and what nobody knows the end of. */
export function PipelinePage() {
  const { part } = route.useSearch();
  const navigate = route.useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const has = (roles: string[]) => roles.some((role) => session?.person.roles.includes(role));
  const parts: Part[] = [
    ...(has(OPERATORS) ? (['services', 'parked'] as const) : []),
    ...(has(SETTLERS) ? (['doubt'] as const) : []),
  ];
  const shown = part ?? parts[0] ?? 'doubt';
  return (
    <Page title="Pipeline">
      <Tabs value={shown} keepMounted={false} onChange={(value) => void navigate({ search: { part: value as Part } })}>
        <Tabs.List aria-label="Parts of the pipeline">
          {parts.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {TITLES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="services" pt="md">
          <Services />
        </Tabs.Panel>
        <Tabs.Panel value="parked" pt="md">
          <Parked />
        </Tabs.Panel>
        <Tabs.Panel value="doubt" pt="md">
          <Doubts />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
