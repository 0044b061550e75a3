import { Alert, Button, Stack, Text } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Page } from '../ui/page.js';

/** A view that could not be drawn. Mostly a part of the page that a newer version no longer has. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const message = error instanceof Error ? error.message : String(error);
  const isStale = /dynamically imported module|Importing a module script/.test(message);
  return (
    <Page title="This view could not be shown">
      <Alert role="alert" color="red" title={isStale ? 'There is a newer version of this page' : message}>
        <Stack align="flex-start" gap="sm">
          <Text size="sm">Nothing you did is lost: what you decided stands in the system, not in this page.</Text>
          <Button variant="default" onClick={() => (isStale ? window.location.reload() : reset())}>
            {isStale ? 'Load the page again' : 'Try again'}
          </Button>
        </Stack>
      </Alert>
    </Page>
  );
}
