import { Paper, Stack, Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';

/** A part of the view with its heading and what it is for. */
export function Section({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  const heading = useId();
  return (
    <Paper component="section" aria-labelledby={heading} withBorder p="md" miw={0}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h4" id={heading}>
            {title}
          </Title>
          <Text c="dimmed" maw={720}>
            {about}
          </Text>
        </div>
        {children}
      </Stack>
    </Paper>
  );
}
