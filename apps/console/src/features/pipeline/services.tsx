import { Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getV1PipelineOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { healthOf, lastHeard, lagWords, type Health } from './health.js';

/** Service by service: whether it gets on, and how far behind it is. */
export function Services() {
  const pipeline = useQuery({ ...getV1PipelineOptions(), refetchInterval: 3_000 });
  if (pipeline.isPending) return <Loading label="the services" />;
  if (pipeline.isError) return <Failed error={pipeline.error} onRetry={() => void pipeline.refetch()} />;
  return (
    <Table.ScrollContainer minWidth={420} type="native" tabIndex={0} role="region" aria-label="Services">
      <Table aria-label="Services" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Service</Table.Th>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col">Behind</Table.Th>
            <Table.Th scope="col">By what it reads</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {pipeline.data.data.map((service) => (
            <Row key={service.service} service={service} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ service }: { service: Health }) {
  const [tone, word] = healthOf(service);
  return (
    <Table.Tr>
      <Table.Th scope="row">{service.service}</Table.Th>
      <Table.Td>
        <Stack gap={2}>
          <span>
            <Tag tone={tone}>{word}</Tag>
          </span>
          {[...(service.because ?? []), ...(service.notices ?? [])].map((line) => (
            <Text size="sm" key={line}>
              {line}
            </Text>
          ))}
        </Stack>
      </Table.Td>
      <Table.Td>{lagWords(service.lag)}</Table.Td>
      <Table.Td>
        {(service.subscriptions ?? []).map(({ name, lag, joined, lastFetchAgeMs }) => (
          <Text size="sm" key={name}>
            {name}: {joined ? `${lagWords(lag)}, ${lastHeard(lastFetchAgeMs)}` : 'not joined'}
          </Text>
        ))}
      </Table.Td>
    </Table.Tr>
  );
}
