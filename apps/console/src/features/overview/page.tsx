import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../../api/session.js';
import { viewsOf } from '../../app/views.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Failed } from '../../ui/states.js';
import { Overview } from './overview.js';

const DENIED = {
  ...{ status: 403, code: 'PERMISSION_DENIED', title: 'You may not see this' },
  detail:
    'You may not see the figures of your whole tenant: they are for support leads, auditors, SREs, admins and release.',
  nextStep: 'What you asked for yourself, and what became of it, is under Traces.',
};

export function OverviewPage() {
  const roles = useQuery(sessionQuery).data?.person.roles ?? [];
  if (viewsOf(roles).some(({ path }) => path === '/')) return <Overview />;
  return (
    <Page title="Overview">
      <Failed error={DENIED} />
      <Stack component="nav" aria-label="What you may see" gap={4}>
        {viewsOf(roles).map(({ path, title }) => (
          <Text key={path}>
            <PageLink to={path}>{path === '/traces' ? 'Your own requests' : title}</PageLink>
          </Text>
        ))}
      </Stack>
    </Page>
  );
}
