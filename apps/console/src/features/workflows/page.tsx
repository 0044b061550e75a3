import { Card, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getV1WorkflowsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { PageLink } from '../../ui/link.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { releaseOf, STAGE_TONES } from './workflow.js';

/** The workflows that are loaded, and how far each may go. */
export function WorkflowsPage() {
  const workflows = useQuery(getV1WorkflowsOptions());
  return (
    <Page title="Workflows">
      {workflows.isPending && <Loading label="the workflows" />}
      {workflows.isError && <Failed error={workflows.error} onRetry={() => void workflows.refetch()} />}
      {workflows.data?.data.length === 0 && (
        <Empty title="No workflow is loaded">
          Name a package of yours in COUNTERSIGN_WORKFLOWS and start the services again.
        </Empty>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        {workflows.data?.data.map((workflow) => {
          const [tone, words] = releaseOf(workflow);
          return (
            <Card withBorder key={workflow.name} component="article">
              <Stack gap="xs">
                <Title order={2} size="h4">
                  <PageLink to="/workflows/$workflow" params={{ workflow: workflow.name }} inherit>
                    {workflow.title}
                  </PageLink>
                </Title>
                <Text size="sm">{`${workflow.name} ${workflow.version}: ${workflow.tools.length} tools, ${workflow.rules.length} rules`}</Text>
                <span>
                  <Tag tone={STAGE_TONES[workflow.stage]}>{workflow.stage}</Tag> <Tag tone={tone}>{words}</Tag>
                </span>
              </Stack>
            </Card>
          );
        })}
      </SimpleGrid>
    </Page>
  );
}
