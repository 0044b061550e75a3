import { Button, Code, Group, Text, TextInput } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sessionQuery } from '../../api/session.js';
import { exportHref } from './export-href.js';
import { Section } from './section.js';

const ABOUT =
  'All records of your tenant as one file (NDJSON), with what proves them. It is verified without this system, by whoever has audit’s public key.';

export function ExportRecords() {
  const tenant = useQuery(sessionQuery).data?.person.tenant ?? '';
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const href = exportHref(from, to);
  const file = `${tenant}.ndjson`;
  return (
    <Section title="Export" about={ABOUT}>
      <Group align="flex-end" gap="sm">
        <TextInput
          type="datetime-local"
          label="From (all if left out)"
          value={from}
          onChange={({ currentTarget }) => setFrom(currentTarget.value)}
        />
        <TextInput
          type="datetime-local"
          label="To (until now if left out)"
          value={to}
          onChange={({ currentTarget }) => setTo(currentTarget.value)}
        />
        {href ? (
          <Button component="a" href={href} download={file} leftSection={<IconDownload size={16} aria-hidden />}>
            Download {file}
          </Button>
        ) : (
          <Text role="alert">The end has to be after the beginning.</Text>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        Then, anywhere:
      </Text>
      <Code
        block
        style={{ whiteSpace: 'pre-wrap' }}
      >{`npx countersign audit verify ${file} --key audit.pub.pem${from ? ' --partial' : ''}`}</Code>
    </Section>
  );
}
