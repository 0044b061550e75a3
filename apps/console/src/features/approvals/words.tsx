import { Blockquote, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getV1TracesIntentIdOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../../ui/link.js';
import type { Whole } from './item.js';

/** What was asked for, and what the model said it was doing: labelled, since neither is a reason to approve. */
export function Words({ item }: { item: Whole }) {
  const trace = useQuery({ ...getV1TracesIntentIdOptions({ path: { intentId: item.intentId } }), retry: false });
  const asked = trace.data?.text;
  const proposal = trace.data?.records.find(
    ({ type, actionId }) => type === 'countersign.action.proposed.v1' && actionId === item.actionId,
  );
  const claim = (proposal?.data as { rationale?: unknown } | undefined)?.rationale;
  return (
    <Stack component="section" gap="xs" aria-label="What was said">
      <Title order={2} size="h4">
        What was said
      </Title>
      {asked && (
        <Blockquote p="sm" color="gray" cite={`${item.requestedBy}, who asked`}>
          {asked}
        </Blockquote>
      )}
      {typeof claim === 'string' && (
        <Blockquote p="sm" color="yellow" cite="the model's own words: a claim, nothing was checked of it">
          {claim}
        </Blockquote>
      )}
      <Text size="sm">
        <PageLink to="/traces/$intentId" params={{ intentId: item.intentId }}>
          The whole trace
        </PageLink>
      </Text>
    </Stack>
  );
}
