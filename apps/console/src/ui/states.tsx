import { Alert, Button, Center, Skeleton, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { isProblem } from '../api/problem.js';

/** While a view's data is on its way. */
export function Loading({ label, lines = 5 }: { label: string; lines?: number }) {
  return (
    <Stack role="status" aria-label={`Loading ${label}`} gap="sm">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={28} radius="sm" />
      ))}
    </Stack>
  );
}

/** There is nothing, and what that means. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Center py="xl">
      <Stack gap={4} align="center" maw={480}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <Text c="dimmed" ta="center">
          {children}
        </Text>
      </Stack>
    </Center>
  );
}

const nextStepOf = (error: unknown) =>
  isProblem(error) ? error.nextStep : 'Look whether it is running, then try again.';

/** What went wrong, in the API's own words with its next step; `onRetry` where trying again may help. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const denied = isProblem(error) && (error.status === 403 || error.code === 'PERMISSION_DENIED');
  const title = denied ? 'You may not see this' : isProblem(error) ? error.title : 'That did not work';
  return (
    <Alert role="alert" color={denied ? 'gray' : 'red'} title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{isProblem(error) ? error.detail : 'The gateway did not answer.'}</Text>
        <Text size="sm">{denied ? 'Ask somebody who has such a role.' : nextStepOf(error)}</Text>
        {onRetry && !denied && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
