import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { sessionQuery } from '../../api/session.js';
import { Page } from '../../ui/page.js';
import { Failed } from '../../ui/states.js';
import { AccessReview } from './access-review.js';
import { Erasures } from './erasures.js';
import { Integrity } from './integrity.js';
import { Reveals } from './reveals.js';
import { TABS, type Tab } from './search.js';

const route = getRouteApi('/audit');
const REVIEWERS = ['auditor', 'admin'];
const LABELS: Record<Tab, string> = {
  integrity: 'Integrity',
  reveals: 'Reveals',
  erasures: 'Erasures',
  access: 'Access review',
};
const DENIED = {
  ...{ status: 403, code: 'PERMISSION_DENIED', title: 'You may not see this' },
  detail: 'You may not see the audit: it needs one of the roles auditor, admin.',
  nextStep: 'Ask an auditor of your tenant.',
};

export function AuditPage() {
  const { tab = 'integrity' } = route.useSearch();
  const navigate = route.useNavigate();
  const roles = useQuery(sessionQuery).data?.person.roles ?? [];
  if (!REVIEWERS.some((role) => roles.includes(role)))
    return (
      <Page title="Audit">
        <Failed error={DENIED} />
      </Page>
    );
  const choose = (chosen: string | null) => {
    const known = TABS.find((each) => each === chosen);
    void navigate({ search: known && known !== 'integrity' ? { tab: known } : {} });
  };
  return (
    <Page title="Audit">
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <Tabs.List aria-label="Audit">
          {TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {LABELS[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="integrity" pt="md">
          <Integrity />
        </Tabs.Panel>
        <Tabs.Panel value="reveals" pt="md">
          <Reveals />
        </Tabs.Panel>
        <Tabs.Panel value="erasures" pt="md">
          <Erasures mayErase={roles.includes('admin')} />
        </Tabs.Panel>
        <Tabs.Panel value="access" pt="md">
          <AccessReview />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
