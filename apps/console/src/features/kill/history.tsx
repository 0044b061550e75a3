import { Stack, Table, Text, Title } from '@mantine/core';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { didWhat, reached, type Past } from './scopes.js';

/** The last changes, refused ones too. */
export function History({ history }: { history: Past[] }) {
  return (
    <Stack gap="xs" component="section" aria-label="History">
      <Title order={2} size="h4">
        The last changes
      </Title>
      {history.length === 0 ? (
        <Text size="sm">Nothing was ever stopped, and no stage was set.</Text>
      ) : (
        <Table.ScrollContainer minWidth={480} type="native" tabIndex={0} role="region" aria-label="The last changes">
          <Table aria-label="The last changes">
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">When</Table.Th>
                <Table.Th scope="col">Who</Table.Th>
                <Table.Th scope="col">What</Table.Th>
                <Table.Th scope="col">What came of it</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {history.map((past) => (
                <Table.Tr key={`${past.epoch} ${past.scope}`}>
                  <Table.Td>{past.at ? <Time at={past.at} /> : '—'}</Table.Td>
                  <Table.Td>{past.by ?? 'nobody named'}</Table.Td>
                  <Table.Td>
                    {didWhat(past)}
                    {past.reason ? `: ${past.reason}` : ''}
                  </Table.Td>
                  <Table.Td>
                    {past.refused ? (
                      <>
                        <Tag tone="bad">refused</Tag>{' '}
                        {`${past.refused.code}: ${past.refused.detail}. ${past.refused.nextStep}`}
                      </>
                    ) : (
                      reached(past)
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}
