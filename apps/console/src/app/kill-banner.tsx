import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconPlayerStop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getV1ControlOptions } from '../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../ui/link.js';
import { Time } from '../ui/time.js';
import { inForceFor, saysOfScope } from './switches.js';

/** On every page while something is stopped, or nobody knows whether it is. */
export function KillBanner({ tenant }: { tenant: string }) {
  const control = useQuery({ ...getV1ControlOptions(), refetchInterval: 10_000 });
  if (control.isPending && control.fetchStatus !== 'paused') return null;
  if (!control.isSuccess)
    return (
      <Alert
        role="status"
        color="yellow"
        radius={0}
        icon={<IconAlertTriangle aria-hidden />}
        title="Unknown: kill switches"
      >
        Whether something is stopped can't be read now. Do not take it that nothing is.
      </Alert>
    );
  const on = inForceFor(control.data.switches, tenant);
  if (on.length === 0) return null;
  return (
    <Alert role="status" color="red" radius={0} icon={<IconPlayerStop aria-hidden />} title={title(on.length)}>
      {on.map(({ scope, by, at, reason }) => (
        <Text size="sm" key={scope}>
          {saysOfScope(scope)} {by ? `by ${by}` : ''} {at && <Time at={at} />}
          {reason ? `: ${reason}` : ''}
        </Text>
      ))}
      <PageLink to="/kill" c="inherit" underline="always">
        The switches
      </PageLink>
    </Alert>
  );
}

const title = (count: number) => (count === 1 ? 'A kill switch is on' : `${count} kill switches are on`);
