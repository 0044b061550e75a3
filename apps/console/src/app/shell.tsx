import { AppShell, Burger, Group, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { sessionQuery } from '../api/session.js';
import { Failed, Loading } from '../ui/states.js';
import { SignIn } from './sign-in.js';
import { viewsOf } from './views.js';

/** What surrounds every view: the navigation, who is signed in, and the view itself. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  const session = useQuery(sessionQuery);
  const { pathname } = useLocation();
  if (session.isPending) return <Loading label="the console" />;
  if (session.isError) return <Failed error={session.error} onRetry={() => void session.refetch()} />;
  if (!session.data) return <SignIn />;
  const { person } = session.data;
  return (
    <AppShell header={{ height: 48 }} navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !open } }}>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between">
          <Group gap="sm">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <Text fw={700}>Countersign</Text>
          </Group>
          <Text size="sm">
            {person.sub} · {person.tenant}
          </Text>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Views">
        {viewsOf(person.roles).map(({ path, title }) => (
          <NavLink
            key={path}
            component={Link}
            to={path}
            label={title}
            onClick={close}
            active={path === '/' ? pathname === '/' : pathname.startsWith(path)}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
