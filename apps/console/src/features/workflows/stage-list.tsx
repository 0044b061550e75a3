import { Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getV1ControlOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Failed } from '../../ui/states.js';
import { Time } from '../../ui/time.js';

/** Who set which stage, for whom and why. */
export function StageList({ workflow }: { workflow: string }) {
  const control = useQuery(getV1ControlOptions());
  if (control.isError) return <Failed error={control.error} onRetry={() => void control.refetch()} />;
  const stages = control.data?.stages.filter((each) => each.workflow === workflow) ?? [];
  if (control.isPending) return null;
  if (stages.length === 0)
    return <Text size="sm">Nobody has set a stage yet: it is read-only until somebody does.</Text>;
  return (
    <Table.ScrollContainer minWidth={480} type="native" tabIndex={0} role="region" aria-label="Stages that were set">
      <Table aria-label="Stages that were set">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">For</Table.Th>
            <Table.Th scope="col">Stage</Table.Th>
            <Table.Th scope="col">Set by</Table.Th>
            <Table.Th scope="col">When</Table.Th>
            <Table.Th scope="col">Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stages.map(({ tenant, stage, by, at, reason, inForce }) => (
            <Table.Tr key={tenant ?? ''}>
              <Table.Th scope="row">{tenant ?? 'all who have none of their own'}</Table.Th>
              <Table.Td>{inForce ? stage : `${stage}, not in force yet`}</Table.Td>
              <Table.Td>{by ?? 'nobody named'}</Table.Td>
              <Table.Td>{at ? <Time at={at} /> : '—'}</Table.Td>
              <Table.Td>{reason ?? '—'}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
