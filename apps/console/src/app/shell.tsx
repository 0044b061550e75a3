import { ActionIcon, AppShell, Burger, Button, Group, Kbd, NavLink, Text } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconKeyboard, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useLayoutEffect, useRef } from 'react';
import { sessionQuery, type Session } from '../api/session.js';
import { listen } from '../api/stream.js';
import { Failed, Loading } from '../ui/states.js';
import { AccountMenu } from './account-menu.js';
import { KillBanner } from './kill-banner.js';
import { OfflineNotice } from './offline-notice.js';
import classes from './shell.module.css';
import { ShortcutHelp } from './shortcut-help.js';
import { useShortcuts } from './shortcuts.js';
import { SignIn } from './sign-in.js';
import { VIEW_ICONS } from './view-icons.js';
import { isOf, viewsOf, type View } from './views.js';

const Palette = lazy(() => import('./palette.js'));

/** What surrounds every view; who has not signed in sees the way in. */
export function Shell() {
  const session = useQuery(sessionQuery);
  if (session.isPending) return <Loading label="the console" />;
  // Who was signed in keeps what they see and have begun to write while the gateway is away; the notice says that it is.
  if (session.data === undefined) return <Failed error={session.error} onRetry={() => void session.refetch()} />;
  return session.data ? <SignedIn session={session.data} /> : <SignIn />;
}

function SignedIn({ session }: { session: Session }) {
  const { roles, tenant } = session.person;
  const [open, { toggle, close }] = useDisclosure();
  const [help, { open: showHelp, close: hideHelp }] = useDisclosure();
  useShortcuts(roles, showHelp);
  useHotkeys([['Escape', close]]);
  useEffect(listen, []);
  const main = useFocusOnArrival();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 196, breakpoint: 'sm', collapsed: { mobile: !open } }}>
      <a href="#main" className={classes['skip']}>
        Skip to the content
      </a>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Views" aria-expanded={open} />
            <Text fw={700}>Countersign</Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SearchButton />
            <ActionIcon variant="subtle" color="gray" c="inherit" aria-label="Keys" onClick={showHelp} visibleFrom="sm">
              <IconKeyboard size={18} aria-hidden />
            </ActionIcon>
            <AccountMenu session={session} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Views" className={classes['views']} data-closed={!open || undefined}>
        <Views roles={roles} onChosen={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={main} className={classes['main']}>
        <OfflineNotice />
        <KillBanner tenant={tenant} />
        <Outlet />
      </AppShell.Main>
      <ShortcutHelp opened={help} onClose={hideHelp} />
      <Suspense fallback={null}>
        <Palette roles={roles} />
      </Suspense>
    </AppShell>
  );
}

function Views({ roles, onChosen }: { roles: readonly string[]; onChosen: () => void }) {
  const { pathname } = useLocation();
  return viewsOf(roles).map((view) => (
    <NavLink
      key={view.path}
      component={Link}
      to={view.path}
      label={view.title}
      leftSection={<ViewIcon path={view.path} />}
      onClick={onChosen}
      active={isOf(view, pathname)}
      {...(isOf(view, pathname) ? { 'aria-current': 'page' as const } : {})}
    />
  ));
}

function ViewIcon({ path }: { path: View['path'] }) {
  const Shown = VIEW_ICONS[path];
  return <Shown size={18} aria-hidden />;
}

function SearchButton() {
  const open = () => void import('@mantine/spotlight').then(({ spotlight }) => spotlight.open());
  return (
    <>
      <Button
        variant="default"
        size="xs"
        visibleFrom="sm"
        onClick={open}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
      >
        Go to…
      </Button>
      <ActionIcon variant="subtle" color="gray" c="inherit" hiddenFrom="sm" aria-label="Go to" onClick={open}>
        <IconSearch size={18} aria-hidden />
      </ActionIcon>
    </>
  );
}

/** Who goes to another view is taken to where it will stand; its heading takes the focus on from there (ui/page.tsx). */
function useFocusOnArrival() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useLayoutEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}
